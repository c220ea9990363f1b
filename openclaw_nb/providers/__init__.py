"""Every provider, in the order users see them. Each module also imports without the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import ModuleType

from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider

PROVIDERS: tuple[AnyProvider, ...]
"""Those that make video."""
by_id: Mapping[str, AnyProvider]

_MODULES = (
    "alibaba",
    "byteplus",
    "byteplus_seedance15",
    "byteplus_seedance2",
    "comfy",
    "deepinfra",
    "fal",
    "google",
    "minimax",
    "openai",
    "openrouter",
    "qwen",
    "runway",
    "together",
    "vydra",
    "xai",
)


_OF = {
    Medium.VIDEO: _MODULES,
    Medium.IMAGE: ("fal_image",),
    Medium.MUSIC: ("fal_music",),
}


@cache
def of(medium: Medium) -> tuple[AnyProvider, ...]:
    """The providers that make `medium`, in the order users see them."""
    # Loaded on first use, so that a broken provider breaks itself and this list, not its siblings.
    modules = [import_module(f"{__name__}.{name}") for name in _OF[medium]]
    return tuple(own for module in modules for own in (module.PROVIDER, *_twins(module)))


def __getattr__(name: str) -> object:
    if name not in ("PROVIDERS", "by_id"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    loaded = of(Medium.VIDEO)
    globals().update(PROVIDERS=loaded, by_id={provider.id: provider for provider in loaded})
    return globals()[name]


def _twins(module: ModuleType) -> tuple[AnyProvider, ...]:
    """Providers of the same wire under another id, such as another way to sign in."""
    return getattr(module, "TWINS", ())
