"""Comparisons and galleries in a real JupyterLab: one clock, one sound, keys, both themes."""

import shutil

import pytest

from tests.notebook.films import film

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

TIMES = "() => [...document.querySelectorAll('.ocl-compare video')].map(v => v.currentTime)"
MUTED = "() => [...document.querySelectorAll('.ocl-compare video')].map(v => v.muted)"
SHOWN = """() => [...document.querySelectorAll('.ocl-compare .ocl-tile')]
    .filter(tile => tile.checkVisibility() && tile.querySelector('video')).length"""
READY = """count => {
    const videos = [...document.querySelectorAll('.ocl-compare video')];
    return videos.length === count && videos.every(v => v.readyState >= 1);
}"""
PICTURES = """count => [...document.querySelectorAll('.ocl-compare video')]
    .filter(v => v.readyState >= 2 && v.videoWidth > 0).length === count"""
PAST = """seconds => [...document.querySelectorAll('.ocl-compare video')]
    .every(v => v.currentTime > seconds)"""
AT = """seconds => [...document.querySelectorAll('.ocl-compare video')]
    .every(v => !v.seeking && Math.abs(v.currentTime - seconds) < 0.1)"""
PICTURE = """() => {
    const canvas = document.querySelector('.ocl-compare canvas');
    return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]
        .reduce((sum, value, at) => (sum * 31 + value * (at % 97)) % 1000003, 7);
}"""
CHANGED = f"before => ({PICTURE})() !== before"
CELL_TYPES = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .map(cell => cell.model.type)"""


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Three clips of unlike codecs, lengths and sizes; two have sound."""
    folder = tmp_path_factory.mktemp("films")
    film(folder / "one.mp4", seconds=6, sound=True)
    film(folder / "two.webm", seconds=6, fps=12, width=160, height=160, codec="libvpx")
    film(folder / "three.mp4", seconds=5, fps=25, width=480, height=270, sound=True)
    return folder


def compared(lab, films, *, code="oc.compare('one.mp4', 'two.webm', 'three.mp4')"):
    """A notebook with one cell that has shown its players."""
    shutil.copytree(films, lab.folder, dirs_exist_ok=True)
    lab.write("compare.ipynb", f"import openclaw_nb as oc\n{code}")
    lab.open("compare.ipynb")
    lab.run_all()
    return lab


@pytest.fixture
def three(lab, films):
    compared(lab, films)
    lab.page.wait_for_function(READY, arg=3)
    return lab


def spread(lab):
    times = lab.page.evaluate(TIMES)
    return max(times) - min(times)


def test_three_clips_play_in_step_and_stop_together(three):
    page = three.page
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PAST, arg=2.5)
    assert spread(three) < 0.2
    page.get_by_role("button", name="Pause").click()
    page.wait_for_function(
        "() => [...document.querySelectorAll('.ocl-compare video')].every(v => v.paused)"
    )
    assert spread(three) < 0.2
    assert three.complaints == []


def test_the_files_come_from_the_notebooks_own_server(three):
    sources = three.page.evaluate(
        "() => [...document.querySelectorAll('.ocl-compare video')].map(v => v.src)"
    )
    base = f"{three.server.address}/files/{three.folder.relative_to(three.server.root).as_posix()}"
    assert [source.rpartition("/")[0] for source in sources] == [base] * 3


def test_one_bar_moves_all_clips_and_keys_do_too(three):
    page = three.page
    bar = page.get_by_role("slider", name="Position")
    bar.fill("3")
    page.wait_for_function(AT, arg=3)
    assert bar.get_attribute("aria-valuetext") == "0:03.0 of 0:06.0"
    bar.press("ArrowRight")
    page.wait_for_function(AT, arg=4)
    bar.press("ArrowLeft")
    page.wait_for_function(AT, arg=3)
    bar.press(".")
    page.wait_for_function(AT, arg=3 + 1.5 / 25)
    bar.press("Home")
    page.wait_for_function(AT, arg=0)
    bar.press("Space")
    page.wait_for_function(PAST, arg=0.3)


def test_one_clip_is_heard_at_a_time(three):
    page = three.page
    assert page.evaluate(MUTED) == [True, True, True]
    page.get_by_role("button", name="Sound of one.mp4").click()
    assert page.evaluate(MUTED) == [False, True, True]
    page.get_by_role("button", name="Sound of three.mp4").click()
    assert page.evaluate(MUTED) == [True, True, False]
    page.keyboard.press("m")
    assert page.evaluate(MUTED) == [True, True, True]
    page.keyboard.press("m")
    assert page.evaluate(MUTED) == [True, True, False]
    assert page.get_by_role("button", name="Sound of two.webm").count() == 0


def test_a_number_shows_one_clip_alone_and_jupyterlab_does_not_get_the_key(three):
    page = three.page
    page.get_by_role("button", name="One frame on").focus()
    page.keyboard.press("2")
    assert page.evaluate(SHOWN) == 1
    page.keyboard.press("2")
    assert page.evaluate(SHOWN) == 3
    page.keyboard.press("m")
    assert page.evaluate(CELL_TYPES) == ["code"]


