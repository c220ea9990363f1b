"""Time, where it can be exchanged: the engine's tests run on a clock of their own."""

from __future__ import annotations

import asyncio
import time


class Clock:
    """The real one."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start; never jumps."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait on the event loop."""
        await asyncio.sleep(seconds)


class Deadline:
    """One limit for a whole operation; every request's time-out is taken from what is left."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock, self.seconds = clock, seconds
        self._end = clock.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, never below 0."""
        return max(0.0, self._end - self._clock.monotonic())

    @property
    def passed(self) -> bool:
        """Whether nothing is left."""
        return self.left() <= 0.0
