"""What came of a live run, for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openclaw_nb.errors import one_line
from openclaw_nb.live.outcomes import Ending, Outcome, Ran, Step
from openclaw_nb.live.selection import Suite
from openclaw_nb.notebook.words import Clip, Sound, Still


def suite_line(suite: Suite) -> str:
    """What of a suite runs, and who was left out."""
    out = f"; without a key: {', '.join(suite.without_key)}" if suite.without_key else ""
    who = f"skipped, {suite.reason}" if suite.reason else ", ".join(suite.providers)
    return f"{suite.medium}: {who}{out}"


def outcome_line(outcome: Outcome) -> str:
    """One provider in one line."""
    head = f"{outcome.medium} {outcome.provider:<19} {outcome.ending:<7}"
    if outcome.skipped:
        return one_line_of(head, outcome.skipped)
    said = "; ".join((*outcome.notes, *map(_step_text, outcome.steps)))
    return one_line_of(head, f"{outcome.model or '-'}: {said}; key: {outcome.key or '-'}")


def one_line_of(head: str, text: str) -> str:
    """A line that begins with `head` as it is; what vendors said makes no line of its own."""
    return f"{head} {one_line(text)}"


def _step_text(step: Step) -> str:
    if step.ending is not Ending.PASSED:
        kind = f" ({step.drift})" if step.drift else ""
        return f"{step.mode} {step.ending}{kind}: {step.reason}"
    differs = f", differs: {'; '.join(step.differences)}" if step.differences else ""
    came = f", came {contents_text(step.contents)}" if step.contents else ""
    asked = asked_text(step) or "nothing"
    return f"{step.mode} in {step.seconds:.1f} s (asked {asked}{came}{differs})"


def asked_text(step: Step) -> str:
    """The settings that were sent: `duration_seconds=4 resolution=480P`."""
    return " ".join(f"{name}={value}" for name, value in step.asked.items())


def contents_text(found: Clip | Sound | Still) -> str:
    """What is in a file: `4.0 s 854x480 silent`."""
    match found:
        case Clip():
            sound = f"with {found.sound}" if found.sound else "silent"
            return f"{found.seconds:.1f} s {found.width}x{found.height} {sound}"
        case Sound():
            return f"{found.seconds:.1f} s {found.codec}"
        case Still():
            return f"{found.width}x{found.height} {found.format}"


def summary(suites: Sequence[Suite], ran: Sequence[Ran]) -> str:
    """The whole run in one line."""
    outcomes = [outcome for each in ran for outcome in each.outcomes]
    attempted = [_attempted(outcome) for outcome in outcomes if any(s.sent for s in outcome.steps)]
    skipped = [_named(o, _why(o)) for o in outcomes if _why(o)]
    skipped += [f"{suite.medium} ({suite.reason})" for suite in suites if suite.reason]
    failed = [
        _named(outcome, f"{step.mode}: {step.reason}")
        for outcome in outcomes
        for step in outcome.steps
        if step.ending is Ending.FAILED
    ]
    begun = {each.suite.medium for each in ran}
    unreached = [str(s.medium) for s in suites if not s.reason and s.medium not in begun]
    shell = sorted({outcome.from_profile for outcome in outcomes} - {""})
    parts: dict[str, list[str]] = {
        "attempted": attempted,
        "skipped": skipped,
        "failed": failed,
        "not reached": unreached,
        "keys from ~/.profile": shell,
    }
    return one_line("; ".join(f"{what}: {', '.join(of) or 'none'}" for what, of in parts.items()))


def _attempted(outcome: Outcome) -> str:
    modes = "+".join(step.mode for step in outcome.steps if step.sent)
    return f"{outcome.medium} {outcome.provider} {modes}"


def _why(outcome: Outcome) -> str:
    skips = [step for step in outcome.steps if step.ending is Ending.SKIPPED]
    return outcome.skipped or "; ".join(f"{s.mode}: {s.drift or s.reason}" for s in skips)


def _named(outcome: Outcome, text: str) -> str:
    return f"{outcome.medium} {outcome.provider} ({text})"


def record(
    suites: Sequence[Suite], ran: Sequence[Ran], *, emulated: bool, strict: bool
) -> dict[str, Any]:
    """The run as JSON values."""
    outcomes = {each.suite.medium: each.outcomes for each in ran}
    return {
        "emulated": emulated,
        "strict": strict,
        "failed": any(each.failed for each in ran),
        "suites": [
            {
                "suite": suite.medium,
                "skipped": suite.reason or None,
                "reached": suite.medium in outcomes,
                "withoutKey": list(suite.without_key),
                "providers": [_provider(each) for each in outcomes.get(suite.medium, ())],
            }
            for suite in suites
        ],
        "summary": summary(suites, ran),
    }


def _provider(outcome: Outcome) -> dict[str, Any]:
    return {
        "provider": outcome.provider,
        "model": outcome.model,
        "ending": outcome.ending,
        "skipped": outcome.skipped or None,
        "key": outcome.key,
        "keyFromProfile": bool(outcome.from_profile),
        "notes": list(outcome.notes),
        "modes": [_step(step) for step in outcome.steps],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "mode": step.mode,
        "ending": step.ending,
        "reason": step.reason or None,
        "drift": step.drift,
        "taskId": step.task_id,
        "model": step.model,
        "asked": dict(step.asked),
        "measured": _measured(step.contents),
        "differences": list(step.differences),
        "seconds": step.seconds,
        "files": list(step.files),
    }


def _measured(found: Clip | Sound | Still | None) -> dict[str, Any] | None:
    match found:
        case Clip():
            shape = {"width": found.width, "height": found.height}
            return {"seconds": round(found.seconds, 3), **shape, "sound": found.sound}
        case Sound():
            return {"seconds": round(found.seconds, 3), "sound": found.codec}
        case Still():
            return {"width": found.width, "height": found.height, "format": found.format}
        case None:
            return None
