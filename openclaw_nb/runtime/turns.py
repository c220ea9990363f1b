"""So many operations at once for each provider, and no more: whoever waits longest comes next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

_Place = asyncio.Future[None]


@dataclass(slots=True)
class _Line:
    """Those who wait for one provider."""

    running: int = 0
    first: deque[_Place] = field(default_factory=deque[_Place])
    others: deque[_Place] = field(default_factory=deque[_Place])

    def leave(self) -> None:
        """Hand the turn to the next who still wants it."""
        for waiting in (self.first, self.others):
            while waiting:
                place = waiting.popleft()
                if not place.done():
                    place.set_result(None)
                    return
        self.running -= 1


class Turns:
    """One line for each provider, so that none makes another wait. Used on one event loop."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}

    @asynccontextmanager
    async def take(
        self,
        provider: str,
        limit: int,
        *,
        ahead: bool,
        waiting: Callable[[str], Awaitable[None]],
    ) -> AsyncGenerator[None]:
        """Be one of at most `limit` operations at `provider` while the block runs.

        `waiting` is told why nothing happens yet, and awaited. `ahead`: before those who are not,
        for jobs that are under way already and whose results expire.
        """
        line = self._lines.setdefault(provider, _Line())
        if line.running < limit:
            line.running += 1
        else:
            place: _Place = asyncio.get_running_loop().create_future()
            (line.first if ahead else line.others).append(place)
            try:
                await waiting(f"waits for its turn at {provider}, {line.running} running")
                await place
            except BaseException:
                if not place.cancel() and not place.cancelled():
                    line.leave()  # it was our turn already
                raise
        try:
            yield
        finally:
            line.leave()
