"""Vydra, judged over HTTP. Nobody publishes a client of it: the documented examples stand for one."""

import json
from pathlib import Path

import httpx
import pytest

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.emulator.services.vydra import PLACES
from openclaw_nb.providers import vydra as provider
from tests.capture import facts, listening
from tests.conftest import Hurry

KEY = {"authorization": "Bearer k"}
SAMPLES = Path(__file__).parents[1] / "samples" / "vydra"
PICTURE = "https://media.example.org/lighthouse.png"
CLIP = "https://media.example.org/dance.mp4"
TEXT = {"prompt": "A paper boat drifts down a rainy street"}
BOTH = {"prompt": "The lamp starts to turn", "image_url": PICTURE, "video_url": PICTURE}
MOTION = {
    "prompt": "The robot dances",
    "image_url": PICTURE,
    "video_url": CLIP,
    "character_orientation": "video",
    "keep_original_sound": False,
}


@pytest.fixture
def vydra(emulator, http):
    class Vydra:
        url = emulator.base_urls["vydra"]

        def post(self, where, body, headers=KEY):
            return http.post(f"{self.url}{where}", json=body, headers=headers)

        def get(self, where, **query):
            return http.get(f"{self.url}{where}", params=query, headers=KEY)

        def delete(self, where):
            return http.delete(f"{self.url}{where}", headers=KEY)

        def job(self, **given):
            return self.post("/jobs", {"workflow": "generate_video", "input": given})

        def finish(self, id):
            while not (said := self.get(f"/jobs/{id}").json())["completedAt"]:
                pass
            return said

    return Vydra()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def found(said):
    """Where the documentation's reader would find the film in an answer."""
    texts = [part for part in json.dumps(said).split('"') if part.endswith(".mp4")]
    (address,) = [text for text in texts if text.startswith("http")]
    return address


# documented shapes


def test_a_model_accepts_a_prompt_and_names_the_job(vydra):
    said = vydra.post("/models/veo3", TEXT)
    assert said.status_code == 202
    assert set(said.json()) == set(sample("accepted"))
    assert (said.json()["status"], said.json()["creditsCharged"]) == ("pending", 175)
    assert said.json()["input"] == TEXT


def test_a_job_goes_from_pending_over_running_to_completed(emulator, vydra):
    play(emulator, polls=3)
    id = vydra.post("/models/veo3", TEXT).json()["jobId"]
    seen = [vydra.get(f"/jobs/{id}").json() for _ in range(3)]
    assert [each["status"] for each in seen] == ["pending", "running", "completed"]
    assert [each["progress"] for each in seen] == [0, 50, 100]
    assert set(seen[-1]) == {*sample("completed"), "input"}
    assert seen[-1]["output"] == {"videoUrl": found(seen[-1])}


def test_the_newer_surface_makes_a_job_of_a_workflow(vydra):
    said = vydra.job(model="kling-3.1", image_url=PICTURE, aspect_ratio="16:9", duration=5, **TEXT)
    assert said.status_code == 201
    assert set(said.json()) == set(sample("created"))
    assert (said.json()["status"], said.json()["creditsCharged"]) == ("running", 300)
    assert vydra.get(f"/jobs/{said.json()['id']}").json()["workflowSlug"] == "generate_video"


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"model": "seedance", "duration": 4.5},
        {"model": "seedance-2", "image_urls": [PICTURE, CLIP]},
        {"model": "grok-imagine", "aspect_ratio": "1:1", "duration": 15},
    ],
    ids=repr,
)
def test_jobs_take_the_documented_inputs(vydra, given):
    assert vydra.job(**TEXT, **given).status_code == 201


def test_a_job_may_name_a_callback(vydra):
    body = {"workflow": "generate_video", "input": TEXT, "webhookUrl": "https://a.example/done"}
    assert vydra.post("/jobs", body).status_code == 201


