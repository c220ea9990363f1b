"""A JupyterLab of its own: a free loopback port, its own folders, the emulator for every kernel."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]

_OPTIONS = (
    "--no-browser",
    "--allow-root",
    "--ServerApp.ip=127.0.0.1",
    "--ServerApp.port_retries=0",
    "--ServerApp.password=",
    "--ServerApp.disable_check_xsrf=True",
    "--IdentityProvider.token=",
    "--LabApp.expose_app_in_browser=True",
    "--LabApp.news_url=",
    "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
)
_TRACKER = "@jupyterlab/notebook-extension/tracker.jupyterlab-settings"
# Every cell is in the page, also those that are scrolled away.
_SETTINGS = '{"windowingMode": "none"}'


@dataclass(frozen=True, slots=True)
class Server:
    """A running JupyterLab."""

    address: str
    root: Path
    """The folder that it shows."""

    def end_kernels(self) -> None:
        """Stop every kernel: a second run of a notebook must not meet the first one's."""
        with httpx.Client(base_url=self.address, timeout=60) as http:
            for session in http.get("/api/sessions").json():
                http.delete(f"/api/sessions/{session['id']}")


@contextmanager
def jupyterlab(
    root: Path,
    state: Path,
    *,
    base_url: str = "/",
    program: Sequence[str] = (sys.executable,),
    **variables: str,
) -> Iterator[Server]:
    """JupyterLab on the folder `root`; everything that it and its kernels keep goes to `state`.

    `base_url` is what its paths begin with, `program` the Python, `variables` go to its environment.
    """
    port = _free_port()
    command = [
        *(*program, "-m", "jupyterlab", *_OPTIONS),
        *(f"--ServerApp.port={port}", f"--ServerApp.root_dir={root}"),
        f"--ServerApp.base_url={base_url}",
    ]
    settings = state / "settings" / _TRACKER
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(_SETTINGS)
    with (state / "jupyterlab.log").open("w") as log:
        server = subprocess.Popen(
            command, env=_environ(state) | variables, stdout=log, stderr=log, cwd=root
        )
        try:
            yield Server(_answering(f"http://127.0.0.1:{port}{base_url.rstrip('/')}"), root)
        finally:
            server.terminate()
            server.wait(30)


def _environ(state: Path) -> dict[str, str]:
    return os.environ | {
        "PYTHONPATH": str(ROOT),
        "OPENCLAW_NB_EMULATE": "1",
        "OPENCLAW_NB_MEDIA_DIR": "",
        "OPENCLAW_STATE_DIR": str(state / "openclaw"),
        "IPYTHONDIR": str(state / "ipython"),
        "JUPYTER_CONFIG_DIR": str(state / "config"),
        "JUPYTER_DATA_DIR": str(state / "data"),
        "JUPYTER_RUNTIME_DIR": str(state / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(state / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(state / "workspaces"),
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",
    }


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def _answering(address: str) -> str:
    """`address`, once the server listens; the pauses between tries grow to two minutes in all."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=9), timeout=60) as http:
        http.get(f"{address}/api").raise_for_status()
    return address
