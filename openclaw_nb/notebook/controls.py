"""What the form asks for, as data: one sheet of settings and references for each kind of result."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from openclaw_nb.core.capabilities import ModeCaps, OptionType
from openclaw_nb.core.domain import Kind, Medium, Mode
from openclaw_nb.core.geometry import duration_choices
from openclaw_nb.core.parameters import (
    MAX_AUDIOS,
    MAX_EDITED_IMAGES,
    MAX_IMAGES,
    MAX_MUSIC_IMAGES,
    MAX_VIDEOS,
)

Shape: TypeAlias = Literal["choice", "length", "switch", "number", "text", "lines"]


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
    most: int
    roles_keyword: str = ""
    roles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Way:
    """A mode as the user may choose it: the references that it sends, and the one it needs."""

    mode: Mode
    sends: tuple[Kind, ...]
    needs: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """All that a form asks for one kind of result."""

    medium: Medium
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


def _flagged(flag: Callable[[ModeCaps], bool | None]) -> Callable[[ModeCaps], Offer]:
    return lambda caps: ANYTHING if flag(caps) else NOTHING


def _lengths(caps: ModeCaps) -> Offer:
    """The seconds that a model makes: its list, else all up to its longest."""
    if choices := duration_choices(caps.supported_duration_seconds):
        return Offer(choices)
    return Offer(tuple(range(1, int(caps.max_duration_seconds or 0) + 1)))


def _up_to(most: Callable[[ModeCaps], int | None]) -> Callable[[ModeCaps], Offer]:
    return lambda caps: Offer(tuple(range(1, (most(caps) or 1) + 1)))


def _only(values: Callable[[ModeCaps], tuple[str, ...] | None]) -> Callable[[ModeCaps], Offer]:
    """For a setting that a model has only where it lists values."""
    return lambda caps: Offer(found) if (found := values(caps)) else NOTHING


def _track_lengths(caps: ModeCaps) -> Offer:
    return _lengths(caps) if caps.supports_duration else NOTHING


_RATIO = Setting(
    "aspect_ratio",
    "Aspect ratio",
    "choice",
    _listed(lambda caps: caps.supports_aspect_ratio, lambda caps: caps.aspect_ratios),
    "such as 16:9",
)
_RESOLUTION = Setting(
    "resolution",
    "Resolution",
    "choice",
    _listed(lambda caps: caps.supports_resolution, lambda caps: caps.resolutions),
    "such as 720P",
)
_SIZE = Setting(
    "size",
    "Size in pixels",
    "choice",
    _listed(lambda caps: caps.supports_size, lambda caps: caps.sizes),
    "such as 1280x720",
)
_DURATION_HINT = "seconds, such as 5"

VIDEO = Sheet(
    medium=Medium.VIDEO,
    prompt_hint="What the video shows: a friendly lobster surfing at sunset",
    settings=(
        Setting("duration_seconds", "Duration", "length", _lengths, _DURATION_HINT),
        _RATIO,
        _RESOLUTION,
        _SIZE,
        Setting("audio", "Sound", "switch", _switched(lambda caps: caps.supports_audio)),
        Setting(
            "watermark", "Watermark", "switch", _switched(lambda caps: caps.supports_watermark)
        ),
    ),
    slots=(
        Slot(
            Kind.IMAGE,
            "images",
            MAX_IMAGES,
            "image_roles",
            ("first_frame", "last_frame", "reference_image"),
        ),
        Slot(Kind.VIDEO, "videos", MAX_VIDEOS, "video_roles", ("reference_video",)),
        Slot(Kind.AUDIO, "audio_refs", MAX_AUDIOS, "audio_roles", ("reference_audio",)),
    ),
    ways=(
        Way(Mode.GENERATE, (Kind.AUDIO,)),
        Way(Mode.IMAGE_TO_VIDEO, (Kind.IMAGE, Kind.AUDIO), Kind.IMAGE),
        Way(Mode.VIDEO_TO_VIDEO, (Kind.VIDEO, Kind.AUDIO), Kind.VIDEO),
    ),
)
IMAGE = Sheet(
    medium=Medium.IMAGE,
    prompt_hint="What the image shows, or how the references change",
    settings=(
        Setting("count", "Images", "choice", _up_to(lambda caps: caps.max_count)),
        _RATIO,
        _RESOLUTION,
        _SIZE,
        Setting("quality", "Quality", "choice", _only(lambda caps: caps.qualities)),
        Setting("output_format", "Format", "choice", _only(lambda caps: caps.output_formats)),
        Setting("background", "Background", "choice", _only(lambda caps: caps.backgrounds)),
    ),
    slots=(Slot(Kind.IMAGE, "images", MAX_EDITED_IMAGES),),
    ways=(Way(Mode.GENERATE, ()), Way(Mode.EDIT, (Kind.IMAGE,), Kind.IMAGE)),
)
MUSIC = Sheet(
    medium=Medium.MUSIC,
    prompt_hint="What the music is like: a slow waltz for accordion and harp",
    settings=(
        Setting("lyrics", "Lyrics", "lines", _flagged(lambda caps: caps.supports_lyrics)),
        Setting(
            "instrumental",
            "Instrumental",
            "switch",
            _switched(lambda caps: caps.supports_instrumental),
        ),
        Setting("duration_seconds", "Duration", "length", _track_lengths, _DURATION_HINT),
        Setting("format", "Format", "choice", _only(lambda caps: caps.formats)),
    ),
    slots=(Slot(Kind.IMAGE, "images", MAX_MUSIC_IMAGES),),
    ways=(Way(Mode.GENERATE, ()), Way(Mode.EDIT, (Kind.IMAGE,), Kind.IMAGE)),
)

SHEETS: Mapping[str, Sheet] = {sheet.medium.value: sheet for sheet in (VIDEO, IMAGE, MUSIC)}

Choice: TypeAlias = tuple[Setting, Offer, object]
"""A setting, what there is to choose, and what is chosen."""


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
