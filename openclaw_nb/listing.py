"""The ledger for a terminal and for programs: records, lists, findings. Pure: rows in, texts out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import one_line
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.rows import Row
from openclaw_nb.runtime.upkeep import Finding, Upkeep

RUNTIME = "cli"
"""What OpenClaw's records call the side that runs such a task."""

PAGE = 100
"""How many tasks people are shown when they do not say how many."""

_COLOURS = {
    TaskState.QUEUED: "\x1b[33m",
    TaskState.RUNNING: "\x1b[36m",
    TaskState.SUCCEEDED: "\x1b[32m",
    TaskState.FAILED: "\x1b[31m",
    TaskState.TIMED_OUT: "\x1b[31m",
    TaskState.CANCELLED: "\x1b[2m",
    TaskState.LOST: "\x1b[35m",
}
_PLAIN = "\x1b[0m"
_ISSUES = (TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST)
_ID_CHARACTERS = 10
_SUMMARY_CHARACTERS = 80
_DETAIL_CHARACTERS = 88
_COLUMNS = ("Task", "Kind", "Status", "Delivery", "Run", "Child Session", "Summary")
_WIDTHS = (10, 8, 10, 14, 10, 36, 0)
_AUDIT_COLUMNS = ("Scope", "Severity", "Code", "Item", "Status", "Age", "Detail")
_AUDIT_WIDTHS = (8, 8, 22, 10, 10, 8, 0)
_NONE = "n/a"


def record(row: Row) -> dict[str, Any]:
    """A task as OpenClaw's records have it, and what only this ledger knows after that."""
    return {
        "taskId": row.id,
        "runId": row.run_id,
        "runtime": RUNTIME,
        "taskKind": row.kind,
        "sourceId": row.source,
        "requesterSessionKey": row.session,
        "ownerKey": row.session,
        "childSessionKey": row.session,
        "scopeKind": "session",
        "label": row.prompt,
        "task": row.prompt,
        "status": row.status.value,
        "progressSummary": row.phase,
        "terminalSummary": row.summary,
        "error": row.error,
        "terminalOutcome": _outcome(row),
        "createdAt": row.created_at,
        "startedAt": row.started_at,
        "lastEventAt": row.last_event_at,
        "endedAt": row.ended_at,
        "cleanupAfter": row.cleanup_after,
        "deliveryStatus": "not_applicable",
        "notifyPolicy": row.notify_policy,
        "provider": row.provider,
        "model": row.model,
        "providerJobId": row.job_id,
        "resumes": row.resumes,
        "request": row.request,
        "paths": [file["path"] for file in row.files if file.get("path")],
        "attempts": row.attempts,
        "receipts": [
            {"provider": each.provider, "model": each.model, "providerJobId": each.job_id}
            for each in row.receipts
        ],
        "owner": {"pid": row.owner_pid, "startedAt": row.owner_started, "host": row.owner_host},
    }


def list_text(
    rows: Sequence[Row],
    filters: Mapping[str, str | None],
    *,
    counts: Mapping[TaskState, int],
    more: bool = False,
    colour: bool = False,
) -> str:
    """The rows that are shown, newest first, under a heading.

    Args:
        rows: One page of those that are left after `filters`.
        filters: By name.
        counts: How many are left in each state, on every page.
        more: Whether there are pages after this one.
        colour: Whether states are coloured, for a terminal.
    """
    count = sum(counts.values())
    issues = sum(counts.get(state, 0) for state in _ISSUES)
    queued, running = counts.get(TaskState.QUEUED, 0), counts.get(TaskState.RUNNING, 0)
    lines = [
        f"Tasks: {count}",
        f"Pressure: {queued} queued, {running} running, {issues} issues",
        *(f"{name.capitalize()}: {one_line(value)}" for name, value in filters.items() if value),
    ]
    if not rows:
        return "\n".join([*lines, "No tasks. openclaw-nb tasks audit looks for what is wrong."])
    head, *shown = _table(_COLUMNS, _WIDTHS, map(_cells, rows))
    if colour:
        shown = [_coloured(line, row.status) for line, row in zip(shown, rows, strict=True)]
    lines += [head, *shown]
    if more:
        lines.append(f"{len(rows)} of {count} shown. Older ones: --after {rows[-1].id[:8]}")
    return "\n".join(lines)


def show_text(row: Row) -> str:
    """One record, `key: value` by line."""
    lines = [f"Task {row.id}"]
    lines += [
        f"{name}: {_NONE if value is None else one_line(value)}" for name, value in _shown(row)
    ]
    ends = {"error": row.error, "progressSummary": row.phase, "terminalSummary": row.summary}
    return "\n".join(
        [
            *lines,
            *(f"{name}: {one_line(value)}" for name, value in ends.items() if value),
            *(_receipt_line(row, receipt) for receipt in row.receipts),
        ]
    )


