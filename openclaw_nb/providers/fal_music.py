"""fal's music: three endpoints with a body each, through the queue or at once, as its images.

Source: fal's typed endpoint definitions (fal-ai/fal-js, libs/client/src/types/endpoints.ts,
2026-08-02) and its model pages (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Literal
from urllib.parse import quote, unquote, urlsplit

from pydantic import JsonValue

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Ignored, Job, Medium
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    Hosted,
    Malformed,
    Provider,
    Reply,
    Skip,
    Wire,
)
from openclaw_nb.providers import _fal_headers as platform
from openclaw_nb.providers import _fal_queue as queue
from openclaw_nb.providers._fal_endpoints import present

MINIMAX = "fal-ai/minimax-music/v2.6"
ACE_STEP = "fal-ai/ace-step/prompt-to-audio"
STABLE_AUDIO = "fal-ai/stable-audio-25/text-to-audio"

_CHECKED = date(2026, 11, 21)
_READ_EARLIER = date(2026, 3, 31)
_SECONDS = 180.0
_LONGEST = 240
_STABLE_LONGEST = 190
_PROMPT_CHARACTERS = 2000
_LYRICS_CHARACTERS = 3500

# Lyrics and instrumental count as taken everywhere: an endpoint that has them not refuses them,
# so that nothing that was asked for is left out in silence.
_STYLE = ModeCaps(
    supports_lyrics=True,
    supports_instrumental=True,
    supports_duration=True,
    max_duration_seconds=_LONGEST,
    formats=("mp3",),
)
CAPS = Caps(generate=_STYLE, edit=ModeCaps(enabled=False))


class _File(Wire):
    url: str = ""
    content_type: str | None = None
    file_name: str | None = None


class _Result(Wire):
    audio: _File | str | None = None
    audio_file: _File | str | None = None
    seed: JsonValue = None
    tags: JsonValue = None
    lyrics: JsonValue = None


# Bodies


def _minimax(job: Job) -> dict[str, object]:
    sung = {"lyrics": job.lyrics} if job.lyrics else {"lyrics_optimizer": True}
    # Numbers, though the list of allowed ones reads like texts.
    setting = {"sample_rate": 44100, "bitrate": 256000, "format": job.format or "mp3"}
    return {
        **({"is_instrumental": True} if job.instrumental else sung),
        "audio_setting": setting,
    }


def _ace_step(job: Job) -> dict[str, object]:
    return {"instrumental": job.instrumental or None, "duration": job.duration_seconds}


def _stable_audio(job: Job) -> dict[str, object]:
    return {"seconds_total": job.duration_seconds}


def _plain(job: Job) -> dict[str, object]:
    """For an endpoint whose schema is not known: what was asked for, by its usual name."""
    return {
        "lyrics": job.lyrics,
        "instrumental": job.instrumental,
        "duration": job.duration_seconds,
        "format": job.format,
    }


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one endpoint is filled, and what it refuses."""

    body: Callable[[Job], dict[str, object]] = _plain
    sings: Literal["lyrics or instrumental", "instrumental", "neither", "anything"] = "anything"
    options: frozenset[str] | None = None
    """Its further fields, as provider options; None: they are not known."""


_ACE_OPTIONS = frozenset(
    {
        *("seed", "number_of_steps", "scheduler", "guidance_type", "guidance_scale"),
        *("granularity_scale", "guidance_interval", "guidance_interval_decay"),
        *("minimum_guidance_scale", "tag_guidance_scale", "lyric_guidance_scale"),
    }
)
ENDPOINTS = {
    MINIMAX: Endpoint(_minimax, "lyrics or instrumental", frozenset()),
    ACE_STEP: Endpoint(_ace_step, "instrumental", _ACE_OPTIONS),
    STABLE_AUDIO: Endpoint(
        _stable_audio, "neither", frozenset({"seed", "num_inference_steps", "guidance_scale"})
    ),
}
UNKNOWN = Endpoint()


def _row(id: str, style: ModeCaps, price: Price) -> Model:
    return Model(id=id, caps=Caps(generate=style), checked_on=_CHECKED, price=price)


MODELS = (
    _row(
        MINIMAX,
        ModeCaps(formats=("mp3",), supports_duration=False),
        Price(usd=0.15, per="track", read_on=_READ_EARLIER),
    ),
    _row(
        ACE_STEP,
        ModeCaps(formats=("wav",)),
        Price(usd=0.0002, per="second", read_on=_READ_EARLIER),
    ),
    _row(
        STABLE_AUDIO,
        ModeCaps(formats=("wav",), max_duration_seconds=_STABLE_LONGEST),
        Price(usd=0.20, per="track", read_on=_READ_EARLIER),
    ),
)


