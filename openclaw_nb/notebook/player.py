"""Decides how a video is shown: by link or embedded. Reads files: never on the event loop."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import quote

from openclaw_nb.notebook import media, render
from openclaw_nb.notebook.render import Picture
from openclaw_nb.runtime.results import Result, SavedFile

Show: TypeAlias = Literal["auto", "embed", "link"]
"""`link`: the player loads the file from the notebook's server. `embed`: a small preview stands in
the notebook itself. `auto`: the link, where the server can reach the file."""

NOTEBOOK_BYTES = 4_000_000
"""All previews of one session together; later clips show their poster only."""

_first_folder = Path.cwd()
_embedded: dict[Path, int] = {}


def pictures(video: Result, show: Show = "auto") -> tuple[Picture, ...]:
    """How each file of `video` is shown in this notebook."""
    return tuple(_picture(file, show) for file in video.files)


def video_bundle(video: Result, show: Show = "auto") -> dict[str, str]:
    """The video with its player, for every kind of frontend."""
    return render.video_bundle(video, pictures(video, show))


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


def _picture(file: SavedFile, show: Show) -> Picture:
    if file.path is None or not file.media_type.startswith("video/"):
        return Picture(link=address(file.path) if file.path else None)
    link = address(file.path)
    embed = show == "embed" or (show == "auto" and (link is None or not _files_are_served()))
    return Picture(
        src=_preview(file.path) if embed else link,
        link=link,
        poster=media.poster(file.path),
        clip=media.clip(file.path),
    )


def _preview(path: Path) -> str | None:
    spent = sum(size for other, size in _embedded.items() if other != path)
    if spent >= NOTEBOOK_BYTES:
        return None
    found = media.preview(path)
    if found is None:
        return None
    _embedded[path] = len(found)
    return render.data_url("video/mp4", found)


def _files_are_served() -> bool:
    """False in VS Code and Colab: they show output without a file server beside it."""
    return not {"VSCODE_PID", "VSCODE_CWD", "COLAB_RELEASE_TAG"} & set(os.environ)
