"""Fit the style of a request to what one mode of a model takes, and say what that changed.

Nothing here is an error: a value is passed on, replaced by the nearest one, or left out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from openclaw_nb.core.capabilities import ModeCaps
from openclaw_nb.core.domain import Change, Ignored, Medium, Request
from openclaw_nb.core.geometry import (
    closest_ratio,
    closest_resolution,
    closest_size,
    duration_choices,
    nearest_duration,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """The style that is sent, and how it came to differ from the one asked for."""

    size: str | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    duration_seconds: int | None = None
    audio: bool | None = None
    watermark: bool | None = None
    quality: str | None = None
    output_format: str | None = None
    background: str | None = None
    lyrics: str | None = None
    instrumental: bool | None = None
    format: str | None = None
    changes: tuple[Change, ...] = ()
    ignored: tuple[Ignored, ...] = ()


@dataclass(slots=True)
class _Log:
    """What the steps report. A later change of a setting replaces an earlier one."""

    changes: dict[str, Change] = field(default_factory=dict[str, Change])
    ignored: list[Ignored] = field(default_factory=list[Ignored])

    def ignore(self, setting: str, value: object, why: str) -> None:
        self.ignored.append(Ignored(setting=setting, value=value, why=why))

    def nearest(
        self, setting: str, requested: str, applied: str | None, supported: Sequence[str]
    ) -> str | None:
        """Notes how `requested` became `applied`; both the same is no news."""
        why = f"takes {', '.join(supported)}"
        if applied is None:
            self.ignore(setting, requested, f"{why}; none of them is near")
        elif applied != requested:
            self.changes[setting] = Change(
                setting=setting,
                requested=requested,
                applied=applied,
                why=why,
                supported=tuple(supported),
            )
        return applied

    def derived(
        self, setting: str, applied: str, source: str, supported: Sequence[str] | None
    ) -> None:
        self.changes[setting] = Change(
            setting=setting,
            requested=None,
            applied=applied,
            why=f"takes {_WORDS[setting]}, not {_WORDS[source]}",
            derived_from=source,
            supported=tuple(supported or ()),
        )


_WORDS = {
    "size": "a size",
    "aspect_ratio": "an aspect ratio",
    "resolution": "a resolution",
    "audio": "no switch for sound",
    "watermark": "no switch for a watermark",
    "instrumental": "no switch for instrumental music",
}


def normalise(request: Request, caps: ModeCaps | None) -> Style:
    """The style that a mode with `caps` is sent for `request`. Without caps all is passed on.

    The duration becomes whole seconds, at least 1; one that is not finite counts as not given.
    """
    match request.medium:
        case Medium.VIDEO:
            return _video(request, caps)
        case Medium.IMAGE:
            return _image(request, caps or ModeCaps())
        case Medium.MUSIC:
            return _music(request, caps or ModeCaps())


def _video(request: Request, caps: ModeCaps | None) -> Style:
    log = _Log()
    size, ratio, resolution = request.size, request.aspect_ratio, request.resolution
    audio, watermark = request.audio, request.watermark
    if caps is not None:
        size = _size(size, ratio, caps, log)
        size, ratio = _size_to_ratio(size, ratio, caps, log)
        size, ratio = _ratio(size, ratio, caps, log)
        resolution = _resolution(resolution, caps, log)
        audio = _switch("audio", audio, log, has=caps.supports_audio)
        watermark = _switch("watermark", watermark, log, has=caps.supports_watermark)
    seconds = _duration(request.duration_seconds, caps or ModeCaps(), log)
    return Style(
        size=size,
        aspect_ratio=ratio,
        resolution=resolution,
        duration_seconds=seconds,
        audio=audio,
        watermark=watermark,
        changes=tuple(log.changes.values()),
        ignored=tuple(log.ignored),
    )


def _image(request: Request, caps: ModeCaps) -> Style:
    """Unlike a video's, an unusable size is not helped out by the ratio."""
    log = _Log()
    size = _size(request.size, None, caps, log)
    size, ratio = _size_to_ratio(size, request.aspect_ratio, caps, log)
    size, ratio = _ratio(size, ratio, caps, log)
    resolution = _resolution(request.resolution, caps, log)
    quality = _choice("quality", request.quality, caps.qualities, log)
    output_format = _choice("output_format", request.output_format, caps.output_formats, log)
    background = _choice("background", request.background, caps.backgrounds, log)
    return Style(
        size=size,
        aspect_ratio=ratio,
        resolution=resolution,
        quality=quality,
        output_format=output_format,
        background=background,
        changes=tuple(log.changes.values()),
        ignored=tuple(log.ignored),
    )


