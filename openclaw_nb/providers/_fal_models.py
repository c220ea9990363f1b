"""What each of fal's video endpoints takes. The schemas are narrower than what fal lets in.

Source: fal's typed endpoint definitions (fal-ai/fal-js, libs/client/src/types/endpoints.ts,
2026-08-02) and, for Wan image-to-video and the prices, its model pages (read 2026-11-21).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Mode

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
