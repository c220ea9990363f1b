"""The pytest plugin in other people's suites: real child runs of pytest, also with xdist and nbmake."""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path

import nbformat
import pytest

from tests.test_imports import HEAVY, loaded_by
from tests.test_project import ROOT

pytest_plugins = ["pytester"]

PLUGIN = ("-p", "openclaw_nb.pytest_plugin")
WORKERS = ("-p", "xdist.plugin", "-n2")
NOTEBOOKS = ("-p", "nbmake.pytest_plugin", "--nbmake")
KEY = "sk-my-own-key"
SMALL = 'model="byteplus/seedance-1-0-lite-t2v-250428", resolution="480P", duration_seconds=2'
TELLS_AT_ITS_END = """
    import atexit, json, os

    def tell():
        with open("environ.json", "w") as file:
            json.dump(dict(os.environ), file)

    def pytest_configure(config):
        if not hasattr(config, "workerinput"):
            atexit.register(tell)
"""


class Suite:
    """Somebody's project with tests, a key and a state directory of their own."""

    def __init__(self, pytester: pytest.Pytester, home: Path) -> None:
        self.pytester, self.home = pytester, home
        pytester.makeconftest(TELLS_AT_ITS_END)

    def run(self, *arguments: str) -> pytest.RunResult:
        return self.pytester.runpytest_subprocess(*PLUGIN, *arguments)

    def notebook(self, name: str, *cells: str) -> None:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
        nbformat.write(notebook, self.pytester.path / name)

    def unchanged(self) -> bool:
        """Whether the owner's state is untouched, and the environment as it was."""
        after = json.loads((self.pytester.path / "environ.json").read_text())
        mine = {name: os.environ.get(name) for name in (*after, *os.environ)}
        ours = [name for name in mine if name.startswith("OPENCLAW_") or name.endswith("_KEY")]
        return not list(self.home.iterdir()) and all(after.get(n) == mine[n] for n in ours)


@pytest.fixture
def suite(pytester, tmp_path, environ):
    home = tmp_path / "home-of-the-owner"
    home.mkdir()
    environ["OPENCLAW_STATE_DIR"] = str(home)
    environ["OPENCLAW_NB_MEDIA_DIR"] = str(home)
    environ["FAL_KEY"] = KEY
    environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    return Suite(pytester, home)


USES_THE_FIXTURE = """
    import os, subprocess, sys
    import pytest
    import openclaw_nb as oc
    from openclaw_nb.emulator import Scenario

    def my_code(prompt):
        return oc.generate_video(prompt, model="minimax/MiniMax-Hailuo-2.3", exact_model=True).result(60)

    @pytest.fixture(scope="module", autouse=True)
    def client_of_the_module():
        from openclaw_nb import api
        mine = api.default_client()
        yield
        assert api.default_client() is mine

    @pytest.fixture
    def openclaw_scenario():
        return Scenario(render="draft")

    @pytest.mark.parametrize("prompt", ["a heron", "a gannet"])
    def test_a_clip(openclaw_emulator, prompt):
        video = my_code(prompt)
        assert video.emulated and video.path.is_file()
        (job,) = openclaw_emulator.jobs
        assert (job.provider, job.state, job.request["prompt"]) == ("minimax", "succeeded", prompt)
        (row,) = openclaw_emulator.client.tasks()
        assert row.prompt == prompt
        assert openclaw_emulator.base_urls["openai"].endswith("/openai/v1")

    def test_a_refusal(openclaw_emulator):
        openclaw_emulator.set({"minimax": Scenario(submit_moderated=True)})
        with pytest.raises(oc.ProviderRefused):
            my_code("a heron")
        assert openclaw_emulator.jobs == []

    @pytest.mark.parametrize("openclaw_scenario", [Scenario(ends="failed")])
    def test_a_failure(openclaw_emulator):
        with pytest.raises(oc.ProviderRefused):
            my_code("a heron")

    def test_an_emulation_of_the_tests_own_ends_with_it(openclaw_emulator):
        oc.emulate(Scenario(render="draft"))
        assert my_code("a heron").emulated
        assert openclaw_emulator.jobs == []

    def test_a_test_without_it_has_its_own_environment():
        assert os.environ["FAL_KEY"] == "sk-my-own-key"

    def test_a_process_of_the_test_is_on_the_emulator_too(openclaw_emulator):
        command = [sys.executable, "-m", "openclaw_nb.cli", "generate", "a heron", "--duration", "2"]
        command += ["--model", "byteplus/seedance-1-0-lite-t2v-250428", "--resolution", "480P"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert os.path.isfile(done.stdout.splitlines()[-1])
"""


def test_a_test_with_the_fixture_has_an_emulator_a_ledger_and_a_scenario_of_its_own(suite):
    suite.pytester.makepyfile(USES_THE_FIXTURE)
    suite.run().assert_outcomes(passed=7)
    assert suite.unchanged()


