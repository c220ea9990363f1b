"""MiniMax, judged over HTTP and by minimax-mcp."""

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from openclaw_nb.emulator import Scenario
from tests.capture import differences

KEY = {"authorization": "Bearer k"}
TEXT = "MiniMax-Hailuo-2.3"
FAST = "MiniMax-Hailuo-2.3-Fast"
OLD = "MiniMax-Hailuo-02"
URL = "https://example.com/a.png"
SUBJECT = [{"type": "character", "image": [URL]}]
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def minimax(emulator, http):
    class MiniMax:
        url = emulator.urls["minimax"]

        def submit(self, **body):
            return http.post(f"{self.url}/v1/video_generation", json=body, headers=KEY).json()

        def query(self, id):
            where = f"{self.url}/v1/query/video_generation"
            return http.get(where, params={"task_id": id}, headers=KEY).json()

        def retrieve(self, id):
            where = f"{self.url}/v1/files/retrieve"
            return http.get(where, params={"file_id": id}, headers=KEY).json()

        def finish(self, **body):
            id = self.submit(**body)["task_id"]
            while (said := self.query(id))["status"] in {"Queueing", "Processing"}:
                pass
            return said

        def film(self, **body):
            file = self.retrieve(self.finish(**body)["file_id"])["file"]
            return httpx.get(file["download_url"], trust_env=False).raise_for_status().content

    return MiniMax()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def test_a_job_is_queueing_then_processing_then_a_success(emulator, minimax):
    play(emulator, polls=3)
    made = minimax.submit(model=TEXT, prompt="a heron")
    seen = [minimax.query(made["task_id"]) for _ in range(3)]
    assert made["task_id"].isdigit()
    assert [each["status"] for each in seen] == ["Queueing", "Processing", "Success"]
    assert all(each["base_resp"] == {"status_code": 0, "status_msg": "success"} for each in seen)
    assert isinstance(seen[-1]["file_id"], str)
    assert seen[-1]["video_width"] > 0


def test_the_file_id_is_an_integer_where_the_file_is(minimax):
    said = minimax.finish(model=TEXT, prompt="a heron")
    file = minimax.retrieve(said["file_id"])["file"]
    fields = {"file_id", "bytes", "created_at", "filename", "purpose", "download_url"}
    assert set(file) == fields
    assert file["file_id"] == int(said["file_id"])
    assert file["purpose"] == "video_generation"
    assert len(httpx.get(file["download_url"], trust_env=False).content) == file["bytes"]


def test_the_download_link_refuses_a_key(minimax, http):
    file = minimax.retrieve(minimax.finish(model=TEXT, prompt="x")["file_id"])["file"]
    assert http.get(file["download_url"], headers=KEY).status_code == 400


def test_the_content_comes_with_the_key_too(minimax, http):
    id = minimax.finish(model=TEXT, prompt="x")["file_id"]
    where = f"{minimax.url}/v1/files/retrieve_content?file_id={id}"
    assert http.get(where, headers=KEY).content[4:8] == b"ftyp"
    assert http.get(where).json()["base_resp"]["status_code"] == 1004


def test_a_missing_key_is_refused_with_http_200(emulator, http):
    said = http.post(f"{emulator.urls['minimax']}/v1/video_generation", json={"model": TEXT})
    assert said.status_code == 200
    assert said.json()["base_resp"]["status_code"] == 1004
    assert said.headers["trace-id"]


