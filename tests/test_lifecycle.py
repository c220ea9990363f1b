"""The life of tasks as their contract tells it, row by row: guards, cancelling, loss, what lists say."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing

import pytest
from click.testing import CliRunner

import openclaw_nb as oc
from openclaw_nb import api, cli
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.rows import NewTask, now_ms
from openclaw_nb.vendors import Endpoint
from tests.conftest import DRAFT, NEEDS_FORK
from tests.test_resume import holding

MINUTE = 60_000
NEVER = Scenario(seconds=3600, render="draft")


@pytest.fixture
def fal(make_client):
    return make_client("fal")


@pytest.fixture
def shell(make_client, monkeypatch, environ):
    """`openclaw-nb tasks ...` over the test's own client: what it said, and its exit code."""
    client = make_client("fal")
    monkeypatch.setattr(api, "_default", client)
    environ["OPENCLAW_STATE_DIR"] = str(client.home)  # listing makes no client

    def run(*arguments: str) -> tuple[str, int]:
        done = CliRunner().invoke(cli.main, ["tasks", *arguments])
        return done.output, done.exit_code

    return run


@pytest.fixture
def holding_client(make_client, emulator):
    """A client of fal, and the door that keeps the answers to its submissions."""
    with holding(emulator.base_urls["fal"]) as door:
        yield make_client(endpoints={"fal": Endpoint(door.url, "key", 0.01)}), door


def asked(client, prompt, session):
    """What the tool answers to a request for a video."""
    return oc.video_generate({"prompt": prompt}, session=session, client=client)["details"]


def accepted(task):
    """The task, once the provider has taken it."""
    taken = threading.Event()
    task.watch(lambda now: taken.set() if now.job_id else None)
    assert task.snapshot.job_id or taken.wait(20)
    return task


def kept(ledger, status="succeeded", **columns):
    """A row of the ledger in this state."""

    async def put():
        new = NewTask(
            prompt="a heron",
            request="{}",
            request_key="k",
            source="video_generate:fal",
            session="s",
        )
        row, _ = await ledger.add(new, unless_active=None)
        await ledger.update(row.id, **columns)
        if status not in {"queued", "running"}:
            await ledger.end(row.id, TaskState(status))
        elif status == "running":
            await ledger.update(row.id, status="running")
        return await ledger.find(row.id)

    return loop.wait(loop.start(put()))


# the guard


@pytest.mark.parametrize(
    "sessions, tasks",
    [
        pytest.param(("s1", "s1"), 1, id="T1 the same session"),
        pytest.param(("s1", "s2"), 2, id="T2 another session"),
    ],
)
def test_a_session_has_one_task_at_work(sessions, tasks, fal, emulator):
    emulator.set(NEVER)
    first, second = (
        asked(fal, prompt, session) for prompt, session in zip("ab", sessions, strict=True)
    )
    assert len(fal.tasks()) == tasks
    assert second.get("duplicateGuard", False) is (tasks == 1)
    if tasks == 1:
        assert second["task"]["taskId"] == first["taskId"]
    for row in fal.tasks():
        accepted(fal.task(row.id)).cancel()
    assert len(emulator.jobs) == tasks


def failed(client, emulator):
    emulator.set(Scenario(submit_moderated=True))
    task = client.task(asked(client, "a", "s1")["taskId"])
    with pytest.raises(oc.ProviderRefused):
        task.result(20)


def cancelled(client, emulator):
    emulator.set(NEVER)
    accepted(client.task(asked(client, "a", "s1")["taskId"])).cancel()


def saved_with_a_callback_that_runs(client, emulator):
    task = client.task(asked(client, "a", "s1")["taskId"])
    task.on_done(lambda _: threading.Event().wait(20))
    task.result(20)


@pytest.mark.parametrize(
    "ended",
    [
        pytest.param(failed, id="T3 it failed"),
        pytest.param(cancelled, id="T4 it was cancelled"),
        pytest.param(saved_with_a_callback_that_runs, id="T5 its file is saved"),
    ],
)
def test_what_has_ended_blocks_nothing(ended, fal, emulator):
    ended(fal, emulator)
    emulator.set(NEVER)
    second = asked(fal, "b", "s1")
    assert second["status"] == "started"
    accepted(fal.task(second["taskId"])).cancel()


