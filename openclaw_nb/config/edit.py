"""`config get | set | unset`: single values of the file, by path."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias, cast

from openclaw_nb.config.files import included, json5_values, merged_includes, parsed
from openclaw_nb.config.reading import read
from openclaw_nb.errors import ConfigError, shown
from openclaw_nb.places import make_private

Step: TypeAlias = str | int

_FORBIDDEN = frozenset({"__proto__", "prototype", "constructor"})
_SECRETS = ("key", "token", "secret", "password", "passphrase", "authorization", "cookie")
_MASK = "********"
_QUOTED = re.compile(r"""(["'])(?:\\.|(?!\1)[^\\])*\1""")
_USER_INFO = re.compile(r"//.*@")
_VARIABLE = re.compile(r"\$(\w+|\{\w+\})", re.ASCII)


def steps(path: str) -> tuple[Step, ...]:
    """The path's segments: `a.b`, `a[0]`, `a["b.c"]`; a backslash takes the next character as it is.

    Raises ConfigError.
    """
    found: list[Step] = []
    rest = path.strip()
    while rest:
        if rest.startswith("["):
            step, rest = _bracket(rest, path)
        else:
            step, rest = _plain(rest, path)
        found.append(step)
    if not found:
        raise ConfigError(shown(path), "the path is empty")
    for step in found:
        if step in _FORBIDDEN:
            raise ConfigError(shown(path), f"{step} cannot be part of a path")
    return tuple(found)


def _bracket(rest: str, path: str) -> tuple[Step, str]:
    if rest[1:2] in ("'", '"'):
        inner, closed, after = rest[2:].partition(f"{rest[1]}]")
        step: Step = inner
    else:
        inner, closed, after = rest[1:].partition("]")
        inner = inner.strip()
        step = int(inner) if inner.isdecimal() else inner
    if not closed:
        raise ConfigError(shown(path), "a ] is missing")
    if inner == "":
        raise ConfigError(shown(path), "[] is empty")
    return step, _after_dot(after, path)


def _plain(rest: str, path: str) -> tuple[Step, str]:
    taken: list[str] = []
    index = 0
    while index < len(rest) and rest[index] not in ".[":
        index += rest[index] == "\\"
        taken.append(rest[index : index + 1])
        index += 1
    if not taken:
        raise ConfigError(shown(path), "a segment is empty")
    return "".join(taken), _after_dot(rest[index:], path)


def _after_dot(rest: str, path: str) -> str:
    if rest == ".":
        raise ConfigError(shown(path), "a segment is empty")
    return rest.removeprefix(".")


def value_of(text: str, *, strict: bool = False) -> object:
    """A value as typed: JSON5, or the text itself, which `strict` forbids. Raises ConfigError."""
    try:
        return json5_values(text)
    except (ValueError, RecursionError) as error:
        if strict:
            told = str(error).removeprefix("<string>:")
            raise ConfigError("the value", f"is not JSON5: line {told}") from None
        return text


def get_value(file: Path, path: str) -> object:
    """What stands at `path` in the file, secrets masked.

    Raises ConfigError when there is nothing.
    """
    way = steps(path)
    found = _reached(included(file), way)
    if found is None:  # an $include itself is only in the file
        found = _reached(parsed(file), way)
    if found is None:
        raise ConfigError(path, f"is not set in {file}")
    return masked(found, way)


def is_secret(name: str) -> bool:
    """Whether what bears such a name is not to be shown."""
    return name.lower().endswith(_SECRETS)


def masked(value: object, way: Sequence[Step] = ()) -> object:
    """The value at the path `way` without what may be secret; references to variables stay."""
    if isinstance(value, dict):
        given = cast("dict[Any, object]", value)
        return {key: masked(each, (*way, str(key))) for key, each in given.items()}
    if isinstance(value, list):
        return [masked(each, way) for each in cast("list[object]", value)]
    if not isinstance(value, str) or _VARIABLE.fullmatch(value):
        return value
    name = next((str(step) for step in reversed(way) if isinstance(step, str)), "")
    if is_secret(name) or name == "value" or "headers" in way[:-1]:
        return _MASK
    return _USER_INFO.sub(f"//{_MASK}@", value)


def set_value(file: Path, path: str, value: object) -> str:
    """Put `value` at `path` and write the file, if it is valid then; returns what to tell the user.

    Raises ConfigError; the file is then as it was.
    """
    way = steps(path)
    if value is None:
        raise ConfigError(path, "null is no value; unset takes out what is there")
    return _changed(file, _put(parsed(file), way, value))


def unset_value(file: Path, path: str) -> str:
    """Take out what stands at `path`; as `set_value`."""
    way = steps(path)
    values = parsed(file)
    holder, last = _reached(values, way[:-1]), way[-1]
    if _child(holder, last) is None:
        if _reached(included(file), way) is not None:
            raise ConfigError(path, f"is set in a file that {file} includes; take it out there")
        raise ConfigError(path, f"is not set in {file}")
    del holder[last]
    return _changed(file, values)


def _reached(holder: Any, way: Sequence[Step]) -> Any:
    for step in way:
        holder = _child(holder, step)
    return holder


def _child(holder: object, step: Step) -> Any:
    if isinstance(holder, dict):
        return cast("dict[Step, object]", holder).get(step)
    if isinstance(holder, list) and isinstance(step, int):
        return next(iter(cast("list[object]", holder)[step : step + 1]), None)
    return None


def _put(holder: object, way: Sequence[Step], value: object) -> object:
    """`holder` with `value` at `way`; what is missing on the way is made."""
    if not way:
        return value
    step, rest = way[0], way[1:]
    if isinstance(holder, dict if isinstance(step, int) else list):
        found, wanted = ("an object", "a name") if isinstance(holder, dict) else ("a list", "[n]")
        raise ConfigError(str(step), f"what holds it is {found}, which needs {wanted} here")
    if isinstance(step, int):
        items = list(cast("list[object]", holder)) if isinstance(holder, list) else []
        if step > len(items):
            raise ConfigError(
                f"[{step}]", f"the list has {len(items)} entries; the next is {len(items)}"
            )
        items[step : step + 1] = [_put(_child(items, step), rest, value)]
        return items
    fields: dict[str, object] = (
        dict(cast("dict[str, object]", holder)) if isinstance(holder, dict) else {}
    )
    if isinstance(holder, str) and step in ("fallbacks", "timeoutMs"):
        fields = {"primary": holder}  # the short form of a model choice: keep what it says
    fields[step] = _put(fields.get(step), rest, value)
    return fields


def _changed(file: Path, values: object) -> str:
    text = _json(values)
    try:
        read(merged_includes(values, file))
    except ConfigError as error:
        told = error.message.removesuffix(" Nothing was sent.")
        raise ConfigError(error.where, f"{told} Nothing was written to {file}.") from None
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    note = ""
    if before and before.strip() != text.strip():
        backup = file.with_name(f"{file.name}.bak")
        _write(backup, before, file)
        if _has_comments(before):
            note = f"Comments are not kept; the file as it was is {backup}."
    _write(file, text, file)
    return note


def _json(values: object) -> str:
    try:
        text = json.dumps(values, indent=2, ensure_ascii=False) + "\n"
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:  # half a character is a ValueError
        raise ConfigError("the value", f"cannot be written as JSON: {error}") from None
    return text


def _has_comments(text: str) -> bool:
    rest = _QUOTED.sub("", text)
    return "//" in rest or "/*" in rest


def _write(path: Path, text: str, like: Path) -> None:
    """Write at once or not at all, with the mode of `like`; a new file is for its owner alone."""
    make_private(path.parent)
    mode = like.stat().st_mode & 0o777 if like.exists() else 0o600
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise ConfigError(str(path), f"cannot be written: {error}") from error
