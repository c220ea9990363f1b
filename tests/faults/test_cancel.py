"""Cancelling at the worst moment leaves nothing behind."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 30


class Gate:
    """Holds whoever is about to rename a file of one directory, until it is opened."""

    def __init__(self) -> None:
        self.directory: Path | None = None
        self.reached, self.opened = threading.Event(), threading.Event()

    def __call__(self, event: str, args: tuple[object, ...]) -> None:
        if event == "os.rename" and self.directory and Path(str(args[1])).parent == self.directory:
            self.reached.set()
            self.opened.wait(PATIENCE)

    def close(self) -> None:
        """Hold nobody any more; an audit hook cannot be taken away."""
        self.directory = None
        self.opened.set()


@pytest.fixture
def gate():
    made = Gate()
    sys.addaudithook(made)
    yield made
    made.close()


def test_a_cancellation_at_the_very_rename_leaves_no_file_of_either_name(
    make_client, emulator, gate
):
    client = make_client("fal")
    gate.directory = client.store.directory
    task = client.generate_video(PROMPT)
    assert gate.reached.wait(PATIENCE)
    task.cancel()
    client.tasks()  # the core thread has seen it
    gate.opened.set()
    with pytest.raises(oc.TaskCancelled):
        task.result(PATIENCE)
    assert list(client.store.directory.iterdir()) == []
    assert client.tasks()[0].status is TaskState.CANCELLED
    assert len(emulator.jobs) == 1


def test_a_client_closed_at_the_very_rename_leaves_a_job_that_is_taken_up(
    make_client, emulator, gate
):
    client = make_client("fal")
    gate.directory = client.store.directory
    task = client.generate_video(PROMPT)
    assert gate.reached.wait(PATIENCE)
    closing = threading.Thread(target=client.close)
    closing.start()
    gate.opened.set()
    closing.join(PATIENCE)
    again = make_client("fal")
    assert again.resume(task.id).result(PATIENCE).path.is_file()
    assert len(list(client.store.directory.glob("*.mp4"))) == 1
    assert list(client.store.directory.glob(".part-*")) == []
    assert len(emulator.jobs) == 1
