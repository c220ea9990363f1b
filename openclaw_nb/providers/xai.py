"""xAI Grok Imagine: generations, edits and extensions as deferred jobs. Waiting is HTTP 202.

Sources: https://docs.x.ai, guide "Video generation" and API reference "Videos"; xai-org/xai-proto
`video.proto` and `deferred.proto`; the client `@ai-sdk/xai` 5.0.12; prices as two resellers state
xAI's own (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    Hosted,
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

_CHECKED = date(2026, 11, 21)
_TICKS_PER_DOLLAR = 10_000_000_000

_CLASSIC = "grok-imagine-video"
_NEW = "grok-imagine-video-1.5"
_RATIOS = ("1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3")
_MAX_IMAGES = 7
_SECONDS, _RATIO, _RESOLUTION = 8, "16:9", "480p"
"""The service's own defaults, sent all the same, as the original product does."""
_MAX_REFERENCE_SECONDS = 10

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=15,
    supports_size=False,
    supports_aspect_ratio=True,
    aspect_ratios=_RATIOS,
    supports_resolution=True,
    resolutions=("480P", "720P"),
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(_STYLE, enabled=True, max_input_images=_MAX_IMAGES),
    # An edit without a length, an extension by so many seconds with one.
    video_to_video=ModeCaps(
        enabled=True,
        max_videos=1,
        max_input_images=0,
        max_input_videos=1,
        max_duration_seconds=10,
        supports_size=False,
        supports_aspect_ratio=False,
        supports_resolution=False,
        supports_audio=False,
        supports_watermark=False,
    ),
)


def _row(id: str, usd: float | None, note: str, *resolutions: str) -> Model:
    style = ModeCaps(resolutions=resolutions, supports_audio=True)
    price = None if usd is None else Price(usd=usd, per="second", read_on=_CHECKED, note=note)
    caps = Caps(generate=style, image_to_video=style) if resolutions else None
    return Model(id=id, caps=caps, checked_on=_CHECKED, price=price)


_FULL = ("480P", "720P", "1080P")
MODELS = (
    _row(_CLASSIC, 0.05, "480P"),
    _row(_NEW, 0.08, "480P; 0.14 at 720P, 0.25 at 1080P", *_FULL),
    _row(f"{_NEW}-preview", None, "", *_FULL),
    _row(f"{_NEW}-2026-05-30", None, "", *_FULL),
    _row(f"{_NEW}-lite", 0.02, "the lowest", "480P", "720P"),
    replace(_row(f"{_CLASSIC}-beta", None, ""), replaced_by=_CLASSIC),
)


class XAITicket(Ticket):
    """The deferred request's id."""

    request_id: str


class _Submitted(Wire):
    request_id: str | None = None
    error: JsonValue = None


class _Stored(Wire):
    public_url: str | None = None


class _Video(Wire):
    url: str | None = None
    duration: float | None = None
    respect_moderation: bool | None = None
    file_output: _Stored | None = None

    @property
    def address(self) -> str:
        """Where the video is; empty when it is nowhere."""
        return self.url or (self.file_output and self.file_output.public_url) or ""


class _Usage(Wire):
    cost_in_usd_ticks: float | None = None


class _Deferred(Wire):
    status: str | None = None
    progress: float | None = None
    model: str | None = None
    video: _Video | None = None
    usage: _Usage | None = None
    error: JsonValue = None


class _Coded(Wire):
    code: JsonValue = None


class _Failure(_Coded):
    error: _Coded | str | None = None


# Fitting


def fit(job: Job) -> Fitted | Skip:
    """Roles of images, limits of reference mode, and the options that the wire has."""
    if reason := _unfit(job):
        return Skip(reason)
    job, changes = _limited(job)
    refused = {
        name: why
        for name, value in job.provider_options.items()
        if (why := _option_refused(job, name, value))
    }
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=job.provider_options[name], why=why)
        for name, why in refused.items()
    )
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    stretched = job.images and job.aspect_ratio and not _by_reference(job)
    notes = ("the aspect ratio stretches the first frame to fit",) if stretched else ()
    return Fitted(replace(job, provider_options=kept), changes, ignored, notes)


def _is_new(job: Job) -> bool:
    return job.model.startswith(_NEW)


