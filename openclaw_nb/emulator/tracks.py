"""What a piece of music that it serves must be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, Self

from typing_extensions import override

from .clips import DRAFT_SECONDS, Clip, Kind, Spec

Container = Literal["mp3", "wav", "pcm"]
CONTENT_TYPES: dict[Container, str] = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}


@dataclass(frozen=True, slots=True)
class TrackSpec(Spec):
    """A piece of music."""

    audio: bool = True
    format: Container = "wav"
    sample_rate: int = 44_100
    bitrate: int = 256_000
    """Of an MP3, in bits a second."""
    lyrics: str = ""
    """What a second voice sings; none without."""
    seed: int = 0
    notes: tuple[str, ...] = ()
    """What the provider understood besides the prompt; written into the file's tags."""

    @property
    @override
    def kind(self) -> Kind:
        return "music"

    @property
    @override
    def suffix(self) -> str:
        return f".{self.format}"

    @property
    @override
    def content_type(self) -> str:
        return CONTENT_TYPES[self.format]

    @override
    def draft(self) -> Self:
        return replace(self, seconds=min(self.seconds, DRAFT_SECONDS))

    @override
    def render(self, path: Path, stopped: Callable[[], bool]) -> Clip:
        from .melody import perform

        return perform(self, path, stopped)
