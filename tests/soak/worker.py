"""A process that works hard on a shared ledger: takes up what is left, starts, cancels, until it is told.

`python -m tests.soak.worker HOME SEED` reads from stdin: the base URLs as JSON, then a line that ends it.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
import threading

from openclaw_nb.client import Client
from openclaw_nb.errors import OpenclawError
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.task import Task
from openclaw_nb.vendors import Endpoint

AT_ONCE = 10
TICK_SECONDS = 0.05
PROMPT = "clip-{}-"


class Hurried(Clock):
    """Real time with short pauses."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.1))


class Worker:
    """One client, and what it does next."""

    def __init__(self, home: str, seed: int, urls: dict[str, str]) -> None:
        self.random = random.Random(seed)
        self.name = f"{seed:x}"
        stand_ins = {id: Endpoint(url, f"key-of-{id}", 0.05) for id, url in urls.items()}
        limits = {id: {"request": {"maxConcurrent": 2}} for id in list(urls)[::4]}
        settings = {"models": {"providers": limits}}
        self.client = Client(settings, home=home, environ={}, endpoints=stand_ins, clock=Hurried())
        self.turn = self.random.sample(self.client.vendors.providers, len(urls))
        self.tasks: list[Task] = []
        self.made = 0

    def take_up(self) -> None:
        """Finish what the dead left behind."""
        for row in self.client.left_behind():
            self.tasks.append(self.client.resume(row.id))

    def step(self) -> None:
        """Start one, or cancel one of anybody's."""
        self.tasks = [task for task in self.tasks if not task.done()]
        if len(self.tasks) < AT_ONCE:
            self.start()
        dice = self.random.random()
        if dice < 0.03 and self.tasks:
            self.random.choice(self.tasks).cancel()
        elif dice < 0.05:
            running = [row for row in self.client.tasks(limit=30) if row.status.active]
            if running:
                self.client.task(self.random.choice(running).id).cancel()

    def start(self) -> None:
        """A request with a prompt of its own, for one provider or for whoever comes."""
        provider = self.turn[self.made % len(self.turn)]
        self.made += 1
        prompt = PROMPT.format(f"{self.name}.{self.made}")
        task = self.client.generate_video(
            prompt,
            model=f"{provider.id}/{provider.default_model.id}",
            exact_model=self.random.random() < 0.8,
            timeout_ms=self.random.choice([60_000, 60_000, 1_500]),
        )
        self.tasks.append(task)

    def finish(self) -> None:
        """Wait for everything, whatever becomes of it."""
        for task in self.tasks:
            try:
                task.result(60)
            except OpenclawError as error:
                print(f"{task.id[:8]}: {error}", file=sys.stderr)


def main() -> None:
    """Work until the second line, or end of file, comes; with `finish` only take up and finish."""
    home, seed, *finish = sys.argv[1:]
    worker = Worker(home, int(seed), json.loads(sys.stdin.readline()))
    over = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.readline(), over.set()), daemon=True).start()
    worker.take_up()
    print("ready", flush=True)
    while not finish and not over.wait(TICK_SECONDS):
        worker.step()
    worker.finish()
    worker.client.close()
    print("done", flush=True)


if __name__ == "__main__":
    main()
