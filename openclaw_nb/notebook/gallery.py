"""Many results as a wall of posters, and as one picture."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import contact, grid, page
from openclaw_nb.notebook.items import Item, Labels, read_items
from openclaw_nb.notebook.web import View

if TYPE_CHECKING:
    from PIL.Image import Image

MAX_RESULTS = 400


def gallery(*results: object, labels: Labels = None) -> Gallery:
    """Show results as a wall of posters, 24 at a time; a click opens the player.

    More than six can be filtered by provider and model, and sorted.

    Args:
        results: Up to 400 results, finished tasks, or paths of video, image or audio files; or
            lists of them, or a mapping from labels to them.
        labels: One for each. None: the models, the prompts or the files' names, whichever tells
            them apart.

    Raises:
        InvalidInput: none or more than 400, a task without a video, or a file that is missing or no
            media file.
    """
    items = read_items(results, labels)
    if len(items) > MAX_RESULTS:
        raise InvalidInput(
            "results",
            f"at most {MAX_RESULTS} are shown, got {len(items)}. Make several galleries of them",
        )
    return Gallery(items)


class Gallery:
    """Files as posters; as the last line of a cell it shows itself."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = tuple(items)

    @property
    def labels(self) -> tuple[str, ...]:
        """The name of each file."""
        return tuple(item.label for item in self._items)

    def contact_sheet(self, columns: int = 4, frames: int = 4, *, width: int = 320) -> Image:
        """One picture of them all: some frames of each clip, with its label and facts.

        `.save("sheet.png")` keeps it.

        Args:
            columns: Clips beside each other, 1 to 12.
            frames: Frames of each clip, from its beginning to its end, 1 to 25.
            width: Pixels for each clip, 120 to 1920.

        Raises:
            InvalidInput: a number is out of its range, or the sheet would be too large.
        """
        return contact.sheet(self._items, columns=columns, frames=frames, width=width)

    def save_html(
        self,
        path: str | os.PathLike[str],
        *,
        title: str = "Gallery",
        max_bytes: int = page.MAX_BYTES,
    ) -> Path:
        """Write the gallery as one HTML file, as `Comparison.save_html` does; returns its path.

        Raises:
            InvalidInput: `max_bytes` is less than 1,000,000.
        """
        return page.save(path, View.GALLERY, self._items, title=title, max_bytes=max_bytes)

    @cached_property
    def _widget(self) -> Any:
        from openclaw_nb.notebook.widgets import GalleryWidget

        return GalleryWidget(self._items)

    def __repr__(self) -> str:
        return f"<Gallery of {len(self._items)} files>"

    def _ipython_display_(self) -> None:
        grid.show(self._items, lambda: self._widget)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        return grid.bundle(self._items, lambda: self._widget)