@pytest.mark.parametrize(
    "body",
    [
        {"prompt": "x"},
        {"model": "MiniMax-Hailuo-9", "prompt": "x"},
        {"model": TEXT},
        {"model": TEXT, "prompt": "x" * 2001},
        {"model": TEXT, "prompt": "x", "duration": "6"},
        {"model": TEXT, "prompt": "x", "duration": 7},
        {"model": TEXT, "prompt": "x", "resolution": "768p"},
        {"model": TEXT, "prompt": "x", "resolution": "512P"},
        {"model": TEXT, "prompt": "x", "resolution": "1080P", "duration": 10},
        {"model": FAST, "prompt": "x"},
        {"model": "I2V-01", "prompt": "x"},
        {"model": "I2V-01", "prompt": "x", "first_frame_image": URL, "resolution": "768P"},
        {"model": "T2V-01", "prompt": "x", "first_frame_image": URL},
        {"model": TEXT, "prompt": "x", "last_frame_image": URL},
        {"model": OLD, "prompt": "x", "resolution": "512P"},
        {"model": "S2V-01", "prompt": "x"},
        {"model": "S2V-01", "prompt": "x", "subject_reference": SUBJECT, "first_frame_image": URL},
        {"model": "S2V-01", "prompt": "x", "subject_reference": [{"type": "pet", "image": [URL]}]},
        {"model": "S2V-01", "prompt": "x", "subject_reference": [{**SUBJECT[0], "image": ["x"]}]},
        {"model": TEXT, "prompt": "x", "subject_reference": SUBJECT},
        {"model": TEXT, "prompt": "x", "first_frame_image": "data:image/png;base64,AAAA"},
    ],
)
def test_a_wrong_request_is_invalid(emulator, minimax, body):
    assert minimax.submit(**body)["base_resp"]["status_code"] == 2013
    assert emulator.jobs == []


@pytest.mark.parametrize("size", [(300, 400), (900, 301)])
def test_an_image_too_small_or_too_long_is_invalid(minimax, media, size):
    image = media.uri(media.image(*size))
    said = minimax.submit(model=FAST, prompt="x", first_frame_image=image)
    assert said["base_resp"]["status_code"] == 2013


@pytest.mark.parametrize(
    "body",
    [
        {"model": OLD, "prompt": "x", "first_frame_image": URL, "resolution": "512P"},
        {"model": OLD, "first_frame_image": URL, "last_frame_image": URL},
        {"model": "I2V-01-live", "prompt": "x", "first_frame_image": URL},
        {"model": "S2V-01", "prompt": "x", "subject_reference": SUBJECT},
        {"model": TEXT, "prompt": "x", "duration": 10, "resolution": None, "callback_url": None},
    ],
)
def test_what_the_model_notes_allow_is_accepted(minimax, body):
    assert minimax.submit(**body)["base_resp"]["status_code"] == 0


def test_an_absent_resolution_and_length_are_768p_and_6_seconds(emulator, minimax, media):
    emulator.set(Scenario(polls=1))
    said = minimax.finish(model=TEXT, prompt="a heron")
    assert (said["video_width"], said["video_height"]) == (1366, 768)
    facts = media.facts(minimax.film(model=TEXT, prompt="a heron"))
    assert facts == ((1366, 768), pytest.approx(6, abs=0.05), 24, False)


def test_the_film_has_the_shape_of_the_first_frame(minimax, media):
    image = media.uri(media.image(400, 400))
    (width, height), *_ = media.facts(minimax.film(model=FAST, prompt="x", first_frame_image=image))
    assert width == height


def test_a_job_can_be_moderated_or_fail(emulator, minimax):
    play(emulator, polls=1, ends="moderated")
    moderated = minimax.finish(model=TEXT, prompt="x")
    play(emulator, polls=1, ends="failed")
    failed = minimax.finish(model=TEXT, prompt="x")
    assert (moderated["status"], moderated["base_resp"]["status_code"]) == ("Fail", 1027)
    assert (failed["status"], failed["base_resp"]["status_msg"]) == ("Fail", "success")


def test_a_prompt_can_be_refused_at_submission(emulator, minimax):
    play(emulator, submit_moderated=True)
    assert minimax.submit(model=TEXT, prompt="x")["base_resp"]["status_code"] == 1026
    assert emulator.jobs == []


def test_unknown_ids_are_invalid(minimax):
    assert minimax.query("7")["base_resp"]["status_code"] == 2013
    assert minimax.retrieve("7")["base_resp"]["status_code"] == 2013
    assert minimax.retrieve("x")["base_resp"]["status_code"] == 2013


def test_an_unfinished_job_has_no_file(minimax):
    id = minimax.submit(model=TEXT, prompt="x")["task_id"]
    said = minimax.retrieve(str(int(id) + 1010010001))
    assert said["base_resp"]["status_code"] == 2013


