"""The handle: waiting in every way, and no way of waiting that stops the job."""

import asyncio
import contextvars
import threading
from concurrent.futures import Future

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import NoCandidate, TaskCancelled
from openclaw_nb.runtime import loop
from tests.toy import FOR_EVER, REF, REQUEST, Job, a_video

WHERE = contextvars.ContextVar("WHERE", default="nowhere")


@pytest.fixture
def job():
    job = Job(seconds=FOR_EVER)
    job.start()
    yield job
    job.task.cancel()


def test_a_script_blocks_until_the_video_is_there():
    video = a_video()
    task = Job(outcome=video).start()
    assert task.result(5) is video
    assert (task.done(), task.state, task.snapshot.result) == (True, "succeeded", video)


def test_a_failure_is_raised_where_the_result_is_asked_for():
    task = Job(outcome=NoCandidate("no model can take this")).start()
    with pytest.raises(NoCandidate, match="no model"):
        task.result(5)
    with pytest.raises(NoCandidate):
        asyncio.run(_wait(task))


async def _wait(task):
    return await task


def test_await_gives_the_video_in_any_loop_and_again():
    video = a_video()
    task = Job(seconds=0.1, outcome=video).start()
    assert [asyncio.run(_wait(task)) for _ in range(3)] == [video] * 3


def test_tasks_can_be_gathered():
    tasks = [Job(seconds=0.05).start() for _ in range(8)]

    async def cell():
        return await asyncio.gather(*tasks)

    assert asyncio.run(cell()) == [task.result() for task in tasks]


def test_tasks_can_be_awaited_in_a_task_group_and_on_the_core_loop():
    task = Job(seconds=0.05).start()

    async def cell():
        async with asyncio.TaskGroup() as group:
            waits = [group.create_task(_wait(task)) for _ in range(3)]
        return {id(wait.result()) for wait in waits}

    assert len(asyncio.run(cell())) == 1
    assert loop.wait(loop.start(_wait(task)), 5) is task.result()


def test_wait_for_that_times_out_does_not_cancel_the_job(job):
    async def cell():
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(job.task, 0.05)
        assert not job.task.done()
        job.end()
        return await job.task

    assert asyncio.run(cell()) is job.outcome


def test_a_cancelled_waiter_leaves_the_job_and_is_told_how_to_take_it_up(job):
    async def cell():
        waiter = asyncio.create_task(_wait(job.task))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiter.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await waiter
        return stopped.value.__notes__

    assert "openclaw_nb.task('1a2b3c4d').result()" in asyncio.run(cell())[0]
    assert not job.task.done()


def test_a_loop_that_is_closed_while_the_job_goes_on_is_no_trouble(job, caplog):
    with pytest.raises(TimeoutError):
        asyncio.run(asyncio.wait_for(_wait(job.task), 0.05))
    job.end()
    assert job.task.result(5) is job.outcome
    assert not [said for said in caplog.records if said.name == "asyncio"]


def test_result_inside_a_running_loop_blocks_that_loop_and_no_deadlock():
    task = Job(seconds=0.1).start()

    async def cell():
        return task.result(5)

    assert asyncio.run(cell()).ref == REF


def test_a_time_out_leaves_the_job_running(job):
    with pytest.raises(TimeoutError):
        job.task.result(0.05)
    assert not job.task.done()
    job.end()
    assert job.task.result(5) is job.outcome


def test_cancel_ends_the_task_and_may_be_repeated():
    job = Job(seconds=FOR_EVER)
    task = job.start()
    assert task.cancel()
    task.cancel()
    with pytest.raises(TaskCancelled):
        task.result(5)
    assert task.cancel() is False
    assert task.state is TaskState.CANCELLED


def test_result_on_the_core_thread_is_refused(job):
    async def inside():
        job.task.result()

    with pytest.raises(RuntimeError, match="use await"):
        loop.wait(loop.start(inside()), 5)


def test_a_callback_runs_once_in_the_context_that_registered_it_and_may_block():
    job = Job(seconds=FOR_EVER)
    task = job.start()
    told = Future()
    WHERE.set("cell 1")

    def callback(ended):
        on_core = threading.current_thread() is loop.core().thread
        told.set_result((ended, WHERE.get(), on_core, ended.result().ref))

    assert task.on_done(callback) is task
    WHERE.set("cell 2")
    job.end()
    assert told.result(5) == (task, "cell 1", False, REF)


def test_a_callback_of_an_ended_task_runs_at_once_and_its_error_harms_nobody(caplog):
    task = Job().start()
    task.result(5)
    seen = []
    task.on_done(seen.append)
    task.on_done(lambda _: 1 / 0)
    assert seen == [task]
    assert "ZeroDivisionError" in caplog.text


def test_watchers_see_every_state_until_they_stop_and_cannot_break_the_job(caplog):
    job = Job(seconds=0.1)
    states = []
    job.task.watch(lambda now: states.append(now.state))
    job.task.watch(lambda _: 1 / 0)
    stop = job.task.watch(lambda _: states.append("stopped"))
    stop()
    stop()
    job.start().result(5)
    assert (states[0], states[-1]) == ("running", "succeeded")
    assert "stopped" not in states
    assert "ZeroDivisionError" in caplog.text


def test_what_a_view_repeats_runs_once_in_the_thread_that_waits(job):
    threads = []
    job.task.when_waited(lambda: threads.append(threading.current_thread()))
    with pytest.raises(TimeoutError):
        job.task.result(0)
    assert threads == []
    job.end()
    job.task.result(5)
    job.task.result(5)
    assert threads == [threading.current_thread()]


def test_what_a_view_repeats_does_not_block_the_loop_that_awaits(job):
    threads = []
    job.task.when_waited(lambda: threads.append(threading.current_thread()))
    job.end()
    asyncio.run(_wait(job.task))
    assert len(threads) == 1
    assert threads[0] not in (threading.current_thread(), loop.core().thread)


def test_the_first_end_counts_and_nothing_changes_after_it():
    task = Job().start()
    video = task.result(5)
    task.finish(TaskCancelled("too late"), state=TaskState.CANCELLED)
    task.update(state=TaskState.RUNNING)
    assert (task.result(), task.state) == (video, TaskState.SUCCEEDED)


def test_it_says_what_it_is():
    task = Job().start()
    task.result(5)
    assert repr(task) == "<Task 1a2b3c4d succeeded 0 s>"
    assert (task.request, task.attempts, task.progress) == (REQUEST, (), 1.0)
