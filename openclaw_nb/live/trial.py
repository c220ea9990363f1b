"""The modes of one provider, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from openclaw_nb.client import Client
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError
from openclaw_nb.live import models, modes
from openclaw_nb.live.attempt import Attempt, failed
from openclaw_nb.live.outcomes import Ending, Outcome, Step
from openclaw_nb.live.selection import NO_AUTH
from openclaw_nb.live.variables import Variables
from openclaw_nb.runtime.results import Result
from openclaw_nb.task import Task


class Trial:
    """One provider under a configuration, and what came of it so far.

    Args:
        client: Sends the requests.
        given: What the environment says.
        provider: The provider, as it is registered.
        watch: Called with each task as soon as it is started.

    Raises InvalidInput for a variable that names no model; nothing was sent.
    """

    def __init__(
        self,
        client: Client,
        given: Variables,
        provider: AnyProvider,
        watch: Callable[[Task[Any]], object] = lambda _: None,
    ) -> None:
        self.client, self.given, self._watch = client, given, watch
        self.outcome = Outcome(medium=provider.medium, provider=provider.id)
        self.provider = provider
        self._first: Result | None = None
        self._spent = 0.0
        self._prepare()

    def _prepare(self) -> None:
        """Find the wire, the key and the model."""
        vendors = self.client.vendors
        named = named_models(self.client, self.given, self.provider.medium)
        try:
            reach = vendors.reach(self.provider)
        except ConfigError as error:
            self._add(failed(Mode.GENERATE, str(error)))
            return
        if reach.unusable:
            self.outcome = replace(self.outcome, skipped=f"{NO_AUTH}: {reach.unusable}")
            return
        there = reach.access.base_url == self.provider.base_url
        self._keyed()
        self.provider = reach.provider
        chosen = models.choose(self.provider, named, datetime.now(tz=UTC).date() if there else None)
        if chosen.model is None:
            self.outcome = replace(self.outcome, skipped=chosen.note)
            return
        notes = (chosen.note,) if chosen.note else ()
        self.outcome = replace(self.outcome, model=chosen.model, notes=notes)

    def _keyed(self) -> None:
        """Tell where the provider's key comes from."""
        vendors = self.client.vendors
        credential = vendors.credential(self.provider)
        source = credential.source if credential else "none needed"
        variable = source.removeprefix("env ")
        from_profile = variable if variable in vendors.from_profile else ""
        self.outcome = replace(self.outcome, key=source, from_profile=from_profile)

    @property
    def emulated(self) -> bool:
        """Whether the emulator answers in the provider's place."""
        return self.provider.id in self.client.vendors.stand_ins

    @property
    def where(self) -> str:
        """The address that is asked."""
        return self.client.vendors.reach(self.provider).access.base_url

    @property
    def order(self) -> tuple[Mode, ...]:
        """The modes in the order in which they are tried."""
        if self.emulated and self.given.full_modes:
            return self.provider.caps.modes()
        return modes.order(self.provider.medium, full=self.given.full_modes)

    @property
    def over(self) -> str:
        """Why nothing more is tried; empty while something is."""
        if self.outcome.skipped:
            return self.outcome.skipped
        last = self.outcome.steps[-1] if self.outcome.steps else None
        if last is None or last.ending is Ending.PASSED:
            return ""
        return f"{last.mode.words_for(self.outcome.medium)} {last.ending} before it"

    def attempt(self, mode: Mode) -> Attempt:
        """A mode, about to be tried of the chosen model."""
        return Attempt(
            client=self.client,
            provider=self.provider,
            model=self.outcome.model or self.provider.default_model.id,
            mode=mode,
            given=self.given,
            reference=self._first,
            emulated=self.emulated,
            watch=self._watch,
        )

    async def step(self, mode: Mode) -> Step:
        """Try a mode in what is left of the provider's time; nothing may be `over`."""
        begin = time.monotonic()
        left = max(0.0, self.given.limit_ms / 1000 - self._spent)
        step, made = await self.attempt(mode).run(left)
        self._spent += time.monotonic() - begin
        self._first = self._first or made
        return self._add(judged(step, strict=self.given.strict))

    def _add(self, step: Step) -> Step:
        self.outcome = replace(self.outcome, steps=(*self.outcome.steps, step))
        return step

    async def run(self) -> Outcome:
        """Try the modes in order, up to the first that does not pass."""
        for mode in self.order:
            if self.over:
                break
            await self.step(mode)
        return self.outcome


def named_models(client: Client, given: Variables, medium: Medium) -> Mapping[str, str]:
    """By provider id the models that variables and configuration name.

    Raises InvalidInput for a variable that names no model; nothing was sent.
    """
    vendors = client.vendors
    providers = vendors.of(medium)
    chosen = models.configured(vendors.selection(medium), providers)
    return chosen | (models.named(given.models, providers) if medium is Medium.VIDEO else {})


def judged(step: Step, *, strict: bool) -> Step:
    """The step as it counts: when strict, a drift fails, and so does a clip that differs."""
    if not strict:
        return step
    if step.drift:
        return replace(step, ending=Ending.FAILED)
    if step.ending is Ending.PASSED and step.differences:
        return replace(step, ending=Ending.FAILED, reason="; ".join(step.differences))
    return step
