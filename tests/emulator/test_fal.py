"""fal, judged over HTTP and by fal-client."""

import asyncio
import struct

import fal_client
import httpx
import pytest

from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.emulator.services.fal_endpoints import schema
from openclaw_nb.emulator.services.fal_errors import MODEL_ERRORS, REQUEST_ERRORS
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.access import Access
from tests.capture import differences
from tests.environments import run_node
from tests.runtime.world import FakeClock, a_job, a_run, engine

KEY = {"authorization": "Key k"}
LIVE = "fal-ai/minimax/video-01-live"
KLING = "fal-ai/kling-video/v2.1/master/text-to-video"
WAN = "fal-ai/wan/v2.2-a14b/text-to-video"
SEEDANCE = "bytedance/seedance-2.0/text-to-video"
FAST = "bytedance/seedance-2.0/fast/text-to-video"
REFERENCES = "bytedance/seedance-2.0/reference-to-video"


@pytest.fixture
def fal(emulator, http):
    class Fal:
        url = emulator.urls["fal"]

        def submit(self, endpoint, **body):
            return http.post(f"{self.url}/{endpoint}", json=body, headers=KEY)

        def get(self, url, **headers):
            return http.get(url, headers=headers or KEY)

        def finish(self, endpoint, **body):
            made = self.submit(endpoint, **body).raise_for_status().json()
            while self.get(made["status_url"]).json()["status"] != "COMPLETED":
                pass
            return self.get(made["response_url"])

        def film(self, endpoint, **body):
            url = self.finish(endpoint, **body).raise_for_status().json()["video"]["url"]
            return httpx.get(url, trust_env=False).raise_for_status().content

    return Fal()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def test_a_job_is_queued_then_running_then_completed(emulator, fal):
    play(emulator, polls=3)
    made = fal.submit(LIVE, prompt="a heron").json()
    seen = [fal.get(made["status_url"], **KEY) for _ in range(3)]
    assert made["status"] == "IN_QUEUE"
    assert made["queue_position"] == 0
    assert [each.status_code for each in seen] == [202, 202, 200]
    assert [each.json()["status"] for each in seen] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert seen[1].json()["logs"] is None
    assert seen[2].json()["metrics"]["inference_time"] >= 0
    assert {each.headers["x-openclaw-emulator"] for each in seen} == {"1"}


def test_logs_come_when_asked_for(emulator, fal):
    play(emulator, polls=1)
    made = fal.submit(LIVE, prompt="a heron").json()
    logs = fal.get(made["status_url"] + "?logs=1").json()["logs"]
    assert set(logs[0]) == {"message", "level", "source", "timestamp"}


def test_urls_use_only_owner_and_app(fal):
    made = fal.submit(KLING, prompt="a fox").json()
    here = f"{fal.url}/fal-ai/kling-video/requests/{made['request_id']}"
    assert made["response_url"] == here
    assert made["status_url"] == f"{here}/status"
    assert made["cancel_url"] == f"{here}/cancel"
    assert fal.get(f"{fal.url}/fal-ai/wan/requests/{made['request_id']}/status").status_code == 404


def test_the_result_names_a_file_that_needs_no_key(fal, media):
    result = fal.finish(LIVE, prompt="a heron")
    file = result.json()["video"]
    film = httpx.get(file["url"], trust_env=False)
    assert set(file) == {"url", "content_type", "file_name", "file_size"}
    assert len(film.content) == file["file_size"]
    assert film.headers["content-type"] == "video/mp4"
    assert "x-fal-request-id" in result.headers
    assert "x-fal-billable-units" in result.headers


def test_a_hosted_file_refuses_a_key(fal):
    url = fal.finish(LIVE, prompt="a heron").json()["video"]["url"]
    assert fal.get(url).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"authorization": "Key"}, {"authorization": "Bearer k"}])
