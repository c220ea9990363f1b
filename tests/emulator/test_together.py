"""Together's videos, judged over HTTP and by its own package in two versions; then what it sends and what we send."""

import base64
import json
import subprocess

import pytest
import together

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.vendors import Endpoint
from tests.capture import differences, facts, listening
from tests.environments import environment

KEY = {"authorization": "Bearer k"}
TEXT = "Wan-AI/Wan2.2-T2V-A14B"
IMAGE = "Wan-AI/Wan2.2-I2V-A14B"
HAILUO = "minimax/hailuo-02"
KLING = "kwaivgI/kling-2.1-master"
PICTURE = "https://example.com/a.png"
FIRST = {"frame_images": [{"input_image": PICTURE, "frame": "first"}]}


@pytest.fixture
def api(emulator, http):
    class Api:
        url = emulator.urls["together"]

        def post(self, where="/v2/videos", **body):
            return http.post(f"{self.url}{where}", json=body, headers=KEY)

        def get(self, id):
            return http.get(f"{self.url}/v2/videos/{id}", headers=KEY)

        def end(self, **body):
            id = self.post(**body).json()["id"]
            while (said := self.get(id).json())["status"] in {"queued", "in_progress"}:
                pass
            return said

    return Api()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


# the job


def test_a_job_goes_from_queued_over_in_progress_to_completed(emulator, api):
    play(emulator, polls=3)
    made = api.post(model=TEXT, prompt="a boat", seconds="5", width=1280, height=720).json()
    seen = [api.get(made["id"]).json() for _ in range(3)]
    assert made["status"] == "queued"
    assert [each["status"] for each in seen] == ["queued", "in_progress", "completed"]
    assert set(seen[0]) == {
        "id", "object", "status", "model", "size", "seconds", "created_at", "completed_at",
        "error", "outputs",
    }  # fmt: skip
    assert (seen[0]["object"], seen[0]["seconds"]) == ("video", "5")
    assert seen[2]["outputs"]["cost"] == 0.28


def test_the_submission_may_already_be_completed(emulator, api):
    play(emulator, polls=0)
    assert api.post(model=TEXT, prompt="a boat").json()["status"] == "completed"


def test_the_link_is_short_redirects_and_wants_no_key(emulator, api, http, media):
    emulator.set(Scenario(polls=1))
    said = api.end(model=TEXT, prompt="a boat", seconds="1", width=640, height=360)
    url = said["outputs"]["video_url"]
    moved = http.get(url)
    assert moved.status_code == 302
    film = http.get(moved.headers["location"]).content
    assert media.facts(film)[:2] == ((640, 360), pytest.approx(1, abs=0.05))
    for place in (url, moved.headers["location"]):
        assert http.get(place, headers=KEY).status_code == 400
    assert http.get(f"{api.url}/shrt/nothing").status_code == 404


@pytest.mark.parametrize(
    "ends, status, code",
    [
        ("moderated", "failed", "content_flagged"),
        ("failed", "failed", "generation_failed"),
        ("expired", "failed", "generation_timeout"),
        ("cancelled", "cancelled", None),
    ],
)
def test_a_job_can_end_without_a_video(emulator, api, ends, status, code):
    play(emulator, ends=ends)
    said = api.end(model=TEXT, prompt="a boat")
    assert (said["status"], (said["error"] or {}).get("code")) == (status, code)
    assert said["outputs"] is None


def test_the_other_documented_shape(emulator, api):
    play(emulator, quirk="raw", polls=1)
    done = api.end(model=HAILUO, prompt="a boat")
    assert done["inputs"] == {"model": HAILUO, "size": "1366x768", "seconds": "6"}
    assert done["outputs"]["video_url"]
    assert done["done_at"].endswith("Z")
    play(emulator, quirk="raw", polls=1, ends="failed")
    failed = api.end(model=HAILUO, prompt="a boat")
    assert failed["info"]["errors"] == ["The video could not be generated."]


