"""The form without a browser: what its widgets hold, and what comes of what the user does."""

from __future__ import annotations

import io
import re
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.notebook.controls import SHEETS
from openclaw_nb.runtime.assets import MIB
from openclaw_nb.studio import Studio
from tests.conftest import endpoints
from tests.notebook.frontend import chooses, clicks, sets

VEO = "google/veo-3.1-fast-generate-preview"
SEEDANCE = "byteplus/seedance-1-0-pro-250528"


@pytest.fixture(scope="module")
def emulator():
    with Emulator(Scenario(render="draft")) as running:
        yield running


@pytest.fixture(scope="module")
def client(emulator, tmp_path_factory):
    """One for all: a form changes nothing of its client but the tasks that it starts."""
    home = tmp_path_factory.mktemp("home")
    made = oc.Client(home=home, environ={}, endpoints=endpoints(emulator))
    yield made
    made.close()


@pytest.fixture
def photo(tmp_path, picture):
    path = tmp_path / "photo.png"
    path.write_bytes(picture)
    return path


@pytest.fixture
def studio(client):
    return Studio(client=client, prompt="a heron lands")


def field(studio, name):
    """The widget of a setting or of a provider's option; None where there is nothing to choose."""
    form = studio._form
    for fields in (form._style, form._options):
        for setting, found in fields._fields.items():
            if setting.name == name and found.box in fields.box.children:
                return found.widget
    raise AssertionError(f"the form has no {name}")


def offered(studio, name):
    return [value for _, value in field(studio, name).options][1:]


def plain(widget):
    return re.sub(r"<[^>]*>", " ", widget.value)


def test_it_makes_only_what_there_is_a_sheet_for(client):
    with pytest.raises(oc.InvalidInput, match="kind: must be one of video, image, music"):
        Studio("sculpture", client=client)


def test_an_unknown_keyword_is_refused(client):
    with pytest.raises(oc.InvalidInput, match="duration: is not a parameter; known are"):
        Studio(client=client, duration=5)


# --- the request


def test_what_is_filled_in_is_the_request(client, photo, footage):
    given = {
        "prompt": "a heron lands",
        "model": SEEDANCE,
        "images": [str(photo), "https://example.com/b.png"],
        "image_roles": ["first_frame", ""],
        "duration_seconds": 7,
        "aspect_ratio": "9:16",
        "resolution": "720P",
        "watermark": False,
        "provider_options": {"seed": 7, "camera_fixed": True},
        "exact_model": True,
        "filename": "heron",
        "timeout_ms": 60_000,
        "session": "s",
        "allow_parallel": True,
    }
    assert Studio(client=client, **given).request == given


def test_the_singular_keywords_are_understood(client, photo, footage):
    request = Studio(client=client, prompt="x", image=photo, model="sora-2").request
    assert request["images"] == [str(photo)]
    assert request["model"] == "openai/sora-2"
    assert Studio(client=client, video=footage).request["videos"] == [str(footage)]


def test_the_code_makes_the_same_call(studio, photo):
    studio.add(photo, role="first_frame")
    studio.fill(model=SEEDANCE, duration_seconds=5, provider_options={"seed": 7}, exact_model=True)
    called = []
    spy = SimpleNamespace(generate_video=lambda prompt, **named: called.append((prompt, named)))
    eval(studio.code, {"oc": spy})
    ((prompt, keywords),) = called
    again = Studio(client=studio.client, prompt=prompt, **keywords)
    assert again.request == studio.request


def test_what_the_user_types_is_in_the_request(studio):
    form = studio._form
    sets(form.prompt, value="a fox runs")
    chooses(form.provider, "google")
    chooses(form.model, "veo-3.1-fast-generate-preview")
    sets(form.exact_model, value=True)
    chooses(field(studio, "duration_seconds"), 6)
    chooses(field(studio, "aspect_ratio"), "9:16")
    assert studio.request == {
        "prompt": "a fox runs",
        "model": VEO,
        "duration_seconds": 6,
        "aspect_ratio": "9:16",
        "exact_model": True,
    }


