from dataclasses import replace
from datetime import date

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import plan
from openclaw_nb.core.wire import Call, Done, Fitted, Hosted, Malformed, Refused, Reply, Wait
from openclaw_nb.providers import openai

PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
CLIP = Blob(media_type="video/mp4", name="a.mp4", size=3, data=b"mp4")
TICKET = openai.OpenAITicket(id="video_1")


def job(mode=Mode.GENERATE, model="sora-2", **asked):
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, **headers):
    return Reply(status, headers, body.encode())


def video(status, more=""):
    return reply(f'{{"id": "video_1", "status": "{status}"{more}}}')


def form(asked):
    return dict(openai.build_submit(asked).form)


# rows


def test_every_model_and_snapshot_retired_with_the_public_host_and_none_takes_its_place():
    for row in openai.PROVIDER.models:
        assert row.retires_on == date(2026, 9, 24)
        assert row.checked_on == date(2026, 11, 21)
        assert row.replaced_by is None


def test_the_large_sizes_are_those_of_the_pro_model():
    def sizes(row):
        return overlay(openai.CAPS, row.caps).generate.sizes

    for row in openai.PROVIDER.models:
        assert ("1792x1024" in sizes(row)) == row.id.startswith("sora-2-pro")
        assert {"720x1280", "1280x720"} <= set(sizes(row))


@pytest.mark.parametrize("asked, made", [(1, 4), (5, 4), (6, 8), (7, 8), (10, 12), (60, 12)])
def test_a_length_becomes_the_nearest_of_three_and_the_larger_on_a_tie(asked, made):
    planned = plan(
        Request(prompt="a heron", duration_seconds=asked), Media(), openai.PROVIDER, "sora-2"
    )
    assert form(planned.job)["seconds"] == str(made)


@pytest.mark.parametrize(
    "style, size",
    [
        ({"aspect_ratio": "16:9"}, "1280x720"),
        ({"aspect_ratio": "9:16"}, "720x1280"),
        ({"aspect_ratio": "7:4"}, "1792x1024"),
        ({"aspect_ratio": "4:7"}, "1024x1792"),
        ({"size": "1920x1080"}, "1280x720"),
        ({"resolution": "1080P"}, None),
        ({"audio": True, "watermark": True}, None),
    ],
)
def test_a_ratio_becomes_a_size_and_what_has_no_field_is_dropped(style, size):
    planned = plan(Request(prompt="a heron", **style), Media(), openai.PROVIDER, "sora-2-pro")
    assert form(planned.job).get("size") == size
    assert bool(planned.ignored) is (size is None)


# submit


def test_a_submission_is_a_form_in_the_order_of_the_official_client():
    asked = job(Mode.IMAGE_TO_VIDEO, duration_seconds=8, size="1280x720", images=(PNG,))
    call = openai.build_submit(asked)
    assert (call.method, call.path, call.json) == ("POST", "/videos", None)
    assert list(call.form.items()) == [
        ("prompt", "a heron"),
        ("model", "sora-2"),
        ("seconds", "8"),
        ("size", "1280x720"),
        ("input_reference", PNG),
    ]


def test_what_is_not_asked_is_not_sent():
    assert form(job()) == {"prompt": "a heron", "model": "sora-2"}


def test_an_edit_has_a_prompt_and_a_video_and_no_model():
    call = openai.build_submit(job(Mode.VIDEO_TO_VIDEO, videos=(CLIP,)))
    assert call == Call("POST", "/videos/edits", form={"prompt": "a heron", "video": CLIP})


def test_an_edit_keeps_the_length_of_its_video():
    fitted = openai.fit(job(Mode.VIDEO_TO_VIDEO, videos=(CLIP,), duration_seconds=8))
    assert fitted.job.duration_seconds is None
    assert fitted.ignored[0].setting == "duration_seconds"
    assert openai.fit(job(duration_seconds=8)).job.duration_seconds == 8


def test_a_file_without_a_name_gets_one():
    unnamed = replace(PNG, name="")
    sent = form(job(Mode.IMAGE_TO_VIDEO, images=(unnamed,)))
    assert sent["input_reference"] == replace(PNG, name="reference-image.png")


