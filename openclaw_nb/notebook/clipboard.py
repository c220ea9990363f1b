"""A button that copies a text in the browser. Importing it needs anywidget."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """Copies `code`, and shows it for where the page may not write to the clipboard.

    Args:
        code: What is copied.
        on_shown: Called each time a page draws the button: again after a reload.
    """

    _esm = Path(__file__).with_name("clipboard.js")
    code: Any = traitlets.Unicode().tag(sync=True)

    def __init__(self, code: str, on_shown: Callable[[], object]) -> None:
        super().__init__(code=code)
        self._on_shown = on_shown
        listen: Any = self.on_msg  # it has no annotations
        listen(self._heard)

    def _heard(self, _widget: object, said: Mapping[str, Any], _buffers: object) -> None:
        if said.get("event") == "shown":
            self._on_shown()
