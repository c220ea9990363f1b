"""Images and music as a user makes them: on disk, in the ledger, resumed, chained into videos."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import av
import pytest
from PIL import Image as Pillow

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.vendors import Endpoint

SOON = Scenario(seconds=1.0, render="draft")
KREA = "fal/krea/v2/medium/text-to-image"
ACE = "fal/fal-ai/ace-step/prompt-to-audio"


@pytest.fixture
def client(make_client):
    return make_client("fal")


@pytest.fixture
def at_once(emulator, home):
    """A client of fal's synchronous host."""
    url = emulator.hosts["https://fal.run"]
    made = oc.Client(home=home, environ={}, endpoints={"fal": Endpoint(url, "key", 0.01)})
    yield made
    made.close()


def seconds_of(path):
    with av.open(str(path)) as file:
        return file.duration / av.time_base


def test_two_images_of_the_size_that_was_asked_for_are_saved(client, emulator, home):
    emulator.set(Scenario())
    image = client.generate_image(
        "a whale", count=2, aspect_ratio="16:9", filename="whale"
    ).result()
    assert isinstance(image, oc.Image)
    assert [picture.size for picture in image.pictures()] == [(1024, 576)] * 2
    assert image.array().shape == (576, 1024, 3)
    assert {path.parent for path in image.paths} == {home / "media" / "tool-image-generation"}
    assert [file.name for file in image.files] == ["whale.png"] * 2
    assert image.emulated
    (job,) = emulator.jobs
    assert (job.kind, job.model) == ("image", "fal-ai/flux/dev")


def test_the_sidecar_of_an_image_suffices_to_make_it_again(client):
    first = client.generate_image(
        "a whale", model=KREA, images=[Pillow.new("RGB", (64, 48))], fal={"creativity": "high"}
    ).result()
    request = oc.read_request(first.path)
    again = client.generate_image(**request).result()
    assert again.request.vendor_options == {"fal": {"creativity": "high"}}
    assert json.loads(first.path.with_suffix(".json").read_text())["medium"] == "image"


def test_a_picture_becomes_a_film_with_music(client, emulator):
    picture = client.generate_image("a harbour").result()
    film = client.generate_video("the fog lifts", image=picture).result()
    assert film.path.suffix == ".mp4"
    music = client.generate_music("a slow waltz", model=ACE, duration_seconds=6).result()
    reference = "fal/bytedance/seedance-2.0/fast/reference-to-video"
    both = client.generate_video(
        "dancing", image=picture, audio_ref=music, model=reference, exact_model=True
    ).result()
    assert both.path.exists()
    assert [job.kind for job in emulator.jobs] == ["image", "video", "music", "video"]


def test_an_edit_blends_its_reference(client, emulator):
    emulator.set(Scenario())
    red = Pillow.new("RGB", (1600, 900), (255, 0, 0))
    edited = client.generate_image("paint it", image=red, model="fal-ai/nano-banana-2").result()
    picture = edited.pictures()[0].convert("RGB")
    assert picture.resize((1, 1)).getpixel((0, 0))[0] > 100
    assert edited.normalization["resolution"]["applied"] == "2K"
    assert max(picture.size) > 1900


@pytest.mark.parametrize(
    ("model", "seconds", "format", "length"),
    [("fal/fal-ai/minimax-music/v2.6", None, "mp3", None), (ACE, 12, "wav", 12)],
)
def test_music_is_saved_in_its_format_and_length(
    client, emulator, home, model, seconds, format, length
):
    emulator.set(Scenario())
    music = client.generate_music("lo-fi", model=model, duration_seconds=seconds).result()
    assert isinstance(music, oc.Music)
    assert music.path.suffix == f".{format}"
    assert music.path.parent == home / "media" / "tool-music-generation"
    samples, rate = music.samples()
    assert samples.shape[1] in (1, 2)
    assert samples.dtype == "float32"
    if length:
        assert seconds_of(music.path) == pytest.approx(length, abs=0.3)
        assert len(samples) / rate == pytest.approx(length, abs=0.3)


@pytest.mark.parametrize(
    ("medium", "asked"),
    [
        ("image", {"model": KREA, "resolution": "2K"}),
        ("image", {"model": KREA, "output_format": "png"}),
        ("image", {"model": KREA, "count": 2}),
        ("image", {"aspect_ratio": "16:9", "image": Pillow.new("RGB", (8, 8))}),
        ("image", {"model": "fal-ai/nano-banana", "resolution": "1K"}),
        ("image", {"model": "google/nano-banana-2-lite", "resolution": "1K"}),
        ("image", {"model": "xai/grok-imagine-image", "resolution": "4K"}),
        ("music", {"lyrics": "la", "instrumental": True}),
        ("music", {"model": ACE, "lyrics": "la"}),
        ("music", {"image": Pillow.new("RGB", (8, 8))}),
    ],
)
def test_what_a_model_refuses_never_reaches_the_vendor(client, emulator, medium, asked):
    task = getattr(client, f"generate_{medium}")("x", exact_model="model" in asked, **asked)
    with pytest.raises(oc.NoCandidate):
        task.result()
    assert not emulator.jobs
    assert task.state is TaskState.FAILED


