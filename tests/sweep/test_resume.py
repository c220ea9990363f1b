"""The same call again: what is there is taken, and nothing is submitted twice."""

import json
import subprocess
import sys
import threading
import time

import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.rows import NewTask
from openclaw_nb.sweep.secure import secure
from tests.faults.world import Hands

DRAFT = Scenario(render="draft")
HELD = Scenario(seconds=3600, render="draft")
MODELS = ["fal", "minimax"]


def states(results):
    return [record["state"] for record in results.records]


def ways(results):
    return {record["how"] for record in results.records}


def until(reached, seconds=60):
    end = time.monotonic() + seconds
    pause = threading.Event()
    while not reached():
        assert time.monotonic() < end, "it was never reached"
        pause.wait(0.02)


def test_every_combination_is_submitted_once_and_taken_by_the_same_call(client, emulator):
    first = oc.sweep(["a", "b"], MODELS, duration_seconds=[4, 8], client=client).result(60)
    assert states(first) == ["succeeded"] * 8
    assert ways(first) == {"submitted"}
    assert len(emulator.jobs) == 8
    again = oc.sweep(["a", "b"], MODELS, duration_seconds=[4, 8], client=client).result(60)
    assert ways(again) == {"taken"}
    assert [record["task"] for record in again.records] == [r["task"] for r in first.records]
    assert len(emulator.jobs) == 8


def test_a_named_sweep_pays_only_for_what_the_grid_has_more(client, emulator):
    oc.sweep("a", "fal", duration_seconds=[4, 8], name="grown", client=client).result(60)
    more = oc.sweep("a", MODELS, duration_seconds=[4, 8], name="grown", client=client).result(60)
    assert [record["how"] for record in more.records] == ["taken"] * 2 + ["submitted"] * 2
    assert len(emulator.jobs) == 4


def test_a_clip_that_was_deleted_is_made_again(client, emulator):
    made = oc.sweep("a", MODELS, client=client).result(60)
    made.videos[0].path.unlink()
    again = oc.sweep("a", MODELS, client=client).result(60)
    assert [record["how"] for record in again.records] == ["submitted", "taken"]
    assert ways(oc.sweep("a", MODELS, client=client).result(60)) == {"taken"}
    assert len(emulator.jobs) == 3


def test_repeats_are_made_beside_each_other_and_found_again(client, emulator):
    for _ in range(2):
        made = oc.sweep("a", "fal", repeats=3, client=client).result(60)
        assert states(made) == ["succeeded"] * 3
    assert len({record["task"] for record in made.records}) == 3
    assert len(emulator.jobs) == 3


def test_two_sweeps_at_the_same_time_share_their_jobs(client, make_client, emulator):
    emulator.set(Scenario(seconds=1, render="draft"))
    running = [
        oc.sweep("a", MODELS, client=each) for each in (client, make_client(), make_client())
    ]
    tasks = {record["task"] for each in running for record in each.result(60).records}
    assert len(tasks) == len(emulator.jobs) == 2


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def emulator(hands):
    with Emulator(DRAFT, clock=hands) as running:
        yield running


