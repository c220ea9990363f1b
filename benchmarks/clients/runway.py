"""The `runwayml` package. It downloads nothing: the clip is fetched with the httpx it brings."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
from runwayml import AsyncRunwayML

TEXT = {"model": "gen4.5", "prompt_text": "a heron", "ratio": "1280:720", "duration": 5}


class Client:
    """The async client, and a plain one for the files."""

    def __init__(self, runway: AsyncRunwayML, http: httpx.AsyncClient) -> None:
        self.runway, self.http = runway, http

    async def job(self, path: Path) -> Path:
        """Submit, poll, save."""
        made = await self.runway.text_to_video.create(**TEXT)
        while (task := await self.runway.tasks.retrieve(made.id)).status != "SUCCEEDED":
            pass
        part = path.with_suffix(".part")
        async with self.http.stream("GET", task.output[0]) as answer:
            with part.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        return part.replace(path)

    async def wait(self) -> None:
        """`wait_for_task_output` as it comes."""
        made = await self.runway.text_to_video.create(**TEXT)
        await made.wait_for_task_output()


@asynccontextmanager
async def opened(url: str, _: Path) -> AsyncIterator[Client]:
    """With the package's own limits."""
    async with (
        AsyncRunwayML(base_url=url, api_key="key") as runway,
        httpx.AsyncClient(limits=httpx.Limits(max_connections=None), timeout=120) as http,
    ):
        yield Client(runway, http)
