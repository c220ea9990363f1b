import json

import pytest

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.capabilities import effective, overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import Plan, ignored_overrides, normalization, plan
from openclaw_nb.core.wire import Call, Done, Hosted, Malformed, Refused, Reply, Skip, Wait
from openclaw_nb.providers import _dashscope as dashscope
from openclaw_nb.providers import alibaba

PROVIDER = alibaba.PROVIDER
PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
A, B = Link(url="https://example.com/a.png"), Link(url="https://example.com/b.png")
FILM = Link(url="https://example.com/a.mp4")
FIRST, LAST, REFERENCE = (
    Link(url=f"https://example.com/{role}.png", role=role)
    for role in ("first_frame", "last_frame", "reference_image")
)
TICKET = dashscope.DashScopeTicket(task_id="0b1c", request_id="7f0e")
T2V, I2V, R2V = "wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v"


def planned(model=T2V, images=(), videos=(), audios=(), named=None, **asked):
    request = Request(prompt=asked.pop("prompt", "a heron"), model=named, **asked)
    media = Media(images=images, videos=videos, audios=audios)
    return plan(request, media, PROVIDER, model)


def sent(*args, **asked):
    found = planned(*args, **asked)
    assert isinstance(found, Plan), found
    return dashscope.build_submit(found.job).json


def skipped(*args, **asked):
    found = planned(*args, **asked)
    assert isinstance(found, Skip), found
    return found.reason


def reply(body, status=200, **headers):
    return Reply(status, headers, body.encode())


def task(word, more="", root=""):
    return reply(f'{{"request_id": "r1", "output": {{"task_status": "{word}"{more}}}{root}}}')


# rows


@pytest.mark.parametrize(
    "model, images, videos, enabled, most, longest, sound",
    [
        (T2V, 0, 0, None, None, 15, False),
        (I2V, 1, 0, True, 1, 15, False),
        (R2V, 1, 0, True, 5, 10, False),
        (R2V, 1, 1, True, 5, 10, False),
        ("wan2.6-r2v-flash", 1, 0, True, 5, 10, True),
        ("wan2.6-r2v-flash", 0, 1, True, 5, 10, True),
        ("wan2.7-r2v", 1, 0, True, 5, 15, False),
        ("wan2.7-r2v", 1, 1, True, 5, 10, False),
        ("wan2.6-i2v-flash", 1, 0, True, 1, 15, True),
        ("wan2.7-i2v", 1, 0, True, 2, 15, False),
    ],
)
def test_what_each_model_takes(model, images, videos, enabled, most, longest, sound):
    caps = overlay(PROVIDER.caps, PROVIDER.model(model).caps)
    block = effective(caps, model, images, videos)
    assert (block.enabled, block.max_input_images) == (enabled, most)
    assert block.supported_duration_seconds == tuple(range(2, longest + 1))
    assert block.max_duration_seconds == longest
    assert (block.supports_audio, block.supports_watermark) == (sound, True)
    assert block.resolutions == ("720P", "1080P")


