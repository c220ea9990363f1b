"""`docs/adding-a-provider.md`, followed word by word in a copy of the repository."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import av
import pytest

from tests.test_project import ROOT

PAGE = ROOT / "docs" / "adding-a-provider.md"
_STEP = re.compile(
    r"(?:^(?P<lead>[^\n]*):\n\n)?^(?P<fence>`{3,})(?P<kind>\w+)\n(?P<text>.*?)^(?P=fence)$",
    re.MULTILINE | re.DOTALL,
)
_WHOLE = re.compile(r"`([^`]+)`")
_BELOW = re.compile(r"In `([^`]+)`, below the line that begins with `(.+?)`")
_LEFT_OUT = shutil.ignore_patterns(
    *(".git", ".*cache", ".ci-*", ".venv*", "venv", ".hypothesis", "__pycache__", "*.egg-info"),
    *("openclaw_demo", "openclaw_out"),
)


@dataclass
class Clone:
    """A copy of the repository, and a shell in it."""

    root: Path

    def follow(self, text: str) -> list[str]:
        """Do what a page says to its files; returns its commands, block by block."""
        commands = []
        for step in _STEP.finditer(text):
            lead, code = step["lead"] or "", step["text"]
            if step["kind"] == "bash":
                commands.append(code)
            elif below := _BELOW.fullmatch(lead):
                self._insert(below[1], below[2], code)
            else:
                self._write(_WHOLE.fullmatch(lead)[1], code)
        return commands

    def _write(self, path: str, text: str) -> None:
        assert not (self.root / path).exists()
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        (self.root / path).write_text(text, encoding="utf-8")

    def _insert(self, path: str, beginning: str, text: str) -> None:
        lines = (self.root / path).read_text(encoding="utf-8").splitlines(keepends=True)
        found = [at for at, line in enumerate(lines) if line.lstrip().startswith(beginning)]
        assert len(found) == 1, f"{path} has {len(found)} lines that begin with {beginning!r}"
        before = lines[found[0]]
        indent = before[: len(before) - len(before.lstrip())]
        lines.insert(found[0] + 1, f"{indent}{text}")
        (self.root / path).write_text("".join(lines), encoding="utf-8")

    def run(self, commands: str) -> str:
        """What the commands print; the first that fails ends them."""
        bin = self.root / ".bin"
        path = f"{bin}{os.pathsep}{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environ = os.environ | {"PATH": path, "PYTHONPATH": str(self.root)}
        done = subprocess.run(
            ["bash", "-euc", commands],
            cwd=self.root,
            env=environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{commands}\n{done.stdout}"
        return done.stdout


@pytest.fixture(scope="module")
def followed(tmp_path_factory):
    """The copy after every file of the page is in place, and the page's commands."""
    clone = Clone(tmp_path_factory.mktemp("clone") / "openclaw_nb")
    shutil.copytree(ROOT, clone.root, ignore=_LEFT_OUT)
    program = clone.root / ".bin" / "openclaw-nb"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nexec python -m openclaw_nb.cli "$@"\n')
    program.chmod(0o755)
    return clone, clone.follow(PAGE.read_text(encoding="utf-8"))


def test_the_page_leads_to_a_clip(followed):
    clone, commands = followed
    (generate,) = [each for each in commands if each.startswith("openclaw-nb generate")]
    said = clone.run(generate)
    assert "gannet.mp4" in said
    with av.open(str(clone.root / "gannet.mp4")) as film:
        video = film.streams.video[0]
        assert (video.width, video.height) == (720, 1280)
        assert film.duration / 1e6 == pytest.approx(8, abs=0.2)
    rows = clone.run("python -c 'import openclaw_nb as oc; print(oc.providers())'")
    assert "gannet" in rows


@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_the_tests_of_the_page_hold_and_those_that_find_it_by_its_row(followed):
    clone, commands = followed
    of_emulator, of_provider, of_page = [each for each in commands if "pytest -n 0" in each]
    clone.run(of_emulator)
    said = clone.run(f"{of_provider.strip()} -v")
    for number in (1, 2, 3, 4, 6, 7, 8, 9, 11, 12, 13):
        assert re.search(rf"test_k{number}_\w+\[.*gannet.*PASSED", said), f"K{number}"
    assert not re.search(r"FAILED|ERROR|SKIPPED", said)
    clone.run("pytest -n 0 tests/providers/test_contract_rows.py -k k10")
    clone.run(of_page)


@pytest.mark.matrix
@pytest.mark.timeout(1200)
def test_everything_that_the_page_names_is_green(followed):
    clone, commands = followed
    clone.run("git init -q . && git add -A")
    clone.run(commands[-1])
