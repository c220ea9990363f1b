"""One setting as a widget that offers what the chosen model takes, and no more."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from typing import Any

from openclaw_nb.notebook.controls import NOTHING, Offer, Setting
from openclaw_nb.notebook.drawing import drawing, is_drawing

MODELS_OWN = ("as the model likes", "")
"""Shown for a setting that is not given. Selections of ipywidgets take None for no selection."""

widgets: Any = importlib.import_module("ipywidgets")  # its annotations are partly missing


class Field:
    """A setting's widget; `edited(name, value)` is called for what the user does, not for `show`.

    Another offer brings another widget: a list becomes a slider, a line of text, or nothing.
    """

    def __init__(self, setting: Setting, edited: Callable[[str, object], None]) -> None:
        self.setting, self._edited = setting, edited
        self.box = widgets.VBox()
        self.box.add_class("ocs-wide" if setting.shape == "lines" else "ocs-field")
        self.widget: Any = None
        self._offer: Offer | None = None

    def show(self, offer: Offer, value: object) -> None:
        """Offer these values and have `value` chosen; None leaves it to the model."""
        with drawing():
            if offer != self._offer:
                self._replace(offer)
            self._put(value)

    def _replace(self, offer: Offer) -> None:
        before, self._offer = self.widget, offer
        self.box.layout.display = "none" if offer == NOTHING else None
        self.widget = None if offer == NOTHING else _widget(self.setting, offer)
        self.box.children = () if self.widget is None else (self.widget,)
        if self.widget is not None:
            self.widget.observe(self._changed, "value")
        if before is not None:
            before.close()

    def _put(self, value: object) -> None:
        if self.widget is None or self.value == value:
            return
        is_text = isinstance(self.widget, widgets.Text | widgets.Textarea)
        self.widget.value = "" if value is None else str(value) if is_text else value

    @property
    def value(self) -> object:
        """What is chosen; None when it is left to the model."""
        found = None if self.widget is None else self.widget.value
        return _read(self.setting, found.strip()) if isinstance(found, str) else found

    def _changed(self, _: object) -> None:
        if not is_drawing():
            self._edited(self.setting.name, self.value)


def _widget(setting: Setting, offer: Offer) -> Any:
    named = {"description": setting.label, "layout": widgets.Layout(width="100%")}
    if setting.shape == "length" and offer.values:
        options = [MODELS_OWN, *((f"{value} s", value) for value in offer.values)]
        return widgets.SelectionSlider(options=options, continuous_update=False, **named)
    if setting.shape == "switch":
        return _dropdown([("on", True), ("off", False)], named)
    if offer.values:
        return _dropdown([(str(value), value) for value in offer.values], named)
    if setting.shape == "lines":
        return widgets.Textarea(placeholder=MODELS_OWN[0], rows=3, continuous_update=False, **named)
    hint = setting.hint or {"number": "a number", "text": "text"}.get(setting.shape, "")
    return widgets.Text(placeholder=hint or MODELS_OWN[0], continuous_update=False, **named)


def _dropdown(options: Sequence[tuple[str, object]], named: dict[str, Any]) -> Any:
    return widgets.Dropdown(options=[MODELS_OWN, *options], **named)


def _read(setting: Setting, text: str) -> object:
    """What was typed: a number where it looks like one and one is wanted."""
    if not text:
        return None
    if setting.shape not in ("number", "length"):
        return text
    try:
        number = float(text)
    except ValueError:
        return text  # the plan says what is wrong with it
    return int(number) if number.is_integer() else number
