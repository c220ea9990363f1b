"""Runway's tasks, judged over HTTP and by Runway's own package; then what that package sends and what we send."""

import asyncio
import re
import subprocess

import pytest
import runwayml
from runwayml.lib import polling

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.providers import by_id
from openclaw_nb.vendors import Endpoint
from tests.capture import differences, listening
from tests.environments import environment
from tests.runtime.world import FakeClock, a_job, a_run, access_to, engine
from tests.test_client import until_accepted

KEY = {"authorization": "Bearer key_test", "x-runway-version": "2024-11-06"}
TEXT = {"model": "gen4.5", "promptText": "a boat", "ratio": "1280:720", "duration": 5}
TURBO = {"model": "gen4_turbo", "promptText": "a boat", "ratio": "960:960", "duration": 6}
VEO = {"model": "veo3.1", "promptText": "a boat", "ratio": "1280:720", "duration": 8}
PICTURE = "https://example.com/a.png"
CLIP = "https://example.com/in.mp4"
ALEPH = {"model": "aleph2", "videoUri": CLIP}
FRAMES = [{"uri": PICTURE, "position": "first"}, {"uri": PICTURE, "position": "last"}]


@pytest.fixture
def api(emulator, http):
    class Api:
        url = emulator.urls["runway"]

        def post(self, where, body, headers=KEY):
            return http.post(f"{self.url}/v1/{where}", json=body, headers=headers)

        def task(self, id):
            return http.get(f"{self.url}/v1/tasks/{id}", headers=KEY)

        def delete(self, id):
            return http.delete(f"{self.url}/v1/tasks/{id}", headers=KEY)

        def upload(self, data, name="in.mp4", kind="video/mp4", order=None):
            said = self.post("uploads", {"filename": name, "type": "ephemeral"}).json()
            fields = [(name, (None, said["fields"][name])) for name in order or said["fields"]]
            parts = [*fields, ("file", (name, data, kind))]
            return said["runwayUri"], http.post(said["uploadUrl"], files=parts)

        def end(self, id):
            while (said := self.task(id).json())["status"] in {"PENDING", "RUNNING"}:
                pass
            return said

    return Api()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


# the task


def test_a_task_is_pending_then_running_then_has_an_output(emulator, api):
    play(emulator, polls=3)
    made = api.post("text_to_video", TEXT).json()
    seen = [api.task(made["id"]).json() for _ in range(3)]
    assert made == {"id": made["id"], "estimatedCost": {"credits": 60}}
    assert [each["status"] for each in seen] == ["PENDING", "RUNNING", "SUCCEEDED"]
    assert [set(each) - {"id", "status", "createdAt"} for each in seen] == [
        {"estimatedCost"}, {"estimatedCost", "progress"}, {"output", "cost"},
    ]  # fmt: skip
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", seen[0]["createdAt"])


def test_a_throttled_task_waits(emulator, api):
    play(emulator, unknown_status_word="THROTTLED")
    id = api.post("text_to_video", TEXT).json()["id"]
    assert api.task(id).json()["status"] == "THROTTLED"


def test_the_film_is_what_was_asked_for_and_wants_no_key(emulator, api, http, media):
    emulator.set(Scenario(polls=1))
    id = api.post("text_to_video", TEXT | {"duration": 2}).json()["id"]
    (url,) = api.end(id)["output"]
    film = http.get(url).content
    assert media.facts(film) == ((1280, 720), pytest.approx(2, abs=0.05), 24, False)
    assert http.get(url, headers=KEY).status_code == 400


def test_a_task_under_way_is_cancelled_and_one_that_has_ended_is_deleted(emulator, api):
    play(emulator, polls=5)
    id = api.post("text_to_video", TEXT).json()["id"]
    said = api.delete(id)
    assert (said.status_code, said.content) == (204, b"")
    assert api.task(id).json()["status"] == "CANCELLED"
    assert api.task(id).json()["cost"] == {"credits": 0}
    assert api.delete(id).status_code == 204
    assert api.task(id).status_code == api.delete(id).status_code == 404


