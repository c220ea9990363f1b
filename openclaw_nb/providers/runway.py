"""Runway: one POST for each mode, then the task until it ends. Large files are uploaded before.

Sources: Runway developer documentation (https://docs.dev.runwayml.com), pages "Using the API",
"Inputs", "Uploads", "Errors", "Task failures", "Versioning"; types of runwayml 5.24.0, and of 4.18.0
for the retired models (read 2026-11-21).
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from functools import partial
from hashlib import sha256
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from pydantic import Field, JsonValue

from openclaw_nb.core.domain import Asset, Blob, Change, Ignored, Job, Link, Mode, Why
from openclaw_nb.core.refusals import classify, refusal
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
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
    data_uri,
    new_to_us,
)
from openclaw_nb.providers._runway_models import (
    CAPS,
    GEN4_ALEPH,
    MODELS,
    OPTIONS,
    PROMPT_1000,
    RATIOS,
    SHORTEST_SECONDS,
    UNMAPPED,
    VEO,
    VEO_SECONDS,
)

_VERSION = {"X-Runway-Version": "2024-11-06"}
_PATHS = {
    Mode.GENERATE: "/v1/text_to_video",
    Mode.IMAGE_TO_VIDEO: "/v1/image_to_video",
    Mode.VIDEO_TO_VIDEO: "/v1/video_to_video",
}
_PROMPT_UNITS = 1000
_IMAGE_TYPES = ("image/jpeg", "image/png", "image/webp")
_URI_CHARACTERS = 5_000_000
"""Of a data URI; the documentation has 16 MB for videos, the client's field notes 5 MB."""
_UPLOAD_BYTES = 200_000_000
_URL_CHARACTERS = 2048
_DEFAULT_SECONDS = 5
_POLL_SECONDS = 5.0


class RunwayTicket(Ticket):
    """The task's id, and the endpoint that made it."""

    id: str
    endpoint: str = ""


class _Cost(Wire):
    credits: float


class _Task(Wire):
    id: str = ""
    status: str | None = None
    progress: float | None = None
    output: tuple[str, ...] | None = None
    failure: JsonValue = None
    code: str | None = Field(default=None, alias="failureCode")
    cost: _Cost | None = None
    estimated: _Cost | None = Field(default=None, alias="estimatedCost")


class _Upload(Wire):
    url: str = Field(alias="uploadUrl")
    fields: dict[str, str]
    uri: str = Field(alias="runwayUri")


class _Issue(Wire):
    path: tuple[str | int, ...] = ()
    message: str = ""


class _Issues(Wire):
    issues: tuple[_Issue, ...] = ()


# What a model takes


def fit(job: Job) -> Fitted | Skip:
    """Frame roles, sizes of media, lengths and options that go with one model only."""
    if reason := _unfit(job) or _unfit_images(job) or _unfit_files(job):
        return Skip(reason)
    fitted = _with_its_length(Fitted(job, notes=_notes(job)))
    refused = _refused_options(job)
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=job.provider_options[name], why=why)
        for name, why in refused.items()
    )
    job = replace(fitted.job, provider_options=kept)
    return replace(fitted, job=job, ignored=(*fitted.ignored, *ignored))


def _unfit(job: Job) -> str | None:
    if job.model in UNMAPPED:
        return f"{job.model} has fields of its own, which are not known here; use gen4.5 or veo3.1"
    units = len(job.prompt.encode("utf-16-le", "surrogatepass")) // 2
    if job.model in PROMPT_1000 and units > _PROMPT_UNITS:
        return f"takes prompts of at most {_PROMPT_UNITS} UTF-16 units, this one has {units}"
    return None


def _unfit_images(job: Job) -> str | None:
    last = sum(image.role == "last_frame" for image in job.images)
    if last and job.model not in VEO:
        return f"has no last frame; {' and '.join(VEO)} have"
    if last and last == len(job.images):
        return "takes a last_frame only together with a first_frame"
    if len(job.images) > 1 + last:
        return "takes two images only as one first_frame and one last_frame"
    return None


