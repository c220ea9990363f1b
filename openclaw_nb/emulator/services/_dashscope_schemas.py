"""What DashScope's video models take, and how it refuses the rest.

Sources: Alibaba Cloud Model Studio documentation, Wan text-to-video, image-to-video and reference-to-video (2.6 and
2.7), "Error codes" (read 2026-11-21).
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from openclaw_nb.emulator.clips import ClipSpec
from openclaw_nb.emulator.references import (
    Source,
    UnreadableError,
    data_uri_bytes,
    footage,
    image_size,
    is_address,
)
from openclaw_nb.emulator.wire import Response, answer

FPS = 30
USUAL_SECONDS = 5
MAX_REFERENCES, MAX_VIDEOS = 5, 3
MAX_IMAGE_BYTES, MAX_VIDEO_BYTES = 10 * 2**20, 100 * 2**20
MIN_VIDEO_SECONDS, MAX_VIDEO_SECONDS = 1, 30
FRAME_SIDES, REFERENCE_SIDES = (360, 2000), (240, 5000)
MAX_SEED = 2**31 - 1
FILMS = frozenset({".mp4", ".mov"})

SHAPES = {
    ("720P", "16:9"): (1280, 720),
    ("720P", "9:16"): (720, 1280),
    ("720P", "1:1"): (960, 960),
    ("720P", "4:3"): (1088, 832),
    ("720P", "3:4"): (832, 1088),
    ("1080P", "16:9"): (1920, 1080),
    ("1080P", "9:16"): (1080, 1920),
    ("1080P", "1:1"): (1440, 1440),
    ("1080P", "4:3"): (1632, 1248),
    ("1080P", "3:4"): (1248, 1632),
}
SIZES = {f"{wide}*{high}": pair for pair, (wide, high) in SHAPES.items()}


class Problem(Exception):
    """A request that DashScope refuses."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.status = code, status

    def response(self) -> Response:
        """In DashScope's shape."""
        said = {"code": self.code, "message": str(self), "request_id": str(uuid.uuid4())}
        return answer(said, self.status)


def invalid(message: str) -> Problem:
    """A field that is wrong or missing."""
    return Problem("InvalidParameter", message)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a model takes."""

    kind: Literal["t2v", "i2v", "r2v"]
    media: frozenset[str] = frozenset()
    """The types of `input.media`; empty: the model has no such field."""
    seconds: frozenset[int] = frozenset(range(2, 16))
    flash: bool = False
    """Sound can be switched off."""
    newer: bool = False
    """Since 2.7: resolution and ratio in place of a size."""

    @property
    def prompt(self) -> int:
        """Characters that are read; what is beyond them is cut off."""
        return 5000 if self.newer else 1500

    @property
    def shape(self) -> frozenset[str]:
        """The parameters that say size and shape; that of an image is its own."""
        if self.kind == "i2v":
            return frozenset({"resolution"})
        return frozenset({"resolution", "ratio"} if self.newer else {"size"})


_TEN = frozenset(range(2, 11))
_US = frozenset({5, 10, 15})
_FRAMES = frozenset({"first_frame", "last_frame", "driving_audio", "first_clip"})
_CAST = frozenset({"reference_image", "reference_video", "first_frame"})
MODELS = {
    "wan2.6-t2v": Rules("t2v"),
    "wan2.6-i2v": Rules("i2v"),
    "wan2.6-i2v-flash": Rules("i2v", flash=True),
    "wan2.6-r2v": Rules("r2v", seconds=_TEN),
    "wan2.6-r2v-flash": Rules("r2v", seconds=_TEN, flash=True),
    "wan2.7-t2v": Rules("t2v", newer=True),
    "wan2.7-i2v": Rules("i2v", media=_FRAMES, newer=True),
    "wan2.7-r2v": Rules("r2v", media=_CAST, newer=True),
    "wan2.6-t2v-us": Rules("t2v", seconds=_US),
    "wan2.6-i2v-us": Rules("i2v", seconds=_US),
}


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Media(_Body):
    """A reference of the newer models."""

    type: str
    url: str
    reference_voice: str | None = None


class Input(_Body):
    """`input`."""

    prompt: str | None = None
    negative_prompt: str | None = None
    img_url: str | None = None
    reference_urls: list[str] | None = None
    media: list[Media] | None = None
    audio_url: str | None = None
    extend_prompt: bool | None = None
    """The vendor's client sends this and the next with everything; they mean nothing here."""
    function: str | None = None