def test_the_difference_follows_the_frame_and_the_amplification(three):
    page = three.page
    page.get_by_role("button", name="Difference of two clips").click()
    page.wait_for_selector(".ocl-plot svg")
    page.get_by_label("Second clip").select_option("2")
    bar = page.get_by_role("slider", name="Position")
    bar.fill("1")
    page.wait_for_function(AT, arg=1)
    page.wait_for_function(
        "() => document.querySelector('.ocl-readout').textContent.includes('of 120')"
    )
    assert "frame 25 of 120" in page.inner_text(".ocl-readout")
    assert "6.0 s and 5.0 s long: the first 5.0 s are compared" in page.inner_text(".ocl-remarks")
    before = page.evaluate(PICTURE)
    bar.fill("4")
    page.wait_for_function(CHANGED, arg=before)
    before = page.evaluate(PICTURE)
    page.get_by_role("slider", name="Amplification").fill("16")
    page.wait_for_function(CHANGED, arg=before)
    for way in ("Swipe", "Onion skin"):
        before = page.evaluate(PICTURE)
        page.get_by_label("View", exact=True).select_option(label=way)
        page.wait_for_function(CHANGED, arg=before)
    assert three.complaints == []


@pytest.mark.parametrize("name", ["outside.mp4", "hevc.mp4", "old.mov"])
def test_a_clip_out_of_reach_or_in_another_form_comes_as_a_preview(lab, films, tmp_path, name):
    folder = tmp_path if name == "outside.mp4" else lab.folder
    codec = {"hevc.mp4": "libx265", "old.mov": "mpeg4"}.get(name, "libx264")
    path = film(folder / name, codec=codec, seconds=2, sound=True)
    compared(lab, films, code=f"oc.compare('one.mp4', {str(path)!r})")
    lab.page.wait_for_function(READY, arg=2)
    lab.page.wait_for_selector(".ocl-tile:nth-child(2) video[src^='blob:']")
    lab.page.wait_for_function(PICTURES, arg=2)
    lab.page.get_by_role("button", name="Play").click()
    lab.page.wait_for_function(PAST, arg=0.5)


def test_a_file_that_no_player_can_read_says_so_and_the_others_play(lab, films):
    (lab.folder / "broken.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(200))
    compared(lab, films, code="oc.compare('one.mp4', 'broken.mp4', 'three.mp4')")
    lab.page.get_by_text("This clip cannot be played here").wait_for()
    assert "1 of 3 cannot be played here" in lab.page.inner_text(".ocl-status")
    lab.page.get_by_role("button", name="Play").click()
    lab.page.wait_for_function(
        "() => document.querySelector('.ocl-compare video').currentTime > 0.5"
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_both_themes_are_readable_and_nothing_overflows(three, theme, width):
    three.resize(width)
    three.theme(theme)
    three.page.get_by_role("button", name="Difference of two clips").click()
    three.page.wait_for_selector(".ocl-plot svg")
    three.page.locator(".ocl-compare summary").click()
    assert three.violations(".ocl-compare") == []
    assert not three.cut_off(".ocl-compare")
    assert three.complaints == []


def test_a_reloaded_notebook_still_shows_its_players(three):
    three.save()
    three.server.end_kernels()
    three.reload(kernel=False)
    players = three.output(0).locator("video")
    players.first.wait_for()
    assert players.count() == 3
    assert players.first.get_attribute("src").startswith("data:video/mp4;base64,")
    players.first.evaluate("v => { v.muted = true; return v.play(); }")
    three.page.wait_for_function("v => v.currentTime > 0.3", arg=players.first.element_handle())


@pytest.fixture
def wall(lab, films):
    code = """from pathlib import Path
from openclaw_nb.core.domain import Ref
from tests.toy import a_video
refs = [Ref('openai', 'sora-2'), Ref('google', 'veo-3.1'), Ref('google', 'veo-3.1-fast')]
oc.gallery([a_video(Path('one.mp4'), ref=refs[n % 3]) for n in range(30)], labels=[f'clip {n:02}' for n in range(30)])"""
    compared(lab, films, code=code)
    lab.page.locator(".ocl-card").first.wait_for()
    return lab


def test_a_gallery_has_pages_filters_and_an_order(wall):
    page = wall.page
    cards = page.locator(".ocl-card")
    assert cards.count() == 24
    page.get_by_role("button", name="Page 2").click()
    assert cards.count() == 6
    page.get_by_label("Filter by provider").select_option("openai")
    assert cards.count() == 10
    assert "10 of 30 files" in page.inner_text(".ocl-gallery [role=status]")
    page.get_by_label("Filter by provider").select_option("")
    page.get_by_label("Order").select_option("ref")
    assert cards.first.locator("strong").inner_text() == "clip 01"
    assert wall.violations(".ocl-gallery") == []


def test_a_poster_opens_the_player_and_the_keyboard_goes_on_and_closes(wall):
    page = wall.page
    page.locator(".ocl-card").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('.ocl-open video')?.currentTime > 0.3")
    title = page.locator(".ocl-open strong")
    assert title.inner_text() == "clip 00"
    page.keyboard.press("ArrowRight")
    assert title.inner_text() == "clip 01"
    page.keyboard.press("Escape")
    assert page.locator(".ocl-open video").count() == 0
    assert page.evaluate("() => document.activeElement.classList.contains('ocl-card')")
    assert wall.complaints == []
