"""BytePlus ModelArk: content-generation tasks, the one wire of every Seedance generation.

Sources: BytePlus ModelArk documentation "Create a video generation task", "Retrieve a video generation task", "Cancel
or delete a video generation task", "Error codes", "Model pricing", and byteplus-python-sdk-v2 3.0.63 (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, Model, Price
from openclaw_nb.core.domain import Asset, Blob, Ignored, Job, Why
from openclaw_nb.core.refusals import classify, refusal
from openclaw_nb.core.wire import (
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

_BASE_URL = "https://ark.ap-southeast.bytepluses.com/api/v3"
CHECKED = date(2026, 11, 21)
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")
ANY_RATIO = (*RATIOS, "adaptive")
RESOLUTIONS = ("480P", "720P", "1080P")
FRAMES = ("first_frame", "last_frame")
REFERENCE = "reference_image"

_TASKS = "/contents/generations/tasks"
_TOKENS_PER_SECOND = 1280 * 720 * 24 / 1024
_PRICES_READ = date(2026, 7, 13)


def seconds(shortest: int, longest: int) -> tuple[float, ...]:
    """Every whole length from `shortest` to `longest`."""
    return tuple(range(shortest, longest + 1))


def price(usd_per_million_tokens: float, note: str = "720p 16:9") -> Price:
    """Tokens are billed: seconds x width x height x 24 / 1024."""
    usd = usd_per_million_tokens * _TOKENS_PER_SECOND / 1_000_000
    return Price(usd=round(usd, 4), per="second", read_on=_PRICES_READ, note=note)


# What the providers' own rules are made of


def framed(images: tuple[Asset, ...]) -> tuple[Asset, ...] | Skip:
    """Each image as first or last frame: by its role, without one by the place that is free."""
    taken = [image.role for image in images if image.role]
    if odd := [role for role in taken if role not in FRAMES]:
        return Skip(
            f"takes images as first_frame and last_frame, not as {odd[0]}; "
            "byteplus-seedance2 takes reference images"
        )
    if len(images) > len(FRAMES) or len(set(taken)) < len(taken):
        return Skip("takes two images only as one first_frame and one last_frame")
    free = iter([role for role in FRAMES if role not in taken])
    found = tuple(replace(image, role=image.role or next(free)) for image in images)
    if found and all(image.role == "last_frame" for image in found):
        return Skip("takes a last_frame only together with a first_frame")
    return found


def local_file(job: Job) -> Skip | None:
    """Seedance 1.5 and 2.0 are given addresses, also where the wire would take a data URI."""
    local = next((a for a in (*job.images, *job.videos, *job.audios) if isinstance(a, Blob)), None)
    if local is None:
        return None
    other = (
        "byteplus/seedance-1-0-pro-250528"
        if local in job.images
        else "fal/bytedance/seedance-2.0/reference-to-video"
    )
    return Skip(
        f"takes references by address only, and {local.name} is local: put it at a public https "
        f"URL and give that, or use {other}, which takes files"
    )


def quiet(job: Job) -> Job:
    """Without sound unless it is asked for: the service adds it, and charges double for it."""
    return job if job.audio is not None else replace(job, audio=False)


def plain(job: Job) -> Job:
    """What the original product sends when the user does not say: silent, unmarked, 16:9.

    With a picture to go by the ratio is left out, and the service takes the picture's.
    """
    ratio = job.aspect_ratio or (None if job.images or job.videos else RATIOS[0])
    return replace(quiet(job), watermark=bool(job.watermark), aspect_ratio=ratio)


def with_options(fitted: Fitted, *, seedless: str = "") -> Fitted:
    """With a seed that the service takes, or without one; `seedless` says why it takes none."""
    options = dict(fitted.job.provider_options)
    asked = options.pop("seed", None)
    seed = None if seedless else _seed(asked)
    if seed is not None:
        options["seed"] = seed
    fitted = replace(fitted, job=replace(fitted.job, provider_options=options))
    if asked is None or seed is not None:
        return fitted
    why = seedless or "must be a whole number from -1 to 4294967295"
    dropped = Ignored(setting="provider_options.seed", value=asked, why=why)
    return replace(fitted, ignored=(*fitted.ignored, dropped))


def _seed(value: object) -> int | None:
    if not isinstance(value, int | float) or value // 1 != value:
        return None
    return int(value) if -1 <= value < 2**32 else None


# The wire


class ModelArkTicket(Ticket):
    """The task's id."""

    id: str


