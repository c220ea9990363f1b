"""The scripts and styles of comparisons and galleries; they need no build step."""

from __future__ import annotations

from enum import StrEnum
from functools import cache
from pathlib import Path

_HERE = Path(__file__).parent


class View(StrEnum):
    """What can be shown; the names of the scripts' classes."""

    COMPARISON = "Comparison"
    GALLERY = "Gallery"


_SCRIPTS = {
    View.COMPARISON: ("dom.js", "clock.js", "tile.js", "difference.js", "comparison.js"),
    View.GALLERY: ("dom.js", "tile.js", "gallery.js"),
}


def script(view: View, *more: str) -> str:
    """Everything that a view needs, as one script."""
    return _read(*_SCRIPTS[view], *more)


def style(*names: str) -> str:
    """Style sheets, one after the other."""
    return _read(*names)


@cache
def _read(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)
