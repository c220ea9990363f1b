"""A notebook in a real JupyterLab, driven by its commands: open, run, save, reload, look."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import nbformat

from tests.browser.server import Server

Theme = Literal["light", "dark"]

THEMES: dict[Theme, str] = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
READY_MS = 90_000
RUN_MS = 120_000

_EXECUTE = "([name, args]) => window.jupyterapp.commands.execute(name, args)"
_READY = """() => {
    const widget = window.jupyterapp?.shell.currentWidget;
    return widget?.content?.widgets?.length > 0
        && widget.sessionContext?.session?.kernel?.status === 'idle';
}"""
_RAN = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code' && cell.model.sharedModel.source.trim())
    .every(cell => cell.model.executionCount !== null && cell.model.executionState === 'idle')"""
_RUNS = """index => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .model.executionState === 'running'"""
_CELL_RAN = """index => window.jupyterapp.shell.currentWidget.content.widgets[index]
    .model.executionState === 'idle'"""
_ACTIVATE = "index => { window.jupyterapp.shell.currentWidget.content.activeCellIndex = index; }"
_TRUSTED = """() => window.jupyterapp.shell.currentWidget.content.widgets
    .filter(cell => cell.model.type === 'code').every(cell => cell.model.trusted)"""
_SAVED = "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
# JupyterLab follows the window's size some frames later.
_LAID_OUT = """width => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => {
    const notebook = document.querySelector('.jp-Notebook');
    if (!notebook) return done(true);
    const right = notebook.getBoundingClientRect().right;
    done(right <= width && right > width * 0.9);
})))"""
_CUT_OFF = """selector => [...document.querySelectorAll(selector)]
    .some(node => node.scrollWidth > node.clientWidth + 1)"""
_NO_TOASTS = "() => document.querySelectorAll('.Toastify').forEach(node => node.remove())"

# Without it JupyterLab asks which kernel to start.
_KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}

_NOT_OURS = re.compile(
    r"favicon|"  # Chromium asks every server for one
    r"/api/workspaces|"  # a new JupyterLab has no workspace yet
    r"\.map\b"  # source maps of JupyterLab's own scripts
)
"""Complaints on the console that a JupyterLab without our outputs makes too."""


class Lab:
    """One page on a JupyterLab. Cells are counted from 0, text cells included."""

    def __init__(self, page: Any, server: Server, folder: Path) -> None:
        self.page, self.server, self.folder = page, server, folder
        self.complaints: list[str] = []
        """Errors that the console showed, without those that are not ours."""
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def _heard(self, message: Any) -> None:
        where = f"{message.text} {message.location.get('url', '')}"
        if message.type == "error" and not _NOT_OURS.search(where):
            self.complaints.append(where)

    # --- notebooks -----------------------------------------------------------------------------

    def write(self, name: str, *codes: str) -> Path:
        """A notebook of code cells in this test's folder."""
        cells = [nbformat.v4.new_code_cell(code) for code in codes]
        return self._store(name, nbformat.v4.new_notebook(cells=cells, metadata=_KERNEL))

    def read(self, name: str) -> Any:
        """A notebook as it is on disk."""
        return nbformat.read(self.folder / name, as_version=4)

    def distrust(self, name: str) -> None:
        """Change the notebook behind the server's back: its signature holds no longer."""
        notebook = self.read(name)
        notebook.metadata["mailed"] = True
        self._store(name, notebook)

    def _store(self, name: str, notebook: Any) -> Path:
        path = self.folder / name
        nbformat.write(notebook, path)
        return path

    def open(self, name: str, *, kernel: bool = True) -> None:
        """Show a notebook of this test's folder, alone; `kernel`: wait until its kernel is there."""
        path = (self.folder / name).relative_to(self.server.root)
        self.page.goto(f"{self.server.address}/doc/tree/{path.as_posix()}?reset")
        self._arrived(kernel=kernel)

    def reload(self, *, kernel: bool = True) -> None:
        """As the browser's reload button."""
        self.page.reload()
        self._arrived(kernel=kernel)

    def _arrived(self, *, kernel: bool) -> None:
        self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=READY_MS)
        if kernel:
            self.page.wait_for_function(_READY, timeout=READY_MS)

    def save(self) -> None:
        """Save the notebook that is shown."""
        self.command("docmanager:save")
        self.page.wait_for_function(_SAVED, timeout=READY_MS)

    @property
    def trusted(self) -> bool:
        """Whether JupyterLab trusts every output that is shown."""
        return bool(self.page.evaluate(_TRUSTED))

    # --- running -------------------------------------------------------------------------------

    def command(self, name: str, **args: object) -> None:
        """Run a command of JupyterLab to its end."""
        self.page.evaluate(_EXECUTE, [name, args])

    def run_all(self) -> None:
        """Run every cell and wait until the last one has ended."""
        self.start_all()
        self.wait_idle()

    def start_all(self) -> None:
        """Run every cell, without waiting."""
        self.page.evaluate(
            "() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }"
        )

    def start(self, index: int) -> None:
        """Run a cell, without waiting for its end."""
        self.page.evaluate(_ACTIVATE, index)
        self.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell'); }")
        self.page.wait_for_function(_RUNS, arg=index, timeout=READY_MS)

    def run(self, index: int) -> None:
        """Run a cell and wait for its end."""
        self.page.evaluate(_ACTIVATE, index)
        self.command("notebook:run-cell")

    def wait_idle(self) -> None:
        """Until every code cell has run."""
        self.page.wait_for_function(_RAN, timeout=RUN_MS)

    def wait_ran(self, index: int) -> None:
        """Until this cell has ended."""
        self.page.wait_for_function(_CELL_RAN, arg=index, timeout=RUN_MS)

    # --- looking -------------------------------------------------------------------------------

    def output(self, index: int) -> Any:
        """The output of a cell, as a locator."""
        return self.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".jp-OutputArea").first

    def theme(self, theme: Theme) -> None:
        """Change the colours; the page stays."""
        self.command("apputils:change-theme", theme=THEMES[theme])
        light = "true" if theme == "light" else "false"
        body = f'body[data-jp-theme-light="{light}"]'
        # All in it is placed absolutely: it has no height, which counts as hidden.
        self.page.wait_for_selector(body, state="attached", timeout=READY_MS)

    def resize(self, width: int, height: int = 1100) -> None:
        """The size of the page in pixels; returns when JupyterLab has laid itself out anew."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(_LAID_OUT, arg=width, timeout=READY_MS)

    def cut_off(self, selector: str) -> bool:
        """Whether such an element holds something wider than it has room for."""
        return bool(self.page.evaluate(_CUT_OFF, selector))

    def violations(self, selector: str = ".jp-OutputArea") -> list[str]:
        """What axe finds serious or critical there: rule, elements, and what is wrong."""
        from axe_playwright_python.sync_playwright import Axe

        found = Axe().run(self.page, context=selector).response["violations"]
        return [
            f"{rule['id']}: {rule['help']}: {[node['html'][:300] for node in rule['nodes']]}"
            for rule in found
            if rule["impact"] in {"serious", "critical"}
        ]

    def picture(self, path: Path, index: int | None = None) -> Path:
        """A screenshot of the output of a cell, or of the page."""
        self.page.evaluate(_NO_TOASTS)
        target = self.page if index is None else self.output(index)
        path.parent.mkdir(parents=True, exist_ok=True)
        target.screenshot(path=str(path))
        return path