@pytest.mark.parametrize(
    "scenario, code, credits",
    [
        ({"ends": "moderated"}, "SAFETY.INPUT.TEXT", 60),
        ({"ends": "failed"}, "INTERNAL.BAD_OUTPUT.CODE01", 0),
        ({"ends": "expired"}, "INTERNAL", 0),
        ({"ends": "failed", "quirk": "ASSET.INVALID"}, "ASSET.INVALID", 0),
        ({"ends": "failed", "quirk": "SAFETY.INPUT.IMAGE"}, "SAFETY.INPUT.IMAGE", 60),
    ],
)
def test_a_failed_task_has_a_reason_and_a_code(emulator, api, scenario, code, credits):
    play(emulator, polls=1, **scenario)
    said = api.end(api.post("text_to_video", TEXT).json()["id"])
    assert (said["status"], said["failureCode"]) == ("FAILED", code)
    assert said["failure"]
    assert said["cost"] == {"credits": credits}


def test_an_unknown_quirk_is_refused(emulator, api):
    play(emulator, quirk="nonsense")
    said = api.post("text_to_video", TEXT)
    assert said.status_code == 400
    assert "ASSET.INVALID" in said.json()["error"]


# what is refused


def test_key_and_version_are_needed_on_every_call(emulator, api, http):
    id = api.post("text_to_video", TEXT).json()["id"]
    for missing, status in (("authorization", 401), ("x-runway-version", 400)):
        headers = {name: value for name, value in KEY.items() if name != missing}
        assert api.post("text_to_video", TEXT, headers).status_code == status
        assert http.get(f"{api.url}/v1/tasks/{id}", headers=headers).status_code == status
        assert http.delete(f"{api.url}/v1/tasks/{id}", headers=headers).status_code == status
    old = KEY | {"x-runway-version": "2024-09-13"}
    assert api.post("text_to_video", TEXT, old).status_code == 400


