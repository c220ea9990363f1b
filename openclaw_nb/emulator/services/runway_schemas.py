"""What Runway's three video endpoints take, model by model, and the film that follows from it.

Sources: Runway developer documentation "Inputs", "Errors", "Pricing"; types of runwayml 5.24.0, and of
4.18.0 for the retired models (read 2026-11-21). What Runway does not document is marked "assumed".
"""

from __future__ import annotations

import ipaddress
import math
from abc import abstractmethod
from collections.abc import Callable
from typing import Annotated, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError
from typing_extensions import override

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import (
    Source,
    UnreadableError,
    data_uri_bytes,
    footage,
    image_size,
)

UPLOADED = "runway://"
MAX_PROMPT_UNITS = 1000
MAX_URL = 2048
IMAGE_URI_CHARACTERS, VIDEO_URI_CHARACTERS = 5 * 2**20, 16 * 2**20
IMAGE_TYPES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/webp"})
FPS = 24
ASSUMED_SIZE, ASSUMED_SECONDS = (1280, 720), 5.0
"""Of a video that lives elsewhere: it is not fetched."""

Resolve = Callable[[str], Source]
"""The bytes of an upload; any other address as it is."""

TextRatio = Literal["1280:720", "720:1280"]
ImageRatio = Literal["1280:720", "720:1280", "1104:832", "960:960", "832:1104", "1584:672"]
VeoRatio = Literal["1280:720", "720:1280", "1920:1080", "1080:1920"]
OldRatio = Literal["1280:768", "768:1280"]
Format = Literal[
    "mp4",
    "prores",
    "png_sequence",
    "hdr10",
    "hlg",
    "sdr_rec709_10bit",
    "hdr_pq_12bit_master",
    "hdr_prores",
    "hdr_png_sequence",
    "hdr_exr_sequence",
    "hdr_exr_acescg_sequence_1_3",
    "hdr_exr_acescg_sequence_2_0",
]
Profile = Literal["422", "4444", "422 Proxy", "422 LT", "422 HQ", "4444 XQ"]


def _no(text: str) -> PydanticCustomError:
    return PydanticCustomError("custom", "{text}", {"text": text})


def _prompt(text: str) -> str:
    if not 1 <= len(text.encode("utf-16-le")) // 2 <= MAX_PROMPT_UNITS:
        raise _no(f"must have 1 to {MAX_PROMPT_UNITS} UTF-16 code units")
    return text


def _checked_url(text: str) -> str:
    url = urlsplit(text)
    host = url.hostname or ""
    if url.scheme != "https" or "." not in host or len(text) > MAX_URL:
        raise _no("must be an HTTPS URL of at most 2048 characters, a Runway URI or a data URI")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return text
    raise _no("the host must be a domain name, not an IP address")


def _sent_along(text: str, limit: int) -> bytes:
    if len(text) > limit:
        raise _no(f"the data URI is longer than {limit} characters")
    try:
        return data_uri_bytes(text)
    except UnreadableError as error:
        raise _no(f"invalid asset: {error}") from error


def _image(text: str) -> str:
    if text.startswith(UPLOADED):
        return text
    if not text.startswith("data:"):
        return _checked_url(text)
    kind = text[5:].partition(",")[0].partition(";")[0].lower()
    if kind not in IMAGE_TYPES:
        raise _no(f"unsupported type {kind}")
    try:
        image_size(_sent_along(text, IMAGE_URI_CHARACTERS))
    except UnreadableError as error:
        raise _no(f"invalid asset: {error}") from error
    return text


def _video(text: str) -> str:
    if text.startswith("data:"):
        if not text.startswith("data:video/"):
            raise _no("unsupported type")
        _sent_along(text, VIDEO_URI_CHARACTERS)
        return text
    return text if text.startswith(UPLOADED) else _checked_url(text)


Prompt = Annotated[str, AfterValidator(_prompt)]
Image = Annotated[str, AfterValidator(_image)]
Video = Annotated[str, AfterValidator(_video)]
Seconds = Annotated[int, Field(ge=2, le=10)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False
    )


class Moderation(_Strict):
    """How strict the moderation is with public figures."""

    public_figure_threshold: Literal["auto", "low"] = "auto"


class First(_Strict):
    """A picture to begin with."""

    uri: Image
    position: Literal["first"]


class Frame(_Strict):
    """A picture to begin or to end with."""

    uri: Image
    position: Literal["first", "last"]


