"""The suites of a live run in their order: several providers at once, told in the order of their ids."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from openclaw_nb.client import Client
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.domain import Medium
from openclaw_nb.errors import ConfigError
from openclaw_nb.live.outcomes import Outcome, Ran
from openclaw_nb.live.selection import Suite
from openclaw_nb.vendors import Vendors

AT_ONCE = 4
"""Providers at work at the same time."""


def live_client(environ: Mapping[str, str], media_dir: Path | None = None) -> Client:
    """The client of a live run: keys come from where OpenClaw's live tests have them."""
    # `LIVE` is a name that others use, too: only here does it decide where keys come from.
    return Client(media_dir=media_dir, environ={**environ, "OPENCLAW_LIVE_TEST": "1"})


def usable(vendors: Vendors, medium: Medium, id: str) -> bool:
    """Whether a provider has what it needs to be called."""
    provider = find_provider(id, vendors.of(medium))
    try:
        return provider is not None and not vendors.reach(provider).unusable
    except ConfigError:
        return True  # to be told when it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """Suites over whatever tries one provider."""

    one: Callable[[Medium, str], Awaitable[Outcome]]
    """Tries the provider with this id; failures are in the outcome."""
    tell: Callable[[Outcome], None] = lambda _: None
    """Called with each outcome, in id order."""
    at_once: int = AT_ONCE

    async def run(self, suites: Sequence[Suite]) -> tuple[Ran, ...]:
        """One suite after the other; the first that fails is the last."""
        done: list[Ran] = []
        for suite in suites:
            done.append(await self._suite(suite))
            if done[-1].failed:
                break
        return tuple(done)

    async def _suite(self, suite: Suite) -> Ran:
        turns = asyncio.Semaphore(self.at_once)

        async def one(id: str) -> Outcome:
            async with turns:
                return await self.one(suite.medium, id)

        outcomes: list[Outcome] = []
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(id)) for id in suite.providers]
            for each in running:
                outcomes.append(await each)
                self.tell(outcomes[-1])
        return Ran(suite=suite, outcomes=tuple(outcomes))
