"""The `video_generate` tool, to the letter of its contract."""

from __future__ import annotations

import base64
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from google.genai import types as google
from jsonschema import Draft202012Validator
from openai.types.chat import ChatCompletionFunctionToolParam
from openai.types.responses import FunctionToolParam
from pydantic import TypeAdapter

import openclaw_nb as oc
from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.emulator import Scenario
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.tool import text_of
from tests.conftest import Hurry
from tests.toy import a_video

PROMPT = "a friendly lobster surfing at sunset"
FAL = "fal-ai/minimax/video-01-live"
WAN = "fal-ai/wan/v2.2-a14b/text-to-video"
HAILUO = "MiniMax-Hailuo-2.3"
NEVER = Scenario(seconds=3600, render="draft")
ALWAYS = {"provider", "model", "count", "paths", "attachments", "media", "attempts", "metadata"}
SESSION = "agent:main"


def started(client, task_id: str) -> oc.Task:
    """The task, once the provider has accepted it."""
    task = client.task(task_id)
    accepted = threading.Event()
    task.watch(lambda now: accepted.set() if now.job_id else None)
    assert task.snapshot.job_id or accepted.wait(8)
    return task


# --- generate, waited for -----------------------------------------------------------------------


def test_n1_the_details_tell_what_was_applied_changed_and_ignored(make_client):
    asked = {
        "prompt": PROMPT,
        "model": f"fal/{WAN}",
        "aspectRatio": "21:9",
        "resolution": "4K",
        "durationSeconds": 12,
        "watermark": False,
        "filename": "lobster.mov",
    }
    result = oc.video_generate(asked, client=make_client("fal"))
    details = result["details"]
    (path,) = details["paths"]
    attachment = {
        "type": "video",
        "path": path,
        "mimeType": "video/mp4",
        "name": "lobster.mp4",
        "sizeBytes": details["attachments"][0]["sizeBytes"],
        "durationMs": 1000,  # of the file itself: a draft lasts a second
    }
    metadata = details.pop("metadata")
    assert details == {
        "provider": "fal",
        "model": WAN,
        "count": 1,
        "paths": [path],
        "attachments": [attachment],
        "media": {"mediaUrls": [path], "attachments": [attachment]},
        "aspectRatio": "16:9",
        "durationSeconds": 10,
        "requestedDurationSeconds": 12,
        "supportedDurationSeconds": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
        "filename": "lobster.mov",
        "attempts": [],
        "normalization": {
            "aspectRatio": {"requested": "21:9", "applied": "16:9"},
            "durationSeconds": {
                "requested": 12,
                "applied": 10,
                "supportedValues": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10],
            },
        },
        "ignoredOverrides": [
            {"key": "resolution", "value": "4K"},
            {"key": "watermark", "value": False},
        ],
        "warning": f"fal/{WAN} ignored: resolution=4K, watermark=false",
    }
    assert metadata["requestedAspectRatio"] == "21:9"
    assert metadata["normalizedAspectRatio"] == "16:9"
    assert metadata["requestedDurationSeconds"] == 12
    assert metadata["normalizedDurationSeconds"] == 10
    json.dumps(result)


def test_n11_what_a_model_does_not_take_is_listed_in_order(make_client):
    asked = {
        "prompt": PROMPT,
        "model": f"minimax/{HAILUO}",
        "size": "1280x720",
        "aspectRatio": "16:9",
        "resolution": "4K",
        "audio": True,
        "watermark": True,
        "durationSeconds": 5,
    }
    details = oc.video_generate(asked, client=make_client("minimax"))["details"]
    keys = [entry["key"] for entry in details["ignoredOverrides"]]
    assert keys == ["size", "aspectRatio", "resolution", "audio", "watermark"]
    assert not set(keys) & set(details)
    assert details["durationSeconds"] == 6
    assert details["supportedDurationSeconds"] == [6, 10]


def test_a_plain_request_has_only_the_keys_that_are_always_there(make_client):
    result = oc.video_generate({"prompt": PROMPT}, client=make_client("fal"))
    assert set(result["details"]) == ALWAYS
    assert result["details"]["attempts"] == []


