"""Many tasks at a glance: totals, rate, time left; in a page, in a terminal, in a file."""

import io
import threading
import time
from dataclasses import replace

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.notebook import pace
from openclaw_nb.notebook.group import Group, group_html, group_line
from openclaw_nb.notebook.progress import TasksView
from openclaw_nb.notebook.terminal import GroupBar
from openclaw_nb.task import Snapshot
from tests.notebook.test_render import EVIL, Reader, text_of
from tests.notebook.test_view import Terminal
from tests.toy import FOR_EVER, ID, REF, REQUEST, Job

RUNNING = Snapshot(
    id=ID, request=REQUEST, state=TaskState.RUNNING, ref=REF, started_at=1000.0, progress=0.5
)
DONE = replace(RUNNING, state=TaskState.SUCCEEDED, ended_at=1030.0)
FAILED = replace(RUNNING, state=TaskState.FAILED, error="no luck", ended_at=1050.0)


def group(*tasks, total=None, now=1060.0):
    return Group(tasks=tasks, total=total or len(tasks), now=now)


def test_totals_rate_and_time_left():
    some = group(DONE, FAILED, RUNNING, RUNNING, total=10)
    assert some.counts() == ["1 done", "2 running", "6 queued", "1 failed"]
    assert (some.per_minute, some.left_seconds) == (2.0, 240.0)
    assert some.fraction == pytest.approx(0.3)
    for shown in (group_line(some), text_of(group_html(some))):
        assert "1 done · 2 running · 6 queued · 1 failed · 1:00 · 2 a minute" in shown
        assert "about 4 min left" in shown


def test_before_the_first_end_there_is_no_guess():
    some = group(RUNNING, RUNNING)
    assert (some.per_minute, some.left_seconds) == (None, None)
    assert "left" not in group_line(some)


def test_at_the_end_every_task_has_its_line_and_no_bar():
    html = group_html(group(DONE, FAILED))
    assert "All ended" in text_of(html)
    assert "<progress" not in html
    assert "no luck" in text_of(html)
    assert group(DONE, FAILED).elapsed_seconds == 50


def test_nothing_is_a_group_too():
    assert group().over
    assert "0/0" in group_line(group())
    Reader(group_html(group()))


def test_hundreds_of_tasks_are_counted_and_some_are_drawn():
    html = group_html(group(*[RUNNING] * 200))
    assert html.count("<tr>") == 41
    assert "and 160 more at work" in text_of(html)
    assert len(html) < 60_000


def test_nobodys_words_become_markup():
    evil = replace(FAILED, error=EVIL, request=replace(REQUEST, prompt=EVIL))
    for html in (group_html(group(evil)), group_html(group(evil, RUNNING))):
        assert "<script" not in html
        assert "<img" not in html


def test_a_terminal_gets_one_line_and_a_file_a_line_per_end():
    bar = GroupBar(Terminal())
    bar.draw(group(RUNNING, DONE))
    bar.draw(group(DONE, DONE))
    assert bar._stream.getvalue().count("\r") == 2
    assert bar._stream.getvalue().endswith("\n")
    bar = GroupBar(io.StringIO())
    for tasks in ((RUNNING, RUNNING), (RUNNING, RUNNING), (DONE, RUNNING), (DONE, DONE)):
        bar.draw(group(*tasks))
    assert len(bar._stream.getvalue().splitlines()) == 3


@pytest.fixture
def jobs():
    jobs = [Job(seconds=FOR_EVER) for _ in range(3)]
    for job in jobs:
        job.start()
    yield jobs
    for job in jobs:
        job.task.cancel()


def test_a_view_follows_tasks_that_are_added_until_the_last_has_ended(jobs, capsys):
    view = TasksView([jobs[0].task], total=3)
    view.show()
    for job in jobs[1:]:
        view.add(job.task)
    for job in jobs:
        job.end()
        job.task.result(5)
    over = threading.Event()
    pace.follow(view, lambda: view.active() or over.set())
    assert over.wait(10)
    assert "3/3" in capsys.readouterr().err
    assert "3 done" in repr(view)


def test_a_view_cancels_every_task(jobs):
    view = TasksView([job.task for job in jobs])
    view.cancel()
    ends = time.monotonic() + 10
    while view.active() and time.monotonic() < ends:
        pass
    assert view.group.counts() == ["3 cancelled"]


def test_all_views_share_one_budget_and_ends_are_drawn_all_the_same():
    drawn, ended = [], threading.Event()
    jobs = [Job(seconds=FOR_EVER) for _ in range(60)]
    for job in jobs:
        job.start()

    def draw(now):
        drawn.append(now)
        if sum(not each.state.active for each in drawn) == len(jobs):
            ended.set()

    for job in jobs:
        pace.Pace(job.task, draw)
    began, first = time.monotonic(), len(drawn)
    clock = threading.Event()
    clock.wait(2)
    seconds = time.monotonic() - began
    assert len(drawn) - first <= len(jobs) + (seconds + 1) * pace.DRAWS_PER_SECOND
    for job in jobs:
        job.end()
    assert ended.wait(20)
