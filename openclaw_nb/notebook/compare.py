"""Results side by side: players on one clock with one play bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from openclaw_nb.core.domain import Kind
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import grid, media, player
from openclaw_nb.notebook.difference import WIDTH, Difference, difference
from openclaw_nb.notebook.items import Item, Labels, one_kind, read_items

MAX_RESULTS = 16
COMM_BYTES = 4_000_000
"""The largest preview that is sent to a page whose server cannot reach the file."""
_CURVE_WIDTH = 240


def compare(*results: object, labels: Labels = None) -> Comparison:
    """Show results side by side, on one clock with one play bar.

    Args:
        results: Two to 16 results, finished tasks, or paths of video, image or audio files, all of one
            kind; or lists of them, or a mapping from labels to them.
        labels: One for each. None: the models, the prompts or the files' names, whichever tells
            them apart.

    Raises:
        InvalidInput: fewer than two or more than 16, several kinds at once, a task without a video, or
            a file that is missing or no media file.
    """
    items = read_items(results, labels)
    one_kind(items)
    if len(items) == 1:
        raise InvalidInput(
            "results", "two or more are compared, got 1. A single one shows itself: leave compare out"
        )
    if len(items) > MAX_RESULTS:
        raise InvalidInput(
            "results",
            f"at most {MAX_RESULTS} are compared at once, got {len(items)}. Compare a slice of them; "
            "gallery(results) shows any number",
        )
    return Comparison(items)


class Comparison:
    """Files side by side; as the last line of a cell it shows itself."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = tuple(items)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name above each player."""
        return tuple(item.label for item in self._items)

    def difference(self, first: int = 0, second: int = 1, *, width: int = WIDTH) -> Difference:
        """Two of the clips frame by frame, as arrays `(frames, height, width, 3)`, `uint8`, RGB.

        The shorter length and the lower rate of the two are used, and the second is scaled to the
        first one's shape; `.notes` says so.

        Args:
            first: Which clip, counted from 0.
            second: Which other clip.
            width: Pixels that the frames are scaled down to, 64 or more.

        Raises:
            InvalidInput: there is no such clip, it has no pictures, or cannot be decoded.
        """
        one, other = self._pictured("first", first), self._pictured("second", second)
        return difference(one.path, other.path, width=width)

    def _pictured(self, name: str, at: int) -> Item:
        if not 0 <= at < len(self._items):
            raise InvalidInput(name, f"0 to {len(self._items) - 1}; got {at}")
        if self._items[at].kind is Kind.AUDIO:
            raise InvalidInput(name, "sound has no frames to compare")
        return self._items[at]

    @cached_property
    def _widget(self) -> Any:
        try:
            from openclaw_nb.notebook.widgets import ComparisonWidget
        except ImportError:
            return None
        return ComparisonWidget([_shown(item) for item in self._items], self._answer)

    def _answer(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes | None]:
        match asked:
            case {"want": "preview", "index": int(index)} if 0 <= index < len(self._items):
                return playable(self._items[index])
            case {"want": "curve", "first": int(first), "second": int(second)}:
                return {"curve": self.curve(first, second)}, None
            case _:
                return {}, None

    def curve(self, first: int, second: int) -> dict[str, Any] | None:
        """The difference of every frame as plain numbers; None when two clips cannot be compared."""
        try:
            found = self.difference(first, second, width=_CURVE_WIDTH)
        except InvalidInput:
            return None
        ratios = [None if ratio == float("inf") else round(ratio, 2) for ratio in found.psnr.tolist()]
        means = [round(mean, 3) for mean in found.mean_absolute.tolist()]
        return {"mean": means, "psnr": ratios, "fps": found.fps, "notes": list(found.notes)}

    def __repr__(self) -> str:
        kind = self._items[0].kind
        return f"<Comparison of {len(self._items)} {kind} files: {', '.join(self.labels)}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        widget = self._widget
        view: dict[str, Any] = widget._repr_mimebundle_()[0] if widget is not None else {}  # noqa: SLF001
        return {**view, "text/html": grid.html(self._items), "text/plain": grid.text(self._items)}


def _shown(item: Item) -> dict[str, Any]:
    """An item as the page's scripts see it."""
    clip = item.clip
    return {
        "label": item.label,
        "facts": item.facts,
        "kind": str(item.kind),
        "emulated": item.emulated,
        "poster": media.poster(item.path, grid.POSTER_WIDTH) if item.kind is not Kind.AUDIO else None,
        "link": player.address(item.path),
        "width": clip.width if clip else 0,
        "height": clip.height if clip else 0,
        "fps": clip.fps if clip else 0,
        "sound": item.kind is Kind.AUDIO or bool(clip and clip.sound),
    }


def playable(item: Item) -> tuple[dict[str, str], bytes | None]:
    """The file, or where it is large or in a form that browsers lack, a smaller one that plays."""
    if item.kind is Kind.VIDEO:
        return {"type": "video/mp4"}, media.preview(item.path, COMM_BYTES)
    if item.size_bytes > COMM_BYTES:
        return {"type": item.media_type}, None
    return {"type": item.media_type}, item.path.read_bytes()