def test_a_missing_or_wrong_kind_of_key_is_refused(emulator, http, headers):
    said = http.post(f"{emulator.urls['fal']}/{LIVE}", json={"prompt": "x"}, headers=headers)
    assert said.status_code == 401
    assert isinstance(said.json()["detail"], str)
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "endpoint, body, field, kind",
    [
        (LIVE, {}, "prompt", "missing"),
        (LIVE, {"prompt": None}, "prompt", "missing"),
        (LIVE, {"prompt": 5}, "prompt", "string_type"),
        (KLING, {"prompt": "x", "duration": 5}, "duration", "literal_error"),
        (KLING, {"prompt": "x", "duration": "6"}, "duration", "literal_error"),
        (KLING, {"prompt": "x", "aspect_ratio": "4:3"}, "aspect_ratio", "literal_error"),
        (WAN, {"prompt": "x", "resolution": "720P"}, "resolution", "literal_error"),
        (WAN, {"prompt": "x", "num_frames": 16}, "num_frames", "greater_than_equal"),
        (WAN, {"prompt": "x", "num_frames": "81"}, "num_frames", "int_type"),
        (SEEDANCE, {"prompt": "x", "duration": 4}, "duration", "literal_error"),
        (SEEDANCE, {"prompt": "x", "aspect_ratio": "adaptive"}, "aspect_ratio", "literal_error"),
        (SEEDANCE, {"prompt": "x", "generate_audio": "yes"}, "generate_audio", "bool_type"),
        (FAST, {"prompt": "x", "resolution": "1080p"}, "resolution", "literal_error"),
        (f"{LIVE}/image-to-video", {"prompt": "x"}, "image_url", "missing"),
        (
            f"{LIVE}/image-to-video",
            {"prompt": "x", "image_url": "data:image/png;base64,AAAA"},
            "image_url",
            "image_load_error",
        ),
        (REFERENCES, {"prompt": "x", "image_urls": ["https://a/b"] * 10}, "image_urls", "too_long"),
        (
            REFERENCES,
            {"prompt": "x", "video_urls": ["nothing"]},
            "video_urls",
            "file_download_error",
        ),
        (
            "fal-ai/heygen/v2/video-agent",
            {"prompt": "x", "config": {"duration": 4}},
            "config",
            "greater_than_equal",
        ),
    ],
)
def test_a_wrong_body_is_refused_in_fals_shape(emulator, fal, endpoint, body, field, kind):
    said = fal.submit(endpoint, **body)
    detail = said.json()["detail"][0]
    assert said.status_code == 422
    assert detail["loc"][:2] == ["body", field]
    assert detail["type"] == kind
    assert {"msg", "input", "url"} <= set(detail)
    assert emulator.jobs == []


def test_audio_alone_is_not_a_reference(fal):
    said = fal.submit(REFERENCES, prompt="x", audio_urls=["https://example.com/a.mp3"])
    assert said.status_code == 422


def test_unknown_fields_are_ignored(fal):
    assert fal.submit(LIVE, prompt="x", watermark=True).status_code == 200


def test_an_owner_that_does_not_exist_is_not_found(fal):
    assert fal.submit("nobody/nothing", prompt="x").status_code == 404


def test_an_endpoint_whose_schema_is_unknown_needs_only_a_prompt(fal):
    assert fal.submit("fal-ai/some-new-model/v9", prompt="x", duration=7).status_code == 200
    assert fal.submit("fal-ai/some-new-model/v9").status_code == 422


def test_the_film_is_what_the_body_asked_for(emulator, fal, media):
    emulator.set(Scenario(polls=1))
    body = {"duration": "4", "resolution": "480p", "aspect_ratio": "1:1"}
    silent = media.facts(fal.film(SEEDANCE, prompt="x", generate_audio=False, **body))
    sounding = media.facts(fal.film(SEEDANCE, prompt="x", **body))
    assert silent == ((640, 640), pytest.approx(4, abs=0.05), 24, False)
    assert sounding == ((640, 640), pytest.approx(4, abs=0.05), 24, True)


