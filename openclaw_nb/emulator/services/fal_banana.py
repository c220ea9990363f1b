"""What Google's image models take on fal. That `auto` is the default without an image is assumed.

Sources: fal's typed endpoint definitions (2026-08); how many images can be sent along: Gemini API documentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from openclaw_nb.emulator.references import data_uri_bytes, is_address
from openclaw_nb.emulator.stills import StillSpec

from .fal_image_inputs import Several
from .fal_inputs import Finished, ImageUrl, Input, MediaUrl
from .fal_sizes import FLASH, LEGACY, PRO, Size, times

Ratio10 = Literal["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]
Ratio14 = Literal[Ratio10, "4:1", "1:4", "8:1", "1:8"]
MAX_MEDIA_BYTES = 15 * 10**6
FLASH_PRICES = {"0.5K": 0.75, "2K": 1.5, "4K": 2.0}
PRO_PRICES = {"4K": 2.0}


class _Banana(Several):
    SIZES: ClassVar[dict[str, Size]] = FLASH
    PRICES: ClassVar[dict[str, float]] = {}
    """What a resolution costs, in images of the usual one."""
    aspect_ratio: str
    seed: int | None = None
    safety_tolerance: Literal["1", "2", "3", "4", "5", "6"] = "4"
    limit_generations: bool = True

    @property
    def tier(self) -> str:
        """Resolution."""
        found: str = getattr(self, "resolution", "1K")
        return found

    @override
    def still(self, spec: StillSpec) -> StillSpec:
        """`auto` is square without an image, else the ratio nearest to the first one's."""
        sizes = {ratio: times(size, self.tier) for ratio, size in self.SIZES.items()}
        width, height = sizes.get(self.aspect_ratio, sizes["1:1"])
        choices = tuple(sizes.values()) if self.aspect_ratio == "auto" else ()
        return replace(spec, width=width, height=height, choices=choices)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {**super().output(finished), "description": f"An emulated image: {self.prompt}"}

    @override
    def units(self, finished: Finished) -> float:
        return len(finished.made) * self.PRICES.get(self.tier, 1)


class NanoBanana(_Banana):
    """`fal-ai/nano-banana`."""

    SIZES = LEGACY
    aspect_ratio: Ratio10 = "1:1"


class NanoBananaEdit(_Banana):
    """Its edit."""

    SIZES = LEGACY
    aspect_ratio: Literal["auto", Ratio10] = "auto"
    image_urls: list[ImageUrl] = Field(min_length=1, max_length=3)

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls


class Lite(_Banana):
    """`google/nano-banana-2-lite`."""

    aspect_ratio: Literal["auto", Ratio14] = "auto"
    thinking_level: Literal["minimal", "high"] | None = None
    system_prompt: str = ""


class NanoBanana2(Lite):
    """`fal-ai/nano-banana-2`."""

    PRICES = FLASH_PRICES
    resolution: Literal["0.5K", "1K", "2K", "4K"] = "1K"
    enable_web_search: bool = False


class _Media(Input):
    """What can be sent along."""

    image_urls: list[ImageUrl] = Field(default=[], max_length=14)
    video_url: MediaUrl | None = Field(default=None, exclude=True)
    audio_url: MediaUrl | None = Field(default=None, exclude=True)
    pdf_url: MediaUrl | None = Field(default=None, exclude=True)

    @property
    def references(self) -> Sequence[str]:
        """Images that are sent along."""
        return self.image_urls

    @model_validator(mode="after")
    def _some(self) -> Self:
        others = [url for url in (self.video_url, self.audio_url, self.pdf_url) if url]
        if not self.image_urls and not others:
            raise PydanticCustomError("value_error", "At least one image or other file is needed")
        local = [url for url in others if not is_address(url)]
        if any(len(data_uri_bytes(url)) > MAX_MEDIA_BYTES for url in local):
            raise PydanticCustomError("file_too_large", "A file is larger than 15 MB")
        return self


class LiteEdit(_Media, Lite):
    """Its edit."""


class NanoBanana2Edit(_Media, NanoBanana2):
    """Its edit."""


class NanoBananaPro(_Banana):
    """`fal-ai/nano-banana-pro`."""

    SIZES = PRO
    PRICES = PRO_PRICES
    aspect_ratio: Literal["auto", Ratio10] = "1:1"
    resolution: Literal["1K", "2K", "4K"] = "1K"
    enable_web_search: bool = False
    system_prompt: str = ""


class NanoBananaProEdit(NanoBananaPro):
    """Its edit."""

    aspect_ratio: Literal["auto", Ratio10] = "auto"
    image_urls: list[ImageUrl] = Field(min_length=1, max_length=14)

    @property
    @override
    def references(self) -> Sequence[str]:
        return self.image_urls
