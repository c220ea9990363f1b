"""The form's widgets. It shows a state and reports what the user does; it decides nothing."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from openclaw_nb.core.domain import Kind, Medium, Mode
from openclaw_nb.notebook.controls import Choice, Setting
from openclaw_nb.notebook.copybutton import CopyButton
from openclaw_nb.notebook.drawing import drawing, is_drawing, when_clicked
from openclaw_nb.notebook.fields import Field
from openclaw_nb.notebook.manners import Manners
from openclaw_nb.notebook.tray import Shown, Tray

widgets: Any = importlib.import_module("ipywidgets")  # its annotations are partly missing

_STYLE = (Path(__file__).parent / "form.css").read_text(encoding="utf-8")
_WIDE = {"width": "100%"}
Choices = tuple[tuple[str, str], ...]
"""Label and value, as dropdowns want them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """All that the form shows at one moment."""

    medium: Medium
    prompt: str = ""
    prompt_hint: str = ""
    mode: Mode | None = None
    modes: tuple[Mode, ...] = ()
    corrected: bool = False
    """The user chose the mode against the references."""
    kinds: tuple[Kind, ...] = ()
    """Of references that can be added."""
    references: tuple[Shown, ...] = ()
    providers: Choices = ()
    provider: str = ""
    models: Choices = ()
    model: str = ""
    exact_model: bool = False
    style: tuple[Choice, ...] = ()
    options: tuple[Choice, ...] = ()
    plan: str = ""
    """HTML."""
    setup: str = ""
    """HTML: what to configure; empty when something is."""
    why_not: str = ""
    """Why nothing can be generated now; empty when it can."""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Handlers:
    """What the form calls."""

    edit: Callable[[str, object], None]
    """The user changed a part of the request: `medium`, `prompt`, `provider`, `model`, `mode`,
    `exact_model`, or a setting."""
    edit_option: Callable[[str, object], None]
    generate: Callable[[], None]
    look_again: Callable[[], None]
    """Read keys and configuration anew."""
    emulate: Callable[[], None] | None
    """Switch to the emulator; None where the form has a client of its own."""


