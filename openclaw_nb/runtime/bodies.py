"""Request bodies that are encoded while they are sent: a reference is never held or copied whole.

A body is a row of segments. JSON with `Inline` leaves and multipart forms are both written so, with
a known length, because several providers refuse chunked uploads.
"""

from __future__ import annotations

import asyncio
import json
from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO, TypeAlias

from openclaw_nb.core.domain import Asset, Blob, Link
from openclaw_nb.core.wire import Call, Inline, KeyHere

_CHUNK_BYTES = 3 * 256 * 1024  # a multiple of 3, so that base64 pieces join without padding


@dataclass(frozen=True, slots=True)
class _Piece:
    blob: Blob
    base64: bool

    @property
    def length(self) -> int:
        return (self.blob.size + 2) // 3 * 4 if self.base64 else self.blob.size


_Segment: TypeAlias = bytes | _Piece


@dataclass(frozen=True, slots=True)
class Body:
    """What follows a request's headers."""

    media_type: str
    segments: tuple[_Segment, ...]

    @property
    def length(self) -> int:
        """Length in bytes, known before anything is read."""
        return sum(len(part) if isinstance(part, bytes) else part.length for part in self.segments)

    @property
    def content(self) -> bytes | AsyncIterator[bytes]:
        """What httpx sends: the bytes, where there is nothing to read or encode for them."""
        whole = [part for part in self.segments if isinstance(part, bytes)]
        return b"".join(whole) if len(whole) == len(self.segments) else self.stream()

    async def stream(self) -> AsyncIterator[bytes]:
        """The bytes, read and encoded piece by piece."""
        for part in self.segments:
            if isinstance(part, bytes):
                yield part
            else:
                async for chunk in _read(part):
                    yield chunk


def encode(call: Call, key: str | None = None) -> Body | None:
    """The body of a call; None when it has none. `key` goes where the call wants it."""
    if call.json is not None:
        return _json(call.json, key)
    if call.form is not None:
        return _multipart(call.form)
    if call.content is not None:
        return Body(call.content.media_type, (_Piece(call.content, base64=False),))
    return None


def _json(value: Mapping[str, object], key: str | None) -> Body:
    marks: dict[str, Inline] = {}

    def mark(leaf: object) -> str | None:
        if isinstance(leaf, KeyHere):
            return key
        if not isinstance(leaf, Inline):
            raise TypeError(f"{type(leaf).__name__} cannot be sent as JSON")
        name = f"inline-{token_hex(16)}"
        marks[name] = leaf
        return name

    rest = json.dumps(value, default=mark, ensure_ascii=False, separators=(",", ":"))
    segments: list[_Segment] = []
    for name, leaf in marks.items():
        before, _, rest = rest.partition(name)
        head = f"data:{leaf.blob.media_type};base64," if leaf.form == "data_uri" else ""
        segments += [(before + head).encode(), _Piece(leaf.blob, base64=True)]
    return Body("application/json", (*segments, rest.encode()))


def _multipart(form: Mapping[str, str | Asset]) -> Body:
    boundary = token_hex(16)
    segments: list[_Segment] = []
    for name, value in form.items():
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{_quoted(name)}"'
        match value:
            case str():
                segments.append(f"{head}\r\n\r\n{value}\r\n".encode())
            case Blob():
                head += f'; filename="{_quoted(value.name)}"\r\nContent-Type: {value.media_type}'
                segments += [f"{head}\r\n\r\n".encode(), _Piece(value, base64=False), b"\r\n"]
            case Link():
                raise TypeError(f"form field {name} wants bytes, not an address")
    return Body(
        f"multipart/form-data; boundary={boundary}", (*segments, f"--{boundary}--\r\n".encode())
    )


def _quoted(text: str) -> str:
    """A name inside a quoted header value, as browsers write it (WHATWG multipart)."""
    return text.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")


async def _read(piece: _Piece) -> AsyncIterator[bytes]:
    if piece.blob.data is not None:
        view = memoryview(piece.blob.data)
        for start in range(0, len(view), _CHUNK_BYTES):
            chunk = bytes(view[start : start + _CHUNK_BYTES])
            yield b64encode(chunk) if piece.base64 else chunk
        return
    assert piece.blob.path is not None
    file = await asyncio.to_thread(_open, piece.blob.path)
    try:
        while chunk := await asyncio.to_thread(file.read, _CHUNK_BYTES):
            yield b64encode(chunk) if piece.base64 else chunk
    finally:
        await asyncio.to_thread(file.close)


def _open(path: str) -> BinaryIO:
    return Path(path).open("rb")
