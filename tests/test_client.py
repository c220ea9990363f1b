"""The client over loopback HTTP: from a request to a file, and every way not to get there."""

from __future__ import annotations

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import av
import pytest

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState, Why
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.providers import PROVIDERS, by_id
from tests.conftest import DRAFT, Hurry, endpoints
from tests.examples import example

PROMPT = "a friendly lobster surfing at sunset"
FAL = "fal/fal-ai/minimax/video-01-live"
MINIMAX = "minimax/MiniMax-Hailuo-2.3"
OPENAI = "openai/sora-2"
FAL_VIDEO = "fal/bytedance/seedance-2.0/reference-to-video"
NEVER = Scenario(seconds=3600, render="draft")
EVERY_DECLARED_MODE = [(p.id, mode) for p in PROVIDERS for mode in p.caps.modes()]


def settings_for(emulator: Emulator, *ids: str, **more) -> dict:
    providers = {id: {"baseUrl": emulator.base_urls[id], "apiKey": f"key-of-{id}"} for id in ids}
    return {"models": {"providers": providers}, **more}


def frames_in(path) -> int:
    with av.open(str(path)) as container:
        return sum(1 for _ in container.decode(video=0))


def until(task, condition) -> None:
    """Wait for a change of the task that meets the condition."""
    met = threading.Event()

    def look(now) -> None:
        if condition(now):
            met.set()

    stop = task.watch(look)
    look(task.snapshot)
    assert met.wait(8), f"never came: {task.snapshot}"
    stop()


def until_accepted(task) -> None:
    until(task, lambda now: now.job_id)


# --- from a request to a file ---------------------------------------------------------------


@pytest.mark.parametrize("id, mode", EVERY_DECLARED_MODE)
def test_every_declared_mode_ends_in_a_playable_file(
    id, mode, make_client, emulator, picture, footage
):
    client = make_client(id)
    given = example(by_id[id], mode, picture, footage)
    video = client.generate_video(exact_model=True, **given).result(9)
    assert video.provider == id
    assert video.emulated
    assert frames_in(video.path) > 0
    assert [entry.provider for entry in emulator.jobs] == [id]


@pytest.mark.parametrize("id, mode", EVERY_DECLARED_MODE)
def test_a_base_url_in_the_configuration_serves_every_declared_mode(
    id, mode, emulator, home, picture, footage
):
    given = example(by_id[id], mode, picture, footage)
    settings = settings_for(emulator, id)
    with_settings = Client(settings, home=home, environ={}, clock=Hurry())
    try:
        video = with_settings.generate_video(exact_model=True, **given).result(9)
    finally:
        with_settings.close()
    assert frames_in(video.path) > 0
    assert video.emulated
    assert len(emulator.jobs) == 1


def test_a_client_works_inside_async_code(emulator, home):
    async def use():
        async with Client(home=home, environ={}, endpoints=endpoints(emulator, "fal")) as client:
            return await client.generate_video(PROMPT)

    assert asyncio.run(use()).path.exists()


def test_an_earlier_result_is_a_reference(client, emulator):
    first = client.generate_video(PROMPT, model=OPENAI, exact_model=True).result(9)
    edit = client.generate_video("in winter", model=OPENAI, video=first, exact_model=True)
    assert frames_in(edit.result(9).path) > 0
    assert len(emulator.jobs) == 2


def test_another_process_can_have_a_task_cancelled(make_client, emulator):
    emulator.set(NEVER)
    task = make_client("fal").generate_video(PROMPT)
    until_accepted(task)
    assert make_client("fal").task(task.id).cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)


def test_the_media_directory_can_be_beside_the_notebook(make_client, tmp_path):
    client = make_client("fal", media_dir=tmp_path / "out")
    assert client.generate_video(PROMPT).result(9).path.parent == tmp_path / "out"


# --- bad input raises in the caller ------------------------------------------------------------


