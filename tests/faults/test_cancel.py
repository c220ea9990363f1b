"""Cancelling at the worst moment leaves nothing behind."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from tests.faults.world import parts, videos

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 30


class Gate:
    """Holds whoever is about to make or to rename a file of one directory, until it is opened."""

    def __init__(self) -> None:
        self.event, self.directory = "", Path()
        self.reached, self.opened = threading.Event(), threading.Event()

    def hold(self, event: str, directory: Path) -> None:
        """At the next audit event of a kind; its last path names the file."""
        self.event, self.directory = event, directory

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if event != self.event:
            return
        paths = [Path(arg) for arg in args if isinstance(arg, str | Path)]
        if paths[-1].parent == self.directory:
            self.reached.set()
            self.opened.wait(PATIENCE)

    def close(self) -> None:
        """Hold nobody any more; an audit hook cannot be taken away."""
        self.event = ""
        self.opened.set()


@pytest.fixture
def gate():
    made = Gate()
    sys.addaudithook(made)
    yield made
    made.close()


at_each_moment = pytest.mark.parametrize("event", ["tempfile.mkstemp", "os.rename"])


@at_each_moment
def test_a_cancellation_at_the_very_moment_of_a_file_leaves_none_of_any_name(
    event, make_client, emulator, gate
):
    client = make_client("fal")
    gate.hold(event, videos(client))
    task = client.generate_video(PROMPT)
    assert gate.reached.wait(PATIENCE)
    task.cancel()
    client.tasks()  # the core thread has seen it
    gate.opened.set()
    with pytest.raises(oc.TaskCancelled):
        task.result(PATIENCE)
    assert list(videos(client).iterdir()) == []
    assert client.tasks()[0].status is TaskState.CANCELLED
    assert len(emulator.jobs) == 1


@at_each_moment
def test_a_client_closed_at_the_very_moment_of_a_file_leaves_a_job_that_is_taken_up(
    event, make_client, emulator, gate
):
    client = make_client("fal")
    gate.hold(event, videos(client))
    task = client.generate_video(PROMPT)
    assert gate.reached.wait(PATIENCE)
    closing = threading.Thread(target=client.close)
    closing.start()
    gate.opened.set()
    closing.join(PATIENCE)
    again = make_client("fal")
    assert again.resume(task.id).result(PATIENCE).path.is_file()
    assert len(list(videos(client).glob("*.mp4"))) == 1
    assert parts(videos(client)) == []
    assert len(emulator.jobs) == 1
