"""Take the pictures of the documentation: the quickstart in a real JupyterLab, run by Chromium.

    pip install -e ".[browser]" && python docs/screenshots.py

Chromium is looked for at /usr/bin/chromium, or where CHROMIUM says.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
SETTINGS = (
    "--IdentityProvider.token=",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",
    "--ServerApp.port_retries=0",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=",
    "--allow-root",
    "--no-browser",
)
IDLE = """() => window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status
    === 'idle'"""
RAN = """() => {
    const cells = window.jupyterapp.shell.currentWidget.content.widgets
        .filter(cell => cell.model.type === 'code');
    return cells.every(cell => cell.model.executionCount !== null
        && !cell.node.querySelector('.jp-InputPrompt')?.textContent.includes('*'));
}"""


@contextmanager
def jupyterlab(folder: Path) -> Iterator[str]:
    """A JupyterLab on `folder`, on a free loopback port; yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    where = (
        f"--ServerApp.port={port}",
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.root_dir={folder}",
    )
    environ = {**os.environ, "OPENCLAW_STATE_DIR": str(folder / ".openclaw")}
    command = [sys.executable, "-m", "jupyterlab", *where, *SETTINGS]
    server = subprocess.Popen(command, env=environ, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        _wait_for(f"{address}/api")
        yield address
    finally:
        server.terminate()
        server.wait(20)


def _wait_for(url: str) -> None:
    """Until the server listens; the pauses between tries grow to half a minute in all."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=7), timeout=30) as http:
        http.get(url).raise_for_status()


def shoot(page: Any, address: str, *, theme: str, width: int, name: str) -> None:
    """Run the quickstart top to bottom and photograph it from its first result on."""
    page.set_viewport_size({"width": width, "height": 1180})
    page.goto(f"{address}/doc/tree/quickstart.ipynb?reset")
    page.wait_for_function(IDLE, timeout=60_000)
    execute = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
    page.evaluate(execute, ["apputils:change-theme", {"theme": theme}])
    page.evaluate(execute, ["notebook:run-all-cells", {}])
    page.wait_for_function(RAN, timeout=120_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)")
    page.evaluate("() => document.querySelectorAll('.Toastify').forEach(n => n.remove())")
    player = page.locator("video").first
    player.scroll_into_view_if_needed()
    player.evaluate("v => { v.muted = true; v.currentTime = 0.5; return v.play(); }")
    # After some seconds of playing the browser takes its controls off the picture.
    page.wait_for_function("() => document.querySelector('video').currentTime > 5")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)")
    page.screenshot(path=str(IMAGES / f"{name}.png"))


def main() -> None:
    """Light and dark."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as play:
        folder = Path(temporary)
        shutil.copytree(ROOT / "notebooks", folder, dirs_exist_ok=True)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme, name in (
            ("JupyterLab Light", "quickstart"),
            ("JupyterLab Dark", "quickstart-dark"),
        ):
            with jupyterlab(folder) as address:
                page = browser.new_page(device_scale_factor=1)
                shoot(page, address, theme=theme, width=1000, name=name)
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
