from dataclasses import replace
from datetime import date

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Ignored, Job, Link, Mode, Why
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    Fitted,
    Hosted,
    Inline,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import _fal_queue as queue
from openclaw_nb.providers import fal

LIVE = "fal-ai/minimax/video-01-live"
KLING = "fal-ai/kling-video/v2.1/master"
WAN = "fal-ai/wan/v2.2-a14b"
SEEDANCE = "bytedance/seedance-2.0"
REFERENCE = f"{SEEDANCE}/reference-to-video"
HEYGEN = "fal-ai/heygen/v2/video-agent"
STRANGE = "fal-ai/kling-video/v3/pro/image-to-video"

PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
PICTURE = Link(url="https://example.com/a.png")
FIRST = Link(url="https://example.com/first.png", role="first_frame")
LAST = Link(url="https://example.com/last.png", role="last_frame")
CLIP = Link(url="https://example.com/a.mp4")
SONG = Link(url="https://example.com/a.mp3")

JOB = "https://queue.fal.run/fal-ai/minimax/requests/r1"
TICKET = queue.FalTicket(
    request_id="r1", status_url=f"{JOB}/status", response_url=JOB, cancel_url=f"{JOB}/cancel"
)


def job(model, **asked):
    mode = Mode.GENERATE
    if asked.get("images"):
        mode = Mode.IMAGE_TO_VIDEO
    if asked.get("videos"):
        mode = Mode.VIDEO_TO_VIDEO
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, path="", **headers):
    return Reply(status, headers, body.encode(), path)


def body(model, **asked):
    fitted = fal.fit(job(model, **asked))
    assert isinstance(fitted, Fitted), fitted
    return dict(fal.build_submit(fitted.job).json)


def caps(model, mode):
    row = fal.PROVIDER.model(model)
    return overlay(fal.PROVIDER.caps, row.caps).block(mode)


# what each endpoint takes


@pytest.mark.parametrize(
    "text, image",
    [
        (LIVE, f"{LIVE}/image-to-video"),
        (f"{KLING}/text-to-video", f"{KLING}/image-to-video"),
        (f"{WAN}/text-to-video", f"{WAN}/image-to-video"),
        (f"{SEEDANCE}/text-to-video", f"{SEEDANCE}/image-to-video"),
        (f"{SEEDANCE}/fast/text-to-video", f"{SEEDANCE}/fast/image-to-video"),
    ],
)
def test_a_text_endpoint_would_ignore_the_image_so_each_names_its_sibling(text, image):
    assert fal.PROVIDER.model(text).siblings == {Mode.IMAGE_TO_VIDEO: image}
    assert fal.PROVIDER.model(image).siblings == {Mode.GENERATE: text}


def test_heygen_has_no_image_and_no_sibling_that_has():
    row = fal.PROVIDER.model(HEYGEN)
    assert (row.modes, row.siblings) == ((Mode.GENERATE,), None)


def test_kling_makes_5_or_10_seconds_and_its_image_endpoint_has_no_ratio():
    assert caps(f"{KLING}/text-to-video", Mode.GENERATE).supported_duration_seconds == (5, 10)
    assert caps(f"{KLING}/image-to-video", Mode.IMAGE_TO_VIDEO).supports_aspect_ratio is False


def test_fast_seedance_stops_at_720p():
    generate = caps(f"{SEEDANCE}/fast/text-to-video", Mode.GENERATE)
    assert generate.resolutions == ("480P", "720P")
    assert "4K" in caps(f"{SEEDANCE}/text-to-video", Mode.GENERATE).resolutions


def test_no_listed_endpoint_has_a_size_field():
    for row in fal.PROVIDER.models:
        for mode in row.modes or fal.PROVIDER.caps.modes():
            assert caps(row.id, mode).supports_size is False


def test_only_the_reference_endpoints_take_videos_and_audio():
    for row in fal.PROVIDER.models:
        limit = fal.PROVIDER.caps.video_to_video.max_input_videos_by_model.get(row.id, 0)
        assert limit == (3 if row.id.endswith("reference-to-video") else 0)


def test_the_known_prices_are_dated():
    assert fal.PROVIDER.default_model.price.usd == 0.50
    assert all(r.price.read_on == date(2026, 11, 21) for r in fal.PROVIDER.models if r.price)


