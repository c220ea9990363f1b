"""Which suites run, and which providers take part in each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches

from openclaw_nb.core.candidates import find_provider
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.live import variables
from openclaw_nb.live.variables import Variables

SUITES = (Medium.IMAGE, Medium.MUSIC, Medium.VIDEO)
"""In the order in which they run when nobody says which."""
OUTSIDE = frozenset({"comfy"})
"""Takes no part: what it makes depends on the user's own workflow."""
NO_AUTH = "no usable auth"
NONE_SELECTED = "none selected"

Registry = Mapping[Medium, Sequence[AnyProvider]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the caller wants to run."""

    suites: tuple[Medium, ...] = SUITES
    providers: Mapping[Medium, str] = field(default_factory=dict[Medium, str])
    """By suite a comma list of providers; an absent one is the suite's own list."""
    check_keys: bool = True
    """Leave out who has no key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """One medium, and the providers that are asked for it, by id."""

    medium: Medium
    providers: tuple[str, ...] = ()
    without_key: tuple[str, ...] = ()
    """Left out because they have no key."""
    reason: str = ""
    """Why nothing of it runs."""


def asked(
    words: Sequence[str],
    providers: str | None = None,
    by_suite: Mapping[Medium, str | None] | None = None,
    *,
    check_keys: bool = True,
) -> Asked:
    """What the arguments mean: the suites named, or all; a suite's own list of providers wins."""
    every = not words or "all" in words
    named = {medium: (by_suite or {}).get(medium) or providers for medium in SUITES}
    return Asked(
        suites=SUITES if every else tuple(dict.fromkeys(map(Medium, words))),
        providers={medium: text for medium, text in named.items() if text},
        check_keys=check_keys,
    )


def select(
    wanted: Asked,
    given: Variables,
    registry: Registry,
    usable: Callable[[Medium, str], bool],
) -> tuple[Suite, ...]:
    """The suites in order, each with its providers in id order, or the reason why it is skipped.

    Args:
        wanted: What the caller named; it wins over the variables.
        given: What the environment says; its providers are those of the video suite.
        registry: By medium the providers that make it.
        usable: Whether a provider of a medium has what it needs to be called.

    Raises:
        InvalidInput: something names a provider that there is not; nothing was sent.
    """
    return tuple(_suite(medium, wanted, given, registry, usable) for medium in wanted.suites)


def _suite(
    medium: Medium,
    wanted: Asked,
    given: Variables,
    registry: Registry,
    usable: Callable[[Medium, str], bool],
) -> Suite:
    makers = sorted({provider.id for provider in registry[medium]} - OUTSIDE)
    named, skipped = _named(medium, wanted, given, registry)
    chosen = [id for id in makers if (id not in skipped if named is None else id in named)]
    left = [id for id in chosen if not wanted.check_keys or usable(medium, id)]
    reason = "" if left else NO_AUTH if chosen else NONE_SELECTED
    without = tuple(id for id in chosen if id not in left)
    return Suite(medium=medium, providers=tuple(left), without_key=without, reason=reason)


def _named(
    medium: Medium, wanted: Asked, given: Variables, registry: Registry
) -> tuple[set[str] | None, set[str]]:
    """The providers that were named for a suite, and those left out where none were."""
    video = medium is Medium.VIDEO
    skipped = _ids(given.skipped, registry, variables.SKIPPED) if video else set[str]()
    if (text := wanted.providers.get(medium)) is not None:
        named = variables.names(text)
        return (_ids(named, registry, "providers") if named else None), skipped
    if video and given.providers is not None:
        return _ids(given.providers, registry, variables.PROVIDERS), skipped
    return None, skipped


def _ids(names: Sequence[str], registry: Registry, where: str) -> set[str]:
    """The ids that names and aliases mean. A name that is a slip must not start what costs money."""
    return {known_id(name, registry, where) for name in names}


def everyone(medium: Medium, id: str) -> bool:  # noqa: ARG001 - as `usable` of `select`
    """Takes every provider for usable."""
    return True


def known_id(name: str, registry: Registry, where: str) -> str:
    """The id that a name or an alias means. Raises InvalidInput, with the nearest id."""
    every = [provider for providers in registry.values() for provider in providers]
    found = find_provider(name, every)
    if found is None:
        ids = sorted({provider.id for provider in every})
        near = get_close_matches(name, ids, n=1)
        hint = f"did you mean {near[0]}?" if near else f"providers are {', '.join(ids)}."
        raise InvalidInput(where, f"{shown(name)} is no provider; {hint} Nothing was sent.")
    return found.id
