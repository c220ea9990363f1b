"""The user's handle on one generation: await it in a cell, block on it in a script."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Generic

from typing_extensions import TypeVar

from openclaw_nb.core.domain import Attempt, Ref, Request, TaskState
from openclaw_nb.errors import TaskLost, one_line
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.results import Result

R = TypeVar("R", bound=Result, default=Any)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A task at one moment: all that a view draws."""

    id: str
    request: Request
    label: str = ""
    """What to call it among others; empty: its prompt."""
    state: TaskState = TaskState.QUEUED
    phase: str = "waiting"
    """What is being done, in a few words."""
    progress: float | None = None
    """0 to 1 when the provider reports it."""
    ref: Ref | None = None
    """The candidate at work, or the one that ran."""
    attempt: int = 0
    """Which candidate is at work, counted from 1; 0 before the first."""
    candidates: int = 0
    """How many candidates there are."""
    attempts: tuple[Attempt, ...] = ()
    job_id: str | None = None
    """The provider's own id of the job."""
    started_at: float = field(default_factory=time.time)
    """Seconds since the epoch."""
    ended_at: float | None = None
    """Seconds since the epoch; None before the end."""
    usual_seconds: float | None = None
    """Seconds that this model usually takes, from the ledger; None when unknown."""
    notices: tuple[str, ...] = ()
    """What the user should know now: a duplicate, a skipped provider, an odd status."""
    duplicate: bool = False
    """This call found the same request already at work and returned its task."""
    error: str | None = None
    """What ended it, when it ended badly."""
    result: Result | None = None

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from the start to the end, or to now; never below 0, however the clock was set."""
        return max(0.0, (self.ended_at or time.time()) - self.started_at)

    @property
    def resumable(self) -> bool:
        """Whether a new task could take the provider's job up: it ended and left a receipt."""
        ended_well = self.state is TaskState.SUCCEEDED
        return not (self.state.active or ended_well or self.job_id is None)


Watcher = Callable[[Snapshot], None]


