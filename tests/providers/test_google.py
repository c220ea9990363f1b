import json
from base64 import b64encode, urlsafe_b64encode
from datetime import date

import pytest

from openclaw_nb.client import Client
from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import Plan, normalization, plan
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
    Fitted,
    Hosted,
    InHand,
    Inline,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import google

VEO = "veo-3.1-fast-generate-preview"
LITE = "veo-3.1-lite-generate-preview"
OMNI = "gemini-omni-1.2-flash"
OLD_OMNI = "gemini-omni-1.1-flash"
PROVIDER = google.PROVIDER
OPERATION = f"models/{VEO}/operations/op42"
ON_VEO = google.GoogleTicket(id="op42", operation=OPERATION)
ON_OMNI = google.GoogleTicket(id="int_1")
HOST = "https://generativelanguage.googleapis.com"
FILE = f"{HOST}/v1beta/files/abc123"
FILM = b"\x00\x00\x00\x18ftyp\xfb\xff\xfe"


def picture(role=None, name="a.png"):
    return Blob(media_type="image/png", name=name, size=3, data=b"png", role=role)


CLIP = Blob(media_type="video/quicktime", name="my clip.mov", size=3, data=b"mov")


def job(model=VEO, **asked):
    mode = Mode.GENERATE
    if asked.get("images"):
        mode = Mode.IMAGE_TO_VIDEO
    if asked.get("videos"):
        mode = Mode.VIDEO_TO_VIDEO
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, path="", **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, headers, text.encode(), path)


def sent(job):
    return PROVIDER.build_submit(job).json


def planned(model, images=(), videos=(), **asked):
    request = Request(prompt="a heron", **asked)
    return plan(request, Media(images=images, videos=videos), PROVIDER, model)


# rows


def test_the_products_default_stays_and_says_what_takes_its_place():
    default = PROVIDER.default_model
    assert default.id == VEO
    assert (default.retires_on, default.replaced_by) == (date(2026, 10, 22), OMNI)


@pytest.mark.parametrize(
    "model, ended",
    [
        ("veo-3.1-generate-preview", date(2026, 10, 22)),
        (LITE, date(2026, 10, 22)),
        ("veo-3.0-generate-001", date(2026, 6, 30)),
        ("veo-2.0-generate-001", date(2026, 6, 30)),
        ("gemini-omni-flash-preview", date(2026, 9, 30)),
        (OMNI, None),
        (OLD_OMNI, None),
    ],
)
def test_when_models_ended(model, ended):
    assert PROVIDER.model(model).retires_on == ended


def test_a_gemini_key_alone_makes_videos_with_omni_and_the_user_is_told(home):
    client = Client(home=home, environ={"GEMINI_API_KEY": "k"})
    found = client.vendors.candidates(None)
    client.close()
    assert [str(ref) for ref in found.refs] == [f"google/{OMNI}"]
    assert f"google/{VEO} is no longer served since 2026-10-22" in found.notices[0]


def test_at_another_host_no_model_has_ended_and_no_price_is_known():
    rows = PROVIDER.elsewhere.models
    assert [row.id for row in rows] == [row.id for row in PROVIDER.models]
    assert not any(row.retires_on or row.price for row in rows)


@pytest.mark.parametrize("mode", PROVIDER.caps.modes())
def test_veo_declares_what_the_product_declares(mode):
    block = PROVIDER.caps.block(mode)
    assert block.supported_duration_seconds == (4, 6, 8)
    assert block.max_duration_seconds == 8
    assert block.aspect_ratios == ("16:9", "9:16")
    assert block.resolutions == ("720P", "1080P")
    assert block.supports_size is block.supports_resolution is True
    assert block.supports_audio is False
    assert block.supports_watermark is None
    assert block.provider_options is None


def test_only_the_lite_model_of_veo_3_1_has_no_4k():
    def resolutions(model):
        caps = overlay(PROVIDER.caps, PROVIDER.model(model).caps)
        return {caps.block(mode).resolutions for mode in caps.modes()}

    assert resolutions(VEO) == {("720P", "1080P", "4K")}
    assert resolutions(LITE) == {("720P", "1080P")}


