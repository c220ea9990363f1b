"""A task in a real JupyterLab: running, cancelled, ended, reloaded, reopened by a stranger."""

import re

import pytest

from openclaw_nb.notebook.media import PREVIEW_BYTES

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PREPARE = """
import openclaw_nb as oc
from openclaw_nb.emulator import Scenario
oc.emulate(Scenario(seconds={seconds}))
task = oc.generate_video("a friendly lobster surfing at sunset", model="minimax/MiniMax-Hailuo-2.3")
task
"""
TOLD_WHEN_TO_END = """
from pathlib import Path
from tests.notebook.films import film
from tests.toy import FOR_EVER, Job, a_video
job = Job(seconds=FOR_EVER, outcome=a_video(film(Path("a.mp4").resolve())))
job.start()
"""
BUSY = """
import time
began = time.monotonic()
while not task.done() and time.monotonic() - began < 60: sum(range(1000))
print("heard while busy:", task.state, time.monotonic() - began < 60)
"""
PLAYED = "video => video.readyState >= 2 && video.currentTime > 0.5"


def button(lab, name):
    return lab.page.get_by_role("button", name=name, exact=True)


def started(lab, seconds, *more):
    """A notebook whose first cell shows a running task."""
    lab.write("task.ipynb", PREPARE.format(seconds=seconds), *more)
    lab.open("task.ipynb")
    lab.run(0)
    lab.page.get_by_text("● Running").wait_for()
    return lab


@pytest.fixture
def done(lab):
    started(lab, 0.5)
    lab.page.locator("video").wait_for()
    return lab


def play(lab, video):
    video.evaluate("video => { video.muted = true; return video.play(); }")
    lab.page.wait_for_function(PLAYED, arg=video.element_handle(), timeout=60_000)


def test_cancel_is_heard_while_a_cell_computes(lab):
    started(lab, 600, BUSY)
    lab.start(1)
    button(lab, "Cancel").click()
    lab.wait_ran(1)
    assert "heard while busy: cancelled True" in lab.output(1).inner_text()
    lab.page.get_by_text("● Cancelled").wait_for()
    assert button(lab, "Cancel").count() == 0
    assert lab.complaints == []


def test_the_end_plays_the_file_itself_and_offers_what_can_be_done(done):
    video = done.page.locator("video")
    assert re.search(r"/files/.*/openclaw_out/.*\.mp4", video.get_attribute("src"))
    play(done, video)
    assert [button(done, name).count() for name in ("Run again", "Save as…", "Copy as code")] == [
        1
    ] * 3
    assert done.complaints == []


def test_copy_as_code_fills_the_clipboard_and_shows_the_code(done):
    done.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button(done, "Copy as code").click()
    done.page.get_by_text("Copied").wait_for()
    copied = done.page.evaluate("() => navigator.clipboard.readText()")
    assert copied == done.page.locator("pre.ocl-code").inner_text()
    assert copied.startswith("oc.generate_video(")


def test_save_as_works_from_the_keyboard(done):
    button(done, "Save as…").press("Enter")
    done.page.keyboard.type("kept/")
    done.page.keyboard.press("Enter")
    done.page.get_by_text("Saved ").wait_for()
    (kept,) = (done.folder / "kept").iterdir()
    assert kept.stat().st_size == next((done.folder / "openclaw_out").glob("*.mp4")).stat().st_size


def test_run_again_goes_on_in_the_same_card(done):
    button(done, "Run again").click()
    done.page.get_by_text("Before: Done").wait_for()
    done.page.locator("video >> visible=true").wait_for(timeout=60_000)
    assert len(list((done.folder / "openclaw_out").glob("*.mp4"))) == 2


def test_a_page_reloaded_while_the_task_runs_goes_on_to_the_end(lab):
    lab.write("task.ipynb", TOLD_WHEN_TO_END, "job.end()")
    lab.open("task.ipynb")
    lab.run(0)
    lab.page.get_by_text("● Running").wait_for()
    lab.save()
    lab.reload()
    lab.page.get_by_text("● Running").wait_for(timeout=60_000)
    lab.run(1)
    video = lab.page.locator("video")
    video.wait_for(timeout=60_000)
    play(lab, video)
    assert lab.complaints == []


@pytest.mark.parametrize("trusted", [False, True], ids=["a stranger", "its author, a day later"])
def test_a_saved_notebook_shows_poster_and_facts_without_its_kernel(done, trusted):
    done.save()
    done.page.goto("about:blank")
    done.server.end_kernels()
    if not trusted:
        done.distrust("task.ipynb")
    size = (done.folder / "task.ipynb").stat().st_size
    assert size < 100_000 < PREVIEW_BYTES, "the file is linked, not embedded"
    done.open("task.ipynb")
    assert done.trusted is trusted
    video = done.page.locator("video")
    assert video.get_attribute("poster").startswith("data:image/jpeg;base64,")
    play(done, video)
    output = done.output(0).inner_text()
    assert "● Done" in output
    assert re.search(r"6\.0 s · 1366×768 · 24 fps · h264", output)
    assert "Error displaying widget" not in output
    ours = [each for each in done.complaints if "widget model not found" not in each]
    assert ours == [], "the missing model is JupyterLab's own word on any widget whose kernel ended"


def test_a_notebook_saved_while_the_task_ran_says_which_task_it_was(lab):
    started(lab, 600)
    lab.save()
    lab.page.goto("about:blank")
    lab.server.end_kernels()
    lab.open("task.ipynb")
    output = lab.output(0)
    assert re.search(r"openclaw_nb\.task\('[0-9a-f]{8}'\)", output.inner_text())
    assert "Error displaying widget" not in output.inner_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_life_of_a_task_is_accessible(lab, theme):
    started(lab, 600, "task.cancel()")
    lab.theme(theme)
    assert lab.violations() == []
    lab.run(1)
    lab.page.get_by_text("● Cancelled").wait_for()
    button(lab, "Copy as code").click()
    assert lab.violations() == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_players_tables_and_settings_are_accessible_and_fit_a_narrow_page(lab, theme):
    lab.write(
        "all.ipynb",
        PREPARE.format(seconds=0.2),
        "task.result()",
        "oc.plan_video('a heron', model='openai/sora-2', watermark=False)",
        "oc.providers()",
        "oc.tasks()",
        "%load_ext openclaw_nb\n%openclaw",
    )
    lab.resize(800)
    lab.open("all.ipynb")
    lab.theme(theme)
    lab.run_all()
    lab.page.get_by_text("Run again").wait_for()
    assert lab.violations() == []
    assert not lab.cut_off(".jp-OutputArea")
    assert lab.complaints == []
