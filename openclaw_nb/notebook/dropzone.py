"""A place to drop files on, as an anywidget: each file comes in parts, each part acknowledged.

The front end says `open`, `part`, `abort` and `text`; the answers are `go`, `ack`, `done` and
`refused`, each with the id of the upload. Nothing that it says is believed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

import anywidget
import traitlets

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook.uploads import PART_BYTES, Uploads

_HERE = Path(__file__).parent


class DropZone(anywidget.AnyWidget):
    """Takes files by drop, by choice and by paste, and pasted or dropped addresses as text.

    Args:
        admit: Refuses a file before it is sent; see `Uploads`.
        arrived: Takes a whole file; see `Uploads`. Both raise InvalidInput, which is shown.
        typed: Takes a path or an address that was pasted or dropped. Raises InvalidInput.
    """

    _esm = _HERE / "dropzone.js"
    _css = _HERE / "dropzone.css"

    accept = traitlets.Unicode("image/*,video/*,audio/*").tag(sync=True)
    """What the file chooser offers."""
    invitation = traitlets.Unicode("").tag(sync=True)
    """What stands in the zone."""
    part_bytes = traitlets.Int(PART_BYTES).tag(sync=True)

    def __init__(
        self,
        admit: Callable[[str, int, str], None],
        arrived: Callable[[Path, str], None],
        typed: Callable[[str], None],
        **traits: Any,
    ) -> None:
        super().__init__(**traits)
        self._uploads = Uploads(admit, arrived)
        self._typed = typed
        base: Any = self  # on_msg and send have no annotations
        base.on_msg(self._heard)

    def close(self) -> None:
        """Close the widget; unfinished uploads go."""
        if hasattr(self, "_uploads"):
            self._uploads.close()
        super().close()

    def _heard(self, _: object, content: Any, buffers: Sequence[Any]) -> None:
        message = cast("dict[str, Any]", content) if isinstance(content, dict) else {}
        id = str(message.get("id", ""))
        try:
            self._answer(id, message, buffers)
        except InvalidInput as refused:
            self._say("refused", id, reason=str(refused).partition(": ")[2])

    def _answer(self, id: str, message: dict[str, Any], buffers: Sequence[Any]) -> None:
        match message.get("say"):
            case "open":
                size = _whole(message.get("size"))
                self._uploads.begin(id, _text(message, "name"), size, _text(message, "media_type"))
                self._say("go", id)
            case "part":
                data = bytes(buffers[0]) if buffers else b""
                received = self._uploads.part(id, _whole(message.get("index")), data)
                self._say("ack", id, received=received)
            case "abort":
                self._uploads.abort(id)
            case "text":
                self._typed(_text(message, "text"))
                self._say("done", id)
            case _:
                return

    def _say(self, word: str, id: str, **facts: object) -> None:
        base: Any = self
        base.send({"say": word, "id": id, **facts})


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else -1


def _text(message: dict[str, Any], name: str) -> str:
    return str(message.get(name) or "")
