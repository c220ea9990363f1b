"""When views are drawn: on changes and for the clock, and never so often that a kernel chokes.

All views of a process share one budget, so that two hundred running tasks send no more messages
than ten. The end of a task is drawn at once, whatever the budget says.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from openclaw_nb.runtime import loop
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.task import Snapshot, Task

DRAWS_PER_SECOND = 10
"""Of all views together, the last drawings of ended tasks apart."""
_BEAT_SECONDS = 1 / DRAWS_PER_SECOND
_APART_SECONDS = 0.25
"""Between two drawings of one view."""
_TICK_SECONDS = 1.0
"""A running view is drawn so often at least, for its clock, as far as the budget goes."""
_PAINTERS = 4


class Subject(Protocol):
    """What a view shows."""

    def version(self) -> object:
        """Another object whenever there is something new to draw."""
        ...

    def active(self) -> bool:
        """Whether anything can still change."""
        ...


class Pace:
    """Calls `draw(snapshot)` until the task has ended, on a worker thread: it may read files.

    Worker threads have an empty context: what is published there belongs to the cell that runs
    now, which is the only one whose messages nbclient still saves.
    """

    def __init__(self, task: Task, draw: Callable[[Snapshot], None]) -> None:
        self._task, self._draw = task, draw
        follow(self, self._draw_now)

    def version(self) -> Snapshot:
        """The snapshot."""
        return self._task.snapshot

    def active(self) -> bool:
        """Until the task has ended."""
        return self._task.state.active

    def _draw_now(self) -> None:
        self._draw(self._task.snapshot)


def follow(subject: Subject, draw: Callable[[], None]) -> None:
    """Call `draw()` on a worker thread as `subject` changes, and once more at its end."""
    pacer = _pacer()
    loop.call_soon(lambda: pacer.add(_View(subject, draw)))


class _View:
    """One view and when it was drawn. Changed on the core thread only, but for `paint`."""

    def __init__(self, subject: Subject, draw: Callable[[], None]) -> None:
        self._subject, self._draw = subject, draw
        self._drawn: object = None
        self._last_was_end = False
        self.at = 0.0
        self.busy = False

    def paint(self) -> None:
        # Read in this order: an end that comes between the two is drawn again.
        ended, self._drawn = not self._subject.active(), self._subject.version()
        try:
            self._draw()
        except Exception:  # noqa: BLE001  # a view that cannot be drawn must not end the others
            LOG.exception("a view could not be drawn")
        self._last_was_end = ended

    @property
    def over(self) -> bool:
        return self._last_was_end and not self.busy

    @property
    def ending(self) -> bool:
        return not self._subject.active()

    def due(self, now: float) -> bool:
        if self.busy or self.over or now - self.at < _APART_SECONDS:
            return False
        return self._subject.version() is not self._drawn or now - self.at >= _TICK_SECONDS


class _Pacer:
    """Lets views draw in turn. Used on the core thread only."""

    def __init__(self) -> None:
        self._views: list[_View] = []
        self._painters = ThreadPoolExecutor(_PAINTERS, thread_name_prefix="openclaw-view")
        self._beating = False

    def add(self, view: _View) -> None:
        self._views.append(view)
        self._paint(view, time.monotonic())
        if not self._beating:
            self._beat()

    def _beat(self) -> None:
        now = time.monotonic()
        self._views = [view for view in self._views if not view.over]
        due = [view for view in self._views if view.due(now)]
        ending = [view for view in due if view.ending]
        running = [view for view in due if not view.ending]
        for view in [*ending, *sorted(running, key=lambda view: view.at)[:1]]:
            self._paint(view, now)
        self._beating = bool(self._views)
        if self._beating:
            loop.core().call_later(_BEAT_SECONDS, self._beat)

    def _paint(self, view: _View, now: float) -> None:
        view.at, view.busy = now, True
        painted = self._painters.submit(view.paint)
        painted.add_done_callback(lambda _: loop.call_soon(lambda: _free(view)))


def _free(view: _View) -> None:
    view.busy = False


_lock = threading.Lock()
_current: tuple[loop.CoreLoop, _Pacer] | None = None


def _pacer() -> _Pacer:
    """The pacer of the core loop; made anew with it, after a fork."""
    global _current  # noqa: PLW0603  # one budget per process is the point
    with _lock:
        core = loop.core()
        if _current is None or _current[0] is not core:
            _current = (core, _Pacer())
        return _current[1]
