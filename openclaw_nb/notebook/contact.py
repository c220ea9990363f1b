"""Clips as one picture: some frames of each, with its label and facts."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from itertools import islice
from math import ceil, sqrt
from pathlib import Path
from typing import Any

from PIL import Image, ImageDraw, ImageFont, ImageOps

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import words
from openclaw_nb.notebook.frames import sampled
from openclaw_nb.notebook.items import Item

MAX_PIXELS = 100_000_000
_GAP = 16
_SEAM = 2
_LINE = 1.35
_WORD_LINES = 3
"""The label takes one or two of them, the facts the rest."""
_PAPER, _INK, _FAINT, _BEHIND = "#ffffff", "#1f2328", "#5f6368", "#eceff1"


@dataclass(frozen=True, slots=True)
class Layout:
    """The measures of a sheet, in pixels."""

    columns: int
    rows: int
    across: int
    """Frames of a clip beside each other."""
    down: int
    still: tuple[int, int]
    """Width and height of a frame."""
    words: int
    """Height of a clip's label and facts."""
    font: int

    @property
    def cell(self) -> tuple[int, int]:
        """Width and height of one clip with its words."""
        wide, tall = self.still
        return (
            wide * self.across + _SEAM * (self.across - 1),
            tall * self.down + _SEAM * (self.down - 1) + self.words,
        )

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the sheet."""
        wide, tall = self.cell
        return _GAP + self.columns * (wide + _GAP), _GAP + self.rows * (tall + _GAP)


def sheet(items: Sequence[Item], *, columns: int, frames: int, width: int) -> Image.Image:
    """The picture; see `Gallery.contact_sheet`."""
    for name, value, least, most in (
        ("columns", columns, 1, 12),
        ("frames", frames, 1, 25),
        ("width", width, 120, 1920),
    ):
        if not least <= value <= most:
            raise InvalidInput(name, f"{least} to {most}; got {value}")
    plan = layout(items, columns=min(columns, len(items)), frames=frames, width=width)
    if plan.size[0] * plan.size[1] > MAX_PIXELS:
        raise InvalidInput(
            "width",
            f"the sheet would be {plan.size[0]}×{plan.size[1]} pixels; use a smaller width, or "
            "make several sheets",
        )
    picture = Image.new("RGB", plan.size, _PAPER)
    for at, item in enumerate(items):
        row, column = divmod(at, plan.columns)
        wide, tall = plan.cell
        _draw(
            picture, item, plan, frames, (_GAP + column * (wide + _GAP), _GAP + row * (tall + _GAP))
        )
    return picture


def layout(items: Sequence[Item], *, columns: int, frames: int, width: int) -> Layout:
    """The measures of a sheet whose clips are about `width` pixels wide."""
    across = ceil(sqrt(frames))
    still = (width - _SEAM * (across - 1)) // across
    font = max(12, width // 22)
    return Layout(
        columns=columns,
        rows=ceil(len(items) / columns),
        across=across,
        down=ceil(frames / across),
        still=(still, round(still / _shape(items))),
        words=ceil(font * _LINE * _WORD_LINES) + 8,
        font=font,
    )


def _shape(items: Sequence[Item]) -> float:
    """Width by height, fair to wide and tall clips."""
    shapes = [width / height for width, height in filter(None, (item.shape for item in items))]
    return sqrt(min(shapes) * max(shapes)) if shapes else 16 / 9


def _draw(
    picture: Image.Image, item: Item, plan: Layout, frames: int, corner: tuple[int, int]
) -> None:
    left, top = corner
    wide, tall = plan.still
    for at, still in enumerate(_stills(item, frames, plan.still)):
        down, across = divmod(at, plan.across)
        picture.paste(still, (left + across * (wide + _SEAM), top + down * (tall + _SEAM)))
    cell_wide, cell_tall = plan.cell
    spot = (left, top + cell_tall - plan.words + 6)
    _write(ImageDraw.Draw(picture), item, plan, spot, cell_wide)


def _write(pen: Any, item: Item, plan: Layout, spot: tuple[int, int], width: int) -> None:
    large, small = _font(plan.font), _font(max(11, plan.font - 3))
    label = _wrapped(item.label, large, width, _WORD_LINES - 1)
    facts = words.joined(["EMULATED" if item.emulated else "", item.facts])
    lines = [(line, _INK, large) for line in label]
    told = _wrapped(facts, small, width, _WORD_LINES - len(label))
    lines += [(line, _FAINT, small) for line in told]
    left, top = spot
    for at, (line, colour, font) in enumerate(lines):
        pen.text((left, top + round(at * plan.font * _LINE)), line, colour, font=font)


def _stills(item: Item, count: int, size: tuple[int, int]) -> list[Image.Image]:
    clip = item.clip
    if clip is None:
        poster = item.poster(max(size))
        found = [Image.open(io.BytesIO(poster))] if poster else [Image.new("RGB", size, _BEHIND)]
    else:
        rate = count / clip.seconds if clip.seconds else 1.0
        found = [frame.to_image() for frame in islice(sampled(item.path, rate), count)]
    return [ImageOps.pad(picture, size, color=_BEHIND) for picture in found]


def _wrapped(text: str, font: Any, width: int, most: int) -> list[str]:
    """`text` in at most `most` lines of `width` pixels; what is left over ends in an ellipsis."""
    lines = [""]
    for letter in text:
        if font.getlength(lines[-1] + letter) <= width:
            lines[-1] += letter
        elif len(lines) < most:
            lines.append(letter.lstrip())
        else:
            lines[-1] = lines[-1][:-1].rstrip() + "…"
            break
    return lines


@cache
def _font(size: int) -> Any:
    """DejaVu Sans, which knows more scripts and comes with mediapy's matplotlib; else Pillow's own."""
    found = find_spec("matplotlib")
    if found is not None and found.origin is not None:
        path = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
        if path.is_file():
            return ImageFont.truetype(str(path), size)
    return ImageFont.load_default(size)
