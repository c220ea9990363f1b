"""Google's two wires, judged over HTTP and by Google's own package, of today and of Veo's days."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from dataclasses import replace

import httpx
import pytest
from google import genai
from google.genai import types

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Why
from openclaw_nb.emulator import Scenario
from tests.capture import differences, listening
from tests.conftest import Hurry
from tests.emulator.conftest import png
from tests.environments import environment

KEY = {"x-goog-api-key": "k"}
VEO = "veo-3.1-fast-generate-preview"
LITE = "veo-3.1-lite-generate-preview"
OMNI = "gemini-omni-1.2-flash"
HOST = "https://generativelanguage.googleapis.com"


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


PICTURE = {"bytesBase64Encoded": b64(png(320, 180)), "mimeType": "image/png"}
REFERENCE = {"image": PICTURE, "referenceType": "ASSET"}
SHOWN = {"type": "image", "data": b64(png(320, 180)), "mime_type": "image/png"}
WORDS = {"type": "text", "text": "a boat"}


class Google:
    """The service by plain HTTP."""

    def __init__(self, emulator, http: httpx.Client) -> None:
        self.emulator, self.http, self.base = emulator, http, emulator.base_urls["google"]

    def play(self, **scenario) -> None:
        self.emulator.set(Scenario(render="draft", **scenario))

    def get(self, path: str, key=KEY) -> httpx.Response:
        return self.http.get(f"{self.base}{path}", headers=key)

    def post(self, path: str, body=None, headers=KEY) -> httpx.Response:
        return self.http.post(f"{self.base}{path}", json=body or {}, headers=headers)

    def predict(self, model=VEO, parameters=None, **instance) -> httpx.Response:
        body = {"instances": [{"prompt": "a boat", **instance}]}
        body |= {} if parameters is None else {"parameters": parameters}
        return self.post(f"/v1beta/models/{model}:predictLongRunning", body)

    def interact(self, **body) -> httpx.Response:
        usual = {"model": OMNI, "input": "a boat", "background": True}
        return self.post("/v1beta/interactions", {**usual, **body})

    def operation(self, **instance) -> dict:
        """A Veo job at its end."""
        name = self.predict(**instance).json()["name"]
        while not (said := self.get(f"/v1beta/{name}").json()).get("done"):
            pass
        return said

    def interaction(self, **body) -> dict:
        """An interaction at its end."""
        id = self.interact(**body).json()["id"]
        while (said := self.get(f"/v1beta/interactions/{id}").json())["status"] in {
            "queued",
            "in_progress",
        }:
            pass
        return said

    def upload(self, data: bytes, kind: str = "video/mp4") -> dict:
        start = {
            "x-goog-upload-protocol": "resumable",
            "x-goog-upload-command": "start",
            "x-goog-upload-header-content-length": str(len(data)),
            "x-goog-upload-header-content-type": kind,
        }
        said = self.post("/upload/v1beta/files", {"file": {"display_name": "a"}}, {**KEY, **start})
        send = {"x-goog-upload-command": "upload, finalize", "x-goog-upload-offset": "0"}
        where = said.headers["x-goog-upload-url"]
        return self.http.post(where, content=data, headers=send).json()["file"]

    def film(self, uri: str) -> bytes:
        return self.get(uri.removeprefix(HOST)).content


@pytest.fixture
def google(emulator, http):
    return Google(emulator, http)


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    error = response.json()["error"]
    assert error["code"] == response.status_code
    return error["code"], error["status"], error["message"]


# Veo


def test_an_operation_has_a_name_and_then_a_file(google):
    google.play(polls=3)
    made = google.predict().json()
    assert list(made) == ["name"]
    assert re.fullmatch(rf"models/{VEO}/operations/[a-z0-9]+", made["name"])
    seen = [google.get(f"/v1beta/{made['name']}").json() for _ in range(3)]
    assert seen[:2] == [made, made]
    response = seen[2]["response"]
    assert seen[2]["done"] is True
    assert response["@type"].endswith("PredictLongRunningResponse")
    uri = response["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    assert re.fullmatch(rf"{HOST}/v1beta/files/[a-z0-9]+:download\?alt=media", uri)


def test_the_file_needs_the_key_and_is_what_was_asked_for(emulator, google, media):
    emulator.set(Scenario(polls=1))
    name = google.predict(
        parameters={"durationSeconds": 4, "aspectRatio": "9:16"}, image=PICTURE
    ).json()["name"]
    said = google.get(f"/v1beta/{name}").json()
    uri = said["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    assert media.facts(google.film(uri)) == ((720, 1280), pytest.approx(4, abs=0.05), 24, True)
    where = uri.removeprefix(HOST)
    assert refusal(google.get(where, {}))[:2] == (403, "PERMISSION_DENIED")
    assert refusal(google.get(where.partition("?")[0]))[0] == 403
    assert google.get(where, {"authorization": "Bearer ya29"}).status_code == 200
    assert google.get(f"{where}&key=k", {}).status_code == 200


@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_both_versions_are_served(google, version):
    body = {"instances": [{"prompt": "x"}]}
    name = google.post(f"/{version}/models/{VEO}:predictLongRunning", body).json()["name"]
    assert google.get(f"/{version}/{name}").status_code == 200
    id = google.post(f"/{version}/interactions", {"model": OMNI, "input": "x"}).json()["id"]
    assert google.get(f"/{version}/interactions/{id}?stream=false").status_code == 200
    assert google.get(f"/{version}/files").json() == {"files": []}


@pytest.mark.parametrize(
    "model, parameters, instance, words",
    [
        (VEO, None, {"prompt": ""}, "`prompt`"),
        (VEO, {"durationSeconds": "8"}, {}, "needs to be a number"),
        (VEO, {"durationSeconds": 5}, {}, "`durationSeconds`"),
        (VEO, {"resolution": "720P"}, {}, "`resolution`"),
        (VEO, {"aspectRatio": "1:1"}, {}, "`aspectRatio`"),
        (VEO, {"sampleCount": 2}, {}, "`sampleCount`"),
        (VEO, {"generateAudio": True}, {}, "`generateAudio` isn't supported by this model"),
        (VEO, {"seed": 1}, {}, "`seed` isn't supported by this model"),
        (VEO, {"resolution": "1080p", "durationSeconds": 4}, {}, "8 seconds"),
        (VEO, {"resolution": "4k", "durationSeconds": 6}, {}, "8 seconds"),
        (VEO, {"durationSeconds": 6}, {"referenceImages": [REFERENCE]}, "8 seconds"),
        (LITE, {"resolution": "4k"}, {}, "4k isn't supported"),
        (VEO, None, {"lastFrame": PICTURE}, "requires `image`"),
        (VEO, None, {"referenceImages": [REFERENCE] * 4}, "At most 3"),
        (VEO, None, {"image": PICTURE, "referenceImages": [REFERENCE]}, "cannot be combined"),
        (VEO, None, {"image": {**PICTURE, "bytesBase64Encoded": "?"}}, "Base64"),
        (VEO, None, {"image": {**PICTURE, "bytesBase64Encoded": "aGk="}}, "process input image"),
        (VEO, None, {"image": {"bytesBase64Encoded": "aGk="}}, "`mimeType`"),
        (VEO, None, {"image": {"gcsUri": "gs://a"}}, "`bytesBase64Encoded`"),
        (VEO, None, {"video": {}}, "either `uri` or `encodedVideo`"),
        (VEO, None, {"video": {"encodedVideo": "aGk="}}, "`video.encoding`"),
        (VEO, None, {"video": {"encodedVideo": "aGk=", "encoding": "video/mp4"}}, "input video"),
        (VEO, None, {"video": {"uri": f"{HOST}/v1beta/files/zzz"}}, "generated by Veo"),
        (VEO, None, {"video": {"uri": "https://example.com/a.mp4"}}, "Unsupported file uri"),
    ],
)
def test_what_veo_does_not_take_is_refused(google, emulator, model, parameters, instance, words):
    code, status, message = refusal(google.predict(model, parameters, **instance))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert words in message
    assert emulator.jobs == []


def test_the_book_keeps_media_in_short(google, emulator):
    google.predict(image=PICTURE)
    google.interact(input=[SHOWN, WORDS])
    veo, omni = (entry.request for entry in emulator.jobs)
    kept = (veo["instances"][0]["image"]["bytesBase64Encoded"], omni["input"][0]["data"])
    assert all(re.fullmatch(r"\d+ bytes, sha256 [0-9a-f]{16}", each) for each in kept)


def test_null_members_count_as_absent_however_deep(google):
    assert google.predict(parameters={"seed": None}, image=None).status_code == 200


def test_unknown_models_operations_and_pages_are_not_found(google):
    assert refusal(google.predict("veo-9"))[:2] == (404, "NOT_FOUND")
    assert refusal(google.get(f"/v1beta/models/{VEO}/operations/x"))[:2] == (404, "NOT_FOUND")
    for path in ("/v1/nonsense", "/v2/files", "/v1beta/interactions/a/b"):
        assert refusal(google.get(path))[0] == 404
    assert refusal(google.post("/v1beta/files/a/b"))[0] == 404
    assert (
        google.http.post(f"{google.base}/v1beta/interactions", content=b"{", headers=KEY)
        .json()["error"]["message"]
        .startswith("Invalid JSON payload")
    )


@pytest.mark.parametrize(
    "ends, code", [("failed", 13), ("expired", 4), ("cancelled", 1), ("moderated", None)]
)
def test_an_operation_can_end_badly(google, ends, code):
    google.play(polls=1, ends=ends)
    said = google.operation()
    if code is None:
        filtered = said["response"]["generateVideoResponse"]
        assert filtered["raiMediaFilteredCount"] == len(filtered["raiMediaFilteredReasons"]) == 1
    else:
        assert said["error"]["code"] == code
        assert said["error"]["message"]
        assert "response" not in said


def test_a_veo_clip_is_extended_by_its_address_or_its_bytes(google, emulator, media):
    google.play(polls=1)
    first = google.operation()
    uri = first["response"]["generateVideoResponse"]["generatedSamples"][0]["video"]["uri"]
    assert google.predict(video={"uri": uri}).status_code == 200
    encoded = {"encodedVideo": b64(google.film(uri)), "encoding": "video/mp4"}
    assert google.predict(video=encoded).status_code == 200
    assert len(emulator.jobs) == 3


# interactions


def test_an_interaction_goes_from_queued_over_in_progress_to_completed(google):
    google.play(polls=3)
    made = google.interact().json()
    assert set(made) == {"id", "status", "model", "created", "updated", "steps", "usage"}
    seen = [google.get(f"/v1beta/interactions/{made['id']}").json() for _ in range(3)]
    assert [each["status"] for each in seen] == ["queued", "in_progress", "completed"]
    assert [step["type"] for step in seen[2]["steps"]] == ["user_input", "model_output"]


def test_the_clip_comes_as_an_address_or_inline(emulator, google, media):
    emulator.set(Scenario(polls=1))
    wanted = {"type": "video", "duration": "3s", "resolution": "360p", "delivery": "uri"}
    video = google.interaction(response_format=wanted)["steps"][-1]["content"][0]
    assert video["uri"].startswith(f"{HOST}/v1beta/files/")
    film = google.film(f"{video['uri']}:download?alt=media")
    assert media.facts(film) == ((640, 360), pytest.approx(3, abs=0.05), 24, True)
    inline = google.interaction(response_format={**wanted, "delivery": "inline"})
    assert base64.b64decode(inline["steps"][-1]["content"][0]["data"]) == film


def test_without_background_the_answer_has_the_clip(google):
    said = google.interact(background=False).json()
    assert said["status"] == "completed"
    assert base64.b64decode(said["steps"][-1]["content"][0]["data"])[4:8] == b"ftyp"


@pytest.mark.parametrize(
    "body, words",
    [
        ({"input": ""}, "must hold a text"),
        ({"input": [SHOWN]}, "must hold a text"),
        ({"input": 7}, "'input'"),
        ({"colour": "red"}, 'Unknown name "colour": Cannot find field'),
        ({"response_format": {"type": "video", "duration": 5}}, "response_format.duration"),
        ({"response_format": {"type": "video", "duration": "5"}}, "response_format.duration"),
        ({"response_format": {"type": "video", "duration": "20s"}}, "from 3s to 15s"),
        ({"response_format": {"type": "video", "fps": 24}}, "Unknown name \"fps\" at 'response_format'"),
        ({"generation_config": {"video_config": {"task": "paint"}}}, "video_config.task"),
        ({"generation_config": {"video_config": {"task": "edit"}}}, "requires a video"),
        ({"generation_config": {"video_config": {"task": "image_to_video"}}}, "requires an image"),
        (
            {"input": [SHOWN, WORDS], "generation_config": {"video_config": {"task": "text_to_video"}}},
            "takes text only",
        ),
        ({"input": [*[SHOWN] * 7, WORDS]}, "at most 6 images"),
        ({"input": [{"type": "image", "mime_type": "image/png"}, WORDS]}, "exactly one of"),
        ({"input": [{"type": "image", "data": "aGk="}, WORDS]}, "process input image"),
        ({"store": False}, "requires `store`"),
        ({"previous_interaction_id": "int_0"}, "Invalid interaction name"),
    ],
)  # fmt: skip
def test_what_omni_does_not_take_is_refused(google, emulator, body, words):
    code, status, message = refusal(google.interact(**body))
    assert (code, status) == (400, "INVALID_ARGUMENT")
    assert words in message
    assert emulator.jobs == []


def test_the_older_omni_is_shorter_and_others_are_not_found(google):
    long = {"type": "video", "duration": "12s"}
    assert google.interact(response_format=long).status_code == 200
    older = google.interact(model="gemini-omni-1.1-flash", response_format=long)
    assert "3s to 10s" in refusal(older)[2]
    assert refusal(google.interact(model="gemini-3-pro"))[:2] == (404, "NOT_FOUND")


@pytest.mark.parametrize(
    "ends, status", [("failed", "failed"), ("expired", "incomplete"), ("cancelled", "cancelled")]
)
def test_an_interaction_can_end_badly(google, ends, status):
    google.play(polls=1, ends=ends)
    said = google.interaction()
    assert said["status"] == status
    assert bool(said.get("errors")) == (ends != "cancelled")


def test_a_moderated_interaction_is_completed_with_a_text(google):
    google.play(polls=1, ends="moderated")
    said = google.interaction()
    assert said["status"] == "completed"
    assert [part["type"] for part in said["steps"][-1]["content"]] == ["text"]


def test_an_interaction_is_cancelled_once_and_can_be_deleted(google):
    google.play(polls=50)
    where = f"/v1beta/interactions/{google.interact().json()['id']}"
    assert google.post(f"{where}/cancel").json()["status"] == "cancelled"
    assert google.get(where).json()["status"] == "cancelled"
    assert refusal(google.post(f"{where}/cancel"))[0] == 400
    assert google.http.delete(f"{google.base}{where}", headers=KEY).json() == {}
    assert "Invalid interaction name" in refusal(google.get(where))[2]


def test_an_unknown_word_is_shown_where_there_is_one(google):
    google.play(polls=3, unknown_status_word="NAPPING")
    id = google.interact().json()["id"]
    assert google.get(f"/v1beta/interactions/{id}").json()["status"] == "NAPPING"


def test_an_earlier_clip_is_edited_and_extended(google, emulator):
    google.play(polls=1)
    first = google.interaction(response_format={"type": "video", "delivery": "uri"})
    task = {"video_config": {"task": "extend"}}
    later = google.interaction(previous_interaction_id=first["id"], generation_config=task)
    assert later["previous_interaction_id"] == first["id"]
    made = {"type": "video", "uri": first["steps"][-1]["content"][0]["uri"]}
    assert google.interact(input=[made, WORDS]).status_code == 200
    google.play(polls=50)
    unfinished = google.interact().json()["id"]
    assert "has no video" in refusal(google.interact(previous_interaction_id=unfinished))[2]


# files


def test_a_file_is_uploaded_in_two_calls_and_looked_at_until_it_is_active(google, footage):
    sent = google.upload(footage.read_bytes())
    assert sent["state"] == "PROCESSING"
    part = {"type": "video", "uri": sent["uri"], "mime_type": "video/mp4"}
    assert "not in an ACTIVE state" in refusal(google.interact(input=[part, WORDS]))[2]
    states = [google.get(f"/v1beta/{sent['name']}").json()["state"] for _ in range(2)]
    assert states == ["PROCESSING", "ACTIVE"]
    turn = {"type": "user_input", "content": [part, WORDS]}
    assert google.interact(input=[turn]).status_code == 200
    assert [each["name"] for each in google.get("/v1beta/files").json()["files"]] == [sent["name"]]
    where = f"{google.base}/v1beta/{sent['name']}"
    assert google.http.delete(where, headers=KEY).json() == {}
    assert refusal(google.get(f"/v1beta/{sent['name']}"))[:2] == (403, "PERMISSION_DENIED")


def test_an_upload_that_is_not_as_announced_is_refused(google):
    start = {
        "x-goog-upload-protocol": "resumable",
        "x-goog-upload-command": "start",
        "x-goog-upload-header-content-length": "5",
        "x-goog-upload-header-content-type": "video/mp4",
    }
    where = google.post("/upload/v1beta/files", None, {**KEY, **start}).headers["x-goog-upload-url"]

    def send(data, offset, command="upload, finalize"):
        headers = {"x-goog-upload-command": command, "x-goog-upload-offset": offset}
        return google.http.post(where, content=data, headers=headers)

    assert refusal(send(b"ab", "3"))[2] == "The offset must be 0."
    assert send(b"ab", "0", "upload").headers["x-goog-upload-status"] == "active"
    assert "5 bytes were announced, 3 came" in refusal(send(b"c", "2"))[2]
    assert send(b"de", "3").headers["x-goog-upload-status"] == "final"
    assert "terminated" in refusal(send(b"x", "0"))[2]
    for missing in ("x-goog-upload-protocol", "x-goog-upload-header-content-length"):
        bad = {name: value for name, value in start.items() if name != missing}
        assert refusal(google.post("/upload/v1beta/files", None, {**KEY, **bad}))[0] == 400
    listed = {**KEY, **start, "content-type": "application/json"}
    said = google.http.post(f"{google.base}/upload/v1beta/files", content=b"[]", headers=listed)
    assert refusal(said)[0] == 400


# failures


def test_a_prompt_can_be_refused_at_submission(google, emulator):
    google.play(submit_moderated=True)
    for said in (google.predict(), google.interact()):
        assert "safety" in refusal(said)[2]
    assert emulator.jobs == []


@pytest.mark.parametrize("status, word", [(429, "RESOURCE_EXHAUSTED"), (503, "UNAVAILABLE")])
def test_http_errors_have_googles_words(google, status, word):
    google.play(submit_status=status)
    assert refusal(google.predict())[:2] == (status, word)
    google.play(poll_failures=(status,))
    id = google.interact().json()["id"]
    assert refusal(google.get(f"/v1beta/interactions/{id}"))[:2] == (status, word)


def test_quirks_of_veos_results(google):
    google.play(polls=1, quirk="inline")
    samples = google.operation()["response"]["generateVideoResponse"]["generatedSamples"]
    assert base64.b64decode(samples[0]["video"]["encodedVideo"])[4:8] == b"ftyp"
    google.play(polls=1, quirk="sdk_shape")
    (made,) = google.operation()["response"]["generatedVideos"]
    assert base64.b64decode(made["video"]["videoBytes"])[4:8] == b"ftyp"
    google.play(polls=1, quirk="file_name")
    (made,) = google.operation()["response"]["generatedVideos"]
    assert made["video"]["name"].startswith("files/")
    google.play(polls=1, quirk="no_video")
    assert google.operation()["response"]["generateVideoResponse"] == {}
    google.play(polls=1, quirk="bare_operation")
    assert google.operation()["name"].startswith("operations/")


def test_quirks_of_errors_files_and_interactions(google):
    google.play(quirk="retired")
    assert "no longer available" in refusal(google.predict())[2]
    google.play(quirk="key_invalid")
    assert google.predict().json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    google.play(quirk="error_list")
    (only,) = google.interact(colour="red").json()
    assert only["error"]["status"] == "INVALID_ARGUMENT"
    google.play(quirk="file_failed")
    name = google.upload(b"x")["name"]
    states = [google.get(f"/v1beta/{name}").json()["state"] for _ in range(2)]
    assert states[1] == "FAILED"
    google.play(polls=1, quirk="no_video")
    assert len(google.interaction()["steps"]) == 1
    google.play(polls=1, quirk="inline")
    assert "data" in google.interaction()["steps"][-1]["content"][0]
    google.play(quirk="dances")
    assert "no quirk 'dances'" in refusal(google.predict())[2]


# our own client


@pytest.fixture
def make(make_client, google):
    client = make_client("google")

    def make(model=VEO, **asked):
        return client.generate_video("a boat", model=f"google/{model}", exact_model=True, **asked)

    return make


@pytest.mark.parametrize("quirk", [None, "inline", "sdk_shape", "file_name", "bare_operation"])
def test_every_form_of_a_veo_result_ends_in_a_file(google, make, quirk):
    google.play(quirk=quirk)
    assert make().result(20).path.read_bytes()[4:8] == b"ftyp"


@pytest.mark.parametrize("quirk", [None, "inline", "error_list"])
def test_every_form_of_an_omni_result_ends_in_a_file(google, make, quirk):
    google.play(quirk=quirk)
    video = make(OMNI, duration_seconds=3).result(20)
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert video.metadata["interactionId"] == google.emulator.jobs[0].id


def test_an_omni_clip_is_edited_by_the_id_of_its_interaction(google, make):
    first = make(OMNI).result(20)
    previous = {"previous_interaction_id": first.metadata["interactionId"]}
    make(OMNI, provider_options=previous).result(20)
    asked = google.emulator.jobs[1].request
    assert asked["previous_interaction_id"] == google.emulator.jobs[0].id


@pytest.mark.parametrize("model", [VEO, OMNI])
def test_an_end_without_a_video_is_a_refusal_and_no_second_submission(google, make, model):
    google.play(quirk="no_video")
    with pytest.raises(oc.ProviderRefused, match="without a video"):
        make(model).result(20)
    assert len(google.emulator.jobs) == 1


def test_a_veo_model_asked_for_by_name_is_not_replaced_but_its_successor_named(google, make):
    google.play(quirk="retired")
    with pytest.raises(oc.ProviderRefused, match=f"2026-10-22; google/{OMNI} takes its place"):
        make().result(20)
    assert google.emulator.jobs == []


def test_a_wrong_key_is_told_from_a_wrong_request(google, make):
    google.play(quirk="key_invalid")
    with pytest.raises(oc.ProviderRefused) as refused:
        make(OMNI).result(20)
    assert refused.value.why is Why.AUTH


def test_a_video_that_cannot_be_processed_is_not_submitted(google, make, footage):
    google.play(quirk="file_failed")
    with pytest.raises(oc.ProviderRefused, match=r"reference\.mp4 could not be processed"):
        make(OMNI, video=footage).result(20)
    assert google.emulator.jobs == []


def accepted(client) -> oc.Task:
    """An Omni task whose ticket is kept."""
    task = client.generate_video("a boat", model=f"google/{OMNI}", exact_model=True)
    kept = threading.Event()
    task.watch(lambda now: kept.set() if now.job_id else None)
    assert task.snapshot.job_id or kept.wait(8)
    return task


def test_cancelling_an_omni_task_stops_it_at_google(google, make_client):
    google.play(seconds=3600)
    client = make_client("google")
    task = accepted(client)
    task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result(9)
    client.close()
    assert google.emulator.jobs[0].state == "cancelled"


def test_an_omni_task_is_resumed_from_its_ticket(google, make_client):
    google.play(seconds=1.0)
    first = make_client("google")
    task = accepted(first)
    first.close()
    assert make_client("google").resume(task.id).result(20).path.exists()
    assert len(google.emulator.jobs) == 1


# Google's package of today: interactions and files


@pytest.fixture
def package(emulator):
    options = types.HttpOptions(base_url=emulator.base_urls["google"])
    with genai.Client(api_key="k", http_options=options) as made:
        yield made


def ended(client: genai.Client, id: str):
    while (found := client.interactions.get(id)).status in {"queued", "in_progress"}:
        pass
    return found


def test_google_genai_makes_a_clip_and_downloads_it(package, media):
    made = package.interactions.create(
        model=OMNI,
        input="a boat",
        background=True,
        store=True,
        generation_config={"seed": 7, "video_config": {"task": "text_to_video"}},
        response_format={"type": "video", "aspect_ratio": "16:9", "delivery": "uri",
                         "duration": "5s", "resolution": "720p"},
    )  # fmt: skip
    video = ended(package, made.id).output_video
    assert video.mime_type == "video/mp4"
    film = package.files.download(file=video.uri)
    assert media.facts(film)[1] > 0


def test_google_genai_uploads_edits_cancels_and_deletes(emulator, package, footage):
    file = package.files.upload(file=footage)
    while file.state is types.FileState.PROCESSING:
        file = package.files.get(name=file.name)
    assert (file.state, file.size_bytes) == (types.FileState.ACTIVE, footage.stat().st_size)
    emulator.set(Scenario(polls=50, render="draft"))
    made = package.interactions.create(
        model=OMNI,
        background=True,
        input=[
            {"type": "user_input", "content": [
                {"type": "video", "uri": file.uri, "mime_type": "video/mp4"},
                {"type": "text", "text": "at night"},
            ]},
        ],
        generation_config={"video_config": {"task": "edit"}},
    )  # fmt: skip
    assert package.interactions.cancel(made.id).status == "cancelled"
    package.interactions.delete(made.id)
    assert [each.name for each in package.files.list()] == [file.name]
    package.files.delete(name=file.name)
    assert emulator.jobs[0].state == "cancelled"


def test_google_genai_reads_refusals_and_errors(emulator, package):
    emulator.set(Scenario(polls=1, ends="moderated"))
    refused = ended(package, package.interactions.create(model=OMNI, input="x", background=True).id)
    assert refused.output_video is None
    assert "policies" in refused.output_text
    emulator.set(Scenario(polls=1, ends="failed"))
    failed = ended(package, package.interactions.create(model=OMNI, input="x", background=True).id)
    assert "internal server issue" in failed.errors[0].message
    with pytest.raises(Exception, match=r"video_config\.task"):
        package.interactions.create(
            model=OMNI, input="x", generation_config={"video_config": {"task": "paint"}}
        )


# The same request, the same bytes

FORMATS = {"resolution": "720P", "aspect_ratio": "16:9", "duration_seconds": 5}
FORMAT = {
    "type": "video", "delivery": "uri", "aspect_ratio": "16:9", "resolution": "720p", "duration": "5s",
}  # fmt: skip


def ours(services, requests, home) -> list:
    """What this package sends for the requests, up to the finished files."""
    own = {"baseUrl": services.urls["google"], "apiKey": "k", "apiVersion": "v1"}
    client = Client({"models": {"providers": {"google": own}}}, home=home, clock=Hurry())
    try:
        for asked in requests:
            client.generate_video(exact_model=True, **asked).result(30)
    finally:
        client.close()
    return named(services.asked)


def named(asked) -> list:
    """The requests with the names that the service gave replaced by one word."""
    return [
        replace(
            wanted,
            url=re.sub(r"[0-9a-f]{16,32}", "NAME", wanted.url),
            body=re.sub(rb"files/[0-9a-f]{16}", b"files/NAME", wanted.body),
            headers=declared(wanted),
        )
        for wanted in asked
    ]


def declared(wanted) -> dict:
    """The headers; Google's package calls the bytes of a file JSON, which stands for no type."""
    is_file = "x-goog-upload-offset" in wanted.headers
    untrue = is_file and wanted.headers.get("content-type") == "application/json"
    return {k: v for k, v in wanted.headers.items() if not (untrue and k == "content-type")}


