"""Take the pictures of the documentation: notebooks in a real JupyterLab, run by Chromium.

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


def run(page: Any, address: str, notebook: str, *, theme: str, width: int) -> None:
    """Show a notebook and run it top to bottom."""
    page.set_viewport_size({"width": width, "height": 1180})
    page.goto(f"{address}/doc/tree/{notebook}?reset")
    page.wait_for_function(IDLE, timeout=60_000)
    execute = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
    page.evaluate(execute, ["apputils:change-theme", {"theme": theme}])
    page.evaluate(execute, ["notebook:run-all-cells", {}])
    page.wait_for_function(RAN, timeout=120_000)
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)")
    page.evaluate("() => document.querySelectorAll('.Toastify').forEach(n => n.remove())")


def shoot(page: Any, address: str, *, theme: str, width: int, name: str) -> None:
    """Photograph the quickstart from its first result on."""
    run(page, address, "quickstart.ipynb", theme=theme, width=width)
    player = page.locator("video").first
    player.scroll_into_view_if_needed()
    player.evaluate("v => { v.muted = true; v.currentTime = 0.5; return v.play(); }")
    # After some seconds of playing the browser takes its controls off the picture.
    page.wait_for_function("() => document.querySelector('video').currentTime > 5")
    page.evaluate("() => window.jupyterapp.shell.currentWidget.content.node.scrollTo(0, 0)")
    page.screenshot(path=str(IMAGES / f"{name}.png"))


def shoot_comparison(page: Any, address: str, *, theme: str, name: str) -> None:
    """Photograph three clips on one clock, and the difference of two of them."""
    run(page, address, "comparing.ipynb", theme=theme, width=1100)
    view = page.locator(".ocl-compare")
    view.get_by_role("slider", name="Position").fill("2.5")
    settled = """() => [...document.querySelectorAll('.ocl-compare video')]
        .every(v => v.readyState >= 2 && !v.seeking && v.currentTime > 2)"""
    page.wait_for_function(settled)
    view.screenshot(path=str(IMAGES / f"{name}.png"))
    page.keyboard.press("d")
    page.wait_for_selector(".ocl-plot svg")
    page.wait_for_function(settled)
    view.screenshot(path=str(IMAGES / f"{name}-difference.png"))


def main() -> None:
    """Light and dark."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as play:
        folder = Path(temporary)
        shutil.copytree(ROOT / "notebooks", folder, dirs_exist_ok=True)
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for theme, suffix in (("JupyterLab Light", ""), ("JupyterLab Dark", "-dark")):
            with jupyterlab(folder) as address:
                page = browser.new_page(device_scale_factor=1)
                shoot(page, address, theme=theme, width=1000, name=f"quickstart{suffix}")
                page.close()
                page = browser.new_page(device_scale_factor=1)
                shoot_comparison(page, address, theme=theme, name=f"comparing{suffix}")
                page.close()
        browser.close()


if __name__ == "__main__":
    main()
