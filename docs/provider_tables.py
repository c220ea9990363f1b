"""Writes the table of each page in `docs/providers/`, and those of images and music, from the rows.

    python docs/provider_tables.py

A test fails when a page is missing or its table is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.offers import COLUMNS, rows
from openclaw_nb.providers import PROVIDERS, of

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "providers"
OTHER_MEDIA = DOCS / "images-and-music.md"
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
CODE = "`{}`".format


def page(provider: AnyProvider) -> Path:
    """Where the provider's page is; one that shares another's wire is on that one's page."""
    own = PAGES / f"{provider.id}.md"
    return own if own.exists() else PAGES / f"{provider.id.rpartition('-')[0]}.md"


def table(provider: AnyProvider) -> str:
    """The provider's models as a Markdown table; the first is the default."""
    return _table(COLUMNS[provider.medium], rows(provider, CODE))


def _table(columns: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> str:
    rule = ("---",) * len(columns)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (columns, rule, *lines))


def other_media(text: str) -> str:
    """The page of images and music with its tables."""
    for medium in (Medium.IMAGE, Medium.MUSIC):
        begin, end = f"<!-- {medium} table -->", f"<!-- end of {medium} table -->"
        before, _, rest = text.partition(begin)
        lines = [line for provider in of(medium) for line in rows(provider, CODE)]
        text = f"{before}{begin}\n{_table(COLUMNS[medium], lines)}\n{end}{rest.partition(end)[2]}"
    return text


def filled(text: str, provider: AnyProvider) -> str:
    """The page with its table between the two marks."""
    before, _, rest = text.partition(BEGIN)
    _, mark, after = rest.partition(END)
    if not mark:
        raise ValueError(f"{page(provider)} has no {BEGIN} or no {END}")
    return f"{before}{BEGIN}\n{table(provider)}\n{END}{after}"


def main() -> None:
    """Write every page's table."""
    for provider in PROVIDERS:
        path = page(provider)
        path.write_text(filled(path.read_text(encoding="utf-8"), provider), encoding="utf-8")
    text = OTHER_MEDIA.read_text(encoding="utf-8")
    OTHER_MEDIA.write_text(other_media(text), encoding="utf-8")


if __name__ == "__main__":
    main()
