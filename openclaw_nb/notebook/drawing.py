"""Tells what a program writes to widgets from what the user does to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_here = threading.local()


@contextmanager
def drawing() -> Iterator[None]:
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
