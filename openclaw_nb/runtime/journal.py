"""What the engine reports, written into the ledger first and then told to the user's handle."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Any, Protocol

from openclaw_nb.core.domain import Attempt, Ref, TaskState
from openclaw_nb.core.wire import Wait
from openclaw_nb.errors import LedgerError
from openclaw_nb.runtime import records
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.rows import now_ms


class Teller(Protocol):
    """Who is told what changes: the user's handle."""

    def update(self, **changes: Any) -> None:
        """Replace fields of the task's snapshot."""


class Unheard:
    """A teller to whom nobody listens."""

    def update(self, **changes: Any) -> None:
        """Say nothing."""


@dataclass(slots=True)
class Earlier:
    """What became of the candidates before this one."""

    attempts: list[Attempt] = field(default_factory=list[Attempt])
    receipts: list[Receipt] = field(default_factory=list[Receipt])
    """Of those that were given up and may still make it."""


@dataclass(slots=True)
class TaskJournal:
    """The engine's journal of one task and candidate."""

    id: str
    ref: Ref
    base_url: str
    ledger: Ledger
    teller: Teller
    applied: Applied
    earlier: Earlier = field(default_factory=Earlier)
    _written: tuple[str, str] | None = None
    _warned: bool = False

    async def preparing(self) -> None:
        """References are uploaded; the ledger has nothing to keep of that."""
        self.teller.update(phase="uploading", ref=self.ref)

    async def sending(self) -> None:
        """What is submitted, and where: on disk before it leaves, or it does not leave.

        The receipts of earlier candidates are kept in the step that takes the row from the last.
        """
        try:
            await self.ledger.update(
                self.id,
                sent=1,
                provider=self.ref.provider,
                model=self.ref.model,
                base_url=self.base_url,
                ticket=None,
                job_id=None,
                receipts=records.receipts_json(self.earlier.receipts),
                attempts=records.attempts_json(self.earlier.attempts),
                plan=records.applied_json(self.applied),
                phase="submitting",
                started_at=now_ms(),
            )
        except LedgerError as error:
            raise LedgerError(f"{error} Nothing was sent to {self.ref}.") from error
        self.teller.update(phase="submitting", ref=self.ref, job_id=None)

    async def not_accepted(self) -> None:
        """The task can be started again."""
        await self._noted(sent=0)

    async def waiting(self, wait: Wait[Any]) -> None:
        """The ticket, written when it or the phase is new."""
        ticket = wait.ticket.model_dump_json()
        phase = "queued at the provider" if wait.state == "queued" else "generating"
        if (ticket, phase) != self._written and await self._noted(
            ticket=ticket,
            job_id=wait.ticket.job_id,
            status=TaskState.RUNNING.value,
            phase=phase,
        ):
            self._written = (ticket, phase)
        told = f"{phase}: {wait.note}" if wait.note else phase
        self.teller.update(
            state=TaskState.RUNNING, phase=told, progress=wait.fraction, job_id=wait.ticket.job_id
        )

    async def saving(self) -> None:
        """The files are on their way. When that is not kept, their last word is."""
        self.ledger.note(self.id, phase="saving", status=TaskState.RUNNING.value, made_at=now_ms())
        self.teller.update(state=TaskState.RUNNING, phase="saving", progress=None)

    async def _noted(self, **columns: object) -> bool:
        """Write what happened. The job may be paid for: without the ledger it still goes on."""
        try:
            await self.ledger.update(self.id, **columns)
        except LedgerError as error:
            level = logging.DEBUG if self._warned else logging.WARNING
            LOG.log(level, "%s: job %s goes on, but %s", self.ref, columns.get("job_id"), error)
            self._warned = True
            return False
        return True
