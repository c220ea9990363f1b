"""The `openai` package as its guide shows it: `download_content`, then `write_to_file`."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from pathlib import Path

from benchmarks.clients import openai_videos


class Client(openai_videos.Client):
    """As its parent; a clip is held in memory whole."""

    async def save(self, id: str, path: Path) -> Path:
        """The clip, under its final name when it is whole."""
        part = path.with_suffix(".part")
        content = await self.videos.download_content(id, variant="video")
        content.write_to_file(part)
        return part.replace(path)


def opened(url: str, folder: Path) -> AbstractAsyncContextManager[openai_videos.Client]:
    """As its parent."""
    return openai_videos.opened(url, folder, Client)
