"""A cell in another process: the client that is made there, and the check that it sees our ledger.

No key travels. What a worker needs of one it reads from its own environment and configuration.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from openclaw_nb.client import Client
from openclaw_nb.core.domain import Medium, TaskState
from openclaw_nb.errors import InvalidInput, LedgerError, OpenclawError
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.guard import is_loopback
from openclaw_nb.sweep.cells import UNSENT, Cell, Outcome
from openclaw_nb.sweep.secure import secure
from openclaw_nb.vendors import Endpoint

_STAND_IN_KEY = "stand-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Makes a client in another process that works on the same ledger."""

    home: Path
    settings_path: Path | None
    media_dir: Path
    allowed_roots: tuple[Path, ...]
    endpoints: tuple[tuple[str, str, float | None], ...]
    """Provider id, base URL and poll seconds of stand-ins on this machine."""
    mark: str
    """Stands in the ledger."""

    def client(self) -> Client:
        """The client. Raises LedgerError when this process does not see the ledger."""
        path = self.home / "notebook" / "tasks.sqlite"
        if not path.exists():
            raise LedgerError(self._unseen(f"there is no {path}"))
        client = Client(
            self.settings_path,
            home=self.home,
            media_dir=self.media_dir,
            allowed_roots=self.allowed_roots,
            endpoints={id: Endpoint(url, _STAND_IN_KEY, poll) for id, url, poll in self.endpoints},
        )
        if not loop.wait(loop.start(client.ledger.has_mark(self.mark))):
            client.close()
            raise LedgerError(self._unseen(f"{path} is another one"))
        return client

    def stop_mark(self, cell: Cell) -> str:
        """What stands in the ledger when the cell is not to be begun any more."""
        return f"{self.mark} without {cell.key}"

    @staticmethod
    def _unseen(why: str) -> str:
        return (
            f"this worker does not see the ledger of the sweep: {why}. Workers share the state "
            "directory (OPENCLAW_STATE_DIR, or home= of the client). Nothing was sent."
        )


def recipe_of(client: Client, providers: Iterable[str]) -> Recipe:
    """What a worker needs to make a client like this one; leaves a mark in the ledger.

    Raises:
        InvalidInput: the client holds what is not sent to other processes; nothing was sent.
    """
    stand_ins = client.vendors.endpoints
    asked = set(providers)
    in_memory = set(client.in_memory) - ({"environ"} if asked <= stand_ins.keys() else set())
    if in_memory:
        raise InvalidInput(
            "executor",
            f"the client was made with {' and '.join(f'{n}=' for n in sorted(in_memory))}, which "
            "other processes do not get: they read their own environment and configuration, so "
            "that no key travels. Set them there, or leave executor= out. Nothing was sent.",
        )
    mark = uuid.uuid4().hex
    loop.wait(loop.start(client.ledger.put_mark(mark)))
    return Recipe(
        home=client.home.resolve(),
        settings_path=client.settings_path,
        media_dir=client.stores[Medium.VIDEO].directory,
        allowed_roots=client.allowed_roots,
        endpoints=tuple(_shipped(id, each) for id, each in stand_ins.items()),
        mark=mark,
    )


def _shipped(id: str, endpoint: Endpoint) -> tuple[str, str, float | None]:
    """An endpoint without its key: what is on this machine takes any."""
    if not is_loopback(urlsplit(endpoint.base_url).hostname or ""):
        raise InvalidInput(
            "executor",
            f"the client reaches {id} at {endpoint.base_url} with a key of its own, which other "
            f"processes do not get; set models.providers.{id}.baseUrl and its key in the "
            "configuration. Nothing was sent.",
        )
    return id, endpoint.base_url, endpoint.poll_seconds


def secure_there(recipe: Recipe, cell: Cell) -> Outcome:
    """Secure a cell in this process, and say how it ended; may be called again for the same cell."""
    try:
        client = recipe.client()
    except OpenclawError as error:
        return Outcome(state=TaskState.FAILED, error=str(error))
    try:
        if loop.wait(loop.start(client.ledger.has_mark(recipe.stop_mark(cell)))):
            return UNSENT
        found = loop.wait(loop.start(secure(client, cell, _nobody)))
    except OpenclawError as error:
        return Outcome(state=TaskState.FAILED, error=str(error))
    finally:
        client.close()
    return replace(found, result=None)  # the ledger has it


def _nobody(_task: object) -> None:
    """Nobody looks on in a worker; the ledger tells the others."""
