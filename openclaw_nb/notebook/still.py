"""Facts and small copies of image files, by Pillow. Reads files: never on the event loop."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageOps

from openclaw_nb.notebook import media
from openclaw_nb.notebook.words import Still

THUMBNAIL_WIDTH = 640
_EMBEDDABLE = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp", "GIF": "image/gif"}
_WHITE = (255, 255, 255)


def still(path: Path) -> Still | None:
    """Size and format; None when it is no readable image."""
    return media.cached(_still, path)


def thumbnail(path: Path, width: int = THUMBNAIL_WIDTH) -> bytes | None:
    """The image as a JPEG of at most `width` pixels each way; None when it is no readable image."""
    return media.cached(_thumbnail, path, width)


def embedded(path: Path, budget: int) -> tuple[str, bytes] | None:
    """Media type and bytes of the file itself, when a browser shows it and it fits; else None."""
    found = still(path)
    if found is None or found.format not in _EMBEDDABLE or path.stat().st_size > budget:
        return None
    return _EMBEDDABLE[found.format], path.read_bytes()


def _still(path: Path) -> Still:
    with Image.open(path) as image:
        return Still(width=image.width, height=image.height, format=image.format or "")


def _thumbnail(path: Path, width: int) -> bytes:
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        upright.thumbnail((width, width))
        shown = Image.new("RGB", upright.size, _WHITE)
        if "A" in upright.getbands() or upright.mode == "P":
            upright = upright.convert("RGBA")
            shown.paste(upright, mask=upright.getchannel("A"))
        else:
            shown.paste(upright.convert("RGB"))
    out = io.BytesIO()
    shown.save(out, "JPEG", quality=80, optimize=True)
    return out.getvalue()
