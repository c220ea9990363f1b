"""Items as the page's scripts see them, in a notebook and in a page that stands alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from openclaw_nb.core.domain import Kind
from openclaw_nb.notebook import media, player
from openclaw_nb.notebook.items import Item

POSTER_WIDTH = 320
LARGEST = 4_000_000
"""The largest clip, in bytes, that a notebook's page is sent when its server cannot reach the file."""


def described(items: Sequence[Item]) -> list[dict[str, Any]]:
    """Everything but the clips: labels, facts, posters, and addresses relative to the notebook."""
    return [{**_facts(item), "link": player.address(item.path)} for item in items]


def playable(item: Item, budget: int = LARGEST) -> tuple[str, bytes | None]:
    """A media type, and at most `budget` bytes of it that any browser plays; None when nothing fits.

    The file itself when it is small, else a smaller video.
    """
    if item.kind is Kind.VIDEO:
        return "video/mp4", media.preview(item.path, budget)
    fits = item.size_bytes <= budget
    return item.media_type, item.path.read_bytes() if fits else None


def _facts(item: Item) -> dict[str, Any]:
    clip, ref = item.clip, item.result.ref if item.result else None
    width, height = item.shape or (0, 0)
    return {
        "label": item.label,
        "facts": item.facts,
        "kind": str(item.kind),
        "emulated": item.emulated,
        "poster": item.poster(POSTER_WIDTH),
        "provider": ref.provider if ref else "",
        "model": ref.model if ref else "",
        "ref": str(ref) if ref else "",
        "width": width,
        "height": height,
        "pixels": width * height,
        "seconds": getattr(item.contents, "seconds", 0),
        "fps": clip.fps if clip else 0,
        "taken": item.result.elapsed_seconds if item.result else 0,
        "sound": item.kind is Kind.AUDIO or bool(clip and clip.sound),
    }
