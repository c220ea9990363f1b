"""The quickstart in a real JupyterLab, as a reader meets it."""

import shutil

import pytest

from tests.browser.lab import Lab
from tests.browser.server import ROOT, jupyterlab

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PLAYS = "video => video.readyState >= 2"


def opened(lab):
    shutil.copytree(ROOT / "notebooks" / "assets", lab.folder / "assets")
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", lab.folder)
    lab.open("quickstart.ipynb")
    return lab


@pytest.fixture
def quickstart(lab):
    return opened(lab)


@pytest.fixture
def behind_a_prefix(chromium, tmp_path):
    """As Binder and JupyterHub serve it: every path begins with the user's."""
    root = tmp_path / "root"
    root.mkdir()
    with jupyterlab(root, tmp_path, base_url="/user/abc/") as server:
        page = chromium.new_page(viewport={"width": 1280, "height": 1100})
        yield opened(Lab(page, server, root))
        page.close()


def _runs_and_plays(quickstart):
    quickstart.run_all()
    players = quickstart.page.locator(".jp-OutputArea video")
    assert players.count() >= 4
    player = players.first
    player.evaluate("video => { video.muted = true; return video.play(); }")
    quickstart.page.wait_for_function(
        "video => video.readyState >= 2 && video.currentTime > 0.5", arg=player.element_handle()
    )
    assert quickstart.complaints == []


def test_the_quickstart_runs_from_top_to_bottom_and_its_videos_play(quickstart):
    _runs_and_plays(quickstart)


def test_the_quickstart_plays_behind_a_prefix_as_on_binder(behind_a_prefix):
    _runs_and_plays(behind_a_prefix)
    sources = behind_a_prefix.page.eval_on_selector_all(
        ".jp-OutputArea video", "videos => videos.map(video => new URL(video.currentSrc).pathname)"
    )
    hosted = [path for path in sources if path.startswith("/")]
    assert hosted
    assert all(path.startswith("/user/abc/files/") for path in hosted)
