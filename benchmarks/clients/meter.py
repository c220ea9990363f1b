"""CPU, time and memory of this process, by the standard library alone."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


class Meter:
    """What happens between entering and leaving.

    `reading`: `cpu_seconds` of all threads, user and system; `wall_seconds`; on Linux
    `growth_bytes`, the highest resident memory above what it was at the start.
    """

    def __enter__(self) -> Self:
        self.reading: dict[str, Any] = {}
        with suppress(OSError):
            _CLEAR.write_text("5")  # the high-water mark begins anew (proc(5))
        self._rss = _memory("VmRSS")
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.reading["cpu_seconds"] = time.process_time() - self._cpu
        self.reading["wall_seconds"] = time.perf_counter() - self._wall
        highest = _memory("VmHWM")
        if highest is not None and self._rss is not None:
            self.reading["growth_bytes"] = highest - self._rss


def _memory(name: str) -> int | None:
    """A line of the process's status, in bytes; None where there is none."""
    with suppress(OSError):
        for line in _STATUS.read_text().splitlines():
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
    return None
