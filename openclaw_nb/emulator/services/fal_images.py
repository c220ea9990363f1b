"""What fal's image endpoints take, and the images that follow from it. Google's are in `fal_banana`.

Sources: fal's typed endpoint definitions (2026-08). Bounds that they do not have are marked "assumed".
`openai/gpt-image-2.5` is known from other clients only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal, Self, get_args

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from openclaw_nb.emulator.references import is_address
from openclaw_nb.emulator.stills import Format, StillSpec

from .fal_image_inputs import ImageInput, Several
from .fal_inputs import Finished, ImageUrl, Strict
from .fal_sizes import GPT_AUTO, NAMED, Size, by_area, times

Named = Literal[
    "square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"
]
KreaRatio = Literal["1:1", "4:3", "3:2", "16:9", "2.35:1", "4:5", "2:3", "9:16"]
GrokWide = Literal["2:1", "20:9", "19.5:9", "16:9", "4:3", "3:2"]
GrokHigh = Literal["1:2", "9:20", "9:19.5", "9:16", "3:4", "2:3"]
GROK_RATIOS = (*get_args(GrokWide), "1:1", *get_args(GrokHigh))
Quality = Literal["auto", "low", "medium", "high"]
LARGEST_SIDE, LARGEST_AREA = 14142, 4096 * 4096
"""The side as fal's ImageSize has it; the area is assumed."""
GPT_AREA = range(655_360, 8_294_400 + 1)
GPT_RATIO = 3
MEGAPIXEL = 1_000_000
WITH_STYLE = 0.035 / 0.03
"""What style references do to Krea's price."""


class Dimensions(Strict):
    """fal's ImageSize."""

    width: int = Field(default=512, gt=0, le=LARGEST_SIDE)
    height: int = Field(default=512, gt=0, le=LARGEST_SIDE)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.width * self.height > LARGEST_AREA:
            raise PydanticCustomError("image_too_large", "The image would be too large.")
        return self


class GptDimensions(Strict):
    """The sizes that GPT Image 2 and later make."""

    width: int = Field(multiple_of=16, gt=0, le=3840)
    height: int = Field(multiple_of=16, gt=0, le=3840)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.width * self.height not in GPT_AREA:
            msg = "The image should have between 655360 and 8294400 pixels"
            raise PydanticCustomError("value_error", msg)
        if max(self.width, self.height) > GPT_RATIO * min(self.width, self.height):
            raise PydanticCustomError("value_error", "The ratio should be between 1:3 and 3:1")
        return self


def size_of(asked: Named | Dimensions | GptDimensions) -> Size:
    """In pixels."""
    return NAMED[asked] if isinstance(asked, str) else (asked.width, asked.height)


class _Flux(Several):
    """The ranges of steps and guidance are assumed."""

    guidance_scale: float = Field(default=3.5, ge=1, le=20)
    seed: int | None = None
    acceleration: Literal["none", "regular", "high"] = "none"
    enable_safety_checker: bool = True

    @property
    @override
    def is_checked(self) -> bool:
        return self.enable_safety_checker

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        black = [each.spec.blackened for each in finished.made if isinstance(each.spec, StillSpec)]
        return {
            **super().output(finished),
            "timings": {"inference": finished.seconds},
            "seed": self.seed_used,
            "has_nsfw_concepts": black,
            "prompt": self.prompt,
        }

    @override
    def units(self, finished: Finished) -> float:
        """Megapixels, each image rounded up."""
        areas = [each.clip.width * each.clip.height for each in finished.made]
        return sum(math.ceil(area / MEGAPIXEL) for area in areas)


class Flux(_Flux):
    """`fal-ai/flux/dev`."""

    image_size: Named | Dimensions = "landscape_4_3"
    output_format: Literal["jpeg", "png"] = "jpeg"
    num_inference_steps: int = Field(default=28, ge=1, le=50)

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        width, height = size_of(self.image_size)
        return replace(spec, width=width, height=height)


class FluxEdit(_Flux):
    """From an image, whose size the result has (assumed)."""

    image_url: ImageUrl
    strength: float = Field(default=0.95, ge=0.01, le=1)
    output_format: Literal["jpeg", "png"] = "jpeg"
    num_inference_steps: int = Field(default=40, ge=10, le=50)

    @property
    @override
    def references(self) -> Sequence[str]:
        return [self.image_url]

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        """The stronger the change, the less is seen of the image."""
        width, height = NAMED["landscape_4_3"]
        shown = (1 - 0.6 * self.strength,)
        return replace(spec, width=width, height=height, follows_reference=True, presence=shown)


class AnyImage(_Flux):
    """An endpoint whose schema is not known here: only the prompt is required."""

    image_size: Named | Dimensions = "landscape_4_3"
    image_url: ImageUrl | None = None
    image_urls: list[ImageUrl] = Field(default=[])
    output_format: Format = "jpeg"

    @property
    @override
    def references(self) -> Sequence[str]:
        return [*([self.image_url] if self.image_url else []), *self.image_urls]

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        width, height = size_of(self.image_size)
        follows = "image_size" not in self.model_fields_set
        return replace(spec, width=width, height=height, follows_reference=follows)


class StyleReference(Strict):
    """An image whose style is taken."""

    image_url: ImageUrl
    strength: float = 1


