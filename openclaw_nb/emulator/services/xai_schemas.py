"""What xAI's three video submissions take, and how xAI refuses the rest.

Sources: docs.x.ai guide "Video generation" and API reference, xai-org/xai-proto `video.proto`,
`@ai-sdk/xai` 5.0.12 (read 2026-11-21).
"""

from __future__ import annotations

import re
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import (
    Footage,
    UnreadableError,
    checked_image,
    data_uri_bytes,
    footage,
    is_address,
)
from openclaw_nb.emulator.wire import MalformedError, Request

FPS = 24
MAX_PROMPT = 4096
MONTH = 2_592_000
HOUR = 3600
MAX_REFERENCE_SECONDS = 10
MAX_HEIGHT = 720
NEAREST_KEYFRAMES = 1 / 3
VOICES = ("ara", "eve", "leo", "rex", "sal")
NEW = re.compile(r"grok-imagine-video-1\.5(-preview|-2026-05-30|-lite)?")
CLASSIC = ("grok-imagine-video", "grok-imagine-video-beta")
# A clip at an address elsewhere is never fetched; it counts as one of these.
UNSEEN = Footage(848, 480, 6)


class RefusedError(Exception):
    """A request that xAI refuses."""

    def __init__(self, message: str, *, param: str | None = None) -> None:
        super().__init__(message)
        self.param = param


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Place(_Body):
    """Where a reference is: an address or a data URI."""

    url: str = Field(min_length=1)


class Keyframe(_Body):
    """A picture to pass at a time."""

    image: Place
    timestamp_s: float = Field(gt=0)


class Voice(_Body):
    """A voice of xAI's own, or sound at an address."""

    voice_id: str | None = None
    url: str | None = None


class PublicUrl(_Body):
    """How long an address for anyone holds."""

    expires_after: int | None = Field(default=None, ge=HOUR, le=MONTH)


class Storage(_Body):
    """Keep the video among the account's files."""

    filename: str = Field(min_length=1)
    expires_after: int | None = Field(default=None, gt=0, le=MONTH)
    public_url: bool | PublicUrl | None = None


class _Submission(_Body):
    model: str
    prompt: str = Field(min_length=1, max_length=MAX_PROMPT)
    storage_options: Storage | None = None
    user: str | None = None

    @property
    def is_new(self) -> bool:
        """Of the 1.5 family."""
        return NEW.fullmatch(self.model) is not None

    def check(self) -> None:
        """What the field types do not say."""
        if not self.is_new and self.model not in CLASSIC:
            raise RefusedError(f"The model {self.model} does not exist", param="model")


