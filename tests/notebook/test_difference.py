"""Two clips frame by frame: which frames meet, what is said of clips that are not alike, the numbers."""

import av
import numpy as np
import pytest
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook.difference import MAX_BYTES, sampling
from openclaw_nb.notebook.words import Clip
from tests.notebook.films import film


def shades(path, levels, *, fps=10, size=(64, 64)):
    """A clip whose frames are plain greys."""
    with av.open(str(path), "w") as target:
        video = target.add_stream("libx264", rate=fps)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = {"crf": "1"}
        for level in levels:
            picture = np.full((size[1], size[0], 3), level, np.uint8)
            target.mux(video.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        target.mux(video.encode())
    return path


def clip(**facts):
    known = {"width": 640, "height": 360, "seconds": 4.0, "fps": 24.0, "codec": "h264"}
    return Clip(**(known | facts))


@pytest.fixture(scope="module")
def greys(tmp_path_factory):
    folder = tmp_path_factory.mktemp("greys")
    one = shades(folder / "one.mp4", [100] * 10)
    other = shades(folder / "other.mp4", range(100, 150, 5))
    return one, other


def test_the_difference_of_each_frame_is_its_distance_in_colour(greys):
    found = oc.compare(greys).difference()
    assert found.frames.shape == (10, 64, 64, 3)
    assert found.frames.dtype == np.uint8
    assert np.allclose(found.mean_absolute, np.arange(0, 50, 5), atol=2)
    assert np.asarray(found).sum() == found.frames.sum()
    assert found.notes == ()
    assert len(found) == 10


def test_amplifying_makes_the_faint_visible_and_stops_at_white(greys):
    found = oc.compare(greys).difference()
    means = found.amplified(10).mean(axis=(1, 2, 3))
    assert means[1] == pytest.approx(10 * found.mean_absolute[1], rel=0.01)
    assert means[9] == 255


def test_psnr_falls_with_the_difference_and_is_infinite_without_one(greys):
    one, other = greys
    found = oc.compare(one, other).difference()
    assert np.all(np.diff(found.psnr[1:]) < 0)
    assert found.psnr[4] == pytest.approx(20 * np.log10(255 / found.mean_absolute[4]), abs=0.3)
    assert np.all(np.isinf(oc.compare(one, one).difference().psnr))


def test_frames_that_are_on_the_screen_at_the_same_time_meet(tmp_path):
    slow = shades(tmp_path / "slow.mp4", [40, 80, 120, 160], fps=5)
    fast = shades(tmp_path / "fast.mp4", [40, 40, 80, 80, 120, 120, 160, 160], fps=10)
    found = oc.compare(slow, fast).difference()
    assert found.fps == 5
    assert found.mean_absolute == pytest.approx([0] * 4, abs=2)
    assert found.notes == ("5 and 10 fps: compared at 5 fps",)


def test_the_longer_clip_is_compared_as_far_as_the_shorter_goes(tmp_path, greys):
    longer = shades(tmp_path / "longer.mp4", [100] * 25)
    found = oc.compare(greys[0], longer).difference()
    assert len(found) == 10
    assert found.notes == ("1.0 s and 2.5 s long: the first 1.0 s are compared",)


def test_the_second_is_scaled_to_the_first_and_cut_where_its_shape_differs(tmp_path, greys):
    wide = film(tmp_path / "wide.mp4", width=128, height=64, seconds=1, fps=10)
    found = oc.compare(greys[0], wide).difference()
    assert found.second.shape == (10, 64, 64, 3)
    assert found.notes == (
        "64×64 and 128×64: the second is scaled and cut to the first one's shape",
    )
    # The gradient from left to right: what is left of it is its middle half.
    reds = found.second[0, 32, :, 0]
    assert (reds[1], reds[-2]) == (pytest.approx(64, abs=15), pytest.approx(191, abs=15))


def test_frames_are_scaled_down_to_the_width_asked_and_never_up(tmp_path):
    clips = [film(tmp_path / f"{name}.mp4", seconds=1, fps=2) for name in "ab"]
    assert oc.compare(clips).difference(width=128).first.shape == (2, 72, 128, 3)
    assert oc.compare(clips).difference(width=2000).first.shape == (2, 180, 320, 3)


@pytest.mark.parametrize("seconds", [4, 60, 600, 6000])
def test_what_is_held_in_memory_has_a_limit_however_long_the_clips_are(seconds):
    long = clip(seconds=float(seconds), width=3840, height=2160)
    plan = sampling(long, long, 1920)
    assert plan.frames * plan.width * plan.height * 3 <= MAX_BYTES * 1.05
    assert plan.width >= 64


def test_a_clip_that_is_too_long_even_at_the_smallest_size_is_cut_and_that_is_said():
    plan = sampling(clip(seconds=6000.0), clip(seconds=6000.0))
    assert plan.frames < 6000 * 24
    assert "6000.0 s and 6000.0 s long: the first" in plan.notes[0]


def test_images_are_compared_as_one_frame(tmp_path):
    for name, level in (("a", 10), ("b", 60)):
        Image.new("RGB", (80, 60), (level, level, level)).save(tmp_path / f"{name}.png")
    found = oc.compare(tmp_path / "a.png", tmp_path / "b.png").difference()
    assert found.frames.shape == (1, 60, 80, 3)
    assert found.mean_absolute == pytest.approx([50])


def test_the_repr_tells_size_and_mean(greys):
    assert repr(oc.compare(greys).difference()).startswith(
        "<Difference 10 frames, 64×64, 10 fps, mean 2"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [((0, 2), "second: 0 to 1; got 2"), ((-1, 0), "first: 0 to 1; got -1")],
)
def test_a_clip_that_is_not_there_is_refused(greys, arguments, message):
    with pytest.raises(InvalidInput, match=message):
        oc.compare(greys).difference(*arguments)


def test_a_width_that_shows_nothing_is_refused(greys):
    with pytest.raises(InvalidInput, match="width: 64 pixels or more; got 8"):
        oc.compare(greys).difference(width=8)


def test_a_file_that_cannot_be_decoded_is_named(tmp_path, greys):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(greys[0].read_bytes()[:200])
    with pytest.raises(InvalidInput, match=r"broken\.mp4 cannot be decoded"):
        oc.compare(greys[0], broken).difference()
