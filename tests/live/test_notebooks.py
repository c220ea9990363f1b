"""The notebooks of the providers: made from one template, run live against the emulator, and told as a report."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import signal
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from hatchling.builders.wheel import WheelBuilder

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.emulator import Scenario
from openclaw_nb.errors import InvalidInput
from openclaw_nb.live import document, variables
from openclaw_nb.live.notebooks import FILES, Notebooks, stem
from openclaw_nb.live.outcomes import Ending, Outcome, Step, from_json, to_json
from openclaw_nb.live.verdicts import Drift
from openclaw_nb.notebook.words import Clip, Sound, Still

ROOT = Path(__file__).resolve().parents[2]
MARK = "marked-key-51c9"
BUSY = Scenario(render="draft", submit_status=402, submit_status_times=9)


@pytest.fixture(scope="module")
def template():
    path = ROOT / "docs" / "sweep_notebooks.py"
    spec = importlib.util.spec_from_file_location("sweep_notebooks", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_provider_has_the_notebook_that_the_template_makes(template):
    made = {template.place(provider): template.text(provider) for provider in template.every()}
    there = {path for path in template.SWEEPS.glob("*.ipynb") if path.stem != "all"}
    assert there == set(made)
    old = [path.name for path, text in made.items() if path.read_text("utf-8") != text]
    assert old == [], "run python docs/sweep_notebooks.py"


def test_what_is_not_up_to_date_is_told_and_not_written(template, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(template, "SWEEPS", tmp_path / "sweeps")
    assert template.main([]) == 0
    assert template.main(["--check"]) == 0
    (tmp_path / "sweeps" / "fal.ipynb").write_text("{}")
    assert template.main(["--check"]) == 1
    assert capsys.readouterr().out.strip() == "fal.ipynb is not up to date"


# --- trying one provider ------------------------------------------------------------------------


async def tried(trial):
    for mode in trial.modes:
        await trial.run(mode)
    return trial


def test_on_the_emulator_every_mode_is_tried_and_read(monkeypatch, make_client, emulator):
    emulator.set(Scenario(polls=1))
    trial = asyncio.run(tried(oc.try_out("runway", client=make_client())))
    trial.check()
    assert [step.mode for step in trial.outcome.steps] == [
        "generate",
        "imageToVideo",
        "videoToVideo",
    ]
    assert [step.differences for step in trial.outcome.steps] == [(), (), ()]
    assert all(Path(file).is_file() for step in trial.outcome.steps for file in step.files)
    assert "✓ video-to-video" in trial._repr_mimebundle_()["text/html"]


def test_what_differs_from_the_request_fails_on_the_emulator(make_client, emulator):
    emulator.set(Scenario(render="draft", polls=1))  # an eighth of the size
    trial = asyncio.run(tried(oc.try_out("minimax", client=make_client())))
    with pytest.raises(
        AssertionError, match=r"minimax: text-to-video failed: .*768P was asked for"
    ):
        trial.check()
    assert [step.mode for step in trial.outcome.steps] == ["generate"]


def test_a_mode_after_one_that_did_not_pass_is_told_as_skipped(make_client, emulator):
    emulator.set(BUSY)
    trial = oc.try_out("xai", client=make_client())
    first = asyncio.run(trial.run())
    assert (first.step.ending, first.step.drift) == (Ending.FAILED, Drift.BILLING)
    second = asyncio.run(trial.run("imageToVideo"))
    assert repr(second) == "image-to-video skipped: text-to-video failed before it"
    assert len(trial.outcome.steps) == 1


def test_without_the_switch_and_the_emulator_nothing_is_sent_and_nothing_fails(home):
    with_key = Client(home=home, environ={"RUNWAYML_API_SECRET": MARK})
    trial = asyncio.run(tried(oc.try_out("runway", client=with_key)))
    trial.check()
    assert trial.outcome.steps == ()
    assert "OPENCLAW_LIVE_TEST is off" in repr(trial)
    with_key.close()


@pytest.mark.parametrize(
    ("provider", "medium", "said"),
    [
        ("runwai", "video", "did you mean runway"),
        ("runway", "music", "runway makes no music; music is made by fal"),
        ("runway", "film", "'film' is not made; there are"),
    ],
)
def test_a_provider_or_medium_that_there_is_not_is_told(make_client, provider, medium, said):
    with pytest.raises(InvalidInput, match=said):
        oc.try_out(provider, medium=medium, client=make_client())


def test_a_mode_that_the_provider_has_not_is_told(make_client):
    with pytest.raises(InvalidInput, match="deepinfra has no 'imageToVideo'; it has generate"):
        asyncio.run(oc.try_out("deepinfra", client=make_client()).run("imageToVideo"))


def test_the_plan_is_what_will_be_sent(make_client, emulator):
    (verdict,) = oc.try_out("runway", client=make_client()).plan("imageToVideo").verdicts
    assert (verdict.runs, verdict.job.mode) == (True, Mode.IMAGE_TO_VIDEO)
    assert emulator.jobs == []


def test_what_each_model_takes_is_read_from_its_row(make_client):
    table = oc.try_out("runway", client=make_client()).models
    assert table.columns[0] == "Model"
    assert ("gen4.5", "text-to-video") in {row[:2] for row in table.rows}


STEPS = (
    Step(
        mode=Mode.GENERATE,
        ending=Ending.PASSED,
        sent=True,
        task_id="1",
        asked={"duration_seconds": 4, "audio": False, "size": "1280x720"},
        contents=Clip(width=1280, height=720, seconds=4.0, fps=24, codec="h264"),
        files=("files/a.mp4",),
        seconds=2.5,
    ),
    Step(mode=Mode.EDIT, ending=Ending.PASSED, contents=Still(width=9, height=9, format="PNG")),
    Step(
        mode=Mode.IMAGE_TO_VIDEO,
        ending=Ending.SKIPPED,
        drift=Drift.TIMEOUT,
        reason="<slow>",
        contents=Sound(seconds=3.0, rate=44100, channels=2, codec="mp3"),
    ),
)
OUTCOME = Outcome(medium=Medium.VIDEO, provider="fal", model="m", notes=("n",), steps=STEPS)


def test_an_outcome_comes_back_from_json_as_it_was():
    assert from_json(json.loads(json.dumps(to_json(OUTCOME)))) == OUTCOME


# --- the same cells, live -----------------------------------------------------------------------


@pytest.fixture
def live(emulator, tmp_path, monkeypatch):
    """Runs the notebook of a provider live: only hosts and keys differ from a run that costs money."""
    emulator.set(Scenario(polls=0))
    urls = {id: {"baseUrl": url} for id, url in emulator.base_urls.items() if id != "comfy"}
    state, folder = tmp_path / "state", tmp_path / "out"
    state.mkdir()
    folder.mkdir()
    (state / "openclaw.json").write_text(json.dumps({"models": {"providers": urls}}))

    def run(id, medium=Medium.VIDEO, environ=None, **given):
        own = {"OPENCLAW_STATE_DIR": str(state), "HOME": str(tmp_path), **(environ or {})}
        given = replace(variables.read(own), **given)
        notebooks = Notebooks(
            folder=folder, given=given, emulated=False, environ={**os.environ, **own}
        )
        return asyncio.run(notebooks.run(medium, id)), folder / f"{stem(medium, id)}.ipynb"

    return run


def test_live_the_notebook_asks_the_provider_with_its_key_and_holds_no_key(live, emulator):
    environ = {"XAI_API_KEY": MARK}
    outcome, path = live("xai", environ=environ, full_modes=True)
    endings = {step.mode: (step.ending, step.reason) for step in outcome.steps}
    assert endings[Mode.GENERATE] == endings[Mode.IMAGE_TO_VIDEO] == (Ending.PASSED, "")
    # As in a run that costs money: xAI takes no clip that is on this machine.
    assert endings[Mode.VIDEO_TO_VIDEO] == (
        Ending.SKIPPED,
        "takes reference videos by address only",
    )
    assert outcome.key == "env XAI_API_KEY"
    assert [job.provider for job in emulator.jobs] == ["xai", "xai"]
    assert all(Path(file).parent == path.parent / FILES for file in outcome.steps[0].files)
    left = [each for each in path.parent.rglob("*") if each.is_file()]
    assert [each for each in left if MARK.encode() in each.read_bytes()] == []
    cells = [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    assert all(cell.execution_count for cell in cells)


def test_live_keys_come_from_the_login_profile_which_is_not_executed(live, tmp_path):
    ran = tmp_path / "executed"
    (tmp_path / ".profile").write_text(f"export TOGETHER_API_KEY={MARK}\ntouch {ran}\n")
    outcome, path = live("together")
    assert (outcome.ending, outcome.from_profile) == (Ending.PASSED, "TOGETHER_API_KEY")
    assert not ran.exists()
    assert MARK not in path.read_text()


def test_live_a_provider_without_a_key_is_skipped_and_nothing_fails(live, emulator):
    outcome, path = live("vydra")
    assert (outcome.ending, outcome.skipped) == (Ending.SKIPPED, "no usable auth: no API key")
    assert "no usable auth" in path.read_text()
    assert emulator.jobs == []


@pytest.mark.parametrize(("strict", "ending"), [(False, Ending.SKIPPED), (True, Ending.FAILED)])
def test_live_a_failure_of_the_services_own_is_a_skip_unless_strict(live, emulator, strict, ending):
    emulator.set(BUSY)
    outcome, path = live("deepinfra", environ={"DEEPINFRA_API_KEY": MARK}, strict=strict)
    (step,) = outcome.steps
    assert (step.ending, step.drift) == (ending, Drift.BILLING)
    errors = [
        o.ename
        for c in nbformat.read(path, 4).cells
        for o in c.get("outputs", ())
        if o.output_type == "error"
    ]
    assert errors == (["AssertionError"] if strict else [])


def rehearsed(environ, **chosen):
    """What the notebook of a live run would tell of fal before it is run."""
    environ |= {"OPENCLAW_LIVE_TEST": "1", "FAL_KEY": MARK, **chosen}
    return oc.try_out("fal").outcome.skipped


def test_live_fal_runs_only_when_it_is_named(environ):
    named = variables.PROVIDERS
    assert rehearsed(environ) == f"runs only when {named} names it"
    assert rehearsed(environ, **{named: "runway"}) == f"{named} names others"
    assert rehearsed(environ, **{named: "fal,runway"}) == ""
    del environ[named]
    assert rehearsed(environ, **{variables.SKIPPED: "runway"}) == ""


def test_live_comfy_takes_no_part(environ):
    environ["OPENCLAW_LIVE_TEST"] = "1"
    assert "takes no part in a live run" in oc.try_out("comfy").outcome.skipped


def test_live_wins_over_the_emulator(environ):
    environ["OPENCLAW_LIVE_TEST"] = "1"
    with oc.emulate():
        assert oc.try_out("xai").outcome.skipped == "no usable auth: no API key"


# --- the command --------------------------------------------------------------------------------


@pytest.fixture
def sweep(tmp_path):
    """`openclaw-nb sweep` in an empty folder, and the process before it has ended."""
    state = {"OPENCLAW_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path)}

    def start(*arguments):
        return subprocess.Popen(
            [sys.executable, "-m", "openclaw_nb.cli", "sweep", *arguments],
            env={**os.environ, **state},
            cwd=tmp_path,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


def test_the_command_leaves_the_executed_notebooks_and_a_report_of_them(sweep, tmp_path):
    with sweep("--emulate", "image", "video", "--video-providers", "xai") as process:
        said, _ = process.communicate(timeout=110)
    assert process.returncode == 0, said
    (folder,) = (tmp_path / "openclaw_out").iterdir()
    assert f"Report    {folder / 'report.html'}" in said
    assert {path.name for path in folder.iterdir()} == {
        *("fal-images.ipynb", "xai.ipynb", "report.html", "report.json", FILES)
    }
    told = json.loads((folder / "report.json").read_text())
    assert [suite["suite"] for suite in told["suites"]] == ["image", "video"]
    (file,) = told["suites"][1]["providers"][0]["modes"][0]["files"]
    page = (folder / "report.html").read_text()
    assert f'href="{FILES}/{Path(file).name}"' in page
    assert 'src="data:video/mp4;base64,' in page
    assert "http" not in page.replace('http-equiv="Content-Security-Policy"', "")


def test_ctrl_c_ends_the_kernels_and_says_how_to_go_on(sweep, tmp_path):
    with sweep("--emulate", "video", "--video-providers", "xai", "--out", "here") as process:
        assert process.stdout.readline() == "video: xai\n"
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Jobs go on at the providers: openclaw-nb tasks resume lists them" in said
    assert not (tmp_path / "here" / "report.json").exists()


def test_what_vendors_said_is_text_in_the_report():
    page = document._step(STEPS[2], OUTCOME, document._Room())
    assert "&lt;slow&gt;" in page
    assert "<slow>" not in page


# --- what is built ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """A wheel and an sdist of a tree in which notebooks have been run."""
    tree = tmp_path_factory.mktemp("tree")
    names = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    for name in names:
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).write_bytes((ROOT / name).read_bytes())
    for left in ("openclaw_out/a.mp4", "sweeps/openclaw_out/b.mp4", ".ipynb_checkpoints/c.ipynb"):
        (tree / "notebooks" / left).parent.mkdir(parents=True, exist_ok=True)
        (tree / "notebooks" / left).write_text("left over")
    (path,) = WheelBuilder(str(tree)).build(directory=str(tree / "dist"))
    return zipfile.ZipFile(path).namelist()


def test_a_wheel_has_every_notebook_and_nothing_that_running_them_left(built):
    inside = [name for name in built if name.startswith("openclaw_nb/notebooks/")]
    notebooks = {
        f"openclaw_nb/notebooks/{path.relative_to(ROOT / 'notebooks')}"
        for path in (ROOT / "notebooks").rglob("*.ipynb")
        if not {".ipynb_checkpoints", "openclaw_out"} & set(path.parts)
    }
    assert {name for name in inside if name.endswith(".ipynb")} == notebooks
    assert "openclaw_nb/notebooks/assets/rocket.jpg" in inside
    assert [name for name in inside if "openclaw_out" in name or "checkpoints" in name] == []
    assert "openclaw_nb/live/report.css" in built
