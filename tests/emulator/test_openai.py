"""OpenAI's videos, judged over HTTP and by the openai package."""

import io

import httpx
import openai
import pytest

from openclaw_nb.emulator import Scenario

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

KEY = {"authorization": "Bearer k"}


@pytest.fixture
def videos(emulator, http):
    return httpx.URL(f"{emulator.base_urls['openai']}/videos")


@pytest.fixture
def post(http, videos):
    def post(body, where=""):
        return http.post(f"{videos}{where}", json=body, headers=KEY)

    return post


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def finished(http, videos, id):
    while (said := http.get(f"{videos}/{id}", headers=KEY).json())["status"] != "completed":
        pass
    return said


def test_a_job_goes_from_queued_over_in_progress_to_completed(emulator, http, videos, post):
    play(emulator, polls=3)
    made = post({"prompt": "a boat"}).json()
    seen = [http.get(f"{videos}/{made['id']}", headers=KEY) for _ in range(3)]
    assert made["status"] == "queued"
    assert [each.json()["status"] for each in seen] == ["queued", "in_progress", "completed"]
    assert [each.json()["progress"] for each in seen] == [0, 50, 100]
    assert seen[0].headers["openai-poll-after-ms"] == "10"
    assert seen[0].headers["x-request-id"]


def test_the_video_object_is_complete_and_has_the_defaults(post):
    made = post({"prompt": "a boat"}).json()
    assert set(made) == {
        "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at",
        "prompt", "seconds", "size", "remixed_from_video_id", "error",
    }  # fmt: skip
    assert (made["model"], made["seconds"], made["size"]) == ("sora-2", "4", "720x1280")


def test_the_content_needs_the_key_and_is_what_was_asked_for(emulator, http, videos, post, media):
    emulator.set(Scenario(polls=1))
    id = post({"prompt": "a boat"}).json()["id"]
    finished(http, videos, id)
    film = http.get(f"{videos}/{id}/content", headers=KEY).content
    assert media.facts(film) == ((720, 1280), pytest.approx(4, abs=0.05), 30, True)
    assert http.get(f"{videos}/{id}/content").status_code == 401


@pytest.mark.parametrize(
    "body, param, code",
    [
        ({}, "prompt", "missing_required_parameter"),
        ({"prompt": ""}, "prompt", "invalid_value"),
        ({"prompt": "x", "seconds": 4}, "seconds", "invalid_type"),
        ({"prompt": "x", "seconds": "5"}, "seconds", "invalid_value"),
        ({"prompt": "x", "size": "640x480"}, "size", "invalid_value"),
        ({"prompt": "x", "size": "1792x1024"}, "size", "invalid_value"),
        ({"prompt": "x", "model": "sora-3"}, "model", "invalid_value"),
        ({"prompt": "x", "watermark": True}, "watermark", "unknown_parameter"),
        (
            {"prompt": "x", "input_reference": {"image_url": "x"}},
            "input_reference",
            "invalid_value",
        ),
    ],
)
def test_a_wrong_body_is_refused_in_openais_shape(emulator, post, body, param, code):
    said = post(body)
    error = said.json()["error"]
    assert said.status_code == 400
    assert set(error) == {"message", "type", "param", "code"}
    assert (error["type"], error["param"], error["code"]) == ("invalid_request_error", param, code)
    assert emulator.jobs == []


def test_null_members_count_as_absent(post):
    assert post({"prompt": "x", "seconds": None, "size": None}).json()["seconds"] == "4"


def test_the_pro_model_has_larger_sizes(post):
    body = {"prompt": "x", "model": "sora-2-pro", "size": "1792x1024"}
    assert post(body).json()["size"] == "1792x1024"


def test_a_form_is_read_like_json(http, videos, emulator):
    form = {"prompt": (None, "naïve boat"), "seconds": (None, "8"), "size": (None, "1280x720")}
    made = http.post(str(videos), files=form, headers=KEY).json()
    assert (made["prompt"], made["seconds"], made["size"]) == ("naïve boat", "8", "1280x720")
    assert emulator.jobs[0].request == {
        "prompt": "naïve boat", "seconds": "8", "size": "1280x720",
    }  # fmt: skip


def test_a_reference_image_must_have_the_requested_size(http, videos, media):
    def send(width, height):
        files = {"input_reference": ("a.png", media.image(width, height), "image/png")}
        return http.post(str(videos), data={"prompt": "x"}, files=files, headers=KEY)

    assert send(720, 1280).status_code == 200
    said = send(1280, 720)
    assert said.status_code == 400
    assert "must match the requested width and height" in said.json()["error"]["message"]


def test_a_reference_image_may_be_a_data_uri_in_json(post, media):
    image = media.uri(media.image(720, 1280))
    assert post({"prompt": "x", "input_reference": {"image_url": image}}).status_code == 200


