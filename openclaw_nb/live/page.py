"""What came of a live run, as HTML and text for a notebook. Pure.

The HTML stands alone: inline styles only, and theme colours with a fallback for other viewers.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from openclaw_nb.core.domain import Medium
from openclaw_nb.errors import one_line
from openclaw_nb.live.outcomes import Ending, Outcome, Step
from openclaw_nb.live.report import asked_text, contents_text
from openclaw_nb.notebook import render, sheet

COLOURS = {
    Ending.PASSED: "var(--jp-success-color1,#2e7d32)",
    Ending.SKIPPED: "var(--jp-ui-font-color2,#666)",
    Ending.FAILED: "var(--jp-error-color1,#c62828)",
}
MARKS = {Ending.PASSED: "✓", Ending.SKIPPED: "–", Ending.FAILED: "✗"}
_COLUMNS = ("mode", "asked", "came", "")
_CELL = "padding:4px 14px 4px 0;text-align:left;vertical-align:top"


def step_text(step: Step, medium: Medium) -> str:
    """One mode in one line."""
    return one_line(f"{step.mode.words_for(medium)} {step.ending}: {'; '.join(told(step))}")


def step_html(step: Step, medium: Medium) -> str:
    """The verdict on one mode, as a strip below its card."""
    line = " · ".join(told(step))
    style = (
        f"max-width:720px;box-sizing:border-box;margin:6px 0;padding:7px 12px;{render.FONT};"
        f"border-left:3px solid {COLOURS[step.ending]};overflow-wrap:anywhere"
    )
    head = f"{step.mode.words_for(medium)} {step.ending}"
    return f'<div class="{render.NO_MATH}" style="{style}">{_marked(step.ending, head)} {escape(line)}</div>'


def outcome_text(title: str, facts: Mapping[str, str], outcome: Outcome) -> str:
    """A provider in a few lines."""
    lines = [f"  {step_text(step, outcome.medium)}" for step in outcome.steps]
    return "\n".join([sheet.text(title, facts), *lines])


def outcome_html(title: str, facts: Mapping[str, str], outcome: Outcome) -> str:
    """A provider: the facts, then a table with a line for each mode that was tried."""
    return render.card(sheet.inner(title, facts), _table(outcome) if outcome.steps else "")


def _table(outcome: Outcome) -> str:
    head = "".join(f'<th scope="col" style="{_CELL}">{name}</th>' for name in _COLUMNS)
    body = "".join(_row(step, outcome.medium) for step in outcome.steps)
    style = f"{render.FONT};margin:12px 0 0;border-collapse:collapse"
    table = f"<table style='{style}'><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    label = escape(f"What came of {outcome.provider}")
    return f'<div role="region" tabindex="0" aria-label="{label}" style="overflow-x:auto">{table}</div>'


def _row(step: Step, medium: Medium) -> str:
    mode = _marked(step.ending, step.mode.words_for(medium))
    cells = (mode, *map(escape, (_asked(step), _came(step), _remark(step))))
    inner = "".join(f'<td style="{_CELL}">{cell}</td>' for cell in cells)
    return f"<tr>{inner}</tr>"


def _marked(ending: Ending, text: str) -> str:
    return (
        f'<strong style="color:{COLOURS[ending]};white-space:nowrap">'
        f"{MARKS[ending]} {escape(text)}</strong>"
    )


def _asked(step: Step) -> str:
    of = f"{step.model}: " if step.model else ""
    return f"{of}{asked_text(step) or 'nothing but the prompt'}" if step.sent else ""


def _came(step: Step) -> str:
    return f"{contents_text(step.contents)}, after {step.seconds:.1f} s" if step.contents else ""


def _remark(step: Step) -> str:
    drift = f"{step.drift}: " if step.drift else ""
    differs = "; ".join(step.differences)
    return f"{drift}{step.reason}" if step.reason else f"differs: {differs}" if differs else ""


def told(step: Step) -> list[str]:
    """Asked, came, why: as far as there is something to tell."""
    asked, arrived = _asked(step), _came(step)
    lines = (asked and f"asked {asked}", arrived and f"came {arrived}", _remark(step))
    return [line for line in lines if line]
