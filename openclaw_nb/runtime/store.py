"""The media store: names, the size cap, temporary files in the target directory, atomic renames."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, TypeVar
from uuid import uuid4

from pydantic_core import to_json

from openclaw_nb.places import make_private
from openclaw_nb.runtime.media_types import HEAD_BYTES, ends_early, extension_of

if sys.platform != "win32":
    import fcntl

_STEM_CHARACTERS = 60
_STEM_BYTES = 200  # with the unique part below the 255 that file systems take
_FILE_MODE = 0o644
_PART = ".part-"
HELD_BYTES = 393_216
"""How much of a file stays in memory before it is written."""
_REFERENCES = "references"
_FRESH_SECONDS = 60.0
"""A temporary file changed within this time may not have been locked yet."""

V = TypeVar("V")
_DEVICES = re.compile(r"(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Names that mean no file on Windows, with any ending."""


def stem_of(hint: str | None) -> str:
    """The readable part of a file name: base name, no extension, safe characters, 60 at most."""
    base = re.split(r"[/\\]", (hint or "").strip())[-1]
    name = base.rpartition(".")[0] or base  # `.hidden` is all name, no extension
    clean = re.sub(r"_+", "_", re.sub(r"[^\w.\-]", "_", name.strip()))
    stem = clean.removeprefix("_").removesuffix("_")[:_STEM_CHARACTERS].lstrip(".")
    if _DEVICES.fullmatch(stem):
        stem = f"_{stem}"
    return stem.encode()[:_STEM_BYTES].decode("utf-8", "ignore")


def file_name(hint: str | None, media_type: str) -> str:
    """A unique name: `<stem>---<uuid><extension>`, or without a usable stem the uuid alone."""
    stem, unique = stem_of(hint), str(uuid4())
    return (
        f"{stem}---{unique}{extension_of(media_type)}"
        if stem
        else (f"{unique}{extension_of(media_type)}")
    )


def readable_name(name: str) -> str:
    """A stored file's name without its unique part."""
    stem, found, unique = name.rpartition("---")
    return stem + "".join(unique.partition(".")[1:]) if found else name


@dataclass(frozen=True, slots=True)
class Store:
    """A directory of finished media."""

    directory: Path
    max_bytes: int
    """The largest file that is kept; one byte more is refused."""

    def begin(self) -> Part:
        """A file to be written here; nothing is on the disk yet."""
        return Part(self.directory)

    def leftovers(self) -> tuple[Path, ...]:
        """Temporary files whose process is gone."""
        folders = (self.directory, self.directory / _REFERENCES)
        found = (path for folder in folders for path in folder.glob(f"{_PART}*"))
        return tuple(path for path in found if _is_left_over(path))

    @staticmethod
    def remove(paths: tuple[Path, ...]) -> None:
        """Delete files of a result that could not be finished, and their sidecars."""
        for path in paths:
            path.unlink(missing_ok=True)
            sidecar_of(path).unlink(missing_ok=True)


class Part:
    """A file being written: all of it appears under its final name, or nothing does.

    Small ones are held until they are committed: each visit to the disk is made beside the loop,
    and changing threads costs more than the writing.
    """

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._opened: tuple[Path, BinaryIO] | None = None
        """The temporary file beside the final ones, once there is one."""
        self._held: list[bytes] = []
        """What came and is not written yet."""
        self._held_bytes = 0
        self.size = 0
        self.head = b""
        """The first bytes, for recognising what came."""

    async def write(self, chunk: bytes) -> None:
        """Append. Raises OSError."""
        if self._held_bytes + len(chunk) > HELD_BYTES:
            await _to_its_end(self._flush)
        if len(self.head) < HEAD_BYTES:
            self.head = (self.head + chunk)[:HEAD_BYTES]
        self._held.append(chunk)
        self._held_bytes += len(chunk)
        self.size += len(chunk)

    def _flush(self) -> tuple[Path, BinaryIO]:
        if self._opened is None:
            make_private(self._directory)
            self._opened = _temporary(self._directory)
        held, self._held, self._held_bytes = self._held, [], 0
        _, file = self._opened
        file.writelines(held)
        file.flush()
        return self._opened

    async def restart(self) -> None:
        """Forget what was written."""
        self._held, self._held_bytes = [], 0
        if self._opened is not None:
            await _to_its_end(self._rewind)
        self.size, self.head = 0, b""

    def _rewind(self) -> None:
        _, file = self._flush()
        file.seek(0)
        file.truncate()

    async def is_cut_short(self) -> bool:
        """Whether it is a film that stops in the middle, whatever length was announced."""
        if self._opened is None:
            return ends_early(BytesIO(b"".join(self._held)), self.size)
        return await _to_its_end(self._is_cut_short)

    def _is_cut_short(self) -> bool:
        path, _ = self._flush()
        with path.open("rb") as file:
            return ends_early(file, self.size)

    async def commit(self, name: str) -> Path:
        """Bring all to the disk under `name`. Raises OSError.

        When it is cancelled meanwhile, neither name is left.
        """
        return await _to_its_end(partial(self._commit, name), undo=Path.unlink)

    def _commit(self, name: str) -> Path:
        path, file = self._flush()
        os.fsync(file.fileno())
        named = _renamed(file, path, path.with_name(name))
        self._opened = None
        _sync(named.parent)
        return named

    async def abandon(self) -> None:
        """Close and delete; nothing is left. Harmless after a commit."""
        if self._opened is not None:
            await asyncio.to_thread(self._discard, *self._opened)

    @staticmethod
    def _discard(path: Path, file: BinaryIO) -> None:
        with contextlib.suppress(OSError):
            file.close()
        path.unlink(missing_ok=True)


