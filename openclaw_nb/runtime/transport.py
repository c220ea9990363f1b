"""httpx lives here and under `pool`: origins, keys and who may see them, retries, redirects.

A key goes to the provider's own origin and to its declared `key_hosts`, to no other. Redirects are
followed here, hop by hop, because httpx drops only `Authorization` when a redirect leaves the
origin, and some providers' keys travel in other headers.
"""

from __future__ import annotations

import asyncio
import email.utils
import math
import random
import ssl
import time
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from openclaw_nb.config.edit import is_secret
from openclaw_nb.core.wire import AnyProvider, Call, Hosted, Reply
from openclaw_nb.runtime import guard
from openclaw_nb.runtime.bodies import encode
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.conceal import concealed, concealed_bytes
from openclaw_nb.runtime.guard import Policy
from openclaw_nb.runtime.logs import LOG

if TYPE_CHECKING:
    from openclaw_nb.runtime.pool import Pool

MAX_HOPS = 5
ATTEMPTS = 5
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_NONE: Mapping[str, str] = {}
_PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})
_NEVER_ARRIVED = (
    httpx.ConnectError,
    httpx.ConnectTimeout,
    httpx.PoolTimeout,
    httpx.UnsupportedProtocol,
    httpx.InvalidURL,
)
BROKEN = (httpx.RequestError, httpx.InvalidURL, TimeoutError)
"""All that can go wrong with an exchange before its answer is whole."""
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": zlib.MAX_WBITS}
_PIECE_BYTES = 262_144
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": f"python-httpx/{httpx.__version__}",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


_PUBLIC = Policy()


@dataclass(frozen=True, slots=True)
class Connection:
    """By what way a provider is reached; one pool of connections for each."""

    proxy: str | None = field(default=None, repr=False)
    """Address of the proxy, which may hold a password."""
    context: ssl.SSLContext | None = None


DIRECT = Connection()


@dataclass(frozen=True, slots=True)
class Access:
    """How one provider is reached: where, with which key, and what else is sent along."""

    base_url: str
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    poll_seconds: float | None = None
    """Overrides the provider's poll interval, for servers that answer at once."""
    max_concurrent: int = 16
    """How many operations, from submission to saved file, this provider is given at once."""
    key_header: tuple[str, str] | None = field(default=None, repr=False)
    """Carries the key instead of the provider's own header."""
    connection: Connection = DIRECT
    server_name: str | None = None
    """The name that the certificate of the base URL's host must bear, when not the host's own."""
    policy: Policy = _PUBLIC
    """What may be asked besides the base URL's own host."""
    references: Policy = _PUBLIC
    """The same for references that the user named."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is sent to the provider and must not be read back from it."""
        named = [value for name, value in self.headers.items() if is_secret(name)]
        tokens = [value.rpartition(" ")[2] for value in named]  # without a scheme such as Bearer
        return tuple(filter(None, (self.key, *tokens)))


class Unanswered(Exception):
    """The request left, or may have; what became of it is not known."""


class Unreachable(Exception):
    """Nothing arrived."""