@pytest.mark.parametrize(
    "where, body, path, code",
    [
        ("text_to_video", {**TEXT, "watermark": False}, ["watermark"], "unrecognized_keys"),
        ("text_to_video", {**TEXT, "ratio": "16:9"}, ["ratio"], "invalid_value"),
        ("text_to_video", {**TEXT, "ratio": "960:960"}, ["ratio"], "invalid_value"),
        ("text_to_video", {**TEXT, "duration": "5"}, ["duration"], "invalid_type"),
        ("text_to_video", {**TEXT, "duration": 11}, ["duration"], "invalid_value"),
        ("text_to_video", {**TEXT, "duration": None}, ["duration"], "invalid_type"),
        ("text_to_video", {**TEXT, "promptText": "x" * 1001}, ["promptText"], "too_big"),
        ("text_to_video", {**TEXT, "promptText": "🦞" * 501}, ["promptText"], "too_big"),
        ("text_to_video", {**TEXT, "promptText": ""}, ["promptText"], "too_small"),
        ("text_to_video", {**TEXT, "audio": True}, ["audio"], "unrecognized_keys"),
        ("text_to_video", {**TEXT, "model": "gen4_turbo"}, ["model"], "invalid_value"),
        ("text_to_video", {"promptText": "x"}, ["model"], "invalid_value"),
        ("text_to_video", {**VEO, "duration": 5}, ["duration"], "invalid_value"),
        ("text_to_video", {**VEO, "ratio": "960:960"}, ["ratio"], "invalid_value"),
        ("image_to_video", TURBO, ["promptImage"], "invalid_type"),
        ("image_to_video", {**TURBO, "promptImage": "a.png"}, ["promptImage"], "custom"),
        ("image_to_video", {**VEO, "promptImage": FRAMES[1:]}, ["promptImage"], "custom"),
        ("image_to_video", {**VEO, "promptImage": FRAMES[:1] * 2}, ["promptImage"], "custom"),
        ("video_to_video", {**ALEPH, "duration": 5}, ["duration"], "unrecognized_keys"),
        ("video_to_video", {**ALEPH, "videoUri": "in.mp4"}, ["videoUri"], "custom"),
        ("video_to_video", {**ALEPH, "videoUri": "data:image/png,x"}, ["videoUri"], "custom"),
        ("video_to_video", {**ALEPH, "videoUri": "data:video/mp4"}, ["videoUri"], "custom"),
        ("video_to_video", {**ALEPH, "keyframes": [{"uri": PICTURE}]}, ["keyframes", 0], "custom"),
        (
            "video_to_video",
            {
                **ALEPH,
                "keyframes": [
                    {"uri": PICTURE, "at": 0.1},
                    {"uri": PICTURE, "at": 0.2, "range": {"start_seconds": 1, "end_seconds": 2}},
                ],
            },
            [],
            "custom",
        ),
        ("video_to_video", {**ALEPH, "model": "gen4_aleph"}, ["promptText"], "invalid_type"),
        (
            "video_to_video",
            {**ALEPH, "keyframes": [{"uri": PICTURE, "seconds": 1, "range": {"startSeconds": 1}}]},
            ["keyframes", 0, "range", "start_seconds"],
            "invalid_type",
        ),
    ],
)
def test_a_wrong_body_is_refused_with_a_list_of_what_is_wrong(
    emulator, api, where, body, path, code
):
    said = api.post(where, body)
    assert said.status_code == 400
    assert said.json()["error"] == "Validation of body failed"
    assert {"code": code, "path": path} in [
        {name: issue[name] for name in ("code", "path")} for issue in said.json()["issues"]
    ]
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "image",
    [
        "http://example.com/a.png",
        "https://192.0.2.7/a.png",
        f"https://example.com/{'a' * 2048}",
        "data:image/gif;base64,R0lGODlhAQABAAAAACw=",
        "data:image/png;base64,AAAA",
        "data:image/png;base64," + "A" * 5 * 2**20,
        "runway://upload/of-another-account",
    ],
    ids=lambda text: text[:40],
)
def test_an_image_that_runway_would_not_take_is_refused(emulator, api, image):
    assert api.post("image_to_video", {**TURBO, "promptImage": image}).status_code == 400
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "where, body, credits",
    [
        ("text_to_video", {**VEO, "audio": False, "negativePrompt": "rain", "seed": 1}, 160),
        ("text_to_video", {**VEO, "model": "veo3.1_fast", "ratio": "1920:1080"}, 120),
        ("text_to_video", {**VEO, "model": "veo3"}, 320),
        ("image_to_video", {**TURBO, "promptImage": PICTURE}, 30),
        ("image_to_video", {**TEXT, "promptImage": FRAMES[:1], "ratio": "1584:672"}, 60),
        ("image_to_video", {**VEO, "promptImage": FRAMES}, 320),
        (
            "image_to_video",
            {**TURBO, "model": "gen3a_turbo", "ratio": "768:1280", "duration": 10,
             "promptImage": PICTURE},
            50,
        ),
        ("video_to_video", {**ALEPH, "promptText": "x" * 1001}, 140),
        ("video_to_video", {**ALEPH, "keyframes": [{"uri": PICTURE, "at": 0.5}]}, 140),
        (
            "video_to_video",
            {**ALEPH, "model": "gen4_aleph", "promptText": "night", "ratio": "1280:720",
             "references": [{"type": "image", "uri": PICTURE}]},
            75,
        ),
    ],
)  # fmt: skip
def test_what_the_model_notes_allow_is_accepted_at_its_price(api, where, body, credits):
    assert api.post(where, body).json()["estimatedCost"] == {"credits": credits}


@pytest.mark.parametrize(
    "status, words", [(401, "api.dev.runwayml.com"), (429, "daily limit"), (502, "served")]
)
def test_http_errors_have_a_sentence(emulator, api, status, words):
    play(emulator, submit_status=status, retry_after_seconds=3)
    said = api.post("text_to_video", TEXT)
    assert said.status_code == status
    assert words in said.json()["error"]
    assert said.headers.get("retry-after") == ("3" if status < 500 else None)