def compared(mine, theirs) -> list[dict]:
    assert len(mine) == len(theirs)
    return [differences(a, b) for a, b in zip(mine, theirs, strict=True)]


POLL = {"content-type": ("", "application/json")}  # a GET has no body to declare


def test_an_interaction_is_asked_for_with_the_same_bytes_as_by_google_genai(home, picture, footage):
    scenario = Scenario(polls=1, render="draft")
    with listening(scenario) as services:
        requests = [
            {"model": f"google/{OMNI}", "prompt": "a boat", **FORMATS,
             "provider_options": {"seed": 7}},
            {"model": f"google/{OMNI}", "prompt": "it drifts", "image": picture},
            {"model": f"google/{OMNI}", "prompt": "at night", "video": footage},
        ]  # fmt: skip
        mine = ours(services, requests, home)
    with listening(scenario) as services:
        options = types.HttpOptions(base_url=services.urls["google"])
        with genai.Client(api_key="k", http_options=options) as client:
            kept = {"model": OMNI, "background": True, "store": True}
            asked = [
                {"input": "a boat", "response_format": FORMAT, "generation_config": {
                    "seed": 7, "video_config": {"task": "text_to_video"}}},
                {"input": [{"type": "user_input", "content": [
                    {"type": "image", "data": b64(picture), "mime_type": "image/png"},
                    {"type": "text", "text": "<FIRST_FRAME> it drifts"}]}],
                 "response_format": {"type": "video", "delivery": "uri"},
                 "generation_config": {"video_config": {"task": "image_to_video"}}},
            ]  # fmt: skip
            for each in asked:
                made = client.interactions.create(**kept, **each)
                client.files.download(file=client.interactions.get(made.id).output_video.uri)
            file = client.files.upload(file=footage)
            while file.state is types.FileState.PROCESSING:
                file = client.files.get(name=file.name)
            made = client.interactions.create(**kept, input=[{"type": "user_input", "content": [
                {"type": "video", "uri": file.uri, "mime_type": "video/mp4"},
                {"type": "text", "text": "at night"}]}],
                response_format={"type": "video", "delivery": "uri"},
                generation_config={"video_config": {"task": "edit"}})  # fmt: skip
            client.files.download(file=client.interactions.get(made.id).output_video.uri)
        theirs = named(services.asked)
    # Their poll says that it wants no stream, which is the default.
    asking = {**POLL, "query": ({}, {"stream": "false"})}
    # Downloads keep to the version of Veo's wire, where files came first; both serve the same.
    fetching = {**POLL, "path": ("/v1beta/files/NAME:download", "/v1/files/NAME:download")}
    # They declare no type for a file's bytes; the announcement before it did.
    sending = {"content-type": ("video/mp4", "")}
    assert compared(mine, theirs) == [
        {}, asking, fetching,
        {}, asking, fetching,
        {}, sending, POLL, POLL, {}, asking, fetching,
    ]  # fmt: skip