def test_the_film_has_the_shape_and_length_asked_for(emulator, http, vydra, media):
    emulator.set(Scenario(polls=1))
    id = vydra.job(model="seedance", aspect_ratio="9:16", duration=3, **TEXT).json()["id"]
    film = http.get(found(vydra.finish(id))).raise_for_status().content
    assert media.facts(film) == ((720, 1280), pytest.approx(3, abs=0.05), 24, True)


def test_the_film_is_somewhere_else_in_each_answer_and_our_search_finds_it(emulator, vydra):
    play(emulator, polls=0)
    answers = [vydra.post("/models/veo3", TEXT).content for _ in range(len(PLACES) + 1)]
    holders = [next(iter(json.loads(said))) for said in answers]
    assert len(set(holders)) > 3
    for said in answers:
        done = provider.parse_submit(provider.Reply(202, {}, said, "/models/veo3", vydra.url))
        assert done.outputs[0].url == found(json.loads(said))
        assert not done.outputs[0].keyed


def test_a_hosted_film_is_refused_with_a_key(emulator, http, vydra):
    play(emulator, polls=0)
    where = found(vydra.post("/models/veo3", TEXT).json())
    assert http.get(where).is_success
    assert http.get(where, headers=KEY).status_code == 400


def test_a_film_on_the_apis_own_host_needs_the_key(emulator, http, vydra):
    play(emulator, polls=0, quirk="own_origin")
    where = found(vydra.post("/models/veo3", TEXT).json())
    assert http.get(where).status_code == 401
    assert http.get(where, headers=KEY).content[4:8] == b"ftyp"


def test_every_answer_counts_the_requests(vydra):
    names = {name for name in vydra.get("/models").headers if name.startswith("x-ratelimit")}
    assert names == {"x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"}


def test_the_models_are_listed_with_their_price_and_inputs(vydra):
    rows = {row["slug"]: row for row in vydra.get("/models").json()["data"]}
    assert set(rows) == {"veo3", "kling", "grok-imagine"}
    assert rows["veo3"]["creditsPerUnit"] == 175
    needed = {"prompt", "image_url", "video_url"}
    assert set(rows["kling"]["inputSchema"]["required"]) == needed


def test_kling_takes_a_motion_clip_or_its_own_picture(emulator, vydra):
    assert vydra.post("/models/kling", MOTION).status_code == 202
    assert vydra.post("/models/kling", BOTH).status_code == 202
    play(emulator, quirk="motion_control")
    assert vydra.post("/models/kling", MOTION).status_code == 202
    said = vydra.post("/models/kling", BOTH)
    assert (said.status_code, said.json()["code"]) == (400, "INVALID_INPUT")


def test_grok_imagine_has_an_endpoint_too(vydra):
    def send(**given):
        return vydra.post("/models/grok-imagine", {**TEXT, **given}).status_code

    assert send(duration=15) == 202
    assert send(model="image-to-video", image_url=PICTURE) == 202
    assert send(duration=16) == send(model="image-to-video") == 400


# lists, cancelling, uploads


def test_jobs_are_listed_newest_first_in_pages(emulator, vydra):
    play(emulator, polls=0)
    ids = [vydra.post("/models/veo3", TEXT).json()["jobId"] for _ in range(3)]
    listed = [row["id"] for row in vydra.get("/jobs", limit=2).json()["data"]]
    assert listed == ids[:0:-1]
    assert [row["id"] for row in vydra.get("/jobs", limit=2, offset=2).json()["data"]] == ids[:1]
    assert vydra.get("/jobs", status="running").json()["data"] == []
    assert len(vydra.get("/jobs", status="completed").json()["data"]) == 3


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"offset": "x"}, {"status": "x"}])
def test_a_wrong_page_is_refused(vydra, query):
    assert vydra.get("/jobs", **query).status_code == 400


def test_a_running_job_is_cancelled_and_an_ended_one_is_not(vydra):
    id = vydra.post("/models/veo3", TEXT).json()["jobId"]
    assert vydra.delete(f"/jobs/{id}").json() == {"id": id, "status": "cancelled"}
    assert vydra.get(f"/jobs/{id}").json()["status"] == "cancelled"
    assert vydra.delete(f"/jobs/{id}").status_code == 400


