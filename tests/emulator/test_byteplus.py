"""ModelArk with Seedance 1.0, judged over HTTP and by byteplus-python-sdk-v2."""

import time

import httpx
import pytest
from byteplussdkarkruntime import _exceptions as ark

import openclaw_nb as oc
from openclaw_nb.emulator import Emulator, Scenario
from tests.capture import differences, listening
from tests.emulator.modelark import (
    KEY,
    LITE_IMAGE,
    LITE_TEXT,
    PRO,
    PRO_FAST,
    SEEDANCE_2,
    ModelArk,
    image,
    official,
    ours,
    play,
    text,
    unlike,
    video,
)


@pytest.fixture
def modelark(emulator, http):
    return ModelArk(http, emulator.base_urls["byteplus"])


# a task


def test_a_task_is_queued_then_running_then_succeeded(emulator, modelark):
    play(emulator, polls=3)
    made = modelark.submit(model=PRO).json()
    polls = [modelark.get(made["id"]) for _ in range(3)]
    seen = [each.json() for each in polls]
    assert list(made) == ["id"]
    assert made["id"].startswith("cgt-2")
    assert [each["status"] for each in seen] == ["queued", "running", "succeeded"]
    assert "content" not in seen[0]
    assert len({each.headers["x-request-id"] for each in polls}) == 3


def test_a_task_that_succeeded_tells_every_documented_field(modelark):
    task = modelark.finished(model=PRO, duration=5, resolution="720p", ratio="16:9", seed=41)
    assert set(task) == {
        "id", "model", "status", "error", "created_at", "updated_at", "content", "usage", "seed",
        "resolution", "ratio", "duration", "framespersecond", "service_tier",
        "execution_expires_after",
    }  # fmt: skip
    assert task["error"] is None
    assert (task["seed"], task["resolution"], task["ratio"], task["duration"]) == (
        41, "720p", "16:9", 5,
    )  # fmt: skip
    assert task["usage"] == {"completion_tokens": 108000, "total_tokens": 108000}
    assert task["execution_expires_after"] == 172800


def test_the_film_is_silent_and_at_480p_864_by_480(emulator, modelark, media):
    emulator.set(Scenario(polls=1))
    film = modelark.film(model=PRO, resolution="480p", duration=2)
    assert media.facts(film) == ((864, 480), pytest.approx(2, abs=0.05), 24, False)


def test_frames_take_the_place_of_a_duration(modelark):
    task = modelark.finished(model=PRO, frames=57)
    assert task["frames"] == 57
    assert "duration" not in task


def test_the_film_needs_no_key_and_refuses_one(modelark, http):
    url = modelark.finished(model=PRO)["content"]["video_url"]
    assert "X-Tos-Signature=" in url
    assert http.get(url).headers["content-type"] == "video/mp4"
    assert http.get(url, headers=KEY).status_code == 400


def test_the_last_frame_comes_when_it_is_asked_for(modelark, http):
    task = modelark.finished(model=PRO, return_last_frame=True)
    said = http.get(task["content"]["last_frame_url"])
    assert said.headers["content-type"] == "image/png"
    assert said.content.startswith(b"\x89PNG")


def test_an_image_gives_the_film_its_shape_unless_a_ratio_is_asked_for(modelark, media):
    square = image(media.uri(media.image(600, 600)))
    task = modelark.finished(text(), square, model=PRO)
    assert task["ratio"] == "1:1"
    (width, height), *_ = media.facts(modelark.http.get(task["content"]["video_url"]).content)
    assert width == height
    assert modelark.finished(text(), square, model=PRO, ratio="9:16")["ratio"] == "9:16"


def test_null_members_count_as_absent_and_unknown_headers_are_ignored(modelark, http):
    body = {"model": PRO, "content": [text()], "duration": None, "seed": None}
    headers = {**KEY, "x-client-request-id": "1"}
    assert http.post(modelark.tasks, json=body, headers=headers).status_code == 200


def test_an_endpoint_id_stands_for_a_model(modelark):
    assert modelark.finished(model="ep-20260101-abcde")["model"] == "ep-20260101-abcde"