def test_a_size_that_became_a_ratio_is_told_as_the_ratio(make_client):
    asked = {"prompt": PROMPT, "model": f"fal/{WAN}", "size": "1280x720"}
    details = oc.video_generate(asked, client=make_client("fal"))["details"]
    assert details["aspectRatio"] == "16:9"
    assert "size" not in details
    assert details["metadata"]["requestedSize"] == "1280x720"
    assert details["metadata"]["aspectRatioDerivedFromSize"] == "16:9"


def test_references_are_told_without_their_bytes(make_client, picture):
    data_url = f"data:image/png;base64,{base64.b64encode(picture).decode()}"
    client = make_client("fal")
    url = "https://example.org/lobster.png"
    one = oc.video_generate({"prompt": PROMPT, "image": f" @{url} "}, client=client)["details"]
    assert one["image"] == url
    asked = {
        "prompt": PROMPT,
        "model": "fal/bytedance/seedance-2.0/reference-to-video",
        "images": [url, data_url],
    }
    several = oc.video_generate(asked, client=client)["details"]
    shown = f"data:image/png;base64,<{len(picture)} bytes>"
    assert several["images"] == [{"image": url}, {"image": shown}]


def test_the_text_says_what_ran_what_was_ignored_and_changed_and_where_the_files_are(make_client):
    asked = {"prompt": PROMPT, "durationSeconds": 5, "audio": False}
    result = oc.video_generate(asked, client=make_client("minimax"))
    made, ignored, length, file = result["text"].splitlines()
    assert made == f"Generated 1 video with minimax/{HAILUO}."
    assert ignored.endswith("ignored: audio=false")
    assert "5 s" in length
    assert "6 s" in length
    assert file.startswith("1. video ")
    assert result["details"]["paths"][0] in file
    assert "video/mp4" in file


def test_attempts_before_the_success_are_classified(make_client, emulator):
    emulator.set({"fal": Scenario(submit_status=401)})
    details = oc.video_generate({"prompt": PROMPT}, client=make_client("fal", "minimax"))["details"]
    (attempt,) = details["attempts"]
    assert details["provider"] == "minimax"
    assert attempt["error"]
    assert {key: attempt[key] for key in ("provider", "model", "reason", "status")} == {
        "provider": "fal",
        "model": FAL,
        "reason": "auth",
        "status": 401,
    }


@pytest.mark.parametrize(
    "asked, told",
    [
        (
            {"model": "runway/gen4.5", "durationSeconds": 1},
            {"durationSeconds": 2, "requestedDurationSeconds": 1},
        ),
        (
            {
                "model": "google/veo-3.1-fast-generate-preview",
                "durationSeconds": 3,
                "resolution": "1080P",
            },
            {
                "durationSeconds": 8,
                "requestedDurationSeconds": 3,
                "supportedDurationSeconds": [4, 6, 8],
            },
        ),
    ],
)
def test_a_length_that_the_providers_own_rule_changed_is_told(make_client, asked, told):
    client = make_client("runway", "google", clock=Hurry())
    result = oc.video_generate({"prompt": PROMPT, **asked}, client=client)
    found = {k: v for k, v in result["details"].items() if k.endswith("urationSeconds")}
    assert found == told
    assert f"made {told['durationSeconds']} s." in result["text"]


def test_that_another_model_ran_is_the_first_warning(make_client, emulator):
    emulator.set({"fal": Scenario(submit_moderated=True)})
    asked = {"prompt": PROMPT, "model": f"fal/{FAL}", "audio": False}
    result = oc.video_generate(asked, client=make_client("fal", "minimax"))
    loud, ignored = result["details"]["warning"].split(" | ")
    assert loud.startswith(f"fal/{FAL} was asked for and gave no video (")
    assert loud.endswith(f"; minimax/{HAILUO} ran")
    assert ignored == f"minimax/{HAILUO} ignored: audio=false"
    assert result["text"].splitlines()[1:3] == [f"Warning: {loud}", f"Warning: {ignored}"]


def test_what_comes_from_outside_stays_on_its_line():
    url = "https://a.example/v.mp4?sig=%0A"
    file = SavedFile(media_type="video/mp4\r", name="a\n2. video\u2028\x1b[31m.mp4", url=url)
    ref = Ref("fal", "m\nWarning: none")
    video = a_video(ref=ref, files=(file,), warnings=("first\nsecond",))
    assert text_of(video) == "\n".join(
        [
            r"Generated 1 video with fal/m\nWarning: none.",
            r"Warning: first\nsecond",
            rf"1. video a\n2. video\u2028\x1b[31m.mp4 (video/mp4\r) {url}",
        ]
    )


