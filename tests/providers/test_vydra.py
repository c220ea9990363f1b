"""Vydra's odd rules, as values. The documented answers are in tests/samples."""

import json
from pathlib import Path

import pytest

from openclaw_nb.core.domain import Blob, Change, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import Plan, plan
from openclaw_nb.core.wire import Call, Done, Hosted, Malformed, Refused, Reply, Skip, Wait
from openclaw_nb.providers import vydra

SAMPLES = Path(__file__).parents[1] / "samples" / "vydra"
BASE = "https://www.vydra.ai/api/v1"
FILM = "https://pub-0000.r2.dev/videos/job_7f3a.mp4"
PICTURE = Link(url="https://media.example.org/lighthouse.png")
SECOND = Link(url="https://media.example.org/keeper.png")
LOCAL = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
TICKET = vydra.VydraTicket(id="job_7f3a")
JOBS = ["kling-3.1", "seedance", "seedance-2", "grok-imagine"]


def sample(name, status=200, path="/models/veo3"):
    return Reply(status, {}, (SAMPLES / f"{name}.json").read_bytes(), path, BASE)


def reply(http=200, path="/jobs/job_7f3a", **body):
    return Reply(http, {}, json.dumps(body).encode(), path, BASE)


def planned(model="veo3", *images, named=True, **asked):
    request = Request(prompt="a heron", model=f"vydra/{model}" if named else None, **asked)
    return plan(request, Media(images=images), vydra.PROVIDER, model)


def sent(model="veo3", *images, **asked):
    return vydra.build_submit(planned(model, *images, **asked).job)


# request


def test_text_is_the_prompt_and_nothing_else():
    assert sent() == Call("POST", "/models/veo3", json={"prompt": "a heron"})


def test_kling_gets_the_same_address_twice():
    body = {"prompt": "a heron", "image_url": PICTURE.url, "video_url": PICTURE.url}
    assert sent("kling", PICTURE) == Call("POST", "/models/kling", json=body)


def test_kling_says_that_it_is_documented_otherwise():
    (note,) = planned("kling", PICTURE).notes
    assert "motion control" in note
    assert "vydra/kling-3.1" in note


def test_another_model_gets_the_prompt():
    assert sent("flux/video 2").path == "/models/flux%2Fvideo%202"
    assert sent("flux").json == {"prompt": "a heron"}


@pytest.mark.parametrize("model", JOBS)
def test_the_newer_models_are_jobs_with_ratio_and_length(model):
    call = sent(model, PICTURE, aspect_ratio="9:16", duration_seconds=5)
    given = {
        "model": model,
        "prompt": "a heron",
        "image_url": PICTURE.url,
        "aspect_ratio": "9:16",
        "duration": 5,
    }
    assert call == Call("POST", "/jobs", json={"workflow": "generate_video", "input": given})


def test_several_images_are_a_list_of_references():
    given = sent("seedance-2", PICTURE, SECOND).json["input"]
    assert given["image_urls"] == [PICTURE.url, SECOND.url]
    assert "image_url" not in given


# what cannot be sent


@pytest.mark.parametrize("model", ["kling", *JOBS])
def test_a_local_image_is_refused_with_the_way_out(model):
    found = planned(model, LOCAL)
    assert isinstance(found, Skip)
    assert "public https URL" in found.reason
    assert "fal" in found.reason


def test_kling_needs_an_image_and_takes_one():
    assert isinstance(planned("kling"), Skip)
    assert "at most 1" in planned("kling", PICTURE, SECOND).reason


def test_veo3_asked_for_by_name_takes_no_image_and_names_the_model_that_does():
    assert "kling, kling-3.1" in planned("veo3", PICTURE).reason


def test_without_a_named_model_an_image_goes_to_kling_and_that_is_told():
    found = planned("veo3", PICTURE, named=False)
    assert isinstance(found, Plan)
    assert str(found.ref) == "vydra/kling"
    assert found.changes == (
        Change(
            setting="model",
            requested="veo3",
            applied="kling",
            why="veo3 does not make image-to-video",
        ),
    )
    assert isinstance(planned("veo3", LOCAL, named=False), Skip)


def test_an_unknown_model_takes_no_image():
    assert "vydra/kling-3.1" in planned("flux", PICTURE).reason


def test_videos_are_refused():
    media = Media(videos=(Link(url="https://example.com/a.mp4"),))
    assert isinstance(plan(Request(prompt="x"), media, vydra.PROVIDER, "kling-3.1"), Skip)


