"""Many files as one grid of posters, small players and facts, for notebooks that are only read."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from html import escape
from importlib import import_module
from typing import Any

from openclaw_nb.core.domain import Kind
from openclaw_nb.notebook import kernel, media, player, render, words
from openclaw_nb.notebook.described import POSTER_WIDTH
from openclaw_nb.notebook.figures import data_url
from openclaw_nb.notebook.items import Item

EMBEDDED_BYTES = 1_400_000
"""All previews of one grid together, before base64 makes a third more of them."""
MAX_POSTERS = 100
"""Later ones are links only."""
MAX_ENCODED = 3_000_000_000
"""Pixels of all frames that are read to make previews for one grid: some seconds of work."""
_FAINT = "var(--jp-ui-font-color2,inherit)"


def bundle(items: Sequence[Item], make_widget: Callable[[], Any]) -> dict[str, Any]:
    """A widget, with HTML and text for whoever shows no widgets."""
    try:
        view, _ = make_widget()._repr_mimebundle_()
    except ImportError:
        view = {}
    return {**view, "text/html": html(items), "text/plain": text(items)}


def show(items: Sequence[Item], make_widget: Callable[[], Any]) -> None:
    """Display the widget, and below it what JupyterLab shows in its place once its kernel is gone.

    JupyterLab falls back to no other form of an output whose widget is lost; while the widget is there, its
    style sheet hides the second output.
    """
    if kernel.current() is None:
        sys.stdout.write(f"{text(items)}\n")
        return
    display: Any = import_module("IPython.display").display
    whole = bundle(items, make_widget)
    saved = {"text/html": whole["text/html"], "text/plain": whole["text/plain"]}
    if len(whole) > len(saved) and not {"VSCODE_PID", "COLAB_RELEASE_TAG"} & set(os.environ):
        display(whole | {"text/html": "", "text/plain": ""}, raw=True)
        display(saved, raw=True)
    else:
        display(whole, raw=True)


def html(items: Sequence[Item]) -> str:
    """The grid; it needs no script, no style sheet and no kernel."""
    inner = "".join(
        _figure(item, preview, pictured=at < MAX_POSTERS)
        for at, (item, preview) in enumerate(zip(items, _previews(items), strict=True))
    )
    box = "display:grid;gap:14px;grid-template-columns:repeat(auto-fit,minmax(min(100%,220px),1fr))"
    return f'<div class="ocl-saved" style="{box};{render.FONT}">{inner}</div>'


def text(items: Sequence[Item]) -> str:
    """A line for each file."""
    return "\n".join(
        words.joined([item.label, "EMULATED" if item.emulated else "", str(item.path), item.facts])
        for item in items
    )


def _previews(items: Sequence[Item]) -> list[bytes | None]:
    """Small films of as many of the first clips as the budgets of bytes and of work allow."""
    share = min(media.PREVIEW_BYTES, EMBEDDED_BYTES // len(items))
    made: list[bytes | None] = []
    work = 0.0
    for item in items:
        clip = item.clip if item.kind is Kind.VIDEO else None
        work += clip.width * clip.height * clip.fps * clip.seconds if clip else 0
        made.append(media.preview(item.path, share) if clip and work <= MAX_ENCODED else None)
    return made


def _figure(item: Item, preview: bytes | None, *, pictured: bool) -> str:
    link = player.address(item.path)
    label = escape(item.label)
    name = f'<a href="{escape(link)}" style="color:inherit">{label}</a>' if link else label
    mark = " · EMULATED" if item.emulated else ""
    return (
        f'<figure style="margin:0;min-width:0">{_picture(item, preview, link) if pictured else ""}'
        f'<figcaption style="margin-top:6px;overflow-wrap:anywhere"><strong>{name}</strong><br>'
        f'<span style="font-size:12px;color:{_FAINT}">{escape(item.facts)}{mark}</span>'
        "</figcaption></figure>"
    )


def _picture(item: Item, preview: bytes | None, link: str | None) -> str:
    found = item.poster(POSTER_WIDTH)
    still = data_url("image/jpeg", found) if found else ""
    source = data_url("video/mp4", preview) if preview else escape(link or "")
    named = f'aria-label="{escape(item.label)}"'
    box = "display:block;width:100%;max-height:320px;object-fit:contain;border-radius:8px;background:rgba(128,128,128,.15)"
    # `src` here and no <source>: notebooks that are not trusted lose that one.
    if item.kind is Kind.AUDIO:
        player_of = (
            f'<audio controls preload="none" src="{source}" {named} style="width:100%"></audio>'
        )
        return player_of if source else ""
    if item.kind is Kind.VIDEO and source:
        shown = f' poster="{still}"' if still else ""
        return (
            f'<video controls loop playsinline preload="none" src="{source}"{shown} {named} '
            f'style="{box}"></video>'
        )
    return f'<img src="{still}" alt="{escape(item.label)}" style="{box}">' if still else ""
