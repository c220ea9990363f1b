"""DashScope as Alibaba Model Studio, judged over HTTP and by the dashscope package."""

from __future__ import annotations

import threading

import dashscope
import httpx
import pytest
from dashscope import VideoSynthesis
from dashscope.utils.oss_utils import UploadFileException

from openclaw_nb.client import Client
from openclaw_nb.emulator import Emulator, Scenario
from tests.capture import differences, facts, listening
from tests.conftest import Hurry

KEY = {"authorization": "Bearer k"}
ASYNC = {**KEY, "x-dashscope-async": "enable"}
IMAGE, FILM = "https://example.com/a.png", "https://example.com/a.mp4"
SUBMIT = "/api/v1/services/aigc/video-generation/video-synthesis"
UNFINISHED = ("PENDING", "RUNNING")


def body(model="wan2.6-t2v", prompt="a heron", parameters=None, **given):
    return {"model": model, "input": {"prompt": prompt, **given}, "parameters": parameters or {}}


@pytest.fixture
def alibaba(emulator, http):
    class Alibaba:
        url = emulator.base_urls["alibaba"]

        def submit(self, headers=ASYNC, **given):
            return http.post(f"{self.url}{SUBMIT}", json=body(**given), headers=headers)

        def query(self, id):
            return http.get(f"{self.url}/api/v1/tasks/{id}", headers=KEY).json()

        def cancel(self, id):
            return http.post(f"{self.url}/api/v1/tasks/{id}/cancel", headers=KEY)

        def list(self, **asked):
            return http.get(f"{self.url}/api/v1/tasks", params=asked, headers=KEY)

        def finish(self, **given):
            made = self.submit(**given)
            assert made.status_code == 200, made.text
            id = made.json()["output"]["task_id"]
            while (said := self.query(id))["output"]["task_status"] in UNFINISHED:
                pass
            return said

        def film(self, **given):
            url = self.finish(**given)["output"]["video_url"]
            return httpx.get(url, trust_env=False).raise_for_status().content

    return Alibaba()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def test_a_task_is_pending_then_running_then_succeeded(emulator, alibaba):
    play(emulator, polls=3)
    made = alibaba.submit().json()
    seen = [alibaba.query(made["output"]["task_id"]) for _ in range(3)]
    assert set(made) == {"output", "request_id"}
    assert set(made["output"]) == {"task_id", "task_status"}
    assert made["output"]["task_status"] == "PENDING"
    words = [each["output"]["task_status"] for each in seen]
    assert words == ["PENDING", "RUNNING", "SUCCEEDED"]


def test_a_finished_task_has_every_documented_field(alibaba):
    said = alibaba.finish(parameters={"size": "1280*720", "duration": 3})
    assert set(said) == {"request_id", "output", "usage"}
    assert set(said["output"]) == {
        "task_id", "task_status", "submit_time", "scheduled_time", "end_time", "orig_prompt",
        "actual_prompt", "video_url", "task_metrics",
    }  # fmt: skip
    assert said["usage"]["SR"] == 720
    assert said["usage"]["ratio"] == "16:9"
    assert said["usage"]["video_count"] == 1
    assert len(said["output"]["end_time"]) == len("2026-11-01 10:02:31.904")


def test_a_prompt_that_is_not_extended_has_no_other(alibaba):
    assert "actual_prompt" not in alibaba.finish(parameters={"prompt_extend": False})["output"]


def test_the_film_is_what_was_asked_for(emulator, alibaba, media):
    emulator.set(Scenario(polls=1))
    film = alibaba.film(parameters={"size": "720*1280", "duration": 2})
    assert media.facts(film) == ((720, 1280), pytest.approx(2, abs=0.05), 30, True)


def test_unasked_it_is_5_seconds_of_1080p(alibaba, emulator, media):
    usage = alibaba.finish()["usage"]
    assert (usage["SR"], usage["duration"]) == (1080, 5)
    assert emulator.jobs[0].request["parameters"] == {}
    (width, height), *_ = media.facts(alibaba.film())
    assert width > height


def test_a_silent_film_exists_on_the_flash_models(emulator, alibaba, media):
    play(emulator, polls=1)
    asked = {"model": "wan2.6-i2v-flash", "img_url": IMAGE}
    assert media.facts(alibaba.film(**asked))[-1]
    assert not media.facts(alibaba.film(**asked, parameters={"audio": False}))[-1]


def test_the_film_has_the_shape_of_the_first_frame(alibaba, media):
    image = media.uri(media.image(400, 400))
    (width, height), *_ = media.facts(alibaba.film(model="wan2.6-i2v", img_url=image))
    assert width == height


