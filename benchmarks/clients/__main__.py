"""`python -m benchmarks.clients CLIENT TASK JSON`: do it once and print what it took, as JSON."""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.clients.meter import Meter


async def jobs(client: Any, url: str, count: int, clip_bytes: int) -> dict[str, Any]:
    """`count` jobs at once, after one that loads modules."""
    with tempfile.TemporaryDirectory() as folder:
        async with client.opened(url, Path(folder)) as here:
            await here.job(Path(folder) / "first.mp4")
            gc.collect()
            with Meter() as meter:
                paths = [Path(folder) / f"{number}.mp4" for number in range(count)]
                saved = await asyncio.gather(*map(here.job, paths))
        sizes = {Path(path).stat().st_size for path in saved}
        assert len(set(saved)) == count
        assert sizes == {clip_bytes}, sizes
        return meter.reading


async def upload(client: Any, url: str, file: str, warm: str) -> dict[str, Any]:
    """One job with a reference, after one with a small reference."""
    with tempfile.TemporaryDirectory() as folder:
        async with client.opened(url, Path(folder)) as here:
            await here.upload(Path(warm))
            gc.collect()
            with Meter() as meter:
                await here.upload(Path(file))
        return meter.reading


async def submit(client: Any, url: str) -> dict[str, Any]:
    """One submission, from nothing."""
    with tempfile.TemporaryDirectory() as folder:
        async with client.opened(url, Path(folder)) as here:
            await here.submit()
            return {"accepted_at": time.time()}


async def wait(client: Any, url: str) -> dict[str, Any]:
    """One job at the client's own pace; when it knew of its end."""
    with tempfile.TemporaryDirectory() as folder:
        async with client.opened(url, Path(folder)) as here:
            await here.wait()
            return {"known_at": time.time()}


TASKS = {task.__name__: task for task in (jobs, upload, submit, wait)}


def main() -> None:
    """The client module is imported in the process that measures, and nowhere else."""
    name, task, given = sys.argv[1:]
    client = importlib.import_module(f"benchmarks.clients.{name}")
    print(json.dumps(asyncio.run(TASKS[task](client, **json.loads(given)))), flush=True)


if __name__ == "__main__":
    main()