def test_grok_imagine_makes_15_seconds_at_most():
    assert "15" in planned("grok-imagine", duration_seconds=16).reason
    assert sent("grok-imagine", duration_seconds=15).json["input"]["duration"] == 15


# what is left out


def test_a_model_endpoint_takes_no_style_no_length_and_no_options():
    found = planned(
        size="1280x720",
        aspect_ratio="16:9",
        resolution="720P",
        audio=True,
        watermark=True,
        duration_seconds=5,
        provider_options={"seed": 1},
    )
    assert [each.setting for each in found.ignored] == [
        "size",
        "aspect_ratio",
        "resolution",
        "audio",
        "watermark",
        "duration_seconds",
        "provider_options.seed",
    ]
    assert vydra.build_submit(found.job).json == {"prompt": "a heron"}


def test_a_role_is_not_sent_and_that_is_said():
    last = Link(url=PICTURE.url, role="last_frame")
    (note,) = planned("kling-3.1", last).notes
    assert "last_frame" in note
    first = Link(url=PICTURE.url, role="first_frame")
    assert planned("kling-3.1", first).notes == ()


# answers


def test_the_documented_answers_are_read():
    assert vydra.parse_submit(sample("accepted", 202)) == Wait(TICKET, "queued")
    assert vydra.parse_submit(sample("created", 201)) == Wait(TICKET, "running")
    about = {"jobId": "job_7f3a", "status": "completed", "creditsCharged": 175}
    assert vydra.parse_status(TICKET, sample("completed")) == Done((Hosted(FILM),), about)


def test_the_submission_may_be_answered_with_the_result():
    assert isinstance(vydra.parse_submit(sample("completed")), Done)
    assert isinstance(vydra.parse_submit(reply(output={"url": FILM})), Done)


def test_a_submission_without_an_id_and_a_result_is_malformed():
    with pytest.raises(Malformed, match="jobId"):
        vydra.parse_submit(reply(status="pending"))


def test_the_id_is_quoted_in_the_path():
    ticket = vydra.VydraTicket(id="a/b")
    assert vydra.build_status(ticket) == Call("GET", "/jobs/a%2Fb")
    assert vydra.build_cancel(ticket, "running") == Call("DELETE", "/jobs/a%2Fb")


@pytest.mark.parametrize(
    "word, state",
    [
        ("pending", "queued"),
        ("Queued", "queued"),
        ("running", "running"),
        (" processing", "running"),
    ],
)
def test_waiting_words_and_progress(word, state):
    assert vydra.parse_status(TICKET, reply(status=word)) == Wait(TICKET, state)
    step = vydra.parse_status(TICKET, reply(status=word, progress=40))
    assert step == Wait(TICKET, state, 0.4)


@pytest.mark.parametrize("word", ["upscaling", None])
def test_an_unknown_or_missing_word_waits_on(word):
    step = vydra.parse_status(TICKET, reply(status=word))
    assert isinstance(step, Wait)
    assert step.odd


# result


@pytest.mark.parametrize(
    "body",
    [
        {"videoUrl": FILM},
        {"videoUrls": ["", FILM]},
        {"resultUrl": FILM},
        {"resultUrls": [FILM]},
        {"outputUrl": FILM},
        {"outputUrls": [FILM]},
        {"url": FILM},
        {"urls": [FILM]},
        {"output": {"videoUrl": FILM}},
        {"outputs": [{"type": "video"}, {"url": FILM}]},
        {"result": {"data": {"assets": [{"outputUrl": FILM}]}}},
        {"results": [{"asset": {"url": FILM}}]},
        {"output": FILM},
        {"output": {"output": {"output": {"output": {"output": {"url": FILM}}}}}},
        {"data": {"url": "https://other.example/a.mp4"}, "url": FILM},
    ],
    ids=json.dumps,
)
def test_the_result_is_found_wherever_it_is_and_the_nearest_first(body):
    done = vydra.parse_status(TICKET, reply(status="completed", **body))
    assert done.outputs == (Hosted(FILM),)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"input": {"image_url": PICTURE.url, "url": PICTURE.url}},
        {"url": "data:video/mp4;base64,AAAA"},
        {"_links": {"self": FILM}, "thumbnail": FILM},
        {"data": {"data": {"data": {"data": {"data": {"data": {"url": FILM}}}}}}},
        {"url": "https://["},
    ],
    ids=json.dumps,
)
def test_completed_without_a_result_is_malformed(body):
    with pytest.raises(Malformed):
        vydra.parse_status(TICKET, reply(status="completed", **body))


