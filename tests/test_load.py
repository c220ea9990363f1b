"""Many tasks at once: polite to providers, fair among them, bounded in memory and files."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
import time

import pytest

import openclaw_nb as oc
from openclaw_nb import tables
from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.rows import NewTask, now_ms

NEVER = Scenario(seconds=3600, render="draft")
FEW = {"models": {"providers": {"fal": {"request": {"maxConcurrent": 3}}}}}


def begun(task, timeout=30):
    """Wait until the provider has taken the task."""
    taken = threading.Event()
    task.watch(lambda now: taken.set() if now.job_id else None)
    assert task.snapshot.job_id or taken.wait(timeout)


def waits(task, timeout=30):
    """Wait until the task says that it waits for its turn."""
    told = threading.Event()

    def look(now):
        if now.phase.startswith("waits for its turn"):
            told.set()

    task.watch(look)
    look(task.snapshot)
    assert told.wait(timeout), task.snapshot


# turns


def test_no_more_than_so_many_tasks_are_at_work_at_a_provider(make_client, emulator):
    emulator.set(NEVER)
    client = make_client("fal", settings=FEW)
    tasks = [client.generate_video(f"clip {number}") for number in range(8)]
    for task in tasks[:3]:
        begun(task)
    for task in tasks[3:]:
        waits(task)
        assert task.snapshot.phase == "waits for its turn at fal, 3 running"
        assert task.state is TaskState.QUEUED
    assert len(emulator.jobs) == 3
    assert {row.phase for row in client.tasks(status=TaskState.QUEUED)} == {
        tasks[-1].snapshot.phase
    }
    tasks[4].cancel()
    with pytest.raises(oc.TaskCancelled):
        tasks[4].result(20)
    tasks[0].cancel()
    begun(tasks[3])
    for task in tasks:
        task.cancel()
    for task in tasks:
        with pytest.raises(oc.TaskCancelled):
            task.result(30)
    assert len(emulator.jobs) <= 8
    assert "clip 4" not in {job.request["prompt"] for job in emulator.jobs}


def test_a_provider_that_never_ends_its_jobs_starves_no_other(make_client, emulator):
    emulator.set({"fal": NEVER, "minimax": Scenario(render="draft")})
    client = make_client("fal", "minimax", settings=FEW)
    stuck = [
        client.generate_video(f"clip {n}", model="fal/fal-ai/minimax/video-01-live")
        for n in range(20)
    ]
    video = client.generate_video("a", model="minimax/MiniMax-Hailuo-2.3").result(30)
    assert video.provider == "minimax"
    for task in stuck:
        task.cancel()


def test_waiting_for_a_turn_uses_up_no_time_limit(make_client, emulator):
    emulator.set(Scenario(seconds=1.5, render="draft"))
    settings = {"models": {"providers": {"fal": {"request": {"maxConcurrent": 1}}}}}
    client = make_client("fal", settings=settings)
    tasks = [client.generate_video(f"clip {n}", timeout_ms=20_000) for n in range(3)]
    started = [client.row(task.id).started_at for task in tasks if task.result(60)]
    assert started == sorted(started)
    assert started[2] - started[0] >= 2500, "one after the other"


def test_the_limit_must_be_a_positive_number(home):
    settings = {"models": {"providers": {"fal": {"request": {"maxConcurrent": 0}}}}}
    with pytest.raises(oc.ConfigError, match="maxConcurrent"):
        oc.Client(settings, home=home, environ={})


# a large ledger


def fill(path, count):
    """`count` tasks that have ended, a minute apart."""

    async def first():
        ledger = Ledger(path)
        new = NewTask(
            prompt="a heron",
            request='{"prompt": "a heron"}',
            request_key="k",
            source="s",
            session="x",
        )
        row, _ = await ledger.add(new, unless_active=None)
        await ledger.update(row.id, provider="fal", model="m", started_at=now_ms())
        await ledger.end(row.id, TaskState.SUCCEEDED)
        await ledger.close()

    asyncio.run(first())
    with sqlite3.connect(path) as db:
        names = [name for (name,) in db.execute("SELECT name FROM pragma_table_info('tasks')")]
        copied = ", ".join(
            {
                "id": "printf('%08x-%s', n, substr(id, 10))",
                "run_id": "printf('run-%d', n)",
                "created_at": "created_at - 60000 * n",
            }.get(name, name)
            for name in names
        )
        db.execute(
            f"WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < {count - 1})"
            f" INSERT INTO tasks ({', '.join(names)}) SELECT {copied} FROM tasks, c WHERE rowid = 1"
        )
    db.close()


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "notebook" / "tasks.sqlite"
    fill(path, 10_000)
    return path


@pytest.fixture
def library(large):
    ledger = Ledger(large)
    yield ledger
    asyncio.run(ledger.close())


def asked(ledger, work):
    """The statements that `work()` puts to the ledger's database, parameters filled in."""
    said = []

    async def go():
        await ledger._run(lambda db: db.set_trace_callback(said.append))
        await work()
        await ledger._run(lambda db: db.set_trace_callback(None))

    asyncio.run(go())
    return [line for line in said if line.split()[0] in {"SELECT", "UPDATE", "DELETE", "INSERT"}]


