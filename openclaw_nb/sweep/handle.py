"""The live handle on a sweep: await it, block on it, watch it, cancel it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Generator
from contextlib import suppress
from importlib import import_module
from typing import Any

from openclaw_nb.errors import OpenclawError
from openclaw_nb.notebook import kernel
from openclaw_nb.notebook.progress import TasksView
from openclaw_nb.runtime import loop
from openclaw_nb.sweep.analysis import Takes, analyze
from openclaw_nb.sweep.records import SKIPPED
from openclaw_nb.sweep.results import Results
from openclaw_nb.sweep.run import Run
from openclaw_nb.task import Task


class Sweep:
    """A sweep at work. Interrupting a cell does not stop it; `cancel` does."""

    def __init__(self, run: Run, executor: object = None) -> None:
        self._run, self._executor = run, executor

    @property
    def session(self) -> str:
        """What the ledger knows it by; the same call finds it again."""
        return self._run.grid.session

    @property
    def tasks(self) -> tuple[Task[Any], ...]:
        """A handle on every combination that is not skipped, in the order of the grid."""
        return tuple(self._run.tasks.values())

    @property
    def results(self) -> Results:
        """The combinations that have ended so far, in the order of the grid."""
        done = dict(self._run.records)
        return Results(tuple(done[at] for at in sorted(done)))

    def done(self) -> bool:
        """Whether every combination has ended, well or badly."""
        return self._run.over.done()

    def __await__(self) -> Generator[Any, None, Results]:
        return self._waited().__await__()

    async def _waited(self) -> Results:
        await loop.until(self._run.over)
        for task in self.tasks[:1]:  # views publish in the cell that waited, to be saved with it
            with suppress(OpenclawError):
                await task
        return self._whole()

    def result(self, timeout: float | None = None) -> Results:
        """Wait until every combination has ended. Interrupting the wait leaves them running.

        What failed raises nothing here: its record says why.

        Args:
            timeout: Seconds to wait at most; None waits until the end.

        Raises:
            TimeoutError: `timeout` passed; the sweep goes on.
        """
        try:
            loop.wait(self._run.over, timeout)
        except KeyboardInterrupt as stopped:
            stopped.add_note("The sweep goes on. The same call takes it up; .cancel() stops it.")
            raise
        for task in self.tasks[:1]:
            with suppress(OpenclawError):
                task.result()
        return self._whole()

    def _whole(self) -> Results:
        self._run.over.result()
        return self.results

    def cancel(self) -> bool:
        """Stop every combination that has not ended; False when all had."""
        if self.done():
            return False
        self._run.cancel()
        return True

    def show(self) -> Sweep:
        """Display it here, live."""
        self._view().show()
        return self

    def analyze(
        self,
        function: Callable[..., object],
        *,
        takes: Takes = "frames",
        name: str | None = None,
        at_once: int = 2,
        executor: object = None,
    ) -> Results:
        """Wait for the clips, and call `function` for each; as `Results.analyze`.

        It runs where the sweep ran, unless `executor` says otherwise.
        """
        return analyze(
            self.result(),
            function,
            takes=takes,
            name=name,
            at_once=at_once,
            executor=executor or self._executor,
        )

    def _view(self) -> TasksView:
        return TasksView(self.tasks)

    def __repr__(self) -> str:
        states = Counter(str(task.state) for task in self.tasks)
        states[SKIPPED] = len(self._run.grid.cells) - len(self.tasks)
        told = ", ".join(f"{count} {state}" for state, count in states.items() if count)
        return f"<Sweep of {len(self._run.grid.cells)}: {told}>"

    def _ipython_display_(self) -> None:
        if kernel.current() is None:
            sys.stdout.write(f"{self!r}\n")
            return
        if self.tasks:
            self.show()
        if skipped := self._skipped():
            display: Any = import_module("IPython.display").display
            display(skipped)

    def _skipped(self) -> object:
        """The combinations of which nothing is sent, as a table; None when there are none."""
        from openclaw_nb.tables import Table

        left = [each for each in self._run.grid.cells if each.skipped]
        rows = tuple((each.label, each.skipped) for each in left)
        return Table(("combination", "why"), rows, caption=f"{len(rows)} skipped") if rows else None
