"""How long to wait before something is tried again."""

from __future__ import annotations

import email.utils
import math
import random
import time
from collections.abc import Mapping
from contextlib import suppress

_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 30.0
_NONE: Mapping[str, str] = {}


def pause_seconds(attempt: int, headers: Mapping[str, str] = _NONE) -> float:
    """Seconds before the next try: what the server asked for, else doubling with jitter."""
    asked = retry_after(headers)
    if asked is not None:
        return asked
    ceiling = min(_FIRST_PAUSE_SECONDS * 2.0 ** (attempt - 1), _LONGEST_PAUSE_SECONDS)
    return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - jitter, no secret


def retry_after(headers: Mapping[str, str]) -> float | None:
    """A Retry-After header in seconds: a number, or a moment on the server's own clock."""
    asked = headers.get("retry-after")
    if not asked:
        return None
    with suppress(ValueError):
        seconds = float(asked)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    moment, now = _moment(asked), _moment(headers.get("date", "")) or time.time()
    return None if moment is None else max(0.0, moment - now)


def _moment(date: str) -> float | None:
    """A date of HTTP as seconds since the epoch."""
    try:
        return email.utils.parsedate_to_datetime(date).timestamp()
    except ValueError:
        return None
