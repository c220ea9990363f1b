"""The options of fal's queue that are headers, as provider options under the header's own name.

Source: fal's documentation "Queue API", "Platform headers" (read 2026-11-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

_TAKES = {
    "x-fal-queue-priority": ("normal|low", "must be normal or low"),
    "x-fal-request-timeout": (
        r"(1\.\d*[1-9]\d*|([2-9]|[1-9]\d+)(\.\d+)?)",
        "must be a number of seconds over 1",
    ),
    "x-fal-runner-hint": ("[!-~]+( [!-~]+)*", "must be plain text"),
    "x-fal-no-retry": ("1|true|yes", "must be 1, true or yes"),
    "x-fal-object-lifecycle-preference": (r"\{[ -~]+\}", "must be an object"),
    "x-fal-store-io": ("0", "must be 0"),
}


def refused(name: str, value: object) -> str | None:
    """Why an option of the queue is not sent; None when it is."""
    pattern, why = _TAKES[name.lower()]
    return None if re.fullmatch(pattern, _text(value)) else why


def headers(options: Mapping[str, object]) -> dict[str, str]:
    """The options of the queue among `options`, as they are sent."""
    return {name: _text(value) for name, value in options.items() if is_header(name)}


def is_header(name: str) -> bool:
    """Whether an option is one of the queue's, and no field of an endpoint."""
    return name.lower() in _TAKES


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    return json.dumps(value) if isinstance(value, Mapping) else str(value)
