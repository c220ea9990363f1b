"""Which model of a provider a live run asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from openclaw_nb.core.candidates import (
    Selection,
    find_provider,
    parse_ref,
    resolve,
    retired,
    successor,
)
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.live import variables

USUAL: Mapping[str, str] = {
    "alibaba": "wan2.6-t2v",
    "byteplus": "seedance-1-0-lite-t2v-250428",
    "fal": "fal-ai/minimax/video-01-live",
    "google": "veo-3.1-fast-generate-preview",
    "minimax": "MiniMax-Hailuo-2.3",
    "openai": "sora-2",
    "qwen": "wan2.6-t2v",
    "runway": "gen4.5",
    "together": "Wan-AI/Wan2.2-T2V-A14B",
    "vydra": "veo3",
    "xai": "grok-imagine-video",
}
"""The video model that is asked when nobody names one; of others, the provider's default."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """The model to ask, or why there is none."""

    model: str | None
    note: str = ""
    """What is to be said of the choice, or why there is none."""


def named(refs: Iterable[str], providers: Sequence[AnyProvider]) -> dict[str, str]:
    """By provider id the model that a list of `provider/model` names; of several the last.

    Raises:
        InvalidInput: an entry names no model of a provider; nothing was sent.
    """
    found: dict[str, str] = {}
    for text in refs:
        ref = parse_ref(text)
        provider = find_provider(ref.provider, providers) if ref else None
        if ref is None or provider is None:
            raise InvalidInput(
                variables.MODELS, f"{shown(text)} is no provider/model. Nothing was sent."
            )
        found[provider.id] = ref.model
    return found


def configured(selection: Selection, providers: Sequence[AnyProvider]) -> dict[str, str]:
    """By provider id the model that the configuration names; of several the last."""
    texts = [text for text in (selection.primary, *selection.fallbacks) if text]
    refs = [resolve(text, providers).ref for text in texts]
    return {ref.provider: ref.model for ref in refs if ref}


def choose(provider: AnyProvider, asked: Mapping[str, str], today: date | None) -> Chosen:
    """The model that was asked for, else the usual one, or what has taken its place.

    Args:
        provider: As it is reached.
        asked: By provider id the models that somebody named.
        today: None where another server than the vendor's answers, which may still have old models.
    """
    if provider.id in asked:
        return Chosen(asked[provider.id])
    usual = USUAL.get(provider.id) if provider.medium is Medium.VIDEO else None
    model = usual or (provider.default_model.id if provider.models else None)
    if model is None:
        return Chosen(None, f"no model of {provider.id} is known")
    gone = retired(provider, model, today) if today else ""
    if not gone:
        return Chosen(model)
    following = successor(provider, provider.model(model))
    return Chosen(following.model if following else None, gone)
