"""What the user does to widgets, told from what a program writes to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

_here = threading.local()


@contextmanager
def drawing() -> Generator[None, None, None]:
    """What this thread changes meanwhile is not the user's doing; other threads are not meant."""
    before = is_drawing()
    _here.drawing = True
    try:
        yield
    finally:
        _here.drawing = before


def is_drawing() -> bool:
    """Whether this thread is drawing now."""
    return getattr(_here, "drawing", False)


def when_clicked(button: Any, call: Callable[[], object]) -> None:
    """Call `call()` for each click on an ipywidgets button."""

    def clicked(_button: object) -> None:
        call()

    button.on_click(clicked)