EMULATED_THROUGHOUT = f"""
    import os
    import pytest
    import openclaw_nb as oc

    assert os.environ["OPENCLAW_NB_EMULATE"] == "1" and not os.environ["FAL_KEY"]

    @pytest.fixture(scope="module")
    def emulation_of_the_module():
        with oc.emulate() as emulation:
            yield emulation

    @pytest.mark.parametrize("number", range(2))
    def test_a_clip(number):
        assert oc.generate_video(f"heron {{number}}", {SMALL}).result(60).emulated
        assert [task["prompt"] for task in oc.tasks()] == [f"heron {{number}}"]

    @pytest.mark.parametrize("number", range(2))
    def test_an_emulation_of_wider_scope_stays(emulation_of_the_module, number):
        assert oc.generate_video(f"gannet {{number}}", {SMALL}).result(60).emulated
        assert len(emulation_of_the_module.jobs) == number + 1
"""


def test_with_the_option_every_test_is_emulated_in_every_worker(suite):
    suite.pytester.makepyfile(EMULATED_THROUGHOUT)
    out = "--openclaw-out=made"
    suite.run("--openclaw-emulate", out, *WORKERS, "--dist=loadfile").assert_outcomes(passed=4)
    assert suite.unchanged()
    made = sorted(suite.pytester.path.glob("made/*test_a_clip*/*.mp4"))
    assert [path.parent.name[-1] for path in made] == ["0", "1"]


@pytest.mark.timeout(300)
def test_a_notebook_is_emulated_and_its_failure_shows_the_tasks_of_its_kernel(suite):
    suite.pytester.makeini("[pytest]\nopenclaw_emulate = true\n")
    suite.notebook(
        "work.ipynb",
        f"import openclaw_nb as oc\nvideo = await oc.generate_video('a heron', {SMALL})",
        "assert video.emulated and len(oc.tasks()) == 1",
        "raise SystemError('all else went well')",
    )
    result = suite.run(*NOTEBOOKS, *WORKERS)
    result.assert_outcomes(failed=1)
    shown = ["*all else went well*", "*- openclaw_nb -*", "task *prompt*", "*succeeded*a heron*"]
    result.stdout.fnmatch_lines(shown)
    assert suite.unchanged()
    assert not list(suite.pytester.path.rglob("*.mp4"))


def test_a_failing_test_shows_its_tasks_and_a_passing_one_nothing(suite):
    suite.pytester.makepyfile("""
        import openclaw_nb as oc
        from openclaw_nb.emulator import Scenario

        def test_good(openclaw_emulator):
            openclaw_emulator.set(Scenario(render="draft"))
            oc.generate_video("a heron").result(60)

        def test_bad(openclaw_emulator):
            openclaw_emulator.set(Scenario(ends="moderated"))
            oc.generate_video("a gannet", model="openai/sora-2", exact_model=True).result(60)
    """)
    result = suite.run()
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*- openclaw_nb -*", "*failed*openai/sora-2*a gannet*"])
    result.stdout.no_fnmatch_line("*succeeded*a heron*")


def test_the_live_variable_wins_over_the_option(suite, environ):
    environ["OPENCLAW_LIVE_TEST"] = "1"
    suite.pytester.makepyfile(f"""
        import os

        def test_it_is_the_owners():
            assert os.environ["OPENCLAW_STATE_DIR"] == {str(suite.home)!r}
            assert os.environ["FAL_KEY"] == {KEY!r}
            assert "OPENCLAW_NB_EMULATE" not in os.environ
    """)
    suite.run("--openclaw-emulate").assert_outcomes(passed=1)
    assert suite.unchanged()


def test_a_suite_that_asks_for_nothing_loads_nothing(suite):
    suite.pytester.makepyfile("""
        import sys

        def test_nothing_is_loaded():
            ours = [name for name in sys.modules if name.startswith("openclaw_nb")]
            assert sorted(ours) == ["openclaw_nb", "openclaw_nb.pytest_plugin"]
    """)
    suite.run().assert_outcomes(passed=1)


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_the_installed_package_brings_its_plugin(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", str(ROOT), "pytest"], check=True)
    (tmp_path / "test_mine.py").write_text("""
def test_mine(openclaw_emulator):
    import openclaw_nb as oc
    assert oc.generate_video("a heron").result(60).emulated
""")
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-W", "error", "-m", "pytest", "-W", "error", "test_mine.py"]
    done = subprocess.run(
        command, cwd=tmp_path, env=bare, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "1 passed" in done.stdout


def test_the_plugin_itself_loads_nothing_heavy():
    loaded = loaded_by("import openclaw_nb.pytest_plugin")
    assert not {name.partition(".")[0] for name in loaded} & set(HEAVY)
