"""One request through its candidates: attempts, fallback, the result, and what the ledger keeps."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from openclaw_nb.core.candidates import Candidates, find_provider
from openclaw_nb.core.domain import (
    Asset,
    Attempt,
    Blob,
    Media,
    Medium,
    Ref,
    Request,
    TaskState,
    Why,
)
from openclaw_nb.core.plan import Plan, metadata, plan, warning
from openclaw_nb.core.wire import AnyProvider, Skip, Step, Ticket, Wait
from openclaw_nb.errors import (
    AllFailed,
    MissingKey,
    NoCandidate,
    OpenclawError,
    ProviderError,
)
from openclaw_nb.runtime import records
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.engine import Engine, Run
from openclaw_nb.runtime.journal import TaskJournal, Teller, Unheard
from openclaw_nb.runtime.ledger import Ledger, Row, now_ms
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.references import with_bytes
from openclaw_nb.runtime.results import RESULTS, Result, SavedFile
from openclaw_nb.runtime.store import keep_reference, write_sidecar
from openclaw_nb.runtime.transport import Access
from openclaw_nb.runtime.turns import Turns

_log = logging.getLogger("openclaw_nb")

_ABORTED = re.compile(r"\b(operation|request) (was |has been )?aborted\b", re.IGNORECASE)
_LONGEST_SECONDS = 2_147_000.0
"""What timers can safely hold."""


@dataclass(frozen=True, slots=True)
class Reach:
    """A provider as this client reaches it."""

    provider: AnyProvider
    access: Access
    unusable: str = ""
    """Why no request can go there: there is no key, or one of a kind that is not taken."""


class Directory(Protocol):
    """Finds providers and how to reach them."""

    def of(self, medium: Medium) -> Sequence[AnyProvider]:
        """Every registered provider of a medium, in order."""
        ...

    def reach(self, provider: AnyProvider) -> Reach:
        """How a registered provider is reached now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A task as it is handed to the runner."""

    id: str
    request: Request
    media: Media
    candidates: Candidates
    timeout_seconds: float | None
    started_at: float = field(default_factory=time.time)


@dataclass(frozen=True, slots=True)
class Runner:
    """Carries requests to files."""

    engine: Engine
    deliveries: Mapping[Medium, Delivery]
    ledger: Ledger
    directory: Directory
    turns: Turns = field(default_factory=Turns)

    async def run(self, order: Order, teller: Teller, active: list[Run]) -> Result:
        """Try the candidates in order; the first result ends it.

        `active` holds the run at work, so that a cancellation can be passed to the provider.

        Raises:
            NoCandidate: every candidate was skipped; nothing was sent.
            ProviderError: the only candidate failed.
            AllFailed: several were tried and failed.
        """
        attempts: list[Attempt] = []
        errors: list[OpenclawError] = []
        refs = order.candidates.refs
        for number, ref in enumerate(refs, start=1):
            teller.update(ref=ref, attempt=number, candidates=len(refs))
            try:
                return await self._try(order, ref, teller, active, tuple(attempts))
            except OpenclawError as error:
                errors.append(error)
                attempts.append(_attempt(ref, error))
            except Exception as error:  # noqa: BLE001 - one candidate's fault must not stop the next
                _log.exception("%s failed unexpectedly", ref)
                wrapped = ProviderError(ref, f"{type(error).__name__}: {error}", why=Why.UNKNOWN)
                wrapped.__cause__ = error
                errors.append(wrapped)
                attempts.append(_attempt(ref, wrapped))
            self._log_attempt(attempts)
            await self.ledger.update(order.id, attempts=records.attempts_json(attempts))
            teller.update(attempts=tuple(attempts), progress=None)
        raise _final(errors, attempts)

    async def resume(
        self, order: Order, teller: Teller, active: list[Run], row_ticket: Any, applied: Applied
    ) -> Result:
        """Finish a job that an earlier task submitted; nothing is submitted again."""
        (ref,) = order.candidates.refs
        reach = await self._reach(ref, order.request.medium)
        _check(ref, reach)
        ticket = reach.provider.ticket.model_validate(row_ticket)
        run = self._run(order, ref, reach, teller, applied)
        run.ticket = ticket
        active[:] = [run]
        await self._take_up(run, order.id, ticket, applied)
        async with self._turn(order, ref, reach, teller, ahead=True):
            run.deadline = Deadline(
                self.engine.clock, run.deadline.seconds
            )  # waiting costs nothing
            return await self._finish(order, run, Wait(ticket), applied, ())

    async def cancel(self, row: Row) -> None:
        """Tell the provider to stop the job of a task that nobody carries out; a failure is logged."""
        ref = Ref(row.provider or "", row.model or "")
        try:
            reach = await self._reach(ref, records.medium_of(row))
            _check(ref, reach)
        except OpenclawError as error:
            _log.warning("job %s goes on at the provider: %s", row.job_id, error)
            return
        if reach.access.base_url != row.base_url:  # its key must not go elsewhere
            _log.warning("job %s goes on at %s, which is not asked here", row.job_id, row.base_url)
            return
        deadline = Deadline(self.engine.clock, reach.provider.deadline_seconds)
        journal = TaskJournal(row.id, ref, row.base_url, self.ledger, Unheard(), Applied())
        ticket = reach.provider.ticket.model_validate(row.ticket)
        run = Run(ref, reach.provider, reach.access, deadline, journal, ticket)
        await self.engine.cancel(run)

    def _turn(
        self, order: Order, ref: Ref, reach: Reach, teller: Teller, *, ahead: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """The provider's turn for this task; it says that it waits while it does."""

        async def waiting(why: str) -> None:
            teller.update(ref=ref, phase=why)
            await self.ledger.update(order.id, phase=why)

        limit = reach.access.max_concurrent
        return self.turns.take(ref.provider, limit, ahead=ahead, waiting=waiting)

    async def _take_up(self, run: Run, id: str, ticket: Ticket, applied: Applied) -> None:
        """The receipt is the new task's too from its first moment."""
        await self.ledger.update(
            id,
            sent=1,
            provider=run.ref.provider,
            model=run.ref.model,
            base_url=run.access.base_url,
            ticket=ticket.model_dump_json(),
            job_id=ticket.job_id,
            plan=records.applied_json(applied),
            started_at=now_ms(),
        )

    async def _try(
        self,
        order: Order,
        ref: Ref,
        teller: Teller,
        active: list[Run],
        attempts: tuple[Attempt, ...],
    ) -> Result:
        reach = await self._reach(ref, order.request.medium)
        planned = plan(order.request, order.media, reach.provider, ref.model)
        if isinstance(planned, Skip):
            skipped = Attempt(ref=ref, error=planned.reason, why=Why.SKIPPED, code=planned.check)
            raise NoCandidate(planned.reason, [skipped])
        _check(ref, reach)
        applied = _applied(order, planned, attempts)
        async with self._turn(order, planned.ref, reach, teller):
            run = self._run(order, planned.ref, reach, teller, applied)
            usual = await self.ledger.usual_seconds(planned.ref.provider, planned.ref.model)
            teller.update(ref=planned.ref, usual_seconds=usual)
            limit = self.deliveries[Medium.VIDEO].store.max_bytes
            job = await with_bytes(planned.job, run, self.engine.transport, limit)
            active[:] = [run]
            job = await self.engine.prepare(run, job)
            step = await self.engine.submit(run, job)
            return await self._finish(order, run, step, applied, attempts)

    async def _reach(self, ref: Ref, medium: Medium) -> Reach:
        provider = find_provider(ref.provider, self.directory.of(medium))
        if provider is None:
            attempt = Attempt(
                ref=ref, error="no such provider is registered", why=Why.NOT_REGISTERED
            )
            raise NoCandidate(f"{ref}: {attempt.error}; nothing was sent", [attempt])
        # Its configuration may name files to read.
        return await asyncio.to_thread(self.directory.reach, provider)

    def _run(self, order: Order, ref: Ref, reach: Reach, teller: Teller, applied: Applied) -> Run:
        own = reach.provider.deadline_seconds
        asked = None if reach.provider.deadline_wins else order.timeout_seconds
        journal = TaskJournal(order.id, ref, reach.access.base_url, self.ledger, teller, applied)
        deadline = Deadline(self.engine.clock, min(asked or own, _LONGEST_SECONDS))
        return Run(ref, reach.provider, reach.access, deadline, journal)

    async def _finish(
        self,
        order: Order,
        run: Run,
        step: Step[Any],
        applied: Applied,
        attempts: tuple[Attempt, ...],
    ) -> Result:
        medium = order.request.medium
        done = await self.engine.follow(run, step)
        files = await self.deliveries[medium].save(run, done, order.request.filename)
        result = RESULTS[medium](
            task_id=order.id,
            ref=Ref(run.ref.provider, done.model or run.ref.model),
            request=order.request,
            files=files,
            changes=applied.changes,
            ignored=applied.ignored,
            attempts=attempts,
            warnings=(*applied.warnings, *done.warnings, *_too_large(files)),
            metadata={**done.metadata, **metadata(applied.changes, order.request)},
            elapsed_seconds=time.time() - order.started_at,
            emulated=run.emulated,
        )
        await _whole(self._store(order, result, applied))
        return result

    async def _store(self, order: Order, result: Result, applied: Applied) -> None:
        """The ledger's last word and the sidecars: the files are on disk, so the task has ended."""
        final = replace(
            applied,
            warnings=result.warnings,
            emulated=result.emulated,
            metadata=dict(result.metadata),
        )
        count = len(result.files)
        await self.ledger.end(
            order.id,
            TaskState.SUCCEEDED,
            model=result.model,
            plan=records.applied_json(final),
            files=records.files_json(result.files),
            phase=f"done: {result.medium.counted(count)}",
            summary=f"{count} from {result.ref}: {_where(result.files)}",
        )
        for path in result.paths:
            try:
                await asyncio.to_thread(_sidecar, path, result, order)
            except OSError as error:
                _log.warning("no sidecar beside %s: %s", path, error)

    def _log_attempt(self, attempts: Sequence[Attempt]) -> None:
        last = attempts[-1]
        if last.why is Why.SKIPPED:
            if sum(attempt.why is Why.SKIPPED for attempt in attempts) == 1:
                _log.warning("%s skipped: %s", last.ref, last.error)
            _log.debug("%s skipped (%s): %s", last.ref, last.code, last.error)
        elif last.why is not Why.NOT_REGISTERED:
            _log.warning("%s failed: %s", last.ref, last.error)