ANY = "https://example.com/file"


@pytest.mark.parametrize(
    "endpoint, body, size, seconds, fps, audio, follows",
    [
        (LIVE, {}, (1280, 720), 5.64, 25, False, False),
        (f"{LIVE}/image-to-video", {"image_url": ANY}, (1280, 720), 5.64, 25, False, True),
        ("fal-ai/heygen/v2/video-agent", {}, (720, 1280), 10, 25, True, False),
        (
            "fal-ai/heygen/v2/video-agent",
            {"config": {"duration": 30, "orientation": "landscape"}},
            (1280, 720), 30, 25, True, False,
        ),
        (KLING, {"duration": "10", "aspect_ratio": "1:1"}, (1080, 1080), 10, 24, False, False),
        (KLING.replace("text-to", "image-to"), {"image_url": ANY}, (1920, 1080), 5, 24, False, True),
        (WAN, {}, (1280, 720), 81 / 16, 32, False, False),
        (WAN, {"interpolator_model": "none"}, (1280, 720), 81 / 16, 16, False, False),
        (WAN, {"adjust_fps_for_interpolation": False}, (1280, 720), 81 / 8, 16, False, False),
        (WAN.replace("text-to", "image-to"), {"image_url": ANY}, (1280, 720), 81 / 16, 32, False, True),
        (SEEDANCE, {}, (1280, 720), 5, 24, True, False),
        (SEEDANCE, {"resolution": "4k", "duration": "15"}, (3840, 2160), 15, 24, True, False),
        (FAST, {"resolution": "480p", "aspect_ratio": "9:16"}, (480, 864), 5, 24, True, False),
        (SEEDANCE.replace("text-to", "image-to"), {"image_url": ANY}, (1280, 720), 5, 24, True, True),
        (REFERENCES, {"video_urls": [ANY], "audio_urls": [ANY]}, (1280, 720), 5, 24, True, True),
        ("fal-ai/new", {"size": "640x480", "duration": 7}, (640, 480), 7, 24, False, False),
        ("fal-ai/new", {"resolution": "540P", "duration": "odd"}, (960, 540), 5, 24, False, False),
        ("fal-ai/new", {"aspect_ratio": "odd", "resolution": "odd"}, (1280, 720), 5, 24, False, False),
    ],
)  # fmt: skip
def test_the_body_alone_decides_what_the_film_is(
    endpoint, body, size, seconds, fps, audio, follows
):
    film = schema(endpoint, {}).model_validate({"prompt": "x", **body}).clip(endpoint)
    assert (film.width, film.height) == size
    assert (film.seconds, film.fps) == (pytest.approx(seconds), fps)
    assert (film.audio, film.follows_reference) == (audio, follows)


def test_wan_counts_frames_instead_of_seconds(emulator, fal, media):
    emulator.set(Scenario(polls=1))
    body = {"num_frames": 33, "frames_per_second": 16, "resolution": "480p", "aspect_ratio": "9:16"}
    (width, height), seconds, fps, audio = media.facts(fal.film(WAN, prompt="x", **body))
    assert (width, height) == (480, 854)
    assert seconds == pytest.approx(33 / 16, abs=0.05)
    assert fps == 32, "one interpolated frame between two"
    assert not audio


def test_wan_returns_the_seed_it_was_given(fal):
    result = fal.finish(WAN, prompt="x", seed=7).json()
    assert result["seed"] == 7
    assert result["prompt"] == "x"


@pytest.mark.parametrize(
    "ends, status, kind",
    [
        ("moderated", 422, "content_policy_violation"),
        ("failed", 422, "no_media_generated"),
        ("expired", 504, "request_timeout"),
    ],
)
def test_a_failed_job_is_completed_and_its_result_is_the_error(emulator, fal, ends, status, kind):
    play(emulator, polls=1, ends=ends)
    made = fal.submit(LIVE, prompt="x").json()
    state = fal.get(made["status_url"])
    result = fal.get(made["response_url"])
    assert state.status_code == 200
    assert state.json()["status"] == "COMPLETED"
    assert state.json()["error_type"] == kind
    assert isinstance(state.json()["error"], str)
    assert result.status_code == status
    assert kind in result.text


