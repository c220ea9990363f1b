"""Many tasks, live: a card in a notebook, a line in a terminal."""

from __future__ import annotations

import importlib
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from openclaw_nb.notebook import kernel, render
from openclaw_nb.notebook.group import Group, group_html, group_text
from openclaw_nb.notebook.pace import follow
from openclaw_nb.notebook.terminal import GroupBar
from openclaw_nb.task import Snapshot, Task

_APART_SECONDS = 0.5


class TasksView:
    """One line for each running task, with totals, rate and time left.

    As the last line of a cell it shows itself; `show()` displays it anywhere. One view sends four
    messages a second at most, however many tasks there are.

    Args:
        tasks: Tasks to begin with; `add` takes more.
        total: How many there will be in all; None: those that were added.
    """

    def __init__(self, tasks: Iterable[Task] = (), *, total: int | None = None) -> None:
        self._lock = threading.RLock()
        self._tasks: list[Task] = []
        self._total = total
        self._changed: object = object()
        self._bar: GroupBar | None = None
        self._above: Any = None
        self._below: Any = None
        self._box: Any = None
        self._lines: Any = None
        self._button: Any = None
        self._following = False
        self._published = 0.0
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Show this task too."""
        with self._lock:
            self._tasks.append(task)
        task.watch(self._note)
        task.when_waited(self._waited)
        self._changed = object()

    @property
    def tasks(self) -> tuple[Task, ...]:
        """The tasks shown, in the order they were added."""
        with self._lock:
            return tuple(self._tasks)

    @property
    def group(self) -> Group:
        """The tasks as they are now."""
        now = tuple(task.snapshot for task in self.tasks)
        return Group(tasks=now, total=max(self._total or 0, len(now)), now=time.time())

    def cancel(self) -> None:
        """Cancel every task that has not ended."""
        for task in self.tasks:
            task.cancel()

    def _clicked(self, _button: object) -> None:
        self.cancel()

    def show(self) -> TasksView:
        """Display it here, and keep it up to date until the last task ends."""
        if kernel.current() is None:
            self._bar = bar = GroupBar()
            follow(self, lambda: bar.draw(self.group))
            return self
        if kernel.attended() and not self.group.over and self._box is None:
            self._show_live()
        display: Any = importlib.import_module("IPython.display").display
        self._above = display(_Above(self), display_id=True)
        self._below = display(_Below(self), display_id=True) if self._box is not None else None
        if not self._following:
            self._following = True
            follow(self, self._draw)
        return self

    def _show_live(self) -> None:
        try:
            widgets: Any = importlib.import_module("ipywidgets")
            manners: Any = importlib.import_module("openclaw_nb.notebook.manners")
        except ImportError:
            return
        self._lines = widgets.HTML(group_html(self.group))
        self._button = widgets.Button(description="Cancel all", tooltip="Stop every job that runs")
        self._button.on_click(self._clicked)
        kernel.on_click(self._button.model_id, self.cancel)
        self._box = widgets.VBox([self._lines, self._button, manners.Manners()])
        self._box.add_class("ocl-tasks")

    # --- for the pacer ---------------------------------------------------------------------

    def version(self) -> object:
        """Another object after every change."""
        return self._changed

    def active(self) -> bool:
        """Until the last task has ended."""
        return not self.group.over

    def _note(self, _now: Snapshot) -> None:
        self._changed = object()

    def _draw(self) -> None:
        with self._lock:
            if self._box is not None and self.group.over:
                kernel.forget(self._button.model_id)
                self._box = None
            if self._box is None:
                self._publish()
            else:
                self._lines.value = group_html(self.group)

    def _waited(self) -> None:
        """A cell waited for one of the tasks: what it publishes itself is kept when saved."""
        if self._bar is not None:
            self._bar.draw(self.group)
        elif self.group.over or time.monotonic() - self._published > _APART_SECONDS:
            self._publish()

    def _publish(self) -> None:
        self._published = time.monotonic()
        if self._above is not None:
            self._above.update(_Above(self))
        if self._below is not None and self._box is None:
            self._below.update(_Below(self))
            self._below = None

    # --- what is shown -----------------------------------------------------------------------

    def above(self) -> dict[str, str]:
        """The card; while widgets show it, that there are tasks."""
        with self._lock:
            live = self._box is not None
            card = render.faint(self._caption()) if live else group_html(self.group)
        return {"text/html": render.anchor(card) if live else card, "text/plain": repr(self)}

    def below(self) -> dict[str, Any]:
        """The widgets, and the card for who shows none; nothing once it is above."""
        with self._lock:
            if self._box is None:
                return {"text/html": "", "text/plain": ""}
            widgets: dict[str, Any] = self._box._repr_mimebundle_() or {}
            return {**widgets, "text/html": group_html(self.group), "text/plain": ""}

    def _caption(self) -> str:
        return f"{self.group.total} tasks; openclaw_nb.tasks() lists them"

    def __repr__(self) -> str:
        return group_text(self.group)

    def _ipython_display_(self) -> None:
        if kernel.current() is None:
            sys.stdout.write(f"{self!r}\n")
        else:
            self.show()


@dataclass(frozen=True, slots=True)
class _Above:
    """The upper output: HTML and no more."""

    view: TasksView

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return dict(self.view.above())


@dataclass(frozen=True, slots=True)
class _Below:
    """The lower output: widgets while tasks run."""

    view: TasksView

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return self.view.below()
