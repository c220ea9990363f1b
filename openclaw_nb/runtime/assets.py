"""Load references: paths, URLs, data URLs, bytes, arrays, earlier results. Nothing is sent here.

A file stays a path; it is read while it is sent. Every refusal is an `InvalidInput` with a code.
"""

from __future__ import annotations

import base64
import binascii
import io
import re
import stat
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from openclaw_nb.core.domain import Asset, Blob, Kind, Link, Media, Medium, Reference, Request
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.runtime.media_types import HEAD_BYTES, detect, extension_of, kind_of

MIB = 1_048_576
LIMITS = {Kind.IMAGE: 6 * MIB, Kind.AUDIO: 16 * MIB, Kind.VIDEO: 16 * MIB}
"""Bytes per reference, unless `mediaMaxMb` says otherwise."""

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")  # two letters at least: C:\\ is a drive
_DATA_URL = re.compile(r"data:(?P<type>[^;,]*)(?:;[^;,]*)*;base64,(?P<payload>.*)", re.DOTALL)
_FORMS = "a path, an http(s) URL, a file:// URL, or for images a data: URL"


@dataclass(frozen=True, slots=True)
class Loader:
    """Reads references within a size limit and, when given, below certain directories only."""

    max_bytes: int | None = None
    """Replaces the limit of every kind."""
    allowed_roots: tuple[Path, ...] = ()
    """When given, a file's real path must lie in one of them."""
    media: Path | None = None
    """The media store, where `media://` addresses lead."""

    def load(self, request: Request) -> Media:
        """Every reference of a request, in order. Raises InvalidInput; nothing was sent."""
        images = self._all(request.images, Kind.IMAGE)
        if request.medium is Medium.IMAGE:  # their size decides the resolution
            images = tuple(map(_measured, images))
        return Media(
            images=images,
            videos=self._all(request.videos, Kind.VIDEO),
            audios=self._all(request.audios, Kind.AUDIO),
        )

    def _all(self, references: Sequence[Reference], kind: Kind) -> tuple[Asset, ...]:
        return tuple(self._one(reference, kind) for reference in references)

    def _one(self, reference: Reference, kind: Kind) -> Asset:
        given: Any = reference.given
        role = reference.role
        if isinstance(given, str):
            return self._text(given, role, kind)
        if hasattr(given, "__fspath__"):
            return self._file(Path(given), role, kind)
        if type(given) in (bytes, bytearray, memoryview):
            return self._bytes(bytes(given), role, kind)
        if (source := _source_of(given)) is not None:
            return self._one(Reference(given=source, role=role), kind)
        if kind is Kind.IMAGE and (data := _as_png(given)) is not None:
            return self._bytes(data, role, kind)
        raise InvalidInput(
            kind,
            f"{type(given).__name__} cannot be used as a reference {kind}; allowed are {_FORMS}, "
            "bytes, a pathlib.Path, an earlier result, and for images a numpy array or PIL image. "
            "Nothing was sent.",
            code="invalid-path",
        )

    def _text(self, given: str, role: str | None, kind: Kind) -> Asset:
        text = given.strip().removeprefix("@").strip().removeprefix("MEDIA:").strip()
        if not text:
            raise InvalidInput(kind, f"{shown(given)} is an empty reference. Nothing was sent.")
        scheme = _SCHEME.match(text)
        match scheme.group().lower() if scheme else "":
            case "http:" | "https:":
                return Link(url=_checked_url(text, kind), role=role)
            case "data:":
                return self._data_url(text, role, kind)
            case "file:":
                return self._file(_file_url(text, kind), role, kind)
            case "media:" if self.media is not None:
                return self._file(_stored(text, self.media, kind), role, kind)
            case "":
                return self._file(_expanded(text, kind), role, kind)
            case _:
                raise InvalidInput(
                    kind,
                    f"{shown(text)} is not a reference that can be read; allowed are {_FORMS}. "
                    "Nothing was sent.",
                    code="invalid-path",
                )

    def _data_url(self, text: str, role: str | None, kind: Kind) -> Blob:
        if kind is not Kind.IMAGE:
            raise InvalidInput(
                kind, f"data URLs are taken for images, not for {kind}. Nothing was sent."
            )
        match = _DATA_URL.fullmatch(text)
        if match is None:
            raise InvalidInput(
                kind, "a data URL must look like data:image/png;base64,... Nothing was sent."
            )
        media_type = match["type"].lower()
        if not media_type.startswith("image/"):
            raise InvalidInput(
                kind, f"the data URL holds {shown(media_type)}, not an image. Nothing was sent."
            )
        try:
            data = base64.b64decode(match["payload"], validate=True)
        except binascii.Error:
            raise InvalidInput(
                kind, "the data URL's payload is not base64. Nothing was sent."
            ) from None
        return self._bytes(data, role, kind, declared=media_type)

    def _bytes(self, data: bytes, role: str | None, kind: Kind, declared: str = "") -> Blob:
        media_type = self._checked(data[:HEAD_BYTES], len(data), "", declared, kind)
        name = f"reference-{kind}{extension_of(media_type)}"
        return Blob(media_type=media_type, name=name, size=len(data), data=data, role=role)

    def _file(self, path: Path, role: str | None, kind: Kind) -> Blob:
        head, size, real = self._opened(path, kind)
        media_type = self._checked(head, size, path.name, "", kind)
        return Blob(media_type=media_type, name=path.name, size=size, path=str(real), role=role)

    def _opened(self, path: Path, kind: Kind) -> tuple[bytes, int, Path]:
        """First bytes, size in bytes and real path of a regular, allowed, readable file."""
        if str(path).startswith(("\\\\", "//")):
            raise _refused(kind, path, "network-path-not-allowed", "network paths are not read")
        try:
            real = path.resolve(strict=True)
            status = real.stat()
            if not stat.S_ISREG(status.st_mode):
                raise _refused(kind, path, "not-file", "it is not a regular file")
            self._check_roots(path, real, kind)
            with real.open("rb") as file:
                return file.read(HEAD_BYTES), status.st_size, real
        except InvalidInput:
            raise
        except FileNotFoundError:
            raise _refused(kind, path, "not-found", f"no such file (from {Path.cwd()})") from None
        except PermissionError:
            raise _refused(kind, path, "permissions-denied", "it may not be read") from None
        except (OSError, ValueError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise _refused(kind, path, "invalid-path", why) from None

    def _check_roots(self, path: Path, real: Path, kind: Kind) -> None:
        roots = [root.resolve() for root in self.allowed_roots]
        if any(root == Path(root.anchor) for root in roots):
            raise _refused(
                kind, path, "invalid-root", "the root of a file system cannot be an allowed root"
            )
        if roots and not any(real.is_relative_to(root) for root in roots):
            allowed = ", ".join(map(str, roots))
            raise _refused(kind, path, "path-not-allowed", f"it is outside {allowed}")

    def _checked(self, head: bytes, size: int, name: str, declared: str, kind: Kind) -> str:
        """The media type, when it is of the right kind and within the limit."""
        label = name or "the data"
        if size == 0:
            raise InvalidInput(kind, f"{label} is empty. Nothing was sent.")
        media_type = detect(head, name, declared)
        if media_type is None or kind_of(media_type) is not kind:
            found = media_type or "unknown"
            raise InvalidInput(kind, f"{label} is {found}, not {_article(kind)}. Nothing was sent.")
        limit = self.max_bytes or LIMITS[kind]
        if size > limit:
            raise InvalidInput(
                kind,
                f"{label} has {size} bytes ({size / MIB:.1f} MB), the limit is {limit} "
                f"({limit / MIB:g} MB); "
                "agents.defaults.mediaMaxMb raises it. Nothing was sent.",
                code="too-large",
            )
        return media_type


def _article(kind: Kind) -> str:
    return "an image" if kind is Kind.IMAGE else f"{kind}"


def _refused(kind: Kind, path: Path, code: str, why: str) -> InvalidInput:
    return InvalidInput(kind, f"{shown(str(path))}: {why}. Nothing was sent.", code=code)


def _checked_url(text: str, kind: Kind) -> str:
    try:
        host = urlsplit(text).hostname
    except ValueError:
        host = None
    if not host or any(c.isspace() for c in text):
        raise InvalidInput(kind, f"{shown(text)} is not a usable URL. Nothing was sent.")
    return text


def _expanded(text: str, kind: Kind) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise _refused(kind, Path(text), "invalid-path", str(error)) from None


def _source_of(given: object) -> Path | str | None:
    """Where an earlier result is: its file, or its address when it was too large to be kept."""
    try:
        path = getattr(given, "path", None)
    except FileNotFoundError:
        url = getattr(given, "url", None)
        return url if isinstance(url, str) else None
    return path if isinstance(path, Path) else None


def _file_url(text: str, kind: Kind) -> Path:
    try:
        parts = urlsplit(text)
    except ValueError as error:
        raise _refused(kind, Path(text), "invalid-file-url", str(error)) from None
    if parts.netloc not in ("", "localhost"):
        raise _refused(kind, Path(text), "invalid-file-url", "a file URL may name no other host")
    if not parts.path:
        raise _refused(kind, Path(text), "invalid-file-url", "it names no file")
    return Path(url2pathname(parts.path))


def _stored(text: str, media: Path, kind: Kind) -> Path:
    """The file of a `media://` address, which must lie in the store."""
    path = media / unquote(text.partition("://")[2])
    if not path.resolve().is_relative_to(media.resolve()):
        raise _refused(kind, Path(text), "path-not-allowed", "it leads out of the media store")
    return path


def _measured(asset: Asset) -> Asset:
    """The image with its longest side; as it is when it cannot be read."""
    if isinstance(asset, Link):
        return asset
    from PIL import Image

    source = io.BytesIO(asset.data) if asset.data is not None else asset.path or ""
    try:
        with Image.open(source) as picture:
            return replace(asset, longest_side=max(picture.size))
    except (OSError, ValueError, Image.DecompressionBombError):
        return asset


def _as_png(given: Any) -> bytes | None:
    """A PIL image, or an array `(height, width)`, `(height, width, 3 or 4)` uint8, as PNG bytes."""
    if not hasattr(given, "save") and not hasattr(given, "__array_interface__"):
        return None
    from PIL import Image

    picture = given if isinstance(given, Image.Image) else _picture_of(given)
    if picture is None:
        return None
    buffer = io.BytesIO()
    try:
        picture.save(buffer, format="PNG")
    except (OSError, ValueError, SystemError) as error:
        raise InvalidInput(
            Kind.IMAGE,
            f"a PIL image of mode {picture.mode} and size {picture.size} cannot be sent: {error}; "
            'image.convert("RGB") makes one that can. Nothing was sent.',
        ) from None
    return buffer.getvalue()


def _picture_of(given: Any) -> Any:
    from PIL import Image

    if not hasattr(given, "__array_interface__"):
        return None
    if str(given.dtype) != "uint8":
        raise InvalidInput(
            Kind.IMAGE,
            f"an image array must be uint8 with values 0 to 255, this one is {given.dtype}. "
            "Nothing was sent.",
        )
    match given.shape:
        case (height, width) | (height, width, 3 | 4) if height and width:
            return Image.fromarray(given)
        case _:
            raise InvalidInput(
                Kind.IMAGE,
                f"an array of shape {given.shape} is no image; allowed are (height, width) and "
                "(height, width, 3 or 4). Nothing was sent.",
            )
