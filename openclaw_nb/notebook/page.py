"""A comparison or a gallery as one HTML file that needs nothing else, not even a network."""

from __future__ import annotations

import hashlib
import json
import os
from base64 import b64encode
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from openclaw_nb.core.domain import Kind
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import media, web, words
from openclaw_nb.notebook.described import described, playable
from openclaw_nb.notebook.items import Item

MAX_BYTES = 25_000_000
"""As large as most mail servers take."""
_LEAST_BYTES = 1_000_000
_FRAME_BYTES = 60_000
"""The page without its clips and posters, and some room."""


def save(
    path: str | os.PathLike[str],
    view: web.View,
    items: Sequence[Item],
    *,
    title: str,
    max_bytes: int,
    curves: Mapping[str, object] | None = None,
    intro: str = "",
) -> Path:
    """Write the page and return where it is; see `Comparison.save_html`.

    `intro` is HTML without style of its own, to stand above the clips.
    """
    if max_bytes < _LEAST_BYTES:
        raise InvalidInput("max_bytes", f"{_LEAST_BYTES} or more; got {max_bytes}")
    target = Path(path).expanduser()
    found = html(view, items, title=title, max_bytes=max_bytes, curves=curves or {}, intro=intro)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(found, encoding="utf-8")
    return target.resolve()


def html(
    view: web.View,
    items: Sequence[Item],
    *,
    title: str,
    max_bytes: int,
    curves: Mapping[str, object],
    intro: str = "",
) -> str:
    """The page. Its own script and style are allowed by their hashes; nothing else can run or load."""
    shown = _embedded(items, max_bytes - len(intro)) if items else []
    data = _json({"items": shown, "curves": curves})
    script = f'"use strict";{web.script(view, "file.js")}open({view});' if items else ""
    style = web.style("page.css", "views.css")
    policy = (
        f"default-src 'none'; script-src {_hash(script)}; style-src {_hash(style)}; "
        "img-src blob:; media-src blob:; base-uri 'none'; form-action 'none'"
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n"
        f'<body><main><h1>{escape(title)}</h1>{intro}<div id="view"></div>'
        "<noscript>This page needs JavaScript to play its clips.</noscript></main>\n"
        f'<script type="application/json" id="data">{data}</script>\n'
        f"<script>{script}</script></body></html>\n"
    )


def _embedded(items: Sequence[Item], max_bytes: int) -> list[dict[str, Any]]:
    """Descriptions with the clips in them."""
    shown, room = described(items), (max_bytes - _FRAME_BYTES) * 3 // 4
    posters = 0
    for fields in shown:
        posters += len(fields["poster"] or b"")
        fields["poster"] = _text(fields["poster"]) if posters <= room // 2 else None
    share = _share([item.size_bytes for item in items], room - min(posters, room // 2))
    for item, fields in zip(items, shown, strict=True):
        media_type, data = playable(item, share)
        fields |= {
            "type": media_type,
            "data": _text(data),
            "link": None,
            "facts": words.joined([item.facts, _remark(item, data)]),
        }
    return shown


def _share(sizes: Sequence[int], budget: int) -> int:
    """How large each clip may be: what small ones leave of their share, the larger ones get."""
    left, count, share = budget, len(sizes), 0
    for size in sorted(sizes):
        share = max(0, left // count)
        if size > share:
            break
        left, count = left - size, count - 1
    else:
        return max(sizes)
    return share


def _remark(item: Item, data: bytes | None) -> str:
    if data is None:
        return "too large to be in this page"
    if len(data) == item.size_bytes:
        return ""
    clip = item.clip
    cut = item.kind is Kind.VIDEO and clip and clip.seconds > media.PREVIEW_SECONDS + 1
    length = f" of the first {media.PREVIEW_SECONDS} s" if cut else ""
    return f"here a preview{length}, {words.size(len(data))}"


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _json(value: object) -> str:
    """JSON that nothing in it can end: neither a tag nor a comment begins there."""
    return json.dumps(value, ensure_ascii=True).replace("<", "\\u003c").replace(">", "\\u003e")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
