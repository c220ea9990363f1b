"""fal's images, judged over HTTP, by Pillow and by fal-client."""

import asyncio
import base64
import io
import time

import fal_client
import httpx
import numpy as np
import pytest
from PIL import Image

from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.emulator.services.fal_endpoints import ENDPOINTS, schema
from openclaw_nb.emulator.services.fal_errors import MODEL_ERRORS, REQUEST_ERRORS
from openclaw_nb.emulator.services.fal_image_inputs import ImageInput
from tests.emulator.conftest import data_uri, png

KEY = {"authorization": "Key k"}
FLUX = "fal-ai/flux/dev"
FLUX_EDIT = f"{FLUX}/image-to-image"
KREA = "krea/v2/medium/text-to-image"
BANANA = "fal-ai/nano-banana"
BANANA_2 = "fal-ai/nano-banana-2"
PRO = "fal-ai/nano-banana-pro"
LITE = "google/nano-banana-2-lite"
GPT = "openai/gpt-image-2"
GPT_25 = "openai/gpt-image-2.5/flare"
GPT_15 = "fal-ai/gpt-image-1.5"
GROK = "xai/grok-imagine-image"
URL = "https://example.com/a.png"
RED, BLUE = (220, 30, 30), (40, 60, 220)
RED_URI = data_uri(png(300, 200, RED))
FULL = Scenario(polls=1)


@pytest.fixture
def fal(fal_run):
    return fal_run


def play(emulator, **scenario):
    emulator.set(Scenario(**{"polls": 1, "render": "draft", **scenario}))


def opened(data):
    with Image.open(io.BytesIO(data)) as image:
        image.load()
    return image


def fetched(fal, url):
    return opened(fal.http.get(url).raise_for_status().content)


FLUX_KEYS = {"images", "seed", "prompt", "has_nsfw_concepts", "timings"}
DOCUMENTED = [
    (
        FLUX,
        {"num_images": 2, "output_format": "png", "image_size": "landscape_16_9"},
        FLUX_KEYS,
        (1024, 576),
        "png",
    ),
    (FLUX_EDIT, {"image_url": RED_URI}, FLUX_KEYS, (300, 200), "jpeg"),
    (
        KREA,
        {
            "creativity": "high",
            "aspect_ratio": "3:2",
            "image_style_references": [{"image_url": "https://example.com/style.jpg"}],
        },
        {"images", "seed"},
        (1248, 832),
        "png",
    ),
    (BANANA, {"aspect_ratio": "16:9"}, {"images", "description"}, (1344, 768), "png"),
    (
        f"{BANANA_2}/edit",
        {
            "num_images": 1,
            "output_format": "png",
            "aspect_ratio": "4:5",
            "resolution": "2K",
            "image_urls": [RED_URI, data_uri(png(90, 90, BLUE))],
        },
        {"images", "description"},
        (1856, 2304),
        "png",
    ),
    (f"{PRO}/edit", {"image_urls": [RED_URI]}, {"images", "description"}, (1264, 848), "png"),
    (LITE, {"aspect_ratio": "8:1"}, {"images", "description"}, (3072, 384), "png"),
    (f"{LITE}/edit", {"image_urls": [RED_URI]}, {"images", "description"}, (1264, 848), "png"),
    (GPT, {"image_size": {"width": 1536, "height": 864}}, {"images"}, (1536, 864), "png"),
    (f"{GPT}/edit", {"image_urls": [RED_URI]}, {"images"}, (1536, 1024), "png"),
    (
        f"{GPT_25}/text-to-image",
        {"image_size": "auto", "background": "transparent", "output_format": "webp"},
        {"images"},
        (1024, 1024),
        "webp",
    ),
    (GPT_15, {"image_size": "1024x1536"}, {"images"}, (1024, 1536), "png"),
    (
        GROK,
        {"aspect_ratio": "16:9", "resolution": "2k"},
        {"images", "revised_prompt"},
        (2720, 1536),
        "jpeg",
    ),
    (
        f"{GROK}/quality/edit",
        {"image_urls": [RED_URI], "output_format": "webp"},
        {"images", "revised_prompt"},
        (1248, 832),
        "webp",
    ),
]


