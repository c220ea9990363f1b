"""One job from submission to its end, on a clock that does not wait."""

import asyncio
from dataclasses import replace
from datetime import date
from itertools import accumulate

import pytest
from aiohttp import web

from openclaw_nb.core.capabilities import Model
from openclaw_nb.core.domain import Blob, Ref, Why
from openclaw_nb.core.pacing import Usual
from openclaw_nb.core.wire import Before, Call, Done, Malformed, Wait
from openclaw_nb.emulator.services import SERVICES
from openclaw_nb.errors import (
    MalformedReply,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    SubmitUnanswered,
)
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.transport import ATTEMPTS
from tests.runtime.world import (
    SECRET,
    FakeClock,
    a_job,
    a_run,
    access_to,
    engine,
    hang_up,
    sending,
)

PROVIDERS = list(by_id)
each_provider = pytest.mark.parametrize("id", PROVIDERS)


class Story:
    """A job at the emulator, with all that is worth looking at afterwards."""

    def __init__(self, emulator, id, *, seconds=1200.0, base_url=None):
        self.clock = FakeClock()
        # A stream of events would not wait for this clock.
        self.provider = replace(by_id[id], build_stream=None)
        access = Access(base_url, SECRET) if base_url else access_to(emulator, id)
        self.run = a_run(self.provider, access, self.clock, seconds)
        self.events = self.run.journal.events

    @property
    def polled(self):
        """When the job was asked after, in seconds after its submission."""
        return list(accumulate(self.clock.slept))

    def submit(self):
        async def go():
            async with engine(self.clock) as opened:
                return await opened.submit(self.run, a_job(self.provider))

        return asyncio.run(go())

    def follow(self):
        async def go():
            async with engine(self.clock) as opened:
                step = await opened.submit(self.run, a_job(self.provider))
                return await opened.follow(self.run, step)

        return asyncio.run(go())

    def fails(self, kind):
        with pytest.raises(kind) as failure:
            self.follow()
        assert SECRET not in str(failure.value)
        return failure.value


@each_provider
def test_a_job_is_carried_to_its_end_and_written_down_before_each_wait(emulator, id):
    story = Story(emulator, id)
    done = story.follow()
    assert isinstance(done, Done)
    assert len(done.outputs) == 1
    assert story.events[0] == "sending"
    assert story.events[1:-1] == ["waiting"] * story.events.count("waiting")
    assert story.events[-1] == "saving"
    (entry,) = emulator.jobs
    assert entry.state == "succeeded"
    assert story.run.job_id == entry.id
    assert story.run.emulated


@each_provider
def test_a_job_that_is_over_at_once_is_written_down_before_its_files_are_fetched(
    emulator, play, id
):
    play(polls=0)
    story = Story(emulator, id)
    assert isinstance(story.follow(), Done)
    assert story.run.job_id == emulator.jobs[0].id
    assert story.events.index("waiting") < story.events.index("saving")


@each_provider
def test_polls_keep_the_providers_pace(emulator, play, id):
    play(polls=4)
    story = Story(emulator, id)
    story.follow()
    waited = [pause for pause in story.clock.slept if pause >= 1]
    assert len(waited) == 4
    assert max(waited) <= max(story.provider.poll_seconds, 30)


@each_provider
def test_an_unknown_status_word_is_waited_on_and_said_once(emulator, play, caplog, id):
    play(polls=4, unknown_status_word="POLISHING")
    story = Story(emulator, id)
    assert isinstance(story.follow(), Done)
    said = [record for record in caplog.records if "POLISHING" in record.getMessage()]
    assert [record.levelname for record in said] == ["WARNING"] * SERVICES[id].status_words


@each_provider
@pytest.mark.parametrize("scenario", [{"ends": "moderated"}, {"submit_moderated": True}])
def test_a_moderated_job_is_a_refusal_in_the_providers_words(emulator, play, id, scenario):
    play(**scenario)
    refusal = Story(emulator, id).fails(ProviderRefused)
    assert refusal.why is Why.CONTENT_POLICY
    assert refusal.said
    assert refusal.said in str(refusal)


@each_provider
def test_a_failed_job_is_a_refusal_with_its_job_id(emulator, play, id):
    play(ends="failed")
    story = Story(emulator, id)
    refusal = story.fails(ProviderRefused)
    assert refusal.job_id == emulator.jobs[0].id
    assert refusal.why is not Why.CONTENT_POLICY
    assert "saving" not in story.events