CODES = [1000, 1001, 1002, 1004, 1008, 1013, 1026, 1027, 1039, 2013, 2038, 2049, 2056]


@pytest.mark.parametrize("code", CODES)
def test_each_code_of_the_error_table_can_be_had_with_http_200(emulator, minimax, code):
    play(emulator, quirk=f"submit_{code}")
    said = minimax.submit(model=TEXT, prompt="x")["base_resp"]
    assert said["status_code"] == code
    assert said["status_msg"] != "success"
    assert emulator.jobs == []


def test_a_code_may_come_once_on_a_query_or_a_retrieval(emulator, minimax):
    play(emulator, polls=1, quirk="query_1002")
    id = minimax.submit(model=TEXT, prompt="x")["task_id"]
    seen = [minimax.query(id)["base_resp"]["status_code"] for _ in range(2)]
    play(emulator, polls=1, quirk="file_1013")
    file = minimax.finish(model=TEXT, prompt="x")["file_id"]
    found = [minimax.retrieve(file)["base_resp"]["status_code"] for _ in range(2)]
    assert (seen, found) == ([1002, 0], [1013, 0])


def test_the_shapes_that_only_some_hosts_have(emulator, minimax, http):
    play(emulator, polls=1, ends="failed", quirk="failed_word")
    assert minimax.finish(model=TEXT, prompt="x")["status"] == "Failed"
    play(emulator, polls=1, quirk="no_verdict")
    assert "base_resp" not in minimax.finish(model=TEXT, prompt="x")
    play(emulator, polls=1, quirk="video_url")
    link = minimax.finish(model=TEXT, prompt="x")["video_url"]
    assert http.get(link).content[4:8] == b"ftyp"
    play(emulator, submit_status=429, quirk="error_object")
    assert minimax.submit(model=TEXT, prompt="x")["error"]["message"]


@pytest.mark.parametrize("quirk", ["query_1002", "file_1013", "no_verdict", "video_url"])
def test_our_client_gets_its_video_past_each_odd_answer(services, ours, quirk):
    services.play(Scenario(polls=2, render="draft", quirk=quirk))
    ours("minimax", "a heron", model=f"minimax/{TEXT}")
    assert len(services.entries()) == 1


def test_a_quirk_that_it_does_not_have_is_refused(emulator, minimax):
    play(emulator, quirk="submit_7")
    assert "no quirk 'submit_7'" in minimax.submit(model=TEXT, prompt="x")["error"]


def test_the_twin_is_a_mount_of_its_own_with_its_own_book(emulator, http):
    where = f"{emulator.urls['minimax-portal']}/v1/video_generation"
    made = http.post(where, json={"model": TEXT, "prompt": "x"}, headers=KEY).json()
    assert [(job.provider, job.id) for job in emulator.jobs] == [
        ("minimax-portal", made["task_id"])
    ]
    elsewhere = f"{emulator.urls['minimax']}/v1/query/video_generation"
    said = http.get(elsewhere, params={"task_id": made["task_id"]}, headers=KEY).json()
    assert said["base_resp"]["status_code"] == 2013


def test_a_device_signs_in_and_its_token_is_a_key(emulator, http):
    base, verifier = emulator.urls["minimax-portal"], "v" * 43
    proof = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode()
    asked = {
        "response_type": "code",
        "client_id": "c",
        "scope": "group_id profile model.completion",
        "code_challenge": proof.rstrip("="),
        "code_challenge_method": "S256",
        "state": "s",
    }
    assert http.post(f"{base}/oauth2/device/code", data={**asked, "state": ""}).status_code == 400
    device = http.post(f"{base}/oauth2/device/code", data=asked).json()
    assert set(device) == {"user_code", "verification_uri", "expired_in", "interval", "state"}
    assert device["state"] == "s"
    answer = {
        "grant_type": "urn:ietf:params:oauth:grant-type:user_code",
        "client_id": "c",
        "user_code": device["user_code"],
        "code_verifier": verifier,
    }
    token = f"{base}/oauth2/token"
    assert http.post(token, data={**answer, "code_verifier": "w"}).json()["status"] == "error"
    said = [http.post(token, data=answer).json() for _ in range(2)]
    assert [each["status"] for each in said] == ["pending", "success"]
    key = {"authorization": f"Bearer {said[1]['access_token']}"}
    where = f"{said[1]['resource_url']}/v1/video_generation"
    made = http.post(where, json={"model": TEXT, "prompt": "x"}, headers=key).json()
    assert made["task_id"] == emulator.jobs[0].id


