"""Moving pictures: a colour field grown from the prompt, a reference image that comes closer, a reference video."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import av
import numpy as np
from av.error import FFmpegError
from PIL import Image, ImageOps

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

FIELD_SIDE = 96
"""The colour field is computed this wide and scaled up by swscale: soft shapes lose nothing, and it is cheap."""
DEEP = "yuv444p16le"
"""Scaling from sixteen bits a channel leaves no steps in the gradients; from YUV it is twice as fast."""
TOTAL_ZOOM = 0.06
OVERSAMPLING = 2
"""A reference is kept at twice the size, so that a slow zoom moves by half pixels."""

PALETTES = (
    ("#10254f", "#2456a6", "#f2784b", "#f7c59f", "#5b8fd9"),
    ("#0b3d4f", "#11698e", "#19b5a5", "#f8f1c6", "#e8707a"),
    ("#2b1055", "#7597de", "#d76d9c", "#ffb88c", "#4a2c8f"),
    ("#102a2a", "#1f6f5c", "#8bc6a0", "#f3e9b5", "#e39b5f"),
    ("#1d1b4c", "#5546c8", "#9f7bff", "#ff9ebb", "#38b6d9"),
    ("#3a1230", "#a02c5a", "#f0684c", "#ffc56b", "#5a2a82"),
    ("#0d2137", "#1c7293", "#52b8c9", "#c8e9e3", "#f6ae6d"),
    ("#1b2a1f", "#3f7d4e", "#b6cf6b", "#f5e6a8", "#2e8c9e"),
)


def field(prompt: str, width: int, height: int, frames: int, fps: float) -> Iterator[av.VideoFrame]:
    """A slowly moving mesh of colours; the same prompt always grows the same one."""
    colours, phases = _grown(prompt)
    grid = _grid(width, height)
    for index in range(frames):
        small = _mesh(grid, colours, phases, index / fps)
        frame = av.VideoFrame.from_ndarray(small, format="rgb48le").reformat(format=DEEP)
        yield frame.reformat(width, height, "yuv420p", interpolation="BICUBIC")


def ground(text: str, width: int, height: int) -> Image.Image:
    """Such a mesh at rest; the same text always grows the same one."""
    small = _mesh(_grid(width, height), *_grown(text), seconds=0)
    return Image.fromarray((small >> 8).astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )


def _grown(text: str) -> tuple[Floats, Floats]:
    """Colours, and where each of them drifts."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    random = np.random.default_rng(seed)
    colours = _colours(PALETTES[seed % len(PALETTES)])
    return colours, random.uniform(0, 2 * math.pi, (len(colours), 4)).astype(np.float32)


def _colours(palette: tuple[str, ...]) -> Floats:
    values = [[int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)] for text in palette]
    return np.asarray(values, dtype=np.float32)


def _grid(width: int, height: int) -> tuple[Floats, Floats]:
    """Coordinates, the shorter side running from 0 to 1."""
    scale = FIELD_SIDE / max(width, height)
    columns, rows = max(8, round(width * scale)), max(8, round(height * scale))
    unit = min(width, height)
    x = np.linspace(0, width / unit, columns, dtype=np.float32)
    y = np.linspace(0, height / unit, rows, dtype=np.float32)
    return np.broadcast_to(x, (rows, columns)).copy(), np.repeat(y[:, None], columns, axis=1)


def _mesh(
    grid: tuple[Floats, Floats], colours: Floats, phases: Floats, seconds: float
) -> NDArray[np.uint16]:
    """One picture: every point takes the colours of the drifting centres near it."""
    x, y = grid
    turn = np.float32(seconds * 0.55)
    bent_x = x + 0.10 * np.sin(3.1 * y + turn) + 0.04 * np.sin(7.3 * y - 1.7 * turn)
    bent_y = y + 0.10 * np.sin(2.7 * x - 1.2 * turn) + 0.04 * np.sin(6.1 * x + 1.3 * turn)
    wide, high = float(x[0, -1]), float(y[-1, 0])
    weights = np.empty((len(colours), *x.shape), dtype=np.float32)
    for at, (a, b, c, d) in enumerate(phases):
        centre_x = wide * (0.5 + 0.46 * math.sin(a + 0.31 * seconds * (1 + 0.2 * at)))
        centre_y = high * (0.5 + 0.46 * math.cos(b + 0.27 * seconds * (1 + 0.15 * at)))
        reach = 0.055 + 0.03 * math.sin(c + d + 0.4 * seconds)
        away = (bent_x - centre_x) ** 2 + (bent_y - centre_y) ** 2
        weights[at] = np.exp(-away / (2 * reach)) + 1e-3
    weights /= weights.sum(axis=0)
    mixed = np.tensordot(weights, colours, axes=(0, 0))
    ribbon = np.cos(4.2 * (bent_x * 0.6 + bent_y) + 1.4 * turn) ** 8
    lit = mixed * ((0.92 + 0.16 * ribbon) * _dusk(y / high))[..., None]
    levels: NDArray[np.uint16] = (np.clip(lit, 0, 1) * 65535).astype(np.uint16)
    return levels


