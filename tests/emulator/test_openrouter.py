"""OpenRouter's video jobs, judged over HTTP, by the openrouter package and by `@openrouter/ai-sdk-provider`."""

import re

import httpx
import openrouter
import pytest
from openrouter.errors import (
    BadRequestResponseError,
    ConflictResponseError,
    ForbiddenResponseError,
    NotFoundResponseError,
    OpenRouterDefaultError,
    UnauthorizedResponseError,
)

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.vendors import Endpoint
from tests.capture import differences, listening
from tests.conftest import Hurry
from tests.emulator.conftest import data_uri, png
from tests.environments import run_node

KEY = {"authorization": "Bearer k"}
FAST = "google/veo-3.1-fast"
PICTURE = {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}


@pytest.fixture
def videos(emulator, http):
    return f"{emulator.base_urls['openrouter']}/videos"


@pytest.fixture
def post(http, videos):
    def post(**body):
        body = {"model": FAST, "prompt": "a boat", **body}
        return http.post(videos, json=body, headers=KEY)

    return post


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def frame(kind="first_frame", url="https://example.com/a.png"):
    return {"type": "image_url", "image_url": {"url": url}, "frame_type": kind}


def test_a_job_goes_from_pending_over_in_progress_to_completed(emulator, http, videos, post):
    play(emulator, polls=3)
    sent = post(duration=4)
    id = sent.json()["id"]
    assert sent.status_code == 202
    assert re.fullmatch(r"gen-vid-\d+-[A-Za-z0-9]{20}", id)
    path = f"/api/v1/videos/{id}"
    assert sent.json() == {"id": id, "polling_url": path, "status": "pending"}
    first, second, last = (http.get(f"{videos}/{id}", headers=KEY).json() for _ in range(3))
    assert [first["status"], second["status"]] == ["pending", "in_progress"]
    assert last == {
        "id": id,
        "polling_url": path,
        "status": "completed",
        "generation_id": f"gen-{id.removeprefix('gen-vid-')}",
        "unsigned_urls": [f"{videos}/{id}/content?index=0"],
        "usage": {"cost": 0.48, "is_byok": False},
    }


def test_the_submission_may_already_be_completed(emulator, post):
    play(emulator, polls=0)
    assert post().json()["status"] == "completed"


def test_the_content_needs_the_key_and_is_what_was_asked_for(emulator, http, videos, post, media):
    emulator.set(Scenario(polls=0))
    id = post(duration=4, size="1280x720", generate_audio=False).json()["id"]
    film = http.get(f"{videos}/{id}/content", headers=KEY)
    assert film.headers["content-type"] == "video/mp4"
    assert media.facts(film.content) == ((1280, 720), pytest.approx(4, abs=0.05), 24, False)
    assert http.get(f"{videos}/{id}/content?index=0").status_code == 401
    assert http.get(f"{videos}/{id}/content?index=1", headers=KEY).status_code == 404
    assert http.get(f"{videos}/{id}/content?index=x", headers=KEY).status_code == 400


def test_a_kept_copy_has_signed_addresses_that_take_no_key(emulator, http, post):
    play(emulator, polls=0, quirk="stored")
    said = post().json()
    assert said["expires_at"] > 0
    assert http.get(said["urls"][0]).headers["content-type"] == "video/mp4"
    assert http.get(said["urls"][0], headers=KEY).status_code == 400


@pytest.mark.parametrize(
    "body, said",
    [
        ({"prompt": None}, "prompt"),
        ({"duration": 5}, "Supported values: 4, 6, 8"),
        ({"duration": "4"}, "duration"),
        ({"resolution": "480p"}, "resolution 480p"),
        ({"resolution": "4k"}, "resolution 4k"),
        ({"aspect_ratio": "1:1"}, "aspect_ratio 1:1"),
        ({"size": "640x480"}, "size 640x480"),
        ({"watermark": False}, "watermark"),
        ({"seed": 1.5}, "seed"),
        ({"callback_url": "http://example.com"}, "callback_url"),
        ({"session_id": "x" * 257}, "session_id"),
        ({"creativity": 1}, "creativity"),
        ({"upscale_factor": 2.0}, "upscale_factor"),
        ({"previous_job_id": "gen-vid-0"}, "previous_job_id"),
        ({"frame_images": [PICTURE]}, "frame_type"),
        ({"frame_images": [frame("middle_frame")]}, "frame_type"),
        ({"frame_images": [frame(), frame()]}, "once"),
        ({"frame_images": [frame(url="data:image/png;base64,AAAA")]}, "image"),
        ({"input_references": [{"type": "image_url"}]}, "image_url"),
        ({"model": "minimax/hailuo-2.3", "generate_audio": True}, "generate_audio"),
        ({"model": "minimax/hailuo-2.3", "frame_images": [frame("last_frame")]}, "last_frame"),
        ({"model": "openai/sora-2-pro", "frame_images": [frame()]}, "first_frame"),
    ],
)
def test_a_wrong_body_is_refused_in_openrouters_shape(emulator, post, body, said):
    refused = post(**body)
    assert refused.status_code == 400
    assert set(refused.json()) == {"error", "user_id"}
    assert refused.json()["error"]["code"] == 400
    assert said in refused.json()["error"]["message"]
    assert emulator.jobs == []


