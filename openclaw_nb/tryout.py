"""One provider tried out in a notebook: the emulator, or with OPENCLAW_LIVE_TEST=1 the provider itself."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Any

from openclaw_nb import api, offers
from openclaw_nb.client import Client
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.forecast import Forecast, forecast
from openclaw_nb.live import page, selection, variables
from openclaw_nb.live.outcomes import OUTCOME, Ending, Outcome, Step, to_json
from openclaw_nb.live.run import live_client
from openclaw_nb.live.trial import Trial
from openclaw_nb.live.variables import Variables
from openclaw_nb.notebook import kernel
from openclaw_nb.tables import Table
from openclaw_nb.task import Task

_OFF = "nothing is sent: OPENCLAW_LIVE_TEST is off, and openclaw_nb.emulate() was not called"


def try_out(provider: str, *, medium: str = "video", client: Client | None = None) -> TryOut:
    """One small request of each mode to a provider, each checked by reading its file.

    With OPENCLAW_LIVE_TEST=1 the provider itself is asked, which costs money, under the variables
    of a live run. Else the emulator is, after `emulate()` or with OPENCLAW_NB_EMULATE=1. Without
    any of them nothing is sent, and nothing fails. Nothing is sent before `run`.

    Args:
        provider: Its id.
        medium: What it is to make: `video`, `image` or `music`.
        client: Another client than the default one.

    Raises:
        InvalidInput: there is no such provider of this medium, or a variable names a provider or
            model that there is not.
        ConfigError: the configuration is not usable.
    """
    if medium not in set(Medium):
        raise InvalidInput("medium", f"{shown(medium)} is not made; there are {', '.join(Medium)}")
    environ = os.environ
    live = variables.read(environ).on
    client = client or (live_client(environ, api.media_dir()) if live else api.default_client())
    emulated = bool(client.vendors.stand_ins)
    given = variables.read(environ, full_modes=emulated, strict=emulated)
    found = _provider(client, provider, Medium(medium))
    trial = Trial(client, given, found, watch=_shown)
    if why := "" if emulated else _left_out(client, given, found) if live else _OFF:
        trial.outcome = replace(trial.outcome, skipped=why, steps=())
    return TryOut(trial)


def _provider(client: Client, name: str, medium: Medium) -> AnyProvider:
    registry = {each: client.vendors.of(each) for each in Medium}
    id = selection.known_id(name, registry, "provider")
    found = find_provider(id, registry[medium])
    if found is None:
        makers = ", ".join(each.id for each in registry[medium])
        raise InvalidInput("medium", f"{id} makes no {medium}; {medium} is made by {makers}")
    return found


def _left_out(client: Client, given: Variables, provider: AnyProvider) -> str:
    """Why a live run leaves this provider out; empty when it does not."""
    if provider.id in selection.OUTSIDE:
        return "takes no part in a live run: what it makes depends on the user's own workflow"
    wanted = selection.Asked(suites=(provider.medium,), check_keys=False)
    registry = {each: client.vendors.of(each) for each in Medium}
    (suite,) = selection.select(wanted, given, registry, selection.everyone)
    if provider.id in suite.providers:
        return ""
    if given.providers is not None:
        return f"{variables.PROVIDERS} names others"
    return f"runs only when {variables.PROVIDERS} names it"


def _shown(task: Task[Any]) -> None:
    if kernel.current() is not None:
        task.show()


@dataclass(frozen=True, slots=True)
class Tried:
    """One mode, and what came of it; as the last line of a cell it shows itself."""

    step: Step
    medium: Medium

    def __repr__(self) -> str:
        return page.step_text(self.step, self.medium)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {"text/html": page.step_html(self.step, self.medium), "text/plain": repr(self)}


class TryOut:
    """A provider about to be tried, and what came of it so far; made by `try_out`."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial

    @property
    def outcome(self) -> Outcome:
        """What came of it so far, as values."""
        return self._trial.outcome

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes that it has."""
        return self._trial.provider.caps.modes()

    @property
    def models(self) -> Table:
        """What each of its models takes."""
        return offers.models(self._trial.provider)

    def plan(self, mode: str = "generate") -> Forecast:
        """What would be sent for a mode: `generate`, `imageToVideo`, `edit`. Nothing is.

        Raises InvalidInput when there is no such mode, or its reference is not made yet.
        """
        params = next(self._trial.attempt(self._mode(mode)).requests())
        request = read_request(params, strict_keys=True, medium=self.outcome.medium)
        return forecast(self._trial.client, request, exact=True)

    async def run(self, mode: str = "generate") -> Tried:
        """Try a mode, up to the time limit, and read what came; nothing raises when it fails.

        What a live run leaves out is told as skipped. So is whatever comes after a mode that did
        not pass.

        Args:
            mode: `generate`, `imageToVideo`, `videoToVideo`, or `edit` for images.

        Raises InvalidInput when there is no such mode.
        """
        wanted, medium = self._mode(mode), self.outcome.medium
        why = self._trial.over
        if not why and wanted not in self._trial.order:
            why = f"{variables.FULL_MODES} is off"
        if why:
            return Tried(Step(mode=wanted, ending=Ending.SKIPPED, reason=why), medium)
        return Tried(await self._trial.step(wanted), medium)

    def check(self) -> None:
        """Raises AssertionError that names every mode that failed. Skipped ones do not count."""
        failed = [step for step in self.outcome.steps if step.ending is Ending.FAILED]
        if failed:
            told = "; ".join(page.step_text(step, self.outcome.medium) for step in failed)
            raise AssertionError(f"{self.outcome.provider}: {told}")

    def _mode(self, name: str) -> Mode:
        if name not in self.modes:
            raise InvalidInput(
                "mode",
                f"{self.outcome.provider} has no {shown(name)}; it has {', '.join(self.modes)}",
            )
        return Mode(name)

    @property
    def _facts(self) -> dict[str, str]:
        trial, outcome = self._trial, self.outcome
        asked = "the emulator on this machine" if trial.emulated else trial.where
        limit = f"{trial.given.timeout_ms / 1000:g} s for a request"
        modes = ", ".join(mode.words_for(outcome.medium) for mode in trial.order)
        notes = {"note": "\n".join(outcome.notes)} if outcome.notes else {}
        if outcome.skipped:
            return {"skipped": outcome.skipped, **notes}
        return {
            "asks": asked,
            "key": outcome.key or "",
            "model": outcome.model or "",
            "modes": modes,
            "time limit": limit,
            **notes,
        }

    def __repr__(self) -> str:
        return page.outcome_text(self._trial.provider.label, self._facts, self.outcome)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        html = page.outcome_html(self._trial.provider.label, self._facts, self.outcome)
        return {"text/html": html, "text/plain": repr(self), OUTCOME: to_json(self.outcome)}
