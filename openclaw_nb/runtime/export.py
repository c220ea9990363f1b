"""Copies of finished files where the user wants them. Each appears whole, or not at all."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from openclaw_nb.errors import InvalidInput
from openclaw_nb.runtime.store import readable_name


def copy_files(
    paths: Sequence[Path], target: Path | str, *, overwrite: bool = False
) -> tuple[Path, ...]:
    """Copy `paths` into the directory `target`, or a single one to the path `target`.

    Args:
        paths: Files that exist.
        target: A directory (one that exists, or ends with a slash), or a path for a single file;
            one without an extension gets the file's own. `~` is the home directory.
        overwrite: Replace what is there.

    Raises:
        FileExistsError: the path given is taken, and `overwrite` is off.
        InvalidInput: `target` cannot take the files; nothing was written.
    """
    if not paths:
        raise InvalidInput("target", "this result has no file on this machine to copy")
    if not str(target).strip():
        raise InvalidInput("target", "name a directory, or a path for the file")
    there = Path(target).expanduser()
    if there.is_dir() or str(target).endswith(("/", os.sep)):
        there.mkdir(parents=True, exist_ok=True)
        return tuple(_copy_into(path, there, overwrite=overwrite) for path in paths)
    return (_copy_to(_only(paths, there), there, overwrite=overwrite),)


def _only(paths: Sequence[Path], there: Path) -> Path:
    if len(paths) > 1:
        raise InvalidInput(
            "target", f"{there} is one path and there are {len(paths)} files; add a /"
        )
    return paths[0]


def _copy_into(path: Path, folder: Path, *, overwrite: bool) -> Path:
    names = [readable_name(path.name)] if overwrite else _names(readable_name(path.name))
    for name in names:
        try:
            return _written(path, folder / name, overwrite=overwrite)
        except FileExistsError:
            continue
    raise FileExistsError(f"{folder} has no free name for {path.name}")


def _names(name: str) -> Iterator[str]:
    """`clip.mp4`, `clip-2.mp4`, `clip-3.mp4` ..."""
    yield name
    stem, suffix = Path(name).stem, Path(name).suffix
    yield from (f"{stem}-{number}{suffix}" for number in itertools.count(2))


def _copy_to(path: Path, there: Path, *, overwrite: bool) -> Path:
    if not there.suffix:
        there = there.with_name(f"{there.name}{path.suffix}")
    if there.suffix.lower() != path.suffix.lower():
        raise InvalidInput("target", f"the file is {path.suffix} and {there.name} says otherwise")
    there.parent.mkdir(parents=True, exist_ok=True)
    try:
        return _written(path, there, overwrite=overwrite)
    except FileExistsError:
        raise FileExistsError(
            f"{there} exists; overwrite=True replaces it, another name keeps both"
        ) from None


def _written(path: Path, there: Path, *, overwrite: bool) -> Path:
    with _part(there.parent) as part:
        shutil.copyfile(path, part)
        if not overwrite:
            there.open("xb").close()  # takes the name, unless another process has just done so
        part.replace(there)
    return there.resolve()


@contextmanager
def _part(folder: Path) -> Generator[Path]:
    descriptor, name = tempfile.mkstemp(prefix=".part-", dir=folder)
    os.close(descriptor)
    part = Path(name)
    part.chmod(0o644)
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)