def test_the_services_are_one_and_know_every_model(modelark):
    assert modelark.finished(model=SEEDANCE_2)["status"] == "succeeded"


# refusals


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer"}, {"authorization": "Key k"}])
def test_a_missing_or_wrong_kind_of_key_is_refused(emulator, modelark, http, headers):
    said = http.post(modelark.tasks, json={"model": PRO, "content": [text()]}, headers=headers)
    assert said.status_code == 401
    assert said.json()["error"]["code"] == "AuthenticationError"
    assert emulator.jobs == []


def test_an_error_has_code_message_param_type_and_a_request_id(modelark):
    said = modelark.submit(model=PRO, resolution="720P")
    error = said.json()["error"]
    assert said.status_code == 400
    assert set(error) == {"code", "message", "param", "type"}
    assert (error["code"], error["param"], error["type"]) == (
        "InvalidParameter", "resolution", "BadRequest",
    )  # fmt: skip
    assert error["message"].endswith(f"Request id: {said.headers['x-request-id']}")


@pytest.mark.parametrize(
    "content, body, param",
    [
        ([], {"resolution": "4k"}, "resolution"),
        ([], {"ratio": "4:5"}, "ratio"),
        ([], {"ratio": "adaptive"}, "ratio"),
        ([], {"duration": 13}, "duration"),
        ([], {"duration": -1}, "duration"),
        ([], {"duration": "5"}, "duration"),
        ([], {"frames": 30}, "frames"),
        ([], {"frames": 28}, "frames"),
        ([], {"seed": -2}, "seed"),
        ([], {"seed": 2**32}, "seed"),
        ([], {"generate_audio": False}, "generate_audio"),
        ([], {"draft": True}, "draft"),
        ([], {"priority": 1}, "priority"),
        ([], {"service_tier": "fast"}, "service_tier"),
        ([], {"execution_expires_after": 60}, "execution_expires_after"),
        ([], {"safety_identifier": "x" * 65}, "safety_identifier"),
        ([], {"fps": 24}, "fps"),
        ([text(), {"type": "picture"}], {}, "content.1"),
        ([text(), image(role="middle_frame")], {}, "content.1.image_url.role"),
        ([text(), image("/tmp/a.png")], {}, "image_url"),
        ([text(), image("data:image/heic;base64,AAAA")], {}, "image_url"),
        ([text(), image("data:IMAGE/PNG;base64,AAAA")], {}, "image_url"),
        ([text(), image("data:image/png;base64,AAAA")], {}, "image_url"),
        ([text(), image("data:image/png;base64,A")], {}, "image_url"),
    ],
)
def test_a_wrong_value_is_an_invalid_parameter(emulator, modelark, content, body, param):
    said = modelark.submit(*content, model=PRO, **body)
    assert said.status_code == 400
    assert (said.json()["error"]["code"], said.json()["error"]["param"]) == (
        "InvalidParameter", param,
    )  # fmt: skip
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "body, param",
    [
        ({"content": [text()]}, "model"),
        ({"model": PRO}, "content"),
        ({"model": PRO, "content": [{"type": "text", "text": " "}]}, "content.text"),
        ({"model": LITE_IMAGE, "content": [text()]}, "content"),
        ({"model": PRO, "content": [text(), image(role=None), image(role=None)]}, "role"),
    ],
)
def test_what_is_missing_is_named(modelark, http, body, param):
    error = http.post(modelark.tasks, json=body, headers=KEY).json()["error"]
    assert (error["code"], error["param"]) == ("MissingParameter", param)


@pytest.mark.parametrize(
    "model, content",
    [
        (PRO, [image(role="last_frame")]),
        (PRO, [image(), image()]),
        (PRO, [image(role="reference_image")]),
        (PRO, [video()]),
        (PRO_FAST, [image(), image(role="last_frame")]),
        (LITE_TEXT, [image()]),
        (LITE_IMAGE, [image(), image(role="reference_image")]),
        (LITE_IMAGE, [image(role="reference_image")] * 5),
    ],
)
def test_content_that_the_model_does_not_take_is_refused(modelark, model, content):
    said = modelark.submit(text(), *content, model=model)
    assert said.json()["error"]["code"] == "InvalidParameter.TaskTypeConstraint"


