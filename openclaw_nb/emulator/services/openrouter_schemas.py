"""What OpenRouter's `POST /videos` takes, and how it refuses the rest.

Sources: OpenRouterTeam/docs openapi.yaml (August 2026) and its guide "Video Generation".
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import Source, UnreadableError, checked_image
from openclaw_nb.emulator.wire import MalformedError, Request, Response, answer

from .openrouter_catalog import ROWS, Row

FPS = 24
DEFAULT_SECONDS = 8
SHORT_SIDES = {"1K": 1024, "2K": 1440, "4K": 2160}


class Problem(Exception):
    """A request that OpenRouter refuses."""

    def __init__(
        self, message: str, status: int = 400, metadata: dict[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.status, self.metadata = status, metadata

    def response(self) -> Response:
        """In OpenRouter's shape; `code` is the status as a number."""
        error: dict[str, object] = {"code": self.status, "message": str(self)}
        if self.metadata is not None:
            error["metadata"] = self.metadata
        return answer({"error": error, "user_id": "user_emulator"}, self.status)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Url(_Body):
    """Where a reference is: an https address or a data URI."""

    url: str = Field(min_length=1)


class Image(_Body):
    """A picture."""

    type: Literal["image_url"]
    image_url: Url


class Frame(Image):
    """A picture that opens or closes the video."""

    frame_type: Literal["first_frame", "last_frame"]


class Video(_Body):
    """A clip as a reference."""

    type: Literal["video_url"]
    video_url: Url


class Audio(_Body):
    """Sound as a reference."""

    type: Literal["audio_url"]
    audio_url: Url


Reference: TypeAlias = Annotated[Image | Video | Audio, Field(discriminator="type")]


class Passthrough(_Body):
    """Options for the upstream providers, by their slug."""

    options: dict[str, dict[str, object]] = Field(default_factory=dict[str, dict[str, object]])


class Create(_Body):
    """The body of a submission."""

    model: str
    prompt: str = ""
    duration: int | None = Field(default=None, gt=0)
    resolution: str | None = None
    aspect_ratio: str | None = None
    size: str | None = None
    generate_audio: bool | None = None
    seed: int | None = None
    callback_url: str | None = Field(default=None, pattern=r"^https://.+")
    frame_images: list[Frame] = Field(default_factory=list[Frame])
    input_references: list[Reference] = Field(default_factory=list[Reference])
    previous_job_id: str | None = None
    provider: Passthrough | None = None
    creativity: int | None = None
    upscale_factor: float | None = None
    session_id: str | None = Field(default=None, max_length=256)
    user: str | None = None
    trace: dict[str, object] | None = None

    @property
    def row(self) -> Row:
        """What the list of models says."""
        return ROWS[self.model]

    def check(self) -> None:
        """The model's own limits; a value that it lacks is refused."""
        if self.model not in ROWS:
            raise Problem(f"Model {self.model} does not exist", 404)
        if not self.prompt.strip():
            raise Problem("prompt: Required")
        row = self.row
        _one_of("duration", self.duration, row.durations, row.id)
        _one_of("resolution", self.resolution, row.resolutions, row.id)
        _one_of("aspect_ratio", self.aspect_ratio, row.ratios, row.id)
        _one_of("size", self.size, row.sizes, row.id)
        if self.generate_audio and not row.audio:
            raise Problem(f"{row.id} does not support generate_audio")
        for name in ("creativity", "upscale_factor"):
            if getattr(self, name) is not None:
                raise Problem(f"{name} is not supported by video generation models")
        if self.previous_job_id and not row.continues:
            raise Problem(f"{row.id} does not support previous_job_id")
        self._check_pictures()

    def _check_pictures(self) -> None:
        kinds = [frame.frame_type for frame in self.frame_images]
        for kind in kinds:
            _one_of("frame_type", kind, self.row.frames or (), self.model)
        if len(kinds) > len(set(kinds)):
            raise Problem("frame_images: a frame_type may be given once")
        for image in (*self.frame_images, *self.input_references):
            if isinstance(image, Image):
                _check_picture(image.image_url.url)

    def clip(self, earlier: Source | None) -> ClipSpec:
        """The film; `earlier` is the clip that it goes on from."""
        clips = [ref.video_url.url for ref in self.input_references if isinstance(ref, Video)]
        picture = self._picture()
        free = self.size is None and self.aspect_ratio is None
        return ClipSpec(
            "openrouter",
            self.model,
            self.prompt,
            *self._pixels(),
            self.duration or min(self.row.durations, key=lambda each: abs(each - DEFAULT_SECONDS)),
            FPS,
            audio=self.row.audio if self.generate_audio is None else self.generate_audio,
            first_image=picture,
            video=earlier or (clips[0] if clips and picture is None else None),
            follows_reference=bool(self.frame_images) and free,
        )

    def _picture(self) -> str | None:
        """Frames win over references."""
        images = [ref for ref in self.input_references if isinstance(ref, Image)]
        given = sorted(self.frame_images, key=lambda frame: frame.frame_type) or images
        return given[0].image_url.url if given else None

    def _pixels(self) -> tuple[int, int]:
        if self.size:
            wide, _, high = self.size.partition("x")
            return int(wide), int(high)
        word = self.resolution or self.row.resolutions[0]
        short = SHORT_SIDES.get(word) or int(word.removesuffix("p"))
        wide, _, high = (self.aspect_ratio or self.row.ratios[0]).partition(":")
        unit = short / min(int(wide), int(high))
        return even(int(wide) * unit), even(int(high) * unit)


def _one_of(name: str, value: object, known: Collection[object] | None, model: str) -> None:
    if value is not None and known is not None and value not in known:
        listed = ", ".join(map(str, known)) or "none"
        raise Problem(f"{model} does not support {name} {value}. Supported values: {listed}")


def _check_picture(text: str) -> None:
    try:
        checked_image(text)
    except UnreadableError as error:
        raise Problem(f"image_url: {error}") from error


def read(request: Request) -> tuple[Create, dict[str, object]]:
    """The submission as OpenRouter reads it, and as it came."""
    try:
        asked = request.fields()
        body = Create.model_validate(asked)
    except MalformedError as error:
        raise Problem(f"Invalid JSON: {error}") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(piece) for piece in found["loc"])
        raise Problem(f"{where}: {found['msg']}") from error
    body.check()
    return body, asked
