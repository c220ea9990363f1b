"""The core loop: one thread, immune to what notebooks do to asyncio."""

import asyncio
import contextvars
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future

import pytest

from openclaw_nb.runtime import loop
from tests.conftest import NEEDS_FORK

WHERE = contextvars.ContextVar("WHERE", default="nowhere")


def run(script, *flags, **more):
    return subprocess.run(
        [sys.executable, *flags, "-c", script],
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
        **more,
    )


def test_importing_starts_no_thread():
    done = run("import threading, openclaw_nb.task; print(threading.active_count())")
    assert done.stdout == "1\n", done.stderr


def test_importing_the_task_imports_no_notebook_and_no_picture_library():
    done = run(
        "import sys, openclaw_nb.task\n"
        "print({'ipywidgets', 'IPython', 'numpy', 'mediapy', 'av', 'PIL'} & set(sys.modules))"
    )
    assert done.stdout == "set()\n", done.stderr


def test_a_coroutine_runs_on_the_core_thread_and_its_value_comes_back():
    async def name():
        return threading.current_thread().name

    assert loop.wait(loop.start(name())) == "openclaw-core"


def test_every_call_gets_the_same_loop():
    assert loop.core() is loop.core()


def test_the_error_of_a_coroutine_is_raised_in_the_waiter():
    async def fail():
        raise LookupError("gone")

    with pytest.raises(LookupError, match="gone"):
        loop.wait(loop.start(fail()))


def test_a_coroutine_sees_nothing_of_the_context_that_started_it():
    WHERE.set("cell 1")

    async def look():
        return WHERE.get()

    seen = Future()
    loop.call_soon(lambda: seen.set_result(WHERE.get()))
    assert (loop.wait(loop.start(look())), loop.wait(seen)) == ("nowhere", "nowhere")


def test_waiting_on_the_core_thread_is_refused_and_not_a_deadlock():
    async def wait_for_itself():
        return loop.wait(Future())

    with pytest.raises(RuntimeError, match="use await"):
        loop.wait(loop.start(wait_for_itself()))


def test_a_time_out_of_the_wait_leaves_the_work_running():
    ended = threading.Event()

    async def work():
        while not ended.is_set():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        return "done"

    future = loop.start(work())
    with pytest.raises(TimeoutError, match="goes on"):
        loop.wait(future, 0.05)
    ended.set()
    assert loop.wait(future, 5) == "done"


def test_a_time_out_of_the_work_itself_is_raised_as_its_own():
    async def work():
        raise TimeoutError("the provider's")

    with pytest.raises(TimeoutError, match="the provider's"):
        loop.wait(loop.start(work()), 5)


def test_no_time_at_all_still_gives_a_value_that_is_there():
    future = Future()
    future.set_result(3)
    assert loop.wait(future, 0) == 3


def test_wait_hooks_run_in_the_waiting_thread_until_they_are_stopped():
    future, threads = Future(), []

    def hook():
        threads.append(threading.current_thread())
        future.set_result("by the hook")

    stop = loop.on_wait(hook)
    try:
        assert loop.wait(future, 5) == "by the hook"
    finally:
        stop()
        stop()
    assert threads == [threading.current_thread()]


def test_work_that_blocks_leaves_the_loop_free():
    release = threading.Event()
    blocked = loop.core().offload(release.wait)

    async def answer():
        return 42

    assert loop.wait(loop.start(answer()), 5) == 42
    release.set()
    assert blocked.result(5)


@NEEDS_FORK
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_gets_a_loop_of_its_own_and_ends_silently():
    done = run(
        """
import asyncio, os, sys
from openclaw_nb.runtime import loop
async def pid(): return os.getpid()
async def for_ever():
    try: await asyncio.Event().wait()
    finally: print("ended in", "the parent" if os.getpid() == parent else "the child", flush=True)
parent = os.getpid()
loop.start(for_ever())
assert loop.wait(loop.start(pid()), 5) == os.getpid()
child = os.fork()
if not child:
    assert loop.wait(loop.start(pid()), 5) == os.getpid()
    sys.exit(7)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
assert loop.wait(loop.start(pid()), 5) == os.getpid()
print("ok")
""",
        "-W",
        "ignore::DeprecationWarning",
    )
    assert (done.stdout, done.stderr, done.returncode) == ("ok\nended in the parent\n", "", 0)


def test_the_interpreter_exits_cleanly_and_soon_with_a_job_running():
    began = time.monotonic()
    done = run(
        """
import asyncio
from openclaw_nb.runtime import loop
async def job():
    try:
        await asyncio.to_thread(print, "started", flush=True)
        await asyncio.Event().wait()
    finally:
        print("told")
future = loop.start(job())
async def beat(): await asyncio.sleep(0.1)
loop.wait(loop.start(beat()))
""",
        *("-X", "dev", "-W", "error"),
    )
    assert (done.stdout, done.stderr, done.returncode) == ("started\ntold\n", "", 0)
    assert time.monotonic() - began < 8