@pytest.mark.parametrize("size", [(299, 400), (6001, 3000), (1000, 400), (400, 1000)])
def test_an_image_has_its_limits(modelark, media, size):
    said = modelark.submit(text(), image(media.uri(media.image(*size))), model=PRO)
    assert said.json()["error"]["param"] == "image_url"


def test_reference_images_of_lite_take_neither_1080p_nor_a_fixed_camera(modelark):
    content = text(), image(role="reference_image")
    assert modelark.submit(*content, model=LITE_IMAGE).status_code == 200
    assert modelark.submit(*content, model=LITE_IMAGE, resolution="1080p").status_code == 400
    assert modelark.submit(*content, model=LITE_IMAGE, camera_fixed=True).status_code == 400


@pytest.mark.parametrize("model", ["seedance-9", "seedance-1-0-pro-t2v-250528"])
def test_a_model_that_does_not_exist_is_not_found(modelark, model):
    said = modelark.submit(model=model)
    assert said.status_code == 404
    assert said.json()["error"]["code"] == "InvalidEndpointOrModel.NotFound"


def test_a_body_that_is_no_object_is_refused(modelark, http):
    assert http.post(modelark.tasks, content=b"[", headers=KEY).status_code == 400


def test_unknown_addresses_and_tasks_are_not_found(modelark, http, emulator):
    assert modelark.get("cgt-1").json()["error"]["code"] == "ResourceNotFound"
    assert modelark.delete("cgt-1").status_code == 404
    base = emulator.urls["byteplus"]
    assert http.get(f"{base}/api/v2/contents", headers=KEY).status_code == 404
    assert http.get(f"{base}/ark-content/cgt-1.mp4").status_code == 404
    assert http.put(modelark.tasks, headers=KEY).status_code == 405


# how it goes wrong


def test_a_task_can_be_moderated_fail_expire_or_be_cancelled(emulator, modelark):
    def ended(ending):
        play(emulator, polls=1, ends=ending)
        task = modelark.finished(model=PRO)
        return task["status"], (task["error"] or {}).get("code")

    assert ended("moderated") == ("failed", "OutputVideoSensitiveContentDetected")
    assert ended("failed") == ("failed", "InternalServiceError")
    assert ended("expired") == ("expired", None)
    assert ended("cancelled") == ("cancelled", None)


def test_a_prompt_can_be_refused_at_submission(emulator, modelark):
    play(emulator, submit_moderated=True)
    said = modelark.submit(model=PRO)
    assert said.json()["error"]["code"] == "InputTextSensitiveContentDetected"
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "code, status",
    [
        ("AccountOverdueError", 403),
        ("ModelNotOpen", 404),
        ("ServerOverloaded", 429),
        ("InputImageSensitiveContentDetected.PrivacyInformation", 400),
    ],
)
def test_a_quirk_is_the_code_that_every_submission_is_refused_with(
    emulator, modelark, code, status
):
    play(emulator, quirk=code)
    said = modelark.submit(model=PRO)
    assert (said.status_code, said.json()["error"]["code"]) == (status, code)


def test_a_quirk_may_be_the_code_that_a_task_is_moderated_with(emulator, modelark):
    code = "OutputAudioSensitiveContentDetected"
    play(emulator, quirk=code, ends="moderated")
    assert modelark.finished(model=PRO)["error"]["code"] == code


def test_an_unknown_quirk_is_refused(emulator, modelark):
    play(emulator, quirk="Sneezing")
    assert modelark.submit(model=PRO).status_code == 501
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "status, code",
    [
        (403, "AccessDenied"),
        (429, "RateLimitExceeded.EndpointRPMExceeded"),
        (500, "InternalServiceError"),
        (503, "InternalServiceError"),
    ],
)
def test_http_errors_have_the_codes_of_modelark(emulator, modelark, status, code):
    play(emulator, submit_status=status, retry_after_seconds=7)
    said = modelark.submit(model=PRO)
    assert (said.status_code, said.json()["error"]["code"]) == (status, code)
    assert said.headers.get("retry-after") == ("7" if status in {403, 429, 503} else None)
    assert len(emulator.jobs) == (status == 500)
    assert modelark.list().json()["total"] == len(emulator.jobs)


