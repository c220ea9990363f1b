"""Which tasks are lost, which are old, and what looks wrong: decided from rows, without touching them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.jobs import lost_brief
from openclaw_nb.runtime.rows import Row, owned

_MINUTE_MS = 60_000
_STALE_QUEUED_MS = 10 * _MINUTE_MS
_STALE_RUNNING_MS = 30 * _MINUTE_MS


@dataclass(frozen=True, slots=True)
class Upkeep:
    """What maintenance would do, or did."""

    lost: tuple[Row, ...]
    """Active tasks that nobody carries out."""
    expired: tuple[Row, ...]
    """Ended tasks that were kept long enough; their media stay."""
    leftovers: tuple[Path, ...] = ()
    """Temporary files of downloads whose process is gone."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that looks wrong with a task."""

    severity: Literal["error", "warn"]
    code: str
    row: Row
    age_ms: int
    detail: str


def due(rows: Sequence[Row], now: int) -> Upkeep:
    """What is to be done at the moment `now`, in milliseconds since the epoch."""
    return Upkeep(
        lost=tuple(row for row in rows if row.status.active and not owned(row, now)),
        expired=tuple(row for row in rows if row.cleanup_after and row.cleanup_after <= now),
    )


def audit(rows: Sequence[Row], now: int) -> list[Finding]:
    """Every finding, errors first, each task's together."""
    found = [finding for row in rows for finding in _findings(row, now)]
    return sorted(found, key=lambda finding: finding.severity)


def _findings(row: Row, now: int) -> Iterator[Finding]:
    age = max(0, now - row.last_event_at)

    def finding(severity: Literal["error", "warn"], code: str, detail: str) -> Finding:
        return Finding(severity, code, row, age, detail)

    if row.status is TaskState.QUEUED and age >= _STALE_QUEUED_MS:
        yield finding("warn", "stale_queued", "queued for ten minutes or more")
    if row.status is TaskState.RUNNING and age >= _STALE_RUNNING_MS:
        yield finding("error", "stale_running", "no event for half an hour or more")
    if row.status is TaskState.LOST:
        kept = row.cleanup_after is not None and row.cleanup_after > now
        yield finding("warn" if kept else "error", "lost", lost_brief(row))
    if not row.status.active and row.status is not TaskState.LOST and row.cleanup_after is None:
        yield finding("warn", "missing_cleanup", "it has ended and is kept for ever")
    if why := _inconsistent(row):
        yield finding("warn", "inconsistent_timestamps", why)


def _inconsistent(row: Row) -> str:
    if row.started_at is not None and row.started_at < row.created_at:
        return "it started before it was made"
    if row.ended_at is not None and row.ended_at < (row.started_at or row.created_at):
        return "it ended before it started"
    if row.status.active and row.ended_at is not None:
        return "it has an end and is still active"
    return ""
