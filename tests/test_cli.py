"""The command line, as a person at a shell uses it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import httpx
import pytest

from openclaw_nb.providers import PROVIDERS

OPENCLAW = (sys.executable, "-m", "openclaw_nb.cli")


@pytest.fixture
def shell(tmp_path):
    environ = {**os.environ, "OPENCLAW_STATE_DIR": str(tmp_path / "state")}
    environ.pop("OPENCLAW_NB_EMULATE", None)

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*OPENCLAW, *arguments],
            env=environ,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return run


def test_generate_makes_a_video_where_it_is_wanted(shell, tmp_path):
    done = shell("generate", "paper boats", "--emulate", "--duration", "4", "--out", "boats.mp4")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "boats.mp4"
    assert (tmp_path / "boats.mp4").stat().st_size > 10_000

    listed = json.loads(shell("tasks", "list", "--json").stdout)
    assert listed["count"] == 1
    assert listed["tasks"][0]["status"] == "succeeded"

    (record,) = listed["tasks"]
    assert record["paths"]
    assert record["terminalOutcome"] == "succeeded"

    for lookup in (record["taskId"][:8], record["runId"]):
        assert "task: paper boats" in shell("tasks", "show", lookup).stdout

    ended = shell("tasks", "cancel", record["taskId"])
    assert ended.returncode == 1
    assert "has ended already" in ended.stderr


def test_without_a_key_generate_says_what_to_set_and_that_nothing_was_sent(shell):
    done = shell("generate", "paper boats")
    assert done.returncode == 1
    assert PROVIDERS[0].key.env[0] in done.stderr
    assert "Nothing was sent" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unknown_task_is_a_sentence_and_exit_code_1(shell):
    done = shell("tasks", "show", "12345678")
    assert done.returncode == 1
    assert "no task is called '12345678'" in done.stderr


def test_no_task_yet_is_an_empty_list(shell):
    done = shell("tasks", "list", "--status", "running")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "Tasks: 0",
        "Pressure: 0 queued, 0 running, 0 issues",
        "Status: running",
        "No tasks. openclaw-nb tasks audit looks for what is wrong.",
    ]
    listed = json.loads(shell("tasks", "list", "--status", "running", "--json").stdout)
    assert listed == {"count": 0, "runtime": None, "status": "running", "tasks": []}


def test_maintenance_and_audit_of_nothing_find_nothing(shell):
    assert shell("tasks", "maintenance").stdout.splitlines() == [
        "0 would be marked as lost",
        "0 would be forgotten; media stay",
        "0 would be deleted: unfinished downloads of processes that are gone",
        "--apply does it",
    ]
    done = json.loads(shell("tasks", "maintenance", "--apply", "--json").stdout)
    assert done == {"applied": True, "lost": [], "expired": [], "leftovers": []}
    assert json.loads(shell("tasks", "audit", "--json").stdout)["findings"] == []
    assert shell("tasks", "audit").stdout == "Findings: 0 of 0\n"


def test_emulate_prints_a_base_url_per_provider_and_ends_on_interrupt():
    command = [*OPENCLAW, "emulate", "--json", "--polls", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        urls = json.loads(process.stdout.readline())
        assert set(urls) >= {"fal", "fal-run", "minimax", "openai"}
        root = urls["fal"].rpartition("/")[0]
        assert httpx.get(f"{root}/_emulator/jobs").status_code == 200
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0


def test_config_sets_gets_and_takes_out_values(shell, tmp_path):
    key = "agents.defaults.videoGenerationModel.primary"
    assert shell("config", "set", key, "qwen/wan2.6-t2v").returncode == 0
    assert shell("config", "get", key).stdout == "qwen/wan2.6-t2v\n"
    assert shell("config", "path").stdout == f"{tmp_path / 'state' / 'openclaw.json'}\n"
    assert shell("config", "unset", key).returncode == 0
    gone = shell("config", "get", key)
    assert (gone.returncode, "is not set" in gone.stderr) == (1, True)
    wrong = shell("config", "set", "agents.defaults.mediaMaxMB", "5")
    assert (wrong.returncode, "did you mean mediaMaxMb?" in wrong.stderr) == (1, True)


def test_providers_are_listed_for_people_and_for_programs(shell):
    assert "configured: no, set FAL_KEY or FAL_API_KEY" in shell("providers", "list").stdout
    listed = json.loads(shell("providers", "list", "--json").stdout)["providers"]
    assert [row["id"] for row in listed] == [provider.id for provider in PROVIDERS]


def test_the_providers_of_images_are_listed_by_name(shell):
    listed = json.loads(shell("providers", "list", "image", "--json").stdout)
    assert listed["kind"] == "image_generation"
    assert [row["id"] for row in listed["providers"]] == ["fal"]
