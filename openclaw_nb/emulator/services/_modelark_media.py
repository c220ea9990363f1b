"""The references of a task: which addresses and data URIs ModelArk takes.

Source: BytePlus ModelArk documentation "Create a video generation task" (read 2026-11-21).
"""

from __future__ import annotations

import re

from openclaw_nb.emulator.references import UnreadableError, data_uri_bytes, image_size, is_address

from ._modelark_errors import wrong

MAX_IMAGE_BYTES = 30 * 2**20
MAX_AUDIO_BYTES = 15 * 2**20
MIN_SIDE, MAX_SIDE = 300, 6000
MIN_SHAPE, MAX_SHAPE = 0.4, 2.5

_IMAGE = re.compile(r"data:image/(jpeg|jpg|png|webp|bmp|tiff|gif|heic|heif);base64,")
_AUDIO = re.compile(r"data:audio/(wav|mpeg|mp3);base64,")
_HEIC = ("heic", "heif")


def check_address(text: str, param: str) -> None:
    """An address, or a registered asset."""
    if not is_address(text) and not text.startswith("asset://"):
        raise wrong(param, f"{param} must be an http(s) URL or asset://.")


def check_audio(text: str) -> None:
    """WAV or MP3; the length of what lives elsewhere is not looked at."""
    if not text.startswith("data:"):
        check_address(text, "audio_url")
    elif not _AUDIO.match(text) or len(_decoded(text, "audio_url")) > MAX_AUDIO_BYTES:
        raise wrong("audio_url", "audio must be WAV or MP3 of up to 15 MB.")


def check_image(text: str, *, heic: bool) -> None:
    """Format, size and shape of an image sent along."""
    if not text.startswith("data:"):
        check_address(text, "image_url")
        return
    known = _IMAGE.match(text)
    if known is None or (known[1] in _HEIC and not heic):
        raise wrong("image_url", "the format of the image is not supported.")
    data = _decoded(text, "image_url")
    if len(data) >= MAX_IMAGE_BYTES:
        raise wrong("image_url", "the image is larger than 30 MB.")
    if known[1] not in _HEIC:
        _check_sides(data)


def _decoded(text: str, param: str) -> bytes:
    try:
        return data_uri_bytes(text)
    except UnreadableError as error:
        raise wrong(param, f"{error}.") from error


def _check_sides(data: bytes) -> None:
    try:
        width, height = image_size(data)
    except UnreadableError as error:
        raise wrong("image_url", f"{error}.") from error
    if not MIN_SIDE <= min(width, height) <= max(width, height) <= MAX_SIDE:
        raise wrong("image_url", f"the sides of {width}x{height} are not in 300 to 6000 px.")
    if not MIN_SHAPE < width / height < MAX_SHAPE:
        raise wrong("image_url", f"{width}x{height} is not between 0.4 and 2.5.")