def test_what_is_left_to_the_model_is_not_in_the_request(studio):
    studio.fill(model=VEO, duration_seconds=6)
    chooses(field(studio, "duration_seconds"), "")
    chooses(studio._form.provider, "")
    assert studio.request == {"prompt": "a heron lands"}


def test_options_of_the_provider_are_typed_fields(studio):
    studio.fill(model=SEEDANCE)
    sets(field(studio, "seed"), value="42")
    chooses(field(studio, "camera_fixed"), True)
    assert studio.request["provider_options"] == {"seed": 42, "camera_fixed": True}
    sets(field(studio, "seed"), value="many")
    assert "number as provider option seed" in plain(studio._form.plan)
    assert field(studio, "seed").value == "many"


def test_where_no_options_are_declared_any_can_be_written_as_json(studio):
    studio.fill(model=VEO)
    sets(field(studio, "provider_options"), value='{"seed": 42}')
    assert studio.request["provider_options"] == {"seed": 42}
    sets(field(studio, "provider_options"), value="seed 42")
    assert "must be an object keyed by option name" in studio._form.why_not.value


def test_options_do_not_wander_to_another_provider(studio):
    studio.fill(model=VEO, provider_options={"personGeneration": "allow_all"})
    chooses(studio._form.provider, "fal")
    assert "provider_options" not in studio.request
    chooses(studio._form.provider, "google")
    assert studio.request["provider_options"] == {"personGeneration": "allow_all"}


# --- the plan


def test_the_plan_is_that_of_plan_video(client, studio, photo):
    studio.add(photo)
    studio.fill(model=VEO, resolution="4K", duration_seconds=8)
    assert studio.plan == oc.plan_video(**studio.request, client=client)
    text = plain(studio._form.plan)
    assert VEO in text
    assert "image-to-video" in text
    assert "about $0.80" in text


def test_every_candidate_that_follows_is_told(studio):
    told = studio._form.plan.value
    for verdict in studio.plan.verdicts:
        assert str(verdict.ref) in told


def test_the_controls_offer_what_the_model_takes(studio):
    studio.fill(model=VEO)
    assert offered(studio, "duration_seconds") == [4, 6, 8]
    assert offered(studio, "resolution") == ["720P", "1080P", "4K"]
    assert field(studio, "watermark") is None
    studio.fill(model="runway/gen4.5")
    assert offered(studio, "duration_seconds") == list(range(1, 11))
    assert field(studio, "resolution") is None


def test_without_a_list_of_values_any_can_be_typed(studio):
    studio.fill(model="fal/fal-ai/minimax/video-01-live")
    sets(field(studio, "duration_seconds"), value="5")
    assert studio.request["duration_seconds"] == 5
    sets(field(studio, "duration_seconds"), value="long")
    assert "duration_seconds: must be a positive integer" in studio._form.why_not.value
    assert studio._form.generate.disabled


def test_another_provider_keeps_what_it_can_and_says_what_it_cannot(studio):
    studio.fill(model=SEEDANCE, duration_seconds=5, aspect_ratio="21:9", watermark=True)
    studio.fill(resolution="720P", provider_options={"camera_fixed": True})
    chooses(studio._form.provider, "google")
    request = studio.request
    assert (request["duration_seconds"], request["resolution"]) == (6, "720P")
    assert request["aspect_ratio"] == "16:9"
    assert not {"watermark", "provider_options"} & set(request)
    text = plain(studio._form.plan)
    assert "duration 5: now 6" in text
    assert "aspect ratio 21:9: now 16:9" in text
    assert "watermark on: the model has no such setting" in text
    assert "camera_fixed: not an option of google/" in text


def test_what_was_not_kept_comes_back_with_a_model_that_takes_it(studio):
    studio.fill(model=SEEDANCE, duration_seconds=5, watermark=True)
    chooses(studio._form.provider, "google")
    chooses(studio._form.provider, "byteplus")
    assert studio.request["duration_seconds"] == 5
    assert studio.request["watermark"] is True
    assert "Not kept" not in studio._form.plan.value


def test_a_model_that_is_not_listed_can_be_asked_for(studio):
    studio.fill(model="fal/some/new-model")
    assert studio._form.model.value == "some/new-model"
    assert studio.request["model"] == "fal/some/new-model"


