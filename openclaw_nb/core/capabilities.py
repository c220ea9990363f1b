"""What each provider takes, as data. Planning, forms, tables, docs and tests all read it here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, Literal, TypeAlias

from openclaw_nb.core.domain import Medium, Mode

OptionType: TypeAlias = Literal["number", "boolean", "string"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ModeCaps:
    """What one mode takes. None: not declared. An empty list of values puts no limit on them."""

    enabled: bool | None = None
    """A transform mode runs only when this is True; `generate` needs no flag."""
    max_videos: int | None = None
    max_input_images: int | None = None
    max_input_images_by_model: Mapping[str, int] | None = None
    max_input_videos: int | None = None
    max_input_videos_by_model: Mapping[str, int] | None = None
    max_input_audios: int | None = None
    max_input_audios_by_model: Mapping[str, int] | None = None
    max_duration_seconds: float | None = None
    """Above it a candidate is skipped, unless a list of durations exists."""
    supported_duration_seconds: tuple[float, ...] | None = None
    supported_duration_seconds_by_model: Mapping[str, tuple[float, ...]] | None = None
    supports_size: bool | None = None
    sizes: tuple[str, ...] | None = None
    """Written `1280x720`, whatever the wire wants."""
    supports_aspect_ratio: bool | None = None
    aspect_ratios: tuple[str, ...] | None = None
    supports_resolution: bool | None = None
    resolutions: tuple[str, ...] | None = None
    supports_audio: bool | None = None
    """Generated sound can be switched on and off."""
    supports_watermark: bool | None = None
    provider_options: Mapping[str, OptionType] | None = None
    """None: anything is passed on. Empty: none are taken."""
    exact: frozenset[str] | None = None
    """Settings, in snake_case, that are never fitted: a value that the model does not take skips it."""
    max_count: int | None = None
    """Images that one request may ask for."""
    infers_resolution: bool | None = None
    """Without a size or resolution, the size of the references decides the resolution."""
    qualities: tuple[str, ...] | None = None
    output_formats: tuple[str, ...] | None = None
    backgrounds: tuple[str, ...] | None = None
    supports_lyrics: bool | None = None
    supports_instrumental: bool | None = None
    supports_duration: bool | None = None
    """Of music: its length can be asked for, up to `max_duration_seconds`, to which it is cut."""
    formats: tuple[str, ...] | None = None
    """Of music."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """A provider's modes, and flat fallbacks for what a mode leaves out."""

    generate: ModeCaps | None = None
    image_to_video: ModeCaps | None = None
    video_to_video: ModeCaps | None = None
    edit: ModeCaps | None = None
    max_input_images: int | None = None
    max_input_videos: int | None = None
    max_input_audios: int | None = None
    max_duration_seconds: float | None = None
    provider_options: Mapping[str, OptionType] | None = None

    def block(self, mode: Mode) -> ModeCaps | None:
        """The declaration of one mode, enabled or not."""
        match mode:
            case Mode.GENERATE:
                return self.generate
            case Mode.IMAGE_TO_VIDEO:
                return self.image_to_video
            case Mode.VIDEO_TO_VIDEO:
                return self.video_to_video
            case Mode.EDIT:
                return self.edit

    def modes(self) -> tuple[Mode, ...]:
        """The declared modes: always `generate`, then the enabled transform modes."""
        transforms = (Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO, Mode.EDIT)
        enabled = [mode for mode in transforms if (block := self.block(mode)) and block.enabled]
        return (Mode.GENERATE, *enabled)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """About what a result costs. `per` says for what; `read_on` when the page said so."""

    usd: float
    per: Literal["second", "video", "image", "megapixel", "track"]
    read_on: date
    note: str = ""

    @property
    def brief(self) -> str:
        """Without the note."""
        return f"about ${self.usd:g} a {self.per}, read {self.read_on}"

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"about ${self.usd:g} a {self.per}{note}, read {self.read_on}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One model row: what differs from the provider's declaration, and what is known of its end."""

    id: str
    modes: tuple[Mode, ...] | None = None
    """The modes this model has; None: all that the provider declares."""
    caps: Caps | None = None
    """Laid over the provider's declaration: a field given here replaces, a None keeps."""
    siblings: Mapping[Mode, str] | None = None
    """For a mode this endpoint lacks, the endpoint that has it; planning switches and says so."""
    former_ids: tuple[str, ...] = ()
    """Older spellings of `id`; planning takes them for this row and says so."""
    retires_on: date | None = None
    """When the provider's public host stops serving it."""
    replaced_by: str | None = None
    checked_on: date | None = None
    price: Price | None = None


