"""The stream of a job's states: one event for each change, comments meanwhile, closed with the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping

from openclaw_nb.emulator.jobs import Job
from openclaw_nb.emulator.wire import Piece, Response

from .fal_errors import said

TICK_SECONDS = 0.05
"""Between two looks at the job; each is a status call."""
COMMENT_SECONDS = 15.0
STREAM = "text/event-stream"
QUIRKS = {
    *("stream_gone", "stream_page", "stream_silent", "stream_cut"),
    *("stream_word", "stream_endless", "stream_stale"),
}


def spoilt(job: Job) -> Response | None:
    """The answer under a quirk that needs no look at the job."""
    match job.scenario.quirk:
        case "stream_gone":
            return said("Not Found", 404)
        case "stream_page":
            return Response(200, b"<html>Please sign in</html>", {"content-type": "text/html"})
        case "stream_silent":
            return Response(200, lambda: iter([(3600.0, b"")]), {"content-type": STREAM})
        case "stream_word":
            return Response(200, lambda: iter([(0.0, b"data: {}\n\n")]), {"content-type": STREAM})
        case "stream_endless":
            return Response(200, _endless, {"content-type": STREAM})
        case _:
            return None


def streamed(job: Job, state: Callable[[], Mapping[str, object]]) -> Iterator[Piece]:
    """Events as they are due."""
    told, quirk, quiet = None, job.scenario.quirk, 0.0
    while True:
        now = state()
        if now != told and (quirk != "stream_stale" or told is None):
            told, quiet = now, 0.0
            yield 0.0, f"data: {json.dumps(now)}\n\n".encode()
        if quirk == "stream_cut" or (job.finished_at is not None and quirk != "stream_stale"):
            return
        quiet += TICK_SECONDS
        yield TICK_SECONDS, b": ping\n\n" if quiet % COMMENT_SECONDS < TICK_SECONDS else b""
        if job.scenario.seconds is None:
            job.asked_after()


def _endless() -> Iterator[Piece]:
    yield 0.0, b"data: "
    while True:
        yield 0.0, b"x" * 65_536
