"""Exchanges over aiohttp's connections: a tenth of the work of httpx's when many are under way.

What a failure says of a submission is worth money. Whatever breaks before the connection stands is
a `ConnectError` or `ConnectTimeout`, so that it cannot have arrived; all else may have. A request
goes out once: aiohttp would repeat some by itself. A submission has a connection of its own, as one
that was kept may have been closed by the server just when it is used again.
"""

from __future__ import annotations

import asyncio
import os
import ssl
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager, suppress
from http import HTTPStatus
from typing import Any

import aiohttp
import httpx
from yarl import URL

from openclaw_nb.runtime.answers import Answer
from openclaw_nb.runtime.exchange import Outgoing

_IDLE_SECONDS = 5.0
_HEARTBEAT_SECONDS = 30.0
_CLOSE_SECONDS = 1.0
"""How long the other side may take to say good-bye."""
_AUTO_HEADERS = ("accept", "accept-encoding", "content-type", "user-agent")
"""aiohttp sends its own of these where the request has none."""
_WITH_FRAMES = (httpx.RequestError, httpx.InvalidURL, asyncio.CancelledError)
_AHEAD_BYTES = 49_152
"""aiohttp stops reading at twice this. From 128 KiB on, glibc maps a piece of memory of its own for
each chunk and keeps many: eight downloads at once then take 18 MiB, and 7 MiB so."""
_HEAD_BYTES = 65_536
"""The longest line of an answer's head: signed addresses in a redirect are long."""


class Pool:
    """Connections without a proxy, for requests whose body, if any, is in memory.

    Opened by the first request, on its loop; whatever becomes of that loop or of the pool, the
    connections are closed.
    """

    def __init__(self, context: Callable[[], ssl.SSLContext], *, connections: int) -> None:
        self._context, self._connections = context, connections
        self._lasting: aiohttp.ClientSession | None = None
        self._single: aiohttp.ClientSession | None = None
        self._keepers: tuple[asyncio.Task[None], ...] = ()

    async def _sessions(self) -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        """One that keeps its connections, and one that does not."""
        if self._lasting is None or self._single is None:
            self._lasting, self._single = self._opened(keep=True), self._opened(keep=False)
            self._keepers = _keep(self, self._lasting), _keep(self, self._single)
            await asyncio.sleep(0)  # a task that is cancelled before it began closes nothing
        return self._lasting, self._single

    @asynccontextmanager
    async def listen(
        self, request: Outgoing, most_bytes: int
    ) -> AsyncGenerator[AsyncIterator[bytes]]:
        """Open a websocket; gives its text frames, of `most_bytes` at most. Raises as httpx does."""
        session, _ = await self._sessions()
        try:
            with _told():
                async with asyncio.timeout(request.seconds):
                    socket = await session.ws_connect(
                        URL(request.address.text, encoded=True),
                        headers=request.headers,
                        ssl=self._tls(request),
                        server_hostname=request.certified,
                        heartbeat=_HEARTBEAT_SECONDS,
                        max_msg_size=most_bytes,
                    )
        except (*_WITH_FRAMES, TimeoutError) as error:
            raise _bare(error) from None
        try:
            yield _text_frames(socket)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await socket.close()

    async def send(self, request: Outgoing) -> Answer:
        """Send, and read the head of the answer. Raises as httpx does."""
        lasting, single = await self._sessions()
        session = lasting if request.method == "GET" else single
        try:
            with _told():
                return _Answer(await self._asked(session, request))
        except _WITH_FRAMES as error:
            raise _bare(error) from None

    async def _asked(
        self, session: aiohttp.ClientSession, request: Outgoing
    ) -> aiohttp.ClientResponse:
        return await session.request(
            request.method,
            URL(request.address.text, encoded=True),  # to the letter: others may have signed it
            headers={name: each for name, each in request.headers.items() if name != "connection"},
            data=request.content or None,
            allow_redirects=False,
            skip_auto_headers=_AUTO_HEADERS,
            timeout=_patience(request),
            ssl=self._tls(request),
            server_hostname=request.certified,
        )

    def _tls(self, request: Outgoing) -> ssl.SSLContext | bool:
        """How the other side is checked; making it takes its time, and only https needs it."""
        return self._context() if request.address.text.startswith("https:") else True

    def _opened(self, *, keep: bool) -> aiohttp.ClientSession:
        more: dict[str, Any] = {"keepalive_timeout": _IDLE_SECONDS} if keep else {}
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=self._connections,
                force_close=not keep,
                resolver=aiohttp.ThreadedResolver(),  # the system's, as everywhere else
                **more,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            read_bufsize=_AHEAD_BYTES,
            middlewares=(_once,),
            max_line_size=_HEAD_BYTES,
            max_field_size=_HEAD_BYTES,
        )

    async def aclose(self) -> None:
        """Close every connection."""
        keepers, self._keepers, self._lasting, self._single = self._keepers, (), None, None
        for keeper in keepers:
            keeper.cancel()
        if keepers:
            await asyncio.wait(keepers)


