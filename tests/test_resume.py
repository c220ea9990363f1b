"""Whatever dies, a job that was paid for is found again and not paid for twice."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av
import httpx
import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.providers import PROVIDERS

PROMPT = "a friendly lobster surfing at sunset"
SOON = Scenario(seconds=1.0, render="draft")
NEVER = Scenario(seconds=3600, render="draft")

WORK = """
import json, sys, threading
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

home, id, url, end = sys.argv[1:]
client = oc.Client(home=home, environ={}, endpoints={id: Endpoint(url, "key", 0.05)})
if end == "resume":
    print(client.resume(sys.stdin.readline().strip()).result(9).path, flush=True)
    sys.exit()
task = client.generate_video("a friendly lobster surfing at sunset", duration_seconds=6)
print(task.id, flush=True)
kept = threading.Event()
task.watch(lambda now: kept.set() if now.job_id else None)
if task.snapshot.job_id or kept.wait(20):
    print("accepted", flush=True)
if end == "wait":
    task.result()
if end == "fail":
    raise SystemError("the notebook's own fault")
"""


@contextmanager
def another_process(home, id: str, url: str, end: str):
    """A process that starts a job; it is gone when the block ends."""
    command = [sys.executable, "-c", WORK, str(home), id, url, end]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def start(process) -> str:
    """The id of its task, once the receipt is on disk."""
    id = process.stdout.readline().strip()
    assert process.stdout.readline().strip() == "accepted", process.stderr.read()
    return id


def is_playable(path) -> bool:
    with av.open(str(path)) as container:
        return next(container.decode(video=0)) is not None


@pytest.mark.parametrize("id", [provider.id for provider in PROVIDERS])
def test_a_job_of_a_killed_process_is_finished_without_a_second_submission(
    id, emulator, home, make_client
):
    emulator.set(SOON)
    with another_process(home, id, emulator.base_urls[id], "wait") as process:
        task_id = start(process)
        process.kill()
        process.wait()
    client = make_client(id)
    lost = client.task(task_id)
    assert lost.state is TaskState.LOST
    with pytest.raises(oc.TaskLost, match=rf"openclaw_nb\.resume\('{task_id[:8]}'\)"):
        lost.result(1)
    resumed = client.resume(task_id[:8])
    video = resumed.result(9)
    assert is_playable(video.path)
    assert video.emulated
    assert video.request.duration_seconds == 6
    assert len(emulator.jobs) == 1, "submitted, and so paid for, twice"
    rows = {row.id: row for row in client.tasks()}
    assert rows[resumed.id].resumes == task_id
    assert rows[resumed.id].status is TaskState.SUCCEEDED
    assert rows[task_id].status is TaskState.LOST, "a lost task stays lost"


def test_a_third_process_takes_up_what_the_second_left(emulator, home):
    emulator.set(SOON)
    with another_process(home, "fal", emulator.base_urls["fal"], "wait") as process:
        task_id = start(process)
    with another_process(home, "fal", emulator.base_urls["fal"], "resume") as process:
        out, errors = process.communicate(f"{task_id}\n", timeout=15)
    assert process.returncode == 0, errors
    assert is_playable(out.strip())
    assert len(emulator.jobs) == 1


@pytest.mark.parametrize("end", ["return", "fail", "interrupt"])
def test_a_process_that_ends_by_itself_leaves_its_job_to_be_resumed(
    end, emulator, home, make_client
):
    emulator.set(SOON)
    how = "wait" if end == "interrupt" else end
    with another_process(home, "fal", emulator.base_urls["fal"], how) as process:
        task_id = start(process)
        if end == "interrupt":
            process.send_signal(signal.SIGINT)
        process.wait(8)
        errors = process.stderr.read()
    assert (process.returncode == 0) == (end == "return"), errors
    assert ("Traceback" in errors) == (end != "return"), errors
    assert emulator.jobs[0].state != "cancelled"
    video = make_client("fal").resume(task_id).result(9)
    assert is_playable(video.path)
    assert len(emulator.jobs) == 1


class Holding(ThreadingHTTPServer):
    """Passes a submission on and keeps its answer to itself."""

    def __init__(self, target: str) -> None:
        super().__init__(("127.0.0.1", 0), _Hold)
        self.target, self.passed_on, self.over = target, threading.Event(), threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Hold(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        with httpx.Client(trust_env=False) as http:
            headers = {k: v for k, v in self.headers.items() if k.lower() != "host"}
            http.post(f"{self.server.target}{self.path}", content=body, headers=headers)
        self.server.passed_on.set()
        self.server.over.wait(10)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def holding(target: str):
    with Holding(target) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


def test_a_process_killed_before_the_receipt_came_leaves_a_task_that_may_have_been_sent(
    emulator, home, make_client
):
    emulator.set(NEVER)
    with (
        holding(emulator.base_urls["fal"]) as door,
        another_process(home, "fal", door.url, "wait") as process,
    ):
        task_id = process.stdout.readline().strip()
        assert door.passed_on.wait(8)
        process.kill()
        process.wait()
    client = make_client("fal")
    with pytest.raises(oc.TaskLost, match="may have been submitted to fal/"):
        client.resume(task_id)
    with pytest.raises(oc.TaskLost, match="may have been submitted to fal/"):
        client.task(task_id).result(1)
    assert len(emulator.jobs) == 1, "nothing is submitted a second time"


@pytest.mark.parametrize("id", [provider.id for provider in PROVIDERS])
def test_a_task_whose_submission_went_unanswered_says_so_when_resumed(id, emulator, make_client):
    client = make_client(id)
    emulator.set(Scenario(drop_submit_reply=1, render="draft"))
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.SubmitUnanswered):
        task.result(9)
    with pytest.raises(oc.TaskLost, match=f"may have been submitted to {id}/"):
        client.resume(task.id)
    assert len(emulator.jobs) == 1


def test_a_task_that_was_never_sent_says_that_it_can_be_started_again(emulator, make_client):
    client = make_client("fal")
    emulator.set(Scenario(submit_moderated=True))
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.ProviderRefused):
        task.result(9)
    with pytest.raises(oc.TaskLost, match="had not been submitted"):
        client.resume(task.id)


def test_a_job_that_outlived_its_time_limit_can_be_resumed(emulator, make_client):
    client = make_client("fal")
    emulator.set(Scenario(seconds=1.0, render="draft"))
    task = client.generate_video(PROMPT, timeout_ms=300)
    with pytest.raises(oc.ProviderTimeout):
        task.result(9)
    resumed = client.resume(task.id)
    while True:  # the limit of 300 ms holds for each resumption anew
        try:
            assert is_playable(resumed.result(9).path)
            break
        except oc.ProviderTimeout:
            resumed = client.resume(resumed.id)
    assert len(emulator.jobs) == 1


def test_a_resumed_task_keeps_what_was_changed_and_ignored(emulator, make_client):
    emulator.set({"openai": SOON})
    first = make_client("openai")
    task = first.generate_video(PROMPT, duration_seconds=5, watermark=True)
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(5)
    first.close()
    video = make_client("openai").resume(task.id).result(9)
    assert video.normalization["durationSeconds"]["applied"] == 4
    assert video.ignored_overrides == [{"key": "watermark", "value": True}]
    assert any("watermark=true" in warning for warning in video.warnings)
    facts = json.loads(video.path.with_suffix(".json").read_text(encoding="utf-8"))
    assert facts["task"] == video.task_id
    assert facts["request"]["duration_seconds"] == 5


def test_resuming_a_task_that_runs_or_has_its_video_returns_it(emulator, make_client):
    client = make_client("fal")
    task = client.generate_video(PROMPT)
    video = task.result(9)
    assert client.resume(task.id).result(1).path == video.path
    emulator.set(NEVER)
    running = client.generate_video(PROMPT)
    assert client.resume(running.id) is running
    assert make_client("fal").resume(running.id).id == running.id, "its owner is alive"
    assert len(client.tasks()) == 2
    running.cancel()


def test_resuming_what_does_not_exist_raises(client):
    with pytest.raises(oc.TaskNotFound):
        client.resume("12345678")


def test_a_job_is_not_asked_after_at_another_address_than_it_was_sent_to(
    emulator, home, make_client
):
    emulator.set(NEVER)
    first = make_client("fal")
    task = first.generate_video(PROMPT)
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(5)
    first.close()
    elsewhere = oc.Client({}, home=home, environ={"FAL_KEY": "real-key"})
    try:
        with pytest.raises(oc.TaskLost, match=r"models\.providers\.fal\.baseUrl"):
            elsewhere.resume(task.id)
    finally:
        elsewhere.close()


def test_a_job_that_an_earlier_candidate_may_have_left_is_named_though_the_last_was_refused(
    emulator, make_client
):
    client = make_client("fal", "minimax")
    lost = Scenario(drop_submit_reply=1, render="draft")
    emulator.set({"fal": lost, "minimax": Scenario(submit_moderated=True)})
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.AllFailed):
        task.result(20)
    with pytest.raises(oc.TaskLost, match="may have been submitted to fal/"):
        make_client("fal").resume(task.id)
    assert len(emulator.jobs) == 1
