"""OpenAI's videos, judged over HTTP and by the openai package."""

import io
import json
import os
import subprocess

import httpx
import openai
import pytest

from openclaw_nb.emulator import Scenario
from tests.capture import differences
from tests.environments import environment

pytestmark = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")

KEY = {"authorization": "Bearer k"}
OURS = "openai/sora-2"


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


@pytest.mark.parametrize(
    "status, kind, code",
    [
        (401, "invalid_request_error", "invalid_api_key"),
        (429, "invalid_request_error", "rate_limit_exceeded"),
        (500, "server_error", None),
    ],
)
def test_the_server_may_refuse_any_submission(emulator, post, status, kind, code):
    play(emulator, submit_status=status, retry_after_seconds=3)
    said = post({"prompt": "x"})
    error = said.json()["error"]
    assert (said.status_code, error["type"], error["code"]) == (status, kind, code)
    assert said.headers["x-request-id"]
    if status == 429:
        assert said.headers["retry-after"] == "3"
        assert said.headers["x-ratelimit-remaining-requests"] == "0"


@pytest.mark.parametrize("status", [400, 404, 410])
def test_the_api_may_be_gone(emulator, http, videos, post, status):
    play(emulator, quirk=f"retired_{status}")
    assert post({"prompt": "x"}).status_code == status
    assert http.get(f"{videos}/video_x", headers=KEY).status_code == status
    assert emulator.jobs == []


def test_other_hosts_word_things_otherwise(emulator, http, videos, post):
    play(emulator, quirk="azure")
    assert post({"prompt": "x", "seconds": 4}).json()["error"]["type"] == (
        "video_generation_user_error"
    )
    play(emulator, polls=0, ends="failed", quirk="bare_error")
    assert isinstance(post({"prompt": "x"}).json()["error"], str)
    play(emulator, polls=0, quirk="url")
    url = post({"prompt": "x"}).json()["url"]
    assert http.get(url, headers=KEY).content[4:8] == b"ftyp"
    play(emulator, quirk="brown")
    assert post({"prompt": "x"}).status_code == 501


@pytest.mark.parametrize("ends", ["failed", "expired", "cancelled"])
def test_a_job_may_end_without_a_video(emulator, http, videos, post, ends):
    play(emulator, polls=0, ends=ends)
    made = post({"prompt": "x"}).json()
    assert made["status"] == ends
    assert http.get(f"{videos}/{made['id']}/content", headers=KEY).status_code == 404


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


LINES = [
    {"prompt": "a boat", "model": "sora-2", "seconds": "4", "size": "1280x720"},
    {"prompt": 'a naïve "boat"\nat sea', "model": "sora-2"},
    {"prompt": "a boat", "model": "sora-2-pro", "seconds": "8", "size": "1280x720", "file": "a.png"},
]  # fmt: skip


def our_words(asked):
    names = {"seconds": "duration_seconds", "file": "image"}
    words = {names.get(name, name): value for name, value in asked.items()}
    return words | {"model": f"openai/{asked['model']}"}


@pytest.fixture
def in_folder(tmp_path, media, footage, monkeypatch):
    (tmp_path / "a.png").write_bytes(media.image(1280, 720))
    (tmp_path / "a.mp4").write_bytes(footage.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_openai_and_our_client_send_the_same(services, ours, in_folder):
    mine = [ours("openai", **our_words(asked)) for asked in LINES]
    mine.append(ours("openai", "warmer", model=OURS, video="a.mp4"))
    last, before = services.entries()[-1], len(services.asked)
    with openai.OpenAI(api_key="k", base_url=services.urls["openai"]) as client:
        for asked in LINES:
            rest = {name: value for name, value in asked.items() if name != "file"}
            if "file" in asked:
                rest["input_reference"] = in_folder / asked["file"]
            client.videos.create(**rest)
        client.videos.edit(prompt="warmer", video=in_folder / "a.mp4")
        client.videos.retrieve(last.id)
        client.videos.download_content(last.id, variant="video").read()
    theirs = services.asked[before:]
    *submitted, (_, poll, content) = [*(calls[0] for calls in mine), mine[-1]]
    pairs = zip([*submitted, poll, content], theirs, strict=True)
    assert [differences(*pair) for pair in pairs] == [{}] * 6
    assert content.headers["accept"] == theirs[-1].headers["accept"] == "application/binary"


OLDER = """
import json, pathlib, sys
import openai
client = openai.OpenAI(api_key="k", base_url=sys.argv[1])
for asked in json.loads(sys.argv[2]):
    file = asked.pop("file", None)
    if file:
        asked["input_reference"] = pathlib.Path(file)
    made = client.videos.create_and_poll(**asked)
    film = client.videos.download_content(made.id, variant="video").read()
    print(openai.__version__, made.status, film[4:8])
"""


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_the_line_before_sends_json_where_our_client_sends_a_form(services, ours, in_folder):
    mine = [ours("openai", **our_words(asked))[0] for asked in LINES]
    before = len(services.asked)
    python = environment("openai-2.24", ["openai==2.24.0"])
    done = subprocess.run(
        [python, "-W", "ignore", "-c", OLDER, services.urls["openai"], json.dumps(LINES)],
        env={**os.environ, "NO_PROXY": "*"},
        capture_output=True,
        text=True,
        check=True,
        cwd=in_folder,
        timeout=120,
    )
    assert done.stdout.splitlines() == ["2.24.0 completed b'ftyp'"] * 3
    theirs = [wanted for wanted in services.asked[before:] if wanted.method == "POST"]
    *texts, image = [differences(*pair) for pair in zip(mine, theirs, strict=True)]
    assert texts == [{"content-type": ("multipart/form-data", "application/json")}] * 2
    assert image == {}


@pytest.mark.parametrize("kind, name", [("image", "a.png"), ("video", "a.mp4")])
def test_a_reference_at_an_address_is_fetched_and_goes_along_as_a_file(
    services, ours, http, in_folder, kind, name
):
    local = ours("openai", "a boat", model=OURS, size="1280x720", **{kind: name})[0]
    url = f"{services.urls['fal']}/files/b/upload/{name}"
    head = {"content-type": f"{kind}/{name.rpartition('.')[2]}"}
    http.put(url, content=(in_folder / name).read_bytes(), headers=head)
    fetched, sent, *_ = ours("openai", "a boat", model=OURS, size="1280x720", **{kind: url})
    assert (fetched.method, fetched.url) == ("GET", url)
    assert "authorization" not in fetched.headers
    assert differences(local, sent) == {}
