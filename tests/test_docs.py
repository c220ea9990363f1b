"""Every provider has a page, and its table says what its rows say."""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from pathlib import Path

import pytest

from openclaw_nb.providers import PROVIDERS

DOCS = Path(__file__).resolve().parent.parent / "docs"
each_provider = pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)


def script(path):
    """The module of a file that is in no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # dataclasses look there
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def tables():
    return script(DOCS / "provider_tables.py")


@pytest.fixture(scope="module")
def scale():
    return script(DOCS.parent / "benchmarks" / "scale.py")


def test_the_tables_of_scale_are_what_the_simulation_says(scale):
    text = scale.PAGE.read_text(encoding="utf-8")
    assert scale.filled(text) == text, "run python benchmarks/scale.py"
    assert all(rows in text for rows in scale.tables().values())


def test_the_simulation_of_scale_is_the_same_each_time(scale):
    assert scale.tables() == scale.tables()


@each_provider
def test_the_table_of_a_providers_page_is_made_from_its_rows(provider, tables):
    text = tables.page(provider).read_text(encoding="utf-8")
    assert tables.filled(text, provider) == text, "run python docs/provider_tables.py"


@each_provider
def test_a_providers_page_tells_its_key_one_line_and_quirks(provider, tables):
    text = tables.page(provider).read_text(encoding="utf-8")
    prose = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    assert [line for line in prose.splitlines() if line.startswith("## ")] == [
        "## Key",
        "## One line",
        "## What it takes",
        "## Quirks",
    ]
    for name in provider.key.env:
        assert f"`{name}`" in text
    code = "\n".join(re.findall(r"```python\n(.*?)```", text, re.DOTALL))
    page = tables.page(provider)
    compile(code, str(page), "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    assert "import openclaw_nb as oc" in code
    assert f"{page.stem}/" in code
    assert f"`{provider.id}`" in text


def test_the_tables_of_images_and_music_are_made_from_their_rows(tables):
    text = tables.OTHER_MEDIA.read_text(encoding="utf-8")
    assert tables.other_media(text) == text, "run python docs/provider_tables.py"


def test_the_table_of_all_providers_is_what_the_rows_say(tables):
    for page in tables.OVERVIEWS:
        text = page.read_text(encoding="utf-8")
        assert tables.overview(page) == text, "run python docs/provider_tables.py"


def test_the_index_links_every_page():
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    for path in (DOCS / "providers").glob("*.md"):
        assert f"(providers/{path.name})" in index


@pytest.mark.parametrize("page", sorted(DOCS.glob("*.md")), ids=lambda page: page.stem)
def test_a_test_that_a_page_names_exists(page):
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8")):
        assert f"def {name}(" in (DOCS.parent / path).read_text(encoding="utf-8"), name


def test_every_promise_names_a_test_that_holds_it():
    page = (DOCS / "reliability.md").read_text(encoding="utf-8")
    promises = re.findall(r"^- .*?(?=\n- |\n\n|\Z)", page, re.MULTILINE | re.DOTALL)
    assert [promise for promise in promises if "`tests/" not in promise] == []
