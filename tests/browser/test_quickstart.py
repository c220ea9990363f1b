"""The quickstart in a real JupyterLab, as a reader meets it."""

import shutil

import pytest

from tests.browser.server import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

PLAYS = "video => video.readyState >= 2"


@pytest.fixture
def quickstart(lab):
    shutil.copytree(ROOT / "notebooks" / "assets", lab.folder / "assets")
    shutil.copy(ROOT / "notebooks" / "quickstart.ipynb", lab.folder)
    lab.open("quickstart.ipynb")
    return lab


def test_the_quickstart_runs_from_top_to_bottom_and_its_videos_play(quickstart):
    quickstart.run_all()
    players = quickstart.page.locator(".jp-OutputArea video")
    assert players.count() >= 4
    player = players.first
    player.evaluate("video => { video.muted = true; return video.play(); }")
    quickstart.page.wait_for_function(
        "video => video.readyState >= 2 && video.currentTime > 0.5", arg=player.element_handle()
    )
    assert quickstart.complaints == []
