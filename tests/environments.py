"""Python environments of their own for what cannot be installed beside the package's own tests."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path


def environment(name: str, requirements: Sequence[str]) -> str:
    """The Python of the environment `name` with these requirements; made once on a machine."""
    made = os.environ.get("OPENCLAW_NB_TEST_ENVS") or f"{tempfile.gettempdir()}/openclaw-nb-envs"
    home = Path(made) / name
    python = home / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    ready = home / "ready"
    wanted = "\n".join(requirements)
    if not ready.exists() or ready.read_text() != wanted:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *requirements], check=True)
        ready.write_text(wanted)
    return str(python)