@pytest.mark.parametrize("model, asked, made", [(OMNI, 20, 15), (OMNI, 1, 3), (OLD_OMNI, 12, 10)])
def test_omni_makes_any_whole_number_of_seconds_up_to_its_longest(model, asked, made):
    assert planned(model, duration_seconds=asked).job.duration_seconds == made
    assert planned(model, duration_seconds=7).job.duration_seconds == 7


def test_omni_has_360p_and_4k():
    assert sent(planned(OMNI, resolution="360P").job)["response_format"]["resolution"] == "360p"
    assert sent(planned(OMNI, resolution="4K").job)["response_format"]["resolution"] == "4k"


def test_sound_and_watermark_have_no_switch_on_either_wire():
    for model in (VEO, OMNI):
        ignored = planned(model, audio=True, watermark=False).ignored
        assert [entry.setting for entry in ignored] == ["audio", "watermark"]


def test_images_and_a_video_do_not_go_together():
    for model in (VEO, OMNI):
        assert "combination" in planned(model, (picture(),), (CLIP,)).reason


def test_one_video_is_all_that_is_taken():
    for model in (VEO, OMNI):
        assert "at most 1 reference video" in planned(model, (), (CLIP, CLIP)).reason


# sizes


@pytest.mark.parametrize("model", [VEO, OMNI])
@pytest.mark.parametrize(
    "size, ratio, resolution",
    [
        ("1280x720", "16:9", "720P"),
        ("720x1280", "9:16", "720P"),
        ("1920x1080", "16:9", "1080P"),
        ("3840x2160", "16:9", "1080P"),
        ("1000x1000", "16:9", None),
    ],
)
def test_a_size_becomes_a_ratio_and_a_resolution(model, size, ratio, resolution):
    found = planned(model, size=size)
    assert (found.job.size, found.job.aspect_ratio, found.job.resolution) == (
        None,
        ratio,
        resolution,
    )
    told = normalization(found.changes)
    assert told["aspectRatio"] == {"applied": ratio, "derivedFrom": "size"}
    assert found.ignored == ()


def test_what_was_asked_for_wins_over_what_a_size_says():
    found = planned(VEO, size="1920x1080", aspect_ratio="9:16")
    assert (found.job.aspect_ratio, found.job.resolution) == ("9:16", "1080P")
    found = planned(VEO, size="1920x1080", aspect_ratio="9:16", resolution="720P")
    assert found.ignored == (
        Ignored(
            setting="size", value="1920x1080", why="the aspect ratio and the resolution decide"
        ),
    )


def test_a_size_that_cannot_be_read_is_left_out_and_told():
    fitted = google.fit(job(size="large"))
    assert fitted.job.size is None
    assert fitted.ignored == (Ignored(setting="size", value="large", why="cannot be read"),)


# the rule of 8 seconds


@pytest.mark.parametrize("resolution", ["1080P", "4K"])
@pytest.mark.parametrize("seconds", [4, 6])
def test_veo_makes_1080p_and_4k_in_8_seconds_only(resolution, seconds):
    found = planned(VEO, resolution=resolution, duration_seconds=seconds)
    assert found.job.duration_seconds == 8
    assert found.changes == (
        Change(
            setting="duration_seconds",
            requested=seconds,
            applied=8,
            why=f"{resolution} is made in 8 seconds only",
        ),
    )


def test_a_size_that_means_1080p_needs_8_seconds_too():
    assert planned(VEO, size="1920x1080", duration_seconds=4).job.duration_seconds == 8


def test_reference_images_need_8_seconds():
    found = planned(VEO, (picture("reference_image"),), duration_seconds=6)
    assert found.job.duration_seconds == 8
    assert "reference images" in found.changes[0].why


@pytest.mark.parametrize(
    "asked",
    [
        {"duration_seconds": 4, "resolution": "720P"},
        {"duration_seconds": 4, "images": (picture(), picture("last_frame"))},
        {"resolution": "1080P"},
        {"duration_seconds": 8, "resolution": "4K"},
    ],
    ids=str,
)
def test_other_lengths_stay_and_none_is_sent_unasked(asked):
    assert google.fit(job(**asked)) == Fitted(job(**asked))


