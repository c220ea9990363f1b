from dataclasses import replace

import pytest

from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import plan
from openclaw_nb.core.wire import Call, Done, Hosted, Inline, Malformed, Refused, Reply, Skip, Wait
from openclaw_nb.providers import together

TEXT = "Wan-AI/Wan2.2-T2V-A14B"
IMAGE = "Wan-AI/Wan2.2-I2V-A14B"
HAILUO = "minimax/hailuo-02"
KLING = "kwaivgI/kling-2.1-master"
PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
PICTURE = Link(url="https://example.com/a.png")
TICKET = together.TogetherTicket(id="019a")


def job(model=TEXT, **asked):
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, path="/videos/019a"):
    return Reply(status, {}, body.encode(), path)


def body(asked):
    return together.build_submit(together.fit(asked).job).json


def planned(model=TEXT, *, named=True, images=(), videos=(), **asked):
    name = f"together/{model}" if named else None
    request = Request(prompt="a heron", model=name, **asked)
    return plan(request, Media(images=images, videos=videos), together.PROVIDER, model)


# rows


def test_four_models_with_the_text_model_first():
    assert [row.id for row in together.PROVIDER.models] == [TEXT, IMAGE, HAILUO, KLING]


@pytest.mark.parametrize(
    "old, new", [("minimax/Hailuo-02", HAILUO), ("Kwai/Kling-2.1-Master", KLING)]
)
def test_two_models_were_renamed_and_the_old_ids_still_work(old, new):
    found = planned(old, images=(PICTURE,))
    assert (found.ref.model, found.job.model) == (new, new)
    assert found.changes == (
        Change(setting="model", requested=old, applied=new, why="Together has renamed it"),
    )


def test_an_image_without_a_model_goes_to_the_image_model_and_that_is_told():
    found = planned(named=False, images=(PICTURE,))
    assert found.job.model == IMAGE
    assert found.changes[0] == Change(
        setting="model", requested=TEXT, applied=IMAGE, why=f"{TEXT} does not make image-to-video"
    )


def test_an_image_with_the_text_model_named_is_an_error_that_names_the_image_models():
    assert planned(images=(PICTURE,)) == Skip(
        f"together/{TEXT} does not make image-to-video; it has text-to-video; "
        f"{IMAGE}, {HAILUO} or {KLING} of together can",
        "references",
    )


def test_the_image_model_needs_an_image():
    assert "does not make text-to-video" in planned(IMAGE).reason


@pytest.mark.parametrize("model", [IMAGE, HAILUO, KLING])
def test_one_image_and_no_more(model):
    assert planned(model, images=(PICTURE,)).job.images == (PICTURE,)
    assert "at most 1 reference image" in planned(model, images=(PICTURE, PICTURE)).reason


def test_an_unlisted_model_is_passed_on_without_an_image():
    assert planned("google/veo-3.0").job.model == "google/veo-3.0"
    assert isinstance(planned("google/veo-3.0", images=(PICTURE,)), Skip)


def test_there_is_no_video_to_video():
    assert isinstance(planned(HAILUO, videos=(Link(url="https://example.com/a.mp4"),)), Skip)


def test_the_job_cannot_be_cancelled_and_may_take_ten_minutes():
    assert together.PROVIDER.build_cancel is None
    assert together.PROVIDER.deadline_seconds == 600


# style


def test_seconds_are_a_string_and_pixels_are_numbers():
    assert together.build_submit(job(duration_seconds=5, size="1280x720")) == Call(
        "POST",
        "/videos",
        json={
            "model": TEXT,
            "prompt": "a heron",
            "width": 1280,
            "height": 720,
            "seconds": "5",
        },
    )


def test_nothing_is_sent_that_was_not_asked_for():
    assert body(job()) == {"model": TEXT, "prompt": "a heron"}


@pytest.mark.parametrize("asked, sent", [(4.6, "5"), (0.2, "1"), (10, "10")])
def test_seconds_are_rounded_half_up(asked, sent):
    found = planned(duration_seconds=asked)
    assert together.build_submit(found.job).json["seconds"] == sent


def test_over_ten_seconds_it_is_skipped():
    assert "at most 10 seconds" in planned(duration_seconds=99).reason


@pytest.mark.parametrize("size", ["1280*720", "1280X720", " 1280 x 720 "])
def test_a_size_may_be_written_with_a_star(size):
    sent = body(job(size=size))
    assert (sent["width"], sent["height"]) == (1280, 720)


