"""xAI's video jobs, judged over HTTP and by `@ai-sdk/xai`."""

import httpx
import pytest

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.vendors import Endpoint
from tests.capture import differences, listening
from tests.conftest import Hurry
from tests.emulator.conftest import data_uri, png
from tests.environments import run_node

KEY = {"authorization": "Bearer k"}
CLASSIC, NEW = "grok-imagine-video", "grok-imagine-video-1.5"
PICTURE = {"url": "https://example.com/a.png"}
CLIP = {"url": "https://example.com/a.mp4"}


@pytest.fixture
def videos(emulator, http):
    return f"{emulator.base_urls['xai']}/videos"


@pytest.fixture
def post(http, videos):
    def post(body, where="generations", model=CLASSIC):
        body = {"model": model, "prompt": "a boat", **body}
        return http.post(f"{videos}/{where}", json=body, headers=KEY)

    return post


@pytest.fixture
def ended(http, videos):
    def ended(id):
        while (said := http.get(f"{videos}/{id}", headers=KEY)).status_code == 202:
            pass
        return said.json()

    return ended


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def test_a_pending_job_is_http_202_and_a_finished_one_is_complete(emulator, http, videos, post):
    play(emulator, polls=3)
    sent = post({"duration": 4})
    assert (sent.status_code, list(sent.json())) == (200, ["request_id"])
    id = sent.json()["request_id"]
    first, second, last = (http.get(f"{videos}/{id}", headers=KEY) for _ in range(3))
    assert (first.status_code, first.json()) == (202, {"status": "pending", "progress": 0})
    assert (second.status_code, second.json()["progress"]) == (202, 50)
    assert last.status_code == 200
    assert last.json() == {
        "status": "done",
        "model": CLASSIC,
        "progress": 100,
        "video": {
            "url": f"{emulator.urls['xai']}/vidgen/{id}.mp4",
            "duration": 4,
            "respect_moderation": True,
        },
        "usage": {"cost_in_usd_ticks": 2_000_000_000},
    }


def test_a_pending_job_may_have_no_body_at_all(emulator, http, videos, post):
    play(emulator, quirk="empty_202")
    id = post({}).json()["request_id"]
    said = http.get(f"{videos}/{id}", headers=KEY)
    assert (said.status_code, said.content) == (202, b"")


def test_the_film_is_what_was_asked_for_and_needs_no_key(emulator, http, post, ended, media):
    emulator.set(Scenario(polls=1))
    id = post({"duration": 2, "resolution": "480p", "aspect_ratio": "1:1"}).json()["request_id"]
    url = ended(id)["video"]["url"]
    size, seconds, rate, sound = media.facts(http.get(url).content)
    assert (size, seconds, rate, sound) == ((480, 480), pytest.approx(2, abs=0.1), 24, False)
    assert http.get(url, headers=KEY).status_code == 400


def test_1_5_makes_sound_unless_told_not_to(emulator, http, post, ended, media):
    play(emulator, polls=1)
    for asked, has_sound in (({}, True), ({"generate_audio": False}, False)):
        id = post(asked, model=NEW).json()["request_id"]
        film = http.get(ended(id)["video"]["url"]).content
        assert media.facts(film)[3] is has_sound


def test_edits_keep_the_length_and_extensions_add_to_it(emulator, post, ended, footage):
    play(emulator, polls=1)
    clip = {"url": data_uri(footage.read_bytes(), "video/mp4")}
    edit = ended(post({"video": clip}, "edits").json()["request_id"])
    longer = ended(post({"video": clip, "duration": 3}, "extensions").json()["request_id"])
    assert (edit["video"]["duration"], longer["video"]["duration"]) == (4, 7)


