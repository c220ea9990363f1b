"""OpenRouter's video jobs: the list of models, submit, poll, a content address that needs the key.

`Scenario.quirk` knows: `absolute_polling_url` (the guide's form, not the specification's);
`stored` (OpenRouter kept a copy: signed `urls`, which take no key, and `expires_at`);
`storage_host` (`unsigned_urls` name a storage host that takes no key, as in an older sample);
`open_content` (the content address answers without a key too, for a client that sends none).

Sources: OpenRouterTeam/docs openapi.yaml (August 2026) and its guide "Video Generation".
"""

from __future__ import annotations

import secrets
import string
import time
from concurrent.futures import Future
from dataclasses import dataclass

from openclaw_nb.emulator.clips import Clip
from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import Handler, Reply, Request, Response, answer

from .openrouter_catalog import ROWS
from .openrouter_schemas import Problem, read

QUIRKS = (None, "absolute_polling_url", "stored", "storage_host", "open_content")
KEPT_SECONDS = 3600
ALPHABET = string.ascii_letters + string.digits
STATUS = {"queued": "pending", "running": "in_progress", "succeeded": "completed"}
ERRORS = {
    "moderated": "Content policy violation",
    "failed": "The provider could not generate the video",
    "expired": "Job exceeded maximum time to live",
    "cancelled": "Job was cancelled",
}
MESSAGES = {
    402: "Insufficient credits. Add more using https://openrouter.ai/settings/credits",
    429: "Rate limit exceeded",
    503: "No instances available",
}


def new_id() -> str:
    """`gen-vid-`, the time, 20 letters and digits."""
    tail = "".join(secrets.choice(ALPHABET) for _ in range(20))
    return f"gen-vid-{int(time.time())}-{tail}"


def service(jobs: Jobs) -> Handler:
    """OpenRouter on this machine."""
    return OpenRouter(jobs).handle


@dataclass(frozen=True, slots=True)
class OpenRouter:
    """The routes."""

    jobs: Jobs

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            return self._route(request)
        except Problem as problem:
            return problem.response()

    def _route(self, request: Request) -> Reply:
        match request.method, request.segments:
            case "POST", ["api", "v1", "videos"]:
                _authenticate(request)
                return self._create(request)
            case "GET", ["api", "v1", "videos", "models"]:
                return answer({"data": [row.as_json() for row in ROWS.values()]})
            case "GET", ["api", "v1", "videos", id]:
                _authenticate(request)
                return self._status(request, id)
            case "GET" | "HEAD", ["api", "v1", "videos", id, "content"]:
                return self._content(request, id)
            case "GET" | "HEAD", ["storage", name]:
                return key_leaked(request) or self._film(request, name.removesuffix(".mp4"))
            case _:
                raise Problem("Not Found", 404)

    def _create(self, request: Request) -> Response:
        scenario = self.jobs.scenario
        if scenario.quirk not in QUIRKS:
            raise Problem(f"the emulator of OpenRouter knows no quirk {scenario.quirk!r}")
        wanted, asked = read(request)
        if scenario.submit_moderated:
            flagged: dict[str, object] = {"reasons": ["violence"], "flagged_input": "..."}
            raise Problem("Your input was flagged by moderation", 403, flagged)
        earlier = None
        if wanted.previous_job_id:
            earlier = self._ended(wanted.previous_job_id).result().path
        order = Order(wanted.model, asked, wanted.clip(earlier))
        return self.jobs.admit(request, order, lambda job: _told(request, job, 202), _http_error)

    def _job(self, id: str) -> Job:
        if id not in self.jobs.all:
            raise Problem(f"Video job {id} not found", 404)
        return self.jobs.all[id]

    def _status(self, request: Request, id: str) -> Response:
        job = self._job(id)
        failure = job.asked_after()
        return _http_error(failure) if failure is not None else _told(request, job)

    def _ended(self, id: str) -> Future[Clip]:
        """The clip of a job that succeeded."""
        job = self._job(id)
        if job.state in STATUS and job.state != "succeeded":
            raise Problem("Video is not ready yet", 409)
        if job.state == "expired":
            raise Problem("Video has expired", 410)
        if job.clip is None:
            raise Problem("Video job has no output", 404)
        return job.clip

    def _content(self, request: Request, id: str) -> Reply:
        if self._job_quirk(id) != "open_content":
            _authenticate(request)
        index = request.query.get("index", "0")
        if not index.isdigit():
            raise Problem("index: must be a non-negative integer")
        if int(index):
            raise Problem(f"Video job {id} has no output {index}", 404)
        return self._film(request, id)

    def _job_quirk(self, id: str) -> str | None:
        return self.jobs.all[id].scenario.quirk if id in self.jobs.all else None

    def _film(self, request: Request, id: str) -> Reply:
        self._ended(id)
        return hand_over(request, self._job(id))


def _authenticate(request: Request) -> None:
    key = request.headers.get("authorization", "")
    if not key.startswith("Bearer ") or not key.removeprefix("Bearer ").strip():
        raise Problem("No cookie auth credentials found", 401)


def _told(request: Request, job: Job, status: int = 200) -> Response:
    """The job, every documented field that it has by now."""
    state = job.state
    path = f"/api/v1/videos/{job.id}"
    absolute = job.scenario.quirk == "absolute_polling_url"
    told: dict[str, object] = {
        "id": job.id,
        "polling_url": f"{request.base}{path}" if absolute else path,
        "status": job.word or STATUS.get(state, "failed" if state == "moderated" else state),
    }
    if job.finished_at is not None:
        told["generation_id"] = f"gen-{job.id.removeprefix('gen-vid-')}"
    if state in ERRORS:
        told["error"] = ERRORS[state]
    if state == "succeeded":
        told |= _output(request.base, job)
    return answer(told, status)


def _output(base: str, job: Job) -> dict[str, object]:
    content = f"{base}/api/v1/videos/{job.id}/content?index=0"
    stored = f"{base}/storage/{job.id}.mp4?sig={job.digest[:16]}"
    row, seconds = ROWS[job.order.model], job.order.spec.seconds
    output: dict[str, object] = {
        "unsigned_urls": [stored if job.scenario.quirk == "storage_host" else content],
        "usage": {"cost": round(row.cost(seconds), 6), "is_byok": False},
    }
    if job.scenario.quirk == "stored":
        expires = int(job.finished_at or job.created_at) + KEPT_SECONDS
        output |= {"urls": [stored], "expires_at": expires}
    return output


def _http_error(status: int) -> Response:
    return Problem(MESSAGES.get(status, "Provider returned error"), status).response()