async def _whole(work: Coroutine[Any, Any, None]) -> None:
    """Do `work` to its end. The files are there: a cancellation comes too late now."""
    doing = asyncio.ensure_future(work)
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            if doing.cancelled():
                raise


def _check(ref: Ref, reach: Reach) -> None:
    if reach.unusable:
        raise MissingKey(ref.provider, reach.provider.key.env, reach.unusable)


def _sidecar(path: Path, result: Result, order: Order) -> None:
    def source(asset: Asset) -> str:
        if isinstance(asset, Blob) and asset.data is not None:
            return keep_reference(path.parent, asset.data, asset.media_type)
        return records.unsigned(records.source_of(asset))

    facts = records.request_facts(order.request, order.media, source)
    write_sidecar(path, records.sidecar_facts(result, facts, path))


def _too_large(files: Sequence[SavedFile]) -> tuple[str, ...]:
    names = [file.name for file in files if file.path is None]
    if not names:
        return ()
    text = f"{', '.join(names)} is larger than the media limit; only its address was kept, and "
    return (f"{text}it may expire. agents.defaults.mediaMaxMb raises the limit",)


def _where(files: Sequence[SavedFile]) -> str:
    first = files[0]
    return str(first.path or "its address") if len(files) == 1 else f"{len(files)} files"


