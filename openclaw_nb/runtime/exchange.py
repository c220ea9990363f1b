"""One request as it leaves, whichever library carries it.

httpx's own objects cost more than the sending: they are made for what its connections carry alone.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import httpx

_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]+)?", re.ASCII)
_TO_THE_LETTER = re.compile(r"(?:[\w~!$&'()*+,;=:@/?.-]|%[0-9A-Fa-f]{2})*", re.ASCII)
"""What may follow the host and is written by everybody alike, but for a `.` as a whole segment."""
_ORIGINS = 64


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
        return str(_Shown(self.text))

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
    authority, login = url.netloc.decode("ascii"), url.userinfo.decode("ascii")
    whole = f"{login}@{authority}" if login else authority
    text = f"{url.scheme}://{whole}{url.raw_path.decode('ascii')}"
    return Address(text, authority, url.host, has_login=bool(login))


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
