"""ModelArk with Seedance 2.0, judged over HTTP and by byteplus-python-sdk-v2."""

import pytest

from openclaw_nb.emulator.services._modelark_models import MODELS, size_of
from tests.emulator.modelark import (
    SEEDANCE_2,
    SEEDANCE_2_FAST,
    ModelArk,
    audio,
    image,
    official,
    text,
    unlike,
    video,
)

REFERENCE = image(role="reference_image")


@pytest.fixture
def modelark(emulator, http):
    return ModelArk(http, emulator.base_urls["byteplus-seedance2"])


@pytest.mark.parametrize(
    "content",
    [
        [image()],
        [image(), image(role="last_frame")],
        [REFERENCE] * 9,
        [REFERENCE, video(), audio()],
        [video()] * 3,
        [image("asset://asset-1", "reference_image"), audio("data:audio/wav;base64,AAAA")],
    ],
)
def test_frames_or_references_are_taken(modelark, content):
    assert modelark.submit(text(), *content, model=SEEDANCE_2).status_code == 200


@pytest.mark.parametrize(
    "content",
    [
        [image(), REFERENCE],
        [image(), video()],
        [image(), audio()],
        [REFERENCE] * 10,
        [video()] * 4,
        [REFERENCE, *[audio()] * 4],
        [audio()],
    ],
)
def test_a_mix_too_many_or_audio_alone_is_refused(modelark, content):
    said = modelark.submit(text(), *content, model=SEEDANCE_2)
    assert said.json()["error"]["code"] == "InvalidParameter.TaskTypeConstraint"


@pytest.mark.parametrize(
    "content, param",
    [
        ([video("data:video/mp4;base64,AAAA")], "video_url"),
        ([REFERENCE, audio("data:audio/ogg;base64,AAAA")], "audio_url"),
        ([REFERENCE, audio("a.mp3")], "audio_url"),
    ],
)
def test_videos_have_no_data_uris_and_audios_two_formats(modelark, content, param):
    error = modelark.submit(text(), *content, model=SEEDANCE_2).json()["error"]
    assert (error["code"], error["param"]) == ("InvalidParameter", param)


@pytest.mark.parametrize("role", [None, "reference_image"])
def test_a_video_needs_its_own_role(modelark, role):
    said = modelark.submit(text(), {**video(), "role": role}, model=SEEDANCE_2)
    assert said.status_code == 400


@pytest.mark.parametrize("name", ["seed", "camera_fixed", "service_tier", "frames", "draft"])
def test_fields_of_older_models_are_refused(modelark, name):
    value = {"seed": 1, "service_tier": "default", "frames": 57}.get(name, True)
    error = modelark.submit(model=SEEDANCE_2, **{name: value}).json()["error"]
    assert (error["code"], error["param"]) == ("InvalidParameter", name)


def test_the_fast_model_stops_at_720p(modelark):
    assert modelark.submit(model=SEEDANCE_2, resolution="4k", duration=15).status_code == 200
    assert modelark.submit(model=SEEDANCE_2_FAST, resolution="720p").status_code == 200
    assert modelark.submit(model=SEEDANCE_2_FAST, resolution="1080p").status_code == 400
    assert modelark.submit(model=SEEDANCE_2, duration=16).status_code == 400
    assert modelark.submit(model=SEEDANCE_2, priority=10).status_code == 400


@pytest.mark.parametrize(
    "model", ["dreamina-seedance-2-0-mini-260615", "dreamina-seedance-2-5-260628"]
)
def test_newer_models_are_served(modelark, model):
    assert modelark.finished(model=model)["model"] == model


@pytest.mark.parametrize(
    "resolution, usd", [("480p", 0.35), ("720p", 0.76), ("1080p", 1.87), ("4k", 3.89)]
)
def test_the_tokens_are_those_of_the_price_page(modelark, resolution, usd):
    million = {"1080p": 7.7, "4k": 4.0}.get(resolution, 7.0)
    task = modelark.finished(model=SEEDANCE_2, resolution=resolution, ratio="16:9", duration=5)
    assert round(task["usage"]["total_tokens"] * million / 1e6, 2) == usd


def test_an_upright_film_is_a_lying_one_turned():
    model = MODELS[SEEDANCE_2]
    assert size_of(model, "480p", "9:16") == (496, 864)
    assert size_of(model, "480p", "16:9") == (864, 496)
    assert size_of(model, "720p", "3:4") == (834, 1112)


def test_the_sdk_sends_references_of_three_kinds(emulator):
    content = [text(), REFERENCE, video(), audio()]
    with official(emulator.base_urls["byteplus-seedance2"]) as tasks:
        made = tasks.create(model=SEEDANCE_2, content=content, duration=6, priority=3)
        while (task := tasks.get(task_id=made.id)).status in ("queued", "running"):
            pass
    assert (task.status, task.priority, task.generate_audio) == ("succeeded", 3, True)


def test_references_are_sent_as_the_sdk_sends_them(home):
    prompt = "The dancer from image 1 repeats the steps of video 1 to audio 1"
    picture, steps, beat = (
        f"https://media.example.org/{name}" for name in ("dancer.png", "steps.mp4", "beat.mp3")
    )
    ours = {
        "prompt": prompt,
        "model": f"byteplus-seedance2/{SEEDANCE_2}",
        "image": picture,
        "video": steps,
        "audio_ref": beat,
        "aspect_ratio": "9:16",
        "resolution": "720P",
        "duration_seconds": 6,
        "audio": True,
    }
    theirs = {
        "model": SEEDANCE_2,
        "content": [
            text(prompt),
            image(picture, "reference_image"),
            video(steps),
            audio(beat),
        ],
        "ratio": "9:16",
        "resolution": "720p",
        "duration": 6,
        "generate_audio": True,
        "watermark": False,
    }
    assert unlike("byteplus-seedance2", home, ours, theirs) == {}
