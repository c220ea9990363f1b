"""What the engine reports, written into the ledger first and then told to the user's handle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.core.wire import Wait
from openclaw_nb.runtime import records
from openclaw_nb.runtime.ledger import Ledger, now_ms
from openclaw_nb.runtime.records import Applied


class Teller(Protocol):
    """Who is told what changes: the user's handle."""

    def update(self, **changes: Any) -> None:
        """Replace fields of the task's snapshot."""


class Unheard:
    """A teller to whom nobody listens."""

    def update(self, **changes: Any) -> None:
        """Say nothing."""


@dataclass(slots=True)
class TaskJournal:
    """The engine's journal of one task and candidate."""

    id: str
    ref: Ref
    base_url: str
    ledger: Ledger
    teller: Teller
    applied: Applied
    _written: tuple[str, str] | None = None

    async def preparing(self) -> None:
        """References are uploaded; the ledger has nothing to keep of that."""
        self.teller.update(phase="uploading", ref=self.ref)

    async def sending(self) -> None:
        """What is submitted, and where: on disk before it leaves."""
        await self.ledger.update(
            self.id,
            sent=1,
            provider=self.ref.provider,
            model=self.ref.model,
            base_url=self.base_url,
            ticket=None,
            job_id=None,
            plan=records.applied_json(self.applied),
            phase="submitting",
            started_at=now_ms(),
        )
        self.teller.update(phase="submitting", ref=self.ref, job_id=None)

    async def not_accepted(self) -> None:
        """The task can be started again."""
        await self.ledger.update(self.id, sent=0)

    async def waiting(self, wait: Wait[Any]) -> None:
        """The ticket, written when it or the phase is new."""
        ticket = wait.ticket.model_dump_json()
        phase = "queued at the provider" if wait.state == "queued" else "generating"
        if (ticket, phase) != self._written:
            await self.ledger.update(
                self.id,
                ticket=ticket,
                job_id=wait.ticket.job_id,
                status=TaskState.RUNNING.value,
                phase=phase,
            )
            self._written = (ticket, phase)
        told = f"{phase}: {wait.note}" if wait.note else phase
        self.teller.update(
            state=TaskState.RUNNING, phase=told, progress=wait.fraction, job_id=wait.ticket.job_id
        )

    async def saving(self) -> None:
        """The files are on their way."""
        await self.ledger.update(self.id, phase="saving", status=TaskState.RUNNING.value)
        self.teller.update(state=TaskState.RUNNING, phase="saving", progress=None)
