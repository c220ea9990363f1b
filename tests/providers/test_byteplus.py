"""ModelArk's wire, and the rules of Seedance 1.0."""

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Link, Media, Mode, Why
from openclaw_nb.core.wire import Call, Done, Hosted, Inline, Malformed, Refused, Skip, Wait
from openclaw_nb.providers import _modelark, byteplus
from tests.providers.modelark import (
    PNG,
    STEPS,
    TICKET,
    body,
    job,
    picture,
    pictures,
    planned,
    refusal,
    reply,
    roles,
)

BYTEPLUS = byteplus.PROVIDER
PRO = "seedance-1-0-pro-250528"
PRO_FAST = "seedance-1-0-pro-fast-251015"
PRO_TEXT = "seedance-1-0-pro-t2v-250528"
LITE_TEXT = "seedance-1-0-lite-t2v-250428"
LITE_IMAGE = "seedance-1-0-lite-i2v-250428"
SEEDANCE_15 = "seedance-1-5-pro-251215"


def plan(model=PRO, *images, **asked):
    return planned(BYTEPLUS, model, Media(images=images), **asked)


# rows


def test_the_list_is_the_products_own_and_seedance_15():
    assert [row.id for row in BYTEPLUS.models] == [
        PRO, PRO_TEXT, PRO_FAST, LITE_TEXT, LITE_IMAGE, SEEDANCE_15,
    ]  # fmt: skip


def test_seedance_15_has_sound_its_own_lengths_and_adaptive_without_an_image():
    block = overlay(byteplus.CAPS, BYTEPLUS.model(SEEDANCE_15).caps).generate
    assert block.supports_audio
    assert block.supported_duration_seconds == tuple(range(4, 13))
    assert "adaptive" in block.aspect_ratios


def test_a_price_is_per_second_of_720p():
    assert BYTEPLUS.default_model.price.usd == 0.054
    assert BYTEPLUS.model(PRO_FAST).price.usd == 0.0216
    assert BYTEPLUS.model(LITE_TEXT).price is None


def test_the_base_url_is_taken_from_the_configuration_alone_and_verbatim():
    assert BYTEPLUS.base_url_env is None
    assert BYTEPLUS.read_base_url is None
    assert BYTEPLUS.base_url.endswith("/api/v3")


# models and modes


def test_a_text_model_with_an_image_becomes_its_image_twin_and_that_is_told():
    lite, pro = plan(LITE_TEXT, picture()), plan(PRO_TEXT, picture())
    assert (lite.ref.model, lite.job.model) == (LITE_IMAGE, LITE_IMAGE)
    assert (pro.ref.model, pro.job.model) == (PRO, PRO)
    why = f"{LITE_TEXT} does not make image-to-video"
    assert lite.changes == (
        Change(setting="model", requested=LITE_TEXT, applied=LITE_IMAGE, why=why),
    )


@pytest.mark.parametrize("model", [LITE_TEXT, PRO_TEXT])
def test_a_text_model_without_an_image_is_sent_as_it_is(model):
    assert plan(model).ref.model == model


def test_the_image_model_needs_an_image():
    assert "image-to-video" in plan(LITE_IMAGE).reason


def test_fast_takes_one_image_and_pro_two():
    assert isinstance(plan(PRO_FAST, *pictures(None, None)), Skip)
    assert roles(plan(PRO_FAST, picture())) == ["first_frame"]
    assert roles(plan(PRO, *pictures(None, None))) == ["first_frame", "last_frame"]


def test_a_video_is_refused():
    assert isinstance(planned(BYTEPLUS, PRO, Media(videos=(STEPS,))), Skip)


# frames


@pytest.mark.parametrize(
    "given, sent",
    [
        (["first_frame", None], ["first_frame", "last_frame"]),
        ([None, "first_frame"], ["last_frame", "first_frame"]),
        (["last_frame", None], ["last_frame", "first_frame"]),
        (["last_frame", "first_frame"], ["last_frame", "first_frame"]),
    ],
)
def test_an_image_without_a_role_takes_the_free_place(given, sent):
    assert roles(plan(PRO, *pictures(*given))) == sent


