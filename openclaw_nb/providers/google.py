"""Google's Gemini API: Veo operations and Omni interactions, told apart by the model.

Veo ended for API keys on 2026-10-22. It stays the product's default, for hosts that go on serving
it; Gemini Omni is what a Gemini API key makes videos with.

Sources: Gemini API documentation, pages on video generation, deprecations and the changelog
(https://ai.google.dev), google-genai 2.34.0 and 3.4.0 (read 2026-11-21). Google's own price page
could not be opened: prices are those of third parties that say they repeat it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import partial
from http import HTTPStatus
from typing import cast

from pydantic import model_validator

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Job, Why
from openclaw_nb.core.refusals import refusal
from openclaw_nb.core.wire import (
    Before,
    Call,
    Fitted,
    JobState,
    Key,
    Malformed,
    Provider,
    Refused,
    Reply,
    Skip,
    Step,
    Wire,
)
from openclaw_nb.providers import _google_omni as omni
from openclaw_nb.providers import _google_veo as veo
from openclaw_nb.providers._google import HOST, VERSION, GoogleTicket, is_file

_BASE_URL = f"https://{HOST}"
_VERSIONS = (VERSION, "v1")
_CHECKED = date(2026, 11, 21)

_OMNI_12 = "gemini-omni-1.2-flash"
_OMNI_11 = "gemini-omni-1.1-flash"
_VEO_31 = ("veo-3.1-fast-generate-preview", "veo-3.1-generate-preview")
_VEO_ENDED = date(2026, 10, 22)
_OLD_VEO_ENDED = date(2026, 6, 30)
_PREVIEW_ENDED = date(2026, 9, 30)

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=8,
    supported_duration_seconds=(4, 6, 8),
    supports_size=True,
    supports_aspect_ratio=True,
    aspect_ratios=("16:9", "9:16"),
    supports_resolution=True,
    resolutions=("720P", "1080P"),
    supports_audio=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_images=1,
        # Reference images, or first and last frame; without roles it is one image here too.
        max_input_images_by_model=dict.fromkeys(_VEO_31, 3),
    ),
    video_to_video=replace(_STYLE, enabled=True, max_input_images=0, max_input_videos=1),
)


def _in_all_modes(block: ModeCaps, images: int | None = None) -> Caps:
    pictured = replace(block, max_input_images=images)
    return Caps(generate=block, image_to_video=pictured, video_to_video=block)


_VEO_4K = _in_all_modes(ModeCaps(resolutions=("720P", "1080P", "4K")))


def _omni(longest: int, images: int) -> Caps:
    block = ModeCaps(
        max_duration_seconds=longest,
        supported_duration_seconds=tuple(range(3, longest + 1)),
        resolutions=("360P", "720P", "1080P", "4K"),
        supports_watermark=False,
        provider_options={"seed": "number", "previous_interaction_id": "string", "task": "string"},
    )
    return _in_all_modes(block, images)


def _price(usd: float, read_on: date, note: str) -> Price:
    return Price(usd=usd, per="second", read_on=read_on, note=note)


def _veo(id: str, usd: float, caps: Caps | None = None) -> Model:
    return Model(
        id=id,
        caps=caps,
        retires_on=_VEO_ENDED,
        replaced_by=_OMNI_12,
        checked_on=_CHECKED,
        price=_price(usd, date(2026, 8, 31), "at 720p, until the shutdown"),
    )


def _gone(id: str, ended: date) -> Model:
    return Model(id=id, retires_on=ended, replaced_by=_OMNI_12, checked_on=_CHECKED)


MODELS = (
    _veo("veo-3.1-fast-generate-preview", 0.10, _VEO_4K),
    _veo("veo-3.1-generate-preview", 0.40, _VEO_4K),
    _veo("veo-3.1-lite-generate-preview", 0.05),
    Model(
        id=_OMNI_12,
        caps=_omni(15, 6),
        checked_on=_CHECKED,
        price=_price(0.07, _CHECKED, "at 720p; an estimate from two resellers"),
    ),
    Model(
        id=_OMNI_11,
        # How many images it takes is documented nowhere; a start and an end it does.
        caps=_omni(10, 2),
        checked_on=_CHECKED,
        price=_price(0.10, date(2026, 10, 31), "at 720p; a reseller's word for Google's list"),
    ),
    _gone("veo-3.0-fast-generate-001", _OLD_VEO_ENDED),
    _gone("veo-3.0-generate-001", _OLD_VEO_ENDED),
    _gone("veo-2.0-generate-001", _OLD_VEO_ENDED),
    _gone("gemini-omni-flash-preview", _PREVIEW_ENDED),
)


def _is_omni(model: str) -> bool:
    return "omni" in model


def fit(job: Job) -> Fitted | Skip:
    """The rules of the model's wire."""
    return omni.fit(job) if _is_omni(job.model) else veo.fit(job)


def prepare(job: Job, version: str = VERSION) -> Before | Job:
    """Omni takes a video as an uploaded file only."""
    return omni.prepare(job, version) if _is_omni(job.model) else job


def build_submit(job: Job, version: str = VERSION) -> Call:
    """On the model's wire."""
    return omni.build_submit(job, version) if _is_omni(job.model) else veo.build_submit(job)


