"""How soon the end of a job is known, and how often a provider is asked until then."""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from itertools import product

from benchmarks import children
from benchmarks.bench import Bench, each
from benchmarks.figures import Figure, Goal
from benchmarks.peers import OPENCLAW, OURS, Peer
from openclaw_nb.client import Client
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.errors import OpenclawError
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.vendors import Endpoint

AREA = "Waiting"
LENGTHS, QUICK_LENGTHS = (10.0, 30.0, 120.0, 600.0), (10.0, 120.0)
POLLS_LENGTH = 120.0
PARTS = (0.91, 0.97, 1.0, 1.04)
"""Of a length: no pace of polling meets all of them by chance."""
MOST_POLLS = 40
PART, LEAST_SECONDS = 0.05, 1.0
"""A job may be known late by this part of its time, or by so many seconds if that is more."""
REAL_SECONDS = 15.0
WAITING = ("openai", "runwayml", "fal-client")
"""Packages that wait for a job themselves, at a pace of their own."""
PACED = "openclaw_paced"


def measure(bench: Bench) -> Iterator[Figure]:
    """First every provider on a clock that does not wait, then real seconds."""
    yield from _simulated(bench)
    if not bench.quick:
        yield from _real(bench)


# On a simulated clock, in a process of its own


class Hurried(Clock):
    """Sleeping moves the clock on and takes no time. It serves one task at a time."""

    def __init__(self) -> None:
        self.now = time.time()

    def monotonic(self) -> float:
        """The simulated moment."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """At once, and it is later."""
        self.now += seconds
        await asyncio.sleep(0)


def simulate(seconds: float) -> dict[str, list[tuple[float, int]]]:
    """By provider, of jobs about so long: seconds from an end until it was known, and the polls.

    A provider none of whose jobs ended well is left out, and those that tell the end by themselves: while
    they are listened to, nobody sleeps, and the clock stands still.
    """
    clock = Hurried()
    found: dict[str, list[tuple[float, int]]] = {}
    with tempfile.TemporaryDirectory() as home, Emulator(clock=lambda: clock.now) as emulator:
        places = {id: Endpoint(url, "key") for id, url in emulator.base_urls.items()}
        client = Client(home=home, environ={}, endpoints=places, clock=clock)
        polled = [each for each in client.vendors.providers if each.build_stream is None]
        for provider, part in product(polled, PARTS):
            emulator.set(Scenario(seconds=part * seconds, render="draft"))
            model = f"{provider.id}/{provider.default_model.id}"
            try:
                client.generate_video("a heron", model=model, exact_model=True).result(60)
            except (OpenclawError, TimeoutError) as error:
                print(f"{provider.id}: {error}", file=sys.stderr)
                continue
            job = emulator.jobs[-1]
            late = clock.now - (job.created_at + part * seconds)
            found.setdefault(provider.id, []).append((late, job.polls))
        client.close()
    return found


def _simulated(bench: Bench) -> Iterator[Figure]:
    for seconds in QUICK_LENGTHS if bench.quick else LENGTHS:
        code = f"import json; from benchmarks.polling import simulate as s; print(json.dumps(s({seconds})))"
        told = json.loads(children.process([OPENCLAW.python, "-c", code]).splitlines()[-1])
        if told:
            yield from _judged(seconds, told)
        else:
            bench.skipped[f"waiting {seconds:g} s"] = "no provider's job ended"


def _judged(seconds: float, told: dict[str, list[tuple[float, int]]]) -> Iterator[Figure]:
    limit = max(PART * seconds, LEAST_SECONDS)
    late = {id: max(late for late, _ in jobs) for id, jobs in told.items()}
    polls = {id: max(count for _, count in jobs) for id, jobs in told.items()}
    free = [id for id in late if by_id[id].poll_seconds <= limit]
    busy = max(polls, key=polls.__getitem__)
    typical = tuple(late for jobs in told.values() for late, _ in jobs)
    counts = tuple(float(count) for jobs in told.values() for _, count in jobs)
    job = f"job of {seconds:g} s"
    none = "" if free else f"no provider's rule allows a pace of {limit:g} s"
    yield Figure(AREA, f"{job} known late, any provider", "s", typical, note=none)
    if free:
        slow = max(free, key=late.__getitem__)
        over = [id for id in free if late[id] > limit]
        ruled = ", ".join(f"{id} {late[id]:.1f} s" for id in sorted({*late} - {*free}))
        note = (
            f"{slow}; too late: {', '.join(over) or 'none'}; by their own rules: {ruled or 'none'}"
        )
        title = f"{job} known late, slowest provider whose rule allows that pace"
        yield Figure(AREA, title, "s", (late[slow],), goal=Goal(limit), note=note)
    yield Figure(AREA, f"polls, {job}, any provider", "", counts)
    goal = Goal(MOST_POLLS) if seconds == POLLS_LENGTH else None
    many = sorted(id for id in polls if polls[id] > MOST_POLLS)
    note = f"{busy}; more than {MOST_POLLS}: {', '.join(many) or 'none'}"
    yield Figure(
        *(AREA, f"polls, {job}, most asked provider", "", (float(polls[busy]),)),
        goal=goal,
        note=note,
    )


# In real seconds


def _real(bench: Bench) -> Iterator[Figure]:
    ours = [
        Peer(f"{OURS}, {wire}", PACED, OPENCLAW.packages, wire=wire)
        for wire in ("openai", "runway", "fal")
    ]
    peers = [*ours, *bench.named(*WAITING)]
    found = bench.interleaved({peer.name: partial(_waited, bench, peer) for peer in peers})
    late = {name: [run[0] for run in runs] for name, runs in found.items()}
    polls = {name: [run[1] for run in runs] for name, runs in found.items()}
    yield from each(AREA, f"job of {REAL_SECONDS:g} s known late, in real time", "s", late)
    yield from each(AREA, f"polls for a job of {REAL_SECONDS:g} s, in real time", "", polls)


def _waited(bench: Bench, peer: Peer) -> tuple[float, float]:
    label, url = bench.server.place(peer.wire, 4096, seconds=REAL_SECONDS)
    known = children.run(peer, "wait", url=url)["known_at"]
    asked = bench.server.asked(label)
    (end,) = asked["ended_at"]
    return known - end, asked["polls"]