@each_provider
@pytest.mark.parametrize("statuses", [(500,) * 3, (502, 503, 429), (500,) * 12])
def test_failing_polls_do_not_end_a_job_that_may_be_paid_for(emulator, play, id, statuses):
    play(poll_failures=statuses)
    assert isinstance(Story(emulator, id).follow(), Done)
    assert len(emulator.jobs) == 1


@each_provider
def test_a_time_out_names_the_job_and_how_to_take_it_up(emulator, play, id):
    play(polls=10_000)
    story = Story(emulator, id, seconds=60)
    failure = story.fails(ProviderTimeout)
    assert failure.job_id == emulator.jobs[0].id
    assert failure.job_id in str(failure)
    assert "openclaw_nb.resume()" in str(failure)
    assert "may still be running" in str(failure)
    assert sum(story.clock.slept) == pytest.approx(60)
    assert failure.why is Why.TIMEOUT


# lost answers


@each_provider
@pytest.mark.parametrize(
    "scenario",
    [
        {"drop_submit_reply": 1},
        {"submit_status": 500},
        {"submit_status": 502},
        {"submit_status": 504},
    ],
    ids=str,
)
def test_a_lost_answer_means_one_submission_and_a_word_about_it(emulator, play, id, scenario):
    play(**scenario)
    story = Story(emulator, id)
    lost = story.fails(SubmitUnanswered)
    assert len(emulator.jobs) == 1, "submitted, and so paid for, twice"
    assert "The job may exist and may be billed" in str(lost)
    assert "not sent a second time" in str(lost)
    assert lost.status == scenario.get("submit_status")
    assert story.events == ["sending"]
    assert story.clock.slept == []


@each_provider
def test_a_submission_that_was_held_off_is_sent_again_and_made_once(emulator, play, id):
    play(submit_status=429, submit_status_times=2, retry_after_seconds=3)
    story = Story(emulator, id)
    assert isinstance(story.follow(), Done)
    assert len(emulator.jobs) == 1
    assert story.clock.slept[:2] == [3, 3]
    assert story.events.count("sending") == 1


@each_provider
@pytest.mark.parametrize("status, why", [(401, Why.AUTH), (429, Why.RATE_LIMIT)])
def test_a_refused_submission_made_no_job_and_that_is_written_down(emulator, play, id, status, why):
    play(submit_status=status, submit_status_times=99)
    story = Story(emulator, id)
    refusal = story.fails(ProviderRefused)
    assert emulator.jobs == []
    assert story.events == ["sending", "not accepted"]
    assert (refusal.why, refusal.status) == (why, status)


@each_provider
def test_without_a_connection_nothing_was_sent(emulator, id):
    story = Story(emulator, id, base_url="http://127.0.0.1:9")
    failure = story.fails(ProviderUnreachable)
    assert "nothing was sent" in str(failure)
    assert story.events == ["sending", "not accepted"]


@each_provider
@pytest.mark.parametrize("body", [b"", b"[]", b"<html>", b'{"surprise": 1}'])
def test_an_answer_that_cannot_be_read_may_hide_a_job(emulator, server, id, body):
    async def say(request):
        return web.Response(body=body)

    server.otherwise = say
    story = Story(emulator, id, base_url=server.url)
    assert "The job may exist" in str(story.fails(SubmitUnanswered))
    assert len(server.seen) == 1


@each_provider
def test_an_endless_answer_to_a_submission_may_hide_a_job(emulator, server, id):
    megabytes = by_id[id].max_reply_bytes // 2**20 + 2
    server.otherwise = sending(*[b"x" * 2**20] * megabytes)
    story = Story(emulator, id, base_url=server.url)
    assert "The job may exist" in str(story.fails(SubmitUnanswered))
    assert len(server.seen) == 1


def test_a_poll_that_cannot_be_read_says_how_to_ask_again(server):
    async def submitted(request):
        return web.json_response({"id": "video_1", "status": "queued"})

    async def odd(request):
        return web.Response(body=b"<html>")

    server.say |= {"/videos": submitted, "/videos/video_1": odd}
    failure = Story(None, "openai", base_url=server.url).fails(MalformedReply)
    assert "openclaw_nb.resume()" in str(failure)
    assert failure.job_id == "video_1"


# cancellation and resuming


@each_provider
def test_a_cancellation_during_the_submission_keeps_the_ticket(emulator, id):
    story = Story(emulator, id)

    async def go():
        async with engine(story.clock) as opened:
            work = asyncio.ensure_future(opened.submit(story.run, a_job(story.provider)))
            await story.run.journal.sent.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    asyncio.run(go())
    assert story.events == ["sending", "waiting"]
    assert story.run.job_id == emulator.jobs[0].id


