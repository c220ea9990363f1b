"""A candidate that was given up may still make what it was paid for: its receipt is kept, and fetches it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace

import av
import pytest
from click.testing import CliRunner

import openclaw_nb as oc
from openclaw_nb import api, cli
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.providers import by_id
from openclaw_nb.runtime import loop
from tests.faults.world import Hands

PROMPT = "a friendly lobster surfing at sunset"
LONG = 600.0
SLOW = Scenario(seconds=LONG, render="draft")
SOON = Scenario(polls=1, render="draft")
REFUSING = Scenario(submit_moderated=True)
FAL = f"fal/{by_id['fal'].default_model.id}"
MINIMAX = f"minimax/{by_id['minimax'].default_model.id}"

IMPATIENT = """
import json, sys
from dataclasses import replace
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

home, urls = sys.argv[1], json.loads(sys.argv[2])
endpoints = {id: Endpoint(url, f"key-of-{id}", 0.05) for id, url in urls.items()}
client = oc.Client(home=home, environ={}, endpoints=endpoints)
client.vendors.providers = tuple(
    replace(each, deadline_seconds=2.0) if each.id == "fal" else each
    for each in client.vendors.providers
)
client.generate_video("a friendly lobster surfing at sunset").result()
"""


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def emulator(hands):
    with Emulator(SOON, clock=hands) as running:
        yield running


@pytest.fixture
def impatient(make_client):
    """A client that gives some providers up after 2 s."""

    def make(*ids: str, slow: tuple[str, ...] = ("fal",)) -> oc.Client:
        client = make_client(*ids)
        client.vendors.providers = tuple(
            replace(each, deadline_seconds=2.0) if each.id in slow else each
            for each in client.vendors.providers
        )
        return client

    return make


def is_playable(path) -> bool:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)) is not None


def sent(emulator) -> list[str]:
    return [job.provider for job in emulator.jobs]


def test_a_job_that_was_given_up_is_finished_though_the_next_candidate_was_refused(
    emulator, hands, impatient, make_client
):
    emulator.set({"fal": SLOW, "minimax": REFUSING})
    task = impatient("fal", "minimax").generate_video(PROMPT)
    with pytest.raises(oc.AllFailed):
        task.result(60)
    hands.ahead += LONG
    video = make_client("fal").resume(task.id).result(60)
    assert is_playable(video.path)
    assert str(video.ref) == FAL
    assert sent(emulator) == ["fal"], "submitted, and so paid for, twice"


def test_a_job_that_was_given_up_can_be_fetched_though_the_next_candidate_made_it(
    emulator, hands, impatient, make_client
):
    emulator.set({"fal": SLOW, "minimax": SOON})
    client = impatient("fal", "minimax")
    made = client.generate_video(PROMPT).result(60)
    assert str(made.ref) == MINIMAX
    assert any(f"resume({made.task_id[:8]!r}, model={FAL!r})" in text for text in made.warnings)
    hands.ahead += LONG
    again = make_client("fal", "minimax")
    assert again.resume(made.task_id).result(60).path == made.path, "it has its video"
    other = again.resume(made.task_id, model=FAL)
    video = other.result(60)
    assert str(video.ref) == FAL
    assert is_playable(video.path)
    assert video.path != made.path
    assert again.resume(made.task_id, model=FAL).id == other.id, "it is not fetched twice"
    assert again.row(made.task_id).status is TaskState.SUCCEEDED
    assert sent(emulator) == ["fal", "minimax"]


def test_both_jobs_of_a_task_are_taken_up_and_neither_stands_in_the_others_way(
    emulator, hands, impatient, make_client
):
    emulator.set({"fal": SLOW, "minimax": SLOW})
    task = impatient("fal", "minimax", slow=("fal", "minimax")).generate_video(PROMPT)
    with pytest.raises(oc.AllFailed):
        task.result(60)
    hands.ahead += LONG
    client = make_client("fal", "minimax")
    refs = {str(client.resume(task.id, model=model).result(60).ref) for model in (FAL, MINIMAX)}
    assert refs == {FAL, MINIMAX}
    assert str(client.resume(task.id).result(60).ref) == MINIMAX, "the last one, if none is named"
    assert sent(emulator) == ["fal", "minimax"]


@contextmanager
def another_process(home, emulator):
    """It gives fal up after 2 s and goes on to minimax; it is gone when the block ends."""
    import json

    urls = json.dumps({id: emulator.base_urls[id] for id in ("fal", "minimax")})
    with subprocess.Popen([sys.executable, "-c", IMPATIENT, str(home), urls]) as process:
        try:
            yield process
        finally:
            process.kill()


def until(reached, process) -> None:
    for _ in range(1200):
        if reached():
            return
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError("the process ended first")
    raise AssertionError("it was never reached")


def test_killed_before_the_answer_of_the_next_candidate_the_first_is_still_taken_up(
    emulator, hands, home, make_client
):
    emulator.set({"fal": SLOW, "minimax": replace(SLOW, hold_submit_reply=1)})
    with another_process(home, emulator) as process:
        until(lambda: len(emulator.jobs) == 2, process)
    hands.ahead += LONG
    client = make_client("fal", "minimax")
    (row,) = client.tasks()
    assert (row.status, row.ticket) == (TaskState.LOST, None)
    assert f"openclaw_nb.resume({row.id[:8]!r})" in row.error
    assert f"may have been submitted to {MINIMAX}" in row.error
    assert by_id["minimax"].finding in row.error
    assert [left.id for left in client.left_behind()] == [row.id]
    video = client.resume(row.id).result(60)
    assert str(video.ref) == FAL
    assert client.left_behind() == []
    assert sent(emulator) == ["fal", "minimax"]


def test_maintenance_writes_down_what_can_be_done_about_a_lost_task(emulator, home, make_client):
    emulator.set({"fal": SLOW, "minimax": replace(SLOW, hold_submit_reply=1)})
    with another_process(home, emulator) as process:
        until(lambda: len(emulator.jobs) == 2, process)
    client = make_client("fal", "minimax")
    seen, _ = client.tasks()[0], client.maintain()
    (kept,) = loop.wait(loop.start(client.ledger.rows()))
    assert kept.status is TaskState.LOST
    assert (kept.error, kept.summary) == (seen.error, seen.summary), "one source for the words"
    assert f"openclaw_nb.resume({kept.id[:8]!r}) finishes it" in kept.error
    assert f"may have been submitted to {MINIMAX}" in kept.error
    assert by_id["minimax"].finding in kept.error
    assert kept.summary == "its process is gone; resume finishes it"


def test_killed_while_the_next_candidate_works_both_are_taken_up(
    emulator, hands, home, make_client
):
    emulator.set({"fal": SLOW, "minimax": SLOW})
    client = make_client("fal", "minimax")
    with another_process(home, emulator) as process:
        until(
            lambda: any(row.provider == "minimax" and row.ticket for row in client.tasks()), process
        )
    hands.ahead += LONG
    (row,) = client.tasks()
    first = client.resume(row.id, model=FAL)
    assert str(first.result(60).ref) == FAL
    assert [left.id for left in client.left_behind()] == [row.id], "the last job is still there"
    assert str(client.resume(row.id).result(60).ref) == MINIMAX
    assert client.left_behind() == []
    assert sent(emulator) == ["fal", "minimax"]


def test_a_model_that_has_no_receipt_is_refused_with_those_that_have(
    emulator, impatient, make_client
):
    emulator.set({"fal": SLOW, "minimax": REFUSING})
    task = impatient("fal", "minimax").generate_video(PROMPT)
    with pytest.raises(oc.AllFailed):
        task.result(60)
    with pytest.raises(oc.InvalidInput, match=FAL):
        make_client("fal").resume(task.id, model="openai/sora-2")


def test_the_shell_lists_receipts_without_secrets_and_fetches_one(
    emulator, hands, impatient, make_client, monkeypatch
):
    emulator.set({"fal": SLOW, "minimax": SOON})
    made = impatient("fal", "minimax").generate_video(PROMPT).result(60)
    hands.ahead += LONG
    client = make_client("fal", "minimax")
    monkeypatch.setattr(api, "_default", client)
    (receipt,) = client.row(made.task_id).receipts

    def shell(*arguments: str) -> str:
        done = CliRunner().invoke(cli.main, ["tasks", *arguments])
        assert done.exit_code == 0, done.output
        return done.output

    for shown in (shell("show", made.task_id), shell("show", made.task_id, "--json")):
        assert receipt.job_id in shown
        assert FAL in shown or receipt.model in shown
        assert emulator.base_urls["fal"] not in shown
    said = shell("resume", made.task_id[:8], "--model", FAL)
    assert is_playable(said.splitlines()[-1])
    assert sent(emulator) == ["fal", "minimax"]
