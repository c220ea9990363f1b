"""One request as it leaves and its answer as it comes, whichever library carries them.

httpx's own objects cost more than the sending: they are made for what its connections carry alone.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Protocol

import httpx

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?", re.ASCII)
_TO_THE_LETTER = re.compile(r"(?:[\w~!$&'()*+,;=:@/?.-]|%[0-9A-Fa-f]{2})*", re.ASCII)
"""What may follow the host and is written by everybody alike, but for a `.` as a whole segment."""
_ORIGINS = 64
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": zlib.MAX_WBITS}
_PIECE_BYTES = 262_144


class TooLarge(Exception):
    """The answer is longer than its limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes")
        self.limit = limit


@dataclass(frozen=True, slots=True)
class Address:
    """Where a request goes, as it is written on the wire."""

    text: str = field(repr=False)
    """Whole; its query may be a signature."""
    authority: str
    """Host and port, as the `Host` header has them."""
    host: str
    has_login: bool = False

    def __str__(self) -> str:
        """Without a query or a password."""
        shown = httpx.URL(self.text).copy_with(query=None, fragment=None, userinfo=b"")
        return str(shown)

    def at(self, place: str) -> Address:
        """The same, of another host: the numeric address that was checked."""
        return _read(httpx.URL(self.text).copy_with(host=place))


def read_address(url: str) -> Address:
    """Write an address as it is sent. Raises httpx.InvalidURL when it is none."""
    start = url.find("/", url.find("://") + 3)
    if start > 0 and "/." not in url and _TO_THE_LETTER.fullmatch(url, start):
        origin = url[:start]
        if _ORIGIN.fullmatch(origin):
            found = _origin(origin)
            return Address(found.text + url[start:], found.authority, found.host)
    return _read(httpx.URL(url))


@lru_cache(maxsize=_ORIGINS)
def _origin(text: str) -> Address:
    """An address without a path; few are asked again and again."""
    found = _read(httpx.URL(text))
    return Address(found.text.removesuffix("/"), found.authority, found.host)


def _read(url: httpx.URL) -> Address:
    authority = url.netloc.decode("ascii")
    text = f"{url.scheme}://{authority}{url.raw_path.decode('ascii')}"
    if url.userinfo:
        text = f"{url.scheme}://{url.userinfo.decode('ascii')}@{authority}{url.raw_path.decode('ascii')}"
    return Address(text, authority, url.host, has_login=bool(url.userinfo))


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request, complete: nothing is added to it on its way but how its body is framed."""

    method: str
    address: Address
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name."""
    content: bytes | AsyncIterator[bytes] | None = field(repr=False)
    seconds: float
    """How long each phase may take."""
    connect_seconds: float
    certified: str | None = None
    """The name that the certificate must bear, when not the host's."""

    def as_httpx(self) -> httpx.Request:
        """For httpx's own connections."""
        timeout = httpx.Timeout(self.seconds, connect=self.connect_seconds)
        extensions: dict[str, Any] = {"timeout": timeout.as_dict()}
        if self.certified is not None:
            extensions["sni_hostname"] = self.certified
        request = httpx.Request(
            self.method,
            self.address.text,
            headers=self.headers,
            content=self.content,
            extensions=extensions,
        )
        request.url = _Shown(request.url)
        return request


class _Shown(httpx.URL):
    """An address that shows itself, as in httpx's log, without a query or a password."""

    def __str__(self) -> str:
        return str(self.copy_with(query=None, fragment=None, userinfo=b""))

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"


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
