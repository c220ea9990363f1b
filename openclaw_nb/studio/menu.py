"""The providers and models that a form offers, and what to set where there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.core.plan import modes
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.notebook.form import Choices

if TYPE_CHECKING:
    from openclaw_nb.client import Client

AUTOMATIC = ("Automatic: as configured", "")


def providers(client: Client, medium: Medium) -> Choices:
    """The usable providers by label, then those without a key."""
    known = client.vendors.of(medium)
    sources = {p.id: client.vendors.source(p) for p in known}
    ordered = sorted(known, key=lambda p: (not sources[p.id], p.label.casefold()))
    return (AUTOMATIC, *((_provider_label(p, sources[p.id]), p.id) for p in ordered))


def _provider_label(provider: AnyProvider, source: str | None) -> str:
    plain = provider.label.casefold().replace(" ", "")
    named = provider.label if plain == provider.id else f"{provider.label} ({provider.id})"
    return f"{named} · {source or 'not configured'}"


def models(provider: AnyProvider, medium: Medium, mode: Mode, chosen: str) -> Choices:
    """Every model of a provider, and the chosen one if it is not listed."""
    words = mode.words_for(medium)
    rows = [(_model_label(provider, row.id, mode, words), row.id) for row in provider.models]
    unlisted = chosen and chosen not in [id for _, id in rows]
    return (*rows, *([(chosen, chosen)] if unlisted else []))


def _model_label(provider: AnyProvider, id: str, mode: Mode, words: str) -> str:
    row = provider.model(id)
    has = mode in modes(provider, row) or mode in (row.siblings or {})
    return id if has else f"{id} · no {words}"


def first_model(provider: AnyProvider, mode: Mode, images: int, videos: int) -> str:
    """The model to begin with: the provider's own choice, else the first that has the mode."""
    if provider.default_for is not None:
        return provider.default_for(images, videos)
    having = (row.id for row in provider.models if mode in modes(provider, row))
    return next(having, provider.default_model.id)


def usable(client: Client, medium: Medium) -> bool:
    """Whether any provider is configured."""
    return any(client.vendors.source(provider) for provider in client.vendors.of(medium))


def keys(client: Client, medium: Medium) -> list[tuple[str, str]]:
    """Which variables make which provider usable."""
    return [
        (provider.label, " or ".join(provider.key.env))
        for provider in client.vendors.of(medium)
        if provider.key.env and not provider.by_name_only
    ]