def test_a_prompt_can_be_refused_at_submission_or_later(emulator, http, videos, post):
    play(emulator, submit_moderated=True)
    assert post({"prompt": "x"}).json()["error"]["code"] == "sentinel_block"
    play(emulator, polls=0, ends="moderated")
    made = post({"prompt": "x"}).json()
    assert (made["status"], made["error"]["code"]) == ("failed", "moderation_blocked")


def test_the_submission_may_already_be_completed(emulator, post):
    play(emulator, polls=0)
    assert post({"prompt": "x"}).json()["status"] == "completed"


def test_pictures_of_the_video_can_be_had(emulator, http, videos, post):
    play(emulator, polls=0)
    id = post({"prompt": "x"}).json()["id"]
    for variant in ("thumbnail", "spritesheet"):
        said = http.get(f"{videos}/{id}/content?variant={variant}", headers=KEY)
        assert said.headers["content-type"] == "image/webp"
        assert said.content[8:12] == b"WEBP"
    assert http.get(f"{videos}/{id}/content?variant=gif", headers=KEY).status_code == 400


def test_an_unfinished_video_has_no_content_and_is_not_deleted(http, videos, post):
    id = post({"prompt": "x"}).json()["id"]
    assert http.get(f"{videos}/{id}/content", headers=KEY).status_code == 404
    assert http.delete(f"{videos}/{id}", headers=KEY).status_code == 400


def test_a_video_made_here_can_be_edited_and_extended_by_id(emulator, post):
    play(emulator, polls=0)
    id = post({"prompt": "x", "size": "1280x720"}).json()["id"]
    edited = post({"prompt": "warmer", "video": {"id": id}}, "/edits").json()
    longer = post({"prompt": "on", "seconds": "8", "video": {"id": id}}, "/extensions").json()
    assert edited["size"].count("x") == 1
    assert int(longer["seconds"]) == int(edited["seconds"]) + 8


def test_unknown_addresses_and_ids_are_not_found(http, videos, post):
    for path in ("/video_x", "/video_x/content", "/characters/char_x"):
        assert http.get(f"{videos}{path}", headers=KEY).status_code == 404
    assert post({"prompt": "x"}, "/video_x/remix").status_code == 404
    assert post({"prompt": "x"}, "/a/b/c").status_code == 404


@pytest.fixture
def client(emulator):
    with openai.OpenAI(api_key="k", base_url=emulator.base_urls["openai"], max_retries=0) as made:
        yield made


def test_openai_creates_polls_and_downloads(emulator, client, media):
    image = media.image(1280, 720)
    made = client.videos.create_and_poll(
        model="sora-2",
        prompt="a boat",
        seconds="8",
        size="1280x720",
        input_reference=("a.png", image, "image/png"),
    )
    film = client.videos.download_content(made.id, variant="video").read()
    assert (made.status, made.seconds, made.size) == ("completed", "8", "1280x720")
    assert media.facts(film)[1] > 0
    assert emulator.jobs[0].request["input_reference"].startswith(f"{len(image)} bytes")


def test_openai_lists_in_pages(client):
    ids = [client.videos.create(prompt=f"boat {n}").id for n in range(3)]
    page = client.videos.list(limit=2, order="asc")
    assert [video.id for video in page.data] == ids[:2]
    assert page.has_more
    assert [video.id for video in client.videos.list(after=ids[1], order="asc").data] == ids[2:]
    assert [video.id for video in client.videos.list(order="desc")] == ids[::-1]


def test_openai_remixes_edits_extends_and_deletes(emulator, client):
    play(emulator, polls=0)
    first = client.videos.create(prompt="a boat")
    film = client.videos.download_content(first.id).read()
    remix = client.videos.remix(first.id, prompt="make it blue")
    edit = client.videos.edit(prompt="warmer", video=("a.mp4", io.BytesIO(film), "video/mp4"))
    longer = client.videos.extend(prompt="go on", seconds="8", video=("a.mp4", film, "video/mp4"))
    assert remix.remixed_from_video_id == first.id
    assert edit.status == longer.status == "completed"
    assert int(longer.seconds) == int(edit.seconds) + 8
    assert client.videos.delete(first.id).deleted
    with pytest.raises(openai.NotFoundError):
        client.videos.retrieve(first.id)


def test_openai_makes_characters(emulator, client):
    play(emulator, polls=0)
    film = client.videos.download_content(client.videos.create(prompt="a boat").id).read()
    made = client.videos.create_character(name="Mossy", video=("a.mp4", film, "video/mp4"))
    assert client.videos.get_character(made.id).name == "Mossy"


def test_openai_reads_the_errors(client):
    with pytest.raises(openai.BadRequestError) as caught:
        client.videos.create(prompt="x", seconds="5")
    assert caught.value.param == "seconds"