@pytest.mark.parametrize(
    "endpoint, body, keys, size, format", DOCUMENTED, ids=[each[0] for each in DOCUMENTED]
)
def test_fal_client_gets_the_same_from_both_hosts(
    emulator, official, http, endpoint, body, keys, size, format
):
    emulator.set(FULL)
    sent = {"prompt": "a ceramic teapot shaped like a whale", **body}
    run = official.run(endpoint, arguments=sent)
    queued = official.subscribe(endpoint, arguments=sent)
    assert set(run) == set(queued) == keys
    assert len(run["images"]) == len(queued["images"]) == body.get("num_images", 1)
    for one, other in zip(run["images"], queued["images"], strict=True):
        assert set(one) == {"url", "content_type", "file_name", "file_size", "width", "height"}
        served = http.get(one["url"])
        assert served.content == http.get(other["url"]).content, "equal requests have equal files"
        assert served.headers["content-type"] == one["content_type"] == f"image/{format}"
        assert len(served.content) == one["file_size"]
        image = opened(served.content)
        assert image.size == (one["width"], one["height"]) == size
        assert image.format.lower() == format
    book = [(entry.kind, entry.model, entry.state) for entry in emulator.jobs]
    assert book == [("image", endpoint, "succeeded")] * 2


def test_the_async_fal_client_gets_images_too(emulator, official):
    async def both():
        client = fal_client.AsyncClient(key="test")
        try:
            run = await client.run(FLUX, {"prompt": "x"})
            queued = await client.subscribe(FLUX, {"prompt": "x"}, interval=0.001)
        finally:
            await (await client._client).aclose()
        return run, queued

    run, queued = asyncio.run(both())
    assert set(run) == set(queued) == FLUX_KEYS
    assert [entry.kind for entry in emulator.jobs] == ["image", "image"]


def test_one_path_means_a_place_in_the_queue_or_a_result_by_its_host(emulator, fal, http):
    play(emulator)
    queued = http.post(f"{fal.queue}/{FLUX}", json={"prompt": "x"}, headers=KEY).json()
    assert queued["status"] == "IN_QUEUE"
    assert queued["status_url"].startswith(f"{fal.queue}/fal-ai/flux/requests/")
    assert "images" in fal.run(FLUX)
    there = queued["status_url"].replace(fal.queue, fal.url)
    assert http.get(there, headers=KEY).status_code == 405, "fal.run has no queue"
    assert fal.run(FLUX)["images"][0]["url"].startswith(f"{fal.queue}/files/")


def test_videos_are_made_on_fal_run_too(fal):
    assert set(fal.run("fal-ai/minimax/video-01-live")) == {"video"}


# What is refused

EDITS = {
    f"{BANANA}/edit": 3,
    f"{BANANA_2}/edit": 14,
    f"{PRO}/edit": 14,
    f"{LITE}/edit": 14,
    "google/nano-banana-lite/edit": 14,
    f"{GPT}/edit": 16,
    f"{GPT_25}/edit": 16,
    "openai/gpt-image-2.5/sunburst/edit": 16,
    f"{GPT_15}/edit": 16,
    f"{GROK}/edit": 3,
    f"{GROK}/quality/edit": 3,
}


@pytest.mark.parametrize("endpoint, most", EDITS.items())
def test_an_edit_needs_images_but_not_too_many(fal, emulator, endpoint, most):
    play(emulator)
    none, too_many = fal.post(endpoint), fal.post(endpoint, image_urls=[URL] * (most + 1))
    assert (none.status_code, too_many.status_code) == (422, 422)
    assert too_many.json()["detail"][0]["loc"] == ["body", "image_urls"]
    assert too_many.json()["detail"][0]["type"] == "too_long"
    assert emulator.jobs == []
    assert fal.post(endpoint, image_urls=[URL] * most).status_code == 200


