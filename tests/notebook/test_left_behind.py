"""What a notebook says of tasks whose kernel is gone."""

import json
import subprocess
import sys
import threading

import pytest

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.notebook import words
from tests.notebook.kernels import Kernel

ID = "1a2b3c4d-0000-4000-8000-000000000000"


@pytest.mark.parametrize(
    "count, said",
    [
        (1, "1 task of an earlier kernel can be taken up: oc.resume('1a2b3c4d')"),
        (
            2,
            "2 tasks of an earlier kernel can be taken up: oc.resume('1a2b3c4d'), oc.resume('1a2b3c4d')",
        ),
        (5, "5 tasks of an earlier kernel can be taken up: " + "oc.resume('1a2b3c4d'), " * 3),
    ],
)
def test_a_line_names_the_first_tasks_and_counts_the_others(count, said):
    line = words.left_behind([ID] * count)
    assert line == (said if count < 4 else f"{said[:-2]} and 2 more in oc.tasks()")


@pytest.fixture
def left(emulator, tmp_path, environ):
    """The first characters of a task that a process of this machine has left at fal."""
    home = tmp_path / "state"
    home.mkdir()
    environ.pop("OPENCLAW_NB_EMULATE", None)
    fal = {"baseUrl": emulator.base_urls["fal"], "apiKey": "key-of-fal"}
    settings = {"models": {"providers": {"fal": fal}}}
    (home / "openclaw.json").write_text(json.dumps(settings))
    emulator.set(Scenario(seconds=0.1, render="draft"))
    client = Client(home=home, environ={})
    taken, task = threading.Event(), client.generate_video("a heron")
    task.watch(lambda now: taken.set() if now.job_id else None)
    assert task.snapshot.job_id or taken.wait(20)
    client.close()
    return task.id[:8]


def test_a_new_kernel_says_once_what_can_be_taken_up_and_nothing_when_it_was(left, tmp_path):
    kernel = Kernel(sys.executable, tmp_path)
    try:
        assert kernel.run("import openclaw_nb as oc", 60) == "", "importing is silent"
        line = f"1 task of an earlier kernel can be taken up: oc.resume('{left}')\n"
        assert kernel.run("_ = oc.providers()", 60) == line
        assert kernel.run("_ = oc.providers(); _ = oc.tasks()", 60) == ""
        assert kernel.run(f"print(oc.resume('{left}').result(60).provider)", 90) == "fal\n"
        again = "from openclaw_nb import api; api._looked.clear(); _ = oc.tasks()"
        assert kernel.run(again, 60) == "", "nothing is left"
    finally:
        kernel.stop()


def test_a_script_says_nothing(left):
    program = "import openclaw_nb as oc; print(len(oc.tasks()))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    assert (done.stdout, done.stderr) == ("1\n", "")