@pytest.mark.parametrize(
    "given, param, words",
    [
        ({"duration_seconds": 0}, "duration_seconds", ("0", "positive integer")),
        ({"duration_seconds": "soon"}, "duration_seconds", ("soon", "positive integer")),
        ({"timeout_ms": -1}, "timeout_ms", ("-1", "positive integer")),
        ({"provider_options": [1]}, "provider_options", ("[1]", "object")),
        ({"images": ["a.png"] * 10}, "images", ("10", "9")),
        ({"image": "no-such.png"}, "image", ("no-such.png", "no such file")),
        ({"image": b"no picture"}, "image", ("not an image",)),
        ({"image": object()}, "image", ("object", "allowed are")),
        ({"model": "nobody"}, "model", ("nobody", ", ".join(by_id))),
        ({"durations": 5}, "durations", ("duration_seconds",)),
        ({"image_roles": ["first_frame"]}, "image_roles", ("1 role for 0",)),
    ],
)
def test_bad_input_raises_at_once_and_nothing_is_sent(client, emulator, given, param, words):
    with pytest.raises(oc.InvalidInput) as caught:
        client.generate_video(PROMPT, **given)
    assert caught.value.param == param
    assert all(word in str(caught.value) for word in (param, *words, "Nothing was sent"))
    assert emulator.jobs == []
    assert client.tasks() == []


def test_an_empty_prompt_raises_at_once(client, emulator):
    with pytest.raises(oc.InvalidInput, match=r"prompt: .*required.*Nothing was sent"):
        client.generate_video("  ")
    assert emulator.jobs == []


def test_without_any_key_the_error_says_what_to_set(home):
    keyless = Client(home=home, environ={})
    with pytest.raises(oc.NoCandidate) as caught:
        keyless.generate_video(PROMPT)
    text, first = str(caught.value), PROVIDERS[0]
    example = f"{first.id}/{first.default_model.id}"
    for word in (first.key.env[0], "videoGenerationModel", example, "emulate()"):
        assert word in text
    assert not (home / "notebook").exists(), "nothing was to be done"


# --- which candidates, and what becomes of them -----------------------------------------------


@pytest.mark.parametrize(
    "plays, why, status",
    [
        (Scenario(submit_status=429, submit_status_times=100), Why.RATE_LIMIT, 429),
        (Scenario(submit_status=503), Why.OVERLOADED, 503),
        (Scenario(submit_status=401), Why.AUTH, 401),
        (Scenario(submit_moderated=True), Why.CONTENT_POLICY, 422),
        (Scenario(ends="moderated", render="draft"), Why.CONTENT_POLICY, 422),
        (Scenario(submit_status=500), Why.SERVER_ERROR, 500),
        (Scenario(drop_submit_reply=1, render="draft"), Why.TIMEOUT, None),
        (Scenario(download="html", render="draft"), None, None),
    ],
)
def test_when_the_first_candidate_fails_the_next_one_runs_and_the_failure_is_classified(
    make_client, emulator, plays, why, status
):
    client = make_client("fal", "minimax", clock=Hurry())
    emulator.set({"fal": plays})
    video = client.generate_video(PROMPT).result(9)
    (attempt,) = video.attempts
    assert str(video.ref) == MINIMAX
    assert str(attempt.ref) == FAL
    assert attempt.error
    assert why is None or (attempt.why, attempt.status) == (why, status)
    assert sum(entry.provider == "fal" for entry in emulator.jobs) <= 1, "submitted twice"
    assert sum(entry.provider == "minimax" for entry in emulator.jobs) == 1


def test_a_result_of_another_model_than_asked_for_says_so_loudly(make_client, emulator, caplog):
    client = make_client("fal", "minimax")
    emulator.set({"fal": Scenario(submit_moderated=True)})
    task = client.generate_video(PROMPT, model=FAL)
    video = task.result(9)
    assert FAL in video.warnings[0]
    assert MINIMAX in video.warnings[0]
    assert "content" in video.warnings[0], "why it was not used is missing"
    assert video.warnings[0] in task.snapshot.notices
    assert any(FAL in record.message for record in caplog.records if record.levelname == "WARNING")