class Form:
    """Every widget of the form, in one box."""

    def __init__(self, media: Sequence[Medium], handlers: Handlers, tray: Tray) -> None:
        self._handlers, self.tray = handlers, tray
        self.copy = CopyButton()
        self._make_words(media)
        self._make_choices()
        self._make_actions()
        self._style = _Fields(handlers.edit)
        self._options = _Fields(handlers.edit_option)
        self.results = widgets.Box()
        self.results.add_class("ocs-results")
        self.results_title = _title("Made in this session")
        self.box = self._box()
        self.show_results(())

    def _make_words(self, media: Sequence[Medium]) -> None:
        self.medium = widgets.RadioButtons(
            description="Make",
            options=[(str(medium), medium) for medium in media],
            orientation="horizontal",
            layout=_layout(),
        )
        self.prompt = widgets.Textarea(description="Prompt", rows=3, layout=_layout())
        self._report(self.medium, "medium")
        self._report(self.prompt, "prompt")

    def _make_choices(self) -> None:
        self.mode = widgets.RadioButtons(
            description="Mode", options=[""], orientation="horizontal", layout=_layout()
        )
        self.follow = widgets.Button(
            description="Follow the references", tooltip="Let the references decide the mode"
        )
        self.follow.add_class("ocs-quiet")
        self.provider = widgets.Dropdown(description="Provider", layout=_layout())
        self.model = widgets.Dropdown(description="Model", layout=_layout())
        self.exact_model = widgets.Checkbox(
            description="Only this model: if it fails, try no other", indent=False, layout=_layout()
        )
        for name in ("mode", "provider", "model", "exact_model"):
            self._report(getattr(self, name), name)
        when_clicked(self.follow, lambda: self._handlers.edit("mode", None))

    def _make_actions(self) -> None:
        self.plan, self.setup, self.why_not, self.error = (widgets.HTML() for _ in range(4))
        for live in (self.plan, self.why_not):
            live.add_class("ocs-live")
        self.generate = widgets.Button(description="Generate", tooltip="Send the request")
        self.generate.add_class("ocs-go")
        when_clicked(self.generate, self._handlers.generate)
        self.again = widgets.Button(description="Look again", tooltip="Read the keys anew")
        when_clicked(self.again, self._handlers.look_again)
        self.emulate = widgets.Button(
            description="Try without a key", tooltip="Switch this notebook to the emulator"
        )
        for button in (self.again, self.emulate):
            button.add_class("ocs-quiet")
        if self._handlers.emulate is None:
            self.emulate.layout.display = "none"
        else:
            emulate = self._handlers.emulate
            when_clicked(self.emulate, emulate)

    def _report(self, widget: Any, name: str) -> None:
        def changed(change: Any) -> None:
            if not is_drawing():
                self._handlers.edit(name, change["new"])

        widget.observe(changed, "value")

    def _box(self) -> Any:
        self.setup_box = _classed(
            widgets.VBox([self.setup, widgets.HBox([self.emulate, self.again])]),
            "ocs-setup",
            "ocs-form",
        )
        heading = widgets.HTML('<div class="ocs-heading">Studio</div>')
        top = _classed(widgets.Box([heading, self.medium]), "ocs-top", "ocs-form")
        columns = _classed(widgets.Box([self._left(), self._right()]), "ocs-columns", "ocs-form")
        style = widgets.HTML(f"<style>{_STYLE}</style>")
        parts = [style, Manners(), top, self.setup_box, columns, self.results_title, self.results]
        return _classed(widgets.VBox(parts), "ocl", "ocs-studio")

    def _left(self) -> Any:
        """What is filled in."""
        modes = _classed(widgets.Box([self.mode, self.follow]), "ocs-modes")
        models = _classed(widgets.Box([self.provider, self.model]), "ocs-grid")
        self.options_title = _title("Options of the provider")
        parts = [
            *(self.prompt, _title("References"), modes, self.tray.box),
            *(_title("Model"), models, self.exact_model, _title("Style"), self._style.box),
            *(self.options_title, self._options.box),
        ]
        return _classed(widgets.VBox(parts), "ocs-fields")

    def _right(self) -> Any:
        """What would happen, and the button."""
        parts = [_title("Plan"), self.plan, self.generate, self.why_not, self.error, self.copy]
        return _classed(widgets.VBox(parts), "ocs-side")

    def show(self, state: State) -> None:
        """Draw `state`. What is written to the widgets is not reported as an edit."""
        with drawing():
            self._show(state)

    def _show(self, state: State) -> None:
        _put(self.medium, state.medium)
        _put(self.prompt, state.prompt)
        self.prompt.placeholder = state.prompt_hint
        modes = [(mode.words_for(state.medium), mode) for mode in state.modes]
        _choose(self.mode, modes, state.mode)
        _choose(self.provider, state.providers, state.provider)
        _choose(self.model, state.models, state.model)
        self.model.layout.display = None if state.models else "none"
        self.exact_model.layout.display = None if state.models else "none"
        _put(self.exact_model, state.exact_model)
        self.follow.layout.display = None if state.corrected else "none"
        self.tray.show(state.references, state.kinds)
        self._style.show(state.style)
        self._options.show(state.options)
        for widget in (self.options_title, self._options.box):
            widget.layout.display = None if state.options else "none"
        self._show_outcome(state)

    def _show_outcome(self, state: State) -> None:
        self.plan.value = f'<div class="ocs-plan">{state.plan}</div>' if state.plan else ""
        self.setup.value = state.setup
        self.setup_box.layout.display = None if state.setup else "none"
        self.generate.disabled = bool(state.why_not)
        self.why_not.value = (
            f'<div class="ocs-faint">{escape(state.why_not)}</div>' if state.why_not else ""
        )
        self.copy.code = state.code

    def say(self, text: str) -> None:
        """An error below the button, or none."""
        told = f'<div role="alert" class="ocs-error">{escape(text)}</div>' if text else ""
        self.error.value = told

    def show_results(self, boxes: Sequence[Any]) -> None:
        """The tasks of this session, newest first."""
        self.results.children = tuple(boxes)
        self.results_title.layout.display = None if boxes else "none"


class _Fields:
    """A grid of settings; those that are no longer there leave."""

    def __init__(self, edited: Callable[[str, object], None]) -> None:
        self._edited = edited
        self._fields: dict[Setting, Field] = {}
        self.box = _classed(widgets.Box(), "ocs-grid")

    def show(self, settings: Sequence[Choice]) -> None:
        for setting, offer, value in settings:
            if setting not in self._fields:
                self._fields[setting] = Field(setting, self._edited)
            self._fields[setting].show(offer, value)
        boxes = tuple(self._fields[setting].box for setting, _, _ in settings)
        if boxes != self.box.children:
            self.box.children = boxes


def _choose(widget: Any, options: Sequence[tuple[str, object]], value: object) -> None:
    """Set options and value without a moment in which they do not fit."""
    known = tuple(options) or (("", ""),)
    if tuple(widget.options) != known:
        widget.options = known
    if value in [option for _, option in known]:
        _put(widget, value)


def _put(widget: Any, value: object) -> None:
    if widget.value != value:
        widget.value = value


def _classed(box: Any, *names: str) -> Any:
    for name in names:
        box.add_class(name)
    return box


def _title(text: str) -> Any:
    return widgets.HTML(f'<div class="ocs-title" role="heading" aria-level="3">{text}</div>')


def _layout() -> Any:
    return widgets.Layout(**_WIDE)
