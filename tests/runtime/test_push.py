"""A provider's own word on a job: heard at once, never relied upon."""

import asyncio
import itertools
from contextlib import suppress
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw_nb.core.wire import Call, Done, Wait
from openclaw_nb.errors import ProviderRefused, ProviderTimeout
from openclaw_nb.providers import by_id
from openclaw_nb.runtime import push
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.answers import TooLarge
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.runtime.push import NotTold, events, subscribed
from tests.runtime.world import SECRET, Notes, a_job, a_run, access_to, engine, sending, transport

FAL = by_id["fal"]
HEAD = {"content-type": "text/event-stream; charset=utf-8"}
QUIRKS = ["gone", "page", "silent", "cut", "word", "endless"]


def carried(emulator, *, seconds=60.0, **facts):
    """A job at the emulator on the real clock: its run, and how it ended."""

    async def go():
        clock = Clock()
        run = a_run(replace(FAL, **facts), access_to(emulator, "fal"), clock, seconds)
        async with engine(clock) as opened:
            step = await opened.submit(run, a_job(FAL))
            return run, await opened.follow(run, step)

    return asyncio.run(go())


def heard(server, *, patience=60.0, **facts):
    """What comes of a stream at a server: replies' bodies, None for each silence."""

    async def go():
        async with transport(Clock()) as opened:
            run = a_run(replace(FAL, **facts), Access(server.url, SECRET), Clock())
            call = Call("GET", "/stream")
            said = []
            stream = subscribed(
                opened,
                run.provider,
                run.access,
                call,
                run.deadline,
                lambda reply: reply,
                lambda: patience,
            )
            with suppress(NotTold):
                async with stream as answers:
                    async for reply in answers:
                        said.append(reply and reply.body)
                        if len(said) == 9:
                            break
            return said

    return asyncio.run(go())


def test_the_end_of_a_job_is_told_without_a_poll(emulator, play):
    play(seconds=2)
    run, done = carried(emulator)
    assert isinstance(done, Done)
    assert emulator.jobs[0].polls == 1, "more was asked than to open the stream"
    assert run.journal.events[:2] == ["sending", "waiting"], "the ticket comes before all else"
    states = [wait.state for wait in run.journal.waits]
    assert set(states) == {"queued", "running"}


def test_a_job_that_fails_is_told_too(emulator, play):
    play(seconds=0.5, ends="moderated")
    with pytest.raises(ProviderRefused):
        carried(emulator)


@pytest.mark.parametrize("quirk", QUIRKS)
def test_without_a_stream_that_can_be_read_the_job_is_asked_after(emulator, play, quirk):
    play(seconds=1.0, quirk=f"stream_{quirk}")
    _, done = carried(emulator, poll_seconds=0.3)
    assert isinstance(done, Done)
    assert emulator.jobs[0].polls > 1


def test_a_stream_that_never_tells_the_end_does_not_hide_it(emulator, play, monkeypatch):
    monkeypatch.setattr(push, "_TRUSTED_SECONDS", 1.5)
    play(seconds=1.0, quirk="stream_stale")
    _, done = carried(emulator, poll_seconds=0.3)
    assert isinstance(done, Done)
    assert emulator.jobs[0].polls == 2


def test_a_stream_that_cannot_be_read_is_not_opened_again(server):
    server.answer("/status", b'{"status": "IN_PROGRESS"}')
    with pytest.raises(ProviderTimeout):
        asyncio.run(asked_after(server, 1.5))
    assert server.paths().count("GET /status/stream") == 1
    assert server.paths().count("GET /status") > 2


def test_a_stream_that_breaks_off_is_opened_three_times(server):
    server.answer("/status", b'{"status": "IN_PROGRESS"}')
    server.say["/status/stream"] = sending(b'data: {"status": "IN_PROGRESS"}\n\n', headers=HEAD)
    with pytest.raises(ProviderTimeout):
        asyncio.run(asked_after(server, 2.5))
    assert server.paths().count("GET /status/stream") == 3


async def asked_after(server, seconds):
    clock = Clock()
    fast = replace(FAL, poll_seconds=0.2, slowest_poll_seconds=0.2)
    run = a_run(fast, Access(server.url, SECRET), clock, seconds)
    async with engine(clock) as opened:
        ticket = fast.ticket(request_id="1", status_url="/status", cancel_url="/cancel")
        run.ticket = ticket
        return await opened.follow(run, Wait(ticket, "queued"))


def test_the_deadline_ends_a_job_whose_stream_goes_on(emulator, play):
    play(seconds=3600)
    with pytest.raises(ProviderTimeout):
        carried(emulator, seconds=2)


@dataclass
class Told(Notes):
    """A journal that knows when the stream has said something."""

    told: asyncio.Event = field(default_factory=asyncio.Event)

    async def waiting(self, wait):
        await super().waiting(wait)
        if len(self.waits) > 1:
            self.told.set()


