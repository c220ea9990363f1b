"""fal: one queue in front of many models, each with a body of its own.

Sources: https://docs.fal.ai, pages "Queue API", "Errors", "Request errors" (read 2026-11-21);
the endpoints and their bodies are in `_fal_endpoints`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.domain import Ignored, Job
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    Hosted,
    Provider,
    Reply,
    Skip,
    Wire,
)
from openclaw_nb.providers import _fal_headers as options
from openclaw_nb.providers import _fal_queue as queue
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


class _File(Wire):
    url: str | None = None


class _Output(Wire):
    video: _File | None = None
    videos: tuple[_File, ...] | None = None
    seed: JsonValue = None
    prompt: JsonValue = None


class _Result(_Output):
    response: _Output | None = None


def build_submit(job: Job) -> Call:
    """The endpoint's id is the path, and decides the mode."""
    headers = options.headers(job.provider_options)
    own = {name: v for name, v in job.provider_options.items() if name not in headers}
    # Ours last: an option never takes the place of a prompt, a reference or a parameter.
    body = {"prompt": job.prompt, **own, **fields(job)}
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
        if options.is_header(name):
            if why := options.refused(name, value):
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


def _video(reply: Reply) -> Done | None:
    """The first video of a result, which some endpoints wrap."""
    result = reply.read(_Result)
    for output in (result, result.response or _Output()):
        first = (output.videos or (None,))[0]
        url = (output.video and output.video.url) or (first and first.url)
        if url:
            units = reply.headers.get("x-fal-billable-units")
            kept = {"seed": output.seed, "prompt": output.prompt, "billableUnits": units}
            return Done((Hosted(url),), present(kept))
    return None


parse_status = partial(queue.parse_status, _video)


PROVIDER = Provider(
    id="fal",
    label="fal",
    base_url=queue.QUEUE,
    key=queue.KEY,
    models=MODELS,
    caps=CAPS,
    ticket=queue.FalTicket,
    build_submit=build_submit,
    parse_submit=queue.parse_submit,
    build_status=queue.build_status,
    build_stream=queue.build_stream,
    parse_status=parse_status,
    parse_error=queue.parse_error,
    fit=fit,
    prepare=storage.upload,
    build_cancel=queue.build_cancel,
    read_base_url=queue.read_base_url,
    poll_seconds=2.5,  # its own clients ask every 0.1 to 0.5 s
    deadline_seconds=1200,
    http_seconds=30,
    key_hosts=queue.KEY_HOSTS,
)
