"""Reference media as a provider takes them: data URIs, bytes, and addresses on this machine.

An address elsewhere is accepted as the provider would, but never fetched: the emulator does not leave the machine.
"""

from __future__ import annotations

import base64
import binascii
import io
import ipaddress
import urllib.error
import urllib.request
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote_to_bytes, urlsplit

MAX_BYTES = 64 * 2**20
FETCH_SECONDS = 10.0

Source = bytes | str | Path
"""Bytes, a data URI or an address, or a clip made here."""


class UnreadableError(ValueError):
    """The reference is not what it says it is."""


@dataclass(frozen=True, slots=True)
class Footage:
    """What a video reference is, before it is decoded."""

    width: int
    height: int
    seconds: float


def is_address(text: str) -> bool:
    """An http(s) URL with a host."""
    parts = urlsplit(text)
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def data_uri_bytes(text: str) -> bytes:
    """The payload of `data:<mime>[;base64],...`."""
    head, comma, payload = text.partition(",")
    if not head.lower().startswith("data:") or not comma:
        raise UnreadableError("neither an http(s) URL nor a data URI")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(payload)
    try:
        return base64.b64decode(payload, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UnreadableError("the data URI is not valid base64") from error


def image_size(data: bytes) -> tuple[int, int]:
    """Width and height, from the image's header."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(data)) as image:
            return image.size
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise UnreadableError("the image cannot be read") from error


def checked_image(text: str) -> tuple[int, int] | None:
    """The size of an image sent along; None for an image that lives elsewhere."""
    return None if is_address(text) else image_size(data_uri_bytes(text))


def footage(data: bytes) -> Footage:
    """Size and length of a video, from its container."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(io.BytesIO(data), "r") as container:
            stream = container.streams.video[0]
            seconds = float((container.duration or 0) / 1_000_000)
            return Footage(stream.width, stream.height, seconds)
    except (FFmpegError, IndexError) as error:
        raise UnreadableError("the video cannot be read") from error


def load(source: Source | None) -> bytes | None:
    """The bytes of a reference, or None when it cannot be had without leaving the machine."""
    if source is None or isinstance(source, bytes):
        return source
    try:
        if isinstance(source, Path):
            return source.read_bytes()
        return _fetched(source) if is_address(source) else data_uri_bytes(source)
    except (UnreadableError, OSError):
        return None


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@lru_cache(maxsize=1)
def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def _fetched(url: str) -> bytes | None:
    if not _is_loopback(urlsplit(url).hostname or ""):
        return None
    try:
        with _opener().open(url, timeout=FETCH_SECONDS) as answer:
            data: bytes = answer.read(MAX_BYTES)
            return data
    except urllib.error.HTTPError as error:
        error.close()
        return None
