"""What was measured, as values: samples, spreads, ratios of pairs, goals."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

Sense = Literal["<=", ">="]


@dataclass(frozen=True, slots=True)
class Goal:
    """What a figure should be; it is printed beside it and never asserted."""

    limit: float
    sense: Sense = "<="

    def met_by(self, value: float) -> bool:
        """Whether `value` is on the right side."""
        return value <= self.limit if self.sense == "<=" else value >= self.limit


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that somebody feels: its samples, one a run, and what it should be."""

    area: str
    name: str
    unit: str
    samples: tuple[float, ...]
    """Never empty."""
    subject: str = "openclaw_nb"
    """Whose figure it is."""
    goal: Goal | None = None
    note: str = ""

    def __post_init__(self) -> None:
        if not self.samples:
            raise ValueError(f"{self.area}, {self.name}, {self.subject}: no sample")

    @property
    def median(self) -> float:
        """What stands for all runs."""
        return statistics.median(self.samples)

    @property
    def low(self) -> float:
        """The least of all runs."""
        return min(self.samples)

    @property
    def high(self) -> float:
        """The most of all runs."""
        return max(self.samples)

    @property
    def met(self) -> bool | None:
        """Whether the median is as the goal says; None: there is no goal."""
        return None if self.goal is None else self.goal.met_by(self.median)

    def as_json(self) -> dict[str, Any]:
        """Plain values, the derived ones too."""
        told = {"median": self.median, "low": self.low, "high": self.high, "met": self.met}
        return {**asdict(self), **told}


@dataclass(frozen=True, slots=True)
class Results:
    """What one call of the benchmarks found."""

    figures: tuple[Figure, ...]
    machine: Mapping[str, str]
    skipped: Mapping[str, str]
    """What was not measured, and why."""
    runs: int
    quick: bool

    def with_figure(self, figure: Figure) -> Results:
        """The same and one more."""
        return replace(self, figures=(*self.figures, figure))

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "machine": dict(self.machine),
            "runs": self.runs,
            "quick": self.quick,
            "skipped": dict(self.skipped),
            "figures": [figure.as_json() for figure in self.figures],
        }


def ratios(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, ...]:
    """Run by run: what disturbs the machine disturbs both of a pair.

    Raises ValueError when the runs are not the same.
    """
    return tuple(mine / other for mine, other in zip(ours, theirs, strict=True))


def best(candidates: Mapping[str, Sequence[float]], *, most: bool = False) -> str:
    """The name with the lowest median, or the highest."""
    choose = max if most else min
    return choose(candidates, key=lambda name: statistics.median(candidates[name]))


def shown(value: float) -> str:
    """Three digits that count."""
    if value == 0 or abs(value) >= 100:  # noqa: PLR2004 - three digits stand before the point
        return f"{value:.0f}"
    return f"{value:.2g}" if abs(value) < 1 else f"{value:.3g}"
