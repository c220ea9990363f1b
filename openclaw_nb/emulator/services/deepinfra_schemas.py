"""What DeepInfra's video endpoints take, as JSON or as a form, and how DeepInfra refuses the rest.

Sources: DeepInfra documentation, API reference "Videos", model API page of Pixverse/Pixverse-T2V (read 2026-11-21).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import UnreadableError, checked_image
from openclaw_nb.emulator.wire import MULTIPART, MalformedError, Part, Request, Response, answer

MAX_SEED = 2**32 - 1
MAX_SECONDS = 60
FPS = 24
RATIO = r"^[1-9]\d{0,2}:[1-9]\d{0,2}$"
SIZE = r"^[1-9]\d{1,3}x[1-9]\d{1,3}$"
INTEGERS = frozenset({"seconds", "seed"})


@dataclass(frozen=True, slots=True)
class Model:
    """A row of the catalogue. Empty lengths and ratios: not documented, so anything is taken."""

    short_side: int
    seconds: tuple[int, ...] = ()
    ratios: tuple[str, ...] = ()
    default_seconds: int = 5
    image: bool = False
    usd_per_second: float | None = None


_PIXVERSE = ((5, 8), ("16:9", "4:3", "1:1", "3:4", "9:16"))
MODELS = {
    "Pixverse/Pixverse-T2V": Model(540, *_PIXVERSE, usd_per_second=0.075),
    "Pixverse/Pixverse-T2V-HD": Model(720, *_PIXVERSE),
    "Wan-AI/Wan2.6-T2V": Model(720),
    "Wan-AI/Wan2.1-T2V-1.3B": Model(480),
    "google/veo-3.1-fast": Model(720, default_seconds=8, image=True),
    "google/veo-3.0-fast": Model(720, default_seconds=8, image=True),
}


class Problem(Exception):
    """A request that DeepInfra refuses."""

    def __init__(self, message: str, status: int, kind: str = "invalid_request_error") -> None:
        super().__init__(message)
        self.status, self.kind = status, kind

    def response(self) -> Response:
        """In OpenAI's shape."""
        found = {"message": str(self), "type": self.kind, "code": None}
        return answer({"error": found}, self.status)

    def in_detail(self) -> Response:
        """In FastAPI's."""
        return answer({"detail": {"error": str(self)}}, self.status)


class InvalidError(Problem):
    """A body with a wrong field: FastAPI's list, always."""

    def __init__(self, details: Sequence[dict[str, object]]) -> None:
        super().__init__("invalid", 422)
        self.details = list(details)

    def response(self) -> Response:
        """Where, what and which kind."""
        return answer({"detail": self.details}, self.status)

    in_detail = response


def _no(text: str) -> PydanticCustomError:
    return PydanticCustomError("value_error", "{text}", {"text": text})


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")

    model: str
    prompt: str = Field(min_length=1)
    aspect_ratio: str | None = Field(default=None, pattern=RATIO)
    seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS)
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    negative_prompt: str | None = None
    style: str | None = None

    @property
    def rules(self) -> Model:
        """The model's row."""
        return MODELS[self.model]

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        rules = self.rules
        if self.seconds is not None and rules.seconds and self.seconds not in rules.seconds:
            raise _no(f"duration must be one of {list(rules.seconds)}")
        if self.aspect_ratio and rules.ratios and self.aspect_ratio not in rules.ratios:
            raise _no(f"aspect_ratio must be one of {list(rules.ratios)}")
        return self

    def sides(self) -> tuple[int, int]:
        """Width and height: the model's shorter side in the ratio asked for."""
        wide, high = map(int, (self.aspect_ratio or "16:9").split(":"))
        scale = self.rules.short_side / min(wide, high)
        return even(wide * scale), even(high * scale)

    def clip(self) -> ClipSpec:
        """The film, silent."""
        seconds = self.seconds or self.rules.default_seconds
        return ClipSpec("deepinfra", self.model, self.prompt, *self.sides(), seconds, FPS)


class Create(_Body):
    """`POST /videos`."""

    size: str | None = Field(default=None, pattern=SIZE)
    image_url: str | None = None

    @model_validator(mode="after")
    def _image_is_wanted(self) -> Self:
        if self.image_url is None:
            return self
        if not self.rules.image:
            raise _no(f"{self.model} takes no image_url")
        try:
            checked_image(self.image_url)
        except UnreadableError as error:
            raise _no(f"image_url: {error}") from error
        return self

    def sides(self) -> tuple[int, int]:
        """The size asked for, else as from the ratio."""
        if self.size is None:
            return super().sides()
        wide, high = map(int, self.size.split("x"))
        return even(wide), even(high)


class Infer(_Body):
    """`POST /v1/inference/<model>`, which names the length otherwise."""

    seconds: int | None = Field(default=None, ge=1, le=MAX_SECONDS, alias="duration")
    guidance_scale: float | None = Field(default=None, ge=0, le=math.inf)


Body = TypeVar("Body", bound=_Body)


def read(kind: type[Body], request: Request, **known: str) -> tuple[Body, dict[str, object]]:
    """The request as DeepInfra reads it, and the same as plain values for the book."""
    try:
        form = request.media_type == MULTIPART
        asked = known | (_form(request.form()) if form else request.fields())
        _check_model(asked.get("model"))
        return kind.model_validate(asked), asked
    except MalformedError as error:
        detail: dict[str, object] = {"loc": ["body"], "msg": str(error), "type": "json_invalid"}
        raise InvalidError([detail]) from error
    except ValidationError as error:
        raise InvalidError(_details(error)) from error


def _check_model(name: object) -> None:
    if isinstance(name, str) and name not in MODELS:
        raise Problem(f"The model `{name}` does not exist", 404)


def _form(parts: Sequence[Part]) -> dict[str, object]:
    """Text fields; the whole numbers among them as numbers."""
    if any(part.filename is not None for part in parts):
        raise MalformedError("the form holds a file; send image_url")
    texts = {part.name: part.text for part in parts}
    return {name: _number(text) if name in INTEGERS else text for name, text in texts.items()}


def _number(text: str) -> int | str:
    return int(text) if text.isdecimal() else text


def _details(error: ValidationError) -> list[dict[str, object]]:
    return [
        {"loc": ["body", *each["loc"]], "msg": each["msg"], "type": each["type"]}
        for each in error.errors(include_url=False, include_input=False, include_context=False)
    ]
