"""A ComfyUI server says by itself when a prompt ends; where it does not, it is asked."""

import asyncio
import json
from contextlib import closing
from dataclasses import replace

import pytest
from aiohttp import web

from openclaw_nb.core.wire import Done, Fetch, Malformed, Reply, Wait
from openclaw_nb.emulator import Scenario
from openclaw_nb.errors import ProviderRefused
from openclaw_nb.providers import comfy
from openclaw_nb.providers._comfy_jobs import ComfyTicket, read_event
from openclaw_nb.providers._comfy_workflows import BARE
from openclaw_nb.runtime import transport
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.clock import Clock
from tests.capture import facts, listening
from tests.faults.middle import Middle
from tests.runtime.world import a_job, a_run, engine

LOCAL = comfy.configure({}, str)
CLOUD = comfy.configure({"mode": "cloud"}, str)
TICKET = ComfyTicket(prompt_id="p-1")


def event(kind, **data):
    return Reply(200, {}, json.dumps({"type": kind, "data": data}).encode())


def told(kind, **data):
    return read_event(BARE, TICKET, event(kind, **{"prompt_id": "p-1", **data}))


def test_the_end_is_when_no_node_is_executing_and_the_history_is_asked_then():
    step = told("executing", node=None)
    assert isinstance(step, Fetch)
    assert step.call.path == "/history/p-1"


def test_a_step_of_a_node_is_a_note():
    assert told("progress", node="3", value=7, max=20) == Wait(TICKET, note="node 3, step 7 of 20")
    assert told("executing", node="8") == Wait(TICKET, note="node 8")
    assert told("execution_start") == Wait(TICKET)


@pytest.mark.parametrize(
    "kind, data",
    [
        ("status", {"prompt_id": None, "status": {"exec_info": {"queue_remaining": 1}}}),
        ("executing", {"prompt_id": "another", "node": None}),
        ("progress", {"prompt_id": "another", "node": "3", "value": 1, "max": 2}),
        ("execution_success", {}),
        ("executed", {"node": "9", "output": {}}),
        ("made up", {}),
    ],
)
def test_what_is_none_of_the_prompts_news_says_nothing(kind, data):
    assert told(kind, **data) is None


@pytest.mark.parametrize("body", [b"", b"[]", b'{"type": 1, "data": 2}', b"\xff"])
def test_a_frame_that_is_no_event_is_malformed(body):
    with pytest.raises(Malformed):
        read_event(BARE, TICKET, Reply(200, {}, body))


def test_the_cloud_is_asked_as_its_socket_wants_the_key_in_the_address():
    assert CLOUD.build_stream is None
    assert LOCAL.build_stream(TICKET).path == "/ws?clientId=p-1"


# --- over the emulator's socket --------------------------------------------------------------------


@pytest.fixture
def services():
    with listening() as found:
        yield found


def carried(url, *, patience=60.0, **changes):
    """A job on the real clock, within so many seconds: its run, and how it ended."""

    async def go():
        clock = Clock()
        run = a_run(replace(LOCAL, **changes), Access(url), clock)
        async with engine(clock) as opened, asyncio.timeout(patience):
            step = await opened.submit(run, a_job(LOCAL))
            return run, await opened.follow(run, step)

    return asyncio.run(go())


def asked(services):
    return [(each["method"], each["path"]) for each in map(facts, services.asked)]


def test_a_job_is_followed_without_a_poll_and_its_steps_are_seen(services):
    services.play(Scenario(seconds=2.0, render="draft"))
    run, done = carried(services.urls["comfy"], poll_seconds=30.0)
    assert isinstance(done, Done)
    paths = [path for _, path in asked(services)]
    assert paths[:2] == ["/prompt", "/ws"]
    assert len(paths) == 3, "one look at the history, and no poll"
    assert paths[2].startswith("/history/")
    assert any(wait.note.startswith("node ") for wait in run.journal.waits)


def test_a_job_that_fails_is_told_too(services):
    services.play(Scenario(seconds=0.5, render="draft", ends="failed"))
    with pytest.raises(ProviderRefused):
        carried(services.urls["comfy"], poll_seconds=30.0)


@pytest.mark.parametrize("quirk", ["refused", "silent", "deaf", "closed", "garbage"])
def test_without_a_socket_that_can_be_heard_the_job_is_asked_after(services, quirk):
    services.play(Scenario(seconds=1.5, render="draft"))
    opened = []

    async def socket(request):
        opened.append(request.query["clientId"])
        if quirk == "refused":
            return web.Response(status=404)
        answer = web.WebSocketResponse()
        await answer.prepare(request)
        if quirk == "garbage":
            await answer.send_str("no event")
        if quirk == "silent":
            await answer.send_bytes(b"a preview")
            await answer.receive()
        if quirk == "deaf":  # nor does it answer when we close
            await asyncio.Event().wait()
        return answer

    with closing(Middle(services.urls["comfy"])) as middle:
        middle.say["/ws"] = socket
        _, done = carried(middle.url, patience=9.0, poll_seconds=0.2)
    assert isinstance(done, Done)
    assert opened == [services.entries()[0].id], "it is not opened again"
    assert sum(path.startswith("/history/") for _, path in asked(services)) > 1


def test_a_socket_that_is_redirected_is_not_opened_elsewhere(services, server):
    services.play(Scenario(seconds=0.5, render="draft"))

    async def elsewhere(_):
        raise web.HTTPFound(f"{server.url}/ws")

    with closing(Middle(services.urls["comfy"])) as middle:
        middle.say["/ws"] = elsewhere
        _, done = carried(middle.url, poll_seconds=0.2)
    assert isinstance(done, Done)
    assert server.paths() == []


def test_through_a_proxy_the_job_is_asked_after(services, monkeypatch):
    services.play(Scenario(seconds=0.5, render="draft"))
    monkeypatch.setattr(transport, "getproxies", lambda: {"ftp": "http://127.0.0.1:9"})
    _, done = carried(services.urls["comfy"], poll_seconds=0.2)
    assert isinstance(done, Done)
    assert "/ws" not in [path for _, path in asked(services)]
