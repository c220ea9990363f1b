"""Finished files as arrays: clips by mediapy with the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture


def read_frames(path: Path) -> NDArray[np.uint8]:
    """Every frame, RGB, of shape `(frames, height, width, 3)`. Needs no ffmpeg on this machine."""
    import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
    import mediapy
    import numpy as np

    # mediapy looks in the PATH; what it finds there may be missing, or too new for it.
    mediapy.set_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe())
    return np.asarray(mediapy.read_video(path), dtype=np.uint8)


def read_picture(path: Path) -> Picture:
    """A picture as a PIL image, read whole."""
    from PIL import Image

    with Image.open(path) as picture:
        picture.load()
        return picture


def read_array(path: Path) -> NDArray[np.uint8]:
    """A picture as an array of shape `(height, width, 3)`, `uint8`, RGB."""
    import numpy as np

    return np.asarray(read_picture(path).convert("RGB"))


def read_samples(path: Path) -> tuple[NDArray[np.float32], int]:
    """Sound as an array of shape `(samples, channels)`, `float32` in -1 to 1, and samples a second."""
    import av
    import numpy as np

    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        rate = int(stream.rate or 0)
        resampler: Any = av.AudioResampler(format="fltp", rate=rate)
        blocks: list[NDArray[np.float32]] = [
            part.to_ndarray() for frame in file.decode(stream) for part in resampler.resample(frame)
        ]
        blocks += [part.to_ndarray() for part in resampler.resample(None)]
    return np.concatenate(blocks, axis=1).T, rate
