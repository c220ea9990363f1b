"""Vydra resells other vendors' models: an endpoint for each, newer ones as jobs. Built from its documentation.

The documentation does not name the field of a job that holds the result, so several are looked at.

Sources: Vydra documentation, pages "Workflows / generate video", "Jobs", "Models / Kling", "Models /
Grok Imagine", "Errors", "Rate limits" (https://www.vydra.ai/docs, read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Blob, Ignored, Job, Link, Mode, Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
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
    at_once,
    hosted_near,
    new_to_us,
)

_BASE_URL = "https://www.vydra.ai/api/v1"
_CHECKED = date(2026, 11, 21)

_VEO, _KLING, _KLING_31 = "veo3", "kling", "kling-3.1"
_PLAIN = ModeCaps(
    max_videos=1,
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_PLAIN,
    image_to_video=replace(_PLAIN, enabled=True, max_input_images=1),
    video_to_video=ModeCaps(enabled=False),
)
# Jobs take a ratio; of their lengths only Grok Imagine's are documented.
_STYLED = ModeCaps(supports_aspect_ratio=True, aspect_ratios=("16:9", "9:16", "1:1"))
_GROK = replace(_STYLED, max_duration_seconds=15)
# "Multiple reference images", without a number: as many as a request can have.
_SEVERAL = replace(_STYLED, max_input_images=9)


def _credits(count: int) -> Price:
    note = f"{count} credits, bought in the smallest pack"
    return Price(usd=round(count * 5 / 750, 2), per="video", read_on=_CHECKED, note=note)


def _job(id: str, credits: int, text: ModeCaps = _STYLED, image: ModeCaps = _STYLED) -> Model:
    caps = Caps(generate=text, image_to_video=image)
    return Model(id=id, caps=caps, checked_on=_CHECKED, price=_credits(credits))


# Not in the original product's list, but the service has them.
_JOBS = (
    _job(_KLING_31, 300),
    _job("seedance", 150),
    _job("seedance-2", 250, image=_SEVERAL),
    _job("grok-imagine", 150, _GROK, _GROK),
)
_AS_JOB = frozenset(row.id for row in _JOBS)


def default_for(images: int, videos: int) -> str:
    """An image without a named model goes to Kling.

    It is another vendor's model at another price, so it never stands in for one asked for by name.
    """
    return _KLING if images and not videos else _VEO


MODELS = (
    Model(
        id=_VEO,
        modes=(Mode.GENERATE,),
        checked_on=_CHECKED,
        price=_credits(175),
    ),
    # One page says 40 credits, another 350.
    Model(id=_KLING, modes=(Mode.IMAGE_TO_VIDEO,), checked_on=_CHECKED),
    *_JOBS,
)


class VydraTicket(Ticket):
    """The job's id."""

    id: str


class _Failure(Wire):
    error: JsonValue = None
    code: str | None = None
    message: str | None = None
    creditsRequired: float | None = None  # noqa: N815 - the wire's names
    creditsRemaining: float | None = None  # noqa: N815


class _Job(_Failure):
    jobId: str | int | None = None  # noqa: N815
    id: str | int | None = None
    status: str | None = None
    progress: float | None = None
    creditsCharged: float | None = None  # noqa: N815


def fit(job: Job) -> Fitted | Skip:
    """Images by address only; no options, and no length but for jobs."""
    if reason := _unfit(job):
        return Skip(reason)
    ignored = [
        Ignored(setting=f"provider_options.{name}", value=value, why="Vydra has no such field")
        for name, value in job.provider_options.items()
    ]
    job = replace(job, provider_options={})
    if job.model not in _AS_JOB and job.duration_seconds is not None:
        why = f"{job.model} takes no length"
        given = job.duration_seconds
        ignored.insert(0, Ignored(setting="duration_seconds", value=given, why=why))
        job = replace(job, duration_seconds=None)
    return Fitted(job, ignored=tuple(ignored), notes=tuple(_notes(job)))


def _unfit(job: Job) -> str:
    if any(isinstance(image, Blob) for image in job.images):
        return (
            f"vydra/{job.model} takes an image only as an address: host the file at a public "
            "https URL and give that, or use a provider that takes files, such as fal or minimax"
        )
    if job.images and job.model != _KLING and job.model not in _AS_JOB:
        return f"vydra/{job.model} is not known to take an image; vydra/{_KLING_31} does"
    return ""


def _notes(job: Job) -> Iterator[str]:
    roles = sorted({image.role for image in job.images if image.role} - {"first_frame"})
    if roles:
        yield f"Vydra knows no roles of images; {', '.join(roles)} is not sent"
    if job.model == _KLING:
        yield (
            "Vydra documents kling as motion control, which follows a clip; "
            f"vydra/{_KLING_31} is documented for a single image"
        )


def build_submit(job: Job) -> Call:
    """A model's own endpoint where it has one, as the original product has it; else a job."""
    urls = [image.url for image in job.images if isinstance(image, Link)]
    body: dict[str, object] = {"prompt": job.prompt}
    if job.model in _AS_JOB:
        return _job_call(job, body, urls)
    if urls:
        # The address of the motion clip is required too, and there is none.
        body |= {"image_url": urls[0], "video_url": urls[0]}
    return Call("POST", f"/models/{quote(job.model, safe='')}", json=body)


