"""What the form asks for, as data: one sheet of settings and references for each kind of result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from openclaw_nb.core.capabilities import ModeCaps, OptionType
from openclaw_nb.core.domain import Kind, Mode
from openclaw_nb.core.geometry import duration_choices
from openclaw_nb.core.parameters import MAX_AUDIOS, MAX_IMAGES, MAX_VIDEOS

Shape: TypeAlias = Literal["choice", "length", "switch", "number", "text"]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one model lets the user choose for one setting."""

    values: tuple[Any, ...] = ()
    """What it takes; empty: anything."""
    taken: bool = True
    """False: it has no such setting."""


NOTHING = Offer(taken=False)
ANYTHING = Offer()


@dataclass(frozen=True, slots=True)
class Setting:
    """One keyword of the request that is a matter of style."""

    name: str
    label: str
    shape: Shape
    offer: Callable[[ModeCaps], Offer] = lambda _: ANYTHING
    hint: str = ""
    """An example of a value, for who may type any."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One kind of reference: its keywords, how many there may be, the roles they may have."""

    kind: Kind
    keyword: str
    roles_keyword: str
    most: int
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Way:
    """A mode as the user may choose it: the references that it sends, and the one it needs."""

    mode: Mode
    sends: tuple[Kind, ...]
    needs: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that a form asks for one kind of result."""

    kind: str
    """`video`, `image` or `music`."""
    function: str
    """The public function that makes it."""
    prompt_hint: str
    settings: tuple[Setting, ...]
    slots: tuple[Slot, ...]
    ways: tuple[Way, ...] = ()

    def way(self, mode: Mode | None) -> Way | None:
        """What a mode sends; None when the references decide."""
        return next((way for way in self.ways if way.mode is mode), None)

    def slot(self, kind: Kind) -> Slot | None:
        """Where references of this kind go; None when the sheet has no place for them."""
        return next((slot for slot in self.slots if slot.kind is kind), None)


def _listed(
    flag: Callable[[ModeCaps], bool | None], values: Callable[[ModeCaps], tuple[str, ...] | None]
) -> Callable[[ModeCaps], Offer]:
    return lambda caps: Offer(values(caps) or ()) if flag(caps) else NOTHING


def _switched(flag: Callable[[ModeCaps], bool | None]) -> Callable[[ModeCaps], Offer]:
    return lambda caps: Offer((True, False)) if flag(caps) else NOTHING


def _lengths(caps: ModeCaps) -> Offer:
    """The seconds that a model makes: its list, else all up to its longest."""
    if choices := duration_choices(caps.supported_duration_seconds):
        return Offer(choices)
    return Offer(tuple(range(1, int(caps.max_duration_seconds or 0) + 1)))


VIDEO = Sheet(
    kind="video",
    function="generate_video",
    prompt_hint="What the video shows: a friendly lobster surfing at sunset",
    settings=(
        Setting("duration_seconds", "Duration", "length", _lengths, "seconds, such as 5"),
        Setting(
            "aspect_ratio",
            "Aspect ratio",
            "choice",
            _listed(lambda caps: caps.supports_aspect_ratio, lambda caps: caps.aspect_ratios),
            "such as 16:9",
        ),
        Setting(
            "resolution",
            "Resolution",
            "choice",
            _listed(lambda caps: caps.supports_resolution, lambda caps: caps.resolutions),
            "such as 720P",
        ),
        Setting(
            "size",
            "Size in pixels",
            "choice",
            _listed(lambda caps: caps.supports_size, lambda caps: caps.sizes),
            "such as 1280x720",
        ),
        Setting("audio", "Sound", "switch", _switched(lambda caps: caps.supports_audio)),
        Setting("watermark", "Watermark", "switch", _switched(lambda caps: caps.supports_watermark)),
    ),
    slots=(
        Slot(
            Kind.IMAGE,
            "images",
            "image_roles",
            MAX_IMAGES,
            ("first_frame", "last_frame", "reference_image"),
        ),
        Slot(Kind.VIDEO, "videos", "video_roles", MAX_VIDEOS, ("reference_video",)),
        Slot(Kind.AUDIO, "audio_refs", "audio_roles", MAX_AUDIOS, ("reference_audio",)),
    ),
    ways=(
        Way(Mode.GENERATE, (Kind.AUDIO,)),
        Way(Mode.IMAGE_TO_VIDEO, (Kind.IMAGE, Kind.AUDIO), Kind.IMAGE),
        Way(Mode.VIDEO_TO_VIDEO, (Kind.VIDEO, Kind.AUDIO), Kind.VIDEO),
    ),
)

Choice: TypeAlias = tuple[Setting, Offer, object]
"""A setting, what there is to choose, and what is chosen."""

SHEETS: Mapping[str, Sheet] = {sheet.kind: sheet for sheet in (VIDEO,)}


def offer(setting: Setting, caps: ModeCaps | None) -> Offer:
    """What there is to choose; without a declaration everything is passed on."""
    return ANYTHING if caps is None else setting.offer(caps)


FREE_OPTIONS = Setting("provider_options", "As JSON", "text", hint='such as {"seed": 42}')
"""For a provider that declares no options: any are passed on."""


def option_settings(options: Mapping[str, OptionType] | None) -> tuple[Setting, ...]:
    """A provider's own options as settings."""
    if options is None:
        return (FREE_OPTIONS,)
    return tuple(Setting(name, name, _OPTION_SHAPES[type]) for name, type in options.items())


_OPTION_SHAPES: Mapping[OptionType, Shape] = {
    "number": "number",
    "boolean": "switch",
    "string": "text",
}
