"""Keep every test, and every notebook run as one, away from the machine's own state and keys."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest

KEYS = ("_API_KEY", "_API_SECRET", "_OAUTH_TOKEN", "_PLAN_KEY", "_API_HOST", "_BASE_URL")
FOR_TESTS = ("OPENCLAW_NB_TEST_ENVS", "OPENCLAW_SOAK_")


def pytest_configure(config):
    if hasattr(config, "workerinput"):
        return  # a worker inherits the environment that the first process made
    for name in list(os.environ):
        ours = name.startswith("OPENCLAW_") and not name.startswith(FOR_TESTS)
        if ours or name == "FAL_KEY" or name.endswith(KEYS):
            del os.environ[name]
    state = tempfile.TemporaryDirectory(prefix="openclaw-tests-")
    config.add_cleanup(state.cleanup)
    os.environ |= _kept_in(state.name)
    os.environ["OPENCLAW_NB_EMULATE"] = "1"


def _kept_in(folder):
    return {
        "OPENCLAW_STATE_DIR": f"{folder}/state",
        "OPENCLAW_NB_MEDIA_DIR": f"{folder}/media",
    }


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A notebook has a state and an output directory of its own, and leaves nothing beside itself."""
    if item.path.suffix != ".ipynb":
        return (yield)
    before = {name: os.environ.get(name) for name in _kept_in("")}
    there = _files_beside(item.path)
    with tempfile.TemporaryDirectory(prefix="openclaw-notebook-") as folder:
        os.environ |= _kept_in(folder)
        try:
            result = yield
        finally:
            os.environ |= {name: value for name, value in before.items() if value is not None}
    left = _files_beside(item.path) - there
    assert not left, f"it left {', '.join(sorted(map(str, left)))}"
    return result


def _files_beside(notebook: Path) -> set[Path]:
    return {path for path in notebook.parent.rglob("*") if "__pycache__" not in path.parts}