def _unfit_files(job: Job) -> str | None:
    for image in job.images:
        if isinstance(image, Blob) and image.media_type not in _IMAGE_TYPES:
            return f"takes JPEG, PNG and WebP; {image.name} is {image.media_type}"
    for asset in (*job.images, *job.videos):
        if isinstance(asset, Blob) and asset.size > _UPLOAD_BYTES:
            return f"takes files of at most 200 MB; {asset.name} is larger"
    return None


def _with_its_length(fitted: Fitted) -> Fitted:
    job, seconds = fitted.job, fitted.job.duration_seconds
    if seconds is None:
        return fitted
    if job.mode is Mode.VIDEO_TO_VIDEO:
        why = "the result follows the length of its video"
        ignored = Ignored(setting="duration_seconds", value=seconds, why=why)
        return replace(fitted, job=replace(job, duration_seconds=None), ignored=(ignored,))
    if seconds < SHORTEST_SECONDS:
        why = f"makes {SHORTEST_SECONDS} seconds or more"
        change = Change(
            setting="duration_seconds", requested=seconds, applied=SHORTEST_SECONDS, why=why
        )
        job = replace(job, duration_seconds=SHORTEST_SECONDS)
        return replace(fitted, job=job, changes=(change,))
    return fitted


def _refused_options(job: Job) -> dict[str, str]:
    """The options that are not sent, each with the reason: unknown fields are refused by Runway."""
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        if name not in OPTIONS:
            refused[name] = f"Runway takes only {', '.join(OPTIONS)}"
        elif job.model in _KNOWN and job.model not in OPTIONS[name]:
            refused[name] = "the model has no such option"
        elif name == "targetAspectRatio" and job.aspect_ratio:
            refused[name] = "the aspect ratio already decides it"
        elif name == "outputFormat" and "sequence" in str(value):
            refused[name] = "it gives an archive of pictures, not a video"
    return refused


_KNOWN = frozenset(row.id for row in MODELS)


def _notes(job: Job) -> tuple[str, ...]:
    notes: list[str] = []
    if any(image.role == "reference_image" for image in job.images):
        notes.append("the reference_image is sent as the first frame")
    if job.model == GEN4_ALEPH:
        notes.append("gen4_aleph works on about the first 5 s of the video")
    if job.model not in _KNOWN:
        known = "aleph2" if job.mode is Mode.VIDEO_TO_VIDEO else "gen4.5"
        notes.append(f"{job.model} is not known here: it is sent what {known} takes")
    return tuple(notes)


