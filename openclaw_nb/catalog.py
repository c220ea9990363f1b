"""The providers as the tool contract lists them: models, modes, limits, and whether they can be used."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, cast

from pydantic.alias_generators import to_camel

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, overlay
from openclaw_nb.core.domain import Mode
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.standings import Standing, told

_KIND = "video_generation"
_COUNTS = ("maxVideos", "maxInputImages", "maxInputVideos", "maxInputAudios", "maxDurationSeconds")
_STYLES = ("Size", "AspectRatio", "Resolution", "Audio", "Watermark")


def listed(providers: Iterable[AnyProvider], standings: Mapping[str, Standing]) -> dict[str, Any]:
    """`{"text": ..., "details": {...}}`. `standings`: by provider id, whether it can be used."""
    known = list(providers)
    blocks = [_text(provider, standings[provider.id]) for provider in known]
    rows = [_row(provider, standings[provider.id]) for provider in known]
    return {
        "text": "\n".join(blocks) or "No video provider is registered.",
        "details": {"kind": _KIND, "providers": rows},
    }


def _row(provider: AnyProvider, standing: Standing) -> dict[str, Any]:
    notes = {"notes": list(standing.notes)} if standing.notes else {}
    return {
        "id": provider.id,
        "label": provider.label,
        "defaultModel": provider.default_model.id,
        "models": [row.id for row in _default_first(provider)],
        "modes": [mode.value for mode in provider.caps.modes()],
        "configured": standing.source is not None,
        "authEnvVars": list(provider.key.env),
        "capabilities": capabilities(provider.caps),
        "catalog": [_model(provider, row) for row in _default_first(provider)],
        **notes,
    }


def _default_first(provider: AnyProvider) -> list[Model]:
    default = provider.default_model
    return [default, *(row for row in provider.models if row.id != default.id)]


def _model(provider: AnyProvider, row: Model) -> dict[str, Any]:
    caps = overlay(provider.caps, row.caps)
    modes = caps.modes() if row.modes is None else row.modes
    return {
        "kind": _KIND,
        "provider": provider.id,
        "model": row.id,
        "source": "static",
        "default": row.id == provider.default_model.id,
        "modes": [mode.value for mode in modes],
        "capabilities": capabilities(caps),
    }


def capabilities(caps: Caps) -> dict[str, Any]:
    """What is declared, in camelCase: by mode, and flat for what modes leave out."""
    blocks = {mode.value: block for mode in Mode if (block := caps.block(mode)) is not None}
    return {**_plain(caps), **{name: _plain(block) for name, block in blocks.items()}}


def _plain(caps: Caps | ModeCaps) -> dict[str, Any]:
    values = {to_camel(field.name): getattr(caps, field.name) for field in fields(caps)}
    return {
        name: _json(value)
        for name, value in values.items()
        if value is not None and not isinstance(value, ModeCaps)
    }


def _json(value: object) -> object:
    if isinstance(value, Mapping):
        values = cast("Mapping[str, object]", value)
        return {key: _json(each) for key, each in values.items()}
    return list(cast("tuple[object, ...]", value)) if isinstance(value, tuple) else value


def _text(provider: AnyProvider, standing: Standing) -> str:
    yes = "yes, " if standing.by_itself else ""
    models = ", ".join(row.id for row in _default_first(provider))
    modes = "/".join(mode.value for mode in provider.caps.modes())
    lines = [
        f"{provider.id}: default model {provider.default_model.id}",
        f"  models: {models}",
        f"  configured: {yes}{told(provider, standing)}",
        f"  keys: {' / '.join(provider.key.env)}",
        f"  modes={modes}",
    ]
    blocks = {mode: provider.caps.block(mode) for mode in provider.caps.modes()}
    lines += [f"  {m.value}: {', '.join(_limits(_plain(b)))}" for m, b in blocks.items() if b]
    return "\n".join(lines)


def _limits(caps: Mapping[str, Any]) -> list[str]:
    found = [f"{name}={caps[name]:g}" for name in _COUNTS if name in caps]
    if durations := caps.get("supportedDurationSeconds"):
        found.append(f"durations={_joined(durations)}")
    by_model: Mapping[str, Any] = caps.get("supportedDurationSecondsByModel", {})
    found += [f"durations of {model}={_joined(each)}" for model, each in by_model.items() if each]
    if styles := [style for style in _STYLES if caps.get(f"supports{style}")]:
        found.append(f"style={'/'.join(style[0].lower() + style[1:] for style in styles)}")
    if options := caps.get("providerOptions"):
        found.append("providerOptions=" + "/".join(f"{k}:{v}" for k, v in options.items()))
    return found


def _joined(durations: Iterable[float]) -> str:
    return "/".join(f"{seconds:g}" for seconds in durations)
