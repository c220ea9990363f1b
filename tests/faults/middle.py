"""A server between a client and the emulator that spoils chosen answers, as networks do."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Literal

import httpx
from aiohttp import web

from tests.runtime.world import Server

Kind = Literal["submit", "poll", "download"]
Spoiler = Callable[[web.Request, httpx.Response], Awaitable[web.StreamResponse]]
_HOP = {"content-length", "content-encoding", "transfer-encoding", "connection", "date", "server"}


class Middle(Server):
    """Passes everything on. `spoil("poll", reset, reset)`: the next two answers to polls."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._spoilers: dict[Kind, list[Spoiler]] = {"submit": [], "poll": [], "download": []}
        super().__init__()
        self.otherwise = self._pass_on

    def spoil(self, kind: Kind, *each: Spoiler) -> None:
        """What is done to the next answers of a kind, one after the other."""
        self._spoilers[kind].extend(each)

    async def _pass_on(self, request: web.Request) -> web.StreamResponse:
        async with httpx.AsyncClient(trust_env=False, timeout=60) as http:
            answer = await http.request(
                request.method,
                f"{self._target}{request.path_qs}",
                content=await request.read(),
                headers=request.headers.items(),
            )
        waiting = self._spoilers[_kind(request, answer)]
        return await (waiting.pop(0) if waiting else whole)(request, answer)


def _kind(request: web.Request, answer: httpx.Response) -> Kind:
    if request.method == "POST":
        return "submit"
    return "download" if answer.headers["content-type"].startswith("video/") else "poll"


def _headers(answer: httpx.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name not in _HOP}


async def whole(_: web.Request, answer: httpx.Response) -> web.StreamResponse:
    """As it came."""
    return web.Response(status=answer.status_code, body=answer.content, headers=_headers(answer))


async def reset(request: web.Request, _: httpx.Response) -> web.StreamResponse:
    """The connection is reset instead of an answer."""
    own = request.transport.get_extra_info("socket")
    own.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.transport.abort()
    return web.Response()


async def silence(_: web.Request, __: httpx.Response) -> web.StreamResponse:
    """Nothing comes, and the connection stays."""
    await asyncio.get_running_loop().create_future()
    raise AssertionError("never")


async def drip(request: web.Request, answer: httpx.Response) -> web.StreamResponse:
    """One byte at a time, far too slowly."""
    stream = web.StreamResponse(status=answer.status_code, headers=_headers(answer))
    stream.content_length = len(answer.content)
    await stream.prepare(request)
    for byte in answer.content:
        await stream.write(bytes([byte]))
        await asyncio.sleep(1)
    return stream


async def cut_off(request: web.Request, answer: httpx.Response) -> web.StreamResponse:
    """Half of it; then the connection is closed."""
    stream = web.StreamResponse(status=answer.status_code, headers=_headers(answer))
    stream.content_length = len(answer.content)
    await stream.prepare(request)
    await stream.write(answer.content[: len(answer.content) // 2])
    request.transport.close()
    return stream


async def bomb(_: web.Request, answer: httpx.Response) -> web.StreamResponse:
    """A few kilobytes that unpack to 64 MiB."""
    packed = await asyncio.to_thread(gzip.compress, bytes(64 * 2**20))
    headers = {**_headers(answer), "content-encoding": "gzip"}
    return web.Response(status=answer.status_code, body=packed, headers=headers)


def failing(status: int, **headers: str) -> Spoiler:
    """An HTTP error instead of the answer."""

    async def fail(_: web.Request, __: httpx.Response) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.Response(status=status, text="no", headers=named)

    return fail
