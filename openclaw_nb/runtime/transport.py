"""Requests of every provider alike: their keys, retries and redirects.

A key goes to the provider's own origin and to its declared `key_hosts`, to no other. Redirects are
followed here, hop by hop, because httpx drops only `Authorization` when a redirect leaves the
origin, and some providers' keys travel in other headers.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING
from urllib.request import getproxies

import httpx

from openclaw_nb.core.wire import AnyProvider, Call, Hosted, Reply
from openclaw_nb.runtime.access import (
    Access,
    Connection,
    certificate_name,
    is_vendors,
    may_see_key,
    places_of,
    whole_url,
)
from openclaw_nb.runtime.answers import Answer, read_limited
from openclaw_nb.runtime.bodies import Body, encode
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.conceal import concealed, concealed_bytes
from openclaw_nb.runtime.exchange import Outgoing, read_address
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.retries import pause_seconds

if TYPE_CHECKING:
    from openclaw_nb.runtime.pool import Pool

MAX_HOPS = 5
ATTEMPTS = 5
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
_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "gzip, deflate",
    "user-agent": f"python-httpx/{httpx.__version__}",
}
_BODY_EXPECTED = frozenset({"POST", "PUT", "PATCH"})
_CONNECT_SECONDS = 20.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Unanswered(Exception):
    """The request left, or may have; what became of it is not known."""


class Unreachable(Exception):
    """Nothing arrived."""


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

    async def _answer(self, provider: AnyProvider, access: Access, request: Outgoing) -> Answer:
        """Send by the quick way, which knows neither proxies nor logins and streams no uploads."""
        in_memory = request.content is None or isinstance(request.content, bytes)
        if in_memory and self._is_plain(access, request):
            pool = await self._pool(provider, access)
            answer = await pool.send(request)
            LOG.debug("%s %s: HTTP %s", request.method, request.address, answer.status_code)
            return answer
        return await self._client(provider, access).send(request.as_httpx(), stream=True)

    def _is_plain(self, access: Access, request: Outgoing) -> bool:
        return not (self._proxies or access.connection.proxy or request.address.has_login)

    async def _pool(self, provider: AnyProvider, access: Access) -> Pool:
        """A provider's own connections: one that is slow to answer takes none from the others."""
        key = provider.id, access.connection
        if key not in self._pools:
            kind = await asyncio.to_thread(_pool_class)  # reads many files the first time
            pool = kind(partial(self._context_of, access), connections=_most(access))
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
        own = call.host and is_vendors(provider, access.base_url)
        url = whole_url(call.host if own else access.base_url, call.path)
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = await self._exchange(provider, access, call, url, deadline)
            except (Unreachable, Unanswered) as error:
                repeatable = call.method == "GET" or isinstance(error, Unreachable)
                pause = pause_seconds(attempt)
                if not repeatable or attempt >= ATTEMPTS or pause >= deadline.left():
                    raise
            else:
                pause = pause_seconds(attempt, reply.headers)
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
    ) -> AsyncGenerator[Answer]:
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

    @asynccontextmanager
    async def listen(
        self, provider: AnyProvider, access: Access, call: Call, deadline: Deadline
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open a websocket at the provider's own address; gives its text frames.

        Raises httpx.RequestError, here or from the iterator, also where a proxy is in the way.
        """
        url = whole_url(access.base_url, call.path)
        request = self._request(provider, access, call, url, None, deadline, keyed=call.keyed)
        if not self._is_plain(access, request) or not call.path.startswith("/"):
            raise httpx.UnsupportedProtocol("no websocket is opened there")
        pool = await self._pool(provider, access)
        with _discreet(access):
            async with asyncio.timeout(max(deadline.left(), 0.001)):
                async with pool.listen(request, provider.max_reply_bytes) as frames:
                    yield frames

    async def _exchange(
        self, provider: AnyProvider, access: Access, call: Call, url: str, deadline: Deadline
    ) -> Reply:
        try:
            async with self._open(
                provider, access, call, url, deadline, keyed=call.keyed
            ) as answer:
                body = await read_limited(answer, provider.max_reply_bytes)
                body = concealed_bytes(body, access.secrets)
                headers = _without(access.secrets, answer.headers)
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
    ) -> AsyncGenerator[Answer]:
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
    ) -> Answer:
        """Send to an address that was checked; the answer's body is still to be read."""
        places = await places_of(access, url)
        for place in places:
            request = self._request(provider, access, call, url, place, deadline, keyed=keyed)
            try:
                return await self._answer(provider, access, request)
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
        place: str | None,
        deadline: Deadline,
        *,
        keyed: bool,
    ) -> Outgoing:
        """The request, connecting to `place`; the certificate is the host's own all the same."""
        address = read_address(url)  # may be none: found out before the key is at hand
        trusted = may_see_key(provider, access, url)
        key = access.key if keyed and trusted else None
        body = encode(call, key)
        headers = {**_HEADERS, "host": address.authority, **_by_name(call.headers)}
        if trusted:
            headers |= _by_name(access.headers)  # may hold a gateway's token; the user's word wins
        headers |= _of_key(provider, access, key) | _of_body(call, body)
        usual = provider.http_seconds if call.seconds is None else call.seconds
        seconds = max(min(usual, deadline.left()), 0.001)
        return Outgoing(
            call.method,
            address.at(place) if place else address,
            headers,
            body.content if body else None,
            seconds=seconds,
            connect_seconds=min(seconds, _CONNECT_SECONDS),
            certified=certificate_name(access, url) or (address.host if place else None),
        )


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


def _of_key(provider: AnyProvider, access: Access, key: str | None) -> dict[str, str]:
    if key is None:
        return {}
    name, value = access.key_header or provider.key.sent_as(key)
    return {name.lower(): value}


def _of_body(call: Call, body: Body | None) -> dict[str, str]:
    if body is not None:
        return {"content-type": body.media_type, "content-length": str(body.length)}
    return {"content-length": "0"} if call.method in _BODY_EXPECTED else {}


def _by_name(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _without(secrets: tuple[str, ...], headers: Mapping[str, str]) -> Mapping[str, str]:
    """Headers without what was sent to the provider; hardly any repeats it."""
    together = "\n".join(headers.values())
    if concealed(together, secrets) == together:
        return headers
    return {name: concealed(value, secrets) for name, value in headers.items()}


def _redirected(call: Call, answer: Answer) -> str:
    """Where an answer sends a GET; empty when it is the answer."""
    follows = call.method == "GET" and answer.status_code in _REDIRECTS
    return str(answer.headers.get("location", "")) if follows else ""


def _joined(url: str, target: str) -> str:
    try:
        return str(httpx.URL(url).join(target))
    except httpx.InvalidURL as error:  # it is the answer that is wrong
        raise httpx.RemoteProtocolError(f"redirected to nowhere: {error}") from None


def reason(error: Exception) -> str:
    """What went wrong on the connection, without addresses that may hold a token."""
    return f"{type(error).__name__}: {str(error).split('?')[0]}".rstrip(": ")