def test_null_members_count_as_absent(post):
    assert post(seed=None, size=None).status_code == 202


def test_an_earlier_job_can_be_gone_on_from_where_the_model_can(emulator, http, videos, post):
    play(emulator, polls=0)
    id = post().json()["id"]
    assert post(model="bytedance/seedance-2.0", previous_job_id=id).status_code == 202
    assert post(model="bytedance/seedance-2.0", previous_job_id="x").status_code == 404


@pytest.mark.parametrize(
    "ends, status", [("failed", 404), ("moderated", 404), ("cancelled", 404), ("expired", 410)]
)
def test_a_job_that_failed_says_why_in_a_plain_text_and_has_no_content(
    emulator, http, videos, post, ends, status
):
    play(emulator, polls=0, ends=ends)
    said = post().json()
    assert said["status"] == ("failed" if ends == "moderated" else ends)
    assert isinstance(said["error"], str)
    assert http.get(f"{videos}/{said['id']}/content", headers=KEY).status_code == status


def test_a_flagged_prompt_is_403_with_reasons(emulator, post):
    play(emulator, submit_moderated=True)
    said = post()
    assert said.status_code == 403
    assert said.json()["error"]["metadata"]["reasons"]


def test_unknown_addresses_ids_models_and_quirks(emulator, http, videos, post):
    assert http.get(f"{videos}/x").status_code == 401
    assert http.post(videos, json={}).status_code == 401
    assert http.get(f"{videos}/x", headers=KEY).status_code == 404
    assert http.get(f"{videos}/x/content", headers=KEY).status_code == 404
    assert http.delete(f"{videos}/x", headers=KEY).status_code == 404
    assert post(model="google/veo-9").status_code == 404
    play(emulator, quirk="nonsense")
    assert "nonsense" in post().text


# by the official clients


@pytest.fixture
def client(emulator):
    url = emulator.base_urls["openrouter"]
    with openrouter.OpenRouter(api_key="k", server_url=url) as made:
        yield made.video_generation


def finished(client, id):
    while (job := client.get_generation(job_id=id)).status in {"pending", "in_progress"}:
        pass
    return job


def test_openrouter_submits_polls_and_downloads(emulator, client, media):
    image = data_uri(png(1280, 720))
    made = client.generate(
        model=FAST, prompt="a boat", duration=8, frame_images=[frame(url=image)], seed=7
    )
    job = finished(client, made.id)
    assert (made.status, job.status, job.error) == ("pending", "completed", None)
    assert (job.usage.cost, job.usage.is_byok) == (0.96, False)
    film = client.get_video_content(job_id=job.id, index=0).read()
    assert media.facts(film)[1] > 0
    assert len(emulator.jobs) == 1


def test_openrouter_reads_the_list_of_models_with_and_without_a_key(client, http, videos):
    rows = {row.id: row for row in client.list_videos_models().data}
    assert rows[FAST].supported_durations == [4, 6, 8]
    assert rows["google/veo-3.1-lite"].supported_resolutions == ["720p", "1080p"]
    assert rows["openai/sora-2-pro"].supported_frame_images is None
    assert len(http.get(f"{videos}/models").json()["data"]) == len(rows)


def test_openrouter_sees_a_kept_copy_and_the_end_of_a_job(emulator, client):
    play(emulator, quirk="stored")
    job = finished(client, client.generate(model=FAST, prompt="a boat").id)
    assert job.urls
    assert job.expires_at
    play(emulator, ends="expired")
    job = finished(client, client.generate(model=FAST, prompt="a boat").id)
    assert (job.status, job.error) == ("expired", "Job exceeded maximum time to live")


def test_openrouter_reads_the_errors(emulator, client):
    with pytest.raises(BadRequestResponseError, match="duration 5"):
        client.generate(model=FAST, prompt="a boat", duration=5)
    with pytest.raises(NotFoundResponseError, match="does not exist"):
        client.generate(model="google/veo-9", prompt="a boat")
    play(emulator, submit_moderated=True)
    with pytest.raises(ForbiddenResponseError, match="moderation"):
        client.generate(model=FAST, prompt="a boat")
    play(emulator)
    id = client.generate(model=FAST, prompt="a boat").id
    with pytest.raises(ConflictResponseError, match="not ready"):
        client.get_video_content(job_id=id)
    for status, kind in ((401, UnauthorizedResponseError), (418, OpenRouterDefaultError)):
        play(emulator, submit_status=status)
        with pytest.raises(kind):
            client.generate(model=FAST, prompt="a boat")


