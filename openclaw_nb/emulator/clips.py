"""The real media it serves: what a file must be, and a studio that renders each different one once."""

from __future__ import annotations

import atexit
import hashlib
import math
import shutil
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import cache
from pathlib import Path
from typing import Literal, Self

from typing_extensions import override

from .references import Source

Kind = Literal["video", "image", "music"]

MIN_SIDE, MAX_SIDE = 16, 4096
WORKERS = 2
DRAFT_SCALE, DRAFT_SECONDS, DRAFT_FPS = 8, 1.0, 8


def even(length: float) -> int:
    """The nearest even number: yuv420p has no odd sizes."""
    return max(MIN_SIDE, min(MAX_SIDE, 2 * math.floor(length / 2 + 0.5)))


@dataclass(frozen=True, slots=True)
class Spec(ABC):
    """What a file shows or plays. Equal specs are the same file."""

    provider: str
    model: str
    prompt: str
    width: int = 0
    height: int = 0
    seconds: float = 0
    fps: float = 0
    audio: bool = False
    """It has sound."""

    @property
    @abstractmethod
    def kind(self) -> Kind:
        """What it is to people."""

    @property
    @abstractmethod
    def suffix(self) -> str:
        """Of the file's name, with the dot."""

    @property
    @abstractmethod
    def content_type(self) -> str:
        """What a file host says it is."""

    @abstractmethod
    def draft(self) -> Self:
        """The same in small and short, for tests of other things than the media."""

    @abstractmethod
    def render(self, path: Path, stopped: Callable[[], bool]) -> Clip:
        """Write it to `path`, unless `stopped` before the end."""

    @property
    def digest(self) -> str:
        """Names the file."""
        found = hashlib.sha256(self.kind.encode())
        for each in fields(self):
            value = getattr(self, each.name)
            data = value if isinstance(value, bytes) else repr(value).encode()
            found.update(b"%s %d " % (each.name.encode(), len(data)))
            found.update(data)
        return found.hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class ClipSpec(Spec):
    """A film."""

    fps: float = 24
    first_image: Source | None = None
    """Image to open with: bytes, a data URI, or an address (fetched only on this machine)."""
    video: Source | None = None
    """Video whose frames are used, likewise."""
    follows_reference: bool = False
    """Take the shape of the reference, keeping the shorter side."""

    @property
    @override
    def kind(self) -> Kind:
        return "video"

    @property
    @override
    def suffix(self) -> str:
        return ".mp4"

    @property
    @override
    def content_type(self) -> str:
        return "video/mp4"

    @override
    def render(self, path: Path, stopped: Callable[[], bool]) -> Clip:
        from .film import shoot

        return shoot(self, path, stopped)

    @override
    def draft(self) -> Self:
        return replace(
            self,
            width=even(self.width / DRAFT_SCALE),
            height=even(self.height / DRAFT_SCALE),
            seconds=min(self.seconds, DRAFT_SECONDS),
            fps=DRAFT_FPS,
        )


@dataclass(frozen=True, slots=True)
class Clip:
    """A rendered file and what it is."""

    path: Path
    width: int
    height: int
    seconds: float
    bytes: int


@cache
def _shelf() -> Path:
    """One folder a process, so that emulators share what they rendered."""
    folder = Path(tempfile.mkdtemp(prefix="openclaw-emulator-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_finished: dict[str, Clip] = {}


class Studio:
    """Renders in threads of its own. Identical orders share one file, also while it is being made."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._orders: dict[str, Future[Clip]] = {}
        self._closed = threading.Event()
        self._pool: ThreadPoolExecutor | None = None

    @property
    def is_closed(self) -> bool:
        """It takes no more orders."""
        return self._closed.is_set()

    def order(self, spec: Spec) -> Future[Clip]:
        """Start rendering now, or join what is under way."""
        name = spec.digest
        with self._lock:
            if self._closed.is_set():
                raise RuntimeError("the emulator is closed")
            known = self._orders.get(name)
            if known is None or (known.done() and known.exception() is not None):
                known = self._orders[name] = self._start(name, spec)
            return known

    def _start(self, name: str, spec: Spec) -> Future[Clip]:
        if name in _finished:
            ready: Future[Clip] = Future()
            ready.set_result(_finished[name])
            return ready
        if self._pool is None:
            self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="openclaw-emulator-clip")
        return self._pool.submit(self._render, name, spec)

    def _render(self, name: str, spec: Spec) -> Clip:
        unfinished = _shelf() / f"{name}-{id(self)}.part"
        try:
            clip = spec.render(unfinished, self._closed.is_set)
            final = unfinished.with_name(f"{name}{spec.suffix}")
            unfinished.replace(final)
        finally:
            unfinished.unlink(missing_ok=True)
        _finished[name] = replace(clip, path=final)
        return _finished[name]

    def close(self) -> None:
        """Stop what is being rendered and end the threads."""
        with self._lock:
            self._closed.set()
            pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown(wait=True, cancel_futures=True)