@pytest.mark.parametrize("size", ["720p", "0x720", "1280", "1280x720x3"])
def test_another_spelling_of_a_size_is_left_out_and_told(size):
    fitted = together.fit(job(size=size))
    assert "width" not in together.build_submit(fitted.job).json
    assert fitted.ignored == (
        Ignored(setting="size", value=size, why="a size is written like 1280x720"),
    )


@pytest.mark.parametrize(
    "model, asked, size",
    [
        (HAILUO, {"aspect_ratio": "16:9"}, "1920x1080"),
        (KLING, {"aspect_ratio": "1:1"}, "1080x1080"),
        (KLING, {"size": "720x1280"}, "1080x1920"),
        (HAILUO, {"size": "1366x768"}, "1366x768"),
    ],
)
def test_models_with_listed_sizes_get_the_nearest(model, asked, size):
    assert planned(model, **asked).job.size == size


@pytest.mark.parametrize(
    "asked", [{"aspect_ratio": "16:9"}, {"resolution": "720P"}, {"audio": True}]
)
def test_wan_has_none_of_these_and_that_is_told(asked):
    found = planned(**asked)
    assert [entry.setting for entry in found.ignored] == list(asked)
    assert set(together.build_submit(found.job).json) == {"model", "prompt"}


def test_a_length_that_kling_does_not_list_is_sent_with_a_warning():
    found = planned(KLING, duration_seconds=8)
    assert together.build_submit(found.job).json["seconds"] == "8"
    assert "lists 5 s" in found.notes[0]
    assert planned(KLING, duration_seconds=5).notes == ()


# images


@pytest.mark.parametrize("role", [None, "first_frame"])
def test_an_image_is_the_first_frame_in_media_and_a_file_is_bare_base64(role):
    def sent(image):
        return body(job(IMAGE, images=(replace(image, role=role),)))["media"]

    link = {"frame_images": [{"input_image": PICTURE.url, "frame": "first"}]}
    file = Inline(replace(PNG, role=role), "base64")
    assert sent(PICTURE) == link
    assert sent(PNG) == {"frame_images": [{"input_image": file, "frame": "first"}]}


def test_a_reference_image_goes_to_the_other_list_and_a_file_is_a_data_uri():
    def sent(image):
        return body(job(IMAGE, images=(replace(image, role="reference_image"),)))["media"]

    file = replace(PNG, role="reference_image")
    assert sent(PICTURE) == {"reference_images": [PICTURE.url]}
    assert sent(PNG) == {"reference_images": [Inline(file, "data_uri")]}


def test_no_listed_model_has_a_last_frame():
    last = replace(PICTURE, role="last_frame")
    assert planned(HAILUO, images=(last,)) == Skip("has no last frame")


# options


def test_listed_options_go_through_and_others_are_told():
    fitted = together.fit(job(provider_options={"seed": 7, "guidance_scale": 7.5, "cfg": 1}))
    sent = together.build_submit(fitted.job).json
    assert (sent["seed"], sent["guidance_scale"]) == (7, 7.5)
    (ignored,) = fitted.ignored
    assert (ignored.setting, ignored.value) == ("provider_options.cfg", 1)


# answers


def test_a_submission_without_an_id_is_malformed():
    with pytest.raises(Malformed, match="no id"):
        together.parse_submit(reply('{"status": "in_progress"}'))


def test_the_answer_to_a_submission_may_be_final():
    done = '{"id": "019a", "status": "completed", "outputs": {"video_url": "https://x.example/v"}}'
    assert isinstance(together.parse_submit(reply(done)), Done)
    failed = '{"id": "019a", "status": "failed", "error": {"message": "boom"}}'
    assert together.parse_submit(reply(failed)).said == "boom"


@pytest.mark.parametrize(
    "word, state", [("queued", "queued"), ("in_progress", "running"), ("In_Progress", "running")]
)
def test_waiting_words(word, state):
    said = reply(f'{{"id": "019a", "status": "{word}"}}')
    assert together.parse_status(TICKET, said) == Wait(TICKET, state)


def test_an_unknown_word_waits_on():
    step = together.parse_status(TICKET, reply('{"status": "thinking"}'))
    assert isinstance(step, Wait)
    assert step.odd


