"""How a finished file is handed over: the file itself, or one of the ways in which that goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from urllib.parse import urlsplit

from .clips import Clip
from .jobs import Download, Job
from .wire import MARK, Fault, Later, Reply, Request, Response, answer

MP4 = {"content-type": "video/mp4"}
HTML = b"<!doctype html><title>Sign in</title><p>Please sign in to continue.</p>"
EXPIRED = (
    b'<?xml version="1.0" encoding="UTF-8"?>'
    b"<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>"
)
MOVED = "moved"
"""Query parameter that marks the target of a redirect; its value is the number of the file."""


def key_leaked(request: Request) -> Response | None:
    """Hosted files need no key; one that comes with a key has leaked it to a host that is not the provider's."""
    names = [
        name for name in ("authorization", "x-api-key", "x-goog-api-key") if name in request.headers
    ]
    if not names:
        return None
    sent = ", ".join(names)
    return answer({"error": f"a hosted file was requested with a key in {sent}"}, 400)


def hand_over(
    request: Request, job: Job, headers: Mapping[str, str] | None = None, at: int = 0
) -> Reply:
    """File number `at` of a finished job, in the way its scenario has it."""
    clip = _clip(job, at)
    if clip is None:
        return answer({"error": "no such file"}, 404)
    said = {"content-type": job.order.files[at].content_type, **(headers or {})}
    goes: Download = "ok" if MOVED in request.query else job.asked_for()
    early = _instead(goes, request, job, at, said)
    return early or Later(clip, lambda made: _served(made, job, said, goes))


def moved_file(request: Request, job: Job) -> Reply:
    """The file that a redirect led to."""
    at = request.query.get(MOVED, "")
    return hand_over(request, job, at=int(at) if at.isdigit() else 0)


def _clip(job: Job, at: int) -> Future[Clip] | None:
    return job.clips[at] if 0 <= at < len(job.clips) else None


def _instead(
    goes: Download, request: Request, job: Job, at: int, headers: Mapping[str, str]
) -> Response | None:
    """What comes in place of the file."""
    instead = {
        "html": Response(200, HTML, {"content-type": "text/html; charset=utf-8"}),
        "json": answer({"error": "temporarily unavailable"}),
        "empty": Response(200, b"", headers),
        "expired": Response(403, EXPIRED, {"content-type": "application/xml"}),
        "reset": Response(200, b"", headers, Fault("drop")),
        "redirect": Response(302, b"", {"location": f"{elsewhere(request, job)}?{MOVED}={at}"}),
    }
    return instead.get(goes)


def elsewhere(request: Request, job: Job) -> str:
    """The file on the same machine under another name: another origin, where no key must go."""
    base = urlsplit(request.base)
    host = "127.0.0.1" if base.hostname == "localhost" else "localhost"
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{host}{port}/_hosted/{job.provider}/{job.id}{job.order.spec.suffix}"


def _served(clip: Clip, job: Job, headers: Mapping[str, str], goes: Download) -> Response:
    scenario = job.scenario
    faults = {
        "slow": Fault("slow", scenario.download_seconds),
        "truncated": Fault("truncate"),
        "stalled": Fault("stall"),
        "oversize": Fault("pad", scenario.oversize_bytes),
    }
    return Response(200, clip.path, {**headers, **MARK}, faults.get(goes))