@pytest.mark.parametrize(
    ("medium", "asked", "param"),
    [
        ("image", {"resolution": "8K"}, "resolution"),
        ("image", {"quality": "best"}, "quality"),
        ("image", {"output_format": "gif"}, "output_format"),
        ("image", {"background": "blue"}, "background"),
        ("image", {"count": 5}, "count"),
        ("image", {"count": 0}, "count"),
        ("image", {"fal": {"creativity": "wild"}}, "fal"),
        ("image", {"openai": {"outputCompression": 101}}, "openai"),
        ("image", {"openai": {"moderation": "none"}}, "openai"),
        ("image", {"images": ["a.png"] * 15}, "images"),
        ("image", {"duration_seconds": 5}, "duration_seconds"),
        ("music", {"format": "flac"}, "format"),
        ("music", {"images": ["a.png"] * 11}, "images"),
        ("music", {"duration_seconds": 0}, "duration_seconds"),
        ("music", {"size": "1x1"}, "size"),
    ],
)
def test_a_value_outside_its_list_is_refused_where_it_enters(
    client, emulator, medium, asked, param
):
    with pytest.raises(oc.InvalidInput) as refused:
        getattr(client, f"generate_{medium}")("x", **asked)
    assert refused.value.param == param
    assert "Nothing was sent" in str(refused.value)
    assert not emulator.jobs


def test_the_ledger_knows_what_was_made(client):
    image = client.generate_image("a whale").result()
    music = client.generate_music("a song", model=ACE, duration_seconds=3).result()
    rows = {row.id: row for row in client.tasks()}
    assert rows[image.task_id].kind == "image_generation"
    assert rows[image.task_id].run_id == f"tool:image_generate:{image.task_id}"
    assert rows[music.task_id].kind == "music_generation"
    again = client.task(image.task_id).result()
    assert (type(again), again.files) == (oc.Image, image.files)
    assert isinstance(client.task(music.task_id).result(), oc.Music)


def test_the_same_image_is_not_started_twice_at_once(client, emulator):
    emulator.set(SOON)
    first = client.generate_image("a whale")
    second = client.generate_image("a whale")
    assert second.id == first.id
    assert client.generate_video("a whale").id != first.id
    first.result()


# --- the synchronous host


def test_the_synchronous_host_answers_with_the_files(at_once, emulator):
    image = at_once.generate_image("a whale", count=2).result()
    assert len(image.paths) == 2
    music = at_once.generate_music("a song", model=ACE, duration_seconds=3).result()
    assert music.path.exists()
    assert [job.kind for job in emulator.jobs] == ["image", "music"]


def test_an_answer_at_once_whose_download_broke_is_fetched_later_without_a_second_one(
    at_once, emulator
):
    emulator.set(Scenario(render="draft", download="html", download_times=1))
    failed = at_once.generate_image("a whale")
    with pytest.raises(oc.BadOutput):
        failed.result()
    found = at_once.resume(failed.id).result()
    assert found.path.exists()
    assert len(emulator.jobs) == 1


def test_a_lost_answer_at_once_is_told_and_never_sent_again(at_once, emulator):
    emulator.set(Scenario(render="draft", drop_submit_reply=True))
    with pytest.raises(oc.SubmitUnanswered, match="may be billed"):
        at_once.generate_image("a whale").result()
    assert len(emulator.jobs) == 1


# --- whatever dies

WORK = """
import sys
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

home, url, medium = sys.argv[1:]
client = oc.Client(home=home, environ={}, endpoints={"fal": Endpoint(url, "key", 0.05)})
task = getattr(client, f"generate_{medium}")("a whale")
task.watch(lambda now: print(now.id, flush=True) if now.job_id else None)
task.result()
"""


@pytest.mark.parametrize("medium", ["image", "music"])
def test_a_job_of_a_killed_process_is_finished_by_another(medium, emulator, home, client):
    emulator.set(SOON)
    command = [sys.executable, "-c", WORK, str(home), emulator.base_urls["fal"], medium]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        id = process.stdout.readline().strip()
        process.kill()
    assert client.task(id).state is TaskState.LOST
    result = client.resume(id).result()
    assert result.path.exists()
    assert result.medium == medium
    assert len(emulator.jobs) == 1


@pytest.mark.parametrize("medium", ["image", "music"])
@pytest.mark.parametrize("ends", ["moderated", "failed"])
def test_an_end_without_a_file_is_told(medium, ends, client, emulator):
    emulator.set(Scenario(render="draft", ends=ends))
    with pytest.raises(oc.ProviderRefused):
        getattr(client, f"generate_{medium}")("x").result()


