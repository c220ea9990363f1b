"""Many tasks at a glance, as HTML and as text: one line for each, totals, rate, time left. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from openclaw_nb.core.domain import TaskState
from openclaw_nb.notebook import render, words
from openclaw_nb.task import Snapshot

_LINES = 40
"""More running tasks are counted and not drawn."""
_ENDED = 200
_PROMPT = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks at one moment."""

    tasks: tuple[Snapshot, ...]
    total: int
    """How many there will be; those not begun yet included."""
    now: float
    """Seconds since the epoch."""

    @property
    def ended(self) -> int:
        """How many have ended, well or badly."""
        return sum(not each.state.active for each in self.tasks)

    @property
    def over(self) -> bool:
        """Whether all have ended."""
        return self.ended >= self.total

    @property
    def elapsed_seconds(self) -> float:
        """From the first start to the last end, or to now."""
        if not self.tasks:
            return 0.0
        ends = [each.ended_at or self.now for each in self.tasks]
        last = max(ends) if self.over else self.now
        return max(0.0, last - min(each.started_at for each in self.tasks))

    @property
    def per_minute(self) -> float | None:
        """Tasks ended per minute; None before the first."""
        seconds = self.elapsed_seconds
        return self.ended * 60 / seconds if self.ended and seconds else None

    @property
    def left_seconds(self) -> float | None:
        """What is left at the rate so far; None before the first end, and at the end."""
        rate = self.per_minute
        return None if rate is None or self.over else (self.total - self.ended) * 60 / rate

    @property
    def fraction(self) -> float:
        """How much is done, 0 to 1: ended tasks, and what running ones report of themselves."""
        parts = (1.0 if not t.state.active else t.progress or 0.0 for t in self.tasks)
        return min(1.0, sum(parts) / self.total) if self.total else 1.0

    def counts(self) -> list[str]:
        """`12 done`, `3 running`, `1 failed`: what there is, in this order."""
        count = Counter(words.state(each.state).lower() for each in self.tasks)
        waiting = self.total - len(self.tasks)
        count["queued"] += waiting
        names = ("done", "running", "queued", "failed", "lost", "cancelled")
        return [f"{count[name]} {name}" for name in names if count[name]]

    def told(self) -> list[str]:
        """Counts, rate and time left."""
        rate, left = self.per_minute, self.left_seconds
        return [
            *self.counts(),
            words.clock(self.elapsed_seconds),
            f"{rate:.3g} a minute" if rate is not None else "",
            f"about {words.taken(left)} left" if left is not None else "",
        ]


def group_line(group: Group) -> str:
    """The group in one line, for a terminal."""
    head = f"{words.bar(group.fraction)} {group.ended}/{group.total}"
    return words.joined([head, *group.told()])


def group_text(group: Group) -> str:
    """The group in a few lines: those at work, and those that gave nothing."""
    shown = [*_running(group)[:_LINES], *_troubled(group)]
    return "\n".join([group_line(group), *(f"  {_line(each)}" for each in shown)])


def group_html(group: Group) -> str:
    """The group as a card: totals, then a line for each task that runs; at the end for each."""
    lines = _all_html(group) if group.over else _running_html(group)
    return render.card(_totals(group), lines)


def _totals(group: Group) -> str:
    head = f"{group.ended} of {group.total} ended" if not group.over else "All ended"
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:4px 10px;align-items:baseline">'
        f"<strong>{head}</strong>"
        f'<span style="{_FAINT};font-variant-numeric:tabular-nums">'
        f"{escape(words.joined(group.told()))}</span></div>"
        + ("" if group.over else render.bar(group.fraction, "all tasks"))
    )


def _running_html(group: Group) -> str:
    running = _running(group)
    more = len(running) - _LINES
    rest = f'<div style="{_FAINT};margin-top:6px">and {more} more at work</div>' if more > 0 else ""
    return _table([*running[:_LINES], *_troubled(group)]) + rest


def _all_html(group: Group) -> str:
    more = len(group.tasks) - _ENDED
    rest = f'<div style="{_FAINT};margin-top:6px">and {more} more</div>' if more > 0 else ""
    return _table(group.tasks[:_ENDED]) + rest


def _table(tasks: Sequence[Snapshot]) -> str:
    if not tasks:
        return ""
    rows = "".join(map(_row, tasks))
    heads = "".join(
        f'<th scope="col" style="{_CELL};font-weight:600">{name}</th>'
        for name in ("state", "task", "model", "time", "")
    )
    return (
        '<div style="overflow-x:auto;margin-top:10px" tabindex="0" role="region" '
        'aria-label="tasks"><table style="border-collapse:collapse;font-size:12px;margin:0">'
        f"<thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _row(now: Snapshot) -> str:
    state = f'<span style="color:{render.COLOURS[now.state]}">●</span> {words.state(now.state)}'
    last = escape(words.shortened(now.error or "", 120)) if now.error else render.small_bar(now)
    cells = (
        (state, "white-space:nowrap"),
        (escape(words.shortened(now.label or now.request.prompt, _PROMPT)), "min-width:12em"),
        (escape(str(now.ref or now.request.model or "")), ""),
        (words.clock(now.elapsed_seconds), "font-variant-numeric:tabular-nums"),
        (last, "min-width:8em"),
    )
    inner = "".join(f'<td style="{_CELL};{style}">{text}</td>' for text, style in cells)
    return f"<tr>{inner}</tr>"


def _line(now: Snapshot) -> str:
    said = words.shortened(now.error, 120) if now.error else ""
    prompt = words.shortened(now.label or now.request.prompt, 40)
    return words.joined([render.task_line(now), prompt, said])


def _running(group: Group) -> list[Snapshot]:
    """Those at work, the longest first."""
    return [each for each in group.tasks if each.state is TaskState.RUNNING]


def _troubled(group: Group) -> list[Snapshot]:
    """Those that ended without a result, the newest last."""
    bad = (TaskState.FAILED, TaskState.TIMED_OUT, TaskState.LOST)
    return [each for each in group.tasks if each.state in bad][-10:]


_FAINT = "color:var(--jp-ui-font-color2,inherit)"
_CELL = "padding:3px 12px 3px 0;text-align:left;vertical-align:top"