def _nothing(_: object) -> None:
    """There is nothing to undo."""


async def _to_its_end(call: Callable[[], V], *, undo: Callable[[V], object] = _nothing) -> V:
    """Make a call beside the loop. A thread cannot be stopped: a cancellation waits and undoes."""
    work = asyncio.get_running_loop().run_in_executor(None, call)
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait((work,))
        if work.exception() is None:
            await asyncio.to_thread(undo, work.result())
        raise


def _sync(directory: Path) -> None:
    """Bring the names in a directory to the disk, where the system lets a directory be opened."""
    with contextlib.suppress(OSError):
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sidecar_of(path: Path) -> Path:
    """Where the facts about a stored file are: the same name with `.json`."""
    return path.with_suffix(".json")


def write_sidecar(path: Path, facts: Mapping[str, object]) -> None:
    """Write what made the file beside it, atomically. No credentials, no signed addresses."""
    _write(sidecar_of(path), to_json(dict(facts), indent=2, fallback=str))


def keep_reference(folder: Path, data: bytes, media_type: str) -> str:
    """Keep what was given as bytes, so that its request can be run again; once for equal bytes.

    Returns its path relative to `folder`, where the videos are. Raises OSError.
    """
    target = folder / _REFERENCES / f"{sha256(data).hexdigest()}{extension_of(media_type)}"
    make_private(target.parent)
    if target.parent.is_symlink():
        raise NotADirectoryError(f"{target.parent} is a link; references are not kept there")
    if target.is_symlink() or not target.is_file() or target.read_bytes() != data:
        _write(target, data)
    return str(target.relative_to(folder).as_posix())


def _write(target: Path, data: bytes) -> None:
    path, file = _temporary(target.parent)
    try:
        with file:
            file.write(data)
            file.flush()
            _renamed(file, path, target)
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _temporary(folder: Path) -> tuple[Path, BinaryIO]:
    """A new file to write to. While its process lives and has it open, it is locked."""
    descriptor, name = tempfile.mkstemp(prefix=_PART, dir=folder)
    with contextlib.suppress(OSError):
        _lock(descriptor)
    return Path(name), os.fdopen(descriptor, "wb")


def _is_left_over(path: Path) -> bool:
    try:
        if time.time() - path.stat().st_mtime < _FRESH_SECONDS:
            return False
        with path.open("rb") as file:
            _lock(file.fileno())
    except OSError:  # somebody has it, or it is gone
        return False
    return True


def _lock(descriptor: int) -> None:
    """Raises OSError when another open file has the lock. The system frees it with the process."""
    if sys.platform != "win32":  # there, a file that is open cannot be deleted
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _renamed(file: BinaryIO, path: Path, target: Path) -> Path:
    """Close a file that is whole and give it its last name.

    What lies under its name must be it: a link put there meanwhile would lead elsewhere, and may
    not be given our mode.
    """
    if hasattr(os, "fchmod"):
        os.fchmod(file.fileno(), _FILE_MODE)
    written = os.fstat(file.fileno())
    file.close()
    path.replace(target)
    if not os.path.samestat(written, target.lstat()):
        target.unlink()
        raise OSError(f"{path} was replaced by another file while it was written")
    return target
