"""What the ledger knows of a cell, and what is to be done about it. Decided from rows, without I/O."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum

from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.jobs import last_job, unreceipted
from openclaw_nb.runtime.records import attempts_of, files_of
from openclaw_nb.runtime.rows import Row, owned


class Step(StrEnum):
    """What is to be done about a cell."""

    TAKE = "taken"
    """It has ended: its task says how."""
    JOIN = "joined"
    """Somebody is at work on it: wait."""
    RESUME = "resumed"
    """Its job has a receipt and nobody asks for it."""
    SUBMIT = "submitted"
    """Nothing was made and nothing can have been paid."""


@dataclass(frozen=True, slots=True)
class Decision:
    """A step, the task it is about, and the tasks that were judged on the way to it."""

    step: Step
    row: Row | None = None
    seen: frozenset[str] = frozenset()


def decide(rows: Sequence[Row], forgiven: Collection[str], now: int) -> Decision:
    """What is to be done about a cell, from its tasks, newest first.

    What was seen here cannot change: ended tasks stay ended, and a dead owner does not come back.
    A task that is not in `seen` came later, and has to be judged first.
    """
    left = [row for row in rows if row.id not in forgiven]
    passed_on = {row.resumes for row in rows}
    last = [row for row in left if row.id not in passed_on]
    for step, found in (
        (Step.TAKE, [row for row in left if row.status is TaskState.SUCCEEDED]),
        (Step.JOIN, [row for row in left if row.status.active and owned(row, now)]),
        (Step.RESUME, [row for row in last if _resumable(row)]),
        (Step.TAKE, [row for row in last if unreceipted(row) or not _lost(row)]),
    ):
        if found:
            return Decision(step, found[0])
    return Decision(Step.SUBMIT, seen=frozenset(forgiven) | {row.id for row in left})


def forgiven(
    rows: Sequence[Row],
    *,
    retry_failed: bool,
    retry_lost: bool,
    reachable: Callable[[Row], bool],
    now: int,
) -> frozenset[str]:
    """The tasks of a cell that do not keep a new run from making it.

    Args:
        rows: The tasks of one request in one session.
        retry_failed: Those that failed though a job was made, or that the user cancelled.
        retry_lost: Those that may have been submitted, and of which nothing is known.
        reachable: Whether a task's job can be taken up from here.
        now: Milliseconds since the epoch.
    """

    def over(row: Row) -> bool:
        if row.status.active and owned(row, now):
            return False
        if row.status is TaskState.SUCCEEDED:
            return _files_gone(row)
        if _resumable(row):
            return retry_lost and not reachable(row)
        if row.status is not TaskState.CANCELLED and unreceipted(row):
            return retry_lost
        return retry_failed or _cost_nothing(row)

    return frozenset(row.id for row in rows if over(row))


def _lost(row: Row) -> bool:
    return row.status is TaskState.LOST or row.status.active


def _resumable(row: Row) -> bool:
    """Whether its job may go on at the provider, or have ended well there, and can be asked after."""
    if last_job(row) is None:
        return False
    gave_up = row.status in (TaskState.FAILED, TaskState.TIMED_OUT)
    return _lost(row) or (gave_up and any(each.may_exist for each in attempts_of(row)))


def _cost_nothing(row: Row) -> bool:
    """Whether no job came of it."""
    return not (row.sent or row.ticket or row.receipts or unreceipted(row))


def _files_gone(row: Row) -> bool:
    return any(file.path is not None and not file.path.exists() for file in files_of(row))
