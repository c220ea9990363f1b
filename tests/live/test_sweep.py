"""The live run itself, against the emulator: only the hosts and the keys differ from a run that costs money."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial

import pytest

from openclaw_nb import config
from openclaw_nb.client import Client
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.emulator import Scenario
from openclaw_nb.live import report, selection, variables
from openclaw_nb.live.outcomes import Ending
from openclaw_nb.live.run import Sweep, usable
from openclaw_nb.live.trial import Trial
from openclaw_nb.live.verdicts import Drift
from openclaw_nb.providers import PROVIDERS
from tests.conftest import Hurry

KEYS = {name: f"key-for-{p.id}" for p in PROVIDERS for name in p.key.env[:1] if p.id != "comfy"}
DRAFT = Scenario(render="draft", polls=1)


@pytest.fixture
def live(emulator, home):
    """Clients of a live run: keys from the environment, and the providers' base URLs overridden."""
    made: list[Client] = []

    def make(environ=KEYS) -> Client:
        urls = {id: {"baseUrl": url} for id, url in emulator.base_urls.items() if id != "comfy"}
        environ = {**environ, "OPENCLAW_LIVE_TEST": "1"}
        home.mkdir(exist_ok=True)
        (home / "openclaw.json").write_text(json.dumps({"models": {"providers": urls}}))
        made.append(Client(home=home, environ=environ, clock=Hurry()))
        return made[-1]

    emulator.set(DRAFT)
    yield make
    for client in made:
        client.close()


def swept(client, words=("video",), *, strict=False, environ=None, **lists):
    given = replace(variables.read(environ or {}), strict=strict)
    by_suite = {Medium(name): text for name, text in lists.items()}
    registry = {medium: client.vendors.of(medium) for medium in Medium}
    suites = selection.select(
        selection.asked(words, by_suite=by_suite),
        given,
        registry,
        partial(usable, client.vendors),
    )
    told = []

    async def one(medium, id):
        return await Trial(client, given, find_provider(id, registry[medium])).run()

    runs = [suite for suite in suites if not suite.reason]
    ran = asyncio.run(Sweep(one=one, tell=told.append).run(runs))
    assert [o for each in ran for o in each.outcomes] == told
    return suites, ran


def endings(ran):
    return {
        o.provider: [(s.mode, s.ending) for s in o.steps] for each in ran for o in each.outcomes
    }


def test_every_provider_of_the_default_list_is_run_live_with_its_own_key(live, emulator):
    suites, (ran,) = swept(live(), environ={variables.FULL_MODES: "1"})
    outcomes = {outcome.provider: outcome for outcome in ran.outcomes}
    assert list(outcomes) == sorted({p.id for p in PROVIDERS} - {"comfy", "fal"})
    assert {outcome.ending for outcome in ran.outcomes} == {Ending.PASSED}, report.summary(
        suites, [ran]
    )
    assert all(outcome.steps[0].ending is Ending.PASSED for outcome in ran.outcomes)
    assert all(outcome.key.startswith("env ") for outcome in ran.outcomes)
    google = outcomes["google"].steps
    assert [step.ending for step in google] == [Ending.PASSED, Ending.PASSED, Ending.SKIPPED]
    assert google[0].asked["duration_seconds"] == 4
    assert outcomes["minimax"].steps[0].asked["resolution"] == "768P"
    # Each task that was started is one submission, and no more.
    sent = [step for outcome in ran.outcomes for step in outcome.steps if step.sent]
    assert len(emulator.jobs) == len(sent)


def test_images_and_music_are_one_small_request_each(live, emulator):
    _, ran = swept(live(), ("image", "music"))
    assert endings(ran) == {"fal": [(Mode.GENERATE, Ending.PASSED)]}
    assert [each.suite.medium for each in ran] == [Medium.IMAGE, Medium.MUSIC]
    assert [job.kind for job in emulator.jobs] == ["image", "music"]


def test_a_clip_in_hand_is_the_reference_of_video_to_video(live, emulator):
    emulator.set(Scenario(polls=1))
    model = "fal/bytedance/seedance-2.0/fast/reference-to-video"
    environ = {variables.FULL_MODES: "1", variables.MODELS: model}
    _, ran = swept(live(), video="fal", environ=environ)
    (outcome,) = ran[0].outcomes
    assert outcome.model == model.removeprefix("fal/")
    assert endings(ran)["fal"][-1] == (Mode.VIDEO_TO_VIDEO, Ending.PASSED), outcome.steps
    assert all(step.differences == () for step in outcome.steps)


def test_what_is_the_services_own_failure_is_a_skip_and_ends_the_provider(live, emulator):
    emulator.set({"runway": Scenario(submit_status=402, submit_status_times=9)})
    environ = {variables.FULL_MODES: "1"}
    suites, ran = swept(live(), video="runway,xai", environ=environ)
    runway, xai = ran[0].outcomes
    (step,) = runway.steps
    assert (step.ending, step.drift) == (Ending.SKIPPED, Drift.BILLING)
    assert xai.ending is Ending.PASSED
    assert not ran[0].failed
    assert "video runway (generate: billing drift)" in report.summary(suites, ran)

    _, ran = swept(live(), video="runway", strict=True)
    assert ran[0].failed