def test_a_home_is_told_as_the_directory_that_was_read(make_client, picture, tmp_path, environ):
    environ["HOME"] = str(tmp_path)
    (tmp_path / "a.png").write_bytes(picture)
    asked = {"prompt": PROMPT, "image": "@~/a.png"}
    details = oc.video_generate(asked, client=make_client("fal"))["details"]
    assert details["image"] == str(tmp_path / "a.png")


def test_that_nothing_is_configured_is_said_before_anything_else(home):
    keyless = oc.Client(home=home, environ={})
    for session in (None, SESSION):
        with pytest.raises(oc.NoCandidate, match="no video model is configured"):
            oc.video_generate({"durationSeconds": "x"}, session=session, client=keyless)
    with pytest.raises(oc.InvalidInput, match="prompt"):
        oc.video_generate({"model": f"fal/{FAL}"}, client=keyless)


def test_without_a_session_a_failure_is_raised(make_client, emulator):
    emulator.set(Scenario(submit_moderated=True))
    with pytest.raises(oc.ProviderRefused):
        oc.video_generate({"prompt": PROMPT}, client=make_client("fal"))


@pytest.mark.parametrize(
    "params, param",
    [
        ({}, "prompt"),
        ({"prompt": PROMPT, "durationSeconds": "x"}, "durationSeconds"),
        ({"prompt": PROMPT, "duration_seconds": 0}, "duration_seconds"),
        ({"prompt": PROMPT, "images": ["a"] * 10}, "images"),
        ({"action": "dance"}, "action"),
    ],
)
@pytest.mark.parametrize("session", [None, SESSION])
def test_bad_input_raises_with_the_callers_spelling(client, emulator, params, param, session):
    with pytest.raises(oc.InvalidInput) as caught:
        oc.video_generate(params, client=client, session=session)
    assert caught.value.param == param
    assert emulator.jobs == []


# --- sessions -----------------------------------------------------------------------------------


def test_with_a_session_it_starts_in_the_background_and_says_so(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    asked = {
        "prompt": PROMPT,
        "model": f"fal/{FAL}",
        "image": "https://example.org/a.png",
        "duration_seconds": 5,
        "audio": False,
        "timeoutMs": 60_000,
    }
    result = oc.video_generate(asked, session=SESSION, client=client)
    task_id = result["details"]["taskId"]
    ids = {"taskId": task_id, "runId": f"tool:video_generate:{task_id}"}
    assert result["details"] == {
        "async": True,
        "status": "started",
        **ids,
        "task": ids,
        "model": f"fal/{FAL}",
        "image": "https://example.org/a.png",
        "durationSeconds": 5,
        "audio": False,
        "timeoutMs": 60_000,
    }
    assert task_id in result["text"]
    assert "Do not ask" in result["text"]
    json.dumps(result)
    assert client.tasks()[0].run_id == ids["runId"]
    started(client, task_id).cancel()


def test_a_session_with_a_task_at_work_starts_nothing_and_gets_its_status(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)
    first = oc.video_generate({"prompt": PROMPT}, session=SESSION, client=client)["details"]
    task = started(client, first["taskId"])
    blocked = {"prompt": "another", "durationSeconds": "not looked at"}
    result = oc.video_generate(blocked, session=SESSION, client=client)
    phase = result["details"].pop("progressSummary")
    assert phase in {"queued at the provider", "generating"}
    assert result["details"] == {
        "action": "status",
        "duplicateGuard": True,
        "async": True,
        "active": True,
        "existingTask": True,
        "status": "running",
        "task": {"taskId": task.id, "runId": f"tool:video_generate:{task.id}"},
        "taskKind": "video_generation",
        "sourceId": "video_generate:fal",
        "provider": "fal",
    }
    for told in (task.id, "running", "fal", "nothing was started", "another session"):
        assert told in result["text"]
    with pytest.raises(oc.InvalidInput, match="prompt"):
        oc.video_generate({"prompt": " "}, session=SESSION, client=client)
    other = oc.video_generate({"prompt": PROMPT}, session="another", client=client)["details"]
    assert other["status"] == "started", "sessions are independent"
    assert len(client.tasks()) == 2
    task.cancel()
    started(client, other["taskId"]).cancel()


def test_an_ended_task_blocks_nothing(make_client):
    client = make_client("fal")
    for _ in range(2):
        result = oc.video_generate({"prompt": PROMPT}, session=SESSION, client=client)["details"]
        assert result["status"] == "started"
        client.task(result["taskId"]).result(9)


def test_a_task_without_an_owner_blocks_nothing(make_client, emulator):
    emulator.set(NEVER)
    gone = make_client("fal")
    started(
        gone, oc.video_generate({"prompt": "a"}, session=SESSION, client=gone)["details"]["taskId"]
    )
    gone.close()
    client = make_client("fal")
    status = oc.video_generate({"action": "status"}, session=SESSION, client=client)["details"]
    assert status == {"action": "status", "active": False}
    result = oc.video_generate({"prompt": "b"}, session=SESSION, client=client)["details"]
    assert result["status"] == "started"
    started(client, result["taskId"]).cancel()


def test_calls_that_race_each_other_start_one_task(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)

    def call(number: int) -> str:
        asked = {"prompt": f"{PROMPT} {number}"}
        return oc.video_generate(asked, session=SESSION, client=client)["details"]["status"]

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(call, range(6)))
    assert found.count("started") == 1
    (row,) = client.tasks()
    started(client, row.id).cancel()