def _unlisted(id: str) -> Model:
    return Model(id=id, caps=Caps(generate=ModeCaps(formats=("mp3", "wav"))))


def build_submit(job: Job) -> Call:
    """The endpoint's id is the path."""
    headers = platform.headers(job.provider_options)
    own = {name: v for name, v in job.provider_options.items() if name not in headers}
    body = {**own, "prompt": job.prompt, **present(_body(job))}
    return Call("POST", f"/{quote(job.model)}", json=body, headers=headers, seconds=_SECONDS)


def _body(job: Job) -> dict[str, object]:
    return ENDPOINTS.get(job.model, UNKNOWN).body(job)


# Rules that tables cannot say


def fit(job: Job) -> Fitted | Skip:
    """Who sings, and options that an endpoint lacks."""
    endpoint = ENDPOINTS.get(job.model, UNKNOWN)
    if reason := _unfit(job, endpoint):
        return Skip(f"fal/{job.model} {reason}")
    refused = _refused_options(job, endpoint)
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=job.provider_options[name], why=why)
        for name, why in refused.items()
    )
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    return Fitted(replace(job, provider_options=kept), ignored=ignored, notes=_notes(job, endpoint))


def _unfit(job: Job, endpoint: Endpoint) -> str | None:
    if job.lyrics and endpoint.sings in ("instrumental", "neither"):
        return f"takes no lyrics; {MINIMAX} sings"
    if job.instrumental and endpoint.sings == "neither":
        return "has no switch for instrumental music: it never sings"
    if job.lyrics and job.instrumental and endpoint.sings == "lyrics or instrumental":
        return "takes lyrics or instrumental, not both"
    if endpoint is ENDPOINTS[MINIMAX]:
        return _too_long(job)
    return None


def _too_long(job: Job) -> str | None:
    if len(job.prompt) > _PROMPT_CHARACTERS:
        return f"takes a prompt of at most {_PROMPT_CHARACTERS} characters, not {len(job.prompt)}"
    if len(job.lyrics or "") > _LYRICS_CHARACTERS:
        return (
            f"takes lyrics of at most {_LYRICS_CHARACTERS} characters, not {len(job.lyrics or '')}"
        )
    return None


def _refused_options(job: Job, endpoint: Endpoint) -> dict[str, str]:
    refused: dict[str, str] = {}
    decided = present(_body(job))
    for name, value in job.provider_options.items():
        if platform.is_header(name):
            if why := platform.refused(name, value):
                refused[name] = why
        elif name == "prompt" or name in decided:
            refused[name] = "a parameter of the request already decides it"
        elif name == "sync_mode":
            refused[name] = "files are hosted, so that they can be fetched again"
        elif endpoint.options is not None and name not in endpoint.options:
            refused[name] = "the endpoint has no such field"
    return refused


def _notes(job: Job, endpoint: Endpoint) -> tuple[str, ...]:
    if endpoint is not UNKNOWN:
        return ()
    about = f"https://fal.ai/models/{job.model}"
    return (f"the schema of this endpoint is not known here: a plain body is sent; see {about}",)


# The result


def _track(reply: Reply) -> Done | None:
    result = reply.read(_Result)
    found = result.audio or result.audio_file
    if found is None:
        return None
    file = _File(url=found) if isinstance(found, str) else found
    if not file.url.startswith(("https://", "http://")):
        raise Malformed("the audio has no address")
    last = unquote(urlsplit(file.url).path.rpartition("/")[2])
    hosted = Hosted(file.url, name=file.file_name or last, media_type=file.content_type)
    kept = {"seed": result.seed, "tags": result.tags, "lyrics": _lines(result.lyrics)}
    units = {"billableUnits": reply.headers.get("x-fal-billable-units")}
    return Done((hosted,), present({**kept, **units}))


def _lines(lyrics: JsonValue) -> list[str] | None:
    return [lyrics] if isinstance(lyrics, str) and lyrics else None


PROVIDER = Provider(
    id="fal",
    label="fal",
    medium=Medium.MUSIC,
    base_url=queue.QUEUE,
    key=queue.KEY,
    models=MODELS,
    family=_unlisted,
    caps=CAPS,
    ticket=queue.FalTicket,
    build_submit=build_submit,
    parse_submit=partial(queue.parse_run, _track),
    build_status=queue.build_status,
    build_stream=queue.build_stream,
    parse_status=partial(queue.parse_status, _track),
    over=partial(queue.over, _track),
    parse_error=queue.parse_error,
    fit=fit,
    build_cancel=queue.build_cancel,
    read_base_url=queue.read_any_host,
    poll_seconds=2,
    slowest_poll_seconds=5,
    # For the request, and as much again for the download.
    deadline_seconds=2 * _SECONDS,
    http_seconds=30,
    key_hosts=queue.KEY_HOSTS,
)
