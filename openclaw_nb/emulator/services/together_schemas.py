"""What Together's video endpoint takes, what each model adds to that, and the film that follows from it.

Sources: togethercomputer/openapi `openapi.yaml` (2026-04-28), the model table of togethercomputer/skills
(2026-08), Together documentation "Video parameters" (read 2026-11-21). What is not documented is marked
"assumed".
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import UnreadableError, checked_image, image_size, is_address

DEFAULT_SECONDS, DEFAULT_SIZE, DEFAULT_FPS = 6, (1366, 768), 24
MAX_SECONDS = 10
MIN_PROMPT = 2


@dataclass(frozen=True, slots=True)
class Model:
    """What a model takes. Without sizes it takes any (assumed)."""

    text: bool = True
    frames: frozenset[str] = frozenset()
    seconds: int = DEFAULT_SECONDS
    sizes: tuple[tuple[int, int], ...] = ()
    fps: int = DEFAULT_FPS
    max_prompt: int = 3000
    prompt_needed: bool = True
    references: bool = False
    sound: bool = False


_FIRST, _BOTH = frozenset({"first"}), frozenset({"first", "last"})
_FULL_HD = ((1920, 1080), (1080, 1080), (1080, 1920))


def _kling(frames: frozenset[str]) -> Model:
    return Model(
        frames=frames, seconds=5, sizes=_FULL_HD, max_prompt=2500, prompt_needed=False, fps=24
    )


def _veo(*, sound: bool = False) -> Model:
    return Model(seconds=8, frames=_FIRST, sound=sound)


MODELS = {
    "Wan-AI/Wan2.2-T2V-A14B": Model(seconds=5),
    # Documented for Vidu alone, but existing clients send this model references.
    "Wan-AI/Wan2.2-I2V-A14B": Model(text=False, frames=_FIRST, seconds=5, references=True),
    "minimax/hailuo-02": Model(frames=_FIRST, sizes=((1366, 768), (1920, 1080)), fps=25),
    "minimax/video-01-director": Model(frames=_FIRST, seconds=5, sizes=((1366, 768),), fps=25),
    "kwaivgI/kling-2.1-master": _kling(_FIRST),
    "kwaivgI/kling-2.1-standard": _kling(_FIRST),
    "kwaivgI/kling-2.1-pro": _kling(_BOTH),
    "kwaivgI/kling-2.0-master": _kling(_FIRST),
    "kwaivgI/kling-1.6-standard": _kling(_FIRST),
    "kwaivgI/kling-1.6-pro": _kling(_FIRST),
    "google/veo-3.0": _veo(),
    "google/veo-3.0-audio": _veo(sound=True),
    "google/veo-3.0-fast": _veo(),
    "google/veo-3.0-fast-audio": _veo(sound=True),
    "google/veo-2.0": Model(seconds=5, frames=_BOTH),
    "openai/sora-2": Model(seconds=8, frames=_FIRST, sound=True),
    "openai/sora-2-pro": Model(seconds=8, frames=_FIRST, sound=True),
    "ByteDance/Seedance-1.0-pro": Model(seconds=5, frames=_BOTH),
    "ByteDance/Seedance-1.0-lite": Model(seconds=5, frames=_BOTH),
    "pixverse/pixverse-v5": Model(seconds=5, frames=_BOTH),
    "vidu/vidu-2.0": Model(seconds=8, frames=_BOTH, references=True),
    "vidu/vidu-q1": Model(seconds=5, frames=_BOTH),
}


def _no(text: str, code: str = "invalid_value") -> PydanticCustomError:
    return PydanticCustomError("refused", "{text}", {"text": text, "code": code})


def _frame(text: str) -> str:
    """An address, or bare base64."""
    if is_address(text):
        return text
    try:
        image_size(base64.b64decode(text, validate=True))
    except (binascii.Error, ValueError, UnreadableError) as error:
        raise _no("input_image is neither a URL nor a base64 encoded image") from error
    return text


def _reference(text: str) -> str:
    """An address, or a data URI."""
    try:
        checked_image(text)
    except UnreadableError as error:
        raise _no(f"reference image: {error}") from error
    return text


def _address(text: str) -> str:
    if not is_address(text):
        raise _no("not a URL")
    return text


Url = Annotated[str, AfterValidator(_address)]
Reference = Annotated[str, AfterValidator(_reference)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)


class FrameImage(_Body):
    """A picture at a moment: a frame's number, or one of the two ends."""

    input_image: Annotated[str, AfterValidator(_frame)]
    frame: float | Literal["first", "last"] | None = None


