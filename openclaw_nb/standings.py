"""Which providers can be used here: the one answer that the tables, the tool and a run agree on."""

from __future__ import annotations

from dataclasses import dataclass

from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError
from openclaw_nb.vendors import NO_KEY, Vendors


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether a provider can be used."""

    source: str | None
    """Where its key comes from, or `config` for one that needs none; None: it cannot be used."""
    by_itself: bool
    """Whether it is tried without being named."""
    notes: tuple[str, ...] = ()
    """What stands in its way, and what is wrong with its stored profiles."""


def standings(vendors: Vendors) -> dict[str, Standing]:
    """By id, how each provider stands."""
    detected = {ref.provider for ref in vendors.detected().refs}
    retired = vendors.retired()
    return {
        provider.id: Standing(
            vendors.source(provider),
            provider.id in detected,
            (
                *_obstacles(vendors, provider, retired.get(provider.id, "")),
                *vendors.faults(provider),
            ),
        )
        for provider in vendors.providers
    }


def _obstacles(vendors: Vendors, provider: AnyProvider, retired: str) -> tuple[str, ...]:
    """Why it cannot be used though something is configured, or why not without being named."""
    try:
        unusable = vendors.reach(provider).unusable
    except ConfigError as error:
        return (str(error),)
    return tuple(filter(None, (unusable.removeprefix(NO_KEY), retired)))


def told(provider: AnyProvider, standing: Standing) -> str:
    """Whether and how it is configured, in words: `env FAL_KEY`, `no, set FAL_KEY or FAL_API_KEY`."""
    if standing.by_itself:
        usable = standing.source or ""
    elif standing.source:
        usable = f"only when asked for by name, {standing.source}"
    elif provider.by_name_only:
        usable = "only when asked for by name"
    else:
        usable = f"no, set {' or '.join(provider.key.env)}"
    return "; ".join((usable, *standing.notes))