class _Failure(Wire):
    code: str | None = None
    message: str | None = None


class _Refusal(Wire):
    error: _Failure | None = None


class _Content(Wire):
    video_url: str | None = None


class _Task(_Refusal):
    id: str | None = None
    model: str | None = None
    status: str | None = None
    content: _Content | None = None
    ratio: JsonValue = None
    resolution: JsonValue = None
    duration: JsonValue = None


def build_submit(job: Job) -> Call:
    """Text, images, videos, audios, in this order; style as fields beside them."""
    content: list[dict[str, object]] = [
        {"type": "text", "text": job.prompt},
        *(_item("image", image, image.role) for image in job.images),
        *(_item("video", video, "reference_video") for video in job.videos),
        *(_item("audio", audio, "reference_audio") for audio in job.audios),
    ]
    style = {
        "ratio": job.aspect_ratio,
        # An upper-case one is an InvalidParameter.
        "resolution": job.resolution and job.resolution.lower(),
        "duration": job.duration_seconds,
        "generate_audio": job.audio,
        "watermark": job.watermark,
    }
    given = {name: value for name, value in style.items() if value is not None}
    body = {"model": job.model, "content": content, **job.provider_options, **given}
    return Call("POST", _TASKS, json=body)


def _item(kind: str, asset: Asset, role: str | None) -> dict[str, object]:
    return {"type": f"{kind}_url", f"{kind}_url": {"url": data_uri(asset)}, "role": role}


def parse_submit(reply: Reply) -> Step[ModelArkTicket]:
    """The answer is an id and nothing else."""
    task = reply.read(_Task)
    if not task.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    return Wait(ModelArkTicket(id=task.id), "queued")


def build_status(ticket: ModelArkTicket) -> Call:
    """Ask for the task; it can be asked after for 7 days."""
    return Call("GET", _path(ticket))


def build_cancel(ticket: ModelArkTicket, state: JobState) -> Call | None:
    """A running task cannot be stopped; of one that has ended the same call deletes the record."""
    return Call("DELETE", _path(ticket)) if state == "queued" else None


def _path(ticket: ModelArkTicket) -> str:
    return f"{_TASKS}/{quote(ticket.id, safe='')}"


def parse_status(ticket: ModelArkTicket, reply: Reply) -> Step[ModelArkTicket]:
    """Six words are documented; the others are what the original product accepts beside them."""
    task = reply.read(_Task)
    if not task.status:
        raise Malformed(f"no status; the answer began {reply.start()!r}")
    match task.status.strip().lower():
        case "queued":
            return Wait(ticket, "queued")
        case "running":
            return Wait(ticket)
        case "succeeded" | "completed" | "done":
            return _done(ticket, task, reply)
        case "failed" | "error" | "expired" | "cancelled" | "canceled" as word:
            return _failed(word, task, reply)
        case _:
            return new_to_us(ticket, task.status)


def _done(ticket: ModelArkTicket, task: _Task, reply: Reply) -> Done:
    if not task.content or not task.content.video_url:
        raise Malformed(f"no content.video_url; the answer began {reply.start()!r}")
    about: dict[str, object] = {
        "taskId": ticket.id,
        "status": task.status,
        "ratio": task.ratio,
        "resolution": task.resolution,
        "duration": task.duration,
    }
    known = {name: value for name, value in about.items() if value is not None}
    # Good for a day, and for anyone: no key goes with it.
    return Done((Hosted(task.content.video_url),), known, task.model)


