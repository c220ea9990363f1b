"""What networks and servers do, at each step: the right error, nothing sent twice, nothing half there."""

from __future__ import annotations

import socket

import av
import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import Why
from openclaw_nb.emulator import Scenario
from tests.conftest import Hurry
from tests.faults.middle import bomb, cut_off, drip, failing, reset, silence
from tests.faults.world import films, parts, videos

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 30
SHORT = 4000
"""Milliseconds for a whole operation that is meant to run out of them."""


def frame(video: oc.Video) -> object:
    with av.open(str(video.path)) as container:
        return next(container.decode(video=0))


def nothing_half_there(client: oc.Client, finished: int) -> None:
    assert len(films(videos(client))) == finished
    assert parts(videos(client)) == []


# --- the submission ------------------------------------------------------------------------------


def test_a_port_that_nobody_listens_at_means_that_nothing_was_sent(reaching, emulator):
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    client = reaching(url)
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.ProviderUnreachable, match="nothing was sent"):
        task.result(PATIENCE)
    with pytest.raises(oc.TaskLost, match="had not been submitted"):
        client.resume(task.id)
    assert emulator.jobs == []


def test_a_host_without_an_address_means_that_nothing_was_sent(reaching):
    task = reaching("http://nowhere.invalid").generate_video(PROMPT)
    with pytest.raises(oc.ProviderUnreachable, match="nothing was sent"):
        task.result(PATIENCE)


@pytest.mark.parametrize("spoilt", [reset, silence, drip, cut_off, bomb, failing(500)])
def test_an_answer_to_a_submission_that_is_spoilt_leaves_one_job_that_may_be_billed(
    spoilt, client, middle, emulator
):
    middle.spoil("submit", spoilt)
    task = client.generate_video(PROMPT, timeout_ms=SHORT)
    with pytest.raises(oc.SubmitUnanswered, match=r"may be billed; it was not sent a second time"):
        task.result(PATIENCE)
    with pytest.raises(oc.TaskLost, match="may have been submitted to fal/"):
        client.resume(task.id)
    assert len(emulator.jobs) == 1
    nothing_half_there(client, 0)


def test_a_storm_of_429_is_waited_out_and_one_job_comes_of_it(client, emulator):
    emulator.set(Scenario(submit_status=429, submit_status_times=4, render="draft"))
    assert frame(client.generate_video(PROMPT).result(PATIENCE))
    assert len(emulator.jobs) == 1


def test_a_storm_of_429_that_does_not_end_is_a_refusal_without_a_job(client, emulator):
    emulator.set(Scenario(submit_status=429, submit_status_times=1000, render="draft"))
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.ProviderRefused) as refused:
        task.result(PATIENCE)
    assert refused.value.why is Why.RATE_LIMIT
    assert emulator.jobs == []


# --- polls -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoilt", [reset, cut_off, failing(500), failing(429, retry_after="0")])
def test_polls_that_are_spoilt_again_and_again_do_not_end_a_job(spoilt, client, middle, emulator):
    middle.spoil("poll", *[spoilt] * 12)
    assert frame(client.generate_video(PROMPT).result(PATIENCE))
    assert len(emulator.jobs) == 1


@pytest.mark.parametrize(
    "spoilt, error",
    [(silence, oc.ProviderTimeout), (drip, oc.ProviderTimeout), (bomb, oc.MalformedReply)],
)
def test_a_poll_that_brings_nothing_ends_in_time_and_the_job_is_taken_up(
    spoilt, error, client, middle, emulator
):
    middle.spoil("poll", spoilt)
    task = client.generate_video(PROMPT, timeout_ms=SHORT)
    with pytest.raises(error, match=r"openclaw_nb\.resume\(\)"):
        task.result(PATIENCE)
    assert frame(client.resume(task.id).result(PATIENCE))
    assert len(emulator.jobs) == 1


# --- downloads -------------------------------------------------------------------------------------


@pytest.mark.parametrize("spoilt", [reset, cut_off, failing(503), failing(429, retry_after="0")])
def test_a_download_that_is_spoilt_is_taken_up_where_it_stopped(spoilt, client, middle, emulator):
    middle.spoil("download", *[spoilt] * 4)
    video = client.generate_video(PROMPT).result(PATIENCE)
    assert frame(video)
    assert len(emulator.jobs) == 1
    nothing_half_there(client, 1)
    asked = [seen.headers.get("range") for seen in middle.seen if "mp4" in seen.path]
    assert len(asked) == 5
    assert (asked[-1] is not None) == (spoilt is cut_off)


@pytest.mark.parametrize("spoilt", [silence, drip])
def test_a_download_that_does_not_end_in_time_is_taken_up(spoilt, client, middle, emulator):
    middle.spoil("download", spoilt)
    task = client.generate_video(PROMPT, timeout_ms=SHORT)
    with pytest.raises(oc.ProviderTimeout, match=r"the video was made.*openclaw_nb\.resume\(\)"):
        task.result(PATIENCE)
    nothing_half_there(client, 0)
    assert frame(client.resume(task.id).result(PATIENCE))
    assert len(emulator.jobs) == 1
    nothing_half_there(client, 1)


def test_a_download_that_unpacks_without_end_is_kept_as_its_address(client, middle, emulator):
    middle.spoil("download", bomb)
    video = client.generate_video(PROMPT).result(PATIENCE)
    assert video.files[0].path is None
    assert "mediaMaxMb" in video.warnings[0]
    assert len(emulator.jobs) == 1
    nothing_half_there(client, 0)


@pytest.mark.parametrize("download", ["reset", "truncated", "stalled"])
def test_a_made_video_that_cannot_be_fetched_is_not_paid_for_again_elsewhere(
    download, make_client, emulator
):
    client = make_client("fal", "minimax", clock=Hurry())
    emulator.set({"fal": Scenario(download=download, download_times=40, render="draft")})
    task = client.generate_video(PROMPT, timeout_ms=SHORT)
    with pytest.raises(oc.ProviderError, match="the video was made") as failed:
        task.result(PATIENCE)
    assert failed.value.made
    assert [attempt.ref.provider for attempt in failed.value.attempts] == ["fal"]
    assert [job.provider for job in emulator.jobs] == ["fal"]
    nothing_half_there(client, 0)