def test_polls_can_fail_and_words_can_be_new(emulator, modelark):
    play(emulator, polls=2, poll_failures=(500,), unknown_status_word="polishing")
    id = modelark.made(model=PRO)
    assert modelark.get(id).status_code == 500
    assert [modelark.get(id).json()["status"] for _ in range(2)] == ["polishing", "succeeded"]


# cancel and delete


def test_a_queued_task_is_cancelled_and_not_a_second_time(modelark):
    id = modelark.made(model=PRO)
    said = modelark.delete(id)
    assert (said.status_code, said.json()) == (200, {})
    assert modelark.get(id).json()["status"] == "cancelled"
    assert modelark.delete(id).status_code == 400


def test_a_running_task_is_not_cancelled(emulator, modelark):
    play(emulator, polls=9)
    id = modelark.made(model=PRO)
    for _ in range(2):
        modelark.get(id)
    said = modelark.delete(id)
    assert said.status_code == 409
    assert said.json()["error"]["code"] == "InvalidAction.RunningTaskDeletion"


@pytest.mark.parametrize("ending", ["succeeded", "failed", "expired"])
def test_of_a_task_that_has_ended_the_record_is_deleted(emulator, modelark, ending):
    play(emulator, polls=0, ends=ending)
    id = modelark.made(model=PRO)
    assert modelark.delete(id).status_code == 200
    assert modelark.get(id).status_code == 404
    assert modelark.list().json() == {"total": 0, "items": []}


def test_tasks_are_kept_for_seven_days(http):
    now = [time.time()]
    with Emulator(Scenario(render="draft"), clock=lambda: now[0]) as emulator:
        modelark = ModelArk(http, emulator.base_urls["byteplus"])
        id = modelark.made(model=PRO)
        now[0] += 7 * 24 * 3600 + 1
        assert modelark.get(id).status_code == 404
        assert modelark.list().json()["total"] == 0


# lists


def test_a_list_is_newest_first_and_comes_in_pages(modelark):
    ids = [modelark.made(model=PRO) for _ in range(3)]
    first = modelark.list("page_size=2").json()
    assert first["total"] == 3
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    second = modelark.list("page_size=2&page_num=2").json()
    assert [item["id"] for item in second["items"]] == ids[:1]


def test_a_list_is_filtered_by_status_model_tier_and_ids(modelark):
    done = modelark.finished(model=PRO)["id"]
    flex = modelark.made(model=LITE_TEXT, service_tier="flex")

    def listed(query):
        return [item["id"] for item in modelark.list(query).json()["items"]]

    assert listed("filter.status=succeeded") == [done]
    assert listed(f"filter.model={LITE_TEXT}") == [flex]
    assert listed("filter.service_tier=flex") == [flex]
    assert listed(f"filter.task_ids={done}&filter.task_ids={flex}") == [flex, done]
    assert listed(f"filter.task_ids={done}") == [done]


@pytest.mark.parametrize("query", ["page_num=0", "page_size=501", "filter.status=napping"])
def test_a_wrong_query_is_refused(modelark, query):
    assert modelark.list(query).status_code == 400


# byteplus-python-sdk-v2


@pytest.fixture
def tasks(emulator):
    with official(emulator.base_urls["byteplus"]) as found:
        yield found


def test_the_sdk_creates_polls_and_names_a_film(emulator, tasks, media):
    made = tasks.create(model=PRO, content=[text()], ratio="16:9", resolution="480p", duration=5)
    while (task := tasks.get(task_id=made.id)).status in ("queued", "running"):
        pass
    film = httpx.get(task.content.video_url, trust_env=False).content
    assert (task.status, task.duration, task.usage.completion_tokens) == ("succeeded", 5, 48600)
    assert media.facts(film)[1] > 0
    assert [job.id for job in emulator.jobs] == [made.id]


