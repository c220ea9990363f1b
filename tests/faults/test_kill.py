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
from openclaw_nb.core.domain import Medium, TaskState
from openclaw_nb.emulator import Emulator, Entry, Scenario
from openclaw_nb.providers import PROVIDERS, of
from openclaw_nb.runtime.rows import Row
from openclaw_nb.vendors import Endpoint
from tests.faults.child import MEDIA
from tests.faults.middle import held
from tests.faults.world import Child, Hands, child, parts, unfinished_handshake
from tests.runtime.world import Server

IDS = [provider.id for provider in PROVIDERS]
CASES = {f"{medium}:{each.id}": each for medium in Medium for each in of(medium)}
"""Every provider of every medium."""
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
        return self.home / "media"

    def rows(self) -> list[Row]:
        return self.client.tasks()

    def every(self, holds: Callable[[Row], object]) -> bool:
        """Whether it holds for the row of every provider."""
        rows = self.rows()
        return len(rows) == len(CASES) and all(map(holds, rows))


@dataclass
class Outcome:
    """What is there after the kill, after the resumption and after maintenance, by medium and provider."""

    rows: dict[str, Row]
    sent: dict[str, list[Entry]]
    files_before: list[Path]
    answers: dict[str, oc.Video | oc.Image | oc.Music | oc.OpenclawError] = field(
        default_factory=dict
    )
    rows_after: dict[str, Row] = field(default_factory=dict)
    sent_after: dict[str, list[Entry]] = field(default_factory=dict)
    files_after: list[Path] = field(default_factory=list)
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
    return {
        row.source.replace("_generate", ""): row
        for row in reversed(world.rows())
        if not row.resumes
    }


def book(world: World) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {case: [] for case in CASES}
    for job in world.emulator.jobs:
        found[f"{job.kind}:{job.provider}"].append(job)
    return found


def finished(media: Path) -> list[Path]:
    """Files under their final names."""
    return [path for path in media.rglob("*") if path.suffix in MEDIA]


def taken_up(world: World) -> Outcome:
    """Another process comes: it resumes every task, then it clears up."""
    out = Outcome(by_provider(world), book(world), finished(world.media))
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
    out.files_after, out.parts_after = finished(world.media), parts(world.media)
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
        Scenario(seconds=LONG, render="draft", hold_submit_reply=len(Medium)),
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
        ("--hold-nothing",),
        lambda world, _: (
            len(parts(world.media)) == len(CASES)
            and all(jobs[0].downloads for jobs in book(world).values())
        ),
    ),
    "before the rename": (
        Scenario(polls=1, render="draft"),
        ("--stop-at-renames",),
        lambda world, running: running.said("renaming") == len(CASES),
    ),
}
NO_TICKET = ("before the submission leaves", "before the answer is read")


@pytest.fixture(scope="module", params=STEPS)
def killed(request, make_world) -> tuple[str, Outcome]:
    """One process makes one of every provider of every medium and is killed when all have reached the step."""
    scenario, options, reached = STEPS[request.param]
    world = make_world(scenario)
    with unfinished_handshake() as nowhere:
        urls = {id: world.emulator.base_urls[id] for id in IDS}
        if request.param == "before the submission leaves":
            urls = dict.fromkeys(IDS, nowhere)
        with child(world.home, urls, "--every-medium", *options) as running:
            running.until(lambda: running.said("started") and reached(world, running))
            running.kill()
    return request.param, taken_up(world)


@pytest.mark.parametrize("case", CASES)
def test_a_killed_process_loses_nothing_and_nothing_is_sent_twice(case, killed):
    step, out = killed
    answer, sent = out.answers[case], len(out.sent[case])
    assert sent == (0 if step == "before the submission leaves" else 1)
    assert len(out.sent_after[case]) == sent, "submitted, and so paid for, twice"
    assert out.rows_after[case].status is TaskState.LOST, "a lost task stays lost"
    if step in NO_TICKET:
        assert isinstance(answer, oc.TaskLost)
        assert f"may have been submitted to {CASES[case].id}/" in str(answer)
        assert CASES[case].finding in str(answer)
        return
    assert not isinstance(answer, oc.OpenclawError), answer
    with av.open(str(answer.path)) as container:
        assert next(container.decode()) is not None


def test_nothing_half_finished_has_a_final_name_and_leftovers_are_cleared_away(killed):
    step, out = killed
    assert out.files_before == []
    made = 0 if step in NO_TICKET else len(CASES)
    assert len(out.files_after) == made
    assert out.parts_after == []


def test_a_process_killed_before_it_submitted_anything_says_so(make_world):
    """It is still fetching the reference, which the provider wants as bytes."""
    world, server = make_world(NEVER), Server()
    server.otherwise = held
    try:
        urls, image = {"openai": world.emulator.base_urls["openai"]}, f"{server.url}/a.png"
        with child(world.home, urls, "--image", image) as running:
            running.until(lambda: bool(server.seen))
    finally:
        server.close()
    (row,) = world.rows()
    assert (row.status, row.sent) == (TaskState.LOST, False)
    with pytest.raises(oc.TaskLost, match="had not been submitted; start it again"):
        world.client.resume(row.id)
    assert world.emulator.jobs == []
