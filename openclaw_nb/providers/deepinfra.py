"""DeepInfra: OpenAI-like video jobs in JSON. The file is at an address, or inside the answer.

Sources: DeepInfra documentation, API reference "Videos" and "Rate limits", model page of
Pixverse/Pixverse-T2V (https://deepinfra.com/docs, read 2026-11-21).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Ignored, Job, Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    InHand,
    Key,
    Malformed,
    Output,
    Provider,
    Refused,
    Reply,
    Step,
    Ticket,
    Wait,
    Wire,
    at_once,
    hosted_near,
    new_to_us,
)

_BASE_URL = "https://api.deepinfra.com/v1/openai"
_CHECKED = date(2026, 11, 21)
_MAX_SEED = 2**32 - 1
_MAX_REPLY_BYTES = 64 * 2**20
"""A data URI of 48 MB and what is around it."""

CAPS = Caps(
    generate=ModeCaps(
        max_videos=1,
        supports_size=False,
        supports_aspect_ratio=True,
        aspect_ratios=("16:9", "4:3", "1:1", "3:4", "9:16"),
        supports_resolution=False,
        supports_audio=False,
        supports_watermark=False,
        provider_options={
            "seed": "number",
            "negative_prompt": "string",
            "negativePrompt": "string",
            "style": "string",
        },
    ),
    # The API takes an `image_url` on some models; the product that this one follows does not.
    image_to_video=ModeCaps(enabled=False),
    video_to_video=ModeCaps(enabled=False),
)
# Pixverse's lengths, which the original product applies to its whole list.
_LISTED = Caps(generate=ModeCaps(max_duration_seconds=8, supported_duration_seconds=(5, 8)))
_PIXVERSE = Model(
    id="Pixverse/Pixverse-T2V",
    caps=_LISTED,
    checked_on=_CHECKED,
    price=Price(usd=0.075, per="second", read_on=_CHECKED, note="from an example answer"),
)
MODELS = (
    _PIXVERSE,
    *(
        replace(_PIXVERSE, id=id, price=None)
        for id in ("Pixverse/Pixverse-T2V-HD", "Wan-AI/Wan2.6-T2V", "google/veo-3.1-fast")
    ),
)


class DeepInfraTicket(Ticket):
    """The job's id."""

    id: str


class _Error(Wire):
    code: JsonValue = None


class _Failure(Wire):
    error: _Error | str | None = None


class _File(Wire):
    url: str | None = None


class _Video(_Failure):
    id: str = ""
    status: str | None = None
    model: str | None = None
    data: list[_File] | None = None


def fit(job: Job) -> Fitted:
    """Options under the wire's names; a word about lengths that nobody lists."""
    kept, ignored = _options(job)
    notes: tuple[str, ...] = ()
    if job.duration_seconds is not None and job.model not in {row.id for row in MODELS}:
        seconds = job.duration_seconds
        notes = (f"the lengths of {job.model} are not known; {seconds} s are sent as asked",)
    return Fitted(replace(job, provider_options=kept), ignored=ignored, notes=notes)


def _options(job: Job) -> tuple[dict[str, object], tuple[Ignored, ...]]:
    kept: dict[str, object] = {}
    ignored: list[Ignored] = []
    # Of the two spellings of one option the wire's own comes first, and counts.
    for name, value in sorted(job.provider_options.items(), key=lambda each: each[0] in _SPELLINGS):
        field = _SPELLINGS.get(name, name)
        found = _seed(value) if name == "seed" else str(value).strip() or None
        if found is not None and field not in kept:
            kept[field] = found
            continue
        why = f"a whole number from 0 to {_MAX_SEED} is needed" if name == "seed" else "is empty"
        why = why if found is None else f"{field} is given too"
        ignored.append(Ignored(setting=f"provider_options.{name}", value=value, why=why))
    return kept, tuple(ignored)


_SPELLINGS = {"negativePrompt": "negative_prompt"}


def _seed(value: object) -> int | None:
    if not isinstance(value, int | float) or not float(value).is_integer():
        return None
    return int(value) if 0 <= value <= _MAX_SEED else None


