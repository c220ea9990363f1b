"""The tasks that one client carries out: begun, cancelled from anywhere, ended, or left to the ledger."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from openclaw_nb import handles
from openclaw_nb.core.domain import Medium, TaskState
from openclaw_nb.errors import OpenclawError, TaskCancelled
from openclaw_nb.runtime import loop, records
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.engine import Engine, Run
from openclaw_nb.runtime.generate import Order, Runner
from openclaw_nb.runtime.jobs import as_lost
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.results import Result
from openclaw_nb.runtime.rows import Row, now_ms
from openclaw_nb.runtime.store import Store
from openclaw_nb.runtime.transport import Transport
from openclaw_nb.runtime.upkeep import Upkeep, due
from openclaw_nb.task import Snapshot, Task
from openclaw_nb.vendors import Vendors

_HEED_SECONDS = 0.5
_ALIVE_SECONDS = 60.0
_PATIENCE_SECONDS = 5.0
_LOOK_SECONDS = 0.1


@dataclass(slots=True, eq=False)
class _Job:
    """A task at work. Changed on the core thread only."""

    order: Order
    task: Task
    resumed: tuple[Row, Applied] | None
    active: list[Run] = field(default_factory=list[Run])
    work: asyncio.Task[None] | None = None
    """None before it begins and when its outcome is known."""
    cancelled: bool = False
    marking: asyncio.Task[None] | None = None
    """Writes down that it is to be cancelled."""

    def stop(self) -> None:
        """Cancel, once: a second cancellation would interrupt the clearing up after the first."""
        if not self.cancelled:
            self.cancelled = True
            if self.work is not None:
                self.work.cancel()

    def leave(self) -> None:
        """Stop working, and leave the job to the ledger and the provider."""
        if self.work is not None and not self.cancelled:
            self.work.cancel()


class Work:
    """Carries out orders on the core loop."""

    def __init__(
        self,
        vendors: Vendors,
        ledger: Ledger,
        stores: Mapping[Medium, Store],
        clock: Clock,
        sweep_seconds: float,
    ) -> None:
        self._vendors, self._ledger, self._stores, self._clock = vendors, ledger, stores, clock
        self._sweep_seconds = sweep_seconds
        self._sweeping: asyncio.Task[None] | None = None
        self._heeding: asyncio.Task[None] | None = None
        self._runner: Runner | None = None
        self._jobs: set[_Job] = set()
        self._closed = False

    def begin(self, order: Order, resumed: tuple[Row, Applied] | None = None) -> Task:
        """The handle of a task that is begun now. `resumed`: the task it takes up, and its plan."""
        first = Snapshot(
            id=order.id,
            request=order.request,
            candidates=len(order.candidates.refs),
            ref=order.candidates.refs[0],
            notices=order.candidates.notices,
        )
        task = Task(first, on_cancel=lambda: loop.call_soon(lambda: self._stop(job)))
        job = _Job(order, task, resumed)
        loop.start(self._carry(job))
        return task

    def _stop(self, job: _Job) -> None:
        """Cancel a job of ours. From now on it blocks no other task, however long stopping takes."""
        if not job.cancelled:
            job.stop()
            job.marking = asyncio.ensure_future(self._mark(job.order.id))

    async def _mark(self, id: str) -> None:
        with suppress(OpenclawError):
            await self._ledger.ask_to_stop(id)

    async def cancel(self, lookup: str) -> tuple[Row, bool]:
        """Have a task stopped, whoever runs it; its owner gets 5 s to do so.

        Returns the row as it is then, and whether the task had not ended before.
        """
        found = await self._ledger.find(lookup)
        row, active = await self._ledger.ask_to_stop(found.id)
        if active and row.ticket and not row.status.active:
            await self._open().cancel(row)
        end = time.monotonic() + _PATIENCE_SECONDS
        while row.status.active and time.monotonic() < end:
            await asyncio.sleep(_LOOK_SECONDS)
            row = await self._ledger.find(row.id)
        return row, active

    def _leftovers(self) -> tuple[Path, ...]:
        stores = {store.directory: store for store in self._stores.values()}
        return tuple(path for store in stores.values() for path in store.leftovers())

    async def maintain(self, *, apply: bool) -> Upkeep:
        """Mark lost tasks, forget old ones, delete what downloads left; or only say which."""
        rows = await self._ledger.to_look_after()
        found = await asyncio.to_thread(due, rows, now_ms())
        found = replace(found, leftovers=await asyncio.to_thread(self._leftovers))
        if apply and found.lost:
            await self._ledger.mark_lost([as_lost(row) for row in found.lost])
        if apply and found.expired:
            await self._ledger.remove(found.expired)
        if apply:
            await asyncio.to_thread(Store.remove, found.leftovers)
        return found

    async def _sweep(self) -> None:
        while True:
            with suppress(OpenclawError):
                await self.maintain(apply=True)
            await asyncio.sleep(self._sweep_seconds)

    async def close(self) -> None:
        """Leave what is at work, end its handles with TaskLost, and close connections."""
        self._closed = True
        for routine in filter(None, (self._sweeping, self._heeding)):
            routine.cancel()
        working = [job.work for job in self._jobs if job.work is not None]
        for job in self._jobs:
            job.leave()
        if working:
            await asyncio.wait(working)
        if self._runner is not None:
            await self._runner.engine.transport.close()
            self._runner = None

    async def _carry(self, job: _Job) -> None:
        """A task from its beginning to its end, or to the end of this client."""
        job.work = asyncio.current_task()
        self._jobs.add(job)
        self._sweeping = self._sweeping or asyncio.create_task(self._sweep())
        if self._heeding is None or self._heeding.done():
            self._heeding = asyncio.create_task(self._heed())
        try:
            if job.cancelled and job.work is not None:  # takes effect at the first await
                job.work.cancel()
            result = await self._run(job)
        except asyncio.CancelledError:
            if not job.cancelled:
                await self._left(job)
                raise
            await self._cancelled(job)
        except OpenclawError as error:
            job.work = None
            await self._failed(job, error)
        else:
            _succeeded(job.task, result)
        finally:
            self._jobs.discard(job)

    async def _heed(self) -> None:
        """While there are jobs: see which of them another process wants stopped; give signs of life."""
        spoken = time.monotonic()
        while self._jobs:
            await asyncio.sleep(_HEED_SECONDS)
            with suppress(OpenclawError):
                asked = set(await self._ledger.asked_to_stop())
                for job in [job for job in self._jobs if job.order.id in asked]:
                    job.stop()
                if time.monotonic() - spoken >= _ALIVE_SECONDS:
                    spoken = time.monotonic()
                    await self._ledger.touch([job.order.id for job in self._jobs])

    async def _run(self, job: _Job) -> Result:
        runner = self._open()
        if job.resumed is None:
            return await runner.run(job.order, job.task, job.active)
        row, applied = job.resumed
        return await runner.resume(job.order, job.task, job.active, row.ticket, applied)

    def _open(self) -> Runner:
        """Connections are made on the core loop, when the first task needs them."""
        if self._runner is None:
            transport = Transport(self._clock)
            engine = Engine(transport, self._clock)
            deliveries = {m: Delivery(transport, store) for m, store in self._stores.items()}
            self._runner = Runner(engine, deliveries, self._ledger, self._vendors)
        return self._runner

    async def _left(self, job: _Job) -> None:
        """Nobody owns the task now: the ledger has what finishes the job elsewhere."""
        with suppress(OpenclawError):
            await self._ledger.update(job.order.id, owner_pid=None)
            if self._closed:
                handles.finish(job.task, await self._ledger.find(job.order.id))

    async def _failed(self, job: _Job, error: OpenclawError) -> None:
        state, text = TaskState.FAILED, str(error)
        attempts = records.attempts_json(error.attempts)
        await self._end_row(job, state, error=text, phase="failed", attempts=attempts)
        job.task.finish(
            error,
            state=state,
            phase="failed",
            error=text,
            attempts=error.attempts,
            ended_at=time.time(),
        )

    async def _cancelled(self, job: _Job) -> None:
        state, text = TaskState.CANCELLED, "cancelled by the user"
        await self._end_row(job, state, error=text, phase="cancelled")
        outcome = TaskCancelled(f"task {job.order.id[:8]} was {text}")
        job.task.finish(outcome, state=state, phase="cancelled", error=text, ended_at=time.time())
        for run in job.active:
            await self._open().engine.cancel(run)

    async def _end_row(self, job: _Job, state: TaskState, **columns: object) -> None:
        id = job.order.id
        try:
            await self._ledger.end(id, state, **columns)
        except OpenclawError:
            LOG.exception("task %s ended as %s; the ledger does not know it", id[:8], state)


def _succeeded(task: Task, result: Result) -> None:
    task.finish(
        result,
        state=TaskState.SUCCEEDED,
        phase="done",
        progress=1.0,
        ref=result.ref,
        result=result,
        ended_at=time.time(),
        notices=tuple(dict.fromkeys((*task.snapshot.notices, *result.warnings))),
    )
