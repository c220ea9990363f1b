"""Facts and the shape of sound files, by PyAV and numpy. Reads files: never on the event loop."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from openclaw_nb.notebook import media
from openclaw_nb.notebook.words import Sound

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WAVE_BARS = 180
_WAVE_HEIGHT = 48
_RATE = 8_000
"""Samples per second that loudness is taken from: enough for a picture."""
_SECONDS = 1_800
"""What comes later than half an hour is not drawn."""
# Seen on a light page and on a dark one; an image does not know the colours of its page.
_COLOUR = "#3f7fb5"


def sound(path: Path) -> Sound | None:
    """Length, rate, channels and codec; None when there is no sound in it."""
    return media.cached(_sound, path)


def waveform(path: Path, bars: int = WAVE_BARS) -> str | None:
    """Loudness over time as a small SVG of `bars` bars; None when there is no sound in it."""
    return media.cached(_waveform, path, bars)


def _sound(path: Path) -> Sound:
    import av

    with av.open(str(path)) as file:
        stream = file.streams.audio[0]
        context = stream.codec_context
        return Sound(
            seconds=file.duration / av.time_base if file.duration else 0.0,
            rate=context.sample_rate,
            channels=stream.channels,
            codec=context.name,
        )


def _waveform(path: Path, bars: int) -> str:
    import numpy as np

    samples = np.abs(_samples(path))
    if not samples.size:
        raise ValueError("no sound")
    # The loudest sample of each bar, and of each bar's own: short files have fewer samples.
    edges = np.linspace(0, samples.size, bars + 1).astype(int)[:-1]
    return _svg(np.maximum.reduceat(samples, np.minimum(edges, samples.size - 1)))


def _samples(path: Path) -> NDArray[np.float32]:
    """The sound in mono, -1 to 1."""
    import av
    import numpy as np

    resampler = av.AudioResampler("flt", "mono", _RATE)
    pieces: list[Any] = []
    with av.open(str(path)) as file:
        for frame in file.decode(audio=0):
            if (frame.time or 0.0) > _SECONDS:
                break
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
        pieces += [piece.to_ndarray()[0] for piece in resampler.resample(None)]
    return np.concatenate(pieces) if pieces else np.zeros(0, dtype=np.float32)


def _svg(peaks: NDArray[np.float32]) -> str:
    """Bars around a middle line, as tall as the loudest allows."""
    middle = _WAVE_HEIGHT / 2
    scale = (middle - 1) / max(float(peaks.max()), 1e-4)
    lines = "".join(
        f"M{2 * number + 1} {middle - tall:.1f}v{2 * tall:.1f}"
        for number, tall in enumerate(max(float(peak) * scale, 0.5) for peak in peaks)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * len(peaks)} {_WAVE_HEIGHT}" '
        f'preserveAspectRatio="none"><path d="{lines}" stroke="{_COLOUR}" stroke-width="1.4"/></svg>'
    )
