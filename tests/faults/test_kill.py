"""Whenever the process dies, at every provider: nothing is lost, nothing is sent twice, nothing is half there."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Emulator, Entry, Scenario
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.runtime.ledger import Row
from openclaw_nb.vendors import Endpoint
from tests.faults.world import Child, Hands, child, films, parts, unfinished_handshake

IDS = [provider.id for provider in PROVIDERS]
LONG = 600.0


@dataclass
class World:
    """One emulator, one state directory, one client that looks on and afterwards takes up."""

    emulator: Emulator
    hands: Hands
    home: Path
    client: oc.Client

    @property
    def media(self) -> Path:
        return self.client.store.directory

    def rows(self) -> list[Row]:
        return self.client.tasks()

    def every(self, holds: Callable[[Row], object]) -> bool:
        """Whether it holds for the row of every provider."""
        rows = self.rows()
        return len(rows) == len(IDS) and all(map(holds, rows))


@dataclass
class Outcome:
    """What is there after the kill, after the resumption and after maintenance, by provider id."""

    rows: dict[str, Row]
    sent: dict[str, list[Entry]]
    films_before: list[Path]
    answers: dict[str, oc.Video | oc.OpenclawError] = field(default_factory=dict)
    rows_after: dict[str, Row] = field(default_factory=dict)
    sent_after: dict[str, list[Entry]] = field(default_factory=dict)
    films_after: list[Path] = field(default_factory=list)
    parts_after: list[Path] = field(default_factory=list)


@pytest.fixture(scope="module")
def make_world(tmp_path_factory) -> Iterator[Callable[[Scenario], World]]:
    made: list[World] = []

    def make(scenario: Scenario) -> World:
        hands, home = Hands(), tmp_path_factory.mktemp("home")
        emulator = Emulator(scenario, clock=hands).start()
        urls = emulator.base_urls
        endpoints = {id: Endpoint(urls[id], f"key-of-{id}", 0.05) for id in IDS}
        client = oc.Client(home=home, environ={}, endpoints=endpoints)
        made.append(World(emulator, hands, home, client))
        return made[-1]

    yield make
    for world in made:
        world.client.close()
        world.emulator.close()


def by_provider(world: World) -> dict[str, Row]:
    return {row.source.partition(":")[2]: row for row in reversed(world.rows()) if not row.resumes}


def book(world: World) -> dict[str, list[Entry]]:
    return {id: [job for job in world.emulator.jobs if job.provider == id] for id in IDS}


def taken_up(world: World) -> Outcome:
    """Another process comes: it resumes every task, then it clears up."""
    out = Outcome(by_provider(world), book(world), films(world.media))
    world.hands.ahead += LONG
    tasks: dict[str, oc.Task] = {}
    for id, row in out.rows.items():
        try:
            tasks[id] = world.client.resume(row.id)
        except oc.TaskLost as error:
            out.answers[id] = error
    out.answers |= {id: task.result(60) for id, task in tasks.items()}
    an_hour_ago = time.time() - 3600
    for part in parts(world.media):
        os.utime(part, (an_hour_ago, an_hour_ago))
    world.client.maintain()
    out.rows_after, out.sent_after = by_provider(world), book(world)
    out.films_after, out.parts_after = films(world.media), parts(world.media)
    return out


# --- the steps ----------------------------------------------------------------------------------


NEVER = Scenario(seconds=LONG, render="draft")
STEPS: dict[str, tuple[Scenario, tuple[str, ...], Callable[[World, Child], bool]]] = {
    "before the submission leaves": (
        NEVER,
        (),
        lambda world, _: world.every(lambda row: row.sent),
    ),
    "before the answer is read": (
        Scenario(seconds=LONG, render="draft", hold_submit_reply=1),
        (),
        lambda world, _: all(book(world).values()),
    ),
    "when the ticket is there": (
        NEVER,
        (),
        lambda world, _: world.every(lambda row: row.ticket),
    ),
    "between two polls": (
        NEVER,
        (),
        lambda world, _: all(jobs and jobs[0].polls > 1 for jobs in book(world).values()),
    ),
    "in the middle of the download": (
        Scenario(polls=1, render="draft", download="stalled", download_times=1),
        (),
        lambda world, _: (
            len(parts(world.media)) == len(IDS)
            and all(jobs[0].downloads for jobs in book(world).values())
        ),
    ),
    "before the rename": (
        Scenario(polls=1, render="draft"),
        ("--stop-at-renames",),
        lambda world, running: running.said("renaming") == len(IDS),
    ),
}
NO_TICKET = ("before the submission leaves", "before the answer is read")


@pytest.fixture(scope="module", params=STEPS)
def killed(request, make_world) -> tuple[str, Outcome]:
    """One process makes a video of every provider and is killed when all have reached the step."""
    scenario, options, reached = STEPS[request.param]
    world = make_world(scenario)
    with unfinished_handshake() as nowhere:
        urls = {id: world.emulator.base_urls[id] for id in IDS}
        if request.param == "before the submission leaves":
            urls = dict.fromkeys(IDS, nowhere)
        with child(world.home, urls, *options) as running:
            running.until(lambda: running.said("started") and reached(world, running))
            running.kill()
    return request.param, taken_up(world)


@pytest.mark.parametrize("id", IDS)
def test_a_killed_process_loses_nothing_and_nothing_is_sent_twice(id, killed):
    step, out = killed
    answer, sent = out.answers[id], len(out.sent[id])
    assert sent == (0 if step == "before the submission leaves" else 1)
    assert len(out.sent_after[id]) == sent, "submitted, and so paid for, twice"
    assert out.rows_after[id].status is TaskState.LOST, "a lost task stays lost"
    if step in NO_TICKET:
        assert isinstance(answer, oc.TaskLost)
        assert f"may have been submitted to {id}/" in str(answer)
        return
    assert isinstance(answer, oc.Video), answer
    with av.open(str(answer.path)) as container:
        assert next(container.decode(video=0)) is not None


def test_nothing_half_finished_has_a_final_name_and_leftovers_are_cleared_away(killed):
    step, out = killed
    assert out.films_before == []
    made = 0 if step in NO_TICKET else len(IDS)
    assert len(out.films_after) == made
    assert out.parts_after == []
