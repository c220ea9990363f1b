"""What a job in flight costs this process: memory, CPU a poll, CPU a job, and what its row takes.

The emulator runs in a process of its own, so that only our side is counted.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import closing
from pathlib import Path

import httpx
import psutil

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask
from openclaw_nb.vendors import Endpoint

JOBS, POLLED, FINISHED = 300, 50, 60
ACCEPTED_SECONDS = 120
POLL_SECONDS, WATCHED_SECONDS = 1.0, 20.0


def cpu_seconds() -> float:
    """Of this process so far."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def client(home: Path, url: str, poll_seconds: float) -> oc.Client:
    """One that may have every job of a measurement at work at once."""
    settings = {"models": {"providers": {"fal": {"request": {"maxConcurrent": 2 * JOBS}}}}}
    endpoint = Endpoint(url, "key", poll_seconds)
    return oc.Client(settings, home=home, environ={}, endpoints={"fal": endpoint})


def started(made: oc.Client, count: int) -> list[oc.Task]:
    """So many tasks, each with its ticket."""
    tasks = [made.generate_video("a heron", allow_parallel=True) for _ in range(count)]
    for task in tasks:
        known = threading.Event()
        task.watch(lambda now, known=known: known.set() if now.job_id else None)
        assert task.snapshot.job_id or known.wait(ACCEPTED_SECONDS)
    return tasks


def polls(root: str) -> int:
    """How often jobs were asked after, in all."""
    return sum(job["polls"] for job in httpx.get(f"{root}/_emulator/jobs").json())


def memory_kb(home: Path, url: str) -> float:
    """Of one job that waits."""
    with closing(client(home, url, 3600)) as made:
        started(made, 1)
        before = psutil.Process().memory_info().rss
        started(made, JOBS)
        return (psutil.Process().memory_info().rss - before) / JOBS / 1024


def cpu_ms_a_poll(home: Path, root: str, url: str) -> float:
    """From one poll to the next, the waiting between them included."""
    with closing(client(home, url, POLL_SECONDS)) as made:
        started(made, POLLED)
        seen, used = polls(root), cpu_seconds()
        time.sleep(WATCHED_SECONDS)  # what happens meanwhile is what is measured
        used = cpu_seconds() - used
        return used / (polls(root) - seen) * 1000


def cpu_ms_a_job(home: Path, url: str) -> float:
    """Submission, two polls, download of a small clip, its poster and sidecar, the ledger."""
    with closing(client(home, url, 0.05)) as made:
        made.generate_video("a heron").result()
        used = cpu_seconds()
        for task in [made.generate_video("a heron", allow_parallel=True) for _ in range(FINISHED)]:
            task.result()
        return (cpu_seconds() - used) / FINISHED * 1000


async def ledger(home: Path) -> tuple[float, float]:
    """Writes a second from one process, and bytes a row."""
    kept, count = Ledger(home / "tasks.sqlite"), 200
    facts = json.dumps({"about": "a heron " * 60})
    new = NewTask(prompt="a heron", request=facts, request_key="k", source="s", session="s")
    began = time.perf_counter()
    for _ in range(count):
        row, _new = await kept.add(new, unless_active=None)
        await kept.update(row.id, sent=1, provider="fal", model="m", plan=facts)
        await kept.update(row.id, ticket=facts, phase="generating", status="running")
        await kept.end(row.id, TaskState.SUCCEEDED, files=f"[{facts}]")
    writes = 4 * count / (time.perf_counter() - began)
    await kept.close()
    return writes, (home / "tasks.sqlite").stat().st_size / count


def main() -> None:
    """Print one line a figure."""
    emulate = [sys.executable, "-m", "openclaw_nb.cli", "emulate", "--json"]
    with (
        tempfile.TemporaryDirectory() as home,
        subprocess.Popen(emulate, stdout=subprocess.PIPE, text=True) as server,
    ):
        url = json.loads(server.stdout.readline())["fal"]
        root = url.removesuffix("/fal")
        try:
            scenario = {"fal": {"seconds": 3600, "render": "draft"}}
            httpx.post(f"{root}/_emulator/scenario", json=scenario)
            print(f"memory: {memory_kb(Path(home, 'a'), url):.0f} kB a job in flight")
            print(f"CPU: {cpu_ms_a_poll(Path(home, 'b'), root, url):.2f} ms a poll")
            scenario = {"fal": {"polls": 2, "render": "draft"}}
            httpx.post(f"{root}/_emulator/scenario", json=scenario)
            print(f"CPU: {cpu_ms_a_job(Path(home, 'c'), url):.0f} ms a job")
            writes, row = asyncio.run(ledger(Path(home)))
            print(f"ledger: {writes:.0f} writes/s from one process, {row:.0f} bytes a row")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()
