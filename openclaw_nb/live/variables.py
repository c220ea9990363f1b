"""The environment variables of a live run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from openclaw_nb.config import is_on

SWITCHES = ("OPENCLAW_LIVE_TEST", "LIVE")
PROVIDERS = "OPENCLAW_LIVE_VIDEO_GENERATION_PROVIDERS"
SKIPPED = "OPENCLAW_LIVE_VIDEO_GENERATION_SKIP_PROVIDERS"
MODELS = "OPENCLAW_LIVE_VIDEO_GENERATION_MODELS"
FULL_MODES = "OPENCLAW_LIVE_VIDEO_GENERATION_FULL_MODES"
TIMEOUT_MS = "OPENCLAW_LIVE_VIDEO_GENERATION_TIMEOUT_MS"
STRICT = "OPENCLAW_LIVE_STRICT"

OPT_IN = ("fal",)
"""Runs only for who asks for it."""
_USUAL_TIMEOUT_MS = 180_000
_MARGIN_MS = 30_000
_MODES = 3
_WHOLE = re.compile(r"0*[1-9][0-9]{0,8}")
"""Milliseconds of up to eleven days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """What the environment says of a live run."""

    on: bool = False
    """Whether anything may run."""
    providers: tuple[str, ...] | None = None
    """Those that were named; None: all that are not skipped."""
    skipped: tuple[str, ...] = OPT_IN
    """Left out where nobody named providers."""
    models: tuple[str, ...] = field(default_factory=tuple)
    """`provider/model`, to be used for these providers."""
    full_modes: bool = False
    """The transform modes run, too."""
    timeout_ms: int = _USUAL_TIMEOUT_MS
    """Milliseconds that one provider operation may take."""
    strict: bool = False
    """Failures of the service's own and clips that differ from what was asked count, too."""

    @property
    def limit_ms(self) -> int:
        """Milliseconds that all modes of one provider may take together."""
        return (_MODES if self.full_modes else 1) * self.timeout_ms + _MARGIN_MS


def read(
    environ: Mapping[str, str],
    *,
    opt_in: tuple[str, ...] = OPT_IN,
    full_modes: bool = False,
    strict: bool = False,
) -> Variables:
    """The variables as they are set.

    Args:
        environ: The process environment.
        opt_in: The providers that are skipped when it does not say.
        full_modes: Whether the transform modes run when it does not say.
        strict: Whether every failure counts when it does not say.
    """
    named = names(environ.get(PROVIDERS, ""))
    skipped = environ.get(SKIPPED)
    return Variables(
        on=any(is_on(environ.get(name)) for name in SWITCHES),
        providers=named,
        skipped=opt_in if skipped is None else _listed(skipped.lower()),
        models=_listed(environ.get(MODELS, "")),
        full_modes=_switch(environ, FULL_MODES, usual=full_modes),
        timeout_ms=_milliseconds(environ.get(TIMEOUT_MS, "")),
        strict=_switch(environ, STRICT, usual=strict),
    )


def _switch(environ: Mapping[str, str], name: str, *, usual: bool) -> bool:
    said = environ.get(name)
    return is_on(said) if said else usual


def names(text: str) -> tuple[str, ...] | None:
    """The names in a comma list, in lower case; None for an empty one and for `all`."""
    found = _listed(text.lower())
    return None if not found or found == ("all",) else found


def _listed(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def _milliseconds(text: str) -> int:
    return int(text) if _WHOLE.fullmatch(text.strip()) else _USUAL_TIMEOUT_MS
