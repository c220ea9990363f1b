"""fal: one queue in front of many models, each with a body of its own.

Sources: https://docs.fal.ai, pages "Queue API", "Errors", "Request errors" (read 2026-11-21);
the endpoints and their bodies are in `_fal_endpoints`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from openclaw_nb.core.domain import Ignored, Job, Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    Fitted,
    Hosted,
    JobState,
    Key,
    Malformed,
    Provider,
    Refused,
    Reply,
    Skip,
    Step,
    Ticket,
    Wait,
    Wire,
    new_to_us,
)
from openclaw_nb.providers import _fal_headers as queue
from openclaw_nb.providers import _fal_storage as storage
from openclaw_nb.providers._fal_endpoints import (
    CAPS,
    ENDPOINTS,
    HEYGEN,
    MODELS,
    UNKNOWN,
    Endpoint,
    fields,
    present,
)

_QUEUE = "https://queue.fal.run"


class FalTicket(Ticket):
    """The addresses that fal hands out with a job; it asks clients to use them as given."""

    request_id: str
    status_url: str
    response_url: str
    cancel_url: str


class _Submitted(Wire):
    request_id: str | None = None
    status_url: str | None = None
    response_url: str | None = None
    cancel_url: str | None = None
    queue_position: int | None = None


class _Status(Wire):
    status: str | None = None
    queue_position: int | None = None
    error: JsonValue = None
    error_type: str | None = None


class _File(Wire):
    url: str | None = None


class _Output(Wire):
    video: _File | None = None
    videos: tuple[_File, ...] | None = None
    seed: JsonValue = None
    prompt: JsonValue = None


class _Result(_Output):
    response: _Output | None = None


class _Error(Wire):
    detail: JsonValue = None
    error_type: str | None = None


def build_submit(job: Job) -> Call:
    """The endpoint's id is the path, and decides the mode."""
    headers = queue.headers(job.provider_options)
    options = {name: v for name, v in job.provider_options.items() if name not in headers}
    # Ours last: an option never takes the place of a prompt, a reference or a parameter.
    body = {"prompt": job.prompt, **options, **fields(job)}
    return Call("POST", f"/{quote(job.model)}", json=body, headers=headers)


_MAX_FILES = 12


def fit(job: Job) -> Fitted | Skip:
    """Frame roles, references that go together, lengths and options that an endpoint lacks."""
    endpoint = ENDPOINTS.get(job.model, UNKNOWN)
    if reason := _unfit(job, endpoint):
        return Skip(reason)
    ignored: list[Ignored] = []
    if job.duration_seconds is not None and not _takes_length(endpoint, job.duration_seconds):
        why = f"takes {endpoint.shortest} s or more" if endpoint.shortest else "its length is fixed"
        ignored.append(_ignored("duration_seconds", job.duration_seconds, why))
        job = replace(job, duration_seconds=None)
    if endpoint is UNKNOWN and job.audio is not None:
        ignored.append(_ignored("audio", job.audio, "no field for it is known"))
        job = replace(job, audio=None)
    refused = _refused_options(job, endpoint)
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    ignored += [
        _ignored(f"provider_options.{name}", job.provider_options[name], why)
        for name, why in refused.items()
    ]
    job = replace(job, provider_options=kept)
    return Fitted(job, ignored=tuple(ignored), notes=_notes(job, endpoint))


def _ignored(setting: str, value: object, why: str) -> Ignored:
    return Ignored(setting=setting, value=value, why=why)


def _unfit(job: Job, endpoint: Endpoint) -> str | None:
    if endpoint.images == "references":
        return _unfit_references(job)
    last = sum(image.role == "last_frame" for image in job.images)
    first = len(job.images) - last
    if last and endpoint.images == "first":
        return "has no last frame"
    if last and not first:
        return "takes a last_frame only together with a first_frame"
    if max(first, last) > 1:
        return "takes two images only as one first_frame and one last_frame"
    return None


def _unfit_references(job: Job) -> str | None:
    files = len(job.images) + len(job.videos) + len(job.audios)
    if files > _MAX_FILES:
        return f"takes at most {_MAX_FILES} reference files in all, the request has {files}"
    if job.audios and files == len(job.audios):
        return "takes reference audio only together with an image or a video"
    return None