def test_omni_knows_no_such_rule():
    assert planned(OMNI, resolution="4K", duration_seconds=4).changes == ()


# roles


def test_veo_sends_an_image_by_its_role():
    first = sent(job(images=(picture(),)))["instances"][0]
    assert first["image"] == {
        "bytesBase64Encoded": Inline(picture(), "base64"),
        "mimeType": "image/png",
    }
    both = sent(job(images=(picture("last_frame"), picture("first_frame"))))["instances"][0]
    assert set(both) == {"prompt", "image", "lastFrame"}
    assert both["lastFrame"]["bytesBase64Encoded"].blob.role == "last_frame"


def test_veo_sends_up_to_three_reference_images():
    images = tuple(picture("reference_image", f"{n}.png") for n in range(3))
    instance = sent(planned(VEO, images).job)["instances"][0]
    assert [each["referenceType"] for each in instance["referenceImages"]] == ["ASSET"] * 3
    assert "image" not in instance
    assert "at most 3" in planned(VEO, (*images, images[0])).reason


@pytest.mark.parametrize(
    "model, roles, reason",
    [
        (VEO, (None, None), "allows at most 1 reference image"),
        (VEO, ("last_frame",), "only together with a first_frame"),
        (VEO, (None, "reference_image"), "either frames or reference images"),
        (LITE, (None, "last_frame"), "at most 1 reference image"),
        (OMNI, (None, None), "one first frame and one last frame"),
        (OMNI, ("last_frame",), "only together with a first_frame"),
        (OMNI, (None, "last_frame", "reference_image"), "not both"),
        (OMNI, ("reference_image",) * 7, "at most 6"),
        (OLD_OMNI, ("reference_image",) * 3, "at most 2"),
    ],
)
def test_roles_that_do_not_go_together_skip_the_model(model, roles, reason):
    found = planned(model, tuple(picture(role) for role in roles))
    assert isinstance(found, Skip)
    assert reason in found.reason


def omni_turn(prompt="a heron", **asked):
    asked = job(OMNI, **asked)
    body = sent(Job(**{**{n: getattr(asked, n) for n in asked.__slots__}, "prompt": prompt}))
    return body["input"][0]["content"], body.get("generation_config", {}).get("video_config")


@pytest.mark.parametrize(
    "roles, task, text",
    [
        ((None,), "image_to_video", "<FIRST_FRAME> a heron"),
        (("last_frame", None), "image_to_video", "a heron"),
        (
            ("reference_image",) * 2,
            "reference_to_video",
            "<IMAGE_REF_0> <IMAGE_REF_1> a heron",
        ),
        (
            ("reference_image", "first_frame"),
            None,
            "[# Sources <FIRST_FRAME>@Image1] [# References <IMAGE_REF_0>@Image2] a heron",
        ),
    ],
)
def test_omni_reads_roles_in_the_prompt_and_the_text_comes_last(roles, task, text):
    parts, config = omni_turn(images=tuple(picture(role) for role in roles))
    assert parts[-1] == {"type": "text", "text": text}
    assert [part["type"] for part in parts[:-1]] == ["image"] * len(roles)
    assert config == ({"task": task} if task else None)


def test_omni_gets_a_start_before_an_end_whatever_the_order():
    parts, _ = omni_turn(images=(picture("last_frame"), picture()))
    assert [part["data"].blob.role for part in parts[:-1]] == [None, "last_frame"]


def test_tags_that_the_user_wrote_are_left_alone():
    prompt = "like <IMAGE_REF_0>, a heron"
    parts, _ = omni_turn(prompt, images=(picture("reference_image"),))
    assert parts[-1]["text"] == prompt


def test_images_at_addresses_are_fetched_but_googles_own_files_stay_where_they_are():
    assert not PROVIDER.takes_url("https://example.com/a.png")
    assert not PROVIDER.takes_url("https://example.com/v1beta/files/abc123")
    assert not PROVIDER.takes_url("https://[")
    assert PROVIDER.takes_url(FILE)
    assert PROVIDER.takes_url(f"{FILE}:download?alt=media")
    parts, _ = omni_turn(images=(Link(url=FILE),))
    assert parts[0] == {"type": "image", "uri": FILE}
    assert "as bytes" in google.fit(job(images=(Link(url=FILE),))).reason
    with pytest.raises(TypeError, match="bytes"):
        sent(job(images=(Link(url="https://example.com/a.png"),)))