def test_a_model_for_references_does_without_text_alone_and_one_for_text_takes_none():
    assert PROVIDER.model(R2V).modes == (Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
    assert PROVIDER.model(I2V).modes == (Mode.IMAGE_TO_VIDEO,)
    assert PROVIDER.model(T2V).modes == (Mode.GENERATE,)


def test_the_virginia_models_make_three_lengths():
    assert sent("wan2.6-t2v-us", duration_seconds=7)["parameters"]["duration"] == 5
    assert sent("wan2.6-i2v-us", images=(A,), duration_seconds=9)["parameters"]["duration"] == 10


# which model


@pytest.mark.parametrize(
    "images, videos, model",
    [((), (), T2V), ((A,), (), I2V), ((A, B), (), R2V), ((), (FILM,), R2V), ((A,), (FILM,), R2V)],
)
def test_references_with_an_unnamed_model_choose_one_that_takes_them(images, videos, model):
    found = planned(images=images, videos=videos)
    assert (found.ref.model, found.job.model) == (model, model)
    told = [(change.setting, change.applied) for change in found.changes]
    assert told == [("model", model)] * (model != T2V)


@pytest.mark.parametrize("named", ["alibaba/wan2.6-t2v", "wan2.6-t2v"])
def test_a_model_for_text_that_was_named_takes_no_image(named):
    assert "does not make image-to-video" in skipped(images=(A,), named=named)


def test_the_name_of_an_unlisted_model_says_what_it_takes():
    assert sent("wan9-i2v", images=(A,))["input"]["img_url"] == A.url
    assert sent("WAN2.9-R2V-Plus", images=(A,))["input"]["reference_urls"] == [A.url]
    assert "takes no references" in skipped("wan9-t2v", images=(A,))
    assert "exactly one image" in skipped("wan9-i2v")
    assert "the request has 0" in skipped("wan9-r2v")


def test_references_decide_for_a_name_that_does_not():
    assert "img_url" not in sent("wan9")["input"]
    assert sent("wan9", images=(A,))["input"]["img_url"] == A.url
    assert sent("wan9", videos=(FILM,))["input"]["reference_urls"] == [FILM.url]
    assert sent("wan3.0-video", images=(A,))["input"]["media"][0]["type"] == "first_frame"


# references


@pytest.mark.parametrize("given", [{"images": (PNG,)}, {"images": (A,), "videos": (PNG,)}])
def test_a_local_file_is_refused_with_the_way_out(given):
    reason = skipped(**given)
    for word in ("http(s)", "give its URL", "such as fal"):
        assert word in reason


def test_images_come_before_videos_in_the_callers_order():
    body = sent(R2V, images=(B, A), videos=(FILM,))
    assert body["input"]["reference_urls"] == [B.url, A.url, FILM.url]


@pytest.mark.parametrize(
    "images, videos, words",
    [
        ((A,) * 6, (), "at most 5 reference images"),
        ((), (FILM,) * 4, "at most 3 reference videos"),
        ((A,) * 3, (FILM,) * 3, "the request has 6"),
    ],
)
@pytest.mark.parametrize("model", [R2V, "wan2.6-r2v-flash", "wan2.7-r2v"])
def test_five_references_of_which_three_videos_are_the_most(model, images, videos, words):
    assert words in skipped(model, images=images, videos=videos)


def test_one_image_makes_the_first_frame_and_no_more():
    assert "at most 1 reference image" in skipped(I2V, images=(A, B))
    assert "does not make video-to-video" in skipped(I2V, videos=(FILM,))


def test_audio_references_are_not_taken():
    assert "does not support reference audio" in skipped(audios=(A,))


@pytest.mark.parametrize("model", [I2V, R2V, "wan2.7-r2v"])
def test_a_last_frame_exists_on_one_model_only(model):
    assert skipped(model, images=(LAST,)) == "has no last frame; wan2.7-i2v has"


def test_two_frames_are_media_of_the_newer_model():
    body = sent("wan2.7-i2v", images=(LAST, A))
    assert body["input"]["media"] == [
        {"type": "last_frame", "url": LAST.url},
        {"type": "first_frame", "url": A.url},
    ]
    assert "only together" in skipped("wan2.7-i2v", images=(LAST,))
    assert "exactly one image" in skipped("wan2.7-i2v", images=(A, B))


def test_the_newer_dialect_has_media_with_types():
    body = sent("wan2.7-r2v", images=(A, FIRST, REFERENCE), videos=(FILM,))
    assert body["input"]["media"] == [
        {"type": "reference_image", "url": A.url},
        {"type": "first_frame", "url": FIRST.url},
        {"type": "reference_image", "url": REFERENCE.url},
        {"type": "reference_video", "url": FILM.url},
    ]
    assert "reference_urls" not in body["input"]


def test_a_role_that_is_lost_is_noted():
    frame = planned(I2V, images=(REFERENCE,))
    assert frame.notes == ("the reference_image is sent as the first frame",)
    assert "no frame roles" in planned(R2V, images=(FIRST,)).notes[0]
    assert planned("wan2.7-r2v", images=(FIRST,)).notes == ()


# shape


def test_a_size_is_written_with_an_asterisk():
    assert sent(size="1280x720")["parameters"] == {"size": "1280*720", "duration": 5}


def test_a_size_that_is_none_of_the_ten_becomes_the_nearest():
    found = planned(size="1024x1792")
    assert found.job.size == "1080x1920"
    assert normalization(found.changes)["size"]["requested"] == "1024x1792"


@pytest.mark.parametrize(
    "asked, size, source",
    [
        ({"aspect_ratio": "9:16", "resolution": "1080P"}, "1080*1920", "aspectRatio"),
        ({"aspect_ratio": "9:16"}, "720*1280", "aspectRatio"),
        ({"resolution": "1080P"}, "1920*1080", "resolution"),
        ({"resolution": "480P"}, "1280*720", "resolution"),
        ({"resolution": "768P", "aspect_ratio": "2:1"}, "1280*720", "aspectRatio"),
    ],
)
def test_up_to_2_6_ratio_and_resolution_become_a_size(asked, size, source):
    found = planned(**asked)
    parameters = dashscope.build_submit(found.job).json["parameters"]
    assert parameters == {"size": size, "duration": 5}
    told = normalization(found.changes)["size"]
    assert told == {"applied": size.replace("*", "x"), "derivedFrom": source}


def test_480p_is_not_made_and_that_is_told():
    told = normalization(planned(resolution="480P").changes)
    assert told["resolution"] == {"requested": "480P", "applied": "720P"}


def test_a_size_wins_over_what_disagrees_with_it():
    found = planned(size="1280x720", resolution="1080P", aspect_ratio="16:9")
    assert found.job.size == "1280x720"
    assert ignored_overrides(found.ignored) == [{"key": "resolution", "value": "1080P"}]


def test_nothing_asked_is_nothing_sent_but_the_length():
    assert sent()["parameters"] == {"duration": 5}
    assert planned().changes == ()


@pytest.mark.parametrize("given", [{"size": "1280x720"}, {"aspect_ratio": "9:16"}])
def test_the_first_frame_gives_the_shape(given):
    found = planned(I2V, images=(A,), resolution="1080P", **given)
    assert dashscope.build_submit(found.job).json["parameters"] == {
        "resolution": "1080P",
        "duration": 5,
    }
    assert [entry.setting for entry in found.ignored] == list(given)


def test_an_adaptive_ratio_is_left_out():
    assert ignored_overrides(planned(aspect_ratio="adaptive").ignored) == [
        {"key": "aspectRatio", "value": "adaptive"}
    ]


def test_since_2_7_a_size_is_a_resolution_and_a_ratio():
    found = planned("wan2.7-r2v", images=(A,), size="1080x1920")
    parameters = dashscope.build_submit(found.job).json["parameters"]
    assert parameters == {"resolution": "1080P", "ratio": "9:16", "duration": 5}
    assert normalization(found.changes) == {
        "resolution": {"applied": "1080P", "derivedFrom": "size"},
        "aspectRatio": {"applied": "9:16", "derivedFrom": "size"},
    }


def test_since_2_7_a_size_wins_too():
    found = planned("wan2.7-t2v", size="1080x1920", resolution="720P", aspect_ratio="9:16")
    assert found.changes == (
        Change(
            setting="resolution",
            requested="720P",
            applied="1080P",
            why="takes a resolution and a ratio; the size decides",
            derived_from="size",
        ),
    )


def test_a_first_frame_makes_a_ratio_pointless():
    found = planned("wan2.7-r2v", images=(FIRST,), aspect_ratio="9:16")
    assert "ratio" not in dashscope.build_submit(found.job).json["parameters"]
    (ignored,) = found.ignored
    assert (ignored.setting, ignored.why) == ("aspect_ratio", "the first frame decides")


def test_a_size_without_a_pair_is_left_out_of_the_newer_dialect():
    job = Job(model="wan2.7-t2v", mode=Mode.GENERATE, prompt="x", size="832x480")
    fitted = dashscope.fit(job)
    assert (fitted.job.size, fitted.ignored[0].setting) == (None, "size")


# length, sound, watermark


@pytest.mark.parametrize("asked, seconds", [(None, 5), (1, 2), (15, 15), (20, 15)])
def test_a_length_is_a_whole_number_of_seconds_and_always_sent(asked, seconds):
    duration = sent(duration_seconds=asked)["parameters"]["duration"]
    assert (duration, type(duration)) == (seconds, int)


def test_ten_seconds_are_the_most_with_a_reference_video():
    def seconds(**given):
        return sent("wan2.7-r2v", duration_seconds=15, **given)["parameters"]["duration"]

    assert (seconds(images=(A,)), seconds(images=(A,), videos=(FILM,))) == (15, 10)


def test_sound_is_switched_on_the_flash_models_only():
    assert sent("wan2.6-r2v-flash", images=(A,), audio=False)["parameters"]["audio"] is False
    found = planned(audio=False)
    assert "audio" not in dashscope.build_submit(found.job).json["parameters"]
    assert [entry.setting for entry in found.ignored] == ["audio"]


def test_a_watermark_is_sent_when_it_was_spoken_of():
    assert sent(watermark=False)["parameters"]["watermark"] is False
    assert "watermark" not in sent()["parameters"]


# prompt, options, the call


def test_a_prompt_longer_than_the_model_reads_is_sent_whole_and_noted():
    found = planned(prompt="x" * 1501)
    assert len(found.job.prompt) == 1501
    assert found.notes == ("the prompt has 1501 characters, the model reads the first 1500",)
    assert planned("wan2.7-t2v", prompt="x" * 5000).notes == ()


def test_five_options_are_sent_in_their_places():
    options = {
        "negative_prompt": "fog",
        "audio_url": "https://example.com/a.mp3",
        "seed": 7,
        "prompt_extend": True,
        "shot_type": "multi",
    }
    body = sent(provider_options=options)
    assert body["input"] == {
        "prompt": "a heron",
        "negative_prompt": "fog",
        "audio_url": "https://example.com/a.mp3",
    }
    assert body["parameters"] == {
        "duration": 5,
        "seed": 7,
        "prompt_extend": True,
        "shot_type": "multi",
    }


def test_other_options_and_wrong_values_are_reported():
    found = planned(provider_options={"steps": 3, "seed": True})
    assert found.job.provider_options == {}
    assert [entry.setting for entry in found.ignored] == [
        "provider_options.steps",
        "provider_options.seed",
    ]


@pytest.mark.parametrize("model", [R2V, "wan2.7-i2v"])
def test_a_voice_is_taken_from_text_and_one_older_frame_only(model):
    options = {"audio_url": "https://example.com/a.mp3"}
    assert "audio_url" in sent(I2V, images=(A,), provider_options=options)["input"]
    assert planned(model, images=(A,), provider_options=options).ignored == (
        Ignored(
            setting="provider_options.audio_url",
            value="https://example.com/a.mp3",
            why="the model has no such field",
        ),
    )


def test_a_submission_says_that_it_does_not_wait():
    job = Job(model=I2V, mode=Mode.IMAGE_TO_VIDEO, prompt="it turns", images=(A,))
    assert dashscope.build_submit(job) == Call(
        "POST",
        "/api/v1/services/aigc/video-generation/video-synthesis",
        json={
            "model": I2V,
            "input": {"prompt": "it turns", "img_url": A.url},
            "parameters": {"duration": 5},
        },
        headers={"X-DashScope-Async": "enable"},
    )


# answers


def test_a_task_begins_in_the_queue():
    said = reply(
        '{"output": {"task_id": " 0b1c ", "task_status": "PENDING"}, "request_id": "7f0e"}'
    )
    assert dashscope.parse_submit(said) == Wait(TICKET, "queued")
    assert TICKET.job_id == "0b1c"


@pytest.mark.parametrize("said", ["{}", '{"output": {}}', '{"output": {"task_id": " "}}', "<html>"])
def test_a_submission_without_an_id_is_malformed(said):
    with pytest.raises(Malformed):
        dashscope.parse_submit(reply(said))


def test_the_id_goes_into_the_path():
    ticket = dashscope.DashScopeTicket(task_id="a/b?c")
    assert dashscope.build_status(ticket) == Call("GET", "/api/v1/tasks/a%2Fb%3Fc")


@pytest.mark.parametrize(
    "word, state",
    [
        ("PENDING", "queued"),
        ("RUNNING", "running"),
        ("SUSPENDED", "running"),
        (" running ", "running"),
    ],
)
def test_waiting_words(word, state):
    assert dashscope.parse_status(TICKET, task(word)) == Wait(TICKET, state)


@pytest.mark.parametrize("said", [task("NAPPING"), reply("{}"), reply('{"output": {}}')])
def test_an_unknown_or_missing_word_waits_on(said):
    step = dashscope.parse_status(TICKET, said)
    assert isinstance(step, Wait)
    assert step.odd


def test_links_come_from_both_places_each_once_and_without_a_key():
    results = (
        ', "results": [{"video_url": "https://e.org/1.mp4"}, {"url": "x"}, {"video_url": " "}]'
    )
    said = task("SUCCEEDED", f'{results}, "video_url": "https://e.org/2.mp4"')
    about = {"requestId": "7f0e", "taskId": "0b1c", "taskStatus": "SUCCEEDED"}
    links = (Hosted("https://e.org/1.mp4"), Hosted("https://e.org/2.mp4"))
    assert dashscope.parse_status(TICKET, said) == Done(links, about)
    twice = (
        ', "results": [{"video_url": "https://e.org/1.mp4"}], "video_url": "https://e.org/1.mp4"'
    )
    assert len(dashscope.parse_status(TICKET, task("SUCCEEDED", twice)).outputs) == 1


def test_success_without_a_link_is_malformed():
    with pytest.raises(Malformed, match="video_url"):
        dashscope.parse_status(TICKET, task("SUCCEEDED"))


def test_usage_may_be_whole_or_not():
    said = task("SUCCEEDED", ', "video_url": "https://e.org/1.mp4"', ', "usage": {"duration": 5.0}')
    assert isinstance(dashscope.parse_status(TICKET, said), Done)


def test_a_task_may_be_moderated_after_it_started():
    said = task("FAILED", ', "code": "DataInspectionFailed", "message": "No."')
    refused = Refused(Why.CONTENT_POLICY, "No.", "DataInspectionFailed", request_id="r1")
    assert dashscope.parse_status(TICKET, said) == refused


def test_the_reason_may_stand_outside():
    said = task("FAILED", root=', "code": "InternalError.Algo", "message": "boom"')
    step = dashscope.parse_status(TICKET, said)
    assert (step.why, step.said, step.code) == (Why.SERVER_ERROR, "boom", "InternalError.Algo")


@pytest.mark.parametrize(
    "word, text",
    [
        ("FAILED", "gave no reason"),
        ("CANCELED", "was cancelled"),
        ("CANCELLED", "was cancelled"),
        ("UNKNOWN", "24 hours"),
    ],
)
def test_an_end_without_a_reason_is_told_in_our_words(word, text):
    step = dashscope.parse_status(TICKET, task(word))
    assert isinstance(step, Refused)
    assert text in step.said


def test_only_a_task_in_the_queue_can_be_cancelled():
    assert dashscope.build_cancel(TICKET, "queued") == Call("POST", "/api/v1/tasks/0b1c/cancel")
    assert dashscope.build_cancel(TICKET, "running") is None


# errors


@pytest.mark.parametrize(
    "status, code, why",
    [
        (400, "InvalidParameter", Why.FORMAT),
        (400, "InvalidParameter.DataInspection", Why.FORMAT),
        (400, "InvalidURL", Why.FORMAT),
        (400, "DataInspectionFailed", Why.CONTENT_POLICY),
        (400, "IPInfringementSuspect", Why.CONTENT_POLICY),
        (400, "Arrearage", Why.BILLING),
        (401, "InvalidApiKey", Why.AUTH),
        (403, "AccessDenied", Why.AUTH),
        (403, "AccessDenied.Unpurchased", Why.AUTH),
        (404, "ModelNotFound", Why.MODEL_NOT_FOUND),
        (429, "Throttling", Why.RATE_LIMIT),
        (429, "Throttling.AllocationQuota", Why.RATE_LIMIT),
        (500, "InternalError", Why.SERVER_ERROR),
        (503, "ServiceBusy", Why.OVERLOADED),
    ],
)
def test_the_code_table(status, code, why):
    said = json.dumps({"code": code, "message": "no", "request_id": "r1"})
    refused = dashscope.parse_error(reply(said, status))
    assert (refused.why, refused.said, refused.code, refused.status, refused.request_id) == (
        why,
        "no",
        code,
        status,
        "r1",
    )


@pytest.mark.parametrize(
    "code, words",
    [
        ("InvalidApiKey", "https://dashscope.aliyuncs.com"),
        ("ModelNotFound", "same region"),
        ("InvalidParameter.DataInspection", "reachable by anyone"),
        ("AccessDenied.Unpurchased", "enabled"),
    ],
)
def test_some_codes_come_with_advice(code, words):
    assert words in dashscope.parse_error(reply(f'{{"code": "{code}"}}', 400)).advice


def test_an_error_may_have_the_shape_of_the_other_side_or_none():
    said = '{"error": {"code": "invalid_api_key", "message": "bad key", "type": "x"}}'
    refused = dashscope.parse_error(reply(said, 401))
    assert (refused.why, refused.said, refused.code) == (Why.AUTH, "bad key", "invalid_api_key")
    assert dashscope.parse_error(reply("<html>", 502)).why is Why.SERVER_ERROR


# where, and with which key


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", dashscope._BASE_URL),
        ("https://dashscope.aliyuncs.com/api/v1/", "https://dashscope.aliyuncs.com"),
        (
            "https://ws1.ap-southeast-1.maas.aliyuncs.com/api/v1",
            "https://ws1.ap-southeast-1.maas.aliyuncs.com",
        ),
        ("https://proxy.example:8443/dashscope/", "https://proxy.example:8443/dashscope"),
        ("http://127.0.0.1:8000/alibaba", "http://127.0.0.1:8000/alibaba"),
        ("https://aliyuncs.com.example/x", "https://aliyuncs.com.example/x"),
        ("dashscope.aliyuncs.com", dashscope._BASE_URL),
        ("https://[", dashscope._BASE_URL),
    ],
)
def test_a_path_is_dropped_at_the_vendors_hosts_and_kept_elsewhere(configured, used):
    assert PROVIDER.read_base_url(configured) == used


