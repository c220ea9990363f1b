"""Runway's models: modes, lengths, pixel pairs, options, prices.

Sources: types of runwayml 5.24.0, and of 4.18.0 for the models it no longer has; prices from Runway's
published skills reference (April 2026) and litellm's price map (November 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Mode

_CHECKED = date(2026, 11, 21)
_GONE = date(2026, 6, 10)

GEN4_ALEPH = "gen4_aleph"
ALEPH = (GEN4_ALEPH, "aleph2")
VEO = ("veo3.1", "veo3.1_fast")
_GEN4 = ("gen4.5", "gen4_turbo")
_GEN3 = "gen3a_turbo"
_VEO3 = "veo3"
PROMPT_1000 = (*_GEN4, *VEO, _VEO3)
SHORTEST_SECONDS = 2
VEO_SECONDS: Mapping[str, tuple[int, ...]] = {**dict.fromkeys(VEO, (4, 6, 8)), _VEO3: (8,)}

_TWO = ("16:9", "9:16")
_SIX = ("1:1", "16:9", "9:16", "3:4", "4:3", "21:9")
_EXPANDED = ("16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9")
_PIXELS = {
    "16:9": "1280:720",
    "9:16": "720:1280",
    "1:1": "960:960",
    "4:3": "1104:832",
    "3:4": "832:1104",
    "21:9": "1584:672",
}
RATIOS: Mapping[tuple[str, str | None], Mapping[str, str]] = {
    ("gen4.5", None): _PIXELS,
    (_GEN3, None): {"16:9": "1280:768", "9:16": "768:1280"},
    **{(id, "1080P"): {"16:9": "1920:1080", "9:16": "1080:1920"} for id in (*VEO, _VEO3)},
}
"""By model and resolution, what stands for an aspect ratio; what is not here is as in gen4.5."""

UNMAPPED = frozenset(
    {
        "kling2.5_turbo_pro",
        "kling3.0_standard",
        "kling3.0_pro",
        "kling3.0_4k",
        "klingO3_standard",
        "klingO3_pro",
        "klingO3_4k",
        "kling_4",
        "hailuo3",
        "h3_max",
        "happyhorse_1_0",
        "seedance2",
        "seedance2_fast",
        "seedance2_mini",
        "seedance2_5",
        "gemini_omni_flash",
        "gemini_omni_flash_1.1",
        "grok_imagine_1_5",
        "grok_imagine_1_5_lite",
        "wan3",
        "wan3_prime",
    }
)
"""Models of other makers behind the same endpoints, with ratio names and media fields of their own."""

_MODERATED = (*_GEN4, *ALEPH)
_FORMATS = ("gen4.5", "aleph2")
_ALL = (*_GEN4, _GEN3, *VEO, _VEO3, *ALEPH)
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "seed": _ALL,
    "contentModeration": _MODERATED,
    "negativePrompt": VEO,
    "outputFormat": _FORMATS,
    "proresProfile": _FORMATS,
    "targetAspectRatio": ("aleph2",),
    "keyframes": ("aleph2",),
}
"""Fields that can be given as provider options, and the models that list them."""

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=10,
    supported_duration_seconds_by_model={**VEO_SECONDS, _GEN3: (5, 10)},
    supports_size=False,
    supports_aspect_ratio=True,
    aspect_ratios=_TWO,
    supports_resolution=False,
    supports_audio=False,
    supports_watermark=False,
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_images=1,
        # A first and a last frame.
        max_input_images_by_model=dict.fromkeys(VEO, 2),
        aspect_ratios=_SIX,
    ),
    video_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_videos=1,
        max_duration_seconds=None,
        supported_duration_seconds_by_model=None,
        aspect_ratios=_SIX,
    ),
)
_LARGE = ModeCaps(aspect_ratios=_TWO, supports_resolution=True, resolutions=("720P", "1080P"))
_VEO_CAPS = replace(_LARGE, supports_audio=True)


def _price(credits: int, note: str = "", read_on: date = _CHECKED) -> Price:
    return Price(usd=credits / 100, per="second", read_on=read_on, note=note)


_TEXT, _IMAGE, _VIDEO = (Mode.GENERATE,), (Mode.IMAGE_TO_VIDEO,), (Mode.VIDEO_TO_VIDEO,)
_APRIL = date(2026, 4, 30)
MODELS = (
    Model(id="gen4.5", modes=(*_TEXT, *_IMAGE), checked_on=_CHECKED, price=_price(12)),
    Model(id="gen4_turbo", modes=_IMAGE, checked_on=_CHECKED, price=_price(5)),
    Model(
        id=GEN4_ALEPH,
        modes=_VIDEO,
        retires_on=_GONE,
        replaced_by="aleph2",
        checked_on=_CHECKED,
        price=_price(15, "until it was withdrawn", _APRIL),
    ),
    Model(
        id=_GEN3,
        modes=_IMAGE,
        caps=Caps(image_to_video=ModeCaps(aspect_ratios=_TWO)),
        retires_on=_GONE,
        checked_on=_CHECKED,
    ),
    *(
        Model(
            id=id,
            modes=(*_TEXT, *_IMAGE),
            caps=Caps(generate=_VEO_CAPS, image_to_video=_VEO_CAPS),
            checked_on=_CHECKED,
            price=_price(loud, f"with sound; ${silent / 100:.2f} without"),
        )
        for id, loud, silent in zip(VEO, (40, 15), (20, 10), strict=True)
    ),
    Model(
        id=_VEO3,
        modes=(*_TEXT, *_IMAGE),
        caps=Caps(generate=_LARGE, image_to_video=_LARGE),
        # The day in August 2026 is not known.
        retires_on=date(2026, 8, 31),
        checked_on=_CHECKED,
        price=_price(40, "until it was withdrawn", _APRIL),
    ),
    # Not in the original product's list, but the one that Runway still serves.
    Model(
        id="aleph2",
        modes=_VIDEO,
        caps=Caps(video_to_video=ModeCaps(aspect_ratios=_EXPANDED)),
        checked_on=_CHECKED,
        price=_price(28, "at least $0.56 a video"),
    ),
)