def takes_url(url: str) -> bool:
    """Runway fetches https from a domain name, in at most 2048 characters; the rest we fetch."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return parts.scheme == "https" and "." in host and len(url) <= _URL_CHARACTERS
    return False


# Uploads


def prepare(job: Job) -> Before | Job:
    """Upload what is too long for a data URI, one file after the other."""
    large = (asset for asset in (*job.images, *job.videos) if isinstance(asset, Blob))
    blob = next((blob for blob in large if _uri_length(blob) > _URI_CHARACTERS), None)
    if blob is None:
        return job
    body = {"filename": blob.name, "type": "ephemeral"}
    call = Call("POST", "/v1/uploads", json=body, headers=_VERSION)
    return Before(call, partial(_send_file, job, blob))


def _uri_length(blob: Blob) -> int:
    return len(f"data:{blob.media_type};base64,") + (blob.size + 2) // 3 * 4


def _send_file(job: Job, blob: Blob, reply: Reply) -> Before:
    upload = reply.read(_Upload)
    # The file host reads no field that comes after the file.
    form: dict[str, str | Asset] = {**upload.fields, "file": blob}
    call = Call("POST", upload.url, form=form, keyed=False)
    return Before(call, partial(_uploaded, job, blob, upload.uri))


def _uploaded(job: Job, blob: Blob, uri: str, _: Reply) -> Before | Job:
    def there(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
        link = Link(url=uri, role=blob.role)
        return tuple(link if asset is blob else asset for asset in assets)

    return prepare(replace(job, images=there(job.images), videos=there(job.videos)))


# Submit


def build_submit(job: Job) -> Call:
    """A body for the mode; every field in it is one that the model lists."""
    body: dict[str, object] = {"model": job.model, "promptText": job.prompt}
    if job.mode is Mode.VIDEO_TO_VIDEO:
        body |= {"videoUri": data_uri(job.videos[0]), **_shape(job)}
    else:
        body |= {"ratio": _ratio(job), "duration": _seconds(job)}
    if job.images:
        body["promptImage"] = _prompt_image(job)
    if job.audio is not None:
        body["audio"] = job.audio
    return Call("POST", _PATHS[job.mode], json={**job.provider_options, **body}, headers=_VERSION)


def _shape(job: Job) -> dict[str, object]:
    """`gen4_aleph` has a ratio, which it ignores; `aleph2` expands the picture when asked to."""
    if job.model == GEN4_ALEPH:
        return {"ratio": _ratio(job)}
    return {"targetAspectRatio": job.aspect_ratio} if job.aspect_ratio else {}


def _ratio(job: Job) -> str:
    large = RATIOS.get((job.model, job.resolution), {})
    usual = RATIOS.get((job.model, None), RATIOS["gen4.5", None])
    ratio = job.aspect_ratio or "16:9"
    return large.get(ratio) or usual[ratio]


def _seconds(job: Job) -> int:
    """Required by `gen4.5`; the others have no documented default."""
    usual = VEO_SECONDS.get(job.model, (_DEFAULT_SECONDS,))[-1]
    return job.duration_seconds or usual


def _prompt_image(job: Job) -> object:
    """A string for one first frame; a list when there is a last one too."""
    if len(job.images) == 1:
        return data_uri(job.images[0])
    ordered = sorted(job.images, key=lambda image: image.role == "last_frame")
    return [
        {"uri": data_uri(image), "position": position}
        for image, position in zip(ordered, ("first", "last"), strict=True)
    ]


def parse_submit(reply: Reply) -> Step[RunwayTicket]:
    """The task's id, and about what it costs."""
    task = reply.read(_Task)
    if not task.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    ticket = RunwayTicket(id=task.id, endpoint=reply.path.rpartition("/")[2])
    cost = task.estimated
    note = f"about {cost.credits:g} credits (${cost.credits / 100:.2f})" if cost else ""
    return Wait(ticket, "queued", note=note, poll_seconds=_rhythm(ticket))


# Poll


def build_status(ticket: RunwayTicket) -> Call:
    """Ask for the task."""
    return Call("GET", _path(ticket), headers=_VERSION)


def build_cancel(ticket: RunwayTicket, _: JobState) -> Call:
    """Cancels a task under way. The same call would delete one that has ended."""
    return Call("DELETE", _path(ticket), headers=_VERSION)


def _path(ticket: RunwayTicket) -> str:
    return f"/v1/tasks/{quote(ticket.id, safe='')}"


def _rhythm(ticket: RunwayTicket) -> float:
    """5 to 6 s, different for each task: Runway asks for at most one poll in 5 s, with jitter."""
    return _POLL_SECONDS + sha256(ticket.id.encode()).digest()[0] / 256


def parse_status(ticket: RunwayTicket, reply: Reply) -> Step[RunwayTicket]:
    """Six words. `CANCELED` is a spelling that clients take too."""
    task = reply.read(_Task)
    match (task.status or "").strip().upper():
        case "SUCCEEDED":
            return _done(ticket, task, reply)
        case "FAILED":
            return _failed(task)
        case "CANCELLED" | "CANCELED":
            return Refused(Why.UNKNOWN, "the task was cancelled", task.status or "")
        case "":
            raise Malformed(f"no status; the answer began {reply.start()!r}")
        case word:
            return replace(_waiting(ticket, word, task), poll_seconds=_rhythm(ticket))