@pytest.mark.parametrize("given", [["last_frame"], ["first_frame"] * 2, ["last_frame"] * 2])
def test_a_last_frame_needs_a_first_and_there_is_one_of_each(given):
    assert isinstance(plan(PRO, *pictures(*given)), Skip)


def test_a_reference_image_is_refused_with_the_way_out():
    assert "byteplus-seedance2" in plan(PRO, picture("reference_image")).reason


# files


def test_a_file_goes_inline():
    sent = _modelark.build_submit(plan(PRO, PNG).job).json["content"][1]
    assert sent["type"] == "image_url"
    assert isinstance(sent["image_url"]["url"], Inline)
    assert sent["image_url"]["url"].form == "data_uri"


@pytest.mark.parametrize(
    "media_type, megabytes, count, word",
    [
        ("image/heic", 1, 1, "jpeg, png"),
        ("image/png", 30, 1, "30 MB"),
        ("image/png", 25, 2, "64 MB"),
    ],
)
def test_a_file_that_the_service_refuses_is_refused_before(media_type, megabytes, count, word):
    file = Blob(media_type=media_type, name="a", size=megabytes * 10**6, path="/a")
    assert word in plan(PRO, *[file] * count).reason


def test_an_asset_of_the_vendor_passes():
    asset = Link(url="asset://asset-20260101-abcde")
    sent = _modelark.build_submit(plan(PRO, asset).job).json["content"][1]
    assert sent["image_url"] == {"url": "asset://asset-20260101-abcde"}


# style and options


def test_a_resolution_is_lower_case_on_the_wire_and_the_nearest_there_is():
    found = plan(PRO, resolution="768P")
    assert body(found) == {"resolution": "720p"}
    assert found.changes[0].applied == "720P"


@pytest.mark.parametrize("asked, sent", [(1, 2), (5.4, 5), (30, 12)])
def test_a_length_is_clamped_to_2_to_12_seconds(asked, sent):
    assert body(plan(PRO, duration_seconds=asked)) == {"duration": sent}


def test_adaptive_needs_an_image_to_adapt_to():
    assert body(plan(PRO, picture(), aspect_ratio="adaptive")) == {"ratio": "adaptive"}
    found = plan(PRO, aspect_ratio="adaptive")
    assert body(found) == {}
    assert found.ignored[0].setting == "aspect_ratio"


def test_sound_is_dropped_on_1_0_and_off_on_1_5_unless_asked_for():
    found = plan(PRO, audio=True)
    assert body(found) == {}
    assert found.ignored[0].setting == "audio"
    assert body(plan(SEEDANCE_15)) == {"generate_audio": False}
    assert body(plan(SEEDANCE_15, audio=True)) == {"generate_audio": True}


def test_a_watermark_is_sent_if_given():
    assert body(plan(PRO)) == {}
    assert body(plan(PRO, watermark=False)) == {"watermark": False}


def test_a_draft_is_480p_and_the_field_is_not_sent():
    found = plan(PRO, provider_options={"draft": True})
    assert body(found) == {"resolution": "480p"}
    assert found.changes == (
        Change(setting="resolution", requested=None, applied="480P", why="a draft is asked for"),
    )
    assert body(plan(PRO, provider_options={"draft": False})) == {}


def test_a_draft_gives_way_to_an_explicit_resolution():
    found = plan(PRO, resolution="720P", provider_options={"draft": True})
    assert body(found) == {"resolution": "720p"}
    assert [entry.setting for entry in found.ignored] == ["provider_options.draft"]


@pytest.mark.parametrize("seed, sent", [(41, 41), (41.0, 41), (-1, -1), (2**32 - 1, 2**32 - 1)])
def test_a_seed_is_a_whole_number(seed, sent):
    assert body(plan(PRO, provider_options={"seed": seed, "camera_fixed": True})) == {
        "seed": sent, "camera_fixed": True,
    }  # fmt: skip


