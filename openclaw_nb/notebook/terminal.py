"""A task in a terminal: a bar on stderr, or a line per change where that is not a terminal."""

from __future__ import annotations

import shutil
import sys
from typing import TextIO

from openclaw_nb.notebook import render
from openclaw_nb.task import Snapshot


class Bar:
    """Draws snapshots on a stream."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._last: object = None

    def draw(self, now: Snapshot) -> None:
        """Overwrite the line in a terminal; elsewhere add one when the state changed."""
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
        try:
            self._stream.write(text)
            self._stream.flush()
        except (OSError, ValueError):
            return  # the terminal was closed; the job goes on