def test_a_provider_is_begun_with_a_model_that_has_the_mode(studio, photo):
    studio.add(photo)
    chooses(studio._form.provider, "together")
    assert studio.plan.verdicts[0].job.mode is Mode.IMAGE_TO_VIDEO


def test_models_without_the_mode_say_so(studio, photo):
    studio.add(photo)
    chooses(studio._form.provider, "deepinfra")
    assert all("no image-to-video" in label for label, _ in studio._form.model.options)
    assert "does not support reference image" in plain(studio._form.plan)


# --- references


def test_the_mode_follows_the_references(studio, photo, footage):
    form = studio._form
    assert form.mode.value is Mode.GENERATE
    studio.add(photo)
    assert form.mode.value is Mode.IMAGE_TO_VIDEO
    studio.add(footage)
    assert form.mode.value is Mode.VIDEO_TO_VIDEO


def test_the_mode_can_be_corrected_and_then_leaves_references_out(studio, photo, footage):
    form = studio._form
    studio.add(photo)
    studio.add(footage)
    chooses(form.mode, Mode.IMAGE_TO_VIDEO)
    assert set(studio.request) == {"prompt", "images"}
    assert "not sent in this mode" in form.tray.cards[1].picture.value
    clicks(form.follow)
    assert set(studio.request) == {"prompt", "images", "videos"}


def test_a_mode_that_lacks_its_reference_says_so(studio):
    chooses(studio._form.mode, Mode.IMAGE_TO_VIDEO)
    assert "image-to-video needs a reference image" in studio._form.why_not.value
    assert studio._form.generate.disabled


def test_a_new_reference_is_sent_whatever_the_mode_was(studio, photo, footage):
    studio.add(photo)
    chooses(studio._form.mode, Mode.GENERATE)
    studio.add(footage)
    assert "videos" in studio.request


@pytest.mark.parametrize("how", ["array", "PIL", "bytes", "data URL"])
def test_pictures_in_memory_are_kept_beside_the_videos(client, studio, picture, how):
    import base64

    image = Image.open(io.BytesIO(picture))
    image.load()
    given = {
        "array": np.asarray(image),
        "PIL": image,
        "bytes": picture,
        "data URL": f"data:image/png;base64,{base64.b64encode(picture).decode()}",
    }[how]
    studio.add(given)
    (path,) = studio.request["images"]
    assert path.startswith(str(client.stores[Medium.VIDEO].directory / "references"))
    with Image.open(path) as kept:
        assert kept.size == (1280, 720)
    assert "data:image/jpeg;base64" in studio._form.tray.cards[0].picture.value


def test_an_earlier_result_becomes_a_reference(studio):
    studio.fill(model="minimax/MiniMax-Hailuo-2.3")
    video = studio.generate().result(60)
    studio._show_earlier()
    earlier = studio._form.tray.earlier
    assert earlier.index == 0
    chooses(earlier, video)
    assert studio.request["videos"] == [str(video.path)]
    assert earlier.index == 0
    assert "data:image/jpeg" in studio._form.tray.cards[0].picture.value, "its first frame"


def test_references_are_ordered_given_roles_and_removed(studio, photo):
    studio.add(photo)
    studio.add("https://example.com/b.png")
    first, second = studio._form.tray.cards
    chooses(second.role, "last_frame")
    assert studio.request["image_roles"] == ["", "last_frame"]
    clicks(second.before)
    assert studio.request["images"] == ["https://example.com/b.png", str(photo)]
    assert studio.request["image_roles"] == ["last_frame", ""]
    assert (first.before.disabled, second.after.disabled) == (True, True)
    clicks(first.remove)
    assert studio.request["images"] == [str(photo)]
    assert "image_roles" not in studio.request


def test_a_path_or_address_is_added_by_typing(studio, photo):
    tray = studio._form.tray
    sets(tray.path, value=str(photo))
    sets(tray.path, value="https://example.com/clip")
    assert "cannot be told whether this is an image, a video or an audio" in plain(tray.error)
    sets(tray.kind, index=2)
    clicks(tray.add)
    assert studio.request["images"] == [str(photo)]
    assert studio.request["videos"] == ["https://example.com/clip"]
    assert (tray.path.value, tray.error.value) == ("", "")


