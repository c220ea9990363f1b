"""Runway's tasks: one POST for each mode, then the task until it ends; uploads; cancel and delete.

Sources: Runway developer documentation "Using the API", "Errors", "Task failures", "Versioning"; types of
runwayml 5.24.0 (read 2026-11-21). A quirk is the `failureCode` of a job that fails (`ends="failed"`);
the status word `THROTTLED` comes with `unknown_status_word`. Retired models are still served.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256

from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.references import Source, UnreadableError
from openclaw_nb.emulator.wire import Handler, MalformedError, Reply, Request, Response, answer

from .runway_schemas import ENDPOINTS, UPLOADED, InvalidBodyError, read
from .runway_uploads import Uploads

VERSION = "2024-11-06"
FAILURES = {
    "SAFETY.INPUT.TEXT": "The prompt was refused.",
    "SAFETY.INPUT.IMAGE": "The image was refused.",
    "SAFETY.OUTPUT.VIDEO": "The result was refused.",
    "INPUT_PREPROCESSING.SAFETY.TEXT": "The prompt was refused.",
    "INPUT_PREPROCESSING.SAFETY.THIRD_PARTY": "The partner's model refused the input.",
    "INPUT_PREPROCESSING.INTERNAL": "The input could not be prepared.",
    "INTERNAL.BAD_OUTPUT.CODE01": "The output was poor.",
    "INTERNAL": "An unexpected error occurred.",
    "ASSET.INVALID": "The media could not be read.",
    "THIRD_PARTY.UNAVAILABLE": "The partner's model is down.",
    "THIRD_PARTY.INPUT_VALIDATION": "The partner's model did not take the input.",
}
ENDED = {
    "moderated": "SAFETY.INPUT.TEXT",
    "failed": "INTERNAL.BAD_OUTPUT.CODE01",
    "expired": "INTERNAL",
}
STATUS = {
    "queued": "PENDING",
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "cancelled": "CANCELLED",
}
SAID = {
    401: "API key is invalid or missing. Note that the API is at api.dev.runwayml.com.",
    429: "You have reached the daily limit of generations of your tier.",
}


def new_id() -> str:
    """A task id."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """Runway on this machine."""
    return Runway(jobs).handle


@dataclass(frozen=True, slots=True)
class Runway:
    """The routes."""

    jobs: Jobs
    uploads: Uploads = field(default_factory=Uploads)

    def handle(self, request: Request) -> Reply:
        """Any request. The two file hosts come first: they want neither key nor version."""
        match request.segments:
            case ["storage", id]:
                return self.uploads.take(request, id)
            case ["outputs", name]:
                return self._file(request, name.removesuffix(".mp4"))
            case _:
                return _unwelcome(request) or self._route(request)

    def _route(self, request: Request) -> Response:
        match request.method, request.segments:
            case "POST", ["v1", endpoint] if endpoint in ENDPOINTS:
                return self._create(request, endpoint)
            case "POST", ["v1", "uploads"]:
                return self.uploads.announce(request)
            case ("GET" | "DELETE") as method, ["v1", "tasks", id]:
                job = self.jobs.all.get(id)
                if job is None or job.notes.get("deleted"):
                    return _said(404, f"Task {id} not found.")
                return self._task(request, job) if method == "GET" else _delete(job)
            case method, ["v1", name, *_] if name in {*ENDPOINTS, "uploads", "tasks"}:
                return _said(405, f"Method {method} is not allowed here.")
            case _:
                return _said(404, "No such endpoint.")

    def _create(self, request: Request, endpoint: str) -> Response:
        scenario = self.jobs.scenario
        if scenario.quirk is not None and scenario.quirk not in FAILURES:
            return _said(400, f"no such quirk {scenario.quirk!r}; there are {list(FAILURES)}")
        try:
            asked = request.fields()
            row, body = read(endpoint, asked)
            spec = row.film(body, self._resolve)
        except MalformedError as error:
            return _said(400, str(error))
        except InvalidBodyError as error:
            return answer({"error": str(error), "issues": error.issues}, 400)
        except UnreadableError as error:
            return _said(400, f"Invalid asset: {error}.")
        if scenario.submit_moderated:
            return _said(400, "The prompt did not pass content moderation.")
        credits = row.price(body, spec.seconds)

        def said(job: Job) -> Response:
            job.notes["credits"] = credits
            return answer({"id": job.id, "estimatedCost": {"credits": credits}})

        order = Order(body.model, {"endpoint": endpoint, **asked}, spec)
        return self.jobs.admit(request, order, said, _said)

    def _resolve(self, uri: str) -> Source:
        if not uri.startswith(UPLOADED):
            return uri
        if (data := self.uploads.data(uri)) is None:
            raise UnreadableError(f"nothing was uploaded to {uri}")
        return data

    def _task(self, request: Request, job: Job) -> Response:
        failure = job.asked_after()
        if failure is not None:
            return _said(failure)
        state, moment = job.state, datetime.fromtimestamp(job.created_at, UTC)
        body: dict[str, object] = {
            "id": job.id,
            "status": job.word or STATUS.get(state, "FAILED"),
            "createdAt": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        }
        return answer(body | _more(request, job))

    def _file(self, request: Request, id: str) -> Reply:
        job = self.jobs.all.get(id)
        if job is None or job.notes.get("deleted") or request.method not in {"GET", "HEAD"}:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return key_leaked(request) or hand_over(request, job)


def _unwelcome(request: Request) -> Response | None:
    key = request.headers.get("authorization", "")
    if not key.startswith("Bearer ") or not key.removeprefix("Bearer ").strip():
        return _said(401)
    if request.headers.get("x-runway-version") != VERSION:
        return _said(400, f"The header X-Runway-Version must be one of: {VERSION}.")
    return None


def _delete(job: Job) -> Response:
    """One call for two things: a task under way is cancelled, one that has ended is deleted."""
    if not job.cancel():
        job.notes["deleted"] = True
    return Response(204)


def _more(request: Request, job: Job) -> dict[str, object]:
    """The fields that a status has beside the common ones."""
    state, credits = job.state, {"credits": job.notes["credits"]}
    match state:
        case "queued":
            return {"estimatedCost": credits}
        case "running":
            return {"estimatedCost": credits, "progress": round(job.part_done, 3)}
        case "succeeded":
            token = sha256(job.id.encode()).hexdigest()
            url = f"{request.base}/outputs/{job.id}.mp4?_jwt={token}"
            return {"output": [url], "cost": credits}
        case "cancelled":
            return {"cost": {"credits": 0}}
        case _:
            code = (state == "failed" and job.scenario.quirk) or ENDED[state]
            # A refused input is not refunded.
            cost = credits if code.startswith("SAFETY.INPUT.") else {"credits": 0}
            return {"failure": FAILURES[code], "failureCode": code, "cost": cost}


def _said(status: int, text: str = "The request could not be served.") -> Response:
    return answer({"error": SAID.get(status, text)}, status)
