"""The documentation holds: its code runs, its links lead somewhere, nothing public is missing."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import click
import pytest
import yaml

import openclaw_nb
from openclaw_nb.cli import main
from tests.pages import PAGES, ROOT, anchors, blocks, commands, links, name_of

DOCS = ROOT / "docs"
each_page = pytest.mark.parametrize("page", PAGES, ids=name_of)


@pytest.fixture(scope="module")
def failures(tmp_path_factory):
    """By page what failed when its code ran, all pages in one process, on the emulator."""
    folder = tmp_path_factory.mktemp("pages")
    environ = os.environ | {"OPENCLAW_STATE_DIR": str(folder / "state"), "PYTHONPATH": str(ROOT)}
    environ |= {"HOME": str(folder), "IPYTHONDIR": str(folder / "ipython")}
    command = [sys.executable, "-m", "tests.pages", str(folder / "run")]
    ran = subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


@pytest.mark.timeout(600)
@each_page
def test_the_code_of_a_page_runs_on_the_emulator(page, failures):
    assert failures.get(name_of(page), "") == ""


@each_page
def test_code_that_is_not_run_says_why(page):
    for block in blocks(page):
        assert block.not_run == "" or len(block.not_run.split()) > 2


@each_page
def test_every_relative_link_leads_to_a_file_and_every_anchor_to_a_heading(page):
    for link in links(page):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@each_page
def test_every_command_of_a_page_is_one_of_the_program(page):
    for command in commands(page):
        _parse(main, command)


def _parse(command: click.Command, line: str) -> None:
    """Read a command line as the program does, and run nothing; raises UsageError."""
    words = shlex.split(line, comments=True)
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    command.make_context(command.name, words)


@pytest.mark.parametrize("name", [*openclaw_nb.__all__, "config.get", "config.set"])
def test_the_reference_has_every_public_name(name):
    reference = (DOCS / "api.md").read_text(encoding="utf-8")
    assert re.search(
        rf"^\.\. auto\w+:: openclaw_nb\.{re.escape(name)}\b(?!\.)", reference, re.MULTILINE
    )


@each_page
def test_the_navigation_has_every_page(page):
    name = name_of(page).removesuffix(".md")
    lines = yaml.safe_load((DOCS / "_toc.yml").read_text(encoding="utf-8"))
    assert any(Path(name).match(pattern) for pattern in _patterns(lines))


def _patterns(node: object) -> list[str]:
    """Every page and pattern of pages in the navigation."""
    if isinstance(node, list):
        return [pattern for each in node for pattern in _patterns(each)]
    if not isinstance(node, dict):
        return []
    own = [node[key] for key in ("root", "file", "glob") if key in node]
    return own + _patterns(list(node.values()))
