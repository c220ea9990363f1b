"""OpenAI's Videos wire: a multipart submission, a job, a download that needs the key.

OpenAI shut its own host down on 2026-09-24; vLLM-Omni, NVIDIA Dynamo, Azure and gateways go on
serving the wire, so the provider is whole and `ELSEWHERE` says what differs there.

Sources: openai/openai-openapi `openapi.yaml` (2026-08-21), the deprecations page,
openai-python 3.52.0 (read 2026-11-21).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Asset, Blob, Change, Ignored, Job, Mode, Why
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
    Step,
    Ticket,
    Wait,
    Wire,
    at_once,
    new_to_us,
    takes_no_url,
)

_BASE_URL = "https://api.openai.com/v1"
_CHECKED = date(2026, 11, 21)
_RETIRED = date(2026, 9, 24)

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=12,
    supported_duration_seconds=(4, 8, 12),
    supports_size=True,
    sizes=("720x1280", "1280x720", "1024x1792", "1792x1024"),
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
# An edit keeps the length and the size of its video.
_EDIT = ModeCaps(
    enabled=True,
    max_videos=1,
    max_input_images=0,
    max_input_videos=1,
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(_STYLE, enabled=True, max_input_images=1),
    video_to_video=_EDIT,
)
# The two large sizes were sora-2-pro's alone.
_SMALL = ModeCaps(sizes=("720x1280", "1280x720"))


def _row(id: str, usd: float, caps: Caps | None = None) -> Model:
    """OpenAI named no successor when it ended them all."""
    price = Price(usd=usd, per="second", read_on=_CHECKED, note="at 720p, until the shutdown")
    return Model(id=id, caps=caps, retires_on=_RETIRED, checked_on=_CHECKED, price=price)


_SORA_2 = Caps(generate=_SMALL, image_to_video=_SMALL)
MODELS = (
    _row("sora-2", 0.10, _SORA_2),
    _row("sora-2-pro", 0.30),
    _row("sora-2-2025-10-06", 0.10, _SORA_2),
    _row("sora-2-2025-12-08", 0.10, _SORA_2),
    _row("sora-2-pro-2025-10-06", 0.30),
)


class OpenAITicket(Ticket):
    """The job's id."""

    id: str


class _Error(Wire):
    code: JsonValue = None


class _Failure(Wire):
    error: _Error | str | None = None


class _Video(_Failure):
    id: str = ""
    status: str | None = None
    progress: float | None = None
    model: str | None = None


def fit(job: Job) -> Fitted:
    """On OpenAI's own host: no options, and no length for an edit."""
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=value, why="OpenAI has no such field")
        for name, value in job.provider_options.items()
    )
    fitted = Fitted(replace(job, provider_options={}), ignored=ignored, notes=_notes(job))
    return _without_length(fitted)


def _notes(job: Job) -> tuple[str, ...]:
    odd = [i.role for i in job.images if i.role not in (None, "first_frame")]
    return tuple(f"the {role} is sent as the first frame: there are no roles here" for role in odd)


def _without_length(fitted: Fitted) -> Fitted:
    seconds = fitted.job.duration_seconds
    if fitted.job.mode is not Mode.VIDEO_TO_VIDEO or seconds is None:
        return fitted
    why = "an edit keeps the length of its video"
    ignored = (Ignored(setting="duration_seconds", value=seconds, why=why), *fitted.ignored)
    return replace(fitted, job=replace(fitted.job, duration_seconds=None), ignored=ignored)


def build_submit(job: Job) -> Call:
    """Multipart always: the one form that every host of this wire takes."""
    form: dict[str, str | Asset] = {"prompt": job.prompt}
    files: dict[str, Asset] = {}
    if job.mode is Mode.VIDEO_TO_VIDEO:
        path = "/videos/edits"
        files = {"video": _named(job.videos[0], "reference-video")}
    else:
        path = "/videos"
        form["model"] = job.model
        if job.duration_seconds is not None:
            # A string even in JSON: an integer is a 400, "Invalid type for 'seconds'".
            form["seconds"] = str(job.duration_seconds)
        if job.size is not None:
            form["size"] = job.size
        if job.images:
            files = {"input_reference": _named(job.images[0], "reference-image")}
    options = {name: _text(value) for name, value in job.provider_options.items()}
    return Call("POST", path, form={**form, **options, **files})


def _named(asset: Asset, name: str) -> Asset:
    if isinstance(asset, Blob) and not asset.name:
        return replace(asset, name=f"{name}.{asset.media_type.rpartition('/')[2]}")
    return asset


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def parse_submit(reply: Reply) -> Step[OpenAITicket]:
    """A job; some hosts answer with one that is over already."""
    video = reply.read(_Video)
    if not video.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    ticket = OpenAITicket(id=video.id)
    return at_once(ticket, parse_status(ticket, reply))


def build_status(ticket: OpenAITicket) -> Call:
    """Ask for the job."""
    return Call("GET", _path(ticket))


def _path(ticket: OpenAITicket) -> str:
    return f"/videos/{quote(ticket.id, safe='')}"


def parse_status(ticket: OpenAITicket, reply: Reply) -> Step[OpenAITicket]:
    """OpenAI has four words; compatible hosts have more."""
    video = reply.read(_Video)
    match (video.status or "").strip().lower():
        case "queued":
            return Wait(ticket, "queued", poll_seconds=_poll_seconds(reply))
        case "in_progress" | "processing":
            return Wait(ticket, fraction=_fraction(video), poll_seconds=_poll_seconds(reply))
        case "completed":
            return _done(ticket, video)
        case "failed" | "expired" | "cancelled" | "canceled" as word:
            return _failure(word, video, reply)
        case _:
            return replace(new_to_us(ticket, video.status or ""), poll_seconds=_poll_seconds(reply))