IMAGE = png(1280, 720)
SAME = [
    (
        {
            "model": FAST,
            "duration": 8,
            "aspect_ratio": "16:9",
            "resolution": "720p",
            "generate_audio": True,
            "seed": 7,
        },
        {
            "duration_seconds": 8,
            "aspect_ratio": "16:9",
            "resolution": "720P",
            "audio": True,
            "provider_options": {"seed": 7},
        },
    ),
    (
        {
            "model": "google/veo-3.1",
            "resolution": "4K",
            "frame_images": [
                frame(url=data_uri(IMAGE)),
                frame("last_frame", "https://example.com/l.png"),
            ],
        },
        {"resolution": "4k", "images": [IMAGE, "https://example.com/l.png"]},
    ),
    (
        {
            "model": "bytedance/seedance-2.0",
            "size": "1280x720",
            "callback_url": "https://example.com/cb",
            "generate_audio": False,
            "input_references": [PICTURE, PICTURE],
        },
        {
            "size": "1280x720",
            "audio": False,
            "images": ["https://example.com/a.png"] * 2,
            "image_roles": ["reference_image"] * 2,
            "provider_options": {"callback_url": " https://example.com/cb "},
        },
    ),
]


def as_openrouter_sends_it(url):
    attribution = {"http_referer": "http://localhost", "x_open_router_title": "openclaw_nb"}
    with openrouter.OpenRouter(api_key="k", server_url=url, **attribution) as made:
        client = made.video_generation
        for asked, _ in SAME:
            job = finished(client, client.generate(prompt="a boat", **asked).id)
            client.get_video_content(job_id=job.id, index=0).read()


def as_we_send_it(url, home):
    endpoints = {"openrouter": Endpoint(url, "k")}
    client = Client(home=home, environ={}, endpoints=endpoints, clock=Hurry())
    for theirs, ours in SAME:
        model = f"openrouter/{theirs['model']}"
        client.generate_video("a boat", model=model, exact_model=True, **ours).result(9)
    client.close()


def test_ours_sends_what_openrouter_sends(home):
    with listening() as services:
        as_openrouter_sends_it(services.urls["openrouter"])
        theirs = services.asked[:]
        services.asked.clear()
        as_we_send_it(services.urls["openrouter"], home)
    assert len(services.asked) == len(theirs) == 4 * len(SAME)
    for ours, their in zip(services.asked, theirs, strict=True):
        # The job's own id is in the path of what follows a submission.
        expected = set() if ours.method == "POST" else {"path"}
        assert differences(ours, their).keys() <= expected
        names = ["accept"]
        # A download may end at another origin, which is told nothing about the app.
        names += [] if "/content" in ours.url else ["http-referer", "x-openrouter-title"]
        sent = [httpx.Headers(wanted.headers) for wanted in (ours, their)]
        assert [sent[0][name] for name in names] == [sent[1][name] for name in names]


SCRIPT = """
import { experimental_generateVideo as generateVideo } from "ai";
import { createOpenRouter } from "@openrouter/ai-sdk-provider";
globalThis.AI_SDK_LOG_WARNINGS = false;
const { baseURL, requests } = JSON.parse(process.argv[1]);
const provider = createOpenRouter({ apiKey: "k", baseURL });
const download = async ({ url }) => {
  const answer = await fetch(url);
  const data = new Uint8Array(await answer.arrayBuffer());
  return { data, mediaType: answer.headers.get("content-type") };
};
const made = [];
for (const { model, image, settings, ...rest } of requests) {
  const prompt = image ? { image, text: rest.prompt } : rest.prompt;
  try {
    const { video, providerMetadata } = await generateVideo({
      ...rest, prompt, download, maxRetries: 0,
      model: provider.videoModel(model, { pollIntervalMs: 10, ...settings }),
    });
    made.push({ type: video.mediaType, bytes: video.uint8Array.length,
      ...providerMetadata.openrouter });
  } catch (error) {
    made.push({ error: error.message });
  }
}
console.log(JSON.stringify(made));
"""


def ai_sdk(emulator, *requests):
    packages = ["ai@7.0.173", "@openrouter/ai-sdk-provider@3.1.0"]
    given = {"baseURL": emulator.base_urls["openrouter"], "requests": requests}
    return run_node("ai-sdk-openrouter", packages, SCRIPT, given)


@pytest.mark.matrix
def test_ai_sdk_submits_polls_and_downloads_without_a_key(emulator):
    play(emulator, quirk="open_content")
    style = {"aspectRatio": "16:9", "resolution": "1280x720", "duration": 8, "seed": 7}
    made = ai_sdk(
        emulator,
        {"model": FAST, "prompt": "a boat", **style, "settings": {"generateAudio": True}},
        {"model": FAST, "prompt": "a boat", "image": data_uri(IMAGE)},
    )
    assert [each.get("error") for each in made] == [None, None]
    assert all(each["type"] == "video/mp4" and each["bytes"] > 1000 for each in made)
    assert made[0]["cost"] == 0.96
    asked = [entry.request for entry in emulator.jobs]
    assert asked[0]["size"] == "1280x720"
    assert asked[1]["frame_images"][0]["frame_type"] == "first_frame"


@pytest.mark.matrix
def test_ai_sdk_understands_how_it_ends(emulator):
    play(emulator, ends="moderated")
    (made,) = ai_sdk(emulator, {"model": FAST, "prompt": "a boat"})
    assert "Content policy violation" in made["error"]
    (made,) = ai_sdk(emulator, {"model": FAST, "prompt": "a boat", "duration": 5})
    assert "does not support duration 5" in made["error"]
