"""A test's own place: its own state and files, the emulator, no key; afterwards all is as it was."""

from __future__ import annotations

import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from openclaw_nb import config, tables
from openclaw_nb.api import forget_default_client
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Medium
from openclaw_nb.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a test keeps what it makes."""

    state: Path
    media: Path

    @property
    def variables(self) -> dict[str, str]:
        """The environment of the test and of every process that it starts."""
        # An empty variable hides one of that name in a `.env` file, too.
        return dict.fromkeys(_hidden(), "") | {
            "OPENCLAW_STATE_DIR": str(self.state),
            "OPENCLAW_NB_MEDIA_DIR": str(self.media),
            "OPENCLAW_NB_EMULATE": "1",
        }

    def report(self) -> str:
        """The tasks of the test, for people; empty when it has none."""
        if not (self.state / "notebook" / "tasks.sqlite").is_file():
            return ""
        client = Client({}, home=self.state)
        try:
            return f"{tables.tasks(client, limit=None, status=None)}\nFiles: {self.media}"
        except LedgerError as error:  # the test's own failure must be shown all the same
            return str(error)
        finally:
            client.close()


@cache
def _hidden() -> frozenset[str]:
    """Variables that lead to a vendor, or to somebody's own settings."""
    from openclaw_nb.providers import of

    each = [provider for medium in Medium for provider in of(medium)]
    keys = {name for provider in each for name in provider.key.env}
    addresses = {provider.base_url_env for provider in each if provider.base_url_env}
    return frozenset({"OPENCLAW_CONFIG_PATH", "OPENCLAW_LIVE_TEST", *keys, *addresses})


def is_live() -> bool:
    """Whether live tests are asked for, which wins over the emulator."""
    return config.is_on(os.environ.get("OPENCLAW_LIVE_TEST"))


@contextmanager
def alone_at(place: Place) -> Generator[None]:
    """As `at`, and a default client that is made before or in the block does not outlive that."""
    forget_default_client()
    with at(place):
        try:
            yield
        finally:
            forget_default_client()


@contextmanager
def at(place: Place) -> Generator[None]:
    """Within the block the environment leads to `place` and the emulator."""
    variables = place.variables
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        _restore(before)


def _restore(before: Mapping[str, str | None]) -> None:
    for name, value in before.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