def test_status_says_what_is_active_in_the_session(make_client, emulator):
    client = make_client("fal")
    emulator.set(NEVER)

    def status(session=SESSION):
        return oc.video_generate({"action": "status"}, session=session, client=client)

    assert status()["details"] == {"action": "status", "active": False}
    tasks = [client.generate_video(PROMPT, session=SESSION)]
    started(client, tasks[0].id)
    one = status()
    assert one["details"]["task"]["taskId"] == tasks[0].id
    assert "duplicateGuard" not in one["details"]
    assert all(word in one["text"] for word in (tasks[0].id, "running", "fal", "Wait"))
    tasks.append(client.generate_video("another", session=SESSION))
    started(client, tasks[1].id)
    two = status()
    assert two["details"]["taskCount"] == 2
    assert two["details"]["active"] is True
    ids = [entry["task"]["taskId"] for entry in two["details"]["tasks"]]
    assert ids == [tasks[1].id, tasks[0].id], "the newest comes first"
    assert len(two["text"].splitlines()) == 3
    assert status(None)["details"] == {"action": "status", "active": False}
    assert len(client.tasks()) == 2, "asking starts nothing"
    for task in tasks:
        task.cancel()


# --- list and schema ----------------------------------------------------------------------------


def test_list_tells_models_modes_and_what_is_configured(home):
    environ = {"MINIMAX_API_KEY": "HUSH"}
    client = oc.Client(home=home, environ=environ)
    result = oc.video_generate({"action": "list"}, client=client)
    details = result["details"]
    rows = {row["id"]: row for row in details["providers"]}
    assert details["kind"] == "video_generation"
    assert list(rows) == [provider.id for provider in PROVIDERS]
    assert {id: row["configured"] for id, row in rows.items()} == {
        provider.id: "MINIMAX_API_KEY" in provider.key.env for provider in PROVIDERS
    }
    for provider in PROVIDERS:
        row = rows[provider.id]
        assert set(row) - {"notes"} == {
            "id",
            "label",
            "defaultModel",
            "models",
            "modes",
            "configured",
            "authEnvVars",
            "capabilities",
            "catalog",
        }
        assert row["models"][0] == row["defaultModel"] == provider.default_model.id
        assert len(set(row["models"])) == len(row["models"]) == len(provider.models)
        assert row["modes"][0] == "generate"
        assert [entry["model"] for entry in row["catalog"]] == row["models"]
        assert [entry["default"] for entry in row["catalog"]].count(True) == 1
        assert row["authEnvVars"][0] in result["text"] or row["configured"]
        assert "/".join(row["modes"]) in result["text"]
    durations = rows["openai"]["capabilities"]["generate"]["supportedDurationSeconds"]
    assert json.dumps(durations) == "[4, 8, 12]"
    assert "durations=4/8/12" in result["text"]
    assert "env MINIMAX_API_KEY" in result["text"]
    assert "HUSH" not in json.dumps(result)