class Task(Generic[R]):
    """A running generation. Interrupting a cell does not stop it; `cancel` does."""

    def __init__(self, first: Snapshot, *, on_cancel: Callable[[], None] = lambda: None) -> None:
        self._future: Future[R] = Future()
        self._snapshot = first
        self._on_cancel = on_cancel
        self._watchers: list[Watcher] = []
        self._finishers: list[Callable[[], None]] = []
        self._lock = threading.Lock()
        self._ended = False
        self._again: Callable[[], Task] | None = None
        self._resume: Callable[..., Task] | None = None
        self._follow: Callable[[Task], Callable[[], None]] | None = None

    @property
    def snapshot(self) -> Snapshot:
        """The task as it is now."""
        self._outcome()
        return self._snapshot

    @property
    def id(self) -> str:
        """The task's id in the ledger, a UUID."""
        return self._snapshot.id

    @property
    def state(self) -> TaskState:
        """queued, running, succeeded, failed, cancelled or lost."""
        return self.snapshot.state

    @property
    def progress(self) -> float | None:
        """0 to 1 when the provider reports it, else None."""
        return self.snapshot.progress

    @property
    def ref(self) -> Ref | None:
        """The candidate at work, or the one that ran."""
        return self.snapshot.ref

    @property
    def attempts(self) -> tuple[Attempt, ...]:
        """The candidates that gave no result so far, in order, and why."""
        return self.snapshot.attempts

    @property
    def request(self) -> Request:
        """What was asked."""
        return self._snapshot.request

    @property
    def started_at(self) -> float:
        """When the task was made, in seconds since the epoch."""
        return self._snapshot.started_at

    @property
    def elapsed_seconds(self) -> float:
        """Seconds from the start to the end, or to now."""
        return self._snapshot.elapsed_seconds

    def done(self) -> bool:
        """Whether the task has ended, well or badly."""
        return self._outcome().done()

    def __await__(self) -> Generator[Any, None, R]:
        return self._waited().__await__()

    async def _waited(self) -> R:
        """Wait from any loop. What an interrupt or `wait_for` cancels is the wait, never the job."""
        try:
            await loop.until(self._outcome())
        except asyncio.CancelledError as stopped:
            self._explain(stopped)
            raise
        if self._finishers and not loop.on_core_thread():
            await asyncio.to_thread(self._run_finishers)
        return self._future.result()

    def result(self, timeout: float | None = None, *, pump: bool = False) -> R:
        """Wait for the result. Interrupting the wait leaves the job running.

        Args:
            timeout: Seconds to wait at most; None waits until the task ends.
            pump: Keep your own coroutines running meanwhile, in a notebook; needs
                `enable_nested_loops()` first.

        Raises:
            TimeoutError: `timeout` passed; the task goes on.
            TaskCancelled: the task was cancelled.
            OpenclawError: what ended the task.
        """
        if pump:
            from openclaw_nb.notebook.kernel import pump_until

            return pump_until(self, timeout)
        try:
            return loop.wait(self._outcome(), timeout)
        except KeyboardInterrupt as stopped:
            self._explain(stopped)
            raise
        finally:
            if self._future.done():
                self._run_finishers()

    def _explain(self, stopped: BaseException) -> None:
        """Say in the traceback that only the wait is over."""
        if not self._future.done():
            stopped.add_note(
                f"The job goes on. Take it up with openclaw_nb.task({self.id[:8]!r}).result(), "
                "or stop it with .cancel()."
            )

    def _run_finishers(self) -> None:
        with self._lock:
            finishers, self._finishers = self._finishers, []
        for finisher in finishers:
            _guarded(finisher)

    def cancel(self) -> bool:
        """Stop the job: no more polls, no further candidate, and the provider is told if it can be.

        Returns False when the task had already ended. May be called from any thread, repeatedly.
        """
        if self._outcome().done():
            return False
        self._on_cancel()
        return True

    @property
    def resumable(self) -> bool:
        """Whether `resume` can take up the provider's job: it ended and left a receipt."""
        return self._resume is not None and self._snapshot.resumable

    @property
    def repeatable(self) -> bool:
        """Whether `again` can start the same request once more."""
        return self._again is not None and self.done()

    def resume(self, *, model: str | None = None) -> Task:
        """A new task that finishes the provider's job; nothing is submitted.

        Args:
            model: Of a task that gave a model up and went on to another: whose job, as
                `provider/model` or the model alone. None is the last one, or the only one with
                a receipt.

        Raises:
            TaskLost: there is no receipt of the job, or it cannot be reached from here.
            InvalidInput: there is no receipt of a job of `model`.
        """
        if self._resume is None:
            raise TaskLost(f"task {self.id[:8]} belongs to no client that could take it up")
        return self._resume(model=model)

    def again(self) -> Task:
        """A new task for the same request, sent once more, and paid for once more.

        Raises:
            InvalidInput: a reference is not there any more; nothing was sent.
            NoCandidate: nothing is configured; nothing was sent.
        """
        if self._again is None:
            raise TaskLost(f"task {self.id[:8]} belongs to no client that could start it again")
        return self._again()

    def offer(self, *, again: Callable[[], Task], resume: Callable[..., Task]) -> Task:
        """Say how this task is started again and taken up. For the client, not for users."""
        self._again, self._resume = again, resume
        return self

    def inherit(self, follow: Callable[[Task], Callable[[], None]]) -> None:
        """Leave the task to the parent of this forked process. For the client, not for users.

        Args:
            follow: Called when the handle is used here; sees to it that it ends as the task
                does, and returns how to cancel it.
        """
        self._lock = threading.Lock()
        if not self._future.done():
            self._future, self._ended, self._follow = Future(), False, follow
            self._watchers, self._finishers = [], []

    def _outcome(self) -> Future[R]:
        """What ends when the task does."""
        follow, self._follow = self._follow, None
        if follow is not None:
            self._on_cancel = follow(self)
        return self._future

    def on_done(self, callback: Callable[[Task], object]) -> Task:
        """Call `callback(task)` once when the task ends; at once when it has ended.

        What it prints goes to the cell that registered it. It runs on a worker thread, where it may
        block; what it raises is logged.
        """
        context = contextvars.copy_context()

        def call() -> None:
            _guarded(lambda: context.run(callback, self))

        def ended(_: Future[R]) -> None:
            if loop.on_core_thread():
                loop.core().offload(call)
            else:
                call()

        self._outcome().add_done_callback(ended)
        return self

    def watch(self, watcher: Watcher) -> Callable[[], None]:
        """Call `watcher(snapshot)` on every change, on the core thread; returns how to stop it."""
        self._outcome()
        with self._lock:
            self._watchers.append(watcher)

        def stop() -> None:
            with self._lock:
                if watcher in self._watchers:
                    self._watchers.remove(watcher)

        return stop

    def when_waited(self, finisher: Callable[[], None]) -> None:
        """Call `finisher()` once, in the thread of whoever waits for the end first.

        For views: what the waiting cell publishes itself is kept in saved notebooks.
        """
        with self._lock:
            self._finishers.append(finisher)

    def show(self) -> Task:
        """Display the live view here."""
        from openclaw_nb.notebook.view import show

        show(self)
        return self

    def update(self, **changes: Any) -> None:
        """Replace fields of the snapshot and tell the watchers. For the client, not for users.

        What comes after the end changes nothing.
        """
        with self._lock:
            if self._ended:
                return
            self._snapshot = replace(self._snapshot, **changes)
        self._tell()

    def finish(self, outcome: R | BaseException, **changes: Any) -> None:
        """Store how the task ended and wake whoever waits. For the client, not for users."""
        with self._lock:
            if self._ended:
                return
            self._ended = True
            self._snapshot = replace(self._snapshot, **changes)
        self._tell()
        if isinstance(outcome, BaseException):
            self._future.set_exception(outcome)
        else:
            self._future.set_result(outcome)

    def _tell(self) -> None:
        with self._lock:
            watchers, now = tuple(self._watchers), self._snapshot
        for watcher in watchers:
            _guarded(partial(watcher, now))

    def __repr__(self) -> str:
        now = self._snapshot
        where = f" {one_line(str(now.ref))}" if now.ref else ""
        return f"<Task {self.id[:8]} {now.state}{where} {now.elapsed_seconds:.0f} s>"

    def _ipython_display_(self) -> None:
        # Displayed with an id, so that saved notebooks get the end and not the beginning.
        from openclaw_nb.notebook.view import show_once

        show_once(self)

    def _repr_mimebundle_(self, **_: object) -> Mapping[str, Any]:
        from openclaw_nb.notebook.view import bundle

        return bundle(self)


def _guarded(call: Callable[[], object]) -> None:
    try:
        call()
    except Exception:  # noqa: BLE001  # whoever looks on must not end the job that is being paid for
        LOG.exception("a callback of a task failed")
