"""`%openclaw` and `%%video`, after `%load_ext openclaw_nb`."""

from __future__ import annotations

import argparse
import json
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn, TypeVar

from IPython.core.error import UsageError

from openclaw_nb import api
from openclaw_nb.errors import OpenclawError
from openclaw_nb.notebook import player

V = TypeVar("V")

_USAGE = """\
%openclaw              the settings at a glance
%openclaw emulate      talk to the emulator from now on: no keys, no network
%openclaw live         talk to the providers again
%openclaw providers    what can be used, and where each key comes from
%openclaw tasks        every task of this machine
%openclaw show WAY     how files are shown: auto, link, embed (for notebooks that are sent to others)
%openclaw help         this"""


class _Settings:
    """What `%openclaw` does."""

    def __init__(self) -> None:
        self._emulation: api.Emulation | None = None

    def __call__(self, line: str) -> object:
        word, *rest = line.split() or [""]
        calls: dict[str, Callable[..., object]] = {
            "": api.default_client,
            "emulate": self._emulate,
            "live": self._live,
            "providers": api.providers,
            "tasks": api.tasks,
            "show": player.use,
            "help": lambda: print(_USAGE),  # noqa: T201  # what a magic says
        }
        if word not in calls or len(rest) != (word == "show"):
            raise UsageError(f"%openclaw knows no {line.strip()!r}:\n{_USAGE}")
        return _told(lambda: calls[word](*rest))

    def _emulate(self) -> api.Emulation:
        self._live()
        self._emulation = api.emulate()
        return self._emulation

    def _live(self) -> object:
        if self._emulation is not None:
            self._emulation.close()
            self._emulation = None
        return api.default_client()


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in the cell, and ends no process."""

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"%%video: {message}\n{self.format_help()}")


def _parser() -> _Parser:
    parser = _Parser(
        prog="%%video", add_help=False, description="The body of the cell is the prompt."
    )
    add = parser.add_argument
    add("--model", "-m", help="provider/model; others follow if it fails")
    for name, short in (("image", "-i"), ("video", "-v"), ("audio-ref", "-a")):
        text = "path, URL or name of a variable; may be repeated"
        add(f"--{name}", short, action="append", default=[], metavar="REFERENCE", help=text)
    add(
        "--duration",
        "-d",
        type=float,
        metavar="SECONDS",
        help="the nearest length it makes is used",
    )
    add("--size", metavar="WIDTHxHEIGHT", help="in pixels, such as 1280x720")
    add("--aspect-ratio", "-r", metavar="RATIO", help="such as 16:9")
    add("--resolution", help="480P, 720P, 1080P or 4K")
    for name in ("audio", "watermark"):
        add(f"--{name}", action=argparse.BooleanOptionalAction, help=f"with or without {name}")
    add("--filename", help="hint for the name of the file")
    add("--timeout", type=float, metavar="SECONDS", help="for one provider's whole operation")
    text = "a setting of the provider; may be repeated"
    add("--option", action="append", default=[], metavar="NAME=VALUE", help=text)
    add("--exact", action="store_true", help="this model or none")
    add("--parallel", action="store_true", help="start it though the same is at work")
    add("--plan", action="store_true", help="say what would happen; nothing is sent")
    add("--as", dest="name", metavar="NAME", help="keep the task in this variable")
    return parser


class _Video:
    """What `%%video` does."""

    def __init__(self, names: dict[str, Any]) -> None:
        self._names = names
        self._parser = _parser()

    def __call__(self, line: str, cell: str) -> object:
        options = self._parser.parse_args(self._words(line))
        if not (prompt := cell.strip()):
            raise UsageError("%%video: the body of the cell is the prompt; it is empty")
        if options.name and not options.name.isidentifier():
            raise UsageError(f"%%video: --as {options.name!r} is no name of a variable")
        keywords = _keywords(options, self._names)
        if options.plan:
            return _told(lambda: api.plan_video(prompt, **keywords))
        parallel: bool = options.parallel
        task = _told(lambda: api.generate_video(prompt, **keywords, allow_parallel=parallel))
        if options.name:
            self._names[options.name] = task
        return task

    def _words(self, line: str) -> list[str]:
        try:
            return shlex.split(line)
        except ValueError as error:  # a quotation mark that is not closed
            raise UsageError(f"%%video: {error}") from None


def _keywords(options: argparse.Namespace, names: dict[str, Any]) -> dict[str, Any]:
    keywords: dict[str, Any] = {
        "model": options.model,
        "duration_seconds": options.duration,
        "size": options.size,
        "aspect_ratio": options.aspect_ratio,
        "resolution": options.resolution,
        "audio": options.audio,
        "watermark": options.watermark,
        "filename": options.filename,
        "timeout_ms": round(options.timeout * 1000) if options.timeout else None,
        "provider_options": dict(map(_option, options.option)) or None,
        "exact_model": options.exact,
    }
    for keyword in ("image", "video", "audio_ref"):
        given = [_reference(text, names) for text in getattr(options, keyword)]
        keywords[f"{keyword}s"] = given or None
    return keywords


def _reference(word: str, names: dict[str, Any]) -> object:
    """What a word means: a variable of the notebook, unless there is a file of that name."""
    is_variable = word.isidentifier() and word in names and not Path(word).exists()
    return names[word] if is_variable else word


def _option(text: str) -> tuple[str, Any]:
    name, found, value = text.partition("=")
    if not found or not name.strip():
        raise UsageError(f"%%video: --option {text!r} is not NAME=VALUE")
    try:
        return name.strip(), json.loads(value)
    except json.JSONDecodeError:
        return name.strip(), value


def _told(call: Callable[[], V]) -> V:
    """`call()`; what is wrong with the request is said in a line instead of a traceback."""
    try:
        return call()
    except OpenclawError as error:
        raise UsageError(str(error)) from error


def load_ipython_extension(ipython: Any) -> None:
    """`%load_ext openclaw_nb`."""
    settings, video = _Settings(), _Video(ipython.user_ns)

    def openclaw(line: str) -> object:
        return settings(line)

    def make_video(line: str, cell: str) -> object:
        return video(line, cell)

    openclaw.__doc__ = f"openclaw_nb's settings.\n\n{_USAGE}"
    make_video.__doc__ = f"Make a video.\n\n{_parser().format_help()}"
    ipython.register_magic_function(openclaw, "line", "openclaw")
    ipython.register_magic_function(make_video, "cell", "video")
