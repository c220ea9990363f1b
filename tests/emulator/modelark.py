"""ModelArk as a plain HTTP client, as the vendor's package and as our own client see it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from byteplussdkarkruntime import Ark

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.vendors import Endpoint
from tests.capture import differences, listening

KEY = {"authorization": "Bearer k"}
PRO = "seedance-1-0-pro-250528"
PRO_FAST = "seedance-1-0-pro-fast-251015"
LITE_TEXT = "seedance-1-0-lite-t2v-250428"
LITE_IMAGE = "seedance-1-0-lite-i2v-250428"
SEEDANCE_15 = "seedance-1-5-pro-251215"
SEEDANCE_2 = "dreamina-seedance-2-0-260128"
SEEDANCE_2_FAST = "dreamina-seedance-2-0-fast-260128"


def text(prompt: str = "a heron") -> dict:
    return {"type": "text", "text": prompt}


def image(url: str = "https://example.com/a.png", role: str | None = "first_frame") -> dict:
    return {"type": "image_url", "image_url": {"url": url}} | ({"role": role} if role else {})


def video(url: str = "https://example.com/a.mp4", role: str = "reference_video") -> dict:
    return {"type": "video_url", "video_url": {"url": url}, "role": role}


def audio(url: str = "https://example.com/a.mp3", role: str = "reference_audio") -> dict:
    return {"type": "audio_url", "audio_url": {"url": url}, "role": role}


class ModelArk:
    """Requests as anyone could send them."""

    def __init__(self, http: httpx.Client, base_url: str) -> None:
        self.http, self.tasks = http, f"{base_url}/contents/generations/tasks"

    def submit(self, *content: dict, **body: object) -> httpx.Response:
        asked = {"content": list(content) or [text()], **body}
        return self.http.post(self.tasks, json=asked, headers=KEY)

    def get(self, id: str) -> httpx.Response:
        return self.http.get(f"{self.tasks}/{id}", headers=KEY)

    def list(self, query: str = "") -> httpx.Response:
        return self.http.get(f"{self.tasks}?{query}", headers=KEY)

    def delete(self, id: str) -> httpx.Response:
        return self.http.delete(f"{self.tasks}/{id}", headers=KEY)

    def made(self, *content: dict, **body: object) -> str:
        return self.submit(*content, **body).raise_for_status().json()["id"]

    def finished(self, *content: dict, **body: object) -> dict:
        id = self.made(*content, **body)
        while (task := self.get(id).json())["status"] in {"queued", "running"}:
            pass
        return task

    def film(self, *content: dict, **body: object) -> bytes:
        url = self.finished(*content, **body)["content"]["video_url"]
        return self.http.get(url).raise_for_status().content


def play(emulator, **scenario) -> None:
    emulator.set(Scenario(render="draft", **scenario))


@contextmanager
def official(base_url: str) -> Iterator:
    """byteplus-python-sdk-v2's `content_generation.tasks`."""
    client = Ark(base_url=base_url, api_key="k", max_retries=0)
    try:
        yield client.content_generation.tasks
    finally:
        client.close()


@contextmanager
def ours(services, id: str, home: Path) -> Iterator[Client]:
    """Our client, which knows the provider `id` alone."""
    client = Client(home=home, environ={}, endpoints={id: Endpoint(services.urls[id], "k", 0.01)})
    try:
        yield client
    finally:
        client.close()


def unlike(id: str, home: Path, our_words: dict, their_words: dict) -> dict:
    """What differs between our submission to the provider `id` and the vendor's client's."""
    with (
        listening() as services,
        official(services.urls[id]) as tasks,
        ours(services, id, home) as client,
    ):
        client.generate_video(**our_words).result(9)
        tasks.create(**their_words)
        submitted = [wanted for wanted in services.asked if wanted.method == "POST"]
    assert len(submitted) == 2
    return differences(*submitted)
