"""Which models a sweep asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from openclaw_nb.core.candidates import find_provider, resolve, successor
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.vendors import Vendors

CONFIGURED, ALL = "configured", "all"


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
    several = isinstance(models, list | tuple)
    named = cast("Sequence[object]", models) if several else [models]
    if not named:
        raise InvalidInput("models", "names no model. Nothing was sent.")
    return tuple(_ref(each, providers) for each in named)


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
            f'lists; there are "{CONFIGURED}", "{ALL}", and the providers '
            f"{', '.join(each.id for each in providers)}. Nothing was sent.",
        )
    return str(ref)
