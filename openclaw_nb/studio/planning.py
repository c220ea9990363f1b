"""What the draft of a form would do, and what the form shows of that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from openclaw_nb import api
from openclaw_nb.core import inputs
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.domain import Medium, Mode, Request
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, NoCandidate, OpenclawError
from openclaw_nb.notebook import outlook
from openclaw_nb.notebook.code import as_code
from openclaw_nb.notebook.draft import Draft, Kept, kept
from openclaw_nb.notebook.form import Choices, State
from openclaw_nb.notebook.tray import Item, Shown
from openclaw_nb.studio import choices, menu

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.forecast import Forecast

UNWRITTEN = "…"
"""Stands for a prompt that is still to be written: the rest can be planned already."""
RUN_ONLY = ("session", "allow_parallel")
"""Keywords that say nothing about what is made."""
_BESIDE = ("exact_model", *RUN_ONLY)
"""Keywords that are not part of the request itself."""
_PLANNERS: Mapping[Medium, Callable[..., Forecast]] = {
    Medium.VIDEO: api.plan_video,
    Medium.IMAGE: api.plan_image,
    Medium.MUSIC: api.plan_music,
}


@dataclass(frozen=True, slots=True)
class Planned:
    """A draft, and what it would do."""

    asked: Draft
    kept: Kept
    """The draft with the settings that its model can keep."""
    forecast: Forecast | None = None
    trouble: str = ""
    """Why it cannot be planned; empty when it can."""


def plan(client: Client, asked: Draft) -> Planned:
    """Find out what the request would do, with the settings that its model can keep."""
    found = Planned(asked, Kept(asked))
    try:
        first = _forecast(client, asked)
        found = replace(found, kept=kept(asked, choices.lead(first, asked)))
        same = found.kept.draft == asked
        return replace(found, forecast=first if same else _forecast(client, found.kept.draft))
    except NoCandidate:
        return replace(found, trouble="No provider is configured yet.")
    except OpenclawError as error:
        return replace(found, trouble=str(error))


def _forecast(client: Client, draft: Draft) -> Forecast:
    given: dict[str, Any] = draft.keywords()
    given |= {"prompt": draft.prompt.strip() or UNWRITTEN}
    asked = {name: value for name, value in given.items() if name not in RUN_ONLY}
    return _PLANNERS[draft.sheet.medium](**asked, client=client)


def read(draft: Draft, given: Mapping[str, object]) -> Request:
    """Keywords as a request of the draft's kind. Raises InvalidInput."""
    return inputs.read_request(given, strict_keys=True, medium=draft.sheet.medium)


def code(draft: Draft) -> str:
    """The call that the draft means, as text; empty while it is not a legal one."""
    given: dict[str, Any] = draft.keywords()
    beside = {name: given.pop(name) for name in _BESIDE if name in given}
    given["prompt"] = given["prompt"] or UNWRITTEN
    try:
        return as_code(read(draft, given), **beside)
    except InvalidInput:
        return ""


def provider_of(client: Client, draft: Draft, id: str) -> AnyProvider | None:
    """The provider of this name, if it makes what the draft is for."""
    return find_provider(id, client.vendors.of(draft.sheet.medium)) if id else None


def state(client: Client, planned: Planned) -> State:
    """What the form shows."""
    draft, forecast = planned.kept.draft, planned.forecast
    verdict = choices.lead(forecast, draft) if forecast else None
    mode, sheet = draft.mode or draft.followed, draft.sheet
    return State(
        medium=sheet.medium,
        prompt=draft.prompt,
        prompt_hint=sheet.prompt_hint,
        mode=mode,
        modes=tuple(way.mode for way in sheet.ways),
        corrected=draft.mode is not None,
        kinds=tuple(slot.kind for slot in sheet.slots),
        references=tuple(_shown(planned.asked, item) for item in draft.items),
        providers=menu.providers(client, sheet.medium),
        provider=draft.provider,
        models=_models(client, planned.asked, mode),
        model=draft.model,
        exact_model=draft.exact_model,
        style=choices.style(draft, verdict),
        options=choices.options(draft, verdict),
        plan=outlook.plan_html(forecast, planned.kept.told) if forecast else "",
        setup=_setup(client, sheet.medium),
        why_not=_why_not(planned),
        code=code(draft),
    )


def _shown(draft: Draft, item: Item) -> Shown:
    slot = draft.sheet.slot(item.kind)
    return Shown(item, slot.roles if slot else (), draft.sends(item))


def _models(client: Client, draft: Draft, mode: Mode) -> Choices:
    provider = provider_of(client, draft, draft.provider)
    return menu.models(provider, draft.sheet.medium, mode, draft.model) if provider else ()


def _setup(client: Client, medium: Medium) -> str:
    if menu.usable(client, medium):
        return ""
    return outlook.setup_html(menu.keys(client, medium))


def _why_not(planned: Planned) -> str:
    if planned.trouble:
        return planned.trouble
    if missing := planned.asked.missing():
        return missing
    runs = planned.forecast and any(verdict.runs for verdict in planned.forecast.verdicts)
    return "" if runs else "No model can take this; the plan says why."
