"""ModelArk with Seedance 1.5, judged over HTTP and by byteplus-python-sdk-v2."""

import pytest

from openclaw_nb.emulator import Scenario
from tests.emulator.modelark import SEEDANCE_15, ModelArk, image, official, play, text, unlike

DRAFT = {"type": "draft_task", "draft_task": {"id": "cgt-1"}}


@pytest.fixture
def modelark(emulator, http):
    return ModelArk(http, emulator.base_urls["byteplus-seedance15"])


def test_sound_is_on_unless_it_is_switched_off(emulator, modelark, media):
    emulator.set(Scenario(polls=1))
    small = {"model": SEEDANCE_15, "resolution": "480p", "duration": 4}
    assert media.facts(modelark.film(**small)) == ((864, 496), pytest.approx(4, abs=0.05), 24, True)
    assert media.facts(modelark.film(**small, generate_audio=False))[3] is False


def test_the_task_tells_of_sound_and_draft(modelark):
    task = modelark.finished(model=SEEDANCE_15, generate_audio=False)
    assert (task["generate_audio"], task["draft"]) == (False, False)
    assert "priority" not in task


def test_the_model_may_choose_the_length_and_the_ratio(modelark):
    task = modelark.finished(model=SEEDANCE_15, duration=-1, ratio="adaptive")
    assert (task["duration"], task["ratio"]) == (5, "16:9")


@pytest.mark.parametrize(
    "body",
    [
        {"duration": 3},
        {"duration": 13},
        {"resolution": "4k"},
        {"frames": 57},
        {"priority": 1},
        {"draft": True, "resolution": "720p"},
        {"draft": True, "return_last_frame": True},
        {"draft": True, "service_tier": "flex"},
    ],
)
def test_what_the_model_does_not_make_is_refused(modelark, body):
    said = modelark.submit(model=SEEDANCE_15, **body)
    assert said.json()["error"]["code"] == "InvalidParameter"


def test_reference_images_are_not_taken_but_heic_frames_are(modelark):
    said = modelark.submit(text(), image(role="reference_image"), model=SEEDANCE_15)
    assert said.status_code == 400
    heic = image("data:image/heic;base64,AAAA", role=None)
    assert modelark.submit(text(), heic, model=SEEDANCE_15).status_code == 200


def test_a_draft_is_480p_and_can_be_made_in_full(modelark):
    draft = modelark.finished(model=SEEDANCE_15, draft=True, duration=7)
    assert (draft["draft"], draft["resolution"]) == (True, "480p")
    again = {**DRAFT, "draft_task": {"id": draft["id"]}}
    full = modelark.finished(again, model=SEEDANCE_15, resolution="1080p")
    assert (full["draft_task_id"], full["resolution"]) == (draft["id"], "1080p")
    assert full["duration"] == 7


def test_only_a_draft_that_succeeded_can_be_made_in_full(emulator, modelark):
    assert modelark.submit(DRAFT, model=SEEDANCE_15).status_code == 400
    whole = modelark.finished(model=SEEDANCE_15)["id"]
    again = {**DRAFT, "draft_task": {"id": whole}}
    assert modelark.submit(again, model=SEEDANCE_15).status_code == 400
    play(emulator, polls=9)
    unfinished = modelark.made(model=SEEDANCE_15, draft=True)
    again = {**DRAFT, "draft_task": {"id": unfinished}}
    assert modelark.submit(again, model=SEEDANCE_15).status_code == 400


def test_the_sdk_makes_a_draft_with_a_label(emulator):
    with official(emulator.base_urls["byteplus-seedance15"]) as tasks:
        made = tasks.create(
            model=SEEDANCE_15, content=[text()], draft=True, safety_identifier="someone"
        )
        task = tasks.get(task_id=made.id)
    assert made.safety_identifier == task.safety_identifier == "someone"


def test_frames_are_sent_as_the_sdk_sends_them(home):
    first, last = "https://media.example.org/a.jpg", "https://media.example.org/b.jpg"
    ours = {
        "prompt": "Rain begins; distant thunder",
        "model": f"byteplus-seedance15/{SEEDANCE_15}",
        "images": [first, last],
        "aspect_ratio": "adaptive",
        "duration_seconds": 8,
        "audio": True,
    }
    theirs = {
        "model": SEEDANCE_15,
        "content": [
            text("Rain begins; distant thunder"),
            image(first),
            image(last, "last_frame"),
        ],
        "ratio": "adaptive",
        "duration": 8,
        "generate_audio": True,
        "watermark": False,
    }
    assert unlike("byteplus-seedance15", home, ours, theirs) == {}


def test_a_plain_prompt_differs_from_the_sdks_by_our_defaults(home):
    ours = {"prompt": "a heron", "model": f"byteplus-seedance15/{SEEDANCE_15}"}
    theirs = {"model": SEEDANCE_15, "content": [text()]}
    assert unlike("byteplus-seedance15", home, ours, theirs) == {
        # The service's default is sound, which costs double.
        "body.generate_audio": (False, None),
        # The original product says both, in the words of the service's own defaults.
        "body.ratio": ("16:9", None),
        "body.watermark": (False, None),
    }
