"""Together AI: a video job under `/v2`, with seconds as a string and pixels as numbers.

Sources: togethercomputer/openapi `openapi.yaml` (2026-04-28), Together documentation "Create video",
"Get video", "Video parameters", "Error codes", the model table of togethercomputer/skills (2026-08),
together 3.1.1 (read 2026-11-21).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Asset, Ignored, Job, Link, Mode, Why
from openclaw_nb.core.refusals import classify, refusal
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
    new_to_us,
)

_BASE_URL = "https://api.together.ai/v2"
_CHAT_URLS = ("https://api.together.xyz/v1", "https://api.together.ai/v1")
_CHECKED = date(2026, 11, 21)

_WAN_TEXT = "Wan-AI/Wan2.2-T2V-A14B"
_WAN_IMAGE = "Wan-AI/Wan2.2-I2V-A14B"
_HAILUO = "minimax/hailuo-02"
_KLING = "kwaivgI/kling-2.1-master"
_KLING_SECONDS = 5

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=10,
    supports_size=True,
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_images=0,
        max_input_images_by_model=dict.fromkeys((_WAN_IMAGE, _HAILUO, _KLING), 1),
    ),
    video_to_video=ModeCaps(enabled=False),
)


def _sized(*sizes: str) -> Caps:
    block = ModeCaps(sizes=sizes)
    return Caps(generate=block, image_to_video=block)


def default_for(images: int, videos: int) -> str:
    """Without a named model an image goes to the default's image sibling."""
    return _WAN_IMAGE if images and not videos else _WAN_TEXT


_BOTH = (Mode.GENERATE, Mode.IMAGE_TO_VIDEO)
MODELS = (
    Model(
        id=_WAN_TEXT,
        modes=(Mode.GENERATE,),
        checked_on=_CHECKED,
    ),
    Model(id=_WAN_IMAGE, modes=(Mode.IMAGE_TO_VIDEO,), checked_on=_CHECKED),
    Model(
        id=_HAILUO,
        modes=_BOTH,
        caps=_sized("1366x768", "1920x1080"),
        former_ids=("minimax/Hailuo-02",),
        checked_on=_CHECKED,
    ),
    Model(
        id=_KLING,
        modes=_BOTH,
        caps=_sized("1920x1080", "1080x1080", "1080x1920"),
        former_ids=("Kwai/Kling-2.1-Master",),
        checked_on=_CHECKED,
    ),
)
_OPTIONS = (
    "seed",
    "steps",
    "fps",
    "guidance_scale",
    "negative_prompt",
    "output_format",
    "output_quality",
    "generate_audio",
    "resolution",
    "ratio",
)
_REFERENCES = ("reference_image",)
"""Roles of images that set the general look; every other image is the first frame.

The original product sends all as references. No real run has shown which of the two Wan 2.2 wants.
"""


class TogetherTicket(Ticket):
    """The job's id."""

    id: str


class _Outputs(Wire):
    cost: float | None = None
    video_url: str | None = None
    url: str | None = None


class _Error(Wire):
    message: str | None = None
    code: JsonValue = None


class _Failure(Wire):
    error: _Error | str | None = None


class _Info(Wire):
    errors: JsonValue = None


class _Inputs(Wire):
    model: str | None = None


class _Video(_Failure):
    id: str = ""
    status: str | None = None
    model: str | None = None
    outputs: _Outputs | tuple[_Outputs, ...] | None = None
    inputs: _Inputs | None = None
    info: _Info | None = None


def fit(job: Job) -> Fitted | Skip:
    """One image, as first frame or as reference; a size in pixels; the options that there are."""
    if any(image.role == "last_frame" for image in job.images):
        return Skip("has no last frame")
    ignored: list[Ignored] = []
    if job.size and not _pixels(job.size):
        why = "a size is written like 1280x720"
        ignored.append(Ignored(setting="size", value=job.size, why=why))
        job = replace(job, size=None)
    kept: dict[str, object] = {}
    for name, value in job.provider_options.items():
        if name in _OPTIONS:
            kept[name] = value
        else:
            why = f"Together takes only {', '.join(_OPTIONS)}"
            ignored.append(Ignored(setting=f"provider_options.{name}", value=value, why=why))
    job = replace(job, provider_options=kept)
    return Fitted(job, ignored=tuple(ignored), notes=_notes(job))


def _notes(job: Job) -> tuple[str, ...]:
    if job.model == _KLING and job.duration_seconds not in (None, _KLING_SECONDS):
        return (f"Together lists {_KLING_SECONDS} s for {_KLING}; other lengths may be refused",)
    return ()


_SIZE = re.compile(r"\s*([1-9][0-9]{0,4})\s*[xX*]\s*([1-9][0-9]{0,4})\s*")


