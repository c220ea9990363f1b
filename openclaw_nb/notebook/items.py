"""What is compared or laid out in a gallery: results, finished tasks and files, read into one list.

Reads the heads of files; facts are read when they are asked for. Never on the event loop.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol, TypeAlias, assert_never, cast, runtime_checkable

from openclaw_nb.core.domain import Kind, Ref, Request, TaskState
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.notebook import media, sound, still, words
from openclaw_nb.notebook.words import Clip, Contents, Sound
from openclaw_nb.runtime.media_types import HEAD_BYTES, detect, kind_of
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.task import Task

Labels: TypeAlias = Sequence[str] | None

_LABEL_CHARACTERS = 120
_TAKEN = "a result, a finished task or the path of a video, image or audio file"


@runtime_checkable
class Result(Protocol):
    """What a finished task gives, of whatever kind its files are."""

    @property
    def ref(self) -> Ref:
        """The model that ran."""
        ...

    @property
    def request(self) -> Request:
        """What was asked."""
        ...

    @property
    def paths(self) -> tuple[Path, ...]:
        """Every file on disk."""
        ...

    @property
    def elapsed_seconds(self) -> float:
        """From the start of the task to the saved file."""
        ...

    @property
    def emulated(self) -> bool:
        """True when the emulator made it."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One file with what is known of it."""

    path: Path
    media_type: str
    kind: Kind
    label: str = ""
    result: Result | None = None
    """What the file came from, where that is known."""

    @property
    def contents(self) -> Contents | None:
        """What is in the file; None when it cannot be read."""
        match self.kind:
            case Kind.VIDEO:
                return media.clip(self.path)
            case Kind.IMAGE:
                return still.still(self.path)
            case Kind.AUDIO:
                return sound.sound(self.path)
            case _:
                assert_never(self.kind)

    @property
    def clip(self) -> Clip | None:
        """What is in a video; None for other kinds."""
        found = self.contents
        return found if isinstance(found, Clip) else None

    @property
    def shape(self) -> tuple[int, int] | None:
        """Width and height in pixels; None for sound."""
        found = self.contents
        return None if found is None or isinstance(found, Sound) else (found.width, found.height)

    @property
    def facts(self) -> str:
        """The file's facts in one line."""
        file = SavedFile(
            media_type=self.media_type, name=self.path.name, size_bytes=self.size_bytes
        )
        return words.joined(words.facts(file, self.contents))

    def poster(self, width: int) -> bytes | None:
        """A JPEG of at most `width` pixels each way; None for sound, and when it cannot be read."""
        match self.kind:
            case Kind.VIDEO:
                return media.poster(self.path, width)
            case Kind.IMAGE:
                return still.thumbnail(self.path, width)
            case Kind.AUDIO:
                return None
            case _:
                assert_never(self.kind)

    @property
    def size_bytes(self) -> int:
        """The file's length."""
        return self.path.stat().st_size

    @property
    def emulated(self) -> bool:
        """True when the emulator made it."""
        return self.result is not None and self.result.emulated


def read_items(results: Sequence[object], labels: Labels = None) -> tuple[Item, ...]:
    """Every file of `results`: of results, finished tasks, paths, and lists or mappings of them.

    Args:
        results: What was given. A mapping's keys are its labels.
        labels: One for each of them; None: the models, the prompts or the files' names, whichever
            tells them apart.

    Raises:
        InvalidInput: nothing was given, a task has no video, a file is missing or is no media file, or the
            labels are too few or too many.
    """
    given = list(_flat(results))
    if not given:
        raise InvalidInput("results", f"nothing was given; each may be {_TAKEN}")
    if labels is not None:
        given = _labelled([value for _, value in given], labels)
    items: list[Item] = []
    for at, (label, value) in enumerate(given):
        found = _read(f"results[{at}]", value)
        items += _numbered(found, label) if label is not None else found
    return _named(items)


def one_kind(items: Sequence[Item]) -> Kind:
    """The kind that all have. Raises InvalidInput when they differ."""
    kinds = Counter(item.kind for item in items)
    if len(kinds) > 1:
        mixed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        raise InvalidInput(
            "results", f"one kind at a time; these are {mixed}. gallery(results) takes all kinds"
        )
    return items[0].kind


