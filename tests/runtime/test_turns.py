"""Who may be at work at a provider, and who waits."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from openclaw_nb.runtime.turns import Turns


class Queue:
    """Operations that last until they are let go."""

    def __init__(self, limit=2):
        self.turns, self.limit = Turns(), limit
        self.running, self.said, self.most = [], {}, 0
        self.over = {}
        self.tasks = {}

    async def start(self, name, provider="fal", *, ahead=False):
        self.over[name] = asyncio.Event()
        self.tasks[name] = asyncio.create_task(self._work(name, provider, ahead))
        await self.settled()

    async def _work(self, name, provider, ahead):
        async def waiting(why):
            self.said[name] = why

        async with self.turns.take(provider, self.limit, ahead=ahead, waiting=waiting):
            self.running.append(name)
            self.most = max(self.most, len(self.running))
            try:
                await self.over[name].wait()
            finally:
                self.running.remove(name)

    async def end(self, name):
        self.over[name].set()
        await self.settled()

    async def settled(self):
        for _ in range(10):
            await asyncio.sleep(0)


@asynccontextmanager
async def queue(limit=2):
    made = Queue(limit)
    yield made
    for task in made.tasks.values():
        task.cancel()
    await asyncio.gather(*made.tasks.values(), return_exceptions=True)
    assert all(line.running == 0 for line in made.turns._lines.values())


def run(test):
    asyncio.run(test())


def test_so_many_run_and_the_others_say_that_they_wait_and_come_in_their_order():
    async def test():
        async with queue() as line:
            for name in "abcd":
                await line.start(name)
            assert line.running == ["a", "b"]
            why = "waits for its turn at fal, 2 running"
            assert line.said == {"c": why, "d": why}
            await line.end("b")
            assert line.running == ["a", "c"]
            await line.end("a")
            assert line.running == ["c", "d"]
            assert line.most == 2

    run(test)


def test_a_job_that_is_under_way_comes_before_those_that_are_not():
    async def test():
        async with queue(1) as line:
            await line.start("at work")
            await line.start("new")
            await line.start("resumed", ahead=True)
            await line.end("at work")
            assert line.running == ["resumed"]
            await line.end("resumed")
            assert line.running == ["new"]

    run(test)


def test_a_full_provider_makes_no_other_wait():
    async def test():
        async with queue(1) as line:
            for number in range(50):
                await line.start(f"fal-{number}", "fal")
            await line.start("runway", "runway")
            assert line.running == ["fal-0", "runway"]

    run(test)


@pytest.mark.parametrize("given", [False, True], ids=["waiting", "its turn just came"])
def test_who_is_cancelled_while_waiting_takes_no_turn_with_it(given):
    async def test():
        async with queue(1) as line:
            for name in "abc":
                await line.start(name)
            if given:
                line.over["a"].set()
                await asyncio.wait([line.tasks["a"]])
            line.tasks["b"].cancel()
            await line.settled()
            await line.end("a")
            assert line.running == ["c"]

    run(test)


def test_a_failure_to_say_so_takes_no_turn_with_it():
    async def test():
        turns = Turns()

        async def fails(why):
            raise OSError(why)

        async with turns.take("fal", 1, ahead=False, waiting=fails):
            with pytest.raises(OSError, match="its turn"):
                async with turns.take("fal", 1, ahead=False, waiting=fails):
                    pass
        async with turns.take("fal", 1, ahead=False, waiting=fails):
            pass

    run(test)
