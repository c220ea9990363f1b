from dataclasses import replace

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import Plan, plan
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
    Fitted,
    Hosted,
    Inline,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import runway

PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
PICTURE = Link(url="https://example.com/a.png")
LAST = Link(url="https://example.com/last.png", role="last_frame")
CLIP = Link(url="https://example.com/in.mp4")
TICKET = runway.RunwayTicket(id="17f2", endpoint="text_to_video")
VERSION = {"X-Runway-Version": "2024-11-06"}
RETIRED = ("gen4_aleph", "gen3a_turbo", "veo3")


def job(model="gen4.5", **asked):
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    mode = Mode.VIDEO_TO_VIDEO if asked.get("videos") else mode
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, path="/v1/tasks/17f2"):
    return Reply(status, {}, body.encode(), path)


def body(asked):
    return runway.build_submit(runway.fit(asked).job).json


def planned(model, *, images=(), videos=(), **asked):
    request = Request(prompt="a heron", model=f"runway/{model}", **asked)
    return plan(request, Media(images=images, videos=videos), runway.PROVIDER, model)


# rows


def test_the_vendors_list_with_its_default_first():
    ids = [row.id for row in runway.PROVIDER.models]
    assert ids == [
        "gen4.5", "gen4_turbo", "gen4_aleph", "gen3a_turbo", "veo3.1", "veo3.1_fast", "veo3",
        "aleph2",
    ]  # fmt: skip


def test_withdrawn_models_stay_listed_and_say_so():
    rows = {row.id: row for row in runway.PROVIDER.models}
    assert {id for id, row in rows.items() if row.retires_on} == set(RETIRED)
    assert rows["gen4_aleph"].replaced_by == "aleph2"


@pytest.mark.parametrize(
    "model, mode",
    [
        ("gen4_turbo", Mode.GENERATE),
        ("gen3a_turbo", Mode.GENERATE),
        ("gen4_aleph", Mode.IMAGE_TO_VIDEO),
        ("aleph2", Mode.GENERATE),
    ],
)
def test_each_model_has_modes_of_its_own(model, mode):
    assert mode not in runway.PROVIDER.model(model).modes


def test_the_error_for_a_wrong_video_model_names_gen4_aleph_first_and_aleph2_second():
    assert planned("gen4.5", videos=(CLIP,)) == Skip(
        "runway/gen4.5 does not make video-to-video; it has text-to-video, image-to-video; "
        "gen4_aleph or aleph2 of runway can",
        "references",
    )


def test_the_task_may_take_ten_minutes_and_is_asked_after_every_five_seconds_at_most():
    assert (runway.PROVIDER.deadline_seconds, runway.PROVIDER.poll_seconds) == (600, 5)


# shape, length, sound


@pytest.mark.parametrize(
    "ratio, pixels",
    [
        (None, "1280:720"),
        ("16:9", "1280:720"),
        ("9:16", "720:1280"),
        ("1:1", "960:960"),
        ("4:3", "1104:832"),
        ("3:4", "832:1104"),
        ("21:9", "1584:672"),
    ],
)
def test_a_ratio_is_sent_as_pixels_with_a_colon(ratio, pixels):
    assert body(job(images=(PICTURE,), aspect_ratio=ratio))["ratio"] == pixels
    assert body(job("gen4_aleph", videos=(CLIP,), aspect_ratio=ratio))["ratio"] == pixels


def test_from_text_there_are_two_shapes():
    assert planned("gen4.5", aspect_ratio="1:1").job.aspect_ratio == "16:9"
    assert planned("gen4.5", size="720x1280").job.aspect_ratio == "9:16"


def test_veo_has_two_shapes_with_an_image_too_and_the_change_is_told():
    found = planned("veo3.1", images=(PICTURE,), aspect_ratio="4:3")
    assert found.job.aspect_ratio == "16:9"
    assert found.changes[0].setting == "aspect_ratio"


