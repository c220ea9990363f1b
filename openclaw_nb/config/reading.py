"""Plain values as settings, or the path of the first key that is wrong and what would be right."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from openclaw_nb.config.schema import Settings
from openclaw_nb.config.shield import without_frames
from openclaw_nb.errors import ConfigError


@without_frames
def read(values: object) -> Settings:
    """Settings from plain values. Raises ConfigError with the path of the first key that is wrong."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the configuration"
        raise ConfigError(where, f"{_explained(first)}. Nothing was sent.") from None


def _explained(error: ErrorDetails) -> str:
    if error["type"] != "extra_forbidden":
        return error["msg"].removeprefix("Value error, ")
    *section, name = map(str, error["loc"])
    return no_such_key(name, _keys_of(section))


def no_such_key(name: str, known: Sequence[str]) -> str:
    """What to say of a key that is none of those that are known."""
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(known))}"
    return f"there is no such key; {hint}"


def _keys_of(section: Iterable[str]) -> list[str]:
    """The keys of the section at a path that validation reached."""
    found: type[BaseModel] | None = Settings
    for step in section:
        inner = _fields(found).get(step)
        # A step that is no field is a key of a mapping, whose section the field named already.
        found = _section_in(inner) if inner is not None else found
    return list(_fields(found))


def _fields(section: type[BaseModel] | None) -> Mapping[str, Any]:
    """By the key in the file, the annotation of each field."""
    fields = section.model_fields.items() if section else ()
    return {field.alias or name: field.annotation for name, field in fields}


def _section_in(annotation: Any) -> type[BaseModel] | None:
    """The model in `Model | None`, `Annotated[Model, ...]` or `Mapping[str, Model]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((each for part in get_args(annotation) if (each := _section_in(part))), None)