def _job_call(job: Job, body: dict[str, object], urls: list[str]) -> Call:
    asked: dict[str, object] = {"model": job.model, **body}
    if len(urls) == 1:
        asked["image_url"] = urls[0]
    elif urls:
        asked["image_urls"] = urls
    if job.aspect_ratio is not None:
        asked["aspect_ratio"] = job.aspect_ratio
    if job.duration_seconds is not None:
        asked["duration"] = job.duration_seconds
    return Call("POST", "/jobs", json={"workflow": "generate_video", "input": asked})


def parse_submit(reply: Reply) -> Step[VydraTicket]:
    """An accepted job; the answer may hold the result already."""
    job = reply.read(_Job)
    id = job.jobId or job.id
    ticket = VydraTicket(id=str(id or ""))
    step = parse_status(ticket, reply)
    if not id and isinstance(step, Wait):
        raise Malformed(f"neither jobId nor id; the answer began {reply.start()!r}")
    return at_once(ticket, step) if id else step


def build_status(ticket: VydraTicket) -> Call:
    """Ask for the job, wherever it was made."""
    return Call("GET", _path(ticket))


def _path(ticket: VydraTicket) -> str:
    return f"/jobs/{quote(ticket.id, safe='')}"


def build_cancel(ticket: VydraTicket, _: JobState) -> Call:
    """By the documentation it stops a job in any state; whether credits return is not said."""
    return Call("DELETE", _path(ticket))


def parse_status(ticket: VydraTicket, reply: Reply) -> Step[VydraTicket]:
    """An answer that holds a result is the end, whatever its status says short of a failure."""
    job = reply.read(_Job)
    word = (job.status or "").strip().lower()
    if word in ("failed", "error", "cancelled", "canceled"):
        return _failure(word, job, reply)
    url = next(_addresses(reply.members()), None)
    if url is not None:
        about = {"jobId": ticket.id, "status": job.status, "creditsCharged": job.creditsCharged}
        return Done((hosted_near(reply, url),), about)
    match word:
        case "pending" | "queued":
            return Wait(ticket, "queued", _fraction(job))
        case "running" | "processing":
            return Wait(ticket, "running", _fraction(job))
        case "completed":
            raise Malformed(f"no address of the video; the answer began {reply.start()!r}")
        case _:
            return new_to_us(ticket, job.status or "")


def _fraction(job: _Job) -> float | None:
    return None if job.progress is None else min(max(job.progress / 100, 0.0), 1.0)


_KEYS = (
    "videoUrl",
    "videoUrls",
    "resultUrl",
    "resultUrls",
    "outputUrl",
    "outputUrls",
    "url",
    "urls",
    "output",
    "outputs",
    "result",
    "results",
    "data",
    "asset",
    "assets",
)
"""Where a result may be, addresses before what holds them; never `input`, the caller's own."""
_LEVELS = 5


def _addresses(value: JsonValue, levels: int = _LEVELS) -> Iterator[str]:
    """The addresses of results in an answer, nearest first."""
    if isinstance(value, str) and value.startswith(("http://", "https://")):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _addresses(item, levels)
    elif isinstance(value, dict) and levels >= 0:
        for key in _KEYS:
            yield from _addresses(value.get(key), levels - 1)


def _failure(word: str, job: _Job, reply: Reply) -> Refused:
    told = job.error or job.message
    text = said(reply) if told else f"the job ended as {word}; Vydra gave no reason"
    # The job was paid for: a word about credits here tells that they are given back.
    return Refused(classify(None, text.lower().replace("credit", "")), text, job.code or "")


_BY_CODE = {"MODEL_NOT_FOUND": Why.MODEL_NOT_FOUND, "JOB_NOT_FOUND": Why.UNKNOWN}


def parse_error(reply: Reply) -> Refused:
    """A sentence and a code; a lack of credits comes with both numbers."""
    try:
        failure = reply.read(_Failure)
    except Malformed:
        failure = _Failure()
    code = failure.code or ""
    refused = refusal(reply, code=code)
    advice = _advice(failure, reply)
    return replace(refused, why=_BY_CODE.get(code, refused.why), advice=advice)


def _advice(failure: _Failure, reply: Reply) -> str:
    if failure.creditsRequired is not None:
        left = (
            "" if failure.creditsRemaining is None else f", {failure.creditsRemaining:g} are left"
        )
        return f"it takes {failure.creditsRequired:g} credits{left}"
    if reply.status == HTTPStatus.BAD_REQUEST and reply.path == f"/models/{_KLING}":
        return f"for an image without a motion clip use vydra/{_KLING_31}"
    return ""


def read_base_url(configured: str) -> str:
    """With `www`, as the bare host redirects and keys are lost on the way; with the version."""
    try:
        url = urlsplit(configured.strip())
    except ValueError:
        return _BASE_URL
    if not url.hostname or url.scheme not in ("http", "https"):
        return _BASE_URL
    host = "www.vydra.ai" if url.hostname == "vydra.ai" else url.netloc
    return f"{url.scheme}://{host}{url.path.rstrip('/') or '/api/v1'}"


PROVIDER = Provider(
    id="vydra",
    label="Vydra",
    base_url=_BASE_URL,
    key=Key(env=("VYDRA_API_KEY",)),
    models=MODELS,
    caps=CAPS,
    ticket=VydraTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    default_for=default_for,
    find_jobs="GET /jobs?limit=10 lists the account's jobs",
    build_cancel=build_cancel,
    read_base_url=read_base_url,
    # On the smallest plan ten requests a minute are allowed, the submission among them.
    poll_seconds=6.5,
    slowest_poll_seconds=10,
    deadline_seconds=900,
)