# Google's package of Veo's days

VEO_CLIENT = """
import json, sys
from google import genai
from google.genai import types

url, picture, footage, out = sys.argv[1:]
image = types.Image(image_bytes=open(picture, "rb").read(), mime_type="image/png")
client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=url))

def make(prompt, source=None, **config):
    given = types.GenerateVideosSource(prompt=prompt, **(source or {}))
    config = types.GenerateVideosConfig(**config) if config else None
    work = client.models.generate_videos(model="veo-3.1-fast-generate-preview", source=given, config=config)
    while not work.done:
        work = client.operations.get(work)
    return work

def film(work):
    video = work.response.generated_videos[0].video
    client.files.download(file=video)
    return video

video = film(make("a boat"))
video.save(out)
film(make("a boat", duration_seconds=8, aspect_ratio="16:9", resolution="1080p",
          person_generation="allow_all", negative_prompt="blur", enhance_prompt=True))
film(make("animate", {"image": image}, duration_seconds=4))
film(make("morph", {"image": image}, last_frame=image))
film(make("refs", reference_images=[
    types.VideoGenerationReferenceImage(image=image, reference_type="ASSET")], duration_seconds=8))
film(make("extend", {"video": types.Video(video_bytes=open(footage, "rb").read(), mime_type="video/mp4")}))
print(json.dumps({"uri": video.uri}))
"""
VEO_REQUESTS = [
    {"prompt": "a boat"},
    {"prompt": "a boat", "duration_seconds": 8, "aspect_ratio": "16:9", "resolution": "1080P",
     "provider_options": {"personGeneration": "allow_all", "negativePrompt": "blur", "enhancePrompt": True}},
    {"prompt": "animate", "images": ["picture"], "duration_seconds": 4},
    {"prompt": "morph", "images": ["picture", "picture"], "image_roles": ["first_frame", "last_frame"]},
    {"prompt": "refs", "images": ["picture"], "image_roles": ["reference_image"], "duration_seconds": 8},
    {"prompt": "extend", "video": "footage"},
]  # fmt: skip


