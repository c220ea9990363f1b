"""How soon the form stands on the page, in a real JupyterLab."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal

AREA = "The form"
ON_SCREEN = Goal(1.5)
READY = ".ocs-drop-choose"
WAIT_MS = 120_000


def measure(bench: Bench) -> Iterator[Figure]:
    """`Studio()` in a kernel that has shown one before."""
    if bench.quick:
        return
    try:
        from playwright.sync_api import sync_playwright

        from tests.browser.conftest import chromium_path
    except ImportError:
        bench.skipped[AREA] = 'no browser: pip install -e ".[browser]"'
        return
    if (chromium := chromium_path()) is None:
        bench.skipped[AREA] = "no Chromium: apt-get install chromium, or set CHROMIUM"
        return
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        seconds = _seconds(browser, bench.runs)
        browser.close()
    title = "`Studio()` on screen, warm kernel"
    yield Figure(AREA, title, "s", tuple(seconds), goal=ON_SCREEN)


def _seconds(browser: Any, runs: int) -> list[float]:
    from tests.browser.lab import Lab
    from tests.browser.server import jupyterlab

    with tempfile.TemporaryDirectory() as temporary:
        root, state = Path(temporary) / "root", Path(temporary) / "state"
        root.mkdir()
        with jupyterlab(root, state) as server:
            page = browser.new_page(viewport={"width": 1280, "height": 1100})
            page.set_default_timeout(WAIT_MS)
            lab = Lab(page, server, root)
            lab.write(
                "form.ipynb", "import openclaw_nb as oc\noc.Studio()", *["oc.Studio()"] * runs
            )
            lab.open("form.ipynb")
            _shown(lab, 0)
            found = [_shown(lab, 1 + number) for number in range(runs)]
            server.end_kernels()
    return found


def _shown(lab: Any, index: int) -> float:
    """From running the cell until its form can be used."""
    started = time.perf_counter()
    lab.run(index)
    lab.output(index).locator(READY).wait_for(state="visible", timeout=WAIT_MS)
    return time.perf_counter() - started