def test_a_cancellation_during_a_submission_that_fails_is_still_a_cancellation(emulator, play):
    play(submit_status=500)
    story = Story(emulator, "openai")

    async def go():
        async with engine(story.clock) as opened:
            work = asyncio.ensure_future(opened.submit(story.run, a_job(story.provider)))
            await story.run.journal.sent.wait()
            work.cancel()
            with pytest.raises(asyncio.CancelledError):
                await work

    asyncio.run(go())
    assert len(emulator.jobs) == 1


@each_provider
def test_a_job_is_taken_up_from_its_ticket_alone(emulator, id):
    first = Story(emulator, id)
    kept = first.submit().ticket.model_dump_json()
    second = Story(emulator, id)
    ticket = second.provider.ticket.model_validate_json(kept)

    async def go():
        async with engine(second.clock) as opened:
            return await opened.follow(second.run, Wait(ticket))

    assert isinstance(asyncio.run(go()), Done)
    assert len(emulator.jobs) == 1
    assert "sending" not in second.events


@each_provider
def test_cancelling_reaches_the_provider_where_it_can_be_told(emulator, play, caplog, id):
    play(polls=50)
    story = Story(emulator, id)

    async def go():
        async with engine(story.clock) as opened:
            step = await opened.submit(story.run, a_job(story.provider))
            story.run.ticket = step.ticket
            await opened.cancel(story.run)

    asyncio.run(go())
    stopped = emulator.jobs[0].state == "cancelled"
    build = story.provider.build_cancel
    assert stopped is bool(build and build(story.run.ticket, "queued"))
    assert ("goes on and may be billed" in caplog.text) is not stopped


def test_cancelling_that_fails_is_logged_and_no_error(emulator, caplog):
    story = Story(emulator, "fal")
    ticket = story.submit().ticket
    lost = Story(emulator, "fal", base_url="http://127.0.0.1:9")
    lost.run.ticket = ticket.model_copy(
        update={
            name: str(value).replace(emulator.url, "http://127.0.0.1:9")
            for name, value in ticket
            if "://" in str(value)
        }
    )

    async def go():
        async with engine(lost.clock) as opened:
            await opened.cancel(lost.run)

    asyncio.run(go())
    assert "cancelling at the provider failed" in caplog.text


def test_cancelling_before_there_is_a_job_does_nothing(emulator):
    story = Story(emulator, "fal")

    async def go():
        async with engine(story.clock) as opened:
            await opened.cancel(story.run)

    asyncio.run(go())
    assert story.events == []


# before a submission


def uploading(upload="/upload", then=lambda job, reply: replace(job, prompt=reply.start())):
    """fal with an upload before its submission."""

    def prepare(job):
        call = Call(
            "POST", upload, content=Blob(media_type="image/png", name="a", size=3, data=b"abc")
        )
        return Before(call, lambda reply: then(job, reply))

    return replace(by_id["fal"], prepare=prepare)


def prepared(server, provider, clock=None, **access):
    clock = clock or FakeClock()
    run = a_run(provider, Access(server.url, SECRET, **access), clock)

    async def go():
        async with engine(clock) as opened:
            return await opened.prepare(run, a_job(provider))

    return asyncio.run(go()), run


def test_an_upload_comes_before_the_submission_and_its_answer_shapes_the_job(server):
    server.answer("/upload", b"uploaded-7")
    job, run = prepared(server, uploading())
    assert job.prompt == "uploaded-7"
    assert run.journal.events == ["preparing"]
    assert (server.seen[0].body, server.seen[0].headers["content-type"]) == (b"abc", "image/png")


def test_what_is_uploaded_may_be_looked_at_for_a_while(server):
    server.answer("/upload", b"there")
    clock = FakeClock()

    def again(job, _):
        return Before(Call("GET", "/upload"), lambda _: job, pause_seconds=5)

    prepared(server, uploading(then=again), clock)
    assert clock.slept == [5]
    assert server.paths() == ["POST /upload", "GET /upload"]


def test_a_call_may_go_to_the_providers_own_host_without_its_key(server):
    server.answer("/upload", b"signed")
    provider = uploading()
    call = provider.prepare(a_job(provider)).call
    unkeyed = replace(
        provider, prepare=lambda job: Before(replace(call, keyed=False), lambda _: job)
    )
    prepared(server, unkeyed)
    assert "authorization" not in server.seen[0].headers


