"""The `fal-client` package. It downloads nothing: the clip is fetched with the httpx it brings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import fal_client
import httpx

MODEL = "fal-ai/minimax/video-01-live"
TEXT = {"prompt": "a heron"}


class Client:
    """The async client, and a plain one for the files."""

    def __init__(self, fal: fal_client.AsyncClient, http: httpx.AsyncClient) -> None:
        self.fal, self.http = fal, http

    async def job(self, path: Path) -> Path:
        """Submit, poll, ask for the result (its wire has that request more), save."""
        handle = await self.fal.submit(MODEL, arguments=TEXT)
        while not isinstance(await handle.status(), fal_client.Completed):
            pass
        answer = await self.http.get(handle.response_url, headers={"authorization": "Key key"})
        part = path.with_suffix(".part")
        async with self.http.stream("GET", answer.json()["video"]["url"]) as answer:
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        return part.replace(path)

    async def wait(self) -> None:
        """`subscribe` as it comes."""
        await self.fal.subscribe(MODEL, arguments=TEXT)


@asynccontextmanager
async def opened(url: str, _: Path) -> AsyncIterator[Client]:
    """With the package's own limits."""
    fal_client.client.QUEUE_URL_FORMAT = f"{url}/"
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=120, trust_env=False) as http:
        yield Client(fal_client.AsyncClient(key="key"), http)
