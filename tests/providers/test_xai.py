import json
from dataclasses import replace

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import (
    Blob,
    Change,
    Ignored,
    Job,
    Link,
    Media,
    Mode,
    Request,
    Why,
)
from openclaw_nb.core.plan import Plan, plan
from openclaw_nb.core.wire import (
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
from openclaw_nb.providers import xai

CLASSIC, NEW = "grok-imagine-video", "grok-imagine-video-1.5"
PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
CLIP = Link(url="https://example.com/a.mp4")
TICKET = xai.XAITicket(request_id="r1")
FAILED = {"code": "internal_error", "message": "boom"}


def link(name="a", role=None):
    return Link(url=f"https://example.com/{name}.png", role=role)


def references(count):
    return tuple(link(str(n), "reference_image") for n in range(count))


def job(model=CLASSIC, **asked):
    mode = Mode.GENERATE
    if asked.get("images"):
        mode = Mode.IMAGE_TO_VIDEO
    if asked.get("videos"):
        mode = Mode.VIDEO_TO_VIDEO
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def body(asked):
    return xai.build_submit(asked).json


def planned(model=CLASSIC, media=None, **asked):
    request = Request(prompt="a heron", **asked)
    return plan(request, media or Media(), xai.PROVIDER, model)


def reply(said, status=200, **headers):
    said = said if isinstance(said, str) else json.dumps(said)
    return Reply(status, headers, said.encode(), "/videos", "https://api.x.ai/v1")


def caps(model, mode=Mode.GENERATE):
    return overlay(xai.CAPS, xai.PROVIDER.model(model).caps).block(mode)


# rows


def test_the_alias_of_the_original_product_is_known():
    assert xai.PROVIDER.aliases == ("x-ai",)


def test_every_mode_of_classic_is_declared():
    assert xai.CAPS.modes() == (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
    assert caps(CLASSIC).resolutions == ("480P", "720P")
    assert caps(CLASSIC).supports_audio is False
    assert caps(CLASSIC, Mode.IMAGE_TO_VIDEO).max_input_images == 7


@pytest.mark.parametrize("suffix", ["", "-preview", "-2026-05-30"])
def test_1_5_makes_text_and_references_too_and_1080p_and_sound(suffix):
    for mode in (Mode.GENERATE, Mode.IMAGE_TO_VIDEO):
        block = caps(f"{NEW}{suffix}", mode)
        assert block.resolutions == ("480P", "720P", "1080P")
        assert block.supports_audio is True
    assert xai.PROVIDER.model(f"{NEW}{suffix}").modes is None


def test_lite_ends_at_720p_and_beta_is_classic():
    assert caps(f"{NEW}-lite").resolutions == ("480P", "720P")
    assert xai.PROVIDER.model(f"{CLASSIC}-beta").replaced_by == CLASSIC


def test_1080p_becomes_720p_on_classic_and_4k_is_left_out():
    assert planned(resolution="1080P").job.resolution == "720P"
    assert planned(resolution="4K").ignored[0].setting == "resolution"


def test_a_length_over_15_s_skips_the_model():
    assert "15 seconds" in planned(duration_seconds=16).reason
    assert planned(duration_seconds=15).job.duration_seconds == 15


def test_a_video_takes_no_style():
    found = planned(
        media=Media(videos=(CLIP,)),
        aspect_ratio="16:9",
        resolution="720P",
        size="1280x720",
        audio=True,
        watermark=False,
    )
    assert {entry.setting for entry in found.ignored} == {
        "size", "aspect_ratio", "resolution", "audio", "watermark",
    }  # fmt: skip
    assert set(body(found.job)) == {"model", "prompt", "video"}


def test_a_size_becomes_a_ratio():
    assert body(planned(size="720x1280").job)["aspect_ratio"] == "9:16"


# fit


def test_a_local_video_is_refused_with_two_ways_out():
    clip = Blob(media_type="video/mp4", name="a.mp4", size=3, data=b"mp4")
    skip = planned(media=Media(videos=(clip,)))
    assert "remote MP4 URL" in skip.reason
    assert "https address" in skip.reason
    assert "openai" in skip.reason


@pytest.mark.parametrize(
    "model, images, said",
    [
        (CLASSIC, (link("a"), link("b")), "reference_image"),
        (NEW, (link("a"), link("b")), "reference_image"),
        (CLASSIC, (*references(1), link("b")), "no other role"),
        (CLASSIC, (*references(1), link("b", "first_frame")), "no other role"),
        (CLASSIC, (link("a", "last_frame"),), f"no last frame; {NEW} has"),
        (CLASSIC, (link("a"), link("b", "last_frame")), "no last frame"),
        (NEW, (link("a", "last_frame"), link("b", "last_frame")), "first frame"),
    ],
)
def test_roles_that_do_not_go_together(model, images, said):
    skip = xai.fit(job(model, images=images))
    assert isinstance(skip, Skip)
    assert said in skip.reason


def test_seven_references_are_the_most():
    assert isinstance(planned(media=Media(images=references(7))), Plan)
    assert "at most 7" in planned(media=Media(images=references(8))).reason


def test_images_and_a_video_do_not_go_together():
    assert isinstance(planned(media=Media(images=(link(),), videos=(CLIP,))), Skip)


def test_references_make_at_most_10_s_and_720p():
    asked = job(NEW, images=references(2), duration_seconds=12, resolution="1080P")
    fitted = xai.fit(asked)
    assert fitted.changes == (
        Change(
            setting="duration_seconds",
            requested=12,
            applied=10,
            why="at most 10 s are made from reference images",
        ),
        Change(
            setting="resolution",
            requested="1080P",
            applied="720P",
            why="at most 720P is made from reference images",
        ),
    )
    assert (body(fitted.job)["duration"], body(fitted.job)["resolution"]) == (10, "720p")


def test_a_frame_is_not_held_to_the_limits_of_references():
    asked = job(NEW, images=(link(),), duration_seconds=12, resolution="1080P")
    assert xai.fit(asked) == Fitted(asked)


def test_a_ratio_with_a_first_frame_is_noted():
    assert "stretches" in xai.fit(job(images=(link(),), aspect_ratio="16:9")).notes[0]
    assert xai.fit(job(images=references(1), aspect_ratio="16:9")).notes == ()


STORAGE = {"filename": "o.mp4"}
KEYFRAMES = [{"image": {"url": "https://example.com/k.png"}, "timestamp_s": 2}]
VOICES = [{"voice_id": "eve"}]


@pytest.mark.parametrize(
    "asked, name, value",
    [
        (job(), "storage_options", STORAGE),
        (job(videos=(CLIP,), duration_seconds=5), "storage_options", STORAGE),
        (job(), "user", "u1"),
        (job(videos=(CLIP,)), "user", "u1"),
        (job(NEW), "keyframes", KEYFRAMES),
        (job(NEW, images=(link(),)), "keyframes", KEYFRAMES),
        (job(images=references(1)), "reference_audios", VOICES),
    ],
)
def test_options_of_the_wire_go_through(asked, name, value):
    fitted = xai.fit(replace(asked, provider_options={name: value}))
    assert fitted.ignored == ()
    assert body(fitted.job)[name] == value


@pytest.mark.parametrize(
    "asked, name, value, why",
    [
        (job(), "seed", 7, "takes only"),
        (job(), "model", "x", "takes only"),
        (job(), "storage_options", "o.mp4", "must be an object"),
        (job(), "user", 1, "must be a text"),
        (job(videos=(CLIP,), duration_seconds=5), "user", "u1", "extension"),
        (job(), "keyframes", KEYFRAMES, NEW),
        (job(NEW, images=references(1)), "keyframes", KEYFRAMES, NEW),
        (job(NEW), "keyframes", KEYFRAMES * 5, "1 to 4"),
        (job(NEW), "keyframes", "k", "1 to 4"),
        (job(NEW), "reference_audios", VOICES, "reference images"),
        (job(images=references(1)), "reference_audios", VOICES * 4, "1 to 3"),
    ],
)
def test_other_options_are_left_out_and_reported(asked, name, value, why):
    fitted = xai.fit(replace(asked, provider_options={name: value}))
    (ignored,) = fitted.ignored
    assert ignored == Ignored(setting=f"provider_options.{name}", value=value, why=ignored.why)
    assert why in ignored.why
    assert fitted.job.provider_options == {}


# submit


def test_text_is_sent_with_the_services_own_defaults():
    assert xai.build_submit(job()) == Call(
        "POST",
        "/videos/generations",
        json={
            "model": CLASSIC,
            "prompt": "a heron",
            "duration": 8,
            "resolution": "480p",
            "aspect_ratio": "16:9",
        },
    )


def test_a_frame_decides_the_shape_unless_a_ratio_is_asked():
    sent = body(job(images=(link(),)))
    assert sent["image"] == {"url": "https://example.com/a.png"}
    assert "aspect_ratio" not in sent
    assert body(job(images=(link(),), aspect_ratio="1:1"))["aspect_ratio"] == "1:1"


def test_a_local_image_goes_inline():
    assert body(job(images=(PNG,)))["image"] == {"url": Inline(PNG)}


def test_references_are_a_list_of_their_own():
    sent = body(job(images=references(2), duration_seconds=8))
    assert sent["reference_images"] == [
        {"url": "https://example.com/0.png"},
        {"url": "https://example.com/1.png"},
    ]
    assert sent["aspect_ratio"] == "16:9"
    assert "image" not in sent


def test_1_5_takes_first_and_last_frame_in_any_order_and_a_last_one_alone():
    images = (link("l", "last_frame"), link("f"))
    assert isinstance(xai.fit(job(NEW, images=images)), Fitted)
    sent = body(job(NEW, images=images))
    assert sent["image"]["url"].endswith("f.png")
    assert sent["last_frame"]["url"].endswith("l.png")
    assert isinstance(xai.fit(job(NEW, images=images[:1])), Fitted)


def test_sound_is_switched_only_when_asked():
    assert "generate_audio" not in body(job(NEW))
    assert body(job(NEW, audio=False))["generate_audio"] is False


def test_a_video_without_a_length_is_edited_and_with_one_extended():
    edit = xai.build_submit(job(videos=(CLIP,)))
    assert edit.path == "/videos/edits"
    assert edit.json == {"model": CLASSIC, "prompt": "a heron", "video": {"url": CLIP.url}}
    longer = xai.build_submit(job(videos=(CLIP,), duration_seconds=6))
    assert (longer.path, longer.json["duration"]) == ("/videos/extensions", 6)


def test_an_extension_is_at_most_10_s():
    assert "10 seconds" in planned(media=Media(videos=(CLIP,)), duration_seconds=11).reason


@pytest.mark.parametrize("model", [f"{NEW}-preview", f"{CLASSIC}-beta", "grok-imagine-video-2"])
def test_a_model_id_is_passed_on_unchanged(model):
    assert body(planned(model).job)["model"] == model


def test_a_submission_carries_a_header_of_its_own():
    assert xai.PROVIDER.once_header == "x-idempotency-key"


def test_a_request_id_is_the_ticket():
    assert xai.parse_submit(reply({"request_id": "r1"})) == Wait(TICKET, "queued")
    with pytest.raises(Malformed, match="request_id"):
        xai.parse_submit(reply("{}"))


@pytest.mark.parametrize(
    "error", [{"message": "rejected by content moderation"}, "rejected by content moderation"]
)
def test_a_200_may_hide_a_refusal(error):
    refused = xai.parse_submit(reply({"error": error}))
    assert (refused.why, refused.said) == (Why.CONTENT_POLICY, "rejected by content moderation")


# waiting


@pytest.mark.parametrize("said", ["", "   ", "<html>", "{}"])
def test_202_means_wait_whatever_it_says(said):
    assert xai.parse_status(TICKET, reply(said, 202)) == Wait(TICKET)


def test_without_202_an_empty_answer_is_malformed():
    with pytest.raises(Malformed):
        xai.parse_status(TICKET, reply(""))


@pytest.mark.parametrize(
    "said, step",
    [
        ({"status": "pending", "progress": 40}, Wait(TICKET, fraction=0.4)),
        ({"status": "queued"}, Wait(TICKET, "queued")),
        ({"status": "submitted"}, Wait(TICKET, "queued")),
        ({"status": "Processing", "progress": 140}, Wait(TICKET, fraction=1.0)),
        ({"status": "in_progress"}, Wait(TICKET)),
        ({"progress": 1}, Wait(TICKET, fraction=0.01)),
    ],
)
def test_waiting_words_and_progress_of_100(said, step):
    assert xai.parse_status(TICKET, reply(said)) == step


def test_an_unknown_word_waits_on_and_is_said():
    assert xai.parse_status(TICKET, reply({"status": "napping"})).odd


DONE = {
    "status": "done",
    "model": CLASSIC,
    "progress": 100,
    "video": {"url": "https://vidgen.example/clip.mp4", "duration": 6, "respect_moderation": True},
    "usage": {"cost_in_usd_ticks": 4_200_000_000},
}


def test_a_result_is_fetched_without_the_key_and_ticks_are_dollars():
    about = {"requestId": "r1", "durationSeconds": 6, "costUsd": 0.42}
    hosted = Hosted("https://vidgen.example/clip.mp4", keyed=False)
    assert xai.parse_status(TICKET, reply(DONE)) == Done((hosted,), about, CLASSIC)


def test_a_result_needs_no_status_word():
    said = {name: value for name, value in DONE.items() if name != "status"}
    assert isinstance(xai.parse_status(TICKET, reply(said)), Done)


def test_a_stored_file_is_another_address():
    file = {"file_id": "f", "filename": "o.mp4", "public_url": "https://files.example/o.mp4"}
    said = DONE | {"video": {"url": None, "file_output": file}}
    assert xai.parse_status(TICKET, reply(said)).outputs == (Hosted("https://files.example/o.mp4"),)


def test_what_moderation_holds_back_is_refused_and_said_to_be_billed():
    said = DONE | {"video": {"url": "", "respect_moderation": False}}
    refused = xai.parse_status(TICKET, reply(said))
    assert (refused.why, refused.request_id) == (Why.CONTENT_POLICY, "r1")
    assert "bills" in refused.advice


@pytest.mark.parametrize("video", [None, {}, {"url": ""}])
def test_done_without_an_address_has_failed(video):
    refused = xai.parse_status(TICKET, reply(DONE | {"video": video}))
    assert isinstance(refused, Refused)
    assert "no video URL" in refused.said


@pytest.mark.parametrize("word", ["failed", "error"])
def test_a_failure_keeps_the_vendors_sentence_and_code(word):
    said = reply({"status": word, "error": FAILED})
    refused = Refused(Why.SERVER_ERROR, "boom", "internal_error", request_id="r1")
    assert xai.parse_status(TICKET, said) == refused


def test_words_say_more_than_a_code():
    error = {"code": "invalid_argument", "message": "violates our policy"}
    step = xai.parse_status(TICKET, reply({"status": "failed", "error": error}))
    assert (step.why, step.code) == (Why.CONTENT_POLICY, "invalid_argument")


@pytest.mark.parametrize("word", ["expired", "cancelled", "canceled", "failed"])
def test_an_end_without_a_reason_gets_one(word):
    step = xai.parse_status(TICKET, reply({"status": word}))
    assert step.said == f"the job ended as {word}, without a reason"


def test_an_error_without_a_status_ends_the_job():
    assert isinstance(xai.parse_status(TICKET, reply({"error": "gone"})), Refused)


# errors


@pytest.mark.parametrize(
    "said, status, why, text, code",
    [
        ({"error": {"message": "no 1080p", "code": "c1"}}, 400, Why.FORMAT, "no 1080p", "c1"),
        ({"code": "c2", "error": "no 1080p"}, 400, Why.FORMAT, "no 1080p", "c2"),
        ({"error": "no 1080p"}, 400, Why.FORMAT, "no 1080p", ""),
        ({"error": "Incorrect API key provided"}, 400, Why.AUTH, "Incorrect API key provided", ""),
        ({"error": "no"}, 403, Why.AUTH, "no", ""),
        ({"error": "blocked by moderation"}, 400, Why.CONTENT_POLICY, "blocked by moderation", ""),
        ({"error": "slow down"}, 429, Why.RATE_LIMIT, "slow down", ""),
        ("<html>", 502, Why.SERVER_ERROR, "<html>", ""),
    ],
)
def test_an_error_has_three_shapes(said, status, why, text, code):
    assert xai.parse_error(reply(said, status)) == Refused(why, text, code, status)