@pytest.mark.parametrize("seed", [1.5, -2, 2**32, 10**400])
def test_another_seed_is_dropped(seed):
    found = plan(PRO, provider_options={"seed": seed})
    assert body(found) == {}
    why = "must be a whole number from -1 to 4294967295"
    assert found.ignored == (Ignored(setting="provider_options.seed", value=seed, why=why),)


@pytest.mark.parametrize(
    "options", [{"seed": "41"}, {"draft": 1}, {"camera_fixed": "yes"}, {"return_last_frame": True}]
)
def test_an_option_of_another_type_or_name_skips_the_model(options):
    assert isinstance(plan(PRO, provider_options=options), Skip)


# submit


def test_text_and_frames_are_content_and_the_style_stands_beside_it():
    first = picture("first_frame")
    asked = job(PRO, images=(first,), aspect_ratio="16:9", resolution="720P", duration_seconds=5)
    assert _modelark.build_submit(asked) == Call(
        "POST",
        "/contents/generations/tasks",
        json={
            "model": PRO,
            "content": [
                {"type": "text", "text": "a heron"},
                {"type": "image_url", "image_url": {"url": first.url}, "role": "first_frame"},
            ],
            "ratio": "16:9",
            "resolution": "720p",
            "duration": 5,
        },
    )


def test_an_id_is_all_that_comes_back_and_none_is_malformed():
    assert _modelark.parse_submit(reply({"id": TICKET.id})) == Wait(TICKET, "queued")
    for said in ({}, {"id": ""}, {"id": None}):
        with pytest.raises(Malformed, match="no id"):
            _modelark.parse_submit(reply(said))


# poll


def status(said, **headers):
    return _modelark.parse_status(TICKET, reply(said, **headers))


def test_a_task_is_asked_after_by_id():
    path = "/contents/generations/tasks/cgt-20261101100000-ab1cd"
    assert _modelark.build_status(TICKET) == Call("GET", path)
    odd = _modelark.ModelArkTicket(id="a/b?c")
    assert _modelark.build_status(odd).path.endswith("/a%2Fb%3Fc")


@pytest.mark.parametrize("word, state", [("queued", "queued"), (" Running ", "running")])
def test_waiting_words(word, state):
    assert status({"status": word, "content": None, "usage": None}) == Wait(TICKET, state)


@pytest.mark.parametrize("word", ["succeeded", "completed", "done"])
def test_a_task_that_succeeded_has_an_address_that_needs_no_key(word):
    said = {
        "id": TICKET.id,
        "model": PRO,
        "status": word,
        "error": None,
        "content": {"video_url": "https://ark-content.example.org/v.mp4?X-Tos-Signature=1"},
        "ratio": "16:9",
        "resolution": "720p",
        "duration": 5,
        "usage": {"completion_tokens": 108000},
    }
    about = {
        "taskId": TICKET.id, "status": word, "ratio": "16:9", "resolution": "720p", "duration": 5,
    }  # fmt: skip
    hosted = Hosted("https://ark-content.example.org/v.mp4?X-Tos-Signature=1")
    assert status(said) == Done((hosted,), about, PRO)
    assert not hosted.keyed


def test_success_without_a_video_and_an_answer_without_a_status_are_malformed():
    for content in (None, {}, {"video_url": ""}):
        with pytest.raises(Malformed, match="video_url"):
            status({"status": "succeeded", "content": content})
    with pytest.raises(Malformed, match="status"):
        status({"id": TICKET.id})


@pytest.mark.parametrize("word", ["failed", "error"])
def test_a_failure_keeps_the_services_sentence_and_code(word):
    code = "OutputVideoSensitiveContentDetected.PolicyViolation"
    said = {"status": word, "error": {"code": code, "message": "No. Request id: 1"}}
    refused = Refused(Why.CONTENT_POLICY, "No. Request id: 1", code, request_id="r1")
    assert status(said, x_request_id="r1") == refused


