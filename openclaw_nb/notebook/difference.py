"""How two clips differ, frame by frame, as arrays. Decodes with PyAV at a small size, one frame at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import media
from openclaw_nb.notebook.frames import sampled
from openclaw_nb.notebook.words import Clip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Frames = NDArray[np.uint8]

MAX_BYTES = 100_000_000
"""What the frames of one clip may take; longer clips are scaled down further, then cut."""
WIDTH = 480
_LEAST_WIDTH = 64
_SAME_SHAPE = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampling:
    """Which frames of two clips are held against each other, and at which size."""

    width: int
    height: int
    fps: float
    """The lower one of the two clips."""
    frames: int
    notes: tuple[str, ...] = ()
    """Where the clips are not alike, and what was done about it."""


@dataclass(frozen=True)
class Difference:
    """Two clips frame by frame. Arrays are of shape `(frames, height, width, 3)`, `uint8`, RGB."""

    first: Frames
    second: Frames
    fps: float
    """Frames per second of the arrays."""
    notes: tuple[str, ...] = ()
    """Where the clips are not alike in length, size or rate, and what was done about it."""

    @property
    def frames(self) -> Frames:
        """The absolute difference of each pixel and colour, 0 to 255."""
        return self.amplified(1)

    def amplified(self, gain: float) -> Frames:
        """The absolute difference times `gain`, at most 255: what is faint becomes visible."""
        import numpy as np

        out = np.empty_like(self.first)
        for at, (one, other) in enumerate(self._pairs()):
            out[at] = np.minimum(np.abs(one - other) * gain, 255)
        return out

    @cached_property
    def mean_absolute(self) -> NDArray[np.float64]:
        """The mean absolute difference of each frame, 0 to 255; of shape `(frames,)`."""
        import numpy as np

        return np.array([np.abs(one - other).mean() for one, other in self._pairs()])

    @cached_property
    def psnr(self) -> NDArray[np.float64]:
        """The peak signal-to-noise ratio of each frame in dB, infinite where they are identical."""
        import numpy as np

        errors = np.array([np.square(one - other).mean() for one, other in self._pairs()])
        with np.errstate(divide="ignore"):
            return 10 * np.log10(255**2 / errors)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        """The absolute difference, for numpy and what draws its arrays."""
        return self.frames if dtype is None else self.frames.astype(dtype)

    def __len__(self) -> int:
        return len(self.first)

    def __repr__(self) -> str:
        count, height, width, _ = self.first.shape
        size = f"{count} frames, {width}×{height}, {self.fps:g} fps"
        return f"<Difference {size}, mean {self.mean_absolute.mean():.2f} of 255>"

    def _pairs(self) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int32]]]:
        for one, other in zip(self.first, self.second, strict=True):
            yield one.astype("int32"), other.astype("int32")


def difference(first: Path, second: Path, *, width: int = WIDTH) -> Difference:
    """Hold two clips, or two images, against each other.

    The second is scaled to the first one's shape, and cut on both sides where its own differs.

    Args:
        first: A video or image file.
        second: Another.
        width: Pixels, 64 or more: what the frames are scaled down to, never up. Less is used where the frames
            of one clip would take more than 100 MB.

    Raises:
        InvalidInput: a file cannot be decoded, or `width` is too small.
    """
    if width < _LEAST_WIDTH:
        raise InvalidInput("width", f"{_LEAST_WIDTH} pixels or more; got {width}")
    plan = sampling(_clip(first), _clip(second), width)
    return Difference(_read(first, plan), _read(second, plan), plan.fps, plan.notes)


def sampling(first: Clip, second: Clip, width: int = WIDTH) -> Sampling:
    """The frames that two clips have in common: the lower rate, the shorter length."""
    fps = min(first.fps, second.fps) or max(first.fps, second.fps) or 1.0
    seconds = min(first.seconds, second.seconds)
    frames = max(1, int(seconds * fps + 0.01))
    wide = min(width, first.width)
    tall = first.height / first.width
    wide = max(_LEAST_WIDTH, min(wide, int((MAX_BYTES / (3 * frames * tall)) ** 0.5)))
    wide, height = wide // 2 * 2, max(2, round(wide * tall / 2) * 2)
    kept = min(frames, MAX_BYTES // (3 * wide * height))
    notes = _notes(first, second, fps, kept / fps if kept < frames else seconds)
    return Sampling(width=wide, height=height, fps=fps, frames=kept, notes=notes)


def _notes(first: Clip, second: Clip, fps: float, seconds: float) -> tuple[str, ...]:
    told: list[str] = []
    if max(first.seconds, second.seconds) - seconds > 1 / fps + 0.05:
        lengths = f"{first.seconds:.1f} s and {second.seconds:.1f} s long"
        told.append(f"{lengths}: the first {seconds:.1f} s are compared")
    if abs(first.fps - second.fps) > 0.01:  # noqa: PLR2004  # rates are kept to two digits
        told.append(f"{first.fps:g} and {second.fps:g} fps: compared at {fps:g} fps")
    sizes = f"{first.width}×{first.height} and {second.width}×{second.height}"
    shapes = first.width / first.height, second.width / second.height
    if abs(shapes[0] / shapes[1] - 1) > _SAME_SHAPE:
        told.append(f"{sizes}: the second is scaled and cut to the first one's shape")
    elif (first.width, first.height) != (second.width, second.height):
        told.append(f"{sizes}: the second is scaled to the first")
    return tuple(told)


def _clip(path: Path) -> Clip:
    found = media.clip(path)
    if found is None:
        raise InvalidInput("results", f"{path} cannot be decoded as a video or an image")
    return found


def _read(path: Path, plan: Sampling) -> Frames:
    import numpy as np

    out = np.empty((plan.frames, plan.height, plan.width, 3), np.uint8)
    for at, frame in enumerate(islice(sampled(path, plan.fps), plan.frames)):
        out[at] = _fitted(frame, plan.width, plan.height)
    return out


def _fitted(frame: Any, width: int, height: int) -> Frames:
    scale = max(width / frame.width, height / frame.height)
    wide, tall = (
        max(least, round(side * scale))
        for side, least in ((frame.width, width), (frame.height, height))
    )
    picture: Frames = frame.reformat(wide, tall, "rgb24").to_ndarray()
    left, top = (wide - width) // 2, (tall - height) // 2
    return picture[top : top + height, left : left + width]