def test_an_address_is_fetched_before_since_a_form_takes_files_only():
    for provider in (openai.PROVIDER, openai.ELSEWHERE):
        assert not provider.takes_url("https://example.com/a.png")


@pytest.mark.parametrize("fit", [openai.fit, openai.fit_elsewhere])
def test_there_are_no_roles_and_that_is_noted(fit):
    def notes(role):
        image = Link(url="https://example.com/a.png", role=role)
        return fit(job(Mode.IMAGE_TO_VIDEO, images=(image,))).notes

    assert notes(None) == notes("first_frame") == ()
    assert notes("last_frame") == (
        "the last_frame is sent as the first frame: there are no roles here",
    )


def test_the_public_host_takes_no_options():
    fitted = openai.fit(job(provider_options={"seed": 1}))
    assert fitted.job.provider_options == {}
    assert fitted.ignored == (
        Ignored(setting="provider_options.seed", value=1, why="OpenAI has no such field"),
    )


# at another host


def test_elsewhere_lengths_and_sizes_are_not_those_of_sora():
    caps = openai.PROVIDER.elsewhere.caps
    assert caps.generate.sizes is None
    assert caps.generate.supported_duration_seconds is None
    assert caps.generate.max_duration_seconds is None
    assert all(row.retires_on is None for row in openai.PROVIDER.elsewhere.models)
    assert form(job(duration_seconds=5, size="832x480"))["seconds"] == "5"


def test_elsewhere_scalar_options_are_form_fields_and_the_rest_is_reported():
    options = {"steps": 30, "guidance": 4.5, "fast": True, "lora": ["a"], "prompt": "x"}
    fitted = openai.fit_elsewhere(job(provider_options=options))
    assert form(fitted.job) == {
        "prompt": "a heron",
        "model": "sora-2",
        "steps": "30",
        "guidance": "4.5",
        "fast": "true",
    }
    assert [i.setting for i in fitted.ignored] == [
        "provider_options.lora",
        "provider_options.prompt",
    ]


@pytest.mark.parametrize(
    "ratio, size",
    [("9:16", "720x1280"), ("16:9", "1280x720"), ("4:7", "1024x1792"), ("7:4", "1792x1024")],
)
def test_elsewhere_a_ratio_becomes_a_size(ratio, size):
    fitted = openai.fit_elsewhere(job(aspect_ratio=ratio))
    assert (fitted.job.size, fitted.job.aspect_ratio) == (size, None)
    assert fitted.changes == (
        Change(setting="size", requested=None, applied=size, derived_from="aspect_ratio"),
    )


def test_elsewhere_a_size_wins_over_a_ratio():
    fitted = openai.fit_elsewhere(job(aspect_ratio="16:9", size="640x640"))
    assert (fitted.job.size, fitted.changes) == ("640x640", ())
    assert fitted.ignored[0].setting == "aspect_ratio"


def test_elsewhere_nothing_asked_is_nothing_changed():
    assert openai.fit_elsewhere(job()) == Fitted(job())


# poll


def test_the_id_goes_into_the_path():
    assert openai.build_status(openai.OpenAITicket(id="a/b?c")).path == "/videos/a%2Fb%3Fc"


def test_a_submission_may_be_answered_with_each_state():
    assert openai.parse_submit(video("queued")) == Wait(TICKET, "queued")
    assert isinstance(openai.parse_submit(video("completed")), Done)
    assert isinstance(openai.parse_submit(video("failed")), Refused)


def test_a_submission_without_an_id_is_malformed():
    with pytest.raises(Malformed, match="no id"):
        openai.parse_submit(reply('{"status": "queued"}'))


@pytest.mark.parametrize("word", ["in_progress", "processing", "In_Progress"])
def test_progress_is_a_percentage(word):
    step = openai.parse_status(TICKET, video(word, ', "progress": 42'))
    assert step == Wait(TICKET, fraction=0.42)
    assert openai.parse_status(TICKET, video(word, ', "progress": null')).fraction is None


