"""The ledger in a terminal."""

from collections import Counter

import click
import pytest

from openclaw_nb import listing
from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.upkeep import Upkeep, audit
from tests.runtime.test_upkeep import MINUTE, NOW, a_row


def list_text(*rows, **more):
    return listing.list_text(rows, {}, counts=Counter(row.status for row in rows), **more)


def test_the_heading_counts_every_page():
    row = a_row("succeeded", id="1a2b3c4d-0000-4000-8000-000000000000")
    lines = listing.list_text([row], {}, counts={row.status: 2500}, more=True).splitlines()
    assert lines[0] == "Tasks: 2500"
    assert lines[-1] == "1 of 2500 shown. Older ones: --after 1a2b3c4d"


@pytest.mark.parametrize("state", TaskState)
def test_states_are_coloured_on_a_terminal_only(state):
    row = a_row(state)
    plain, coloured = list_text(row), list_text(row, colour=True)
    assert "\x1b" not in plain
    assert "\x1b[" in coloured
    assert click.unstyle(coloured) == plain, "the columns stay where they are"


def test_a_list_has_columns_of_fixed_width_and_no_trailing_blanks():
    row = a_row(
        "succeeded", id="1a2b3c4d-0000-4000-8000-000000000000", summary="1 from fal/m: " + "x" * 90
    )
    head, line = list_text(row).splitlines()[2:]
    assert head == (
        "Task       Kind     Status     Delivery       Run        "
        "Child Session                        Summary"
    )
    assert line.startswith(
        "1a2b3c4d-… video    succeeded  not_applicable tool:vide… "
        "n/a                                  1 from fal/m: xxx"
    )
    assert line.endswith("…")
    assert line == line.rstrip()


def test_a_record_is_shown_line_by_line_with_times_in_utc():
    text = listing.show_text(a_row("failed", error="it said no", ended_at=NOW))
    assert "createdAt: 2027-01-15T07:00:00.000Z" in text
    assert "cleanupAfter: n/a" in text
    assert text.splitlines()[-2:] == ["error: it said no", "progressSummary: generating"]


@pytest.mark.parametrize(
    "milliseconds, text",
    [
        (999, "fresh"),
        (45_000, "45s"),
        (12 * MINUTE + 30_000, "12m"),
        (190 * MINUTE, "3h10m"),
        (120 * MINUTE, "2h"),
        (52 * 60 * MINUTE, "2d4h"),
        (48 * 60 * MINUTE, "2d"),
    ],
)
def test_an_age_has_two_units_at_most(milliseconds, text):
    assert listing.age_text(milliseconds) == text


def test_findings_are_a_table():
    found = audit([a_row(last_event_at=NOW - 40 * MINUTE)], NOW)
    head, columns, line = listing.audit_text(found, 3).splitlines()
    assert head == "Findings: 1 of 3"
    assert columns.split() == ["Scope", "Severity", "Code", "Item", "Status", "Age", "Detail"]
    assert line.split()[:6] == ["task", "error", "stale_running", "1a2b3c4d", "running", "40m"]


def test_maintenance_says_what_it_did_or_would_do():
    found = Upkeep(lost=(a_row(),), expired=())
    assert "1 would be marked as lost" in listing.maintenance_text(found, applied=False)
    assert "1 marked as lost" in listing.maintenance_text(found, applied=True)
