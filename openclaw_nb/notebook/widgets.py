"""The widgets behind comparisons and galleries. Importing it needs anywidget."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from openclaw_nb.runtime import loop

_WEB = Path(__file__).parent / "web"

Answer = tuple[Mapping[str, Any], bytes | None]
"""What goes back to the page: JSON, and bytes where there are some."""


@cache
def web(*names: str) -> str:
    """Scripts or style sheets of this package, one after the other."""
    return "\n".join((_WEB / name).read_text(encoding="utf-8") for name in names)


COMPARISON = ("dom.js", "clock.js", "tile.js", "difference.js", "comparison.js")


def render_with(name: str) -> str:
    """The module's export: a view of class `name` in the element that it is given."""
    return f"""
export default {{
  render({{ model, el }}) {{
    const root = document.createElement("div");
    el.append(root);
    const view = new {name}(root, new NotebookClips(model));
    return () => view.close();
  }},
}};
"""


class Clips(anywidget.AnyWidget):
    """Files as a page sees them; what is large is sent when it is asked for."""

    items: Any = traitlets.List().tag(sync=True)

    def __init__(self, items: Sequence[Mapping[str, Any]], answer: Callable[..., Answer]) -> None:
        super().__init__(items=[dict(item) for item in items])
        self._answer = answer
        self.on_msg(self._asked)

    def _asked(self, _widget: object, asked: Mapping[str, Any], _buffers: object) -> None:
        # Encoding takes seconds: the kernel's own thread must stay free.
        loop.core().offload(lambda: self._reply(asked))

    def _reply(self, asked: Mapping[str, Any]) -> None:
        content, data = self._answer(asked)
        buffers = [data] if data is not None else []
        self.send({"key": asked.get("key"), **content}, buffers)


class ComparisonWidget(Clips):
    """Players on one clock."""

    _esm = web(*COMPARISON) + render_with("Comparison")
    _css = web("views.css")
