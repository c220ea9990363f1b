"""What work is handed to: dask, or anything that submits as `concurrent.futures` does."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Protocol, cast

from openclaw_nb.errors import InvalidInput, shown


class Pool(Protocol):
    """Hands a call to somebody else."""

    def submit(self, call: Callable[..., Any], /, *given: Any) -> Future[Any]:
        """Call it there."""
        ...


def pool_of(executor: object) -> Pool:
    """An executor that was given, as one that gives futures of `concurrent.futures`.

    Raises:
        InvalidInput: it is none.
    """
    as_executor = getattr(executor, "get_executor", None)
    if callable(as_executor):  # dask's client; its own futures belong to its own loop
        executor = as_executor(pure=False)
    if not callable(getattr(executor, "submit", None)):
        raise InvalidInput(
            "executor",
            f"{shown(executor)} takes no work; a dask.distributed Client does, and whatever has "
            "submit(function, *args) as concurrent.futures has it. Nothing was sent.",
        )
    return cast("Pool", executor)
