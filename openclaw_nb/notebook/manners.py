"""Keyboard and screen readers in the form: names for sliders, keys that are not the notebook's."""

from __future__ import annotations

from pathlib import Path

import anywidget


class Manners(anywidget.AnyWidget):
    """Shows nothing; mends the widgets around it in the page, now and when they change."""

    _esm = Path(__file__).with_name("manners.js")