REFUSED = [
    (FLUX, {"prompt": None}, "prompt", "missing"),
    (FLUX, {"prompt": 5}, "prompt", "string_type"),
    (FLUX, {"num_images": 5}, "num_images", "less_than_equal"),
    (FLUX, {"num_images": 0}, "num_images", "greater_than_equal"),
    (FLUX, {"num_images": "2"}, "num_images", "int_type"),
    (FLUX, {"output_format": "webp"}, "output_format", "literal_error"),
    (FLUX, {"image_size": "1024x1024"}, "image_size", "literal_error"),
    (FLUX, {"image_size": "landscape_3_2"}, "image_size", "literal_error"),
    (FLUX, {"image_size": {"width": 0, "height": 64}}, "image_size", "greater_than"),
    (FLUX, {"image_size": {"width": 14143, "height": 64}}, "image_size", "less_than_equal"),
    (FLUX, {"image_size": {"width": 9000, "height": 9000}}, "image_size", "image_too_large"),
    (FLUX, {"image_size": {"width": 64.5, "height": 64}}, "image_size", "int_type"),
    (FLUX, {"num_inference_steps": 51}, "num_inference_steps", "less_than_equal"),
    (FLUX, {"guidance_scale": 0.5}, "guidance_scale", "greater_than_equal"),
    (FLUX, {"acceleration": "fast"}, "acceleration", "literal_error"),
    (FLUX, {"enable_safety_checker": "no"}, "enable_safety_checker", "bool_type"),
    (FLUX, {"seed": 1.5}, "seed", "int_type"),
    (FLUX_EDIT, {}, "image_url", "missing"),
    (FLUX_EDIT, {"image_url": "nothing"}, "image_url", "image_load_error"),
    (FLUX_EDIT, {"image_url": "data:image/png;base64,AAAA"}, "image_url", "image_load_error"),
    (FLUX_EDIT, {"image_url": URL, "strength": 1.1}, "strength", "less_than_equal"),
    (KREA, {"aspect_ratio": "21:9"}, "aspect_ratio", "literal_error"),
    (KREA, {"creativity": "HIGH"}, "creativity", "literal_error"),
    (
        KREA,
        {"image_style_references": [{"image_url": URL}] * 11},
        "image_style_references",
        "too_long",
    ),
    (KREA, {"image_style_references": [URL]}, "image_style_references", "model_type"),
    (KREA, {"image_style_references": [{"strength": 1}]}, "image_style_references", "missing"),
    (KREA, {"moodboards": [{"id": "a"}, {"id": "b"}]}, "moodboards", "too_long"),
    (KREA, {"styles": [{"strength": 1}]}, "styles", "missing"),
    (BANANA, {"aspect_ratio": "4:1"}, "aspect_ratio", "literal_error"),
    (BANANA, {"aspect_ratio": "auto"}, "aspect_ratio", "literal_error"),
    (BANANA, {"safety_tolerance": 4}, "safety_tolerance", "literal_error"),
    (BANANA_2, {"aspect_ratio": "2:1"}, "aspect_ratio", "literal_error"),
    (BANANA_2, {"resolution": "8K"}, "resolution", "literal_error"),
    (BANANA_2, {"resolution": "2k"}, "resolution", "literal_error"),
    (BANANA_2, {"thinking_level": "low"}, "thinking_level", "literal_error"),
    (f"{BANANA_2}/edit", {"video_url": "nothing"}, "video_url", "file_download_error"),
    (PRO, {"aspect_ratio": "1:8"}, "aspect_ratio", "literal_error"),
    (PRO, {"resolution": "0.5K"}, "resolution", "literal_error"),
    (LITE, {"aspect_ratio": "7:3"}, "aspect_ratio", "literal_error"),
    (GPT, {"quality": "max"}, "quality", "literal_error"),
    (GPT, {"image_size": {"width": 1000, "height": 1000}}, "image_size", "multiple_of"),
    (GPT, {"image_size": {"width": 4096, "height": 1024}}, "image_size", "less_than_equal"),
    (GPT, {"image_size": {"width": 512, "height": 512}}, "image_size", "value_error"),
    (GPT, {"image_size": {"width": 3840, "height": 3840}}, "image_size", "value_error"),
    (GPT, {"image_size": {"width": 3200, "height": 640}}, "image_size", "value_error"),
    (f"{GPT}/edit", {"image_urls": [URL], "mask_url": "no"}, "mask_url", "image_load_error"),
    (f"{GPT_25}/text-to-image", {"quality": "best"}, "quality", "literal_error"),
    (f"{GPT_25}/text-to-image", {"background": "none"}, "background", "literal_error"),
    (GPT_15, {"image_size": "landscape_16_9"}, "image_size", "literal_error"),
    (GPT_15, {"image_size": {"width": 1024, "height": 1024}}, "image_size", "literal_error"),
    (GROK, {"aspect_ratio": "21:9"}, "aspect_ratio", "literal_error"),
    (GROK, {"aspect_ratio": "auto"}, "aspect_ratio", "literal_error"),
    (GROK, {"resolution": "1K"}, "resolution", "literal_error"),
    (GROK, {"resolution": "4k"}, "resolution", "literal_error"),
    ("fal-ai/flux/schnell", {"prompt": None}, "prompt", "missing"),
]


