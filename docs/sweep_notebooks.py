"""Writes `notebooks/sweeps/`: a page for each provider that runs, from the providers' own rows.

    python docs/sweep_notebooks.py [--check]

With `--check` nothing is written, and the exit code is 1 when a notebook is not what this makes. A
test does the same.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import nbformat
from nbformat import v4

from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.live.notebooks import stem
from openclaw_nb.providers import PROVIDERS, of

ROOT = Path(__file__).resolve().parent.parent
SWEEPS = ROOT / "notebooks" / "sweeps"
_METADATA = {
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
_WHAT = {Medium.VIDEO: "clip", Medium.IMAGE: "picture", Medium.MUSIC: "track"}
_ABOUT = {
    Mode.GENERATE: "From the prompt alone.",
    Mode.IMAGE_TO_VIDEO: "A picture made on the spot is the first frame.",
    Mode.VIDEO_TO_VIDEO: "The clip made above is the reference.",
    Mode.EDIT: "A picture made on the spot is changed.",
}


def every() -> Iterator[AnyProvider]:
    """Those that have a notebook: every row of video, and of the other media."""
    yield from PROVIDERS
    yield from (*of(Medium.IMAGE), *of(Medium.MUSIC))


def place(provider: AnyProvider) -> Path:
    """Where a provider's notebook is."""
    return SWEEPS / f"{stem(provider.medium, provider.id)}.ipynb"


def text(provider: AnyProvider) -> str:
    """The notebook, as it is stored."""
    cells = [cell(f"cell-{at:02}", source) for at, (cell, source) in enumerate(_cells(provider))]
    notebook = v4.new_notebook(cells=cells, metadata=_METADATA)
    return f"{nbformat.writes(notebook)}\n"


def _markdown(id: str, source: str) -> Any:
    return v4.new_markdown_cell(source, id=id)


def _code(id: str, source: str) -> Any:
    return v4.new_code_cell(source, id=id)


def _cells(provider: AnyProvider) -> Iterator[tuple[Any, str]]:
    medium = provider.medium
    other = "" if medium is Medium.VIDEO else f', medium="{medium}"'
    yield _markdown, _head(provider)
    yield (
        _code,
        (
            "import openclaw_nb as oc\n\n"
            "oc.emulate()\n"
            f'trial = oc.try_out("{provider.id}"{other})  # OPENCLAW_LIVE_TEST=1 asks {_name(provider)} itself\n'
            "trial"
        ),
    )
    yield _markdown, "## What it takes\n\nThe first model is the default."
    yield _code, "trial.models"
    yield _markdown, "## The plan\n\nWhat will be sent. Nothing has been sent yet."
    yield _code, "trial.plan()"
    for mode in provider.caps.modes():
        words = mode.words_for(medium)
        yield _markdown, f"## {words[0].upper()}{words[1:].replace('-', ' ')}\n\n{_ABOUT[mode]}"
        yield _code, f'await trial.run("{mode}")'
    yield (
        _markdown,
        (
            "## What came\n\nWhat was skipped says why; what failed ends this notebook with an error."
        ),
    )
    yield _code, "trial"
    yield _code, "trial.check()"


def _head(provider: AnyProvider) -> str:
    what = _WHAT[provider.medium]
    keys = " or ".join(f"`{name}`" for name in provider.key.env)
    key = "no key" if provider.keyless else f"the key {keys}"
    makes = "" if provider.medium is Medium.VIDEO else f", {provider.medium}"
    return (
        f"# {_name(provider)}{makes}\n\n"
        f"One small {what} in each mode, and each file is read to see that it is what was asked for: "
        "its type, length, size and sound. Here the emulator answers, without a key; what it makes "
        f"is marked EMULATED. With `OPENCLAW_LIVE_TEST=1` and {key} the same cells ask "
        f"{_name(provider)}, which costs money."
    )


def _name(provider: AnyProvider) -> str:
    twins = [each.id for each in of(provider.medium) if each.label == provider.label]
    return f"{provider.label} (`{provider.id}`)" if len(twins) > 1 else provider.label


def main(arguments: Sequence[str]) -> int:
    """Write every notebook, or say which are not up to date."""
    made = {place(provider): text(provider) for provider in every()}
    if list(arguments) == ["--check"]:
        old = [path for path, wanted in made.items() if not _is(path, wanted)]
        print("\n".join(f"{path.name} is not up to date" for path in old))
        return 1 if old else 0
    SWEEPS.mkdir(exist_ok=True)
    for path, wanted in made.items():
        path.write_text(wanted, encoding="utf-8")
    return 0


def _is(path: Path, wanted: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == wanted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
