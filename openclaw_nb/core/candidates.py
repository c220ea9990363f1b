"""Which models are tried for a request, and in which order."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openclaw_nb.core.capabilities import Model
from openclaw_nb.core.domain import Ref
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, shown


@dataclass(frozen=True, slots=True)
class Resolved:
    """What a text means: a ref, or nothing, and what is to be said about it."""

    ref: Ref | None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What the configuration says about models."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()
    auto_fallback: bool = True
    """Whether configured providers' default models follow, and ids without a provider are found."""
    timeout_ms: int | None = None
    """Milliseconds for one provider's whole operation."""
    current_default_provider: str | None = None
    """Its default model comes first among those found by themselves."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The refs to try, in order, each once; and what the user should be told about the choice."""

    refs: tuple[Ref, ...]
    notices: tuple[str, ...] = ()


def parse_ref(text: str) -> Ref | None:
    """Split at the first slash; None when either part is missing. Never raises."""
    provider, _, model = text.partition("/")
    provider, model = provider.strip(), model.strip()
    return Ref(provider, model) if provider and model else None


def find_provider(id: str, providers: Sequence[AnyProvider]) -> AnyProvider | None:
    """The first registered provider with this id or alias, in upper or lower case."""
    wanted = id.strip().casefold()
    return next((known for known in providers if wanted in _names(known)), None)


def _names(provider: AnyProvider) -> set[str]:
    return {name.casefold() for name in (provider.id, *provider.aliases)}


def resolve(text: str, providers: Sequence[AnyProvider], *, lookup: bool = True) -> Resolved:
    """The ref that `text` means.

    A registered provider's id or alias before the first slash decides. Otherwise the first provider
    that lists the whole text as a model has it, and a notice names the others that do. Otherwise
    the text is taken as it parses; trying it will say that there is no such provider.

    Args:
        text: `provider/model`, or a model id.
        providers: In registration order.
        lookup: Whether to search the providers' models.
    """
    parsed = parse_ref(text)
    if parsed and (known := find_provider(parsed.provider, providers)):
        return Resolved(Ref(known.id, parsed.model))
    model = text.strip()
    having = [p.id for p in providers if p.model(model) in p.models] if lookup else []
    if not having:
        return Resolved(parsed)
    first, *others = having
    if not others:
        return Resolved(Ref(first, model))
    refs = ", ".join(f"{id}/{model}" for id in others)
    notice = f"{shown(model)} is taken as {first}/{model}; {refs} would be possible too"
    return Resolved(Ref(first, model), (notice,))


def candidates(
    model: str | None,
    selection: Selection,
    providers: Sequence[AnyProvider],
    configured: Container[str],
    *,
    exact: bool = False,
    retired: Mapping[str, str] | None = None,
) -> Candidates:
    """The given model, then those of the configuration, then configured providers' defaults.

    Args:
        model: What the caller asked for, if anything.
        selection: What the configuration says.
        providers: In registration order.
        configured: The ids of the providers that have credentials; only the defaults need them.
        exact: Try nothing but `model`, when it is given.
        retired: By provider id what to say of a default model that is not served any more; such a
            default is passed over for its successor, if that is listed. `retired_defaults` makes it.

    Raises:
        InvalidInput: `model` means nothing that could be tried.
    """
    named = [] if model is None else [_asked(model, providers)]
    if not (exact and named):
        named.extend(_chosen(selection, providers))
        if selection.auto_fallback:
            tried = {found.ref for found in named}
            named.extend(_detected(selection, providers, configured, retired or {}, tried))
    refs = dict.fromkeys(found.ref for found in named if found.ref)
    notices = dict.fromkeys(notice for found in named for notice in found.notices)
    return Candidates(tuple(refs), tuple(notices))


def retired_defaults(providers: Sequence[AnyProvider], today: date) -> dict[str, str]:
    """What to say of each provider whose default model has come to its end by `today`."""
    told = {
        provider.id: retired(provider, provider.default_model.id, today)
        for provider in providers
        if provider.models
    }
    return {id: text for id, text in told.items() if text}


def retired(provider: AnyProvider, model: str, today: date) -> str:
    """What to say of a model that has come to its end by `today`; empty when it has not."""
    row = provider.model(model)
    if row.retires_on is None or row.retires_on > today:
        return ""
    following = f"; {provider.id}/{row.replaced_by} takes its place" if row.replaced_by else ""
    return f"{provider.id}/{row.id} is no longer served since {row.retires_on}{following}"


def _asked(model: str, providers: Sequence[AnyProvider]) -> Resolved:
    found = resolve(model, providers)
    if found.ref is None:
        raise InvalidInput(
            "model",
            f"{shown(model)} is neither provider/model nor a model id that a provider lists; "
            f"providers are {', '.join(provider.id for provider in providers)}. "
            "Nothing was sent.",
        )
    return found


def _chosen(selection: Selection, providers: Sequence[AnyProvider]) -> Iterator[Resolved]:
    for text in (selection.primary, *selection.fallbacks):
        if text is not None and text.strip():
            found = resolve(text, providers, lookup=selection.auto_fallback)
            yield found if found.ref else Resolved(None, (_passed_over(text),))


def _passed_over(text: str) -> str:
    return f"{shown(text)} in the configuration names no model; it is passed over"


def _detected(
    selection: Selection,
    providers: Sequence[AnyProvider],
    configured: Container[str],
    retired: Mapping[str, str],
    tried: Container[Ref | None],
) -> Iterator[Resolved]:
    """The default models of configured providers, by id, the current default provider's first."""
    usable: dict[str, AnyProvider] = {}
    for provider in providers:
        if provider.models and provider.id in configured:
            usable.setdefault(provider.id, provider)
    preferred = (selection.current_default_provider or "").strip().casefold()
    for provider in sorted(usable.values(), key=lambda p: (preferred not in _names(p), p.id)):
        default = provider.default_model
        if Ref(provider.id, default.id) in tried:
            continue
        if provider.id in retired:
            yield Resolved(successor(provider, default), (retired[provider.id],))
        else:
            yield Resolved(Ref(provider.id, default.id))


def successor(provider: AnyProvider, row: Model) -> Ref | None:
    """What takes the place of a retired model, if the provider lists it."""
    listed = any(other.id == row.replaced_by for other in provider.models)
    return Ref(provider.id, row.replaced_by) if row.replaced_by and listed else None
