"""The nouns: what is asked for, what is sent, what comes back. Plain values, no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias


class Medium(StrEnum):
    """What is made."""

    VIDEO = "video"
    IMAGE = "image"
    MUSIC = "music"

    @property
    def tool(self) -> str:
        """The name of its tool: `video_generate`."""
        return f"{self}_generate"

    @property
    def task_kind(self) -> str:
        """The kind of its tasks: `video_generation`."""
        return f"{self}_generation"

    @property
    def file_kind(self) -> Kind:
        """The kind of file that it comes in."""
        return Kind.AUDIO if self is Medium.MUSIC else Kind(self.value)

    def counted(self, count: int) -> str:
        """So many of it in words: `2 videos`, `1 track`."""
        noun = "track" if self is Medium.MUSIC else self.value
        return f"{count} {noun}{'s' if count != 1 else ''}"


class Mode(StrEnum):
    """What a request asks of a model; its references decide it."""

    GENERATE = "generate"
    IMAGE_TO_VIDEO = "imageToVideo"
    VIDEO_TO_VIDEO = "videoToVideo"
    EDIT = "edit"
    """Images or music from reference images."""

    @property
    def words(self) -> str:
        """The mode as people say it: text-to-video, image-to-video, video-to-video."""
        return self.words_for(Medium.VIDEO)

    def words_for(self, medium: Medium) -> str:
        """The mode of making `medium` as people say it, such as text-to-image."""
        return _MODE_WORDS.get(self) or f"{_MODE_FROM[self]}-to-{medium}"


_MODE_WORDS = {Mode.IMAGE_TO_VIDEO: "image-to-video", Mode.VIDEO_TO_VIDEO: "video-to-video"}
_MODE_FROM = {Mode.GENERATE: "text", Mode.EDIT: "image"}


class Kind(StrEnum):
    """The three kinds of reference input."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class TaskState(StrEnum):
    """Where a task stands. `timed_out` is legal in old records; a provider's time-out is `failed`."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def active(self) -> bool:
        """Whether anything can still happen to the task."""
        return self in (TaskState.QUEUED, TaskState.RUNNING)


class Why(StrEnum):
    """Why a candidate did not give a video: the classes of an attempt."""

    SKIPPED = "skipped"
    NOT_REGISTERED = "not_registered"
    AUTH = "auth"
    BILLING = "billing"
    RATE_LIMIT = "rate_limit"
    MODEL_NOT_FOUND = "model_not_found"
    CONTENT_POLICY = "content_policy"
    TIMEOUT = "timeout"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    FORMAT = "format"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Ref:
    """One model of one provider: `fal/fal-ai/minimax/video-01-live`."""

    provider: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.model}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A reference at a public http(s) address; the provider fetches it."""

    url: str
    role: str | None = None
    media_type: str | None = None
    """Its type where that is known, as of a file that was uploaded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blob:
    """A reference on this machine: bytes in hand, or a file that is read while it is sent."""

    media_type: str
    name: str
    size: int
    """Length in bytes."""
    data: bytes | None = field(default=None, repr=False)
    path: str | None = None
    """Set when `data` is not; the file is streamed, never held whole."""
    role: str | None = None
    longest_side: int | None = None
    """Of an image, in pixels, where it was measured."""


Asset: TypeAlias = Link | Blob


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """A reference as the user gave it, not yet looked at: a path, URL, bytes, array or result."""

    given: object = field(repr=False)
    role: str | None = None

    def __repr__(self) -> str:
        shown = self.given if isinstance(self.given, str) else type(self.given).__name__
        if shown.startswith("data:"):
            shown = f"{shown.partition(',')[0]},<{len(shown)} characters>"
        return f"Reference({shown[:200]!r}, role={self.role!r})"


OptionValue: TypeAlias = object
"""A provider option is whatever JSON the user wrote; only a declared schema narrows it."""


SHORTEST_MUSIC_SECONDS = 10.0
"""A shorter time limit for music is raised to it."""


def _no_options() -> Mapping[str, OptionValue]:
    return {}


def _no_vendors() -> Mapping[str, Mapping[str, OptionValue]]:
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What the user asked for, in the user's words; any model may be meant.

    The fields are the parameters of `generate_video` and its like; None is what was not said.
    """

    prompt: str
    medium: Medium = Medium.VIDEO
    model: str | None = None
    images: tuple[Reference, ...] = ()
    videos: tuple[Reference, ...] = ()
    audios: tuple[Reference, ...] = ()
    size: str | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    duration_seconds: float | None = None
    audio: bool | None = None
    watermark: bool | None = None
    count: int | None = None
    """Images to make, 1 to 4."""
    quality: str | None = None
    output_format: str | None = None
    background: str | None = None
    lyrics: str | None = None
    instrumental: bool | None = None
    format: str | None = None
    """Of music: mp3 or wav."""
    filename: str | None = None
    timeout_ms: int | None = None
    provider_options: Mapping[str, OptionValue] = field(default_factory=_no_options)
    vendor_options: Mapping[str, Mapping[str, OptionValue]] = field(default_factory=_no_vendors)
    """By provider id, options for its models alone."""

    @property
    def timeout_seconds(self) -> float | None:
        """Seconds that one provider's whole operation may take; for music not less than 10."""
        if self.timeout_ms is None:
            return None
        seconds = self.timeout_ms / 1000
        return max(seconds, SHORTEST_MUSIC_SECONDS) if self.medium is Medium.MUSIC else seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """The references of a request after loading, in the user's order."""

    images: tuple[Asset, ...] = ()
    videos: tuple[Asset, ...] = ()
    audios: tuple[Asset, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A request fitted to one model: every value here is one that the model takes."""

    model: str
    mode: Mode
    prompt: str
    images: tuple[Asset, ...] = ()
    videos: tuple[Asset, ...] = ()
    audios: tuple[Asset, ...] = ()
    size: str | None = None
    aspect_ratio: str | None = None
    resolution: str | None = None
    duration_seconds: int | None = None
    audio: bool | None = None
    watermark: bool | None = None
    count: int = 1
    quality: str | None = None
    output_format: str | None = None
    background: str | None = None
    lyrics: str | None = None
    instrumental: bool | None = None
    format: str | None = None
    provider_options: Mapping[str, OptionValue] = field(default_factory=_no_options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A setting that is sent otherwise than asked, and why."""

    setting: str
    """The parameter's name in snake_case, or `model`."""
    requested: object | None
    """What was asked; None when nothing was."""
    applied: object
    """What is sent."""
    why: str = ""
    derived_from: str | None = None
    """Another parameter that this value was worked out from, such as `size`."""
    supported: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """A setting that is not sent at all, and why."""

    setting: str
    value: object
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A candidate that gave no video: what happened, in words and as a class."""

    ref: Ref
    error: str
    """What happened, in a sentence."""
    why: Why = Why.UNKNOWN
    """Its class."""
    status: int | None = None
    """HTTP status, when one was seen."""
    code: str | None = None
    """The provider's own error code, when it gave one; of a skip, the check that it did not pass."""
    may_exist: bool = False
    """A job of it may be at the provider, and may be billed."""