def _by_reference(job: Job) -> bool:
    return bool(job.images) and job.images[0].role == "reference_image"


def _unfit(job: Job) -> str | None:
    if any(isinstance(video, Blob) for video in job.videos):
        return (
            "takes a reference video as a remote MP4 URL only, not a file; put it at a public "
            "https address, or use a provider that takes files, such as openai"
        )
    references = sum(image.role == "reference_image" for image in job.images)
    last = sum(image.role == "last_frame" for image in job.images)
    if references:
        mixed = references < len(job.images)
        return "takes reference_image together with no other role" if mixed else None
    if last and not _is_new(job):
        return f"has no last frame; {_NEW} has"
    if last > 1 or len(job.images) - last > 1:
        return (
            "takes one image as first frame, or up to 7 that all have the role reference_image; "
            "set image_roles"
        )
    return None


def _limited(job: Job) -> tuple[Job, tuple[Change, ...]]:
    """Reference mode makes less than the others."""
    if not _by_reference(job):
        return job, ()
    why = "made from reference images"
    changes: list[Change] = []
    if (seconds := job.duration_seconds or 0) > _MAX_REFERENCE_SECONDS:
        applied = _MAX_REFERENCE_SECONDS
        text = f"at most {applied} s are {why}"
        changes.append(
            Change(setting="duration_seconds", requested=seconds, applied=applied, why=text)
        )
        job = replace(job, duration_seconds=applied)
    if job.resolution == "1080P":
        text = f"at most 720P is {why}"
        changes.append(Change(setting="resolution", requested="1080P", applied="720P", why=text))
        job = replace(job, resolution="720P")
    return job, tuple(changes)


@dataclass(frozen=True, slots=True)
class _Option:
    """A field of the wire that is none of the request's own parameters."""

    form: str
    fits: Callable[[object], bool]
    has: Callable[[Job], bool] = lambda _: True
    lacks: str = ""


def _is_list(limit: int) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, Sized)
        and not isinstance(value, str | Mapping)
        and (0 < len(value) <= limit)
    )


_OPTIONS = {
    "storage_options": _Option("an object", lambda value: isinstance(value, Mapping)),
    "user": _Option(
        "a text",
        lambda value: isinstance(value, str),
        lambda job: not (job.videos and job.duration_seconds),
        "an extension has no such field",
    ),
    "keyframes": _Option(
        "a list of 1 to 4",
        _is_list(4),
        lambda job: _is_new(job) and not job.videos and not _by_reference(job),
        f"only {_NEW} has them, from text or frames",
    ),
    "reference_audios": _Option(
        "a list of 1 to 3", _is_list(3), _by_reference, "only reference images have voices"
    ),
}


def _option_refused(job: Job, name: str, value: object) -> str:
    option = _OPTIONS.get(name)
    if option is None:
        return f"xAI takes only {', '.join(_OPTIONS)}"
    if not option.has(job):
        return option.lacks
    return "" if option.fits(value) else f"must be {option.form}"


# Submitting


def build_submit(job: Job) -> Call:
    """The references decide the address: generations, edits or extensions."""
    body: dict[str, object] = {"model": job.model, "prompt": job.prompt}
    if job.videos:
        path = "/videos/extensions" if job.duration_seconds else "/videos/edits"
        body["video"] = {"url": data_uri(job.videos[0])}
        if job.duration_seconds:
            body["duration"] = job.duration_seconds
    else:
        path = "/videos/generations"
        body |= _pictures(job) | _style(job)
    return Call("POST", path, json={**job.provider_options, **body})


def _pictures(job: Job) -> dict[str, object]:
    places = [{"url": data_uri(image)} for image in job.images]
    if _by_reference(job):
        return {"reference_images": places}
    names = ["last_frame" if image.role == "last_frame" else "image" for image in job.images]
    return dict(zip(names, places, strict=True))


def _style(job: Job) -> dict[str, object]:
    style: dict[str, object] = {
        "duration": job.duration_seconds or _SECONDS,
        "resolution": (job.resolution or _RESOLUTION).lower(),
    }
    # With a frame the frame decides: a ratio would stretch it.
    framed = job.images and not _by_reference(job)
    if ratio := job.aspect_ratio or (None if framed else _RATIO):
        style["aspect_ratio"] = ratio
    if job.audio is not None:
        style["generate_audio"] = job.audio
    return style


