"""A thousand tasks at once, over four providers: how much memory and how many files they take."""

from __future__ import annotations

import gc
import threading
import time

import psutil
import pytest

from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.vendors import Endpoint

SOON = Scenario(seconds=0.3, render="draft")
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


class Hourglass:
    """The emulator's time: it stands still while `held`."""

    def __init__(self):
        self.held = 0.0

    def __call__(self):
        return self.held or time.time()


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_a_thousand_tasks_at_once_end_well_in_bounded_memory_and_files(home):
    hourglass = Hourglass()
    with Emulator(SOON, clock=hourglass) as emulator:
        made_by(emulator, hourglass, home)


def made_by(emulator, hourglass, home):
    ids = [model.partition("/")[0] for model in MODELS]
    stand_ins = {id: Endpoint(emulator.base_urls[id], "key", 1.0) for id in ids}
    client = Client(home=home, environ={}, endpoints=stand_ins)

    def start(number):
        model = MODELS[number % len(MODELS)]
        return client.generate_video(
            "a heron",
            model=model,
            exact_model=True,
            allow_parallel=True,
            timeout_ms=3_600_000,  # on a slow machine the emulator's time stands still for long
        )

    for number in range(len(MODELS)):
        start(number).result(60)
    gc.collect()
    started = time.monotonic()
    with Meter() as meter:
        hourglass.held = time.time()
        tasks = [start(number) for number in range(1000)]
        entered = time.monotonic() - started
        at_providers = len(emulator.jobs) - len(MODELS)
        hourglass.held = 0.0
        videos = [task.result(1500) for task in tasks]
    took = time.monotonic() - started
    states = {row.status for row in client.tasks()}
    client.close()
    print(
        f"\n1000 tasks: entered in {entered:.1f} s, {at_providers} of them at the providers then,"
        f" done after {took:.1f} s; RSS +{(meter.most_rss - meter.rss) / MIB:.0f} MiB;"
        f" descriptors {meter.files}, at most {meter.most_files}"
    )
    assert at_providers <= AT_ONCE * len(MODELS)
    assert len({video.path for video in videos}) == 1000
    assert all(video.path.stat().st_size == video.files[0].size_bytes for video in videos)
    assert len(emulator.jobs) == 1000 + len(MODELS)
    assert states == {TaskState.SUCCEEDED}
    assert meter.most_rss - meter.rss < 300 * MIB
    connections = 2 * AT_ONCE * len(MODELS)
    assert meter.most_files - meter.files < 2 * connections + 64, "both ends are in this process"
    assert not list(home.rglob(".part-*"))