# the body


def test_the_endpoint_id_is_the_path_and_cannot_leave_it():
    assert fal.build_submit(job(LIVE)) == Call("POST", f"/{LIVE}", json={"prompt": "a heron"})
    assert fal.build_submit(job("owner/app?x=1#y")).path == "/owner/app%3Fx%3D1%23y"


def test_an_image_is_a_url_or_goes_inline():
    assert body(f"{LIVE}/image-to-video", images=(PICTURE,))["image_url"] == PICTURE.url
    assert body(f"{LIVE}/image-to-video", images=(PNG,))["image_url"] == Inline(PNG)


def test_minimax_live_has_a_fixed_length():
    fitted = fal.fit(job(LIVE, duration_seconds=8))
    assert fitted.ignored == (
        Ignored(setting="duration_seconds", value=8, why="its length is fixed"),
    )
    assert fal.build_submit(fitted.job).json == {"prompt": "a heron"}


def test_kling_wants_its_duration_as_a_string():
    sent = body(f"{KLING}/text-to-video", duration_seconds=5, aspect_ratio="1:1")
    assert sent == {"prompt": "a heron", "duration": "5", "aspect_ratio": "1:1"}


@pytest.mark.parametrize("seconds, frames", [(1, 17), (5, 81), (10, 161)])
def test_wan_has_no_duration_but_frames_at_16_a_second(seconds, frames):
    sent = body(f"{WAN}/text-to-video", duration_seconds=seconds, resolution="580P")
    assert sent == {
        "prompt": "a heron",
        "resolution": "580p",
        "num_frames": frames,
        "frames_per_second": 16,
    }


def test_adaptive_is_called_auto():
    assert body(f"{WAN}/image-to-video", images=(PICTURE,), aspect_ratio="adaptive") == {
        "prompt": "a heron",
        "image_url": PICTURE.url,
        "aspect_ratio": "auto",
    }


def test_seedance_wants_a_string_lower_case_and_its_own_word_for_sound():
    sent = body(
        f"{SEEDANCE}/text-to-video",
        duration_seconds=15,
        resolution="4K",
        aspect_ratio="21:9",
        audio=False,
    )
    assert sent == {
        "prompt": "a heron",
        "duration": "15",
        "resolution": "4k",
        "aspect_ratio": "21:9",
        "generate_audio": False,
    }


def test_a_reference_endpoint_takes_lists_of_each_kind():
    sent = body(REFERENCE, images=(PICTURE, PNG), videos=(CLIP,), audios=(SONG,))
    assert sent == {
        "prompt": "a heron",
        "image_urls": [PICTURE.url, Inline(PNG)],
        "video_urls": [CLIP.url],
        "audio_urls": [SONG.url],
    }


def test_heygen_has_orientation_and_length_inside_config():
    sent = body(HEYGEN, aspect_ratio="16:9", duration_seconds=30)
    assert sent["config"] == {"orientation": "landscape", "duration": 30}
    assert body(HEYGEN, aspect_ratio="9:16")["config"] == {"orientation": "portrait"}
    assert "config" not in body(HEYGEN)


def test_heygen_makes_nothing_under_five_seconds():
    fitted = fal.fit(job(HEYGEN, duration_seconds=4))
    assert fitted.job.duration_seconds is None
    assert fitted.ignored[0].why == "takes 5 s or more"


def test_heygen_keeps_the_avatar_beside_our_orientation():
    options = {"config": {"avatar": "Ada", "orientation": "portrait"}}
    sent = body(HEYGEN, aspect_ratio="16:9", provider_options=options)
    assert sent["config"] == {"avatar": "Ada", "orientation": "landscape"}
    fitted = fal.fit(job(HEYGEN, provider_options={"config": "Ada"}))
    assert fitted.ignored[0].why == "must be an object"


# rules between references


@pytest.mark.parametrize("model", [f"{KLING}/image-to-video", f"{LIVE}/image-to-video", STRANGE])
def test_most_endpoints_have_no_last_frame(model):
    assert fal.fit(job(model, images=(LAST,))) == Skip("has no last frame")


