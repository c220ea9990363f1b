"""Comparisons and galleries without a browser: what goes to the page, what a saved notebook keeps."""

import io
import json
import shutil
import subprocess
import sys

import av
import nbformat
import pytest
from nbclient import NotebookClient
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.core.domain import Ref
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import grid, player
from openclaw_nb.notebook.widgets import ComparisonWidget
from tests.notebook.films import film
from tests.notebook.kernels import kernel_env
from tests.notebook.test_render import EVIL, Reader, tags_of, text_of
from tests.toy import a_video

WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(player, "_first_folder", tmp_path)
    return tmp_path


@pytest.fixture
def clips(home):
    return [
        film(home / f"{name}.mp4", width=96, height=54, seconds=1, sound=name == "b")
        for name in "ab"
    ]


@pytest.fixture
def heard():
    """A widget's messages to the page, as `(content, buffers)`."""

    class Heard(ComparisonWidget):
        def __init__(self, comparison):
            self.messages = []
            super().__init__(comparison._items, comparison._curve)

        def send(self, content, buffers=None):
            self.messages.append((content, buffers))

    return Heard


def shown(comparison):
    return comparison._widget.items


def ask(widget, **asked):
    """What the page is sent when it asks, as the kernel sends it."""
    return widget.answer(asked)


def played(data):
    with av.open(io.BytesIO(data)) as file:
        return file.streams.video[0].codec_context.name, sum(1 for _ in file.decode(video=0))


def test_the_page_gets_labels_facts_posters_and_relative_addresses(clips):
    first, second = shown(oc.compare(clips, labels=["one", "two"]))
    assert (first["label"], first["kind"], first["link"]) == ("one", "video", "a.mp4")
    assert (first["width"], first["height"], first["fps"]) == (96, 54, 24)
    assert first["facts"].startswith("1.0 s · 96×54 · 24 fps · h264, silent")
    assert (first["sound"], second["sound"]) == (False, True)
    assert Image.open(io.BytesIO(first["poster"])).format == "JPEG"


def test_the_page_gets_no_address_of_this_machine_and_no_path(clips):
    for item in shown(oc.compare(clips)):
        told = json.dumps({**item, "poster": None})
        assert "://" not in told
        assert str(clips[0].parent) not in told


def test_models_and_the_emulators_mark_go_to_the_page(clips):
    made = a_video(clips[0], ref=Ref("openai", "sora-2"), emulated=True, elapsed_seconds=42.0)
    item = shown(oc.gallery(made))[0]
    assert (item["provider"], item["model"], item["emulated"]) == ("openai", "sora-2", True)
    assert item["taken"] == 42.0


def test_a_clip_that_the_server_cannot_reach_comes_through_the_kernel(home, tmp_path_factory):
    elsewhere = film(tmp_path_factory.mktemp("elsewhere") / "a.mp4", seconds=1)
    widget = oc.compare(elsewhere, elsewhere)._widget
    assert widget.items[0]["link"] is None
    content, data = ask(widget, want="preview", index=0)
    assert content == {"type": "video/mp4"}
    assert data == elsewhere.read_bytes()


@pytest.mark.parametrize(("codec", "name"), [("libx265", "hevc.mp4"), ("mpeg4", "old.mov")])
def test_a_clip_that_browsers_do_not_play_is_sent_as_h264(home, codec, name):
    path = film(home / name, codec=codec, seconds=1)
    _, data = ask(oc.compare(path, path)._widget, want="preview", index=1)
    assert played(data) == ("h264", 24)


def test_the_answer_bears_the_key_of_the_question_and_its_bytes_travel_as_a_buffer(clips, heard):
    widget = heard(oc.compare(clips))
    widget._reply({"want": "preview", "index": 1, "key": "k"})
    assert widget.messages == [({"key": "k", "type": "video/mp4"}, [clips[1].read_bytes()])]


