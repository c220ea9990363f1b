"""A Chromium, a JupyterLab, and a notebook page for each test in this folder.

Tests here bear the markers `browser` and `timeout(300)`: `pytest -m browser -n 0` runs them.
"""

from __future__ import annotations

import os
import re
import shutil

import pytest

from tests.browser.lab import Lab
from tests.browser.server import jupyterlab


def chromium_path() -> str | None:
    """Where a Chromium with H.264 is: `CHROMIUM`, or one in the PATH. Playwright's own has none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)


@pytest.fixture(scope="session")
def chromium():
    """The browser, once for all tests."""
    playwright = pytest.importorskip("playwright.sync_api", reason="pip install -e .[browser]")
    path = chromium_path()
    if path is None:
        pytest.skip("no Chromium: apt-get install chromium, or set CHROMIUM")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """A JupyterLab for all tests; each has a folder of its own in it."""
    root, state = tmp_path_factory.mktemp("root"), tmp_path_factory.mktemp("lab")
    with jupyterlab(root, state) as running:
        yield running


@pytest.fixture
def lab(chromium, server, request):
    """A page on JupyterLab at 1280 x 1100, and an empty folder for this test's notebooks."""
    folder = server.root / re.sub(r"\W+", "-", request.node.name)
    folder.mkdir()
    page = chromium.new_page(viewport={"width": 1280, "height": 1100})
    yield Lab(page, server, folder)
    page.close()
    server.end_kernels()
