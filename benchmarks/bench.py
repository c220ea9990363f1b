"""One call of the benchmarks: the server, who takes part, how often, what had to be left out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from benchmarks.children import StandIn
from benchmarks.figures import Figure, Goal, ratios
from benchmarks.peers import OURS, Peer

V = TypeVar("V")
MIB = 2**20


def tell(line: str) -> None:
    """Progress, beside the results."""
    print(line, file=sys.stderr, flush=True)


@dataclass
class Bench:
    """What a measurement may use."""

    server: StandIn
    peers: list[Peer]
    """Ours first; only those that could be installed."""
    runs: int
    quick: bool = False
    skipped: dict[str, str] = field(default_factory=dict)
    """What is not measured, and why."""

    def interleaved(self, subjects: Mapping[str, Callable[[], V]]) -> dict[str, list[V]]:
        """Every subject once a run, each second run backwards: noise of the machine hits all alike.

        A subject that fails is left out, and said.
        """
        found: dict[str, list[V]] = {name: [] for name in subjects}
        for number in range(self.runs):
            for name in list(found)[:: -1 if number % 2 else 1]:
                try:
                    found[name].append(subjects[name]())
                except (RuntimeError, AssertionError) as error:
                    if name == OURS:
                        raise
                    del found[name]
                    self.skipped[name] = f"failed: {str(error).strip().splitlines()[-1]}"
        return found

    def named(self, *names: str) -> list[Peer]:
        """Those of these names that take part."""
        return [peer for peer in self.peers if peer.name in names]


def each(
    area: str,
    name: str,
    unit: str,
    found: Mapping[str, Iterable[float]],
    goal: Goal | None = None,
    notes: Mapping[str, str] = MappingProxyType({}),
) -> list[Figure]:
    """The same figure of every subject; the goal is ours."""
    return [
        Figure(
            *(area, name, unit, tuple(samples), subject),
            goal=goal if subject == OURS else None,
            note=notes.get(subject, ""),
        )
        for subject, samples in found.items()
    ]


def against(
    area: str,
    name: str,
    found: Mapping[str, list[float]],
    other: str,
    goal: Goal | None = None,
    note: str = "",
) -> Figure:
    """Ours as a multiple of another's, run by run."""
    samples = ratios(found[OURS], found[other])
    return Figure(area, f"{name} / {other}", "x", samples, goal=goal, note=note)
