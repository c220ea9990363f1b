"""Facts in words, the same in HTML and in text. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from openclaw_nb.core.domain import Attempt, Change, Ignored, TaskState, Why
from openclaw_nb.runtime.results import Result, SavedFile
from openclaw_nb.task import Snapshot

_LONG = 300
_FEW = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """What is in a video file."""

    width: int
    height: int
    seconds: float
    fps: float
    codec: str
    sound: str | None = None
    """The codec of the sound; None when the clip is silent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sound:
    """What is in a sound file."""

    seconds: float
    rate: int
    """Samples per second."""
    channels: int
    codec: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Still:
    """What is in an image file."""

    width: int
    height: int
    format: str
    """As Pillow calls it: PNG, JPEG, WEBP."""


Contents: TypeAlias = Clip | Sound | Still


def shortened(text: str, length: int = _LONG) -> str:
    """At most `length` characters of `text`."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def clock(seconds: float) -> str:
    """Seconds as 0:07, 12:30 or 1:02:03."""
    whole = max(0, int(seconds))
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def taken(seconds: float) -> str:
    """A span as 0.4 s, 42 s or 3 min 5 s."""
    minute = 60
    if seconds < minute:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"  # noqa: PLR2004
    minutes, rest = divmod(round(seconds), minute)
    return f"{minutes} min {rest} s" if rest else f"{minutes} min"


def size(count: int) -> str:
    """Bytes as 812 B, 9 kB or 5.7 MB."""
    kilo, mega = 1_000, 1_000_000
    if count < kilo:
        return f"{count} B"
    return f"{count / kilo:.0f} kB" if count < mega else f"{count / mega:.1f} MB"


def choice(values: Iterable[object]) -> str:
    """Values as people list them: 4, 6 or 8."""
    *most, last = [str(value) for value in values] or [""]
    return f"{', '.join(most)} or {last}" if most else last


def span(values: Sequence[object]) -> str:
    """Values as `choice` lists them; whole numbers without a gap as `2 to 12`."""
    first, last = (values[0], values[-1]) if values else (None, None)
    if isinstance(first, int) and isinstance(last, int) and last - first > 1:
        gapless = list(range(first, last + 1))
        return f"{first} to {last}" if list(values) == gapless else choice(values)
    return choice(values)


def plain(value: object) -> str:
    """A value as people say it: on and off for a switch."""
    return {True: "on", False: "off"}[value] if isinstance(value, bool) else str(value)


def change(made: Change) -> str:
    """`duration_seconds: asked 5, sent 6 (makes 4, 6 or 8 seconds)`."""
    asked = "not asked" if made.requested is None else f"asked {made.requested}"
    verb = "ran" if made.setting == "model" else "sent"
    why = made.why or (f"takes {choice(made.supported)}" if made.supported else "")
    told = f"{made.setting}: {asked}, {verb} {made.applied}"
    return f"{told} ({why})" if why else told


def ignored(setting: Ignored) -> str:
    """`watermark: not sent (the model has no such setting)`."""
    told = f"{setting.setting}: {setting.value} not sent"
    return f"{told} ({setting.why})" if setting.why else told


def outcome(attempt: Attempt) -> str:
    """The class of an attempt, with the HTTP status and the provider's code."""
    marks = [str(attempt.why).replace("_", " ")]
    if attempt.status is not None:
        marks.append(f"HTTP {attempt.status}")
    if attempt.code:
        marks.append(attempt.code)
    return ", ".join(marks)


def state(now: TaskState) -> str:
    """The state as a title."""
    match now:
        case TaskState.QUEUED:
            return "Queued"
        case TaskState.RUNNING:
            return "Running"
        case TaskState.SUCCEEDED:
            return "Done"
        case TaskState.FAILED | TaskState.TIMED_OUT:
            return "Failed"
        case TaskState.CANCELLED:
            return "Cancelled"
        case TaskState.LOST:
            return "Lost"
        case _:
            assert_never(now)


def fraction(now: Snapshot) -> float | None:
    """How full the bar is, 0 to 1: as reported, else by the usual time; None when neither is known."""
    if now.progress is not None:
        return min(1.0, max(0.0, now.progress))
    if now.usual_seconds:
        return min(0.95, now.elapsed_seconds / now.usual_seconds)
    return None


def doing(now: Snapshot) -> list[str]:
    """What is going on: the phase, which candidate, how long it may take."""
    told = [now.phase] if now.phase and now.state.active else []
    if now.attempt > 1:
        told.append(f"attempt {now.attempt} of {now.candidates}{_after(now)}")
    if now.progress is not None and now.state.active:
        told.append(f"{now.progress:.0%}")
    if now.usual_seconds and now.state.active:
        told.append(f"usually about {taken(now.usual_seconds)}")
    return told