def test_the_sdk_lists_and_deletes(emulator, tasks):
    play(emulator, polls=0)
    ids = [tasks.create(model=PRO, content=[text()]).id for _ in range(3)]
    found = tasks.list(page_num=1, page_size=5, status="succeeded", task_ids=ids[:2])
    assert (found.total, [item.id for item in found.items]) == (2, ids[1::-1])
    tasks.delete(task_id=ids[0])
    assert tasks.list(task_ids=ids[0]).total == 0


def test_the_sdk_cancels_a_queued_task(emulator, tasks):
    made = tasks.create(model=PRO, content=[text()])
    tasks.delete(task_id=made.id)
    assert tasks.get(task_id=made.id).status == "cancelled"


def test_the_sdk_reads_the_errors(emulator, tasks):
    with pytest.raises(ark.ArkBadRequestError) as caught:
        tasks.create(model=PRO, content=[text()], resolution="8k")
    assert (caught.value.code, caught.value.param) == ("InvalidParameter", "resolution")
    play(emulator, ends="moderated")
    made = tasks.create(model=PRO, content=[text()])
    while (task := tasks.get(task_id=made.id)).status in ("queued", "running"):
        pass
    assert task.error.code == "OutputVideoSensitiveContentDetected"


# the same request, the same bytes


def test_text_is_sent_as_the_sdk_sends_it(home):
    our_words = {
        "prompt": "A tram crosses a foggy bridge",
        "model": f"byteplus/{PRO}",
        "aspect_ratio": "16:9",
        "resolution": "720P",
        "duration_seconds": 5,
        "watermark": False,
        "provider_options": {"seed": 41, "camera_fixed": True},
    }
    their_words = {
        "model": PRO,
        "content": [text("A tram crosses a foggy bridge")],
        "ratio": "16:9",
        "resolution": "720p",
        "duration": 5,
        "watermark": False,
        "seed": 41,
        "camera_fixed": True,
    }
    assert unlike("byteplus", home, our_words, their_words) == {}


def test_files_are_sent_as_the_sdk_sends_data_uris(home, media):
    first, last = media.image(640, 360), "https://media.example.org/open.png"
    our_words = {
        "prompt": "The door slowly opens",
        "model": f"byteplus/{PRO}",
        "images": [first, last],
        "resolution": "720P",
        "duration_seconds": 5,
    }
    their_words = {
        "model": PRO,
        "content": [
            text("The door slowly opens"),
            image(media.uri(first)),
            image(last, "last_frame"),
        ],
        "resolution": "720p",
        "duration": 5,
    }
    assert unlike("byteplus", home, our_words, their_words) == {}


def test_a_poll_is_the_sdks(home):
    with (
        listening() as services,
        official(services.urls["byteplus"]) as tasks,
        ours(services, "byteplus", home) as client,
    ):
        client.generate_video("a heron").result(9)
        (id,) = [entry.id for entry in services.entries()]
        tasks.get(task_id=id)
        polls = [wanted for wanted in services.asked if wanted.url.endswith(id)]
    assert differences(polls[0], polls[-1]) == {}


# our own cancelling


def cancelled(services, home, *, polls):
    """A task that is cancelled when it was asked after `polls` times at least; what was sent."""
    with ours(services, "byteplus", home) as client:
        task = client.generate_video("a heron")
        services.wait_for("GET", polls)
        task.cancel()
        with pytest.raises(oc.TaskCancelled):
            task.result(9)
    return [wanted for wanted in services.asked if wanted.method == "DELETE"]


def test_a_queued_task_is_cancelled_as_the_sdk_does_it(home):
    with (
        listening(Scenario(seconds=3600, render="draft")) as services,
        official(services.urls["byteplus"]) as tasks,
    ):
        (sent,) = cancelled(services, home, polls=1)
        (entry,) = services.entries()
        with pytest.raises(ark.ArkBadRequestError):
            tasks.delete(task_id=entry.id)
        theirs = services.asked[-1]
    assert entry.state == "cancelled"
    # The SDK sends an empty object along, which the service does not ask for.
    assert differences(sent, theirs) == {"content-type": ("", "application/json")}


def test_a_running_task_is_left_alone(home):
    with listening(Scenario(polls=10_000, render="draft")) as services:
        assert cancelled(services, home, polls=3) == []
        assert services.entries()[0].state == "running"
