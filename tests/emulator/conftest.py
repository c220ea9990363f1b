"""An emulator for each test, and small reference media."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import fal_client
import httpx
import pytest
from PIL import Image

from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.vendors import Endpoint
from tests.capture import listening

DRAFT = Scenario(render="draft")


@pytest.fixture
def emulator():
    with Emulator(DRAFT) as running:
        yield running


@pytest.fixture
def http(emulator):
    with httpx.Client(timeout=30, trust_env=False) as client:
        yield client


@pytest.fixture
def services():
    """An emulator that writes down what it is asked; jobs are done at the first poll."""
    with listening(Scenario(polls=1, render="draft")) as heard:
        yield heard


@pytest.fixture
def ours(services, make_client):
    """What our own client asks for a video: `ours("fal", "a heron", model="fal/...")`."""

    def ask(id, prompt, **asked):
        client = make_client(endpoints={id: Endpoint(services.urls[id], "key", 0.01)})
        before = len(services.asked)
        client.generate_video(prompt, exact_model=True, **asked).result(20)
        return services.asked[before:]

    return ask


class FalRun:
    """fal's two hosts, and one call from prompt to result."""

    def __init__(self, emulator, http):
        self.url, self.queue = emulator.hosts["https://fal.run"], emulator.urls["fal"]
        self.emulator, self.http = emulator, http

    def post(self, endpoint, **body):
        headers = {"authorization": "Key k"}
        body = {"prompt": "a heron", **body}
        return self.http.post(f"{self.url}/{endpoint}", json=body, headers=headers)

    def run(self, endpoint, **body):
        return self.post(endpoint, **body).raise_for_status().json()


@pytest.fixture
def fal_run(emulator, http):
    return FalRun(emulator, http)


@pytest.fixture(scope="module")
def refusing():
    """One emulator for tests of what is refused, which leaves no trace in it."""
    with Emulator(DRAFT) as emulator, httpx.Client(timeout=30, trust_env=False) as http:
        yield FalRun(emulator, http)


def png(width: int, height: int, colour: tuple[int, int, int] = (200, 60, 40)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, "PNG")
    return out.getvalue()


def data_uri(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


@pytest.fixture
def media():
    class Media:
        image = staticmethod(png)
        uri = staticmethod(data_uri)

        @staticmethod
        def facts(data: bytes, folder: Path | None = None):
            import av

            with av.open(io.BytesIO(data)) as container:
                video = container.streams.video[0]
                seconds = (container.duration or 0) / 1e6
                rate = float(video.average_rate)
                return (video.width, video.height), seconds, rate, bool(container.streams.audio)

    return Media


@pytest.fixture
def official_at(monkeypatch):
    """fal-client with all of fal's hosts at one address, but https://fal.run beside it."""
    opened = []

    def kept(self, make=fal_client.SyncClient._get_cdn_client):
        opened.append(make(self))  # it never closes the connection of an upload
        return opened[-1]

    def at(url):
        monkeypatch.setattr(fal_client.SyncClient, "_get_cdn_client", kept)
        monkeypatch.setattr(fal_client.client, "QUEUE_URL_FORMAT", f"{url}/")
        monkeypatch.setattr(fal_client.client, "RUN_URL_FORMAT", f"{url}-run/")
        for name in ("REST_URL", "CDN_URL"):
            monkeypatch.setattr(fal_client.client, name, url)
        client = fal_client.SyncClient(key="test")
        opened.append(client._client)
        return client

    yield at
    for connections in opened:
        connections.close()


@pytest.fixture
def official(emulator, official_at):
    """fal-client, and the emulator."""
    return official_at(emulator.urls["fal"])
