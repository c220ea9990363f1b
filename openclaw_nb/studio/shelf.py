"""References of a form: whatever is given becomes a file or an address that a request can name."""

from __future__ import annotations

from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from openclaw_nb.core.domain import Asset, Blob, Kind, Link, Medium, Reference, Request
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.notebook.controls import Sheet
from openclaw_nb.notebook.tray import Item
from openclaw_nb.runtime.assets import LIMITS, MIB
from openclaw_nb.runtime.media_types import HEAD_BYTES, detect, kind_of
from openclaw_nb.runtime.store import keep_reference, readable_name, stem_of

if TYPE_CHECKING:
    from openclaw_nb.client import Client

_FIELDS = {Kind.IMAGE: "images", Kind.VIDEO: "videos", Kind.AUDIO: "audios"}
_DIGITS = 8
_NOT_SENT = "Nothing was sent."


def item(client: Client, given: object, kind: Kind | None = None, role: str = "") -> Item:
    """Look at a reference as the run would. What is only in memory is kept beside the videos.

    Raises InvalidInput.
    """
    source = given.strip() if isinstance(given, str) else given
    kind = kind or _kind(source)
    asset = _loaded(client, source, kind)
    if isinstance(asset, Link):
        return Item(kind, asset.url, _address_name(asset.url), role=role)
    path = asset.path or _kept(client, asset)
    name = readable_name(asset.name if asset.path else Path(path).name)
    return Item(kind, path, name, asset.size, role)


def _loaded(client: Client, given: object, kind: Kind) -> Asset:
    references: dict[str, Any] = {_FIELDS[kind]: (Reference(given=given),)}
    media = client.load(Request(prompt="", **references))
    return (*media.images, *media.videos, *media.audios)[0]


def _kept(client: Client, blob: Blob) -> str:
    folder = client.stores[Medium.VIDEO].directory
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder / keep_reference(folder, blob.data or b"", blob.media_type))


def arrived(client: Client, path: Path, name: str) -> Item:
    """A file that was uploaded: it moves beside the videos. Raises InvalidInput."""
    with path.open("rb") as file:
        media_type = detect(file.read(HEAD_BYTES), name)
        file.seek(0)
        digest = file_digest(file, "sha256").hexdigest()[:_DIGITS]
    kind = kind_of(media_type)
    if kind is None:
        raise _unusable(name, media_type)
    folder = client.stores[Medium.VIDEO].directory / "references"
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{stem_of(name) or kind}-{digest}{Path(name).suffix.lower()}"
    _loaded(client, path, kind)
    path.replace(target) if path.stat().st_dev == folder.stat().st_dev else _copied(path, target)
    return Item(kind, str(target), name, target.stat().st_size)


def _copied(path: Path, target: Path) -> None:
    from shutil import copyfile

    partial = target.with_name(f".part-{target.name}")
    copyfile(path, partial)
    partial.replace(target)


def check(client: Client, sheet: Sheet, name: str, size: int, media_type: str) -> None:
    """Refuse what cannot become a reference before its bytes are sent. Raises InvalidInput."""
    kind = kind_of(detect(b"", name, media_type))
    if kind is None or sheet.slot(kind) is None:
        raise _unusable(name, media_type or None)
    limit = client.settings.media_max_bytes or LIMITS[kind]
    if size > limit:
        raise InvalidInput(
            kind,
            f"{shown(name)} has {size / MIB:.1f} MB, the limit is {limit / MIB:g} MB; "
            f"agents.defaults.mediaMaxMb raises it. {_NOT_SENT}",
            code="too-large",
        )


def _unusable(name: str, media_type: str | None) -> InvalidInput:
    found = media_type or "of an unknown type"
    return InvalidInput(
        "references",
        f"{shown(name)} is {found}; allowed are images, videos and audio. {_NOT_SENT}",
    )


def _kind(given: Any) -> Kind:
    """What kind of reference is meant. Raises InvalidInput when that cannot be told."""
    if hasattr(given, "files"):
        return kind_of(_first_type(given)) or Kind.VIDEO
    if type(given) in (bytes, bytearray, memoryview):
        found = detect(bytes(given[:HEAD_BYTES]))
    elif isinstance(given, str | Path):
        found = _type_of_text(str(given))
    else:
        return Kind.IMAGE  # an array or a PIL image; the loader says so if it is neither
    if kind := kind_of(found):
        return kind
    raise InvalidInput(
        "kind",
        f"{shown(given)}: it cannot be told whether this is an image, a video or an audio; say "
        f"which. {_NOT_SENT}",
    )


def _first_type(result: Any) -> str | None:
    return next((file.media_type for file in result.files), None)


def _type_of_text(text: str) -> str | None:
    if text.startswith("data:"):
        return text.removeprefix("data:").partition(";")[0]
    if "://" in text and not text.startswith("file:"):
        return detect(b"", urlsplit(text).path)
    path = Path(text.removeprefix("file://").removeprefix("@")).expanduser()
    try:
        with path.open("rb") as file:
            return detect(file.read(HEAD_BYTES), path.name)
    except OSError:
        return detect(b"", path.name)  # the loader says what is wrong with it


def _address_name(url: str) -> str:
    parts = urlsplit(url)
    return unquote(parts.path.rpartition("/")[2]) or parts.hostname or url