def test_a_prompt_can_be_refused_at_submission(emulator, api):
    play(emulator, submit_moderated=True)
    assert "moderation" in api.post("text_to_video", TEXT).json()["error"]


def test_unknown_addresses_and_wrong_methods(api, http):
    assert api.task("nobody").status_code == 404
    assert http.get(f"{api.url}/outputs/nobody.mp4").status_code == 404
    assert http.post(f"{api.url}/storage/nobody").status_code == 404
    for where in ("text_to_video", "uploads"):
        said = http.post(f"{api.url}/v1/{where}", content=b"{", headers=KEY)
        assert said.status_code == 400
    assert api.post("text_to_song", TEXT).status_code == 404
    assert http.get(f"{api.url}/v1/text_to_video", headers=KEY).status_code == 405
    assert http.post(f"{api.url}/v1/tasks/x", headers=KEY).status_code == 405


def test_a_poll_can_fail_in_passing(emulator, api):
    play(emulator, poll_failures=(502,))
    id = api.post("text_to_video", TEXT).json()["id"]
    assert [api.task(id).status_code for _ in range(2)] == [502, 200]


# uploads


def test_an_uploaded_video_is_what_the_task_starts_from(emulator, api, http, footage, media):
    emulator.set(Scenario(polls=1))
    uri, said = api.upload(footage.read_bytes())
    assert said.status_code == 204
    made = api.post("video_to_video", {**ALEPH, "videoUri": uri, "targetAspectRatio": "1:1"})
    (url,) = api.end(made.json()["id"])["output"]
    size, seconds, _, _ = media.facts(http.get(url).content)
    assert (size, round(seconds)) == ((640, 640), 4)


@pytest.mark.parametrize(
    "data, order, code",
    [
        (b"x" * 511, None, "EntityTooSmall"),
        (b"x" * 600, ["policy", "key", "x-amz-signature"], "AccessDenied"),
        (b"x" * 600, ["key"], "AccessDenied"),
    ],
)
def test_the_file_host_wants_every_field_in_order_and_512_bytes(api, data, order, code):
    uri, said = api.upload(data, order=order)
    assert code in said.text
    assert api.post("video_to_video", {**ALEPH, "videoUri": uri}).status_code == 400


def test_the_file_host_wants_no_key_and_the_file_last(api, http):
    said = api.post("uploads", {"filename": "a.png", "type": "ephemeral"}).json()
    fields = {name: (None, value) for name, value in said["fields"].items()}
    last = {**fields, "file": ("a.png", b"x" * 600, "image/png")}
    first = {"file": last["file"], **fields}
    assert http.post(said["uploadUrl"], files=last, headers=KEY).status_code == 400
    assert http.post(said["uploadUrl"], files=first).status_code == 403
    assert http.post(said["uploadUrl"], content=b"x").status_code == 400
    assert http.post(said["uploadUrl"], files=last).status_code == 204


@pytest.mark.parametrize("body", [{}, {"filename": "a.png"}, {"filename": "a", "type": "forever"}])
def test_an_upload_has_a_name_and_is_ephemeral(api, body):
    assert api.post("uploads", body).status_code == 400


# Runway's own package


@pytest.fixture
def quick(monkeypatch):
    """The package's own rhythm, in its module constants, set for an emulator."""
    monkeypatch.setattr(polling, "POLL_TIME", 0.01)
    monkeypatch.setattr(polling, "POLL_JITTER", 0)


def official(url, **options):
    return runwayml.RunwayML(api_key="key_test", base_url=url, max_retries=0, **options)


@pytest.fixture
def client(emulator, quick):
    with official(emulator.urls["runway"]) as made:
        yield made


def test_runwayml_submits_waits_and_finds_the_output(client, http, media):
    task = client.text_to_video.create(
        model="gen4.5", prompt_text="a boat", ratio="1280:720", duration=5
    )
    done = task.wait_for_task_output(timeout=9)
    assert (done.status, done.cost.credits) == ("SUCCEEDED", 60)
    assert media.facts(http.get(done.output[0]).content)[1] > 0


