"""When a process started: with its number it tells one process from another that has the number later."""

from __future__ import annotations

import os
from contextlib import suppress
from functools import cache
from pathlib import Path

_START_FIELD = 19
"""Of `/proc/<pid>/stat`, counted from after the name."""
_BOOT_SECONDS = 1e8
"""More than a machine runs without being started again: 3 years."""


@cache
def own_start(pid: int) -> float | None:
    """When this process started, which does not change; `pid` is its own, and another's after a fork."""
    return _since_boot(pid) or _created(pid)


def process_started(pid: int) -> float | None:
    """When a process started, in seconds from some moment; None when there is no such process."""
    return own_start(pid) if pid == os.getpid() else _created(pid)


def _created(pid: int) -> float | None:
    # psutil takes its time to load. Its own answer moves on Linux when the clock is set.
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return _since_boot(pid) or float(process.create_time())
    return None


def _since_boot(pid: int) -> float | None:
    """Seconds from boot to the start of a process, on a scale that differs from boot to boot."""
    try:
        boot = int(Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")[:4], 16)
        facts = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return boot * _BOOT_SECONDS + int(facts[_START_FIELD]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return None