def _after(now: Snapshot) -> str:
    """Why this is not the first attempt."""
    if not (now.attempts and now.state.active):
        return ""
    last = now.attempts[-1]
    return f", after {last.ref} ({outcome(last)})"


def notices(now: Snapshot) -> list[str]:
    """What must be seen first; those of the result included, each once."""
    told = list(now.notices)
    if now.result is not None:
        told += result_notices(now.result)
    return list(dict.fromkeys(told))


def result_notices(result: Result) -> list[str]:
    """Another model than asked, then the warnings."""
    asked = result.request.model
    known = {str(result.ref), result.ref.model, result.ref.provider, None}
    swapped = [f"{result.ref} made this, not {asked} as asked"] if asked not in known else []
    return [*swapped, *result.warnings]


def settings(result: Result) -> list[str]:
    """Each setting that was sent otherwise than asked, or not at all."""
    return [*map(change, result.changes), *map(ignored, result.ignored)]


def facts(file: SavedFile, contents: Contents | None) -> list[str]:
    """Length, size, rate, codecs and bytes of one file, as far as they are known."""
    told = [] if contents is None else _contents(contents)
    return told if file.size_bytes is None else [*told, size(file.size_bytes)]


def _contents(found: Contents) -> list[str]:
    match found:
        case Clip():
            codecs = f"{found.codec} + {found.sound}" if found.sound else f"{found.codec}, silent"
            shape = f"{found.width}×{found.height}"
            return [f"{found.seconds:.1f} s", shape, f"{found.fps:g} fps", codecs]
        case Sound():
            channels = {1: "mono", 2: "stereo"}.get(found.channels, f"{found.channels} channels")
            return [f"{found.seconds:.1f} s", f"{found.rate / 1000:g} kHz", channels, found.codec]
        case Still():
            return [f"{found.width}×{found.height}", found.format]
        case _:
            assert_never(found)


def who_said(now: Snapshot) -> str:
    """Whose word the error is."""
    if now.state is TaskState.LOST:
        return "openclaw_nb"
    last = now.attempts[-1] if now.attempts else None
    if last is not None and last.why not in {Why.SKIPPED, Why.NOT_REGISTERED}:
        return f"{last.ref} · {outcome(last)}"
    return str(now.ref) if now.ref is not None else "Nothing was sent"


def what_to_do(now: Snapshot) -> str:
    """One sentence of advice for a task that gave no video; empty when there is none."""
    if now.state is TaskState.LOST:
        took_up = f"The job may still be running: openclaw_nb.resume({now.id[:8]!r}) takes it up."
        return took_up if now.resumable else ""  # else the error says where to look
    last = now.attempts[-1] if now.attempts else None
    if last is None:
        return ""
    return _ADVICE.get(last.why, "").format(provider=last.ref.provider, id=now.id[:8])


_ADVICE = {
    Why.AUTH: "Check the API key of {provider}: openclaw_nb.providers() shows where it comes from.",
    Why.BILLING: "Check the balance and the plan of your account at {provider}.",
    Why.RATE_LIMIT: "Wait a little, or name another model.",
    Why.MODEL_NOT_FOUND: "Name another model: openclaw_nb.providers() lists them.",
    Why.NOT_REGISTERED: "Name another model: openclaw_nb.providers() lists them.",
    Why.CONTENT_POLICY: "Change the prompt or the references.",
    Why.TIMEOUT: "The job may still be running there: openclaw_nb.resume('{id}') takes it up.",
    Why.OVERLOADED: "Try again later, or name another model.",
    Why.SERVER_ERROR: "Try again later, or name another model.",
    Why.FORMAT: "Change the setting that was refused.",
}


def left_behind(ids: Sequence[str]) -> str:
    """Which tasks whose kernel is gone can be finished, and how."""
    calls = ", ".join(f"oc.resume({id[:8]!r})" for id in ids[:_FEW])
    what = "1 task" if len(ids) == 1 else f"{len(ids)} tasks"
    more = f" and {len(ids) - _FEW} more in oc.tasks()" if len(ids) > _FEW else ""
    return f"{what} of an earlier kernel can be taken up: {calls}{more}"


def text_bar(now: Snapshot, width: int = 20) -> str:
    """`[########............]`, or a row of dots when nothing is known."""
    return bar(fraction(now) or 0.0, width)


def bar(full: float, width: int = 20) -> str:
    """`[########............]` for 0 to 1."""
    filled = round(width * full)
    return f"[{'#' * filled}{'.' * (width - filled)}]"


def joined(parts: Sequence[str]) -> str:
    """Facts in one line."""
    return " · ".join(part for part in parts if part)
