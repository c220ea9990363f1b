"""Tasks without a provider: a coroutine on the core loop feeds them."""

import asyncio
import time
from dataclasses import dataclass, field
from pathlib import Path

from openclaw_nb.core.domain import Ref, Request, TaskState
from openclaw_nb.errors import TaskCancelled
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.results import SavedFile, Video
from openclaw_nb.task import Snapshot, Task

REF = Ref("fal", "fal-ai/minimax/video-01-live")
REQUEST = Request(prompt="a friendly lobster surfing at sunset", duration_seconds=5)
ID = "1a2b3c4d-0000-4000-8000-000000000000"


def a_video(path: Path | None = None, **changes) -> Video:
    file = SavedFile(media_type="video/mp4", name="lobster.mp4", path=path, size_bytes=1000)
    settings = {"task_id": ID, "ref": REF, "request": REQUEST, "files": (file,)} | changes
    return Video(**settings)


@dataclass
class Job:
    """A pretended job: `polls` polls, `step_seconds` apart, until `ended` is set."""

    task: Task = field(init=False)
    seconds: float = 0.0
    outcome: Video | BaseException = field(default_factory=a_video)
    polls: int = 0
    cancelled_at: float | None = None

    def __post_init__(self):
        self.task = Task(Snapshot(id=ID, request=REQUEST), on_cancel=self._cancel)
        self._work = None

    def start(self) -> Task:
        self._work = loop.start(self._run())
        return self.task

    def end(self) -> None:
        """Let the job end now."""
        loop.call_soon(self._end)

    def _end(self):
        ok = not isinstance(self.outcome, BaseException)
        self.task.finish(
            self.outcome,
            state=TaskState.SUCCEEDED if ok else TaskState.FAILED,
            ended_at=time.time(),
            **({"result": self.outcome, "progress": 1.0} if ok else {"error": str(self.outcome)}),
        )

    def _cancel(self):
        self.cancelled_at = self.cancelled_at or time.monotonic()
        if self._work is not None:
            self._work.cancel()

    async def _run(self):
        begun = time.monotonic()
        try:
            while (gone := time.monotonic() - begun) < self.seconds:
                self.polls += 1
                progress = gone / self.seconds if self.seconds < 1e6 else None
                self.task.update(
                    state=TaskState.RUNNING, ref=REF, progress=progress, attempt=1, candidates=1
                )
                await asyncio.sleep(0.05)
        except asyncio.CancelledError:
            self.task.finish(TaskCancelled("cancelled"), state=TaskState.CANCELLED)
            raise
        self._end()


FOR_EVER = 1e9
