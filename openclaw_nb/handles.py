"""Handles on tasks of the ledger: ended ones, and those that another process carries out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.errors import OpenclawError, TaskCancelled, TaskLost
from openclaw_nb.runtime import loop, records
from openclaw_nb.runtime.jobs import as_it_is, lost_text
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import Row
from openclaw_nb.task import Snapshot, Task

_FOLLOW_SECONDS = 0.5


class Handles:
    """Makes handles from rows, and follows the tasks of other processes."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._following: dict[Future[None], Task] = {}

    def of(self, row: Row) -> Task:
        """A handle on a task: as it ended, or following it to its end."""
        row, request = as_it_is(row), records.request_of(row)
        first = Snapshot(id=row.id, request=request, started_at=row.created_at / 1000)
        task = Task(first, on_cancel=partial(self._ask_owner_to_cancel, row.id))
        task.update(**facts(row))
        if row.status.active:
            self.follow(task)
        else:
            finish(task, row)
        return task

    def follow(self, task: Task) -> Callable[[], None]:
        """Have a handle end as its task does in another process; returns how to cancel the task."""
        future = loop.start(self._follow(task))
        self._following[future] = task
        future.add_done_callback(self._followed)
        return partial(self._ask_owner_to_cancel, task.id)

    @property
    def following(self) -> tuple[Task, ...]:
        """The tasks of other processes whose end is waited for."""
        return tuple(self._following.values())

    def close(self) -> None:
        """Stop following; whoever waits is told so."""
        for future, task in tuple(self._following.items()):
            future.cancel()
            text = f"the client was closed; task {task.id[:8]} goes on in its own process"
            task.finish(TaskLost(text), state=TaskState.LOST, error=text)

    def _followed(self, done: Future[None]) -> None:
        """Nobody waits for ever for a task that cannot be followed."""
        task = self._following.pop(done)
        if not done.cancelled() and (error := done.exception()):
            task.finish(error, state=TaskState.LOST, error=str(error))

    async def _follow(self, task: Task) -> None:
        while True:
            row = await asyncio.to_thread(as_it_is, await self._ledger.find(task.id))
            if not row.status.active:
                finish(task, row)
                return
            task.update(**facts(row))
            await asyncio.sleep(_FOLLOW_SECONDS)

    def _ask_owner_to_cancel(self, id: str) -> None:
        loop.start(self._ledger.ask_to_stop(id))


def finish(task: Task, row: Row) -> None:
    """End a handle as the ledger says the task ended."""
    told = facts(row)
    match row.status:
        case TaskState.SUCCEEDED:
            result = records.result_of(row)
            task.finish(result, **told | {"result": result, "progress": 1.0})
        case TaskState.CANCELLED:
            task.finish(TaskCancelled(row.error or "cancelled"), **told)
        case TaskState.QUEUED | TaskState.RUNNING | TaskState.LOST:
            text = lost_text(row)
            task.finish(TaskLost(text), **told | {"state": TaskState.LOST, "error": text})
        case TaskState.FAILED | TaskState.TIMED_OUT:
            error = OpenclawError(row.error or "failed")
            error.attempts = records.attempts_of(row)
            task.finish(error, **told)


def facts(row: Row) -> dict[str, Any]:
    """What the ledger knows of a task, by field of its snapshot."""
    ref = Ref(row.provider, row.model) if row.provider and row.model else None
    return {
        "state": row.status,
        "phase": row.phase,
        "ref": ref,
        "attempts": records.attempts_of(row),
        "job_id": row.job_id,
        "error": row.error,
        "ended_at": row.ended_at / 1000 if row.ended_at else None,
    }
