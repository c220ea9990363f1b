"""fal: the queue with submit, status, result and cancel; the synchronous call; the hosted files.

Sources: fal's documentation "Queue API", "Asynchronous inference", "Platform headers" (read 2026-11-21).
One host stands for queue.fal.run, for rest.fal.ai and for the file host *.fal.media. The same path means something else
on https://fal.run, so that has a host of its own here (`fal-run`): a submission to the queue is always answered with
a place in it, a post to fal.run always with the result, whatever the model. There, a scenario's `seconds` is how long
the answer takes, and `polls` counts nothing. Webhooks are refused: nothing here calls out.

`Scenario.quirk` may be:
  a type of `MODEL_ERRORS` or `REQUEST_ERRORS`: what a job that ends as failed says
  plain_detail: a model's refusal is a sentence instead of a list
  locked: the account has no balance left
  failed_word: a job that ended badly is FAILED or CANCELLED, with `error` an object
  id_only: the answer to a submission has no addresses
  videos, wrapped: a result as the first of `videos`; inside `response`
  cancelled_at_once: a cancellation is answered with 200 and OK
  nsfw: a model with a safety checker that is on finds something, and its images are black
  single: the first of the images as `image`, without a list
  audio_file, audio_url: a track under that other key; as a bare address
  lite_elsewhere: google/nano-banana-2-lite/edit is not found; google/nano-banana-lite/edit is there
  stream_gone, stream_page, stream_silent, stream_cut, stream_word, stream_endless, stream_stale: the stream of a job's
      events is not found; is a proxy's page; says nothing; ends after its first event; has an event that is no status;
      has one without an end; never tells the end
  public_styles: a style reference must be an address, as its description has it
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from pydantic import ValidationError

from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order, State
from openclaw_nb.emulator.references import is_address
from openclaw_nb.emulator.wire import (
    Handler,
    Later,
    MalformedError,
    Reply,
    Request,
    Response,
    answer,
)

from . import fal_errors as errors
from .fal_endpoints import LITE_EDIT, not_found, schema
from .fal_errors import MODEL_ERRORS, REQUEST_ERRORS, ending, http_error, invalid, said
from .fal_images import Krea
from .fal_inputs import Input
from .fal_options import lifetime, queue_options, unauthenticated
from .fal_results import QUIRKS as RESULT_QUIRKS
from .fal_results import blackened, number, outcome
from .fal_storage import Storage
from .fal_stream import QUIRKS as STREAM_QUIRKS
from .fal_stream import spoilt, streamed

NAMESPACES = frozenset({"workflows", "comfy"})
RUN_HOST = "https://fal.run"
RESULT_SECONDS = 3600
QUIRKS = {
    *MODEL_ERRORS,
    *REQUEST_ERRORS,
    *("plain_detail", "locked", "failed_word", "id_only", "cancelled_at_once"),
    *("nsfw", "lite_elsewhere", "public_styles"),
    *RESULT_QUIRKS,
    *STREAM_QUIRKS,
}


new_id = errors.new_id


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
        refused = (
            unauthenticated(request)
            or self.jobs.no_such_quirk(QUIRKS)
            or (said(errors.LOCKED, 403) if self.jobs.scenario.quirk == "locked" else None)
        )
        if refused is not None:
            return refused
        synchronous = request.host == RUN_HOST
        address = None if synchronous else Address.read(segments)
        if address is not None:
            return self._about(request, address)
        if request.method != "POST":
            return said("Method Not Allowed", 405)
        if synchronous:
            return self._run(request, "/".join(segments))
        return self.storage.keyed(request) or self._submit(request, "/".join(segments))

    def _submit(self, request: Request, endpoint: str) -> Response:
        """A place in the queue."""
        wanted = self._read(request, endpoint)
        if isinstance(wanted, Response):
            return wanted
        order = self._order(request, endpoint, wanted)
        return self.jobs.admit(request, order, lambda job: _queued(request, job), http_error)

    def _run(self, request: Request, endpoint: str) -> Reply:
        """One call from prompt to result."""
        wanted = self._read(request, endpoint)
        if isinstance(wanted, Response):
            return wanted
        begun: list[Job] = []

        def keep(job: Job) -> Response:
            _note(request, job)
            if job.scenario.seconds is None:
                job.ended_at = job.clock()
            begun.append(job)
            return answer({})

        order = self._order(request, endpoint, wanted)
        response = self.jobs.admit(request, order, keep, http_error)
        if not begun or response.fault is not None:
            return response
        return _ran(request, begun[0])

    def _read(self, request: Request, endpoint: str) -> Input | Response:
        """What a valid submission asks for, or the refusal."""
        if wrong := queue_options(request):
            return invalid(wrong)
        try:
            asked = request.fields()
            kind = self._schema(request, endpoint, asked)
            wanted = None if kind is None else kind.model_validate(asked)
        except MalformedError as error:
            return invalid([{"loc": ["body"], "msg": str(error), "type": "json_invalid"}])
        except ValidationError as error:
            return invalid(errors.details(error))
        if wanted is None:
            return said(not_found(endpoint), 404)
        if wrong := self._objections(wanted):
            return invalid(wrong)
        return wanted

    def _schema(
        self, request: Request, endpoint: str, asked: Mapping[str, object]
    ) -> type[Input] | None:
        if self.jobs.scenario.quirk == "lite_elsewhere" and endpoint == LITE_EDIT:
            return None
        return schema(endpoint, asked, synchronous=request.host == RUN_HOST)

    def _objections(self, wanted: Input) -> list[dict[str, object]]:
        """What is wrong with a valid request under the scenario."""
        scenario = self.jobs.scenario
        if scenario.submit_moderated:
            return [errors.refused(("prompt",), errors.MODERATED, wanted.prompt)]
        if scenario.quirk != "public_styles" or not isinstance(wanted, Krea):
            return []
        places = [
            ("image_style_references", at, "image_url") for at in range(len(wanted.references))
        ]
        return [
            errors.refused(place, "file_download_error", url)
            for place, url in zip(places, wanted.references, strict=True)
            if not is_address(url)
        ]

    def _order(self, request: Request, endpoint: str, wanted: Input) -> Order:
        first, *more = wanted.files(endpoint)
        if self.jobs.scenario.quirk == "nsfw" and wanted.is_checked:
            first, *more = (blackened(file) for file in (first, *more))
        return Order(endpoint, request.fields(), first, more=tuple(more), read=wanted)

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
                return said("Method Not Allowed", 405)

    def _status(self, request: Request, job: Job) -> Response:
        failure = job.asked_after()
        if failure is not None:
            return http_error(failure)
        body = _state(request, job)
        status = 200 if body["status"] == "COMPLETED" else 202
        return answer(body, status, {"x-fal-request-id": job.id})

    def _stream(self, request: Request, job: Job) -> Response:
        """Server-sent events until the end."""
        failure = job.asked_after()
        if failure is not None:
            return http_error(failure)
        events = partial(streamed, job, partial(_state, request, job))
        return spoilt(job) or Response(200, events, {"content-type": "text/event-stream"})

    def _result(self, request: Request, job: Job) -> Reply:
        if job.state in {"queued", "running"}:
            head = {"x-fal-request-id": job.id}
            return answer({"detail": "Request is still in progress"}, 400, head)
        if job.clock() - (job.finished_at or job.clock()) > RESULT_SECONDS:
            return said("The result has expired.", 404)
        return outcome(request, job, job.state)

    def _cancel(self, job: Job) -> Response:
        if not job.cancel():
            return answer({"status": "ALREADY_COMPLETED"}, 400)
        if job.scenario.quirk == "cancelled_at_once":
            return answer({"status": "OK"})
        return answer({"status": "CANCELLATION_REQUESTED"}, 202)

    def _file(self, request: Request, name: str) -> Reply:
        id, _, file = name.partition("_")
        job = self.jobs.all.get(id)
        if request.method not in {"GET", "HEAD"} or job is None:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        kept = job.notes.get("file_seconds")
        if isinstance(kept, float) and job.clock() - (job.finished_at or job.clock()) > kept:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return key_leaked(request) or hand_over(request, job, at=number(file))


def _note(request: Request, job: Job) -> None:
    job.notes["file_seconds"] = lifetime(request)
    job.notes["own_timeout"] = "x-fal-request-timeout" in request.headers


def _queued(request: Request, job: Job) -> Response:
    _note(request, job)
    id_only = job.scenario.quirk == "id_only"
    urls = {"request_id": job.id} if id_only else _urls(request, job)
    body = {"status": "IN_QUEUE", **urls, "queue_position": 0}
    return answer(body, headers={"x-fal-request-id": job.id})


def _ran(request: Request, job: Job) -> Reply:
    """The result of a job that nobody asks after, held up as long as it takes."""
    due = job.created_at + (job.scenario.seconds or 0)

    def held_up(reply: Reply) -> Reply:
        if isinstance(reply, Later):
            return Later(reply.clip, lambda clip: held_up(reply.then(clip)))
        return replace(reply, after=max(0.0, due - job.clock()))

    return held_up(outcome(request, job, job.scenario.ends))


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


def _ended(request: Request, job: Job, state: State) -> dict[str, object]:
    body: dict[str, object] = {
        "status": "COMPLETED",
        **_urls(request, job),
        "logs": _logs(request, job),
        "metrics": {"inference_time": round((job.finished_at or job.clock()) - job.created_at, 3)},
    }
    if failure := ending(job, state):
        text, kind = failure
        body |= {"error": text, "error_type": kind}
        if job.scenario.quirk == "failed_word":
            word = "CANCELLED" if state == "cancelled" else "FAILED"
            body |= {"status": word, "error": {"message": text}}
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