def build_submit(job: Job) -> Call:
    """JSON; the length is an integer, unlike OpenAI's."""
    body: dict[str, object] = {"model": job.model, "prompt": job.prompt}
    if job.aspect_ratio is not None:
        body["aspect_ratio"] = job.aspect_ratio
    if job.duration_seconds is not None:
        body["seconds"] = job.duration_seconds
    return Call("POST", "/videos", json={**job.provider_options, **body})


def parse_submit(reply: Reply) -> Step[DeepInfraTicket]:
    """A job, which may be over already."""
    video = reply.read(_Video)
    if not video.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    ticket = DeepInfraTicket(id=video.id)
    return at_once(ticket, parse_status(ticket, reply))


def build_status(ticket: DeepInfraTicket) -> Call:
    """Ask for the job."""
    return Call("GET", f"/videos/{quote(ticket.id, safe='')}")


def parse_status(ticket: DeepInfraTicket, reply: Reply) -> Step[DeepInfraTicket]:
    """Four words of its own; OpenAI's for the end are understood too."""
    video = reply.read(_Video)
    match (video.status or "").strip().lower():
        case "queued":
            return Wait(ticket, "queued")
        case "processing":
            return Wait(ticket)
        case "succeeded" | "completed":
            about: dict[str, object] = {"jobId": ticket.id, "status": video.status}
            return Done((_output(video, reply),), about, video.model)
        case "failed" | "cancelled" | "canceled" as word:
            return _failure(word, video, reply)
        case _:
            return new_to_us(ticket, video.status or "")


def _failure(word: str, video: _Video, reply: Reply) -> Refused:
    text = said(reply) if video.error else f"the job ended as {word}, without a reason"
    return Refused(classify(None, text), text, _code(video))


def _output(video: _Video, reply: Reply) -> Output:
    url = next((file.url for file in video.data or () if file.url), None)
    if not url:
        raise Malformed(f"no address of the video; the answer began {reply.start()!r}")
    return _unpacked(url) if url.startswith("data:") else hosted_near(reply, url)


_DATA_URI = re.compile(r"data:(video/[\w.+-]+|application/octet-stream);base64,(.+)", re.DOTALL)
_BOXES = (b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide")
_WEBM = b"\x1a\x45\xdf\xa3"


def _unpacked(uri: str) -> InHand:
    match = _DATA_URI.fullmatch(uri)
    try:
        data = base64.b64decode(match[2], validate=True) if match else b""
    except binascii.Error:
        data = b""
    if match is None or (data[4:8] not in _BOXES and not data.startswith(_WEBM)):
        raise Malformed(f"the data URI holds no video; it began {uri[:40]!r}")
    return InHand(data, match[1])


def parse_error(reply: Reply) -> Refused:
    """OpenAI's error object or FastAPI's `detail`; which one comes when is not documented."""
    try:
        code = _code(reply.read(_Failure))
    except Malformed:
        code = ""
    refused = refusal(reply, code=code)
    if reply.status == HTTPStatus.NOT_FOUND and reply.path.startswith("/videos/"):
        # The job is not there, which says nothing about the model.
        return replace(refused, why=Why.UNKNOWN)
    return refused


def _code(failure: _Failure) -> str:
    code = failure.error.code if isinstance(failure.error, _Error) else None
    return "" if code is None else str(code)


def refuse_base_url(base_url: str) -> str:
    """DeepInfra's older, synchronous API speaks another wire."""
    return f"video jobs are at {_BASE_URL}" if "/v1/inference" in base_url else ""


PROVIDER = Provider(
    id="deepinfra",
    label="DeepInfra",
    base_url=_BASE_URL,
    key=Key(env=("DEEPINFRA_API_KEY",)),
    models=MODELS,
    caps=CAPS,
    ticket=DeepInfraTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    refuse_base_url=refuse_base_url,
    poll_seconds=5,
    deadline_seconds=600,
    http_seconds=60,
    max_reply_bytes=_MAX_REPLY_BYTES,
)