def parse_submit(reply: Reply) -> Step[XAITicket]:
    """The request's id, unless the 200 hides a refusal."""
    sent = reply.read(_Submitted)
    if sent.error:
        return parse_error(reply)
    if not sent.request_id:
        raise Malformed(f"no request_id; the answer began {reply.start()!r}")
    return Wait(XAITicket(request_id=sent.request_id), "queued")


# Waiting


def build_status(ticket: XAITicket) -> Call:
    """Ask for the job; one address serves all three kinds."""
    return Call("GET", f"/videos/{quote(ticket.request_id, safe='')}")


def parse_status(ticket: XAITicket, reply: Reply) -> Step[XAITicket]:
    """HTTP 202 means wait, with a body or without one."""
    try:
        job = reply.read(_Deferred)
    except Malformed:
        if reply.status == HTTPStatus.ACCEPTED:
            return Wait(ticket)
        raise
    fallback = "done" if job.video and job.video.address else "error" if job.error else "pending"
    match (job.status or fallback).strip().lower():
        case "queued" | "submitted":
            return Wait(ticket, "queued")
        case "pending" | "processing" | "in_progress":
            return Wait(ticket, fraction=_fraction(job))
        case "done":
            return _done(ticket, job)
        case "failed" | "error" | "expired" | "cancelled" | "canceled" as word:
            return _failed(ticket, job, word, reply)
        case _:
            return new_to_us(ticket, job.status or "")


def _fraction(job: _Deferred) -> float | None:
    return None if job.progress is None else min(max(job.progress / 100, 0.0), 1.0)


def _done(ticket: XAITicket, job: _Deferred) -> Done | Refused:
    video = job.video or _Video()
    if video.respect_moderation is False:
        return Refused(
            Why.CONTENT_POLICY,
            "the video was made and is held back (respect_moderation is false)",
            request_id=ticket.request_id,
            advice="xAI bills it all the same",
        )
    if not video.address:
        text = "the job is done, but there is no video URL"
        return Refused(Why.UNKNOWN, text, request_id=ticket.request_id)
    about: dict[str, object] = {"requestId": ticket.request_id}
    if video.duration is not None:
        about["durationSeconds"] = video.duration
    if job.usage and job.usage.cost_in_usd_ticks is not None:
        about["costUsd"] = job.usage.cost_in_usd_ticks / _TICKS_PER_DOLLAR
    # A storage host's, good for a day, and for anyone: no key goes with it.
    return Done((Hosted(video.address),), about, job.model)


def _failed(ticket: XAITicket, job: _Deferred, word: str, reply: Reply) -> Refused:
    text = said(reply) if job.error else f"the job ended as {word}, without a reason"
    code = _code(reply)
    why = _why(classify(None, text), text, code)
    return Refused(why, text, code, request_id=ticket.request_id)


# Errors


def parse_error(reply: Reply) -> Refused:
    """Three shapes: an `error` object, a `code` beside a text, a text alone."""
    code = _code(reply)
    refused = refusal(reply, code=code)
    return replace(refused, why=_why(refused.why, refused.said, code))


_BY_CODE = {"invalid_argument": Why.FORMAT, "internal_error": Why.SERVER_ERROR}


def _why(why: Why, text: str, code: str) -> Why:
    if why is Why.FORMAT and "api key" in text.lower():
        return Why.AUTH  # a wrong key may come as 400
    return _BY_CODE.get(code, why) if why is Why.UNKNOWN else why


def _code(reply: Reply) -> str:
    try:
        failure = reply.read(_Failure)
    except Malformed:
        return ""
    inner = failure.error.code if isinstance(failure.error, _Coded) else None
    code = failure.code if inner is None else inner
    return "" if code is None else str(code)


PROVIDER = Provider(
    id="xai",
    label="xAI",
    base_url="https://api.x.ai/v1",
    key=Key(env=("XAI_API_KEY",)),
    models=MODELS,
    caps=CAPS,
    ticket=XAITicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    once_header="x-idempotency-key",
    aliases=("x-ai",),
    poll_seconds=2.5,  # its own client asks every second
    deadline_seconds=600,
    http_seconds=120,
)