def test_a_stored_video_has_an_address_of_its_own(emulator, http, post, ended):
    play(emulator, polls=1)
    storage = {"filename": "o.mp4", "expires_after": 7200, "public_url": {"expires_after": 3600}}
    id = post({"storage_options": storage}, model=NEW).json()["request_id"]
    file = ended(id)["video"]["file_output"]
    assert set(file) == {
        "file_id", "filename", "expires_at", "public_url", "public_url_expires_at",
        "public_url_error",
    }  # fmt: skip
    assert file["expires_at"] - file["public_url_expires_at"] == 3600
    assert http.get(file["public_url"]).headers["content-type"] == "video/mp4"


@pytest.mark.parametrize(
    "where, model, body, said",
    [
        ("generations", CLASSIC, {"prompt": ""}, "prompt"),
        ("generations", CLASSIC, {"prompt": "x" * 4097}, "prompt"),
        ("generations", "grok-2", {}, "does not exist"),
        ("generations", CLASSIC, {"duration": 16}, "duration"),
        ("generations", CLASSIC, {"duration": "6"}, "duration"),
        ("generations", CLASSIC, {"aspect_ratio": "21:9"}, "aspect_ratio"),
        ("generations", CLASSIC, {"resolution": "1080p"}, "1080p"),
        ("generations", CLASSIC, {"last_frame": PICTURE}, "last_frame"),
        ("generations", CLASSIC, {"generate_audio": True}, "generate_audio"),
        ("generations", CLASSIC, {"seed": 7}, "seed"),
        ("generations", CLASSIC, {"image": {"url": "a.png"}}, "image"),
        ("generations", CLASSIC, {"image": PICTURE, "reference_images": [PICTURE]}, "combined"),
        ("generations", CLASSIC, {"reference_images": [PICTURE] * 8}, "reference_images"),
        ("generations", CLASSIC, {"reference_images": [PICTURE], "duration": 11}, "10 s"),
        ("generations", NEW, {"reference_images": [PICTURE], "resolution": "1080p"}, "720p"),
        (
            "generations",
            NEW,
            {"reference_images": [PICTURE], "reference_audios": [{"voice_id": "bob"}]},
            "valid ids: ara, eve",
        ),
        (
            "generations",
            NEW,
            {"keyframes": [{"image": PICTURE, "timestamp_s": at} for at in (1, 1.2)]},
            "1/3 s",
        ),
        ("edits", CLASSIC, {}, "video"),
        ("edits", CLASSIC, {"video": CLIP, "duration": 5}, "duration"),
        ("edits", CLASSIC, {"video": CLIP, "resolution": "720p"}, "resolution"),
        ("extensions", CLASSIC, {"video": CLIP, "duration": 11}, "duration"),
        ("extensions", CLASSIC, {"video": {"url": "data:video/mp4;base64,AAAA"}}, "video"),
    ],
)
def test_a_wrong_body_is_refused(emulator, post, where, model, body, said):
    refused = post(body, where, model)
    assert refused.status_code == 400
    assert said in refused.json()["error"]
    assert emulator.jobs == []


def test_null_members_count_as_absent(post):
    assert post({"duration": None, "image": None}).status_code == 200


@pytest.mark.parametrize(
    "quirk, status, shape",
    [
        (None, 400, {"code": str, "error": str}),
        ("error_object", 400, {"error": dict}),
        ("error_text", 400, {"error": str}),
        ("error_in_200", 200, {"error": dict}),
    ],
)
def test_a_moderated_prompt_comes_in_four_shapes(emulator, post, quirk, status, shape):
    play(emulator, submit_moderated=True, quirk=quirk)
    said = post({})
    assert said.status_code == status
    assert {name: type(value) for name, value in said.json().items()} == shape
    assert "moderation" in said.text


def test_what_moderation_holds_back_is_done_without_an_address_and_billed(emulator, post, ended):
    play(emulator, polls=1, ends="moderated")
    said = ended(post({}).json()["request_id"])
    assert said["video"] == {"url": "", "duration": 8, "respect_moderation": False}
    assert said["usage"]["cost_in_usd_ticks"] > 0


@pytest.mark.parametrize("ends", ["failed", "expired", "cancelled"])
def test_a_job_can_end_without_a_video(emulator, post, ended, ends):
    play(emulator, polls=1, ends=ends)
    said = ended(post({}).json()["request_id"])
    assert said["status"] == ends
    assert ("error" in said) is (ends == "failed")


