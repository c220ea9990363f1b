"""What a live run asks of a model: short, small, still, without sound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from openclaw_nb.core.capabilities import ModeCaps
from openclaw_nb.core.domain import Medium, Mode

if TYPE_CHECKING:
    from PIL.Image import Image

PROMPTS: Mapping[Mode, str] = {
    Mode.GENERATE: (
        "One second of a lobster walking slowly over wet sand, very little motion, no text."
    ),
    Mode.IMAGE_TO_VIDEO: (
        "Animate the reference art with slight parallax and a gently drifting camera."
    ),
    Mode.VIDEO_TO_VIDEO: "Continue the clip, a little brighter and steadier.",
}
OTHER_PROMPTS: Mapping[Medium, str] = {
    Medium.IMAGE: "A small orange lobster on wet sand, flat illustration, no text.",
    Medium.MUSIC: "A short, calm loop of soft piano, no vocals.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a provider is asked for, where its services differ."""

    seconds: int = 1
    """Fitted to what the model declares."""
    resolution: str = "480P"
    size: str | None = None
    picture: tuple[int, int] = (384, 384)
    """Width and height of the reference image in pixels."""


_USUAL = Wish()
_OWN: Mapping[str, Wish] = {
    "alibaba": Wish(resolution="720P"),
    "minimax": Wish(resolution="768P"),
    "minimax-portal": Wish(resolution="768P"),
    # Servers of its wire besides its own declare no lengths; its wire has none that is shorter.
    "openai": Wish(seconds=4, size="1280x720", picture=(1280, 720)),
    "qwen": Wish(resolution="720P"),
}


def wish(provider: str) -> Wish:
    """What a provider is asked for."""
    return _OWN.get(provider, _USUAL)


def settings(provider: str, takes: ModeCaps | None) -> dict[str, Any]:
    """The keywords of a request for a video: only what the model declares; the length is fitted later."""
    caps, wanted = takes or ModeCaps(), wish(provider)
    given: dict[str, tuple[object, bool | None]] = {
        "size": (wanted.size, wanted.size is not None),
        "resolution": (wanted.resolution, caps.supports_resolution),
        "aspect_ratio": ("16:9", caps.supports_aspect_ratio),
        "audio": (False, caps.supports_audio),
        "watermark": (False, caps.supports_watermark),
    }
    taken = {name: value for name, (value, supported) in given.items() if supported}
    return {"duration_seconds": wanted.seconds, **taken}


def picture(size: tuple[int, int]) -> Image:
    """The reference image: on a pale ground a blue rectangle, and in it a white one. Pixels."""
    from PIL import Image, ImageDraw

    width, height = size
    made = Image.new("RGB", size, (238, 247, 255))
    draw = ImageDraw.Draw(made)
    for part, colour in ((8, (76, 154, 255)), (4, (255, 255, 255))):
        across, down = width // part, height // part
        draw.rectangle((across, down, width - across - 1, height - down - 1), fill=colour)
    return made
