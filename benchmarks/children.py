"""Processes: one serves, the others do once what is measured, each in a fresh one."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.peers import OPENCLAW, Peer

ROOT = Path(__file__).resolve().parent.parent
CHILD_SECONDS = 600
_labels = count()


def environ(**more: str) -> dict[str, str]:
    """The environment of every child: our sources, and neither a key nor a proxy of this machine."""
    secret = ("_API_KEY", "_API_SECRET", "FAL_KEY", "_proxy", "_PROXY")
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.endswith(secret) and not name.startswith("OPENCLAW_")
        # Our modules are compiled once, as pip compiles those of the others.
        if name != "PYTHONDONTWRITEBYTECODE"
    }
    return {**kept, "PYTHONPATH": str(ROOT), "LITELLM_LOCAL_MODEL_COST_MAP": "True", **more}


@dataclass(frozen=True)
class StandIn:
    """The server of `benchmarks.stand_in`, in a process of its own."""

    url: str
    process: psutil.Process
    http: httpx.Client

    def place(self, wire: str, *clip_bytes: int, seconds: float = 0.0) -> tuple[str, str]:
        """A fresh label, and the address under it whose jobs go so."""
        label, sizes = f"run-{next(_labels)}", ",".join(map(str, clip_bytes))
        return label, f"{self.url}/{label}/{wire}/{sizes}/{seconds:g}"

    def asked(self, label: str) -> dict[str, Any]:
        """What was asked there."""
        told: dict[str, Any] = self.http.get(f"{self.url}/_asked/{label}").json()
        return told

    @property
    def cpu_seconds(self) -> float:
        """CPU that it has used."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def stand_in() -> Iterator[StandIn]:
    """Serve until left."""
    process = subprocess.Popen(
        [OPENCLAW.python, "-m", "benchmarks.stand_in"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environ(),
    )
    assert process.stdout is not None
    with process, httpx.Client(trust_env=False, timeout=60) as http:
        # Leaving closes its input, which ends it.
        yield StandIn(process.stdout.readline().strip(), psutil.Process(process.pid), http)


def process(command: list[str], **environment: str) -> str:
    """What a fresh process prints. Raises RuntimeError when it fails."""
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
        env=environ(**environment),
        timeout=CHILD_SECONDS,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)[:200]}: {done.stderr[-2000:]}")
    return done.stdout


def command(peer: Peer, task: str, **given: object) -> list[str]:
    """How a client is run once."""
    return [peer.python, "-m", "benchmarks.clients", peer.script, task, json.dumps(given)]


def run(peer: Peer, task: str, **given: object) -> dict[str, Any]:
    """Have a client do something once, in a fresh process; what it told. Raises RuntimeError."""
    told: dict[str, Any] = json.loads(process(command(peer, task, **given)).splitlines()[-1])
    return told
