"""Posters, small previews and facts of video files, by PyAV; no ffmpeg program is needed.

All of it reads files and may take seconds: never on the event loop.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from openclaw_nb.notebook.words import Clip

if TYPE_CHECKING:
    from av import VideoFrame

V = TypeVar("V")

POSTER_WIDTH = 640
PREVIEW_BYTES = 400_000
"""Base64 makes a third more of it in the notebook."""
_PREVIEWS = ((480, 12, 32), (360, 10, 36), (240, 8, 40))
"""Width, frames per second and x264's rate factor: the first that fits the budget is taken."""
_PREVIEW_SECONDS = 15
_lock = threading.Lock()


def clip(path: Path) -> Clip | None:
    """Size, length, rate and codecs; None when it is no readable video."""
    return cached(_clip, path)


def poster(path: Path) -> bytes | None:
    """The first frame as a small JPEG; None when it is no readable video."""
    return cached(_poster, path)


def preview(path: Path, budget: int = PREVIEW_BYTES) -> bytes | None:
    """H.264 that any browser plays, at most `budget` bytes: the file itself when it is small.

    Long clips are cut after 15 s. None when it is no readable video, or does not fit.
    """
    return cached(_preview, path, budget)


def cached(make: Callable[..., V | None], path: Path, *more: int) -> V | None:
    """`make(path, *more)`, once for each state of the file; None when it cannot be read."""
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        return None
    with _lock:  # one decoder at a time, and never the same work twice
        made: V | None = _made(make, path, stamp, *more)
        return made


@lru_cache(maxsize=256)
def _made(make: Callable[..., Any], path: Path, _stamp: int, *more: int) -> Any:
    from av.error import FFmpegError

    try:
        return make(path, *more)
    except (FFmpegError, OSError, ValueError, IndexError, StopIteration):
        return None  # a picture is an ornament: the facts and the link are shown without it


def _clip(path: Path) -> Clip:
    import av

    with av.open(str(path)) as file:
        video = file.streams.video[0]
        seconds = file.duration / av.time_base if file.duration else 0.0
        sound = file.streams.audio[0].codec_context.name if file.streams.audio else None
        return Clip(
            width=video.width,
            height=video.height,
            seconds=seconds,
            fps=round(float(video.average_rate or 0), 2),
            codec=video.codec_context.name,
            sound=sound,
        )


def _poster(path: Path) -> bytes:
    import av

    with av.open(str(path)) as file:
        frame: Any = next(file.decode(video=0))
        picture = frame.to_image()
    picture.thumbnail((POSTER_WIDTH, POSTER_WIDTH))
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=78, optimize=True)
    return out.getvalue()


def _preview(path: Path, budget: int) -> bytes | None:
    found = _clip(path)
    if path.stat().st_size <= budget and found.codec == "h264" and _is_mp4(path):
        return path.read_bytes()
    for width, fps, quality in _PREVIEWS:
        small = _encoded(path, width=min(width, found.width), fps=fps, quality=quality)
        if len(small) <= budget:
            return small
    return None


def _is_mp4(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:10] != b"qt"


def _encoded(path: Path, *, width: int, fps: int, quality: int) -> bytes:
    """The clip again, smaller; the sound in mono."""
    import av

    out = io.BytesIO()
    writer: Any = av.open(out, "w", "mp4")
    with av.open(str(path)) as source, writer as target:
        shape = source.streams.video[0]
        video = target.add_stream("libx264", rate=fps)
        video.width = width // 2 * 2
        video.height = max(2, round(shape.height * width / shape.width / 2) * 2)
        video.pix_fmt = "yuv420p"
        video.options = {"crf": str(quality), "preset": "veryfast"}
        sound = target.add_stream("aac", rate=44_100) if source.streams.audio else None
        if sound is not None:
            sound.layout, sound.bit_rate = "mono", 48_000
        for frame in _thinned(source, fps):
            target.mux(video.encode(frame.reformat(video.width, video.height, "yuv420p")))
        target.mux(video.encode())
        if sound is not None:
            _encode_sound(path, target, sound)
    return out.getvalue()


def _thinned(source: Any, fps: int) -> Iterator[VideoFrame]:
    """At most `fps` frames of every second, numbered anew."""
    from fractions import Fraction

    last = -1
    for frame in source.decode(video=0):
        at = frame.time or 0.0
        if at > _PREVIEW_SECONDS:
            return
        slot = int(at * fps + 1e-6)
        if slot > last:
            frame.pts, frame.time_base = slot, Fraction(1, fps)
            last = slot
            yield frame


def _encode_sound(path: Path, target: Any, stream: Any) -> None:
    import av

    resampler = av.AudioResampler("fltp", "mono", 44_100, frame_size=stream.frame_size or 1024)
    with av.open(str(path)) as source:
        for frame in source.decode(audio=0):
            if (frame.time or 0.0) > _PREVIEW_SECONDS:
                break
            for piece in resampler.resample(frame):
                target.mux(stream.encode(piece))
        for piece in resampler.resample(None):
            target.mux(stream.encode(piece))
    target.mux(stream.encode())
