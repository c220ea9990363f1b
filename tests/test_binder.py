"""What Binder does with `binder/`: builds it, runs its scripts, opens the quickstart on the emulator."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import venv
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx
import pytest

from tests.browser.server import ROOT, jupyterlab
from tests.environments import environment

BINDER = ROOT / "binder"
QUICKSTART = "notebooks/quickstart.ipynb"
REPO2DOCKER = "jupyter-repo2docker==2026.4.0"
DETECT = """
from repo2docker.app import Repo2Docker
app = Repo2Docker()
print(next(kind.__name__ for kind in app.buildpacks if kind(app.base_image).detect()))
"""
SCRIPTS = [BINDER / "start", BINDER / "postBuild"]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_a_script_can_be_run_and_has_no_fault_of_syntax(script):
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", str(script)], check=True)


def test_what_starts_there_is_on_the_emulator(tmp_path):
    tell = "import os; print(os.environ['OPENCLAW_NB_EMULATE'])"
    command = [str(BINDER / "start"), sys.executable, "-c", tell]
    bare = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    done = subprocess.run(command, env=bare, cwd=tmp_path, capture_output=True, check=True)
    assert done.stdout == b"1\n"


def test_the_badge_opens_the_quickstart():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (link,) = re.findall(
        r"https://mybinder\.org/v2/gh/[\w.-]+/[\w.-]+/HEAD\?urlpath=([^)\s]+)", readme
    )
    assert unquote(link) == f"lab/tree/{QUICKSTART}"
    assert (ROOT / QUICKSTART).is_file()


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_repo2docker_takes_it_for_a_python_project_and_installs_its_requirements():
    python = environment("repo2docker", [REPO2DOCKER])

    def said_by(*command):
        done = subprocess.run(
            [python, *command], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert done.returncode == 0, done.stderr
        return done.stdout + done.stderr

    assert said_by("-c", DETECT).split() == ["PythonBuildPack"]
    said = said_by("-m", "repo2docker", "--debug", "--no-build", str(ROOT))
    assert "python=3.11" in said
    copied, installed = said.index("COPY --chown=0:0 src/ ${REPO_DIR}/"), said.index("pip install")
    assert 'pip install --no-cache-dir -r "binder/requirements.txt"' in said[installed:]
    assert copied < installed, "the package is installed from the files that were copied"
    assert 'ENV R2D_ENTRYPOINT="${REPO_DIR}/binder/start"' in said
    assert "binder/postBuild" in said[installed:]


@pytest.mark.matrix
@pytest.mark.timeout(600)
def test_what_it_installs_serves_the_quickstart_as_the_first_page(tmp_path):
    venv.create(tmp_path / "venv", with_pip=True)
    python = str(tmp_path / "venv" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "-r", "binder/requirements.txt"]
    subprocess.run(install, cwd=ROOT, check=True)
    prepare = {
        **os.environ,
        "PATH": f"{Path(python).parent}:{os.environ['PATH']}",
        "PYTHONPATH": "",
    }
    subprocess.run([str(BINDER / "postBuild")], cwd=ROOT, env=prepare, check=True)
    with jupyterlab(
        ROOT,
        tmp_path,
        base_url="/user/abc/",
        program=(str(BINDER / "start"), python),
        PYTHONPATH="",
        OPENCLAW_NB_EMULATE="",
    ) as server:
        first = httpx.get(f"{server.address}/", timeout=60)
        assert first.is_redirect
        page = urlsplit(first.headers["location"]).path
        assert page == f"/user/abc/lab/tree/{QUICKSTART}"
        assert httpx.get(f"{server.address}/lab/tree/{QUICKSTART}", timeout=60).status_code == 200
        found = httpx.get(f"{server.address}/api/contents/{QUICKSTART}", timeout=60).json()
        assert found["type"] == "notebook"
