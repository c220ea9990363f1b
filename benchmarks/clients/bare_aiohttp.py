"""aiohttp and nothing else; a clip is held in memory whole."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

BODY = {"model": "sora-2", "prompt": "a heron", "seconds": "4"}


class Client:
    """OpenAI's wire by hand."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, f"{url}/v1/videos"

    async def job(self, path: Path) -> Path:
        """Submit, poll, save."""
        id = await self.submit()
        while True:
            async with self.http.get(f"{self.url}/{id}") as answer:
                if (await answer.json())["status"] == "completed":
                    break
        part = path.with_suffix(".part")
        await self.fetch(f"{self.url}/{id}/content", part)
        return part.replace(path)

    async def submit(self) -> str:
        """The id of a job."""
        async with self.http.post(self.url, json=BODY) as answer:
            return str((await answer.json())["id"])

    async def fetch(self, url: str, part: Path) -> None:
        """A file, read whole and then written."""
        async with self.http.get(url) as answer:
            part.write_bytes(await answer.read())


@asynccontextmanager
async def opened(url: str, _: Path, kind: type[Client] = Client) -> AsyncIterator[Client]:
    """As many connections as there are jobs."""
    head = {"authorization": "Bearer key"}
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, headers=head) as http:
        yield kind(http, url)