@pytest.mark.parametrize(("slot"), SHEETS["video"].slots, ids=lambda slot: slot.keyword)
def test_there_is_room_for_so_many_references(studio, slot):
    kind = str(slot.kind)
    for number in range(slot.most):
        studio.add(f"https://example.com/{number}", kind=kind)
    with pytest.raises(oc.InvalidInput, match=f"at most {slot.most} reference {kind}"):
        studio.add("https://example.com/more", kind=kind)
    assert len(studio.request[slot.keyword]) == slot.most


def test_a_file_that_is_no_reference_is_refused(studio, tmp_path):
    notes = tmp_path / "notes.txt"
    notes.write_text("not a picture")
    with pytest.raises(oc.InvalidInput, match="cannot be told"):
        studio.add(notes)
    with pytest.raises(oc.InvalidInput, match="not an image"):
        studio.add(notes, kind="image")
    assert studio._form.tray.cards == []


def test_names_and_addresses_are_shown_as_text(studio):
    studio.add("https://example.com/<img/src=x/onerror=alert(1)>.png?a='\")", kind="image")
    shown = studio._form.tray.cards[0].picture.value
    assert "<img" not in shown
    assert shown.count('style="') == 1
    assert "')" not in shown.replace("&#x27;", "'").partition("background-image")[2][:80]


# --- uploads


def upload(studio, name, data, media_type=""):
    zone = studio._form.tray.zone
    zone._uploads.begin(name, name, len(data), media_type)
    zone._uploads.part(name, 0, data)


def test_an_uploaded_file_is_a_reference_with_a_name_of_its_own(client, studio, picture):
    upload(studio, "my photo.png", picture, "image/png")
    upload(studio, "my photo.png", picture, "image/png")
    first, second = studio.request["images"]
    assert first == second
    assert first.startswith(str(client.stores[Medium.VIDEO].directory / "references" / "my_photo-"))
    assert "my photo.png" in studio._form.tray.cards[0].picture.value


@pytest.mark.parametrize(
    ("name", "size", "media_type", "why"),
    [
        ("a.png", 6 * MIB + 1, "image/png", "the limit is 6 MB; agents.defaults.mediaMaxMb"),
        ("a.mp4", 10_000 * MIB, "video/mp4", "the limit is 16 MB"),
        ("a.pdf", 100, "application/pdf", "is application/pdf; allowed are images"),
        ("a", 100, "", "is of an unknown type"),
    ],
)
def test_an_upload_is_refused_before_it_is_read(studio, name, size, media_type, why):
    zone = studio._form.tray.zone
    with pytest.raises(oc.InvalidInput, match=why):
        zone._uploads.begin("1", name, size, media_type)


def test_an_upload_must_be_what_it_says(studio):
    with pytest.raises(oc.InvalidInput, match=r"a\.png"):
        upload(studio, "a.png", b"%PDF-1.7 and more", "image/png")
    assert "images" not in studio.request


# --- running


def test_generate_starts_the_request_and_shows_the_task(client, studio):
    studio.fill(model="minimax/MiniMax-Hailuo-2.3", duration_seconds=6)
    clicks(studio._form.generate)
    assert studio.task is studio.tasks[-1]
    video = studio.task.result(60)
    assert (video.model, video.request.duration_seconds) == ("MiniMax-Hailuo-2.3", 6)
    assert len(studio._form.results.children) == 1
    assert studio.task.id in [task.id for task in client.begun]


def test_a_second_click_on_the_same_request_starts_nothing(home):
    with Emulator(Scenario(polls=10_000, render="draft")) as slow:
        busy = oc.Client(home=home, environ={}, endpoints=endpoints(slow, "minimax"))
        studio = Studio(client=busy, prompt="a heron lands")
        clicks(studio._form.generate)
        clicks(studio._form.generate)
        assert len(studio.tasks) == len(studio._form.results.children) == 1
        studio.task.cancel()
        with pytest.raises(oc.TaskCancelled):
            studio.task.result(60)
        busy.close()


def test_what_cannot_be_started_is_said_below_the_button(studio, tmp_path, picture):
    path = tmp_path / "soon gone.png"
    path.write_bytes(picture)
    studio.add(path)
    path.unlink()
    clicks(studio._form.generate)
    assert "no such file" in studio._form.error.value
    assert studio.tasks == []


