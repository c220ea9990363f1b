"""Calls a function for every clip, so many at once, and keeps what it gave beside the clip."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Literal, TypeAlias, get_args

from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.results import Result, Video
from openclaw_nb.sweep.executors import Pool, pool_of
from openclaw_nb.sweep.records import Record
from openclaw_nb.sweep.results import Results

Takes: TypeAlias = Literal["frames", "result"]
"""What a function is given: the frames as `(frames, height, width, 3)`, `uint8`, or the video."""

_Told: TypeAlias = tuple[bool, object]
"""Whether it went well, and the value or what went wrong."""


def analyze(
    results: Results,
    function: Callable[..., object],
    *,
    takes: Takes = "frames",
    name: str | None = None,
    at_once: int = 2,
    executor: object = None,
) -> Results:
    """Call `function` for every clip; the results with one more column, `name`.

    What goes wrong with a clip stands in the column `<name>_error` and stops no other. Never more
    than `at_once` clips are unpacked: 8 s at 1280x720 are about 530 MB.

    Args:
        results: Those of a sweep.
        function: Gets the frames, an array `(frames, height, width, 3)`, `uint8`, RGB, or the
            `Video`.
        takes: `"frames"` or `"result"`: which of the two.
        name: Of the column; None is the function's own.
        at_once: Clips at work at the same time, 1 or more.
        executor: As for `sweep`; None: threads of this process.

    Raises:
        InvalidInput: `takes`, `at_once` or `executor` is not usable, or the name is taken.
    """
    if takes not in get_args(Takes):
        raise InvalidInput("takes", f"{shown(takes)} is neither frames nor result")
    if isinstance(at_once, bool) or at_once < 1:
        raise InvalidInput("at_once", f"1 or more; got {at_once!r}")
    column = _column(results, function, name)
    with ExitStack() as kept:
        pool: Pool = (
            kept.enter_context(ThreadPoolExecutor(at_once))
            if executor is None
            else pool_of(executor)
        )
        work = _all(pool, results.cells, function, takes, at_once)
        told = loop.wait(loop.start(work))
    each = zip(results.cells, told, strict=True)
    return Results(tuple(_with(record, column, found) for record, found in each))


def applied(function: Callable[..., object], takes: Takes, made: Result) -> _Told:
    """What the function says of one clip; in whatever process."""
    try:
        given = made.frames() if takes == "frames" and isinstance(made, Video) else made
        return True, function(given)
    except Exception as error:  # noqa: BLE001 - somebody's own function may raise anything
        return False, f"{type(error).__name__}: {error}"


def _column(results: Results, function: Callable[..., object], name: str | None) -> str:
    own = getattr(function, "__name__", "")
    column = name or (own if own.isidentifier() else "value")
    taken = {key for each in results.cells for key in each.as_dict().keys() - each.values.keys()}
    if column in taken:
        raise InvalidInput("name", f"{shown(column)} is a column already; give another name=")
    return column


async def _all(
    pool: Pool,
    cells: tuple[Record, ...],
    function: Callable[..., object],
    takes: Takes,
    at_once: int,
) -> list[_Told | None]:
    places = asyncio.Semaphore(at_once)

    async def one(record: Record) -> _Told | None:
        if not record.passed or record.result is None:
            return None
        async with places:
            try:
                future = await asyncio.to_thread(
                    pool.submit, applied, function, takes, record.result
                )
                told: _Told = await asyncio.wrap_future(future)
            except Exception as error:  # noqa: BLE001 - an executor may raise whatever it likes
                return False, f"{type(error).__name__}: {error}"
            return told

    return await asyncio.gather(*map(one, cells))


def _with(record: Record, column: str, told: _Told | None) -> Record:
    values = {name: value for name, value in record.values.items() if name != column}
    errors = {name: text for name, text in record.value_errors.items() if name != column}
    if told is not None:
        went_well, found = told
        if went_well:
            values[column] = found
        else:
            errors[column] = str(found)
    return replace(record, values=values, value_errors=errors)
