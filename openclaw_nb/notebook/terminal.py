"""A task in a terminal: a bar on stderr, or a line per change where that is not a terminal."""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TextIO

from openclaw_nb.notebook import render
from openclaw_nb.task import Snapshot


class Bar:
    """Draws snapshots on a stream; the end once, whoever brings it first."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._last: object = None
        self._ended = False

    def draw(self, now: Snapshot) -> None:
        """Overwrite the line in a terminal; elsewhere add one when the state changed."""
        with self._lock:
            if self._ended:
                return
            self._ended = not now.state.active
            try:
                self._draw(now)
            except (OSError, ValueError):
                return  # the terminal was closed; the job goes on

    def _draw(self, now: Snapshot) -> None:
        if self._stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            end = "" if now.state.active else "\n"
            self._write(f"\r{render.task_line(now)[:width]}\x1b[K{end}")
            return
        key = (now.state, now.ref, now.attempt)
        if key != self._last:
            self._last = key
            self._write(f"{render.task_line(now)}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()
