"""Secures one cell: takes what is there, waits, takes up, or submits. In every process the same.

It may run any number of times for a cell, at once or one after the other: the ledger decides in
one step which of them submits, and the others take what that one makes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import OpenclawError, TaskLost
from openclaw_nb.live import verdicts
from openclaw_nb.runtime.jobs import as_lost
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.records import attempts_of, result_of
from openclaw_nb.runtime.rows import Row, now_ms
from openclaw_nb.sweep.cells import Cell, Outcome
from openclaw_nb.sweep.memory import Decision, Step, decide
from openclaw_nb.task import Task


async def secure(client: Client, cell: Cell, begun: Callable[[Task[Any]], object]) -> Outcome:
    """Have the cell made, once. On the core loop; `begun` gets the handle that is waited for.

    Raises:
        OpenclawError: it cannot be tried at all; nothing was sent.
    """
    how = Step.TAKE
    while True:
        decision = await look(client, cell)
        if decision.step is Step.TAKE and decision.row is not None:
            return replace(outcome_of(decision.row), how=how.value)
        if client.closed:
            raise TaskLost("the client was closed; the same call takes the sweep up")
        task = await asyncio.to_thread(_handle, client, cell, decision)
        if task is None:
            continue  # another process came first
        how = decision.step
        begun(task)
        with suppress(OpenclawError):
            await task
        if task.state is not TaskState.LOST:
            return replace(_outcome(task), how=how.value)


async def look(client: Client, cell: Cell) -> Decision:
    """What is to be done about the cell now."""
    rows = await client.ledger.of_request(cell.session, cell.key)
    return await asyncio.to_thread(decide, rows, cell.forgiven, now_ms())


def _handle(client: Client, cell: Cell, decision: Decision) -> Task[Any] | None:
    """Begin what was decided; None when the ledger has changed meanwhile."""
    if decision.row is None:
        entered = client.enter(
            cell.request,
            exact=cell.exact,
            session=cell.session,
            guard=Guard.CELL,
            key=cell.key,
            seen=decision.seen,
        )
        return None if isinstance(entered, Row) else client.begin(entered)
    if decision.step is Step.RESUME:
        return client.resume(decision.row.id, session=cell.session)
    return client.task(decision.row.id)


def outcome_of(row: Row) -> Outcome:
    """How a task of the ledger ended."""
    if row.status is TaskState.SUCCEEDED:
        return Outcome(state=row.status, task_id=row.id, result=result_of(row))
    told = as_lost(row) if row.status.active or row.status is TaskState.LOST else row
    attempts = attempts_of(row)
    return Outcome(
        state=told.status,
        task_id=row.id,
        error=told.error or "",
        failure=str((attempts and verdicts.drift_of(attempts[-1])) or ""),
    )


def _outcome(task: Task[Any]) -> Outcome:
    """How a handle ended: also where the ledger could not be told."""
    now = task.snapshot
    drift = verdicts.drift_of(now.attempts[-1]) if now.attempts else None
    return Outcome(
        state=now.state,
        task_id=now.id,
        error="" if now.result else now.error or "",
        failure="" if now.result else str(drift or ""),
        result=now.result,
    )