OFFICIAL = """
import minimax_mcp.server as s
made = s.generate_video(model="MiniMax-Hailuo-2.3", prompt="a heron", duration=6,
                        resolution="768P", async_mode=True).text
id = made.split("Task ID: ")[1].split(".")[0]
print(s.query_video_generation(id).text)
print(s.query_video_generation(id).text)
print(s.generate_video(model="MiniMax-Hailuo-2.3-Fast", prompt="no image", async_mode=True).text)
"""


def official(script, host, folder, *given):
    """What a script says that uses minimax-mcp, which reads its settings when it is imported."""
    environment = {
        **os.environ,
        "MINIMAX_API_KEY": "k",
        "MINIMAX_API_HOST": host,
        "MINIMAX_API_RESOURCE_MODE": "local",
        "MINIMAX_MCP_BASE_PATH": str(folder),
        "NO_PROXY": "*",
    }
    done = subprocess.run(
        [sys.executable, "-c", script, *given],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        cwd=folder,
        timeout=50,
    )
    return done.stdout.splitlines()


@pytest.mark.parametrize("id", ["minimax", "minimax-portal"])
def test_minimax_mcp_submits_polls_and_downloads(emulator, tmp_path, id):
    running, saved, refused = official(OFFICIAL, emulator.urls[id], tmp_path)
    assert "still processing" in running
    assert Path(saved.rpartition(": ")[2]).read_bytes()[4:8] == b"ftyp"
    assert "2013" in refused
    assert len(emulator.jobs) == 1


REQUESTS = [
    {"prompt": "a heron", "model": TEXT, "duration": 6, "resolution": "768P"},
    {"prompt": "a heron", "model": "T2V-01"},
    {"prompt": "a heron", "model": FAST, "duration": 10, "first_frame_image": URL},
    {"prompt": "a heron", "model": OLD, "resolution": "512P", "first_frame_image": "a.png"},
]
SAME = """
import json, sys
import minimax_mcp.server as s
for asked in json.loads(sys.argv[1]):
    s.generate_video(**asked, async_mode=True)
s.query_video_generation(sys.argv[2])
"""
OURS = {"duration": "duration_seconds", "first_frame_image": "image"}


def test_minimax_mcp_and_our_client_send_the_same(services, ours, tmp_path, media, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.png").write_bytes(media.image(640, 480))
    mine = []
    for asked in REQUESTS:
        words = {OURS.get(name, name): value for name, value in asked.items()}
        mine.append(ours("minimax", **words | {"model": f"minimax/{asked['model']}"}))
    submitted, ready = [calls[0] for calls in mine], mine[-1][1:]
    before, last = len(services.asked), services.entries()[-1]
    official(SAME, services.urls["minimax"], tmp_path, json.dumps(REQUESTS), last.id)
    theirs = services.asked[before:]
    *same, local = map(differences, submitted, theirs)
    assert same == [{}] * 3
    # It calls every local file a JPEG; ours is the PNG that it is.
    (pictures,) = local.values()
    assert [text.partition(",")[0] for text in pictures] == [
        "data:image/png;base64", "data:image/jpeg;base64",
    ]  # fmt: skip
    assert pictures[0].partition(",")[2] == pictures[1].partition(",")[2]
    # A query and a retrieval have no body, whatever it says of its type; the link differs in its expiry.
    query, retrieve, download = map(differences, ready, theirs[len(REQUESTS) :])
    assert query == retrieve == {"content-type": ("", "application/json")}
    assert set(download) <= {"query"}
