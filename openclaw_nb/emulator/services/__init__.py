"""One file per API. A service is a function from a request to a reply; its state is the `Jobs` it is given."""

from __future__ import annotations

from collections.abc import Callable

from openclaw_nb.emulator.jobs import Jobs
from openclaw_nb.emulator.wire import Handler

from . import fal, minimax, openai

SERVICES: dict[str, tuple[Callable[[Jobs], Handler], Callable[[], str]]] = {
    "fal": (fal.service, fal.new_id),
    "minimax": (minimax.service, minimax.new_id),
    "openai": (openai.service, openai.new_id),
}
"""By provider id: the service, and what its job ids look like."""
