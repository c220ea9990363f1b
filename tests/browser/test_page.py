"""The page that stands alone, opened from disk in a browser without a network."""

import pytest

import openclaw_nb as oc
from tests.browser.test_compare import AT, CHANGED, PAST, PICTURE, READY, TIMES
from tests.notebook.films import film
from tests.notebook.test_render import EVIL

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture
def opened(chromium):
    """Opens a file with nothing but the file; collects the errors that the console shows."""
    context = chromium.new_context(offline=True, viewport={"width": 1000, "height": 800})

    def open_file(path):
        page = context.new_page()
        page.said = []
        page.on(
            "console", lambda line: page.said.append(line.text) if line.type == "error" else None
        )
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: page.said.append(dialog.message))
        page.goto(path.as_uri())
        return page

    yield open_file
    context.close()


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [
        film(folder / "a.mp4", seconds=4, sound=True),
        film(folder / "b.mp4", seconds=4, width=160, height=160),
        film(folder / "c.mov", seconds=4, codec="mpeg4"),
    ]


def test_a_saved_comparison_plays_in_step_from_disk(clips, opened, tmp_path):
    page = opened(oc.compare(clips).save_html(tmp_path / "comparison.html", title="Three takes"))
    page.wait_for_function(READY, arg=3)
    assert page.inner_text("h1") == "Three takes"
    page.get_by_role("button", name="Play").click()
    page.wait_for_function(PAST, arg=1.5)
    times = page.evaluate(TIMES)
    assert max(times) - min(times) < 0.2
    assert page.said == []


def test_the_difference_works_from_disk_too(clips, opened, tmp_path):
    page = opened(oc.compare(clips).save_html(tmp_path / "comparison.html"))
    page.wait_for_function(READY, arg=3)
    page.keyboard.press("Tab")
    page.get_by_role("button", name="Difference of two clips").click()
    page.wait_for_selector(".ocl-plot svg")
    page.get_by_role("slider", name="Position").fill("1")
    page.wait_for_function(AT, arg=1)
    before = page.evaluate(PICTURE)
    page.get_by_role("slider", name="Position").fill("3")
    page.wait_for_function(CHANGED, arg=before)
    assert page.said == []


def test_words_of_others_stay_words_in_the_browser(clips, opened, tmp_path):
    labels = [f"{EVIL}</script><!--", "b", "c"]
    page = opened(oc.compare(clips, labels=labels).save_html(tmp_path / "a.html", title=EVIL))
    page.wait_for_function(READY, arg=3)
    assert page.locator(".ocl-title strong").first.inner_text() == labels[0]
    assert page.said == []


def test_a_saved_gallery_opens_its_players(clips, opened, tmp_path):
    page = opened(oc.gallery(clips).save_html(tmp_path / "gallery.html"))
    page.locator(".ocl-card").nth(2).click()
    page.wait_for_function("() => document.querySelector('.ocl-open video')?.currentTime > 0.3")
    assert page.said == []
