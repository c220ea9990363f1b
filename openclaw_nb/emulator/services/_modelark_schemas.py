"""What ModelArk's video tasks take.

Sources: BytePlus ModelArk documentation "Create a video generation task", "List video generation tasks",
byteplus-python-sdk-v2 3.0.63 (read 2026-11-21).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openclaw_nb.emulator.wire import MalformedError, Request

from ._modelark_errors import Problem, misfit, wrong
from ._modelark_media import check_address, check_audio, check_image
from ._modelark_models import AUTOMATIC, FPS, MODELS, OPTIONAL, Model

SECONDS = 5
MAX_REQUEST_BYTES = 64 * 2**20
DRAFT_RESOLUTION = "480p"
MODES = "first_frame, first_frame with last_frame, and reference media exclude each other"
MAX_PAGE = 500
STATUSES = ("queued", "running", "cancelled", "succeeded", "failed", "expired")

Ratio = Literal["16:9", "4:3", "1:1", "3:4", "9:16", "21:9", "adaptive"]
Resolution = Literal["480p", "720p", "1080p", "4k"]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Where(_Part):
    """An address, a data URI or `asset://<id>`."""

    url: str = Field(min_length=1)


class Text(_Part):
    """The prompt."""

    type: Literal["text"]
    text: str


class Image(_Part):
    """A frame or a reference."""

    type: Literal["image_url"]
    image_url: Where
    role: Literal["first_frame", "last_frame", "reference_image"] | None = None


class Video(_Part):
    """A reference."""

    type: Literal["video_url"]
    video_url: Where
    role: Literal["reference_video"]


class Audio(_Part):
    """A reference."""

    type: Literal["audio_url"]
    audio_url: Where
    role: Literal["reference_audio"]


class DraftId(_Part):
    """The id of a task that made a draft."""

    id: str


class DraftTask(_Part):
    """A draft to be made in full."""

    type: Literal["draft_task"]
    draft_task: DraftId


Item = Annotated[Text | Image | Video | Audio | DraftTask, Field(discriminator="type")]


class Create(_Part):
    """The body of a submission."""

    model: str
    content: list[Item] = Field(min_length=1)
    ratio: Ratio | None = None
    resolution: Resolution | None = None
    duration: int | None = None
    frames: int | None = Field(default=None, ge=29, le=289)
    generate_audio: bool | None = None
    watermark: bool = False
    seed: int | None = Field(default=None, ge=-1, le=2**32 - 1)
    camera_fixed: bool | None = None
    draft: bool | None = None
    return_last_frame: bool = False
    service_tier: Literal["default", "flex"] | None = None
    execution_expires_after: int = Field(default=172_800, ge=3600, le=259_200)
    priority: int | None = Field(default=None, ge=0, le=9)
    callback_url: str | None = None
    """Taken and never called: the emulator does not leave the machine."""
    safety_identifier: str | None = Field(default=None, max_length=64)
    output_format: str | None = None
    omni_reference_task_type: str | None = None
    tools: list[Any] | None = None

    @property
    def seconds(self) -> float:
        """The length of the film; a model that chooses for itself takes the usual one."""
        if self.frames is not None:
            return self.frames / FPS
        return SECONDS if self.duration in (None, AUTOMATIC) else float(self.duration)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A submission that was read; `check` looks at it with its model's eyes."""

    body: Create
    asked: Mapping[str, object]
    model: Model
    prompt: str = ""
    images: tuple[Image, ...] = ()
    videos: tuple[Video, ...] = ()
    audios: tuple[Audio, ...] = ()
    draft_of: str | None = None
    roles: Counter[str] = field(default_factory=Counter[str])

    def check(self) -> None:
        """Raise what is wrong for the model."""
        self._check_fields()
        self._check_length()
        self._check_resolution()
        self._check_roles()
        self._check_prompt()
        for image in self.images:
            check_image(image.image_url.url, heic=self.model.heic)
        for video in self.videos:
            check_address(video.video_url.url, "video_url")
        for audio in self.audios:
            check_audio(audio.audio_url.url)

    @property
    def resolution(self) -> str:
        """As asked, or the usual one."""
        return self.body.resolution or (DRAFT_RESOLUTION if self.body.draft else "720p")

    @property
    def is_adaptive(self) -> bool:
        """The film takes its shape from what it is given."""
        return self.body.ratio in (None, "adaptive") and bool(self.images or self.videos)

    def _check_fields(self) -> None:
        for name in sorted(OPTIONAL - self.model.fields):
            if name in self.asked:
                raise wrong(name, f"{name} is not supported by the model.")
        if self.body.draft and (self.body.return_last_frame or self.body.service_tier == "flex"):
            raise wrong("draft", "draft supports neither return_last_frame nor flex.")
        if self.body.camera_fixed and self.roles["reference_image"]:
            raise wrong("camera_fixed", "camera_fixed is not supported with reference images.")

    def _check_length(self) -> None:
        seconds, frames = self.body.duration, self.body.frames
        allowed = [*self.model.seconds, *([AUTOMATIC] if self.model.automatic else [])]
        if seconds is not None and seconds not in allowed:
            raise wrong("duration", f"duration {seconds} is not supported by the model.")
        if frames is not None and (frames - 25) % 4:
            raise wrong("frames", "frames must be of the form 25 + 4n.")

    def _check_resolution(self) -> None:
        if self.resolution not in self.model.resolutions:
            raise wrong("resolution", "resolution is not supported by the model.")
        if self.body.draft and self.resolution != DRAFT_RESOLUTION:
            raise wrong("resolution", f"a draft is made at {DRAFT_RESOLUTION} only.")
        if not self.model.media and self.roles["reference_image"] and self.resolution == "1080p":
            raise wrong("resolution", "1080p is not supported with reference images.")
        if self.body.ratio == "adaptive" and not self.model.sound and not self.images:
            raise wrong("ratio", "adaptive is not supported without an image.")

    def _check_roles(self) -> None:
        roles = self.roles
        if len(self.images) > 1 and any(image.role is None for image in self.images):
            raise Problem("MissingParameter", "Each of several images needs a role.", param="role")
        framed = roles["first_frame"] + roles["last_frame"]
        references = roles["reference_image"] + len(self.videos) + len(self.audios)
        if framed and references:
            raise misfit(MODES)
        if roles["first_frame"] > 1 or roles["last_frame"] > roles["first_frame"]:
            raise misfit("takes one first_frame, and one last_frame beside it")
        if framed > self.model.frames:
            raise misfit("the model does not take these frames")
        if roles["reference_image"] > self.model.images:
            raise misfit("the model does not take so many reference images")
        if max(len(self.videos), len(self.audios)) > self.model.media:
            raise misfit("the model does not take so many reference videos or audios")
        if self.audios and not self.videos and not self.images:
            raise misfit("audio cannot be the only reference")

    def _check_prompt(self) -> None:
        if not self.model.text and not self.images:
            raise Problem("MissingParameter", "The model needs an image.", param="content")
        if not (self.prompt or self.images or self.videos or self.draft_of):
            raise Problem("MissingParameter", "A text is required.", param="content.text")