class Generation(_Submission):
    """`POST /videos/generations`: from text, from a first frame, from reference images."""

    image: Place | None = None
    duration: int = Field(default=8, ge=1, le=15)
    aspect_ratio: Literal["1:1", "16:9", "9:16", "4:3", "3:4", "3:2", "2:3"] | None = None
    resolution: Literal["480p", "720p", "1080p"] = "480p"
    reference_images: list[Place] = Field(default_factory=list[Place], max_length=7)
    reference_audios: list[Voice] = Field(default_factory=list[Voice], max_length=3)
    last_frame: Place | None = None
    keyframes: list[Keyframe] = Field(default_factory=list[Keyframe], max_length=4)
    generate_audio: bool | None = None

    _NEW_ONLY: ClassVar = ("last_frame", "keyframes", "generate_audio")

    def check(self) -> None:
        """The model's own limits, and what does not go together."""
        super().check()
        for name in self._NEW_ONLY:
            if not self.is_new and name in self.model_fields_set:
                raise RefusedError(f"{self.model} does not support {name}", param=name)
        if self.resolution == "1080p" and (not self.is_new or self.model.endswith("-lite")):
            raise RefusedError(f"{self.model} does not support 1080p", param="resolution")
        self._check_references()
        times = sorted(keyframe.timestamp_s for keyframe in self.keyframes)
        if any(later - sooner < NEAREST_KEYFRAMES for sooner, later in pairwise(times)):
            raise RefusedError("keyframes must be at least 1/3 s apart", param="keyframes")
        for place in self._pictures():
            _check_picture(place.url)

    def _check_references(self) -> None:
        if not self.reference_images and not self.reference_audios:
            return
        if self.image:
            raise RefusedError(
                "image and reference_images cannot be combined", param="reference_images"
            )
        if self.duration > MAX_REFERENCE_SECONDS:
            raise RefusedError("at most 10 s with reference_images", param="duration")
        if self.resolution == "1080p":
            raise RefusedError("at most 720p with reference_images", param="resolution")
        for voice in self.reference_audios:
            if voice.voice_id not in VOICES and not voice.url:
                known = ", ".join(VOICES)
                raise RefusedError(
                    f"Unknown voice_id {voice.voice_id}; valid ids: {known}",
                    param="reference_audios",
                )

    def _pictures(self) -> list[Place]:
        frames = [self.image, self.last_frame, *(each.image for each in self.keyframes)]
        return [*self.reference_images, *(frame for frame in frames if frame)]

    def clip(self) -> ClipSpec:
        """1.5 makes sound unless told not to; a first frame decides the shape."""
        wide, high = map(int, (self.aspect_ratio or "16:9").split(":"))
        unit = int(self.resolution.removesuffix("p")) / min(wide, high)
        first = next(iter(self._pictures()), None) if not self.image else self.image
        return ClipSpec(
            "xai",
            self.model,
            self.prompt,
            even(wide * unit),
            even(high * unit),
            self.duration,
            FPS,
            audio=self.is_new and self.generate_audio is not False,
            first_image=first.url if first else None,
            follows_reference=self.image is not None and self.aspect_ratio is None,
        )


class Edit(_Submission):
    """`POST /videos/edits`: the same length and shape, at most 720p."""

    video: Place

    SECONDS: ClassVar = (0.0, 8.7)
    """How long the video may be, where it can be seen."""

    def check(self) -> None:
        """The length of the video."""
        super().check()
        shortest, longest = self.SECONDS
        if not shortest <= self.source.seconds <= longest:
            raise RefusedError(
                f"the video must be {shortest:g} to {longest:g} s long", param="video"
            )

    @cached_property
    def source(self) -> Footage:
        """What the video is."""
        if is_address(self.video.url):
            return UNSEEN
        try:
            return footage(data_uri_bytes(self.video.url))
        except UnreadableError as error:
            raise RefusedError(f"video: {error}", param="video") from error

    @property
    def seconds(self) -> float:
        """How long the film gets."""
        return self.source.seconds

    def clip(self) -> ClipSpec:
        """From the frames of the video."""
        scale = min(1.0, MAX_HEIGHT / min(self.source.width, self.source.height))
        size = (even(self.source.width * scale), even(self.source.height * scale))
        return ClipSpec(
            "xai", self.model, self.prompt, *size, self.seconds, FPS, video=self.video.url
        )


class Extension(Edit):
    """`POST /videos/extensions`: `duration` is what is added."""

    duration: int = Field(default=6, ge=1, le=10)

    SECONDS: ClassVar = (2.0, 30.0)

    @property
    def seconds(self) -> float:
        """The video and what follows it."""
        return self.source.seconds + self.duration


def _check_picture(text: str) -> None:
    try:
        checked_image(text)
    except UnreadableError as error:
        raise RefusedError(f"image: {error}", param="image") from error


Submission: TypeAlias = Generation | Edit
KINDS: dict[str, type[Submission]] = {
    "generations": Generation,
    "edits": Edit,
    "extensions": Extension,
}
"""By the last piece of the path."""


def read(kind: str, request: Request) -> tuple[Submission, dict[str, object]]:
    """The submission as xAI reads it, and as it came."""
    try:
        asked = request.fields()
        body: Submission = KINDS[kind].model_validate(asked)
    except MalformedError as error:
        raise RefusedError(f"Failed to parse the request body as JSON: {error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(piece) for piece in found["loc"])
        raise RefusedError(f"{where}: {found['msg']}", param=where) from error
    body.check()
    return body, asked
