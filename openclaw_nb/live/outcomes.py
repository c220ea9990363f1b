"""What came of a live run, as values."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from openclaw_nb.core.domain import Job, Medium, Mode
from openclaw_nb.live.selection import Suite
from openclaw_nb.live.verdicts import Drift
from openclaw_nb.notebook.words import Clip


class Ending(StrEnum):
    """How a mode or a provider ended."""

    PASSED = "passed"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One mode of one provider."""

    mode: Mode
    ending: Ending
    reason: str = ""
    """Why it did not pass."""
    drift: Drift | None = None
    sent: bool = False
    """Whether a task was started for it."""
    task_id: str | None = None
    job: Job | None = None
    """What was asked, as it was sent."""
    clip: Clip | None = None
    """What is in the video, measured."""
    differences: tuple[str, ...] = ()
    """In what the clip differs from the job."""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One provider of a suite."""

    medium: Medium
    provider: str
    model: str | None = None
    key: str | None = None
    """Where the key comes from; never the key."""
    from_profile: str = ""
    """The variable of the key, when only the login profile sets it."""
    notes: tuple[str, ...] = ()
    skipped: str = ""
    """Why nothing was tried."""
    steps: tuple[Step, ...] = field(default_factory=tuple)

    @property
    def ending(self) -> Ending:
        """Failed when any mode failed; skipped when none passed."""
        endings = {step.ending for step in self.steps}
        if Ending.FAILED in endings:
            return Ending.FAILED
        return Ending.PASSED if Ending.PASSED in endings else Ending.SKIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """One suite and its providers, by id."""

    suite: Suite
    outcomes: tuple[Outcome, ...] = ()

    @property
    def failed(self) -> bool:
        """Whether a provider of it failed."""
        return any(outcome.ending is Ending.FAILED for outcome in self.outcomes)
