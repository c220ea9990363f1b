"""fal's queue: submit, status, result, cancel, and the hosted file.

Sources: fal's documentation "Queue API", "Asynchronous inference", "Errors", "Request errors" (read 2026-11-21).
One host stands for queue.fal.run and for the file host *.fal.media.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from http import HTTPStatus
from typing import cast

from pydantic import ValidationError

from openclaw_nb.emulator.clips import Clip
from openclaw_nb.emulator.hosting import MP4, hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order, brief
from openclaw_nb.emulator.wire import (
    Handler,
    Later,
    MalformedError,
    Reply,
    Request,
    Response,
    answer,
)

from .fal_schemas import schema
from .fal_storage import Storage

NAMESPACES = frozenset({"workflows", "comfy"})
MODERATED = "content_policy_violation"
ENDINGS = {
    "moderated": ("The content was flagged by a content checker.", MODERATED, 422),
    "failed": ("The model did not produce any media.", "no_media_generated", 422),
    "expired": ("The request timed out.", "request_timeout", 504),
    "cancelled": ("The request was cancelled.", "client_cancelled", 400),
}
ERROR_TYPES = {429: "rate_limited", 500: "internal_error", 503: "runner_scheduling_failure"}


def new_id() -> str:
    """A request id; fal's are random."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """The whole of fal."""
    return Fal(jobs).handle


@dataclass(frozen=True, slots=True)
class Address:
    """Which request, and what is wanted of it."""

    app: str
    id: str
    verb: str

    @classmethod
    def read(cls, segments: list[str]) -> Address | None:
        """`owner/app/requests/<id>[/verb]`, the way fal announces it and its JavaScript client builds it."""
        length = 3 if segments[:1] and segments[0] in NAMESPACES else 2
        if len(segments) < length + 2 or segments[length] != "requests":
            return None
        return cls(
            "/".join(segments[:length]), segments[length + 1], "/".join(segments[length + 2 :])
        )


@dataclass(frozen=True, slots=True)
class Fal:
    """The routes."""

    jobs: Jobs
    storage: Storage = field(default_factory=Storage)

    def handle(self, request: Request) -> Reply:
        """Any request."""
        segments = request.segments
        if segments[:1] == ["files"]:
            return self.storage.open(request) or self._file(request, segments[-1])
        refused = _unauthenticated(request)
        if refused is not None:
            return refused
        address = Address.read(segments)
        if address is not None:
            return self._about(request, address)
        if request.method != "POST":
            return _said("Method Not Allowed", 405)
        return self.storage.keyed(request) or self._submit(request, "/".join(segments))

    def _submit(self, request: Request, endpoint: str) -> Response:
        kind = schema(endpoint)
        if kind is None:
            return _said(f"Application '{endpoint}' not found", 404)
        try:
            asked = request.fields()
            order = Order(endpoint, asked, kind.model_validate(asked).clip(endpoint))
        except MalformedError as error:
            return _invalid([{"loc": ["body"], "msg": str(error), "type": "json_invalid"}])
        except ValidationError as error:
            return _invalid(_details(error))
        if self.jobs.scenario.submit_moderated:
            return _invalid([_detail("moderated", asked)])
        return self.jobs.admit(request, order, lambda job: self._queued(request, job), _http_error)

    def _queued(self, request: Request, job: Job) -> Response:
        body = {"status": "IN_QUEUE", **_urls(request, job), "queue_position": 0}
        return answer(body, headers={"x-fal-request-id": job.id})

    def _about(self, request: Request, address: Address) -> Reply:
        job = self.jobs.all.get(address.id)
        if job is None or _app(job.order.model) != address.app:
            return answer({"detail": "Request not found", "status": "NOT_FOUND"}, 404)
        match request.method, address.verb:
            case "GET", "status":
                return self._status(request, job)
            case "GET", "status/stream":
                return self._stream(request, job)
            case "GET", "" | "response":
                return self._result(request, job)
            case "PUT", "cancel":
                return self._cancel(job)
            case _:
                return _said("Method Not Allowed", 405)

    def _status(self, request: Request, job: Job) -> Response:
        failure = job.asked_after()
        if failure is not None:
            return _http_error(failure)
        body = _state(request, job)
        status = 200 if body["status"] == "COMPLETED" else 202
        return answer(body, status, {"x-fal-request-id": job.id})

    def _stream(self, request: Request, job: Job) -> Response:
        """Server-sent events; after a first one, the end comes when it is due."""
        job.asked_after()
        pieces = [(0.0, _event(_state(request, job)))]
        while job.finished_at is None:
            if job.scenario.seconds is not None:
                left = job.created_at + job.scenario.seconds - job.clock()
                pieces.append((max(left, 0), _event(_ended(request, job, job.scenario.ends))))
                break
            job.asked_after()
            pieces.append((0.0, _event(_state(request, job))))
        return Response(200, tuple(pieces), {"content-type": "text/event-stream"})

    def _result(self, request: Request, job: Job) -> Reply:
        head = {"x-fal-request-id": job.id}
        state = job.state
        if state in {"queued", "running"}:
            return answer({"detail": "Request is still in progress"}, 400, head)
        if state == "succeeded" and job.clip is not None:
            return Later(job.clip, lambda clip: _output(request, job, clip))
        text, kind, status = ENDINGS[state]
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            return _invalid([_detail(state, job.order.asked)], head)
        timeout = {"x-fal-request-timeout-type": "user"} if kind == "request_timeout" else {}
        body = {"detail": text, "error_type": kind}
        return answer(body, status, {**head, "x-fal-error-type": kind, **timeout})

    def _cancel(self, job: Job) -> Response:
        if not job.cancel():
            return answer({"status": "ALREADY_COMPLETED"}, 400)
        return answer({"status": "CANCELLATION_REQUESTED"}, 202)

    def _file(self, request: Request, name: str) -> Reply:
        job = self.jobs.all.get(name.partition("_")[0])
        if request.method not in {"GET", "HEAD"} or job is None:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return key_leaked(request) or hand_over(request, job, MP4)


