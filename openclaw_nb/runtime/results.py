"""What a finished task gives: the files, who made them, and how that differs from the request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openclaw_nb.core.domain import Attempt, Change, Ignored, Medium, Ref, Request
from openclaw_nb.core.plan import ignored_overrides, normalization
from openclaw_nb.errors import one_line
from openclaw_nb.runtime.export import copy_files

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image as Picture


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFile:
    """One output: a file on disk, or only an address when it was too large to be kept."""

    media_type: str
    """Such as `video/mp4`."""
    name: str
    """Readable name, without the unique part."""
    path: Path | None = None
    """Where it is on this machine; None when only an address was kept."""
    url: str | None = field(default=None, repr=False)
    """Where the provider hosts it; expires, and may hold a token."""
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A finished generation. Usually one file; `files` holds all of them in the provider's order."""

    task_id: str
    ref: Ref
    """The model that ran, `provider/model`."""
    request: Request = field(repr=False)
    files: tuple[SavedFile, ...]
    changes: tuple[Change, ...] = ()
    """Settings that were sent otherwise than asked."""
    ignored: tuple[Ignored, ...] = ()
    """Settings that were not sent."""
    attempts: tuple[Attempt, ...] = ()
    """Candidates tried or skipped before the one that ran, in order."""
    warnings: tuple[str, ...] = ()
    """What is worth knowing, in sentences."""
    metadata: Mapping[str, object] = field(default_factory=dict[str, object], repr=False)
    """What the provider told besides, such as a seed or what it cost; names differ."""
    elapsed_seconds: float = 0.0
    """Seconds from the start of the task to the saved file."""
    emulated: bool = False
    """True when the emulator made it and no model did."""

    @property
    def provider(self) -> str:
        """Id of the provider that ran."""
        return self.ref.provider

    @property
    def model(self) -> str:
        """Id of the model that ran, without the provider."""
        return self.ref.model

    @property
    def path(self) -> Path:
        """The first file on disk. Raises FileNotFoundError when only an address was kept."""
        for file in self.files:
            if file.path is not None:
                return file.path
        raise FileNotFoundError(
            "the file was too large to be saved; it is at .url until that expires. "
            "Raise agents.defaults.mediaMaxMb to keep larger files."
        )

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file on disk."""
        return tuple(file.path for file in self.files if file.path is not None)

    @property
    def url(self) -> str | None:
        """The provider's hosted copy of the first file, if it has one. Expires."""
        return self.files[0].url

    @property
    def normalization(self) -> dict[str, Any]:
        """Requested-to-applied translations, keyed as in the tool contract."""
        return normalization(self.changes)

    @property
    def ignored_overrides(self) -> list[dict[str, Any]]:
        """What was not sent: `[{"key": ..., "value": ...}]`."""
        return ignored_overrides(self.ignored)

    @property
    def medium(self) -> Medium:
        """What it is: video, image or music."""
        return self.request.medium

    def save_as(self, target: Path | str, *, overwrite: bool = False) -> tuple[Path, ...]:
        """Copy the files to `target`: a directory, or for a single file its new path.

        A directory is one that exists, or a path that ends with a slash; it is made when missing.
        Without `overwrite` a name that is taken gets a number, or is refused when it was given.

        Raises:
            FileExistsError: the path given is taken.
            InvalidInput: `target` cannot take the files; nothing was written.
        """
        return copy_files(self.paths, target, overwrite=overwrite)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from openclaw_nb.notebook.player import result_bundle

        return result_bundle(self)

    def __str__(self) -> str:
        where = self.files[0].path or self.files[0].url
        return one_line(f"{self.ref} -> {where}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Video(Result):
    """A finished video."""

    def frames(self) -> NDArray[np.uint8]:
        """Every frame as an array of shape `(frames, height, width, 3)`, `uint8`, RGB, by mediapy.

        An 8 s clip at 1280x720 is about 530 MB. Raises FileNotFoundError when no file was saved.
        """
        from openclaw_nb.notebook.frames import read_frames

        return read_frames(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image(Result):
    """A finished picture, or up to four of them."""

    def pictures(self) -> tuple[Picture, ...]:
        """Every picture as a PIL image. Raises FileNotFoundError when none was saved."""
        from openclaw_nb.notebook.frames import read_picture

        return tuple(read_picture(path) for path in self.paths or (self.path,))

    def array(self) -> NDArray[np.uint8]:
        """The first picture as an array of shape `(height, width, 3)`, `uint8`, RGB."""
        from openclaw_nb.notebook.frames import read_array

        return read_array(self.path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Music(Result):
    """A finished track."""

    def samples(self) -> tuple[NDArray[np.float32], int]:
        """The sound as an array of shape `(samples, channels)`, `float32` in -1 to 1, and its rate.

        The rate is in samples per second.
        """
        from openclaw_nb.notebook.frames import read_samples

        return read_samples(self.path)


RESULTS: Mapping[Medium, type[Result]] = {
    Medium.VIDEO: Video,
    Medium.IMAGE: Image,
    Medium.MUSIC: Music,
}
"""The class of what each medium gives."""