def test_without_a_key_nothing_works_and_unknown_ids_are_not_found(http, videos):
    assert http.post(f"{videos}/generations", json={}).status_code == 401
    assert http.get(f"{videos}/x").status_code == 401
    assert http.get(f"{videos}/x", headers=KEY).status_code == 404
    assert http.post(f"{videos}/remixes", json={}, headers=KEY).status_code == 404
    assert http.get(videos.replace("/v1/videos", "/vidgen/x.mp4")).status_code == 404


def test_an_unknown_quirk_is_refused(emulator, post):
    play(emulator, quirk="nonsense")
    assert "nonsense" in post({}).text


# by the official client

PACKAGES = ["ai@7.0.173", "@ai-sdk/xai@5.0.12"]
SCRIPT = """
import { experimental_generateVideo as generateVideo } from "ai";
import { createXai } from "@ai-sdk/xai";
globalThis.AI_SDK_LOG_WARNINGS = false;
const { baseURL, requests } = JSON.parse(process.argv[1]);
const xai = createXai({ apiKey: "k", baseURL });
const download = async ({ url }) => {
  const answer = await fetch(url);
  const data = new Uint8Array(await answer.arrayBuffer());
  return { data, mediaType: answer.headers.get("content-type") };
};
const made = [];
for (const { model, image, ...rest } of requests) {
  const prompt = image ? { image, text: rest.prompt } : rest.prompt;
  try {
    const { video, providerMetadata } = await generateVideo({
      ...rest, prompt, download, model: xai.video(model), poll: { intervalMs: 10 }, maxRetries: 0,
    });
    made.push({ type: video.mediaType, bytes: video.uint8Array.length, ...providerMetadata.xai });
  } catch (error) {
    made.push({ error: error.message });
  }
}
console.log(JSON.stringify(made));
"""


def ai_sdk(base_url, *requests):
    return run_node("ai-sdk-xai", PACKAGES, SCRIPT, {"baseURL": base_url, "requests": requests})


def xai_options(**options):
    return {"providerOptions": {"xai": options}}


@pytest.mark.matrix
def test_ai_sdk_submits_polls_and_downloads_all_four_kinds(emulator):
    play(emulator, polls=2)
    plain = {"model": NEW, "prompt": "a boat", "duration": 2}
    made = ai_sdk(
        emulator.base_urls["xai"],
        plain,
        plain | xai_options(storageOptions={"filename": "o.mp4", "publicUrl": True}),
        {"model": CLASSIC, "prompt": "hat", **xai_options(mode="edit-video", videoUrl=CLIP["url"])},
        {
            "model": CLASSIC,
            "prompt": "more",
            "duration": 3,
            **xai_options(mode="extend-video", videoUrl=CLIP["url"]),
        },
        plain
        | xai_options(
            mode="reference-to-video",
            referenceImageUrls=[PICTURE["url"]],
            referenceVoiceIds=["eve"],
        ),
    )
    assert [each.get("error") for each in made] == [None] * 5
    assert all(each["type"] == "video/mp4" and each["bytes"] > 1000 for each in made)
    assert [each["duration"] for each in made] == [2, 2, 6, 9, 2]
    assert made[0]["costInUsdTicks"] == 1_600_000_000
    assert made[1]["fileOutput"]["publicUrl"].startswith(emulator.url)
    assert len(emulator.jobs) == 5


@pytest.mark.matrix
@pytest.mark.parametrize(
    "scenario, said",
    [
        ({"quirk": "empty_202"}, None),
        ({"ends": "moderated"}, "blocked due to a content policy violation"),
        ({"ends": "failed"}, "Video generation failed: The video could not be generated."),
        ({"ends": "expired"}, "Video generation request expired."),
        ({"submit_moderated": True}, "content moderation policy"),
        ({"submit_moderated": True, "quirk": "error_object"}, "content moderation policy"),
        ({"submit_moderated": True, "quirk": "error_text"}, "content moderation policy"),
    ],
    ids=str,
)
def test_ai_sdk_understands_how_it_ends(emulator, scenario, said):
    play(emulator, **scenario)
    (made,) = ai_sdk(emulator.base_urls["xai"], {"model": CLASSIC, "prompt": "a boat"})
    assert said is None or said in made["error"]
    assert (said is None) is ("bytes" in made)