@pytest.mark.parametrize("kind", [*MODEL_ERRORS, *REQUEST_ERRORS])
def test_a_failed_job_can_say_each_documented_reason(emulator, fal, kind):
    play(emulator, polls=1, ends="failed", quirk=kind)
    made = fal.submit(LIVE, prompt="x").json()
    state = fal.get(made["status_url"]).json()
    said = fal.get(made["response_url"])
    assert (state["status"], state["error_type"]) == ("COMPLETED", kind)
    if kind in MODEL_ERRORS:
        assert said.status_code == MODEL_ERRORS[kind]
        assert said.json()["detail"][0]["type"] == kind
        assert said.headers["x-fal-retryable"] == str(said.status_code != 422).lower()
    else:
        assert said.status_code == REQUEST_ERRORS[kind]
        assert said.json()["error_type"] == said.headers["x-fal-error-type"] == kind


def test_a_time_out_says_whether_the_limit_was_the_callers_own(emulator, fal, http):
    play(emulator, polls=1, ends="expired")
    for headers, own in ((KEY, None), ({**KEY, "X-Fal-Request-Timeout": "5"}, "user")):
        made = http.post(f"{fal.url}/{LIVE}", json={"prompt": "x"}, headers=headers).json()
        fal.get(made["status_url"])
        said = fal.get(made["response_url"])
        assert (said.status_code, said.headers.get("x-fal-request-timeout-type")) == (504, own)


def test_the_shapes_that_are_not_always_so(emulator, fal, http):
    play(emulator, polls=1, ends="moderated", quirk="plain_detail")
    assert isinstance(fal.finish(LIVE, prompt="x").json()["detail"], str)
    play(emulator, polls=1, ends="moderated", quirk="failed_word")
    state = fal.get(fal.submit(LIVE, prompt="x").json()["status_url"]).json()
    assert (state["status"], list(state["error"])) == ("FAILED", ["message"])
    play(emulator, polls=1, quirk="videos")
    assert "url" in fal.finish(LIVE, prompt="x").json()["videos"][0]
    play(emulator, polls=1, quirk="wrapped")
    assert "url" in fal.finish(LIVE, prompt="x").json()["response"]["video"]
    play(emulator, quirk="id_only")
    assert set(fal.submit(LIVE, prompt="x").json()) == {"status", "request_id", "queue_position"}
    play(emulator, quirk="locked")
    assert (fal.submit(LIVE, prompt="x").status_code, len(emulator.jobs)) == (403, 5)
    play(emulator, quirk="cancelled_at_once")
    made = fal.submit(LIVE, prompt="x").json()
    assert http.put(made["cancel_url"], headers=KEY).json() == {"status": "OK"}
    play(emulator, quirk="brown")
    assert fal.submit(LIVE, prompt="x").status_code == 501


@pytest.mark.parametrize("quirk", ["videos", "wrapped", "id_only"])
def test_our_client_gets_its_video_past_each_odd_answer(services, ours, quirk):
    services.play(Scenario(polls=1, render="draft", quirk=quirk))
    ours("fal", "a heron", model=f"fal/{LIVE}")
    assert len(services.entries()) == 1