def test_our_client_reads_the_other_shape_too(emulator, make_client):
    play(emulator, quirk="raw")
    video = make_client("together").generate_video("x y", model=f"together/{HAILUO}").result(9)
    assert (video.model, video.metadata["costUsd"]) == (HAILUO, 0.28)


def test_an_unknown_quirk_is_refused(emulator, api):
    play(emulator, quirk="nonsense")
    assert "raw" in api.post(model=TEXT, prompt="a boat").json()["error"]["message"]


# what is refused


@pytest.mark.parametrize(
    "body, param",
    [
        ({"model": TEXT}, None),
        ({"prompt": "a boat"}, "model"),
        ({"model": TEXT, "prompt": ""}, "prompt"),
        ({"model": TEXT, "prompt": "x"}, None),
        ({"model": KLING, "prompt": "x" * 2501}, None),
        ({"model": TEXT, "prompt": "a boat", "seconds": 5}, "seconds"),
        ({"model": TEXT, "prompt": "a boat", "seconds": "5.5"}, "seconds"),
        ({"model": TEXT, "prompt": "a boat", "seconds": "11"}, None),
        ({"model": TEXT, "prompt": "a boat", "width": "1280", "height": 720}, "width"),
        ({"model": TEXT, "prompt": "a boat", "width": 1280}, None),
        ({"model": KLING, "prompt": "a boat", "width": 1280, "height": 720}, None),
        ({"model": TEXT, "prompt": "a boat", "size": "1280x720"}, "size"),
        ({"model": TEXT, "prompt": "a boat", "output_format": "GIF"}, "output_format"),
        ({"model": TEXT, "prompt": "a boat", "media": FIRST}, None),
        ({"model": IMAGE, "prompt": "a boat"}, None),
        (
            {
                "model": HAILUO,
                "prompt": "a boat",
                "media": {"frame_images": [{"input_image": PICTURE, "frame": "last"}]},
            },
            None,
        ),
        ({"model": HAILUO, "prompt": "a boat", "media": {"reference_images": [PICTURE]}}, None),
        (
            {"model": IMAGE, "prompt": "a", "media": {"frame_images": [{"input_image": "data:"}]}},
            "media.frame_images.0.input_image",
        ),
        (
            {"model": IMAGE, "prompt": "a boat", "media": {"frame_videos": [{"video": "a"}]}},
            "media.frame_videos.0.video",
        ),
        (
            {"model": IMAGE, "prompt": "a boat", "media": {"reference_images": ["iVBO"]}},
            "media.reference_images.0",
        ),
    ],
)
def test_a_wrong_body_is_refused_in_togethers_shape(emulator, api, body, param):
    said = api.post(**body)
    error = said.json()["error"]
    assert said.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"]) == ("invalid_request_error", param)
    assert emulator.jobs == []


def test_an_unknown_model_is_not_found(api):
    said = api.post(model="Wan-AI/Wan9", prompt="a boat")
    assert (said.status_code, said.json()["error"]["code"]) == (404, "model_not_available")


def test_a_key_is_needed_and_unknown_things_are_not_found(api, http):
    assert http.post(f"{api.url}/v2/videos", json={}).status_code == 401
    assert http.post(f"{api.url}/v2/videos", headers={"authorization": "k"}).status_code == 401
    assert api.get("nobody").status_code == 404
    assert http.delete(f"{api.url}/v2/videos/x", headers=KEY).status_code == 404
    assert http.post(f"{api.url}/v2/videos", content=b"{", headers=KEY).status_code == 400


@pytest.mark.parametrize("status", [400, 401, 402, 403, 429, 500, 503])
def test_http_errors_have_a_message(emulator, api, status):
    play(emulator, submit_status=status)
    said = api.post(model=TEXT, prompt="a boat")
    assert said.status_code == status
    assert said.json()["error"]["message"]


