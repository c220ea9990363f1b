"""What a service sees and says. No sockets."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Literal, cast

from .clips import Clip

MARK = {"x-openclaw-emulator": "1"}
"""On every answer, so that nobody takes the emulator for the provider."""
JSON = "application/json"
MULTIPART = "multipart/form-data"


class MalformedError(ValueError):
    """The body is not what its content type says."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart form. A text part has no filename."""

    name: str
    filename: str | None
    content_type: str
    data: bytes

    @property
    def text(self) -> str:
        """The value of a text part."""
        return self.data.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class Request:
    """`path` is relative to the service; `base` is the address the service was reached at.

    Header names are in lower case.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base: str
    pairs: tuple[tuple[str, str], ...] = ()
    """The query with every value; `query` has the last one of each name."""
    host: str = ""
    """Which further host of the provider was asked; empty for the one that `base` stands for."""

    def every(self, name: str) -> tuple[str, ...]:
        """All values of a query parameter that may be repeated."""
        return tuple(value for each, value in self.pairs if each == name)

    @property
    def segments(self) -> list[str]:
        """The path's pieces."""
        return [piece for piece in self.path.split("/") if piece]

    @property
    def media_type(self) -> str:
        """The content type without its parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def fields(self) -> dict[str, object]:
        """The JSON object of the body; a null member counts as absent."""
        try:
            value: object = json.loads(self.body or b"{}")
        except ValueError as error:
            raise MalformedError("the body is not valid JSON") from error
        if not isinstance(value, dict):
            raise MalformedError("the body is not a JSON object")
        members = cast("dict[str, object]", value)
        return {name: member for name, member in members.items() if member is not None}

    def form(self) -> list[Part]:
        """The parts of a multipart body."""
        boundary = _headers(b"content-type: " + self._content_type).get_boundary()
        pieces = (b"\r\n" + self.body).split(b"\r\n--" + (boundary or "").encode())
        if not boundary or len(pieces) < 2 or not pieces[-1].startswith(b"--"):  # noqa: PLR2004
            raise MalformedError("the multipart body cannot be read")
        return [_part(piece) for piece in pieces[1:-1]]

    @property
    def _content_type(self) -> bytes:
        return self.headers.get("content-type", "").encode()

    def digest(self) -> str:
        """Names what was asked: equal for equal requests, whatever boundary their forms were sent with."""
        found = hashlib.sha256()
        if self.media_type != MULTIPART:
            return hashlib.sha256(self.body).hexdigest()
        for part in self.form():
            head = json.dumps([part.name, part.filename, part.content_type, len(part.data)])
            found.update(head.encode() + part.data)
        return found.hexdigest()


def _headers(lines: bytes) -> EmailMessage:
    return BytesParser(policy=HTTP).parsebytes(lines + b"\r\n\r\n", headersonly=True)


def _part(piece: bytes) -> Part:
    """One piece between two boundaries: header lines, an empty line, the content as it is."""
    head, empty, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
    headers = _headers(head)
    name = headers.get_param("name", header="content-disposition")
    if not empty or not isinstance(name, str):
        raise MalformedError("a part of the form has no name or no content")
    return Part(name, headers.get_filename(), headers.get_content_type(), data)


FaultKind = Literal["drop", "hold", "truncate", "stall", "slow", "pad"]


@dataclass(frozen=True, slots=True)
class Fault:
    """How a door spoils an answer.

    drop: close the connection without answering. hold: keep it open without answering.
    truncate: announce all of it, send half, close. stall: the same without the end.
    slow: spread over `amount` seconds. pad: filled up to `amount` bytes, and still playable.
    """

    kind: FaultKind
    amount: float = 0


Piece = tuple[float, bytes]
"""Seconds to wait, then what to send."""
Pieces = Callable[[], Iterator[Piece]]
"""Made as they are due, each on some thread."""


def _nothing() -> Mapping[str, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Response:
    """What a service answers. A body that is a path is served with ranges."""

    status: int
    body: bytes | Path | Pieces = b""
    headers: Mapping[str, str] = field(default_factory=_nothing)
    fault: Fault | None = None
    after: float = 0
    """Seconds until it is given, of an answer that the work itself holds up."""

    def spoilt(self, fault: Fault | None) -> Response:
        """The same, with a fault."""
        return replace(self, fault=fault)


def _no_frames() -> list[str]:
    return []


@dataclass(frozen=True, slots=True)
class Feed(Response):
    """A websocket, for a door that can carry one; any other sends the answer as it is."""

    tick: Callable[[], list[str]] = _no_frames
    """The text frames that are due. It is asked again and again."""
    seconds: float = 0.02
    """Between two questions."""


@dataclass(frozen=True, slots=True)
class Later:
    """An answer that needs a finished file; a door waits for it without holding up others."""

    clip: Future[Clip]
    then: Callable[[Clip], Reply]


Reply = Response | Later
Handler = Callable[[Request], Reply]


def answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(status, json.dumps(value).encode(), {"content-type": JSON, **(headers or {})})
