"""A button that copies a text: the browser does it, ipywidgets has no such thing."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets


class CopyButton(anywidget.AnyWidget):
    """Copies `code` to the clipboard of the person at the browser, and shows it."""

    _esm = Path(__file__).with_name("copybutton.js")

    code = traitlets.Unicode("").tag(sync=True)