def test_a_sweep_whose_process_was_killed_is_finished_by_the_same_call(client, emulator, hands):
    emulator.set(HELD)
    ids = ("fal", "minimax", "runway")
    urls = {id: emulator.base_urls[id] for id in ids}
    command = [sys.executable, "-m", "tests.sweep.child", str(client.home), json.dumps(urls)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as child:
        try:
            until(lambda: _tickets(client) == 6)
        finally:
            child.kill()
    assert len(emulator.jobs) == 6
    hands.ahead = 3700
    again = oc.sweep("a heron", list(ids), duration_seconds=[4, 8], name="killed", client=client)
    made = again.result(60)
    assert states(made) == ["succeeded"] * 6
    assert ways(made) == {"resumed"}
    assert len(emulator.jobs) == 6, "submitted, and so paid for, twice"


def _tickets(client):
    if not client.ledger.path.exists():
        return 0
    return sum(row.ticket is not None for row in client.tasks())


def row_of(client, session, key, **columns):
    """A task of a cell as a dead process left it."""

    async def make():
        new = NewTask(prompt="a", request="{}", request_key=key, source="s", session=session)
        row, _ = await client.ledger.add(new, unless_active=None)
        end = columns.pop("end", None)
        await client.ledger.update(row.id, owner_pid=None, **columns)
        if end:
            await client.ledger.end(row.id, end)
        return row.id

    return loop.wait(loop.start(make()))


@pytest.fixture
def cell(client):
    """The only cell of a sweep, and its session; nothing was sent."""
    running = oc.sweep("a", "fal", name="one", client=client)
    made = running.result(60)
    (task,) = made.records
    key = client.row(task["task"]).request_key
    loop.wait(loop.start(client.ledger.remove([client.row(task["task"])])))
    return running.session, key


def again(client, **options):
    (record,) = oc.sweep("a", "fal", name="one", client=client, **options).result(60).records
    return record


def test_what_may_have_been_submitted_is_told_and_not_sent_again(client, emulator, cell):
    row_of(client, *cell, sent=1, provider="fal", model="fal-ai/minimax/video-01-live")
    record = again(client)
    assert record["state"] == "lost"
    assert "may have been submitted" in record["reason"]
    assert len(emulator.jobs) == 1
    assert again(client, retry_lost=True)["how"] == "submitted"
    assert again(client)["how"] == "taken"
    assert len(emulator.jobs) == 2


def test_what_was_lost_before_it_was_sent_is_sent(client, emulator, cell):
    row_of(client, *cell)
    assert again(client)["how"] == "submitted"
    assert len(emulator.jobs) == 2


@pytest.mark.parametrize("end", [TaskState.FAILED, TaskState.CANCELLED])
def test_what_failed_after_a_job_was_made_is_tried_again_only_when_asked(
    client, emulator, cell, end
):
    row_of(client, *cell, sent=1, provider="fal", model="m", ticket='{"id": "x"}', end=end)
    assert again(client)["state"] == end
    assert len(emulator.jobs) == 1
    assert again(client, retry_failed=True)["state"] == "succeeded"
    assert again(client, retry_failed=True)["how"] == "taken"
    assert len(emulator.jobs) == 2


def test_what_was_refused_without_a_job_is_tried_again(client, emulator):
    emulator.set(Scenario(submit_status=401, submit_status_times=1, render="draft"))
    first = again(client)
    assert (first["state"], first["failure"]) == ("failed", "auth drift")
    assert again(client)["state"] == "succeeded"
    assert len(emulator.jobs) == 1


def test_a_job_that_outlived_our_time_limit_is_taken_up(client, emulator):
    emulator.set(Scenario(seconds=3, render="draft"))
    given = {"timeout_ms": 700}
    (late,) = oc.sweep("a", "fal", name="one", client=client, **given).result(60).records
    assert (late["state"], late["failure"]) == ("failed", "provider time-out")
    record = again(client)
    assert (record["state"], record["how"]) == ("succeeded", "resumed")
    assert len(emulator.jobs) == 1


def test_what_stand_ins_made_is_not_taken_for_the_real_thing(client, home):
    made = oc.sweep("a", "fal", name="one", client=client).result(60)
    assert states(made) == ["succeeded"]
    with_key = oc.Client(home=home, environ={})
    (record,) = oc.sweep("a", "fal", name="one", client=with_key).result(60).records
    assert record["state"] == "skipped"
    assert "FAL_KEY" in record["reason"]
    with_key.close()


def test_a_cell_that_many_enter_at_once_is_submitted_by_one(client, make_client, emulator, cell):
    emulator.set(Scenario(seconds=1, render="draft"))
    clients = [client, make_client(), make_client(), make_client()]
    planned = oc.sweep("z", "fal", name="race", client=client, at_once=1)
    planned.cancel()
    planned.result(60)
    one = planned._run.grid.cells[0].cell
    rows = loop.wait(loop.start(client.ledger.of_request(one.session, one.key)))
    one = type(one)(
        request=one.request,
        session=one.session,
        key=one.key,
        exact=True,
        forgiven=frozenset(row.id for row in rows),
    )
    before = len(emulator.jobs)
    entered = [loop.start(secure(each, one, lambda _: None)) for each in clients for _ in range(2)]
    outcomes = [loop.wait(each, 60) for each in entered]
    assert {outcome.state for outcome in outcomes} == {TaskState.SUCCEEDED}
    assert len({outcome.task_id for outcome in outcomes}) == 1
    assert len(emulator.jobs) == before + 1


def test_a_sweep_that_was_cancelled_is_cancelled_as_one(client, emulator):
    emulator.set(HELD)
    running = oc.sweep(["a", "b", "c"], MODELS, at_once=2, client=client)
    until(lambda: len(emulator.jobs) == 2)
    assert running.cancel()
    made = running.result(60)
    assert states(made) == ["cancelled"] * 6
    assert len(emulator.jobs) == 2
    assert not running.cancel()


def test_no_more_are_at_work_than_was_said(client, emulator):
    emulator.set(HELD)
    running = oc.sweep(["a", "b", "c", "d"], MODELS, at_once=3, per_provider=2, client=client)
    until(lambda: len(emulator.jobs) == 3)
    by_provider = [job.provider for job in emulator.jobs]
    assert max(by_provider.count(id) for id in MODELS) == 2
    running.cancel()
    running.result(60)
    assert len(emulator.jobs) == 3


def test_a_closed_client_ends_its_sweep_and_the_same_call_takes_it_up(
    client, make_client, emulator, tmp_path
):
    emulator.set(Scenario(seconds=2, render="draft"))
    running = oc.sweep("a", MODELS, at_once=1, folder=tmp_path / "clips", client=client)
    until(lambda: _tickets(client) == 1)
    client.close()
    left = running.result(60)
    assert set(states(left)) <= {"lost", "failed"}
    assert len(emulator.jobs) == 1
    made = oc.sweep("a", MODELS, folder=tmp_path / "clips", client=make_client()).result(60)
    assert [record["how"] for record in made.records] == ["resumed", "submitted"]
    assert all(video.path.parent == tmp_path / "clips" for video in made.videos)
    assert len(emulator.jobs) == 2


def test_a_job_that_was_taken_up_in_vain_is_taken_up_again(client, emulator):
    emulator.set(Scenario(poll_failures=(401, 401), render="draft"))
    for _ in range(2):
        record = again(client)
        assert (record["state"], record["failure"]) == ("failed", "auth drift")
    assert again(client, retry_failed=True)["how"] == "resumed"
    assert len(emulator.jobs) == 1, "submitted, and so paid for, twice"


def test_a_job_that_failed_at_the_provider_is_not_taken_up_for_ever(client, emulator):
    emulator.set(Scenario(poll_failures=(401,), ends="failed", render="draft"))
    assert again(client)["failure"] == "auth drift"
    assert again(client)["how"] == "resumed"
    assert again(client)["how"] == "taken"
    emulator.set(DRAFT)
    assert again(client, retry_failed=True)["how"] == "submitted"
    assert len(emulator.jobs) == 2


def test_a_reference_is_read_once_however_many_combinations_have_it(client, picture):
    found = oc.sweep(["a", "b"], "minimax", image=bytearray(picture), client=client)
    one, two = (cell.cell.request.images[0].given for cell in found._run.grid.cells)
    assert one is two
    found.cancel()
    found.result(60)