@pytest.mark.parametrize("medium", ["image", "music"])
def test_a_page_instead_of_the_file_is_not_saved(medium, client, emulator, home):
    emulator.set(Scenario(render="draft", download="html"))
    with pytest.raises(
        oc.BadOutput, match=f"instead of a.* {'track' if medium == 'music' else medium}"
    ):
        getattr(client, f"generate_{medium}")("x").result()
    assert list((home / "media").rglob("*.*")) == []


def test_a_cancelled_image_is_cancelled_at_the_vendor(client, emulator):
    emulator.set(Scenario(seconds=3600, render="draft"))
    task = client.generate_image("a whale")
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(20)
    task.cancel()
    with pytest.raises(oc.TaskCancelled):
        task.result()


# --- plans and tools


def test_a_plan_says_what_a_run_does_and_sends_nothing(client, emulator):
    with_plan = oc.plan_image("a whale", size="1000x1000", background="transparent", client=client)
    (verdict,) = with_plan.verdicts
    assert verdict.runs
    assert verdict.job.size == "1024x1024"
    assert [entry.setting for entry in verdict.ignored] == ["background"]
    assert not emulator.jobs
    done = client.generate_image("a whale", size="1000x1000", background="transparent").result()
    assert done.changes == verdict.changes
    assert done.ignored == verdict.ignored


def test_a_plan_of_music_names_the_price(client):
    (verdict,) = oc.plan_music("a song", client=client).verdicts
    assert any("$0.15 a track" in note for note in verdict.notes)


@pytest.mark.parametrize("tool", [oc.image_generate, oc.music_generate])
def test_the_tools_have_the_frame_of_the_video_tool(tool, client):
    medium = tool.__name__.partition("_")[0]
    assert tool.schema["properties"]["action"]["enum"] == ["generate", "status", "list"]
    listed = tool({"action": "list"}, client=client)
    assert listed["details"]["kind"] == f"{medium}_generation"
    assert [row["id"] for row in listed["details"]["providers"]] == ["fal"]
    json.dumps(listed)
    nothing = tool({"action": "status"}, session="s", client=client)
    assert nothing["details"] == {"action": "status", "active": False}


def test_the_image_tool_tells_what_it_made(client):
    made = oc.image_generate(
        {"prompt": "a whale", "count": 2, "size": "1000x1000", "background": "transparent"},
        client=client,
    )
    details = made["details"]
    assert details["count"] == 2
    assert details["size"] == "1024x1024"
    assert details["ignoredOverrides"] == [{"key": "background", "value": "transparent"}]
    assert [each["type"] for each in details["attachments"]] == ["image"] * 2
    assert "durationMs" not in details["attachments"][0]
    assert made["text"].startswith("Generated 2 images with fal/fal-ai/flux/dev.")


def test_the_music_tool_tells_the_length_of_what_it_made(client, emulator):
    emulator.set(Scenario())
    made = oc.music_generate(
        {"prompt": "a song", "model": ACE, "durationSeconds": 5, "format": "wav"}, client=client
    )
    (attachment,) = made["details"]["attachments"]
    assert attachment["type"] == "audio"
    assert attachment["durationMs"] == pytest.approx(5000, abs=300)
    assert made["text"].startswith("Generated 1 track with ")


def test_one_session_makes_an_image_beside_a_video(client, emulator):
    emulator.set(SOON)
    started = oc.image_generate({"prompt": "a"}, session="s", client=client)
    assert started["details"]["runId"].startswith("tool:image_generate:")
    blocked = oc.image_generate({"prompt": "b"}, session="s", client=client)
    assert blocked["details"]["duplicateGuard"] is True
    assert blocked["details"]["taskKind"] == "image_generation"
    other = oc.video_generate({"prompt": "a"}, session="s", client=client)
    assert other["details"]["status"] == "started"


def test_a_provider_that_makes_no_images_is_not_one_of_theirs(client):
    with pytest.raises(oc.InvalidInput, match="providers are fal"):
        client.generate_image("x", model="gen4.5")


def test_nothing_configured_names_the_key_and_the_setting(home):
    client = oc.Client(home=home, environ={})
    try:
        with pytest.raises(oc.NoCandidate, match="imageGenerationModel") as told:
            client.generate_image("x")
        assert "FAL_KEY" in str(told.value)
    finally:
        client.close()


def test_pictures_come_without_a_key_from_the_emulator():
    with oc.emulate(Scenario(render="draft")):
        assert oc.generate_image("a whale").result().emulated


@pytest.mark.parametrize("medium", ["image", "music"])
def test_the_table_of_providers_has_those_of_a_medium(medium):
    with oc.emulate(Scenario(render="draft")):
        (row,) = oc.providers(medium)
    assert row["provider"] == "fal"
    assert row["configured"] == "emulator"
    with pytest.raises(oc.InvalidInput, match="video, image, music"):
        oc.providers("poems")
