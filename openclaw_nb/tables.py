"""What can be used and what has happened: as tables for notebooks and terminals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from importlib import import_module
from typing import Any

from openclaw_nb.client import Client
from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Kind, Medium, Mode, TaskState
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, one_line, shown
from openclaw_nb.notebook import render, sheet
from openclaw_nb.runtime.jobs import last_job
from openclaw_nb.runtime.rows import Row
from openclaw_nb.standings import Standing, standings, told

_CELL_CHARACTERS = 60
WHOLE_CHARACTERS = 24
"""Cells up to this length stay on one line."""
_CELL = "padding:4px 12px 4px 0;text-align:left;vertical-align:top"


class Line(dict[str, str]):
    """One row of a table, by column name."""

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        first, *others = self.items()
        return sheet.bundle(first[1], dict(others))


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of text under column names: HTML in a notebook, aligned text in a terminal."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""

    def __iter__(self) -> Iterator[Line]:
        return (Line(zip(self.columns, row, strict=True)) for row in self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dataframe(self) -> Any:
        """As a pandas DataFrame; raises ImportError when pandas is not installed."""
        pandas: Any = import_module("pandas")  # optional, so its types are not at hand
        return pandas.DataFrame(list(self.rows), columns=list(self.columns))

    def __repr__(self) -> str:
        shown = [tuple(map(_short, row)) for row in (self.columns, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*shown, strict=True)]
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in shown]
        return "\n".join([one_line(self.caption), *lines] if self.caption else lines)

    def _repr_html_(self) -> str:
        head = "".join(
            f'<th scope="col" style="{_CELL}">{escape(name)}</th>' for name in self.columns
        )
        body = "".join(f"<tr>{''.join(map(_cell, row))}</tr>" for row in self.rows)
        caption = f"<p>{escape(self.caption)}</p>" if self.caption else ""
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        # Wider than a page: it scrolls by itself, from the keyboard too.
        return (
            f'<div class="{render.NO_MATH}">{caption}<div role="region" tabindex="0" aria-label="{escape(self.caption or "table")}"'
            f' style="overflow-x:auto">{table}</div></div>'
        )

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def _cell(text: str) -> str:
    width = "white-space:nowrap" if len(text) <= WHOLE_CHARACTERS else "min-width:11em"
    return f'<td style="{_CELL};{width}">{escape(text)}</td>'


def _short(text: str) -> str:
    cell = one_line(text)
    return cell if len(cell) <= _CELL_CHARACTERS else f"{cell[: _CELL_CHARACTERS - 3]}..."


def providers(client: Client, medium: Medium = Medium.VIDEO) -> Table:
    """Every provider of a medium: what it takes, its limits, and where its key comes from."""
    columns = ("provider", "default model", "from", "references", "configured", "cost", "models")
    found = standings(client.vendors, medium)
    rows = tuple(_provider_row(each, found[each.id]) for each in client.vendors.of(medium))
    return Table(columns, rows)


def _provider_row(provider: AnyProvider, standing: Standing) -> tuple[str, ...]:
    price = provider.default_model.price
    return (
        provider.id,
        provider.default_model.id,
        ", ".join(_source(mode, provider.medium) for mode in provider.caps.modes()),
        _references(provider),
        told(provider, standing),
        price.brief if price else "unknown",
        ", ".join(row.id for row in provider.models),
    )


def _source(mode: Mode, medium: Medium) -> str:
    return mode.words_for(medium).partition("-")[0]


def _references(provider: AnyProvider) -> str:
    """The largest number of references of each kind that any of the provider's models takes."""
    most = dict.fromkeys(Kind, 0)
    for row in provider.models:
        caps = overlay(provider.caps, row.caps)
        for block in filter(None, (caps.block(mode) for mode in caps.modes())):
            for kind in Kind:
                limits: Mapping[str, int] | None = getattr(block, f"max_input_{kind}s_by_model")
                usual: int = getattr(block, f"max_input_{kind}s") or 0
                most[kind] = max(most[kind], (limits or {}).get(row.id, usual))
    return (
        ", ".join(
            f"{count} {kind}{'s' if count > 1 and kind is not Kind.AUDIO else ''}"
            for kind, count in most.items()
            if count
        )
        or "none"
    )


def tasks(client: Client, *, limit: int | None, status: str | None) -> Table:
    """Tasks of this machine, newest first; a caption says when there are more."""
    state = _state(status)
    rows = client.tasks(status=state, limit=limit)
    counts = client.counts()
    count = sum(counts.values()) if state is None else counts.get(state, 0)
    more = f"{len(rows)} of {count} tasks; limit=None lists all" if len(rows) < count else ""
    return of_rows(rows, caption=more)


def of_rows(rows: Sequence[Row], *, caption: str = "") -> Table:
    """Tasks of the ledger as a table, in the order given."""
    columns = ("task", "state", "model", "started", "prompt", "outcome")
    return Table(columns, tuple(map(_task_row, rows)), caption=caption)


def _state(status: str | None) -> TaskState | None:
    if status is not None and status not in set(TaskState):
        raise InvalidInput(
            "status", f"{shown(status)} is no state; there are {', '.join(TaskState)}"
        )
    return TaskState(status) if status is not None else None


def _task_row(row: Row) -> tuple[str, ...]:
    started = datetime.fromtimestamp(row.created_at / 1000, tz=UTC).astimezone()
    finished_by = row.status is TaskState.LOST and last_job(row)
    state = "lost; resume() finishes it" if finished_by else row.status
    ref = f"{row.provider}/{row.model}" if row.provider else ""
    outcome = row.summary or row.error or row.phase
    return (row.id[:8], state, ref, f"{started:%Y-%m-%d %H:%M}", row.prompt, outcome)