def test_t4_a_cancelled_task_blocks_nothing_while_its_submission_is_on_the_way(
    holding_client, emulator
):
    emulator.set(NEVER)
    client, door = holding_client
    first = client.task(asked(client, "a", "s1")["taskId"])
    assert door.passed_on.wait(20)
    first.cancel()
    second = asked(client, "b", "s1")
    assert second["status"] == "started"
    again = client.generate_video("a", session="s1")
    assert again.id != first.id, "re-running a cancelled cell starts anew"
    tasks = (first, client.task(second["taskId"]), again)
    for task in tasks:
        task.cancel()
    loop.wait(loop.start(asyncio.sleep(0)))  # they are on the loop before the door opens
    door.over.set()
    for task in tasks:
        with pytest.raises(oc.TaskCancelled):
            task.result(40)


def test_t6_without_a_session_the_result_is_waited_for(fal):
    for session in (None, ""):
        assert asked(fal, "a", session)["count"] == 1


def test_t7_a_reference_that_is_not_there_leaves_no_task(fal, emulator):
    with pytest.raises(oc.InvalidInput, match=r"no-such\.png"):
        oc.video_generate({"prompt": "a", "image": "no-such.png"}, session="s1", client=fal)
    assert fal.tasks() == []
    assert emulator.jobs == []


# lost, cancelled, listed


@pytest.mark.parametrize("minutes, state", [(4, TaskState.RUNNING), (6, TaskState.LOST)])
def test_t8_a_task_of_an_unknown_owner_is_lost_after_five_minutes_of_silence(minutes, state, fal):
    row = kept(fal.ledger, "running", owner_host="elsewhere")
    silence = f"UPDATE tasks SET last_event_at = {now_ms() - minutes * MINUTE}"
    loop.wait(loop.start(fal.ledger._run(lambda db: db.execute(silence))))
    assert [each.status for each in fal.tasks()] == [state]
    assert fal.row(row.id).status is state
    assert fal.tasks(status=state)
    assert fal.counts() == {state: 1}


def test_t9_a_success_after_the_cancel_does_not_count(make_client, emulator, home):
    client = make_client("minimax")  # it cannot be told to stop
    emulator.set(Scenario(seconds=1.0, render="draft"))
    task = accepted(client.generate_video("a"))
    task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(20)
    client.maintain()
    assert client.row(task.id).status is TaskState.CANCELLED
    assert not list(home.rglob("*.mp4"))


def test_t10_the_heading_counts_what_is_at_work_and_what_went_wrong(shell, fal):
    for state in ["queued", *["running"] * 2, *["failed"] * 2, "lost", *["succeeded"] * 4]:
        kept(fal.ledger, state)
    said, code = shell("list")
    assert (said.splitlines()[:2], code) == (
        ["Tasks: 10", "Pressure: 1 queued, 2 running, 3 issues"],
        0,
    )
    assert json.loads(shell("list", "--json")[0])["count"] == 10
    assert shell()[0] == said, "tasks alone lists too"
    only, _ = shell("--status", "failed")
    assert only.splitlines()[:3] == [
        "Tasks: 2",
        "Pressure: 0 queued, 0 running, 2 issues",
        "Status: failed",
    ]


def test_t11_a_filter_that_leaves_nothing_is_a_line_and_no_failure(shell, fal):
    kept(fal.ledger)
    said, code = shell("list", "--status", "running")
    assert (said.splitlines()[-1].startswith("No tasks."), code) == (True, 0)
    found = json.loads(shell("list", "--status", "running", "--json")[0])
    assert found == {"count": 0, "runtime": None, "status": "running", "tasks": []}
    assert json.loads(shell("list", "--runtime", "acp", "--json")[0])["count"] == 0


def test_t12_a_task_is_shown_by_id_run_id_beginning_and_as_the_newest_of_its_session(shell, fal):
    kept(fal.ledger)
    row = kept(fal.ledger)
    for lookup in (row.id, row.run_id, row.id[:8], "s"):
        assert json.loads(shell("show", lookup, "--json")[0])["taskId"] == row.id
    said, code = shell("show", "nobody")
    assert code == 1
    assert "'nobody'" in said
    assert "openclaw-nb tasks list" in said


def test_t13_what_ended_long_ago_is_forgotten_and_its_file_stays(make_client, shell):
    client = make_client("fal", settings={"tasks": {"retentionMs": 1}})
    video = client.generate_video("a").result(20)
    assert video.task_id in shell("maintenance")[0]
    assert shell("list")[0].startswith("Tasks: 1"), "it was only said"
    shell("maintenance", "--apply")
    assert shell("list")[0].startswith("Tasks: 0")
    assert video.path.exists()


