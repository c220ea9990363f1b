"""What a job costs: submitted, polled once, its clip of 256 KiB saved; 200 of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from benchmarks import children
from benchmarks.bench import Bench, against, each
from benchmarks.figures import Figure, Goal, best
from benchmarks.peers import OURS, STREAMING, Peer

COUNT, CLIP_BYTES = 200, 256 * 1024
CPU_AGAINST_BARE, CPU_AGAINST_BEST = Goal(2.5), Goal(0.4)
SPEED_AGAINST_BEST = Goal(3.0, ">=")
AREA = "A job"


def measure(bench: Bench) -> Iterator[Figure]:
    """CPU per job and jobs per second, of everybody, and ours beside the best."""
    names = (OURS, STREAMING.name, "openai") if bench.quick else ()
    peers = bench.named(*names) if names else bench.peers
    took = bench.interleaved({peer.name: partial(_run, bench, peer) for peer in peers})
    cpu = {name: [run["cpu_seconds"] / COUNT * 1000 for run in runs] for name, runs in took.items()}
    speed = {name: [COUNT / run["wall_seconds"] for run in runs] for name, runs in took.items()}
    yield from each(AREA, "CPU per job", "ms", cpu)
    yield from each(AREA, "jobs per second", "1/s", speed)
    clients = {peer.name for peer in peers if not peer.bare and peer.name != OURS}
    bare_goal = {STREAMING.name: CPU_AGAINST_BARE}
    yield from _beside("CPU per job", cpu, clients, CPU_AGAINST_BEST, bare_goal)
    yield from _beside("jobs per second", speed, clients, SPEED_AGAINST_BEST, {})
    busy = {name: [run["server_busy"] for run in runs] for name, runs in took.items()}
    note = "of one core; at 1 the server would be the limit"
    for name in (OURS, STREAMING.name):
        if name in busy:
            yield Figure(AREA, "the server was busy", "", tuple(busy[name]), name, note=note)


def _beside(
    name: str,
    found: dict[str, list[float]],
    clients: set[str],
    best_goal: Goal,
    goals: dict[str, Goal],
) -> Iterator[Figure]:
    """Ours as a multiple of each other; one goal is for the best of the clients."""
    measured = {each: found[each] for each in clients & found.keys()}
    first = best(measured, most=best_goal.sense == ">=") if measured else ""
    for other in found:
        if other != OURS:
            goal = best_goal if other == first else goals.get(other)
            note = "the best client" if other == first else ""
            yield against(AREA, name, found, other, goal, note)


def _run(bench: Bench, peer: Peer) -> dict[str, Any]:
    label, url = bench.server.place(peer.wire, CLIP_BYTES)
    before = bench.server.cpu_seconds
    told = children.run(peer, "jobs", url=url, count=COUNT, clip_bytes=CLIP_BYTES)
    told["server_busy"] = (bench.server.cpu_seconds - before) / told["wall_seconds"]
    asked = bench.server.asked(label)
    done = {asked["submits"], asked["polls"], asked["downloads"]}
    assert done == {COUNT + 1}, f"{peer.name} did other work: {asked}"
    return told
