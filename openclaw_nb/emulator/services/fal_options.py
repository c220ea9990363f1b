"""What stands in the headers and the query of a call to fal, whatever the model: the key, the queue's own options.

Source: fal's documentation "Platform headers" (read 2026-11-21).
"""

from __future__ import annotations

import json
from typing import cast

from openclaw_nb.emulator.wire import Request, Response

from .fal_errors import said

LIFECYCLE = "x-fal-object-lifecycle-preference"
PRIORITIES = frozenset({"normal", "low"})


def queue_options(request: Request) -> list[dict[str, object]]:
    """What is wrong with the queue's own options, in the query and in headers."""
    given = request.headers
    wrong = {
        ("query", "fal_webhook"): "fal_webhook" in request.query,
        ("query", "fal_max_queue_length"): not _is_over(
            request.query.get("fal_max_queue_length", "1"), 0
        ),
        ("header", "x-fal-queue-priority"): (
            given.get("x-fal-queue-priority", "normal") not in PRIORITIES
        ),
        ("header", "x-fal-request-timeout"): not _is_over(
            given.get("x-fal-request-timeout", "2"), 1
        ),
        ("header", LIFECYCLE): LIFECYCLE in given and lifetime(request) is None,
    }
    return [_wrong(*place) for place, is_wrong in wrong.items() if is_wrong]


def _wrong(where: str, name: str) -> dict[str, object]:
    if name == "fal_webhook":
        return {
            "loc": [where, name],
            "msg": "The emulator calls no webhooks; ask for the status instead.",
            "type": "feature_not_supported",
        }
    return {"loc": [where, name], "msg": "Input is not valid", "type": "value_error"}


def _is_over(text: str, limit: float) -> bool:
    try:
        return float(text) > limit
    except ValueError:
        return False


def lifetime(request: Request) -> float | None:
    """How long output files are to be kept, in seconds; None when nothing usable is said."""
    try:
        asked: object = json.loads(request.headers.get(LIFECYCLE, "null"))
    except ValueError:
        return None
    if not isinstance(asked, dict):
        return None
    seconds = cast("dict[str, object]", asked).get("expiration_duration_seconds")
    return float(seconds) if isinstance(seconds, int | float) else None


def unauthenticated(request: Request) -> Response | None:
    """The refusal of a request without a key in fal's scheme."""
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if not key.strip():
        return said("Authentication is required to access this application.", 401)
    if scheme != "Key":
        return said("Invalid authorization scheme: use 'Key <your key>'.", 401)
    return None