def _pixels(size: str | None) -> dict[str, object]:
    found = _SIZE.fullmatch(size or "")
    return {"width": int(found[1]), "height": int(found[2])} if found else {}


def build_submit(job: Job) -> Call:
    """Nothing that was not asked for: Together documents no lengths or sizes for Wan."""
    body: dict[str, object] = {"model": job.model, "prompt": job.prompt, **_pixels(job.size)}
    if job.duration_seconds is not None:
        body["seconds"] = str(job.duration_seconds)
    if job.images:
        body["media"] = _media(job.images[0])
    return Call("POST", "/videos", json={**job.provider_options, **body})


def _media(image: Asset) -> Mapping[str, object]:
    """A reference is an address or a data URI; a frame is an address or bare base64."""
    if image.role in _REFERENCES:
        return {"reference_images": [data_uri(image)]}
    picture = image.url if isinstance(image, Link) else Inline(image, "base64")
    return {"frame_images": [{"input_image": picture, "frame": "first"}]}


def parse_submit(reply: Reply) -> Step[TogetherTicket]:
    """A job, which may be over already."""
    video = reply.read(_Video)
    if not video.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    ticket = TogetherTicket(id=video.id)
    return at_once(ticket, parse_status(ticket, reply))


def build_status(ticket: TogetherTicket) -> Call:
    """Ask for the job."""
    return Call("GET", f"/videos/{quote(ticket.id, safe='')}")


def parse_status(ticket: TogetherTicket, reply: Reply) -> Step[TogetherTicket]:
    """The schema has three words, the documentation pages two more."""
    video = reply.read(_Video)
    match (video.status or "").strip().lower():
        case "queued":
            return Wait(ticket, "queued")
        case "in_progress":
            return Wait(ticket)
        case "completed":
            return _done(ticket, video, reply)
        case "failed" | "cancelled" | "canceled" as word:
            return _failed(word, video)
        case _:
            return new_to_us(ticket, video.status or "")


def _done(ticket: TogetherTicket, video: _Video, reply: Reply) -> Done:
    given = video.outputs or ()
    outputs = given if isinstance(given, tuple) else (given,)
    found = next((output for output in outputs if output.video_url or output.url), None)
    if found is None:
        raise Malformed(f"no video_url; the answer began {reply.start()!r}")
    about: dict[str, object] = {"videoId": ticket.id, "status": video.status}
    if found.cost is not None:
        about["costUsd"] = found.cost
    model = video.model or (video.inputs and video.inputs.model) or None
    # A short link, which redirects to a signed address.
    return Done((Hosted(found.video_url or found.url or ""),), about, model)


def _failed(word: str, video: _Video) -> Refused:
    text = _said(video) or f"the job ended as {word}; Together gave no reason"
    return Refused(classify(None, text), text, _code(video))


def _said(video: _Video) -> str:
    """`error` is in the schema, `info.errors` on a documentation page."""
    if isinstance(video.error, str):
        return video.error
    errors = video.info.errors if video.info else None
    listed = errors if isinstance(errors, list) else [errors] if errors else []
    return (video.error and video.error.message) or "; ".join(map(str, listed))


def _code(failure: _Failure) -> str:
    code = failure.error.code if isinstance(failure.error, _Error) else None
    return "" if code is None else str(code)


_ADVICE: Mapping[int, str] = {
    HTTPStatus.FORBIDDEN: "Together says this also of a request that is too large for the model",
    HTTPStatus.NOT_FOUND: (
        "Together does not know the model, or the base URL (models.providers.together.baseUrl) "
        "does not end in /v2"
    ),
}


def parse_error(reply: Reply) -> Refused:
    """An `error` with a message and a code."""
    try:
        code = _code(reply.read(_Failure))
    except Malformed:
        code = ""
    refused = refusal(reply, code=code)
    if reply.status == HTTPStatus.NOT_FOUND and reply.path != "/videos":
        # A job that is gone says nothing about the model.
        return replace(refused, why=Why.UNKNOWN)
    return replace(refused, advice=_ADVICE.get(reply.status, ""))


def read_base_url(configured: str) -> str:
    """As given; the chat API's base URL stands for the video API's."""
    url = configured.strip().rstrip("/")
    return _BASE_URL if url in _CHAT_URLS else url


PROVIDER = Provider(
    id="together",
    label="Together",
    base_url=_BASE_URL,
    key=Key(env=("TOGETHER_API_KEY",)),
    models=MODELS,
    caps=CAPS,
    ticket=TogetherTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    default_for=default_for,
    read_base_url=read_base_url,
    poll_seconds=5,
    deadline_seconds=600,
    http_seconds=120,
)
