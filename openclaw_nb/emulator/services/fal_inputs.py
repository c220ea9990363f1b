"""What every fal endpoint's schema has: fields that are checked, files that follow from them, a result."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel
from pydantic_core import PydanticCustomError

from openclaw_nb.emulator.clips import Clip, Spec
from openclaw_nb.emulator.references import (
    UnreadableError,
    checked_image,
    data_uri_bytes,
    is_address,
)


def _image(text: str) -> str:
    try:
        checked_image(text)
    except UnreadableError as error:
        raise PydanticCustomError("image_load_error", "Failed to load the image.") from error
    return text


def _media(text: str) -> str:
    try:
        if not is_address(text):
            data_uri_bytes(text)
    except UnreadableError as error:
        raise PydanticCustomError("file_download_error", "Failed to download the file.") from error
    return text


ImageUrl = Annotated[str, AfterValidator(_image)]
MediaUrl = Annotated[str, AfterValidator(_media)]
File = dict[str, object]


class Strict(BaseModel, strict=True, extra="ignore", allow_inf_nan=False, frozen=True):
    """Types and values are checked; unknown fields appear to be ignored by fal."""


class Made(NamedTuple):
    """One file of a finished job, and how the result names it."""

    spec: Spec
    clip: Clip
    file: File


@dataclass(frozen=True, slots=True)
class Finished:
    """A job that succeeded."""

    model: str
    id: str
    seconds: float
    asked: Mapping[str, object]
    made: Sequence[Made]


class Input(Strict, ABC):
    """The body of a request."""

    prompt: str

    @abstractmethod
    def files(self, model: str) -> tuple[Spec, ...]:
        """What endpoint `model` makes of it."""

    @abstractmethod
    def output(self, finished: Finished) -> dict[str, object]:
        """The result."""

    def units(self, finished: Finished) -> float:
        """What is billed."""
        return len(finished.made)

    @property
    def is_checked(self) -> bool:
        """A safety checker may black the result out."""
        return False

    @property
    def is_inline(self) -> bool:
        """The result holds the files themselves, as data URIs."""
        return bool(getattr(self, "sync_mode", False))

    def drawn(self) -> int:
        """The seed of a request that names none: the same for equal requests, so that their files are the same."""
        return int(sha256(self.model_dump_json().encode()).hexdigest()[:8], 16)