def test_the_link_refuses_a_key(alibaba, http):
    url = alibaba.finish()["output"]["video_url"]
    assert http.get(url, headers=KEY).status_code == 400


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer sk-sp-1"}])
def test_no_key_and_the_key_of_a_plan_are_refused(emulator, alibaba, headers):
    said = alibaba.submit(headers={"x-dashscope-async": "enable", **headers})
    assert said.status_code == 401
    assert set(said.json()) == {"code", "message", "request_id"}
    assert said.json()["code"] == "InvalidApiKey"
    assert emulator.jobs == []


def test_a_submission_without_the_async_header_is_a_synchronous_call(emulator, alibaba):
    said = alibaba.submit(headers=KEY)
    assert (said.status_code, said.json()["code"]) == (403, "AccessDenied")
    assert "synchronous" in said.json()["message"]
    assert emulator.jobs == []


TWO_SEVEN = [{"type": "reference_image", "url": IMAGE}]


@pytest.mark.parametrize(
    "given",
    [
        {"prompt": " "},
        {"parameters": {"size": "1280x720"}},
        {"parameters": {"size": "832*480"}},
        {"parameters": {"resolution": "720P"}},
        {"parameters": {"ratio": "16:9"}},
        {"parameters": {"duration": "5"}},
        {"parameters": {"duration": 16}},
        {"parameters": {"duration": 1}},
        {"parameters": {"audio": True}},
        {"parameters": {"enable_audio": True}},
        {"parameters": {"aspect_ratio": "16:9"}},
        {"parameters": {"seed": -1}},
        {"parameters": {"shot_type": "multi", "prompt_extend": False}},
        {"img_url": IMAGE},
        {"model": "wan2.6-i2v"},
        {"model": "wan2.6-i2v", "img_url": IMAGE, "parameters": {"size": "1280*720"}},
        {"model": "wan2.6-i2v", "img_url": IMAGE, "parameters": {"resolution": "720p"}},
        {"model": "wan2.6-r2v"},
        {"model": "wan2.6-r2v", "img_url": IMAGE},
        {"model": "wan2.6-r2v", "reference_urls": [IMAGE] * 6},
        {"model": "wan2.6-r2v", "reference_urls": [FILM] * 4},
        {"model": "wan2.6-r2v", "reference_urls": [IMAGE], "parameters": {"duration": 11}},
        {"model": "wan2.7-r2v", "reference_urls": [IMAGE]},
        {"model": "wan2.7-r2v", "media": TWO_SEVEN, "parameters": {"size": "1280*720"}},
        {"model": "wan2.7-r2v", "media": [{"type": "last_frame", "url": IMAGE}]},
        {
            "model": "wan2.7-r2v",
            "media": [{"type": "reference_video", "url": FILM}],
            "parameters": {"duration": 11},
        },
        {"model": "wan2.7-i2v", "img_url": IMAGE},
        {"model": "wan2.7-i2v", "media": [{"type": "last_frame", "url": IMAGE}]},
        {"model": "wan2.6-t2v-us", "parameters": {"duration": 7}},
    ],
)
def test_a_wrong_request_is_invalid(emulator, alibaba, given):
    said = alibaba.submit(**given)
    assert (said.status_code, said.json()["code"]) == (400, "InvalidParameter")
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "given",
    [
        {"parameters": {"size": "1632*1248", "duration": 15, "seed": 7, "shot_type": "multi"}},
        {"parameters": {"size": None, "duration": None}, "negative_prompt": "fog"},
        {"audio_url": "https://example.com/a.mp3"},
        {"extend_prompt": True, "function": "video-synthesis"},
        {"model": "wan2.6-i2v", "img_url": IMAGE, "prompt": "", "parameters": {"duration": 15}},
        {"model": "wan2.6-r2v", "reference_urls": [IMAGE, IMAGE, FILM, FILM, FILM]},
        {"model": "wan2.7-r2v", "media": TWO_SEVEN, "parameters": {"duration": 15}},
        {
            "model": "wan2.7-i2v",
            "media": [{"type": "first_frame", "url": IMAGE}, {"type": "last_frame", "url": IMAGE}],
        },
        {"model": "wan2.7-t2v", "parameters": {"resolution": "720P", "ratio": "9:16"}},
        {"model": "wan2.6-t2v-us", "parameters": {"duration": 10}},
        {"prompt": "x" * 1501},
    ],
)
def test_what_the_model_notes_allow_is_accepted(alibaba, given):
    said = alibaba.submit(**given)
    assert said.status_code == 200, said.text