def test_a_picture_is_uploaded_and_can_be_used(http, vydra, media):
    image = media.image(640, 360)
    files = {"file": ("a.png", image, "image/png")}
    said = http.post(f"{vydra.url}/upload", files=files, headers=KEY).json()
    assert set(said) == {"url", "filename", "size", "type", "key"}
    assert (said["filename"], said["size"], said["type"]) == ("a.png", len(image), "image/png")
    assert http.get(said["url"]).content == image
    assert http.get(said["url"], headers=KEY).status_code == 400
    assert vydra.job(model="kling-3.1", image_url=said["url"], **TEXT).status_code == 201
    assert http.get(f"{said['url']}x").status_code == 404


@pytest.mark.parametrize(
    "files, code",
    [
        ({"file": ("a.txt", b"x", "text/plain")}, "INVALID_FILE_TYPE"),
        ({"file": ("a.png", bytes(20 * 2**20 + 1), "image/png")}, "FILE_TOO_LARGE"),
        ({"image": ("a.png", b"x", "image/png")}, "INVALID_INPUT"),
    ],
    ids=["type", "size", "name"],
)
def test_a_wrong_upload_is_refused(http, vydra, files, code):
    said = http.post(f"{vydra.url}/upload", files=files, headers=KEY)
    assert (said.status_code, said.json()["code"]) == (400, code)


def test_an_upload_that_is_no_form_is_refused(vydra):
    assert vydra.post("/upload", {}).json()["code"] == "INVALID_INPUT"


# refusals


@pytest.mark.parametrize(
    "where, body, code",
    [
        ("/models/veo3", {}, "INVALID_INPUT"),
        ("/models/veo3", {**TEXT, "duration": 8}, "INVALID_INPUT"),
        ("/models/veo3", {"prompt": 1}, "INVALID_INPUT"),
        ("/models/kling", TEXT, "INVALID_INPUT"),
        ("/models/kling", {**TEXT, "image_url": PICTURE}, "INVALID_INPUT"),
        ("/models/kling", {**BOTH, "image_url": "data:image/png;base64,AA"}, "INVALID_URL"),
        ("/models/kling", {**BOTH, "character_orientation": "up"}, "INVALID_INPUT"),
        ("/jobs", {"input": TEXT}, "INVALID_INPUT"),
        ("/jobs", {"workflow": "house-timelapse", "input": TEXT}, "INVALID_INPUT"),
        ("/jobs", {"workflow": "generate_video", "input": {}}, "INVALID_INPUT"),
    ],
    ids=repr,
)
def test_a_wrong_body_is_refused_with_a_code(emulator, vydra, where, body, code):
    said = vydra.post(where, body)
    assert (said.status_code, said.json()["code"]) == (400, code)
    assert set(said.json()) == set(sample("key"))
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "given",
    [
        {"model": "sora"},
        {"model": "seedance", "image_urls": [PICTURE]},
        {"model": "grok-imagine", "duration": 16},
        {"aspect_ratio": "4:3"},
        {"duration": 0},
        {"seed": 1},
    ],
    ids=repr,
)
def test_a_wrong_input_of_a_job_is_refused(vydra, given):
    assert vydra.job(**TEXT, **given).status_code == 400


def test_a_body_that_is_no_json_is_refused(http, vydra):
    said = http.post(f"{vydra.url}/models/veo3", content=b"{", headers=KEY)
    assert said.json()["code"] == "INVALID_INPUT"


@pytest.mark.parametrize(
    "headers, code", [({}, "MISSING_AUTH"), ({"authorization": "Key k"}, "INVALID_FORMAT")]
)
def test_a_missing_or_odd_key_is_refused(vydra, headers, code):
    said = vydra.post("/models/veo3", TEXT, headers)
    assert (said.status_code, said.json()["code"]) == (401, code)


