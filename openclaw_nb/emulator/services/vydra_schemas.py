"""What Vydra's model endpoints and its jobs take, and how Vydra refuses the rest.

Sources: Vydra documentation, "Workflows / generate video", "Jobs", "Models / Kling", "Models / Grok Imagine", "Errors"
(www.vydra.ai/docs, read 2026-11-21).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from openclaw_nb.emulator.clips import ClipSpec
from openclaw_nb.emulator.references import is_address
from openclaw_nb.emulator.wire import MalformedError, Request, Response, answer

CREDITS = {
    "veo3": 175,
    "kling": 40,
    "kling-3.1": 300,
    "seedance": 150,
    "seedance-2": 250,
    "grok-imagine": 150,
}
SIZES = {"16:9": (1280, 720), "9:16": (720, 1280), "1:1": (960, 960)}
MAX_SECONDS = 60
Ratio = Literal["16:9", "9:16", "1:1"]


class Problem(Exception):
    """A request that Vydra refuses."""

    def __init__(self, message: str, status: int, code: str | None, **more: object) -> None:
        super().__init__(message)
        self.status, self.code, self.more = status, code, more

    def response(self) -> Response:
        """In Vydra's shape."""
        said: dict[str, object] = {"error": str(self)}
        if self.code:
            said["code"] = self.code
        return answer(said | (self.more or {"details": None}), self.status)


def _address(text: str) -> str:
    if not is_address(text):
        raise PydanticCustomError("invalid_url", "must be a public http(s) URL")
    return text


Address = Annotated[str, AfterValidator(_address)]


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    prompt: str = Field(min_length=1)

    def clip(self) -> ClipSpec:
        """The film that these inputs ask for."""
        return ClipSpec("vydra", "veo3", self.prompt, *SIZES["16:9"], 8, audio=True)


class Veo3(_Body):
    """`POST /models/veo3`: the prompt and nothing else."""


class Kling(_Body):
    """`POST /models/kling`: Kling Motion Control."""

    image_url: Address
    video_url: Address
    character_orientation: Literal["video", "image"] = "video"
    keep_original_sound: bool = True

    def clip(self) -> ClipSpec:
        """The character, in the shape of its picture."""
        return ClipSpec(
            "vydra",
            "kling",
            self.prompt,
            *SIZES["16:9"],
            5,
            audio=self.keep_original_sound,
            first_image=self.image_url,
            follows_reference=True,
        )


class _Styled(_Body):
    aspect_ratio: Ratio = "16:9"
    image_url: Address | None = None

    def _film(self, model: str, seconds: float, image: str | None) -> ClipSpec:
        size = SIZES[self.aspect_ratio]
        return ClipSpec("vydra", model, self.prompt, *size, seconds, audio=True, first_image=image)


class GrokImagine(_Styled):
    """`POST /models/grok-imagine`. Its third model makes pictures, which are not played here."""

    model: Literal["text-to-video", "image-to-video"] = "text-to-video"
    duration: int = Field(default=6, ge=1, le=15)

    @model_validator(mode="after")
    def _has_its_image(self) -> Self:
        if (self.model == "image-to-video") != (self.image_url is not None):
            raise PydanticCustomError("image", "image_url goes with model image-to-video")
        return self

    def clip(self) -> ClipSpec:
        """As long as asked for."""
        return self._film("grok-imagine", self.duration, self.image_url)


class Input(_Styled):
    """The `input` of a `generate_video` job."""

    model: Literal["veo3", "kling-3.1", "seedance", "seedance-2", "grok-imagine"] = "veo3"
    image_urls: list[Address] | None = Field(default=None, min_length=1)
    duration: float | None = Field(default=None, gt=0, le=MAX_SECONDS)

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        if self.image_urls and self.model != "seedance-2":
            raise PydanticCustomError("image_urls", "image_urls is for seedance-2 only")
        if self.model == "grok-imagine" and (self.duration or 1) > 15:  # noqa: PLR2004
            raise PydanticCustomError("duration", "grok-imagine makes 1 to 15 seconds")
        return self

    def clip(self) -> ClipSpec:
        """As long as asked for, from the first of its pictures."""
        image = self.image_url or (self.image_urls[0] if self.image_urls else None)
        return self._film(self.model, self.duration or 5, image)


class Workflow(BaseModel):
    """The body of `POST /jobs`."""

    model_config = ConfigDict(strict=True, extra="forbid")

    workflow: Literal["generate_video"]
    input: Input
    webhookUrl: Address | None = None  # noqa: N815 - the wire's name


ENDPOINTS: dict[str, type[_Body]] = {"veo3": Veo3, "kling": Kling, "grok-imagine": GrokImagine}
"""The models with an endpoint of their own."""

Body = TypeVar("Body", bound=BaseModel)


def read(kind: type[Body], request: Request) -> tuple[Body, dict[str, object]]:
    """The request as Vydra reads it, and the same as plain values for the book."""
    try:
        asked = request.fields()
        return kind.model_validate(asked), asked
    except MalformedError as error:
        raise Problem(f"Invalid request body: {error}", 400, "INVALID_INPUT") from error
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, found["loc"])) or "body"
        code = "INVALID_URL" if found["type"] == "invalid_url" else "INVALID_INPUT"
        raise Problem(f"{where}: {found['msg']}", 400, code) from error
