"""The pages of the documentation as tests read them: code, what stands around it, links, headings.

    python -m tests.pages FOLDER

runs the Python of every page on the emulator, each page in a namespace and a folder of its own, and
prints as JSON what failed, by page.
"""

from __future__ import annotations

import asyncio
import io
import json
import os
import re
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md")))
_BEFORE = re.compile(r"<!-- before\b[^\n]*\n(.*?)-->", re.DOTALL)
_CALL = re.compile(r"(?:^|\s)openclaw-nb (.*)")
_NOT_RUN = re.compile(r"<!-- not run: (.+?) -->", re.DOTALL)
_NONE_RUN = re.compile(r"<!-- none run: (.+?) -->", re.DOTALL)


@dataclass(frozen=True)
class Block:
    """Python of a page: shown to readers, or what stands in a comment before it."""

    line: int
    code: str
    not_run: str = ""
    """Why it cannot be run."""


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _tokens(page: Path) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse(page.read_text(encoding="utf-8"))


def blocks(page: Path) -> Iterator[Block]:
    """The Python of a page in its order, with what its comments put before it."""
    whole = " ".join(_NONE_RUN.findall(page.read_text(encoding="utf-8")))
    reason = ""
    for token in _tokens(page):
        line = token.map[0] + 1 if token.map else 0
        if token.type == "html_block":
            for found in _BEFORE.finditer(token.content):
                yield Block(line, found[1])
            reason = " ".join(_NOT_RUN.findall(token.content))
        elif token.type == "fence" and token.info.strip() == "python":
            yield Block(line, token.content, reason or whole)
            reason = ""


def commands(page: Path) -> list[str]:
    """Each line of the page's shell blocks that calls `openclaw-nb`."""
    fences = (token for token in _tokens(page) if token.type == "fence")
    shells = (fence.content for fence in fences if fence.info.strip() in ("bash", "sh"))
    calls = (_CALL.search(line) for text in shells for line in text.splitlines())
    return [call[1] for call in calls if call]


def links(page: Path) -> list[str]:
    """Where the page's links and pictures lead, as they are written."""
    inline = [child for token in _tokens(page) for child in token.children or ()]
    found = [child.attrGet("href") or child.attrGet("src") for child in inline]
    return [unquote(str(each)) for each in found if each]


def anchors(page: Path) -> set[str]:
    """What links may name on the page, as GitHub makes it of headings."""
    tokens = _tokens(page)
    titles = [after.content for token, after in pairwise(tokens) if token.type == "heading_open"]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


# What runs in a process of its own


def run(page: Path, folder: Path) -> str:
    """Run the page's code in `folder`; what went wrong, or nothing."""
    from IPython.core.interactiveshell import InteractiveShell

    import openclaw_nb as oc
    from openclaw_nb import api
    from openclaw_nb.emulator import Scenario

    runnable = [block for block in blocks(page) if not block.not_run]
    handled = any("except oc." in block.code for block in runnable)
    folder.mkdir(parents=True)
    os.chdir(folder)
    shell: Any = InteractiveShell(user_ns={})
    with oc.emulate(Scenario(polls=1, render="draft")):
        for block in runnable:
            ran = shell.run_cell(block.code)
            if error := ran.error_before_exec or ran.error_in_exec:
                return f"line {block.line}: {type(error).__name__}: {error}"
        for task in api.default_client().begun:
            try:
                task.result()
            except oc.OpenclawError as error:
                if not handled:
                    return f"{task.request.prompt!r}: {error}"
    return ""


def main(folder: Path) -> None:
    asyncio.set_event_loop(asyncio.new_event_loop())
    failed: dict[str, str] = {}
    for page in PAGES:
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said):
            wrong = run(page, folder / name_of(page))
        if wrong:
            failed[name_of(page)] = f"{wrong}\n{said.getvalue()}"
    sys.stdout.write(json.dumps(failed))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