def test_a_file_that_is_gone_is_answered_too(clips, heard):
    widget = heard(oc.compare(clips))
    clips[1].unlink()
    widget._reply({"want": "preview", "index": 1, "key": "k"})
    assert widget.messages == [({"key": "k", "type": "video/mp4"}, None)]


def test_the_curve_of_two_clips_is_plain_numbers(clips):
    content, data = ask(oc.compare(clips)._widget, want="curve", first=0, second=1)
    assert data is None
    assert json.loads(json.dumps(content)) == content
    assert len(content["curve"]["mean"]) == len(content["curve"]["psnr"]) == 24
    assert content["curve"]["psnr"][0] is None, "JSON has no infinity"


@pytest.mark.parametrize(
    "odd",
    [{}, {"want": "preview", "index": 9}, {"want": "preview", "index": "0"}, {"want": "files"}],
)
def test_odd_questions_get_empty_answers(clips, odd):
    assert ask(oc.compare(clips)._widget, **odd) == ({}, None)


def test_a_pair_that_is_not_there_has_no_curve(clips):
    assert ask(oc.compare(clips)._widget, want="curve", first=0, second=7) == (
        {"curve": None},
        None,
    )


def test_every_frontend_gets_a_form_that_it_can_show(clips):
    bundle = oc.compare(clips)._repr_mimebundle_()
    assert set(bundle) == {WIDGET, "text/html", "text/plain"}
    assert bundle["text/plain"].splitlines()[0].startswith(f"a.mp4 · {clips[0]} · 1.0 s")
    assert repr(oc.compare(clips)) == "<Comparison of 2 video files>"


def test_the_grid_has_players_with_posters_and_small_clips_inside_and_links_to_the_files(clips):
    html = oc.compare(clips)._repr_mimebundle_()["text/html"]
    videos = tags_of(html, "video")
    assert [video["src"][:22] for video in videos] == ["data:video/mp4;base64,"] * 2
    assert all(video["poster"].startswith("data:image/jpeg;base64,") for video in videos)
    assert [link["href"] for link in tags_of(html, "a")] == ["a.mp4", "b.mp4"]
    assert {"script", "style", "source"}.isdisjoint({tag for tag, _ in Reader(html).tags})


def test_nobodys_words_become_markup(clips):
    html = oc.compare(clips, labels=[EVIL, "b"])._repr_mimebundle_()["text/html"]
    assert {tag for tag, _ in Reader(html).tags} <= {
        *("div", "figure", "figcaption", "video", "strong", "span", "br", "a")
    }
    assert EVIL in text_of(html)


def test_images_and_sounds_are_in_the_grid_of_a_gallery(home, clips):
    Image.new("RGB", (40, 30), "red").save(home / "red.png")
    html = oc.gallery(clips[0], home / "red.png")._repr_mimebundle_()["text/html"]
    assert [image["alt"] for image in tags_of(html, "img")] == ["red.png"]


def test_clips_share_the_bytes_of_a_grid(home, monkeypatch):
    monkeypatch.setattr(grid, "EMBEDDED_BYTES", 3_000)
    noisy = film(home / "noisy.mp4", noise=200, seconds=1)
    html = oc.compare(noisy, noisy)._repr_mimebundle_()["text/html"]
    assert [video["src"] for video in tags_of(html, "video")] == ["noisy.mp4"] * 2


def test_only_so_many_pixels_are_read_for_a_grid_and_later_clips_are_linked(clips, monkeypatch):
    monkeypatch.setattr(grid, "MAX_ENCODED", 96 * 54 * 24 + 1)
    html = oc.compare(clips)._repr_mimebundle_()["text/html"]
    assert [video["src"][:5] for video in tags_of(html, "video")] == ["data:", "b.mp4"]


