"""Carries a sweep out on the core loop: so many cells at once, each secured once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, fields, replace
from typing import Any

from openclaw_nb import handles
from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import OpenclawError, TaskCancelled, TaskLost
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.records import result_of
from openclaw_nb.runtime.rows import Row
from openclaw_nb.runtime.turns import Turns
from openclaw_nb.sweep.cells import UNSENT, Grid, Outcome, Planned
from openclaw_nb.sweep.executors import Pool
from openclaw_nb.sweep.memory import Step
from openclaw_nb.sweep.records import Record, record_of
from openclaw_nb.sweep.secure import look, secure
from openclaw_nb.sweep.worker import Recipe, secure_there
from openclaw_nb.task import Snapshot, Task

_LOOK_SECONDS = 0.5
_ALL = ""
"""The line that every cell stands in, whatever its provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How many cells are at work at the same time."""

    at_once: int
    per_provider: int


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Other processes that do the work."""

    pool: Pool
    recipe: Recipe


class Run:
    """One sweep at work. Changed on the core thread only."""

    def __init__(
        self, client: Client, grid: Grid, limits: Limits, elsewhere: Elsewhere | None
    ) -> None:
        self._client, self._limits, self._elsewhere = client, limits, elsewhere
        self._turns = Turns()
        self._waiting: dict[int, asyncio.Task[Any]] = {}
        self._inner: dict[int, Task[Any]] = {}
        self._stopped: set[int] = set()
        self._marking: set[asyncio.Future[None]] = set()
        self.grid = grid
        self.tasks = {each.at: self._handle(each) for each in grid.cells if not each.skipped}
        """By cell a handle on it, whichever process is at work."""
        self.records: dict[int, Record] = {}
        """By cell what came of it, when it has ended."""
        self.over: Future[None] = Future()

    def begin(self) -> None:
        """Start the work."""
        loop.start(self._run())

    def cancel(self) -> None:
        """Stop every cell. From any thread."""
        loop.call_soon(self._cancel)

    def _handle(self, planned: Planned) -> Task[Any]:
        first = Snapshot(
            id=f"cell {planned.at}",
            request=planned.cell.request,
            label=planned.varied,
            ref=planned.verdicts[0].ref,
            candidates=len(planned.verdicts),
            phase="waits for its turn in the sweep",
        )
        return Task(first, on_cancel=lambda: loop.call_soon(lambda: self._stop(planned.at)))

    def _cancel(self) -> None:
        for at in self.tasks:
            self._stop(at)

    def _stop(self, at: int) -> None:
        """Stop a cell, however far it has come; what is on its way looks whether it was stopped."""
        if at in self._stopped or at in self.records:
            return
        self._stopped.add(at)
        if waiting := self._waiting.pop(at, None):
            waiting.cancel()
        elif inner := self._inner.get(at):
            inner.cancel()
        elif self._elsewhere:
            mark = self._elsewhere.recipe.stop_mark(self.grid.cells[at].cell)
            self._marking.add(asyncio.ensure_future(self._client.ledger.put_mark(mark)))

    async def _run(self) -> None:
        following = asyncio.create_task(self._follow()) if self._elsewhere else None
        try:
            async with asyncio.TaskGroup() as group:
                for each in self.grid.cells:
                    group.create_task(self._cell(each))
        except BaseException as error:
            if not self.over.done():
                self.over.set_exception(error)
            raise
        else:
            self.over.set_result(None)
        finally:
            if following:
                following.cancel()

    async def _cell(self, planned: Planned) -> None:
        outcome = Outcome(state=None, error=planned.skipped)
        if not planned.skipped:
            outcome = await self._ended(planned)
        self.records[planned.at] = await asyncio.to_thread(record_of, planned, outcome)
        if task := self.tasks.get(planned.at):
            _finish(task, outcome)

    async def _ended(self, planned: Planned) -> Outcome:
        """How the cell ended; nothing that goes wrong with it stops the others."""
        try:
            return await self._secured(planned)
        except asyncio.CancelledError:
            if planned.at not in self._stopped:
                raise
            return UNSENT
        except TaskLost as error:
            return Outcome(state=TaskState.LOST, error=str(error))
        except OpenclawError as error:
            return Outcome(state=TaskState.FAILED, error=str(error))
        except Exception as error:  # noqa: BLE001 - an executor may raise whatever it likes
            why = f"its worker did not end it ({type(error).__name__}: {error})"
            return Outcome(
                state=TaskState.LOST, error=f"{why}; the same call takes the sweep up again"
            )

    async def _secured(self, planned: Planned) -> Outcome:
        known = await look(self._client, planned.cell)
        async with AsyncExitStack() as turn:
            if known.step in (Step.RESUME, Step.SUBMIT) or self._elsewhere:
                await self._take_turn(planned, turn, ahead=known.step is Step.RESUME)
            if self._elsewhere and known.step is not Step.TAKE:
                return await self._elsewhere_secured(planned, self._elsewhere)
            return await secure(self._client, planned.cell, self._shown_by(planned.at))

    async def _take_turn(self, planned: Planned, turn: AsyncExitStack, *, ahead: bool) -> None:
        """Wait for a place at the provider, then for one in the whole."""
        current = asyncio.current_task()
        assert current is not None
        self._waiting[planned.at] = current
        for line, most in (
            (planned.provider, self._limits.per_provider),
            (_ALL, self._limits.at_once),
        ):
            place = self._turns.take(line, most, ahead=ahead, waiting=_silently)
            await turn.enter_async_context(place)
        await asyncio.sleep(0)  # a cancellation that came meanwhile takes effect here
        self._waiting.pop(planned.at, None)

    def _shown_by(self, at: int) -> Callable[[Task[Any]], None]:
        """Show through the cell's handle what the task at work on it says."""
        outer = self.tasks[at]

        def begun(inner: Task[Any]) -> None:
            self._inner[at] = inner
            inner.watch(lambda now: outer.update(**_at_work(now)))
            outer.update(**_at_work(inner.snapshot))
            if at in self._stopped:
                inner.cancel()

        return begun

    async def _elsewhere_secured(self, planned: Planned, elsewhere: Elsewhere) -> Outcome:
        submit = elsewhere.pool.submit
        future = await asyncio.to_thread(submit, secure_there, elsewhere.recipe, planned.cell)
        found: Outcome = await asyncio.wrap_future(future)
        if found.state is not TaskState.SUCCEEDED or found.task_id is None:
            return found
        row = await self._client.ledger.find(found.task_id)
        return replace(found, result=await asyncio.to_thread(result_of, row))

    async def _follow(self) -> None:
        """Show what other processes write into the ledger, and have them stop."""
        by_key = {each.cell.key: each.at for each in self.grid.cells}
        while True:
            with suppress(OpenclawError):
                for row in await self._client.ledger.active(self.grid.session):
                    await self._tell(row, by_key.get(row.request_key))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _tell(self, row: Row, at: int | None) -> None:
        if at is None or at not in self.tasks:
            return
        started = row.created_at / 1000
        self.tasks[at].update(id=row.id, started_at=started, **handles.facts(row))
        if at in self._stopped:
            await self._client.ledger.ask_to_stop(row.id)


async def _silently(_why: str) -> None:
    """The handle says already that the cell waits."""


def _at_work(now: Snapshot) -> dict[str, Any]:
    """What a handle shows of the task at work; that it has ended is told when the cell has."""
    own = ("request", "label")
    seen = {each.name: getattr(now, each.name) for each in fields(now) if each.name not in own}
    return seen if now.state.active else {"id": now.id, "attempts": now.attempts}


def _finish(task: Task[Any], outcome: Outcome) -> None:
    """End a cell's handle."""
    ended = {"error": outcome.error or None, "ended_at": time.time()}
    told: dict[str, Any] = {"state": outcome.state, **ended}
    if outcome.task_id:
        told["id"] = outcome.task_id
    if outcome.result is not None:
        made = outcome.result
        task.finish(made, **told, result=made, ref=made.ref, progress=1.0, phase="done")
    elif outcome.state is TaskState.CANCELLED:
        task.finish(TaskCancelled(outcome.error), **told, phase="cancelled")
    elif outcome.state is TaskState.LOST:
        task.finish(TaskLost(outcome.error), **told, phase="lost")
    else:
        task.finish(OpenclawError(outcome.error), **told, phase="failed")
