"""aiohttp and nothing else; a clip is written while it comes."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks.clients import bare_aiohttp


class Client(bare_aiohttp.Client):
    """As its parent, in pieces of 64 KiB."""

    async def fetch(self, url: str, part: Path) -> None:
        """A file, written as it comes."""
        async with self.http.get(url) as answer:
            with part.open("wb") as file:
                async for chunk in answer.content.iter_chunked(65_536):
                    file.write(chunk)


def opened(url: str, folder: Path) -> AbstractAsyncContextManager[bare_aiohttp.Client]:
    """As its parent."""
    return bare_aiohttp.opened(url, folder, Client)