def mode_of(images: int, videos: int, medium: Medium = Medium.VIDEO) -> Mode | None:
    """The mode that so many references ask for; None when images and videos are mixed."""
    if medium is not Medium.VIDEO:
        return Mode.EDIT if images else Mode.GENERATE
    if images and videos:
        return None
    if videos:
        return Mode.VIDEO_TO_VIDEO
    return Mode.IMAGE_TO_VIDEO if images else Mode.GENERATE


_PER_MODEL = (
    "max_input_images",
    "max_input_videos",
    "max_input_audios",
    "supported_duration_seconds",
)
_FLAT = (
    "max_input_images",
    "max_input_videos",
    "max_input_audios",
    "max_duration_seconds",
    "provider_options",
)


def effective(
    caps: Caps, model: str, images: int, videos: int, medium: Medium = Medium.VIDEO
) -> ModeCaps | None:
    """What applies to one request: the mode's block, per-model values in place, gaps filled.

    None when the mode is not declared. Images with videos are declared only by a `video_to_video`
    block that is enabled and takes images. A block that is not enabled is returned all the same.
    """
    block = caps.block(mode_of(images, videos, medium) or Mode.VIDEO_TO_VIDEO)
    if block is None:
        return None
    block = _for_model(block, model.strip())
    if images and videos and not (block.enabled and (block.max_input_images or 0) > 0):
        return None
    gaps: dict[str, Any] = {
        name: getattr(caps, name) for name in _FLAT if getattr(block, name) is None
    }
    return replace(block, **gaps)


def flat(caps: Caps) -> ModeCaps:
    """The flat fallbacks alone: all that is known of a mode without a block."""
    known: dict[str, Any] = {name: getattr(caps, name) for name in _FLAT}
    return ModeCaps(**known)


def _for_model(block: ModeCaps, model: str) -> ModeCaps:
    values: dict[str, Any] = {}
    for name in _PER_MODEL:
        table: Mapping[str, object] = getattr(block, f"{name}_by_model") or {}
        values[f"{name}_by_model"] = None
        if table.get(model) is not None:
            values[name] = table[model]
    return replace(block, **values)


def overlay(base: Caps, over: Caps | None) -> Caps:
    """`base` with every declared field of `over` in its place; both stay as they are.

    A False or 0 in `over` counts as declared. Option schemas are merged key by key, but an empty
    one clears the schema.
    """
    if over is None:
        return base
    flat: dict[str, Any] = {
        f.name: value for f in fields(Caps) if (value := getattr(over, f.name)) is not None
    }
    for mode in ("generate", "image_to_video", "video_to_video", "edit"):
        flat[mode] = _merge_mode(getattr(base, mode), getattr(over, mode))
    if over.provider_options is not None:
        flat["provider_options"] = _merge_options(base.provider_options, over.provider_options)
    return replace(base, **flat)


def _merge_mode(base: ModeCaps | None, over: ModeCaps | None) -> ModeCaps | None:
    if over is None or base is None:
        return base if over is None else over
    given: dict[str, Any] = {
        f.name: v for f in fields(ModeCaps) if (v := getattr(over, f.name)) is not None
    }
    if "provider_options" in given:
        given["provider_options"] = _merge_options(base.provider_options, over.provider_options)
    return replace(base, **given)


def _merge_options(
    base: Mapping[str, OptionType] | None, over: Mapping[str, OptionType] | None
) -> Mapping[str, OptionType]:
    return {**(base or {}), **over} if over else {}
