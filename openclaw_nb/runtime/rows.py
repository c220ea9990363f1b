"""A task as the ledger holds it, and whether somebody carries it out."""

from __future__ import annotations

import socket
import time
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Json

from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.processes import process_started
from openclaw_nb.runtime.receipts import Receipt

_GRACE_MS = 300_000
"""How long a task of another machine is believed to go on without a word: 5 minutes."""


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Row(BaseModel):
    """One task as the ledger holds it. Times are milliseconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    run_id: str
    kind: str = "video_generation"
    session: str | None = None
    prompt: str
    request: Json[dict[str, Any]]
    request_key: str
    status: TaskState = TaskState.QUEUED
    source: str
    phase: str
    provider: str | None = None
    model: str | None = None
    base_url: str | None = None
    sent: bool = False
    """Set before a submission leaves, cleared when it is known that no job came of it."""
    ticket: Json[dict[str, Any]] | None = None
    job_id: str | None = None
    plan: Json[dict[str, Any]] | None = None
    receipts: Json[tuple[Receipt, ...]] = ()
    """Of jobs that were given up for another model and that may still be at work."""
    attempts: Json[list[dict[str, Any]]]
    files: Json[list[dict[str, Any]]]
    error: str | None = None
    summary: str | None = None
    resumes: str | None = None
    """The task that this one takes up."""
    resumes_ref: str | None = None
    """Which of its jobs."""
    owner_pid: int | None = None
    owner_started: float | None = None
    owner_host: str | None = None
    """The machine of the owner: a state directory may be shared."""
    cancel_requested: bool = False
    notify_policy: str = "silent"
    """Kept for OpenClaw's own commands: silent, done_only or state_changes."""
    created_at: int
    started_at: int | None = None
    last_event_at: int
    ended_at: int | None = None
    cleanup_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What is known of a task when it is made."""

    prompt: str
    request: str
    """JSON."""
    request_key: str
    source: str
    session: str | None
    kind: str = "video_generation"
    resumes: str | None = None
    taken_up: Receipt | None = None
    """The job of that task that this one finishes; its own too from its first moment."""


def owned(row: Row, now: int) -> bool:
    """Whether somebody carries the task out; of another machine only silence tells."""
    if row.owner_pid is not None and row.owner_host not in (None, socket.gethostname()):
        return now - row.last_event_at < _GRACE_MS
    return owner_alive(row)


def owner_alive(row: Row) -> bool:
    """Whether the process that runs the task is still there: same id, same start."""
    if row.owner_pid is None:
        return False
    started = process_started(row.owner_pid)
    if started is None:
        return False
    return row.owner_started is None or abs(started - row.owner_started) < 2.0  # noqa: PLR2004 - clock ticks
