"""A task, live: in a notebook a card with a Cancel button, in a terminal a bar."""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from openclaw_nb.notebook import kernel, player, render
from openclaw_nb.notebook.pace import Pace
from openclaw_nb.notebook.terminal import Bar
from openclaw_nb.task import Snapshot, Task

_STYLE = """<style>
.ocl-task{max-width:720px;box-sizing:border-box;margin:6px 0;padding:16px 18px;border-radius:12px;
border:1px solid var(--jp-border-color2,rgba(128,128,128,.35));
background-color:var(--jp-layout-color1,transparent);overflow:hidden}
.ocl-task .widget-html,.ocl-task .widget-html-content{margin:0;height:auto;width:100%;
line-height:1.5;overflow:visible}
.ocl-task .ocl-cancel{align-self:flex-start;height:28px;width:auto;margin:12px 0 0;padding:0 14px;border-radius:14px;
line-height:26px;background-color:transparent;border:1px solid var(--jp-border-color1,#9e9e9e);
color:var(--jp-ui-font-color1,inherit)}
.ocl-task .ocl-cancel:hover{border-color:var(--jp-error-color1,#e53935);
color:var(--jp-error-color1,#e53935)}
</style>"""

_shown: WeakKeyDictionary[Task, object] = WeakKeyDictionary()


class HtmlView:
    """A task as HTML that is replaced as it changes: where there are no widgets."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._handle: Any = None
        self._lock = threading.RLock()
        self._pictures: tuple[render.Picture, ...] = ()

    def show(self) -> None:
        """Display it here, and keep it up to date until the task ends."""
        display: Any = importlib.import_module("IPython.display").display
        ended = not self.task.state.active
        self.draw(self.task.snapshot)
        self._handle = display(self, display_id=True)
        if not ended:
            self.follow()

    def follow(self) -> None:
        """Draw every change from now on; the end again from the waiting cell, for saved notebooks."""
        self.task.when_waited(self.repeat)
        Pace(self.task, self.draw)

    def draw(self, now: Snapshot) -> None:
        """Show `now`. May read the clip; not on the event loop."""
        with self._lock:
            self._look(now)
            self._publish()

    def repeat(self) -> None:
        """Publish the end once more, from the thread of the cell that waited."""
        self.draw(self.task.snapshot)

    def html(self) -> str:
        """The whole card."""
        return render.task_html(self.task.snapshot, self._pictures)

    def text(self) -> str:
        """The same in a few lines."""
        return render.task_text(self.task.snapshot, self._pictures)

    def _look(self, now: Snapshot) -> None:
        if now.result is not None and not self._pictures:
            self._pictures = player.pictures(now.result)

    def _publish(self) -> None:
        if self._handle is not None:
            self._handle.update(self)

    def bundle(self) -> dict[str, Any]:
        """The view for every kind of frontend."""
        with self._lock:
            return {"text/html": self.html(), "text/plain": self.text()}

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return self.bundle()


class CardView(HtmlView):
    """A task as a widget with a Cancel button, and as HTML and text for whoever shows no widgets."""

    def __init__(self, task: Task) -> None:
        # Without its annotations, which are partly missing.
        ipywidgets: Any = importlib.import_module("ipywidgets")
        super().__init__(task)
        self.notices, self.head, self.body = (ipywidgets.HTML() for _ in range(3))
        self.cancel: Any = ipywidgets.Button(
            description="Cancel", tooltip="Stop the job; what was submitted may still be charged"
        )
        self.cancel.add_class("ocl-cancel")
        self.cancel.on_click(self._clicked)
        style = ipywidgets.HTML(_STYLE)
        self.box: Any = ipywidgets.VBox([style, self.notices, self.head, self.body, self.cancel])
        self.box.add_class("ocl-task")
        if kernel.current() is not None and task.state.active:
            kernel.on_click(self.cancel.model_id, self.stop)

    def _clicked(self, _button: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Cancel the task; may be called repeatedly, from any thread."""
        if self.task.cancel():
            self.cancel.description = "Cancelling…"
            self.cancel.disabled = True

    def draw(self, now: Snapshot) -> None:
        """Send what changed to the widgets; at the end HTML takes their place."""
        with self._lock:
            self._look(now)
            self.notices.value = _framed(render.notices_html(now))
            self.head.value = _framed(render.head_html(now))
            self.body.value = _framed(render.body_html(now, self._playable(now)))
            if not now.state.active:
                self.cancel.layout.display = "none"
                kernel.forget(self.cancel.model_id)
                self._publish()

    def repeat(self) -> None:
        """Send every widget's whole state again, then the HTML and the text."""
        super().repeat()
        with self._lock:
            for widget in (self.notices, self.head, self.body, self.cancel, self.cancel.layout):
                widget.send_state()

    def bundle(self) -> dict[str, Any]:
        """The widget, with HTML and text beside it; without it once the task has ended.

        HTML needs no running kernel, and its relative links work: JupyterLab rewrites those in
        outputs and leaves those in widgets alone.
        """
        ended = not self.task.state.active and self._handle is not None
        widget: dict[str, Any] = {} if ended else self.box._repr_mimebundle_() or {}
        return {**widget, **super().bundle()}

    def _playable(self, now: Snapshot) -> tuple[render.Picture, ...]:
        """Players for inside the widget, where a link would not work."""
        if now.result is None or self._handle is not None:
            return ()
        return player.pictures(now.result, "embed")


def _framed(html: str) -> str:
    return f'<div style="{render.FONT}">{html}</div>' if html else ""


def show(task: Task) -> None:
    """Display `task` here and keep the display up to date."""
    if kernel.current() is None:
        bar = Bar()
        task.when_waited(lambda: bar.draw(task.snapshot))
        Pace(task, bar.draw)
        return
    _shown[task] = _cell()
    _view(task).show()


def show_once(task: Task) -> None:
    """Display a task that is the value of a cell, unless the cell has shown it already."""
    if kernel.current() is None:
        sys.stdout.write(f"{render.task_text(task.snapshot)}\n")
    elif _shown.get(task) != _cell():
        show(task)


def bundle(task: Task) -> Mapping[str, Any]:
    """`task` for frontends that ask for it instead of letting it display itself."""
    if kernel.current() is None:
        view = HtmlView(task)
    else:
        view = _view(task)
        if isinstance(view, CardView):
            view.follow()
    view.draw(task.snapshot)
    return view.bundle()


def _view(task: Task) -> HtmlView:
    if not task.state.active:
        return HtmlView(task)
    try:
        return CardView(task)
    except ImportError:
        return HtmlView(task)


def _cell() -> object:
    """The cell that runs now."""
    from IPython import get_ipython

    shell: Any = get_ipython()
    return shell.execution_count
