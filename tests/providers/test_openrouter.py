import json

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Ignored, Job, Link, Media, Mode, Request, Why
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
from openclaw_nb.providers import openrouter

PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
FAST = "google/veo-3.1-fast"
HAILUO = "minimax/hailuo-2.3"
BASE = "https://openrouter.ai/api/v1"
TICKET = openrouter.OpenRouterTicket(id="gen-vid-1", path="/videos/gen-vid-1")
CONTENT = Hosted("/videos/gen-vid-1/content?index=0", keyed=True, headers={"Accept": "video/mp4"})


def link(name, role=None):
    return Link(url=f"https://example.com/{name}.png", role=role)


def job(model=FAST, **asked):
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def body(asked):
    return openrouter.build_submit(asked).json


def planned(model=FAST, media=None, **asked):
    request = Request(prompt="a heron", **asked)
    return plan(request, media or Media(), openrouter.PROVIDER, model)


def reply(said, status=200, base_url=BASE, **headers):
    said = said if isinstance(said, str) else json.dumps(said)
    return Reply(status, headers, said.encode(), "/videos", base_url)


def video(status, **more):
    return reply({"id": "gen-vid-1", "status": status, **more})


def names(images):
    """By frame or `references`, which images go there."""
    sent = body(job(images=images))
    found = {
        frame["frame_type"]: frame["image_url"]["url"][20:-4]
        for frame in sent.get("frame_images", ())
    }
    if references := sent.get("input_references"):
        found["references"] = [each["image_url"]["url"][20:-4] for each in references]
    return found


# rows


def test_without_a_row_the_static_table_applies():
    caps = overlay(openrouter.CAPS, openrouter.PROVIDER.model("vendor/new").caps)
    assert caps.generate.supported_duration_seconds == (4, 6, 8)
    assert caps.generate.resolutions == ("720P", "1080P")
    assert caps.generate.aspect_ratios == ("16:9", "9:16")
    assert caps.generate.sizes is None
    assert caps.image_to_video.max_input_images == 4
    assert caps.modes() == (Mode.GENERATE, Mode.IMAGE_TO_VIDEO)


@pytest.mark.parametrize(
    "model, asked, sent",
    [
        (FAST, {"duration_seconds": 5}, 6),
        ("kwaivgi/kling-v3.0-pro", {"duration_seconds": 5}, 5),
        (HAILUO, {"duration_seconds": 7}, 6),
        ("vendor/new", {"duration_seconds": 7}, 8),
    ],
)
def test_a_length_is_the_nearest_of_the_models_own(model, asked, sent):
    assert planned(model, **asked).job.duration_seconds == sent


def test_a_model_without_sizes_gets_a_ratio_for_a_size():
    found = planned("minimax/hailuo-3", size="1280x720").job
    assert (found.size, found.aspect_ratio) == (None, "16:9")


def test_a_silent_model_has_no_switch_for_sound():
    assert [entry.setting for entry in planned(HAILUO, audio=True).ignored] == ["audio"]
    assert body(planned(audio=False).job)["generate_audio"] is False


def test_sora_takes_no_image_and_ended_with_openais_own_host():
    row = openrouter.PROVIDER.model("openai/sora-2-pro")
    assert row.modes == (Mode.GENERATE,)
    assert str(row.retires_on) == "2026-09-24"


def test_a_reference_video_or_audio_skips_the_provider():
    for media in (Media(videos=(link("a"),)), Media(audios=(link("a"),))):
        assert isinstance(planned(media=media), Skip)


# fit


def test_options_are_a_whole_number_and_an_https_address():
    options = {"seed": 7.0, "callback_url": " https://example.com/cb "}
    fitted = openrouter.fit(job(provider_options=options))
    assert fitted.job.provider_options == {"seed": 7, "callback_url": "https://example.com/cb"}
    assert body(fitted.job)["seed"] == 7
    assert openrouter.fit(job(provider_options={"callback_url": " "})) == Fitted(job())


@pytest.mark.parametrize(
    "options, said",
    [
        ({"seed": 1.5}, "whole number"),
        ({"seed": 2**53}, "whole number"),
        ({"seed": "7"}, "number"),
        ({"seed": True}, "boolean"),
        ({"callback_url": "http://example.com"}, "https address"),
        ({"callback_url": 1}, "string"),
        ({"watermark": True}, "watermark"),
    ],
)
def test_other_options_skip_the_model(options, said):
    skip = planned(provider_options=options)
    assert isinstance(skip, Skip)
    assert said in skip.reason


def test_a_size_is_not_sent_together_with_what_it_says_already():
    asked = job(size="1280x720", resolution="720P", aspect_ratio="9:16")
    fitted = openrouter.fit(asked)
    assert body(fitted.job) == {"model": FAST, "prompt": "a heron", "size": "1280x720"}
    assert fitted.ignored == (
        Ignored(setting="aspect_ratio", value="9:16", why="the size decides"),
        Ignored(setting="resolution", value="720P", why="the size decides"),
    )


