"""What OpenRouter's video models take: the table without the live list, and the rows of that list.

Source: the public answer of `GET /api/v1/videos/models`, in a copy whose newest row is of
2026-08-07; prices are its `pricing_skus`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Mode

_CHECKED = date(2026, 11, 21)
_LISTED = date(2026, 8, 7)

FRAMES = ("first_frame", "last_frame")
MAX_IMAGES = 4

_WIDE = ("16:9", "9:16")
_SQUARE = (*_WIDE, "1:1")
_FIVE = (*_SQUARE, "4:3", "3:4")
_SIX = (*_FIVE, "21:9")
_SEVEN = (*_SIX, "9:21")
_HD = "1280x720 720x1280"
_FULL_HD = f"{_HD} 1920x1080 1080x1920"
_UHD = f"{_FULL_HD} 3840x2160 2160x3840"
_DANCE = (
    f"480x480 480x640 480x854 640x480 854x480 1120x480 720x720 720x960 720x1680 960x720 1680x720 "
    f"{_HD}"
)
_DANCE_FULL_HD = f"{_DANCE} 1080x1080 1080x1440 1080x1920 1440x1080 1920x1080 2520x1080"
_DANCE_UHD = f"{_DANCE_FULL_HD} 3840x2160 2160x3840 2160x2160 2880x2160 2160x2880 5040x2160"
_WAN = f"{_FULL_HD} 720x720 1080x1080 960x720 720x960 1440x1080 1080x1440"

_STYLE = ModeCaps(
    max_videos=1,
    supported_duration_seconds=(4, 6, 8),
    supports_size=True,
    supports_aspect_ratio=True,
    aspect_ratios=_WIDE,
    supports_resolution=True,
    resolutions=("720P", "1080P"),
    supports_audio=True,
    supports_watermark=False,
    provider_options={"callback_url": "string", "seed": "number"},
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(_STYLE, enabled=True, max_input_images=MAX_IMAGES),
    video_to_video=ModeCaps(enabled=False, provider_options=_STYLE.provider_options),
)
"""For a model without a row, as the original product has it when the live list cannot be read."""


def _row(
    id: str,
    seconds: range | tuple[int, ...],
    resolutions: tuple[str, ...],
    ratios: tuple[str, ...],
    sizes: str,
    *,
    audio: bool = True,
    price: Price | None = None,
) -> Model:
    style = ModeCaps(
        supported_duration_seconds=tuple(seconds),
        supports_size=bool(sizes),
        sizes=tuple(sizes.split()),
        aspect_ratios=ratios,
        resolutions=resolutions,
        supports_audio=audio,
    )
    caps = Caps(generate=style, image_to_video=style)
    return Model(id=id, caps=caps, checked_on=_CHECKED, price=price)


def _price(usd: float, note: str) -> Price:
    return Price(usd=usd, per="second", read_on=_LISTED, note=note)


_FULL = ("720P", "1080P")
_WITH_SOUND = "720P with sound"
_SILENT = "without sound"
MODELS = (
    _row(
        "google/veo-3.1-fast",
        (4, 6, 8),
        (*_FULL, "4K"),
        _WIDE,
        _UHD,
        price=_price(0.10, _WITH_SOUND),
    ),
    _row(
        "google/veo-3.1",
        (4, 6, 8),
        (*_FULL, "4K"),
        _WIDE,
        _UHD,
        price=_price(0.40, "with sound, below 4K"),
    ),
    _row(
        "google/veo-3.1-lite",
        (4, 6, 8),
        _FULL,
        _WIDE,
        _FULL_HD,
        price=_price(0.05, _WITH_SOUND),
    ),
    _row(
        "kwaivgi/kling-v3.0-pro",
        range(3, 16),
        ("720P",),
        _SQUARE,
        f"{_HD} 720x720",
        price=_price(0.112, _SILENT),
    ),
    _row(
        "kwaivgi/kling-v3.0-std",
        range(3, 16),
        ("720P",),
        _SQUARE,
        f"{_HD} 720x720",
        price=_price(0.084, _SILENT),
    ),
    _row(
        "kwaivgi/kling-video-o1",
        (5, 10),
        ("720P",),
        _SQUARE,
        f"{_HD} 720x720",
        price=_price(0.112, ""),
    ),
    _row(
        "minimax/hailuo-2.3",
        (6, 10),
        ("1080P",),
        ("16:9",),
        "1920x1080",
        audio=False,
        price=_price(0.0817, ""),
    ),
    _row("minimax/hailuo-3", range(5, 16), ("2K",), _SIX, "", price=_price(0.13, "2K")),
    _row(
        "bytedance/seedance-2.0",
        range(4, 16),
        ("480P", *_FULL, "4K"),
        _SEVEN,
        _DANCE_UHD,
    ),
    _row("bytedance/seedance-2.0-fast", range(4, 16), ("480P", "720P"), _SEVEN, _DANCE),
    _row(
        "bytedance/seedance-1-5-pro",
        range(4, 13),
        ("480P", *_FULL),
        _SEVEN,
        f"{_DANCE_FULL_HD} 480x1120 1080x2520",
    ),
    _row("alibaba/wan-2.7", range(2, 11), _FULL, _FIVE, _WAN, price=_price(0.10, "")),
    _row("alibaba/wan-2.6", (5, 10), _FULL, _WIDE, _FULL_HD, price=_price(0.08, "720P from text")),
    replace(
        _row(
            "openai/sora-2-pro",
            (4, 8, 12, 16, 20),
            _FULL,
            _WIDE,
            _FULL_HD,
            price=_price(0.30, "720P, until the shutdown"),
        ),
        modes=(Mode.GENERATE,),
        # With OpenAI's own Videos API.
        retires_on=date(2026, 9, 24),
    ),
)

_FIRST_ONLY = ("minimax/hailuo-2.3", "alibaba/wan-2.6")


def frames(model: str) -> tuple[str, ...]:
    """The frame roles that a model has."""
    return FRAMES[:1] if model in _FIRST_ONLY else FRAMES