def _receipt_line(row: Row, receipt: Receipt) -> str:
    ref, job = one_line(str(receipt.ref)), one_line(receipt.job_id or _NONE)
    return f"receipt: job {job} of {ref}; openclaw-nb tasks resume {row.id[:8]} --model {ref}"


def _shown(row: Row) -> Iterable[tuple[str, str | None]]:
    yield from {
        "taskId": row.id,
        "kind": RUNTIME,
        "sourceId": row.source,
        "status": row.status.value,
        "result": _outcome(row),
        "delivery": "not_applicable",
        "notify": row.notify_policy,
        "ownerKey": row.session,
        "childSessionKey": row.session,
        "parentTaskId": row.resumes,
        "agentId": None,
        "runId": row.run_id,
        "label": row.prompt,
        "task": row.prompt,
        "createdAt": _time(row.created_at),
        "startedAt": _time(row.started_at),
        "endedAt": _time(row.ended_at),
        "lastEventAt": _time(row.last_event_at),
        "cleanupAfter": _time(row.cleanup_after),
    }.items()


def finding_record(finding: Finding) -> dict[str, Any]:
    """A finding for programs."""
    return {
        "severity": finding.severity,
        "code": finding.code,
        "taskId": finding.row.id,
        "status": finding.row.status.value,
        "ageMs": finding.age_ms,
        "detail": finding.detail,
    }


def audit_text(findings: Sequence[Finding], count: int) -> str:
    """The findings that are shown, of `count` in all."""
    head = f"Findings: {len(findings)} of {count}"
    if not findings:
        return head
    rows = (
        (
            "task",
            found.severity,
            found.code,
            _short(found.row.id),
            found.row.status.value,
            age_text(found.age_ms),
            _cut(found.detail, _DETAIL_CHARACTERS),
        )
        for found in findings
    )
    return "\n".join([head, *_table(_AUDIT_COLUMNS, _AUDIT_WIDTHS, rows)])


def maintenance_text(found: Upkeep, *, applied: bool) -> str:
    """What maintenance did, or would do."""
    verb = "" if applied else "would be "
    lines = [
        f"{len(found.lost)} {verb}marked as lost",
        f"{len(found.expired)} {verb}forgotten; media stay",
        f"{len(found.leftovers)} {verb}deleted: unfinished downloads of processes that are gone",
    ]
    lines += [f"  {row.id}" for row in (*found.lost, *found.expired)]
    lines += [f"  {path}" for path in found.leftovers]
    return "\n".join(lines if applied else [*lines, "--apply does it"])


def age_text(milliseconds: int) -> str:
    """`fresh`, `45s`, `12m`, `3h10m`, `2d4h`."""
    seconds = milliseconds // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days}d{hours % 24}h" if hours % 24 else f"{days}d"
    if hours:
        return f"{hours}h{minutes % 60}m" if minutes % 60 else f"{hours}h"
    if minutes:
        return f"{minutes}m"
    return f"{seconds}s" if seconds else "fresh"


def _coloured(line: str, state: TaskState) -> str:
    start = _WIDTHS[0] + _WIDTHS[1] + 2
    end = start + _WIDTHS[2]
    return f"{line[:start]}{_COLOURS[state]}{line[start:end]}{_PLAIN}{line[end:]}"


def _cells(row: Row) -> tuple[str, ...]:
    summary = row.summary or row.phase or row.prompt
    return (
        _short(row.id),
        row.kind.partition("_")[0],
        row.status.value,
        "not_applicable",
        _short(row.run_id),
        row.session or _NONE,
        _cut(summary, _SUMMARY_CHARACTERS),
    )


def _table(
    columns: Sequence[str], widths: Sequence[int], rows: Iterable[Sequence[str]]
) -> Iterable[str]:
    for cells in (columns, *rows):
        padded = (one_line(cell).ljust(width) for cell, width in zip(cells, widths, strict=True))
        yield " ".join(padded).rstrip()


def _short(id: str) -> str:
    return id if len(id) <= _ID_CHARACTERS else f"{id[: _ID_CHARACTERS - 1]}…"


def _cut(text: str, length: int) -> str:
    line = one_line(text)
    return line if len(line) <= length else f"{line[: length - 1]}…"


def _outcome(row: Row) -> str | None:
    return "succeeded" if row.status is TaskState.SUCCEEDED else None


def _time(milliseconds: int | None) -> str | None:
    if milliseconds is None:
        return None
    moment = datetime.fromtimestamp(milliseconds / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
