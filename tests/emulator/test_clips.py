"""The films themselves, judged by decoding them."""

import io
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from openclaw_nb.emulator.clips import ClipSpec, Studio
from openclaw_nb.emulator.film import shoot

SMALL = ClipSpec("fal", "some/model", "a heron lands on a pier", 160, 96, 1, fps=10)


def spec(**changes):
    return replace(SMALL, **changes)


@pytest.fixture
def shot(tmp_path):
    def shot(**changes):
        return shoot(spec(**changes), tmp_path / "film.mp4", lambda: False)

    return shot


def frames(path):
    with av.open(str(path)) as container:
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]


def gradient(width, height):
    y, x = np.mgrid[0:height, 0:width]
    red, green = 255 * x / width, 255 * y / height
    blue = np.full_like(red, 128)
    return np.stack([red, green, blue], axis=-1).astype(np.uint8)


def encoded(picture, kind="PNG"):
    out = io.BytesIO()
    Image.fromarray(picture).save(out, kind)
    return out.getvalue()


def difference(one, other):
    return float(np.abs(one.astype(int) - other.astype(int)).mean())


@pytest.mark.parametrize(
    "width, height, seconds, fps",
    [(160, 96, 1, 10), (96, 160, 0.5, 24), (128, 128, 1.5, 30), (160, 90, 33 / 16, 32)],
)
def test_size_length_and_rate_are_those_of_the_spec(shot, width, height, seconds, fps):
    clip = shot(width=width, height=height, seconds=seconds, fps=fps)
    with av.open(str(clip.path)) as container:
        video = container.streams.video[0]
        assert (video.width, video.height) == (width, height)
        assert float(video.average_rate) == fps
        assert float(video.duration * video.time_base) == pytest.approx(seconds, abs=0.5 / fps)
        assert (video.codec_context.name, video.codec_context.pix_fmt) == ("h264", "yuv420p")
    assert len(frames(clip.path)) == round(seconds * fps)
    assert (clip.width, clip.height, clip.bytes) == (width, height, clip.path.stat().st_size)


def test_odd_sizes_become_even(shot):
    clip = shot(width=161, height=95)
    assert (clip.width, clip.height) == (162, 96)


@pytest.mark.parametrize("audio", [True, False])
def test_there_is_a_sound_track_when_asked_for(shot, audio):
    clip = shot(audio=audio)
    with av.open(str(clip.path)) as container:
        tracks = container.streams.audio
        assert bool(tracks) == audio
        if audio:
            assert tracks[0].codec_context.name == "aac"
            assert float(tracks[0].duration * tracks[0].time_base) == pytest.approx(1, abs=0.05)
            loudest = max(np.abs(frame.to_ndarray()).max() for frame in container.decode(audio=0))
            assert 0.01 < loudest < 0.5


def test_the_index_comes_before_the_pictures(shot):
    data = shot().path.read_bytes()
    assert 0 < data.index(b"moov") < data.index(b"mdat")


def test_the_picture_moves(shot):
    first, *_, last = frames(shot(width=320, height=180, seconds=2).path)
    assert difference(first, last) > 2


def test_every_frame_says_that_it_is_emulated(shot):
    for frame in frames(shot(width=640, height=360).path):
        mark = frame[22:38, 22:122]
        assert np.percentile(mark, 90) > 235, "white ground"
        assert np.percentile(mark, 2) < 90, "dark letters"


def test_another_prompt_makes_another_picture(shot):
    one = frames(shot().path)[0]
    other = frames(shot(prompt="a lobster surfing").path)[0]
    assert difference(one, other) > 5


def test_the_first_frame_is_the_reference_image(shot):
    picture = gradient(320, 180)
    first, *_, last = frames(
        shot(width=320, height=180, seconds=2, first_image=encoded(picture), prompt="x").path
    )
    label_free = (slice(30, 130), slice(0, 320))
    assert difference(first[label_free], picture[label_free]) < 4
    assert difference(last[label_free], picture[label_free]) > difference(
        first[label_free], picture[label_free]
    )


def test_a_reference_of_another_shape_is_cut_to_cover(shot):
    picture = np.zeros((180, 640, 3), dtype=np.uint8)
    picture[:, 160:480] = (40, 200, 60)
    first = frames(shot(width=320, height=180, first_image=encoded(picture), prompt="x").path)[0]
    assert np.abs(first[60:120].mean(axis=(0, 1)) - (40, 200, 60)).max() < 12


def test_a_film_can_take_the_shape_of_its_reference(shot):
    image = encoded(gradient(300, 200))
    clip = shot(width=160, height=96, first_image=image, follows_reference=True)
    assert (clip.width, clip.height) == (144, 96)


@pytest.mark.parametrize("kind", ["JPEG", "WEBP"])
def test_other_kinds_of_image_are_read(shot, kind):
    picture = gradient(160, 96)
    first = frames(shot(first_image=encoded(picture, kind), prompt="x").path)[0]
    assert difference(first[25:60], picture[25:60]) < 12


def test_a_film_of_a_video_has_its_frames(shot, tmp_path):
    source = shot(width=320, height=180, first_image=encoded(gradient(320, 180)), prompt="x")
    data = source.path.read_bytes()
    before = frames(source.path)
    after = frames(shot(width=320, height=180, seconds=2, video=data, prompt="x").path)
    assert len(after) == 20, "from the start again when it is too short"
    for at in (0, 5, 9):
        assert difference(after[at][30:120], before[at][30:120]) < 5
    assert difference(after[10][30:120], before[0][30:120]) < 5


def test_an_unreadable_or_distant_reference_leaves_the_colour_field(shot):
    assert len(frames(shot(first_image=b"no image").path)) == 10
    assert len(frames(shot(first_image="https://example.com/a.png").path)) == 10
    assert len(frames(shot(video=b"no video").path)) == 10


@pytest.mark.parametrize("prompt", ["", "word " * 400, "x" * 5000, "一只友好的龙虾\n🦞"])
def test_any_prompt_can_be_drawn(shot, prompt):
    assert len(frames(shot(prompt=prompt).path)) == 10


@pytest.fixture
def studio():
    made = Studio()
    yield made
    made.close()


def test_identical_orders_are_rendered_once(studio):
    with ThreadPoolExecutor(8) as crowd:
        orders = list(crowd.map(lambda _: studio.order(spec(prompt="once")), range(16)))
    assert len({order.result().path for order in orders}) == 1
    assert len({id(order) for order in orders}) == 1


def test_another_studio_uses_what_was_rendered(studio):
    first = studio.order(spec(prompt="shared")).result()
    second = Studio()
    again = second.order(spec(prompt="shared"))
    assert again.done()
    assert again.result() == first
    second.close()


def test_a_different_reference_is_a_different_film():
    assert spec(first_image=b"a").digest != spec(first_image=b"b").digest
    assert spec(audio=True).digest != spec(audio=False).digest


def test_closing_ends_the_threads_and_what_they_render():
    others = set(threading.enumerate())
    studio = Studio()
    long = studio.order(spec(width=1280, height=720, seconds=600, fps=30, prompt="long"))
    studio.close()
    assert long.done()
    assert long.cancelled() or long.exception() is not None
    left = set(threading.enumerate()) - others
    assert not [thread for thread in left if thread.name.startswith("openclaw-emulator-clip")]
    with pytest.raises(RuntimeError):
        studio.order(SMALL)