async def submit(ledger):
    new = NewTask(prompt="p", request="{}", request_key="new", source="s", session="y")
    for guard in Guard:
        row, _ = await ledger.add(new, unless_active=guard)
        await ledger.update(row.id, status="running")
        await ledger.active("y")
        await ledger.asked_to_stop()
        await ledger.touch([row.id])
        await ledger.find(row.id[:8])
        await ledger.usual(Ref("fal", "m"), "https://fal.test")
        await ledger.left_behind()
        await ledger.to_look_after()
        await ledger.ask_to_stop(row.id)
        await ledger.end(row.id, TaskState.FAILED)
        await ledger.remove([row])


def test_no_step_of_a_task_looks_through_the_whole_ledger(library):
    statements = asked(library, lambda: submit(library))
    assert len(statements) > 20
    with sqlite3.connect(library.path) as db:
        for statement in statements:
            plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
            scans = [step for step in plan if step.startswith("SCAN") and "json_each" not in step]
            assert [step for step in scans if "tasks_to_stop" not in step] == [], statement
    db.close()


def test_how_long_a_model_takes_is_read_from_an_index_in_its_order(library):
    (statement,) = asked(library, lambda: library.usual(Ref("fal", "m"), "https://fal.test"))
    with sqlite3.connect(library.path) as db:
        plan = [row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}")]
    db.close()
    assert plan == ["SEARCH tasks USING INDEX tasks_of_model (provider=? AND model=?)"]


def test_a_page_of_a_large_ledger_is_read_from_an_index(library):
    for wanted in ({"limit": 100}, {"limit": 100, "after": "00001388"}):
        (statement,) = (
            line for line in asked(library, lambda w=wanted: library.rows(**w)) if "LIMIT" in line
        )
        with sqlite3.connect(library.path) as db:
            plan = " ".join(row[3] for row in db.execute(f"EXPLAIN QUERY PLAN {statement}"))
        db.close()
        assert "tasks_by_time" in plan
        assert "TEMP B-TREE" not in plan


def test_pages_hold_every_task_once_newest_first(library):
    async def pages():
        found, after = [], None
        while page := await library.rows(limit=999, after=after):
            found += page
            after = page[-1].id
        return found

    rows = asyncio.run(pages())
    assert len({row.id for row in rows}) == len(rows) == 10_000
    assert [row.created_at for row in rows] == sorted(
        (row.created_at for row in rows), reverse=True
    )


def timed(work, times=5):
    """The shortest of several runs, in seconds."""

    def once():
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(times))


def test_a_list_of_tasks_is_as_quick_with_ten_thousand_as_with_a_page_of_them(
    large, make_client, tmp_path
):
    fill(tmp_path / "small" / "notebook" / "tasks.sqlite", 100)
    small = make_client("fal", home=tmp_path / "small")
    full = make_client("fal", home=large.parent.parent)
    shown = tables.tasks(full, limit=100, status=None)
    assert len(shown) == 100
    assert shown.caption == "100 of 10000 tasks; limit=None lists all"
    assert tables.tasks(small, limit=100, status=None).caption == ""
    few, many = (
        timed(lambda c=client: tables.tasks(c, limit=100, status=None)) for client in (small, full)
    )
    assert many < 10 * few + 0.05, (few, many)


def test_a_status_that_does_not_exist_is_refused_with_those_that_do(client):
    with pytest.raises(oc.InvalidInput, match="queued, running, succeeded"):
        tables.tasks(client, limit=10, status="done")
