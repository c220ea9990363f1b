"""What the nodes of a ComfyUI graph gave, and which of it are videos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias, cast

from pydantic import JsonValue, model_validator

from openclaw_nb.core.wire import Wire

Outputs: TypeAlias = Mapping[str, Mapping[str, JsonValue]]
"""By node id, its buckets: lists of files, texts or marks."""

_IN_ORDER = ("gifs", "videos", "images")
_PICTURES = (".gif", ".webp", ".png", ".jpg", ".jpeg", ".apng", ".avif")
_FILMS = (".mp4", ".webm")
_MORE_FILMS = (".mov", ".mkv")


class Told(Wire):
    """A part of an answer; a null member counts as absent."""

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        members = cast("Mapping[str, object]", given)
        return {name: value for name, value in members.items() if value is not None}


class File(Told):
    """A file on the server."""

    filename: str | None = None
    name: str | None = None
    subfolder: str = ""
    type: str = "output"

    @property
    def called(self) -> str:
        """Its name, under either of the two keys."""
        return self.filename or self.name or ""


def videos(outputs: Outputs, only: str = "") -> Iterator[tuple[str, File]]:
    """Node and file of every video, of one node or of all."""
    for node, output in outputs.items():
        for bucket in _IN_ORDER if only in ("", node) else ():
            for file in _files(output.get(bucket)):
                if _is_film(file, bucket, animated=_marked(output)):
                    yield node, file


def _is_film(file: File, bucket: str, *, animated: bool) -> bool:
    name = file.called.lower()
    if bucket == "images":
        # ComfyUI's own SaveVideo and SaveWEBM put their films there.
        return name.endswith(_FILMS + _MORE_FILMS if animated else _FILMS)
    # Animated pictures cannot be kept as a video.
    return bool(name) and not name.endswith(_PICTURES)


def _marked(output: Mapping[str, JsonValue]) -> bool:
    mark = output.get("animated")
    return any(mark) if isinstance(mark, list) else bool(mark)


def _files(bucket: JsonValue) -> Iterator[File]:
    for item in bucket if isinstance(bucket, list) else ():
        if isinstance(item, dict):
            yield File.model_validate(item)


def listed(outputs: Outputs) -> Iterator[str]:
    """Each node's buckets and the names in them, for messages."""
    for node, output in outputs.items():
        for bucket, items in output.items():
            names = ", ".join(file.called for file in _files(items) if file.called)
            yield f"{bucket} from node {node}" + (f" ({names})" if names else "")
