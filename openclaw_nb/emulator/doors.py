"""The way in without a port: an httpx transport. Also how an answer is cut into pieces, faults included."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import httpx

from .site import Services, Wanted
from .wire import MARK, Fault, Later, Reply, Response, answer

CHUNK = 256 * 1024
SLOW_PIECES = 20
STALL_SECONDS = 86_400.0
OK = 200
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class BrokenOffError(Exception):
    """The connection ends here, before the answer does."""


async def served(services: Services, wanted: Wanted) -> Response:
    """The finished answer; what takes time happens beside the event loop."""
    submits = wanted.method == "POST"
    reply = await asyncio.to_thread(services.handle, wanted) if submits else services.handle(wanted)
    while isinstance(reply, Later):
        reply = await _next(reply)
    if isinstance(reply.body, Path):
        reply = await asyncio.to_thread(ranged, reply, wanted.headers)
    await asyncio.sleep(reply.after)
    return reply


async def _next(reply: Later) -> Reply:
    """What is said when the file is there."""
    clip = asyncio.wrap_future(reply.clip)
    await asyncio.wait([clip])
    if clip.cancelled() or clip.exception() is not None:
        reason = "it closed" if clip.cancelled() else repr(clip.exception())
        return answer({"error": f"the emulator did not finish the file: {reason}"}, 503)
    return await asyncio.to_thread(reply.then, clip.result())


def ranged(response: Response, headers: Mapping[str, str]) -> Response:
    """The part that a Range header asks for, when the answer is whole and is a file."""
    body, found = response.body, RANGE.fullmatch(headers.get("range", "").strip())
    if not isinstance(body, Path) or response.status != OK:
        return response
    size = _size(body)
    known = {**response.headers, "accept-ranges": "bytes", "etag": _tag(body)}
    same = headers.get("if-range", known["etag"]) == known["etag"]
    if response.fault or found is None or not any(found.groups()) or not same:
        return replace(response, headers=known)
    first, last = found.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if start >= stop:
        return Response(416, b"", {**known, "content-range": f"bytes */{size}"})
    with body.open("rb") as file:
        file.seek(start)
        part = file.read(stop - start)
    return Response(206, part, {**known, "content-range": f"bytes {start}-{stop - 1}/{size}"})


def _tag(file: Path) -> str:
    facts = file.stat()
    return f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'


def total_bytes(response: Response) -> int | None:
    """The length to announce; None when it is not known beforehand."""
    if callable(response.body):
        return None
    if response.fault is not None and response.fault.kind == "pad":
        return max(int(response.fault.amount), _size(response.body) + 8)
    return _size(response.body)


def _size(body: bytes | Path) -> int:
    return len(body) if isinstance(body, bytes) else body.stat().st_size


def pieces(response: Response) -> Iterator[tuple[float, bytes]]:
    """Seconds to wait and bytes to send, in turn; raises `BrokenOffError` where the connection breaks."""
    body = response.body
    if callable(body):
        yield from body()
        return
    match response.fault:
        case None:
            yield from ((0.0, chunk) for chunk in _chunks(body, CHUNK))
        case Fault(kind="drop"):
            raise BrokenOffError
        case Fault(kind="truncate"):
            yield 0.0, next(_chunks(body, max(1, _size(body) // 2)))
            raise BrokenOffError
        case Fault(kind="stall"):
            yield 0.0, next(_chunks(body, max(1, _size(body) // 2)))
            yield STALL_SECONDS, b""
        case Fault(kind="slow", amount=seconds):
            size = max(1, -(-_size(body) // SLOW_PIECES))
            yield from ((seconds / SLOW_PIECES, chunk) for chunk in _chunks(body, size))
        case Fault():
            is_mp4 = response.headers.get("content-type") == "video/mp4"
            yield from _padded(body, total_bytes(response) or 0, b"free" if is_mp4 else b"")


def _chunks(body: bytes | Path, size: int) -> Iterator[bytes]:
    if isinstance(body, bytes):
        yield from (body[at : at + size] for at in range(0, len(body), size))
        return
    with body.open("rb") as file:
        while chunk := file.read(size):
            yield chunk


def _padded(body: bytes | Path, total: int, box: bytes) -> Iterator[tuple[float, bytes]]:
    """The file, then zeros, which readers of media skip; in MP4 they need a `box` around them."""
    yield from ((0.0, chunk) for chunk in _chunks(body, CHUNK))
    filler = total - _size(body)
    head = filler.to_bytes(4, "big") + box if box else bytes(8)
    yield 0.0, head
    for at in range(len(head), filler, CHUNK):
        yield 0.0, bytes(min(CHUNK, filler - at))


async def sent(response: Response) -> AsyncIterator[bytes]:
    """The body's bytes when they are due; files are read beside the event loop."""
    if isinstance(response.body, bytes) and response.fault is None:
        yield response.body
        return
    rest = pieces(response)
    while True:
        piece = await asyncio.to_thread(next, rest, None)
        if piece is None:
            return
        await asyncio.sleep(piece[0])
        if piece[1]:
            yield piece[1]


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for chunk in sent(self._response):
                yield chunk
        except BrokenOffError as error:
            raise httpx.RemoteProtocolError("the connection closed before the body did") from error


class Transport(httpx.AsyncBaseTransport):
    """Every host is the emulator; the first piece of the path names the provider."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the loopback server would."""
        body = await request.aread()
        wanted = Wanted(request.method, str(request.url), dict(request.headers), body)
        response = await served(self._services, wanted)
        if response.fault == Fault("hold"):
            await asyncio.sleep(STALL_SECONDS)
        if response.fault in (Fault("drop"), Fault("hold")):
            raise httpx.RemoteProtocolError("the server closed the connection without answering")
        headers = {**response.headers, **MARK}
        length = await asyncio.to_thread(total_bytes, response)
        if length is not None:
            headers["content-length"] = str(length)
        stream = _Body(response if request.method != "HEAD" else Response(response.status))
        return httpx.Response(response.status, headers=headers, stream=stream)


def transport(services: Services) -> httpx.AsyncBaseTransport:
    """No port, no thread of its own: for tests and for one process."""
    return Transport(services)