@pytest.mark.parametrize("model", [f"{WAN}/image-to-video", f"{SEEDANCE}/image-to-video"])
def test_first_and_last_frame_are_told_apart_by_role_not_by_order(model):
    sent = body(model, images=(LAST, FIRST))
    assert (sent["image_url"], sent["end_image_url"]) == (FIRST.url, LAST.url)
    assert body(model, images=(PICTURE, LAST))["image_url"] == PICTURE.url


@pytest.mark.parametrize("images", [(LAST,), (LAST, LAST)])
def test_a_last_frame_needs_a_first(images):
    skip = fal.fit(job(f"{WAN}/image-to-video", images=images))
    assert skip == Skip("takes a last_frame only together with a first_frame")


def test_two_images_without_a_last_frame_are_one_too_many():
    assert isinstance(fal.fit(job(f"{WAN}/image-to-video", images=(FIRST, PICTURE))), Skip)


def test_a_reference_endpoint_takes_a_last_frame_as_a_plain_reference_and_says_so():
    fitted = fal.fit(job(REFERENCE, images=(LAST,)))
    assert fal.build_submit(fitted.job).json["image_urls"] == [LAST.url]
    assert "plain reference" in fitted.notes[0]


def test_twelve_reference_files_in_all():
    full = {"images": (PICTURE,) * 8, "videos": (CLIP,) * 2}
    assert isinstance(fal.fit(job(REFERENCE, **full, audios=(SONG,) * 2)), Fitted)
    skip = fal.fit(job(REFERENCE, **full, audios=(SONG,) * 3))
    assert skip == Skip("takes at most 12 reference files in all, the request has 13")


def test_audio_needs_an_image_or_a_video():
    assert "only together with" in fal.fit(job(REFERENCE, audios=(SONG,))).reason
    assert isinstance(fal.fit(job(REFERENCE, videos=(CLIP,), audios=(SONG,))), Fitted)


# options


def test_an_endpoint_gets_its_own_options_and_the_rest_is_reported():
    options = {"negative_prompt": "blur", "seed": 7}
    fitted = fal.fit(job(f"{KLING}/text-to-video", provider_options=options))
    assert fitted.job.provider_options == {"negative_prompt": "blur"}
    assert fitted.ignored == (
        Ignored(setting="provider_options.seed", value=7, why="the endpoint has no such field"),
    )


def test_an_option_never_takes_the_place_of_a_parameter():
    options = {"prompt": "x", "frames_per_second": 60, "seed": 7}
    sent = body(f"{WAN}/text-to-video", duration_seconds=5, provider_options=options)
    assert (sent["prompt"], sent["frames_per_second"], sent["seed"]) == ("a heron", 16, 7)
    unfitted = fal.build_submit(job(LIVE, provider_options={"prompt": "x"}))
    assert unfitted.json == {"prompt": "a heron"}


@pytest.mark.parametrize(
    "name, value, sent",
    [
        ("X-Fal-Queue-Priority", "low", "low"),
        ("X-Fal-Request-Timeout", 1.5, "1.5"),
        ("x-fal-request-timeout", "60", "60"),
        ("X-Fal-Runner-Hint", "my session", "my session"),
        ("x-fal-no-retry", True, "1"),
        (
            "X-Fal-Object-Lifecycle-Preference",
            {"expiration_duration_seconds": 3600},
            '{"expiration_duration_seconds": 3600}',
        ),
        ("X-Fal-Store-IO", 0, "0"),
    ],
)
@pytest.mark.parametrize("model", [LIVE, STRANGE])
def test_an_option_of_the_queue_is_a_header_and_no_field(model, name, value, sent):
    fitted = fal.fit(job(model, provider_options={name: value}))
    call = fal.build_submit(fitted.job)
    assert fitted.ignored == ()
    assert call.headers == {name: sent}
    assert call.json == {"prompt": "a heron"}


@pytest.mark.parametrize(
    "name, value",
    [
        ("X-Fal-Queue-Priority", "high"),
        ("X-Fal-Request-Timeout", 1),
        ("X-Fal-Request-Timeout", "1.0"),
        ("X-Fal-Runner-Hint", "a\r\nAuthorization: x"),
        ("X-Fal-Object-Lifecycle-Preference", "an hour"),
        ("X-Fal-Store-IO", 1),
    ],
)
def test_an_option_of_the_queue_with_a_value_it_lacks_is_reported(name, value):
    (ignored,) = fal.fit(job(LIVE, provider_options={name: value})).ignored
    assert (ignored.setting, ignored.value) == (f"provider_options.{name}", value)
    assert ignored.why.startswith("must be")