@pytest.mark.parametrize("model", ["veo3.1", "veo3.1_fast", "veo3"])
def test_veo_makes_1080p_in_its_two_shapes(model):
    assert planned(model, resolution="4K").job.resolution is None
    asked = job(model, aspect_ratio="9:16", resolution="1080P")
    assert body(asked)["ratio"] == "1080:1920"
    assert body(replace(asked, aspect_ratio=None))["ratio"] == "1920:1080"
    assert body(replace(asked, resolution="720P"))["ratio"] == "720:1280"


def test_other_models_have_no_resolution():
    assert planned("gen4.5", resolution="1080P").ignored[0].setting == "resolution"


def test_gen3a_turbo_has_pixels_of_its_own():
    assert body(job("gen3a_turbo", images=(PICTURE,)))["ratio"] == "1280:768"
    assert body(job("gen3a_turbo", images=(PICTURE,), aspect_ratio="9:16"))["ratio"] == "768:1280"


@pytest.mark.parametrize(
    "model, asked, sent",
    [
        ("gen4.5", None, 5),
        ("gen4.5", 1, 2),
        ("gen4.5", 10, 10),
        ("veo3.1", None, 8),
        ("veo3.1", 5, 6),
        ("veo3.1_fast", 7, 8),
        ("veo3.1", 30, 8),
        ("veo3", 4, 8),
    ],
)
def test_a_length_is_always_sent_and_is_one_that_the_model_makes(model, asked, sent):
    found = planned(model, duration_seconds=asked)
    assert runway.build_submit(found.job).json["duration"] == sent
    assert bool(found.changes) is (asked is not None and asked != sent)


def test_gen3a_turbo_makes_5_or_10_seconds():
    found = planned("gen3a_turbo", images=(PICTURE,), duration_seconds=8)
    assert found.job.duration_seconds == 10


def test_over_ten_seconds_the_gen4_models_are_skipped():
    assert "at most 10 seconds" in planned("gen4.5", duration_seconds=12).reason


def test_one_second_becomes_two_and_that_is_told():
    change = Change(
        setting="duration_seconds", requested=1, applied=2, why="makes 2 seconds or more"
    )
    assert runway.fit(job(duration_seconds=1)).changes == (change,)


def test_a_video_keeps_its_length_and_that_is_told():
    fitted = runway.fit(job("aleph2", videos=(CLIP,), duration_seconds=5))
    assert "duration" not in runway.build_submit(fitted.job).json
    assert fitted.ignored[0].setting == "duration_seconds"


def test_sound_is_a_switch_on_veo_alone():
    assert body(job("veo3.1", audio=False))["audio"] is False
    assert "audio" not in body(job("veo3.1"))
    assert planned("gen4.5", audio=True).ignored[0].setting == "audio"
    veo3 = overlay(runway.PROVIDER.caps, runway.PROVIDER.model("veo3").caps).generate
    assert veo3.supports_audio is False