class VideoRef(_Body):
    """A video by its address."""

    video: Url


class AudioRef(_Body):
    """A sound by its address."""

    audio: Url


class Media(_Body):
    """All that a video may start from."""

    frame_images: list[FrameImage] = []
    reference_images: list[Reference] = []
    frame_videos: list[VideoRef] = []
    reference_videos: list[VideoRef] = []
    source_video: VideoRef | Url | None = None
    audio_inputs: list[AudioRef | Url] = []


class Create(_Body):
    """The body of a submission. The last two fields are deprecated; `media` has them now."""

    model: str
    prompt: str | None = Field(default=None, min_length=1, max_length=32_000)
    seconds: str | None = Field(default=None, pattern=r"^[0-9]{1,2}$")
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    media: Media = Media()
    resolution: str | None = None
    ratio: str | None = None
    fps: int | None = Field(default=None, ge=15, le=60)
    steps: int | None = Field(default=None, ge=10, le=50)
    seed: int | None = None
    guidance_scale: float | None = None
    output_format: Literal["MP4", "WEBM"] = "MP4"
    output_quality: int | None = None
    negative_prompt: str | None = None
    generate_audio: bool | None = None
    frame_images: list[FrameImage] = []
    reference_images: list[Reference] = []

    @property
    def rules(self) -> Model:
        """The model's row."""
        return MODELS[self.model]

    @property
    def frames(self) -> list[FrameImage]:
        """Wherever they stand."""
        return [*self.media.frame_images, *self.frame_images]

    @property
    def references(self) -> list[str]:
        """Wherever they stand."""
        return [*self.media.reference_images, *self.reference_images]

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        if self.model not in MODELS:
            raise _no(f"Model {self.model} not found", "model_not_available")
        self._check_prompt()
        self._check_style()
        self._check_images()
        return self

    def _check_prompt(self) -> None:
        if self.prompt is None:
            if self.rules.prompt_needed:
                raise _no("prompt is required", "missing_required_parameter")
        elif not MIN_PROMPT <= len(self.prompt) <= self.rules.max_prompt:
            raise _no(f"prompt must have {MIN_PROMPT} to {self.rules.max_prompt} characters")

    def _check_style(self) -> None:
        if self.seconds is not None and not 1 <= int(self.seconds) <= MAX_SECONDS:
            raise _no(f"seconds must be between 1 and {MAX_SECONDS}")
        if (self.width is None) is not (self.height is None):
            raise _no("width and height belong together")
        sizes = self.rules.sizes
        if self.width and sizes and (self.width, self.height) not in sizes:
            raise _no(f"{self.model} does not make {self.width}x{self.height}")

    def _check_images(self) -> None:
        if not self.rules.text and not self.frames and not self.references:
            raise _no(f"{self.model} needs an image", "missing_required_parameter")
        if self.references and not self.rules.references:
            raise _no(f"{self.model} takes no reference_images")
        default = ["first", "last"]
        for number, image in enumerate(self.frames):
            place = image.frame or default[min(number, 1)]
            if place not in self.rules.frames:
                raise _no(f"{self.model} takes no frame image at {place}")

    def clip(self) -> ClipSpec:
        """The film. It is always MP4, whatever format was asked for."""
        size = self.rules.sizes[0] if self.rules.sizes else DEFAULT_SIZE
        if self.width and self.height:
            size = self.width, self.height
        seconds = int(self.seconds) if self.seconds else self.rules.seconds
        return ClipSpec(
            "together",
            self.model,
            self.prompt or "",
            even(size[0]),
            even(size[1]),
            seconds,
            self.fps or self.rules.fps,
            audio=self.rules.sound or bool(self.generate_audio),
            first_image=self._opening(),
        )

    def _opening(self) -> bytes | str | None:
        """The picture that it begins with."""
        given = self.frames[0].input_image if self.frames else None
        if given is not None and not is_address(given):
            return base64.b64decode(given)
        return given or next(iter(self.references), None)
