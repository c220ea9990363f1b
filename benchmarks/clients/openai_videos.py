"""The `openai` package, `client.videos`; a clip is written while it comes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from openai import AsyncOpenAI


class Client:
    """The async client."""

    def __init__(self, openai: AsyncOpenAI) -> None:
        self.videos = openai.videos

    async def job(self, path: Path) -> Path:
        """Submit, poll, save."""
        made = await self.videos.create(model="sora-2", prompt="a heron", seconds="4")
        while (await self.videos.retrieve(made.id)).status != "completed":
            pass
        return await self.save(made.id, path)

    async def save(self, id: str, path: Path) -> Path:
        """The clip, under its final name when it is whole."""
        part = path.with_suffix(".part")
        async with self.videos.with_streaming_response.download_content(id) as answer:
            await answer.stream_to_file(part)
        return part.replace(path)

    async def submit(self) -> None:
        """One job."""
        await self.videos.create(model="sora-2", prompt="a heron", seconds="4")

    async def wait(self) -> None:
        """`create_and_poll` as it comes."""
        await self.videos.create_and_poll(model="sora-2", prompt="a heron", seconds="4")

    async def upload(self, file: Path) -> None:
        """An edit, its video as a file of a form."""
        made = await self.videos.edit(prompt="a heron", video=file)
        while (await self.videos.retrieve(made.id)).status != "completed":
            pass


@asynccontextmanager
async def opened(url: str, _: Path, kind: type[Client] = Client) -> AsyncIterator[Client]:
    """With the package's own limits."""
    async with AsyncOpenAI(base_url=f"{url}/v1", api_key="key") as openai:
        yield kind(openai)
