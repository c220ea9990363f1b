"""One event loop on one background thread: cells never block it, and it never blocks them."""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import os
import threading
import time
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

V = TypeVar("V")

_SLICE_SECONDS = 0.2
_STOP_SECONDS = 2.0


class _PinnedLoop(asyncio.SelectorEventLoop):
    """A loop that `nest_asyncio.apply()` cannot change: it patches the class, these are its own."""

    run_forever = BaseEventLoop.run_forever
    run_until_complete = BaseEventLoop.run_until_complete
    _run_once = BaseEventLoop._run_once  # type: ignore[attr-defined]
    _check_running = BaseEventLoop._check_running  # type: ignore[attr-defined]


class CoreLoop:
    """The background thread and its loop; made anew after a fork."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.loop = _PinnedLoop()
        self.thread = threading.Thread(target=self._main, name="openclaw-core", daemon=True)
        self.thread.start()

    def _main(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()
