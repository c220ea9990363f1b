"""The `litellm` package, its video functions. A clip comes as bytes: it cannot be streamed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import litellm


class Client:
    """The async functions."""

    def __init__(self, url: str) -> None:
        self.options: dict[str, Any] = {
            "api_base": f"{url}/v1",
            "api_key": "key",
            "custom_llm_provider": "openai",
        }

    async def job(self, path: Path) -> Path:
        """Submit, poll, save."""
        made = await litellm.avideo_generation(
            model="openai/sora-2", prompt="a heron", seconds="4", **self.options
        )
        while (await litellm.avideo_status(video_id=made.id, **self.options)).status != "completed":
            pass
        part = path.with_suffix(".part")
        part.write_bytes(await litellm.avideo_content(video_id=made.id, **self.options))
        return part.replace(path)


@asynccontextmanager
async def opened(url: str, _: Path) -> AsyncIterator[Client]:
    """It keeps its connections itself."""
    yield Client(url)