def _flat(results: Iterable[object]) -> Iterator[tuple[str | None, object]]:
    for given in results:
        if isinstance(given, Mapping):
            named = cast("Mapping[object, object]", given)
            yield from ((str(label), value) for label, value in named.items())
        elif isinstance(given, Iterable) and not isinstance(given, str | bytes | Task):
            yield from _flat(cast("Iterable[object]", given))
        else:
            yield None, given


def _labelled(given: Sequence[object], labels: Sequence[str]) -> list[tuple[str | None, object]]:
    if isinstance(labels, str) or len(labels) != len(given):
        raise InvalidInput("labels", f"give {len(given)}, one for each result; got {shown(labels)}")
    return [(str(label), value) for label, value in zip(labels, given, strict=True)]


def _read(where: str, given: object) -> list[Item]:
    if isinstance(given, Task):
        return _of_result(where, _ended(where, given))  # pyright: ignore[reportUnknownArgumentType] # any task
    if isinstance(given, Result):
        return _of_result(where, given)
    if isinstance(given, str | os.PathLike):
        path = Path(os.fspath(cast("os.PathLike[str]", given))).expanduser()
        return [_of_file(where, path)]
    raise InvalidInput(where, f"{_TAKEN} is taken; got {shown(given)}")


def _ended(where: str, task: Task) -> Result:
    now = task.snapshot
    name = f"task {task.id[:8]}"
    if not task.done():
        raise InvalidInput(where, f"{name} is still {now.state}: await it first")
    if now.state is not TaskState.SUCCEEDED:
        told = f": {words.shortened(now.error)}" if now.error else ""
        raise InvalidInput(
            where,
            f"{name} has no result, it is {now.state}{told}. Leave it out: "
            '[task for task in tasks if task.state == "succeeded"]',
        )
    result: Result = task.result()
    return result


def _of_result(where: str, result: Result) -> list[Item]:
    if not result.paths:
        raise InvalidInput(
            where, f"what {result.ref} made was too large to be saved; it is only at its .url"
        )
    return [replace(_of_file(where, path), result=result) for path in result.paths]


def _of_file(where: str, path: Path) -> Item:
    try:
        with path.open("rb") as file:
            head = file.read(HEAD_BYTES)
    except OSError as error:
        raise InvalidInput(where, f"cannot read {path}: {error.strerror or error}") from error
    media_type = detect(head, path.name)
    kind = kind_of(media_type)
    if media_type is None or kind is None:
        raise InvalidInput(where, f"{path} is no video, image or audio file ({media_type})")
    return Item(path=path, media_type=media_type, kind=kind)


def _numbered(items: Sequence[Item], label: str) -> list[Item]:
    """The files of one result under its label."""
    count = len(items)
    return [
        replace(item, label=f"{label} ({at} of {count})" if count > 1 else label)
        for at, item in enumerate(items, 1)
    ]


def _named(items: Sequence[Item]) -> tuple[Item, ...]:
    """Labels for those without: the model, else the prompt, else the file's name."""
    if all(item.label for item in items):
        return tuple(replace(item, label=_short(item.label)) for item in items)
    for names in (_models(items), _prompts(items)):
        if all(names) and len(set(names)) == len(items):
            break
    else:
        names = _files(items)
    return tuple(
        replace(item, label=_short(item.label or name))
        for item, name in zip(items, names, strict=True)
    )


def _models(items: Sequence[Item]) -> list[str]:
    return [str(item.result.ref) if item.result else "" for item in items]


def _prompts(items: Sequence[Item]) -> list[str]:
    return [item.result.request.prompt if item.result else "" for item in items]


def _files(items: Sequence[Item]) -> list[str]:
    """What is known first, then the file's name where that is not enough."""
    models = _models(items)
    return [
        model if model and models.count(model) == 1 else words.joined([model, item.path.name])
        for model, item in zip(models, items, strict=True)
    ]


def _short(label: str) -> str:
    return words.shortened(" ".join(label.split()), _LABEL_CHARACTERS)