def test_a_prompt_can_be_refused_at_submission(emulator, api):
    play(emulator, submit_moderated=True)
    assert api.post(model=TEXT, prompt="a boat").json()["error"]["code"] == "content_flagged"
    assert emulator.jobs == []


# what is accepted


def test_any_path_before_videos_is_taken(api):
    assert api.post("/v1/videos", model=TEXT, prompt="a boat").status_code == 200


def test_an_image_may_be_an_address_bare_base64_or_as_a_reference_a_data_uri(api, media):
    image = media.image(640, 360)
    bare = base64.b64encode(image).decode()
    for given in (
        FIRST,
        {"frame_images": [{"input_image": bare}]},
        {"reference_images": [media.uri(image)]},
    ):
        assert api.post(model=IMAGE, prompt="a boat", media=given).status_code == 200


def test_the_lists_may_still_stand_at_the_top(api):
    old = {"model": IMAGE, "prompt": "a boat"}
    assert api.post(**old, frame_images=FIRST["frame_images"]).status_code == 200
    assert api.post(**old, reference_images=[PICTURE]).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        {"model": KLING, "width": 1080, "height": 1080},
        {
            "model": "kwaivgI/kling-2.1-pro",
            "media": {"frame_images": [{"input_image": PICTURE}] * 2},
        },
        {"model": "google/veo-3.0-audio", "prompt": "a boat", "generate_audio": True},
        {
            "model": HAILUO,
            "prompt": "a boat",
            "seconds": None,
            "fps": 24,
            "steps": 20,
            "seed": 7,
            "guidance_scale": 7.5,
            "output_quality": 20,
            "negative_prompt": "rain",
        },
    ],
)
def test_what_the_documentation_lists_is_accepted(api, body):
    assert api.post(**body).status_code == 200


# Together's own package


@pytest.fixture
def client(emulator):
    with together.Together(api_key="k", base_url=emulator.urls["together"], max_retries=0) as made:
        yield made


def finished(client, job):
    while job.status in {"queued", "in_progress"}:
        job = client.videos.retrieve(job.id)
    return job


def test_together_creates_polls_and_gives_a_link(client, http, media):
    job = client.videos.create(
        model=TEXT, prompt="a boat", seconds="5", width=1280, height=720, seed=7
    )
    done = finished(client, job)
    film = http.get(done.outputs.video_url, follow_redirects=True).content
    assert (done.status, done.object, done.size.count("x")) == ("completed", "video", 1)
    assert done.completed_at >= done.created_at
    assert media.facts(film)[1] > 0


def test_together_reads_a_failure(emulator, client):
    play(emulator, ends="failed")
    done = finished(client, client.videos.create(model=TEXT, prompt="a boat"))
    assert (done.status, done.error.code) == ("failed", "generation_failed")


def test_together_raises_for_refusals(emulator, client):
    with pytest.raises(together.BadRequestError, match="seconds"):
        client.videos.create(model=TEXT, prompt="a boat", seconds="99")
    with pytest.raises(together.NotFoundError):
        client.videos.retrieve("nobody")
    play(emulator, submit_status=429, submit_status_times=9)
    with pytest.raises(together.RateLimitError):
        client.videos.create(model=TEXT, prompt="a boat")