def test_a_last_frame_needs_a_model_that_has_one():
    skip = openrouter.fit(job(HAILUO, images=(link("a", "last_frame"),)))
    assert "no last frame" in skip.reason


def test_frames_with_references_are_sent_and_that_is_noted():
    fitted = openrouter.fit(job(images=(link("a"), link("b", "reference_image"))))
    assert "may ignore the references" in fitted.notes[0]
    assert openrouter.fit(job(images=(link("a", "reference_image"),))).notes == ()


# submit


def test_a_submission_is_flat_json_with_attribution():
    asked = job(duration_seconds=8, resolution="720P", aspect_ratio="16:9", audio=True)
    assert openrouter.build_submit(asked) == Call(
        "POST",
        "/videos",
        json={
            "model": FAST,
            "prompt": "a heron",
            "duration": 8,
            "resolution": "720p",
            "aspect_ratio": "16:9",
            "generate_audio": True,
        },
        headers={"HTTP-Referer": "http://localhost", "X-OpenRouter-Title": "openclaw_nb"},
    )


def test_what_is_not_asked_is_not_sent():
    assert body(job()) == {"model": FAST, "prompt": "a heron"}


@pytest.mark.parametrize("given, sent", [("1080P", "1080p"), ("4k", "4K"), ("2K", "2K")])
def test_only_1k_2k_and_4k_are_upper_case(given, sent):
    assert body(job(resolution=given))["resolution"] == sent


@pytest.mark.parametrize(
    "images, sent",
    [
        ((link("a"),), {"first_frame": "a"}),
        ((link("a"), link("b")), {"first_frame": "a", "last_frame": "b"}),
        (
            (link("a"), link("b"), link("c"), link("d")),
            {"first_frame": "a", "last_frame": "b", "references": ["c", "d"]},
        ),
        ((link("a", "last_frame"), link("b")), {"first_frame": "b", "last_frame": "a"}),
        ((link("a"), link("b", "first_frame")), {"first_frame": "b", "last_frame": "a"}),
        (
            (link("a", "first_frame"), link("b", "first_frame")),
            {"first_frame": "a", "references": ["b"]},
        ),
        ((link("a", "reference_image"),), {"references": ["a"]}),
        (
            (link("a", "reference_image"), link("b")),
            {"first_frame": "b", "references": ["a"]},
        ),
    ],
)
def test_where_images_go(images, sent):
    assert names(images) == sent


def test_the_same_image_given_twice_is_sent_twice():
    image = link("a")
    assert names((image, image)) == {"first_frame": "a", "last_frame": "a"}
    assert names((image, image, image))["references"] == ["a"]


def test_a_second_image_is_a_reference_where_there_is_no_last_frame():
    sent = body(job(HAILUO, images=(link("a"), link("b"))))
    assert [frame["frame_type"] for frame in sent["frame_images"]] == ["first_frame"]
    assert len(sent["input_references"]) == 1


def test_a_local_image_goes_inline():
    assert body(job(images=(PNG,)))["frame_images"][0]["image_url"] == {"url": Inline(PNG)}


def test_five_images_are_too_many():
    media = Media(images=tuple(link(name) for name in "abcde"))
    assert "at most 4" in planned(media=media).reason
    assert isinstance(planned(media=Media(images=media.images[:4])), Plan)


# the job


@pytest.mark.parametrize(
    "polling_url, base_url, path",
    [
        (None, BASE, "/videos/gen-vid-1"),
        ("/api/v1/videos/gen-vid-1", BASE, "/videos/gen-vid-1"),
        (f"{BASE}/videos/gen-vid-1/status", BASE, "/videos/gen-vid-1/status"),
        ("https://elsewhere.example/videos/gen-vid-1", BASE, "/videos/gen-vid-1"),
        ("https://openrouter.ai.evil.example/api/v1/x", BASE, "/videos/gen-vid-1"),
        ("https://openrouter.ai/api/v1x/y", BASE, "/videos/gen-vid-1"),
        ("/other/videos/gen-vid-1", BASE, "/videos/gen-vid-1"),
        ("/api/v1/videos/gen-vid-1", "http://127.0.0.1:9/or/api/v1", "/videos/gen-vid-1"),
        ("https://[", BASE, "/videos/gen-vid-1"),
    ],
)
def test_a_polling_address_is_used_only_below_the_base_url(polling_url, base_url, path):
    said = {"id": "gen-vid-1", "status": "pending", "polling_url": polling_url}
    step = openrouter.parse_submit(reply(said, 202, base_url))
    assert step == Wait(openrouter.OpenRouterTicket(id="gen-vid-1", path=path), "queued")
    assert openrouter.build_status(step.ticket).path == path