def test_an_unknown_model_is_not_found(alibaba):
    said = alibaba.submit(model="wan9-t2v")
    assert (said.status_code, said.json()["code"]) == (404, "ModelNotFound")


@pytest.mark.parametrize("url", ["ftp://example.com/a.png", "a.png", "https://"])
def test_an_address_that_is_none_is_refused(alibaba, url):
    said = alibaba.submit(model="wan2.6-i2v", img_url=url)
    assert (said.status_code, said.json()["code"]) == (400, "InvalidURL")


@pytest.mark.parametrize("size", [(300, 400), (2001, 1000)])
def test_an_image_too_small_or_too_large_is_invalid(alibaba, media, size):
    said = alibaba.submit(model="wan2.6-i2v", img_url=media.uri(media.image(*size)))
    assert said.json()["code"] == "InvalidParameter"


@pytest.mark.parametrize(
    "ends, word, code",
    [
        ("moderated", "FAILED", "DataInspectionFailed"),
        ("failed", "FAILED", "InternalError.Algo"),
        ("expired", "UNKNOWN", None),
        ("cancelled", "CANCELED", None),
    ],
)
def test_a_task_fails_with_http_200(emulator, alibaba, ends, word, code):
    play(emulator, polls=1, ends=ends)
    said = alibaba.finish()
    assert (said["output"]["task_status"], said["output"].get("code")) == (word, code)
    assert "usage" not in said


@pytest.mark.parametrize(
    "status, code",
    [
        (400, "InvalidParameter"),
        (401, "InvalidApiKey"),
        (403, "AccessDenied"),
        (404, "ModelNotFound"),
        (429, "Throttling.RateQuota"),
        (500, "InternalError"),
        (503, "InternalError.Unavailable"),
    ],
)
def test_http_errors_have_a_code(emulator, alibaba, status, code):
    play(emulator, submit_status=status)
    said = alibaba.submit()
    assert (said.status_code, said.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    "quirk, status, code",
    [
        ("arrearage", 400, "Arrearage"),
        ("ip_infringement", 400, "IPInfringementSuspect"),
        ("unpurchased", 403, "AccessDenied.Unpurchased"),
        ("allocation_quota", 429, "Throttling.AllocationQuota"),
        ("unreachable_media", 400, "InvalidParameter.DataInspection"),
        ("nonsense", 400, "InvalidParameter"),
    ],
)
def test_further_refusals_are_quirks(emulator, alibaba, quirk, status, code):
    play(emulator, quirk=quirk)
    said = alibaba.submit()
    assert (said.status_code, said.json()["code"]) == (status, code)
    assert emulator.jobs == []


def test_the_other_side_of_the_host_puts_errors_into_an_object(emulator, alibaba):
    play(emulator, quirk="compatible_error")
    assert set(alibaba.submit().json()["error"]) == {"message", "code", "type"}


def test_odd_words_are_quirks(emulator, alibaba):
    play(emulator, polls=3, quirk="suspended")
    id = alibaba.submit().json()["output"]["task_id"]
    alibaba.query(id)
    assert alibaba.query(id)["output"]["task_status"] == "SUSPENDED"
    play(emulator, polls=1, ends="cancelled", quirk="cancelled")
    assert alibaba.finish()["output"]["task_status"] == "CANCELLED"
    play(emulator, polls=1, quirk="results")
    output = alibaba.finish()["output"]
    assert output["results"][0]["video_url"]
    assert "video_url" not in output


def test_a_prompt_can_be_refused_at_submission(emulator, alibaba):
    play(emulator, submit_moderated=True)
    assert alibaba.submit().json()["code"] == "DataInspectionFailed"
    assert emulator.jobs == []


def test_only_a_pending_task_can_be_cancelled(emulator, alibaba):
    play(emulator, polls=3)
    first, second = (alibaba.submit().json()["output"]["task_id"] for _ in range(2))
    said = alibaba.cancel(first)
    assert said.status_code == 200
    assert set(said.json()) == {"request_id"}
    assert alibaba.query(first)["output"]["task_status"] == "CANCELED"
    alibaba.query(second)
    alibaba.query(second)
    refused = alibaba.cancel(second)
    assert (refused.status_code, refused.json()["code"]) == (400, "UnsupportedOperation")


