"""What an answer means: which failures are the service's own, and whether a file is what was asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from openclaw_nb.core.domain import Attempt, Job, Medium, Mode, Why
from openclaw_nb.core.geometry import parse_size
from openclaw_nb.errors import BadOutput, MalformedReply, OpenclawError, ProviderError
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import SavedFile

LEAST_BYTES = 1024
"""A file must have more."""
_SECONDS_APART = 0.5
# Services round pictures to whole blocks and lengths to whole frames; these are parts of what was asked.
_LENGTH_APART, _LINES_APART, _RATIO_APART = 0.1, 0.1, 0.05


class Drift(StrEnum):
    """A failure that says something of the account or the service, not of this package."""

    AUTH = "auth drift"
    BILLING = "billing drift"
    RATE_LIMIT = "rate limit"
    TIMEOUT = "provider time-out"
    OUTAGE = "provider outage"
    MODEL = "model drift"
    ENDPOINT = "endpoint drift"
    POLICY = "policy drift"


_OF_WHY: Mapping[Why, Drift] = {
    Why.AUTH: Drift.AUTH,
    Why.BILLING: Drift.BILLING,
    Why.RATE_LIMIT: Drift.RATE_LIMIT,
    Why.TIMEOUT: Drift.TIMEOUT,
    Why.OVERLOADED: Drift.OUTAGE,
    Why.SERVER_ERROR: Drift.OUTAGE,
    Why.CONTENT_POLICY: Drift.POLICY,
}


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)


_BY_WORDS: tuple[tuple[Drift, re.Pattern[str]], ...] = (
    (
        Drift.MODEL,
        _words(
            r"model\b.{0,80}\b(not found|does not exist|not authori[sz]ed|not enabled"
            r"|access denied|permission denied)|(access|permission) denied.{0,40}\bmodel"
        ),
    ),
    (
        Drift.ENDPOINT,
        _words(r"(endpoint|path|route)\b.{0,80}\b(not found|(has )?moved)|moved permanently"),
    ),
    (
        Drift.POLICY,
        _words(r"content.?policy|moderation|safety (system|filter|policy)|policy violation"),
    ),
    (
        Drift.BILLING,
        _words(
            r"\b402\b|payment required|insufficient.{0,20}\b(credit|quota|balance|fund)"
            r"|exceeded your current quota"
        ),
    ),
    (Drift.RATE_LIMIT, _words(r"\b429\b|rate.?limit|too many requests")),
    (
        Drift.AUTH,
        _words(
            r"\b(401|403)\b|unauthori[sz]ed|forbidden|authentication|\bexpired\b"
            r"|(invalid|incorrect)\b.{0,20}\bkey\b"
        ),
    ),
    (
        Drift.TIMEOUT,
        _words(
            r"did not finish in time|last status:? in.progress|operation (was )?aborted|timed? ?out"
            r"|deadline exceeded|fetch failed|connection (error|reset|refused)|econnre(set|fused)"
        ),
    ),
    (
        Drift.OUTAGE,
        _words(
            r"\b5\d\d\b|overloaded|internal server error|bad gateway|service unavailable"
            r"|gateway time"
        ),
    ),
)


def by_words(text: str) -> Drift | None:
    """The class of a failure that a service tells in these words; None when it is of none."""
    said = text.lower()
    return next((drift for drift, words in _BY_WORDS if words.search(said)), None)


def drift(error: OpenclawError) -> Drift | None:
    """The class of a failure; None when it is one of ours.

    An answer that we cannot read, a file that is none, and a request that was not sent are ours,
    whatever their words.
    """
    if not isinstance(error, ProviderError) or isinstance(error, MalformedReply | BadOutput):
        return None
    said = str(error).removeprefix(f"{error.ref}: ")  # a model's id may hold any word
    if error.why is Why.MODEL_NOT_FOUND:  # any 404: the words say whether it is the address
        return by_words(said) or Drift.MODEL
    return _OF_WHY.get(error.why) or by_words(said)


def drift_of(attempt: Attempt) -> Drift | None:
    """The class of a failure of which only the attempt is kept; None when it is one of ours."""
    if attempt.why in (Why.SKIPPED, Why.NOT_REGISTERED):
        return None
    if attempt.why is Why.MODEL_NOT_FOUND:
        return by_words(attempt.error) or Drift.MODEL
    unread = attempt.why is Why.UNKNOWN and attempt.may_exist
    return None if unread else _OF_WHY.get(attempt.why) or by_words(attempt.error)


def missing(medium: Medium, files: Sequence[SavedFile]) -> str:
    """What is wrong with the files of a result; empty when nothing is."""
    if not files:
        return f"no {medium} came"
    for number, file in enumerate(files, start=1):
        if not file.media_type.startswith(f"{medium.file_kind}/"):
            return f"file {number} is {file.media_type}, not {medium.file_kind}/..."
        hosted = (file.url or "").startswith(("http://", "https://"))
        if (file.size_bytes or 0) <= LEAST_BYTES and not hosted:
            return f"file {number} has {file.size_bytes or 0} bytes and no address"
    return ""


def differences(job: Job, clip: Clip) -> tuple[str, ...]:
    """In what a clip differs from what was sent: length, size, resolution, ratio, sound.

    A service may give a clip back with its continuation: one made from a video may be longer.
    """
    return tuple(_differences(job, clip))


def _differences(job: Job, clip: Clip) -> Iterator[str]:
    asked = job.duration_seconds
    apart = (asked or 0) - clip.seconds
    apart = apart if job.mode is Mode.VIDEO_TO_VIDEO else abs(apart)
    if asked and apart > max(_SECONDS_APART, asked * _LENGTH_APART):
        yield f"{asked} s were asked for, {clip.seconds:.1f} s came"
    came = f"{clip.width}x{clip.height}"
    if (size := parse_size(job.size)) and size != (clip.width, clip.height):
        yield f"{job.size} was asked for, {came} came"
    lines = _lines(job.resolution) if job.size is None else None
    if lines and _apart(min(clip.width, clip.height), lines) > _LINES_APART:
        yield f"{job.resolution} was asked for, {came} came"
    ratio = re.fullmatch(r"(\d+):(\d+)", job.aspect_ratio or "")
    if ratio and _apart(clip.width / clip.height, int(ratio[1]) / int(ratio[2])) > _RATIO_APART:
        yield f"{job.aspect_ratio} was asked for, {came} came"
    if job.audio is False and clip.sound:
        yield f"no sound was asked for, {clip.sound} came"


def _lines(resolution: str | None) -> int | None:
    found = re.fullmatch(r"(\d+)p", resolution or "", re.IGNORECASE)
    return int(found[1]) if found else None


def _apart(one: float, other: float) -> float:
    return abs(one - other) / other
