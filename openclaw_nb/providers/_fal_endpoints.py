"""What each of fal's video endpoints takes, as data for planning, and how each writes its body.

Source: fal's typed endpoint definitions (fal-ai/fal-js, libs/client/src/types/endpoints.ts,
2026-08-02) and, for Wan image-to-video and the prices, its model pages (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, cast

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Job, Mode
from openclaw_nb.core.wire import data_uri

_CHECKED = date(2026, 11, 21)

LIVE = "fal-ai/minimax/video-01-live"
LIVE_IMAGE = f"{LIVE}/image-to-video"
HEYGEN = "fal-ai/heygen/v2/video-agent"
KLING_TEXT = "fal-ai/kling-video/v2.1/master/text-to-video"
KLING_IMAGE = "fal-ai/kling-video/v2.1/master/image-to-video"
WAN_TEXT = "fal-ai/wan/v2.2-a14b/text-to-video"
WAN_IMAGE = "fal-ai/wan/v2.2-a14b/image-to-video"
SEEDANCE_TEXT = "bytedance/seedance-2.0/text-to-video"
SEEDANCE_IMAGE = "bytedance/seedance-2.0/image-to-video"
SEEDANCE_REFERENCE = "bytedance/seedance-2.0/reference-to-video"
FAST_TEXT = "bytedance/seedance-2.0/fast/text-to-video"
FAST_IMAGE = "bytedance/seedance-2.0/fast/image-to-video"
FAST_REFERENCE = "bytedance/seedance-2.0/fast/reference-to-video"
SEEDANCE = (
    FAST_TEXT,
    FAST_IMAGE,
    SEEDANCE_TEXT,
    SEEDANCE_IMAGE,
    FAST_REFERENCE,
    SEEDANCE_REFERENCE,
)

_REFERENCE = (FAST_REFERENCE, SEEDANCE_REFERENCE)
_SEEDANCE_SECONDS = tuple(float(seconds) for seconds in range(4, 16))
_ANYTHING = ModeCaps(
    max_videos=1,
    supports_size=True,
    supports_aspect_ratio=True,
    supports_resolution=True,
    supports_audio=True,
    supported_duration_seconds_by_model=dict.fromkeys(SEEDANCE, _SEEDANCE_SECONDS),
)
CAPS = Caps(
    generate=_ANYTHING,
    image_to_video=replace(
        _ANYTHING,
        enabled=True,
        max_input_images=1,
        max_input_images_by_model=dict.fromkeys(_REFERENCE, 9),
        max_input_audios_by_model=dict.fromkeys(_REFERENCE, 3),
    ),
    video_to_video=replace(
        _ANYTHING,
        enabled=True,
        max_input_images=0,
        max_input_images_by_model=dict.fromkeys(_REFERENCE, 9),
        max_input_videos=0,
        max_input_videos_by_model=dict.fromkeys(_REFERENCE, 3),
        max_input_audios_by_model=dict.fromkeys(_REFERENCE, 3),
        supported_duration_seconds_by_model=dict.fromkeys(_REFERENCE, _SEEDANCE_SECONDS),
    ),
)
"""For an endpoint without a row: its schema is unknown, so nothing is narrowed."""

_NOTHING = ModeCaps(
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=False,
    supports_audio=False,
)
_HEYGEN = replace(_NOTHING, supports_aspect_ratio=True, aspect_ratios=("9:16", "16:9"))
_KLING_IMAGE = replace(_NOTHING, supported_duration_seconds=(5.0, 10.0))
_KLING = replace(_KLING_IMAGE, supports_aspect_ratio=True, aspect_ratios=("16:9", "9:16", "1:1"))
_WAN = ModeCaps(
    supports_size=False,
    supports_audio=False,
    aspect_ratios=("16:9", "9:16", "1:1"),
    resolutions=("480P", "580P", "720P"),
    # 17 to 161 frames at 16 a second.
    supported_duration_seconds=tuple(float(seconds) for seconds in range(1, 11)),
)
# First and last frame: two images, told apart by their roles.
_WAN_IMAGE = replace(_WAN, max_input_images=2, aspect_ratios=("adaptive", "16:9", "9:16", "1:1"))
_SEEDANCE = ModeCaps(
    supports_size=False,
    aspect_ratios=("adaptive", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"),
    resolutions=("480P", "720P", "1080P", "4K"),
)
_FAST = replace(_SEEDANCE, resolutions=("480P", "720P"))

_LIVE_PRICE = Price(usd=0.50, per="video", read_on=_CHECKED)
_KLING_PRICE = Price(usd=0.28, per="second", read_on=_CHECKED)
_WAN_PRICE = Price(
    usd=0.08, per="second", read_on=_CHECKED, note="at 720P; 0.06 at 580P, 0.04 at 480P"
)
# 0.014 for 1,000 video tokens; tokens = width x height x 24 x seconds / 1024.
_SEEDANCE_PRICE = Price(usd=0.3024, per="second", read_on=_CHECKED, note="at 1280x720")
_FAST_PRICE = Price(usd=0.2419, per="second", read_on=_CHECKED, note="at 720P")


def _pair(
    text: str, image: str, style: tuple[ModeCaps, ModeCaps], price: Price
) -> tuple[Model, Model]:
    """A text endpoint and its image sibling: the one ignores an image silently, the other needs it."""
    return (
        Model(
            id=text,
            modes=(Mode.GENERATE,),
            caps=Caps(generate=style[0]),
            siblings={Mode.IMAGE_TO_VIDEO: image},
            checked_on=_CHECKED,
            price=price,
        ),
        Model(
            id=image,
            modes=(Mode.IMAGE_TO_VIDEO,),
            caps=Caps(image_to_video=style[1]),
            siblings={Mode.GENERATE: text},
            checked_on=_CHECKED,
            price=price,
        ),
    )


def _reference(id: str, style: ModeCaps, price: Price) -> Model:
    caps = Caps(generate=style, image_to_video=style, video_to_video=style)
    return Model(id=id, caps=caps, checked_on=_CHECKED, price=price)


_live, _live_image = _pair(LIVE, LIVE_IMAGE, (_NOTHING, _NOTHING), _LIVE_PRICE)
_kling, _kling_image = _pair(KLING_TEXT, KLING_IMAGE, (_KLING, _KLING_IMAGE), _KLING_PRICE)

MODELS = (
    _live,
    Model(id=HEYGEN, modes=(Mode.GENERATE,), caps=Caps(generate=_HEYGEN), checked_on=_CHECKED),
    *_pair(FAST_TEXT, FAST_IMAGE, (_FAST, replace(_FAST, max_input_images=2)), _FAST_PRICE),
    *_pair(
        SEEDANCE_TEXT,
        SEEDANCE_IMAGE,
        (_SEEDANCE, replace(_SEEDANCE, max_input_images=2)),
        _SEEDANCE_PRICE,
    ),
    _reference(FAST_REFERENCE, _FAST, _FAST_PRICE),
    _reference(SEEDANCE_REFERENCE, _SEEDANCE, _SEEDANCE_PRICE),
    _kling,
    *_pair(WAN_TEXT, WAN_IMAGE, (_WAN, _WAN_IMAGE), _WAN_PRICE),
    _live_image,
    _kling_image,
)


# How each writes its body


def _bare_body(_: Job) -> dict[str, object]:
    return {}


def _generic_body(job: Job) -> dict[str, object]:
    """What the original product sends to an endpoint that it does not know, word for word."""
    return {
        "aspect_ratio": job.aspect_ratio,
        "size": job.size,
        "resolution": job.resolution,
        "duration": job.duration_seconds,
    }


def _heygen_body(job: Job) -> dict[str, object]:
    orientation = {"9:16": "portrait", "16:9": "landscape"}.get(job.aspect_ratio or "")
    config = present({"orientation": orientation, "duration": job.duration_seconds})
    given = job.provider_options.get("config")
    if isinstance(given, Mapping):
        config = {**cast("Mapping[str, object]", given), **config}
    return {"config": config or None}


def _kling_body(job: Job) -> dict[str, object]:
    return {"duration": _text(job.duration_seconds), "aspect_ratio": job.aspect_ratio}


def _wan_body(job: Job) -> dict[str, object]:
    length: dict[str, object] = {}
    if job.duration_seconds is not None:
        # No `duration` here: the length is frames over rate, with one frame for the start.
        length = {"num_frames": job.duration_seconds * 16 + 1, "frames_per_second": 16}
    return {"aspect_ratio": _ratio(job), "resolution": _lower(job.resolution), **length}


def _seedance_body(job: Job) -> dict[str, object]:
    return {
        # The enum holds strings, "4" to "15"; a number is a 422.
        "duration": _text(job.duration_seconds),
        "resolution": _lower(job.resolution),
        "aspect_ratio": _ratio(job),
        "generate_audio": job.audio,
    }


def _text(seconds: int | None) -> str | None:
    return None if seconds is None else str(seconds)


def _lower(word: str | None) -> str | None:
    return word and word.lower()


def _ratio(job: Job) -> str | None:
    return "auto" if job.aspect_ratio == "adaptive" else job.aspect_ratio


def present(given: Mapping[str, object]) -> dict[str, object]:
    """What is set, of what may be."""
    return {name: value for name, value in given.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """How one endpoint writes what the tables promise, and the options of its own that we know."""

    style: Callable[[Job], dict[str, object]] = _generic_body
    images: Literal["first", "first and last", "references"] = "first"
    options: frozenset[str] = frozenset()
    shortest: int | None = 1
    """The shortest length that it can be told, in seconds; None: it cannot be told any."""


_PROMPTED = frozenset({"prompt_optimizer"})
_LIVE_ENDPOINT = Endpoint(_bare_body, options=_PROMPTED, shortest=None)
_KLING_ENDPOINT = Endpoint(_kling_body, options=frozenset({"negative_prompt", "cfg_scale"}))
_WAN_OPTIONS = frozenset(
    {
        *("num_frames", "frames_per_second", "num_inference_steps", "seed", "negative_prompt"),
        *("guidance_scale", "guidance_scale_2", "shift", "acceleration"),
        *("enable_prompt_expansion", "enable_safety_checker", "enable_output_safety_checker"),
        *("interpolator_model", "num_interpolated_frames", "adjust_fps_for_interpolation"),
        *("video_quality", "video_write_mode"),
    }
)
_SEEDANCE_OPTIONS = frozenset({"bitrate_mode", "end_user_id"})
_FRAMES = Endpoint(_seedance_body, "first and last", _SEEDANCE_OPTIONS)
_REFERENCES = Endpoint(_seedance_body, "references", _SEEDANCE_OPTIONS)
ENDPOINTS = {
    LIVE: _LIVE_ENDPOINT,
    LIVE_IMAGE: _LIVE_ENDPOINT,
    # Its schema says 5 seconds or more.
    HEYGEN: Endpoint(_heygen_body, options=frozenset({"config"}), shortest=5),
    KLING_TEXT: _KLING_ENDPOINT,
    KLING_IMAGE: _KLING_ENDPOINT,
    WAN_TEXT: Endpoint(_wan_body, options=_WAN_OPTIONS),
    WAN_IMAGE: Endpoint(_wan_body, "first and last", _WAN_OPTIONS),
    **dict.fromkeys(SEEDANCE, _FRAMES),
    FAST_REFERENCE: _REFERENCES,
    SEEDANCE_REFERENCE: _REFERENCES,
}
UNKNOWN = Endpoint()


def _media(job: Job, endpoint: Endpoint) -> dict[str, object]:
    if endpoint.images == "references":
        lists = {"image_urls": job.images, "video_urls": job.videos, "audio_urls": job.audios}
        return {
            name: [data_uri(asset) for asset in given] for name, given in lists.items() if given
        }
    frames = sorted(job.images, key=lambda image: image.role == "last_frame")
    return dict(zip(("image_url", "end_image_url"), map(data_uri, frames), strict=False))


def fields(job: Job) -> dict[str, object]:
    """The body of a job, without its provider options."""
    endpoint = ENDPOINTS.get(job.model, UNKNOWN)
    styled = present(endpoint.style(job))
    return {"prompt": job.prompt, **_media(job, endpoint), **styled}