def test_the_loud_warning_comes_also_when_a_sibling_of_the_model_was_tried(
    make_client, emulator, picture
):
    client = make_client("fal", "minimax")
    emulator.set({"fal": Scenario(submit_moderated=True)})
    video = client.generate_video(PROMPT, model=FAL, image=picture).result(9)
    assert video.provider == "minimax"
    assert FAL in video.warnings[0]
    assert MINIMAX in video.warnings[0]


def test_an_exact_model_is_used_or_fails(make_client, emulator):
    client = make_client("fal", "minimax")
    emulator.set({"fal": Scenario(submit_moderated=True)})
    with pytest.raises(oc.ProviderRefused) as caught:
        client.generate_video(PROMPT, model=FAL, exact_model=True).result(9)
    assert [str(attempt.ref) for attempt in caught.value.attempts] == [FAL]
    assert caught.value.why is Why.CONTENT_POLICY
    assert caught.value.said
    assert emulator.jobs == []


def test_an_unregistered_model_of_the_configuration_is_an_attempt_without_a_warning(
    make_client, caplog
):
    chosen = {"primary": "nobody/x", "fallbacks": [FAL]}
    client = make_client("fal", settings={"agents": {"defaults": {"videoGenerationModel": chosen}}})
    video = client.generate_video(PROMPT).result(9)
    assert [(str(a.ref), a.why) for a in video.attempts] == [("nobody/x", Why.NOT_REGISTERED)]
    assert not [r for r in caplog.records if r.levelname == "WARNING" and "nobody" in r.message]


def test_a_candidate_without_a_key_is_an_attempt_that_names_the_variables(make_client):
    video = make_client("fal").generate_video(PROMPT, model=MINIMAX).result(9)
    (attempt,) = video.attempts
    assert attempt.why is Why.AUTH
    assert "MINIMAX_API_KEY" in attempt.error


