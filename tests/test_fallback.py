"""Three candidates: X takes little, Y takes much, Z takes no options. What becomes of a request."""

from __future__ import annotations

import logging
import threading
from dataclasses import replace

import pytest

import openclaw_nb as oc
from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Why
from openclaw_nb.emulator import Scenario
from openclaw_nb.providers import by_id
from openclaw_nb.vendors import Endpoint
from tests.conftest import Hurry

PROMPT = "a friendly lobster surfing at sunset"
NEVER = Scenario(seconds=3600, render="draft")
A, B = "https://example.org/a.png", "https://example.org/b.png"


def candidate(id: str, spoken: str, model: str, caps: Caps):
    """A provider with declarations of its own that speaks as `spoken` does."""
    return replace(by_id[spoken], id=id, models=(Model(id=model),), caps=caps, fit=None)


def taking(images: int, **block) -> Caps:
    picture = ModeCaps(enabled=True, max_input_images=images, **block)
    return Caps(generate=ModeCaps(**block), image_to_video=picture)


SPOKEN = {"x": "fal", "y": "minimax", "z": "fal"}
X = candidate(
    "x",
    "fal",
    "fal-ai/minimax/video-01-live",
    taking(1, supported_duration_seconds=(4, 6, 8), provider_options={"seed": "number"}),
)
Y = candidate("y", "minimax", "MiniMax-Hailuo-02", taking(9, max_duration_seconds=10))
Z = candidate("z", "fal", "bytedance/seedance-2.0/text-to-video", taking(0, provider_options={}))


@pytest.fixture
def of(make_client, emulator):
    """A client that tries these candidates and no other."""

    def make(*providers):
        first, *others = [f"{p.id}/{p.default_model.id}" for p in providers]
        defaults = {
            "videoGenerationModel": {"primary": first, "fallbacks": others},
            "mediaGenerationAutoProviderFallback": False,
        }
        urls = {p.id: emulator.base_urls[SPOKEN[p.id]] for p in providers}
        client = make_client(
            settings={"agents": {"defaults": defaults}},
            endpoints={id: Endpoint(url, "key", 0.01) for id, url in urls.items()},
            clock=Hurry(),
        )
        client.vendors.providers = providers
        return client

    return make


@pytest.fixture
def skips(caplog):
    """The levels and texts of what is logged about skipped candidates."""
    caplog.set_level(logging.DEBUG, "openclaw_nb")
    return lambda: [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if "skipped" in record.getMessage()
    ]


def told(attempts) -> list[tuple[str, Why]]:
    return [(attempt.ref.provider, attempt.why) for attempt in attempts]


def test_l1_a_candidate_that_takes_fewer_images_is_skipped_and_the_next_runs(of, skips):
    roles = ["first_frame", "last_frame"]
    task = of(X, Y).generate_video(PROMPT, images=[A, B], image_roles=roles, resolution="768P")
    video = task.result(9)
    (skipped,) = video.attempts
    reason = f"{skipped.ref} allows at most 1 reference image, 2 asked for"
    assert (skipped.ref.provider, skipped.why, skipped.error) == ("x", Why.SKIPPED, reason)
    assert video.provider == "y"
    assert skips() == [
        ("WARNING", f"{skipped.ref} skipped: {reason}"),
        ("DEBUG", f"{skipped.ref} skipped (references): {reason}"),
    ]


def test_l2_the_only_candidates_skip_is_raised_itself(of, emulator):
    with pytest.raises(oc.NoCandidate) as raised:
        of(Y).generate_video(PROMPT, duration_seconds=12).result(9)
    reason = f"y/{Y.default_model.id} makes at most 10 seconds, 12 asked for"
    assert str(raised.value) == reason
    assert told(raised.value.attempts) == [("y", Why.SKIPPED)]
    assert emulator.jobs == []


def test_l3_a_length_over_the_cap_of_one_runs_as_it_is_on_another(of, emulator):
    video = of(Y, Z).generate_video(PROMPT, duration_seconds=12).result(9)
    assert told(video.attempts) == [("y", Why.SKIPPED)]
    assert video.provider == "z"
    assert [job.request["duration"] for job in emulator.jobs] == ["12"]


def test_l4_options_that_nobody_takes_are_one_error_with_each_reason(of, emulator, skips):
    with pytest.raises(oc.NoCandidate) as raised:
        of(X, Z).generate_video(PROMPT, provider_options={"seed": "a"}).result(9)
    wrong = f"x/{X.default_model.id} takes a number as provider option seed, not string"
    none = f"z/{Z.default_model.id} takes no provider options; given: seed"
    assert [attempt.error for attempt in raised.value.attempts] == [wrong, none]
    assert str(raised.value) == (
        "none of 2 candidates can take this request; nothing was sent: "
        f"x/{X.default_model.id}: {wrong} | z/{Z.default_model.id}: {none}"
    )
    assert str(raised.value.__cause__) == none
    assert [level for level, _ in skips()] == ["WARNING", "DEBUG", "DEBUG"]
    assert emulator.jobs == []


def test_l5_after_a_401_the_next_runs_and_the_attempt_is_classified(of, emulator):
    emulator.set({"fal": Scenario(submit_status=401)})
    video = of(X, Y).generate_video(PROMPT).result(9)
    (attempt,) = video.attempts
    assert (attempt.ref.provider, attempt.why, attempt.status) == ("x", Why.AUTH, 401)
    assert video.provider == "y"


def test_l6_a_time_out_and_a_500_are_one_error_caused_by_the_last(of, emulator):
    emulator.set({"fal": NEVER, "minimax": Scenario(submit_status=500)})
    with pytest.raises(oc.AllFailed) as raised:
        of(X, Y).generate_video(PROMPT, timeout_ms=300).result(9)
    error = raised.value
    assert told(error.attempts) == [("x", Why.TIMEOUT), ("y", Why.SERVER_ERROR)]
    assert str(error).startswith("2 candidates gave no video: x/")
    assert f" | y/{Y.default_model.id}: " in str(error)
    assert str(error.__cause__).startswith("y/")


def test_l7_no_video_from_the_only_candidate_is_its_own_error(of, emulator):
    emulator.set(Scenario(download="empty", render="draft"))
    with pytest.raises(oc.BadOutput, match="empty") as raised:
        of(X).generate_video(PROMPT).result(9)
    assert told(raised.value.attempts) == [("x", Why.UNKNOWN)]


def test_l8_empty_options_run_where_none_are_taken(of):
    assert of(Z).generate_video(PROMPT, provider_options={}).result(9).provider == "z"


def test_l9_a_cancellation_ends_it_and_the_next_is_never_called(of, emulator):
    emulator.set({"fal": NEVER})
    task = of(X, Y).generate_video(PROMPT)
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(20)
    assert task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)
    assert task.attempts == ()
    assert [job.provider for job in emulator.jobs] == ["fal"]