class TooLarge(Exception):
    """The answer is longer than its limit, in bytes."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"the answer is larger than {limit} bytes")
        self.limit = limit


class Transport:
    """Sends calls and opens downloads for every provider alike."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._pools: dict[tuple[str, Connection], Pool] = {}
        self._clients: dict[tuple[str, Connection], httpx.AsyncClient] = {}
        self._context: ssl.SSLContext | None = None
        self._proxies = bool(getproxies())

    async def close(self) -> None:
        """Close every connection."""
        pools, self._pools = self._pools, {}
        clients, self._clients = self._clients, {}
        for pool in pools.values():
            await pool.aclose()
        for client in clients.values():
            await client.aclose()

    async def _answer(
        self, provider: AnyProvider, access: Access, request: httpx.Request
    ) -> httpx.Response:
        """Send by the quick way, which knows neither proxies nor logins and streams no uploads."""
        in_memory = isinstance(request.stream, httpx.ByteStream)
        plain = not (self._proxies or access.connection.proxy or request.url.userinfo)
        if in_memory and plain:
            pool = await self._pool(provider, access)
            answer = await pool.handle_async_request(request)
            LOG.debug("HTTP Request: %s %s: %s", request.method, request.url, answer.status_code)
            return answer
        return await self._client(provider, access).send(request, stream=True)

    async def _pool(self, provider: AnyProvider, access: Access) -> Pool:
        """A provider's own connections: one that is slow to answer takes none from the others."""
        key = provider.id, access.connection
        if key not in self._pools:
            kind = await asyncio.to_thread(_pool_class)  # reads many files the first time
            pool = kind(self._context_of(access), connections=_most(access))
            self._pools.setdefault(key, pool)
        return self._pools[key]

    def _client(self, provider: AnyProvider, access: Access) -> httpx.AsyncClient:
        """The same, through httpx's own connections."""
        key = provider.id, access.connection
        if key not in self._clients:
            self._clients[key] = _opened(access, self._context_of(access))
        return self._clients[key]

    def _context_of(self, access: Access) -> ssl.SSLContext:
        return access.connection.context or self._usual_context()

    def _usual_context(self) -> ssl.SSLContext:
        """Made once: reading the certificates takes its time."""
        self._context = self._context or httpx.create_ssl_context()
        return self._context

    async def send(
        self, provider: AnyProvider, access: Access, call: Call, deadline: Deadline
    ) -> Reply:
        """Send a call and read its answer whole, up to `provider.max_reply_bytes`.

        A GET is repeated on connection errors and passing statuses, inside the deadline. Anything
        else goes out once, and again only when it cannot have arrived: no connection, or 429.

        Raises:
            BlockedError: the address may not be asked; nothing was sent.
            Unreachable: no connection; nothing arrived.
            Unanswered: it may have arrived, its answer did not come.
            TooLarge: the answer is over the limit.
        """
        own = call.host and _is_vendors(provider, access.base_url)
        url = whole_url(call.host if own else access.base_url, call.path)
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = await self._exchange(provider, access, call, url, deadline)
            except (Unreachable, Unanswered) as error:
                repeatable = call.method == "GET" or isinstance(error, Unreachable)
                pause = self.pause(attempt)
                if not repeatable or attempt >= ATTEMPTS or pause >= deadline.left():
                    raise
            else:
                pause = self.pause(attempt, reply.headers)
                passing = _PASSING if call.method == "GET" else {HTTPStatus.TOO_MANY_REQUESTS}
                if reply.status not in passing or attempt >= ATTEMPTS or pause >= deadline.left():
                    return reply
            await self.clock.sleep(pause)

    @asynccontextmanager
    async def download(
        self,
        provider: AnyProvider,
        access: Access,
        hosted: Hosted,
        deadline: Deadline,
        *,
        offset: int = 0,
        version: str = "",
    ) -> AsyncGenerator[httpx.Response]:
        """Open a finished file for streaming, from byte `offset` where the server allows it.

        `version` is the ETag or date of the file that the offset belongs to: another file is sent
        whole. Raises BlockedError when its address may not be asked.
        """
        headers = {"accept-encoding": "identity", **hosted.headers}
        if offset:
            headers["range"] = f"bytes={offset}-"
        if offset and version:
            headers["if-range"] = version
        url = whole_url(access.base_url, hosted.url)
        call = Call("GET", hosted.url, headers=headers)
        async with self._open(provider, access, call, url, deadline, keyed=hosted.keyed) as answer:
            yield answer

    async def _exchange(
        self, provider: AnyProvider, access: Access, call: Call, url: str, deadline: Deadline
    ) -> Reply:
        try:
            async with self._open(
                provider, access, call, url, deadline, keyed=call.keyed
            ) as answer:
                body = await read_limited(answer, provider.max_reply_bytes)
                body = concealed_bytes(body, access.secrets)
                headers = {k: concealed(v, access.secrets) for k, v in answer.headers.items()}
                return Reply(answer.status_code, headers, body, call.path, access.base_url)
        except _NEVER_ARRIVED as error:
            raise Unreachable(reason(error)) from error
        except BROKEN as error:
            raise Unanswered(reason(error)) from error

    @asynccontextmanager
    async def _open(
        self,
        provider: AnyProvider,
        access: Access,
        call: Call,
        url: str,
        deadline: Deadline,
        *,
        keyed: bool,
    ) -> AsyncGenerator[httpx.Response]:
        """One exchange, redirects of a GET and the reading of the answer included."""
        with _discreet(access):
            async with asyncio.timeout(max(deadline.left(), 0.001)):
                for _ in range(MAX_HOPS + 1):
                    answer = await self._sent(provider, access, call, url, deadline, keyed=keyed)
                    try:
                        if not (target := _redirected(call, answer)):
                            yield answer
                            return
                        url = _joined(url, target)
                    finally:
                        await answer.aclose()
            raise httpx.TooManyRedirects(f"redirected more than {MAX_HOPS} times")

    async def _sent(
        self,
        provider: AnyProvider,
        access: Access,
        call: Call,
        url: str,
        deadline: Deadline,
        *,
        keyed: bool,
    ) -> httpx.Response:
        """Send to an address that was checked; the answer's body is still to be read."""
        places = await _places(access, url)
        for place in places:
            request = self._request(provider, access, call, url, deadline, keyed=keyed)
            try:
                placed = _to(request, place, _certified(access, url))
                return await self._answer(provider, access, placed)
            except (httpx.ConnectError, httpx.ConnectTimeout):
                if place is places[-1]:
                    raise
        raise AssertionError("there is always a place")

    def _request(
        self,
        provider: AnyProvider,
        access: Access,
        call: Call,
        url: str,
        deadline: Deadline,
        *,
        keyed: bool,
    ) -> httpx.Request:
        address = httpx.URL(url)  # may be none: found out before the key is at hand
        trusted = may_see_key(provider, access, url)
        headers = httpx.Headers(_HEADERS)
        headers.update(call.headers)
        if trusted:
            headers.update(access.headers)  # they may hold a gateway's token; the user's word wins
        key = access.key if keyed and trusted else None
        if key is not None:
            headers.update([access.key_header or provider.key.sent_as(key)])
        body = encode(call, key)
        if body is not None:
            headers.update({"content-type": body.media_type, "content-length": str(body.length)})
        usual = provider.http_seconds if call.seconds is None else call.seconds
        seconds = max(min(usual, deadline.left()), 0.001)
        timeout = httpx.Timeout(seconds, connect=min(seconds, 20.0))
        return httpx.Request(
            call.method,
            address,
            headers=headers,
            content=body.content if body else None,
            extensions={"timeout": timeout.as_dict()},
        )

    def pause(self, attempt: int, headers: Mapping[str, str] = _NONE) -> float:
        """Seconds before the next try: what the server asked for, else doubling with jitter."""
        asked = retry_after(headers)
        if asked is not None:
            return asked
        ceiling = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def _pool_class() -> type[Pool]:
    from openclaw_nb.runtime.pool import Pool

    return Pool


