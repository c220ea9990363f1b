"""openclaw_nb: one line a job; ledger, checks and file name included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint

AT_ONCE = 200
"""The usual limit is 16 jobs at once; the others have none."""
SETTINGS = {
    "agents": {"defaults": {"mediaMaxMb": 1024}},
    "models": {
        "providers": {
            id: {"request": {"maxConcurrent": AT_ONCE}} for id in ("openai", "fal", "runway", "xai")
        }
    },
}
MODELS = {
    "openai": "openai/sora-2",
    "fal": "fal/fal-ai/minimax/video-01-live",
    "runway": "runway/gen4.5",
    "xai": "xai/grok-imagine-video",
}


class Client:
    """The client, and the wire that it speaks."""

    def __init__(self, client: oc.Client, wire: str) -> None:
        self.client, self.words = client, {"model": MODELS[wire], "exact_model": True}

    async def job(self, _: Path) -> Path:
        """One call; it names the file itself."""
        video = await self.client.generate_video("a heron", allow_parallel=True, **self.words)
        return video.path

    async def submit(self) -> None:
        """Until the provider's receipt is in the ledger."""
        task = self.client.generate_video("a heron", **self.words)
        taken = asyncio.Event()
        here = asyncio.get_running_loop()
        task.watch(lambda now: now.job_id and here.call_soon_threadsafe(taken.set))
        if not task.snapshot.job_id:
            await taken.wait()

    async def wait(self) -> None:
        """A job at the provider's pace."""
        await self.client.generate_video("a heron", **self.words)

    async def upload(self, file: Path) -> None:
        """From a video or an image."""
        kind = "image" if file.suffix == ".png" else "video"
        await self.client.generate_video("a heron", **{kind: file}, **self.words)


@asynccontextmanager
async def opened(
    url: str, folder: Path, poll_seconds: float | None = 0.001
) -> AsyncIterator[Client]:
    """With a ledger of its own."""
    wire = url.split("/")[4]
    base = f"{url}/v1" if wire in ("openai", "xai") else url
    async with oc.Client(
        SETTINGS,
        home=folder / "state",
        media_dir=folder / "clips",
        endpoints={wire: Endpoint(base, "key", poll_seconds)},
        environ={},
    ) as client:
        yield Client(client, wire)