def test_without_a_prompt_there_is_a_plan_and_no_button(client):
    studio = Studio(client=client)
    assert studio._form.generate.disabled
    assert "Write a prompt" in studio._form.why_not.value
    assert studio.plan.verdicts[0].runs
    sets(studio._form.prompt, value="a heron lands")
    assert not studio._form.generate.disabled


def test_without_a_key_it_says_what_to_set(home):
    environ: dict[str, str] = {}
    with_nothing = oc.Client(home=home, environ=environ)
    studio = Studio(client=with_nothing, prompt="x")
    setup = plain(studio._form.setup)
    assert "No provider has a key yet" in setup
    for name in ("FAL_KEY", "GEMINI_API_KEY", "RUNWAYML_API_SECRET"):
        assert name in setup
    assert studio._form.generate.disabled
    assert studio._form.setup_box.layout.display is None
    with_nothing.close()


def test_a_key_that_is_set_later_is_found_by_looking_again(environ):
    studio = Studio(prompt="x")
    assert studio._form.generate.disabled
    environ["FAL_KEY"] = "k"
    clicks(studio._form.again)
    assert not studio._form.generate.disabled
    assert studio._form.setup_box.layout.display == "none"


def test_a_provider_without_a_key_says_which_to_set(home):
    lone = oc.Client(home=home, environ={"FAL_KEY": "k"})
    studio = Studio(client=lone, prompt="x", model=VEO, exact_model=True)
    assert "GEMINI_API_KEY" in plain(studio._form.plan)
    assert studio._form.generate.disabled
    sets(studio._form.exact_model, value=False)
    assert not studio._form.generate.disabled, "fal follows"
    lone.close()


def test_the_emulator_can_be_tried_with_one_click():
    studio = Studio(prompt="x")
    clicks(studio._form.emulate)
    emulated = studio.client
    try:
        assert not studio._form.generate.disabled
    finally:
        emulated.close()


# --- images and music


def test_an_image_is_made_from_its_own_sheet(client):
    studio = Studio("image", client=client, prompt="a heron", model="fal/xai/grok-imagine-image")
    assert studio._form.mode.options[0][0] == "text-to-image"
    assert offered(studio, "count") == [1, 2, 3, 4]
    assert offered(studio, "resolution") == ["1K", "2K"]
    assert field(studio, "quality") is None
    chooses(field(studio, "count"), 2)
    chooses(field(studio, "resolution"), "1K")
    assert studio.plan == oc.plan_image(**studio.request, client=client)
    assert "about $0.04" in plain(studio._form.plan)
    assert len(studio.generate().result(60).paths) == 2


def test_music_is_made_from_its_own_sheet(client):
    studio = Studio("music", client=client, prompt="a waltz", model="fal/fal-ai/minimax-music/v2.6")
    sets(field(studio, "lyrics"), value="la la la")
    chooses(field(studio, "format"), "mp3")
    assert studio.plan == oc.plan_music(**studio.request, client=client)
    assert studio.request["lyrics"] == "la la la"
    assert studio.generate().result(60).path.suffix == ".mp3"


def test_another_kind_of_result_keeps_prompt_references_and_settings(studio, photo, footage):
    studio.add(photo)
    studio.add(footage)
    studio.fill(aspect_ratio="16:9", model=VEO)
    chooses(studio._form.medium, Medium.IMAGE)
    assert studio.request == {"prompt": "a heron lands", "images": [str(photo)]}
    assert "aspect ratio 16:9: the model has no such setting" in plain(studio._form.plan)
    assert studio._form.tray.zone.invitation == "Drop images here, paste, or choose files"
    assert "generate_image" in studio.code
    chooses(studio._form.medium, Medium.VIDEO)
    assert studio.plan.medium is Medium.VIDEO
    assert studio.request["aspect_ratio"] == "16:9"


# --- elsewhere


def test_without_widgets_there_is_the_call_and_the_plan(studio):
    bundle = studio._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert "generate_video" in bundle["text/html"]
    assert "would run" in bundle["text/html"]
    assert "a heron lands" in bundle["text/plain"]
