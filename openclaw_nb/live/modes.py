"""Which modes a live run goes through, and which it cannot try at a provider."""

from __future__ import annotations

from collections.abc import Mapping

from openclaw_nb.core.domain import Medium, Mode

_WANTS_URL = "takes reference videos by address only"
_NEVER_IMAGES: Mapping[str, str] = {
    "vydra": "veo3 takes text only, and kling takes images by address only"
}
_NEVER_VIDEOS: Mapping[str, str] = {
    "alibaba": _WANTS_URL,
    "google": "a clip in hand is not what it edits",
    "openai": "video edits need an access that not every key has",
    "qwen": _WANTS_URL,
    "xai": _WANTS_URL,
}
_VIDEOS_ONLY_BY: Mapping[str, tuple[str, ...]] = {
    "fal": ("seedance", "reference-to-video"),
    "runway": ("gen4_aleph",),
}
"""Of these, only models whose id has all of these texts in it take a clip."""


def order(medium: Medium, *, full: bool) -> tuple[Mode, ...]:
    """The modes in the order in which they are tried."""
    if medium is Medium.VIDEO and full:
        return (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
    return (Mode.GENERATE,)


def barred(provider: str, model: str, mode: Mode, *, enabled: bool, has_clip: bool) -> str:
    """Why a mode is not tried; empty when it is.

    Args:
        provider: Its id.
        model: The model that the mode would be asked of.
        mode: The mode.
        enabled: Whether the provider declares the mode.
        has_clip: Whether the provider's own clip is on this machine.
    """
    if mode is Mode.GENERATE:
        return ""
    if not enabled:
        return f"{provider} has no {mode.words}"
    if mode is Mode.IMAGE_TO_VIDEO:
        return _NEVER_IMAGES.get(provider, "")
    if never := _NEVER_VIDEOS.get(provider):
        return never
    parts = _VIDEOS_ONLY_BY.get(provider, ())
    if any(part not in model for part in parts):
        return f"{model} takes no clip"
    return "" if has_clip else "no clip of its own is at hand"
