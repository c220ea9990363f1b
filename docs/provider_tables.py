"""Writes the tables of providers and models from the providers' rows.

The table of all providers is in the README and on `docs/providers.md`; each provider has one of its
models on its page in `docs/providers/`; images and music have theirs.

    python docs/provider_tables.py

A test fails when a page is missing or its table is not what this makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from openclaw_nb.core.capabilities import Model, overlay
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.offers import COLUMNS, rows
from openclaw_nb.providers import PROVIDERS, of

DOCS = Path(__file__).resolve().parent
PAGES = DOCS / "providers"
OTHER_MEDIA = DOCS / "images-and-music.md"
OVERVIEWS = (DOCS.parent / "README.md", DOCS / "providers.md")
BEGIN, END = "<!-- table -->", "<!-- end of table -->"
ALL_BEGIN, ALL_END = "<!-- providers -->", "<!-- end of providers -->"
OVERVIEW_COLUMNS = ("Id", "Default model", "Text", "Image", "Video", "Key")
_SHOWN_MODES = (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
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


def overview(path: Path) -> str:
    """A page that lists all providers, with its table."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(ALL_BEGIN)
    rows = [_overview_row(provider, path.parent) for provider in PROVIDERS]
    made = _table(OVERVIEW_COLUMNS, rows)
    return f"{before}{ALL_BEGIN}\n{made}\n{ALL_END}{rest.partition(ALL_END)[2]}"


def _overview_row(provider: AnyProvider, folder: Path) -> tuple[str, ...]:
    default, own_page = provider.default_model, page(provider).relative_to(folder).as_posix()
    made_from = {mode for model in provider.models for mode in _modes(provider, model)}
    keys = ", ".join(f"`{name}`" for name in provider.key.env)
    return (
        f"`{provider.id}`",
        f"[`{default.id}`]({own_page})",
        *("✓" if mode in made_from else "-" for mode in _SHOWN_MODES),
        f"none on your own server; cloud: {keys}" if provider.keyless else keys,
    )


def _modes(provider: AnyProvider, model: Model) -> Iterable[Mode]:
    return model.modes or overlay(provider.caps, model.caps).modes()


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
    for path in OVERVIEWS:
        path.write_text(overview(path), encoding="utf-8")


if __name__ == "__main__":
    main()