def run_veo_client(script, *given) -> dict:
    python = environment("google-genai-2.34.0", ["google-genai==2.34.0"])
    environ = {**os.environ, "NO_PROXY": "*"}
    done = subprocess.run(
        [python, "-c", script, *map(str, given)],
        env=environ,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_veo_is_asked_for_with_the_same_bytes_as_by_google_genai_2(
    home, picture, footage, tmp_path
):
    shown = tmp_path / "picture.png"
    shown.write_bytes(picture)
    scenario = Scenario(polls=1, render="draft")
    with listening(scenario) as services:
        out = tmp_path / "out.mp4"
        said = run_veo_client(VEO_CLIENT, services.urls["google"], shown, footage, out)
        theirs = named(services.asked)
    assert out.read_bytes()[4:8] == b"ftyp"
    assert said["uri"].startswith(f"{HOST}/v1beta/files/")
    here = {"picture": shown, "footage": footage}
    requests = [
        {
            "model": f"google/{VEO}",
            **asked,
            **({"images": [shown for _ in asked["images"]]} if "images" in asked else {}),
            **({"video": here[asked["video"]]} if "video" in asked else {}),
        }
        for asked in VEO_REQUESTS
    ]
    with listening(scenario) as services:
        mine = ours(services, requests, home)
    assert compared(mine, theirs) == [{}, POLL, POLL] * len(VEO_REQUESTS)


VEO_REFUSALS = """
import json, sys
from google import genai
from google.genai import types

client = genai.Client(api_key="k", http_options=types.HttpOptions(base_url=sys.argv[1]))
given = types.GenerateVideosSource(prompt="x")
work = client.models.generate_videos(model="veo-3.1-generate-preview", source=given)
while not work.done:
    work = client.operations.get(work)
try:
    client.models.generate_videos(model="veo-9", source=given)
except Exception as error:
    status = error.status
print(json.dumps({"reasons": work.response.rai_media_filtered_reasons, "status": status}))
"""


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_google_genai_2_reads_filtered_videos_and_errors(emulator):
    emulator.set(Scenario(ends="moderated", render="draft"))
    said = run_veo_client(VEO_REFUSALS, emulator.base_urls["google"])
    assert said["status"] == "NOT_FOUND"
    assert "policies" in said["reasons"][0]
