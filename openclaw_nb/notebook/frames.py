"""A clip as a numpy array, by mediapy with the ffmpeg that imageio-ffmpeg brings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def read_frames(path: Path) -> NDArray[np.uint8]:
    """Every frame, RGB, of shape `(frames, height, width, 3)`. Needs no ffmpeg on this machine."""
    import imageio_ffmpeg  # type: ignore[import-untyped,unused-ignore]
    import mediapy
    import numpy as np

    # mediapy looks in the PATH; what it finds there may be missing, or too new for it.
    mediapy.set_ffmpeg(imageio_ffmpeg.get_ffmpeg_exe())
    return np.asarray(mediapy.read_video(path), dtype=np.uint8)