@pytest.mark.parametrize(
    "wish, seconds", [("4000", 4.0), ("10", 1.0), ("90000", 30.0), ("soon", None), ("", None)]
)
@pytest.mark.parametrize("word", ["queued", "in_progress", "napping"])
def test_the_host_may_wish_for_a_pace_between_1_and_30_seconds(word, wish, seconds):
    said = Reply(200, {"openai-poll-after-ms": wish}, video(word).body)
    assert openai.parse_status(TICKET, said).poll_seconds == seconds


def test_an_unknown_or_missing_word_waits_on():
    for said in (video("napping"), reply("{}"), reply('{"status": null}')):
        step = openai.parse_status(TICKET, said)
        assert isinstance(step, Wait)
        assert "waiting on" in step.note


def test_a_finished_video_is_fetched_with_the_key_from_the_content_endpoint():
    said = video("completed", ', "model": "sora-2-2025-12-08", "url": "https://x.example/a.mp4"')
    content = Hosted(
        "/videos/video_1/content?variant=video",
        keyed=True,
        headers={"Accept": "application/binary"},
    )
    done = Done((content,), {"videoId": "video_1"}, "sora-2-2025-12-08")
    assert openai.parse_status(TICKET, said) == done


def test_a_job_may_be_moderated_after_it_started():
    said = video("failed", ', "error": {"code": "moderation_blocked", "message": "No."}')
    refused = Refused(Why.CONTENT_POLICY, "No.", "moderation_blocked")
    assert openai.parse_status(TICKET, said) == refused


@pytest.mark.parametrize("word", ["failed", "expired", "cancelled", "canceled"])
def test_an_end_without_a_reason_names_its_word(word):
    step = openai.parse_status(TICKET, video(word, ', "error": null'))
    assert step == Refused(Why.UNKNOWN, f"the job ended as {word}, without a reason")


def test_a_host_may_say_why_in_a_bare_string():
    assert openai.parse_status(TICKET, video("failed", ', "error": "no GPU"')).said == "no GPU"


# errors


@pytest.mark.parametrize("status", [400, 404, 410])
def test_the_public_host_may_refuse_because_it_retired(status):
    refused = openai.PROVIDER.parse_error(reply('{"error": {"message": "gone"}}', status))
    assert refused.said == "gone"
    assert "retired the Videos API on 24 Sep 2026" in refused.advice
    assert not openai.PROVIDER.elsewhere.parse_error(reply("{}", status)).advice


def test_a_moderated_prompt_is_not_mistaken_for_the_retirement():
    said = reply('{"error": {"message": "No.", "code": "sentinel_block"}}', 400)
    refused = openai.parse_own_error(said)
    assert refused == Refused(Why.CONTENT_POLICY, "No.", "sentinel_block", 400)


@pytest.mark.parametrize(
    "said, status, why, code",
    [
        (
            '{"error": {"message": "x", "code": "invalid_api_key"}}',
            401,
            Why.AUTH,
            "invalid_api_key",
        ),
        ('{"error": {"message": "x", "code": 429}}', 429, Why.RATE_LIMIT, "429"),
        ('{"error": {"message": "x", "code": null}}', 400, Why.FORMAT, ""),
        ("<html>", 502, Why.SERVER_ERROR, ""),
        ("[]", 400, Why.FORMAT, ""),
    ],
)
def test_errors_of_compatible_hosts(said, status, why, code):
    refused = openai.parse_error(reply(said, status, **{"x-request-id": "r1"}))
    assert (refused.why, refused.code, refused.status) == (why, code, status)
    assert refused.request_id == "r1"


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://api.openai.com", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/", "https://api.openai.com/v1"),
        ("https://me.openai.azure.com/openai/v1/", "https://me.openai.azure.com/openai/v1"),
        ("http://127.0.0.1:8000/openai/v1", "http://127.0.0.1:8000/openai/v1"),
    ],
)
def test_the_public_host_is_recognised_with_and_without_its_version(configured, used):
    assert openai.read_base_url(configured) == used
