"""The main job, headless: execute the quickstart on the emulator and say what came of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from openclaw_nb.errors import OpenclawError
from openclaw_nb.shipped import notebooks

_CELL_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Made:
    """One video of the demo."""

    path: Path
    facts: str
    """Length, size, frame rate, as read from the file."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo left behind."""

    notebook: Path
    videos: tuple[Made, ...]
    cells: int


def copy_notebooks(out: Path) -> Path:
    """Copy the shipped notebooks to `out`; what is there already stays as it is."""
    source, target = notebooks(), out.resolve()
    for path in sorted(source.rglob("*")):
        there = target / path.relative_to(source)
        hidden = any(part.startswith(".") for part in path.relative_to(source).parts)
        if (
            path.is_file()
            and not hidden
            and "openclaw_out" not in path.parts
            and not there.exists()
        ):
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, there)
    return target


def run(out: Path, *, tell: Callable[[str], object]) -> Demo:
    """Execute the quickstart in a copy under `out`.

    Args:
        out: Directory for the notebook, its videos and its state; made when missing.
        tell: Called with a line for each step.

    Raises:
        OpenclawError: a cell failed; the message is the cell's.
    """
    target = out.resolve()
    target.mkdir(parents=True, exist_ok=True)
    source = notebooks()
    shutil.copytree(source / "assets", target / "assets", dirs_exist_ok=True)
    notebook = target / "quickstart.ipynb"
    before = set(target.rglob("*.mp4"))
    cells = _execute(source / "quickstart.ipynb", notebook, tell)
    made = sorted(set(target.rglob("*.mp4")) - before, key=lambda path: path.stat().st_mtime)
    return Demo(notebook, tuple(Made(path, _facts(path)) for path in made), cells)


def _execute(source: Path, target: Path, tell: Callable[[str], object]) -> int:
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    nbformat: Any = import_module("nbformat")  # it has no annotations
    notebook = nbformat.read(source, as_version=4)
    titles = _titles(notebook)

    def on_start(cell_index: int, **_: Any) -> None:
        if title := titles.pop(cell_index, ""):
            tell(f"  {title}")

    tell(f"Running {source.name} on the emulator ...")
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(target.parent)}},
        store_widget_state=False,  # offline, nbconvert would show nothing in the place of a widget
        on_cell_start=on_start,
    )
    try:
        client.execute(
            env=_environ(target.parent), stderr=subprocess.DEVNULL
        )  # the kernel's own remarks
    except CellExecutionError as error:
        raise OpenclawError(f"a cell of {source.name} failed: {error}") from error
    finally:
        nbformat.write(notebook, target)
    return sum(cell.cell_type == "code" for cell in notebook.cells)


def _environ(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "OPENCLAW_NB_EMULATE": "1",
        "OPENCLAW_STATE_DIR": str(folder / ".openclaw"),
        "OPENCLAW_LIVE_TEST": "",
    }


def _titles(notebook: Any) -> dict[int, str]:
    """By index of a code cell, the heading right above it."""
    found: dict[int, str] = {}
    heading = ""
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "markdown":
            first = cell.source.strip().splitlines()[0]
            heading = first.lstrip("# ") if first.startswith("## ") else heading
        elif heading:
            found[index], heading = heading, ""
    return found


def _facts(path: Path) -> str:
    from openclaw_nb.notebook.media import clip

    found = clip(path)
    if found is None:
        return ""
    return (
        f"{found.seconds:.1f} s, {found.width}x{found.height}, {found.fps:g} fps, "
        f"{path.stat().st_size / 1_048_576:.1f} MB"
    )
