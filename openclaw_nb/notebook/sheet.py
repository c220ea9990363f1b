"""A few facts under a title: how the package's own objects show themselves. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from openclaw_nb.notebook import render


def bundle(title: str, facts: Mapping[str, str]) -> dict[str, str]:
    """The facts for every kind of frontend."""
    return {"text/html": html(title, facts), "text/plain": text(title, facts)}


def html(title: str, facts: Mapping[str, str]) -> str:
    """A card with a line for each fact; facts may have several lines."""
    return render.card(inner(title, facts))


def inner(title: str, facts: Mapping[str, str]) -> str:
    """What is in the card."""
    # Rows of `div`: JupyterLab has rules of its own for lists of definitions.
    rows = "".join(
        f'<div style="opacity:.85">{escape(name)}</div>'
        f'<div style="overflow-wrap:anywhere;white-space:pre-line">{escape(value)}</div>'
        for name, value in facts.items()
    )
    style = "display:grid;grid-template-columns:max-content minmax(0,1fr);gap:3px 18px"
    title = f"<strong>{escape(title)}</strong>"
    return f'{title}<div style="{style};margin:8px 0 0">{rows}</div>'


def text(title: str, facts: Mapping[str, str]) -> str:
    """The title, then `name  value` by line."""
    width = max(map(len, facts), default=0)
    lines = (
        f"  {name.ljust(width)}  {value}".replace("\n", "\n" + " " * (width + 4))
        for name, value in facts.items()
    )
    return "\n".join([title, *lines])
