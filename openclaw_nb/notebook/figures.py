"""Files as HTML: a player for video and sound, pictures side by side. Pure.

A file is told apart by its media type alone, so that a result may hold any mixture.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby

from openclaw_nb.notebook import words
from openclaw_nb.notebook.words import Clip, Contents
from openclaw_nb.runtime.results import SavedFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """How one file is shown."""

    src: str | None = None
    """What is played or shown: a relative URL, or a data URL with something small."""
    link: str | None = None
    """Relative URL of the file itself, when the notebook's server can reach it."""
    poster: bytes | None = None
    """A JPEG: the first frame of a video, or an image made small."""
    wave: str | None = None
    """The shape of a sound as SVG."""
    clip: Contents | None = None
    """What is in the file."""


NO_PICTURE = Picture()
Shown = tuple[SavedFile, Picture]

_FAINT = "var(--jp-ui-font-color2,inherit)"
_LINK = "color:var(--jp-content-link-color,inherit)"
_SMALL = "font-size:12px;overflow-wrap:anywhere"
_ROUND = "border-radius:8px"


def paired(files: Sequence[SavedFile], pictures: Sequence[Picture]) -> list[Shown]:
    """Each file with how it is shown; those without a picture are shown by their facts."""
    missing = len(files) - len(pictures)
    return list(zip(files, [*pictures, *[NO_PICTURE] * missing], strict=False))


def figures(files: Sequence[SavedFile], pictures: Sequence[Picture]) -> str:
    """All files in their order; images that follow each other as a grid."""
    shown = paired(files, pictures)
    return "".join(
        _grid(list(group)) if still else "".join(_figure(*each) for each in group)
        for still, group in groupby(shown, key=lambda each: _kind(each[0]) == "image")
    )


def data_url(media_type: str, data: bytes) -> str:
    """Bytes as an address."""
    return f"data:{media_type};base64,{b64encode(data).decode()}"


def _kind(file: SavedFile) -> str:
    return file.media_type.partition("/")[0]


def _figure(file: SavedFile, picture: Picture) -> str:
    player = _sound(file, picture) if _kind(file) == "audio" else _video(file, picture)
    return f'<figure style="margin:12px 0 4px">{player}{_caption(file, picture)}</figure>'


def _caption(file: SavedFile, picture: Picture) -> str:
    name = escape(file.name)
    named = f'<a href="{escape(picture.link)}" style="{_LINK}">{name}</a>' if picture.link else name
    told = words.facts(file, picture.clip)
    if file.path is None:
        told.append("too large to be kept; .url has the address until it expires")
    facts = escape(words.joined(told))
    return (
        f'<figcaption style="margin-top:6px;{_SMALL}">{named}'
        f' <span style="color:{_FAINT}">{facts}</span></figcaption>'
    )


def _video(file: SavedFile, picture: Picture) -> str:
    poster = _poster(picture)
    box = f"display:block;width:100%;max-height:420px;{_ROUND};background:#000"
    if isinstance(picture.clip, Clip):
        box += f";aspect-ratio:{picture.clip.width}/{picture.clip.height}"
    if picture.src:
        shown = f' poster="{poster}"' if poster else ""
        # `src` here and no <source>: notebooks that are not trusted lose that one.
        return (
            f'<video controls loop playsinline preload="none" src="{escape(picture.src)}"{shown}'
            f' aria-label="{escape(file.name)}" style="{box}"></video>'
        )
    return _image(poster, file.name, f"{box};object-fit:contain") if poster else ""


def _sound(file: SavedFile, picture: Picture) -> str:
    wave = ""
    if picture.wave:
        shape = "display:block;width:100%;height:72px;margin-bottom:6px"
        address = data_url("image/svg+xml", picture.wave.encode())
        wave = _image(address, f"the sound of {file.name}, loudness over time", shape)
    if not picture.src:
        return wave
    return (
        f'{wave}<audio controls preload="none" src="{escape(picture.src)}"'
        f' aria-label="{escape(file.name)}" style="display:block;width:100%"></audio>'
    )


def _grid(shown: Sequence[Shown]) -> str:
    if len(shown) == 1:
        return _still(*shown[0], width="100%")
    inner = "".join(_still(*each, width="212px") for each in shown)
    return f'<div style="display:flex;flex-wrap:wrap;gap:0 14px">{inner}</div>'


def _still(file: SavedFile, picture: Picture, width: str) -> str:
    """A picture that unfolds to its full size without a script, and works from the keyboard."""
    small = _poster(picture)
    if not small:
        return f'<figure style="margin:12px 0 4px">{_caption(file, picture)}</figure>'
    # A figure as wide as what it shows: unfolded, it takes the whole line.
    frame = f"flex:0 1 auto;min-width:min({width},100%);max-width:100%;margin:12px 0 4px"
    thumb = _image(small, file.name, f"display:block;width:{width};max-width:100%;{_ROUND}")
    caption = f'<div style="width:0;min-width:100%">{_caption(file, picture)}</div>'
    if not picture.src:
        return f'<figure style="{frame}">{thumb}{caption}</figure>'
    full = _image(
        escape(picture.src), f"{file.name} in full size", "display:block;max-width:100%", lazy=True
    )
    fold = (
        f'<details><summary style="list-style:none;cursor:zoom-in" title="full size">{thumb}'
        f'</summary><div style="margin-top:8px">{full}</div></details>'
    )
    return f'<figure style="{frame}">{fold}{caption}</figure>'


def _poster(picture: Picture) -> str:
    return data_url("image/jpeg", picture.poster) if picture.poster else ""


def _image(src: str, alt: str, style: str, *, lazy: bool = False) -> str:
    loading = ' loading="lazy"' if lazy else ""
    return f'<img src="{src}" alt="{escape(alt)}"{loading} style="{style}">'


def texts(files: Iterable[Shown]) -> list[str]:
    """Where each file is and its facts, a line each."""
    lines: list[str] = []
    for file, picture in files:
        where = str(file.path) if file.path else f"{file.name}: too large to be kept, see .url"
        lines.append(words.joined([where, *words.facts(file, picture.clip)]))
    return lines
