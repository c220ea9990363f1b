"""What a clone must hold: the README's commands, one name per provider, notebooks without outputs."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import nbformat
import pytest

from openclaw_nb.emulator import PROVIDER_IDS
from openclaw_nb.providers import _MODULES, PROVIDERS

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text()
NOTEBOOKS = [
    path for path in (ROOT / "notebooks").rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts
]


def test_the_readme_has_the_two_commands():
    assert "\npip install . && openclaw-nb demo\n" in README
    assert '\npip install -e ".[test]" && pytest\n' in README


def test_ci_calls_exactly_the_readmes_test_command():
    assert '\npip install -e ".[test]" && pytest\n' in (ROOT / ".ci" / "run").read_text()


def test_the_picture_of_the_readme_is_there():
    assert "docs/images/quickstart.png" in README
    assert (ROOT / "docs" / "images" / "quickstart.png").stat().st_size > 10_000


HOMES = [import_module(f"openclaw_nb.providers.{name}") for name in _MODULES]


@pytest.mark.parametrize("home", HOMES, ids=lambda home: home.PROVIDER.id)
@pytest.mark.parametrize(
    "place",
    [
        "docs/providers/{}.md",
        "openclaw_nb/providers/{}.py",
        "openclaw_nb/emulator/services/{}.py",
        "tests/providers/test_{}.py",
        "tests/emulator/test_{}.py",
    ],
)
def test_a_provider_has_one_name_everywhere(home, place):
    name = home.PROVIDER.id if place.startswith("docs/") else home.PROVIDER.id.replace("-", "_")
    assert (ROOT / place.format(name)).is_file()


def test_a_twin_lives_with_the_provider_whose_wire_it_shares_and_is_named_after_it():
    twins = [(home.PROVIDER, twin) for home in HOMES for twin in getattr(home, "TWINS", ())]
    assert {provider.id for provider in PROVIDERS} == {
        *(home.PROVIDER.id for home in HOMES),
        *(twin.id for _, twin in twins),
    }
    for first, twin in twins:
        assert twin.id.startswith(f"{first.id}-")
        assert twin.ticket is first.ticket
        assert f"`{twin.id}`" in (ROOT / "docs" / "providers" / f"{first.id}.md").read_text()


def test_the_emulator_plays_every_provider():
    assert {provider.id for provider in PROVIDERS} <= set(PROVIDER_IDS)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
def test_the_readme_lists_every_provider_with_its_default_model_and_key(provider):
    row = next(line for line in README.splitlines() if line.startswith(f"| `{provider.id}`"))
    assert f"`{provider.default_model.id}`" in row
    assert f"`{provider.key.env[0]}`" in row


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_stored_without_outputs_and_defines_nothing(path):
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert (cell.outputs, cell.execution_count) == ([], None)
            assert not any(line.startswith(("def ", "class ")) for line in cell.source.splitlines())