@pytest.mark.parametrize("endpoint, body, field, kind", REFUSED)
def test_a_wrong_body_is_refused_in_fals_shape(refusing, endpoint, body, field, kind):
    said = refusing.post(endpoint, **body)
    assert said.status_code == 422
    about = [each for each in said.json()["detail"] if each["loc"][:2] == ["body", field]]
    assert kind in {each["type"] for each in about}
    assert all({"loc", "msg", "type", "input", "url"} <= set(each) for each in about)
    assert said.headers["x-fal-retryable"] == "false"
    assert refusing.emulator.jobs == []


def test_a_transparent_ground_needs_a_format_that_has_one(fal):
    body = {"background": "transparent", "output_format": "jpeg"}
    said = fal.post(f"{GPT_25}/text-to-image", **body).json()["detail"][0]
    assert (said["loc"], said["type"]) == (["body"], "value_error")


def test_other_media_can_stand_in_for_images_and_may_not_be_too_large(fal, emulator):
    play(emulator)
    assert fal.post(f"{BANANA_2}/edit", video_url=URL).status_code == 200
    large = data_uri(bytes(15 * 10**6 + 1), "application/pdf")
    said = fal.post(f"{LITE}/edit", pdf_url=large)
    assert said.json()["detail"][0]["type"] == "file_too_large"
    assert len(said.content) < 2000, "what was sent does not come back whole"


