"""httpx and nothing else; a clip is written while it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

BODY = {"model": "sora-2", "prompt": "a heron", "seconds": "4"}


class Client:
    """OpenAI's wire by hand."""

    def __init__(self, http: httpx.AsyncClient, url: str) -> None:
        self.http, self.url = http, f"{url}/v1/videos"

    async def job(self, path: Path) -> Path:
        """Submit, poll, save."""
        id = (await self.http.post(self.url, json=BODY)).json()["id"]
        while (await self.http.get(f"{self.url}/{id}")).json()["status"] != "completed":
            pass
        part = path.with_suffix(".part")
        async with self.http.stream("GET", f"{self.url}/{id}/content") as answer:
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        return part.replace(path)


@asynccontextmanager
async def opened(url: str, _: Path) -> AsyncIterator[Client]:
    """As many connections as there are jobs."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
    head = {"authorization": "Bearer key"}
    async with httpx.AsyncClient(headers=head, limits=limits, timeout=120, trust_env=False) as http:
        yield Client(http, url)
