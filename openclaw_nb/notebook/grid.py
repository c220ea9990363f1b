"""Many files as one grid of posters, small players and facts, for notebooks that are only read."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from openclaw_nb.core.domain import Kind
from openclaw_nb.notebook import media, player, render, words
from openclaw_nb.notebook.items import Item

POSTER_WIDTH = 320
_FAINT = "var(--jp-ui-font-color2,inherit)"
EMBEDDED_BYTES = 1_500_000
"""All previews of one grid together, before base64 makes a third more of them."""
MAX_ENCODED = 3_000_000_000
"""Pixels of all frames that are read to make previews for one grid: some seconds of work."""


def html(items: Sequence[Item]) -> str:
    """The grid; it needs no script, no style sheet and no kernel."""
    rows = "".join(
        _figure(item, preview) for item, preview in zip(items, _previews(items), strict=True)
    )
    box = "display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr))"
    return f'<div style="{box};{render.FONT}">{rows}</div>'


def text(items: Sequence[Item]) -> str:
    """A line for each file."""
    return "\n".join(
        words.joined([item.label, "EMULATED" if item.emulated else "", str(item.path), item.facts])
        for item in items
    )


def _previews(items: Sequence[Item]) -> list[bytes | None]:
    """Small films for as many of the first files as the budgets of bytes and of work allow."""
    share = min(media.PREVIEW_BYTES, EMBEDDED_BYTES // max(1, len(items)))
    made: list[bytes | None] = []
    left = MAX_ENCODED
    for item in items:
        clip = item.clip if item.kind is Kind.VIDEO else None
        left -= int(clip.width * clip.height * clip.fps * clip.seconds) if clip else 0
        made.append(media.preview(item.path, share) if clip and left >= 0 else None)
    return made


def _figure(item: Item, preview: bytes | None) -> str:
    link = player.address(item.path)
    label = escape(item.label)
    name = f'<a href="{escape(link)}" style="color:inherit">{label}</a>' if link else label
    mark = " · EMULATED" if item.emulated else ""
    return (
        f'<figure style="margin:0;min-width:0">{_picture(item, preview, link)}'
        f'<figcaption style="margin-top:6px;overflow-wrap:anywhere"><strong>{name}</strong><br>'
        f'<span style="font-size:12px;color:{_FAINT}">{escape(item.facts)}{mark}</span>'
        "</figcaption></figure>"
    )


def _picture(item: Item, preview: bytes | None, link: str | None) -> str:
    found = media.poster(item.path, POSTER_WIDTH) if item.kind is not Kind.AUDIO else None
    poster = render.data_url("image/jpeg", found) if found else ""
    source = render.data_url("video/mp4", preview) if preview else escape(link or "")
    label = escape(item.label)
    box = "display:block;width:100%;max-height:320px;border-radius:8px;background:#000"
    if item.kind is Kind.AUDIO:
        return f'<audio controls preload="none" src="{source}" aria-label="{label}" style="width:100%"></audio>'
    if item.kind is Kind.VIDEO and source:
        shown = f' poster="{poster}"' if poster else ""
        return (
            f'<video controls loop muted playsinline preload="none" src="{source}"{shown} '
            f'aria-label="{label}" style="{box};object-fit:contain"></video>'
        )
    return f'<img src="{poster}" alt="{label}" style="{box};object-fit:contain">' if poster else ""
