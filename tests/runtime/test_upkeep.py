"""Lost, old and odd tasks, decided from rows."""

import os
import socket

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.processes import process_started
from openclaw_nb.runtime.rows import Row, owned
from openclaw_nb.runtime.upkeep import audit, due

MINUTE = 60_000
NOW = 1_800_000_000_000
HERE = {"owner_pid": os.getpid(), "owner_started": process_started(os.getpid())}


def a_row(status="running", **more):
    """A task made an hour ago that said something a minute ago."""
    usual = {
        "id": "1a2b3c4d",
        "run_id": "tool:video_generate:1",
        "prompt": "a heron",
        "request": "{}",
        "request_key": "k",
        "status": status,
        "source": "video_generate:fal",
        "phase": "generating",
        "attempts": "[]",
        "files": "[]",
        "created_at": NOW - 60 * MINUTE,
        "started_at": NOW - 59 * MINUTE,
        "last_event_at": NOW - MINUTE,
    }
    return Row(**usual | more)


# who carries it out


def test_a_task_of_this_process_is_owned_however_long_it_is_silent():
    assert owned(a_row(**HERE, last_event_at=NOW - 300 * MINUTE), NOW)


def test_a_task_of_a_process_that_is_gone_is_not():
    assert not owned(a_row(owner_pid=2**22 + 1), NOW)
    assert not owned(a_row(**HERE | {"owner_started": 1.0}), NOW), "another process has its number"
    assert not owned(a_row(), NOW), "it was left to whoever takes it up"


@pytest.mark.parametrize("minutes, believed", [(0, True), (4, True), (5, False), (6, False)])
def test_t8_of_another_machine_only_five_minutes_of_silence_tell(minutes, believed):
    row = a_row(owner_pid=1, owner_host="elsewhere", last_event_at=NOW - minutes * MINUTE)
    assert owned(row, NOW) is believed


def test_this_machines_name_means_this_machine():
    gone = a_row(owner_pid=2**22 + 1, owner_host=socket.gethostname())
    assert not owned(gone, NOW)


# what is due


def test_only_active_tasks_without_an_owner_are_lost_and_only_ended_ones_expire():
    lost = a_row(owner_pid=2**22 + 1)
    kept = a_row("succeeded", cleanup_after=NOW + 1)
    old = a_row("succeeded", cleanup_after=NOW)
    found = due([a_row(**HERE), lost, kept, old, a_row("lost")], NOW)
    assert found.lost == (lost,)
    assert found.expired == (old,)


# audit


def codes(*rows):
    return [(finding.severity, finding.code) for finding in audit(rows, NOW)]


@pytest.mark.parametrize(
    "row, found",
    [
        (a_row("queued", last_event_at=NOW - 9 * MINUTE), []),
        (a_row("queued", last_event_at=NOW - 10 * MINUTE), [("warn", "stale_queued")]),
        (a_row(last_event_at=NOW - 29 * MINUTE), []),
        (a_row(last_event_at=NOW - 30 * MINUTE), [("error", "stale_running")]),
        (a_row("lost", cleanup_after=NOW + 1), [("warn", "lost")]),
        (a_row("lost", cleanup_after=NOW), [("error", "lost")]),
        (a_row("lost"), [("error", "lost")]),
        (a_row("failed", ended_at=NOW), [("warn", "missing_cleanup")]),
        (a_row("failed", ended_at=NOW, cleanup_after=NOW + 1), []),
        (a_row(started_at=NOW - 61 * MINUTE), [("warn", "inconsistent_timestamps")]),
        (a_row(ended_at=NOW), [("warn", "inconsistent_timestamps")]),
        (
            a_row("failed", ended_at=NOW - 60 * MINUTE, cleanup_after=NOW + 1),
            [("warn", "inconsistent_timestamps")],
        ),
    ],
)
def test_what_looks_wrong_is_found(row, found):
    assert codes(row) == found


def test_errors_come_before_warnings_and_one_task_may_have_several():
    odd = a_row(last_event_at=NOW - 40 * MINUTE, ended_at=NOW)
    assert codes(a_row("failed", ended_at=NOW), odd) == [
        ("error", "stale_running"),
        ("warn", "missing_cleanup"),
        ("warn", "inconsistent_timestamps"),
    ]


def test_a_lost_task_says_whether_it_can_be_finished():
    with_ticket, without = audit([a_row("lost", ticket='{"id": "x"}'), a_row("lost")], NOW)
    assert "resume finishes it" in with_ticket.detail
    assert "no receipt" in without.detail
    assert with_ticket.row.status is TaskState.LOST