_UNMADE = {"expired": Why.TIMEOUT, "cancelled": Why.UNKNOWN, "canceled": Why.UNKNOWN}
"""Words that say by themselves why there is no video."""


def _failed(word: str, task: _Task, reply: Reply) -> Refused:
    error = task.error or _Failure()
    code, text = error.code or "", error.message or f"the task ended as {word}, without a reason"
    why = _why(code) or _UNMADE.get(word) or classify(None, text)
    request_id = reply.headers.get("x-request-id", "")
    return Refused(why, text, code, request_id=request_id, advice=_ADVICE.get(code, ""))


_WHY = {
    "MissingParameter": Why.FORMAT,
    "InvalidParameter": Why.FORMAT,
    "AuthenticationError": Why.AUTH,
    "AccessDenied": Why.AUTH,
    "AccountOverdueError": Why.BILLING,
    "InvalidEndpointOrModel": Why.MODEL_NOT_FOUND,
    "ModelNotOpen": Why.MODEL_NOT_FOUND,
    "RateLimitExceeded": Why.RATE_LIMIT,
    "ModelAccountRpmRateLimitExceeded": Why.RATE_LIMIT,
    "QuotaExceeded": Why.RATE_LIMIT,
    "ServerOverloaded": Why.RATE_LIMIT,
    "InternalServiceError": Why.SERVER_ERROR,
}
"""By the part of a code before its first dot."""

_UNAVAILABLE = (
    "the model is not available to this account: activate it in the ModelArk console, or choose "
    "another; the seedance-1-0-lite models are being withdrawn"
)
_ADVICE = {
    "AuthenticationError": (
        "ModelArk keys are bound to their region: a key of Volcano Engine in China needs the base "
        "URL https://ark.cn-beijing.volces.com/api/v3 and model ids that begin with doubao-"
    ),
    "AccountOverdueError": "the account has an unpaid bill; see the BytePlus console",
    "InvalidEndpointOrModel.NotFound": _UNAVAILABLE,
    "ModelNotOpen": _UNAVAILABLE,
    "InputImageSensitiveContentDetected.PrivacyInformation": (
        "faces of real people are taken only as assets that were registered with ModelArk"
    ),
}


def _why(code: str) -> Why | None:
    if "SensitiveContentDetected" in code:
        return Why.CONTENT_POLICY
    return _WHY.get(code.partition(".")[0])


def parse_error(reply: Reply) -> Refused:
    """The code says more than the HTTP status."""
    try:
        code = (reply.read(_Refusal).error or _Failure()).code or ""
    except Malformed:
        code = ""
    refused = refusal(reply, code=code)
    if why := _why(code):
        return replace(refused, why=why, advice=_ADVICE.get(code, ""))
    if reply.status == HTTPStatus.NOT_FOUND and reply.path.startswith(f"{_TASKS}/"):
        # A task that is gone says nothing about its model.
        return replace(refused, why=Why.UNKNOWN, advice="ModelArk forgets tasks after 7 days")
    return refused


def provider(
    id: str,
    label: str,
    models: tuple[Model, ...],
    caps: Caps,
    fit: Callable[[Job], Fitted | Skip],
    *,
    config_first: bool = False,
    base_url_env: str | None = None,
) -> Provider[ModelArkTicket]:
    """One of the ids that ModelArk's wire has: its models, and its own rules."""
    return Provider(
        id=id,
        label=label,
        base_url=_BASE_URL,
        key=Key(env=("BYTEPLUS_API_KEY",), config_first=config_first),
        models=models,
        caps=caps,
        ticket=ModelArkTicket,
        build_submit=build_submit,
        parse_submit=parse_submit,
        build_status=build_status,
        parse_status=parse_status,
        parse_error=parse_error,
        fit=fit,
        find_jobs="GET /contents/generations/tasks?page_num=1&page_size=10 lists the account's tasks",
        build_cancel=build_cancel,
        base_url_env=base_url_env,
        poll_seconds=5,
        deadline_seconds=1200,
        http_seconds=120,
    )
