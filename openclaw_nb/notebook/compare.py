"""Results side by side: players on one clock with one play bar."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from itertools import combinations, islice
from math import isinf
from pathlib import Path
from typing import Any

from openclaw_nb.core.domain import Kind
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import grid, page
from openclaw_nb.notebook.difference import WIDTH, Difference, difference
from openclaw_nb.notebook.items import Item, Labels, one_kind, read_items
from openclaw_nb.notebook.web import View

MAX_RESULTS = 16
_CURVE_WIDTH = 240
_SAVED_CURVES = 6
"""All pairs of four clips."""


def compare(*results: object, labels: Labels = None) -> Comparison:
    """Show results side by side, on one clock with one play bar.

    Args:
        results: Two to 16 results, finished tasks, or paths of video, image or audio files, all of
            one kind; or lists of them, or a mapping from labels to them.
        labels: One for each. None: the models, the prompts or the files' names, whichever tells
            them apart.

    Raises:
        InvalidInput: fewer than two or more than 16, several kinds at once, a task without a
            video, or a file that is missing or no media file.
    """
    items = read_items(results, labels)
    one_kind(items)
    if len(items) == 1:
        raise InvalidInput(
            "results",
            "two or more are compared, got 1. A single one shows itself as the last line of a cell",
        )
    if len(items) > MAX_RESULTS:
        raise InvalidInput(
            "results",
            f"at most {MAX_RESULTS} are compared at once, got {len(items)}. Compare some of them; "
            "gallery(results) shows many",
        )
    return Comparison(items)


class Comparison:
    """Files side by side; as the last line of a cell it shows itself."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = tuple(items)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each player."""
        return tuple(item.label for item in self._items)

    def difference(self, first: int = 0, second: int = 1, *, width: int = WIDTH) -> Difference:
        """Two of the clips frame by frame, as arrays `(frames, height, width, 3)`, `uint8`, RGB.

        The shorter length and the lower rate of the two are used, and the second is scaled to the
        first one's shape; `.notes` says where that was needed.

        Args:
            first: Which clip, counted from 0.
            second: Which other clip.
            width: Pixels that the frames are scaled down to, 64 or more. Less is used where the
                frames of one clip would take more than 100 MB.

        Raises:
            InvalidInput: there is no such clip, it has no pictures, or cannot be decoded.
        """
        one, other = self._pictured("first", first), self._pictured("second", second)
        return difference(one.path, other.path, width=width)

    def save_html(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "Comparison",
        max_bytes: int = page.MAX_BYTES,
    ) -> Path:
        """Write the comparison as one HTML file that plays anywhere, without a network or a kernel.

        Small clips are in it as they are, larger ones as H.264 previews that share what is left of
        `max_bytes`; what does not fit shows its poster. The page says which is which.

        Args:
            path: Where to; an existing file is replaced, missing folders are made.
            title: The page's heading.
            max_bytes: The largest size of the file, 1,000,000 or more.

        Returns:
            The file's absolute path.

        Raises:
            InvalidInput: `max_bytes` is too small.
        """
        pairs = islice(combinations(range(len(self._items)), 2), _SAVED_CURVES)
        curves = {f"{one} {other}": self._curve(one, other) for one, other in pairs}
        return page.save(
            path, View.COMPARISON, self._items, title=title, max_bytes=max_bytes, curves=curves
        )

    def _pictured(self, name: str, at: int) -> Item:
        if not 0 <= at < len(self._items):
            raise InvalidInput(name, f"0 to {len(self._items) - 1}; got {at}")
        if self._items[at].kind is Kind.AUDIO:
            raise InvalidInput(name, "sound has no frames to compare")
        return self._items[at]

    def _curve(self, first: int, second: int) -> dict[str, Any] | None:
        """The difference of every frame as plain numbers; None when the two cannot be compared."""
        try:
            found = self.difference(first, second, width=_CURVE_WIDTH)
        except InvalidInput:
            return None
        ratios = [None if isinf(ratio) else round(ratio, 2) for ratio in found.psnr.tolist()]
        means = [round(mean, 3) for mean in found.mean_absolute.tolist()]
        return {"mean": means, "psnr": ratios, "fps": found.fps, "notes": list(found.notes)}

    @cached_property
    def _widget(self) -> Any:
        from openclaw_nb.notebook.widgets import ComparisonWidget

        return ComparisonWidget(self._items, self._curve)

    def __repr__(self) -> str:
        return f"<Comparison of {len(self._items)} {self._items[0].kind} files>"

    def _ipython_display_(self) -> None:
        grid.show(self._items, lambda: self._widget)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return grid.bundle(self._items, lambda: self._widget)