def _applied(order: Order, planned: Plan, attempts: Sequence[Attempt]) -> Applied:
    asked = order.request.model
    warnings = [*order.candidates.notices, *planned.notes]
    if dropped := warning(planned.ref, planned.ignored):
        warnings.append(dropped)
    first = order.candidates.refs[0]
    if asked and attempts:  # a sibling of the model asked for may have been tried in its place
        warnings.insert(
            0,
            f"{first} was asked for and gave no {order.request.medium} ({attempts[0].error}); {planned.ref} ran",
        )
    return Applied(
        asked=asked,
        changes=planned.changes,
        ignored=planned.ignored,
        warnings=tuple(warnings),
    )


def _attempt(ref: Ref, error: OpenclawError) -> Attempt:
    if error.attempts:
        return error.attempts[-1]
    if isinstance(error, ProviderError):
        text = str(error).removeprefix(f"{error.ref}: ")
        return Attempt(
            ref=error.ref, error=text, why=error.why, status=error.status, code=error.code
        )
    why = Why.AUTH if isinstance(error, MissingKey) else Why.UNKNOWN
    return Attempt(ref=ref, error=str(error), why=why)


def _final(errors: Sequence[OpenclawError], attempts: Sequence[Attempt]) -> OpenclawError:
    """The only error itself; several as one, told apart by whether anything was sent."""
    if len(errors) == 1:
        errors[0].attempts = tuple(attempts)
        return errors[0]
    count, each = len(attempts), _stories(attempts)
    if all(isinstance(error, NoCandidate | MissingKey) for error in errors):
        told = f"none of {count} candidates can take this request; nothing was sent: {each}"
        failed: OpenclawError = NoCandidate(told, attempts)
    else:
        failed = AllFailed(f"{count} candidates gave no result: {each}", attempts)
    failed.__cause__ = errors[-1]
    return failed


def _stories(attempts: Sequence[Attempt]) -> str:
    """Each attempt's error; those that were only cut short are summed up."""
    aborted = [attempt for attempt in attempts if _ABORTED.search(attempt.error)]
    told = [f"{attempt.ref}: {attempt.error}" for attempt in attempts if attempt not in aborted]
    if aborted:
        refs = ", ".join(str(attempt.ref) for attempt in aborted)
        told.append(f"{len(aborted)} fallbacks aborted after cancellation or time-out: {refs}")
    return " | ".join(told)
