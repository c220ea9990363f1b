"""The wall clock is set while jobs run: deadlines and owners do not mind."""

from __future__ import annotations

import os
import time

import psutil
import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.runtime.processes import process_started
from openclaw_nb.runtime.rows import now_ms
from openclaw_nb.runtime.upkeep import due
from tests.faults.test_ledger import accepted, is_playable

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 30
DAY = 86_400.0
each_way = pytest.mark.parametrize("jump", [DAY, -DAY, 10 * 365 * DAY], ids=["on", "back", "far"])


@pytest.fixture
def set_clock(monkeypatch):
    """Set the wall clock of this process by so many seconds; the monotonic one goes on."""
    seconds, nanoseconds = time.time, time.time_ns

    def set(jump: float) -> None:
        monkeypatch.setattr(time, "time", lambda: seconds() + jump)
        monkeypatch.setattr(time, "time_ns", lambda: nanoseconds() + int(jump * 1e9))

    return set


@each_way
def test_a_job_is_finished_when_the_clock_is_set_while_it_runs(
    jump, make_client, emulator, set_clock
):
    client = make_client("fal")
    emulator.set(Scenario(seconds=1.0, render="draft"))
    task = accepted(client.generate_video(PROMPT, timeout_ms=60_000))
    set_clock(jump)
    assert [row.status for row in client.tasks()] == [TaskState.RUNNING]
    assert not due(client.tasks(), now_ms()).lost
    assert task.elapsed_seconds >= 0
    assert is_playable(task.result(PATIENCE))
    assert len(emulator.jobs) == 1


def test_a_time_limit_holds_when_the_clock_is_set(make_client, emulator, set_clock):
    emulator.set(Scenario(seconds=3600, render="draft"))
    task = accepted(make_client("fal").generate_video(PROMPT, timeout_ms=8000))
    set_clock(-DAY)
    with pytest.raises(oc.ProviderTimeout):
        task.result(PATIENCE)


def test_a_process_is_known_again_after_the_clock_was_set(monkeypatch):
    """The system's word on when it was booted, and with it on when a process began, moves along."""
    before = process_started(os.getpid())
    if psutil.LINUX:
        booted = psutil.boot_time()
        monkeypatch.setattr(psutil._psplatform, "boot_time", lambda: booted + 3600)
    assert process_started(os.getpid()) == before
