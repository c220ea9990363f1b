"""An answer as it comes: its head, and its body unpacked and counted while it is read."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from http import HTTPStatus
from typing import Any, Protocol

import httpx

_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": zlib.MAX_WBITS}
_PIECE_BYTES = 262_144


class TooLarge(Exception):
    """The answer is longer than its limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes")
        self.limit = limit


class Answer(Protocol):
    """What came back: its head, and its body as it comes."""

    @property
    def status_code(self) -> int:
        """Of HTTP."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """By lower-case name."""
        ...

    def aiter_raw(self) -> AsyncIterator[bytes]:
        """The body as it is on the wire. Raises httpx.RequestError."""
        ...

    async def aclose(self) -> None:
        """Give the connection back when all was read; else close it."""


def is_success(answer: Answer) -> bool:
    """Whether it brings what was asked for."""
    return HTTPStatus.OK <= answer.status_code < HTTPStatus.MULTIPLE_CHOICES


def pieces(answer: Answer) -> AsyncIterator[bytes]:
    """The body, unpacked a quarter of a megabyte at a time.

    httpx unpacks whatever comes as a whole, one packing within another too: a small answer could
    fill the memory before anybody counts its bytes.

    Raises httpx.DecodingError when it is packed otherwise than asked for, or broken.
    """
    coding = answer.headers.get("content-encoding", "").strip().lower() or "identity"
    if coding == "identity":
        return answer.aiter_raw()
    if coding not in _WINDOWS:
        raise httpx.DecodingError(f"its Content-Encoding {coding[:40]!r} was not asked for")
    return _unpacking(answer, coding)


async def _unpacking(answer: Answer, coding: str) -> AsyncIterator[bytes]:
    unpacker = None
    try:
        async for chunk in answer.aiter_raw():
            unpacker = unpacker or zlib.decompressobj(_window(coding, chunk))
            for piece in _unpacked(unpacker, chunk):
                yield piece
    except zlib.error as error:
        raise httpx.DecodingError(f"it cannot be unpacked: {error}") from None
    if unpacker is not None and not unpacker.eof:
        raise httpx.DecodingError("it cannot be unpacked: it ends too early")


def _unpacked(unpacker: Any, chunk: bytes) -> Iterator[bytes]:
    piece = unpacker.decompress(chunk, _PIECE_BYTES)
    while piece:
        yield piece
        piece = unpacker.decompress(unpacker.unconsumed_tail, _PIECE_BYTES)


def _window(coding: str, start: bytes) -> int:
    """What zlib calls the packing. Some servers leave out the head that `deflate` has (RFC 9110)."""
    headless = coding == "deflate" and (start[0] & 0x0F) != zlib.DEFLATED
    return -zlib.MAX_WBITS if headless else _WINDOWS[coding]


async def read_limited(answer: Answer, limit: int) -> bytes:
    """A body of at most `limit` bytes; raises TooLarge as soon as it is longer."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in pieces(answer):
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        chunks.append(chunk)
    return b"".join(chunks)
