"""What the Gemini API takes for video on its two wires, and how it refuses the rest.

Sources: Gemini API documentation of video generation, google-genai 2.34.0 and 3.4.0 (read 2026-11-21).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Annotated, Literal, Self, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails, PydanticCustomError

from openclaw_nb.emulator.references import UnreadableError, image_size
from openclaw_nb.emulator.wire import MalformedError, Request, Response, answer

VEO_3_1 = ("veo-3.1-fast-generate-preview", "veo-3.1-generate-preview")
VEO = {
    **dict.fromkeys(VEO_3_1, ("720p", "1080p", "4k")),
    **dict.fromkeys(
        (
            "veo-3.1-lite-generate-preview",
            "veo-3.0-fast-generate-001",
            "veo-3.0-generate-001",
            "veo-2.0-generate-001",
        ),
        ("720p", "1080p"),
    ),
}
"""Resolutions by model of the Veo wire."""
OMNI = {"gemini-omni-1.2-flash": 15, "gemini-omni-1.1-flash": 10}
"""The longest clip by model of the Interactions wire, in seconds."""
SHORTEST, LONGEST_EXTENSION = 3, 10
LONG_RESOLUTIONS = ("1080p", "4k")
MAX_REFERENCES, MAX_OMNI_IMAGES = 3, 6
WORDS = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}

Ratio = Literal["16:9", "9:16"]
ImageType = Literal[
    "image/png",
    "image/jpeg",
    "image/webp",
    "image/heic",
    "image/heif",
    "image/gif",
    "image/bmp",
    "image/tiff",
]


class Problem(Exception):
    """A request that the Gemini API refuses."""

    def __init__(self, message: str, *, status: int = 400, reason: str | None = None) -> None:
        super().__init__(message)
        self.status, self.reason = status, reason

    def response(self, *, in_a_list: bool = False) -> Response:
        """In Google's shape."""
        word = WORDS.get(self.status, "UNKNOWN")
        error: dict[str, object] = {"code": self.status, "message": str(self), "status": word}
        if self.reason:
            kind = "type.googleapis.com/google.rpc.ErrorInfo"
            domain = "googleapis.com"
            error["details"] = [{"@type": kind, "reason": self.reason, "domain": domain}]
        said = {"error": error}
        return answer([said] if in_a_list else said, self.status)