def _music(request: Request, caps: ModeCaps) -> Style:
    log = _Log()
    lyrics = request.lyrics
    if lyrics is not None and not caps.supports_lyrics:
        log.ignore("lyrics", lyrics, "takes no lyrics")
        lyrics = None
    instrumental = _switch(
        "instrumental", request.instrumental, log, has=caps.supports_instrumental
    )
    seconds = _clamped(request.duration_seconds, caps, log)
    format = _choice("format", request.format, caps.formats, log)
    return Style(
        lyrics=lyrics,
        instrumental=instrumental,
        duration_seconds=seconds,
        format=format,
        changes=tuple(log.changes.values()),
        ignored=tuple(log.ignored),
    )


def _choice(
    setting: str, value: str | None, allowed: Sequence[str] | None, log: _Log
) -> str | None:
    if value is None or value in (allowed or ()):
        return value
    log.ignore(setting, value, f"takes {listed(allowed)}" if allowed else "has no such setting")
    return None


def _clamped(seconds: float | None, caps: ModeCaps, log: _Log) -> int | None:
    """The length of music: whole seconds, at least 1, at most what the model makes."""
    if seconds is None or not math.isfinite(seconds):
        return None
    if not caps.supports_duration:
        log.ignore("duration_seconds", seconds, "decides the length itself")
        return None
    asked, most = nearest_duration(seconds, ()), caps.max_duration_seconds
    applied = asked if most is None else min(asked, nearest_duration(most, ()))
    if applied != asked:
        why = f"makes at most {applied} seconds"
        log.changes["duration_seconds"] = Change(
            setting="duration_seconds", requested=asked, applied=applied, why=why
        )
    return applied


def _size(size: str | None, ratio: str | None, caps: ModeCaps, log: _Log) -> str | None:
    if size is None or not caps.supports_size or not caps.sizes:
        return size
    return log.nearest("size", size, closest_size(size, ratio, caps.sizes), caps.sizes)


def _size_to_ratio(
    size: str | None, ratio: str | None, caps: ModeCaps, log: _Log
) -> tuple[str | None, str | None]:
    if size is None or caps.supports_size:
        return size, ratio
    found = (
        closest_ratio(ratio, size, caps.aspect_ratios or ()) if caps.supports_aspect_ratio else None
    )
    if found is None:
        log.ignore("size", size, "takes no size")
        return None, ratio
    log.derived("aspect_ratio", found, "size", caps.aspect_ratios)
    return None, found


def _ratio(
    size: str | None, ratio: str | None, caps: ModeCaps, log: _Log
) -> tuple[str | None, str | None]:
    if ratio is None:
        return size, None
    if caps.supports_aspect_ratio:
        allowed = caps.aspect_ratios or ()
        return size, log.nearest(
            "aspect_ratio", ratio, closest_ratio(ratio, size, allowed), allowed
        )
    found = closest_size(None, ratio, caps.sizes or ()) if caps.supports_size and not size else None
    if found is None:
        log.ignore("aspect_ratio", ratio, "takes no aspect ratio")
        return size, None
    log.derived("size", found, "aspect_ratio", caps.sizes)
    return found, None


def _resolution(resolution: str | None, caps: ModeCaps, log: _Log) -> str | None:
    if resolution is None:
        return None
    if not caps.supports_resolution:
        log.ignore("resolution", resolution, "takes no resolution")
        return None
    allowed = caps.resolutions or ()
    return log.nearest("resolution", resolution, closest_resolution(resolution, allowed), allowed)


def _switch(setting: str, value: bool | None, log: _Log, *, has: bool | None) -> bool | None:
    if value is None or has:
        return value
    log.ignore(setting, value, f"has {_WORDS[setting]}")
    return None


def _duration(seconds: float | None, caps: ModeCaps, log: _Log) -> int | None:
    if seconds is None or not math.isfinite(seconds):
        return None
    requested = nearest_duration(seconds, ())
    choices = duration_choices(caps.supported_duration_seconds)
    applied = nearest_duration(requested, choices)
    if applied != requested:
        log.changes["duration_seconds"] = Change(
            setting="duration_seconds",
            requested=requested,
            applied=applied,
            why=f"makes {listed(choices)} seconds",
            supported=choices,
        )
    return applied


def listed(values: Sequence[object]) -> str:
    """Values as a sentence lists them: `4, 6 or 8`."""
    *head, last = map(str, values)
    return f"{', '.join(head)} or {last}" if head else last
