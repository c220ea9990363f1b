"""Posters, previews, clip facts, frames: from real files, without an ffmpeg program."""

import io
import os
import re
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from openclaw_nb.notebook import media, player, render, sound, still
from openclaw_nb.notebook.figures import figures
from openclaw_nb.notebook.frames import read_frames
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import SavedFile
from tests.notebook.films import film, tone
from tests.toy import a_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    return film(tmp_path_factory.mktemp("clips") / "clip.mp4", sound=True)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("clips") / "large.mp4"
    film(path, width=960, height=540, noise=90, sound=True)
    assert path.stat().st_size > 2 * media.PREVIEW_BYTES
    return path


@pytest.fixture
def home(tmp_path, monkeypatch, environ):
    monkeypatch.setattr(player, "_first_folder", tmp_path)
    monkeypatch.setattr(player, "_embedded", {})
    for name in ("VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"):
        environ.pop(name, None)
    return tmp_path


def opened(data):
    return av.open(io.BytesIO(data))


def test_the_facts_of_a_clip_are_read_from_the_file(clip):
    facts = media.clip(clip)
    assert (facts.width, facts.height, facts.fps, facts.codec) == (320, 180, 24, "h264")
    assert facts.sound == "aac"
    assert facts.seconds == pytest.approx(2, abs=0.1)


def test_a_poster_is_a_small_jpeg_of_the_same_shape(large):
    poster = media.poster(large)
    with Image.open(io.BytesIO(poster)) as picture:
        assert (picture.format, picture.size) == ("JPEG", (640, 360))


def test_a_small_h264_file_is_its_own_preview(clip):
    assert media.preview(clip) == clip.read_bytes()


def test_a_large_file_gets_a_preview_within_the_budget_that_plays_in_any_browser(large):
    preview = media.preview(large)
    assert len(preview) <= media.PREVIEW_BYTES
    with opened(preview) as file:
        video = file.streams.video[0]
        assert (video.codec_context.name, video.pix_fmt) == ("h264", "yuv420p")
        assert video.width / video.height == pytest.approx(16 / 9, rel=0.02)
        assert file.duration / av.time_base == pytest.approx(2, abs=0.2)
        assert file.streams.audio[0].codec_context.name == "aac"


def test_another_codec_is_encoded_again_though_it_is_small(tmp_path):
    path = film(tmp_path / "old.mp4", codec="mpeg4", seconds=1)
    with opened(media.preview(path)) as file:
        assert file.streams.video[0].codec_context.name == "h264"


def test_a_long_clip_is_cut(tmp_path):
    path = film(tmp_path / "long.mp4", codec="mpeg4", seconds=20, fps=4, width=64, height=64)
    with opened(media.preview(path)) as file:
        assert file.duration / av.time_base == pytest.approx(15, abs=1)


def test_nothing_is_embedded_when_nothing_fits(large):
    assert media.preview(large, 1_000) is None


@pytest.mark.parametrize("content", [None, b"", b"<html>not a video</html>"])
def test_what_is_no_video_has_no_picture_and_is_no_error(tmp_path, content):
    path = tmp_path / "broken.mp4"
    if content is not None:
        path.write_bytes(content)
    assert (media.clip(path), media.poster(path), media.preview(path)) == (None, None, None)


def test_a_file_that_changed_is_read_again(tmp_path):
    path = film(tmp_path / "clip.mp4", seconds=1, width=64, height=64)
    assert media.clip(path).width == 64
    film(path, seconds=1, width=128, height=64)
    os.utime(path, ns=(1, 1))
    assert media.clip(path).width == 128


def test_frames_are_every_frame_as_rgb_without_ffmpeg_in_the_path(clip, environ):
    environ["PATH"] = ""
    frames = read_frames(clip)
    assert (frames.shape, frames.dtype) == ((48, 180, 320, 3), np.uint8)
    assert abs(int(frames[0, 90, :, 2].mean()) - 120) < 12
    left, right = frames[0, 90, 10, 0], frames[0, 90, 300, 0]
    assert (left < 60, right > 190) == (True, True)


def test_a_result_gives_its_frames(clip):
    assert a_video(clip).frames().shape == (48, 180, 320, 3)


def test_a_clip_beside_the_notebook_is_shown_by_relative_link_with_a_poster(home):
    path = home / "my clips" / "a#1.mp4"
    path.parent.mkdir()
    film(path, seconds=1, width=64, height=64)
    (picture,) = player.pictures(a_video(path))
    assert picture.src == picture.link == "my%20clips/a%231.mp4"
    assert picture.poster.startswith(b"\xff\xd8")
    assert isinstance(picture.clip, Clip)


def test_a_clip_the_server_cannot_reach_is_embedded(home, clip):
    (picture,) = player.pictures(a_video(clip))
    assert picture.link is None
    assert picture.src.startswith("data:video/mp4;base64,")


def test_a_clip_is_embedded_or_linked_when_that_is_asked(home):
    path = film(home / "a.mp4", seconds=1, width=64, height=64)
    assert player.pictures(a_video(path), "embed")[0].src.startswith("data:")
    assert player.pictures(a_video(path), "link")[0].src == "a.mp4"


def test_a_frontend_without_a_file_server_gets_the_clip_embedded(home, environ):
    path = film(home / "a.mp4", seconds=1, width=64, height=64)
    environ["VSCODE_PID"] = "1"
    assert player.pictures(a_video(path))[0].src.startswith("data:")