def _no(text: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{text}", {"text": text})


def decoded(text: str) -> bytes:
    """The bytes of a base64 field."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Problem("Base64 decoding failed.") from error


def _check_image(data: bytes) -> None:
    try:
        image_size(data)
    except UnreadableError as error:
        raise _no("Unable to process input image. Please retry with another one.") from error


# Veo


class _Veo(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, validate_by_name=False
    )


class Picture(_Veo):
    """An image as bytes; the Veo wire has no other form."""

    bytes_base64_encoded: str
    mime_type: ImageType

    @model_validator(mode="after")
    def _is_an_image(self) -> Self:
        _check_image(self.data)
        return self

    @property
    def data(self) -> bytes:
        """The image file."""
        return decoded(self.bytes_base64_encoded)


class ReferencePicture(_Veo):
    """Who or what is to appear. One official client writes the type in lower case."""

    image: Picture
    reference_type: Literal["ASSET", "asset"]


class Source(_Veo):
    """The clip to extend."""

    encoded_video: str | None = None
    encoding: Literal["video/mp4"] | None = None
    uri: str | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.uri is None) == (self.encoded_video is None):
            raise _no("`video` must have either `uri` or `encodedVideo`.")
        if self.encoded_video is not None and self.encoding is None:
            raise _no("`video.encoding` is required with `encodedVideo`.")
        return self


class Instance(_Veo):
    """What to make."""

    prompt: str = Field(min_length=1)
    image: Picture | None = None
    last_frame: Picture | None = None
    reference_images: list[ReferencePicture] = Field(default_factory=list[ReferencePicture])
    video: Source | None = None

    @model_validator(mode="after")
    def _goes_together(self) -> Self:
        if self.last_frame and not self.image:
            raise _no("`lastFrame` requires `image`.")
        if len(self.reference_images) > MAX_REFERENCES:
            raise _no(f"At most {MAX_REFERENCES} reference images are supported.")
        given = [self.image, self.reference_images, self.video]
        if sum(map(bool, given)) > 1:
            raise _no("`image`, `referenceImages` and `video` cannot be combined.")
        return self


class Parameters(_Veo):
    """How to make it."""

    duration_seconds: Literal[4, 6, 8] | None = None
    aspect_ratio: Ratio = "16:9"
    resolution: Literal["720p", "1080p", "4k"] = "720p"
    sample_count: Literal[1] = 1
    negative_prompt: str | None = None
    person_generation: Literal["allow_all", "allow_adult", "dont_allow"] | None = None
    enhance_prompt: bool | None = None


class Predict(_Veo):
    """`POST models/<model>:predictLongRunning`."""

    instances: list[Instance] = Field(min_length=1, max_length=1)
    parameters: Parameters = Field(default_factory=Parameters)

    @property
    def instance(self) -> Instance:
        """The only one."""
        return self.instances[0]

    def check(self, model: str) -> None:
        """What the model takes."""
        asked = self.parameters
        if asked.resolution not in VEO[model]:
            raise Problem(f"The resolution {asked.resolution} isn't supported by {model}.")
        long = asked.resolution in LONG_RESOLUTIONS or self.instance.reference_images
        if long and asked.duration_seconds not in {None, 8}:
            raise Problem(
                f"The duration {asked.duration_seconds} isn't supported with {asked.resolution} or"
                " reference images. Use a duration of 8 seconds."
            )


# Interactions


class _Omni(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class Text(_Omni):
    """A part of the prompt."""

    type: Literal["text"]
    text: str = Field(min_length=1)


class _Carried(_Omni):
    data: str | None = None
    uri: str | None = None

    @model_validator(mode="after")
    def _is_one_of_two(self) -> Self:
        if (self.uri is None) == (self.data is None):
            raise _no("exactly one of `data` and `uri` must be set")
        return self


class Image(_Carried):
    """An image, in the request or uploaded before."""

    type: Literal["image"]
    mime_type: ImageType | None = None

    @model_validator(mode="after")
    def _is_an_image(self) -> Self:
        if self.data is not None:
            _check_image(decoded(self.data))
        return self


class Video(_Carried):
    """A video, in the request or uploaded before."""

    type: Literal["video"]
    mime_type: str | None = Field(default=None, pattern="^video/")


Content = Annotated[Text | Image | Video, Field(discriminator="type")]


class UserInput(_Omni):
    """What the user says and shows in one turn."""

    type: Literal["user_input"]
    content: list[Content] = Field(min_length=1)


Item = Annotated[UserInput | Text | Image | Video, Field(discriminator="type")]


class ResponseFormat(_Omni):
    """The clip that is wanted. The duration is a string with a unit."""

    type: Literal["video"]
    aspect_ratio: Ratio = "16:9"
    resolution: Literal["360p", "720p", "1080p", "4k"] = "720p"
    duration: str | None = Field(default=None, pattern=r"^[0-9]+(\.[0-9]+)?s$")
    delivery: Literal["uri", "inline"] = "inline"

    @property
    def seconds(self) -> float | None:
        """The duration as a number."""
        return None if self.duration is None else float(self.duration.removesuffix("s"))


class VideoConfig(_Omni):
    """What kind of work it is."""

    task: (
        Literal[
            "text_to_video", "image_to_video", "reference_to_video", "edit", "extend", "upscale"
        ]
        | None
    ) = None


class GenerationConfig(_Omni):
    """The rest."""

    seed: int | None = None
    video_config: VideoConfig = Field(default_factory=VideoConfig)


class Interact(_Omni):
    """`POST interactions`."""

    model: str
    input: str | list[Item]
    response_format: ResponseFormat = Field(default_factory=lambda: ResponseFormat(type="video"))
    generation_config: GenerationConfig = Field(default_factory=GenerationConfig)
    background: bool = False
    store: bool = True
    previous_interaction_id: str | None = None

    @property
    def parts(self) -> list[Text | Image | Video]:
        """All that was said and shown."""
        if isinstance(self.input, str):
            return [Text(type="text", text=self.input)] if self.input else []
        steps = [each.content if isinstance(each, UserInput) else [each] for each in self.input]
        return [part for step in steps for part in step]

    @property
    def prompt(self) -> str:
        """All that was said."""
        return " ".join(part.text for part in self.parts if isinstance(part, Text))

    @property
    def images(self) -> list[Image]:
        """The images, in their order."""
        return [part for part in self.parts if isinstance(part, Image)]

    @property
    def videos(self) -> list[Video]:
        """The videos, in their order."""
        return [part for part in self.parts if isinstance(part, Video)]

    @property
    def task(self) -> str:
        """The kind of work, as the model infers it when it is not said."""
        given = self.generation_config.video_config.task
        if given:
            return given
        if self.videos or self.previous_interaction_id:
            return "edit"
        return "image_to_video" if self.images else "text_to_video"

    def check(self) -> None:
        """What the model takes."""
        if not self.prompt.strip():
            raise Problem("`input` must hold a text.")
        if self.background and not self.store:
            raise Problem("`background` requires `store`.")
        if len(self.images) > MAX_OMNI_IMAGES or len(self.videos) > 1:
            raise Problem(f"`input`: at most {MAX_OMNI_IMAGES} images and 1 video are supported.")
        self._check_task()
        longest = LONGEST_EXTENSION if self.task == "extend" else OMNI[self.model]
        seconds = self.response_format.seconds
        if seconds is not None and not SHORTEST <= seconds <= longest:
            raise Problem(
                f"`response_format.duration` must be from {SHORTEST}s to {longest}s for"
                f" {self.model} with the task {self.task}."
            )

    def _check_task(self) -> None:
        reworks = self.task in {"edit", "extend", "upscale"}
        if reworks and not (self.videos or self.previous_interaction_id):
            raise Problem(f"The task {self.task} requires a video or `previous_interaction_id`.")
        if self.task in {"image_to_video", "reference_to_video"} and not self.images:
            raise Problem(f"The task {self.task} requires an image.")
        if self.task == "text_to_video" and (self.images or self.videos):
            raise Problem("The task text_to_video takes text only.")


Body = TypeVar("Body", bound=BaseModel)


def read(kind: type[Body], request: Request) -> tuple[Body, dict[str, object]]:
    """The request as the service reads it, and the same as plain values for the book."""
    try:
        asked = cast("dict[str, object]", _without_nulls(request.fields()))
        return kind.model_validate(asked), asked
    except MalformedError as error:
        raise Problem(f"Invalid JSON payload received. {error}") from error
    except ValidationError as error:
        # Of the branches of a union, the one that got furthest was meant.
        found = max(error.errors(include_url=False), key=lambda each: len(each["loc"]))
        raise Problem(_veo_words(found) if issubclass(kind, _Veo) else _words(found)) from error


def _without_nulls(value: object) -> object:
    """A null member counts as absent, however deep it is."""
    if isinstance(value, dict):
        members = cast("dict[str, object]", value)
        return {key: _without_nulls(each) for key, each in members.items() if each is not None}
    if isinstance(value, list):
        return [_without_nulls(each) for each in cast("list[object]", value)]
    return value


_MEDIA = ("bytesBase64Encoded", "encodedVideo", "data")


def booked(asked: Mapping[str, object]) -> dict[str, object]:
    """What was asked for with media as bytes, which the book keeps in short."""

    def plain(name: str, value: object) -> object:
        if isinstance(value, dict):
            return booked(cast("dict[str, object]", value))
        if isinstance(value, list):
            return [plain("", each) for each in cast("list[object]", value)]
        return decoded(value) if name in _MEDIA and isinstance(value, str) else value

    return {name: plain(name, value) for name, value in asked.items()}


_STEPS = re.compile(r"(list\[.*|str|UserInput|function-.*)")
"""What pydantic puts into a path for the branches of a union."""


def _place(found: ErrorDetails) -> str:
    pieces = [str(piece) for piece in found["loc"]]
    return ".".join(piece for piece in pieces if not _STEPS.fullmatch(piece))


def _veo_words(found: ErrorDetails) -> str:
    """The wire's own way to refuse a field, whatever is wrong with it."""
    name = str(found["loc"][-1]) if found["loc"] else "instances"
    match found["type"]:
        case "extra_forbidden":
            return (
                f"`{name}` isn't supported by this model. Please remove it or refer to the Gemini "
                "API documentation for supported usage."
            )
        case "refused":
            return found["msg"]
        case "literal_error" if name == "durationSeconds" and not isinstance(found["input"], int):
            return f"The value type for `{name}` needs to be a number."
        case _:
            return f"`{name}`: {found['msg']}"


def _words(found: ErrorDetails) -> str:
    place = _place(found)
    if found["type"] == "extra_forbidden":
        parent, _, name = place.rpartition(".")
        where = f" at '{parent}'" if parent else ""
        return f'Invalid JSON payload received. Unknown name "{name}"{where}: Cannot find field.'
    return f"Invalid value at '{place}': {found['msg']}"
