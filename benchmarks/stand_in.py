"""A stand-in for the wires of OpenAI's videos, fal's queue, Runway and xAI, that answers at once.

It reads no request body and renders nothing, so that a measurement is of the client alone. An
address says how things go: `/<label>/<wire>/<bytes>/<seconds>/...` is `wire`, whose jobs take
`seconds` and whose clips have `bytes`; with `<bytes>,<bytes>` the first clip that is fetched has the
first size and all others the second. What was asked under a label is counted at `/_asked/<label>`.

`python -m benchmarks.stand_in` prints its address and serves until its input ends.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from secrets import token_hex

from aiohttp import web

HEAD = b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isomiso2"
"""How an MP4 begins."""
CHUNK = bytes(256 * 1024)


@dataclass(slots=True)
class Asked:
    """What was asked under one label."""

    submits: int = 0
    polls: int = 0
    results: int = 0
    downloads: int = 0
    body_bytes: int = 0
    largest_body: int = 0
    ended_at: list[float] = field(default_factory=list)
    """When each job ends, in seconds since the epoch."""


@dataclass(slots=True)
class Place:
    """A request's address, taken apart."""

    root: str
    """What stands before the wire's own path."""
    asked: Asked
    sizes: list[int]
    """Of clips in bytes, in the order they are fetched; the last one holds for all further."""
    seconds: float
    path: list[str]


class StandIn:
    """Every job it has accepted, by id the moment of its end."""

    def __init__(self) -> None:
        self.ends: dict[str, float] = {}
        self.asked: dict[str, Asked] = {}
        self.wires: dict[str, Callable[[str, Place], Callable[[], web.StreamResponse] | None]] = {
            "openai": self.openai,
            "fal": self.fal,
            "runway": self.runway,
            "xai": self.xai,
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Any request."""
        label, *rest = request.path.strip("/").split("/")
        if label == "_asked":
            return web.json_response(asdict(self.asked.get(rest[0], Asked())))
        wire, sizes, seconds, *path = rest
        asked = self.asked.setdefault(label, Asked())
        await _read(request, asked)
        root = f"{request.scheme}://{request.host}/{label}/{wire}/{sizes}/{seconds}"
        place = Place(root, asked, [*map(int, sizes.split(","))], float(seconds), path)
        if found := self.wires[wire](request.method, place):
            return found()
        asked.downloads += 1
        return await _clip(request, place.sizes[: asked.downloads][-1])

    def _accepted(self, place: Place) -> str:
        place.asked.submits += 1
        id = token_hex(16)
        self.ends[id] = time.time() + place.seconds
        place.asked.ended_at.append(self.ends[id])
        return id

    def _over(self, id: str, place: Place) -> bool:
        place.asked.polls += 1
        return time.time() >= self.ends[id]

    def openai(self, method: str, place: Place) -> Callable[[], web.StreamResponse] | None:
        """`POST v1/videos`, `GET v1/videos/ID`, `GET v1/videos/ID/content`."""
        if method == "POST":
            return _json(_video(self._accepted(place), over=False))
        match place.path:
            case [*_, "videos", id]:
                return _json(_video(id, over=self._over(id, place)))
        return None

    def fal(self, method: str, place: Place) -> Callable[[], web.StreamResponse] | None:
        """`POST MODEL`, `GET OWNER/APP/requests/ID/status`, `GET .../requests/ID`, then the file."""
        if method == "POST":
            return _json(_queued(self._accepted(place), place.root))
        match place.path:
            case [*_, "requests", id, "status"]:
                status = "COMPLETED" if self._over(id, place) else "IN_PROGRESS"
                return _json({**_queued(id, place.root), "status": status, "logs": None})
            case [*_, "requests", id]:
                place.asked.results += 1
                return _json({"video": {"url": f"{place.root}/files/{id}.mp4"}})
        return None

    def runway(self, method: str, place: Place) -> Callable[[], web.StreamResponse] | None:
        """`POST v1/text_to_video`, `GET v1/tasks/ID`, then the file."""
        if method == "POST":
            return _json({"id": self._accepted(place)})
        match place.path:
            case [*_, "tasks", id]:
                task = {"id": id, "createdAt": "2026-01-01T00:00:00.000Z"}
                if not self._over(id, place):
                    return _json({**task, "status": "RUNNING", "progress": 0.5})
                url = f"{place.root}/files/{id}.mp4"
                return _json({**task, "status": "SUCCEEDED", "output": [url]})
        return None

    def xai(self, method: str, place: Place) -> Callable[[], web.StreamResponse] | None:
        """`POST v1/videos/edits`, `GET v1/videos/ID`, then the file."""
        if method == "POST":
            return _json({"request_id": self._accepted(place)})
        match place.path:
            case [*_, "videos", id]:
                if not self._over(id, place):
                    return _json({"status": "pending"})
                return _json({"status": "done", "video": {"url": f"{place.root}/files/{id}.mp4"}})
        return None


def _json(value: dict[str, object]) -> Callable[[], web.StreamResponse]:
    return lambda: web.json_response(value)


def _video(id: str, *, over: bool) -> dict[str, object]:
    return {
        "id": id,
        "object": "video",
        "model": "sora-2",
        "status": "completed" if over else "in_progress",
        "progress": 100 if over else 50,
        "created_at": 1_700_000_000,
        "completed_at": 1_700_000_001 if over else None,
        "expires_at": None,
        "prompt": "a heron",
        "seconds": "4",
        "size": "720x1280",
        "remixed_from_video_id": None,
        "error": None,
    }


def _queued(id: str, root: str) -> dict[str, object]:
    job = f"{root}/fal-ai/minimax/requests/{id}"
    return {
        "status": "IN_QUEUE",
        "request_id": id,
        "response_url": job,
        "status_url": f"{job}/status",
        "cancel_url": f"{job}/cancel",
        "queue_position": 0,
    }


async def _read(request: web.BaseRequest, asked: Asked) -> None:
    """Take the body in, and keep nothing of it."""
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
    asked.body_bytes += size
    asked.largest_body = max(asked.largest_body, size)


async def _clip(request: web.BaseRequest, size: int) -> web.StreamResponse:
    stream = web.StreamResponse(headers={"content-type": "video/mp4"})
    stream.content_length = size
    await stream.prepare(request)
    await stream.write(HEAD)
    for start in range(len(HEAD), size, len(CHUNK)):
        await stream.write(CHUNK[: size - start])
    return stream


async def serve() -> None:
    """Until the input ends."""
    runner = web.ServerRunner(web.Server(StandIn().answer, access_log=None), shutdown_timeout=0.2)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0, backlog=2048)
    await site.start()
    over = asyncio.Event()
    here = asyncio.get_running_loop()
    threading.Thread(
        target=lambda: (sys.stdin.read(), here.call_soon_threadsafe(over.set)), daemon=True
    ).start()
    host, port = runner.addresses[0][:2]
    print(f"http://{host}:{port}", flush=True)
    await over.wait()
    await runner.cleanup()


if __name__ == "__main__":
    try:
        from uvloop import run
    except ImportError:
        from asyncio import run
    run(serve())
