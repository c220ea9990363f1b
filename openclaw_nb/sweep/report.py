"""A sweep as one HTML file: what came of it in tables, then every clip."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from openclaw_nb.notebook import page
from openclaw_nb.notebook.items import read_items
from openclaw_nb.notebook.web import View
from openclaw_nb.tables import WHOLE_CHARACTERS, Table

if TYPE_CHECKING:
    from openclaw_nb.sweep.results import Results


def save(results: Results, path: Path, *, title: str, max_bytes: int) -> Path:
    """Write the page and return where it is; see `Results.report`."""
    shown = [each for each in results.passed if each.result is not None and each.result.paths]
    labelled = {each.planned.label: each.result for each in shown}
    items = read_items([labelled]) if labelled else ()
    intro = _section("By model", results.by_model) + _section("Every combination", results.table)
    return page.save(path, View.GALLERY, items, title=title, max_bytes=max_bytes, intro=intro)


def _section(heading: str, table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.columns)
    body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in table.rows)
    caption = f"<p>{escape(table.caption)}</p>" if table.caption else ""
    return (
        f"<section><h2>{escape(heading)}</h2>{caption}"
        f'<div class="ocl-scroll" role="region" tabindex="0" aria-label="{escape(heading)}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div></section>"
    )


def _cell(text: str) -> str:
    whole = ' class="ocl-whole"' if len(text) <= WHOLE_CHARACTERS else ""
    return f"<td{whole}>{escape(text)}</td>"
