"""The video models of ModelArk: what each takes, and how large its films are.

Sources: BytePlus ModelArk documentation "Create a video generation task", the Seedance 1.5 and 2.0 tutorials (read
2026-11-21).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

FPS = 24
AUTOMATIC = -1

_OLD = frozenset({"seed", "camera_fixed", "service_tier"})
OPTIONAL = _OLD | {"frames", "generate_audio", "draft", "priority"}
"""Fields that not every model has."""


@dataclass(frozen=True, slots=True)
class Model:
    """What a model takes."""

    seconds: range = range(2, 13)
    automatic: bool = False
    """Takes -1 as duration."""
    fields: frozenset[str] = _OLD | {"frames"}
    text: bool = True
    frames: int = 2
    """Of the first and the last frame, how many it takes."""
    images: int = 0
    """Reference images."""
    media: int = 0
    """Reference videos, and as many audios."""
    resolutions: tuple[str, ...] = ("480p", "720p", "1080p")
    heic: bool = True
    small_16_9: tuple[int, int] = (864, 496)
    """480p in 16:9, where the generations differ."""

    @property
    def sound(self) -> bool:
        """Its films can have a sound track."""
        return "generate_audio" in self.fields


_1_0 = Model(heic=False, small_16_9=(864, 480))
_2_0 = Model(
    seconds=range(4, 16),
    automatic=True,
    fields=frozenset({"generate_audio", "priority"}),
    images=9,
    media=3,
    resolutions=("480p", "720p", "1080p", "4k"),
)
_2_0_FAST = replace(_2_0, resolutions=("480p", "720p"))
MODELS = {
    "seedance-1-0-pro-250528": _1_0,
    "seedance-1-0-pro-fast-251015": replace(_1_0, frames=1),
    "seedance-1-0-lite-t2v-250428": replace(_1_0, frames=0),
    "seedance-1-0-lite-i2v-250428": replace(_1_0, text=False, images=4),
    "seedance-1-5-pro-251215": Model(
        seconds=range(4, 13), automatic=True, fields=_OLD | {"generate_audio", "draft"}
    ),
    "dreamina-seedance-2-0-260128": _2_0,
    "dreamina-seedance-2-0-fast-260128": _2_0_FAST,
    # The newest two are known by name only: they are given the rules of their elders.
    "dreamina-seedance-2-0-mini-260615": _2_0_FAST,
    "dreamina-seedance-2-5-260628": _2_0,
}

_720P = {"16:9": (1280, 720), "4:3": (1112, 834), "1:1": (960, 960), "21:9": (1470, 630)}
_1080P = {"16:9": (1920, 1080), "4:3": (1664, 1248), "1:1": (1440, 1440), "21:9": (2206, 946)}
SIZES = {
    "480p": {"4:3": (752, 560), "1:1": (640, 640), "21:9": (992, 432)},
    "720p": _720P,
    "1080p": _1080P,
    "4k": {ratio: (2 * wide, 2 * high) for ratio, (wide, high) in _1080P.items()},
}
_UPRIGHT = {"9:16": "16:9", "3:4": "4:3"}
RATIOS = ("16:9", "4:3", "1:1", "3:4", "9:16", "21:9")


def size_of(model: Model, resolution: str, ratio: str) -> tuple[int, int]:
    """Width and height of the film."""
    if ratio in _UPRIGHT:
        wide, high = size_of(model, resolution, _UPRIGHT[ratio])
        return high, wide
    return {"16:9": model.small_16_9, **SIZES[resolution]}[ratio]


def nearest_ratio(width: int, height: int) -> str:
    """The ratio on the list that a film has."""

    def apart(ratio: str) -> float:
        wide, _, high = ratio.partition(":")
        return abs(int(wide) / int(high) - width / height)

    return min(RATIOS, key=apart)
