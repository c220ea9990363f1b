"""A live run as one HTML file that needs nothing else, not even a network; the clips are in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

from openclaw_nb.core.domain import Kind
from openclaw_nb.errors import InvalidInput
from openclaw_nb.live.notebooks import FILES, stem
from openclaw_nb.live.outcomes import Ending, Outcome, Ran, Step
from openclaw_nb.live.page import MARKS, told
from openclaw_nb.live.report import suite_line
from openclaw_nb.live.selection import Suite
from openclaw_nb.notebook.described import playable
from openclaw_nb.notebook.figures import data_url
from openclaw_nb.notebook.items import Item, read_items

_CLIP_BYTES = 600_000
"""Of one clip; larger ones are made smaller."""
_ALL_BYTES = 15_000_000
"""Of all clips, before base64 makes a third more of them; later ones show a poster only."""
_POSTER_WIDTH = 320
_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; media-src data:; "
    "base-uri 'none'; form-action 'none'"
)


def html(title: str, facts: Sequence[str], suites: Sequence[Suite], ran: Sequence[Ran]) -> str:
    """The report. Reads the files that the run made.

    Args:
        title: Its heading.
        facts: Lines below the heading.
        suites: All that were chosen.
        ran: Those that were reached.
    """
    room = _Room()
    parts = [_suite(suite, ran, room) for suite in suites]
    style = files("openclaw_nb.live").joinpath("report.css").read_text(encoding="utf-8")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{style}</style></head>\n"
        f"<body><main><h1>{escape(title)}</h1>{_counts(ran)}"
        f"{''.join(f'<p>{escape(fact)}</p>' for fact in facts)}{''.join(parts)}</main></body></html>\n"
    )


@dataclass(slots=True)
class _Room:
    """How much may still be embedded."""

    left: int = field(default=_ALL_BYTES)

    def take(self, data: bytes | None) -> bytes | None:
        """The bytes, when there is room for them."""
        if data is None or len(data) > self.left:
            return None
        self.left -= len(data)
        return data


def _counts(ran: Sequence[Ran]) -> str:
    counts = Counter(outcome.ending for each in ran for outcome in each.outcomes)
    told = (_marked(ending, f"{counts[ending]} {ending}") for ending in Ending if counts[ending])
    return f'<p class="counts">{" ".join(told)}</p>'


def _suite(suite: Suite, ran: Sequence[Ran], room: _Room) -> str:
    outcomes = next((each.outcomes for each in ran if each.suite == suite), None)
    head = f"<h2>{escape(str(suite.medium).capitalize())}</h2>"
    if outcomes is None:
        why = suite.reason or "not reached: an earlier suite failed"
        return f'{head}<p class="faint">{escape(why)}</p>'
    left = f'<p class="faint">{escape(suite_line(suite))}</p>' if suite.without_key else ""
    return head + left + "".join(_provider(outcome, room) for outcome in outcomes)


def _provider(outcome: Outcome, room: _Room) -> str:
    name = f"{stem(outcome.medium, outcome.provider)}.ipynb"
    facts = [outcome.model or "", f"key: {outcome.key}" if outcome.key else "", *outcome.notes]
    why = [outcome.skipped] if outcome.skipped else []
    told = escape(" · ".join(filter(None, (*facts, *why))))
    steps = "".join(_step(step, outcome, room) for step in outcome.steps)
    return (
        f"<section><h3>{_marked(outcome.ending, outcome.provider)} "
        f'<a href="{escape(name)}">{escape(name)}</a></h3><p class="faint">{told}</p>'
        f'<div class="steps">{steps}</div></section>'
    )


def _step(step: Step, outcome: Outcome, room: _Room) -> str:
    words = step.mode.words_for(outcome.medium)
    lines = [_marked(step.ending, words)]
    lines += map(escape, told(step))
    lines += [_link(Path(file).name) for file in step.files]
    shown = "".join(_shown(Path(file), room) for file in step.files)
    return f"<figure>{shown}<figcaption>{'<br>'.join(lines)}</figcaption></figure>"


def _link(name: str) -> str:
    return f'<a href="{FILES}/{escape(quote(name))}">{escape(name)}</a>'


def _shown(path: Path, room: _Room) -> str:
    """A file as a player or a picture; nothing when it is gone."""
    try:
        (item,) = read_items((path,), None)
    except InvalidInput:
        return ""
    poster = item.poster(_POSTER_WIDTH)
    if item.kind is Kind.IMAGE:
        return _picture(poster)
    media_type, data = playable(item, _CLIP_BYTES)
    taken = room.take(data)
    if taken is None:
        return _picture(poster)
    return _player(item, data_url(media_type, taken), poster)


def _picture(poster: bytes | None) -> str:
    return f'<img alt="" src="{data_url("image/jpeg", poster)}">' if poster else ""


def _player(item: Item, src: str, poster: bytes | None) -> str:
    if item.kind is Kind.AUDIO:
        return f'<audio controls preload="metadata" src="{src}"></audio>'
    first = f' poster="{data_url("image/jpeg", poster)}"' if poster else ""
    return f'<video controls playsinline preload="none"{first} src="{src}"></video>'


def _marked(ending: Ending, text: str) -> str:
    return f'<strong class="{ending}">{MARKS[ending]} {escape(text)}</strong>'
