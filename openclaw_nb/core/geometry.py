"""The nearest value that a model takes: ratio, size, resolution, duration.

Plain double arithmetic without tolerances: near-ties are decided by the last bit, on purpose, as
the product that this one follows decides them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence

# Forty digits bound every quotient and product below, so that none can overflow.
_NUMBER = r"([0-9]{1,40}(?:\.[0-9]{1,40})?)"
_RATIO = re.compile(rf"\s*{_NUMBER}\s*:\s*{_NUMBER}\s*")
_SIZE = re.compile(r"\s*([0-9]{1,40})\s*[xX]\s*([0-9]{1,40})\s*")
_RESOLUTION = re.compile(rf"\s*{_NUMBER}\s*([pPkK])\s*")


def round_half_up(value: float) -> int:
    """The nearest whole number, halves upwards: 2.5 is 3. Raises on a value that is not finite."""
    return math.floor(value + 0.5)


def duration_choices(supported: Iterable[float] | None) -> tuple[int, ...]:
    """A declared list of seconds made usable: whole, positive, ascending, each once."""
    finite = (value for value in supported or () if math.isfinite(value) and value > 0)
    return tuple(sorted({whole for value in finite if (whole := round_half_up(value)) > 0}))


def nearest_duration(seconds: float, supported: Iterable[float] | None) -> int:
    """The seconds to send: at least 1, whole, from the list if there is one; a tie goes up.

    Raises:
        ValueError, OverflowError: `seconds` is not finite.
    """
    requested = max(1, round_half_up(seconds))
    choices = duration_choices(supported)
    return min(choices, key=lambda choice: (abs(choice - requested), -choice), default=requested)


def ratio_of(size: str | None) -> str | None:
    """The reduced ratio of a size: `1280x720` is `16:9`. None when the size does not parse."""
    parsed = parse_size(size)
    if parsed is None:
        return None
    width, height = parsed
    divisor = math.gcd(width, height)
    return f"{width // divisor}:{height // divisor}"


def closest_ratio(ratio: str | None, size: str | None, supported: Sequence[str]) -> str | None:
    """The supported ratio nearest to `ratio`, or to that of `size`; None when nothing matches.

    An empty list puts no limit: the ratio, or that of the size, is returned as it is.
    """
    if not supported:
        return ratio or ratio_of(size)
    if ratio in supported:
        return ratio
    wanted = _parse_ratio(ratio) or _parse_ratio(ratio_of(size))
    if wanted is None:
        return None
    width, height = wanted
    scored = [
        (_apart(cw / ch, width / height), abs(cw * height - width * ch), text)
        for text in supported
        if (parsed := _parse_ratio(text))
        for cw, ch in [parsed]
    ]
    return min(scored)[-1] if scored else None


def closest_size(size: str | None, ratio: str | None, supported: Sequence[str]) -> str | None:
    """The supported size nearest in shape, then in area; None when nothing matches.

    Without a usable size the ratio decides, and of equally shaped sizes the smaller one is taken.
    An empty list puts no limit: the size is returned as it is.
    """
    if not supported or size in supported:
        return size
    wanted = parse_size(size)
    shape = wanted or _parse_ratio(ratio)
    if shape is None:
        return None
    width, height = shape
    scored = [
        (
            _apart(cw / ch, width / height),
            _apart(cw * ch, width * height) if wanted else float(cw * ch),
            text,
        )
        for text in supported
        if (parsed := parse_size(text))
        for cw, ch in [parsed]
    ]
    return min(scored)[-1] if scored else None


def closest_resolution(resolution: str | None, supported: Sequence[str]) -> str | None:
    """The supported resolution nearest to the asked one, with the same letter (P or K).

    A tie goes to the higher one. An empty list puts no limit.
    """
    if not supported or resolution in supported:
        return resolution
    wanted = _parse_resolution(resolution)
    if wanted is None:
        return None
    number, letter = wanted
    scored = [
        (abs(parsed[0] - number), -parsed[0], text)
        for text in supported
        if (parsed := _parse_resolution(text)) and parsed[1] == letter
    ]
    return min(scored)[-1] if scored else None


def _apart(candidate: float, requested: float) -> float:
    return abs(math.log(candidate / requested))


def _parse_ratio(text: str | None) -> tuple[float, float] | None:
    match = _RATIO.fullmatch(text or "")
    if match is None:
        return None
    width, height = float(match[1]), float(match[2])
    return (width, height) if width > 0 and height > 0 else None


def parse_size(text: str | None) -> tuple[int, int] | None:
    """Width and height of `1280x720`; None when it does not parse."""
    match = _SIZE.fullmatch(text or "")
    if match is None:
        return None
    width, height = int(match[1]), int(match[2])
    return (width, height) if width > 0 and height > 0 else None


def _parse_resolution(text: str | None) -> tuple[float, str] | None:
    match = _RESOLUTION.fullmatch(text or "")
    return (float(match[1]), match[2].upper()) if match else None