# submissions to Veo


def test_numbers_of_seconds_and_lower_case_resolutions_on_veo():
    asked = job(duration_seconds=8, aspect_ratio="9:16", resolution="1080P")
    assert PROVIDER.build_submit(asked) == Call(
        "POST",
        f"/v1beta/models/{VEO}:predictLongRunning",
        json={
            "instances": [{"prompt": "a heron"}],
            "parameters": {"durationSeconds": 8, "aspectRatio": "9:16", "resolution": "1080p"},
        },
    )


def test_parameters_are_left_out_when_there_are_none():
    assert sent(job()) == {"instances": [{"prompt": "a heron"}]}


@pytest.mark.parametrize("prefix", ["", "models/", "google/", "google/models/"])
def test_prefixes_of_a_model_id_are_tolerated(prefix):
    assert (
        PROVIDER.build_submit(job(prefix + VEO)).path == f"/v1beta/models/{VEO}:predictLongRunning"
    )
    assert sent(job(prefix + OMNI))["model"] == OMNI


def test_veo_extends_one_video_whose_fields_are_called_otherwise_than_an_images():
    video = Blob(media_type="video/mp4", name="a.mp4", size=3, data=b"mp4")
    assert sent(job(videos=(video,)))["instances"][0]["video"] == {
        "encodedVideo": Inline(video, "base64"),
        "encoding": "video/mp4",
    }
    assert sent(job(videos=(Link(url=FILE),)))["instances"][0]["video"] == {"uri": FILE}


def test_veo_takes_three_options_and_the_rest_is_reported():
    options = {
        "negativePrompt": "blur",
        "personGeneration": "everybody",
        "enhancePrompt": 1,
        "seed": 7,
    }
    found = planned(VEO, provider_options=options)
    assert sent(found.job)["parameters"] == {"negativePrompt": "blur"}
    assert [(entry.setting, entry.value) for entry in found.ignored] == [
        ("provider_options.personGeneration", "everybody"),
        ("provider_options.enhancePrompt", 1),
        ("provider_options.seed", 7),
    ]
    assert planned(VEO, provider_options={"negativePrompt": 1}).ignored[0].why == "must be a text"


# submissions to Omni


def test_an_interaction_runs_in_the_background_is_kept_and_delivers_an_address():
    asked = job(OMNI, duration_seconds=5, aspect_ratio="16:9", resolution="720P")
    assert PROVIDER.build_submit(asked) == Call(
        "POST",
        "/v1beta/interactions",
        json={
            "model": OMNI,
            "input": "a heron",
            "response_format": {
                "type": "video",
                "delivery": "uri",
                "aspect_ratio": "16:9",
                "resolution": "720p",
                "duration": "5s",
            },
            "background": True,
            "store": True,
            "generation_config": {"video_config": {"task": "text_to_video"}},
        },
    )


def test_an_earlier_result_is_edited_or_extended_by_its_id():
    body = sent(job(OMNI, provider_options={"previous_interaction_id": "int_0", "seed": 7.0}))
    assert body["previous_interaction_id"] == "int_0"
    assert body["generation_config"] == {"seed": 7}, "edit or extend: the prompt says which"
    options = {"previous_interaction_id": "int_0", "task": "extend"}
    found = planned(OMNI, duration_seconds=15, provider_options=options)
    assert found.job.duration_seconds == 10
    assert found.changes[-1].why == "an extension adds at most 10 seconds"
    assert sent(found.job)["generation_config"] == {"video_config": {"task": "extend"}}


def test_options_of_omni_are_three_and_a_task_is_one_of_six():
    assert "accepted: seed" in planned(OMNI, provider_options={"fps": 24}).reason
    assert "upscale" in planned(OMNI, provider_options={"task": "paint"}).reason
    assert planned(OMNI, provider_options={"seed": 1.5}).ignored[0].why == "must be a whole number"
    unknown = planned("gemini-omni-3", provider_options={"fps": 24})
    assert unknown.ignored[0].setting == "provider_options.fps"


