"""Decides how files are shown: by link or embedded. Reads files: never on the event loop."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Literal, TypeAlias, cast, get_args
from urllib.parse import quote

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import media, render, sound, still
from openclaw_nb.notebook.figures import NO_PICTURE, Picture, data_url
from openclaw_nb.runtime.results import Result, SavedFile

Show: TypeAlias = Literal["auto", "embed", "link"]
"""`link`: the player loads the file from the notebook's server. `embed`: a small preview stands in
the notebook itself. `auto`: the link, where the server can reach the file."""

NOTEBOOK_BYTES = 4_000_000
"""All previews of one session together; later files show their poster only."""

_first_folder = Path.cwd()
_embedded: dict[Path, int] = {}
_chosen: Show | None = None


def pictures(result: Result, show: Show = "auto") -> tuple[Picture, ...]:
    """How each file of `result` is shown in this notebook."""
    return pictures_of(result.files, show)


def pictures_of(files: Sequence[SavedFile], show: Show = "auto") -> tuple[Picture, ...]:
    """How each file is shown in this notebook, whatever its kind."""
    return tuple(picture(file, show) for file in files)


def result_bundle(result: Result, show: Show = "auto") -> dict[str, str]:
    """The video with its player, for every kind of frontend."""
    return render.result_bundle(result, pictures(result, show))


def use(show: str) -> None:
    """Choose what `auto` means from now on. Raises InvalidInput."""
    global _chosen  # noqa: PLW0603  # a notebook has one way of showing its files
    if show not in get_args(Show):
        raise InvalidInput("show", f"{show!r} is none of {', '.join(get_args(Show))}")
    _chosen = None if show == "auto" else cast("Show", show)


def home() -> Path:
    """The folder that relative addresses start from: the notebook's, whatever `chdir` came later."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return Path(getattr(shell, "starting_dir", None) or _first_folder)


def address(path: Path) -> str | None:
    """The relative URL of `path`; None when the notebook's server cannot reach it."""
    try:
        inside = path.resolve().relative_to(home().resolve())
    except ValueError:
        return None
    return quote(inside.as_posix())


def picture(file: SavedFile, show: Show = "auto") -> Picture:
    """How one file is shown: by the first part of its media type."""
    if file.path is None:
        return NO_PICTURE
    link = address(file.path)
    embed = _embeds(link, show)
    match file.media_type.partition("/")[0]:
        case "video":
            return _video(file.path, link, embed=embed)
        case "audio":
            return _sound(file.path, file.media_type, link, embed=embed)
        case "image":
            return _still(file.path, link, embed=embed)
        case _:
            return Picture(link=link)


def _embeds(link: str | None, show: Show) -> bool:
    wanted = (_chosen or show) if show == "auto" else show
    if wanted == "auto":
        return link is None or not _files_are_served()
    return wanted == "embed"


def _video(path: Path, link: str | None, *, embed: bool) -> Picture:
    small = _within_budget(path, media.preview(path)) if embed else None
    return Picture(
        src=(data_url("video/mp4", small) if small else None) if embed else link,
        link=link,
        poster=media.poster(path),
        clip=media.clip(path),
    )


def _sound(path: Path, media_type: str, link: str | None, *, embed: bool) -> Picture:
    fits = path.stat().st_size <= media.PREVIEW_BYTES if path.exists() else False
    small = _within_budget(path, path.read_bytes()) if embed and fits else None
    return Picture(
        src=(data_url(media_type, small) if small else None) if embed else link,
        link=link,
        wave=sound.waveform(path),
        clip=sound.sound(path),
    )


def _still(path: Path, link: str | None, *, embed: bool) -> Picture:
    src = link
    if embed:
        whole = still.embedded(path, media.PREVIEW_BYTES)
        small = _within_budget(path, whole[1]) if whole else None
        src = data_url(whole[0], small) if whole and small else None
    return Picture(src=src, link=link, poster=still.thumbnail(path), clip=still.still(path))


def _within_budget(path: Path, data: bytes | None) -> bytes | None:
    """`data` while all embedded files together stay within the notebook's budget."""
    spent = sum(size for other, size in _embedded.items() if other != path)
    if data is None or spent >= NOTEBOOK_BYTES:
        return None
    _embedded[path] = len(data)
    return data


def _files_are_served() -> bool:
    """False in VS Code and Colab: they show output without a file server beside it."""
    return not {"VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"} & set(os.environ)