@pytest.mark.parametrize(
    "model, units, fits",
    [
        ("gen4.5", 1000, True),
        ("gen4.5", 1001, False),
        ("veo3.1", 1001, False),
        ("aleph2", 1001, True),
    ],
)
def test_a_prompt_has_a_thousand_utf16_units(model, units, fits):
    videos = (CLIP,) if model == "aleph2" else ()
    asked = replace(job(model, videos=videos), prompt="🦞" * (units // 2) + "x" * (units % 2))
    assert isinstance(runway.fit(asked), Fitted) is fits


# images


@pytest.mark.parametrize("role", [None, "first_frame"])
def test_one_image_is_a_string(role):
    assert body(job(images=(replace(PICTURE, role=role),)))["promptImage"] == PICTURE.url
    assert body(job("gen4_turbo", images=(PNG,)))["promptImage"] == Inline(PNG)


def test_a_reference_image_becomes_the_first_frame_and_that_is_noted():
    fitted = runway.fit(job(images=(replace(PICTURE, role="reference_image"),)))
    assert fitted.notes == ("the reference_image is sent as the first frame",)


def test_veo_takes_a_first_and_a_last_frame_in_any_order():
    found = planned("veo3.1_fast", images=(LAST, PICTURE))
    assert isinstance(found, Plan)
    assert runway.build_submit(found.job).json["promptImage"] == [
        {"uri": PICTURE.url, "position": "first"},
        {"uri": LAST.url, "position": "last"},
    ]


@pytest.mark.parametrize(
    "model, images, words",
    [
        ("veo3.1", (LAST,), "only together with a first_frame"),
        ("veo3.1", (PICTURE, PICTURE), "only as one first_frame and one last_frame"),
        ("gen4.5", (LAST,), "veo3.1 and veo3.1_fast have"),
        ("gen3a_turbo", (LAST,), "has no last frame"),
    ],
)
def test_frames_that_cannot_be_sent_skip_the_model(model, images, words):
    assert words in runway.fit(job(model, images=images)).reason


def test_a_second_image_skips_the_other_models():
    assert "at most 1 reference image" in planned("gen4.5", images=(PICTURE, LAST)).reason


def test_images_and_videos_do_not_go_together():
    assert isinstance(planned("aleph2", images=(PICTURE,), videos=(CLIP,)), Skip)


def test_a_gif_is_refused_before_it_is_sent():
    gif = replace(PNG, media_type="image/gif", name="a.gif")
    assert runway.fit(job(images=(gif,))) == Skip("takes JPEG, PNG and WebP; a.gif is image/gif")


def test_a_file_over_200_mb_is_refused_before_it_is_sent():
    film = Blob(media_type="video/mp4", name="in.mp4", size=200_000_001, path="in.mp4")
    assert "200 MB" in runway.fit(job("aleph2", videos=(film,))).reason


@pytest.mark.parametrize(
    "url, taken",
    [
        ("https://media.example.org/a.png", True),
        ("http://media.example.org/a.png", False),
        ("https://192.0.2.7/a.png", False),
        ("https://[2001:db8::1]/a.png", False),
        ("https://localhost/a.png", False),
        (f"https://media.example.org/{'a' * 2048}", False),
    ],
)
def test_addresses_that_runway_does_not_fetch_are_fetched_here(url, taken):
    assert runway.PROVIDER.takes_url(url) is taken


# videos


def test_the_withdrawn_video_model_gets_its_body_with_a_ratio():
    assert runway.build_submit(job("gen4_aleph", videos=(CLIP,))) == Call(
        "POST",
        "/v1/video_to_video",
        json={
            "model": "gen4_aleph",
            "promptText": "a heron",
            "videoUri": CLIP.url,
            "ratio": "1280:720",
        },
        headers=VERSION,
    )
    assert "first 5 s" in runway.fit(job("gen4_aleph", videos=(CLIP,))).notes[0]


def test_aleph2_gets_no_ratio_but_a_target_when_one_is_asked_for():
    plain = {"model": "aleph2", "promptText": "a heron", "videoUri": CLIP.url}
    assert body(job("aleph2", videos=(CLIP,))) == plain
    asked = job("aleph2", videos=(CLIP,), aspect_ratio="2:3")
    assert body(asked) == {**plain, "targetAspectRatio": "2:3"}


def test_aleph2_expands_to_shapes_that_nothing_else_has():
    assert planned("aleph2", videos=(CLIP,), aspect_ratio="3:2").job.aspect_ratio == "3:2"


# options, other models


@pytest.mark.parametrize(
    "model, name, value",
    [
        ("gen4.5", "seed", 7),
        ("gen4.5", "contentModeration", {"publicFigureThreshold": "low"}),
        ("gen4.5", "outputFormat", "prores"),
        ("gen4.5", "proresProfile", "422"),
        ("veo3.1", "negativePrompt", "rain"),
        ("veo3.1_fast", "seed", 7),
    ],
)
def test_an_option_that_the_model_lists_goes_through(model, name, value):
    assert body(job(model, provider_options={name: value}))[name] == value


def test_keyframes_go_through_as_they_are():
    keyframes = [
        {"uri": PICTURE.url, "seconds": 1.5, "range": {"start_seconds": 1, "end_seconds": 3}}
    ]
    asked = job("aleph2", videos=(CLIP,), provider_options={"keyframes": keyframes})
    assert body(asked)["keyframes"] == keyframes


@pytest.mark.parametrize(
    "model, name, value, words",
    [
        ("gen4.5", "negativePrompt", "rain", "the model has no such option"),
        ("veo3", "contentModeration", {}, "the model has no such option"),
        ("gen4.5", "cfg", 1, "Runway takes only seed, contentModeration"),
        ("gen4.5", "outputFormat", "png_sequence", "an archive of pictures"),
    ],
)
def test_an_option_that_is_not_listed_is_left_out_and_told(model, name, value, words):
    fitted = runway.fit(job(model, provider_options={name: value}))
    assert fitted.job.provider_options == {}
    (ignored,) = fitted.ignored
    assert (ignored.setting, ignored.value) == (f"provider_options.{name}", value)
    assert words in ignored.why


def test_a_parameter_wins_over_an_option_for_the_same_field():
    asked = job(
        "aleph2",
        videos=(CLIP,),
        aspect_ratio="1:1",
        provider_options={"targetAspectRatio": "16:9"},
    )
    assert runway.fit(asked).ignored == (
        Ignored(
            setting="provider_options.targetAspectRatio",
            value="16:9",
            why="the aspect ratio already decides it",
        ),
    )
    assert body(asked)["targetAspectRatio"] == "1:1"


def test_models_with_fields_of_their_own_are_not_sent_the_wrong_ones():
    assert "fields of its own" in planned("seedance2").reason


def test_an_unknown_model_is_passed_on_with_a_word_about_it():
    found = planned("gen6", provider_options={"seed": 1})
    assert found.notes == ("gen6 is not known here: it is sent what gen4.5 takes",)
    assert runway.build_submit(found.job).json["model"] == "gen6"
    assert runway.build_submit(found.job).json["seed"] == 1
    assert "aleph2" in planned("aleph9", videos=(CLIP,)).notes[0]


# uploads


LARGE = Blob(media_type="image/png", name="a.png", size=3_750_000, path="a.png")
STARTED = (
    '{"uploadUrl": "https://storage.example.net/b", "runwayUri": "runway://upload/5f1c",'
    ' "fields": {"policy": "p", "key": "k", "x-amz-signature": "s"}}'
)


@pytest.mark.parametrize("size, uploaded", [(3_749_982, False), (3_749_985, True)])
def test_a_data_uri_has_five_million_characters_and_what_is_longer_is_uploaded(size, uploaded):
    asked = job(images=(replace(LARGE, size=size),))
    assert isinstance(runway.prepare(asked), Before) is uploaded
    assert uploaded or runway.prepare(asked) == asked


def test_an_upload_is_asked_for_with_the_key_and_sent_without():
    first = runway.prepare(job(images=(LARGE,)))
    asks = {"filename": "a.png", "type": "ephemeral"}
    assert first.call == Call("POST", "/v1/uploads", json=asks, headers=VERSION)
    second = first.read(reply(STARTED))
    form = {"policy": "p", "key": "k", "x-amz-signature": "s", "file": LARGE}
    assert second.call == Call("POST", "https://storage.example.net/b", form=form, keyed=False)
    assert list(second.call.form) == ["policy", "key", "x-amz-signature", "file"]


def test_the_job_then_names_the_upload_in_the_place_of_the_file():
    last = replace(LARGE, name="b.png", role="last_frame")
    step = runway.prepare(job("veo3.1", images=(LARGE, last)))
    for _ in range(2):
        step = step.read(reply(STARTED)).read(reply(""))
    assert runway.build_submit(step).json["promptImage"] == [
        {"uri": "runway://upload/5f1c", "position": "first"},
        {"uri": "runway://upload/5f1c", "position": "last"},
    ]


# submit and poll


def test_every_call_names_the_version():
    calls = [
        runway.build_submit(job()),
        runway.build_status(TICKET),
        runway.build_cancel(TICKET, "running"),
    ]
    assert all(call.headers == VERSION for call in calls)


def test_the_estimate_is_told():
    said = '{"id": "17f2", "estimatedCost": {"credits": 60}}'
    step = runway.parse_submit(reply(said, path="/v1/text_to_video"))
    assert (step.ticket, step.state) == (TICKET, "queued")
    assert step.note == "about 60 credits ($0.60)"


@pytest.mark.parametrize("said", ["{}", '{"id": ""}'])
def test_a_submission_without_an_id_is_malformed(said):
    with pytest.raises(Malformed, match="no id"):
        runway.parse_submit(reply(said))


def test_polls_are_never_closer_than_5_seconds_and_each_task_has_a_rhythm_of_its_own():
    rhythms = set()
    for number in range(100):
        ticket = runway.RunwayTicket(id=f"task-{number}")
        step = runway.parse_status(ticket, reply('{"status": "PENDING"}'))
        assert 5 <= step.poll_seconds < 6
        rhythms.add(step.poll_seconds)
    assert len(rhythms) > 50


@pytest.mark.parametrize(
    "said, state, fraction",
    [
        ('{"status": "PENDING"}', "queued", None),
        ('{"status": "THROTTLED"}', "queued", None),
        ('{"status": "RUNNING", "progress": 0.42}', "running", 0.42),
        ('{"status": "RUNNING"}', "running", None),
        ('{"status": "RUNNING", "progress": 1.7}', "running", 1.0),
    ],
)
def test_waiting_words(said, state, fraction):
    step = runway.parse_status(TICKET, reply(said))
    assert (step.state, step.fraction, step.odd) == (state, fraction, False)


def test_throttled_is_the_accounts_own_limit_and_no_error():
    assert "limit" in runway.parse_status(TICKET, reply('{"status": "THROTTLED"}')).note


def test_an_unknown_word_waits_on_at_the_same_pace():
    step = runway.parse_status(TICKET, reply('{"status": "Napping"}'))
    assert isinstance(step, Wait)
    assert step.odd
    assert step.poll_seconds >= 5
    assert "Napping" in step.note


def test_a_missing_status_is_malformed():
    with pytest.raises(Malformed, match="no status"):
        runway.parse_status(TICKET, reply("{}"))


def test_a_finished_task_has_addresses_that_want_no_key():
    said = (
        '{"id": "17f2", "status": "SUCCEEDED", "cost": {"credits": 60},'
        ' "output": ["https://cdn.example.net/o.mp4?_jwt=x", " "]}'
    )
    about = {
        "taskId": "17f2",
        "status": "SUCCEEDED",
        "endpoint": "text_to_video",
        "credits": 60,
    }
    hosted = Hosted("https://cdn.example.net/o.mp4?_jwt=x")
    assert runway.parse_status(TICKET, reply(said)) == Done((hosted,), about)


@pytest.mark.parametrize("output", ["", ', "output": []', ', "output": [""]', ', "output": null'])
def test_success_without_an_address_is_malformed(output):
    with pytest.raises(Malformed, match="no output"):
        runway.parse_status(TICKET, reply(f'{{"status": "SUCCEEDED"{output}}}'))


@pytest.mark.parametrize("word", ["CANCELLED", "CANCELED"])
def test_a_cancelled_task_has_ended_in_both_spellings(word):
    step = runway.parse_status(TICKET, reply(f'{{"status": "{word}"}}'))
    assert step == Refused(Why.UNKNOWN, "the task was cancelled", word)


@pytest.mark.parametrize(
    "code, why",
    [
        ("SAFETY.INPUT.TEXT", Why.CONTENT_POLICY),
        ("SAFETY.OUTPUT.VIDEO", Why.CONTENT_POLICY),
        ("INPUT_PREPROCESSING.SAFETY.TEXT", Why.CONTENT_POLICY),
        ("INPUT_PREPROCESSING.SAFETY.THIRD_PARTY", Why.CONTENT_POLICY),
        ("INPUT_PREPROCESSING.INTERNAL", Why.SERVER_ERROR),
        ("INTERNAL.BAD_OUTPUT.CODE01", Why.SERVER_ERROR),
        ("INTERNAL", Why.SERVER_ERROR),
        ("ASSET.INVALID", Why.FORMAT),
        ("THIRD_PARTY.UNAVAILABLE", Why.SERVER_ERROR),
        ("THIRD_PARTY.INPUT_VALIDATION", Why.FORMAT),
        ("NEW.CODE", Why.UNKNOWN),
    ],
)
def test_the_beginning_of_a_failure_code_decides(code, why):
    said = f'{{"status": "FAILED", "failure": "It did not work.", "failureCode": "{code}"}}'
    step = runway.parse_status(TICKET, reply(said))
    assert (step.why, step.said, step.code) == (why, "It did not work.", code)


def test_a_refused_input_is_not_refunded_and_that_is_said():
    said = '{"status": "FAILED", "failure": "x", "failureCode": "SAFETY.INPUT.TEXT"}'
    assert "no credits back" in runway.parse_status(TICKET, reply(said)).advice


@pytest.mark.parametrize(
    "failure, text",
    [
        ('"moderation said no"', "moderation said no"),
        ('{"message": "boom"}', "boom"),
        ("null", "the task failed; Runway gave no reason"),
        ("{}", "the task failed; Runway gave no reason"),
    ],
)
def test_a_failure_is_a_text_or_an_object(failure, text):
    step = runway.parse_status(TICKET, reply(f'{{"status": "FAILED", "failure": {failure}}}'))
    assert step.said == text


def test_a_task_under_way_is_cancelled_by_deleting_it():
    call = Call("DELETE", "/v1/tasks/17f2", headers=VERSION)
    assert runway.build_cancel(TICKET, "queued") == call
    assert runway.build_status(runway.RunwayTicket(id="a/b")).path == "/v1/tasks/a%2Fb"


# errors


def test_what_is_wrong_with_a_body_is_listed():
    said = (
        '{"error": "Validation of body failed", "issues": ['
        '{"code": "invalid_value", "path": ["ratio"], "message": "Invalid option"},'
        '{"path": [], "message": "Unrecognized key"}]}'
    )
    refused = runway.parse_error(reply(said, 400, "/v1/text_to_video"))
    text = "Validation of body failed: ratio: Invalid option; Unrecognized key"
    assert refused == Refused(Why.FORMAT, text, status=400)


def test_a_refused_key_may_be_of_the_other_product():
    refused = runway.parse_error(reply('{"error": "no"}', 401))
    assert refused.why is Why.AUTH
    assert "https://api.dev.runwayml.com" in refused.advice


def test_a_task_that_is_gone_is_no_missing_model():
    assert runway.parse_error(reply('{"error": "x"}', 404)).why is Why.UNKNOWN
    missing = runway.parse_error(reply('{"error": "x"}', 404, "/v1/text_to_video"))
    assert missing.why is Why.MODEL_NOT_FOUND


@pytest.mark.parametrize("said", ["<html>", "", "[]", '{"issues": 7}'])
def test_an_error_of_another_shape_is_quoted(said):
    refused = runway.parse_error(reply(said, 502))
    assert refused.why is Why.SERVER_ERROR
    assert refused.said