def test_a_job_that_is_told_of_can_be_stopped_at_any_moment(emulator, play):
    play(seconds=3600)

    async def go():
        clock = Clock()
        run = a_run(FAL, access_to(emulator, "fal"), clock)
        run.journal = Told()
        async with engine(clock) as opened:
            step = await opened.submit(run, a_job(FAL))
            following = asyncio.ensure_future(opened.follow(run, step))
            await run.journal.told.wait()
            following.cancel()
            with suppress(asyncio.CancelledError):
                await following
            await opened.cancel(run)

    asyncio.run(go())
    assert emulator.jobs[0].state == "cancelled"


def test_a_job_that_is_stopped_elsewhere_is_told_at_once(emulator, play):
    play(seconds=3600)

    async def go():
        clock = Clock()
        run = a_run(FAL, access_to(emulator, "fal"), clock)
        async with engine(clock) as opened:
            step = await opened.submit(run, a_job(FAL))
            following = asyncio.ensure_future(opened.follow(run, step))
            await asyncio.sleep(0.2)
            await opened.cancel(run)
            await following

    with pytest.raises(ProviderRefused):
        asyncio.run(go())


def test_where_a_server_answers_at_once_it_is_asked(emulator, play):
    play(polls=3)

    async def go():
        clock = Clock()
        run = a_run(FAL, access_to(emulator, "fal", poll_seconds=0.01), clock)
        async with engine(clock) as opened:
            await opened.follow(run, await opened.submit(run, a_job(FAL)))

    asyncio.run(go())
    assert emulator.jobs[0].polls == 3


# one stream


def test_events_come_as_they_are_sent_and_comments_are_signs_of_life_only(server):
    chunks = [b"data: 1\n\n", b": ping\n\n", b"event: x\nda", b"ta: 2\r\n\r\n", b"id: 3\n\n"]
    server.say["/stream"] = sending(*chunks, headers=HEAD)
    assert heard(server) == [b"1", b"2"]


def test_the_key_goes_to_the_providers_own_stream_and_comes_back_from_none(server):
    server.say["/stream"] = sending(f"data: {SECRET}\n\n".encode(), headers=HEAD)
    (body,) = heard(server)
    (seen,) = server.seen
    assert seen.headers["authorization"] == f"Key {SECRET}"
    assert seen.headers["accept"] == "text/event-stream"
    assert SECRET.encode() not in body


def test_silence_is_told_of_again_and_again(server):
    server.say["/stream"] = sending(b": ping\n\n", b"", headers=HEAD, pause=0.3)
    assert heard(server, patience=0.02) == [None] * 9


@pytest.mark.parametrize(
    "status, headers", [(404, HEAD), (202, HEAD), (200, {"content-type": "text/html"}), (200, {})]
)
def test_an_answer_that_is_no_stream_tells_nothing(server, status, headers):
    server.say["/stream"] = sending(b"data: 1\n\n", status=status, headers=headers)
    assert heard(server) == []


def test_a_connection_that_breaks_ends_the_stream_after_what_was_told(server):
    server.say["/stream"] = sending(b"data: 1\n\ndata: 2", headers=HEAD, broken=True)
    assert heard(server) == [b"1"]


def test_an_event_without_an_end_is_not_kept(server):
    server.say["/stream"] = sending(b"data: ", *[b"x" * 1000] * 100, headers=HEAD)
    assert heard(server, max_reply_bytes=10_000) == []


def read(chunks, limit=1000):
    async def come():
        for chunk in chunks:
            yield chunk

    async def go():
        return [event async for event in events(come(), limit)]

    return asyncio.run(go())


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\r\n"), max_size=20)
EVENTS = st.lists(st.lists(WORDS, min_size=1, max_size=3), max_size=4)


@settings(max_examples=30, deadline=None)
@given(told=EVENTS, end=st.sampled_from(["\n", "\r\n"]), cuts=st.lists(st.integers(0, 400)))
def test_events_are_the_same_however_the_stream_is_cut(told, end, cuts):
    whole = "".join("".join(f"data: {line}{end}" for line in event) + end for event in told)
    data, cuts = whole.encode(), sorted({0, *cuts, len(whole.encode())})
    chunks = [data[a:b] for a, b in itertools.pairwise(cuts)]
    assert read(chunks) == ["\n".join(event).encode() for event in told]


def test_a_line_without_a_space_and_one_without_a_colon_are_read_as_the_standard_has_it():
    assert read([b"data:1\n\n", b"data:  2\n\n", b"data\n\n"]) == [b"1", b" 2", b""]


def test_an_event_over_the_limit_is_refused():
    with pytest.raises(TooLarge):
        read([b"data: ", b"x" * 600, b"x" * 600])
