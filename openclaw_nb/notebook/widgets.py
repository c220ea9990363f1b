"""The widgets behind comparisons and galleries. Importing it needs anywidget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any

import anywidget

from openclaw_nb.notebook import web
from openclaw_nb.notebook.described import described, playable
from openclaw_nb.notebook.items import Item

_traitlets: Any = import_module("traitlets")  # its annotations are partial

# Encoding takes seconds. It must hold up neither the kernel's thread nor those that save paid work.
_encoder = ThreadPoolExecutor(1, thread_name_prefix="openclaw-previews")


def _module(view: web.View) -> str:
    """The scripts of a view, and what anywidget calls."""
    return f"""{web.script(view, "notebook.js")}
export default {{
  render({{ model, el }}) {{
    const root = document.createElement("div");
    el.append(root);
    const view = new {view}(root, new NotebookClips(model));
    return () => view.close();
  }},
}};
"""


class Clips(anywidget.AnyWidget):
    """Files as a page sees them. A clip is sent when the page asks for it, and never saved."""

    items: Any = _traitlets.List().tag(sync=True)

    def __init__(self, items: Sequence[Item]) -> None:
        super().__init__(items=described(items))
        self._files = items
        self._comm_side.on_msg(self._asked)

    @property
    def _comm_side(self) -> Any:
        """The widget without ipywidgets' annotations, which are partly missing."""
        return self

    def _asked(self, _widget: object, asked: Mapping[str, Any], _buffers: object) -> None:
        _encoder.submit(self._reply, asked)

    def _reply(self, asked: Mapping[str, Any]) -> None:
        try:
            content, data = self.answer(asked)
        except OSError:  # the file is gone; the page says that it cannot be played
            content, data = {}, None
        self._comm_side.send({"key": asked.get("key"), **content}, None if data is None else [data])

    def answer(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes | None]:
        """What the page asked for: JSON, and the bytes of a clip."""
        match asked:
            case {"want": "preview", "index": int(index)} if 0 <= index < len(self._files):
                media_type, data = playable(self._files[index])
                return {"type": media_type}, data
            case _:
                return {}, None


class ComparisonWidget(Clips):
    """Players on one clock."""

    _esm = _module(web.View.COMPARISON)
    _css = web.style("views.css")

    def __init__(self, items: Sequence[Item], curve: Callable[[int, int], object]) -> None:
        super().__init__(items)
        self._curve = curve

    def answer(self, asked: Mapping[str, Any]) -> tuple[Mapping[str, Any], bytes | None]:
        """Also how two clips differ, frame by frame."""
        match asked:
            case {"want": "curve", "first": int(first), "second": int(second)}:
                return {"curve": self._curve(first, second)}, None
            case _:
                return super().answer(asked)


class GalleryWidget(Clips):
    """Posters that open a player."""

    _esm = _module(web.View.GALLERY)
    _css = web.style("views.css")
