"""What every picture says: EMULATED, the provider, the model, the prompt. Drawn once, laid over each frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]
    Words = NDArray[np.uint16]

MARK = "EMULATED"
MAX_LINES = 3
PADDING = 22
WHITE = (255, 255, 255, 255)
QUIET = (255, 255, 255, 205)
INK = (16, 20, 32, 255)
SHADE = (8, 12, 24, 210)


@dataclass(frozen=True, slots=True)
class Patch:
    """A piece of the label: where it lies, how much of the frame it lets through, and its own three planes."""

    top: int
    left: int
    keep: tuple[Words, Words]
    add: tuple[Words, Words, Words]

    def lay(self, planes: tuple[Bytes, Bytes, Bytes]) -> None:
        """Blend into a yuv420p frame."""
        for at, plane in enumerate(planes):
            step = 1 if at == 0 else 2
            keep = self.keep[min(at, 1)]
            top, left = self.top // step, self.left // step
            spot = plane[top : top + keep.shape[0], left : left + keep.shape[1]]
            spot[:] = (spot * keep + self.add[at]) >> 8


def label(
    width: int, height: int, provider: str, model: str, prompt: str, *, panel: bool
) -> list[Patch]:
    """The label's pieces. A `panel` darkens the ground behind the words, for pictures that are not ours."""
    maker = f"{provider}  ·  {model}"
    return [
        _patch(image, left, top, width, height)
        for image, left, top in pieces(width, height, maker, prompt, panel=panel)
    ]


def pieces(
    width: int,
    height: int,
    maker: str,
    prompt: str,
    notes: Sequence[str] = (),
    *,
    panel: bool,
) -> list[tuple[Image.Image, int, int]]:
    """The same as pictures with their left and top; `notes` stand in small type under the maker."""
    unit = max(min(width, height) / 720, 0.05)
    margin = round(44 * unit)
    mark = _mark(unit)
    words = _words(unit, round(width * 0.8) - margin, [maker, *notes], prompt, panel=panel)
    left = margin if panel else margin - round(PADDING * unit)
    return [(mark, margin, margin), (words, left, height - margin - words.height)]


def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size=max(size, 4.0))


def _mark(unit: float) -> Image.Image:
    """A white lozenge with the word in it, spaced."""
    font, gap = _font(18 * unit), 2.4 * unit
    top, bottom = font.getbbox(MARK)[1::2]
    pad_x, pad_y = 16 * unit, 9 * unit
    steps = [font.getlength(letter) + gap for letter in MARK]
    size = (round(sum(steps) - gap + 2 * pad_x), round(bottom - top + 2 * pad_y))
    image = Image.new("RGBA", (max(size[0], 2), max(size[1], 2)), (255, 255, 255, 0))
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((0, 0, image.width - 1, image.height - 1), size[1] / 2, fill=WHITE)
    at = pad_x
    for letter, step in zip(MARK, steps, strict=True):
        draw.text((at, pad_y - top), letter, font=font, fill=INK)
        at += step
    return image


def _words(
    unit: float, room: int, under: Sequence[str], prompt: str, *, panel: bool
) -> Image.Image:
    """The prompt in large type over lines in small type."""
    large, small = _font(42 * unit), _font(22 * unit)
    lines = _wrapped(prompt, large, room)
    step, pad, next_line = round(52 * unit), round(PADDING * unit), round(30 * unit)
    lengths = [large.getlength(line) for line in lines] + [small.getlength(line) for line in under]
    high = len(lines) * step + round(38 * unit) + (len(under) - 1) * next_line
    size = (round(min(max(lengths), room)) + 2 * pad, high + 2 * pad)
    text = Image.new("RGBA", (max(size[0], 4), max(size[1], 4)), (255, 255, 255, 0))
    draw = ImageDraw.Draw(text)
    for at, line in enumerate(lines):
        draw.text((pad, pad + at * step), line, font=large, fill=WHITE)
    for at, line in enumerate(under):
        top = pad + len(lines) * step + 8 * unit + at * next_line
        draw.text((pad, top), line, font=small, fill=QUIET)
    ground = _panel(text, pad) if panel else _shadow(text, unit)
    return Image.alpha_composite(ground, text)


def _panel(text: Image.Image, radius: int) -> Image.Image:
    ground = Image.new("RGBA", text.size, (8, 12, 24, 0))
    edge = (0, 0, text.width - 1, text.height - 1)
    ImageDraw.Draw(ground).rounded_rectangle(edge, radius, fill=SHADE)
    return ground


def _shadow(text: Image.Image, unit: float) -> Image.Image:
    alpha = text.getchannel("A").filter(ImageFilter.GaussianBlur(7 * unit))
    ground = Image.new("RGBA", text.size, (8, 12, 24, 0))
    ground.putalpha(alpha.point([min(round(value * 0.75), 255) for value in range(256)]))
    return ground


def _wrapped(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> list[str]:
    """At most three lines, the last one shortened."""
    lines = [""]
    for word in text.split()[:200]:
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= room or not lines[-1]:
            lines[-1] = longer
        elif len(lines) < MAX_LINES:
            lines.append(word)
        else:
            lines[-1] += " …"
            break
    return [_clipped(line, font, room) for line in lines]


def _clipped(line: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont, room: int) -> str:
    if font.getlength(line) <= room:
        return line
    cut = line[: max(1, int(len(line) * room / font.getlength(line)))]
    while len(cut) > 1 and font.getlength(f"{cut}…") > room:
        cut = cut[:-1]
    return f"{cut}…"


def _patch(image: Image.Image, left: int, top: int, width: int, height: int) -> Patch:
    """To limited-range BT.601 planes, on even coordinates and inside the frame."""
    left, top = max(left, 0) // 2 * 2, max(top, 0) // 2 * 2
    wide = min(image.width + image.width % 2, width - left)
    high = min(image.height + image.height % 2, height - top)
    canvas = Image.new("RGBA", (wide, high), (0, 0, 0, 0))
    canvas.paste(image)
    values = np.asarray(canvas, dtype=np.float32)
    alpha = values[..., 3] / 255
    red, green, blue = values[..., 0], values[..., 1], values[..., 2]
    luma = 16 + (65.738 * red + 129.057 * green + 25.064 * blue) / 256
    chroma_blue = 128 + (-37.945 * red - 74.494 * green + 112.439 * blue) / 256
    chroma_red = 128 + (112.439 * red - 94.154 * green - 18.285 * blue) / 256
    half = _halved(alpha)
    add = (luma * alpha, _halved(chroma_blue * alpha), _halved(chroma_red * alpha))
    return Patch(
        top,
        left,
        (_words256(1 - alpha), _words256(1 - half)),
        (
            _words256(add[0]),
            _words256(add[1]),
            _words256(add[2]),
        ),
    )


def _halved(values: NDArray[np.floating]) -> NDArray[np.floating]:
    rows, columns = values.shape
    halves: NDArray[np.floating] = values.reshape(rows // 2, 2, columns // 2, 2).mean(axis=(1, 3))
    return halves


def _words256(values: NDArray[np.floating]) -> Words:
    words: Words = np.rint(values * 256).astype(np.uint16)
    return words