def _done(ticket: OpenAITicket, video: _Video) -> Done:
    # Some hosts add a `url`; the content endpoint is the one that all of them have.
    content = Hosted(
        f"{_path(ticket)}/content?variant=video",
        keyed=True,
        headers={"Accept": "application/binary"},
    )
    return Done((content,), {"videoId": ticket.id}, video.model)


def _fraction(video: _Video) -> float | None:
    return None if video.progress is None else min(max(video.progress / 100, 0.0), 1.0)


def _poll_seconds(reply: Reply) -> float | None:
    wish = reply.headers.get("openai-poll-after-ms", "").strip()
    return min(max(int(wish) / 1000, 1.0), 30.0) if wish.isdecimal() else None


_BY_CODE = {"moderation_blocked": Why.CONTENT_POLICY, "sentinel_block": Why.CONTENT_POLICY}


def _failure(word: str, video: _Video, reply: Reply) -> Refused:
    text = said(reply) if video.error else f"the job ended as {word}, without a reason"
    code = _code(video)
    why = _BY_CODE.get(code) or classify(None, text)
    return Refused(why, text, code, request_id=reply.headers.get("x-request-id", ""))


def _code(failure: _Failure) -> str:
    code = failure.error.code if isinstance(failure.error, _Error) else None
    return "" if code is None else str(code)


def parse_error(reply: Reply) -> Refused:
    """A refusal as any host of this wire words it."""
    try:
        code = _code(reply.read(_Failure))
    except Malformed:
        code = ""
    refused = refusal(reply, code=code)
    return replace(refused, why=_BY_CODE.get(code, refused.why))


_MAYBE_RETIRED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_ADVICE = (
    "OpenAI retired the Videos API on 24 Sep 2026; set a base URL of a compatible host "
    "(models.providers.openai.baseUrl) or choose another provider"
)


def parse_own_error(reply: Reply) -> Refused:
    """A refusal by OpenAI's own host. How it words the end of the API is not documented."""
    refused = parse_error(reply)
    if reply.status in _MAYBE_RETIRED and refused.why is not Why.CONTENT_POLICY:
        return replace(refused, advice=_ADVICE)
    return refused


# At another host

_RATIOS = {"9:16": "720x1280", "16:9": "1280x720", "4:7": "1024x1792", "7:4": "1792x1024"}
# Other models have other sizes and lengths, and nobody lists them: pass on what the user gives.
_OPEN = replace(
    _STYLE,
    max_duration_seconds=None,
    supported_duration_seconds=None,
    sizes=None,
    supports_aspect_ratio=True,
    aspect_ratios=tuple(_RATIOS),
)
_OWN_FIELDS = ("prompt", "model", "seconds", "size", "input_reference", "video")


def fit_elsewhere(job: Job) -> Fitted:
    """Scalar options go on as form fields (vLLM-Omni has steps, seed, guidance and more)."""
    kept: dict[str, object] = {}
    ignored: list[Ignored] = []
    for name, value in job.provider_options.items():
        if name not in _OWN_FIELDS and isinstance(value, str | int | float):
            kept[name] = value
        else:
            why = "a parameter of the request" if name in _OWN_FIELDS else "a form takes no lists"
            ignored.append(Ignored(setting=f"provider_options.{name}", value=value, why=why))
    job = replace(job, provider_options=kept)
    return _without_length(_sized(Fitted(job, ignored=tuple(ignored), notes=_notes(job))))


def _sized(fitted: Fitted) -> Fitted:
    """The wire has no ratio: it becomes a size, unless one was given."""
    ratio, job = fitted.job.aspect_ratio, replace(fitted.job, aspect_ratio=None)
    if ratio is None:
        return fitted
    size = _RATIOS.get(ratio)
    if job.size or not size:
        dropped = Ignored(setting="aspect_ratio", value=ratio, why="the size decides")
        return replace(fitted, job=job, ignored=(dropped, *fitted.ignored))
    change = Change(setting="size", requested=None, applied=size, derived_from="aspect_ratio")
    return replace(fitted, job=replace(job, size=size), changes=(change,))


def read_base_url(configured: str) -> str:
    """As given; OpenAI's own host is meant with and without the version."""
    url = configured.strip().rstrip("/")
    return _BASE_URL if url == _BASE_URL.removesuffix("/v1") else url


ELSEWHERE = Provider(
    id="openai",
    label="OpenAI",
    base_url=_BASE_URL,
    key=Key(env=("OPENAI_API_KEY",)),
    models=tuple(replace(row, caps=None, retires_on=None, price=None) for row in MODELS),
    caps=Caps(
        generate=_OPEN,
        image_to_video=replace(_OPEN, enabled=True, max_input_images=1),
        video_to_video=_EDIT,
    ),
    ticket=OpenAITicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit_elsewhere,
    read_base_url=read_base_url,
    takes_url=takes_no_url,
    poll_seconds=2.5,
    deadline_seconds=600,
)
PROVIDER = replace(
    ELSEWHERE,
    models=MODELS,
    caps=CAPS,
    parse_error=parse_own_error,
    fit=fit,
    find_jobs="GET /videos?limit=10&order=desc lists the account's videos",
    elsewhere=ELSEWHERE,
)