def test_the_cost_is_a_decimal_number_of_dollars():
    said = (
        '{"id": "019a", "status": "completed", "model": "minimax/hailuo-02",'
        ' "outputs": {"cost": 0.28, "video_url": "https://api.together.ai/shrt/Ab"}}'
    )
    about = {"videoId": "019a", "status": "completed", "costUsd": 0.28}
    hosted = Hosted("https://api.together.ai/shrt/Ab")
    assert together.parse_status(TICKET, reply(said)) == Done((hosted,), about, HAILUO)


@pytest.mark.parametrize(
    "outputs",
    [
        '{"url": "https://x.example/v"}',
        '[{"cost": 1}, {"video_url": "https://x.example/v"}]',
        '[{"url": "https://x.example/v"}]',
    ],
)
def test_the_address_may_stand_elsewhere(outputs):
    said = reply(f'{{"status": "completed", "outputs": {outputs}}}')
    assert together.parse_status(TICKET, said).outputs == (Hosted("https://x.example/v"),)


@pytest.mark.parametrize("outputs", ["null", "{}", "[]"])
def test_completed_without_an_address_is_malformed(outputs):
    with pytest.raises(Malformed, match="no video_url"):
        together.parse_status(TICKET, reply(f'{{"status": "completed", "outputs": {outputs}}}'))


def test_the_other_documented_shape_is_read_too():
    said = (
        '{"id": "019a", "status": "completed", "claimed_at": "2025-10-01T10:00:00Z",'
        ' "inputs": {"model": "minimax/video-01-director", "seconds": "5"},'
        ' "outputs": {"video_url": "https://x.example/v"}, "info": {"user_id": "u"}}'
    )
    assert together.parse_status(TICKET, reply(said)).model == "minimax/video-01-director"


@pytest.mark.parametrize(
    "failure, text, code",
    [
        ('"error": {"message": "boom", "code": "e1"}', "boom", "e1"),
        ('"error": "boom"', "boom", ""),
        ('"error": null, "info": {"errors": ["one", "two"]}', "one; two", ""),
        ('"info": {"errors": "boom"}', "boom", ""),
        ('"error": null', "the job ended as failed; Together gave no reason", ""),
        ('"info": {"errors": []}', "the job ended as failed; Together gave no reason", ""),
    ],
)
def test_a_failure_is_quoted_from_wherever_it_stands(failure, text, code):
    step = together.parse_status(TICKET, reply(f'{{"status": "failed", {failure}}}'))
    assert step == Refused(Why.UNKNOWN, text, code)


@pytest.mark.parametrize("word", ["cancelled", "canceled"])
def test_a_cancelled_job_has_ended(word):
    step = together.parse_status(TICKET, reply(f'{{"status": "{word}"}}'))
    assert "ended as" in step.said


# errors


@pytest.mark.parametrize(
    "status, why",
    [
        (400, Why.FORMAT),
        (401, Why.AUTH),
        (402, Why.BILLING),
        (429, Why.RATE_LIMIT),
        (500, Why.SERVER_ERROR),
        (503, Why.OVERLOADED),
    ],
)
def test_an_error_has_a_message_and_a_code(status, why):
    said = '{"error": {"message": "no", "type": "t", "param": null, "code": "c"}}'
    assert together.parse_error(reply(said, status)) == Refused(why, "no", "c", status)


def test_an_unknown_model_may_be_a_base_url_without_its_version():
    refused = together.parse_error(
        reply('{"error": {"message": "Model not found"}}', 404, "/videos")
    )
    assert refused.why is Why.MODEL_NOT_FOUND
    assert "/v2" in refused.advice
    assert together.parse_error(reply('{"error": "gone"}', 404)).why is Why.UNKNOWN


def test_forbidden_may_mean_too_large():
    assert "too large" in together.parse_error(reply('{"error": "no"}', 403)).advice


@pytest.mark.parametrize("said", ["<html>", "", "[]"])
def test_an_error_of_another_shape_is_quoted(said):
    assert together.parse_error(reply(said, 502)).said


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://api.together.xyz/v1", "https://api.together.ai/v2"),
        ("https://api.together.ai/v1/", "https://api.together.ai/v2"),
        ("https://api.together.xyz/v2/", "https://api.together.xyz/v2"),
        ("https://gateway.example/together/v2", "https://gateway.example/together/v2"),
        ("http://127.0.0.1:8000/together/v2", "http://127.0.0.1:8000/together/v2"),
    ],
)
def test_the_chat_address_stands_for_the_video_address(configured, used):
    assert together.read_base_url(configured) == used
