"""What an image that it serves must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from typing_extensions import override

from .clips import DRAFT_SCALE, Clip, Kind, Spec
from .references import Source

Format = Literal["png", "jpeg", "webp"]
Size = tuple[int, int]
SUFFIXES: dict[Format, str] = {"png": ".png", "jpeg": ".jpg", "webp": ".webp"}


@dataclass(frozen=True, slots=True)
class StillSpec(Spec):
    """An image. Several of one request differ in `index`."""

    format: Format = "png"
    notes: tuple[str, ...] = ()
    """What the provider understood besides the prompt; written into the picture."""
    seed: int = 0
    index: int = 0
    references: tuple[Source, ...] = ()
    """Bytes, data URIs, or addresses (fetched only on this machine)."""
    presence: tuple[float, ...] = ()
    """For each reference, how much of it is seen: 0 to 1."""
    choices: tuple[Size, ...] = ()
    """Sizes; the one with the ratio nearest to the first reference's is taken."""
    follows_reference: bool = False
    """Have the size of the first reference."""
    transparent: bool = False
    """Without a ground."""
    blackened: bool = False
    """Nothing but the mark: what a safety checker leaves."""
    scale: int = 1
    """By which the sides are divided in the end."""

    @property
    @override
    def kind(self) -> Kind:
        return "image"

    @property
    @override
    def suffix(self) -> str:
        return SUFFIXES[self.format]

    @property
    @override
    def content_type(self) -> str:
        return f"image/{self.format}"

    @override
    def draft(self) -> Self:
        return replace(self, scale=DRAFT_SCALE)

    @override
    def render(self, path: Path, stopped: Callable[[], bool]) -> Clip:
        from .darkroom import develop

        return develop(self, path, stopped)