def test_runwayml_uploads_and_edits(client, footage):
    upload = client.uploads.create_ephemeral(file=("in.mp4", footage.read_bytes()))
    task = client.video_to_video.create(model="aleph2", video_uri=upload.uri, prompt_text="night")
    assert task.wait_for_task_output(timeout=9).output


def test_runwayml_reads_every_status(emulator, client):
    play(emulator, polls=3)
    id = client.text_to_video.create(
        model="gen4.5", prompt_text="a boat", ratio="1280:720", duration=5
    ).id
    seen = [client.tasks.retrieve(id) for _ in range(3)]
    assert [type(task).__name__ for task in seen] == [
        "AwaitablePending", "AwaitableRunning", "AwaitableSucceeded",
    ]  # fmt: skip
    assert seen[1].progress == 0.5
    assert seen[0].created_at.tzinfo


def test_runwayml_raises_for_a_failure_with_its_code(emulator, client):
    play(emulator, ends="moderated")
    task = client.text_to_video.create(
        model="gen4.5", prompt_text="a boat", ratio="1280:720", duration=5
    )
    with pytest.raises(polling.TaskFailedError) as caught:
        task.wait_for_task_output(timeout=9)
    assert caught.value.task_details.failure_code == "SAFETY.INPUT.TEXT"


def test_runwayml_cancels_and_only_its_asynchronous_wait_notices(emulator, client, quick):
    play(emulator, polls=1000)
    task = client.text_to_video.create(
        model="gen4.5", prompt_text="a boat", ratio="1280:720", duration=5
    )
    client.tasks.delete(task.id)
    with pytest.raises(polling.TaskTimeoutError) as late:
        task.wait_for_task_output(timeout=0.05)
    assert late.value.task_details.status == "CANCELLED"

    async def wait():
        async with runwayml.AsyncRunwayML(
            api_key="key_test", base_url=emulator.urls["runway"]
        ) as later:
            await (await later.tasks.retrieve(task.id)).wait_for_task_output(timeout=9)

    with pytest.raises(polling.TaskFailedError):
        asyncio.run(wait())


def test_runwayml_raises_at_once_for_a_bad_request_and_repeats_a_429(emulator, client):
    with pytest.raises(runwayml.BadRequestError):
        client.text_to_video.create(model="gen4.5", prompt_text="x", ratio="1:1", duration=5)
    play(emulator, submit_status=429, retry_after_seconds=0.01)
    again = client.with_options(max_retries=2)
    assert again.text_to_video.create(
        model="gen4.5", prompt_text="x", ratio="1280:720", duration=5
    ).id


