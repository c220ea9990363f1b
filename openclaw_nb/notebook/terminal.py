"""A task in a terminal: a bar on stderr, or a line per change where that is not a terminal."""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TextIO

from openclaw_nb.notebook import render
from openclaw_nb.notebook.group import Group, group_line
from openclaw_nb.task import Snapshot


class _Line:
    """A line of a stream: overwritten in a terminal, elsewhere added when its key changes."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._lock = threading.Lock()
        self._last: object = None
        self._ended = False

    def put(self, text: str, key: object, *, last: bool) -> None:
        """Show `text`; nothing comes after the `last`."""
        with self._lock:
            if self._ended:
                return
            self._ended = last
            try:
                self._put(text, key, last=last)
            except (OSError, ValueError):
                return  # the terminal was closed; the job goes on

    def _put(self, text: str, key: object, *, last: bool) -> None:
        if self._stream.isatty():
            width = shutil.get_terminal_size().columns - 1
            end = "\n" if last else ""
            self._write(f"\r{text[:width]}\x1b[K{end}")
        elif key != self._last:
            self._last = key
            self._write(f"{text}\n")

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


class Bar(_Line):
    """Draws one task; the end once, whoever brings it first."""

    def draw(self, now: Snapshot) -> None:
        """Overwrite the line in a terminal; elsewhere add one when the state changed."""
        key = (now.state, now.ref, now.attempt)
        self.put(render.task_line(now), key, last=not now.state.active)


class GroupBar(_Line):
    """Draws many tasks in one line."""

    def draw(self, now: Group) -> None:
        """Overwrite the line in a terminal; elsewhere add one when another task has ended."""
        self.put(group_line(now), now.ended, last=now.over)
