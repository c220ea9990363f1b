"""A task in all its lives: in a notebook a card with its buttons, in a terminal a bar.

In a notebook somebody sits at, a task has two outputs. The upper one is HTML and no more: who the
task is while it runs, the whole card at its end. It needs no kernel, and its relative links work.
The lower one holds widgets: the live card while the task runs, the buttons in every state. Where
nobody sits at the notebook, the upper one alone is there and shows every state.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

from openclaw_nb.notebook import kernel, player, render
from openclaw_nb.notebook.figures import Picture
from openclaw_nb.notebook.pace import Pace
from openclaw_nb.notebook.terminal import Bar
from openclaw_nb.task import Snapshot, Task

_shown: WeakKeyDictionary[Task, object] = WeakKeyDictionary()


class HtmlView:
    """A task as HTML that is replaced as it changes."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self._handle: Any = None
        self._lock = threading.RLock()
        self._pictures: tuple[Picture, ...] = ()
        self._earlier: list[str] = []

    def show(self) -> None:
        """Display it here, and keep it up to date until the task ends."""
        ended = not self.task.state.active
        self.draw(self.task.snapshot)
        self._handle = _display(self)
        if not ended:
            self.follow()

    def follow(self) -> None:
        """Draw every change from now on; the end again from the waiting cell, for saved notebooks."""
        self.task.when_waited(self.repeat)
        Pace(self.task, self.draw)

    def draw(self, now: Snapshot) -> None:
        """Show `now`. May read the files; not on the event loop."""
        self._look(now)
        with self._lock:
            self._publish()

    def repeat(self) -> None:
        """Publish the end once more, from the thread of the cell that waited."""
        self.draw(self.task.snapshot)

    def html(self) -> str:
        """The whole card, below those of the tasks that this one came after."""
        return "".join(self._earlier) + render.task_html(self.task.snapshot, self._pictures)

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
    """A task for somebody who sits at the notebook: HTML above, live widgets below."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        # Both may be missing, and ipywidgets has no complete annotations.
        self._widgets: Any = importlib.import_module("ipywidgets")
        card = importlib.import_module("openclaw_nb.notebook.card")
        self.card: Any = card.TaskCard(task, self.turn_to, self._on_shown)
        self.box: Any = self._widgets.VBox([self.card])
        self._pages = 0
        self._published: Task | None = None
        self._apart = False

    def show(self) -> None:
        """Display both outputs here, and keep them up to date until the task ends."""
        self._apart = True
        super().show()
        _display(_Below(self))

    def turn_to(self, task: Task) -> None:
        """Go on with the task that a button began; the card so far stays above it."""
        with self._lock:
            self._earlier.append(render.folded(self.task.snapshot, self._pictures))
            self.task, self._pictures = task, ()
            self.card.give(task)
            self.box.children = (self.card,)
            self._publish()
        self.follow()

    def draw(self, now: Snapshot) -> None:
        """Send what changed to the widgets; at the end HTML above takes their place."""
        self._look(now)
        with self._lock:
            if now.id != self.task.id:
                return  # a button has begun another task meanwhile
            self.card.draw(now)
            if not now.state.active:
                self._end_below()
                self._end_above()

    def html(self) -> str:
        """The whole card; while the task runs, only which one it is."""
        if self.task.state.active and self._apart:
            inner = "".join(self._earlier) + render.caption(self.task.snapshot)
        else:
            inner = super().html()
        return render.anchor(inner)

    def below(self) -> dict[str, Any]:
        """The widgets; the whole card for those who show none, and nothing once it is above."""
        with self._lock:
            beside = super().html() if self.task.state.active else ""
            return {**self._widget_bundle(), "text/html": beside, "text/plain": ""}

    def whole(self) -> dict[str, Any]:
        """Everything in one output."""
        with self._lock:
            self._pages = 2
            return {**self._widget_bundle(), "text/html": super().html(), "text/plain": self.text()}

    def inside(self) -> Any:
        """The widgets for within other widgets, followed to the end, which is then shown in them."""
        with self._lock:
            self._pages = 2
        self.follow()
        return self.box

    def _widget_bundle(self) -> dict[str, Any]:
        return self.box._repr_mimebundle_() or {}

    def _end_above(self) -> None:
        """Publish the end, once: a page that draws the player again interrupts it."""
        if self._handle is not None and self._published is not self.task:
            self._published = self.task
            self._publish()

    def _end_below(self) -> None:
        """Show the card inside the widgets, where a page that was reloaded misses the one above.

        An Output lets the notebook draw it, so that relative links work there too.
        """
        if self._pages <= 1 or self.box.children != (self.card,):
            return
        data = {"text/html": super().html(), "text/plain": self.text()}
        shown = self._widgets.Output()
        shown.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)
        self.box.children = (shown, self.card)

    def _on_shown(self) -> None:
        with self._lock:
            self._pages += 1
            if not self.task.state.active:
                self._end_below()


class _Below:
    """The lower output of a card."""

    def __init__(self, card: CardView) -> None:
        self._card = card

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return self._card.below()


def _display(shown: object) -> Any:
    display: Any = importlib.import_module("IPython.display").display
    return display(shown, display_id=True)


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
    view = HtmlView(task) if kernel.current() is None else _view(task)
    view.draw(task.snapshot)
    if not isinstance(view, CardView):
        return view.bundle()
    whole = view.whole()
    view.follow()
    return whole


def _view(task: Task) -> HtmlView:
    if not kernel.attended():
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
