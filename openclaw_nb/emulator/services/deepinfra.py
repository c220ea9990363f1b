"""DeepInfra's video jobs beside its chat API, its model list, and the older synchronous inference.

Where a finished file lies is not documented: by default at another host, without a key. Quirks: `relative`, a path on
the API's own host; `own_origin`, an address there, both with the key; `inline`, a data URI; `openai`, OpenAI's words
for the end of a job and its error object; `detail`, HTTP errors in FastAPI's shape.

Sources: DeepInfra documentation, API reference "Videos", "Rate limits", model API page of Pixverse/Pixverse-T2V,
model list (read 2026-11-21).
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import urlsplit

from openclaw_nb.emulator.clips import Clip
from openclaw_nb.emulator.hosting import elsewhere, hand_over
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import Handler, Later, Reply, Request, Response, answer

from .deepinfra_schemas import MODELS, Create, Infer, Model, Problem, read

QUIRKS = frozenset({"relative", "own_origin", "inline", "openai", "detail"})
STATUS = {"queued": "queued", "running": "processing", "succeeded": "succeeded"}
OPENAI_STATUS = {"succeeded": "completed", "cancelled": "cancelled"}
ERRORS = {
    "moderated": "The prompt was rejected by the content safety filter",
    "failed": "The video could not be generated",
    "expired": "The job took too long",
    "cancelled": "The job was cancelled",
}
MESSAGES = {
    401: "User is not authenticated",
    402: "Your balance is too low, please add funds",
    429: "Rate limited",
}


def new_id() -> str:
    """A job id."""
    return f"vid_{secrets.token_hex(12)}"


def service(jobs: Jobs) -> Handler:
    """DeepInfra on this machine."""
    return DeepInfra(jobs).handle


@dataclass(frozen=True, slots=True)
class DeepInfra:
    """The routes. Jobs are documented below `/v1`, and below `/v1/openai` too."""

    jobs: Jobs

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            return self.jobs.no_such_quirk(QUIRKS) or self._route(request)
        except Problem as problem:
            return self._refused(problem)

    def _refused(self, problem: Problem) -> Response:
        in_detail = self.jobs.scenario.quirk == "detail"
        return problem.in_detail() if in_detail else problem.response()

    def _route(self, request: Request) -> Reply:
        if request.method == "GET" and request.segments == ["v1", "openai", "models"]:
            return _catalogue(request)
        _authenticate(request)
        match request.method, request.segments:
            case "POST", ["v1", "videos"] | ["v1", "openai", "videos"]:
                return self._create(request)
            case "GET", ["v1", "videos", id] | ["v1", "openai", "videos", id]:
                return self._retrieve(request, id)
            case "POST", ["v1", "inference", org, name]:
                return self._infer(request, f"{org}/{name}")
            case "GET" | "HEAD", ["files", name]:
                return hand_over(request, self._job(name.removesuffix(".mp4")))
            case _:
                raise Problem("Not Found", HTTPStatus.NOT_FOUND)

    def _create(self, request: Request) -> Reply:
        body, asked = read(Create, request)
        order = Order(body.model, asked, body.clip())
        return self._admit(request, order, lambda job: _said(request, job, _video))

    def _retrieve(self, request: Request, id: str) -> Reply:
        job = self._job(id)
        failure = job.asked_after()
        return self._http_error(failure) if failure else _said(request, job, _video)

    def _infer(self, request: Request, model: str) -> Reply:
        """One call from prompt to file."""
        body, asked = read(Infer, request, model=model)
        order = Order(body.model, asked, body.clip())

        def ended(job: Job) -> Reply:
            job.ended_at = job.clock()
            return _said(request, job, _inference)

        return self._admit(request, order, ended)

    def _admit(self, request: Request, order: Order, said: Callable[[Job], Reply]) -> Reply:
        made: list[Job] = []

        def keep(job: Job) -> Response:
            made.append(job)
            return Response(HTTPStatus.OK)

        response = self.jobs.admit(request, order, keep, self._http_error)
        if not made or response.fault is not None:
            return response
        if self.jobs.scenario.submit_moderated:
            # A refusal of the prompt has no answer of its own: the job has failed at once.
            made[0].scenario = replace(made[0].scenario, ends="moderated", polls=0, seconds=None)
        return said(made[0])

    def _job(self, id: str) -> Job:
        if id not in self.jobs.all:
            raise Problem(f"No video with id '{id}'", HTTPStatus.NOT_FOUND)
        return self.jobs.all[id]

    def _http_error(self, status: int) -> Response:
        kind = "server_error" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "request_error"
        return self._refused(Problem(MESSAGES.get(status, "Internal error"), status, kind))


def _authenticate(request: Request) -> None:
    bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
    sent = (bearer, request.headers.get("xi-api-key", ""), request.headers.get("x-api-key", ""))
    if not any(key.strip() for key in sent):
        raise Problem(MESSAGES[401], HTTPStatus.UNAUTHORIZED, "authentication_error")


def _said(request: Request, job: Job, body: Callable[[Job, str | None], object]) -> Reply:
    """`body` of the job and of where its file is, if it has one."""
    if job.state != "succeeded" or job.clip is None:
        return answer(body(job, None))
    return Later(job.clip, lambda clip: answer(body(job, _where(request, job, clip))))


def _video(job: Job, url: str | None) -> dict[str, object]:
    in_openais_words = job.scenario.quirk == "openai"
    word = job.word or STATUS.get(job.state, "failed")
    if in_openais_words:
        word = OPENAI_STATUS.get(job.state, word)
    error: object = ERRORS.get(job.state)
    if error and in_openais_words:
        error = {"code": "generation_failed", "message": error}
    return {
        "id": job.id,
        "object": "video.generation.job",
        "created_at": int(job.created_at),
        "model": job.order.model,
        "status": word,
        "data": [{"url": url}] if url else None,
        "error": error,
    }


def _where(request: Request, job: Job, clip: Clip) -> str:
    """The finished file, in the form that the scenario has."""
    here = f"{request.base}/files/{job.id}.mp4"
    match job.scenario.quirk:
        case "inline":
            return f"data:video/mp4;base64,{base64.b64encode(clip.path.read_bytes()).decode()}"
        case "relative":
            return urlsplit(here).path
        case "own_origin":
            return here
        case _:
            return elsewhere(request, job)


def _inference(job: Job, url: str | None) -> dict[str, object]:
    drawn = int(sha256(job.id.encode()).hexdigest()[:7], 16)
    seconds = job.order.spec.seconds
    usd = (MODELS[job.order.model].usd_per_second or 0) * seconds if url else 0
    return {
        "video_url": url,
        "seed": job.order.asked.get("seed", drawn),
        "request_id": job.id,
        "inference_status": {
            "status": "succeeded" if url else "failed",
            "runtime_ms": 1000,
            "cost": round(usd, 6),
            "tokens_generated": None,
            "tokens_input": None,
            "output_length": round(seconds) if url else None,
        },
    }


def _catalogue(request: Request) -> Response:
    """The list, with what is known of each model when `filter=with_meta` asks for it."""
    known = request.query.get("filter") == "with_meta"
    rows = [_row(id, model, known=known) for id, model in MODELS.items()]
    return answer({"object": "list", "data": rows})


def _row(id: str, model: Model, *, known: bool) -> Mapping[str, object]:
    usd = model.usd_per_second
    about = {
        "description": f"{id}, played by the emulator",
        "tags": ["video-gen"],
        "default_width": round(model.short_side * 16 / 9),
        "default_height": model.short_side,
        "pricing": {} if usd is None else {"output_seconds": usd},
    }
    return {
        "id": id,
        "object": "model",
        "created": 0,
        "owned_by": "deepinfra",
        "root": id,
        "parent": None,
        "metadata": about if known else None,
    }