@pytest.mark.parametrize(
    "where, code",
    [
        ("/jobs/nothing", "JOB_NOT_FOUND"),
        ("/nothing", "NOT_FOUND"),
        ("/jobs/a/b", "NOT_FOUND"),
        ("/../v2/jobs", "NOT_FOUND"),
    ],
)
def test_what_is_not_there_is_not_found(vydra, where, code):
    said = vydra.get(where)
    assert (said.status_code, said.json()["code"]) == (404, code)


def test_a_model_without_an_endpoint_is_not_found(vydra):
    assert vydra.post("/models/kling-3.1", TEXT).json()["code"] == "MODEL_NOT_FOUND"


@pytest.mark.parametrize("status", [401, 402, 403, 429, 500])
def test_http_errors_have_their_codes_and_numbers(emulator, vydra, status):
    play(emulator, submit_status=status, retry_after_seconds=3)
    said = vydra.post("/models/veo3", TEXT)
    assert said.status_code == status
    if status == 402:
        assert set(said.json()) == {*sample("credits"), "code"}
    if status == 429:
        assert (said.json()["retryAfter"], said.headers["retry-after"]) == (3, "3")


@pytest.mark.parametrize("quirk, word", [(None, "failed"), ("error_object", "error")])
def test_a_failure_is_a_text_or_an_object(emulator, vydra, quirk, word):
    play(emulator, polls=0, ends="failed", quirk=quirk)
    said = vydra.post("/models/veo3", TEXT).json()
    assert said["status"] == word
    assert (said["error"]["message"] if quirk else said["error"]).startswith("Video generation")


def test_a_prompt_can_be_refused_at_submission_or_later(emulator, vydra):
    play(emulator, submit_moderated=True)
    assert vydra.post("/models/veo3", TEXT).status_code == 400
    play(emulator, polls=0, ends="moderated")
    assert "policy" in vydra.post("/models/veo3", TEXT).json()["error"]


def test_a_quirk_that_is_not_there_is_refused(emulator, vydra):
    play(emulator, quirk="nonsense")
    assert vydra.post("/models/veo3", TEXT).status_code == 501


# with our client


@pytest.fixture
def services():
    with listening() as listeners:
        yield listeners


@pytest.fixture
def ours(services, home):
    about = {"baseUrl": services.urls["vydra"], "apiKey": "k"}
    settings = {"models": {"providers": {"vydra": about}}}
    client = Client(settings, home=home, environ={}, clock=Hurry())
    yield client
    client.close()


@pytest.mark.parametrize(
    "asked, path, body",
    [
        ({}, "/api/v1/models/veo3", {"prompt": "bike"}),
        (
            {"image": PICTURE},
            "/api/v1/models/kling",
            {"prompt": "bike", "image_url": PICTURE, "video_url": PICTURE},
        ),
    ],
)
def test_our_requests_are_the_documented_ones(services, ours, asked, path, body):
    ours.generate_video("bike", **asked).result(9)
    submission, poll, *_, download = map(facts, services.asked)
    fields = {f"body.{name}": value for name, value in body.items()}
    assert submission == {
        "method": "POST",
        "path": path,
        "query": {},
        "auth": "authorization: Bearer",
        "content-type": "application/json",
        **fields,
    }
    assert poll["path"].startswith("/api/v1/jobs/")
    assert poll["auth"] == "authorization: Bearer"
    assert download["auth"] == ""


@pytest.mark.parametrize("quirk", [None, "own_origin", "early"])
def test_we_fetch_the_film_from_wherever_it_is(services, ours, quirk):
    services.play(Scenario(render="draft", quirk=quirk))
    video = ours.generate_video("bike").result(9)
    assert video.path.read_bytes()[4:8] == b"ftyp"
    assert video.metadata["creditsCharged"] == 175
    assert httpx.URL(services.asked[-1].url).host == (
        "127.0.0.1" if quirk == "own_origin" else "localhost"
    )
