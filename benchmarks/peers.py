"""Who is measured: each client with its pinned packages, and what it cannot do."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.environments import environment

OURS = "openclaw_nb"


@dataclass(frozen=True, slots=True)
class Peer:
    """A client, the file of `benchmarks/clients` that drives it, and where it runs."""

    name: str
    script: str
    packages: tuple[str, ...] = ()
    """Pinned; empty: what our own package needs."""
    wire: str = "openai"
    module: str = ""
    """What its users import."""
    lacks: str = ""
    """What it cannot do, and what is measured in its place."""
    bare: bool = False
    """An HTTP library, not a client of video providers."""

    @property
    def python(self) -> str:
        """The interpreter of its environment."""
        return made(self.packages) if self.packages else _ours()


BARE = ("aiohttp==3.14.5", "httpx==0.28.1")
OPENAI = ("openai==3.54.0",)

OPENCLAW = Peer(OURS, "openclaw", module="openclaw_nb")
STREAMING = Peer(
    "aiohttp, streaming",
    "bare_aiohttp_streaming",
    BARE,
    module="aiohttp",
    lacks="no ledger, no checks, no resuming: the least that the work can cost",
    bare=True,
)
OPENAI_CLIENT = Peer(
    "openai", "openai_videos", OPENAI, module="openai", lacks="no ledger, no file names"
)
PEERS = (
    OPENCLAW,
    Peer("aiohttp", "bare_aiohttp", BARE, lacks="holds a clip in memory", bare=True),
    STREAMING,
    Peer("httpx", "bare_httpx", BARE, lacks="no ledger, no checks", bare=True),
    OPENAI_CLIENT,
    Peer(
        "openai, whole",
        "openai_videos_whole",
        OPENAI,
        lacks="as its guide shows it: holds a clip in memory",
    ),
    Peer(
        "runwayml",
        "runway",
        ("runwayml==5.24.0",),
        wire="runway",
        module="runwayml",
        lacks="downloads nothing: the clip is fetched with httpx",
    ),
    Peer(
        "fal-client",
        "fal",
        ("fal-client==1.0.3",),
        wire="fal",
        module="fal_client",
        lacks="downloads nothing: the clip is fetched with httpx; its wire has one request more",
    ),
    Peer(
        "litellm",
        "litellm_video",
        ("litellm==1.106.2",),
        module="litellm",
        lacks="cannot stream: holds a clip in memory",
    ),
    Peer(
        "genblaze",
        "genblaze",
        ("genblaze-core==0.3.8", "genblaze-openai==0.3.4"),
        module="genblaze_openai",
        lacks="cannot stream: holds a clip in memory; has as many threads as asyncio gives it",
    ),
)


@cache
def made(packages: tuple[str, ...]) -> str:
    """The Python of an environment with these packages, made when it is not there."""
    return environment("bench-" + "-".join(packages).replace("==", "-"), packages)


@cache
def _ours() -> str:
    """The Python that a user of our package has: with what it needs, and nothing else."""
    project = tomllib.loads(Path(__file__).parent.with_name("pyproject.toml").read_text("utf-8"))
    return environment("bench-openclaw-nb", project["project"]["dependencies"])


def installed(peers: Iterable[Peer]) -> tuple[list[Peer], dict[str, str]]:
    """Those that can be installed; of the others, why not."""
    found: list[Peer] = []
    missing: dict[str, str] = {}
    for peer in peers:
        try:
            _ = peer.python
        except (OSError, subprocess.CalledProcessError) as error:
            missing[peer.name] = f"{' '.join(peer.packages)} cannot be installed: {error}"
        else:
            found.append(peer)
    return found, missing
