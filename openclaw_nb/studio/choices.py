"""What a form offers for a draft under a forecast. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from openclaw_nb.notebook.controls import (
    ANYTHING,
    FREE_OPTIONS,
    Choice,
    Setting,
    offer,
    option_settings,
)
from openclaw_nb.notebook.draft import Draft

if TYPE_CHECKING:
    from openclaw_nb.forecast import Forecast, Verdict


def lead(forecast: Forecast, draft: Draft) -> Verdict:
    """The candidate whose settings are offered: the one that was named, else the first that runs."""
    running = () if draft.provider else (v for v in forecast.verdicts if v.runs)
    return next(iter(running), forecast.verdicts[0])


def style(draft: Draft, verdict: Verdict | None) -> tuple[Choice, ...]:
    """The settings of the sheet, as the model takes them."""
    takes = verdict.takes if verdict else None
    return tuple((s, offer(s, takes), draft.settings.get(s.name)) for s in draft.sheet.settings)


def options(draft: Draft, verdict: Verdict | None) -> tuple[Choice, ...]:
    """A field for each option that the model declares; one for all where it declares none."""
    if verdict is None:
        return ()
    schema = verdict.takes.provider_options if verdict.takes else None
    return tuple((s, ANYTHING, _option(draft.options, s)) for s in option_settings(schema))


def _option(options: Mapping[str, object] | str, setting: Setting) -> object:
    if setting is not FREE_OPTIONS:
        return None if isinstance(options, str) else options.get(setting.name)
    return options if isinstance(options, str) else json.dumps(options) if options else None


def typed_options(text: str) -> Mapping[str, object] | str:
    """The options that a text means; the text itself if it is none."""
    try:
        read: object = json.loads(text)
    except ValueError:
        return text
    return cast("dict[str, object]", read) if isinstance(read, dict) else text
