"""DeepInfra's odd rules, as values. The documented answers are in tests/samples."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest

from openclaw_nb.core.domain import Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import Plan, plan
from openclaw_nb.core.wire import (
    Call,
    Done,
    Hosted,
    InHand,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import deepinfra

SAMPLES = Path(__file__).parents[1] / "samples" / "deepinfra"
BASE = "https://api.deepinfra.com/v1/openai"
PIXVERSE = "Pixverse/Pixverse-T2V"
OTHER = "acme/Long-T2V"
TICKET = deepinfra.DeepInfraTicket(id="vid_7Qm3")
FILM = b"\x00\x00\x00\x18ftypmp42"


def sample(name, status=200, path="/videos"):
    return Reply(status, {}, (SAMPLES / f"{name}.json").read_bytes(), path, BASE)


def said(word, **more):
    """A job whose status is `word`."""
    body = json.dumps({"id": "vid_7Qm3", "status": word, **more})
    return Reply(200, {}, body.encode(), "/videos/vid_7Qm3", BASE)


def finished(url, base=BASE):
    return replace(said("succeeded", data=[{"url": url}]), base_url=base)


def planned(model=PIXVERSE, images=(), **asked):
    request = Request(prompt="a heron", model=f"deepinfra/{model}", **asked)
    return plan(request, Media(images=images), deepinfra.PROVIDER, model)


def job(model=PIXVERSE, **asked):
    return Job(model=model, mode=Mode.GENERATE, prompt="a heron", **asked)


def uri(data=FILM, kind="video/mp4"):
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


# request


def test_the_whole_request_is_json_with_an_integer_length():
    options = {"seed": 1234, "negative_prompt": "text, watermark"}
    call = deepinfra.build_submit(
        job(aspect_ratio="16:9", duration_seconds=8, provider_options=options)
    )
    assert call == Call(
        "POST",
        "/videos",
        json={
            "model": PIXVERSE,
            "prompt": "a heron",
            "aspect_ratio": "16:9",
            "seconds": 8,
            "seed": 1234,
            "negative_prompt": "text, watermark",
        },
    )


def test_only_what_was_asked_for_is_sent():
    assert deepinfra.build_submit(job()).json == {"model": PIXVERSE, "prompt": "a heron"}


@pytest.mark.parametrize("asked, sent", [(1, 5), (6, 5), (7, 8), (20, 8)])
def test_a_listed_model_makes_5_or_8_seconds(asked, sent):
    found = planned(duration_seconds=asked)
    assert found.job.duration_seconds == sent
    assert [change.setting for change in found.changes] == ["duration_seconds"]


def test_the_length_of_another_model_is_sent_as_asked_and_that_is_said():
    found = planned(OTHER, duration_seconds=12)
    assert found.job.duration_seconds == 12
    assert found.changes == ()
    assert "12 s are sent as asked" in found.notes[0]
    assert planned(OTHER).notes == ()


def test_a_ratio_is_fitted_and_a_size_becomes_one():
    assert planned(aspect_ratio="21:9").job.aspect_ratio == "16:9"
    found = planned(size="720x1280")
    assert (found.job.size, found.job.aspect_ratio) == (None, "9:16")
    assert [type(each) for each in found.changes] == [Change]


def test_resolution_sound_and_watermark_are_left_out():
    found = planned(resolution="1080P", audio=True, watermark=False)
    assert [each.setting for each in found.ignored] == ["resolution", "audio", "watermark"]


def test_a_reference_is_refused_before_anything_is_sent():
    picture = (Link(url="https://example.com/a.png"),)
    assert isinstance(planned(images=picture), Skip)


@pytest.mark.parametrize(
    "options, sent",
    [
        ({"seed": 0}, {"seed": 0}),
        ({"seed": 7.0}, {"seed": 7}),
        ({"seed": 2**32 - 1}, {"seed": 4294967295}),
        ({"negative_prompt": " fog "}, {"negative_prompt": "fog"}),
        ({"negativePrompt": "fog"}, {"negative_prompt": "fog"}),
        ({"negativePrompt": "rain", "negative_prompt": " "}, {"negative_prompt": "rain"}),
        ({"style": "anime"}, {"style": "anime"}),
    ],
    ids=repr,
)
def test_options_are_sent_under_the_names_of_the_wire(options, sent):
    assert planned(provider_options=options).job.provider_options == sent


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5])
def test_a_seed_out_of_range_is_left_out_and_told(seed):
    found = planned(provider_options={"seed": seed})
    assert found.job.provider_options == {}
    (told,) = found.ignored
    assert (told.setting, told.value) == ("provider_options.seed", seed)
    assert "4294967295" in told.why


def test_empty_texts_and_a_second_spelling_are_left_out_and_told():
    options = {"negativePrompt": "rain", "negative_prompt": "fog", "style": ""}
    found = planned(provider_options=options)
    assert found.job.provider_options == {"negative_prompt": "fog"}
    assert found.ignored == (
        Ignored(setting="provider_options.style", value="", why="is empty"),
        Ignored(
            setting="provider_options.negativePrompt",
            value="rain",
            why="negative_prompt is given too",
        ),
    )


@pytest.mark.parametrize("options", [{"guidance_scale": 3}, {"seed": "1"}, {"style": 1}], ids=repr)
def test_an_unknown_option_or_a_wrong_type_skips_the_model(options):
    assert isinstance(planned(provider_options=options), Skip)


def test_a_model_that_is_not_listed_takes_the_same_options():
    assert isinstance(planned(OTHER, provider_options={"seed": 1}), Plan)


# answers


def test_the_documented_answers_are_read():
    assert deepinfra.parse_submit(sample("queued")) == Wait(TICKET, "queued")
    done = deepinfra.parse_status(TICKET, sample("succeeded"))
    url = "https://example-cdn.invalid/out/vid_7Qm3.mp4"
    about = {"jobId": "vid_7Qm3", "status": "succeeded"}
    assert done == Done((Hosted(url),), about, PIXVERSE)


def test_the_submission_may_be_answered_with_the_result_or_a_failure():
    assert isinstance(deepinfra.parse_submit(sample("succeeded")), Done)
    refused = deepinfra.parse_submit(said("failed", error="out of paint"))
    assert refused == Refused(Why.UNKNOWN, "out of paint")


def test_a_submission_without_an_id_is_malformed():
    with pytest.raises(Malformed, match="no id"):
        deepinfra.parse_submit(Reply(200, {}, b'{"status": "queued"}'))


def test_the_id_is_quoted_in_the_path():
    ticket = deepinfra.DeepInfraTicket(id="a/b c")
    assert deepinfra.build_status(ticket) == Call("GET", "/videos/a%2Fb%20c")


def test_waiting_words():
    assert deepinfra.parse_status(TICKET, said("queued")) == Wait(TICKET, "queued")
    assert deepinfra.parse_status(TICKET, said("Processing ")) == Wait(TICKET)


@pytest.mark.parametrize("word", ["inferring", None])
def test_an_unknown_or_missing_word_waits_on(word):
    step = deepinfra.parse_status(TICKET, said(word))
    assert isinstance(step, Wait)
    assert step.odd


def test_openais_words_for_the_end_are_understood():
    done = deepinfra.parse_status(TICKET, said("completed", data=[{"url": "https://x.org/a"}]))
    assert isinstance(done, Done)
    failure = {"message": "blocked by our moderation", "code": "moderation_blocked"}
    refused = deepinfra.parse_status(TICKET, said("failed", error=failure))
    assert refused == Refused(Why.CONTENT_POLICY, "blocked by our moderation", "moderation_blocked")
    assert "cancelled" in deepinfra.parse_status(TICKET, said("cancelled")).said


# result


@pytest.mark.parametrize(
    "url, base, hosted",
    [
        ("https://cdn.example.org/a.mp4", BASE, Hosted("https://cdn.example.org/a.mp4")),
        ("/out/a.mp4", BASE, Hosted("https://api.deepinfra.com/out/a.mp4", keyed=True)),
        ("out/a.mp4", BASE, Hosted("https://api.deepinfra.com/v1/out/a.mp4", keyed=True)),
        (f"{BASE}/a.mp4", BASE, Hosted(f"{BASE}/a.mp4", keyed=True)),
        (
            "http://api.deepinfra.com/a.mp4",
            BASE,
            Hosted("http://api.deepinfra.com/a.mp4"),
        ),
        (
            "/deepinfra/a.mp4",
            "http://127.0.0.1:8000/deepinfra/v1/openai",
            Hosted("http://127.0.0.1:8000/deepinfra/a.mp4", keyed=True),
        ),
    ],
)
def test_a_file_may_be_anywhere_and_only_the_apis_own_origin_sees_the_key(url, base, hosted):
    assert deepinfra.parse_status(TICKET, finished(url, base)).outputs == (hosted,)


@pytest.mark.parametrize("kind", ["video/mp4", "video/webm", "application/octet-stream"])
def test_a_film_may_come_inside_the_answer(kind):
    done = deepinfra.parse_status(TICKET, finished(uri(kind=kind)))
    assert done.outputs == (InHand(FILM, kind),)


@pytest.mark.parametrize(
    "url",
    [
        "data:video/mp4;base64,***",
        "data:video/mp4,plain",
        uri(kind="image/png"),
        uri(b"<html>no such film</html>"),
        uri(b""),
        "ftp://example.org/a.mp4",
    ],
)
def test_what_is_no_film_and_no_address_is_malformed(url):
    with pytest.raises(Malformed):
        deepinfra.parse_status(TICKET, finished(url))


@pytest.mark.parametrize("data", [None, [], [{"url": ""}], [{}]])
def test_success_without_an_address_is_malformed(data):
    with pytest.raises(Malformed, match="no address"):
        deepinfra.parse_status(TICKET, said("succeeded", data=data))


def test_the_first_address_counts():
    data = [{"url": None}, {"url": "https://a.example/1"}, {"url": "https://a.example/2"}]
    done = deepinfra.parse_status(TICKET, said("succeeded", data=data))
    assert done.outputs == (Hosted("https://a.example/1"),)


# errors


def test_a_validation_list_is_read():
    refused = deepinfra.parse_error(sample("invalid", 422))
    assert (refused.why, refused.said) == (Why.FORMAT, "prompt: Field required")


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "bad key", "type": "auth", "code": "k1"}},
        {"detail": "bad key"},
        {"detail": {"error": "bad key"}},
    ],
    ids=repr,
)
def test_a_bad_key_is_told_in_either_shape(body):
    refused = deepinfra.parse_error(Reply(401, {}, json.dumps(body).encode(), "/videos"))
    assert (refused.why, refused.said, refused.status) == (Why.AUTH, "bad key", 401)
    assert refused.code == ("k1" if "error" in body else "")


@pytest.mark.parametrize("path, why", [("/videos", Why.MODEL_NOT_FOUND), (None, Why.UNKNOWN)])
def test_not_found_means_the_model_at_submission_and_the_job_at_a_poll(path, why):
    path = path or deepinfra.build_status(TICKET).path
    refused = deepinfra.parse_error(Reply(404, {}, b'{"error": "not found"}', path))
    assert refused.why is why


def test_the_older_inference_api_is_refused_with_the_way_out():
    older = "https://api.deepinfra.com/v1/inference"
    assert BASE in deepinfra.refuse_base_url(older)
    assert deepinfra.refuse_base_url(BASE) == ""
    assert deepinfra.refuse_base_url("https://api.deepinfra.com/v1") == ""


def test_nothing_can_be_cancelled():
    assert deepinfra.PROVIDER.build_cancel is None
