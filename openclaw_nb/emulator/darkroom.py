"""Makes an image: a colour field grown from prompt and seed, the references over it, what was asked in words."""

from __future__ import annotations

import io
import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from PIL import Image, ImageOps

from .clips import Clip
from .film import StoppedError
from .label import MARK, pieces
from .picture import ground, readable_image
from .references import load
from .stills import Size, StillSpec

BLACK = (0, 0, 0)
DESCRIPTION = 0x010E
"""The EXIF tag for what an image shows."""
SAVED: dict[str, dict[str, object]] = {
    "png": {"compress_level": 1},
    "jpeg": {"quality": 90},
    "webp": {"quality": 85, "method": 0},
}
Box = tuple[int, int, int, int]


def develop(spec: StillSpec, path: Path, stopped: Callable[[], bool]) -> Clip:
    """Render `spec` to `path`."""
    references = [_opened(load(source)) for source in spec.references]
    width, height = (max(1, side // spec.scale) for side in _size(spec, references))
    picture = _ground(spec, (width, height))
    if not spec.blackened:
        _lay(picture, references, spec.presence)
    if stopped():
        raise StoppedError
    _sign(picture, spec)
    exif = Image.Exif()
    exif[DESCRIPTION] = words(spec).encode()
    finished = picture if spec.transparent else picture.convert("RGB")
    finished.save(path, spec.format.upper(), exif=exif, **SAVED[spec.format])
    return Clip(path, width, height, 0, path.stat().st_size)


def words(spec: StillSpec) -> str:
    """What the picture says, for programs."""
    said = [MARK, f"{spec.provider} · {spec.model}"]
    return "\n".join(said if spec.blackened else [*said, spec.prompt, *spec.notes])


def _opened(data: bytes | None) -> Image.Image | None:
    if data is None or not readable_image(data):
        return None
    with Image.open(io.BytesIO(data)) as opened:
        return ImageOps.exif_transpose(opened).convert("RGBA")


def _size(spec: StillSpec, references: Sequence[Image.Image | None]) -> Size:
    first = references[0] if references else None
    if first is None:
        return spec.width, spec.height
    if spec.follows_reference:
        return first.size
    if not spec.choices:
        return spec.width, spec.height
    ratio = first.width / first.height
    return min(spec.choices, key=lambda size: abs(math.log(size[0] / size[1] / ratio)))


def _ground(spec: StillSpec, size: Size) -> Image.Image:
    if spec.blackened:
        return Image.new("RGBA", size, BLACK)
    grown = ground(f"{spec.prompt} {spec.seed} {spec.index}", *size).convert("RGBA")
    if spec.transparent:
        grown.putalpha(0)
    return grown


def _lay(
    picture: Image.Image, references: Sequence[Image.Image | None], presence: Sequence[float]
) -> None:
    """Each reference in a cell of its own, as strongly as it is to be seen."""
    for reference, part, box in zip(
        references, presence, _cells(picture.size, len(references)), strict=True
    ):
        size = (box[2] - box[0], box[3] - box[1])
        if reference is not None and min(size) > 0:
            fitted = ImageOps.fit(reference, size, Image.Resampling.BICUBIC)
            picture.paste(Image.blend(picture.crop(box), fitted, part), box)


def _cells(size: Size, count: int) -> Iterator[Box]:
    """A grid over the whole picture; the cells of the last row are wider where it is not full."""
    columns = max(1, math.ceil(math.sqrt(count * size[0] / size[1])))
    rows = max(1, math.ceil(count / columns))
    for at in range(count):
        row = at // columns
        across = min(columns, count - row * columns)
        left, top = at - row * columns, row
        yield (
            size[0] * left // across,
            size[1] * top // rows,
            size[0] * (left + 1) // across,
            size[1] * (top + 1) // rows,
        )


def _sign(picture: Image.Image, spec: StillSpec) -> None:
    maker = f"{spec.provider}  ·  {spec.model}"
    prompt, notes = ("", ()) if spec.blackened else (spec.prompt, spec.notes)
    panel = bool(spec.references) or spec.transparent
    for piece, left, top in pieces(*picture.size, maker, prompt, notes, panel=panel):
        picture.alpha_composite(piece, (max(left, 0), max(top, 0)))