class _Body(_Strict):
    credits_per_second: ClassVar[int]
    """Read in Runway's skills reference (2026-04) and litellm's price map (2026-11)."""

    model: str
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)

    @abstractmethod
    def film(self, resolve: Resolve) -> ClipSpec:
        """The clip; raises UnreadableError for a video that cannot be read."""

    def credits(self, seconds: float) -> int:
        """What so many seconds cost."""
        return math.ceil(seconds * self.credits_per_second)


class _Made(_Body):
    """From a text or an image: the ratio is the size in pixels."""

    prompt_text: Prompt | None = None
    ratio: str
    duration: int

    @override
    def film(self, resolve: Resolve) -> ClipSpec:
        wide, _, high = self.ratio.partition(":")
        size, image = (int(wide), int(high)), self.first
        source = resolve(image) if image else None
        prompt, seconds, sound = self.prompt_text or "", self.duration, self.sound
        return ClipSpec("runway", self.model, prompt, *size, seconds, FPS, sound, source)

    @property
    def first(self) -> str | None:
        """The picture it begins with."""
        given: str | list[First] | list[Frame] | None = getattr(self, "prompt_image", None)
        return given[0].uri if isinstance(given, list) else given

    @property
    def sound(self) -> bool:
        """Whether it has sound."""
        return False


class _Gen45(_Made):
    credits_per_second = 12

    model: Literal["gen4.5"]
    prompt_text: Prompt
    duration: Seconds
    content_moderation: Moderation | None = None
    output_format: Format = "mp4"
    prores_profile: Profile | None = None


class Gen45Text(_Gen45):
    """gen4.5 from text."""

    ratio: TextRatio


class Gen45Image(_Gen45):
    """gen4.5 from an image."""

    ratio: ImageRatio
    prompt_image: Image | Annotated[list[First], Field(min_length=1, max_length=1)]


class Gen4Turbo(_Made):
    """gen4_turbo, from an image only; 10 s when no length is given (assumed)."""

    credits_per_second = 5

    model: Literal["gen4_turbo"]
    ratio: ImageRatio
    duration: Seconds = 10
    prompt_image: Image | Annotated[list[First], Field(min_length=1, max_length=1)]
    content_moderation: Moderation | None = None


class _Veo31(_Made):
    """Sound is on when it is not given (assumed), and has its price."""

    credits_per_second = 40

    model: Literal["veo3.1", "veo3.1_fast"]
    ratio: VeoRatio
    duration: Literal[4, 6, 8] = 8
    audio: bool = True
    negative_prompt: str | None = None

    @property
    @override
    def sound(self) -> bool:
        return self.audio

    @override
    def credits(self, seconds: float) -> int:
        silent, loud = (10, 15) if self.model == "veo3.1_fast" else (20, self.credits_per_second)
        return math.ceil(seconds * (loud if self.audio else silent))


class Veo31Text(_Veo31):
    """veo3.1 and its fast sister from text."""

    prompt_text: Prompt


class Veo31Image(_Veo31):
    """The same from a first frame, and a last one if wished."""

    prompt_image: Image | Annotated[list[Frame], Field(min_length=1, max_length=2)]

    @model_validator(mode="after")
    def _framed(self) -> Self:
        frames = self.prompt_image if isinstance(self.prompt_image, list) else []
        positions = [frame.position for frame in frames]
        if frames and sorted(positions) not in (["first"], ["first", "last"]):
            raise _no("promptImage needs a first frame, and may have one last frame")
        return self


class _Veo3(_Made):
    credits_per_second = 40

    model: Literal["veo3"]
    ratio: VeoRatio
    duration: Literal[8] = 8

    @property
    @override
    def sound(self) -> bool:
        return True


class Veo3Text(_Veo3):
    """veo3 from text; retired."""

    prompt_text: Prompt


class Veo3Image(_Veo3):
    """veo3 from an image; retired."""

    prompt_image: Image | Annotated[list[First], Field(min_length=1, max_length=1)]


class Gen3aTurbo(_Made):
    """gen3a_turbo, from an image only; retired."""

    credits_per_second = 5

    model: Literal["gen3a_turbo"]
    ratio: OldRatio
    duration: Literal[5, 10] = 10
    prompt_image: Image | Annotated[list[Frame], Field(min_length=1, max_length=2)]