def test_a_job_goes_on_though_nobody_else_refers_to_it():
    core, begun, ended = loop.CoreLoop(), threading.Event(), []

    async def job():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("ended")

    core.start(job())
    assert begun.wait(5)

    async def collect():  # there, the job is suspended
        gc.collect()

    core.start(collect()).result(5)
    assert not ended
    core.stop()
    assert ended


def test_what_a_job_shields_may_end_while_the_loop_is_stopped():
    """A submission that is under way still gets its answer."""
    core, begun, ended = loop.CoreLoop(), threading.Event(), []

    async def submission():
        begun.set()
        await asyncio.sleep(0.3)
        ended.append("answered")

    async def job():
        sent = asyncio.ensure_future(submission())
        try:
            await asyncio.shield(sent)
        except asyncio.CancelledError:
            await asyncio.wait((sent,))
            raise

    core.start(job())
    assert begun.wait(10)
    core.stop()
    assert ended == ["answered"]


def test_a_job_that_will_not_stop_holds_the_exit_for_two_seconds_at_most():
    done = run(
        """
import asyncio, time
from openclaw_nb.runtime import loop
async def stubborn():
    while True:
        try: await asyncio.sleep(1)
        except asyncio.CancelledError: pass
loop.start(stubborn())
async def beat(): await asyncio.sleep(0.05)
loop.wait(loop.start(beat()))
began = time.monotonic()
loop.core().stop()
print(time.monotonic() - began < 2.3)
"""
    )
    assert (done.stdout, done.returncode) == ("True\n", 0)


@pytest.mark.skipif(os.name != "posix", reason="Windows sends a process no SIGINT of its own")
def test_ctrl_c_ends_the_wait_within_two_seconds_and_not_the_job():
    script = """
import sys
sys.path.insert(0, "tests")
from toy import Job, FOR_EVER
from openclaw_nb.runtime import loop
job = Job(seconds=FOR_EVER)
task = job.start()
stop = loop.on_wait(lambda: print("waiting", flush=True))
try:
    task.result()
except KeyboardInterrupt as stopped:
    stop()
    print("stopped", *stopped.__notes__, flush=True)
polls = job.polls
async def beat():
    import asyncio; await asyncio.sleep(0.2)
loop.wait(loop.start(beat()))
assert job.polls > polls
job.end()
print(task.result(5).ref)
"""
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "waiting\n"
        began = time.monotonic()
        process.send_signal(signal.SIGINT)
        note = next(line for line in process.stdout if line != "waiting\n")
        assert time.monotonic() - began < 2
        assert "The job goes on" in note
        assert "openclaw_nb.task('1a2b3c4d')" in note
        assert process.stdout.read() == "fal/fal-ai/minimax/video-01-live\n"


@pytest.mark.parametrize("nest", ["nest_asyncio", "nest_asyncio2"])
@pytest.mark.parametrize("when", ["before", "after", "nested"])
def test_httpx_works_on_the_core_loop_whatever_is_done_to_asyncio(nest, when):
    done = run(
        f"""
import asyncio, threading, http.server
from openclaw_nb.runtime import loop
import {nest} as nest

class Hello(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.send_header("content-length", "5"); self.end_headers()
        self.wfile.write(b"hello")
    def log_message(self, *_): pass

server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hello)
threading.Thread(target=server.serve_forever, daemon=True).start()

async def get():
    import httpx
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(10):
        replies = await asyncio.gather(*(
            client.get(f"http://127.0.0.1:{{server.server_port}}/") for _ in range(5)))
    return {{reply.text for reply in replies}}

def ask(): assert loop.wait(loop.start(get()), 10) == {{"hello"}}

if {when!r} == "before":
    ask()
nest.apply()
ask()
async def cell():
    ask()
    if {when!r} == "nested":
        asyncio.run(asyncio.sleep(0))
        ask()
asyncio.run(cell())
ask()
print("ok")
"""
    )
    assert done.stdout == "ok\n", done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop is not made for Windows")
def test_a_task_is_awaited_and_waited_for_inside_uvloop():
    done = run("""
import asyncio, uvloop
import openclaw_nb as oc
from openclaw_nb.emulator import Scenario

async def main():
    with oc.emulate(Scenario(render="draft")):
        first = oc.generate_video("a", model="fal/fal-ai/minimax/video-01-live")
        video = await asyncio.wait_for(first, 60)
        second = oc.generate_video("b", model="fal/fal-ai/minimax/video-01-live").result(60)
        assert type(asyncio.get_running_loop()).__module__.startswith("uvloop")
        return video.path != second.path

assert uvloop.run(main())
print("ok")
""")
    assert done.stdout == "ok\n", done.stderr