# large references


def sized(name, megabytes, **more):
    kind = "image/png" if name.endswith("png") else "video/mp4"
    return Blob(media_type=kind, name=name, size=megabytes * 2**20, path=f"/{name}", **more)


def test_what_goes_along_in_the_request_needs_no_call_before():
    small = job(REFERENCE, images=(PICTURE, sized("a.png", 4)), videos=(sized("a.mp4", 4),))
    assert fal.PROVIDER.prepare(small) is small
    assert fal.fit(small).notes == ()


def test_files_of_more_than_8_mb_together_are_uploaded_one_after_the_other():
    first, clip = sized("a ü.png", 4, role="reference_image"), sized("a.mp4", 5)
    large = job(REFERENCE, images=(PICTURE, first), videos=(clip,), audios=(SONG,))
    assert fal.fit(large).notes == ("references of 9 MB are uploaded to fal's storage first",)
    token = fal.PROVIDER.prepare(large)
    assert (token.call.path, token.call.host) == (
        "/storage/auth/token?storage_type=fal-cdn-v3",
        "https://rest.fal.ai",
    )
    assert token.call.keyed
    said = '{"token": "t", "token_type": "Bearer", "base_url": "https://v3.fal.media"}'
    put = token.read(reply(said))
    assert put.call == Call(
        "POST",
        "https://v3.fal.media/files/upload",
        content=first,
        headers={"Authorization": "Bearer t", "X-Fal-File-Name": "a %C3%BC.png"},
        keyed=False,
    )
    last = put.read(reply('{"access_url": "https://v3.fal.media/files/b/1.png"}'))
    assert last.call.content is clip
    ready = last.read(reply('{"access_url": "https://v3.fal.media/files/b/2.mp4"}'))
    assert ready == replace(
        large,
        images=(PICTURE, Link(url="https://v3.fal.media/files/b/1.png", role="reference_image")),
        videos=(Link(url="https://v3.fal.media/files/b/2.mp4"),),
    )


def test_an_upload_without_an_address_is_malformed():
    put = fal.PROVIDER.prepare(job(f"{LIVE}/image-to-video", images=(sized("a.png", 9),)))
    said = '{"token": "t", "token_type": "Bearer", "base_url": "https://v3.fal.media"}'
    for odd in ("{}", '{"access_url": ""}'):
        with pytest.raises(Malformed, match="access_url"):
            put.read(reply(said)).read(reply(odd))


# an endpoint that we do not know


def test_an_unknown_endpoint_gets_the_generic_body_word_for_word_and_a_note():
    asked = {"aspect_ratio": "adaptive", "resolution": "720P", "size": "1x1", "duration_seconds": 5}
    fitted = fal.fit(job("owner/app", **asked, audio=True))
    assert fal.build_submit(fitted.job).json == {
        "prompt": "a heron",
        "aspect_ratio": "adaptive",
        "size": "1x1",
        "resolution": "720P",
        "duration": 5,
    }
    assert [ignored.setting for ignored in fitted.ignored] == ["audio"]
    assert "not known" in fitted.notes[0]


def test_an_unknown_endpoint_gets_every_option_as_nobody_knows_its_fields():
    options = {"start_image_url": "https://example.com/a.png", "prompt": "x"}
    sent = body(STRANGE, provider_options=options)
    assert sent == {"prompt": "a heron", "start_image_url": "https://example.com/a.png"}


# the queue


def test_the_addresses_are_used_as_given():
    said = (
        f'{{"request_id": "r1", "status_url": "{JOB}/status", "response_url": "{JOB}",'
        f' "cancel_url": "{JOB}/cancel", "queue_position": 3}}'
    )
    step = queue.parse_submit(reply(said))
    assert step == Wait(TICKET, "queued", note="3 ahead in the queue", ahead=3)
    assert queue.build_status(TICKET) == Call("GET", f"{JOB}/status")
    assert queue.build_cancel(TICKET, "running") == Call("PUT", f"{JOB}/cancel")
    assert TICKET.job_id == "r1"