def test_the_first_suite_that_fails_is_the_last(live, emulator):
    emulator.set({"fal": Scenario(render="draft", download="html", polls=1)})
    suites, ran = swept(live(), ("image", "video"), video="fal")
    assert [each.failed for each in ran] == [True]
    assert "not reached: video" in report.summary(suites, ran)


def test_a_provider_that_takes_too_long_is_left_to_the_ledger(live, emulator):
    emulator.set({"xai": Scenario(render="draft", seconds=3600)})
    client = live()
    _, ran = swept(client, video="xai", environ={variables.TIMEOUT_MS: "1500"})
    (step,) = ran[0].outcomes[0].steps
    assert (step.ending, step.drift) == (Ending.SKIPPED, Drift.TIMEOUT)
    assert client.row(step.task_id).ticket


def test_keys_that_only_the_login_profile_sets_are_told(live, tmp_path, environ):
    environ["HOME"] = str(tmp_path)
    (tmp_path / ".profile").write_text("export XAI_API_KEY=from-the-shell\nFAL_KEY=another\n")
    suites, ran = swept(live({"FAL_KEY": "of-the-environment"}), video="fal,xai")
    assert report.summary(suites, ran).endswith("keys from ~/.profile: XAI_API_KEY")
    assert "from-the-shell" not in json.dumps(
        report.record(suites, ran, emulated=False, strict=False)
    )


def test_what_the_profile_adds_is_only_what_nothing_else_sets(tmp_path, environ):
    environ["HOME"] = str(tmp_path)
    (tmp_path / ".profile").write_text("A_KEY=1\nB_KEY=2\n")
    values = {"env": {"shellEnv": {"enabled": True}}}
    loaded = config.resolved(values, {"A_KEY": ""}, expected=["A_KEY", "B_KEY"])
    assert loaded.from_profile == {"B_KEY"}
    assert config.resolved({}, {}, expected=["A_KEY"]).from_profile == frozenset()


@pytest.fixture
def shell(tmp_path):
    clean = {k: v for k, v in os.environ.items() if k not in KEYS and k != "LIVE"}

    def run(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        state = {"OPENCLAW_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}
        return subprocess.run(
            [sys.executable, "-m", "openclaw_nb.cli", "sweep", *arguments],
            env={**clean, **state, **variables},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    return run


def test_without_the_switch_nothing_runs_and_it_says_how(shell):
    done = shell(FAL_KEY="a-key")
    assert done.returncode == 0
    assert "Nothing runs: OPENCLAW_LIVE_TEST is off" in done.stdout
    assert json.loads(shell("--json").stdout)["ran"] is False


@pytest.mark.parametrize("arguments", [["--bogus"], ["film"]])
def test_an_argument_that_means_nothing_is_exit_code_1(shell, arguments):
    done = shell(*arguments)
    assert done.returncode == 1
    assert "Usage:" in done.stderr


def test_an_unknown_provider_is_exit_code_1_and_nothing_is_sent(shell):
    done = shell("--providers", "runwai", LIVE="1")
    assert done.returncode == 1
    assert "did you mean runway? Nothing was sent" in done.stderr


def test_a_model_that_means_nothing_is_a_sentence_before_any_suite_runs(shell):
    done = shell("--emulate", **{variables.MODELS: "veo"})
    assert done.returncode == 1
    assert f"{variables.MODELS}: 'veo' is no provider/model. Nothing was sent" in done.stderr
    assert "passed" not in done.stdout


def test_with_nothing_to_run_it_says_so_and_all_is_well(shell):
    done = shell("video", OPENCLAW_LIVE_TEST="1", FAL_KEY="a-key")
    assert done.returncode == 0
    assert "video: skipped, no usable auth" in done.stdout
    assert "Nothing to run" in done.stdout


def test_without_looking_at_keys_those_who_have_none_are_told(shell):
    done = shell("video", "--video-providers", "xai", "--no-auth-filter", LIVE="1")
    assert done.returncode == 0
    assert "skipped: video xai (no usable auth: no API key)" in done.stdout


def test_on_the_emulator_it_needs_no_key(shell):
    done = shell("--emulate", "--json", "music", "video", "--video-providers", "xai,byteplus")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["ran"], told["emulated"], told["failed"]) == (True, True, False)
    music, video = told["suites"]
    assert [each["provider"] for each in music["providers"]] == ["fal"]
    byteplus, xai = video["providers"]
    (mode,) = xai["modes"]
    assert (mode["asked"]["duration_seconds"], mode["measured"]["seconds"]) == (1, 1.0)
    assert mode["differences"] == byteplus["modes"][0]["differences"] == []


def test_a_failure_is_exit_code_1_and_quiet_tells_no_more(shell):
    done = shell("--emulate", "--quiet", "--strict", "video", "--video-providers", "xai")
    assert done.returncode == 0
    assert len(done.stdout.splitlines()) == 1
    assert done.stdout.startswith("attempted: video xai generate; skipped: none; failed: none")
