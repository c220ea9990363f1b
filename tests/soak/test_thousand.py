"""A thousand tasks at once, over four providers: how much memory and how many files they take."""

from __future__ import annotations

import gc
import threading
import time

import psutil
import pytest

from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from tests.conftest import endpoints

LONGER = Scenario(seconds=4.0, render="draft")
"""So long that most of them wait for their turn."""
MIB = 2**20
MODELS = (
    "fal/fal-ai/minimax/video-01-live",
    "minimax/MiniMax-Hailuo-2.3",
    "runway/gen4.5",
    "openai/sora-2",
)
AT_ONCE = 16
"""Of each provider."""


class Meter:
    """The most memory and descriptors that this process has had."""

    def __init__(self):
        self.process = psutil.Process()
        self.over = threading.Event()
        self.rss = self.most_rss = self.process.memory_info().rss
        self.files = self.most_files = self.process.num_fds()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.over.wait(0.2):
            self.most_rss = max(self.most_rss, self.process.memory_info().rss)
            self.most_files = max(self.most_files, self.process.num_fds())

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_thousand_tasks_at_once_end_well_in_bounded_memory_and_files(home, emulator):
    emulator.set(LONGER)
    ids = [model.partition("/")[0] for model in MODELS]
    client = Client(home=home, environ={}, endpoints=endpoints(emulator, *ids))

    def start(number):
        model = MODELS[number % len(MODELS)]
        return client.generate_video("a heron", model=model, exact_model=True, allow_parallel=True)

    for number in range(len(MODELS)):
        start(number).result(60)
    gc.collect()
    started = time.monotonic()
    with Meter() as meter:
        tasks = [start(number) for number in range(1000)]
        entered = time.monotonic() - started
        waiting = len(client.tasks(status=TaskState.QUEUED))
        videos = [task.result(600) for task in tasks]
    took = time.monotonic() - started
    states = {row.status for row in client.tasks()}
    client.close()
    print(
        f"\n1000 tasks: entered in {entered:.1f} s, {waiting} waiting then, done in {took:.1f} s; RSS"
        f" +{(meter.most_rss - meter.rss) / MIB:.0f} MiB; descriptors {meter.files},"
        f" at most {meter.most_files}"
    )
    assert len({video.path for video in videos}) == 1000
    assert all(video.path.stat().st_size == video.files[0].size_bytes for video in videos)
    assert len(emulator.jobs) == 1000 + len(MODELS)
    assert waiting > 100
    assert states == {TaskState.SUCCEEDED}
    assert meter.most_rss - meter.rss < 300 * MIB
    connections = 2 * AT_ONCE * len(MODELS)
    assert meter.most_files - meter.files < 2 * connections + 64, "both ends are in this process"
    assert not list(home.rglob(".part-*"))