LITELLM = """
import sys, litellm
url, = sys.argv[1:]
options = {"api_base": f"{url}/v1", "api_key": "key_test", "custom_llm_provider": "runwayml"}
made = litellm.video_generation(model="runwayml/gen4_turbo", prompt="a boat", seconds="5",
    size="1280x720", input_reference="https://example.com/a.png", **options)
while (now := litellm.video_status(video_id=made.id, **options)).status in ("queued", "in_progress"):
    pass
film = litellm.video_content(video_id=made.id, **options)
print(now.status, film[4:8] == b"ftyp")
"""


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_litellm_submits_polls_and_downloads(emulator):
    python = environment("litellm-1.106.2", ["litellm==1.106.2"])
    done = subprocess.run(
        [python, "-c", LITELLM, emulator.urls["runway"]],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert done.stdout.split() == ["completed", "True"]
    assert emulator.jobs[0].request["promptImage"] == PICTURE


# the same request, the same bytes


@pytest.fixture
def both(tmp_path, quick):
    """What we send for a request, then what the package sends: the calls to the API and its file host."""
    with listening() as services:
        url = services.urls["runway"]
        ours = Client(
            home=tmp_path, environ={}, endpoints={"runway": Endpoint(url, "key_test", 0.01)}
        )
        theirs = official(url)

        def send(words, act):
            services.asked.clear()
            ours.generate_video(exact_model=True, **words).result(9)
            mine = _calls(services)
            services.asked.clear()
            act(theirs)
            return mine, _calls(services)

        yield send
        ours.close()
        theirs.close()


def _calls(services):
    asked = [wanted for wanted in services.asked if "/outputs/" not in wanted.url]
    paths = [wanted for wanted in asked if "/storage/" not in wanted.url]
    assert all(wanted.headers["x-runway-version"] == "2024-11-06" for wanted in paths)
    return asked


def waits(create):
    return lambda theirs: create(theirs).wait_for_task_output(timeout=9)


IDENTICAL = {
    "text": (
        {"prompt": "a lobster surfing", "model": "runway/gen4.5", "duration_seconds": 5},
        lambda c: c.text_to_video.create(
            model="gen4.5", prompt_text="a lobster surfing", ratio="1280:720", duration=5
        ),
    ),
    "image": (
        {
            "prompt": "animate", "model": "runway/gen4_turbo", "image": PICTURE,
            "aspect_ratio": "1:1", "duration_seconds": 6,
        },
        lambda c: c.image_to_video.create(
            model="gen4_turbo", prompt_text="animate", prompt_image=PICTURE, ratio="960:960",
            duration=6,
        ),
    ),
    "two frames": (
        {
            "prompt": "animate", "model": "runway/veo3.1", "duration_seconds": 8, "audio": True,
            "images": [PICTURE, "https://example.com/b.png"],
            "image_roles": ["first_frame", "last_frame"],
            "provider_options": {"seed": 7, "negativePrompt": "rain"},
        },
        lambda c: c.image_to_video.create(
            model="veo3.1", prompt_text="animate", ratio="1280:720", duration=8, seed=7,
            audio=True, negative_prompt="rain",
            prompt_image=[
                {"uri": PICTURE, "position": "first"},
                {"uri": "https://example.com/b.png", "position": "last"},
            ],
        ),
    ),
    "1080p": (
        {
            "prompt": "x", "model": "runway/veo3.1_fast", "duration_seconds": 4, "audio": False,
            "aspect_ratio": "9:16", "resolution": "1080P",
        },
        lambda c: c.text_to_video.create(
            model="veo3.1_fast", prompt_text="x", ratio="1080:1920", duration=4, audio=False
        ),
    ),
    "video": (
        {
            "prompt": "make it night", "model": "runway/aleph2", "video": CLIP,
            "aspect_ratio": "1:1",
            "provider_options": {
                "seed": 3,
                "contentModeration": {"publicFigureThreshold": "low"},
                "keyframes": [
                    {"uri": PICTURE, "seconds": 1.5,
                     "range": {"start_seconds": 1, "end_seconds": 3}}
                ],
            },
        },
        lambda c: c.video_to_video.create(
            model="aleph2", video_uri=CLIP, prompt_text="make it night", seed=3,
            target_aspect_ratio="1:1", content_moderation={"public_figure_threshold": "low"},
            keyframes=[
                {"uri": PICTURE, "seconds": 1.5, "range": {"start_seconds": 1, "end_seconds": 3}}
            ],
        ),
    ),
    "withdrawn model": (
        {"prompt": "make it night", "model": "runway/gen4_aleph", "video": CLIP},
        lambda c: c.video_to_video.create(
            model="gen4_aleph", video_uri=CLIP, prompt_text="make it night", ratio="1280:720"
        ),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IDENTICAL)
def test_a_submission_and_its_polls_are_those_of_the_package(both, name):
    words, create = IDENTICAL[name]
    mine, theirs = both(words, waits(create))
    assert differences(mine[0], theirs[0]) == {}
    for one, other in zip(mine[1:], theirs[1:], strict=True):
        found = differences(one, other)
        assert set(found) == {"path"}, "each has a task of its own"


def test_a_small_file_travels_as_the_same_data_uri(both, picture, media):
    words = {
        "prompt": "animate",
        "model": "runway/gen4_turbo",
        "image": picture,
        "duration_seconds": 5,
    }
    mine, theirs = both(
        words,
        waits(
            lambda c: c.image_to_video.create(
                model="gen4_turbo", prompt_text="animate", prompt_image=media.uri(picture),
                ratio="1280:720", duration=5,
            )
        ),
    )  # fmt: skip
    assert differences(mine[0], theirs[0]) == {}


def test_a_large_file_is_uploaded_in_the_same_two_steps(both, tmp_path, footage):
    large = tmp_path / "in.mp4"
    # A box that players pass over makes the clip too long for a data URI.
    padding = 4_000_000
    large.write_bytes(footage.read_bytes() + padding.to_bytes(4) + b"free" + bytes(padding - 8))

    def upload_and_edit(theirs):
        upload = theirs.uploads.create_ephemeral(file=("in.mp4", large.read_bytes()))
        return theirs.video_to_video.create(
            model="aleph2", video_uri=upload.uri, prompt_text="night"
        )

    words = {"prompt": "night", "model": "runway/aleph2", "video": large}
    mine, theirs = both(words, waits(upload_and_edit))
    announced, sent, submitted = (
        differences(a, b) for a, b in zip(mine[:3], theirs[:3], strict=True)
    )
    assert announced == {}
    # Each upload has an address and a signature of its own; the file and its type are the same.
    assert set(sent) == {"path", "body.key", "body.policy", "body.x-amz-signature"}
    assert set(submitted) == {"body.videoUri"}
    assert all(asked[1].headers.get("authorization") is None for asked in (mine, theirs))


def test_cancelling_is_the_same_call(tmp_path):
    with listening(Scenario(seconds=3600, render="draft")) as services:
        url = services.urls["runway"]
        client = Client(home=tmp_path, environ={}, endpoints={"runway": Endpoint(url, "k", 0.01)})
        task = client.generate_video("x", model="runway/gen4.5")
        until_accepted(task)
        task.cancel()
        client.close()
        with official(url) as theirs:
            made = theirs.text_to_video.create(
                model="gen4.5", prompt_text="x", ratio="1280:720", duration=5
            )
            theirs.tasks.delete(made.id)
        mine, other = [wanted for wanted in services.asked if wanted.method == "DELETE"]
    found = differences(mine, other)
    assert set(found) == {"path", "content-type"}
    assert found["content-type"] == ("", "application/json"), "theirs names one for an empty body"


def test_cancelling_late_deletes_nothing(emulator, api):
    play(emulator, polls=1)
    clock = FakeClock()
    run = a_run(by_id["runway"], access_to(emulator, "runway"), clock)

    async def submit_and_cancel():
        async with engine(clock) as opened:
            run.ticket = (await opened.submit(run, a_job(run.provider))).ticket
            await opened.cancel(run)

    asyncio.run(submit_and_cancel())
    assert api.task(run.ticket.id).json()["status"] == "SUCCEEDED"


def test_a_host_that_takes_no_uploads_makes_no_job(emulator, make_client, tmp_path):
    film = tmp_path / "in.mp4"
    film.write_bytes(b"\0\0\0\x18ftypmp42" + bytes(4_000_000))
    elsewhere = Endpoint(emulator.urls["minimax"], "k")
    client = make_client("runway", endpoints={"runway": elsewhere})
    with pytest.raises(oc.ProviderRefused, match="404"):
        client.generate_video("x", model="runway/aleph2", video=film, exact_model=True).result(9)
    assert emulator.jobs == []


def test_a_withdrawn_model_that_is_refused_names_its_successor(emulator, make_client, footage):
    play(emulator, submit_status=400)
    client = make_client("runway")
    with pytest.raises(oc.ProviderRefused, match="runway/aleph2 takes its place") as caught:
        client.generate_video(
            "x", model="runway/gen4_aleph", video=footage, exact_model=True
        ).result(9)
    assert caught.value.status == 400
