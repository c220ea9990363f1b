"""Small real clips for tests, by PyAV."""

import av
import numpy as np


def film(path, *, width=320, height=180, seconds=2, fps=24, codec="libx264", sound=False, noise=0):
    """Write a moving gradient, with noise that no encoder can shrink if wished, and a tone."""
    random = np.random.default_rng(1)
    rows, columns = np.mgrid[0:height, 0:width]
    with av.open(str(path), "w") as target:
        video = target.add_stream(codec, rate=fps)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        hum = target.add_stream("aac", rate=44_100, layout="mono") if sound else None
        for number in range(seconds * fps):
            picture = np.stack(
                [(columns * 255 // width + 3 * number) % 256, rows * 255 // height, 0 * rows + 120],
                axis=-1,
            ).astype(np.uint8)
            if noise:
                picture = random.integers(0, noise, picture.shape, dtype=np.uint8)
            target.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        target.mux(video.encode())
        if hum is not None:
            _hum(target, hum, seconds)
    return path


def tone(path, *, codec, seconds=1, until=None):
    """Write a tone of 440 Hz, silent from `until` seconds on."""
    with av.open(str(path), "w") as target:
        _hum(target, target.add_stream(codec, rate=44_100, layout="mono"), seconds, until)
    return path


def _hum(target, tone, seconds, until=None):
    for start in range(0, seconds * 44_100, 1024):
        times = (np.arange(1024) + start) / 44_100
        loud = 0.2 * (times < (until or seconds))
        wave = (loud * np.sin(2 * np.pi * 440 * times)).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, "fltp", "mono")
        frame.sample_rate, frame.pts = 44_100, start
        target.mux(tone.encode(frame))
    target.mux(tone.encode())
