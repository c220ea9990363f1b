"""The executed quickstart as a page of nbconvert, opened from disk without a network."""

import subprocess
import sys

import pytest

from openclaw_nb import demo

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

NOT_OURS = ("net::ERR_INTERNET_DISCONNECTED",)
"""The page of nbconvert itself asks for MathJax and RequireJS."""


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("export")
    notebook = demo.run(folder, tell=lambda line: None).notebook
    command = (sys.executable, "-m", "nbconvert", "--to", "html", str(notebook))
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return notebook.with_suffix(".html")


@pytest.fixture
def page(chromium, exported):
    context = chromium.new_context(offline=True, viewport={"width": 1280, "height": 1100})
    page = context.new_page()
    page.said = []
    page.on("console", lambda line: page.said.append(line.text) if line.type == "error" else None)
    page.on("pageerror", lambda error: page.said.append(str(error)))
    page.goto(exported.as_uri())
    yield page
    context.close()


def test_posters_and_facts_are_in_the_page_and_the_clips_play_beside_it(page):
    videos = page.locator("video")
    assert videos.count() >= 4
    posters = videos.evaluate_all("all => all.map(video => video.poster.slice(0, 23))")
    assert posters == ["data:image/jpeg;base64,"] * len(posters)
    assert "● Done" in page.inner_text("body")
    assert "h264" in page.inner_text("body")
    videos.first.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function(
        "video => video.readyState >= 2 && video.currentTime > 0.3",
        arg=videos.first.element_handle(),
    )


def test_nothing_in_the_page_fails_and_no_widget_leaves_a_gap(page):
    ours = [said for said in page.said if not any(other in said for other in NOT_OURS)]
    assert not [said for said in ours if "require" not in said.lower()], ours
    text = page.inner_text("body")
    assert "Error displaying widget" not in text
    assert "Loading widget" not in text
