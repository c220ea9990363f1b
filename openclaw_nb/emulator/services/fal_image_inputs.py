"""What fal's image endpoints have in common: images of one request, named in `images`."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import Field
from typing_extensions import override

from openclaw_nb.emulator.clips import Spec
from openclaw_nb.emulator.stills import Format, StillSpec

from .fal_inputs import Finished, Input

EDITED = 0.8
"""How much of a reference is seen in an edit."""
NOT_NOTED = {"prompt", "sync_mode", "image_url", "image_urls", "image_style_references"}
LINE = 64


class ImageInput(Input):
    """An endpoint whose result is `images`."""

    @property
    def count(self) -> int:
        """How many."""
        return 1

    @property
    def format(self) -> Format:
        """Of the files."""
        return "png"

    @property
    def seed_used(self) -> int:
        """As given, or drawn."""
        given: int | None = getattr(self, "seed", None)
        return self.drawn() if given is None else given

    @property
    def references(self) -> Sequence[str]:
        """Images that are sent along."""
        return ()

    @abstractmethod
    def still(self, spec: StillSpec) -> StillSpec:
        """The spec with its size, and what else the endpoint has of its own."""

    @override
    def files(self, model: str) -> tuple[Spec, ...]:
        spec = StillSpec("fal", model, self.prompt, format=self.format, seed=self.seed_used)
        seen = tuple(self.references)
        spec = self.still(replace(spec, references=seen, presence=(EDITED,) * len(seen)))
        return tuple(
            replace(spec, index=at, notes=tuple(self._notes(at))) for at in range(self.count)
        )

    def _notes(self, at: int) -> Iterator[str]:
        """Every setting as it was understood, the defaults too, in lines."""
        given = self.model_dump(exclude=NOT_NOTED, exclude_none=True)
        given |= {"seed": self.seed_used, "image": f"{at + 1} of {self.count}"}
        line = ""
        for word in (f"{name} {_brief(value)}" for name, value in given.items() if value != ""):
            if line and len(line) + len(word) > LINE:
                yield line
                line = ""
            line += f" · {word}" if line else word
        yield line

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {
            "images": [
                {**each.file, "width": each.clip.width, "height": each.clip.height}
                for each in finished.made
            ]
        }


class Several(ImageInput):
    """What most of them have."""

    num_images: int = Field(default=1, ge=1, le=4)
    output_format: Format = "png"
    sync_mode: bool = False

    @property
    @override
    def count(self) -> int:
        return self.num_images

    @property
    @override
    def format(self) -> Format:
        return self.output_format


def _brief(value: object) -> object:
    match value:
        case {"width": width, "height": height}:
            return f"{width}x{height}"
        case [*several]:
            return len(several)
        case _:
            return value