def test_tasks_are_listed_in_pages_and_by_status(emulator, alibaba):
    play(emulator, polls=3)
    ids = [alibaba.submit().json()["output"]["task_id"] for _ in range(3)]
    alibaba.cancel(ids[0])
    page = alibaba.list(page_no=2, page_size=2).json()
    assert (page["total"], page["total_page"], page["page_no"]) == (3, 2, 2)
    assert [row["task_id"] for row in page["data"]] == ids[2:]
    (row,) = alibaba.list(status="CANCELED", model_name="wan2.6-t2v").json()["data"]
    assert row["task_id"] == ids[0]
    assert row["user_api_unique_key"].endswith(":video-synthesis:wan2.6-t2v")
    assert alibaba.list(start_time="20200101000000", end_time="20200102000000").json()["total"] == 0
    assert alibaba.list(start_time="yesterday").status_code == 400
    assert alibaba.list(page_no="0").status_code == 400


def test_a_task_is_forgotten_after_24_hours(http):
    now = [1_800_000_000.0]
    with Emulator(Scenario(render="draft"), clock=lambda: now[0]) as emulator:
        url = emulator.base_urls["alibaba"]
        made = http.post(f"{url}{SUBMIT}", json=body(), headers=ASYNC).json()
        where = f"{url}/api/v1/tasks/{made['output']['task_id']}"
        assert http.get(where, headers=KEY).json()["output"]["task_status"] == "PENDING"
        now[0] += 24 * 3600 + 1
        assert http.get(where, headers=KEY).json()["output"]["task_status"] == "UNKNOWN"


def test_unknown_tasks_are_unknown_and_unknown_addresses_not_found(alibaba, http):
    assert alibaba.query("nobody")["output"] == {"task_id": "nobody", "task_status": "UNKNOWN"}
    assert alibaba.cancel("nobody").status_code == 400
    assert http.get(f"{alibaba.url}/api/v2/x", headers=KEY).status_code == 404
    assert http.get(f"{alibaba.url}/result/nobody.mp4").status_code == 404
    assert http.post(f"{alibaba.url}{SUBMIT}", content=b"{", headers=ASYNC).status_code == 400


# The vendor's own client