def _most(access: Access) -> int:
    """Connections at once: twice what is needed, for jobs being cancelled."""
    return 2 * access.max_concurrent


def _opened(access: Access, context: ssl.SSLContext) -> httpx.AsyncClient:
    """A pool of connections, on the running loop."""
    limits = httpx.Limits(
        max_connections=_most(access), max_keepalive_connections=access.max_concurrent
    )
    try:
        return httpx.AsyncClient(
            follow_redirects=False,
            limits=limits,
            proxy=access.connection.proxy,
            verify=context,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),  # none are kept
        )
    except (ValueError, httpx.InvalidURL):  # their texts quote the address with its password
        raise httpx.InvalidURL("the proxy's address cannot be used") from None


@contextmanager
def _discreet(access: Access) -> Generator[None]:
    """Errors of an exchange that quote a secret, as of a malformed answer, do so no more."""
    try:
        yield
    except httpx.RequestError as error:
        text = concealed(str(error), access.secrets)
        if text == str(error):
            raise
        raise type(error)(text) from None


def _redirected(call: Call, answer: httpx.Response) -> str:
    """Where an answer sends a GET; empty when it is the answer."""
    follows = call.method == "GET" and answer.status_code in _REDIRECTS
    return str(answer.headers.get("location", "")) if follows else ""


def _joined(url: str, target: str) -> str:
    try:
        return str(httpx.URL(url).join(target))
    except httpx.InvalidURL as error:  # it is the answer that is wrong
        raise httpx.RemoteProtocolError(f"redirected to nowhere: {error}") from None


