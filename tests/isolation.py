"""Keep every test, and every notebook run as one, away from the machine's own state and keys."""

from __future__ import annotations

import os
import tempfile

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
    os.environ["OPENCLAW_STATE_DIR"] = f"{state.name}/state"
    os.environ["OPENCLAW_NB_MEDIA_DIR"] = f"{state.name}/media"
    os.environ["OPENCLAW_NB_EMULATE"] = "1"