def test_a_submission_without_an_id_is_malformed():
    with pytest.raises(Malformed, match="no id"):
        openrouter.parse_submit(reply({"status": "pending"}))


def test_a_submission_may_be_over_already():
    assert isinstance(openrouter.parse_submit(video("completed")), Done)
    assert isinstance(openrouter.parse_submit(video("failed", error="no")), Refused)


@pytest.mark.parametrize(
    "word, state",
    [
        ("pending", "queued"),
        ("queued", "queued"),
        ("in_progress", "running"),
        ("processing", "running"),
        ("Running ", "running"),
    ],
)
def test_waiting_words(word, state):
    assert openrouter.parse_status(TICKET, video(word)) == Wait(TICKET, state)


@pytest.mark.parametrize("said", [video("napping"), reply("{}"), reply('{"status": null}')])
def test_an_unknown_or_missing_word_waits_on(said):
    step = openrouter.parse_status(TICKET, said)
    assert isinstance(step, Wait)
    assert step.odd


@pytest.mark.parametrize("word", ["failed", "cancelled", "expired", "dead"])
def test_a_failure_is_a_plain_text(word):
    step = openrouter.parse_status(TICKET, video(word, error="Content policy violation"))
    assert step == Refused(Why.CONTENT_POLICY, "Content policy violation")
    assert f"ended as {word}" in openrouter.parse_status(TICKET, video(word)).said


def test_a_result_is_fetched_with_the_key_and_its_cost_is_kept():
    said = video(
        "completed",
        generation_id="gen-1",
        unsigned_urls=[f"{BASE}/videos/gen-vid-1/content?index=0"],
        urls=["https://storage.example/clip.mp4?sig=1"],
        usage={"cost": 0.96, "is_byok": False},
    )
    about = {"jobId": "gen-vid-1", "generationId": "gen-1", "costUsd": 0.96, "isByok": False}
    assert openrouter.parse_status(TICKET, said) == Done((CONTENT,), about)


@pytest.mark.parametrize(
    "urls", [None, [], ["https://openrouter.ai/api/v1/videos/gen-vid-1/content?index=0"]]
)
def test_the_content_address_of_the_base_url_is_used(urls):
    done = openrouter.parse_status(TICKET, video("completed", unsigned_urls=urls))
    assert done.outputs == (CONTENT,)


def test_a_storage_host_sees_no_key():
    url = "https://storage.example/clip.mp4"
    done = openrouter.parse_status(TICKET, video("completed", unsigned_urls=[url]))
    assert done.outputs == (Hosted(url, keyed=False),)


def test_an_own_address_of_another_kind_gets_the_key():
    done = openrouter.parse_status(TICKET, video("completed", unsigned_urls=["/files/clip.mp4"]))
    assert done.outputs == (Hosted("https://openrouter.ai/files/clip.mp4", keyed=True),)


@pytest.mark.parametrize("url", ["ftp://x.example/a.mp4", "https://["])
def test_a_result_that_is_no_address_is_malformed(url):
    with pytest.raises(Malformed, match="no "):
        openrouter.parse_status(TICKET, video("completed", unsigned_urls=[url]))


# errors


def error(status, text, **more):
    return reply({"error": {"code": status, "message": text, **more}, "user_id": "u"}, status)


@pytest.mark.parametrize(
    "said, why",
    [
        (error(400, "google/veo-3.1 does not support duration 5"), Why.FORMAT),
        (error(401, "No cookie auth credentials found"), Why.AUTH),
        (error(402, "Insufficient credits"), Why.BILLING),
        (error(403, "flagged", metadata={"reasons": ["violence"]}), Why.CONTENT_POLICY),
        (error(403, "Blocked by moderation"), Why.CONTENT_POLICY),
        (error(403, "Key limit exceeded"), Why.BILLING),
        (error(403, "Forbidden"), Why.AUTH),
        (reply("<html>", 403), Why.AUTH),
        (error(404, "Model google/veo-9 does not exist"), Why.MODEL_NOT_FOUND),
        (error(413, "too large"), Why.FORMAT),
        (error(429, "slow down"), Why.RATE_LIMIT),
        (error(499, "client closed request"), Why.UNKNOWN),
        (error(503, "no instances"), Why.OVERLOADED),
    ],
    ids=lambda each: each.body.decode()[:40] if isinstance(each, Reply) else None,
)
def test_errors(said, why):
    refused = openrouter.parse_error(said)
    assert (refused.why, refused.status, refused.code) == (why, said.status, str(said.status))


def test_missing_credits_name_the_way_out():
    assert "settings/credits" in openrouter.parse_error(error(402, "Insufficient credits")).advice