class Chosen(Strict):
    """A mood board or a style."""

    id: str
    strength: float | None = None


class Krea(ImageInput):
    """Krea 2: one image, a PNG (assumed)."""

    aspect_ratio: KreaRatio = "1:1"
    creativity: Literal["raw", "low", "medium", "high"] = "medium"
    image_style_references: Sequence[StyleReference] = Field(default=[], max_length=10)
    moodboards: list[Chosen] = Field(default=[], max_length=1)
    styles: list[Chosen] = Field(default=[], max_length=10)
    seed: int | None = None

    @property
    @override
    def references(self) -> Sequence[str]:
        return [each.image_url for each in self.image_style_references]

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        """The stronger a style is to be, the more is seen of its image."""
        strengths = [each.strength for each in self.image_style_references]
        shown = tuple(min(max(0.2 + 0.4 * strength, 0.1), 0.9) for strength in strengths)
        width, height = by_area(self.aspect_ratio)
        return replace(spec, width=width, height=height, presence=shown)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {**super().output(finished), "seed": self.seed_used}

    @override
    def units(self, finished: Finished) -> float:
        return WITH_STYLE if self.image_style_references else 1


class PublicStyle(StyleReference):
    """An image that anybody can fetch."""

    @field_validator("image_url")
    @classmethod
    def _public(cls, url: str) -> str:
        if not is_address(url):
            raise PydanticCustomError("file_download_error", "Failed to download the file.")
        return url


class PublicKrea(Krea):
    """Krea 2, taking its description at its word."""

    image_style_references: list[PublicStyle] = Field(default=[], max_length=10)


class _Gpt(Several):
    @property
    def dimensions(self) -> Size | None:
        """None: the model takes one itself."""
        asked: Named | GptDimensions | Literal["auto"] = getattr(self, "image_size", "auto")
        return None if asked == "auto" else size_of(asked)

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        """Of its own the model takes a square, or what is nearest to the first image (assumed)."""
        width, height = self.dimensions or GPT_AUTO[0]
        choices = () if self.dimensions else GPT_AUTO
        return replace(spec, width=width, height=height, choices=choices)


class Gpt2(_Gpt):
    """`openai/gpt-image-2`."""

    image_size: Named | GptDimensions | Literal["auto"] = "landscape_4_3"
    quality: Quality = "high"


class Gpt2Edit(_Gpt):
    """Its edit."""

    image_urls: list[ImageUrl] = Field(min_length=1, max_length=16)
    mask_url: ImageUrl | None = None
    image_size: Named | GptDimensions | Literal["auto"] = "auto"
    quality: Quality = "high"

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls


class Gpt25(_Gpt):
    """`openai/gpt-image-2.5/...`; the defaults are assumed."""

    image_size: Named | GptDimensions | Literal["auto"] = "auto"
    quality: Literal[Quality, "xhigh", "max"] = "auto"
    background: Literal["transparent", "opaque", "auto"] = "auto"

    @model_validator(mode="after")
    def _can_be_transparent(self) -> Self:
        if self.background == "transparent" and self.output_format == "jpeg":
            msg = "A transparent background needs output_format png or webp"
            raise PydanticCustomError("value_error", msg)
        return self

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        return replace(super().still(spec), transparent=self.background == "transparent")


class Gpt25Edit(Gpt25):
    """Its edit."""

    image_urls: list[ImageUrl] = Field(min_length=1, max_length=16)

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls


class Gpt15(_Gpt):
    """`fal-ai/gpt-image-1.5`: sizes are texts; the defaults are assumed."""

    image_size: Literal["1024x1024", "1536x1024", "1024x1536"] = "1024x1024"
    quality: Literal["low", "medium", "high"] = "high"
    background: Literal["auto", "transparent", "opaque"] = "auto"

    @property
    @override
    def dimensions(self) -> Size:
        wide, _, high = self.image_size.partition("x")
        return int(wide), int(high)

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        return replace(super().still(spec), transparent=self.background == "transparent")


class Gpt15Edit(Gpt15):
    """Its edit."""

    image_urls: list[ImageUrl] = Field(min_length=1, max_length=16)

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls


class _Grok(Several):
    output_format: Format = "jpeg"
    resolution: Literal["1k", "2k"] = "1k"
    aspect_ratio: str

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        """`auto` takes the ratio nearest to the first image's."""
        sizes = {ratio: times(by_area(ratio), self.resolution) for ratio in GROK_RATIOS}
        width, height = sizes.get(self.aspect_ratio, sizes["1:1"])
        choices = tuple(sizes.values()) if self.aspect_ratio == "auto" else ()
        return replace(spec, width=width, height=height, choices=choices)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {**super().output(finished), "revised_prompt": f"{self.prompt}, as emulated"}


class Grok(_Grok):
    """`xai/grok-imagine-image`."""

    aspect_ratio: Literal[GrokWide, "1:1", GrokHigh] = "1:1"


class GrokEdit(_Grok):
    """Its edit."""

    aspect_ratio: Literal["auto", GrokWide, "1:1", GrokHigh] = "auto"
    image_urls: list[ImageUrl] = Field(min_length=1, max_length=3)

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls
