"""The `genblaze-openai` package, `SoraProvider`. It calls openai's blocking client in threads.

A clip is read whole; it polls every five seconds unless told otherwise.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from genblaze_core.models.enums import Modality
from genblaze_core.models.step import Step
from genblaze_openai import SoraProvider


class Client:
    """The provider's own cycle: submit, poll, fetch."""

    def __init__(self, provider: SoraProvider) -> None:
        self.provider = provider

    async def job(self, path: Path) -> Path:
        """Submit, poll, save; then given its name."""
        step = Step(
            provider="openai-sora",
            model="sora-2",
            prompt="a heron",
            modality=Modality.VIDEO,
            params={"seconds": 4},
        )
        done = await self.provider.ainvoke(step)
        return Path(url2pathname(urlsplit(done.assets[0].url).path)).replace(path)


@asynccontextmanager
async def opened(url: str, folder: Path) -> AsyncIterator[Client]:
    """Its address can be set only where openai reads it."""
    os.environ["OPENAI_BASE_URL"] = f"{url}/v1"
    yield Client(SoraProvider(api_key="key", poll_interval=0.001, output_dir=folder))