class _Reworked(_Body):
    """From a video: its size and length are kept."""

    max_seconds: ClassVar[float]

    video_uri: Video
    prompt_text: Prompt | None = None
    content_moderation: Moderation | None = None

    @override
    def film(self, resolve: Resolve) -> ClipSpec:
        source = resolve(self.video_uri)
        size, seconds = ASSUMED_SIZE, ASSUMED_SECONDS
        if isinstance(source, str) and source.startswith("data:"):
            source = data_uri_bytes(source)
        if isinstance(source, bytes):
            found = footage(source)
            size, seconds = (found.width, found.height), found.seconds
        prompt, pace = self.prompt_text or "", (min(seconds, self.max_seconds), FPS)
        return ClipSpec("runway", self.model, prompt, *self.shaped(size), *pace, video=source)

    def shaped(self, size: tuple[int, int]) -> tuple[int, int]:
        """The size of the result."""
        return even(size[0]), even(size[1])


class Range(BaseModel):
    """Where a keyframe acts; the one place where Runway writes snake_case."""

    model_config = ConfigDict(strict=True, extra="forbid")

    start_seconds: int
    end_seconds: int


class Keyframe(_Strict):
    """A picture that a moment of the video is to look like."""

    uri: Image
    seconds: float | None = Field(default=None, ge=0)
    at: float | None = Field(default=None, ge=0, le=1)
    range: Range | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if (self.seconds is None) is (self.at is None):
            raise _no("a keyframe has either seconds or at")
        return self


class Aleph2(_Reworked):
    """aleph2: about the first 30 s of a video."""

    credits_per_second = 28
    max_seconds = 30

    model: Literal["aleph2"]
    ratio: str | None = None
    keyframes: list[Keyframe] = Field(default=[], max_length=5)
    output_format: Literal["mp4", "prores", "png_sequence", "sdr_rec709_10bit"] = "mp4"
    prores_profile: Profile | None = None
    target_aspect_ratio: (
        Literal["16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9"] | None
    ) = None

    @model_validator(mode="after")
    def _all_or_none(self) -> Self:
        if len({keyframe.range is None for keyframe in self.keyframes}) > 1:
            raise _no("either all keyframes have a range or none")
        return self

    @override
    def shaped(self, size: tuple[int, int]) -> tuple[int, int]:
        if self.target_aspect_ratio is None:
            return super().shaped(size)
        wide, _, high = self.target_aspect_ratio.partition(":")
        scale = max(size[0] / int(wide), size[1] / int(high))
        return even(int(wide) * scale), even(int(high) * scale)

    @override
    def credits(self, seconds: float) -> int:
        return max(56, super().credits(seconds))


class ImageReference(_Strict):
    """A picture of the style."""

    type: Literal["image"]
    uri: Image


class Gen4Aleph(_Reworked):
    """gen4_aleph: the first 5 s of a video; the ratio is ignored; retired."""

    credits_per_second = 15
    max_seconds = 5

    model: Literal["gen4_aleph"]
    prompt_text: Prompt
    ratio: ImageRatio | Literal["848:480", "640:480"] | None = None
    references: list[ImageReference] = Field(default=[], max_length=1)


ENDPOINTS: dict[str, dict[str, type[_Body]]] = {
    "text_to_video": {
        "gen4.5": Gen45Text,
        "veo3.1": Veo31Text,
        "veo3.1_fast": Veo31Text,
        "veo3": Veo3Text,
    },
    "image_to_video": {
        "gen4.5": Gen45Image,
        "gen4_turbo": Gen4Turbo,
        "gen3a_turbo": Gen3aTurbo,
        "veo3.1": Veo31Image,
        "veo3.1_fast": Veo31Image,
        "veo3": Veo3Image,
    },
    "video_to_video": {"aleph2": Aleph2, "gen4_aleph": Gen4Aleph},
}


def read(endpoint: str, asked: dict[str, object]) -> _Body:
    """The body as Runway reads it; raises ValidationError."""
    models = ENDPOINTS[endpoint]
    kind = models.get(str(asked.get("model")))
    if kind is None:
        raise ValidationError.from_exception_data(
            endpoint,
            [
                {
                    "type": "literal_error",
                    "loc": ("model",),
                    "input": asked.get("model"),
                    "ctx": {"expected": " or ".join(repr(name) for name in models)},
                }
            ],
        )
    return kind.model_validate(asked)


_CODES = {
    "missing": "invalid_type",
    "extra_forbidden": "unrecognized_keys",
    "literal_error": "invalid_value",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_big",
    "too_short": "too_small",
    "too_long": "too_big",
    "custom": "custom",
}


def issues(error: ValidationError) -> list[dict[str, object]]:
    """What is wrong, in Runway's shape."""
    return [
        {
            "code": _CODES.get(found["type"], "invalid_type"),
            "path": list(found["loc"]),
            "message": found["msg"],
        }
        for found in error.errors(include_url=False, include_input=False)
    ]