OLDER = """
import json, sys, together
url, picture = sys.argv[1:]
client = together.Together(api_key="k", base_url=f"{url}/v2", max_retries=0)
model = "Wan-AI/Wan2.2-I2V-A14B"
frames = [{"input_image": picture, "frame": "first"}]
jobs = [
    client.videos.create(model=model, prompt="animate", seconds="5", seed=7,
                         media={"frame_images": frames}),
    client.videos.create(model=model, prompt="animate", frame_images=frames),
    client.videos.create(model=model, prompt="animate", reference_images=[picture]),
]
done = jobs[0]
while done.status in ("queued", "in_progress"):
    done = client.videos.retrieve(done.id)
print(json.dumps({"status": done.status, "url": done.outputs.video_url, "jobs": len(jobs)}))
"""


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_together_2_creates_polls_and_still_puts_lists_at_the_top(emulator, http):
    python = environment("together-2.42.0", ["together==2.42.0"])
    done = subprocess.run(
        [python, "-c", OLDER, emulator.urls["together"], PICTURE],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    said = json.loads(done.stdout)
    assert (said["status"], said["jobs"]) == ("completed", len(emulator.jobs))
    assert http.get(said["url"], follow_redirects=True).content[4:8] == b"ftyp"
    assert [set(job.request) & {"media", "frame_images", "reference_images"} for job in emulator.jobs] == [
        {"media"}, {"frame_images"}, {"reference_images"},
    ]  # fmt: skip


# the same request, the same bytes


@pytest.fixture
def both(tmp_path):
    """What we send for a request, then what the package sends: the calls to the API."""
    with listening() as services:
        url = services.urls["together"]
        ours = Client(home=tmp_path, environ={}, endpoints={"together": Endpoint(url, "k", 0.01)})
        theirs = together.Together(api_key="k", base_url=url.removesuffix("/v2"), max_retries=0)

        def send(words, **create):
            services.asked.clear()
            ours.generate_video(exact_model=True, **words).result(9)
            mine = [wanted for wanted in services.asked if "/v2/" in wanted.url]
            services.asked.clear()
            finished(theirs, theirs.videos.create(**create))
            return mine, list(services.asked)

        yield send
        ours.close()
        theirs.close()


IDENTICAL = {
    "text": (
        {
            "prompt": "a bicycle in the rain",
            "model": f"together/{TEXT}",
            "duration_seconds": 5,
            "size": "1280x720",
        },
        {
            "model": TEXT,
            "prompt": "a bicycle in the rain",
            "seconds": "5",
            "width": 1280,
            "height": 720,
        },
    ),
    "image": (
        {
            "prompt": "animate",
            "model": f"together/{IMAGE}",
            "duration_seconds": 5,
            "image": PICTURE,
            "provider_options": {"seed": 7, "guidance_scale": 8, "output_format": "MP4"},
        },
        {
            "model": IMAGE,
            "prompt": "animate",
            "seconds": "5",
            "seed": 7,
            "guidance_scale": 8,
            "output_format": "MP4",
            "media": FIRST,
        },
    ),
    "reference": (
        {
            "prompt": "animate",
            "model": f"together/{IMAGE}",
            "image": PICTURE,
            "image_roles": ["reference_image"],
        },
        {"model": IMAGE, "prompt": "animate", "media": {"reference_images": [PICTURE]}},
    ),
    "renamed": (
        {"prompt": "a boat", "model": "together/Kwai/Kling-2.1-Master", "aspect_ratio": "1:1"},
        {"model": KLING, "prompt": "a boat", "width": 1080, "height": 1080},
    ),
}


@pytest.mark.parametrize("name", IDENTICAL)
def test_a_submission_and_its_polls_are_those_of_the_package(both, name):
    words, create = IDENTICAL[name]
    mine, theirs = both(words, **create)
    assert differences(mine[0], theirs[0]) == {}
    for one, other in zip(mine[1:], theirs[1:], strict=True):
        assert set(differences(one, other)) == {"path"}, "each has a job of its own"


def test_a_file_travels_as_the_bare_base64_of_the_official_sample(both, picture):
    bare = base64.b64encode(picture).decode()
    mine, theirs = both(
        {"prompt": "animate", "model": f"together/{HAILUO}", "image": picture},
        model=HAILUO,
        prompt="animate",
        media={"frame_images": [{"input_image": bare, "frame": "first"}]},
    )
    assert differences(mine[0], theirs[0]) == {}
    assert facts(mine[0])["body.media"]["frame_images"][0]["input_image"] == bare