def test_all_previews_of_a_notebook_share_a_budget(home, clip, monkeypatch):
    other = film(home / "b.mp4", seconds=1, width=64, height=64)
    monkeypatch.setattr(player, "NOTEBOOK_BYTES", 1)
    assert player.pictures(a_video(clip), "embed")[0].src
    assert player.pictures(a_video(clip), "embed")[0].src, "the same clip again costs nothing"
    (picture,) = player.pictures(a_video(other), "embed")
    assert (picture.src, picture.poster is not None) == (None, True)


def test_a_clip_that_was_too_large_to_keep_has_no_player(home):
    assert player.pictures(a_video(None))[0].src is None


def test_a_result_shows_itself(home):
    path = film(home / "a.mp4", seconds=1, width=64, height=64)
    bundle = a_video(path)._repr_mimebundle_(include=None, exclude=None)
    assert 'src="a.mp4"' in bundle["text/html"]
    assert "1.0 s · 64×64" in bundle["text/plain"]


# --- sound and stills ----------------------------------------------------------------------


def saved(path, media_type):
    size = path.stat().st_size if path.exists() else None
    return SavedFile(media_type=media_type, name=path.name, path=path, size_bytes=size)


def picture_file(path, size=(1600, 900), mode="RGB", colour=(200, 60, 40)):
    Image.new(mode, size, colour).save(path)
    return path


@pytest.mark.parametrize("name, codec", [("a.mp3", "libmp3lame"), ("a.wav", "pcm_s16le")])
def test_the_facts_of_a_sound_are_read_from_the_file(tmp_path, name, codec):
    facts = sound.sound(tone(tmp_path / name, codec=codec, seconds=2))
    assert (facts.rate, facts.channels) == (44_100, 1)
    assert facts.seconds == pytest.approx(2, abs=0.1)


def test_a_waveform_is_a_small_picture_of_loudness_over_time(tmp_path):
    path = tone(tmp_path / "a.wav", codec="pcm_s16le", seconds=2, until=1.0)
    wave = sound.waveform(path, bars=20)
    heights = [float(bar) for bar in re.findall(r"v([0-9.]+)", wave)]
    assert len(heights) == 20
    assert min(heights[:9]) > 30, "loud"
    assert max(heights[11:]) < 2, "then silent"
    assert len(sound.waveform(path)) < 4_000


@pytest.mark.parametrize("content", [None, b"", b"<html>not a sound</html>"])
def test_what_is_no_sound_and_no_image_has_no_picture(tmp_path, content):
    path = tmp_path / "broken.mp3"
    if content is not None:
        path.write_bytes(content)
    found = (sound.sound(path), sound.waveform(path), still.still(path), still.thumbnail(path))
    assert found == (None,) * 4


def test_a_silent_film_has_no_waveform(tmp_path):
    assert sound.waveform(film(tmp_path / "a.mp4", seconds=1, width=64, height=64)) is None


def test_a_thumbnail_is_a_small_jpeg_and_transparency_is_white(tmp_path):
    path = picture_file(tmp_path / "a.png", mode="RGBA", colour=(0, 0, 0, 0))
    with Image.open(io.BytesIO(still.thumbnail(path))) as small:
        assert (small.format, small.size) == ("JPEG", (640, 360))
        assert small.getpixel((10, 10)) == (255, 255, 255)
    assert still.still(path).format == "PNG"


def test_sound_beside_the_notebook_plays_by_link_under_its_waveform(home):
    file = saved(tone(home / "a.mp3", codec="libmp3lame"), "audio/mpeg")
    (shown,) = player.pictures_of([file])
    assert shown.src == "a.mp3"
    html = figures([file], [shown])
    assert '<audio controls preload="none" src="a.mp3"' in html
    assert "data:image/svg+xml;base64," in html
    assert "1.0 s · 44.1 kHz · mono · mp3" in html
    (shown,) = player.pictures_of([file], "embed")
    assert shown.src.startswith("data:audio/mpeg;base64,")


def test_pictures_are_a_grid_and_unfold_to_their_full_size(home):
    paths = [picture_file(home / f"{number}.png") for number in range(3)]
    files = [saved(path, "image/png") for path in paths]
    shown = player.pictures_of(files)
    assert [each.src for each in shown] == ["0.png", "1.png", "2.png"]
    html = figures(files, shown)
    assert html.count("<details>") == 3
    assert html.count('loading="lazy"') == 3
    assert "1600×900 · PNG" in html
    assert player.pictures_of(files[:1], "embed")[0].src.startswith("data:image/png;base64,")


def test_a_result_may_hold_files_of_every_kind(home):
    files = (
        saved(film(home / "a.mp4", seconds=1, width=64, height=64), "video/mp4"),
        saved(tone(home / "a.mp3", codec="libmp3lame"), "audio/mpeg"),
        saved(picture_file(home / "a.png"), "image/png"),
        saved(home / "gone.bin", "application/octet-stream"),
    )
    html = render.result_html(replace(a_video(), files=files), player.pictures_of(files))
    assert [tag for tag in ("<video", "<audio", "<details>", "gone.bin") if tag in html] == [
        "<video",
        "<audio",
        "<details>",
        "gone.bin",
    ]


def test_how_files_are_shown_can_be_chosen_for_the_whole_notebook(home, monkeypatch):
    monkeypatch.setattr(player, "_chosen", None)
    path = film(home / "a.mp4", seconds=1, width=64, height=64)
    player.use("embed")
    assert player.pictures(a_video(path))[0].src.startswith("data:")
    assert player.pictures(a_video(path), "link")[0].src == "a.mp4"
    player.use("auto")
    assert player.pictures(a_video(path))[0].src == "a.mp4"
