"""One mode of one provider: the request, the wait for it, and what its files show."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from openclaw_nb.client import Client
from openclaw_nb.core.capabilities import ModeCaps
from openclaw_nb.core.domain import Job, Medium, Mode
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.plan import taken
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import OpenclawError
from openclaw_nb.forecast import Verdict, forecast
from openclaw_nb.live import modes, requests, verdicts
from openclaw_nb.live.outcomes import Ending, Step
from openclaw_nb.live.variables import Variables
from openclaw_nb.notebook.items import Item
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import Result
from openclaw_nb.task import Task

_ASKED = ("duration_seconds", "size", "resolution", "aspect_ratio", "audio", "watermark")


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One mode of one provider, about to be tried."""

    client: Client
    provider: AnyProvider
    model: str
    mode: Mode
    given: Variables
    reference: Result | None = None
    """What the provider's first mode made."""
    emulated: bool = False
    """The emulator answers: every mode is tried, with whichever model has it."""
    watch: Callable[[Task[Any]], object] = lambda _: None
    """Called with the task as soon as it is started."""

    async def run(self, seconds: float) -> tuple[Step, Result | None]:
        """Try it for so long at most."""
        if reason := self._barred():
            return self._skipped(reason), None
        try:
            begun = await asyncio.to_thread(self._begin)
        except OpenclawError as error:
            return failed(self.mode, str(error)), None
        if isinstance(begun, str):  # what the model does not take is no failure of a transform
            first = self.mode is Mode.GENERATE
            return (failed(self.mode, begun) if first else self._skipped(begun)), None
        task, verdict = begun
        assert verdict.job is not None
        self.watch(task)
        begin = time.monotonic()
        step, made = await self._finish(task, seconds)
        spent = round(time.monotonic() - begin, 3)
        step = replace(step, sent=True, task_id=task.id, asked=_asked(verdict.job), seconds=spent)
        if verdict.job.model != self.model:
            step = replace(step, model=verdict.job.model)
        return (await asyncio.to_thread(_checked, step, verdict.job, made) if made else step), made

    def _barred(self) -> str:
        enabled = self.mode in self.provider.caps.modes()
        if self.emulated and enabled:
            return ""
        has_clip = self.reference is not None and bool(self.reference.paths)
        return modes.barred(
            self.provider.id, self.model, self.mode, enabled=enabled, has_clip=has_clip
        )

    def _skipped(self, reason: str) -> Step:
        return Step(mode=self.mode, ending=Ending.SKIPPED, reason=reason)

    def _begin(self) -> tuple[Task[Any], Verdict] | str:
        """Start the first request that would be sent; or why the first of them would not."""
        refused = ""
        for params in self.requests():
            request = read_request(params, strict_keys=True, medium=self.provider.medium)
            (verdict,) = forecast(self.client, request, exact=True).verdicts
            if verdict.runs and verdict.job is not None:
                return self._start(params), verdict
            refused = refused or verdict.reason
        return refused

    def _start(self, params: Mapping[str, Any]) -> Task[Any]:
        make: Callable[..., Task[Any]] = getattr(self.client, f"generate_{self.provider.medium}")
        return make(**params, exact_model=True, allow_parallel=True)

    def requests(self) -> Iterator[dict[str, Any]]:
        """The keywords of the request; on the emulator of all that may be, the best first."""
        others = [row.id for row in self.provider.models if row.id != self.model]
        for reference in self._references():
            for model in (self.model, *(others if self.emulated else ())):
                yield self._params(model, reference)

    def _references(self) -> Iterator[dict[str, object]]:
        """The references as files; on the emulator then by address."""
        match self.mode:
            case Mode.GENERATE:
                yield {}
            case Mode.IMAGE_TO_VIDEO | Mode.EDIT:
                yield {"image": requests.picture(requests.wish(self.provider.id).picture)}
                if self.emulated:
                    yield {"image": self._picture_address()}
            case Mode.VIDEO_TO_VIDEO:
                yield {"video": self.reference}
                if self.emulated and self.reference is not None:
                    yield {"video": self.reference.url}

    def _picture_address(self) -> str | None:
        """Where the emulator hosts a picture."""
        prompt = requests.OTHER_PROMPTS[Medium.IMAGE]
        return self.client.generate_image(prompt, allow_parallel=True).result().url

    def _params(self, model: str, reference: Mapping[str, object]) -> dict[str, Any]:
        given: dict[str, Any] = {
            "model": f"{self.provider.id}/{model}",
            "timeout_ms": self.given.timeout_ms,
            **reference,
        }
        if self.provider.medium is not Medium.VIDEO:
            return {**given, "prompt": requests.OTHER_PROMPTS[self.provider.medium]}
        given["prompt"] = requests.PROMPTS[self.mode]
        return {**given, **requests.settings(self.provider.id, self._takes(model, given))}

    def _takes(self, model: str, given: Mapping[str, Any]) -> ModeCaps | None:
        """What the model declares for a request with these references."""
        request = read_request(given, strict_keys=True, medium=Medium.VIDEO)
        return taken(request, self.client.load(request), self.provider, model)

    async def _finish(self, task: Task[Any], seconds: float) -> tuple[Step, Result | None]:
        try:
            async with asyncio.timeout(seconds):
                made: Result = await task
        except TimeoutError:
            reason = (
                f"it did not finish in time; openclaw-nb tasks resume {task.id[:8]} takes it up"
            )
            return replace(self._skipped(reason), drift=verdicts.Drift.TIMEOUT), None
        except OpenclawError as error:
            if drift := verdicts.drift(error):
                return replace(self._skipped(str(error)), drift=drift), None
            return failed(self.mode, str(error)), None
        return Step(mode=self.mode, ending=Ending.PASSED), made


def failed(mode: Mode, reason: str) -> Step:
    """A mode that failed before anything came of it."""
    return Step(mode=mode, ending=Ending.FAILED, reason=reason)


def _asked(job: Job) -> dict[str, Any]:
    found = {name: getattr(job, name) for name in _ASKED}
    return {name: value for name, value in found.items() if value is not None}


def _checked(step: Step, job: Job, made: Result) -> Step:
    """The step with what its files show, and failed when they are not what a result must be."""
    step = replace(step, files=tuple(map(str, made.paths)))
    if fault := verdicts.missing(made.medium, made.files):
        return replace(step, ending=Ending.FAILED, reason=fault)
    for file in made.files:
        if file.path is None:
            continue
        item = Item(path=file.path, media_type=file.media_type, kind=made.medium.file_kind)
        if item.contents is None:
            return replace(step, ending=Ending.FAILED, reason=f"{file.path} cannot be decoded")
        step = step if step.contents else replace(step, contents=item.contents)
    clip = step.contents
    found = verdicts.differences(job, clip) if isinstance(clip, Clip) else ()
    return replace(step, differences=found)