def test_the_schema_is_a_json_schema_for_function_calling():
    schema = oc.video_generate.schema
    Draft202012Validator.check_schema(schema)
    assert schema["type"] == "object"
    valid = Draft202012Validator(schema)
    assert valid.is_valid({"prompt": PROMPT, "durationSeconds": 5, "images": ["a.png"]})
    assert not valid.is_valid({"prompt": 5})
    assert not valid.is_valid({"action": "dance"})
    assert not valid.is_valid({"images": ["a"] * 10})
    assert not valid.is_valid({"durationSeconds": 0})
    assert all(each["description"] for each in schema["properties"].values())
    json.dumps(schema)


@pytest.mark.parametrize(
    "shape, declared",
    [
        (ChatCompletionFunctionToolParam, lambda given: {"type": "function", "function": given}),
        (FunctionToolParam, lambda given: {"type": "function", "strict": False, **given}),
        (google.Tool, lambda given: {"function_declarations": [given]}),
    ],
    ids=["openai chat", "openai responses", "google"],
)
def test_the_tool_is_a_function_declaration_as_it_is(shape, declared):
    tool = oc.video_generate
    given = {"name": tool.__name__, "description": tool.description, "parameters": tool.schema}
    adapter = TypeAdapter(shape, config=None)
    taken = adapter.dump_python(adapter.validate_python(declared(given)), exclude_none=True)
    assert tool.__name__ == "video_generate"
    assert all(name in str(taken) for name in tool.schema["properties"])
    assert re.fullmatch("[a-zA-Z0-9_-]{1,64}", tool.__name__)


def test_list_says_who_is_used_only_when_asked_for_by_name_and_why(home):
    environ = {"OPENAI_API_KEY": "k", "MINIMAX_API_KEY": "k"}
    client = oc.Client(
        {"models": {"providers": {"fal": {"apiKey": "${MINE}"}}}}, home=home, environ=environ
    )
    result = oc.video_generate({"action": "list"}, client=client)
    rows = {row["id"]: row for row in result["details"]["providers"]}
    assert rows["openai"]["configured"]
    assert "no longer served" in rows["openai"]["notes"][0]
    assert "configured: only when asked for by name, env OPENAI_API_KEY;" in result["text"]
    assert "configured: only when asked for by name, env MINIMAX_API_KEY" in result["text"]
    assert "configured: yes, env MINIMAX_API_KEY" in result["text"]
    assert not rows["fal"]["configured"]
    assert rows["fal"]["notes"] == ["models.providers.fal.apiKey refers to MINE, which is not set"]
    task = client.generate_video(PROMPT, model=f"fal/{FAL}", exact_model=True)
    with pytest.raises(oc.MissingKey, match="refers to MINE, which is not set"):
        task.result(9)


def test_a_task_of_a_session_tells_its_result_when_it_has_ended(make_client):
    client = make_client("fal")
    asked = {"prompt": PROMPT, "audio": False}
    ids = oc.video_generate(asked, session=SESSION, client=client)["details"]["task"]
    told = oc.video_generate.completed(client.task(ids["taskId"]))
    inline = oc.video_generate(asked, client=client)
    assert told["details"]["task"] == ids
    assert set(told["details"]) == {*inline["details"], "task"}
    assert told["text"].splitlines()[:2] == inline["text"].splitlines()[:2]


def test_a_task_of_a_session_tells_its_failure_when_it_has_ended(make_client, emulator):
    client = make_client("fal")
    emulator.set(Scenario(submit_moderated=True))
    ids = oc.video_generate({"prompt": PROMPT}, session=SESSION, client=client)["details"]["task"]
    told = oc.video_generate.completed(client.task(ids["taskId"]))
    details = told["details"]
    assert (details["status"], details["task"]) == ("failed", ids)
    assert details["attempts"][0]["reason"] == "content_policy"
    assert details["error"] in told["text"]
    json.dumps(told)


def test_a_started_task_ends_with_its_video(make_client):
    client = make_client("fal")
    details = oc.video_generate({"prompt": PROMPT}, session=SESSION, client=client)["details"]
    assert client.task(details["taskId"]).result(9).path.exists()
    assert client.task(details["taskId"]).state is TaskState.SUCCEEDED
