"""What came of a sweep, as tables: one line for each model, one for each combination."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import median

from openclaw_nb.notebook import words
from openclaw_nb.sweep.records import SKIPPED, Record
from openclaw_nb.tables import Table

_MODELS = ("provider", "model", "passed", "skipped", "failed", "time", "size", "not as asked")
_CELLS = ("combination", "state", "time", "size", "measured", "told")


def counted(records: Sequence[Record]) -> str:
    """The whole in one line."""
    states = Counter(record.state for record in records)
    parts = [f"{count} {state}" for state, count in states.items()]
    sizes = sum(record.size_bytes or 0 for record in records)
    told = [f"{len(records)} combinations", *parts, words.size(sizes) if sizes else ""]
    return words.joined(told)


def by_model(records: Sequence[Record]) -> Table:
    """A line for each model that was asked, in the order of the grid."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        asked = (record.planned.provider, record.planned.model)
        groups.setdefault(asked, []).append(record)
    rows = tuple(_model(*asked, group) for asked, group in groups.items())
    return Table(_MODELS, rows, caption=counted(records))


def by_cell(records: Sequence[Record]) -> Table:
    """A line for each combination."""
    return Table(_CELLS, tuple(map(_cell, records)))


def _model(provider: str, model: str, group: Sequence[Record]) -> tuple[str, ...]:
    passed = [record for record in group if record.passed]
    skipped = [record for record in group if record.state == SKIPPED]
    failed = [record for record in group if record not in passed and record not in skipped]
    seconds = [record.seconds for record in passed if record.seconds is not None]
    return (
        provider,
        model,
        f"{len(passed)} of {len(group)}",
        _told([record.reason for record in skipped]),
        _classes(failed),
        words.taken(median(seconds)) if seconds else "",
        words.size(sum(record.size_bytes or 0 for record in passed)) if passed else "",
        _told([text for record in passed for text in record.differences]),
    )


def _told(texts: Sequence[str]) -> str:
    """Each text once, with how often it came when that is more than once."""
    counts = Counter(texts)
    return "; ".join(f"{count} × {text}" if count > 1 else text for text, count in counts.items())


def _classes(failed: Sequence[Record]) -> str:
    """Each class of failure with how often it came, and in its first one's words."""
    classes: dict[str, list[str]] = {}
    for record in failed:
        classes.setdefault(record.outcome.failure or record.state, []).append(record.reason)
    return "; ".join(
        f"{f'{len(said)} × ' if len(said) > 1 else ''}{name}: {said[0]}"
        for name, said in classes.items()
    )


def _cell(record: Record) -> tuple[str, ...]:
    made, clip = record.result, record.clip
    sound = f", {clip.sound}" if clip and clip.sound else ""
    measured = f"{clip.seconds:.1f} s {clip.width}×{clip.height}{sound}" if clip else ""
    facts = record.as_dict()
    ignored = ", ".join(f"{name} ignored" for name in facts["ignored"])
    asked = (record.planned.provider, record.planned.model)
    other = f"{made.ref} ran" if made and asked != (made.provider, made.model) else ""
    failed = [record.outcome.failure, record.reason]
    told = [other, *failed, *facts["changed"], ignored, *record.differences]
    return (
        record.planned.label,
        record.state,
        words.taken(record.seconds) if record.seconds is not None else "",
        words.size(record.size_bytes) if record.size_bytes else "",
        measured,
        "; ".join(filter(None, told)),
    )
