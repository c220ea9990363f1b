"""What came of a live run, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.live.selection import Suite
from openclaw_nb.live.verdicts import Drift
from openclaw_nb.notebook.words import Clip, Sound, Still

OUTCOME = "application/vnd.openclaw-nb.outcome+json"
"""The media type of an outcome in a notebook's output, beside what people read."""


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
    model: str | None = None
    """Who was asked, when it is not the provider's usual model of the run."""
    asked: Mapping[str, str | int | bool] = field(default_factory=dict[str, str | int | bool])
    """The settings as they were sent."""
    contents: Clip | Sound | Still | None = None
    """What is in the file, measured."""
    differences: tuple[str, ...] = ()
    """In what the clip differs from what was asked."""
    files: tuple[str, ...] = ()
    """Where they are."""
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


def to_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as JSON values."""
    values: dict[str, Any] = _adapter().dump_python(outcome, mode="json")
    return values


def from_json(values: object) -> Outcome:
    """The outcome that `to_json` told. Raises ValueError when it is none."""
    return _adapter().validate_python(values)


@cache
def _adapter() -> TypeAdapter[Outcome]:
    return TypeAdapter(Outcome)
