"""What a task's card offers to do, as its state allows: cancel, take up, repeat, save, copy.

Needs ipywidgets and anywidget. Handlers only hand work on: they run in the kernel's own thread.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

from openclaw_nb.errors import OpenclawError
from openclaw_nb.notebook import kernel, render
from openclaw_nb.notebook.clipboard import CopyButton
from openclaw_nb.notebook.code import as_code
from openclaw_nb.runtime import loop
from openclaw_nb.task import Task

STYLE = """<style>
.ocl-card{max-width:720px;box-sizing:border-box;margin:6px 0}
.ocl-card .widget-html,.ocl-card .widget-html-content{margin:0;height:auto;width:100%;
line-height:1.5;overflow:visible}
.ocl-card .widget-output{margin:0}
.ocl-face:not(.ocl-empty){padding:16px 18px;border-radius:12px;overflow:hidden;
border:1px solid var(--jp-border-color2,rgba(128,128,128,.35));
background-color:var(--jp-layout-color1,transparent)}
.ocl-row{display:flex;flex-flow:row wrap;align-items:center;gap:8px;margin:8px 0 0;overflow:visible}
.ocl-row>.ocl-copy{display:contents}
.ocl-card .ocl-button{height:28px;width:auto;margin:0;padding:0 14px;border-radius:14px;
line-height:26px;background-color:transparent;border:1px solid var(--jp-border-color1,#9e9e9e);
color:var(--jp-ui-font-color1,inherit);cursor:pointer}
.ocl-card .ocl-button:focus-visible{outline:2px solid var(--jp-brand-color1,#1976d2);outline-offset:2px}
.ocl-card .ocl-stop:hover{border-color:var(--jp-error-color1,#e53935)}
.ocl-card input{height:28px;box-sizing:border-box}
.ocl-told{color:var(--jp-ui-font-color1,inherit);font-size:12px}
.ocl-card pre.ocl-code{box-sizing:border-box;flex-basis:100%;margin:0;padding:8px 12px;border-radius:6px;overflow-x:auto;
background-color:var(--jp-layout-color2,rgba(128,128,128,.12));color:var(--jp-ui-font-color1,inherit);
font-family:var(--jp-code-font-family,ui-monospace,monospace);font-size:12px}
</style>"""


def _ignoring(call: Callable[[], object], _button: object) -> None:
    call()


class Buttons:
    """The row of buttons of one task.

    Args:
        task: The task.
        turn_to: Called with the task that a click began.
        on_shown: Called each time a page draws the row.
    """

    def __init__(
        self, task: Task, turn_to: Callable[[Task], object], on_shown: Callable[[], object]
    ) -> None:
        widgets: Any = importlib.import_module("ipywidgets")
        self.task, self._turn_to = task, turn_to
        make = widgets.Button
        self.cancel: Any = make(description="Cancel", tooltip="Stop the job; it may be charged")
        self.resume: Any = make(
            description="Resume", tooltip="Take the job up; nothing is sent twice"
        )
        self.again: Any = make(description="Run again", tooltip="Send it once more, and pay for it")
        self.save: Any = make(description="Save as…", tooltip="Copy the files to another place")
        self.where: Any = widgets.Text(
            description="Save to", placeholder="directory/ or path", continuous_update=False
        )
        self.keep: Any = make(description="Save")
        self.told: Any = widgets.HTML()
        self.copy = CopyButton(as_code(task.request), on_shown)
        self._connect()
        saving = widgets.HBox([self.where, self.keep])
        saving.add_class("ocl-row")
        self._saving: Any = saving
        row = widgets.HBox([self.cancel, self.resume, self.again, self.save, self.copy])
        row.add_class("ocl-row")
        self.box: Any = widgets.VBox([row, saving, self.told])
        self._fold(saving)
        self.fit()

    def _connect(self) -> None:
        calls = (
            (self.cancel, self.stop),
            (self.resume, lambda: self._begin(self.task.resume)),
            (self.again, lambda: self._begin(self.task.again)),
            (self.save, lambda: self._unfold(self._saving)),
            (self.keep, self._save),
        )
        for button, call in calls:
            button.add_class("ocl-button")
            button.on_click(partial(_ignoring, call))
        self.cancel.add_class("ocl-stop")
        self.where.layout.width, self.where.style.description_width = "320px", "initial"

    def listen(self) -> None:
        """Hear Cancel while a cell blocks."""
        if self.task.state.active:
            kernel.on_click(self.cancel.model_id, self.stop)

    def give(self, task: Task) -> None:
        """Serve another task from now on."""
        kernel.forget(self.cancel.model_id)
        self.task, self.copy.code = task, as_code(task.request)
        self.cancel.description, self.cancel.disabled = "Cancel", False
        self._fold(self._saving)
        self.fit()
        self.listen()

    def fit(self) -> None:
        """Show what the task's state allows."""
        active = self.task.state.active
        if not active:
            kernel.forget(self.cancel.model_id)
        result = self.task.snapshot.result
        for button, offered in (
            (self.cancel, active),
            (self.resume, self.task.resumable),
            (self.again, self.task.repeatable),
            (self.save, result is not None and bool(result.paths)),
        ):
            (self._unfold if offered else self._fold)(button)

    def stop(self) -> None:
        """Cancel the task; may be called repeatedly, from any thread."""
        if self.task.cancel():
            self.cancel.description = "Cancelling…"
            self.cancel.disabled = True

    def _begin(self, start: Callable[[], Task]) -> None:
        self._offload(lambda: self._turn_to(start()))

    def _save(self) -> None:
        result, target = self.task.snapshot.result, self.where.value
        if result is not None:
            self._offload(lambda: self._say("Saved " + ", ".join(map(str, result.save_as(target)))))

    def _offload(self, work: Callable[[], object]) -> None:
        def call() -> None:
            self._say("")
            try:
                work()
            except (OpenclawError, OSError) as error:
                self._say(str(error))

        loop.core().offload(call)

    def _say(self, text: str) -> None:
        style = f"{render.FONT};margin:8px 0 0;overflow-wrap:anywhere"
        shown = f'<div role="status" style="{style}">{escape(text)}</div>' if text else ""
        self.told.value = shown

    @staticmethod
    def _fold(widget: Any) -> None:
        widget.layout.display = "none"

    @staticmethod
    def _unfold(widget: Any) -> None:
        widget.layout.display = None
