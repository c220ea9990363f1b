"""When a job is asked after again: soon enough after its end, and no oftener than that takes.

The pause grows with the time that the job has taken: the end is then seen late by a fixed part of
that time, and the number of polls grows with its logarithm. What is known of the job makes the
pause longer while it cannot have ended, and shorter while it probably does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

LAG = 0.05
"""How late the end of a job is seen at most, as a part of its running time."""
LEAST_SECONDS = 1.0
"""A pause without a reason for a shorter one."""
TRUST = 4.0
"""How many times `LAG` is risked on a word about the job that may be wrong."""
_LOOKS = 8
"""Polls while the end is usually seen."""
_ENOUGH = 3
"""How many finished jobs tell how long one usually takes."""
_MARGIN = 0.1
_OUTLIERS = 10
"""One in so many is left out at each end."""


@dataclass(frozen=True, slots=True)
class Usual:
    """When jobs of a model usually end, in seconds after their submission."""

    earliest: float
    median: float
    latest: float

    @classmethod
    def of(cls, took: Sequence[float]) -> Usual | None:
        """From how long each of some jobs took, in seconds; None for fewer than three."""
        took = sorted(seconds for seconds in took if seconds > 0)
        if len(took) < _ENOUGH:
            return None
        out = len(took) // _OUTLIERS
        first, last = took[out] * (1 - _MARGIN), took[-1 - out] * (1 + _MARGIN)
        return cls(first, took[len(took) // 2], last)


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of a job that has not ended."""

    usual: Usual | None = None
    fraction: float | None = None
    """How much of it is done, 0 to 1, in the provider's word."""
    ahead: int = 0
    """How many jobs come before it begins, in the provider's word."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a provider allows, in seconds; the same twice is a fixed pause."""

    least: float
    most: float | None = None

    def bounded(self, seconds: float) -> float:
        """The allowed pause nearest to that."""
        return max(self.least, seconds if self.most is None else min(seconds, self.most))


NOTHING_KNOWN = Signs()


def pause(elapsed: float, rule: Rule, signs: Signs = NOTHING_KNOWN) -> float:
    """Seconds to wait before the next poll.

    With nothing known, the end is seen late by `LAG` of the running time, by `LEAST_SECONDS` or by
    `rule.least` at most, whichever is longest, as long as `rule.most` allows it. Where what is
    known is wrong, `TRUST` times `LAG` stands in place of `LAG`.

    Args:
        elapsed: Seconds since the submission.
        rule: What the provider allows.
        signs: What is known of the job.
    """
    return rule.bounded(_wished(elapsed, signs))


def _wished(elapsed: float, signs: Signs) -> float:
    steady = max(LEAST_SECONDS, LAG * elapsed)
    sparse = max(LEAST_SECONDS, TRUST * LAG * elapsed)
    usual = signs.usual
    if signs.ahead > 0:
        return sparse
    if usual and elapsed < usual.earliest:
        return min(sparse, usual.earliest - elapsed)
    if usual and elapsed < usual.latest:
        return min(steady, (usual.latest - usual.earliest) / _LOOKS)
    if signs.fraction and signs.fraction < 1:
        half = elapsed * (1 - signs.fraction) / signs.fraction / 2
        return min(max(steady, half), sparse)
    return steady
