"""What kind of file a few bytes are. Content beats the name, the name beats a declared type."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any, BinaryIO

from openclaw_nb.core.domain import Kind

HEAD_BYTES = 512
"""How much of a file is looked at."""

EXTENSIONS = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "image/webp": ".webp",
    "image/gif": ".gif",
    "image/heic": ".heic",
    "image/heif": ".heif",
    "audio/ogg": ".ogg",
    "audio/mpeg": ".mp3",
    "audio/wav": ".wav",
    "audio/flac": ".flac",
    "audio/aac": ".aac",
    "audio/opus": ".opus",
    "audio/mp4": ".m4a",
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/webm": ".webm",
}
_BY_EXTENSION = {extension: type for type, extension in EXTENSIONS.items()} | {
    ".jpeg": "image/jpeg"
}
_SPELLINGS = {
    "audio/wave": "audio/wav",
    "audio/x-wav": "audio/wav",
    "audio/x-flac": "audio/flac",
    "audio/x-opus+ogg": "audio/ogg",
    "application/ogg": "audio/ogg",
    "audio/mp3": "audio/mpeg",
    "audio/x-m4a": "audio/mp4",
    "image/jpg": "image/jpeg",
}
_AUDIO_BRANDS = frozenset({b"m4a ", b"m4b ", b"m4p ", b"m4r ", b"f4a ", b"f4b "})
_BOXES = frozenset(
    {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"uuid", b"meta", b"moof", b"mfra"}
    | {b"sidx", b"ssix", b"styp", b"pdin", b"prft", b"emsg"}
)
_BOX_HEAD_BYTES = 8
_MP4, _WEBM = b"ftyp", b"\x1aE\xdf\xa3"
_TYPE = re.compile(r"[a-z]+/[a-z0-9][a-z0-9.+_-]*")
"""A media type (RFC 6838); what a sender declares goes into headers again."""
_GENERIC = frozenset({"application/octet-stream", "application/zip"})


def detect(head: bytes, name: str = "", declared: str = "") -> str | None:
    """The media type of a file from its first bytes, its name, and what its sender said."""
    named = _BY_EXTENSION.get(_extension(name))
    found = _magic(head)
    if found and not (found in _GENERIC and named):
        return found
    plain = declared.partition(";")[0].strip().lower()
    return named or (_SPELLINGS.get(plain, plain) if _TYPE.fullmatch(plain) else None)


def kind_of(media_type: str | None) -> Kind | None:
    """image, video or audio; None for anything else."""
    family = (media_type or "").partition("/")[0]
    return Kind(family) if family in set(Kind) else None


def extension_of(media_type: str) -> str:
    """The usual extension with its dot; empty when there is none."""
    plain = media_type.partition(";")[0].strip().lower()
    return EXTENSIONS.get(_SPELLINGS.get(plain, plain), "")


def ends_early(file: BinaryIO, size: int) -> bool:
    """Whether an MP4-like file of `size` bytes stops inside one of its boxes (ISO/IEC 14496-12)."""
    at = 0
    while at + _BOX_HEAD_BYTES <= size:
        file.seek(at)
        head = file.read(2 * _BOX_HEAD_BYTES)
        length = int.from_bytes(head[:4], "big")
        if length == 1:
            length = int.from_bytes(head[8:], "big")
        if (
            head[4:8] not in _BOXES or length < _BOX_HEAD_BYTES
        ):  # 0 is as long as there is something
            return False
        at += length
    return at > size


def _extension(name: str) -> str:
    _, dot, extension = name.rpartition(".")
    return f"{dot}{extension.lower()}"


def is_film(head: bytes) -> bool:
    """Whether it is MP4-like or WebM; all else takes reading the tables of a library, once."""
    return head[4:8] == _MP4 or head[:4] == _WEBM


def _magic(head: bytes) -> str | None:
    if is_film(head):
        return "video/webm" if head[:4] == _WEBM else _brand(head[8:12])
    puremagic: Any = import_module("puremagic")  # its annotations are partial
    try:
        matches = puremagic.magic_string(head)
    except (puremagic.PureError, ValueError):
        return None
    types: list[str] = [match.mime_type for match in matches if match.mime_type]
    if not types:
        return None
    if types[0].startswith("application/vnd.openxml"):
        return "application/zip"
    return _SPELLINGS.get(types[0], types[0])


def _brand(brand: bytes) -> str:
    """The `ftyp` brand of an MP4-like container (ISO/IEC 14496-12) decides what it holds."""
    lower = brand.lower()
    if lower in _AUDIO_BRANDS:
        return "audio/mp4"
    if lower in {b"heic", b"heix"}:
        return "image/heic"
    if lower in {b"mif1", b"heif"}:
        return "image/heif"
    if lower == b"avif":
        return "image/avif"
    return "video/quicktime" if lower == b"qt  " else "video/mp4"