def _dusk(height: Floats) -> Floats:
    """Darker towards the bottom, where the words are."""
    low = np.clip((height - 0.45) / 0.55, 0, 1)
    return np.asarray(1 - 0.5 * low * low * (3 - 2 * low), dtype=np.float32)


def still(data: bytes, width: int, height: int, frames: int) -> Iterator[av.VideoFrame]:
    """The reference image, cover-fit, then slowly closer. The first frame is the image itself."""
    with Image.open(io.BytesIO(data)) as opened:
        upright = ImageOps.exif_transpose(opened).convert("RGB")
    size = (width * OVERSAMPLING, height * OVERSAMPLING)
    fitted = ImageOps.fit(upright, size, Image.Resampling.BICUBIC)
    whole = av.VideoFrame.from_ndarray(np.asarray(fitted), format="rgb24").reformat(
        format="yuv420p"
    )
    luma, blue, red = (_plane(whole, at) for at in range(3))
    for index in range(frames):
        part = 1 - TOTAL_ZOOM * index / max(frames - 1, 1)
        rows = slice(*_middle(size[1] // 2, part))
        columns = slice(*_middle(size[0] // 2, part))
        twice = tuple(slice(2 * cut.start, 2 * cut.stop) for cut in (rows, columns))
        crop = _frame(luma[twice], blue[rows, columns], red[rows, columns])
        yield crop.reformat(width, height, interpolation="BILINEAR")


def _middle(length: int, part: float) -> tuple[int, int]:
    cut = round(length * (1 - part) / 2)
    return cut, length - cut


def _plane(frame: av.VideoFrame, at: int) -> NDArray[np.uint8]:
    """A writable view of one plane, without its padding."""
    plane = frame.planes[at]
    rows = np.frombuffer(memoryview(plane), dtype=np.uint8)
    return rows.reshape(plane.height, plane.line_size)[:, : plane.width]


def planes(frame: av.VideoFrame) -> tuple[NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]]:
    """Luma and both chroma planes of a yuv420p frame, writable."""
    return _plane(frame, 0), _plane(frame, 1), _plane(frame, 2)


def _frame(*values: NDArray[np.uint8]) -> av.VideoFrame:
    height, width = values[0].shape
    frame = av.VideoFrame(width, height, "yuv420p")
    for target, value in zip(planes(frame), values, strict=True):
        target[:] = value
    return frame


def footage(
    data: bytes, width: int, height: int, frames: int, fps: float
) -> Iterator[av.VideoFrame]:
    """The reference video's own frames, cover-fit, from the start again when it is too short."""
    made = 0
    while made < frames:
        before = made
        for frame in _at_rate(data, fps):
            yield _covering(frame, width, height)
            made += 1
            if made >= frames:
                return
        if made == before:
            return


def _at_rate(data: bytes, fps: float) -> Iterator[av.VideoFrame]:
    """Frames of a video repeated or left out, so that they come `fps` times a second."""
    due = 0.0
    with av.open(io.BytesIO(data), "r") as container:
        for frame in container.decode(video=0):
            until = (frame.time or 0.0) + float(1 / (container.streams.video[0].average_rate or 24))
            while due < until - 1e-6:
                yield frame
                due += 1 / fps


def _covering(frame: av.VideoFrame, width: int, height: int) -> av.VideoFrame:
    scale = max(width / frame.width, height / frame.height)
    wide = max(width, 2 * round(frame.width * scale / 2))
    high = max(height, 2 * round(frame.height * scale / 2))
    scaled = frame.reformat(wide, high, "yuv420p")
    left, top = (wide - width) // 4, (high - height) // 4
    luma, blue, red = planes(scaled)
    rows, columns = slice(top, top + height // 2), slice(left, left + width // 2)
    return _frame(
        luma[2 * top : 2 * top + height, 2 * left : 2 * left + width],
        blue[rows, columns],
        red[rows, columns],
    )


def readable_image(data: bytes) -> bool:
    """Pillow can decode it."""
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except (OSError, ValueError):
        return False
    return True


def readable_video(data: bytes) -> bool:
    """It has a video stream."""
    try:
        with av.open(io.BytesIO(data), "r") as container:
            return bool(container.streams.video)
    except FFmpegError:
        return False