@pytest.mark.parametrize("kind", ["refused", "unreadable", "unanswered"])
def test_a_failed_upload_says_that_nothing_was_submitted_or_what_the_provider_said(server, kind):
    def then(job, reply):
        raise Malformed("no address in it")

    if kind == "refused":
        server.answer("/upload", b'{"detail": "too large"}', 413)
    elif kind == "unreadable":
        server.answer("/upload", b"{}")
    else:
        server.say["/upload"] = hang_up
    with pytest.raises(ProviderError) as failure:
        prepared(server, uploading(then=then))
    expected = "too large" if kind == "refused" else "nothing was submitted"
    assert expected in str(failure.value)


# pace and retirement


def test_polls_come_farther_apart_as_a_job_takes_longer_up_to_the_providers_slowest(emulator, play):
    play(polls=40)
    story = Story(emulator, "fal")
    story.run.provider = replace(story.provider, poll_seconds=2.0, slowest_poll_seconds=5.0)
    story.follow()
    slept = story.clock.slept
    assert slept[:20] == [2.0] * 20
    assert slept[20:] == sorted(slept[20:])
    assert slept[21:24] == pytest.approx([2.1, 2.205, 2.31525])
    assert slept[-1] == 5.0


def test_a_known_model_is_asked_after_seldom_until_it_usually_ends(emulator, play):
    play(polls=18)
    story = Story(emulator, "fal")
    story.run.usual = Usual(100.0, 110.0, 120.0)
    story.follow()
    assert len([moment for moment in story.polled if moment < 99]) == 16
    assert story.polled[16:] == pytest.approx([100, 102.5])


def test_a_pace_that_the_user_set_is_kept_whatever_is_known(emulator, play):
    play(polls=12)
    story = Story(emulator, "fal")
    story.run.provider = replace(story.provider, poll_seconds=0.3, slowest_poll_seconds=0.3)
    story.run.usual = Usual(100.0, 110.0, 120.0)
    story.follow()
    assert set(story.clock.slept) == {0.3}


def slept_until_the_deadline(server, seconds):
    """The pauses of a job whose status is at /status."""
    clock = FakeClock()

    async def go():
        async with engine(clock) as opened:
            run = a_run(by_id["fal"], Access(server.url, SECRET), clock, seconds)
            ticket = run.provider.ticket(request_id="1", status_url="/status")
            await opened.follow(run, Wait(ticket))

    with pytest.raises(ProviderTimeout):
        asyncio.run(go())
    return clock.slept


@pytest.mark.parametrize("status, times", [(200, 1), (202, 1), (429, ATTEMPTS)])
def test_a_poll_that_is_answered_with_retry_after_is_not_repeated_sooner(server, status, times):
    said = b'{"status": "IN_PROGRESS"}'
    held_off = (status, said, {"retry-after": "33"})
    server.answers("/status", *[held_off] * times, (200, said, {}))
    slept = slept_until_the_deadline(server, 400)
    assert slept[1 : 1 + times] == [33] * times
    assert slept[1 + times] < 33


def test_a_wish_of_retry_after_never_quickens_the_providers_pace(server):
    server.answer("/status", b'{"status": "IN_PROGRESS"}', headers={"retry-after": "0"})
    assert slept_until_the_deadline(server, 12)[:2] == [2.5, 2.5]


def test_a_job_is_asked_after_once_more_just_before_its_deadline(emulator, play):
    play(polls=10_000)
    story = Story(emulator, "fal", seconds=1000)
    story.fails(ProviderTimeout)
    assert any(0 < 1000 - moment <= 5 for moment in story.polled)
    assert story.polled[-3] < 995


def test_a_job_that_ended_meanwhile_is_not_told_to_stop(emulator, play):
    play(polls=0)
    story = Story(emulator, "fal")
    asked = []
    story.run.provider = replace(
        story.provider, build_cancel=lambda ticket, state: asked.append(state)
    )

    async def go():
        async with engine(story.clock) as opened:
            story.run.ticket = (await opened.submit(story.run, a_job(story.provider))).ticket
            await opened.cancel(story.run)

    asyncio.run(go())
    assert asked == []


def test_a_retired_model_that_is_asked_for_is_explained_with_its_successor(server):
    row = Model(id="old", retires_on=date(2026, 1, 1), replaced_by="new")
    retired = replace(by_id["fal"], models=(row,))
    server.answer("/old", b'{"detail": "not found"}', 404)
    story = Story(None, "fal", base_url=server.url)
    story.provider = story.run.provider = retired
    story.run.ref = Ref("fal", "old")
    refusal = story.fails(ProviderRefused)
    assert "no longer served since 2026-01-01; fal/new takes its place" in str(refusal)