# cancelling by others


def test_an_unknown_or_ended_task_cannot_be_cancelled(shell, fal):
    assert shell("cancel", "nobody")[1] == 1
    row = kept(fal.ledger)
    said, code = shell("cancel", row.id)
    assert (code, "has ended already: succeeded" in said) == (1, True)
    assert fal.row(row.id) == row


def test_a_task_without_an_owner_is_cancelled_at_once_and_at_its_provider(
    shell, make_client, emulator
):
    emulator.set(NEVER)
    gone = make_client("fal")
    task = accepted(gone.generate_video("a"))
    gone.close()
    assert emulator.jobs[0].state != "cancelled"
    said, code = shell("cancel", task.id[:8])
    assert (said, code) == (f"task {task.id[:8]}: cancelled\n", 0)
    row = make_client("fal").row(task.id)
    assert (row.status, row.ended_at is not None) == (TaskState.CANCELLED, True)
    assert "cancelled by the user" in row.error
    assert emulator.jobs[0].state == "cancelled"


def test_the_command_waits_until_the_owner_has_stopped(shell, make_client, emulator):
    emulator.set(NEVER)
    task = accepted(make_client("fal").generate_video("a"))
    assert shell("cancel", task.id) == (f"task {task.id[:8]}: cancelled\n", 0)
    assert task.state is TaskState.CANCELLED


def test_a_cancel_that_comes_when_the_file_is_saved_comes_too_late(fal, emulator):
    emulator.set(Scenario(download="slow", download_seconds=1.0, render="draft"))
    saving, ticks, task = threading.Event(), threading.Event(), fal.generate_video("a")
    task.watch(lambda now: saving.set() if now.phase == "saving" else None)
    assert task.snapshot.phase == "saving" or saving.wait(20)
    folder = fal.home / "media" / "tool-video-generation"
    with closing(sqlite3.connect(fal.ledger.path, isolation_level=None)) as db:
        db.execute("BEGIN IMMEDIATE")  # the end can be written only when this is over
        while not list(folder.glob("*.mp4")):
            ticks.wait(0.05)
        task.cancel()
        task.cancel()
        ticks.wait(0.2)
        db.execute("ROLLBACK")
    assert task.result(30).path.exists()
    assert (task.state, fal.row(task.id).status) == (TaskState.SUCCEEDED, TaskState.SUCCEEDED)


# taking up


def test_what_can_be_taken_up_is_listed_once_and_not_what_is_elsewhere(
    shell, make_client, emulator
):
    emulator.set(Scenario(seconds=1.0, render="draft"))
    gone = make_client("fal")
    task = accepted(gone.generate_video("a heron"))
    gone.close()
    kept(gone.ledger, "lost")
    kept(gone.ledger, "lost", ticket="{}", provider="fal", model="m", base_url="http://127.0.0.1:1")
    said, code = shell("resume")
    assert (said, code) == (f"openclaw-nb tasks resume {task.id[:8]}  fal  a heron\n", 0)
    client = make_client("fal")
    resumed = client.resume(task.id)
    assert shell("resume") == ("No task can be taken up.\n", 0)
    again = make_client("fal").resume(task.id)
    assert again.id == resumed.id, "the same job is not taken up twice"
    assert resumed.result(20).path == again.result(20).path
    assert client.resume(task.id).id == resumed.id, "nor once its video is there"
    assert len(emulator.jobs) == 1


# one end


def test_an_end_is_told_once_however_it_comes(fal, emulator):
    emulator.set(DRAFT)
    ends, task = [], fal.generate_video("a")
    for _ in range(3):
        task.on_done(lambda ended: ends.append(ended.state))
    task.watch(lambda now: ends.append("shown") if not now.state.active else None)
    task.result(20)
    fal.task(task.id).cancel()
    fal.close()
    assert sorted(ends) == ["shown", *["succeeded"] * 3]