class Parameters(_Body):
    """`parameters`."""

    size: str | None = None
    resolution: Literal["720P", "1080P"] | None = None
    ratio: Literal["16:9", "9:16", "1:1", "4:3", "3:4"] | None = None
    duration: int | None = None
    audio: bool | None = None
    watermark: bool | None = None
    seed: int | None = Field(default=None, ge=0, le=MAX_SEED)
    prompt_extend: bool | None = None
    shot_type: Literal["single", "multi"] | None = None


class Create(_Body):
    """The body of a submission."""

    model: str
    input: Input
    parameters: Parameters = Parameters()

    @property
    def rules(self) -> Rules:
        """The model's row."""
        return MODELS[self.model]

    @property
    def seconds(self) -> int:
        """The length, the service's own when none was given."""
        return self.parameters.duration or USUAL_SECONDS

    @property
    def tier(self) -> tuple[str, str]:
        """Resolution and ratio; 1080P and 16:9 unless it was said otherwise."""
        given = self.parameters
        if given.size:
            return SIZES[given.size]
        return given.resolution or "1080P", given.ratio or "16:9"

    def urls(self) -> list[tuple[str, str]]:
        """Type and address of each reference."""
        given = self.input
        found = [(each.type, each.url) for each in given.media or ()]
        found += [("first_frame", url) for url in (given.img_url,) if url]
        return found + [(_type_of(url), url) for url in given.reference_urls or ()]


def _type_of(url: str) -> str:
    film = PurePosixPath(urlsplit(url).path).suffix.lower() in FILMS
    return "reference_video" if film else "reference_image"


def read(asked: Mapping[str, object], find: Callable[[str], bytes | None]) -> Create:
    """The submission as DashScope reads it. `find` has the bytes of an `oss://` address."""
    model = asked.get("model")
    if isinstance(model, str) and model not in MODELS:
        raise Problem("ModelNotFound", f"Model not exist: {model}", 404)
    try:
        body = Create.model_validate(asked)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(piece) for piece in found["loc"])
        raise invalid(f"{where}: {found['msg']}") from error
    _check_parameters(body)
    _check_inputs(body)
    for type, url in body.urls():
        _check_address(type, url, body.rules, find)
    return body


def _check_parameters(body: Create) -> None:
    rules, given = body.rules, body.parameters
    extra = {"size", "resolution", "ratio"} & given.model_fields_set - rules.shape
    if named := [name for name in sorted(extra) if getattr(given, name) is not None]:
        raise invalid(f"{body.model} does not support parameters {named}")
    if given.size is not None and given.size not in SIZES:
        raise invalid(f"size must be one of {sorted(SIZES)}, not {given.size}")
    if given.audio is not None and not rules.flash:
        raise invalid(f"{body.model} does not support the parameter audio")
    if given.shot_type == "multi" and given.prompt_extend is False:
        raise invalid("shot_type multi needs prompt_extend")
    longest = 10 if any(type == "reference_video" for type, _ in body.urls()) else 15
    if body.seconds not in rules.seconds or body.seconds > longest:
        raise invalid(f"duration {body.seconds} is not supported by {body.model}")