def parse_submit(reply: Reply) -> Step[GoogleTicket]:
    """An interaction, or an operation."""
    on_omni = reply.path.endswith("/interactions")
    return omni.parse_submit(reply) if on_omni else veo.parse_submit(reply)


def build_status(ticket: GoogleTicket, version: str = VERSION) -> Call:
    """Ask on the wire that the job was submitted on."""
    return veo.build_status(ticket) if ticket.operation else omni.build_status(ticket, version)


def parse_status(ticket: GoogleTicket, reply: Reply) -> Step[GoogleTicket]:
    """Read it as that wire has it."""
    return veo.parse_status(ticket, reply) if ticket.operation else omni.parse_status(ticket, reply)


def build_cancel(ticket: GoogleTicket, _: JobState, version: str = VERSION) -> Call | None:
    """An interaction stops at any time; a Veo operation cannot be stopped, and is billed."""
    return None if ticket.operation else omni.build_cancel(ticket, version)


# Errors


class _Detail(Wire):
    reason: str | None = None


class _Error(Wire):
    status: str | None = None
    details: tuple[_Detail, ...] | None = None


class _Failure(Wire):
    error: _Error = _Error()

    @model_validator(mode="before")
    @classmethod
    def _alone(cls, value: object) -> object:
        """Interactions wrap an error in a list of one at times."""
        if not isinstance(value, list):
            return value
        items = cast("list[object]", value)
        return items[0] if len(items) == 1 else items


_BY_STATUS = {
    "UNAUTHENTICATED": Why.AUTH,
    "PERMISSION_DENIED": Why.AUTH,
    # Its sentence speaks of billing, too.
    "RESOURCE_EXHAUSTED": Why.RATE_LIMIT,
}
_NO_FREE_TIER = (
    "Google makes no videos on its free tier: a project without billing is over its quota at once"
)


def parse_error(reply: Reply) -> Refused:
    """A wrong key is a 400; what is not found may be a job as well as a model."""
    try:
        error = reply.read(_Failure).error
    except Malformed:
        error = _Error()
    status = error.status or ""
    refused = refusal(reply, code=status)
    refused = replace(refused, why=_BY_STATUS.get(status, refused.why))
    if any(detail.reason == "API_KEY_INVALID" for detail in error.details or ()):
        return replace(refused, why=Why.AUTH, code="API_KEY_INVALID")
    if refused.why is Why.RATE_LIMIT:
        return replace(refused, advice=_NO_FREE_TIER)
    about_a_job = "/operations/" in reply.path or "/interactions/" in reply.path
    if reply.status == HTTPStatus.NOT_FOUND and about_a_job:
        return replace(refused, why=Why.UNKNOWN)
    return refused


# Access


def read_key(key: str) -> tuple[str, str]:
    """A key; or a credential of JSON, `{"token": "..."}`, which is sent as a bearer token."""
    try:
        found = json.loads(key)
    except ValueError:
        found = None
    match found:
        case {"token": str(token)} if token:
            return "Authorization", f"Bearer {token}"
        case _:
            return "x-goog-api-key", key


def read_base_url(configured: str) -> str:
    """Without the version, which is put behind it again."""
    url = configured.strip().rstrip("/")
    if HOST in url:
        # The address for OpenAI's chat clients.
        url = url.removesuffix("/openai").rstrip("/")
    return url.removesuffix(f"/{VERSION}").rstrip("/")


def configure(own: Mapping[str, object], _: Callable[[str], str]) -> Provider[GoogleTicket]:
    """`apiVersion`: `v1beta`, or `v1` for interactions as newer clients of Google's ask for them."""
    version = own.get("apiVersion", VERSION)
    if version not in _VERSIONS:
        raise ValueError(f"apiVersion is {version!r}; allowed are {' and '.join(_VERSIONS)}")
    return replace(_at(PROVIDER, str(version)), elsewhere=_at(ELSEWHERE, str(version)))


def _at(provider: Provider[GoogleTicket], version: str) -> Provider[GoogleTicket]:
    return replace(
        provider,
        prepare=partial(prepare, version=version),
        build_submit=partial(build_submit, version=version),
        build_status=partial(build_status, version=version),
        build_cancel=partial(build_cancel, version=version),
    )


ELSEWHERE = Provider(
    id="google",
    label="Google",
    base_url=_BASE_URL,
    key=Key(
        env=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        header="x-goog-api-key",
        form="{}",
        read=read_key,
    ),
    # Other hosts have other prices, and ends of their own.
    models=tuple(replace(row, retires_on=None, replaced_by=None, price=None) for row in MODELS),
    caps=CAPS,
    ticket=GoogleTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    prepare=prepare,
    build_cancel=build_cancel,
    configure=configure,
    read_base_url=read_base_url,
    base_url_env="GOOGLE_GEMINI_BASE_URL",
    poll_seconds=10,
    deadline_seconds=1200,
    http_seconds=180,
    # A result may come inside an answer, as base64.
    max_reply_bytes=64 * 1_048_576,
    takes_url=is_file,
)
PROVIDER = replace(ELSEWHERE, models=MODELS, elsewhere=ELSEWHERE)