def _unauthenticated(request: Request) -> Response | None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not key.strip():
        return _said("Authentication is required to access this application.", 401)
    if scheme != "Key":
        return _said("Invalid authorization scheme: use 'Key <your key>'.", 401)
    return None


def _app(endpoint: str) -> str:
    pieces = endpoint.split("/")
    return "/".join(pieces[: 3 if pieces[0] in NAMESPACES else 2])


def _urls(request: Request, job: Job) -> dict[str, str]:
    here = f"{request.base}/{_app(job.order.model)}/requests/{job.id}"
    return {
        "request_id": job.id,
        "response_url": here,
        "status_url": f"{here}/status",
        "cancel_url": f"{here}/cancel",
    }


def _state(request: Request, job: Job) -> dict[str, object]:
    state = job.state
    if state in {"queued", "running"}:
        return _waiting(request, job, queued=state == "queued")
    return _ended(request, job, state)


def _waiting(request: Request, job: Job, *, queued: bool) -> dict[str, object]:
    word = job.word or ("IN_QUEUE" if queued else "IN_PROGRESS")
    body: dict[str, object] = {"status": word, **_urls(request, job)}
    if queued:
        body["queue_position"] = 0
    return body | ({"logs": _logs(request, job)} if not queued or job.word else {})


def _ended(request: Request, job: Job, state: str) -> dict[str, object]:
    body: dict[str, object] = {
        "status": "COMPLETED",
        **_urls(request, job),
        "logs": _logs(request, job),
        "metrics": {"inference_time": round((job.finished_at or job.clock()) - job.created_at, 3)},
    }
    if state in ENDINGS:
        text, kind, _ = ENDINGS[state]
        body |= {"error": text, "error_type": kind}
    return body


def _logs(request: Request, job: Job) -> list[dict[str, str]] | None:
    if request.query.get("logs", "0").lower() not in {"1", "true"}:
        return None
    line = {
        "message": f"{job.part_done:.0%} done",
        "level": "INFO",
        "source": "USER",
        "timestamp": "2026-11-21T00:00:00.000Z",
    }
    return [line]


def _event(body: Mapping[str, object]) -> bytes:
    return f"data: {json.dumps(body)}\n\n".encode()


def _output(request: Request, job: Job, clip: Clip) -> Response:
    name = f"{job.id}_output.mp4"
    file = {
        "url": f"{request.base}/files/b/tiger/{name}",
        "content_type": "video/mp4",
        "file_name": "output.mp4",
        "file_size": clip.bytes,
    }
    body: dict[str, object] = {"video": file}
    model = job.order.model
    if "seedance" in model or "/wan/" in model:
        drawn = int(sha256(job.id.encode()).hexdigest()[:7], 16)
        body["seed"] = job.order.asked.get("seed", drawn)
    if "/wan/" in model:
        body["prompt"] = job.order.asked["prompt"]
    units = {"x-fal-billable-units": f"{clip.seconds:g}"}
    return answer(body, headers={"x-fal-request-id": job.id, **units})


def _details(error: ValidationError) -> list[dict[str, object]]:
    """Pydantic's errors are fal's, with fal's address for the explanation."""
    found = cast("list[dict[str, object]]", error.errors(include_url=False))
    return [_documented(each) for each in found]


def _documented(each: dict[str, object]) -> dict[str, object]:
    location = cast("tuple[str | int, ...]", each["loc"])
    detail = {
        "loc": ["body", *location],
        "msg": each["msg"],
        "type": each["type"],
        "url": f"https://docs.fal.ai/errors#{each['type']}",
        "input": brief(each.get("input")),
    }
    return detail | ({"ctx": each["ctx"]} if "ctx" in each else {})


def _detail(state: str, asked: Mapping[str, object]) -> dict[str, object]:
    text, kind, _ = ENDINGS[state]
    return {
        "loc": ["body", "prompt"],
        "msg": text,
        "type": kind,
        "url": f"https://docs.fal.ai/errors#{kind}",
        "input": brief(asked.get("prompt")),
    }


def _invalid(
    details: list[dict[str, object]], headers: Mapping[str, str] | None = None
) -> Response:
    retry = {"x-fal-retryable": "false"}
    return answer(
        {"detail": details}, 422, {"x-fal-request-id": new_id(), **retry, **(headers or {})}
    )


def _said(text: str, status: int) -> Response:
    return answer({"detail": text}, status, {"x-fal-request-id": new_id()})


def _http_error(status: int) -> Response:
    kind = ERROR_TYPES.get(status, "runner_server_error")
    body = {"detail": f"The request could not be served ({kind})", "error_type": kind}
    return answer(body, status, {"x-fal-request-id": new_id(), "x-fal-error-type": kind})