def _takes_length(endpoint: Endpoint, seconds: int) -> bool:
    return endpoint.shortest is not None and seconds >= endpoint.shortest


def _refused_options(job: Job, endpoint: Endpoint) -> dict[str, str]:
    """The options that are not sent, each with the reason."""
    decided = fields(replace(job, provider_options={}))
    decided.pop("config", None)  # HeyGen's holds both: the user's avatar, our orientation
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        if queue.is_header(name):
            if why := queue.refused(name, value):
                refused[name] = why
        elif name in decided:
            refused[name] = "a parameter of the request already decides it"
        elif endpoint is not UNKNOWN and name not in endpoint.options:
            refused[name] = "the endpoint has no such field"
        elif job.model == HEYGEN and not isinstance(value, Mapping):
            refused[name] = "must be an object"
    return refused


def _notes(job: Job, endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(filter(None, (_about_endpoint(job, endpoint), _about_files(job))))


def _about_endpoint(job: Job, endpoint: Endpoint) -> str:
    if endpoint is UNKNOWN:
        about = f"https://fal.ai/models/{job.model}"
        return f"the schema of this endpoint is not known here: a generic body is sent; see {about}"
    if endpoint.images == "references" and any(i.role == "last_frame" for i in job.images):
        return "a last_frame is sent as a plain reference: this endpoint has no frame roles"
    return ""


def _about_files(job: Job) -> str:
    size = storage.local_bytes(job)
    if size <= storage.INLINE_BYTES:
        return ""
    return f"references of {size / 2**20:.0f} MB are uploaded to fal's storage first"


# The queue


def parse_submit(reply: Reply) -> Step[FalTicket]:
    """A place in the queue, and where to ask about it."""
    sent = reply.read(_Submitted)
    asked_at = (sent.status_url or "").removesuffix("/status")
    job = sent.response_url or asked_at or _job_path(reply, sent.request_id)
    ticket = FalTicket(
        request_id=sent.request_id or job.rpartition("/")[2],
        status_url=sent.status_url or f"{job}/status",
        response_url=job,
        cancel_url=sent.cancel_url or f"{job}/cancel",
    )
    return Wait(ticket, "queued", note=_position(sent.queue_position))


def _job_path(reply: Reply, request_id: str | None) -> str:
    """Requests live under `owner/app`, without the rest of the id; two namespaces have three."""
    parts = reply.path.strip("/").split("/")
    owner = parts[: 3 if parts[0] in ("workflows", "comfy") else 2]
    if not request_id or not all(owner):
        raise Malformed(f"no address to ask at; the answer began {reply.start()!r}")
    return f"/{'/'.join(owner)}/requests/{quote(request_id, safe='')}"


def _position(ahead: int | None) -> str:
    return "" if ahead is None else f"{ahead} ahead in the queue"


def build_status(ticket: FalTicket) -> Call:
    """Ask at the address that fal gave."""
    return Call("GET", ticket.status_url)


def build_cancel(ticket: FalTicket, _: JobState) -> Call:
    """A queued job is dropped; a running one is told, and may still end and be billed."""
    return Call("PUT", ticket.cancel_url)


def parse_status(ticket: FalTicket, reply: Reply) -> Step[FalTicket]:
    """`COMPLETED` means over, not good: only the result's HTTP status says which.

    fal documents three words; the others are what the original product accepts beside them.
    """
    status = reply.read(_Status)
    match (status.status or "").strip().upper():
        case "IN_QUEUE" | "QUEUED":
            return Wait(ticket, "queued", note=_position(status.queue_position))
        case "IN_PROGRESS" | "PROCESSING" | "STARTED":
            return Wait(ticket)
        case "COMPLETED":
            read = partial(_read_result, ticket, reply)
            return Fetch(Call("GET", ticket.response_url), read, partial(_read_error, ticket))
        case "FAILED" | "CANCELLED" | "CANCELED":
            return _job_failure(ticket, reply)
        case _:
            return new_to_us(ticket, status.status or "")


def _job_failure(ticket: FalTicket, reply: Reply) -> Refused:
    status, text = reply.read(_Status), said(reply)
    if not status.error:
        text = f"the job ended as {status.status}, without a reason"
    code = status.error_type or ""
    lost = Why.SERVER_ERROR if code.startswith("runner_") else classify(None, text)
    return Refused(_BY_TYPE.get(code, lost), text, code, request_id=ticket.request_id)


def _read_result(
    ticket: FalTicket, status: Reply, reply: Reply
) -> Wait[FalTicket] | Done | Refused:
    result = reply.read(_Result)
    for output in (result, result.response or _Output()):
        first = (output.videos or (None,))[0]
        url = (output.video and output.video.url) or (first and first.url)
        if url:
            kept = {"requestId": ticket.request_id, "seed": output.seed, "prompt": output.prompt}
            units = {"billableUnits": reply.headers.get("x-fal-billable-units")}
            return Done((Hosted(url),), present({**kept, **units}))
    if _too_early(reply):
        return Wait(ticket)
    if status.read(_Status).error:
        return _job_failure(ticket, status)
    raise Malformed(f"no video in the result; the answer began {reply.start()!r}")


def _read_error(ticket: FalTicket, reply: Reply) -> Wait[FalTicket] | Refused:
    if _too_early(reply):
        return Wait(ticket)
    refused = replace(parse_error(reply), request_id=ticket.request_id)
    if reply.status != HTTPStatus.NOT_FOUND:
        return refused
    # That says nothing about the model.
    return replace(refused, why=Why.UNKNOWN, advice=_GONE)


_GONE = (
    "fal keeps a result for about an hour after the job ended, one of 10 kB or more for about six "
    "minutes"
)
_OWN_TIMEOUT = (
    "the X-Fal-Request-Timeout of the request ran out before a machine began; set a longer one"
)


def _too_early(reply: Reply) -> bool:
    """The result endpoint answers an error while a job runs; fal's clients wait on it too."""
    return "still in progress" in said(reply).lower()


# Errors


_BY_TYPE = {
    "content_policy_violation": Why.CONTENT_POLICY,
    "internal_server_error": Why.SERVER_ERROR,
    "internal_error": Why.SERVER_ERROR,
    "downstream_service_error": Why.SERVER_ERROR,
    "downstream_service_unavailable": Why.OVERLOADED,
    "generation_timeout": Why.TIMEOUT,
    "request_timeout": Why.TIMEOUT,
    "startup_timeout": Why.TIMEOUT,
    "runner_scheduling_failure": Why.OVERLOADED,
}
_TIMEOUT_TYPE = "x-fal-request-timeout-type"


def parse_error(reply: Reply) -> Refused:
    """The error types of fal say more than its HTTP status, which is 422 for most of them."""
    code = _error_type(reply)
    refused = refusal(reply, code=code)
    why = _BY_TYPE.get(code, refused.why)
    # An account without balance is locked: it gets 401 or 403, as a bad key does.
    if why is Why.AUTH and classify(None, refused.said) is Why.BILLING:
        why = Why.BILLING
    advice = _OWN_TIMEOUT if reply.headers.get(_TIMEOUT_TYPE) == "user" else ""
    return replace(refused, why=why, advice=advice)


def _error_type(reply: Reply) -> str:
    try:
        error = reply.read(_Error)
    except Malformed:
        error = _Error()
    items = error.detail if isinstance(error.detail, list) else []
    types = [str(item["type"]) for item in items if isinstance(item, dict) and "type" in item]
    types += [error.error_type or reply.headers.get("x-fal-error-type", "")]
    return next((name for name in types if name == "content_policy_violation"), types[0])


def read_base_url(configured: str) -> str:
    """The synchronous host stands for the queue beside it; other hosts serve both."""
    try:
        url = urlsplit(configured.strip())
    except ValueError:
        return _QUEUE
    if not url.hostname or url.scheme not in ("http", "https"):
        return _QUEUE
    if url.hostname == "fal.run":
        url = url._replace(netloc="queue.fal.run")
    return url.geturl().rstrip("/")


PROVIDER = Provider(
    id="fal",
    label="fal",
    base_url=_QUEUE,
    key=Key(env=("FAL_KEY", "FAL_API_KEY"), form="Key {}"),
    models=MODELS,
    caps=CAPS,
    ticket=FalTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    prepare=storage.upload,
    build_cancel=build_cancel,
    read_base_url=read_base_url,
    poll_seconds=5,
    deadline_seconds=1200,
    http_seconds=30,
    key_hosts=("*.fal.run", storage.REST_HOST),
)
