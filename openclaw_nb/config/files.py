"""Reads the configuration: JSON5, files that it includes, `${NAME}` in texts, variables from `.env`."""

from __future__ import annotations

import io
import logging
import re
import shlex
from collections import ChainMap
from collections.abc import Generator, Iterable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, cast

from openclaw_nb.config.reading import read
from openclaw_nb.config.schema import Settings
from openclaw_nb.config.shield import without_frames
from openclaw_nb.errors import ConfigError

_log = logging.getLogger("openclaw_nb")

_INCLUDE = "$include"
_DEEPEST_INCLUDE = 10
_MOST_INCLUDES = 100
_MOST_BYTES = 1_048_576
_REFERENCE = re.compile(r"\$(\$?)\{([A-Z_][A-Z0-9_]*)\}")
_LAZY = (("apiKey",), ("auth", "token"), ("auth", "value"), ("tls", "passphrase"))
"""Secrets that may be a variable's: read when they are needed, so that a file may name many."""
_ASSIGNMENT = re.compile(r"^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration, and the environment that it and the `.env` files add to."""

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    file: Path | None = None
    from_profile: frozenset[str] = frozenset()
    """The names of the variables that only the login profile sets."""


@contextmanager
def named(file: Path | None) -> Generator[None]:
    """Errors about the configuration say in which file it stands."""
    try:
        yield
    except ConfigError as error:
        if file is None or str(file) in str(error):
            raise
        raise ConfigError(error.where, f"{error.message} The file is {file}.") from None


def is_on(value: str | None) -> bool:
    """How switches in the environment are read: 1, true, yes, on."""
    return (value or "").strip().lower() in {"1", "true", "yes", "on"}


class _Variables(ChainMap[str, str]):
    """An environment whose values are not shown."""

    def __repr__(self) -> str:
        return f"<{len(self)} variables>"


@without_frames
def load(
    path: Path, environ: Mapping[str, str], *, home: Path, expected: Sequence[str] = ()
) -> Loaded:
    """Read the configuration file; a missing one is an empty one.

    Args:
        path: The file, JSON5.
        environ: The process environment; looked at again at every use.
        home: The state directory, where the second `.env` may lie.
        expected: Variables that `env.shellEnv` may take from the login profile.

    Raises:
        ConfigError: names the file, or the path of the key that is wrong.
    """
    values = included(path)
    dotenv = [*_dotenv(Path(".env")), *_dotenv(home / ".env")]
    with named(path):
        found = resolved(values, environ, dotenv=dotenv, expected=expected)
    return replace(found, file=path)


@without_frames
def resolved(
    values: object,
    environ: Mapping[str, str],
    *,
    dotenv: Sequence[Mapping[str, str]] = (),
    expected: Sequence[str] = (),
) -> Loaded:
    """Settings from plain values, with variables put in.

    Raises ConfigError with the path of the key that is wrong.
    """
    env = read({"env": _env_of(values)}).env
    maps = [environ, *dotenv, env.variables]
    profile: dict[str, str] = {}
    if env.shell_env.enabled or is_on(environ.get("OPENCLAW_LIVE_TEST")):
        profile = _profile(Path("~/.profile").expanduser(), expected)
    from_profile = frozenset(profile).difference(*maps)
    maps.append(profile)
    # What is set counts, even empty; nothing here is written to.
    everything = _Variables(*(cast("MutableMapping[str, str]", each) for each in maps))
    settings = read(_substituted(values, everything, ()))
    return Loaded(settings, everything, from_profile=from_profile)


def _env_of(values: object) -> object:
    return cast("dict[str, object]", values).get("env", {}) if isinstance(values, dict) else {}


def included(path: Path) -> object:
    """The file's values with what it includes merged in: later files win, lists are joined."""
    return _included(path, 0, iter(range(_MOST_INCLUDES)))


def merged_includes(values: object, path: Path) -> object:
    """The values of the file at `path` with those of the files that they include."""
    return _merged_includes(values, path, 0, iter(range(_MOST_INCLUDES)))


def _included(path: Path, depth: int, left: Iterator[int]) -> object:
    if next(left, None) is None:
        raise ConfigError(str(path), f"{_INCLUDE} takes in more than {_MOST_INCLUDES} files")
    return _merged_includes(parsed(path), path, depth, left)


def parsed(path: Path) -> object:
    """The file's values as they stand. Raises ConfigError."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ConfigError(str(path), f"is larger than {_MOST_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from error
    try:
        return json5_values(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(path), f"is not JSON5: {error}") from None


def json5_values(text: str) -> object:
    """JSON5 as plain values. Raises ValueError."""
    import json5

    return cast("object", json5.loads(text))


def _merged_includes(values: object, path: Path, depth: int, left: Iterator[int]) -> object:
    if isinstance(values, list):
        each_of = cast("list[object]", values)
        return [_merged_includes(each, path, depth, left) for each in each_of]
    if not isinstance(values, dict):
        return values
    given = cast("dict[str, object]", values)
    own = {k: _merged_includes(v, path, depth, left) for k, v in given.items() if k != _INCLUDE}
    if _INCLUDE not in given:
        return own
    found: object = {}
    for name in _included_names(given[_INCLUDE], path):
        if depth >= _DEEPEST_INCLUDE:
            raise ConfigError(str(path), f"{_INCLUDE} goes more than {_DEEPEST_INCLUDE} deep")
        target = (path.parent / Path(name).expanduser()).resolve()
        if not target.is_file():
            raise ConfigError(str(path), f"{_INCLUDE} names {name!r}, which is no file")
        found = _merged(found, _included(target, depth + 1, left))
    return _merged(found, own)


def _included_names(value: object, path: Path) -> list[str]:
    names = cast("list[object]", value if isinstance(value, list) else [value])
    if not all(isinstance(name, str) for name in names):
        raise ConfigError(str(path), f"{_INCLUDE} must be a path or a list of paths")
    return [str(name) for name in names]


def _merged(first: object, second: object) -> object:
    if isinstance(first, dict) and isinstance(second, dict):
        one, two = cast("dict[str, object]", first), cast("dict[str, object]", second)
        both = {key: _merged(one[key], two[key]) for key in one if key in two}
        return {**one, **two, **both}
    if isinstance(first, list) and isinstance(second, list):
        return [*cast("list[object]", first), *cast("list[object]", second)]
    return second


def _substituted(value: object, environ: Mapping[str, str], where: tuple[str, ...]) -> object:
    if isinstance(value, Mapping):
        items = cast("Mapping[str, object]", value).items()
        return {k: _substituted(v, environ, (*where, str(k))) for k, v in items}
    if isinstance(value, list):
        each = enumerate(cast("list[object]", value))
        return [_substituted(v, environ, (*where, str(i))) for i, v in each]
    lazy = any(where[-len(end) :] == end for end in _LAZY)
    if not isinstance(value, str) or (lazy and _REFERENCE.fullmatch(value.strip())):
        return value

    def put(found: re.Match[str]) -> str:
        literal, name = found.groups()
        if literal:
            return found.group()[1:]
        if name not in environ:
            raise ConfigError(
                ".".join(where), f"the variable {name} is not set; $${{{name}}} is a plain text"
            )
        return environ[name]

    return _REFERENCE.sub(put, value)


def _dotenv(path: Path) -> Iterable[Mapping[str, str]]:
    """The variables of a `.env` file, when there is one that can be read."""
    from dotenv.parser import parse_stream

    try:
        text = path.read_text(encoding="utf-8") if path.is_file() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path.absolute()), f"cannot be read: {error}") from error
    found: dict[str, str] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error:
            _log.warning("%s, line %d is no NAME=value", path.absolute(), line.original.line)
        elif line.key and line.value is not None:
            found[line.key] = line.value
    return [found]


def _profile(path: Path, expected: Sequence[str]) -> dict[str, str]:
    """Plain assignments in the login profile to expected names; nothing is executed."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    found: dict[str, str] = {}
    for line in lines:
        match = _ASSIGNMENT.match(line)
        if match and match[1] in expected and "$" not in match[2]:
            found[match[1]] = _unquoted(match[2])
    return found


def _unquoted(text: str) -> str:
    try:
        words: list[Any] = shlex.split(text, comments=True)
    except ValueError:
        return ""
    return str(words[0]) if words else ""
