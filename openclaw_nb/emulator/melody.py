"""Makes a piece of music: chords and a tune grown from prompt and seed, and a voice when there are words to sing."""

# pyright: reportUnknownMemberType=false
# PyAV leaves the type parameter of its packets open.

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np

from .clips import Clip
from .film import StoppedError
from .label import MARK
from .tracks import TrackSpec

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from numpy.typing import NDArray

    Wave = NDArray[np.float32]

SAMPLES_AT_ONCE = 65_536
BEATS = 4
ROOTS = (196.0, 220.0, 246.94, 261.63, 293.66)
SCALES = ((0, 2, 4, 7, 9), (0, 3, 5, 7, 10), (0, 2, 3, 7, 8))
CHORDS = (0, -3, 5, -5)
"""Semitones of each bar's bass over the root."""
TUNE, VOICE, BASS = ((1, 0.5, 0.2), (1, 0.1, 0.6, 0.05, 0.3), (1, 0.3))
"""Loudness of each overtone: what tells one part from another."""
PEAK = 0.6
FADE_SECONDS = 0.02


def perform(spec: TrackSpec, path: Path, stopped: Callable[[], bool]) -> Clip:
    """Render `spec` to `path`."""
    wave = composed(spec, stopped)
    samples = (wave * 32767).astype(np.int16)
    if spec.format == "pcm":
        path.write_bytes(np.repeat(samples, 2).tobytes())
    else:
        _write(spec, samples, path, stopped)
    return Clip(path, 0, 0, len(wave) / spec.sample_rate, path.stat().st_size)


def composed(spec: TrackSpec, stopped: Callable[[], bool]) -> Wave:
    """The whole piece, in one channel, as long as the spec says."""
    random = np.random.default_rng(_number(f"{spec.prompt} {spec.seed}"))
    root, scale = random.choice(ROOTS), SCALES[int(random.integers(len(SCALES)))]
    beat = 60 / float(random.integers(80, 130))
    wave = np.zeros(max(1, round(spec.seconds * spec.sample_rate)), dtype=np.float32)
    words = spec.lyrics.split()
    for at in range(int(spec.seconds / beat) + 1):
        if stopped():
            raise StoppedError
        start, bar = at * beat, CHORDS[at // BEATS % len(CHORDS)]
        _play(
            wave, spec.sample_rate, start, beat, _pitch(root, int(random.choice(scale)) + 12), TUNE
        )
        if at % BEATS == 0:
            _play(wave, spec.sample_rate, start, BEATS * beat, _pitch(root, bar - 12), BASS)
        if words:
            step = scale[_number(words[at % len(words)]) % len(scale)]
            _play(wave, spec.sample_rate, start, beat, _pitch(root, step), VOICE)
    return _levelled(wave, spec.sample_rate)


def _number(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _pitch(root: float, semitones: int) -> float:
    return float(root * 2 ** (semitones / 12))


def _play(
    wave: Wave, rate: int, start: float, seconds: float, pitch: float, tones: tuple[float, ...]
) -> None:
    """Add a note that swells at once and dies away."""
    first = round(start * rate)
    time = np.arange(min(round(seconds * rate), len(wave) - first), dtype=np.float32) / rate
    if len(time) == 0:
        return
    note = np.zeros_like(time)
    for at, loud in enumerate(tones, 1):
        if pitch * at < rate / 2:
            note += loud * np.sin(2 * np.pi * pitch * at * time, dtype=np.float32)
    envelope = np.minimum(time / FADE_SECONDS, 1) * np.exp(-2.5 * time / seconds)
    wave[first : first + len(time)] += note * envelope


def _levelled(wave: Wave, rate: int) -> Wave:
    """Never too loud, and silent at both ends."""
    wave *= PEAK / max(float(np.abs(wave).max()), 1e-6)
    fade = min(round(FADE_SECONDS * rate), len(wave) // 2)
    if fade:
        ramp = np.linspace(0, 1, fade, dtype=np.float32)
        wave[:fade] *= ramp
        wave[-fade:] *= ramp[::-1]
    return wave


def _write(
    spec: TrackSpec, samples: NDArray[np.int16], path: Path, stopped: Callable[[], bool]
) -> None:
    with av.open(str(path), "w", format=spec.format) as container:
        container.metadata.update(tags(spec))
        stream = _stream(container, spec)
        for frame in _frames(samples, spec.sample_rate, planar=spec.format == "mp3"):
            if stopped():
                raise StoppedError
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def _stream(container: OutputContainer, spec: TrackSpec) -> AudioStream:
    if spec.format == "wav":
        return container.add_stream("pcm_s16le", rate=spec.sample_rate, layout="stereo")
    stream = container.add_stream("mp3", rate=spec.sample_rate, layout="stereo")
    stream.bit_rate = spec.bitrate
    return stream


def tags(spec: TrackSpec) -> dict[str, str]:
    """What the file says of itself."""
    return {
        "title": f"{MARK}: {spec.prompt}",
        "artist": f"{spec.provider} · {spec.model}",
        "comment": " · ".join(spec.notes),
    }


def _frames(samples: NDArray[np.int16], rate: int, *, planar: bool) -> Iterator[av.AudioFrame]:
    layout = "s16p" if planar else "s16"
    for at in range(0, len(samples), SAMPLES_AT_ONCE):
        part = samples[at : at + SAMPLES_AT_ONCE]
        both = np.stack([part, part]) if planar else np.repeat(part, 2)[None, :]
        frame = av.AudioFrame.from_ndarray(both, format=layout, layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = rate, at, Fraction(1, rate)
        yield frame
