"""A ledger that is locked, damaged or not writable: nothing unwritten is sent, nothing sent is lost."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing

import av
import pytest
from aiohttp import web

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.runtime import ledger
from tests.runtime.world import Server

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 60
AWHILE = Scenario(seconds=1.0, render="draft")


@pytest.fixture(autouse=True)
def _impatient(monkeypatch):
    """A write waits a moment for other processes, not longer."""
    monkeypatch.setattr(ledger, "_BUSY_SECONDS", 0.1)


def is_playable(video: oc.Video) -> bool:
    with av.open(str(video.path)) as container:
        return next(container.decode(video=0)) is not None


def accepted(task: oc.Task) -> oc.Task:
    """The task, once its ticket is in the ledger."""
    known = threading.Event()
    task.watch(lambda now: known.set() if now.job_id else None)
    assert task.snapshot.job_id or known.wait(PATIENCE)
    return task


class Lock:
    """Another program that holds the ledger."""

    def __init__(self, client: oc.Client) -> None:
        self._db = sqlite3.connect(
            client.ledger.path, isolation_level=None, check_same_thread=False
        )
        self._db.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        self._db.close()


def test_while_another_program_holds_the_ledger_nothing_is_started(make_client, emulator):
    client = make_client("fal")
    client.tasks()
    with (
        closing(Lock(client)),
        pytest.raises(oc.LedgerError, match=r"Another process holds it.*Nothing was sent\."),
    ):
        client.generate_video(PROMPT)
    assert emulator.jobs == []
    assert is_playable(client.generate_video(PROMPT).result(PATIENCE))


def test_what_cannot_be_written_down_is_not_submitted_to_anybody(make_client, emulator, picture):
    """The ledger is taken while the reference is fetched, between the task's row and its submission."""
    client, held, server = make_client("openai", "minimax"), [], Server()

    async def say(_: web.Request) -> web.Response:
        held.append(Lock(client))
        return web.Response(body=picture, content_type="image/png")

    server.say["/reference.png"] = say
    try:
        reference = f"{server.url}/reference.png"
        task = client.generate_video(PROMPT, model="openai/sora-2", image=reference)
        with pytest.raises(oc.LedgerError, match=r"Nothing was sent to openai/"):
            task.result(PATIENCE)
    finally:
        held[0].close()
        server.close()
    assert emulator.jobs == []
    with pytest.raises(oc.TaskLost, match="had not been submitted"):
        client.resume(task.id)


def test_a_job_at_work_ends_on_disk_while_the_ledger_is_held_and_is_written_down_later(
    make_client, emulator
):
    client = make_client("fal")
    emulator.set(AWHILE)
    task = accepted(client.generate_video(PROMPT))
    with closing(Lock(client)):
        video = task.result(PATIENCE)
    assert is_playable(video)
    assert any("the ledger does not know it" in warning for warning in video.warnings)
    assert [row.status for row in client.tasks()] == [TaskState.SUCCEEDED]
    assert client.resume(task.id).result(PATIENCE).path == video.path
    assert len(emulator.jobs) == 1


def test_a_job_at_work_ends_on_disk_though_the_ledger_is_destroyed(make_client, emulator):
    client = make_client("fal")
    emulator.set(AWHILE)
    task = accepted(client.generate_video(PROMPT))
    for file in client.ledger.path.parent.iterdir():
        file.write_bytes(b"no ledger any more " * 500)
    video = task.result(PATIENCE)
    assert is_playable(video)
    assert video.path.with_suffix(".json").exists()
    assert len(emulator.jobs) == 1


def test_a_damaged_ledger_says_what_to_do_and_that_helps(make_client, emulator):
    path = make_client("fal").ledger.path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"no ledger at all " * 500)
    client = make_client("fal")
    with pytest.raises(oc.LedgerError, match=r"move it away.*Nothing was sent\."):
        client.generate_video(PROMPT)
    assert emulator.jobs == []
    path.rename(path.with_suffix(".damaged"))
    assert is_playable(client.generate_video(PROMPT).result(PATIENCE))


def test_a_ledger_that_cannot_be_written_says_what_to_do(make_client, emulator, as_nobody):
    client = make_client("fal", home=as_nobody)
    client.tasks()
    client.close()
    for path in (*client.ledger.path.parent.iterdir(), client.ledger.path.parent):
        path.chmod(0o555)
    with pytest.raises(oc.LedgerError, match=r"that can be written\. Nothing was sent\."):
        client.generate_video(PROMPT)
    client.ledger.path.parent.chmod(0o755)
    assert emulator.jobs == []
