"""Build the site: pages, API reference, and notebooks with what they show when they run.

    pip install -e ".[docs]" && python -m docs.build

The notebooks directly in `notebooks/` are executed on the emulator, side by side; those in its
folders are shown as they are stored. All of it happens in a temporary copy: what is left is `site/`,
whose pages load nothing from elsewhere. A warning, or a cell that fails, ends the build.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from sphinx.cmd.build import build_main

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "site"
PAGES = ("README.md", "CHANGELOG.md", "docs", "notebooks")
_CELL_SECONDS = 300
_LOADED = re.compile(
    r"""<(?:script|img|iframe|video|source)\b[^>]*\ssrc\s*=\s*["'](?:https?:)?//"""
    r"""|<link\b[^>]*\srel="(?:stylesheet|preload|icon)"[^>]*\shref="(?:https?:)?//"""
    r"""|@import\s+(?:url\()?["']?(?:https?:)?//"""
)
"""What makes a browser ask another host when it shows a page."""

_REMOTE_PICTURE = re.compile(r"!\[([^\]]*)\]\(https?://[^)]*\)")


def copy_pages(source: Path) -> None:
    """Copy what the site is made of, laid out as in the repository.

    Of pictures on other hosts, such as badges, the words remain.
    """
    unwanted = shutil.ignore_patterns("openclaw_out", "__pycache__", ".*")
    for name in PAGES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, source / name, ignore=unwanted)
        else:
            shutil.copyfile(ROOT / name, source / name)
    for page in source.rglob("*.md"):
        text = page.read_text(encoding="utf-8")
        page.write_text(_REMOTE_PICTURE.sub(r"\1", text), encoding="utf-8")


def execute_all(folder: Path, state: Path) -> None:
    """Execute each notebook of a folder in its place, as many at once as there are processors."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [
            pool.submit(_execute, path, state / path.stem)
            for path in sorted(folder.glob("*.ipynb"))
        ]
        for each in running:
            each.result()


def _execute(path: Path, state: Path) -> None:
    print(f"running {path.name}", flush=True)
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=_CELL_SECONDS,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,  # a page without a kernel shows the HTML beside it
    )
    client.execute(env=_environ(state), stderr=subprocess.DEVNULL)  # the kernel's own remarks
    told = nbformat.writes(notebook).replace(str(path.parent), "~/notebooks")  # not where that was
    path.write_text(told, encoding="utf-8")


def _environ(state: Path) -> dict[str, str]:
    theirs = {name: value for name, value in os.environ.items() if "OPENCLAW" not in name}
    return {**theirs, "OPENCLAW_NB_EMULATE": "1", "OPENCLAW_STATE_DIR": str(state)}


def render(source: Path, doctrees: Path, out: Path) -> int:
    """Make pages of the sources; returns Sphinx's exit code. A warning is an error."""
    strict = ["--fail-on-warning", "--keep-going", "--quiet"]
    places = ["-c", str(source / "docs"), "-d", str(doctrees), str(source), str(out)]
    return build_main(["-b", "html", *strict, *places])


def copy_clips(source: Path, out: Path) -> None:
    """Put what the notebooks made beside their pages, where their players look for it."""
    made, facts = source / "notebooks" / "openclaw_out", shutil.ignore_patterns("*.json")
    shutil.copytree(made, out / "notebooks" / made.name, ignore=facts)


def loads_from_elsewhere(out: Path) -> Iterator[str]:
    """Each place of the site that makes a browser ask another host."""
    for path in sorted(out.rglob("*")):
        if path.suffix in {".html", ".css"} and path.is_file():
            for found in _LOADED.finditer(path.read_text(encoding="utf-8")):
                yield f"{path.relative_to(out)}: {found[0]}"


def main() -> int:
    """Build the site anew; returns the exit code."""
    with tempfile.TemporaryDirectory(prefix="openclaw-docs-") as temporary:
        work = Path(temporary)
        source, out = work / "source", work / "site"
        source.mkdir()
        copy_pages(source)
        execute_all(source / "notebooks", work / "state")
        if code := render(source, work / "doctrees", out):
            return code
        copy_clips(source, out)
        if elsewhere := list(loads_from_elsewhere(out)):
            print(*elsewhere, sep="\n", file=sys.stderr)
            return 1
        shutil.rmtree(SITE, ignore_errors=True)
        shutil.move(out, SITE)
    print(f"The site is in {SITE}: open {SITE / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