@pytest.mark.parametrize(
    "query, headers, where",
    [
        ("?fal_webhook=https://example.com/hook", {}, ["query", "fal_webhook"]),
        ("?fal_max_queue_length=few", {}, ["query", "fal_max_queue_length"]),
        ("", {"X-Fal-Queue-Priority": "high"}, ["header", "x-fal-queue-priority"]),
        ("", {"X-Fal-Request-Timeout": "1"}, ["header", "x-fal-request-timeout"]),
        (
            "",
            {"X-Fal-Object-Lifecycle-Preference": "soon"},
            ["header", "x-fal-object-lifecycle-preference"],
        ),
    ],
)
def test_an_option_of_the_queue_that_cannot_be_served_is_refused(
    emulator, fal, http, query, headers, where
):
    said = http.post(f"{fal.url}/{LIVE}{query}", json={"prompt": "x"}, headers={**KEY, **headers})
    assert said.status_code == 422
    assert said.json()["detail"][0]["loc"] == where
    assert emulator.jobs == []


def test_the_options_of_the_queue_are_taken(emulator, fal, http):
    headers = {
        "X-Fal-Queue-Priority": "low",
        "X-Fal-Request-Timeout": "60.5",
        "X-Fal-Runner-Hint": "h",
        "x-fal-no-retry": "1",
        "X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 60}',
        "X-Fal-Store-IO": "0",
    }
    where = f"{fal.url}/{LIVE}?fal_max_queue_length=5"
    said = http.post(where, json={"prompt": "x"}, headers={**KEY, **headers})
    assert said.status_code == 200