@pytest.mark.parametrize(
    "path, owner",
    [
        (f"/{SEEDANCE}/fast/text-to-video", "/bytedance/seedance-2.0"),
        ("/workflows/me/film/extra", "/workflows/me/film"),
        ("/comfy/me/film", "/comfy/me/film"),
    ],
)
def test_missing_addresses_are_rebuilt_from_the_first_segments_of_the_endpoint(path, owner):
    said = '{"request_id": "r1", "status_url": null}'
    ticket = queue.parse_submit(reply(said, path=path)).ticket
    assert ticket.response_url == f"{owner}/requests/r1"
    assert ticket.status_url == f"{owner}/requests/r1/status"
    assert ticket.cancel_url == f"{owner}/requests/r1/cancel"


def test_one_address_is_enough_for_the_others():
    assert queue.parse_submit(reply(f'{{"status_url": "{JOB}/status"}}')).ticket == TICKET


def test_a_submission_without_id_and_address_is_malformed():
    with pytest.raises(Malformed, match="no address"):
        queue.parse_submit(reply("{}", path=f"/{LIVE}"))


@pytest.mark.parametrize(
    "word, state", [("IN_QUEUE", "queued"), ("in_progress", "running"), ("STARTED", "running")]
)
def test_waiting_words(word, state):
    assert fal.parse_status(TICKET, reply(f'{{"status": "{word}"}}')) == Wait(TICKET, state)


@pytest.mark.parametrize("said", ['{"status": "NAPPING"}', "{}", '{"status": null}'])
def test_an_unknown_or_missing_word_waits_on(said):
    step = fal.parse_status(TICKET, reply(said))
    assert isinstance(step, Wait)
    assert "waiting on" in step.note


def test_failed_is_accepted_though_fal_never_sends_it():
    said = '{"status": "FAILED", "error": {"message": "no GPU"}, "error_type": "internal_error"}'
    step = fal.parse_status(TICKET, reply(said))
    assert step == Refused(Why.SERVER_ERROR, "no GPU", "internal_error", request_id="r1")
    lost = '{"status": "FAILED", "error": "x", "error_type": "runner_disconnected"}'
    assert fal.parse_status(TICKET, reply(lost)).why is Why.SERVER_ERROR
    cancelled = fal.parse_status(TICKET, reply('{"status": "CANCELLED"}'))
    assert cancelled.said == "the job ended as CANCELLED, without a reason"


REJECTED = (
    '{"status": "COMPLETED", "error": "The prompt was rejected by the content checker",'
    ' "error_type": "content_policy_violation"}'
)


def fetch(said='{"status": "COMPLETED"}'):
    step = fal.parse_status(TICKET, reply(said))
    assert isinstance(step, Fetch)
    assert step.call == Call("GET", JOB)
    return step


def test_completed_may_be_a_failure_and_the_result_decides():
    said = (
        '{"detail": [{"loc": ["body", "prompt"], "msg": "rejected",'
        ' "type": "content_policy_violation"}]}'
    )
    refused = fetch(REJECTED).read_error(reply(said, 422))
    assert refused == Refused(
        Why.CONTENT_POLICY, "prompt: rejected", "content_policy_violation", 422, "r1"
    )


def test_an_empty_result_of_a_failed_job_gives_the_status_its_word():
    refused = fetch(REJECTED).read(reply("{}"))
    assert refused.why is Why.CONTENT_POLICY
    assert refused.said == "The prompt was rejected by the content checker"


@pytest.mark.parametrize("status", [200, 400])
def test_asked_too_early_is_back_to_waiting(status):
    step = fetch()
    early = reply('{"detail": "Request is still in progress"}', status)
    assert (step.read if status == 200 else step.read_error)(early) == Wait(TICKET)


def test_a_result_that_is_gone_says_nothing_about_the_model():
    refused = fetch().read_error(reply('{"detail": "Not found"}', 404))
    assert refused.why is Why.UNKNOWN
    assert "about an hour" in refused.advice


