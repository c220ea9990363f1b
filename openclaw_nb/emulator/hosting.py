"""How a finished clip is handed over: the file itself, or one of the ways in which that goes wrong."""

from __future__ import annotations

from collections.abc import Mapping
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
"""Query parameter that marks the target of a redirect."""


def key_leaked(request: Request) -> Response | None:
    """Hosted files need no key; one that comes with a key has leaked it to a host that is not the provider's."""
    names = [
        name for name in ("authorization", "x-api-key", "x-goog-api-key") if name in request.headers
    ]
    if not names:
        return None
    sent = ", ".join(names)
    return answer({"error": f"a hosted file was requested with a key in {sent}"}, 400)


def hand_over(request: Request, job: Job, headers: Mapping[str, str] = MP4) -> Reply:
    """The clip of a finished job, in the way its scenario has it."""
    clip = job.clip
    if clip is None:
        return answer({"error": "no such file"}, 404)
    goes = "ok" if MOVED in request.query else job.asked_for()
    early = _instead(goes, request, job)
    return early or Later(clip, lambda made: _served(made, job, headers, goes))


def _instead(goes: Download, request: Request, job: Job) -> Response | None:
    """What comes in place of the film."""
    instead = {
        "html": Response(200, HTML, {"content-type": "text/html; charset=utf-8"}),
        "json": answer({"error": "temporarily unavailable"}),
        "empty": Response(200, b"", MP4),
        "expired": Response(403, EXPIRED, {"content-type": "application/xml"}),
        "reset": Response(200, b"", MP4, Fault("drop")),
        "redirect": Response(302, b"", {"location": f"{elsewhere(request, job)}?{MOVED}=1"}),
    }
    return instead.get(goes)


def elsewhere(request: Request, job: Job) -> str:
    """The clip on the same machine under another name: another origin, where no key must go."""
    base = urlsplit(request.base)
    host = "127.0.0.1" if base.hostname == "localhost" else "localhost"
    port = f":{base.port}" if base.port else ""
    return f"{base.scheme}://{host}{port}/_hosted/{job.provider}/{job.id}.mp4"


def _served(clip: Clip, job: Job, headers: Mapping[str, str], goes: Download) -> Response:
    scenario = job.scenario
    faults = {
        "slow": Fault("slow", scenario.download_seconds),
        "truncated": Fault("truncate"),
        "stalled": Fault("stall"),
        "oversize": Fault("pad", scenario.oversize_bytes),
    }
    return Response(200, clip.path, {**headers, **MARK}, faults.get(goes))