def test_unknown_fields_are_ignored(fal, emulator):
    play(emulator)
    assert len(fal.run(KREA, num_images=3, output_format="gif", resolution="9K")["images"]) == 1
    size = {"width": 64, "height": 64}
    image = fal.run(FLUX_EDIT, image_url=RED_URI, image_size=size)["images"][0]
    assert (image["width"], image["height"]) == (300 // 8, 200 // 8)


def test_fal_client_raises_what_is_wrong(emulator, official):
    with pytest.raises(fal_client.client.FalClientHTTPError) as caught:
        official.run(GROK, {"prompt": "x", "resolution": "4k"})
    assert caught.value.status_code == 422
    assert caught.value.response.json()["detail"][0]["loc"] == ["body", "resolution"]


# Which endpoints there are


@pytest.mark.parametrize(
    "endpoint, path",
    [
        (f"{GROK}/quality", "/quality"),
        (f"{BANANA}/image-to-image", "/image-to-image"),
        (f"{FLUX}/edit", "/edit"),
        ("krea/v2/small/text-to-image", "/small/text-to-image"),
        ("openai/gpt-image-2.5", ""),
        (f"{GPT_25}/image-to-image", "/flare/image-to-image"),
        (f"{LITE}/turbo", "/turbo"),
    ],
)
def test_a_path_that_a_known_application_lacks_is_not_found(refusing, endpoint, path):
    there = f"{refusing.queue}/{endpoint}"
    queued = refusing.http.post(there, json={"prompt": "x"}, headers=KEY)
    for said in (refusing.post(endpoint), queued):
        assert (said.status_code, said.json()["detail"]) == (404, f"Path {path} not found")
    assert refusing.emulator.jobs == []


@pytest.mark.parametrize(
    "endpoint, body, kinds",
    [
        ("fal-ai/flux/schnell", {}, ("image", "image")),
        ("fal-ai/something/image-to-image", {}, ("image", "image")),
        ("fal-ai/new-flux/image-to-video", {}, ("video", "video")),
        ("openai/sora-9/text-to-video", {}, ("video", "video")),
        ("fal-ai/new", {"num_images": 1}, ("image", "image")),
        ("fal-ai/new", {"image_size": "square"}, ("image", "image")),
        ("fal-ai/new", {"duration": 5}, ("video", "image")),
        ("fal-ai/new-music/v3", {}, ("music", "music")),
        ("fal-ai/new/text-to-audio", {}, ("music", "music")),
        ("fal-ai/new", {"lyrics": "la la"}, ("music", "music")),
        ("fal-ai/new", {}, ("video", "image")),
    ],
)
def test_an_unknown_id_is_what_its_words_or_the_body_say(endpoint, body, kinds):
    asked = {"prompt": "x", **body}
    found = [schema(endpoint, asked, synchronous=at).model_validate(asked) for at in (False, True)]
    assert tuple(each.files(endpoint)[0].kind for each in found) == kinds


def test_an_unknown_image_endpoint_is_like_flux(fal, emulator):
    play(emulator, render="full")
    result = fal.run("fal-ai/new/image", image_size={"width": 400, "height": 100}, num_images=2)
    assert set(result) == FLUX_KEYS
    assert [(image["width"], image["height"]) for image in result["images"]] == [(400, 100)] * 2
    edit = fal.run("fal-ai/new/image-to-image", image_url=RED_URI, output_format="png")
    assert fetched(fal, edit["images"][0]["url"]).size == (300, 200)


def test_one_edit_may_be_found_under_its_other_name_only(fal, emulator):
    play(emulator, quirk="lite_elsewhere")
    body = {"image_urls": [URL]}
    assert fal.post(f"{LITE}/edit", **body).status_code == 404
    assert fal.post("google/nano-banana-lite/edit", **body).status_code == 200
    assert [entry.model for entry in emulator.jobs] == ["google/nano-banana-lite/edit"]


# What the images are


def size_for(endpoint, **body):
    still = schema(endpoint, body).model_validate({"prompt": "x", **body}).files(endpoint)[0]
    return still.width, still.height


@pytest.mark.parametrize(
    "endpoint, body, size",
    [
        (FLUX, {}, (1024, 768)),
        (FLUX, {"image_size": "square_hd"}, (1024, 1024)),
        (FLUX, {"image_size": "square"}, (512, 512)),
        (FLUX, {"image_size": "portrait_4_3"}, (768, 1024)),
        (FLUX, {"image_size": "portrait_16_9"}, (576, 1024)),
        (FLUX, {"image_size": {"width": 1001, "height": 333}}, (1001, 333)),
        (FLUX, {"image_size": {"width": 800}}, (800, 512)),
        (KREA, {}, (1024, 1024)),
        (KREA, {"aspect_ratio": "2.35:1"}, (1568, 672)),
        (BANANA, {"aspect_ratio": "9:16"}, (768, 1344)),
        (BANANA_2, {}, (1024, 1024)),
        (BANANA_2, {"resolution": "0.5K", "aspect_ratio": "3:4"}, (448, 600)),
        (BANANA_2, {"resolution": "4K", "aspect_ratio": "16:9"}, (5504, 3072)),
        (PRO, {"resolution": "2K", "aspect_ratio": "2:3"}, (1696, 2528)),
        (LITE, {"aspect_ratio": "1:4"}, (512, 2048)),
        (GPT, {}, (1024, 768)),
        (GPT, {"image_size": "auto"}, (1024, 1024)),
        (GPT, {"image_size": {"width": 3840, "height": 2160}}, (3840, 2160)),
        (f"{GPT_25}/text-to-image", {"image_size": "landscape_16_9"}, (1024, 576)),
        (GPT_15, {}, (1024, 1024)),
        (GROK, {"aspect_ratio": "19.5:9"}, (1504, 688)),
    ],
)
def test_the_body_alone_decides_the_size(endpoint, body, size):
    assert size_for(endpoint, **body) == size


def test_every_ratio_that_an_endpoint_takes_has_a_size_of_that_ratio():
    for endpoint, kind in ENDPOINTS.items():
        ratios = kind.model_json_schema()["properties"].get("aspect_ratio", {}).get("enum", ())
        for ratio in set(ratios) - {"auto"} if issubclass(kind, ImageInput) else ():
            media = {"image_urls": [URL]} if endpoint.endswith("edit") else {}
            width, height = size_for(endpoint, aspect_ratio=ratio, **media)
            wide, high = map(float, ratio.split(":"))
            assert width / height == pytest.approx(wide / high, rel=0.04), (endpoint, ratio)


def test_the_settings_are_written_into_the_image(fal, emulator):
    play(emulator)
    result = fal.run(FLUX_EDIT, image_url=RED_URI, strength=0.4, seed=7, num_images=2)
    said = fetched(fal, result["images"][1]["url"]).getexif()[0x010E]
    assert "EMULATED" in said
    for setting in ("a heron", "strength 0.4", "seed 7", "image 2 of 2", "output_format jpeg"):
        assert setting in said
    krea = fal.run(KREA, creativity="raw")
    assert "creativity raw" in fetched(fal, krea["images"][0]["url"]).getexif()[0x010E]


def test_a_seed_comes_back_and_equal_requests_have_equal_images(fal, emulator):
    play(emulator)
    assert fal.run(FLUX, seed=7)["seed"] == fal.run(KREA, seed=7)["seed"] == 7
    one, again, other = fal.run(FLUX), fal.run(FLUX), fal.run(FLUX, seed=8)
    assert one["seed"] == again["seed"]
    images = [fetched(fal, each["images"][0]["url"]).tobytes() for each in (one, again, other)]
    assert images[0] == images[1] != images[2]


def test_the_images_of_one_request_differ(fal, emulator):
    play(emulator)
    images = fal.run(BANANA, num_images=4)["images"]
    assert len({fetched(fal, each["url"]).tobytes() for each in images}) == 4


def closeness(image, colour):
    near = np.abs(np.asarray(image.convert("RGB")).astype(int) - np.array(colour)).max(axis=2) < 60
    return near.mean()


def test_the_references_are_seen_in_an_edit(fal, emulator):
    play(emulator, render="full")
    blue = data_uri(png(50, 80, BLUE))
    result = fal.run(f"{BANANA}/edit", image_urls=[RED_URI, blue], output_format="png")
    image = fetched(fal, result["images"][0]["url"])
    assert closeness(image, RED) > 0.2
    assert closeness(image, BLUE) > 0.2


def test_an_image_made_here_can_be_edited_here(fal, emulator):
    play(emulator, render="full")
    first = fal.run(FLUX, image_size={"width": 250, "height": 100})["images"][0]["url"]
    edit = fal.run(FLUX_EDIT, image_url=first)["images"][0]
    assert (edit["width"], edit["height"]) == (250, 100)


def test_an_uploaded_style_reference_is_seen(emulator, official, http):
    play(emulator, render="full", quirk="public_styles")
    url = official.upload(png(64, 64, RED), "image/png", "style.png")
    body = {"prompt": "x", "image_style_references": [{"image_url": url, "strength": 1.5}]}
    image = opened(http.get(official.run(KREA, body)["images"][0]["url"]).content)
    assert closeness(image, RED) > 0.5


def test_a_style_reference_may_have_to_be_an_address(fal, emulator):
    play(emulator, quirk="public_styles")
    said = fal.post(KREA, image_style_references=[{"image_url": URL}, {"image_url": RED_URI}])
    (detail,) = said.json()["detail"]
    assert detail["loc"] == ["body", "image_style_references", 1, "image_url"]
    assert detail["type"] == "file_download_error"


def test_files_can_come_inside_the_answer(fal, emulator):
    play(emulator)
    (image,) = fal.run(GROK, sync_mode=True, output_format="webp")["images"]
    head, _, data = image["url"].partition(",")
    assert head == "data:image/webp;base64"
    assert opened(base64.b64decode(data)).size == (image["width"], image["height"])


@pytest.mark.parametrize(
    "endpoint, body, units",
    [
        (FLUX, {"image_size": "square_hd", "num_images": 2}, "4"),
        (FLUX, {"image_size": "landscape_4_3"}, "1"),
        (BANANA_2, {"resolution": "0.5K", "num_images": 2}, "1.5"),
        (BANANA_2, {"resolution": "2K"}, "1.5"),
        (PRO, {"resolution": "2K"}, "1"),
        (GROK, {"num_images": 3}, "3"),
    ],
)
def test_what_is_billed_is_said(fal, emulator, endpoint, body, units):
    emulator.set(FULL)
    said = fal.post(endpoint, **body)
    assert said.headers["x-fal-billable-units"] == units
    assert said.headers["x-fal-request-id"] == emulator.jobs[0].id


# How it goes wrong


def test_a_safety_checker_leaves_black_images(fal, emulator):
    play(emulator, render="full", quirk="nsfw")
    black = fal.run(FLUX, num_images=2)
    assert black["has_nsfw_concepts"] == [True, True]
    image = np.asarray(fetched(fal, black["images"][0]["url"]))
    assert image[300:].max() < 16
    assert fal.run(FLUX, enable_safety_checker=False)["has_nsfw_concepts"] == [False]
    assert "has_nsfw_concepts" not in fal.run(BANANA)


def test_one_image_may_come_without_a_list(fal, emulator):
    play(emulator, quirk="single")
    assert set(fal.run(GPT)) == {"image"}


def test_a_prompt_is_refused_before_anything_is_made(fal, emulator):
    play(emulator, submit_moderated=True)
    (detail,) = fal.post(GPT).json()["detail"]
    assert (detail["type"], detail["loc"]) == ("content_policy_violation", ["body", "prompt"])
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "ends, status, word",
    [
        ("moderated", 422, "content_policy_violation"),
        ("failed", 422, "no_media_generated"),
        ("expired", 504, "request_timeout"),
    ],
)
@pytest.mark.parametrize("seconds", [None, 0.05])
def test_a_job_that_ends_badly_is_an_error_at_once(fal, emulator, ends, status, word, seconds):
    play(emulator, ends=ends, seconds=seconds)
    said = fal.post(GROK)
    assert said.status_code == status
    assert word in said.text
    assert emulator.jobs[0].state == ends