IMAGE = png(1280, 720)
SAME = [
    (
        {"duration": 5, "aspectRatio": "16:9", **xai_options(resolution="720p")},
        {"duration_seconds": 5, "aspect_ratio": "16:9", "resolution": "720P"},
        CLASSIC,
    ),
    (
        {"image": data_uri(IMAGE), "duration": 6, **xai_options(resolution="1080p")},
        {"image": IMAGE, "duration_seconds": 6, "resolution": "1080P"},
        NEW,
    ),
    (
        {
            "duration": 8,
            "aspectRatio": "9:16",
            **xai_options(
                resolution="480p",
                mode="reference-to-video",
                referenceImageUrls=["https://example.com/1.png", "https://example.com/2.png"],
                referenceVoiceIds=["eve"],
            ),
        },
        {
            "duration_seconds": 8,
            "aspect_ratio": "9:16",
            "images": ["https://example.com/1.png", "https://example.com/2.png"],
            "image_roles": ["reference_image"] * 2,
            "provider_options": {"reference_audios": [{"voice_id": "eve"}]},
        },
        NEW,
    ),
    (
        xai_options(mode="edit-video", videoUrl=CLIP["url"], user="u1"),
        {"video": CLIP["url"], "provider_options": {"user": "u1"}},
        CLASSIC,
    ),
    (
        {"duration": 6, **xai_options(mode="extend-video", videoUrl=CLIP["url"])},
        {"video": CLIP["url"], "duration_seconds": 6},
        CLASSIC,
    ),
    (
        {
            "duration": 8,
            "aspectRatio": "16:9",
            "generateAudio": False,
            **xai_options(
                resolution="480p",
                storageOptions={"filename": "o.mp4", "expiresAfter": 7200, "publicUrl": True},
                keyframes=[{"imageUrl": "https://example.com/k.png", "timestampSeconds": 2}],
            ),
        },
        {
            "audio": False,
            "provider_options": {
                "storage_options": {
                    "filename": "o.mp4",
                    "expires_after": 7200,
                    "public_url": True,
                },
                "keyframes": [{"image": {"url": "https://example.com/k.png"}, "timestamp_s": 2}],
            },
        },
        NEW,
    ),
]


@pytest.mark.matrix
def test_ours_sends_what_ai_sdk_sends(home):
    with listening() as services:
        url = services.urls["xai"]
        theirs = [{"model": model, "prompt": "a boat", **asked} for asked, _, model in SAME]
        assert not [each for each in ai_sdk(url, *theirs) if "error" in each]
        sent_by_them = services.asked[:]
        services.asked.clear()
        client = Client(home=home, environ={}, endpoints={"xai": Endpoint(url, "k")}, clock=Hurry())
        for _, asked, model in SAME:
            client.generate_video("a boat", model=f"xai/{model}", exact_model=True, **asked).result(
                9
            )
        client.close()
    for of_kind in ("POST", "GET"):
        ours, them = (
            [wanted for wanted in asked if wanted.method == of_kind]
            for asked in (services.asked, sent_by_them)
        )
        assert len(ours) == len(them)
        for our, their in zip(ours, them, strict=True):
            found = differences(our, their)
            # The job's own id is in the path of a status call and of the film's address.
            assert found.keys() <= (set() if of_kind == "POST" else {"path"}), found
    submissions = [wanted for wanted in services.asked if wanted.method == "POST"]
    once = [httpx.Headers(wanted.headers)["x-idempotency-key"] for wanted in submissions]
    # Theirs is called idempotency-key; xAI documents neither.
    assert len(set(once)) == len(SAME)