def read(request: Request, endpoint: str) -> Wanted:
    """The request as ModelArk reads it, if it takes it."""
    if len(request.body) > MAX_REQUEST_BYTES:
        raise wrong("", "The request is larger than 64 MB.")
    try:
        wanted = understood(request.fields(), endpoint)
    except MalformedError as error:
        raise wrong("", f"{error}.") from error
    except ValidationError as error:
        raise _unread(error) from error
    wanted.check()
    return wanted


def understood(asked: Mapping[str, object], endpoint: str) -> Wanted:
    """A body, its content by kind; `ep-...` ids lead to the model `endpoint`."""
    body = Create.model_validate(asked)
    model = MODELS.get(endpoint if body.model.startswith("ep-") else body.model)
    if model is None:
        raise Problem("InvalidEndpointOrModel.NotFound", param="model")
    texts = [item.text for item in body.content if isinstance(item, Text)]
    images = tuple(item for item in body.content if isinstance(item, Image))
    return Wanted(
        body,
        asked,
        model,
        prompt="\n".join(texts).strip(),
        images=images,
        videos=tuple(item for item in body.content if isinstance(item, Video)),
        audios=tuple(item for item in body.content if isinstance(item, Audio)),
        draft_of=next((i.draft_task.id for i in body.content if isinstance(i, DraftTask)), None),
        roles=Counter(image.role or "first_frame" for image in images),
    )


def _unread(error: ValidationError) -> Problem:
    found = error.errors(include_url=False, include_input=False)[0]
    param = ".".join(str(piece) for piece in found["loc"])
    if found["type"] == "missing":
        return Problem("MissingParameter", f"{param} is missing.", param=param)
    return wrong(param, f"{param}: {found['msg']}.")


@dataclass(frozen=True, slots=True)
class Page:
    """Which tasks a list shows."""

    number: int
    size: int
    status: str | None
    model: str | None
    service_tier: str | None
    ids: tuple[str, ...]


def page(request: Request) -> Page:
    """The query of a list."""
    query = request.query
    status = query.get("filter.status")
    if status is not None and status not in STATUSES:
        raise wrong("filter.status", f"{status} is not a status.")
    return Page(
        _count(query, "page_num", "1"),
        _count(query, "page_size", "10"),
        status,
        query.get("filter.model"),
        query.get("filter.service_tier"),
        request.every("filter.task_ids"),
    )


def _count(query: Mapping[str, str], name: str, usual: str) -> int:
    text = query.get(name, usual)
    if not text.isdecimal() or not 1 <= int(text) <= MAX_PAGE:
        raise wrong(name, f"{name} must be 1 to {MAX_PAGE}.")
    return int(text)
