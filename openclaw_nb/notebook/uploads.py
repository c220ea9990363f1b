"""Files that a browser sends in parts, received one part after the other into a temporary file."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.notebook import words

PART_BYTES = 2 * 1_048_576
"""A websocket message of Jupyter's server may have 10 MiB; a small part also shows progress."""
_STALE_SECONDS = 600.0
_PLACE = "references"


@dataclass(slots=True)
class _Upload:
    name: str
    size: int
    path: Path
    file: BinaryIO
    received: int = 0
    parts: int = 0
    heard_at: float = field(default_factory=time.monotonic)


class Uploads:
    """Receives files. What it refuses raises InvalidInput, and nothing of that file is left.

    Args:
        admit: Called with name, size in bytes and declared media type before the first part;
            raises InvalidInput for a file that is not wanted.
        arrived: Called with the temporary file and its name when all of it is there; the file is
            removed afterwards, if it still stands where it was.
    """

    def __init__(
        self,
        admit: Callable[[str, int, str], None],
        arrived: Callable[[Path, str], None],
    ) -> None:
        self._admit, self._arrived = admit, arrived
        self._open: dict[str, _Upload] = {}

    def begin(self, id: str, name: str, size: int, media_type: str) -> None:
        """A file of `size` bytes is going to come under this id."""
        self._drop_stale()
        if id in self._open:
            raise InvalidInput(_PLACE, f"{shown(name)} is being received already.")
        if size <= 0:
            raise InvalidInput(_PLACE, f"{shown(name)} is empty.")
        self._admit(name, size, media_type)
        descriptor, path = tempfile.mkstemp(prefix="openclaw-upload-")
        self._open[id] = _Upload(name, size, Path(path), os.fdopen(descriptor, "wb"))

    def part(self, id: str, index: int, data: bytes) -> int:
        """Take part `index`, counted from 0; the bytes received so far. A repeated part is no news."""
        upload = self._open.get(id)
        if upload is None:
            raise InvalidInput(_PLACE, "this upload was ended; choose the file again.")
        if 0 <= index == upload.parts - 1:
            return upload.received
        try:
            self._check(upload, index, data)
            upload.file.write(data)
        except OSError as error:
            self.abort(id)
            raise InvalidInput(
                _PLACE, f"{shown(upload.name)} cannot be stored: {error}."
            ) from error
        except InvalidInput:
            self.abort(id)
            raise
        upload.received += len(data)
        upload.parts += 1
        upload.heard_at = time.monotonic()
        if upload.received == upload.size:
            self._finish(id)
        return upload.received

    def abort(self, id: str) -> None:
        """Forget a file and what came of it; one that is not there is no trouble."""
        upload = self._open.pop(id, None)
        if upload is not None:
            with contextlib.suppress(OSError):
                upload.file.close()
            upload.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Forget everything that is not complete."""
        for id in tuple(self._open):
            self.abort(id)

    def _check(self, upload: _Upload, index: int, data: bytes) -> None:
        if index != upload.parts:
            raise InvalidInput(
                _PLACE,
                f"part {index + 1} of {shown(upload.name)} came where part {upload.parts + 1} was "
                "expected; choose the file again.",
            )
        if not data or len(data) > PART_BYTES:
            raise InvalidInput(
                _PLACE,
                f"a part of {shown(upload.name)} has {words.size(len(data))}; parts have 1 B to "
                f"{words.size(PART_BYTES)}.",
            )
        if upload.received + len(data) > upload.size:
            raise InvalidInput(
                _PLACE,
                f"{shown(upload.name)} is longer than the {words.size(upload.size)} announced.",
            )

    def _finish(self, id: str) -> None:
        upload = self._open[id]
        upload.file.close()
        try:
            self._arrived(upload.path, upload.name)
        finally:
            self.abort(id)

    def _drop_stale(self) -> None:
        """A page that was closed says nothing."""
        now = time.monotonic()
        for id, upload in tuple(self._open.items()):
            if now - upload.heard_at > _STALE_SECONDS:
                self.abort(id)