def test_a_failure_can_say_each_documented_reason(fal, emulator):
    for kind, status in {**MODEL_ERRORS, **REQUEST_ERRORS}.items():
        play(emulator, ends="failed", quirk=kind)
        said = fal.post(FLUX)
        assert (said.status_code, kind in said.text) == (status, True)


def test_the_answer_takes_as_long_as_the_work(fal, emulator):
    play(emulator, seconds=0.3)
    began = time.monotonic()
    fal.run(FLUX)
    assert time.monotonic() - began >= 0.3


def test_a_job_under_way_is_in_the_book_and_goes_on_without_its_caller(http):
    with Emulator(Scenario(render="draft", seconds=0.6)) as emulator:
        url = f"{emulator.hosts['https://fal.run']}/{FLUX}"
        with pytest.raises(httpx.ReadTimeout):
            http.post(url, json={"prompt": "x"}, headers=KEY, timeout=0.2)
        assert emulator.jobs[0].state in {"queued", "running"}
        while emulator.jobs[0].state != "succeeded":
            pass


@pytest.mark.parametrize("status, recorded", [(401, 0), (429, 0), (503, 0), (500, 1), (502, 1)])
def test_a_call_can_be_turned_away(fal, emulator, status, recorded):
    play(emulator, submit_status=status, retry_after_seconds=7)
    said = fal.post(FLUX)
    assert said.status_code == status
    assert isinstance(said.json()["detail"], str)
    assert ("retry-after" in said.headers) == (status in {401, 429, 503})
    assert len(emulator.jobs) == recorded
    assert fal.post(FLUX).status_code == 200


