"""Vydra: an endpoint for each model and, newer, jobs; one place to ask after both. Uploads, lists and cancelling.

The name of the field that holds the result is not documented, so it is another one with each job. Quirks: `own_origin`,
the file is on the API's own host and needs the key; `early`, it is ready although the job still reads `processing`;
`motion_control`, `kling` insists on a clip that is not its picture; `error_object`, failures as an object.

Sources: Vydra documentation, "Workflows / generate video", "Jobs", "Models / Kling", "Models / Grok Imagine",
"Models / List", "Upload", "Errors", "Rate limits", "Authentication" (www.vydra.ai/docs, read 2026-11-21).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import cast

from openclaw_nb.emulator.hosting import elsewhere, hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import (
    Handler,
    Later,
    MalformedError,
    Part,
    Reply,
    Request,
    Response,
    answer,
)

from .vydra_schemas import CREDITS, ENDPOINTS, Kling, Problem, Workflow, read

QUIRKS = frozenset({"own_origin", "early", "motion_control", "error_object"})
STATUS = {
    "queued": "pending",
    "running": "running",
    "succeeded": "completed",
    "cancelled": "cancelled",
}
ERRORS = {
    "moderated": "The prompt violates the content policy. Your credits have been refunded.",
    "failed": "Video generation failed. Your credits have been refunded.",
    "expired": "Video generation timed out. Your credits have been refunded.",
    "cancelled": "The job was cancelled.",
}
REFUSALS = {
    401: ("Invalid API key", "KEY_NOT_FOUND"),
    402: ("Insufficient credits", "INSUFFICIENT_CREDITS"),
    403: ("The key lacks the scope", "INSUFFICIENT_SCOPE"),
    429: ("Rate limit exceeded", "RATE_LIMIT_EXCEEDED"),
}
LISTED = frozenset({"pending", "running", "completed", "failed"})
MAX_PAGE = 100
MAX_UPLOAD = 20 * 2**20
UPLOADED = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
PER_MINUTE = 60
PLACES: tuple[Callable[[str], dict[str, object]], ...] = (
    lambda url: {"output": {"videoUrl": url}},
    lambda url: {"videoUrl": url},
    lambda url: {"output": {"resultUrls": [url]}},
    lambda url: {"outputs": [{"type": "video", "url": url}]},
    lambda url: {"result": {"data": {"assets": [{"outputUrl": url}]}}},
    lambda url: {"data": {"asset": {"videoUrls": [url]}}},
)


def new_id() -> str:
    """A job id."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """Vydra on this machine."""
    return Vydra(jobs).handle


@dataclass(frozen=True, slots=True)
class Vydra:
    """The routes."""

    jobs: Jobs
    uploads: dict[str, Part] = field(default_factory=dict[str, Part])

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            reply = self.jobs.no_such_quirk(QUIRKS) or self._route(request)
        except Problem as problem:
            reply = problem.response()
        return reply if isinstance(reply, Later) else _counted(reply, self.jobs.clock())

    def _route(self, request: Request) -> Reply:
        match request.segments:
            case ["uploads", name]:
                return key_leaked(request) or self._uploaded(name)
            case ["api", "v1", "jobs", *rest]:
                _authenticate(request)
                return self._about_jobs(request, rest)
            case ["api", "v1", *rest]:
                _authenticate(request)
                return self._about_others(request, rest)
            case _:
                raise Problem("Not found", HTTPStatus.NOT_FOUND, "NOT_FOUND")

    def _about_jobs(self, request: Request, rest: list[str]) -> Reply:
        match request.method, rest:
            case "POST", []:
                return self._create(request)
            case "GET", []:
                return self._list(request)
            case "GET", [id]:
                return self._retrieve(request, self._job(id))
            case "DELETE", [id]:
                return _cancel(self._job(id))
            case _:
                raise Problem("Not found", HTTPStatus.NOT_FOUND, "NOT_FOUND")

    def _about_others(self, request: Request, rest: list[str]) -> Reply:
        match request.method, rest:
            case "POST", ["models", slug]:
                return self._run_model(request, slug)
            case "GET", ["models"]:
                return _catalogue()
            case "POST", ["upload"]:
                return self._upload(request)
            case "GET" | "HEAD", ["files", name]:
                return hand_over(request, self._job(name.removesuffix(".mp4")))
            case _:
                raise Problem("Not found", HTTPStatus.NOT_FOUND, "NOT_FOUND")

    def _run_model(self, request: Request, slug: str) -> Reply:
        if slug not in ENDPOINTS:
            raise Problem(f"Model '{slug}' not found", HTTPStatus.NOT_FOUND, "MODEL_NOT_FOUND")
        body, asked = read(ENDPOINTS[slug], request)
        strict = self.jobs.scenario.quirk == "motion_control"
        if strict and isinstance(body, Kling) and body.video_url == body.image_url:
            raise Problem("video_url must be a video (max 30 seconds)", 400, "INVALID_INPUT")

        def accepted(job: Job) -> Response:
            more: dict[str, object] = {
                "jobId": job.id,
                "message": f"{slug} job created. Poll /api/v1/jobs/{job.id} for status.",
                "externalJobId": f"x-{job.id[:8]}",
                "input": asked,
            }
            return answer(_ended(request, job) | more | _facts(job), HTTPStatus.ACCEPTED)

        return self._admit(request, Order(slug, asked, body.clip()), accepted)

    def _create(self, request: Request) -> Reply:
        body, asked = read(Workflow, request)

        def created(job: Job) -> Response:
            here = f"{request.base}/api/v1/jobs/{job.id}"
            more: dict[str, object] = {
                "id": job.id,
                "workflow": body.workflow,
                "createdAt": _time(job.created_at),
                "_links": {"self": here, "status": here},
            }
            state = {"status": "running"} if job.state == "queued" else {}
            return answer(_ended(request, job) | _facts(job) | more | state, HTTPStatus.CREATED)

        return self._admit(request, Order(body.input.model, asked, body.input.clip()), created)

    def _admit(self, request: Request, order: Order, said: Callable[[Job], Response]) -> Response:
        if self.jobs.scenario.submit_moderated:
            raise Problem("The prompt violates the content policy", 400, "INVALID_INPUT")

        def placed(job: Job) -> Response:
            job.notes["place"] = len(self.jobs.all) - 1
            return said(job)

        credits = CREDITS[order.model]
        return self.jobs.admit(request, order, placed, lambda status: self._error(status, credits))

    def _error(self, status: int, credits: int = 0) -> Response:
        text, code = REFUSALS.get(status, ("Internal server error; credits refunded", None))
        more: dict[str, object] = {}
        if status == HTTPStatus.PAYMENT_REQUIRED:
            more = {"creditsRequired": credits, "creditsRemaining": 12}
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            wait = self.jobs.scenario.retry_after_seconds
            used = {"type": "minute", "limit": PER_MINUTE, "used": PER_MINUTE}
            more = {"retryAfter": 1 if wait is None else wait, "limits": used}
        return Problem(text, status, code, **more).response()

    def _job(self, id: str) -> Job:
        if id not in self.jobs.all:
            raise Problem("Job not found", HTTPStatus.NOT_FOUND, "JOB_NOT_FOUND")
        return self.jobs.all[id]

    def _retrieve(self, request: Request, job: Job) -> Response:
        failure = job.asked_after()
        return self._error(failure) if failure else answer(_shown(request, job))

    def _list(self, request: Request) -> Response:
        limit, offset = _count(request, "limit", 20), _count(request, "offset", 0)
        if not 1 <= limit <= MAX_PAGE:
            raise Problem(f"limit must be 1 to {MAX_PAGE}", 400, "INVALID_INPUT")
        wanted = request.query.get("status")
        if wanted is not None and wanted not in LISTED:
            raise Problem(f"status must be one of {sorted(LISTED)}", 400, "INVALID_INPUT")
        rows = [_shown(request, job) for job in reversed(self.jobs.all.values())]
        found = [row for row in rows if wanted in (None, row["status"])]
        return answer({"data": found[offset : offset + limit]})

    def _upload(self, request: Request) -> Response:
        part = _file(request)
        name = part.filename or "file"
        key = f"{uuid.uuid4()}-{name}"
        self.uploads[key] = part
        about = {"filename": name, "size": len(part.data), "type": part.content_type, "key": key}
        return answer({"url": f"{request.base}/uploads/{key}", **about})

    def _uploaded(self, name: str) -> Response:
        if name not in self.uploads:
            return Response(HTTPStatus.NOT_FOUND, b"Not Found", {"content-type": "text/plain"})
        part = self.uploads[name]
        return Response(HTTPStatus.OK, part.data, {"content-type": part.content_type})


def _authenticate(request: Request) -> None:
    sent = request.headers.get("authorization", "")
    if not sent:
        raise Problem("Missing Authorization header", HTTPStatus.UNAUTHORIZED, "MISSING_AUTH")
    if not sent.startswith("Bearer ") or not sent.removeprefix("Bearer ").strip():
        raise Problem("Use 'Bearer <key>'", HTTPStatus.UNAUTHORIZED, "INVALID_FORMAT")


def _counted(response: Response, now: float) -> Response:
    """With the headers that tell how many requests are left."""
    left = {
        "x-ratelimit-limit": str(PER_MINUTE),
        "x-ratelimit-remaining": str(PER_MINUTE - 1),
        "x-ratelimit-reset": str(int(now) + 60),
    }
    return replace(response, headers={**left, **response.headers})


def _catalogue() -> Response:
    rows = [
        {
            "slug": slug,
            "creditsPerUnit": CREDITS[slug],
            "inputSchema": kind.model_json_schema(),
        }
        for slug, kind in ENDPOINTS.items()
    ]
    return answer({"data": rows})


def _cancel(job: Job) -> Response:
    if not job.cancel():
        raise Problem("The job has already ended", HTTPStatus.BAD_REQUEST, "INVALID_INPUT")
    return answer({"id": job.id, "status": "cancelled"})


def _facts(job: Job) -> dict[str, object]:
    return {"status": _word(job), "creditsCharged": CREDITS[job.order.model]}


def _word(job: Job) -> str:
    quirk = job.scenario.quirk
    if job.word:
        return job.word
    if quirk == "early" and job.state == "succeeded":
        return "processing"
    broken = "error" if quirk == "error_object" else "failed"
    return STATUS.get(job.state, broken)


def _ended(request: Request, job: Job) -> dict[str, object]:
    """What the end adds: where the file is, or what went wrong."""
    state = job.state
    if state == "succeeded":
        own = f"{request.base}/api/v1/files/{job.id}.mp4"
        url = own if job.scenario.quirk == "own_origin" else elsewhere(request, job)
        return PLACES[cast("int", job.notes.get("place", 0)) % len(PLACES)](url)
    if state not in ERRORS:
        return {}
    as_object = job.scenario.quirk == "error_object"
    return {"error": {"message": ERRORS[state]} if as_object else ERRORS[state]}


def _shown(request: Request, job: Job) -> dict[str, object]:
    """A job, every documented field."""
    over = job.finished_at
    return _ended(request, job) | {
        "id": job.id,
        "status": _word(job),
        "progress": 100 if job.state == "succeeded" else round(99 * job.part_done),
        "workflowSlug": "generate_video",
        "statusMessage": "Done" if over else "Working",
        "creditsCharged": CREDITS[job.order.model],
        "createdAt": _time(job.created_at),
        "completedAt": _time(over) if over else None,
        "input": dict(job.order.asked),
    }


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _count(request: Request, name: str, usual: int) -> int:
    given = request.query.get(name, str(usual))
    if not given.isdecimal():
        raise Problem(f"{name} must be a number", HTTPStatus.BAD_REQUEST, "INVALID_INPUT")
    return int(given)


def _file(request: Request) -> Part:
    try:
        parts = [part for part in request.form() if part.name == "file" and part.filename]
    except MalformedError as error:
        raise Problem(str(error), HTTPStatus.BAD_REQUEST, "INVALID_INPUT") from error
    if len(parts) != 1:
        raise Problem("one part named 'file' is needed", 400, "INVALID_INPUT")
    if parts[0].content_type not in UPLOADED:
        raise Problem(f"type {parts[0].content_type} is not allowed", 400, "INVALID_FILE_TYPE")
    if len(parts[0].data) > MAX_UPLOAD:
        raise Problem("larger than 20 MB", HTTPStatus.BAD_REQUEST, "FILE_TOO_LARGE")
    return parts[0]
