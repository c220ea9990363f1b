"""xAI's deferred video jobs: generations, edits, extensions, one status address for all of them.

`Scenario.quirk` knows: `empty_202` (a pending job is told by the status alone, without a body);
`error_in_200` (a refused submission comes as 200 with an `error` object); `error_object` and
`error_text` (the two other shapes of an HTTP error).

Sources: docs.x.ai guide "Video generation" and API reference, xai-org/xai-proto `video.proto` and
`deferred.proto`, `@ai-sdk/xai` 5.0.12 (read 2026-11-21).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from http import HTTPStatus

from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import Handler, Reply, Request, Response, answer

from .xai_schemas import KINDS, RefusedError, Storage, Submission, read

QUIRKS = (None, "empty_202", "error_in_200", "error_object", "error_text")
LINK_SECONDS = 24 * 3600
TICKS_PER_DOLLAR = 10_000_000_000
DOLLARS_PER_SECOND = {"grok-imagine-video": 0.05, "grok-imagine-video-1.5-lite": 0.02}
OTHERS_PER_SECOND = 0.08
CODES = {
    400: ("Client specified an invalid argument", "invalid_request_error"),
    401: ("Unauthenticated", "authentication_error"),
    402: ("Some resource has been exhausted", "billing_error"),
    404: ("Some requested entity was not found", "not_found_error"),
    429: ("Some resource has been exhausted", "rate_limit_error"),
}
UNKNOWN_CODE = ("The service is currently unavailable", "server_error")
MODERATED = "Your request was rejected by our content moderation policy."


def new_id() -> str:
    """A UUID."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """XAI on this machine."""
    return XAI(jobs).handle


@dataclass(frozen=True, slots=True)
class XAI:
    """The routes."""

    jobs: Jobs

    def handle(self, request: Request) -> Reply:
        """Any request."""
        match request.method, request.segments:
            case "GET" | "HEAD", ["vidgen" | "files", name]:
                return key_leaked(request) or self._film(request, name.removesuffix(".mp4"))
            case _ if not _is_signed_in(request):
                return self._error(401, "Incorrect API key provided.")
            case "POST", ["v1", "videos", kind] if kind in KINDS:
                return self._create(request, kind)
            case "GET", ["v1", "videos", id]:
                return self._status(request, id)
            case _:
                return self._error(404, f"No such route: {request.method} {request.path}")

    def _create(self, request: Request, kind: str) -> Response:
        try:
            wanted, asked = self._read(request, kind)
        except RefusedError as refused:
            return self._refused(refused)

        def said(job: Job) -> Response:
            job.notes["storage"] = wanted.storage_options
            return answer({"request_id": job.id})

        order = Order(wanted.model, asked, wanted.clip())
        return self.jobs.admit(request, order, said, lambda status: self._error(status, ""))

    def _read(self, request: Request, kind: str) -> tuple[Submission, dict[str, object]]:
        if self.jobs.scenario.quirk not in QUIRKS:
            raise RefusedError(f"the emulator of xAI knows no quirk {self.jobs.scenario.quirk!r}")
        wanted, asked = read(kind, request)
        if self.jobs.scenario.submit_moderated:
            raise RefusedError(MODERATED, param="prompt")
        return wanted, asked

    def _refused(self, refused: RefusedError) -> Response:
        if self.jobs.scenario.quirk == "error_in_200":
            return answer({"error": {"code": "invalid_argument", "message": str(refused)}})
        return self._error(400, str(refused), refused.param)

    def _error(self, status: int, message: str, param: str | None = None) -> Response:
        code, kind = CODES.get(status, UNKNOWN_CODE)
        message = message or code
        match self.jobs.scenario.quirk:
            case "error_object":
                error = {"message": message, "type": kind, "param": param, "code": code}
                return answer({"error": error}, status)
            case "error_text":
                return answer({"error": message}, status)
            case _:
                return answer({"code": code, "error": message}, status)

    def _status(self, request: Request, id: str) -> Response:
        job = self.jobs.all.get(id)
        if job is None:
            return self._error(404, f"No deferred request with id {id}")
        failure = job.asked_after()
        if failure is not None:
            return self._error(failure, "")
        match job.state:
            case "queued" | "running":
                return _pending(job)
            case "succeeded" | "moderated":
                return answer(_done(request.base, job))
            case "failed":
                error = {"code": "internal_error", "message": "The video could not be generated."}
                return answer({"status": "failed", "model": job.order.model, "error": error})
            case over:
                return answer({"status": over, "model": job.order.model})

    def _film(self, request: Request, id: str) -> Reply:
        job = self.jobs.all.get(id)
        if job is None or job.state != "succeeded":
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return hand_over(request, job)


def _is_signed_in(request: Request) -> bool:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    return scheme == "Bearer" and bool(key.strip())


def _pending(job: Job) -> Response:
    if job.word:
        return answer({"status": job.word, "progress": round(99 * job.part_done)})
    told = answer({"status": "pending", "progress": round(99 * job.part_done)}, HTTPStatus.ACCEPTED)
    return replace(told, body=b"") if job.scenario.quirk == "empty_202" else told


def _done(base: str, job: Job) -> dict[str, object]:
    """A job that ended by itself; what moderation holds back is billed too."""
    spec, model = job.order.spec, job.order.model
    kept = job.state == "succeeded"
    video: dict[str, object] = {
        "url": f"{base}/vidgen/{job.id}.mp4" if kept else "",
        "duration": round(spec.seconds),
        "respect_moderation": kept,
    }
    storage = job.notes["storage"]
    if kept and isinstance(storage, Storage):
        video["file_output"] = _file(base, job, storage)
    dollars = DOLLARS_PER_SECOND.get(model, OTHERS_PER_SECOND) * spec.seconds
    return {
        "status": "done",
        "model": model,
        "progress": 100,
        "video": video,
        "usage": {"cost_in_usd_ticks": round(dollars * TICKS_PER_DOLLAR)},
    }


def _file(base: str, job: Job, storage: Storage) -> dict[str, object]:
    now = int(job.finished_at or job.created_at)
    public = storage.public_url
    seconds = LINK_SECONDS if isinstance(public, bool) or public is None else public.expires_after
    return {
        "file_id": f"file_{job.id}",
        "filename": storage.filename,
        "expires_at": now + storage.expires_after if storage.expires_after else None,
        "public_url": f"{base}/files/{job.id}.mp4" if public else None,
        "public_url_expires_at": now + (seconds or LINK_SECONDS) if public else None,
        "public_url_error": None,
    }