def test_a_saved_comparison_of_sixteen_clips_stays_below_three_megabytes(tmp_path):
    share = grid.EMBEDDED_BYTES // 16
    clip = film(tmp_path / "0.mp4", noise=120, seconds=1, fps=2)
    with clip.open("ab") as file:  # an MP4 may end in a box that players pass over
        padding = share - clip.stat().st_size
        file.write(padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    assert clip.stat().st_size == share, "the most that one clip may take"
    for number in range(1, 16):
        shutil.copy(clip, tmp_path / f"{number}.mp4")
    code = "import openclaw_nb as oc\noc.compare([f'{n}.mp4' for n in range(16)])"
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    client = NotebookClient(
        notebook,
        timeout=100,
        kernel_name="python3",
        resources={"metadata": {"path": str(tmp_path)}},
    )
    client.execute(env=kernel_env(tmp_path), stderr=subprocess.DEVNULL)
    nbformat.write(notebook, tmp_path / "saved.ipynb")
    live, saved = (output.data for output in notebook.cells[0].outputs)
    players = tags_of(saved["text/html"], "video")
    assert sum(player["src"].startswith("data:") for player in players) == 16
    assert (WIDGET in live, live["text/html"], WIDGET in saved) == (True, "", False)
    assert notebook.metadata.widgets, "the state of the widgets is in the file, too"
    assert (tmp_path / "saved.ipynb").stat().st_size < 3_000_000


def test_a_comparison_shows_itself_without_anywidget(clips):
    code = f"""
import sys
sys.modules["anywidget"] = None
import openclaw_nb as oc
print(sorted(oc.compare({str(clips[0])!r}, {str(clips[1])!r})._repr_mimebundle_()))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['text/html', 'text/plain']\n"


@pytest.fixture
def sheets(clips):
    return oc.gallery(clips * 3, labels=[f"clip number {at}" for at in range(6)])


def test_a_contact_sheet_has_frames_of_every_clip_and_room_for_its_words(sheets):
    sheet = sheets.contact_sheet(columns=4, frames=4)
    assert isinstance(sheet, Image.Image)
    assert sheet.width == 16 + 4 * (320 + 16)
    # Two rows, each of 2 x 2 frames of 159 x 89 pixels over three lines of text.
    assert 2 * 2 * 89 < sheet.height < 2 * (2 * 89 + 120)


def test_a_contact_sheet_goes_through_the_clip_from_its_beginning_to_its_end(home):
    path = film(home / "long.mp4", seconds=4, fps=10)
    sheet = oc.gallery(path).contact_sheet(frames=4)
    across = [sheet.getpixel((16 + 60, 16 + 40))[0], sheet.getpixel((16 + 160 + 60, 16 + 40))[0]]
    # The gradient grows by 3 a frame; the pictures are a second, 10 frames, apart.
    assert across[1] - across[0] == pytest.approx(30, abs=12)


def test_a_label_is_written_on_the_sheet_and_one_that_is_too_long_ends_in_an_ellipsis(clips):
    short, long = (
        oc.gallery(clips[0], labels=[label]).contact_sheet(frames=1)
        for label in ("boat", "W" * 120)
    )
    dark = [
        sum(sheet.convert("L").crop((16, 200, 336, sheet.height)).histogram()[:90])
        for sheet in (short, long)
    ]
    assert dark[1] > 4 * dark[0] > 0


def test_images_and_sounds_have_a_place_on_the_sheet(home, clips):
    Image.new("RGB", (40, 30), (200, 10, 10)).save(home / "red.png")
    sheet = oc.gallery(home / "red.png", clips[0]).contact_sheet(columns=2, frames=1)
    assert sheet.getpixel((16 + 160, 16 + 60))[0] > 150


@pytest.mark.parametrize(
    ("name", "value"),
    [("columns", 0), ("columns", 13), ("frames", 0), ("frames", 26), ("width", 9)],
)
def test_numbers_out_of_range_are_refused_with_their_range(sheets, name, value):
    with pytest.raises(InvalidInput, match=f"{name}: .* to .*; got {value}"):
        sheets.contact_sheet(**{name: value})


def test_a_sheet_that_no_viewer_opens_is_refused(clips):
    many = oc.gallery(clips * 50)
    with pytest.raises(InvalidInput, match=r"the sheet would be \d+×\d+ pixels"):
        many.contact_sheet(columns=12, width=1920)
