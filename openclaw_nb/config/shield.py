"""Errors of the configuration, without the frames that hold what it says."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from openclaw_nb.errors import ConfigError

P = ParamSpec("P")
R = TypeVar("R")


def without_frames(call: Callable[P, R]) -> Callable[P, R]:
    """A ConfigError leaves `call` as if it were raised here.

    The frames below have keys in their variables, which `%xmode Verbose`, rich and error reporters
    print; a saved notebook would keep them. The message says all that is needed.
    """

    @wraps(call)
    def shielded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return call(*args, **kwargs)
        except ConfigError as error:
            del args, kwargs
            raise error.with_traceback(None)  # noqa: B904 - the same error

    return shielded
