"""Take the pictures of the documentation: notebooks in a real JupyterLab, run by Chromium.

    pip install -e ".[browser]" && python -m docs.screenshots [NOTEBOOK.ipynb ...]

Each notebook is run once on the emulator and photographed in the light and the dark theme, 1280 and
800 pixels wide: the page as `<notebook>[-dark][-800].png` in docs/images, and the output of every
cell whose metadata has a `name` as `<notebook>-<name>[-dark][-800].png`. Chromium is looked for in
the PATH, or where CHROMIUM says.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from tests.browser.conftest import chromium_path
from tests.browser.lab import Lab, Theme
from tests.browser.server import ROOT, jupyterlab

IMAGES = ROOT / "docs" / "images"
QUICKSTART = ROOT / "notebooks" / "quickstart.ipynb"
THEMES: tuple[Theme, ...] = ("light", "dark")
WIDTHS = (1280, 800)
_PLAY = "video => { video.muted = true; video.currentTime = 0.5; return video.play(); }"
# After some seconds of playing the browser takes its controls off the picture.
_PLAYED = "video => video.currentTime > 5 || video.ended"
_TO_THE_TOP = "() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)"


def shoot(lab: Lab, notebook: str) -> None:
    """Run a notebook of the lab's folder, then photograph it in every theme and width."""
    lab.open(notebook)
    lab.run_all()
    stem = Path(notebook).stem
    for theme, width in product(THEMES, WIDTHS):
        lab.theme(theme)
        lab.resize(width)
        _play_the_first(lab)
        suffix = ("-dark" if theme == "dark" else "") + ("" if width == WIDTHS[0] else f"-{width}")
        lab.page.evaluate(_TO_THE_TOP)
        lab.picture(IMAGES / f"{stem}{suffix}.png")
        for name, index in _named(lab, notebook).items():
            lab.picture(IMAGES / f"{stem}-{name}{suffix}.png", index)


def _play_the_first(lab: Lab) -> None:
    player = lab.page.locator("video >> visible=true").first
    if player.count():
        player.scroll_into_view_if_needed()
        player.evaluate(_PLAY)
        lab.page.wait_for_function(_PLAYED, arg=player.element_handle())


def _named(lab: Lab, notebook: str) -> dict[str, int]:
    """By name, the index of every cell that has one."""
    cells: list[Any] = lab.read(notebook).cells
    return {
        cell.metadata["name"]: index for index, cell in enumerate(cells) if "name" in cell.metadata
    }


def main(notebooks: Sequence[str]) -> None:
    """The notebooks named, or the quickstart."""
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as play:
        root, state = Path(temporary) / "notebooks", Path(temporary) / "state"
        shutil.copytree(ROOT / "notebooks", root)
        browser = play.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        with jupyterlab(root, state) as server:
            page = browser.new_page(device_scale_factor=1)
            lab = Lab(page, server, root)
            for path in map(Path, notebooks or [str(QUICKSTART)]):
                shutil.copy(path, root)
                shoot(lab, path.name)
                server.end_kernels()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
