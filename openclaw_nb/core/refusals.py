"""Read a refusal: the provider's own sentence, and which class of failure it is.

The shapes are those of sixteen providers' error bodies; the classes are those an attempt carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue
from pydantic_core import from_json

from openclaw_nb.core.domain import Why
from openclaw_nb.core.wire import Refused, Reply


def _words(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_NOTHING = _words(r"(?!)")
_CLASSES: tuple[tuple[Why, frozenset[int], re.Pattern[str]], ...] = (
    (Why.AUTH, frozenset({401, 403}), _NOTHING),
    (Why.BILLING, frozenset({402}), _words(r"billing|credit|balance(?!r)|payment")),
    (Why.RATE_LIMIT, frozenset({429}), _words(r"rate.?limit|quota|too many requests")),
    (
        Why.MODEL_NOT_FOUND,
        frozenset({404}),
        _words(r"(unknown|no such) model|model.{0,80}(not found|does not exist)"),
    ),
    (Why.CONTENT_POLICY, frozenset(), _words(r"safety|moderat|policy|sensitive content")),
    (Why.TIMEOUT, frozenset({408}), _NOTHING),
    (Why.OVERLOADED, frozenset({503, 529}), _words(r"overload")),
    (Why.SERVER_ERROR, frozenset(range(500, 600)), _NOTHING),
    (Why.FORMAT, frozenset({400, 413, 422}), _NOTHING),
)


def classify(status: int | None, text: str) -> Why:
    """The class of a failure: the first whose HTTP status or words fit. `unknown` if none does."""
    return next(
        (why for why, statuses, words in _CLASSES if status in statuses or words.search(text)),
        Why.UNKNOWN,
    )


def refusal(reply: Reply, *, code: str = "") -> Refused:
    """What an answer that is not 2xx says, for providers without a dialect of their own."""
    text = said(reply)
    request_id = next((reply.headers[h] for h in _REQUEST_IDS if h in reply.headers), "")
    return Refused(classify(reply.status, text), text, code, reply.status, request_id)


_REQUEST_IDS = ("x-request-id", "x-fal-request-id", "trace-id", "request-id")


def said(reply: Reply) -> str:
    """The provider's own sentence in an error body of any known shape; else the body's start."""
    try:
        body: JsonValue = from_json(reply.body)
    except ValueError:
        body = None
    if isinstance(body, list) and len(body) == 1:
        body = body[0]
    found = next((text.strip() for text in _sentences(body) if text.strip()), "")
    return found or reply.start().strip() or f"HTTP {reply.status} with an empty body"


def _sentences(body: JsonValue) -> Iterator[str]:
    error, detail = _get(body, "error"), _get(body, "detail")
    failure = _get(body, "failure")
    for value in (error, _get(error, "message"), _get(error, "detail"), detail):
        yield value if isinstance(value, str) else ""
    for name in ("error", "message"):
        inner = _get(detail, name)
        yield inner if isinstance(inner, str) else ""
    yield "; ".join(_items(detail))
    for value in (
        _get(body, "message"),
        _get(_get(body, "base_resp"), "status_msg"),
        failure,
        _get(failure, "message"),
    ):
        yield value if isinstance(value, str) else ""


def _items(detail: JsonValue) -> Iterator[str]:
    """A validation list: `field.path: message` for each entry."""
    for item in detail if isinstance(detail, list) else []:
        loc, message = _get(item, "loc"), _get(item, "msg")
        where = (
            ".".join(str(part) for part in loc if part != "body") if isinstance(loc, list) else ""
        )
        if isinstance(message, str):
            yield f"{where}: {message}" if where else message


def _get(value: JsonValue, name: str) -> JsonValue:
    return value.get(name) if isinstance(value, dict) else None
