"""Worked examples as test data: one parameter set for each row of a table, found by its number."""

from __future__ import annotations

from typing import Any

import pytest


def rows(table: str, *values: tuple[Any, ...]) -> list[Any]:
    """Parameter sets with the ids `<table>-1`, `<table>-2`, ..., in the order of the table."""
    return [pytest.param(*row, id=f"{table}-{number}") for number, row in enumerate(values, 1)]


def named(table: str, values: dict[str, tuple[Any, ...]]) -> list[Any]:
    """The same for rows that have names: `<table>-N1`."""
    return [pytest.param(*row, id=f"{table}-{name}") for name, row in values.items()]
