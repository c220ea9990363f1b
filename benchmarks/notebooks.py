"""What a saved notebook weighs."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from benchmarks import children
from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal

AREA = "Saved notebooks"
CLIPS = 16
QUICKSTART, COMPARISON = Goal(1.0), Goal(3.0)
MB = 1_000_000
_MAKE = f"""import openclaw_nb as oc
oc.emulate()
videos = [oc.generate_video(f"a heron, {{number}}", duration_seconds=4) for number in range({CLIPS})]
videos = [task.result() for task in videos]"""


def measure(bench: Bench) -> Iterator[Figure]:
    """The quickstart as `openclaw-nb demo` saves it, and a comparison of sixteen clips."""
    if bench.quick:
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        demo = [sys.executable, "-m", "openclaw_nb.cli", "demo", "--out", str(folder)]
        children.process(demo)
        size = (folder / "quickstart.ipynb").stat().st_size / MB
        yield Figure(AREA, "quickstart, executed", "MB", (size,), goal=QUICKSTART)
        size = _comparison(folder).stat().st_size / MB
        yield Figure(AREA, f"{CLIPS} clips compared", "MB", (size,), goal=COMPARISON)


def _comparison(folder: Path) -> Path:
    cells = [nbformat.v4.new_code_cell(code) for code in (_MAKE, "oc.compare(videos)")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    client = NotebookClient(
        notebook,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        store_widget_state=False,
    )
    client.execute(env=children.environ(OPENCLAW_STATE_DIR=str(folder / "state")))
    assert notebook.cells[1].outputs
    path = folder / "comparison.ipynb"
    nbformat.write(notebook, path)
    return path
