"""Which models a sweep asks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import cast

from openclaw_nb.core.candidates import find_provider, resolve, successor
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, NoCandidate, shown
from openclaw_nb.live import selection, variables
from openclaw_nb.live.models import choose, configured
from openclaw_nb.live.models import named as named_models
from openclaw_nb.live.run import usable
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.vendors import Vendors

CONFIGURED, ALL, LIVE = "configured", "all", "live"


def refs_of(models: object, vendors: Vendors) -> tuple[str, ...]:
    """The models that `models` means, as `provider/model`, in order.

    Raises:
        InvalidInput: an entry names no model, or there is none; nothing was sent.
        NoCandidate: nothing is configured.
    """
    if models == CONFIGURED:
        return tuple(map(str, vendors.candidates(None).refs))
    providers = vendors.of(Medium.VIDEO)
    if models == ALL:
        gone = vendors.retired()
        found = [_default(each, each.id in gone) for each in providers if each.models]
        return tuple(found)
    if models == LIVE:
        return _live(vendors)
    several = isinstance(models, list | tuple)
    named = cast("Sequence[object]", models) if several else [models]
    if not named:
        raise InvalidInput("models", "names no model. Nothing was sent.")
    return tuple(_ref(each, providers) for each in named)


def _live(vendors: Vendors) -> tuple[str, ...]:
    """What a live run would ask, as the variables of the environment have it."""
    given = variables.read(os.environ)
    registry = {medium: vendors.of(medium) for medium in Medium}
    usable_at = partial(usable, vendors)
    (suite,) = selection.select(selection.asked(["video"]), given, registry, usable_at)
    named = configured(vendors.selection(), registry[Medium.VIDEO])
    named |= named_models(given.models, registry[Medium.VIDEO])
    chosen = [
        _chosen(provider, named, vendors)
        for provider in registry[Medium.VIDEO]
        if provider.id in suite.providers
    ]
    if not any(chosen):
        reason = suite.reason or "no model is known"
        raise NoCandidate(f"a live run would ask nobody: {reason}. Nothing was sent.")
    return tuple(filter(None, chosen))


def _chosen(provider: AnyProvider, named: Mapping[str, str], vendors: Vendors) -> str:
    """The model that a live run asks; empty, and told in the log, when there is none."""
    reach = vendors.reach(provider)
    there = reach.access.base_url == provider.base_url
    found = choose(reach.provider, named, datetime.now(tz=UTC).date() if there else None)
    if found.model is None:
        LOG.warning("%s is left out: %s", provider.id, found.note)
    return f"{provider.id}/{found.model}" if found.model else ""


def _default(provider: AnyProvider, gone: bool) -> str:
    following = successor(provider, provider.default_model) if gone else None
    return str(following or f"{provider.id}/{provider.default_model.id}")


def _ref(given: object, providers: Sequence[AnyProvider]) -> str:
    """A model as `provider/model`; of a provider's id alone, its default model."""
    text = given if isinstance(given, str) else ""
    if (provider := find_provider(text, providers)) and provider.models:
        return f"{provider.id}/{provider.default_model.id}"
    ref = resolve(text, providers).ref
    if ref is None or find_provider(ref.provider, providers) is None:
        raise InvalidInput(
            "models",
            f"{shown(given)} is neither a provider, nor provider/model, nor a model that a provider "
            f'lists; there are "{CONFIGURED}", "{ALL}", "{LIVE}", and the providers '
            f"{', '.join(each.id for each in providers)}. Nothing was sent.",
        )
    return str(ref)