def test_an_answer_can_be_lost_and_the_job_is_there(fal, emulator):
    play(emulator, drop_submit_reply=1)
    with pytest.raises(httpx.RemoteProtocolError):
        fal.post(FLUX)
    assert [entry.state for entry in emulator.jobs] == ["succeeded"]


def test_fal_client_pays_twice_for_a_lost_answer(emulator, official):
    play(emulator, drop_submit_reply=1)
    official.run(FLUX, {"prompt": "x"})
    assert len({job.digest for job in emulator.jobs}) == 1
    assert len(emulator.jobs) == 2


@pytest.mark.parametrize("headers", [{}, {"authorization": "Key"}, {"authorization": "Bearer k"}])
def test_a_missing_or_wrong_kind_of_key_is_refused(refusing, headers):
    there = f"{refusing.url}/{FLUX}"
    said = refusing.http.post(there, json={"prompt": "x"}, headers=headers)
    assert said.status_code == 401


def test_other_calls_to_fal_run_are_refused(fal, http):
    assert http.get(f"{fal.url}/{FLUX}", headers=KEY).status_code == 405
    assert http.post(f"{fal.url}/{FLUX}", content=b"{", headers=KEY).status_code == 422
    assert fal.post("nobody/nothing").status_code == 404
    hook = f"{fal.url}/{FLUX}?fal_webhook=https://example.com/hook"
    assert http.post(hook, json={"prompt": "x"}, headers=KEY).status_code == 422


