"""Read a refusal: the provider's own sentence, and which class of failure it is.

The shapes are those of sixteen providers' error bodies; the classes are those an attempt carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydantic import JsonValue, TypeAdapter

from openclaw_nb.core.domain import Why
from openclaw_nb.core.wire import Refused, Reply

_WORDS: tuple[tuple[Why, re.Pattern[str]], ...] = (
    (Why.BILLING, re.compile(r"billing|credit|balance|payment", re.IGNORECASE)),
    (Why.RATE_LIMIT, re.compile(r"rate.?limit|quota|too many requests", re.IGNORECASE)),
    (
        Why.MODEL_NOT_FOUND,
        re.compile(
            r"(unknown|no such) model|model.{0,80}(not found|does not exist)", re.IGNORECASE
        ),
    ),
    (Why.CONTENT_POLICY, re.compile(r"safety|moderat|policy|sensitive content", re.IGNORECASE)),
    (Why.OVERLOADED, re.compile(r"overload", re.IGNORECASE)),
)
_STATUS: dict[int, Why] = {
    401: Why.AUTH,
    403: Why.AUTH,
    402: Why.BILLING,
    429: Why.RATE_LIMIT,
    404: Why.MODEL_NOT_FOUND,
    408: Why.TIMEOUT,
    503: Why.OVERLOADED,
    529: Why.OVERLOADED,
}
_SERVER_ERRORS = range(500, 600)
_BAD_REQUEST = (400, 413, 422)


def classify(status: int | None, text: str) -> Why:
    """The class of a failure from its HTTP status and its words; a clear status comes first."""
    if status in (401, 402, 403, 429):
        return _STATUS[status]
    if worded := next((why for why, words in _WORDS if words.search(text)), None):
        return worded
    if status is None:
        return Why.UNKNOWN
    if status in _STATUS:
        return _STATUS[status]
    if status in _SERVER_ERRORS:
        return Why.SERVER_ERROR
    return Why.FORMAT if status in _BAD_REQUEST else Why.UNKNOWN


_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


def refusal(reply: Reply, *, code: str = "") -> Refused:
    """What an answer that is not 2xx says, for providers without a dialect of their own."""
    text = said(reply)
    request_id = next((reply.headers[h] for h in _REQUEST_IDS if h in reply.headers), "")
    return Refused(classify(reply.status, text), text, code, reply.status, request_id)


_REQUEST_IDS = ("x-request-id", "x-fal-request-id", "trace-id", "request-id")


def said(reply: Reply) -> str:
    """The provider's own sentence in an error body of any known shape; else the body's start."""
    try:
        body = _JSON.validate_json(reply.body)
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
