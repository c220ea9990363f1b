"""One combination of a sweep, and how it ended: plain values that travel between processes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from openclaw_nb.core.domain import Request, TaskState
from openclaw_nb.forecast import Verdict
from openclaw_nb.runtime.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A request that is made once, whichever process comes to it: all that a worker needs."""

    request: Request
    session: str
    """Of the whole sweep."""
    key: str
    """Of the request, within the session."""
    exact: bool
    """Only the request's own model is tried."""
    forgiven: frozenset[str] = frozenset()
    """Tasks that ended without a clip before this run, and that do not count any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a cell ended."""

    state: TaskState | None
    """None: it was not sent."""
    task_id: str | None = None
    error: str = ""
    """Why there is no clip."""
    failure: str = ""
    """The class of the failure; empty when it says nothing of the account or the service."""
    how: str = ""
    """taken, joined, resumed or submitted."""
    result: Result | None = None


UNSENT = Outcome(state=TaskState.CANCELLED, error="cancelled before it was sent")
"""Of a cell that was stopped while it waited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One combination, as it was worked out before anything was sent."""

    at: int
    """Its place in the grid, from 0."""
    label: str
    """The model, and what else tells it from the others."""
    varied: str
    """What tells it from the others with this model; empty when nothing else varies."""
    asked: Mapping[str, Any]
    """The keywords, references as texts."""
    repeat: int
    """From 1."""
    cell: Cell
    verdicts: tuple[Verdict, ...]
    """What would become of each candidate."""
    skipped: str = ""
    """Why nothing is sent."""

    @property
    def provider(self) -> str:
        """Of the model asked for."""
        return self.verdicts[0].ref.provider

    @property
    def model(self) -> str:
        """The model asked for, without the provider."""
        return self.verdicts[0].ref.model


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A whole sweep, worked out."""

    session: str
    cells: tuple[Planned, ...]
    axes: tuple[str, ...] = field(default_factory=tuple)
    """The keywords that vary."""
