"""Why a model cannot take a request. Checked before anything is sent; the first reason counts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from openclaw_nb.core.capabilities import ModeCaps, Model, OptionType, mode_of
from openclaw_nb.core.domain import Kind, Media, Medium, Mode, Ref, Request
from openclaw_nb.core.geometry import duration_choices, nearest_duration
from openclaw_nb.core.normalise import listed

_LISTED = 200
_NAMED = 3


def references(
    ref: Ref,
    row: Model,
    declared: ModeCaps | None,
    limits: ModeCaps,
    media: Media,
    having: Sequence[str],
    medium: Medium = Medium.VIDEO,
) -> str | None:
    """The mode that is missing, or the kind of reference that the model does not take so many of.

    `declared` is what the mode declares, if anything; `limits` the same or the flat fallbacks;
    `having` the models of the provider that have the mode.
    """
    return (
        _mode_missing(ref, row, media, having, medium)
        or _references_unsupported(ref, declared, media, medium)
        or _too_many(ref, limits, media)
    )


def _mode_missing(
    ref: Ref, row: Model, media: Media, having: Sequence[str], medium: Medium
) -> str | None:
    mode = mode_of(len(media.images), len(media.videos), medium) or Mode.VIDEO_TO_VIDEO
    if row.modes is None or mode in row.modes:
        return None
    has = ", ".join(mode.words_for(medium) for mode in row.modes) or "no mode"
    others = f"; {listed(having[:_NAMED])} of {ref.provider} can" if having else ""
    return f"{ref} does not make {mode.words_for(medium)}; it has {has}{others}"


def _references_unsupported(
    ref: Ref, declared: ModeCaps | None, media: Media, medium: Medium
) -> str | None:
    if not media.images and not media.videos:
        return None
    if declared is not None and declared.enabled:
        return None
    match mode_of(len(media.images), len(media.videos), medium):
        case Mode.IMAGE_TO_VIDEO | Mode.EDIT:
            what = "reference image"
        case Mode.VIDEO_TO_VIDEO:
            what = "reference video"
        case _:
            what = "a combination of reference image and reference video"
    return f"{ref} does not support {what}; skipped so that no reference is lost silently"


def _too_many(ref: Ref, limits: ModeCaps, media: Media) -> str | None:
    for kind, count, limit in (
        (Kind.IMAGE, len(media.images), limits.max_input_images or 0),
        (Kind.VIDEO, len(media.videos), limits.max_input_videos or 0),
        (Kind.AUDIO, len(media.audios), limits.max_input_audios or 0),
    ):
        if count > limit:
            if kind is Kind.AUDIO and limit == 0:
                return f"{ref} does not support reference audio; the request has {count}"
            plural = "s" * (limit != 1 and kind is not Kind.AUDIO)
            return f"{ref} allows at most {limit} reference {kind}{plural}, {count} asked for"
    return None


def options(
    ref: Ref, schema: Mapping[str, OptionType] | None, given: Mapping[str, object]
) -> str | None:
    """What is wrong with the provider options, if anything. Undeclared: all are passed on."""
    if not given or schema is None:
        return None
    if not schema:
        return f"{ref} takes no provider options; given: {_names(given)}"
    if unknown := [name for name in given if name not in schema]:
        return (
            f"{ref} does not know the provider options {_names(unknown)}; "
            f"accepted: {_names(schema)}"
        )
    return next(
        (
            f"{ref} takes a {schema[name]} as provider option {name}, not {_type(value)}"
            for name, value in given.items()
            if not _fits(value, schema[name])
        ),
        None,
    )


def duration(ref: Ref, limits: ModeCaps, seconds: float | None) -> str | None:
    """By how much the video would be too long, if at all. A list of durations lifts the cap."""
    cap = limits.max_duration_seconds
    if seconds is None or not math.isfinite(seconds) or cap is None:
        return None
    asked = nearest_duration(seconds, ())
    if duration_choices(limits.supported_duration_seconds) or asked <= cap:
        return None
    return f"{ref} makes at most {cap:g} seconds, {asked} asked for"


def exact(ref: Ref, caps: ModeCaps | None, request: Request) -> str | None:
    """The setting with a value that the model does not take, of those that are never fitted."""
    if caps is None:
        return None
    asked = request.count or 1
    if caps.max_count is not None and asked > caps.max_count:
        return (
            f"{ref} makes at most {Medium.IMAGE.counted(caps.max_count)} at once, {asked} asked for"
        )
    found = (_outside(ref, caps, name, getattr(request, name)) for name in _EXACT)
    return next(filter(None, found), None)


_EXACT = {
    "aspect_ratio": ("supports_aspect_ratio", "aspect_ratios"),
    "resolution": ("supports_resolution", "resolutions"),
    "output_format": ("output_formats", "output_formats"),
    "lyrics": ("supports_lyrics", None),
    "instrumental": ("supports_instrumental", None),
}


def _outside(ref: Ref, caps: ModeCaps, name: str, value: object) -> str | None:
    if not value or name not in (caps.exact or ()):
        return None
    flag, values = _EXACT[name]
    noun = name.replace("_", " ")
    if not getattr(caps, flag):
        return f"{ref} takes no {noun}{' in an edit' if caps.enabled else ''}"
    allowed: tuple[str, ...] = (getattr(caps, values) if values else None) or ()
    if not allowed or value in allowed:
        return None
    return f"{ref} takes the {noun} {listed(allowed)}, not {value}"


def _fits(value: object, expected: OptionType) -> bool:
    match expected:
        case "boolean":
            return isinstance(value, bool)
        case "string":
            return isinstance(value, str)
        case "number":
            return _type(value) == "number"


def _type(value: object) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return next((name for kinds, name in _JSON_TYPES if isinstance(value, kinds)), "object")


# A bool is an int to Python; here it is none, so it is looked for first.
_JSON_TYPES: tuple[tuple[tuple[type, ...], str], ...] = (
    ((type(None),), "null"),
    ((bool,), "boolean"),
    ((int, float), "number"),
    ((str,), "string"),
    ((list, tuple), "list"),
)


def _names(names: Iterable[str]) -> str:
    text = ", ".join(names)
    return text if len(text) <= _LISTED else f"{text[:_LISTED]}..."
