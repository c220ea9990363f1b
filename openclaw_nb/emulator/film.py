"""Puts a picture, its label and a tone into an MP4 that browsers play: H.264, yuv420p, AAC, index first."""

# pyright: reportUnknownMemberType=false
# PyAV leaves the type parameter of its packets open.

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
import numpy as np
from PIL import Image

from .clips import Clip, ClipSpec, even
from .label import label
from .picture import field, footage, planes, readable_image, readable_video, still
from .references import footage as facts
from .references import load

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.container import OutputContainer
    from av.video.stream import VideoStream

SAMPLE_RATE = 44_100
SAMPLES_AT_ONCE = 1024
BT709, BT601, LIMITED = 1, 6, 1
X264 = {
    "preset": "ultrafast",
    "qp": "18",
    "x264-params": "rc-lookahead=0:sync-lookahead=0:scenecut=0:weightp=0",
}


class StoppedError(Exception):
    """The studio closed while the clip was being made."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A spec whose references have been fetched and whose size is settled."""

    spec: ClipSpec
    image: bytes | None
    video: bytes | None
    width: int
    height: int

    @property
    def count(self) -> int:
        """How many frames."""
        return max(1, round(self.spec.seconds * self.spec.fps))

    def frames(self) -> Iterator[av.VideoFrame]:
        """The pictures, without the label."""
        size = (self.width, self.height)
        if self.video is not None:
            return footage(self.video, *size, self.count, self.spec.fps)
        if self.image is not None:
            return still(self.image, *size, self.count)
        return field(self.spec.prompt, *size, self.count, self.spec.fps)


def shoot(spec: ClipSpec, path: Path, stopped: Callable[[], bool]) -> Clip:
    """Render `spec` to `path`."""
    scene = _scene(spec)
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = _video_stream(container, scene)
        tone = _audio_stream(container) if spec.audio else None
        for index, frame in enumerate(_labelled(scene)):
            if stopped():
                raise StoppedError
            frame.pts, frame.time_base = index, 1 / Fraction(spec.fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _play(container, tone, scene.count / spec.fps)
    seconds = scene.count / spec.fps
    return Clip(path, scene.width, scene.height, seconds, path.stat().st_size)


def poster(path: Path, columns: int = 1) -> bytes:
    """A WebP of the first frame, or of a row of frames spread over the clip."""
    with av.open(str(path), "r") as container:
        arrays = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    frames = [Image.fromarray(array) for array in arrays]
    chosen = [frames[at * (len(frames) - 1) // max(columns - 1, 1)] for at in range(columns)]
    width = chosen[0].width if columns == 1 else max(2, chosen[0].width // 4)
    height = round(chosen[0].height * width / chosen[0].width)
    sheet = Image.new("RGB", (width * columns, height))
    for at, picture in enumerate(chosen):
        sheet.paste(picture.resize((width, height)), (at * width, 0))
    out = io.BytesIO()
    sheet.save(out, "WEBP", quality=80)
    return out.getvalue()


def last_frame(path: Path) -> bytes:
    """A PNG of the last frame."""
    with av.open(str(path), "r") as container:
        *_, last = container.decode(video=0)
        picture = Image.fromarray(last.to_ndarray(format="rgb24"))
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _scene(spec: ClipSpec) -> Scene:
    image, video = load(spec.first_image), load(spec.video)
    image = image if image and readable_image(image) else None
    video = video if video and readable_video(video) else None
    width, height = spec.width, spec.height
    if spec.follows_reference:
        width, height = _followed(spec, image, video)
    return Scene(spec, image, video, even(width), even(height))


def _followed(spec: ClipSpec, image: bytes | None, video: bytes | None) -> tuple[int, int]:
    """The reference's shape with the spec's shorter side."""
    if image is not None:
        with Image.open(io.BytesIO(image)) as opened:
            wide, high = opened.size
    elif video is not None:
        wide, high = facts(video).width, facts(video).height
    else:
        return spec.width, spec.height
    scale = min(spec.width, spec.height) / min(wide, high)
    return even(wide * scale), even(high * scale)


def _labelled(scene: Scene) -> Iterator[av.VideoFrame]:
    spec = scene.spec
    panel = scene.image is not None or scene.video is not None
    patches = label(scene.width, scene.height, spec.provider, spec.model, spec.prompt, panel=panel)
    for frame in scene.frames():
        for patch in patches:
            patch.lay(planes(frame))
        yield frame


def _video_stream(container: OutputContainer, scene: Scene) -> VideoStream:
    stream = container.add_stream("libx264", rate=Fraction(scene.spec.fps), options=X264)
    stream.width, stream.height, stream.pix_fmt = scene.width, scene.height, "yuv420p"
    codec = stream.codec_context
    codec.gop_size = 2 * round(scene.spec.fps)
    codec.thread_count = 1
    codec.colorspace, codec.color_range = BT601, LIMITED
    codec.color_primaries = codec.color_trc = BT709
    return stream


def _audio_stream(container: OutputContainer) -> AudioStream:
    return container.add_stream("aac", rate=SAMPLE_RATE, layout="stereo")


def _play(container: OutputContainer, stream: AudioStream, seconds: float) -> None:
    """A soft chord that swells and fades, exactly as long as the picture."""
    total = round(seconds * SAMPLE_RATE)
    time = np.arange(total, dtype=np.float32) / SAMPLE_RATE
    chord = sum(np.sin(2 * np.pi * pitch * time) for pitch in (220.0, 277.18, 329.63))
    swell = np.sin(np.pi * np.clip(time / max(seconds, 1e-6), 0, 1))
    wave = (np.asarray(chord) * swell * 0.05).astype(np.float32)
    for at in range(0, total, SAMPLES_AT_ONCE):
        part = np.stack([wave[at : at + SAMPLES_AT_ONCE]] * 2)
        frame = av.AudioFrame.from_ndarray(part, format="fltp", layout="stereo")
        frame.sample_rate, frame.pts = SAMPLE_RATE, at
        frame.time_base = Fraction(1, SAMPLE_RATE)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
