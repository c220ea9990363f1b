"""The main job, as `openclaw-nb demo` does it, with marked keys in the environment."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import av
import nbformat
import pytest

MARK = "marked-key-7f3d"
KEYS = ("FAL_KEY", "MINIMAX_API_KEY", "OPENAI_API_KEY")


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo")
    environ = {name: f"{MARK}-{name}" for name in KEYS}
    done = subprocess.run(
        [sys.executable, "-m", "openclaw_nb.cli", "demo", "--out", str(out)],
        env={**{k: v for k, v in os.environ.items() if k != "OPENCLAW_NB_MEDIA_DIR"}, **environ},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return out, done


@pytest.mark.timeout(120)
def test_the_demo_leaves_an_executed_notebook_and_prints_where_it_is(demo):
    out, done = demo
    assert f"Notebook  {out / 'quickstart.ipynb'}" in done.stdout
    notebook = nbformat.read(out / "quickstart.ipynb", as_version=4)
    ran = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in ran)
    assert not any(o.output_type == "error" for cell in ran for o in cell.outputs)
    assert "widgets" not in notebook.metadata


def test_the_demo_prints_every_video_and_each_one_plays(demo):
    out, done = demo
    videos = sorted(out.rglob("*.mp4"))
    assert len(videos) == 5
    for video in videos:
        assert str(video) in done.stdout
        with av.open(str(video)) as film:
            frames = sum(1 for _ in film.decode(video=0))
            assert film.streams.video[0].codec.name == "h264"
        assert frames > 24


def test_a_finished_task_of_the_notebook_shows_its_end_and_no_script(demo):
    out, _ = demo
    text = (out / "quickstart.ipynb").read_text()
    assert "<script" not in text
    assert "<source" not in text
    notebook = nbformat.read(out / "quickstart.ipynb", as_version=4)
    shown = [
        o for c in notebook.cells for o in c.get("outputs", []) if "text/html" in o.get("data", {})
    ]
    assert any("<video" in "".join(output.data["text/html"]) for output in shown)


def test_no_key_is_in_anything_that_the_demo_wrote_or_said(demo):
    out, done = demo
    assert MARK not in done.stdout + done.stderr
    leaks = [path for path in _files(out) if MARK.encode() in path.read_bytes()]
    assert leaks == []


def test_the_saved_notebook_stays_under_a_megabyte(demo):
    out, _ = demo
    assert (out / "quickstart.ipynb").stat().st_size < 1_000_000


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
