"""Which combinations there are, checked before anything is sent."""

import inspect

import numpy as np
import pytest

import openclaw_nb as oc
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.sweep.grid import Wanted, plan
from openclaw_nb.sweep.models import refs_of

FAL = "fal/fal-ai/minimax/video-01-live"


def grid(client, prompts="a", models="fal", **params):
    own = {name: params.pop(name) for name in ("repeats", "name", "fallback") if name in params}
    refs = refs_of(models, client.vendors)
    return plan(client, Wanted(prompts=prompts, refs=refs, params=params, **own))


def asked(found, name):
    return [cell.asked.get(name) for cell in found.cells]


def test_every_keyword_with_a_list_is_varied(client):
    found = grid(client, ["a", "b"], ["fal", "openai"], duration_seconds=[4, 8], audio=False)
    assert len(found.cells) == 8
    assert found.axes == ("prompt", "model", "duration_seconds")
    assert asked(found, "duration_seconds") == [4, 8] * 4
    assert set(asked(found, "audio")) == {False}
    assert [cell.at for cell in found.cells] == list(range(8))
    assert found.cells[0].label == f"{FAL}, a, duration_seconds=4"


def test_none_is_a_value_like_others(client):
    assert asked(grid(client, duration_seconds=[None, 5]), "duration_seconds") == [None, 5]


def test_a_keyword_that_takes_a_list_is_varied_by_a_list_of_lists(client, tmp_path, picture):
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    for path in (one, two):
        path.write_bytes(picture)
    fixed = grid(client, models="minimax", images=[str(one), str(two)])
    assert asked(fixed, "images") == [[str(one), str(two)]]
    varied = grid(client, models="minimax", images=[[str(one)], [str(two)]])
    assert asked(varied, "images") == [[str(one)], [str(two)]]
    with pytest.raises(oc.InvalidInput, match="mixture"):
        grid(client, images=[[str(one)], str(two)])


def test_arrays_and_bytes_are_references_of_a_grid(client, picture):
    array = np.zeros((360, 640, 3), np.uint8)
    found = grid(client, models="minimax", image=[array, picture])
    assert [len(cell.cell.request.images) for cell in found.cells] == [1, 1]
    assert all(isinstance(cell.cell.request.images[0].given, bytes) for cell in found.cells)


def test_a_mapping_is_one_value(client):
    assert len(grid(client, provider_options={"seed": 1}).cells) == 1
    assert len(grid(client, provider_options=[{"seed": 1}, {"seed": 2}]).cells) == 2


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"duration_second": [4]}, "duration_seconds"),
        ({"duration_seconds": []}, "no values"),
        ({"prompts": []}, "no values"),
        ({"models": []}, "names no model"),
        ({"models": "nobody/at-all"}, "neither a provider"),
        ({"duration_seconds": [4, -1]}, "positive"),
        ({"model": "fal"}, "models="),
        ({"session": "mine"}, "name="),
        ({"exact_model": False}, "fallback="),
        ({"allow_parallel": True}, "repeats="),
        ({"image": ["nowhere.png"]}, "no such file"),
        ({"duration_seconds": [4, 4.0]}, "repeats="),
        ({"repeats": 0}, "1 or more"),
        ({"name": " "}, "no text"),
        ({"prompts": ["a", ""]}, "prompt"),
    ],
)
def test_what_means_nothing_is_refused_and_nothing_is_sent(client, emulator, given, told):
    with pytest.raises(oc.InvalidInput, match=told):
        grid(client, **given)
    assert emulator.jobs == []


@pytest.mark.parametrize("limit", [{"at_once": 0}, {"per_provider": 0}, {"at_once": True}])
def test_a_limit_is_a_positive_number(client, limit):
    with pytest.raises(oc.InvalidInput, match=next(iter(limit))):
        oc.sweep("a", "fal", client=client, **limit)


def test_configured_models_are_those_that_a_video_would_be_asked_of(make_client):
    client = make_client("fal", "minimax")
    found = refs_of("configured", client.vendors)
    assert found == tuple(map(str, client.vendors.candidates(None).refs))
    assert {ref.partition("/")[0] for ref in found} == {"fal", "minimax"}


def test_all_models_are_the_defaults_of_every_provider(client):
    assert [ref.partition("/")[0] for ref in refs_of("all", client.vendors)] == [
        provider.id for provider in PROVIDERS
    ]


def test_what_no_provider_would_take_is_skipped_with_the_reason_and_not_sent(
    client, emulator, picture
):
    found = oc.sweep("a", ["deepinfra", "minimax"], image=picture, client=client).result(60)
    assert [record["state"] for record in found.records] == ["skipped", "succeeded"]
    assert "deepinfra" in found.records[0]["reason"] or "image" in found.records[0]["reason"]
    assert [job.provider for job in emulator.jobs] == ["minimax"]


def test_without_a_key_everything_is_skipped_and_nothing_waits(tmp_path):
    client = oc.Client(home=tmp_path, environ={})
    running = oc.sweep("a", ["fal", "openai"], client=client)
    found = running.result(30)
    assert {record["state"] for record in found.records} == {"skipped"}
    assert "2 skipped" in repr(running)
    assert not client.ledger.path.exists() or client.tasks() == []
    client.close()


def test_the_same_grid_has_the_same_session_in_any_order_and_another_has_another(client):
    first = grid(client, ["a", "b"], ["fal", "openai"]).session
    assert grid(client, ["b", "a"], ["openai", "fal"]).session == first
    assert grid(client, ["a", "c"], ["fal", "openai"]).session != first
    assert grid(client, "a", name="mine").session == "sweep:mine@stand-ins"


def test_the_keywords_of_a_video_are_shown():
    shown = inspect.signature(oc.sweep).parameters
    assert {"duration_seconds", "images", "executor", "name"} <= shown.keys()
    assert "grid" not in shown


def test_a_model_of_its_own_or_failure_unless_others_may_step_in(make_client, emulator):
    from openclaw_nb.emulator import Scenario

    client = make_client("fal", "minimax")
    emulator.set(
        {
            "fal": Scenario(submit_status=401, submit_status_times=99, render="draft"),
            "minimax": Scenario(render="draft"),
        }
    )
    (alone,) = oc.sweep("a", "fal", client=client).result(60).records
    assert (alone["state"], alone["failure"]) == ("failed", "auth drift")
    (other,) = oc.sweep("a", "fal", fallback=True, client=client).result(60).records
    assert (other["state"], other["provider"]) == ("succeeded", "minimax")
    assert "fal" in other["warnings"][0]


def test_live_models_are_those_that_the_variables_choose(client, environ):
    environ["OPENCLAW_LIVE_VIDEO_GENERATION_PROVIDERS"] = "fal,openai,xai"
    environ["OPENCLAW_LIVE_VIDEO_GENERATION_MODELS"] = "xai/other"
    assert refs_of("live", client.vendors) == (FAL, "openai/sora-2", "xai/other")


def test_a_live_run_that_would_ask_nobody_says_so(tmp_path, environ):
    environ.pop("OPENCLAW_LIVE_VIDEO_GENERATION_PROVIDERS", None)
    client = oc.Client(home=tmp_path, environ={})
    with pytest.raises(oc.NoCandidate, match="no usable auth"):
        refs_of("live", client.vendors)
    client.close()
