"""Sends the requests of a live run: several providers at once, the modes of one after the other."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from openclaw_nb.client import Client
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.capabilities import ModeCaps
from openclaw_nb.core.domain import Job, Medium, Mode
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.plan import taken
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError, OpenclawError
from openclaw_nb.forecast import forecast
from openclaw_nb.live import models, modes, requests, verdicts
from openclaw_nb.live.outcomes import Ending, Outcome, Ran, Step
from openclaw_nb.live.selection import NO_AUTH, Suite
from openclaw_nb.live.variables import Variables
from openclaw_nb.notebook import media
from openclaw_nb.runtime.results import Result
from openclaw_nb.task import Task
from openclaw_nb.vendors import Vendors

AT_ONCE = 4
"""Providers at work at the same time."""


def usable(vendors: Vendors, medium: Medium, id: str) -> bool:
    """Whether a provider has what it needs to be called."""
    provider = find_provider(id, vendors.of(medium))
    try:
        return provider is not None and not vendors.reach(provider).unusable
    except ConfigError:
        return True  # to be told when it runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Sweep:
    """The suites over one client."""

    client: Client
    given: Variables
    strict: bool = False
    """Failures of the service's own and clips that differ from what was asked count, too."""
    tell: Callable[[Outcome], None] = lambda _: None
    """Called with each outcome, in id order."""

    async def run(self, suites: Sequence[Suite]) -> tuple[Ran, ...]:
        """One suite after the other; the first that fails is the last.

        Raises InvalidInput for a variable that names no model; nothing was sent.
        """
        named = [self._named(suite.medium) for suite in suites]
        done: list[Ran] = []
        for suite, asked in zip(suites, named, strict=True):
            done.append(await self._suite(suite, asked))
            if done[-1].failed:
                break
        return tuple(done)

    async def _suite(self, suite: Suite, asked: Mapping[str, str]) -> Ran:
        turns = asyncio.Semaphore(AT_ONCE)

        async def one(id: str) -> Outcome:
            async with turns:
                return await self._provider(suite.medium, id, asked)

        outcomes: list[Outcome] = []
        async with asyncio.TaskGroup() as group:
            running = [group.create_task(one(id)) for id in suite.providers]
            for each in running:
                outcomes.append(await each)
                self.tell(outcomes[-1])
        return Ran(suite=suite, outcomes=tuple(outcomes))

    async def _provider(self, medium: Medium, id: str, asked: Mapping[str, str]) -> Outcome:
        vendors = self.client.vendors
        provider = find_provider(id, vendors.of(medium))
        assert provider is not None
        blank = Outcome(medium=medium, provider=id)
        try:
            reach = vendors.reach(provider)
        except ConfigError as error:
            return replace(blank, steps=(_failed(Mode.GENERATE, str(error)),))
        if reach.unusable:
            return replace(blank, skipped=f"{NO_AUTH}: {reach.unusable}")
        there = reach.access.base_url == provider.base_url
        today = datetime.now(tz=UTC).date() if there else None
        chosen = models.choose(reach.provider, asked, today)
        if chosen.model is None:
            return replace(blank, skipped=chosen.note)
        named = replace(self._keyed(blank, provider), model=chosen.model)
        notes = (chosen.note,) if chosen.note else ()
        return replace(named, notes=notes, steps=await self._steps(reach.provider, chosen.model))

    def _keyed(self, outcome: Outcome, provider: AnyProvider) -> Outcome:
        """The outcome, and where the provider's key comes from."""
        vendors = self.client.vendors
        credential = vendors.credential(provider)
        source = credential.source if credential else "none needed"
        variable = source.removeprefix("env ")
        from_profile = variable if variable in vendors.from_profile else ""
        return replace(outcome, key=source, from_profile=from_profile)

    def _named(self, medium: Medium) -> Mapping[str, str]:
        """By provider id the models that variables and configuration name."""
        vendors = self.client.vendors
        providers = vendors.of(medium)
        chosen = models.configured(vendors.selection(medium), providers)
        video = medium is Medium.VIDEO
        return chosen | (models.named(self.given.models, providers) if video else {})

    async def _steps(self, provider: AnyProvider, model: str) -> tuple[Step, ...]:
        """The modes in order, up to the first that does not pass."""
        end = time.monotonic() + self.given.limit_ms / 1000
        steps: list[Step] = []
        clip: Result | None = None
        for mode in modes.order(provider.medium, full=self.given.full_modes):
            tried = _Mode(self, provider, model, mode, clip)
            step, made = await tried.run(end)
            steps.append(judged(step, strict=self.strict))
            if steps[-1].ending is not Ending.PASSED:
                break
            clip = clip or made
        return tuple(steps)