def test_a_failure_without_a_reason_says_so():
    assert status({"status": "failed", "error": None}).said == (
        "the task ended as failed, without a reason"
    )


@pytest.mark.parametrize(
    "word, why",
    [("cancelled", Why.UNKNOWN), ("canceled", Why.UNKNOWN), ("expired", Why.TIMEOUT)],
)
def test_a_task_that_was_stopped_or_expired_has_ended(word, why):
    step = status({"status": word})
    assert (step.why, word in step.said) == (why, True)


def test_an_unknown_word_waits_on():
    step = status({"status": "polishing"})
    assert isinstance(step, Wait)
    assert step.odd


# cancel


def test_only_a_queued_task_is_cancelled_for_the_same_call_deletes_a_record():
    path = "/contents/generations/tasks/cgt-20261101100000-ab1cd"
    assert _modelark.build_cancel(TICKET, "queued") == Call("DELETE", path)
    assert _modelark.build_cancel(TICKET, "running") is None


# errors


@pytest.mark.parametrize(
    "code, http, why",
    [
        ("MissingParameter", 400, Why.FORMAT),
        ("InvalidParameter", 400, Why.FORMAT),
        ("InvalidParameter.TaskTypeConstraint", 400, Why.FORMAT),
        ("InputTextSensitiveContentDetected", 400, Why.CONTENT_POLICY),
        ("InputImageSensitiveContentDetected.PolicyViolation", 400, Why.CONTENT_POLICY),
        ("InputAudioSensitiveContentDetected", 400, Why.CONTENT_POLICY),
        ("AuthenticationError", 401, Why.AUTH),
        ("AccessDenied", 403, Why.AUTH),
        ("AccountOverdueError", 403, Why.BILLING),
        ("InvalidEndpointOrModel.NotFound", 404, Why.MODEL_NOT_FOUND),
        ("ModelNotOpen", 404, Why.MODEL_NOT_FOUND),
        ("RateLimitExceeded.EndpointTPMExceeded", 429, Why.RATE_LIMIT),
        ("ModelAccountRpmRateLimitExceeded", 429, Why.RATE_LIMIT),
        ("QuotaExceeded", 429, Why.RATE_LIMIT),
        ("ServerOverloaded", 429, Why.RATE_LIMIT),
        ("InternalServiceError", 500, Why.SERVER_ERROR),
        ("SomethingNew", 403, Why.AUTH),
    ],
)
def test_the_code_table(code, http, why):
    refused = _modelark.parse_error(refusal(code, http, x_request_id="r1"))
    assert (refused.why, refused.code, refused.status) == (why, code, http)
    assert (refused.said, refused.request_id) == ("no. Request id: 0217", "r1")


@pytest.mark.parametrize(
    "code, http, word",
    [
        ("AuthenticationError", 401, "region"),
        ("ModelNotOpen", 404, "activate it in the ModelArk console"),
        ("InvalidEndpointOrModel.NotFound", 404, "not available to this account"),
        ("InputImageSensitiveContentDetected.PrivacyInformation", 400, "registered"),
        ("AccountOverdueError", 403, "unpaid"),
    ],
)
def test_a_code_with_a_way_out_says_it(code, http, word):
    assert word in _modelark.parse_error(refusal(code, http)).advice


def test_a_task_that_is_gone_says_nothing_about_its_model():
    path = "/contents/generations/tasks/cgt-1"
    refused = _modelark.parse_error(refusal("ResourceNotFound", 404, path=path))
    assert refused.why is Why.UNKNOWN
    assert "7 days" in refused.advice


@pytest.mark.parametrize("said", ["<html>", "[]", '{"error": "no"}', '{"error": null}'])
def test_an_error_of_another_shape_is_classed_by_its_status(said):
    refused = _modelark.parse_error(reply(said, 401))
    assert (refused.why, refused.code) == (Why.AUTH, "")


def test_modes():
    assert BYTEPLUS.caps.modes() == (Mode.GENERATE, Mode.IMAGE_TO_VIDEO)