def test_a_timeout_says_that_the_job_may_go_on_and_how_to_take_it_up(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    task = client.generate_video(PROMPT, timeout_ms=2000)
    with pytest.raises(oc.ProviderTimeout) as caught:
        task.result(9)
    (job,) = emulator.jobs
    assert caught.value.job_id == job.id
    for word in (job.id, "may still be running", "billed", "openclaw_nb.resume("):
        assert word in str(caught.value)
    assert client.tasks()[0].ticket, "the receipt must outlive the time-out"


def test_a_lost_answer_to_a_submission_is_not_sent_again(make_client, emulator):
    client = make_client("fal")
    emulator.set(Scenario(drop_submit_reply=1, render="draft"))
    with pytest.raises(oc.SubmitUnanswered, match="may be billed"):
        client.generate_video(PROMPT).result(9)
    assert len(emulator.jobs) == 1


# --- keys and hosts ----------------------------------------------------------------------------


TOKEN = {"MINIMAX_OAUTH_TOKEN": "token"}


@pytest.mark.parametrize(
    "environ, tried",
    [
        ({"MINIMAX_API_KEY": "k"}, ["minimax"]),
        (TOKEN, ["minimax-portal"]),
        ({"MINIMAX_API_KEY": "k", **TOKEN}, ["minimax", "minimax-portal"]),
    ],
    ids=str,
)
def test_a_key_that_serves_two_ids_brings_up_its_own_only(home, environ, tried):
    client = Client(home=home, environ=environ)
    assert [ref.provider for ref in client.vendors.candidates(None).refs] == tried


def test_a_borrowed_key_serves_who_names_the_twin(home):
    client = Client(home=home, environ={"MINIMAX_API_KEY": "k"})
    for name in ("minimax-portal", "minimax-portal-cn"):
        found = client.vendors.candidates(f"{name}/MiniMax-Hailuo-2.3", exact=True)
        assert str(found.refs[0]) == "minimax-portal/MiniMax-Hailuo-2.3"
    twin = by_id["minimax-portal"]
    assert client.vendors.source(twin) == "env MINIMAX_API_KEY"
    assert client.vendors.reach(twin).access.key == "k"


def test_a_retired_default_is_not_chosen_on_its_vendors_host_and_the_user_is_told(home):
    client = Client(home=home, environ={"OPENAI_API_KEY": "k", "FAL_KEY": "k"})
    found = client.vendors.candidates(None)
    assert [str(ref) for ref in found.refs] == [FAL]
    assert any(OPENAI in notice and "2026-09-24" in notice for notice in found.notices)
    only = Client(home=home, environ={"OPENAI_API_KEY": "k"})
    with pytest.raises(oc.NoCandidate, match="openai/sora-2 is no longer served"):
        only.vendors.candidates(None)
    assert str(only.vendors.candidates(OPENAI).refs[0]) == OPENAI, "asked for by name it is tried"


def test_a_retired_default_is_chosen_on_another_host(emulator, home):
    client = Client(settings_for(emulator, "openai"), home=home, environ={}, clock=Hurry())
    try:
        assert client.generate_video(PROMPT).result(9).provider == "openai"
    finally:
        client.close()


def test_a_base_url_that_a_provider_refuses_keeps_that_provider_alone_from_running(emulator, home):
    settings = settings_for(emulator, "deepinfra", "fal")
    older = "https://api.deepinfra.com/v1/inference"
    settings["models"]["providers"]["deepinfra"]["baseUrl"] = older
    client = Client(settings, home=home, environ={}, clock=Hurry())
    try:
        video = client.generate_video(PROMPT).result(9)
        named = {"model": "deepinfra/Pixverse/Pixverse-T2V", "exact_model": True}
        with pytest.raises(oc.MissingKey, match="inference is not usable: video jobs are at"):
            client.generate_video(PROMPT, **named).result(9)
    finally:
        client.close()
    assert (video.provider, video.attempts) == ("fal", ())


def test_the_environment_decides_in_the_providers_order_before_the_configuration(home):
    settings = {"models": {"providers": {"minimax": {"apiKey": "from-config"}}}}
    names = by_id["minimax"].key.env
    for first in range(len(names) + 1):
        environ = {name: f"from-{name}" for name in names[first:]}
        client = Client(settings, home=home, environ=environ)
        found = client.vendors.credential(by_id["minimax"])
        expected = f"env {names[first]}" if first < len(names) else "config"
        assert found is not None
        assert found.source == expected


def test_a_key_that_is_set_after_the_first_call_is_found(home, environ):
    client = Client(home=home)
    with pytest.raises(oc.NoCandidate):
        client.vendors.candidates(None)
    environ["FAL_KEY"] = "k"
    assert [str(ref) for ref in client.vendors.candidates(None).refs] == [FAL]


# --- duplicates ---------------------------------------------------------------------------------


def test_the_same_request_while_it_runs_gives_the_same_handle_and_one_submission(
    make_client, emulator
):
    client = make_client("fal")
    emulator.set(NEVER)
    task = client.generate_video(PROMPT, duration_seconds=5)
    until_accepted(task)
    again = client.generate_video(PROMPT, duration_seconds=5)
    assert again is task
    assert again.snapshot.duplicate
    assert any("allow_parallel=True" in notice for notice in again.snapshot.notices)
    assert len(emulator.jobs) == 1
    task.cancel()


def test_many_threads_asking_for_the_same_at_once_make_one_submission(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    with ThreadPoolExecutor(6) as pool:
        tasks = list(pool.map(lambda _: client.generate_video(PROMPT), range(6)))
    assert len({task.id for task in tasks}) == 1
    until_accepted(tasks[0])
    assert len(emulator.jobs) == 1
    tasks[0].cancel()


def test_allow_parallel_and_another_session_start_another(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    tasks = [
        client.generate_video(PROMPT),
        client.generate_video(PROMPT, allow_parallel=True),
        client.generate_video(PROMPT, session="another"),
        client.generate_video("a crab", duration_seconds=5),
    ]
    for task in tasks:
        until_accepted(task)
    assert len({task.id for task in tasks}) == 4
    assert len(emulator.jobs) == 4
    assert not any(task.snapshot.duplicate for task in tasks)
    for task in tasks:
        task.cancel()


def test_the_same_request_again_after_the_end_is_a_new_task(make_client, emulator):
    client = make_client("fal")
    first = client.generate_video(PROMPT).result(9)
    second = client.generate_video(PROMPT).result(9)
    assert first.task_id != second.task_id
    assert first.path != second.path
    assert len(emulator.jobs) == 2


# --- cancelling ---------------------------------------------------------------------------------


def test_a_cancelled_job_is_stopped_at_the_provider_and_nobody_else_is_tried(make_client, emulator):
    client = make_client("fal", "minimax")
    emulator.set(NEVER)
    task = client.generate_video(PROMPT)
    until_accepted(task)
    assert task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)
    assert task.state is TaskState.CANCELLED
    client.close()  # waits for what is under way
    assert [(entry.provider, entry.state) for entry in emulator.jobs] == [("fal", "cancelled")]
    (row,) = make_client().tasks()
    assert row.status is TaskState.CANCELLED
    assert row.ended_at is not None
    assert "cancelled" in (row.error or "")


def test_cancelling_many_times_is_cancelling_once(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    task = client.generate_video(PROMPT)
    until_accepted(task)
    for _ in range(20):
        task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)
    assert not task.cancel()
    client.close()
    assert [entry.state for entry in emulator.jobs] == ["cancelled"]
    assert make_client().tasks()[0].status is TaskState.CANCELLED


def test_a_task_cancelled_before_it_began_ends_as_cancelled(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    tasks = [client.generate_video(f"{PROMPT} {number}") for number in range(5)]
    for task in tasks:
        task.cancel()
        task.cancel()
    for task in tasks:
        with pytest.raises(oc.TaskCancelled):
            task.result(9)
    assert {row.status for row in client.tasks()} == {TaskState.CANCELLED}


def test_a_success_after_the_cancel_changes_nothing(make_client, emulator, home):
    client = make_client("minimax")  # it cannot be told to stop
    task = client.generate_video(PROMPT)
    until_accepted(task)
    task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)
    client.close()
    (row,) = make_client().tasks()
    assert (row.status, row.files) == (TaskState.CANCELLED, [])
    assert not list(home.rglob("*.mp4"))
    assert task.state is TaskState.CANCELLED


# --- what a result, its sidecar and the ledger say ---------------------------------------------


def test_the_result_says_what_was_changed_and_ignored(make_client):
    video = (
        make_client("openai")
        .generate_video(
            PROMPT, duration_seconds=5, size="1280x720", watermark=False, filename="lobster.mov"
        )
        .result(9)
    )
    assert video.normalization == {
        "durationSeconds": {"requested": 5, "applied": 4, "supportedValues": [4, 8, 12]}
    }
    assert video.ignored_overrides == [{"key": "watermark", "value": False}]
    assert any("watermark=false" in text for text in video.warnings)
    assert video.metadata["requestedDurationSeconds"] == 5
    assert video.metadata["normalizedDurationSeconds"] == 4
    assert video.metadata["supportedDurationSeconds"] == [4, 8, 12]
    assert video.path.name.startswith("lobster---")
    assert video.path.suffix == ".mp4"
    assert video.files[0].name == "lobster.mp4"


def test_the_sidecar_holds_what_was_asked_and_what_ran(make_client, picture):
    client = make_client("openai")
    video = client.generate_video(
        PROMPT, image=picture, image_roles=["first_frame"], size="1280x720", duration_seconds=5
    ).result(9)
    facts = json.loads(video.path.with_suffix(".json").read_text(encoding="utf-8"))
    digest = facts["request"]["images"][0]
    assert facts["file"] == video.path.name
    assert facts["task"] == video.task_id
    assert facts["ref"] == OPENAI
    assert facts["request"] == {
        "prompt": PROMPT,
        "size": "1280x720",
        "duration_seconds": 5,
        "images": [digest],
        "image_roles": ["first_frame"],
    }
    assert digest.startswith("references/")
    assert facts["normalization"] == video.normalization
    assert facts["metadata"] == json.loads(json.dumps(dict(video.metadata)))
    assert facts["attempts"] == []
    assert facts["emulated"] is True


def test_the_sidecar_holds_no_signature_of_a_references_address(make_client):
    client = make_client("fal")
    video = client.generate_video(
        PROMPT, image="https://example.org/a.png?X-Signature=SIGNED"
    ).result(9)
    text = video.path.with_suffix(".json").read_text(encoding="utf-8")
    assert "https://example.org/a.png" in text
    assert "SIGNED" not in text


def test_the_ledger_holds_the_whole_story(make_client, emulator):
    client = make_client("fal", "minimax")
    emulator.set({"fal": Scenario(submit_moderated=True)})
    video = client.generate_video(PROMPT, duration_seconds=5).result(9)
    (row,) = client.tasks()
    (job,) = emulator.jobs
    assert row.id == video.task_id
    assert row.run_id == f"tool:video_generate:{row.id}"
    assert row.kind == "video_generation"
    assert row.source == "video_generate:fal"
    assert row.status is TaskState.SUCCEEDED
    assert (row.provider, row.model, row.job_id) == ("minimax", "MiniMax-Hailuo-2.3", job.id)
    assert row.request == {"prompt": PROMPT, "duration_seconds": 5}
    assert row.attempts[0]["ref"] == {"provider": "fal", "model": FAL.partition("/")[2]}
    assert row.files[0]["path"] == str(video.path)
    assert row.session == client.session
    assert row.ended_at is not None
    assert row.started_at is not None
    assert row.cleanup_after == row.ended_at + 604_800_000
    assert MINIMAX in (row.summary or "")
    assert str(video.path) in (row.summary or "")


def test_the_ledger_follows_the_phases_of_a_job(make_client, emulator):
    client = make_client("fal")
    emulator.set(Scenario(seconds=2.0, render="draft"))
    task = client.generate_video(PROMPT)
    until(task, lambda now: now.phase.startswith("generating"))
    assert client.tasks()[0].phase == "generating"
    task.result(9)
    assert client.tasks()[0].phase == "done: 1 video"


def test_a_finished_task_is_found_again_with_its_video(make_client):
    video = make_client("fal").generate_video(PROMPT, duration_seconds=5).result(9)
    later = make_client("fal")
    found = later.task(video.task_id[:8]).result(9)
    assert found.path == video.path
    assert found.ref == video.ref
    assert found.normalization == video.normalization
    assert found.emulated
    with pytest.raises(oc.TaskNotFound):
        later.task("00000000")


def test_a_failed_task_is_found_again_with_its_reason(make_client, emulator):
    emulator.set(Scenario(submit_moderated=True))
    task = make_client("fal").generate_video(PROMPT)
    with pytest.raises(oc.ProviderRefused) as first:
        task.result(9)
    found = make_client("fal").task(task.id)
    assert found.state is TaskState.FAILED
    with pytest.raises(oc.OpenclawError) as again:
        found.result(9)
    assert str(again.value) == str(first.value)
    assert again.value.attempts == first.value.attempts


def test_callbacks_are_called_once_also_when_the_task_has_ended(make_client):
    task = make_client("fal").generate_video(PROMPT)
    called, both = [], threading.Semaphore(0)

    def note(ended) -> None:
        called.append(ended)
        both.release()

    task.on_done(note)
    task.result(9)
    assert both.acquire(timeout=5)
    task.on_done(note)
    assert both.acquire(timeout=5)
    assert called == [task, task]


# --- closing ------------------------------------------------------------------------------------


def test_closing_a_client_leaves_its_jobs_to_the_next_one(make_client, emulator):
    first = make_client("fal")
    emulator.set(Scenario(seconds=1.0, render="draft"))
    task = first.generate_video(PROMPT)
    until_accepted(task)
    first.close()
    with pytest.raises(oc.TaskLost, match=r"openclaw_nb\.resume\("):
        task.result(5)
    assert emulator.jobs[0].state != "cancelled"
    second = make_client("fal")
    assert second.tasks()[0].status is TaskState.LOST
    resumed = second.resume(task.id)
    assert resumed.id != task.id
    assert frames_in(resumed.result(9).path) > 0
    assert len(emulator.jobs) == 1


def test_closing_twice_is_closing_once(make_client):
    client = make_client("fal")
    client.generate_video(PROMPT).result(9)
    client.close()
    client.close()


def test_the_default_client_comes_back_after_emulation(home):
    from openclaw_nb import api

    before = api.default_client()
    with oc.emulate(DRAFT) as emulation:
        assert api.default_client() is emulation.client
        assert oc.generate_video(PROMPT).result(9).emulated
        assert len(emulation.emulator.jobs) == 1
    assert api.default_client() is before


# --- running a request again ----------------------------------------------------------------


def test_the_file_beside_a_video_suffices_to_run_its_request_again(make_client, emulator, picture):
    client = make_client("fal", "minimax")
    asked = {"model": MINIMAX, "images": [picture, "https://a.example/b.png?sig=s3cr3t"]}
    given = {**asked, "image_roles": ["first_frame", "last_frame"], "duration_seconds": 6}
    given["model"] = "minimax/MiniMax-Hailuo-02"
    first = client.generate_video(PROMPT, **given).result(9)
    sidecar = first.path.with_suffix(".json")
    assert "s3cr3t" not in sidecar.read_text()
    for path in (sidecar, first.path, str(sidecar)):
        again = oc.read_request(path)
        assert again["images"][1] == "https://a.example/b.png"
        assert Path(again["images"][0]).read_bytes() == picture
    second = client.generate_video(**again).result(9)
    assert (second.model, second.request.duration_seconds) == (first.model, 6)
    assert len(list((first.path.parent / "references").iterdir())) == 1, "equal bytes are kept once"
    assert len(emulator.jobs) == 2


def test_a_file_that_was_not_written_beside_a_video_is_refused(tmp_path):
    other = tmp_path / "other.json"
    for text in ("{", "[]", '{"prompt": "x"}'):
        other.write_text(text)
        with pytest.raises(oc.InvalidInput, match="no file that was written beside a video"):
            oc.read_request(other)
    with pytest.raises(oc.InvalidInput, match="cannot be read"):
        oc.read_request(tmp_path / "missing.mp4")


# --- upkeep -----------------------------------------------------------------------------------


def test_t13_an_ended_task_is_forgotten_when_its_time_has_come_and_its_file_stays(
    make_client, emulator
):
    client = make_client("fal", settings={"tasks": {"retentionMs": 1}})
    video = client.generate_video(PROMPT).result(9)
    assert [row.id for row in client.maintain(apply=False).expired] == [video.task_id]
    assert [row.id for row in client.tasks()] == [video.task_id], "it was only said"
    client.maintain()
    assert client.tasks() == []
    assert video.path.exists()


def test_a_task_without_an_owner_is_stored_as_lost_and_can_still_be_resumed(
    make_client, emulator, home
):
    emulator.set(Scenario(seconds=0.4, render="draft"))
    first = make_client("fal")
    task = first.generate_video(PROMPT)
    until_accepted(task)
    first.close()
    second = make_client("fal")
    assert [row.id for row in second.maintain().lost] == [task.id]
    (row,) = second.tasks()
    assert (row.status, row.ended_at is not None) == (TaskState.LOST, True)
    assert second.maintain().lost == (), "a lost task stays lost"
    assert second.resume(task.id).result(9).path.exists()
    assert len(emulator.jobs) == 1
