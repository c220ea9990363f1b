"""The work in other processes, some of which are killed: one submission for each combination."""

import os
import signal
import warnings
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from multiprocessing import get_context

import pytest

import openclaw_nb as oc
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.vendors import Endpoint
from tests.faults.world import Hands
from tests.sweep.test_resume import HELD, MODELS, states, until

PATIENCE = 200


@pytest.fixture
def hands():
    return Hands()


@pytest.fixture
def emulator(hands):
    with Emulator(Scenario(render="draft"), clock=hands) as running:
        yield running


@pytest.fixture(scope="module")
def cluster():
    """Two worker processes of dask, on this machine."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # dask's own
        import distributed

        with (
            distributed.LocalCluster(
                n_workers=2, threads_per_worker=3, processes=True, dashboard_address=None
            ) as running,
            distributed.Client(running) as dask,
        ):
            yield dask


def owners(client):
    """By process the tasks that have a receipt."""
    if not client.ledger.path.exists():
        return {}
    found = {}
    for row in client.tasks(status="running"):
        if row.ticket:
            found.setdefault(row.owner_pid, []).append(row.id)
    return found


def jobs_begun(client, count):
    return sum(map(len, owners(client).values())) == count


def kill_a_worker(client):
    """The process of one of the tasks, gone at once; returns its tasks."""
    pid, tasks = next(iter(owners(client).items()))
    assert pid != os.getpid()
    os.kill(pid, signal.SIGKILL)
    return tasks


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_a_killed_worker_of_dask_costs_nothing(client, emulator, hands, cluster):
    emulator.set(HELD)
    running = oc.sweep(["a", "b"], MODELS, executor=cluster, client=client)
    until(lambda: jobs_begun(client, 4), PATIENCE)
    killed = kill_a_worker(client)
    hands.ahead = 3700
    made = running.result(PATIENCE)
    assert states(made) == ["succeeded"] * 4
    taken_up = [record for record in made.records if record["how"] == "resumed"]
    assert {client.row(record["task"]).resumes for record in taken_up} == set(killed)
    assert len(emulator.jobs) == 4, "submitted, and so paid for, twice"
    emulator.set(Scenario(render="draft"))
    again = oc.sweep(["a", "b"], MODELS, executor=cluster, client=client).result(PATIENCE)
    assert {record["how"] for record in again.records} == {"taken"}
    assert len(emulator.jobs) == 4


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_handles_show_what_workers_do_and_cancel_it(client, emulator, cluster):
    emulator.set(HELD)
    running = oc.sweep(["a", "b", "c"], MODELS, executor=cluster, at_once=2, client=client)
    until(lambda: sum(task.state == "running" for task in running.tasks) == 2, PATIENCE)
    running.cancel()
    made = running.result(PATIENCE)
    assert states(made) == ["cancelled"] * 6
    assert len(emulator.jobs) == 2


def pool(count=2):
    return ProcessPoolExecutor(count, mp_context=get_context("spawn"))


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_after_a_broken_pool_the_same_call_finishes_the_sweep(client, emulator, hands):
    emulator.set(HELD)
    with pool() as broken:
        running = oc.sweep("a", MODELS, executor=broken, client=client)
        until(lambda: jobs_begun(client, 2), PATIENCE)
        kill_a_worker(client)
        with suppress(BrokenProcessPool):
            broken.submit(os.getpid)  # a pool looks at its newest worker when it is used next
        left = running.result(PATIENCE)
    assert states(left) == ["lost"] * 2
    assert "the same call takes the sweep up" in left.records[0]["reason"]
    hands.ahead = 3700
    with pool(1) as other:
        made = oc.sweep("a", MODELS, executor=other, client=client).result(PATIENCE)
    assert states(made) == ["succeeded"] * 2
    assert {record["how"] for record in made.records} == {"resumed"}
    assert len(emulator.jobs) == 2, "submitted, and so paid for, twice"


def test_threads_work_too(client, emulator):
    with ThreadPoolExecutor(3) as threads:
        made = oc.sweep(["a", "b"], MODELS, executor=threads, client=client).result(PATIENCE)
    assert states(made) == ["succeeded"] * 4
    assert len(emulator.jobs) == 4


@pytest.mark.parametrize(
    "held", [{"keys": {"fal": "secret"}}, {"settings": {}}, {"environ": {"FAL_KEY": "secret"}}]
)
def test_what_holds_keys_is_not_sent_to_workers(tmp_path, held):
    client = oc.Client(home=tmp_path, **held)
    with ThreadPoolExecutor(1) as threads, pytest.raises(oc.InvalidInput) as refused:
        oc.sweep("a", "fal", executor=threads, client=client)
    assert f"{next(iter(held))}=" in str(refused.value)
    assert "secret" not in str(refused.value)
    client.close()


def test_a_stand_in_elsewhere_with_a_key_of_its_own_is_not_sent_to_workers(tmp_path):
    endpoints = {"fal": Endpoint("https://fal.example.org", "secret")}
    client = oc.Client(home=tmp_path, environ={}, endpoints=endpoints)
    with ThreadPoolExecutor(1) as threads, pytest.raises(oc.InvalidInput, match="baseUrl"):
        oc.sweep("a", "fal", executor=threads, client=client)
    client.close()


class Elsewhere:
    """An executor whose workers see other files."""

    def __init__(self, threads, change):
        self.threads, self.change = threads, change

    def submit(self, call, recipe, cell):
        return self.threads.submit(call, self.change(recipe), cell)


@pytest.mark.parametrize("there", ["nothing", "another ledger"])
def test_a_worker_that_does_not_see_the_ledger_sends_nothing(
    client, emulator, tmp_path, make_client, there
):
    if there == "another ledger":
        assert make_client(home=tmp_path / "other").tasks() == []
    with ThreadPoolExecutor(1) as threads:
        blind = Elsewhere(threads, lambda recipe: replace(recipe, home=tmp_path / "other"))
        made = oc.sweep("a", MODELS, executor=blind, client=client).result(PATIENCE)
    assert states(made) == ["failed"] * 2
    assert "Workers share the state directory" in made.records[0]["reason"]
    assert emulator.jobs == []
    assert (tmp_path / "other").exists() == (there == "another ledger")


def test_what_takes_no_work_is_no_executor(client):
    with pytest.raises(oc.InvalidInput, match="submit"):
        oc.sweep("a", "fal", executor=object(), client=client)
