"""OpenRouter: one video API in front of many vendors' models. Its content address needs the key.

Sources: https://openrouter.ai/docs, guide "Video Generation", API reference "Submit a video
generation request", "Poll video generation status" and "Download generated video content"; the
Python client `openrouter` 1.3.84 (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote, urljoin

from pydantic import JsonValue

from openclaw_nb.core.domain import Asset, Ignored, Job, Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    Hosted,
    Inline,
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
    data_uri,
    hosted_near,
    new_to_us,
)
from openclaw_nb.providers._openrouter_models import CAPS, FRAMES, MODELS, frames

# An app without a page of its own is known by its title; the docs want both headers then.
_ATTRIBUTION = {"HTTP-Referer": "http://localhost", "X-OpenRouter-Title": "openclaw_nb"}
_MAX_WHOLE = 2**53 - 1


class OpenRouterTicket(Ticket):
    """The job's id, and where below the base URL to ask about it."""

    id: str
    path: str


class _Usage(Wire):
    cost: float | None = None
    is_byok: bool | None = None


class _Video(Wire):
    id: str = ""
    polling_url: str | None = None
    status: str | None = None
    generation_id: str | None = None
    unsigned_urls: tuple[str, ...] | None = None
    usage: _Usage | None = None
    error: JsonValue = None


class _Detail(Wire):
    metadata: Mapping[str, JsonValue] | None = None


class _Error(Wire):
    error: _Detail | None = None


# Fitting


def fit(job: Job) -> Fitted | Skip:
    """One way to say the size, options as the wire wants them, frames that the model has."""
    if reason := _unfit(job):
        return Skip(reason)
    ignored = _said_twice(job)
    if ignored:
        job = replace(job, resolution=None, aspect_ratio=None)
    job = replace(job, provider_options=_options(job))
    firsts, references = _placed(job)
    notes = (_BOTH,) if firsts and references else ()
    return Fitted(job, ignored=ignored, notes=notes)


_BOTH = (
    "frames and reference images are sent together: OpenRouter lets the frames decide and may "
    "ignore the references"
)


def _said_twice(job: Job) -> tuple[Ignored, ...]:
    """What a size says too."""
    given = {"aspect_ratio": job.aspect_ratio, "resolution": job.resolution} if job.size else {}
    return tuple(
        Ignored(setting=name, value=value, why="the size decides")
        for name, value in given.items()
        if value is not None
    )


def _unfit(job: Job) -> str | None:
    if any(i.role == "last_frame" for i in job.images) and "last_frame" not in frames(job.model):
        return "has no last frame; give the image as first_frame or reference_image"
    seed = job.provider_options.get("seed", 0)
    if not isinstance(seed, int | float) or seed != int(seed) or abs(seed) > _MAX_WHOLE:
        return f"takes a whole number as provider option seed, not {seed}"
    if (callback := _callback(job)) and not callback.startswith("https://"):
        return "takes an https address as provider option callback_url"
    return None


def _callback(job: Job) -> str:
    return str(job.provider_options.get("callback_url", "")).strip()


def _options(job: Job) -> dict[str, object]:
    options: dict[str, object] = {}
    if isinstance(seed := job.provider_options.get("seed"), int | float):
        options["seed"] = int(seed)
    if callback := _callback(job):
        options["callback_url"] = callback
    return options


def _placed(job: Job) -> tuple[dict[str, Asset], list[Asset]]:
    """The images as frames, and those left over as references.

    A role claims its frame first; images without a role fill what is free, the first frame first.
    """
    found: dict[str, Asset] = {}
    left: list[Asset] = []
    for image in sorted(job.images, key=lambda image: image.role not in FRAMES):
        free = [name for name in frames(job.model) if name not in found]
        place = image.role or ""
        if place not in _ROLES:
            place = next(iter(free), "")
        if place in free:
            found[place] = image
        else:
            left.append(image)
    return found, sorted(left, key=job.images.index)


_ROLES = (*FRAMES, "reference_image")


# Submitting


def build_submit(job: Job) -> Call:
    """Flat JSON; images as addresses or data URIs."""
    body: dict[str, object] = {"model": job.model, "prompt": job.prompt}
    given = {
        "duration": job.duration_seconds,
        "resolution": _resolution(job.resolution),
        "aspect_ratio": job.aspect_ratio,
        "size": job.size,
        "generate_audio": job.audio,
        **job.provider_options,
    }
    body.update({name: value for name, value in given.items() if value is not None})
    firsts, references = _placed(job)
    if firsts:
        body["frame_images"] = [
            {**_image(firsts[name]), "frame_type": name} for name in FRAMES if name in firsts
        ]
    if references:
        body["input_references"] = [_image(image) for image in references]
    return Call("POST", "/videos", json=body, headers=_ATTRIBUTION)


