"""The live card of a task and what it offers to do, as one widget. Importing it needs anywidget.

One widget, and not one for each button: a notebook may show hundreds of tasks, and every widget is
a model in the page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from openclaw_nb.errors import OpenclawError
from openclaw_nb.notebook import kernel, render
from openclaw_nb.notebook.code import as_code
from openclaw_nb.runtime import loop
from openclaw_nb.task import Snapshot, Task


class TaskCard(anywidget.AnyWidget):
    """Draws one task while it runs, and offers what its state allows.

    Args:
        task: The task.
        turn_to: Called with the task that a click began, on a worker thread.
        on_shown: Called each time a page draws the card: again after a reload.
    """

    _esm = Path(__file__).with_name("card.js")
    _css = Path(__file__).with_name("card.css")
    now: Any = traitlets.Dict().tag(sync=True)
    told: Any = traitlets.Unicode().tag(sync=True)
    code: Any = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, task: Task, turn_to: Callable[[Task], object], on_shown: Callable[[], object]
    ) -> None:
        super().__init__(
            now=_drawn(task, task.snapshot, cancelling=False), code=as_code(task.request)
        )
        self._task, self._turn_to, self._on_shown = task, turn_to, on_shown
        self._cancelling = False
        listen: Any = getattr(self, "on_msg")  # noqa: B009  # it has no annotations
        listen(self._heard)
        self._listen()

    def give(self, task: Task) -> None:
        """Serve another task from now on."""
        kernel.forget(self.model_id)
        self._task, self._cancelling, self.code = task, False, as_code(task.request)
        self.draw(task.snapshot)
        self._listen()

    def draw(self, now: Snapshot) -> None:
        """Send what changed, in one message."""
        if not now.state.active:
            kernel.forget(self.model_id)
        self.now = _drawn(self._task, now, cancelling=self._cancelling)

    def stop(self) -> None:
        """Cancel the task; may be called repeatedly, from any thread."""
        if self._task.cancel():
            self._cancelling = True
            self.now = {**self.now, "cancelling": True}

    def _listen(self) -> None:
        """Hear Cancel while a cell blocks."""
        if self._task.state.active:
            kernel.on_click(self.model_id, self.stop)

    def _heard(self, _widget: object, said: Mapping[str, Any], _buffers: object) -> None:
        """Hand on what a click asks for: this is the kernel's own thread."""
        match said.get("event"):
            case "shown":
                self._on_shown()
            case "click":
                self.stop()
            case "resume":
                self._offload(lambda: self._turn_to(self._task.resume()))
            case "again":
                self._offload(lambda: self._turn_to(self._task.again()))
            case "save":
                self._offload(lambda: self._save(str(said.get("target", ""))))
            case _:
                return

    def _save(self, target: str) -> None:
        result = self._task.snapshot.result
        if result is not None:
            self.told = f"Saved {', '.join(map(str, result.save_as(target)))}"

    def _offload(self, work: Callable[[], object]) -> None:
        def call() -> None:
            self.told = ""
            try:
                work()
            except (OpenclawError, OSError) as error:
                self.told = str(error)

        loop.core().offload(call)


def _drawn(task: Task, now: Snapshot, *, cancelling: bool) -> dict[str, Any]:
    """What the page draws. An ended task is drawn above the card; here its buttons are left."""
    active = now.state.active
    return {
        "notices": render.notices_html(now) if active else "",
        "head": render.head_html(now) if active else "",
        "body": render.body_html(now) if active else "",
        "offers": _offers(task, now),
        "cancelling": cancelling and active,
    }


def _offers(task: Task, now: Snapshot) -> list[str]:
    offered = {
        "cancel": now.state.active,
        "resume": task.resumable,
        "again": task.repeatable,
        "save": now.result is not None and bool(now.result.paths),
        "copy": True,
    }
    return [name for name, can in offered.items() if can]
