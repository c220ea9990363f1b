"""What Runway's three video endpoints take, model by model, and the film that follows from it.

Sources: Runway developer documentation "Inputs", "Errors", "Pricing"; types of runwayml 5.24.0, and of
4.18.0 for the retired models (read 2026-11-21). What Runway does not document is marked "assumed".
"""

from __future__ import annotations

import ipaddress
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self
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

from openclaw_nb.emulator.clips import ClipSpec, even
from openclaw_nb.emulator.references import (
    Footage,
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
ASSUMED = Footage(1280, 720, 5.0)
"""What a video is taken for that lives elsewhere: it is not fetched."""
Issue = dict[str, object]

Resolve = Callable[[str], Source]
"""The bytes of an upload; any other address as it is."""

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


Image = Annotated[str, AfterValidator(_image)]
Video = Annotated[str, AfterValidator(_video)]


class _Strict(BaseModel):
    model_config = ConfigDict(
        strict=True, extra="forbid", alias_generator=to_camel, allow_inf_nan=False
    )


class Moderation(_Strict):
    """How strict the moderation is with public figures."""

    public_figure_threshold: Literal["auto", "low"] = "auto"


class Frame(_Strict):
    """A picture to begin or to end with."""

    uri: Image
    position: Literal["first", "last"]


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


class ImageReference(_Strict):
    """A picture of the style."""

    type: Literal["image"]
    uri: Image


class Body(_Strict):
    """Every field that any of the models has; the model's row says which are its own."""

    model: str
    prompt_text: str | None = Field(default=None, min_length=1)
    prompt_image: Image | Annotated[list[Frame], Field(min_length=1, max_length=2)] | None = None
    video_uri: Video | None = None
    ratio: str | None = None
    duration: int | None = None
    seed: int | None = Field(default=None, ge=0, le=2**32 - 1)
    audio: bool = True
    negative_prompt: str | None = None
    content_moderation: Moderation | None = None
    output_format: Format = "mp4"
    prores_profile: Profile | None = None
    keyframes: list[Keyframe] = Field(default=[], max_length=5)
    target_aspect_ratio: (
        Literal["16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "21:9"] | None
    ) = None
    references: list[ImageReference] = Field(default=[], max_length=1)

    @model_validator(mode="after")
    def _alike(self) -> Self:
        if len({keyframe.range is None for keyframe in self.keyframes}) > 1:
            raise _no("either all keyframes have a range or none")
        return self

    @property
    def first(self) -> str | None:
        """The picture it begins with."""
        given = self.prompt_image
        return given[0].uri if isinstance(given, list) else given


@dataclass(frozen=True, slots=True)
class Row:
    """One model at one endpoint. Credits are for a second of output."""

    needs: str
    takes: str
    credits: int
    ratios: tuple[str, ...] = ()
    lengths: tuple[int, ...] = ()
    max_prompt: int = MAX_PROMPT_UNITS
    usual: int = 0
    """The length when none is given (assumed)."""
    positions: tuple[tuple[str, ...], ...] = (("first",),)
    formats: tuple[str, ...] = ()
    silent_credits: int = 0
    longest: float = 0
    """How much of a video is used, in seconds."""
    least_credits: int = 0
    sound: bool = False

    def problems(self, asked: dict[str, object]) -> Iterator[Issue]:
        """What this model does not take."""
        needs = self.needs.split()
        for name in {"model", *needs} - set(asked):
            yield _issue("invalid_type", name, "Required")
        for name in set(asked) - {"model", "seed", *needs, *self.takes.split()}:
            yield _issue("unrecognized_keys", name, "Unrecognized key")
        prompt = str(asked.get("promptText", ""))
        if len(prompt.encode("utf-16-le", "surrogatepass")) // 2 > self.max_prompt:
            yield _issue("too_big", "promptText", f"at most {self.max_prompt} UTF-16 units")
        choices = {"ratio": self.ratios, "duration": self.lengths, "outputFormat": self.formats}
        for name, values in choices.items():
            if values and name in asked and asked[name] not in values:
                yield _issue("invalid_value", name, f"Invalid option: expected one of {values}")

    def film(self, body: Body, resolve: Resolve) -> ClipSpec:
        """The clip; raises UnreadableError for a video that cannot be read."""
        if body.video_uri:
            return self._reworked(body, resolve(body.video_uri))
        wide, _, high = (body.ratio or "").partition(":")
        return ClipSpec(
            "runway",
            body.model,
            body.prompt_text or "",
            int(wide),
            int(high),
            body.duration or self.usual,
            FPS,
            audio=self.sound and body.audio,
            first_image=resolve(body.first) if body.first else None,
        )

    def _reworked(self, body: Body, source: Source) -> ClipSpec:
        """With the size and the length of the video."""
        if isinstance(source, str) and source.startswith("data:"):
            source = data_uri_bytes(source)
        found = footage(source) if isinstance(source, bytes) else ASSUMED
        size = _shaped(found, body.target_aspect_ratio)
        seconds = min(found.seconds, self.longest)
        prompt = body.prompt_text or ""
        return ClipSpec("runway", body.model, prompt, *size, seconds, FPS, video=source)

    def price(self, body: Body, seconds: float) -> int:
        """What so many seconds cost, in credits."""
        rate = self.credits if body.audio else self.silent_credits or self.credits
        return max(self.least_credits, math.ceil(seconds * rate))


def _shaped(found: Footage, ratio: str | None) -> tuple[int, int]:
    """The size of a reworked video: its own, expanded to the ratio if there is one."""
    wide, _, high = (ratio or f"{found.width}:{found.height}").partition(":")
    scale = max(found.width / int(wide), found.height / int(high))
    return even(int(wide) * scale), even(int(high) * scale)


_TWO = ("1280:720", "720:1280")
_SIX = (*_TWO, "1104:832", "960:960", "832:1104", "1584:672")
_LARGE = (*_TWO, "1920:1080", "1080:1920")
_2_TO_10 = tuple(range(2, 11))
_BOTH_ENDS = (("first",), ("first", "last"), ("last", "first"))
_MASTER = "contentModeration outputFormat proresProfile"

_GEN45 = Row("promptText ratio duration", _MASTER, 12, _TWO, _2_TO_10)
_GEN45_IMAGE = replace(_GEN45, needs=f"{_GEN45.needs} promptImage", ratios=_SIX)
_TURBO = Row(
    "ratio promptImage", "promptText duration contentModeration", 5, _SIX, _2_TO_10, usual=10
)
_GEN3A = Row(
    "ratio promptImage", "promptText duration", 5, ("1280:768", "768:1280"), (5, 10), usual=10
)
_VEO3 = Row("promptText ratio", "duration", 40, _LARGE, (8,), usual=8, sound=True)
_VEO3_IMAGE = replace(_VEO3, needs="ratio promptImage", takes="promptText duration")
_VEO31 = replace(_VEO3, takes="duration audio negativePrompt", lengths=(4, 6, 8), silent_credits=20)
_VEO31_IMAGE = replace(
    _VEO31,
    needs="ratio promptImage",
    takes=f"promptText {_VEO31.takes}",
    positions=_BOTH_ENDS,
)
_ALEPH2 = Row(
    "videoUri",
    f"promptText ratio keyframes targetAspectRatio {_MASTER}",
    28,
    formats=("mp4", "prores", "png_sequence", "sdr_rec709_10bit"),
    max_prompt=sys.maxsize,
    longest=30,
    least_credits=56,
)
_GEN4_ALEPH = Row(
    "videoUri promptText",
    "ratio references contentModeration",
    15,
    (*_SIX, "848:480", "640:480"),
    longest=5,
)

ENDPOINTS: dict[str, dict[str, Row]] = {
    "text_to_video": {
        "gen4.5": _GEN45,
        "veo3.1": _VEO31,
        "veo3.1_fast": replace(_VEO31, credits=15, silent_credits=10),
        "veo3": _VEO3,
    },
    "image_to_video": {
        "gen4.5": _GEN45_IMAGE,
        "gen4_turbo": _TURBO,
        "gen3a_turbo": replace(_GEN3A, positions=_BOTH_ENDS),
        "veo3.1": _VEO31_IMAGE,
        "veo3.1_fast": replace(_VEO31_IMAGE, credits=15, silent_credits=10),
        "veo3": _VEO3_IMAGE,
    },
    "video_to_video": {"aleph2": _ALEPH2, "gen4_aleph": _GEN4_ALEPH},
}
"""Credits as in Runway's skills reference (2026-04) and litellm's price map (2026-11)."""


class InvalidBodyError(ValueError):
    """A body that Runway refuses, and all that is wrong with it."""

    def __init__(self, found: list[Issue]) -> None:
        super().__init__("Validation of body failed")
        self.issues = found


def read(endpoint: str, asked: dict[str, object]) -> tuple[Row, Body]:
    """The model's row and the body; raises InvalidBodyError."""
    models = ENDPOINTS[endpoint]
    row = models.get(str(asked.get("model")))
    if row is None:
        text = f"Invalid option: expected one of {tuple(models)}"
        raise InvalidBodyError([_issue("invalid_value", "model", text)])
    found = list(row.problems(asked))
    try:
        body = Body.model_validate(asked)
    except ValidationError as error:
        raise InvalidBodyError(found + issues(error)) from error
    if isinstance(body.prompt_image, list):
        positions = tuple(frame.position for frame in body.prompt_image)
        if positions not in row.positions:
            found.append(_issue("custom", "promptImage", f"no frames at {positions}"))
    if found:
        raise InvalidBodyError(found)
    return row, body


def _issue(code: str, name: str, message: str) -> Issue:
    return {"code": code, "path": [name], "message": message}


_CODES = {
    "missing": "invalid_type",
    "extra_forbidden": "unrecognized_keys",
    "literal_error": "invalid_value",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_big",
    "too_short": "too_small",
    "string_too_short": "too_small",
    "too_long": "too_big",
    "custom": "custom",
}


def issues(error: ValidationError) -> list[Issue]:
    """What is wrong, in Runway's shape."""
    return [
        {
            "code": _CODES.get(found["type"], "invalid_type"),
            # Without the branch of a union, which only the validator here has a name for.
            "path": [piece for piece in found["loc"] if "[" not in str(piece)],
            "message": found["msg"],
        }
        for found in error.errors(include_url=False, include_input=False)
    ]