def _keep(pool: Pool, session: aiohttp.ClientSession) -> asyncio.Task[None]:
    """Hold a session open until its loop ends or the pool is forgotten; then it is closed.

    aiohttp complains of sessions that nobody closed. After a fork the parent's stay untouched, as
    its tasks do.
    """
    loop, pid = asyncio.get_running_loop(), os.getpid()
    keeper = loop.create_task(_kept(session))

    def let_go() -> None:
        if os.getpid() == pid and not loop.is_closed():
            loop.call_soon_threadsafe(keeper.cancel)

    weakref.finalize(pool, let_go).atexit = False
    return keeper


async def _kept(session: aiohttp.ClientSession) -> None:
    try:
        await asyncio.get_running_loop().create_future()
    finally:
        await session.close()


class _Answer:
    """An answer's head, and its body as it comes."""

    __slots__ = ("_answer", "headers", "status_code")

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer, self.status_code = answer, answer.status
        self.headers: dict[str, str] = {}
        for name, value in answer.headers.items():
            known = self.headers.get(lower := name.lower())
            self.headers[lower] = value if known is None else f"{known}, {value}"

    async def aiter_raw(self) -> AsyncIterator[bytes]:
        """The body as it is on the wire."""
        try:
            with _told():
                async for chunk in self._answer.content.iter_any():
                    yield chunk
        except _WITH_FRAMES as error:
            raise _bare(error) from None

    async def aclose(self) -> None:
        """Give the connection back when all was read; else close it."""
        self._answer.close()


async def _text_frames(socket: aiohttp.ClientWebSocketResponse) -> AsyncIterator[bytes]:
    """Its text frames until the other side ends it. Raises httpx.ReadError when it breaks."""
    async for message in socket:
        if message.type is aiohttp.WSMsgType.TEXT:
            yield message.data.encode()
        elif message.type is aiohttp.WSMsgType.ERROR:
            raise httpx.ReadError(str(message.data))


async def _once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    """One exchange. Its errors leave aiohttp as ours, or it would repeat some requests itself.

    A websocket is not followed elsewhere, which aiohttp does by itself: nobody checked that place.
    """
    with _told():
        answer = await handler(request)
    if "upgrade" in request.headers and answer.status != HTTPStatus.SWITCHING_PROTOCOLS:
        answer.close()
        raise httpx.RemoteProtocolError(f"no websocket: HTTP {answer.status}")
    return answer


def _bare(error: BaseException) -> BaseException:
    """The error alone: aiohttp's frames have headers in their variables, which some displays print."""
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


@contextmanager
def _told() -> Generator[None]:
    """Errors of aiohttp as httpx's. Their own texts may hold an address with its query."""
    try:
        yield
    except aiohttp.ConnectionTimeoutError as error:
        raise httpx.ConnectTimeout("") from error
    except aiohttp.ClientConnectorError as error:
        raise httpx.ConnectError(str(error)) from error
    except aiohttp.SocketTimeoutError as error:
        raise httpx.ReadTimeout("") from error
    except aiohttp.NonHttpUrlClientError as error:
        raise httpx.UnsupportedProtocol("only http and https are asked") from error
    except aiohttp.InvalidURL as error:
        raise httpx.InvalidURL("the address cannot be used") from error
    except aiohttp.ClientResponseError as error:
        raise httpx.RemoteProtocolError(error.message) from error
    except (aiohttp.ClientPayloadError, aiohttp.ServerDisconnectedError) as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except (aiohttp.ClientError, OSError) as error:
        raise httpx.ReadError(str(error)) from error
    except ValueError as error:  # a header that cannot be sent
        raise httpx.LocalProtocolError(str(error)) from error


def _patience(request: Outgoing) -> aiohttp.ClientTimeout:
    """A time-out for each phase; `connect` counts the wait for a free connection too."""
    return aiohttp.ClientTimeout(
        total=None,
        connect=request.seconds,
        sock_connect=request.connect_seconds,
        sock_read=request.seconds,
    )
