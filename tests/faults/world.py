"""What the tests of faults stand on: processes that die, servers that misbehave, an emulator whose time is ours."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE_SECONDS = 60.0
"""How long anything may take on a busy machine before a test gives up on it."""


class Hands:
    """A clock that can be moved on."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


class Child:
    """A process that makes videos: `tests.faults.child`."""

    def __init__(self, home: Path, urls: dict[str, str], *options: str) -> None:
        command = [sys.executable, "-m", "tests.faults.child", str(home), json.dumps(urls)]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen([*command, *options], stdout=pipe, stderr=pipe, text=True)
        self._lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self._lines.append(line)

    def said(self, word: str) -> int:
        """How many lines of its output begin so."""
        return sum(line.startswith(word) for line in tuple(self._lines))

    def until(self, reached: Callable[[], bool]) -> None:
        """Wait until something is so; it fails when the process ends before."""
        end = time.monotonic() + PATIENCE_SECONDS
        while not reached():
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(0.02)
            if self.process.returncode is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"it was never reached: {self.process.stderr.read()}")

    def kill(self) -> None:
        """SIGKILL: nothing of it runs any more."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Kill it, and close its pipes."""
        self.kill()
        self._reader.join()
        self.process.stdout.close()
        self.process.stderr.close()


@contextmanager
def child(home: Path, urls: dict[str, str], *options: str) -> Iterator[Child]:
    """A process at work; it is gone when the block ends."""
    running = Child(home, urls, *options)
    try:
        yield running
    finally:
        running.close()


@contextmanager
def unfinished_handshake() -> Iterator[str]:
    """The https address of a port that takes connections and never says a word: no request leaves."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"https://127.0.0.1:{listening.getsockname()[1]}"


def parts(media: Path) -> list[Path]:
    """Files that are not finished."""
    return [path for path in media.rglob("*") if path.name.startswith(".part-")]


def films(media: Path) -> list[Path]:
    """Files under their final names."""
    return list(media.glob("*.mp4"))
