"""What OpenAI's video endpoints take, as JSON or as a form, and how OpenAI refuses the rest.

Sources: openai/openai-openapi openapi.yaml (2026-08-21), OpenAI video generation guide (read 2026-11-21).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from openclaw_nb.emulator.references import UnreadableError, checked_image, image_size
from openclaw_nb.emulator.wire import MULTIPART, MalformedError, Part, Request, Response, answer

LANDSCAPE_AND_PORTRAIT = frozenset({"720x1280", "1280x720"})
SIZES = {
    "sora-2": LANDSCAPE_AND_PORTRAIT,
    "sora-2-pro": LANDSCAPE_AND_PORTRAIT | {"1024x1792", "1792x1024", "1080x1920", "1920x1080"},
}
IMAGE_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})
FILE_FIELDS = frozenset({"input_reference", "video"})


class Problem(Exception):
    """A request that OpenAI refuses."""

    def __init__(
        self, message: str, *, param: str | None = None, code: str | None = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.param, self.code, self.status = param, code, status

    def response(self, *, azure: bool = False) -> Response:
        """In OpenAI's shape, or in Azure's."""
        kind = "video_generation_user_error" if azure else "invalid_request_error"
        if self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            kind = "server_error"
        found = {"message": str(self), "type": kind, "param": self.param, "code": self.code}
        return answer({"error": found}, self.status)


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", arbitrary_types_allowed=True)


class ImageReference(_Body):
    """The JSON form of a reference image."""

    image_url: str | None = Field(default=None, max_length=20_971_520)
    file_id: str | None = None


class VideoReference(_Body):
    """The JSON form of a video made here before."""

    id: str


class Create(_Body):
    """`POST /videos`."""

    prompt: str = Field(min_length=1, max_length=32_000)
    model: Literal[
        "sora-2",
        "sora-2-pro",
        "sora-2-2025-10-06",
        "sora-2-2025-12-08",
        "sora-2-pro-2025-10-06",
    ] = "sora-2"
    seconds: Literal["4", "8", "12"] = "4"
    size: Literal["720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"] = (
        "720x1280"
    )
    input_reference: Part | ImageReference | None = None

    def check(self) -> None:
        """Size against model and image."""
        family = "sora-2-pro" if self.model.startswith("sora-2-pro") else "sora-2"
        if self.size not in SIZES[family]:
            raise Problem(
                f"Invalid size '{self.size}' for model '{self.model}'.",
                param="size",
                code="invalid_value",
            )
        wide, _, high = self.size.partition("x")
        found = _image_size(self.input_reference)
        if found is not None and found != (int(wide), int(high)):
            raise Problem(
                "Inpaint image must match the requested width and height", param="input_reference"
            )

    @property
    def image(self) -> bytes | str | None:
        """The reference's bytes, or where it is."""
        if isinstance(self.input_reference, Part):
            return self.input_reference.data
        return self.input_reference.image_url if self.input_reference else None


def _image_size(reference: Part | ImageReference | None) -> tuple[int, int] | None:
    try:
        if isinstance(reference, Part):
            return image_size(_checked(reference).data)
        if reference is None:
            return None
        return checked_image(reference.image_url or "a file_id: no such File object")
    except UnreadableError as error:
        raise Problem(
            f"Invalid input_reference: {error}", param="input_reference", code="invalid_value"
        ) from error


def _checked(part: Part) -> Part:
    if part.content_type not in IMAGE_TYPES:
        raise UnreadableError(f"unsupported type {part.content_type}")
    return part


class Remix(_Body):
    """`POST /videos/{id}/remix`."""

    prompt: str = Field(min_length=1, max_length=32_000)


class Edit(Remix):
    """`POST /videos/edits`."""

    video: Part | VideoReference


class Extend(Edit):
    """`POST /videos/extensions`."""

    seconds: Literal["4", "8", "12", "16", "20"]


class Character(_Body):
    """`POST /videos/characters`."""

    name: str = Field(min_length=1, max_length=80)
    video: Part | VideoReference


Body = TypeVar("Body", bound=_Body)


def read(kind: type[Body], request: Request) -> tuple[Body, dict[str, object]]:
    """The request as OpenAI reads it, and the same as plain values for the book."""
    try:
        asked = _form(request) if request.media_type == MULTIPART else request.fields()
        body = kind.model_validate(asked)
    except MalformedError as error:
        raise Problem(f"We could not parse the body of your request: {error}") from error
    except ValidationError as error:
        raise _problem(error) from error
    return body, {name: _plain(value) for name, value in asked.items()}


def _form(request: Request) -> dict[str, object]:
    """File parts stay parts; text parts become strings."""
    found: dict[str, object] = {}
    for part in request.form():
        is_file = part.filename is not None
        if is_file != (part.name in FILE_FIELDS):
            raise Problem(f"Invalid type for '{part.name}'.", param=part.name, code="invalid_type")
        found[part.name] = part if is_file else part.text
    return found


def _plain(value: object) -> object:
    return value.data if isinstance(value, Part) else value


def _problem(error: ValidationError) -> Problem:
    found = error.errors(include_url=False)[0]
    param = ".".join(str(piece) for piece in found["loc"][:1])
    message, code = _refusal(found, param)
    return Problem(message, param=param, code=code)


def _refusal(found: ErrorDetails, param: str) -> tuple[str, str]:
    """OpenAI's words and code for what pydantic found."""
    value = cast("object", found["input"])
    match found["type"]:
        case "missing":
            return f"Missing required parameter: '{param}'.", "missing_required_parameter"
        case "extra_forbidden":
            return f"Unknown parameter: '{param}'.", "unknown_parameter"
        case "literal_error" if isinstance(value, str):
            expected = found.get("ctx", {}).get("expected")
            return f"Invalid value: '{value}'. Supported values are: {expected}.", "invalid_value"
        case "literal_error" | "string_type":
            kind = type(value).__name__
            return f"Invalid type for '{param}': got {kind} instead of a string.", "invalid_type"
        case _:
            return f"Invalid '{param}': {found['msg']}", "invalid_value"