# The files


def second_image(fal, **body):
    return fal.run(FLUX, num_images=2, **body)["images"][1]


def test_a_hosted_image_refuses_a_key(fal, http):
    assert http.get(second_image(fal)["url"], headers=KEY).status_code == 400


def test_a_file_that_was_not_made_is_not_found(fal, http):
    url = second_image(fal)["url"]
    assert http.get(url.replace("image-2", "image-3")).status_code == 404
    assert http.get(url.replace("image-2", "image-0")).status_code == 404


def test_a_part_of_an_image_can_be_had(fal, http):
    url = second_image(fal)["url"]
    whole = http.get(url).content
    part = http.get(url, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole[10:20])


def test_a_download_can_go_wrong_in_each_way(fal, emulator, http):
    plain = http.get(second_image(fal)["url"]).content
    found = {}
    for way in ("html", "json", "empty", "expired", "oversize", "redirect", "slow"):
        play(emulator, download=way, download_seconds=0.05, oversize_bytes=200_000)
        found[way] = http.get(second_image(fal)["url"], follow_redirects=False)
    assert found["html"].headers["content-type"].startswith("text/html")
    assert found["json"].headers["content-type"] == "application/json"
    assert (found["empty"].content, found["empty"].headers["content-type"]) == (b"", "image/jpeg")
    assert found["expired"].status_code == 403
    assert (len(found["oversize"].content), found["slow"].content) == (200_000, plain)
    assert opened(found["oversize"].content).tobytes() == opened(plain).tobytes()
    there = found["redirect"].headers["location"]
    assert there.startswith("http://localhost:")
    assert http.get(there).content == plain, "the second image, not the first"
    assert http.get(there, headers=KEY).status_code == 400
    for way in ("truncated", "reset"):
        play(emulator, download=way)
        with pytest.raises(httpx.RemoteProtocolError):
            http.get(second_image(fal)["url"])


def test_images_are_kept_for_as_long_as_asked(http):
    clock = [1000.0]
    with Emulator(Scenario(render="draft"), clock=lambda: clock[0]) as emulator:
        url = f"{emulator.hosts['https://fal.run']}/{FLUX}"
        short = {**KEY, "X-Fal-Object-Lifecycle-Preference": '{"expiration_duration_seconds": 60}'}
        made = http.post(url, json={"prompt": "x"}, headers=short).json()["images"][0]["url"]
        assert http.get(made).status_code == 200
        clock[0] += 61
        assert http.get(made).status_code == 404