class _Shown(httpx.URL):
    """An address that shows itself, as in httpx's log, without a query or a password."""

    def __str__(self) -> str:
        return str(self.copy_with(query=None, fragment=None, userinfo=b""))

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"


async def _places(access: Access, url: str) -> tuple[str | None, ...]:
    """Addresses to connect to; None leaves the lookup to httpx, for hosts that need no check."""
    home = _host(access.base_url)
    if _host(url) == home:
        if not home:
            raise httpx.InvalidURL("the address names no host")
        return (None,)  # the vendor's own, or what the user configured
    near = access.policy.allow_loopback or guard.is_loopback(home)
    policy = replace(access.policy, allow_loopback=near)
    if access.connection.proxy or _proxied(url):
        guard.check_name(url, policy)
        return (None,)
    try:
        return await guard.addresses(url, policy)
    except OSError as error:
        raise httpx.ConnectError(f"{_host(url)} cannot be looked up: {error}") from error


def _host(url: str) -> str:
    """The host of an address; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _proxied(url: str) -> bool:
    host = _host(url)
    return bool(host) and urlsplit(url).scheme in getproxies() and not proxy_bypass(host)


def _certified(access: Access, url: str) -> str | None:
    return access.server_name if _host(url) == _host(access.base_url) else None


def _to(request: httpx.Request, place: str | None, certified: str | None) -> httpx.Request:
    """The request, connecting to `place`; the certificate is checked for the host's name all the same."""
    name = certified or (request.url.host if place else None)
    request.url = _Shown(request.url.copy_with(host=place) if place else request.url)
    if name is not None:
        request.extensions = {**request.extensions, "sni_hostname": name}
    return request


def whole_url(base_url: str, path: str) -> str:
    """The address of a call or a file: a path is the provider's own."""
    return base_url + path if path.startswith("/") else path


def may_see_key(provider: AnyProvider, access: Access, url: str) -> bool:
    """Whether `url` is a place that the provider's key may be sent to."""
    try:
        home, there = urlsplit(access.base_url), urlsplit(url)
    except ValueError:
        return False
    if (there.scheme, there.netloc) == (home.scheme, home.netloc):
        return True
    return there.scheme == "https" and _is_key_host(provider, there.hostname or "")


def _is_key_host(provider: AnyProvider, host: str) -> bool:
    return any(
        host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
        for allowed in provider.key_hosts
    )


def _is_vendors(provider: AnyProvider, base_url: str) -> bool:
    """Whether calls go to the vendor itself, whose other hosts are then where they usually are."""
    if base_url == provider.base_url:
        return True
    url = urlsplit(base_url)
    return url.scheme == "https" and _is_key_host(provider, url.hostname or "")


async def pieces(answer: httpx.Response) -> AsyncIterator[bytes]:
    """The body, unpacked a quarter of a megabyte at a time.

    httpx unpacks whatever comes as a whole, one packing within another too: a small answer could
    fill the memory before anybody counts its bytes.

    Raises httpx.DecodingError when it is packed otherwise than asked for, or broken.
    """
    coding = answer.headers.get("content-encoding", "").strip().lower() or "identity"
    if coding == "identity":
        async for chunk in answer.aiter_raw():
            yield chunk
        return
    if coding not in _WINDOWS:
        raise httpx.DecodingError(f"its Content-Encoding {coding[:40]!r} was not asked for")
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


async def read_limited(answer: httpx.Response, limit: int) -> bytes:
    """A body of at most `limit` bytes; raises TooLarge as soon as it is longer."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in pieces(answer):
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit)
        chunks.append(chunk)
    return b"".join(chunks)


def retry_after(headers: Mapping[str, str]) -> float | None:
    """A Retry-After header in seconds: a number, or a moment on the server's own clock."""
    asked = headers.get("retry-after")
    if not asked:
        return None
    with suppress(ValueError):
        seconds = float(asked)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    moment, now = _moment(asked), _moment(headers.get("date", "")) or time.time()
    return None if moment is None else max(0.0, moment - now)


def _moment(date: str) -> float | None:
    """A date of HTTP as seconds since the epoch."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None


def reason(error: Exception) -> str:
    """What went wrong on the connection, without addresses that may hold a token."""
    return f"{type(error).__name__}: {str(error).split('?')[0]}".rstrip(": ")