@pytest.mark.parametrize("word", ["running", "upscaling", None])
def test_an_answer_with_a_result_is_the_end_whatever_its_word(word):
    assert isinstance(vydra.parse_status(TICKET, reply(status=word, videoUrl=FILM)), Done)


def test_a_failure_stays_one_though_an_address_is_in_the_answer():
    failed = reply(status="failed", error="no", output={"url": FILM})
    assert vydra.parse_status(TICKET, failed) == Refused(Why.UNKNOWN, "no")


def test_only_a_file_at_the_apis_own_origin_needs_the_key():
    own = reply(status="completed", url=f"{BASE}/files/1.mp4")
    assert vydra.parse_status(TICKET, own).outputs == (Hosted(f"{BASE}/files/1.mp4", keyed=True),)


# failures


@pytest.mark.parametrize(
    "body, said",
    [
        ({"error": "broken", "message": "no"}, "broken"),
        ({"error": {"message": "broken"}}, "broken"),
        ({"error": {"detail": "broken"}}, "broken"),
        ({"message": "broken"}, "broken"),
        ({}, "the job ended as failed; Vydra gave no reason"),
    ],
    ids=json.dumps,
)
def test_the_reason_of_a_failure_is_found(body, said):
    assert vydra.parse_status(TICKET, reply(status="failed", **body)).said == said


@pytest.mark.parametrize("word", ["failed", "error", "cancelled", "canceled"])
def test_words_for_a_bad_end(word):
    assert isinstance(vydra.parse_status(TICKET, reply(status=word)), Refused)


@pytest.mark.parametrize(
    "text, why",
    [
        ("Failed. Your credits have been refunded.", Why.UNKNOWN),
        ("Violates the content policy. Credits refunded.", Why.CONTENT_POLICY),
    ],
)
def test_a_word_about_credits_given_back_is_no_lack_of_them(text, why):
    refused = vydra.parse_status(TICKET, reply(status="failed", error=text))
    assert (refused.why, refused.said) == (why, text)


def test_a_lack_of_credits_is_told_with_both_numbers():
    refused = vydra.parse_error(sample("credits", 402))
    assert (refused.why, refused.said) == (Why.BILLING, "Insufficient credits")
    assert refused.advice == "it takes 175 credits, 12 are left"


def test_a_bad_key_is_told_with_its_code():
    refused = vydra.parse_error(sample("key", 401))
    assert refused == Refused(Why.AUTH, "Invalid API key", "KEY_NOT_FOUND", 401)


@pytest.mark.parametrize(
    "status, code, why",
    [
        (400, "INVALID_URL", Why.FORMAT),
        (403, "INSUFFICIENT_SCOPE", Why.AUTH),
        (404, "MODEL_NOT_FOUND", Why.MODEL_NOT_FOUND),
        (404, "JOB_NOT_FOUND", Why.UNKNOWN),
        (429, "RATE_LIMIT_EXCEEDED", Why.RATE_LIMIT),
    ],
)
def test_the_code_table(status, code, why):
    assert vydra.parse_error(reply(status, error="no", code=code)).why is why


def test_a_refusal_without_json_is_read_too():
    assert vydra.parse_error(Reply(502, {}, b"<html>Bad Gateway")).why is Why.SERVER_ERROR


def test_a_refused_kling_names_the_model_for_a_single_image():
    refused = vydra.parse_error(reply(400, "/models/kling", error="video_url must be a video"))
    assert "vydra/kling-3.1" in refused.advice
    assert vydra.parse_error(reply(400, "/models/veo3", error="no")).advice == ""


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://vydra.ai", BASE),
        ("https://vydra.ai/api/v1/", BASE),
        ("https://www.vydra.ai/", BASE),
        ("https://proxy.example/vydra/v2/", "https://proxy.example/vydra/v2"),
        ("http://127.0.0.1:8000/vydra/api/v1", "http://127.0.0.1:8000/vydra/api/v1"),
        ("vydra", BASE),
        ("https://[", BASE),
    ],
)
def test_a_base_url_gets_the_host_that_does_not_redirect_and_the_version(configured, used):
    assert vydra.read_base_url(configured) == used


def test_the_pace_suits_the_smallest_plan():
    pace = vydra.PROVIDER
    assert 1 + 60 / pace.poll_seconds <= 10.3, "more than ten requests a minute"
    assert (pace.slowest_poll_seconds, pace.deadline_seconds) == (10, 900)


def test_a_job_model_is_built_from_a_job_alone():
    job = Job(model="seedance", mode=Mode.GENERATE, prompt="x")
    assert vydra.build_submit(job).json["input"] == {"model": "seedance", "prompt": "x"}