PLAN_HOSTS = [
    "https://coding.dashscope.aliyuncs.com/v1",
    "https://coding-intl.dashscope.aliyuncs.com/v1",
    "https://token-plan.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
]


def settings(**own):
    return {"models": {"providers": {"alibaba": own}}}


def refused_client(home, key="sk-1", **own):
    return Client(settings(**own), home=home, environ={"MODELSTUDIO_API_KEY": key})


@pytest.mark.parametrize(
    "key, own, words",
    [
        ("sk-sp-secret", {}, "coding or token plan"),
        *(("sk-1", {"baseUrl": host}, "host of a coding or token plan") for host in PLAN_HOSTS),
    ],
)
def test_a_plan_for_coding_is_no_configuration_and_an_error(home, key, own, words):
    client = refused_client(home, key, **own)
    assert client.vendors.source(PROVIDER) is None
    with pytest.raises(oc.MissingKey, match=words) as caught:
        client.generate_video("x", model="alibaba/wan2.6-t2v", exact_model=True).result(9)
    assert "secret" not in str(caught.value)
    client.close()


@pytest.mark.parametrize("host", ["dashscope-us", "dashscope"])
def test_other_regions_are_a_configuration(home, host):
    client = refused_client(home, baseUrl=f"https://{host}.aliyuncs.com")
    assert client.vendors.source(PROVIDER) == "env MODELSTUDIO_API_KEY"
    client.close()


def test_the_pace_and_the_patience():
    assert (PROVIDER.poll_seconds, PROVIDER.slowest_poll_seconds) == (2.5, 15)
    assert PROVIDER.deadline_seconds == 1200
    assert PROVIDER.key.env == ("MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY", "QWEN_API_KEY")
    assert PROVIDER.aliases == ()