def _waiting(ticket: RunwayTicket, word: str, task: _Task) -> Wait[RunwayTicket]:
    match word:
        case "PENDING":
            return Wait(ticket, "queued")
        case "THROTTLED":
            return Wait(ticket, "queued", note="the account's limit of tasks at once is reached")
        case "RUNNING":
            return Wait(ticket, fraction=_fraction(task))
        case _:
            return new_to_us(ticket, task.status or "")


def _fraction(task: _Task) -> float | None:
    return None if task.progress is None else min(max(task.progress, 0.0), 1.0)


def _done(ticket: RunwayTicket, task: _Task, reply: Reply) -> Done:
    urls = [url.strip() for url in task.output or () if url.strip()]
    if not urls:
        raise Malformed(f"no output; the answer began {reply.start()!r}")
    about: dict[str, object] = {"taskId": ticket.id, "status": task.status}
    if ticket.endpoint:
        about["endpoint"] = ticket.endpoint
    if task.cost:
        about["credits"] = task.cost.credits
    return Done(tuple(Hosted(url) for url in urls), about)


# Errors

_FAILURES: tuple[tuple[str, Why, str], ...] = (
    ("SAFETY.INPUT.", Why.CONTENT_POLICY, "Runway gives no credits back for a refused input"),
    ("SAFETY.OUTPUT.", Why.CONTENT_POLICY, "another prompt may pass"),
    ("INPUT_PREPROCESSING.SAFETY.", Why.CONTENT_POLICY, ""),
    ("INPUT_PREPROCESSING.INTERNAL", Why.SERVER_ERROR, ""),
    ("INTERNAL.BAD_OUTPUT.", Why.SERVER_ERROR, "the same request may work another time"),
    ("ASSET.INVALID", Why.FORMAT, "the reference is unreadable, or of a size or type not taken"),
    ("INTERNAL", Why.SERVER_ERROR, ""),
    ("THIRD_PARTY.UNAVAILABLE", Why.SERVER_ERROR, ""),
    ("THIRD_PARTY.INPUT_VALIDATION", Why.FORMAT, ""),
)
"""Beginnings of `failureCode`, which is an open list; the last two are not in Runway's own pages."""


def _failed(task: _Task) -> Refused:
    failure = task.failure
    text = failure.get("message") if isinstance(failure, dict) else failure
    text = text if isinstance(text, str) and text else "the task failed; Runway gave no reason"
    code = task.code or ""
    for start, why, advice in _FAILURES:
        if code.startswith(start):
            return Refused(why, text, code, advice=advice)
    return Refused(classify(None, text), text, code)


_KEY_ADVICE = (
    "keys of the developer portal (dev.runwayml.com) are good at https://api.dev.runwayml.com "
    "only; api.runwayml.com is another product"
)


def parse_error(reply: Reply) -> Refused:
    """A sentence, and for a body that was not valid a list of what is wrong with it."""
    refused = refusal(reply)
    if issues := _issues(reply):
        refused = replace(refused, said=f"{refused.said}: {issues}")
    if reply.status == HTTPStatus.UNAUTHORIZED:
        return replace(refused, advice=_KEY_ADVICE)
    if reply.status == HTTPStatus.NOT_FOUND and reply.path.startswith("/v1/tasks/"):
        # A task that was deleted says nothing about the model.
        return replace(refused, why=Why.UNKNOWN)
    return refused


def _issues(reply: Reply) -> str:
    try:
        found = reply.read(_Issues).issues
    except Malformed:
        return ""
    each = (f"{'.'.join(map(str, issue.path))}: {issue.message}" for issue in found)
    return "; ".join(text.removeprefix(": ") for text in each)


PROVIDER = Provider(
    id="runway",
    label="Runway",
    base_url="https://api.dev.runwayml.com",
    key=Key(env=("RUNWAYML_API_SECRET", "RUNWAY_API_KEY")),
    models=MODELS,
    caps=CAPS,
    ticket=RunwayTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    prepare=prepare,
    build_cancel=build_cancel,
    takes_url=takes_url,
    poll_seconds=_POLL_SECONDS,
    deadline_seconds=600,
    http_seconds=120,
)