def test_the_users_own_time_limit_for_the_queue_is_named_as_the_reason():
    said = '{"detail": "x", "error_type": "request_timeout"}'
    refused = fetch().read_error(reply(said, 504, **{"x-fal-request-timeout-type": "user"}))
    assert refused.why is Why.TIMEOUT
    assert "X-Fal-Request-Timeout" in refused.advice
    assert not queue.parse_error(reply(said, 504)).advice


@pytest.mark.parametrize(
    "said",
    [
        '{"video": {"url": "https://v3.fal.media/a.mp4"}, "seed": 7}',
        '{"videos": [{"url": "https://v3.fal.media/a.mp4"}, {"url": "x"}], "seed": 7}',
        '{"video": null, "response": {"video": {"url": "https://v3.fal.media/a.mp4"}, "seed": 7}}',
    ],
)
def test_a_video_is_found_in_each_place_and_fetched_without_the_key(said):
    done = Done((Hosted("https://v3.fal.media/a.mp4"),), {"requestId": "r1", "seed": 7})
    assert fetch().read(reply(said)) == done


def test_the_billed_units_are_kept():
    said = '{"video": {"url": "https://v3.fal.media/a.mp4"}}'
    done = fetch().read(reply(said, **{"x-fal-billable-units": "5"}))
    assert done.metadata == {"requestId": "r1", "billableUnits": "5"}


def test_a_result_without_a_video_shows_what_came_instead():
    with pytest.raises(Malformed, match="images"):
        fetch().read(reply('{"images": []}'))


# errors


@pytest.mark.parametrize(
    "status, said, why, code",
    [
        (422, '{"detail": [{"msg": "bad", "type": "literal_error"}]}', Why.FORMAT, "literal_error"),
        (422, '{"detail": [{"msg": "x", "type": "generation_timeout"}]}', Why.TIMEOUT, None),
        (503, '{"detail": "x", "error_type": "runner_disconnected"}', Why.OVERLOADED, None),
        (504, '{"detail": "x", "error_type": "startup_timeout"}', Why.TIMEOUT, None),
        (403, '{"detail": "User is locked. Exhausted balance."}', Why.BILLING, ""),
        (401, '{"detail": "No such key"}', Why.AUTH, ""),
        (404, '{"detail": "no such app"}', Why.MODEL_NOT_FOUND, ""),
        (500, "<html>", Why.SERVER_ERROR, ""),
        (500, "[]", Why.SERVER_ERROR, ""),
    ],
)
def test_error_types_say_more_than_the_status(status, said, why, code):
    refused = queue.parse_error(reply(said, status))
    assert (refused.why, refused.status) == (why, status)
    assert code is None or refused.code == code


def test_moderation_is_found_among_several_items_and_in_the_header():
    both = (
        '{"detail": [{"msg": "a", "type": "missing"}, {"msg": "b",'
        ' "type": "content_policy_violation"}]}'
    )
    assert queue.parse_error(reply(both, 422)).why is Why.CONTENT_POLICY
    header = {"x-fal-error-type": "content_policy_violation", "x-fal-request-id": "r9"}
    refused = queue.parse_error(reply('{"detail": "no"}', 422, **header))
    assert (refused.why, refused.request_id) == (Why.CONTENT_POLICY, "r9")


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://fal.run", "https://queue.fal.run"),
        ("https://fal.run/", "https://queue.fal.run"),
        ("https://gateway.example/fal/", "https://gateway.example/fal"),
        ("http://127.0.0.1:8000/fal", "http://127.0.0.1:8000/fal"),
        ("not a url", "https://queue.fal.run"),
        ("https://[", "https://queue.fal.run"),
    ],
)
def test_the_synchronous_host_stands_for_the_queue_beside_it(configured, used):
    assert queue.read_base_url(configured) == used


def test_the_key_may_follow_the_addresses_that_fal_hands_out_and_get_a_token_but_not_to_its_files():
    assert fal.PROVIDER.key_hosts == ("fal.run", "*.fal.run", "rest.fal.ai")
    assert fal.PROVIDER.key.form == "Key {}"


def test_fitting_again_changes_nothing():
    fitted = fal.fit(job(LIVE, duration_seconds=8, provider_options={"seed": 1}))
    assert fal.fit(fitted.job) == replace(fitted, ignored=())