def judged(step: Step, *, strict: bool) -> Step:
    """The step as it counts: when strict, a drift fails, and so does a clip that differs."""
    if not strict:
        return step
    if step.drift:
        return replace(step, ending=Ending.FAILED)
    if step.ending is Ending.PASSED and step.differences:
        return replace(step, ending=Ending.FAILED, reason="; ".join(step.differences))
    return step


def _failed(mode: Mode, reason: str) -> Step:
    return Step(mode=mode, ending=Ending.FAILED, reason=reason)


@dataclass(frozen=True, slots=True)
class _Mode:
    """One mode of one provider, about to be tried."""

    sweep: Sweep
    provider: AnyProvider
    model: str
    mode: Mode
    clip: Result | None
    """What the provider's first mode made."""

    async def run(self, end: float) -> tuple[Step, Result | None]:
        """Try it until `end`, in seconds of the monotonic clock."""
        if reason := self._barred():
            return self._skipped(reason), None
        try:
            begun = await asyncio.to_thread(self._begin)
        except OpenclawError as error:
            return _failed(self.mode, str(error)), None
        if isinstance(begun, str):  # what the model does not take is no failure of a transform
            first = self.mode is Mode.GENERATE
            return (_failed(self.mode, begun) if first else self._skipped(begun)), None
        task, job = begun
        begin = time.monotonic()
        step, made = await self._finish(task, max(0.0, end - begin))
        spent = round(time.monotonic() - begin, 3)
        step = replace(step, sent=True, task_id=task.id, job=job, seconds=spent)
        return (await asyncio.to_thread(_checked, step, made) if made else step), made

    def _barred(self) -> str:
        enabled = self.mode in self.provider.caps.modes()
        has_clip = self.clip is not None and bool(self.clip.paths)
        return modes.barred(
            self.provider.id, self.model, self.mode, enabled=enabled, has_clip=has_clip
        )

    def _skipped(self, reason: str) -> Step:
        return Step(mode=self.mode, ending=Ending.SKIPPED, reason=reason)

    def _begin(self) -> tuple[Task[Any], Job] | str:
        """Start the task; or why the model would not be asked."""
        client, medium = self.sweep.client, self.provider.medium
        params = self._params()
        request = read_request(params, strict_keys=True, medium=medium)
        (verdict,) = forecast(client, request, exact=True).verdicts
        if verdict.job is None or not verdict.runs:
            return verdict.reason
        make: Callable[..., Task[Any]] = getattr(client, f"generate_{medium}")
        return make(**params, exact_model=True, allow_parallel=True), verdict.job

    def _params(self) -> dict[str, Any]:
        """The keywords of the request."""
        given: dict[str, Any] = {
            "model": f"{self.provider.id}/{self.model}",
            "timeout_ms": self.sweep.given.timeout_ms,
        }
        if self.provider.medium is not Medium.VIDEO:
            return {**given, "prompt": requests.OTHER_PROMPTS[self.provider.medium]}
        given["prompt"] = requests.PROMPTS[self.mode]
        if self.mode is Mode.IMAGE_TO_VIDEO:
            given["image"] = requests.picture(requests.wish(self.provider.id).picture)
        elif self.mode is Mode.VIDEO_TO_VIDEO:
            given["video"] = self.clip
        return {**given, **requests.settings(self.provider.id, self._takes(given))}

    def _takes(self, given: Mapping[str, Any]) -> ModeCaps | None:
        """What the model declares for a request with these references."""
        request = read_request(given, strict_keys=True, medium=Medium.VIDEO)
        found = self.sweep.client.load(request)
        return taken(request, found, self.provider, self.model)

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
            return _failed(self.mode, str(error)), None
        return Step(mode=self.mode, ending=Ending.PASSED), made


def _checked(step: Step, made: Result) -> Step:
    """The step with what its files show, and failed when they are not what a result must be."""
    if fault := verdicts.missing(made.medium, made.files):
        return replace(step, ending=Ending.FAILED, reason=fault)
    if made.medium is not Medium.VIDEO or not made.paths:
        return step
    clip = media.clip(made.path)
    if clip is None:
        return replace(step, ending=Ending.FAILED, reason=f"{made.path} cannot be decoded")
    found = verdicts.differences(step.job, clip) if step.job else ()
    return replace(step, clip=clip, differences=found)
