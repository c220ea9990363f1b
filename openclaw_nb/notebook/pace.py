"""When a view is drawn: on changes, four times a second at most, and once a second for the clock."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from openclaw_nb.runtime import loop
from openclaw_nb.task import Snapshot, Task

_APART_SECONDS = 0.25
_TICK_SECONDS = 1.0

_log = logging.getLogger(__name__)


class Pace:
    """Calls `draw(snapshot)` until the task has ended, on a worker thread: it may read files.

    Worker threads have an empty context: what is published there belongs to the cell that runs
    now, which is the only one whose messages nbclient still saves.
    """

    def __init__(self, task: Task, draw: Callable[[Snapshot], None]) -> None:
        self._task, self._draw = task, draw
        self._seen: Snapshot | None = None
        self._next = 0.0
        self._due = self._ticking = False
        self._stop = task.watch(lambda _: loop.call_soon(self._schedule))
        loop.call_soon(self._schedule)

    def _schedule(self) -> None:
        if not self._due:
            self._due = True
            loop.core().call_later(max(0.0, self._next - time.monotonic()), self._fire)

    def _fire(self) -> None:
        self._next = time.monotonic() + _APART_SECONDS
        drawn = loop.core().offload(self._draw_now)
        drawn.add_done_callback(lambda _: loop.call_soon(self._drawn))

    def _draw_now(self) -> None:
        self._seen = self._task.snapshot
        try:
            self._draw(self._seen)
        except Exception:  # noqa: BLE001  # a view that cannot be drawn must not end the clock
            _log.exception("the view of a task could not be drawn")

    def _drawn(self) -> None:
        self._due = False
        if self._seen is not self._task.snapshot:
            self._schedule()
        elif not self._task.state.active:
            self._stop()
        elif not self._ticking:
            self._ticking = True
            loop.core().call_later(_TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        self._schedule()
