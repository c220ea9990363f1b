"""Together's video jobs: create, retrieve, and a short link to the file. There is no way to cancel.

Sources: togethercomputer/openapi `openapi.yaml` (2026-04-28), Together documentation "Create video", "Get
video", "Error codes" (read 2026-11-21). Any path before `/videos` is taken. The one quirk is `raw`: jobs
in the other shape that a documentation page shows, with `inputs` and `info.errors`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import cast

from pydantic import ValidationError

from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import Handler, MalformedError, Reply, Request, Response, answer

from .together_schemas import Create

COST = 0.28
"""US dollars; the one figure in Together's documentation."""
QUIRKS = ("raw",)
STATUS = {
    "queued": "queued",
    "running": "in_progress",
    "succeeded": "completed",
    "cancelled": "cancelled",
}
ERRORS = {
    "moderated": ("The request was flagged by the safety system.", "content_flagged"),
    "failed": ("The video could not be generated.", "generation_failed"),
    "expired": ("The video was not generated in time.", "generation_timeout"),
}
SAID = {
    401: ("Invalid API key provided.", "invalid_api_key"),
    402: ("You have reached your spending limit.", "insufficient_quota"),
    403: ("The request is too large for the model.", "request_too_large"),
    429: ("You have reached the rate limit of the model.", "rate_limit_exceeded"),
    503: ("The engine is overloaded.", "service_unavailable"),
}


def new_id() -> str:
    """A job id."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """Together on this machine."""
    return Together(jobs).handle


@dataclass(frozen=True, slots=True)
class Together:
    """The routes."""

    jobs: Jobs

    def handle(self, request: Request) -> Reply:
        """Any request. The links come first: they want no key."""
        match request.method, request.segments:
            case "GET" | "HEAD", ["shrt", code]:
                return self._short(request, code)
            case "GET" | "HEAD", ["files", name]:
                return self._file(request, name.removesuffix(".mp4"))
            case _ if not _has_key(request):
                return _error(401)
            case "POST", [*_, "videos"]:
                return self._create(request)
            case "GET", [*_, "videos", id]:
                return self._retrieve(request, id)
            case method, _:
                return _refused(404, f"Unknown request URL: {method} {request.path}", "not_found")

    def _create(self, request: Request) -> Response:
        scenario = self.jobs.scenario
        if scenario.quirk not in (None, *QUIRKS):
            return _refused(400, f"no such quirk {scenario.quirk!r}; there are {QUIRKS}")
        try:
            asked = request.fields()
            wanted = Create.model_validate(asked)
        except MalformedError as error:
            return _refused(400, str(error), "invalid_json")
        except ValidationError as error:
            return _invalid(error)
        if scenario.submit_moderated:
            return _refused(400, "The prompt was flagged by the safety system.", "content_flagged")
        order = Order(wanted.model, asked, wanted.clip())
        return self.jobs.admit(request, order, lambda job: answer(_video(request, job)), _error)

    def _retrieve(self, request: Request, id: str) -> Response:
        job = self.jobs.all.get(id)
        if job is None:
            return _refused(404, f"Video job {id} not found", "not_found")
        failure = job.asked_after()
        return _error(failure) if failure is not None else answer(_video(request, job))

    def _short(self, request: Request, code: str) -> Response:
        job = next((job for job in self.jobs.all.values() if _code(job) == code), None)
        if job is None:
            return _lost()
        where = {"location": f"{request.base}/files/{job.id}.mp4?X-Signature={code}"}
        return key_leaked(request) or Response(302, b"", where)

    def _file(self, request: Request, id: str) -> Reply:
        job = self.jobs.all.get(id)
        return _lost() if job is None else key_leaked(request) or hand_over(request, job)


def _has_key(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(key.strip())


def _lost() -> Response:
    return Response(404, b"Not Found", {"content-type": "text/plain"})


def _code(job: Job) -> str:
    return sha256(job.id.encode()).hexdigest()[:8]


def _video(request: Request, job: Job) -> dict[str, object]:
    """The job, every documented field, in one of the two shapes."""
    return (_raw if job.scenario.quirk == "raw" else _usual)(request, job)


def _usual(request: Request, job: Job) -> dict[str, object]:
    message, code = ERRORS.get(job.state, (None, None))
    finished = job.finished_at
    return {
        "id": job.id,
        "object": "video",
        "status": _status(job),
        **_about(job),
        "created_at": int(job.created_at),
        "completed_at": finished and int(finished),
        "error": {"message": message, "code": code} if message else None,
        "outputs": _outputs(request, job),
    }


def _raw(request: Request, job: Job) -> dict[str, object]:
    message, _ = ERRORS.get(job.state, (None, None))
    finished = job.finished_at
    return {
        "id": job.id,
        "status": _status(job),
        "created_at": _iso(job.created_at),
        "claimed_at": _iso(job.created_at),
        "done_at": finished and _iso(finished),
        "inputs": _about(job),
        "outputs": _outputs(request, job),
        "info": {"user_id": "user_1", "errors": [message] if message else []},
    }


def _status(job: Job) -> str:
    return job.word or STATUS.get(job.state, "failed")


def _about(job: Job) -> dict[str, object]:
    spec = job.order.spec
    return {
        "model": job.order.model,
        "size": f"{spec.width}x{spec.height}",
        "seconds": f"{round(spec.seconds)}",
    }


def _outputs(request: Request, job: Job) -> dict[str, object] | None:
    if job.state != "succeeded":
        return None
    return {"cost": COST, "video_url": f"{request.base}/shrt/{_code(job)}"}


def _iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z")


def _invalid(error: ValidationError) -> Response:
    """The first thing that is wrong."""
    found = error.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(piece) for piece in found["loc"])
    code = cast("str", found.get("ctx", {}).get("code", "invalid_value"))
    status = 404 if code == "model_not_available" else 400
    message = f"{param}: {found['msg']}" if param else found["msg"]
    return _refused(status, message, code, param or None)


def _refused(
    status: int, message: str, code: str = "invalid_value", param: str | None = None
) -> Response:
    ours = status >= HTTPStatus.INTERNAL_SERVER_ERROR
    kind = "server_error" if ours else "invalid_request_error"
    error = {"message": message, "type": kind, "param": param, "code": code}
    return answer({"error": error}, status)


def _error(status: int) -> Response:
    return _refused(status, *SAID.get(status, ("The request could not be served.", "error")))
