"""State of its own for every test, and a client that talks to an emulator."""

from __future__ import annotations

import asyncio
import io
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx
from PIL import Image

from openclaw_nb.client import Client
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.vendors import Endpoint
from tests.runtime.world import FakeClock, Server

DRAFT = Scenario(render="draft")
NEEDS_FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on Windows")
_NOBODY = 65534
KEYS = tuple(name for provider in PROVIDERS for name in provider.key.env)


class Hurry(Clock):
    """Real time, but pauses between polls are cut short."""

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(min(seconds, 0.01))


@pytest.fixture(autouse=True)
def _no_blocking():
    """A blocking call from our code on any event loop raises BlockingError."""
    scanned = ["openclaw_nb.runtime", "openclaw_nb.core", "openclaw_nb.providers"]
    with blockbuster_ctx(scanned) as guard:
        # Starting a task and asking for its result are blocking calls by design: they wait on the
        # caller's loop, never on ours (`wait` itself refuses that).
        guard.functions["threading.Lock.acquire"].can_block_in(
            "openclaw_nb/runtime/loop.py", "wait"
        )
        # What measures coverage locks its own data for a moment, on whatever thread it measures.
        guard.functions["threading.Lock.acquire"].can_block_in("coverage/collector.py", "lock_data")
        yield


@pytest.fixture(autouse=True)
def environ(tmp_path: Path):
    """The environment of this process, without keys; afterwards as it was."""
    before = dict(os.environ)
    for name in (*KEYS, "OPENCLAW_CONFIG_PATH", "OPENCLAW_NB_EMULATE", "OPENCLAW_LIVE_TEST"):
        os.environ.pop(name, None)
    os.environ["OPENCLAW_STATE_DIR"] = str(tmp_path / "state")
    os.environ["OPENCLAW_NB_MEDIA_DIR"] = str(tmp_path / "media")
    yield os.environ
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def as_nobody():
    """A directory of one's own, and permissions that count: as root, the test runs as nobody."""
    folder = Path(tempfile.mkdtemp())
    root = os.geteuid() == 0
    if root:
        os.chown(folder, _NOBODY, _NOBODY)
        os.seteuid(_NOBODY)
    yield folder
    if root:
        os.seteuid(0)
    shutil.rmtree(folder)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def emulator():
    with Emulator(DRAFT) as running:
        yield running


def endpoints(emulator: Emulator, *ids: str) -> dict[str, Endpoint]:
    """The emulator in the place of these vendors, or of all."""
    urls = emulator.base_urls
    return {id: Endpoint(urls[id], f"key-of-{id}", 0.01) for id in ids or urls}


@pytest.fixture
def make_client(emulator: Emulator, home: Path):
    """Clients over the emulator: `make_client("fal")` has a key for fal alone."""
    made: list[Client] = []

    def make(*ids: str, **options) -> Client:
        given = {"home": home, "environ": {}, "endpoints": endpoints(emulator, *ids)} | options
        made.append(Client(**given))
        return made[-1]

    yield make
    for client in made:
        client.close()


@pytest.fixture
def client(make_client) -> Client:
    return make_client()


@pytest.fixture
def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (1280, 720), (200, 60, 40)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="session")
def footage(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four seconds of a plain picture, large enough to be a reference."""
    import av

    path = tmp_path_factory.mktemp("footage") / "reference.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = 640, 360, "yuv420p"
        frame = av.VideoFrame.from_image(Image.new("RGB", (640, 360), (40, 90, 200)))
        for _ in range(96):
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture
def elsewhere():
    """Another origin."""
    server = Server()
    yield server
    server.close()