def test_results_and_files_are_kept_for_a_while_only(http):
    now = [1000.0]
    with Emulator(Scenario(polls=1, render="draft"), clock=lambda: now[0]) as emulator:
        url = f"{emulator.urls['fal']}/{LIVE}"
        short = {**KEY, "X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 60}'}
        made = http.post(url, json={"prompt": "x"}, headers=short).json()
        http.get(made["status_url"], headers=KEY)
        film = http.get(made["response_url"], headers=KEY).json()["video"]["url"]
        assert http.get(film).status_code == 200
        now[0] += 61
        assert http.get(film).status_code == 404
        assert http.get(made["response_url"], headers=KEY).status_code == 200
        now[0] += 3600
        assert http.get(made["response_url"], headers=KEY).status_code == 404


def test_a_prompt_can_be_refused_at_submission(emulator, fal):
    play(emulator, submit_moderated=True)
    said = fal.submit(LIVE, prompt="x")
    assert said.status_code == 422
    assert said.json()["detail"][0]["type"] == "content_policy_violation"
    assert emulator.jobs == []


def test_a_result_asked_for_too_early_says_so(fal):
    made = fal.submit(LIVE, prompt="x").json()
    said = fal.get(made["response_url"])
    assert said.status_code == 400
    assert said.json()["detail"] == "Request is still in progress"


def test_a_running_job_can_be_cancelled_and_an_ended_one_not(emulator, fal, http):
    play(emulator, polls=5)
    made = fal.submit(LIVE, prompt="x").json()
    first = http.put(made["cancel_url"], headers=KEY)
    second = http.put(made["cancel_url"], headers=KEY)
    assert (first.status_code, first.json()["status"]) == (202, "CANCELLATION_REQUESTED")
    assert (second.status_code, second.json()["status"]) == (400, "ALREADY_COMPLETED")
    assert emulator.jobs[0].state == "cancelled"


def test_an_unknown_request_is_not_found(fal, http):
    url = f"{fal.url}/fal-ai/minimax/requests/nothing"
    assert fal.get(f"{url}/status").status_code == 404
    assert http.put(f"{url}/cancel", headers=KEY).json()["status"] == "NOT_FOUND"


def test_the_stream_tells_each_state_until_the_end(emulator, fal):
    play(emulator, polls=3)
    made = fal.submit(LIVE, prompt="x").json()
    said = fal.get(made["status_url"] + "/stream")
    events = [line for line in said.text.splitlines() if line.startswith("data: ")]
    assert said.headers["content-type"].startswith("text/event-stream")
    assert len(events) == 3
    assert '"COMPLETED"' in events[-1]


def test_the_stream_of_a_timed_job_waits_for_its_end(emulator, fal):
    play(emulator, seconds=0.2)
    made = fal.submit(LIVE, prompt="x").json()
    events = fal.get(made["status_url"] + "/stream").text.split("data: ")
    assert '"COMPLETED"' in events[-1]
    assert not any('"COMPLETED"' in event for event in events[:-1])


def test_a_cancelled_job_has_no_result(fal, http):
    made = fal.submit(LIVE, prompt="x").json()
    http.put(made["cancel_url"], headers=KEY)
    assert fal.get(made["status_url"]).json()["error_type"] == "client_cancelled"
    assert fal.get(made["response_url"]).status_code == 400


def test_other_methods_and_files_are_refused(fal, http):
    made = fal.submit(LIVE, prompt="x").json()
    assert http.delete(made["status_url"], headers=KEY).status_code == 405
    assert http.get(f"{fal.url}/{LIVE}", headers=KEY).status_code == 405
    assert http.get(f"{fal.url}/files/b/tiger/nothing.mp4").status_code == 404
    assert http.post(f"{fal.url}/{LIVE}", content=b"{", headers=KEY).status_code == 422


def test_an_unknown_status_word_is_shown_until_the_end(emulator, fal):
    play(emulator, unknown_status_word="WARMING_UP")
    made = fal.submit(LIVE, prompt="x").json()
    words = [fal.get(made["status_url"]).json()["status"] for _ in range(2)]
    assert words == ["WARMING_UP", "COMPLETED"]


def test_a_file_can_be_uploaded_with_a_token_and_used_as_reference(emulator, fal, http, media):
    token = http.post(f"{fal.url}/storage/auth/token?storage_type=fal-cdn-v3", headers=KEY).json()
    head = {
        "authorization": f"{token['token_type']} {token['token']}",
        "content-type": "image/png",
        "x-fal-file-name": "a.png",
    }
    where = f"{token['base_url']}/files/upload"
    url = http.post(where, content=media.image(64, 64), headers=head).json()["access_url"]
    film = fal.film(f"{LIVE}/image-to-video", prompt="x", image_url=url)
    (width, height), *_ = media.facts(film)
    assert http.get(url).content == media.image(64, 64)
    assert http.get(url, headers=KEY).status_code == 400
    assert width == height, "the film has the shape of the uploaded picture"
    assert http.post(where, content=b"x", headers=KEY).status_code == 401


def test_a_file_can_be_uploaded_in_two_steps(fal, http):
    where = f"{fal.url}/storage/upload/initiate?storage_type=gcs"
    body = {"file_name": "a.mp4", "content_type": "video/mp4"}
    urls = http.post(where, json=body, headers=KEY).json()
    http.put(urls["upload_url"], content=b"film", headers={"content-type": "video/mp4"})
    assert http.get(urls["file_url"]).content == b"film"
    assert http.post(where, json={}, headers=KEY).status_code == 422


def test_fal_client_submits_polls_and_gets_a_film(emulator, official, media):
    play(emulator, polls=4)
    handle = official.submit(LIVE, arguments={"prompt": "a heron"})
    seen = [type(event).__name__ for event in handle.iter_events(with_logs=True, interval=0.001)]
    film = httpx.get(handle.get(interval=0.001)["video"]["url"], trust_env=False).content
    assert seen == ["Queued", "InProgress", "InProgress", "Completed"]
    assert media.facts(film)[1] > 0
    assert len(emulator.jobs) == 1


def test_fal_client_cancels(emulator, official):
    handle = official.submit(LIVE, arguments={"prompt": "a heron"})
    handle.cancel()
    assert emulator.jobs[0].state == "cancelled"


def test_fal_client_raises_the_models_error(emulator, official):
    play(emulator, ends="moderated", polls=1)
    handle = official.submit(LIVE, arguments={"prompt": "a heron"})
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        handle.get(interval=0.001)
    assert caught.value.status_code == 422


def test_fal_client_sends_a_lost_submission_again(monkeypatch):
    with Emulator(Scenario(render="draft", drop_submit_reply=1)) as emulator:
        monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", emulator.urls["fal"] + "/")
        client = fal_client.SyncClient(key="test")
        client.submit(LIVE, arguments={"prompt": "a heron"})
        client._client.close()
        assert len(emulator.jobs) == 2, "paid twice: the book shows it"
        assert len({job.digest for job in emulator.jobs}) == 1


def test_fal_client_uploads_whole_and_in_parts(emulator, official, http):
    whole = official.upload(b"film", "video/mp4", "a.mp4")
    assert http.get(whole).content == b"film"
    assert whole.endswith("_a.mp4")
    parts = fal_client.client.MultipartUpload.save(
        client=official._client,
        token_manager=official._token_manager,
        file_name="b.mp4",
        data=b"0123456789",
        content_type="video/mp4",
        chunk_size=4,
    )
    assert http.get(parts).content == b"0123456789"
    assert http.get(parts).headers["content-type"] == "video/mp4"


def test_fal_client_hears_that_webhooks_are_not_served(emulator, official):
    with pytest.raises(fal_client.client.FalClientHTTPError, match="webhooks"):
        official.submit(LIVE, arguments={"prompt": "x"}, webhook_url="https://example.com/hook")
    assert emulator.jobs == []


URL = "https://example.com/a"
SAME = [
    (LIVE, {}, LIVE, {}),
    (LIVE, {"image": URL}, f"{LIVE}/image-to-video", {"image_url": URL}),
    (
        KLING,
        {"duration_seconds": 10, "aspect_ratio": "1:1", "provider_options": {"cfg_scale": 0.7}},
        KLING,
        {"duration": "10", "aspect_ratio": "1:1", "cfg_scale": 0.7},
    ),
    (
        WAN,
        {"duration_seconds": 5, "resolution": "480P", "provider_options": {"seed": 7}},
        WAN,
        {"num_frames": 81, "frames_per_second": 16, "resolution": "480p", "seed": 7},
    ),
    (
        FAST,
        {"duration_seconds": 6, "resolution": "720P", "aspect_ratio": "16:9", "audio": True},
        FAST,
        {"duration": "6", "resolution": "720p", "aspect_ratio": "16:9", "generate_audio": True},
    ),
    (
        SEEDANCE,
        {"images": [URL, f"{URL}/last"], "image_roles": ["first_frame", "last_frame"]},
        SEEDANCE.replace("text-to", "image-to"),
        {"image_url": URL, "end_image_url": f"{URL}/last"},
    ),
    (
        REFERENCES,
        {"image": URL, "video": f"{URL}.mp4", "audio_ref": f"{URL}.mp3", "duration_seconds": 8},
        REFERENCES,
        {
            "image_urls": [URL],
            "video_urls": [f"{URL}.mp4"],
            "audio_urls": [f"{URL}.mp3"],
            "duration": "8",
        },
    ),
    (
        "fal-ai/heygen/v2/video-agent",
        {"aspect_ratio": "16:9", "duration_seconds": 30},
        "fal-ai/heygen/v2/video-agent",
        {"config": {"orientation": "landscape", "duration": 30}},
    ),
    (
        "fal-ai/some-new-model/v9",
        {"duration_seconds": 5, "resolution": "720P", "size": "640x480"},
        "fal-ai/some-new-model/v9",
        {"duration": 5, "resolution": "720P", "size": "640x480"},
    ),
]


@pytest.mark.parametrize("model, words, endpoint, arguments", SAME, ids=lambda each: str(each)[:40])
def test_fal_client_and_our_client_send_the_same(
    services, ours, official_at, model, words, endpoint, arguments
):
    mine = ours("fal", "a heron", model=f"fal/{model}", **words)
    official = official_at(services.urls["fal"])
    id, before = services.entries()[-1].id, len(services.asked)
    official.submit(endpoint, arguments={"prompt": "a heron", **arguments})
    official.result(endpoint, id)  # asks for the status first, too
    submit, status, result = map(differences, mine, services.asked[before:])
    assert submit == result == {}
    assert status == {"query": ({}, {"logs": "false"})}, "we show no log lines"


def test_options_of_the_queue_and_a_cancellation_are_those_of_fal_client(
    services, ours, official_at
):
    official = official_at(services.urls["fal"])
    options = {"X-Fal-Queue-Priority": "low", "X-Fal-Request-Timeout": "60.0"}
    mine = ours("fal", "a heron", model=f"fal/{LIVE}", provider_options=options)[0]
    official.submit(LIVE, arguments={"prompt": "a heron"}, priority="low", start_timeout=60)
    theirs = services.asked[-1]
    assert differences(mine, theirs) == {}
    for name in options:
        assert mine.headers[name.lower()] == theirs.headers[name.lower()]

    async def cancel():
        clock, provider = FakeClock(), by_id["fal"]
        run = a_run(provider, Access(services.urls["fal"], "k"), clock)
        async with engine(clock) as opened:
            run.ticket = (await opened.submit(run, a_job(provider))).ticket
            await opened.cancel(run)
        return run.job_id

    services.play(Scenario(polls=9, render="draft"))
    id = asyncio.run(cancel())
    stopped = services.asked[-1]
    with pytest.raises(fal_client.client.FalClientHTTPError, match="ALREADY_COMPLETED"):
        official.cancel(LIVE, id)
    assert stopped.method == "PUT"
    assert differences(stopped, services.asked[-1]) == {}


def test_a_large_reference_is_uploaded_as_fal_client_does(
    services, ours, official_at, footage, tmp_path
):
    film = footage.read_bytes()
    large = tmp_path / "large.mp4"
    large.write_bytes(film + struct.pack(">I4s", 9 * 2**20, b"free") + bytes(9 * 2**20 - 8))
    mine = ours("fal", "a heron", model=f"fal/{REFERENCES}", video=large)
    before = len(services.asked)
    url = official_at(services.urls["fal"]).upload(large.read_bytes(), "video/mp4", "large.mp4")
    posts = [wanted for wanted in mine if wanted.method == "POST"]
    pairs = list(zip(posts, services.asked[before:], strict=False))
    assert [differences(*pair) for pair in pairs] == [{}, {}]
    assert {wanted.headers["x-fal-file-name"] for wanted in pairs[1]} == {"large.mp4"}
    (sent,) = services.entries()[-1].request["video_urls"]
    assert sent.rpartition("_")[2] == url.rpartition("_")[2]
    assert len(posts) == 3
    assert len(posts[2].body) < 1000


STREAMED = """
import { createFalClient } from "@fal-ai/client";
const { url, model } = JSON.parse(process.argv[1]);
const fal = createFalClient({
  credentials: "key",
  requestMiddleware: async (asked) => ({
    ...asked, url: asked.url.replace("https://queue.fal.run", url),
  }),
});
const { request_id: requestId } = await fal.queue.submit(model, { input: { prompt: "a heron" } });
const stream = await fal.queue.streamStatus(model, { requestId, connectionMode: "server" });
const words = [];
for await (const event of stream) words.push(event.status);
const end = await stream.done();
const result = await fal.queue.result(model, { requestId });
console.log(JSON.stringify({ words, end: end.status, url: result.data.video.url }));
"""


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_fals_own_client_follows_the_stream_to_the_end(emulator):
    play(emulator, seconds=3)
    given = {"url": emulator.urls["fal"], "model": LIVE}
    said = run_node("fal-client-js", ["@fal-ai/client@1.10.1"], STREAMED, given)
    assert said["words"] == ["IN_QUEUE", "IN_PROGRESS", "COMPLETED"]
    assert said["end"] == "COMPLETED"
    assert said["url"].startswith(given["url"])
    assert emulator.jobs[0].polls == 1
