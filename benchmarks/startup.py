"""How soon something happens: importing, and the first submission of a fresh process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from benchmarks import children
from benchmarks.bench import Bench, against, each
from benchmarks.figures import Figure, Goal
from benchmarks.peers import OPENAI_CLIENT, OURS, Peer

AREA = "Start"
IMPORT, FIRST = Goal(25.0), Goal(0.6)
TIMES = 5
"""Of each run the shortest: what else the machine did only adds."""


def measure(bench: Bench) -> Iterator[Figure]:
    """Milliseconds of whole processes above a bare Python of the same environment."""
    yield from _imports(bench)
    yield from _first(bench)


def _imports(bench: Bench) -> Iterator[Figure]:
    modules = {peer.name: f"`import {peer.module}`" for peer in bench.peers if peer.module}
    peers = bench.named(*modules)
    found = bench.interleaved({peer.name: partial(_import, peer) for peer in peers})
    yield from each(AREA, "import, above bare Python", "ms", found, IMPORT, modules)
    if OPENAI_CLIENT.name in found:
        yield against(AREA, "import", found, OPENAI_CLIENT.name)


def _import(peer: Peer) -> float:
    bare, full = [], []
    for _ in range(TIMES):
        bare.append(_took([peer.python, "-c", "pass"]))
        full.append(_took([peer.python, "-c", f"import {peer.module}"]))
    return max(0.001, min(full) - min(bare)) * 1000


def _took(command: list[str]) -> float:
    started = time.perf_counter()
    children.process(command)
    return time.perf_counter() - started


def _first(bench: Bench) -> Iterator[Figure]:
    peers = bench.named(OURS, OPENAI_CLIENT.name)
    found = bench.interleaved({peer.name: partial(_accepted, bench, peer) for peer in peers})
    yield from each(AREA, "first submission accepted", "ms", found)
    if OPENAI_CLIENT.name in found:
        yield against(AREA, "first submission", found, OPENAI_CLIENT.name, FIRST)


def _accepted(bench: Bench, peer: Peer) -> float:
    """From the start of the process until the provider has a job, in ms."""

    def once() -> float:
        _, url = bench.server.place(peer.wire, 4096)
        started = time.time()
        return float(children.run(peer, "submit", url=url)["accepted_at"]) - started

    return min(once() for _ in range(TIMES)) * 1000
