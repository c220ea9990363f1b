"""One file per API. A service is a function from a request to a reply; its state is the `Jobs` it is given."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from openclaw_nb.emulator.jobs import Jobs
from openclaw_nb.emulator.wire import Handler

from . import fal, google, minimax, openai


@dataclass(frozen=True, slots=True)
class Service:
    """How a provider is served."""

    make: Callable[[Jobs], Handler]
    new_id: Callable[[], str]
    """What its job ids look like."""
    version_path: str = ""
    """Where the provider's base URL includes a version (contract index, 3.12)."""
    status_words: bool = True
    """False: a job of the default model has no status word, so it shows no unknown one either."""


SERVICES: dict[str, Service] = {
    "fal": Service(fal.service, fal.new_id),
    "google": Service(google.service, google.new_id, status_words=False),
    "minimax": Service(minimax.service, minimax.new_id),
    "openai": Service(openai.service, openai.new_id, "/v1"),
}
"""By provider id."""