@pytest.fixture
def sdk(emulator, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{emulator.base_urls['alibaba']}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", "k")
    return VideoSynthesis


def test_dashscope_submits_waits_and_gets_a_link(emulator, sdk):
    play(emulator, polls=1)
    made = sdk.async_call(model="wan2.6-t2v", prompt="a heron", size="1280*720", duration=5)
    assert (made.status_code, made.output.task_status) == (200, "PENDING")
    done = sdk.wait(made)
    assert done.output.task_status == "SUCCEEDED"
    assert done.usage.video_count == 1
    assert httpx.get(done.output.video_url, trust_env=False).content[4:8] == b"ftyp"
    assert sdk.fetch(made.output.task_id).output.video_url.partition("?")[0].endswith(".mp4")


def test_dashscope_calls_in_one_go_and_reads_a_failure(emulator, sdk):
    play(emulator, polls=1, ends="moderated")
    done = sdk.call(model="wan2.7-r2v", prompt="a heron", media=[dict(TWO_SEVEN[0])], ratio="9:16")
    assert done.output.task_status == "FAILED"
    assert done.output.code == "DataInspectionFailed"


def test_dashscope_reads_the_errors(emulator, sdk):
    refused = sdk.async_call(model="wan9-t2v", prompt="a heron")
    assert (refused.status_code, refused.code) == (404, "ModelNotFound")
    play(emulator, submit_status=429)
    assert sdk.async_call(model="wan2.6-t2v", prompt="x").code == "Throttling.RateQuota"


def test_dashscope_cancels_and_lists(emulator, sdk):
    play(emulator, polls=3)
    made = sdk.async_call(model="wan2.6-t2v", prompt="a heron")
    assert sdk.cancel(made).status_code == 200
    assert sdk.fetch(made).output.task_status == "CANCELED"
    assert sdk.cancel(made).code == "UnsupportedOperation"
    (row,) = sdk.list(status="CANCELED").output["data"]
    assert row["task_id"] == made.output.task_id


def test_dashscope_uploads_a_local_file(emulator, sdk, media, tmp_path):
    play(emulator, polls=1)
    path = tmp_path / "square.png"
    path.write_bytes(media.image(400, 400))
    done = sdk.call(model="wan2.6-i2v", prompt="it turns", img_url=str(path), resolution="720P")
    film = httpx.get(done.output.video_url, trust_env=False).content
    (width, height), *_ = media.facts(film)
    assert width == height
    assert emulator.jobs[0].request["input"]["img_url"].startswith("oss://dashscope-instant/")


def test_an_upload_needs_a_policy_and_its_fields(emulator, sdk, http, tmp_path):
    url = emulator.base_urls["alibaba"]
    assert http.get(f"{url}/api/v1/uploads", headers=KEY).status_code == 400
    assert http.post(f"{url}/storage", files={"file": ("a", b"x")}).status_code == 400
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    with pytest.raises(UploadFileException):
        sdk.async_call(model="", prompt="x", img_url=str(path))


def test_a_file_in_the_storage_is_found_only_when_a_header_says_so(alibaba, http):
    given = {"model": "wan2.6-i2v", "img_url": "oss://dashscope-instant/x/a.png"}
    said = alibaba.submit(**given)
    assert said.json()["code"] == "InvalidParameter.DataInspection"


# The same request, the same bytes

EXPLAINED = {"extend_prompt": True, "function": "video-synthesis"}
"""Added by the vendor's client to every input: a retired switch, and the last word of the path."""

REQUESTS = [
    pytest.param(
        {"size": "1280x720", "duration_seconds": 5, "watermark": False},
        {"model": "wan2.6-t2v", "size": "1280*720", "duration": 5, "watermark": False},
        id="text",
    ),
    pytest.param(
        {"image": IMAGE, "resolution": "720P", "duration_seconds": 6},
        {"model": "wan2.6-i2v", "img_url": IMAGE, "resolution": "720P", "duration": 6},
        id="image",
    ),
    pytest.param(
        {"images": [IMAGE], "video": FILM, "aspect_ratio": "9:16"},
        {
            "model": "wan2.6-r2v",
            "reference_urls": [IMAGE, FILM],
            "size": "720*1280",
            "duration": 5,
        },
        id="references",
    ),
    pytest.param(
        {
            "model": "alibaba/wan2.7-r2v",
            "images": [IMAGE],
            "video": FILM,
            "resolution": "720P",
            "aspect_ratio": "9:16",
        },
        {
            "model": "wan2.7-r2v",
            "media": [
                {"type": "reference_image", "url": IMAGE},
                {"type": "reference_video", "url": FILM},
            ],
            "resolution": "720P",
            "ratio": "9:16",
            "duration": 5,
        },
        id="media",
    ),
    pytest.param(
        {
            "model": "alibaba/wan2.6-i2v-flash",
            "image": IMAGE,
            "audio": False,
            "provider_options": {"seed": 7, "negative_prompt": "fog", "prompt_extend": False},
        },
        {
            "model": "wan2.6-i2v-flash",
            "img_url": IMAGE,
            "audio": False,
            "seed": 7,
            "negative_prompt": "fog",
            "prompt_extend": False,
            "duration": 5,
        },
        id="options",
    ),
]


@pytest.fixture
def heard():
    with listening(Scenario(polls=1, render="draft")) as services:
        yield services


@pytest.fixture
def ours(heard, home):
    providers = {"alibaba": {"baseUrl": heard.urls["alibaba"], "apiKey": "k"}}
    client = Client({"models": {"providers": providers}}, home=home, environ={}, clock=Hurry())
    yield client
    client.close()


@pytest.fixture
def theirs(heard, monkeypatch):
    monkeypatch.setattr(dashscope, "base_http_api_url", f"{heard.urls['alibaba']}/api/v1")
    monkeypatch.setattr(dashscope, "api_key", "k")
    return VideoSynthesis


@pytest.mark.parametrize("asked, same", REQUESTS)
def test_we_send_what_the_vendors_client_sends(heard, ours, theirs, asked, same):
    ours.generate_video("a heron", **asked).result(9)
    submitted, polled, *_ = heard.asked
    heard.asked.clear()
    done = theirs.call(prompt="a heron", **same)
    assert done.output.task_status == "SUCCEEDED"
    their_submitted, their_polled = heard.asked
    (name, (we, they)), *others = differences(submitted, their_submitted).items()
    assert (name, others) == ("body.input", [])
    assert they == {**we, **EXPLAINED}
    assert submitted.headers["x-dashscope-async"] == their_submitted.headers["x-dashscope-async"]
    assert _without_id(polled) == _without_id(their_polled)


def test_we_cancel_as_the_vendors_client_does(heard, ours, theirs):
    heard.play(Scenario(seconds=3600, render="draft"))
    made = theirs.async_call(model="wan2.6-t2v", prompt="a heron")
    theirs.cancel(made)
    their_cancel = heard.asked[-1]
    task = ours.generate_video("a heron")
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(8)
    task.cancel()
    ours.close()
    assert heard.asked[-1].url.endswith("/cancel")
    assert _without_id(heard.asked[-1]) == _without_id(their_cancel)


def _without_id(wanted) -> dict[str, object]:
    found = facts(wanted)
    tail = "cancel" if found["path"].endswith("/cancel") else ""
    return found | {"path": f"{found['path'].partition('/tasks/')[0]}/tasks/{tail}"}