def _check_inputs(body: Create) -> None:
    rules, given = body.rules, body.input
    if not (given.prompt or "").strip() and rules.kind != "i2v":
        raise invalid("prompt must not be empty")
    allowed = _carriers(rules)
    for name in ("img_url", "reference_urls", "media", "audio_url"):
        if getattr(given, name) is not None and name not in allowed:
            raise invalid(f"{body.model} does not support input.{name}")
    types = [type for type, _ in body.urls()]
    if wrong := [type for type in types if rules.media and type not in rules.media]:
        raise invalid(f"{body.model} does not support media of type {wrong[0]}")
    if rules.kind == "i2v" and not {"first_frame", "first_clip"} & set(types):
        raise invalid(f"{body.model} needs an image")
    if rules.kind == "r2v":
        _check_count(types)


def _carriers(rules: Rules) -> set[str]:
    if rules.media:
        return {"media"}
    older = {"t2v": {"audio_url"}, "i2v": {"img_url", "audio_url"}, "r2v": {"reference_urls"}}
    return older[rules.kind]


def _check_count(types: list[str]) -> None:
    if not 1 <= len(types) <= MAX_REFERENCES:
        raise invalid(f"1 to {MAX_REFERENCES} references are needed, not {len(types)}")
    if types.count("reference_video") > MAX_VIDEOS:
        raise invalid(f"at most {MAX_VIDEOS} reference videos are allowed")


def _check_address(type: str, url: str, rules: Rules, find: Callable[[str], bytes | None]) -> None:
    if is_address(url):
        return
    try:
        if url.startswith("oss://"):
            data = find(url)
        elif url.startswith("data:image/") and rules.kind == "i2v":
            data = data_uri_bytes(url)
        else:
            raise Problem("InvalidURL", "url error, please check url!")
        if data is None:
            raise Problem("InvalidParameter.DataInspection", UNREACHABLE)
        _check_media(type, data, FRAME_SIDES if rules.kind == "i2v" else REFERENCE_SIDES)
    except UnreadableError as error:
        raise invalid(f"{type}: {error}") from error


UNREACHABLE = "Unable to download the media resource during the data inspection process."


def _check_media(type: str, data: bytes, sides: tuple[int, int]) -> None:
    if type in {"reference_video", "first_clip"}:
        seconds = footage(data).seconds
        if not MIN_VIDEO_SECONDS <= seconds <= MAX_VIDEO_SECONDS or len(data) > MAX_VIDEO_BYTES:
            raise invalid(f"a reference video of {seconds:g} s is not supported")
    elif type != "driving_audio":
        width, height = image_size(data)
        if not all(sides[0] <= side <= sides[1] for side in (width, height)):
            raise invalid(f"an image of {width}x{height} is not between {sides[0]} and {sides[1]}")
        if len(data) > MAX_IMAGE_BYTES:
            raise invalid("an image is larger than 10 MB")


def film(provider: str, body: Create, find: Callable[[str], bytes | None]) -> ClipSpec:
    """What comes of it: the shape asked for, or that of the first frame; with sound."""
    resolution, ratio = body.tier
    width, height = SHAPES[resolution, ratio]
    images = [url for type, url in body.urls() if type in {"first_frame", "reference_image"}]
    videos = [url for type, url in body.urls() if type in {"reference_video", "first_clip"}]
    framed = any(type in {"first_frame", "first_clip"} for type, _ in body.urls())
    return ClipSpec(
        provider,
        body.model,
        (body.input.prompt or "")[: body.rules.prompt],
        width,
        height,
        body.seconds,
        FPS,
        audio=body.parameters.audio is not False,
        first_image=_source(images, find),
        video=_source(videos, find),
        follows_reference=framed,
    )


def _source(urls: Iterable[str], find: Callable[[str], bytes | None]) -> Source | None:
    url = next(iter(urls), None)
    return find(url) if url and url.startswith("oss://") else url


def new_signature() -> str:
    """A signature, as in a policy or a link."""
    return secrets.token_urlsafe(20)