# uploads


def test_only_omni_uploads_and_only_a_video_of_this_machine():
    for each in (job(videos=(CLIP,)), job(OMNI), job(OMNI, images=(picture(),))):
        assert PROVIDER.prepare(each) is each
    linked = job(OMNI, videos=(Link(url=FILE),))
    assert PROVIDER.prepare(linked) is linked


def uploading():
    start = PROVIDER.prepare(job(OMNI, videos=(CLIP,)))
    where = f"{HOST}/upload/v1beta/files?upload_id=u1"
    send = start.read(reply("{}", **{"x-goog-upload-url": where}))
    return start.call, send


def test_an_upload_is_announced_then_sent_without_the_key():
    start, send = uploading()
    assert (start.method, start.path) == ("POST", "/upload/v1beta/files")
    assert start.json == {"file": {"mime_type": "video/quicktime", "size_bytes": 3}}
    assert start.headers["X-Goog-Upload-File-Name"] == "my%20clip.mov"
    assert send.call.path == f"{HOST}/upload/v1beta/files?upload_id=u1"
    assert send.call.content is CLIP
    assert not send.call.keyed
    assert send.call.headers["X-Goog-Upload-Command"] == "upload, finalize"


def file(state, **more):
    return {"name": "files/abc123", "uri": FILE, "state": state, **more}


def test_a_file_is_looked_at_until_it_is_active_and_then_referred_to():
    _, send = uploading()
    look = send.read(reply({"file": file("PROCESSING")}))
    assert isinstance(look, Before)
    assert (look.call, look.pause_seconds) == (Call("GET", "/v1beta/files/abc123"), 5)
    again = look.read(reply(file("PROCESSING")))
    assert again.call == look.call
    ready = again.read(reply(file("ACTIVE")))
    parts = sent(ready)["input"][0]["content"]
    assert parts[0] == {"type": "video", "uri": FILE, "mime_type": "video/quicktime"}
    assert sent(ready)["generation_config"]["video_config"] == {"task": "edit"}
    assert send.read(reply({"file": file("ACTIVE")})) == ready


def test_a_file_that_fails_and_answers_that_are_none():
    _, send = uploading()
    refused = send.read(reply({"file": file("FAILED")}))
    assert (refused.why, refused.code) == (Why.FORMAT, "FAILED")
    with pytest.raises(Malformed, match="without a name"):
        send.read(reply({"file": {"state": "PROCESSING"}}))
    with pytest.raises(Malformed, match="x-goog-upload-url"):
        PROVIDER.prepare(job(OMNI, videos=(CLIP,))).read(reply("{}"))


# polls of Veo


def test_the_name_of_an_operation_is_its_receipt():
    said = reply({"name": OPERATION}, path=f"/v1beta/models/{VEO}:predictLongRunning")
    assert PROVIDER.parse_submit(said) == Wait(ON_VEO, "queued")
    assert ON_VEO.job_id == "op42"
    assert PROVIDER.build_status(ON_VEO) == Call("GET", f"/v1beta/{OPERATION}")


def test_a_gateways_operation_without_its_model_is_polled_as_named():
    ticket = PROVIDER.parse_submit(reply({"name": "operations/op42"})).ticket
    assert PROVIDER.build_status(ticket).path == "/v1beta/operations/op42"


def test_an_operation_without_a_name_is_malformed():
    with pytest.raises(Malformed, match="no name"):
        PROVIDER.parse_submit(reply("{}"))


def veo(**fields):
    return PROVIDER.parse_status(ON_VEO, reply({"name": OPERATION, **fields}))


@pytest.mark.parametrize("fields", [{}, {"done": False}, {"metadata": {"x": 1}, "done": None}])
def test_an_operation_that_is_not_done_runs(fields):
    assert veo(**fields) == Wait(ON_VEO)


DOWNLOAD = Hosted("/v1beta/files/abc123:download?alt=media", keyed=True)


