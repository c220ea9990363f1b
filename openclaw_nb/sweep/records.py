"""What came of one cell: asked, sent, made and measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from openclaw_nb.core.domain import TaskState
from openclaw_nb.forecast import Verdict, changed, sent_settings
from openclaw_nb.live import verdicts
from openclaw_nb.notebook import media
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import Result
from openclaw_nb.sweep.cells import Outcome, Planned

SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One cell that has ended."""

    planned: Planned
    outcome: Outcome
    clip: Clip | None = None
    """What is in the video, measured."""
    fault: str = ""
    """In what the file is none, though the task ended well."""
    differences: tuple[str, ...] = ()
    """In what the clip differs from what was sent."""
    values: Mapping[str, object] = field(default_factory=dict[str, object])
    """By name what was worked out from the clip."""
    value_errors: Mapping[str, str] = field(default_factory=dict[str, str])
    """By name why it could not be."""

    @property
    def state(self) -> str:
        """succeeded, failed, cancelled, lost, or skipped: nothing was sent."""
        if self.fault:
            return TaskState.FAILED.value
        return self.outcome.state.value if self.outcome.state else SKIPPED

    @property
    def passed(self) -> bool:
        """Whether there is a clip, and it is one."""
        return self.outcome.state is TaskState.SUCCEEDED and not self.fault

    @property
    def result(self) -> Result | None:
        """The video, if there is one."""
        return self.outcome.result

    @property
    def provider(self) -> str:
        """The provider that ran, or was asked."""
        return self.result.provider if self.result else self.planned.provider

    @property
    def model(self) -> str:
        """The model that ran, or was asked, without the provider."""
        return self.result.model if self.result else self.planned.model

    @property
    def reason(self) -> str:
        """Why there is no clip."""
        return self.fault or self.outcome.error

    @property
    def seconds(self) -> float | None:
        """From the start of the task to the saved file."""
        return round(self.result.elapsed_seconds, 3) if self.result else None

    @property
    def size_bytes(self) -> int | None:
        """Of all its files."""
        files = self.result.files if self.result else ()
        return sum(file.size_bytes or 0 for file in files) if files else None

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them."""
        verdict, made = _verdict(self.planned, self.result), self.result
        changes = made.changes if made else verdict.changes
        ignored = made.ignored if made else verdict.ignored
        return {
            "cell": self.planned.at,
            "label": self.planned.label,
            "repeat": self.planned.repeat,
            "state": self.state,
            "provider": self.provider,
            "model": self.model,
            "asked": dict(self.planned.asked),
            "sent": sent_settings(verdict.job) if self.outcome.state else {},
            "changed": [changed(each) for each in changes],
            "ignored": {each.setting: each.value for each in ignored},
            "warnings": list(made.warnings) if made else [],
            "reason": self.reason,
            "failure": self.outcome.failure,
            "task": self.outcome.task_id,
            "how": self.outcome.how,
            "seconds": self.seconds,
            "bytes": self.size_bytes,
            "path": str(made.paths[0]) if made and made.paths else None,
            "measured": _measured(self.clip),
            "differences": list(self.differences),
            "emulated": bool(made and made.emulated),
            **self.values,
            **{f"{name}_error": text for name, text in self.value_errors.items()},
        }


def record_of(planned: Planned, outcome: Outcome) -> Record:
    """A cell that has ended, its file measured. Reads the file: never on the event loop."""
    blank = Record(planned=planned, outcome=outcome)
    made = outcome.result
    if made is None:
        return blank
    if fault := verdicts.missing(made.medium, made.files):
        return replace(blank, fault=fault)
    if not made.paths:
        return blank
    clip = media.clip(made.paths[0])
    if clip is None:
        return replace(blank, fault=f"{made.paths[0]} cannot be decoded")
    job = _verdict(planned, made).job
    found = verdicts.differences(job, clip) if job else ()
    return replace(blank, clip=clip, differences=found)


def _verdict(planned: Planned, made: Result | None) -> Verdict:
    """What was foreseen of the model that ran, or of the first."""
    same = (each for each in planned.verdicts if made and each.ref == made.ref)
    return next(same, planned.verdicts[0])


def _measured(clip: Clip | None) -> dict[str, Any]:
    if clip is None:
        return {}
    return {
        "seconds": round(clip.seconds, 3),
        "width": clip.width,
        "height": clip.height,
        "fps": clip.fps,
        "sound": clip.sound,
    }
