"""The way in for any client in any language: a server on the loopback interface, in a thread of its own."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading

from aiohttp import web

from .doors import BrokenOffError, sent, served, total_bytes
from .site import Services, Wanted
from .wire import MARK, Fault, Feed, Response

MAX_BODY = 512 * 2**20
SHUTDOWN_SECONDS = 0.5
START_SECONDS = 30.0


class Loopback:
    """Serves until closed. `root` is a provider for clients that take a host and a port, no path."""

    def __init__(self, services: Services, host: str, port: int, root: str = "") -> None:
        self._services, self._root = services, root
        self._socket = socket.create_server((host, port))
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="openclaw-emulator", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_SECONDS):
            raise RuntimeError("the emulator did not start")

    @property
    def url(self) -> str:
        """Where it listens."""
        host, port = self._socket.getsockname()[:2]
        return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

    def close(self) -> None:
        """Stop listening, end the thread, free the port."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _serve(self) -> None:
        app = web.Application(client_max_size=MAX_BODY)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await runner.setup()
        await web.SockSite(runner, self._socket).start()
        self._ready.set()
        await self._stop.wait()
        await asyncio.to_thread(self._services.close)
        await runner.cleanup()

    def _place(self, path: str) -> str:
        named = not self._root or path.startswith((f"/{self._root}/", "/_"))
        return path if named else f"/{self._root}{path}"

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        url = f"{request.scheme}://{request.host}{self._place(request.raw_path)}"
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        wanted = Wanted(request.method, url, headers, body)
        response = await served(self._services, wanted)
        if isinstance(response, Feed) and headers.get("upgrade", "").lower() == "websocket":
            return await _fed(request, response)
        if response.fault == Fault("hold"):
            await self._stop.wait()
        if response.fault in (Fault("drop"), Fault("hold")):
            return _hung_up(request)
        if isinstance(response.body, bytes) and response.fault is None:
            headers = {**response.headers, **MARK}
            return web.Response(status=response.status, body=response.body, headers=headers)
        return await _streamed(request, response)


async def _fed(request: web.Request, feed: Feed) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    while not socket.closed:
        with contextlib.suppress(ConnectionError):
            for frame in feed.tick():
                await socket.send_str(frame)
        with contextlib.suppress(TimeoutError):
            await socket.receive(timeout=feed.seconds)
    return socket


def _hung_up(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


async def _streamed(request: web.Request, response: Response) -> web.StreamResponse:
    stream = web.StreamResponse(status=response.status, headers={**response.headers, **MARK})
    length = await asyncio.to_thread(total_bytes, response)
    if length is not None:
        stream.content_length = length
    await stream.prepare(request)
    try:
        with contextlib.suppress(ConnectionError):
            if request.method != "HEAD":
                async for chunk in sent(response):
                    await stream.write(chunk)
    except BrokenOffError:
        if request.transport is not None:
            request.transport.close()
    return stream