@pytest.mark.parametrize(
    "response",
    [
        {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": FILE}}]}},
        {"generateVideoResponse": {"generatedSamples": [{"video": {"uri": f"{FILE}:download"}}]}},
        {"generatedVideos": [{"video": {"uri": f"{FILE}:download?alt=media"}}]},
        {"generatedVideos": [{"video": {"name": "files/abc123"}}]},
        {"generatedVideos": [{"video": {"videoBytes": "", "uri": FILE}}]},
    ],
    ids=str,
)
def test_a_file_is_fetched_at_the_base_url_with_the_key_whatever_host_its_address_names(response):
    assert veo(done=True, response=response) == Done((DOWNLOAD,), {"operation": OPERATION})


def test_an_address_that_is_no_file_of_googles_is_fetched_without_the_key():
    for url in ("https://cdn.example.com/files/a.mp4", "https://cdn.example.com/a.mp4?files/b"):
        samples = {"generatedSamples": [{"video": {"uri": url}}]}
        assert veo(done=True, response={"generateVideoResponse": samples}).outputs == (Hosted(url),)


@pytest.mark.parametrize(
    "video",
    [
        {"encodedVideo": b64encode(FILM).decode(), "encoding": "video/mp4"},
        {"videoBytes": urlsafe_b64encode(FILM).decode().rstrip("="), "mimeType": "video/mp4"},
        {"videoBytes": b64encode(FILM).decode()},
    ],
    ids=str,
)
def test_bytes_come_in_either_alphabet_of_base64(video):
    done = veo(done=True, response={"generatedVideos": [{"video": video}]})
    assert done.outputs == (InHand(FILM, "video/mp4"),)


def test_bytes_that_are_no_base64_are_malformed():
    with pytest.raises(Malformed, match="base64"):
        veo(done=True, response={"generatedVideos": [{"video": {"videoBytes": "A"}}]})


def test_a_filtered_video_is_refused_with_googles_reasons():
    filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": ["no likenesses", "no"]}
    step = veo(done=True, response={"generateVideoResponse": filtered})
    assert step == Refused(Why.CONTENT_POLICY, "no likenesses; no", "raiMediaFiltered")
    counted = veo(done=True, response={"generateVideoResponse": {"raiMediaFilteredCount": 1}})
    assert counted.why is Why.CONTENT_POLICY


@pytest.mark.parametrize("response", [None, {}, {"generatedVideos": [{"video": {}}]}])
def test_done_without_a_video_is_a_failure_and_nothing_is_sent_again(response):
    step = veo(done=True, response=response)
    assert (step.why, step.said) == (
        Why.UNKNOWN,
        "the operation ended without a video and without a reason",
    )


@pytest.mark.parametrize(
    "error, why, code",
    [
        ({"code": 13, "message": "boom"}, Why.SERVER_ERROR, "13"),
        ({"code": 4, "message": "late", "status": "DEADLINE_EXCEEDED"}, Why.TIMEOUT, "DEADLINE_EXCEEDED"),
        ({"code": 8, "message": "slow"}, Why.RATE_LIMIT, "8"),
        ({"code": 3, "message": "odd"}, Why.FORMAT, "3"),
        ({"code": "QUEUE_FULL", "message": "odd"}, Why.UNKNOWN, "QUEUE_FULL"),
        ({"code": 3, "message": "violates our safety rules"}, Why.CONTENT_POLICY, "3"),
        ({}, Why.UNKNOWN, ""),
    ],
)  # fmt: skip
def test_a_failed_operation_has_googles_rpc_code(error, why, code):
    step = veo(done=True, error=error)
    assert (step.why, step.code) == (why, code)
    assert step.said == error.get("message", "the operation failed without a reason")


# polls of Omni


def omni(status, **fields):
    return PROVIDER.parse_status(ON_OMNI, reply({"id": "int_1", "status": status, **fields}))


def test_an_interactions_id_is_its_receipt_and_the_path_of_the_call_tells_the_wires_apart():
    said = reply({"id": "int_1", "status": "queued"}, path="/v1beta/interactions")
    assert PROVIDER.parse_submit(said) == Wait(ON_OMNI, "queued")
    assert PROVIDER.build_status(ON_OMNI) == Call("GET", "/v1beta/interactions/int_1")
    with pytest.raises(Malformed, match="no id"):
        PROVIDER.parse_submit(reply("{}", path="/v1beta/interactions"))


@pytest.mark.parametrize("word, state", [("queued", "queued"), (" In_Progress", "running")])
def test_words_that_wait(word, state):
    assert omni(word) == Wait(ON_OMNI, state)


@pytest.mark.parametrize("fields", [{"status": "napping"}, {}, {"status": None}])
def test_a_new_word_is_waited_on_and_told(fields):
    step = PROVIDER.parse_status(ON_OMNI, reply(fields))
    assert isinstance(step, Wait)
    assert step.odd


def turn(*parts, kind="model_output"):
    return {"type": kind, "content": list(parts)}


VIDEO = {"type": "video", "uri": FILE, "mime_type": "video/mp4"}
TEXT = {"type": "text", "text": "I cannot make this."}


def test_a_completed_interaction_has_its_video_in_the_models_output():
    done = Done((DOWNLOAD,), {"interactionId": "int_1"})
    assert omni("completed", steps=[turn(TEXT, kind="user_input"), turn(TEXT, VIDEO)]) == done
    assert omni("completed", steps=[], output_video=VIDEO) == done
    inline = {"type": "video", "data": b64encode(FILM).decode(), "mime_type": "video/mp4"}
    assert omni("completed", steps=[turn(inline)]).outputs == (InHand(FILM, "video/mp4"),)


def test_the_videos_of_earlier_turns_are_not_delivered_again():
    earlier = {**VIDEO, "uri": f"{HOST}/v1beta/files/old"}
    steps = [turn(earlier), turn(TEXT, kind="user_input"), turn(VIDEO)]
    assert omni("completed", steps=steps).outputs == (DOWNLOAD,)


def test_steps_of_other_kinds_do_not_spoil_the_result():
    steps = [{"type": "thought", "content": "hm", "signature": 1}, {"type": "new"}, turn(VIDEO)]
    assert omni("completed", steps=steps).outputs == (DOWNLOAD,)


def test_completed_without_a_video_is_a_refusal_in_the_models_words():
    step = omni("completed", steps=[turn(TEXT, kind="user_input"), turn(TEXT)])
    assert (step.why, step.said) == (Why.CONTENT_POLICY, "I cannot make this.")
    assert "previous_interaction_id" in step.advice
    assert omni("completed").said == "it completed without a video"


@pytest.mark.parametrize(
    "word",
    [
        "failed",
        "incomplete",
        "budget_exceeded",
        "cancelled",
        "requires_action",
        "requires_continuation",
    ],
)
def test_words_that_end_it(word):
    assert omni(word) == Refused(
        Why.UNKNOWN, f"the interaction ended as {word}, without a reason", word
    )


def test_errors_of_an_interaction_are_quoted():
    errors = [{"code": "type.googleapis.com/x", "message": "blocked by safety"}, {"code": "y"}]
    step = omni("failed", errors=errors)
    assert step == Refused(Why.CONTENT_POLICY, "blocked by safety", "type.googleapis.com/x")


def test_an_interaction_can_be_cancelled_and_an_operation_cannot():
    cancel = PROVIDER.build_cancel(ON_OMNI, "running")
    assert cancel == Call("POST", "/v1beta/interactions/int_1/cancel")
    assert PROVIDER.build_cancel(ON_VEO, "running") is None


# errors


def failure(code, status, message="no", path="", **more):
    body = {"error": {"code": code, "message": message, "status": status, **more}}
    return reply(body, code, path)


@pytest.mark.parametrize(
    "said, why, code",
    [
        (failure(400, "INVALID_ARGUMENT"), Why.FORMAT, "INVALID_ARGUMENT"),
        (failure(403, "PERMISSION_DENIED"), Why.AUTH, "PERMISSION_DENIED"),
        (failure(404, "NOT_FOUND"), Why.MODEL_NOT_FOUND, "NOT_FOUND"),
        (failure(503, "UNAVAILABLE"), Why.OVERLOADED, "UNAVAILABLE"),
        (failure(400, "INVALID_ARGUMENT", "blocked by safety"), Why.CONTENT_POLICY, "INVALID_ARGUMENT"),
        (failure(404, "NOT_FOUND", path="/v1beta/models/x/operations/1"), Why.UNKNOWN, "NOT_FOUND"),
        (failure(404, "NOT_FOUND", path="/v1beta/interactions/1"), Why.UNKNOWN, "NOT_FOUND"),
        (reply("<html>", 502), Why.SERVER_ERROR, ""),
    ],
)  # fmt: skip
def test_an_error_is_classified(said, why, code):
    refused = PROVIDER.parse_error(said)
    assert (refused.why, refused.code, refused.status) == (why, code, said.status)


def test_a_wrong_key_is_a_400():
    details = [{"@type": "x", "reason": "API_KEY_INVALID", "domain": "googleapis.com"}]
    said = failure(400, "INVALID_ARGUMENT", "API key not valid.", details=details)
    assert PROVIDER.parse_error(said) == Refused(
        Why.AUTH, "API key not valid.", "API_KEY_INVALID", 400
    )


def test_quota_is_no_billing_failure_though_its_sentence_speaks_of_billing():
    refused = PROVIDER.parse_error(failure(429, "RESOURCE_EXHAUSTED", "check plan and billing"))
    assert refused.why is Why.RATE_LIMIT
    assert "free tier" in refused.advice


def test_an_error_in_a_list_of_one_is_unwrapped():
    body = [{"error": {"code": 400, "message": "bad", "status": "INVALID_ARGUMENT"}}]
    refused = PROVIDER.parse_error(reply(body, 400))
    assert (refused.said, refused.code) == ("bad", "INVALID_ARGUMENT")
    assert PROVIDER.parse_error(reply([], 400)).why is Why.FORMAT


# access


@pytest.mark.parametrize(
    "key, header",
    [
        ("AIza123", ("x-goog-api-key", "AIza123")),
        ('{"token": "ya29"}', ("Authorization", "Bearer ya29")),
        ('{"token": ""}', ("x-goog-api-key", '{"token": ""}')),
        ("12345", ("x-goog-api-key", "12345")),
    ],
)
def test_a_credential_of_json_is_a_bearer_token(key, header):
    assert PROVIDER.key.sent_as(key) == header


@pytest.mark.parametrize(
    "configured, used",
    [
        (f"{HOST}/v1beta/", HOST),
        (f"{HOST}/v1beta/openai/", HOST),
        ("https://gateway.example/google/v1beta", "https://gateway.example/google"),
        ("https://gateway.example/openai", "https://gateway.example/openai"),
        (" http://127.0.0.1:8000/google/ ", "http://127.0.0.1:8000/google"),
    ],
)
def test_a_base_url_is_without_its_version(configured, used):
    assert PROVIDER.read_base_url(configured) == used


def test_interactions_can_be_asked_for_in_the_newer_version():
    newer = PROVIDER.configure({"apiVersion": "v1"}, str)
    assert newer.build_submit(job(OMNI)).path == "/v1/interactions"
    assert newer.build_status(ON_OMNI).path == "/v1/interactions/int_1"
    assert newer.build_cancel(ON_OMNI, "queued").path == "/v1/interactions/int_1/cancel"
    assert newer.prepare(job(OMNI, videos=(CLIP,))).call.path == "/upload/v1/files"
    assert newer.build_submit(job()).path.startswith("/v1beta/models/"), "Veo has no other"
    assert newer.elsewhere.build_submit(job(OMNI)).path == "/v1/interactions"
    assert PROVIDER.configure({}, str).build_submit(job(OMNI)).path == "/v1beta/interactions"
    with pytest.raises(ValueError, match="allowed are v1beta and v1"):
        PROVIDER.configure({"apiVersion": "v2"}, str)


def test_a_plan_for_every_mode_of_both_wires():
    clips, images = (CLIP,), (picture(),)
    for model in (VEO, OMNI):
        for found in (planned(model), planned(model, images), planned(model, (), clips)):
            assert isinstance(found, Plan)
