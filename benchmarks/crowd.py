"""Many tasks in one real kernel: memory, how soon a cell is answered, messages to the page."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.bench import MIB, Bench
from benchmarks.figures import Figure, Goal
from tests.notebook.kernels import Kernel

AREA = "A crowd in one kernel"
TASKS, SHOWN, ECHOES, LOOK_SECONDS = 1000, 200, 40, 5.0
GROWTH, ECHO, MESSAGES = Goal(150.0), Goal(100.0), Goal(20.0)
PAUSE_SECONDS = 0.05
FOR_EVER = 3600.0
DRAWN = ("comm_msg", "update_display_data", "display_data")
START_SECONDS = 60

_CLIENT = """
import openclaw_nb as oc, threading, time
from openclaw_nb.vendors import Endpoint
limits = {{"models": {{"providers": {{"fal": {{"request": {{"maxConcurrent": {at_once}}}}}}}}}}}
client = oc.Client(limits, home={home!r}, environ={{}},
                   endpoints={{"fal": Endpoint({url!r}, "key", None)}})
def start(): return client.generate_video("a heron", model="fal/fal-ai/minimax/video-01-live",
                                          exact_model=True, allow_parallel=True)
def accepted(task, seconds):
    known = threading.Event()
    task.watch(lambda now: known.set() if now.job_id else None)
    return task.snapshot.job_id or known.wait(seconds)
"""
_FIRST = "tasks = [start()]\naccepted(tasks[0], 30)"
_ALL = """
began = time.monotonic()
def left(): return max(0.0, began + {seconds} - time.monotonic())
while len(tasks) < {count} and left(): tasks.append(start())
for task in tasks: accepted(task, left())
print(time.monotonic() - began)
"""
_SHOW = "from openclaw_nb.notebook.progress import TasksView\nTasksView(tasks).show()"
_BUSY = "end = time.monotonic() + {seconds}\nwhile time.monotonic() < end: sum(range(1000))"


@dataclass
class Crowd:
    """A kernel, and the address whose jobs never end."""

    kernel: Kernel
    bench: Bench
    label: str

    @property
    def rss_mib(self) -> float:
        """Resident memory of the kernel's process."""
        process = psutil.Process(self.kernel.manager.provisioner.pid)
        return float(process.memory_info().rss) / MIB

    def start(self, count: int) -> tuple[float, int]:
        """How long it took to have so many jobs at the provider, and how many there are then."""
        told = self.kernel.run(_ALL.format(count=count, seconds=START_SECONDS), 3 * START_SECONDS)
        return float(told), self.bench.server.asked(self.label)["submits"]


@contextmanager
def _crowd(bench: Bench, at_once: int) -> Iterator[Crowd]:
    """A kernel with one task under way: what is loaded with the first is no growth."""
    label, url = bench.server.place("fal", 4096, seconds=FOR_EVER)
    with tempfile.TemporaryDirectory() as temporary:
        kernel = Kernel(bench.peers[0].python, Path(temporary))
        try:
            home = str(Path(temporary) / "state")
            kernel.run(_CLIENT.format(url=url, home=home, at_once=at_once), 60)
            kernel.run(_FIRST, 60)
            yield Crowd(kernel, bench, label)
        finally:
            kernel.stop()


def measure(bench: Bench) -> Iterator[Figure]:
    """In a fresh kernel for each."""
    if bench.quick:
        return
    yield from _in_flight(bench)
    yield from _shown(bench)


def _in_flight(bench: Bench) -> Iterator[Figure]:
    with _crowd(bench, TASKS) as crowd:
        before, alone = crowd.rss_mib, _echoes(crowd.kernel)
        took, there = crowd.start(TASKS)
        asked = bench.server.asked(crowd.label)["polls"]
        started = time.monotonic()
        echoes = _echoes(crowd.kernel)
        polls = bench.server.asked(crowd.label)["polls"] - asked
        rate = polls / (time.monotonic() - started)
        growth = crowd.rss_mib - before
    title, note = f"in flight of {TASKS}, {START_SECONDS} s later at most", f"after {took:.0f} s"
    yield Figure(AREA, title, "", (float(there),), goal=Goal(TASKS, ">="), note=note)
    yield Figure(AREA, f"growth, {TASKS} jobs in flight", "MiB", (growth,), goal=GROWTH)
    yield Figure(AREA, "a cell answered, one job in flight", "ms", alone)
    title, note = f"a cell answered, {TASKS} jobs in flight", f"{rate:.0f} polls a second meanwhile"
    yield Figure(AREA, title, "ms", echoes, goal=ECHO, note=note)
    slowest = statistics.quantiles(echoes, n=20)[-1]
    yield Figure(AREA, f"{title}, 95 of 100", "ms", (slowest,), goal=ECHO)


def _echoes(kernel: Kernel) -> tuple[float, ...]:
    """How long an echo takes, again and again, in ms."""
    return tuple(_echo(kernel) for _ in range(ECHOES))


def _echo(kernel: Kernel) -> float:
    time.sleep(PAUSE_SECONDS)  # polls and echoes must not fall into step
    started = time.perf_counter()
    kernel.run("print('echo')", 60)
    return (time.perf_counter() - started) * 1000


def _shown(bench: Bench) -> Iterator[Figure]:
    for state, code in (
        ("idle", f"await __import__('asyncio').sleep({LOOK_SECONDS})"),
        ("computing", _BUSY.format(seconds=LOOK_SECONDS)),
    ):
        with _crowd(bench, SHOWN) as crowd:
            crowd.start(SHOWN)
            crowd.kernel.run(_SHOW, 60)
            crowd.kernel.run(code, 120)
            first, started = len(crowd.kernel.heard), time.monotonic()
            crowd.kernel.run(code, 120)
            took = time.monotonic() - started
            heard = crowd.kernel.heard[first:]
        count = sum(message["msg_type"] in DRAWN for message in heard)
        title = f"messages for {SHOWN} running tasks in a view, kernel {state}"
        yield Figure(AREA, title, "1/s", (count / took,), goal=MESSAGES)
