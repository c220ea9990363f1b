"""The music itself, judged by decoding it."""

import av
import numpy as np
import pytest

from openclaw_nb.emulator.tracks import TrackSpec


@pytest.fixture
def track(tmp_path):
    def track(seconds=2.0, prompt="lo-fi piano", **changes):
        spec = TrackSpec("fal", "some/model", prompt, seconds=seconds, **changes)
        clip = spec.render(tmp_path / f"track{spec.suffix}", lambda: False)
        assert clip.seconds == pytest.approx(seconds, abs=0.001)
        assert clip.bytes == clip.path.stat().st_size
        return clip.path

    return track


def facts(path):
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        seconds = container.duration / 1_000_000
        return stream.codec_context.name, stream.rate, stream.channels, seconds, stream.bit_rate


def tags(path):
    with av.open(str(path)) as container:
        return dict(container.metadata)


def samples(path):
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray() for frame in container.decode(audio=0)]
    return np.concatenate(frames, axis=1).astype(np.float64)[:, ::2]


@pytest.mark.parametrize("rate", [16_000, 24_000, 32_000, 44_100, 48_000])
def test_a_wav_has_the_length_and_rate_of_the_spec(track, rate):
    name, found, channels, seconds, _ = facts(track(1.5, sample_rate=rate))
    assert (name, found, channels) == ("pcm_s16le", rate, 2)
    assert seconds == pytest.approx(1.5, abs=0.001)


@pytest.mark.parametrize(
    "rate, bitrate, said",
    [(44_100, 256_000, 256_000), (32_000, 64_000, 64_000), (44_100, 32_000, 32_000)],
)
def test_an_mp3_has_the_length_rate_and_bitrate_of_the_spec(track, rate, bitrate, said):
    name, found, _, seconds, bits = facts(track(format="mp3", sample_rate=rate, bitrate=bitrate))
    assert (name.startswith("mp3"), found, bits) == (True, rate, said)
    assert seconds == pytest.approx(2, abs=0.1)


def test_raw_samples_are_two_channels_of_sixteen_bits(track):
    assert track(format="pcm", sample_rate=16_000).stat().st_size == 2 * 16_000 * 2 * 2


@pytest.mark.parametrize("format", ["mp3", "wav"])
def test_a_file_says_that_it_is_emulated(track, format):
    said = tags(track(format=format, prompt="雨", notes=("seed 7", "duration 2")))
    assert said["title"] == "EMULATED: 雨"
    assert said["artist"] == "fal · some/model"
    assert said["comment"] == "seed 7 · duration 2"


def test_there_is_something_to_hear(track):
    wave = samples(track())
    assert 10_000 < np.abs(wave).max() < 32_767
    quarters = np.array_split(wave[0], 4)
    assert min(np.abs(part).max() for part in quarters) > 1000


@pytest.mark.parametrize(
    "change",
    [{"prompt": "drums"}, {"seed": 1}, {"lyrics": "rain"}],
    ids=lambda each: next(iter(each)),
)
def test_prompt_seed_and_lyrics_are_heard(track, change):
    plain = samples(track())
    assert np.array_equal(plain, samples(track()))
    assert np.abs(plain - samples(track(**change))).mean() > 300


def test_other_words_are_sung_otherwise(track):
    one, other = samples(track(lyrics="rain rain rain")), samples(track(lyrics="snow and ice"))
    assert np.abs(one - other).mean() > 300


def test_a_draft_is_at_most_a_second_long():
    assert TrackSpec("fal", "m", "p", seconds=60).draft().seconds == 1