def test_who_follows_a_task_of_another_process_learns_its_end(make_client, emulator):
    emulator.set(NEVER)
    task = accepted(make_client("fal").generate_video("a"))
    forgotten, closed = make_client("fal"), make_client("fal")
    follower, left = forgotten.task(task.id), closed.task(task.id)
    closed.close()
    with pytest.raises(oc.TaskLost, match="goes on in its own process"):
        left.result(20)
    gone = f"DELETE FROM tasks WHERE id = '{task.id}'"
    loop.wait(loop.start(forgotten.ledger._run(lambda db: db.execute(gone))))
    with pytest.raises(oc.TaskNotFound):
        follower.result(20)
    task.cancel()


# several processes


FORKED = """
import os, sys
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

client = oc.Client(home=sys.argv[1], environ={}, endpoints={"fal": Endpoint(sys.argv[2], "k", 0.05)})
first = client.generate_video("a")
first.result(20)
mine = client.generate_video("b")
if (child := os.fork()) == 0:
    assert client.task(mine.id) is not mine, "the parent carries it out"
    assert client.task(mine.id).result(20).path.exists()
    assert client.generate_video("c").result(20).path.exists()
    os._exit(0)
mine.result(20)
assert os.waitpid(child, 0)[1] == 0
assert client.generate_video("d").result(20)
client.close()
"""


@NEEDS_FORK
def test_a_forked_process_makes_videos_of_its_own_and_follows_its_parents(emulator, home):
    command = [sys.executable, "-c", FORKED, str(home), emulator.base_urls["fal"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 0, done.stderr
    assert len(emulator.jobs) == 4


INHERITED = """
import os, sys
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

client = oc.Client(home=sys.argv[1], environ={}, endpoints={"fal": Endpoint(sys.argv[2], "k", 0.05)})
ended = client.generate_video("a")
ended.result(20)
kept, stopped = client.generate_video("b"), client.generate_video("c")
kept.on_done(lambda task: print("told", flush=True))
if (child := os.fork()) == 0:
    assert ended.result(0).path.exists()
    assert stopped.cancel()
    try:
        stopped.result(20)
    except oc.TaskCancelled:
        assert stopped.state == "cancelled"
        assert kept.result(20).path.exists() and kept.state == "succeeded"
        os._exit(0)
assert os.waitpid(child, 0)[1] == 0
try:
    stopped.result(20)
except oc.TaskCancelled:
    kept.result(20)
    client.close()
    print("over", flush=True)
"""


@NEEDS_FORK
def test_a_forked_process_follows_the_tasks_whose_handles_it_inherits(emulator, home):
    emulator.set(Scenario(render="draft", polls=60))
    command = [sys.executable, "-c", INHERITED, str(home), emulator.base_urls["fal"]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert done.stdout.split() == ["told", "over"], done.stderr
    assert len(emulator.jobs) == 3


OWNER = """
import sys
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

client = oc.Client(home=sys.argv[1], environ={}, endpoints={"fal": Endpoint(sys.argv[2], "k", 0.05)})
task = client.generate_video("a", session="shared", duration_seconds=5)
print(task.id, flush=True)
try:
    task.result()
except oc.TaskCancelled:
    print("cancelled", flush=True)
sys.stdin.readline()
client.close()
"""


def test_a_cancel_from_another_process_reaches_the_owner_and_the_provider(
    emulator, home, make_client
):
    emulator.set(NEVER)
    command = [sys.executable, "-c", OWNER, str(home), emulator.base_urls["fal"]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as owner:
        try:
            task = accepted(make_client("fal").task(owner.stdout.readline().strip()))
            asked_at = time.monotonic()
            assert task.cancel()
            assert owner.stdout.readline() == "cancelled\n", owner.stderr.read()
            took = time.monotonic() - asked_at
            with pytest.raises(oc.TaskCancelled):
                task.result(20)
            owner.stdin.write("\n")
            owner.stdin.flush()
            assert owner.wait(20) == 0
        finally:
            owner.kill()
    assert took < 10, "two seconds are promised; a busy machine gets more"
    assert [job.state for job in emulator.jobs] == ["cancelled"]


def test_the_same_request_of_another_process_is_the_same_task(emulator, home, make_client):
    emulator.set(NEVER)
    task = accepted(make_client("fal").generate_video("a", session="shared", duration_seconds=5))
    command = [sys.executable, "-c", OWNER, str(home), emulator.base_urls["fal"]]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as other:
        try:
            assert other.stdout.readline().strip() == task.id
            task.cancel()
            assert other.stdout.readline() == "cancelled\n", other.stderr.read()
        finally:
            other.kill()
    assert len(emulator.jobs) == 1