def _resolution(resolution: str | None) -> str | None:
    """`720p`, but `4K`: the letters of the documented values."""
    if resolution is None or resolution.upper().endswith("K"):
        return resolution and resolution.upper()
    return resolution.lower()


def _image(asset: Asset) -> dict[str, object]:
    url: str | Inline = data_uri(asset)
    return {"type": "image_url", "image_url": {"url": url}}


def parse_submit(reply: Reply) -> Step[OpenRouterTicket]:
    """A job, which may be over already."""
    video = reply.read(_Video)
    if not video.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    path = _polling_path(reply, video.polling_url) or _path(video.id)
    ticket = OpenRouterTicket(id=video.id, path=path)
    return at_once(ticket, parse_status(ticket, reply))


def _path(id: str) -> str:
    return f"/videos/{quote(id, safe='')}"


def _polling_path(reply: Reply, polling_url: str | None) -> str:
    """The path of `polling_url` below the base URL; empty when it leads elsewhere.

    The guide shows a whole address, the specification a path from the root, which is not the
    API's own when a proxy puts something before it. The key must go to no other origin.
    """
    base = reply.base_url
    try:
        url = urljoin(f"{base}/", polling_url or "")
    except ValueError:
        return ""
    below = url.removeprefix(base)
    return below if base and below != url and below.startswith("/") and below != "/" else ""


# Waiting


def build_status(ticket: OpenRouterTicket) -> Call:
    """Ask for the job."""
    return Call("GET", ticket.path, headers=_ATTRIBUTION)


def parse_status(ticket: OpenRouterTicket, reply: Reply) -> Step[OpenRouterTicket]:
    """Six words are documented; gateways and other clients know a few more."""
    video = reply.read(_Video)
    match (video.status or "").strip().lower():
        case "pending" | "queued":
            return Wait(ticket, "queued")
        case "in_progress" | "processing" | "running":
            return Wait(ticket)
        case "completed":
            return _done(ticket, video, reply)
        case "failed" | "cancelled" | "canceled" | "expired" | "dead" as word:
            text = said(reply) if video.error else f"the job ended as {word}, without a reason"
            return Refused(classify(None, text), text, request_id=video.generation_id or "")
        case _:
            return new_to_us(ticket, video.status or "")


def _done(ticket: OpenRouterTicket, video: _Video, reply: Reply) -> Done:
    usage = video.usage or _Usage()
    about = {
        "jobId": ticket.id,
        "generationId": video.generation_id,
        "costUsd": usage.cost,
        "isByok": usage.is_byok,
    }
    urls = video.unsigned_urls or ("",)
    outputs = tuple(_output(ticket, reply, url, index) for index, url in enumerate(urls))
    return Done(outputs, {name: value for name, value in about.items() if value is not None})


def _output(ticket: OpenRouterTicket, reply: Reply, url: str, index: int) -> Hosted:
    """`unsigned_urls` are the content address, which wants the key, whatever their name says.

    They name OpenRouter's own host also behind another base URL; there, that one has the content.
    """
    content = f"{_path(ticket.id)}/content"
    if url and not url.partition("?")[0].endswith(content):
        return hosted_near(reply, url)
    return Hosted(f"{content}?index={index}", keyed=True, headers={"Accept": "video/mp4"})


# Errors


def parse_error(reply: Reply) -> Refused:
    """`code` repeats the HTTP status. 403 is moderation as well as a key at its limit."""
    refused = refusal(reply, code=str(reply.status))
    if reply.status == HTTPStatus.PAYMENT_REQUIRED:
        return replace(refused, advice="add credits at https://openrouter.ai/settings/credits")
    if reply.status == HTTPStatus.FORBIDDEN:
        return replace(refused, why=_forbidden(reply, refused.said))
    return refused


def _forbidden(reply: Reply, text: str) -> Why:
    try:
        error = reply.read(_Error).error
    except Malformed:
        error = None
    if error and error.metadata and "reasons" in error.metadata:
        return Why.CONTENT_POLICY
    why = classify(None, text)
    if why is Why.UNKNOWN:
        return Why.BILLING if "limit" in text.lower() else Why.AUTH
    return why


PROVIDER = Provider(
    id="openrouter",
    label="OpenRouter",
    base_url="https://openrouter.ai/api/v1",
    key=Key(env=("OPENROUTER_API_KEY",)),
    models=MODELS,
    caps=CAPS,
    ticket=OpenRouterTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    poll_seconds=5,
    deadline_seconds=600,
    http_seconds=60,
)
