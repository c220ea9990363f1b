"""One request through its candidates: attempts, fallback, the result, and what the ledger keeps."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Coroutine, Generator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

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
from openclaw_nb.core.pacing import Usual
from openclaw_nb.core.plan import Plan, metadata, plan, warning
from openclaw_nb.core.wire import AnyProvider, Skip, Step, Ticket, Wait
from openclaw_nb.errors import (
    LedgerError,
    MissingKey,
    NoCandidate,
    OpenclawError,
    ProviderError,
    one_line,
)
from openclaw_nb.runtime import records
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.attempts import (
    attempt_of,
    final_error,
    is_made,
    is_over,
    log_last,
    unexpected,
)
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.engine import Engine, Run
from openclaw_nb.runtime.jobs import fetching
from openclaw_nb.runtime.journal import Earlier, TaskJournal, Teller, Unheard
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.references import with_bytes
from openclaw_nb.runtime.results import RESULTS, Result, SavedFile
from openclaw_nb.runtime.rows import Row, now_ms
from openclaw_nb.runtime.store import keep_reference, write_sidecar
from openclaw_nb.runtime.turns import Turns

V = TypeVar("V")

_LONGEST_SECONDS = 2_147_000.0
"""What timers can safely hold."""
_KNOWN_SECONDS = 10.0
"""How long the usual time of a model's jobs is believed; most of them take longer."""


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

    def reads_files(self, provider: AnyProvider) -> bool:
        """Whether that has to read files."""
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


def _nothing_known() -> dict[tuple[Ref, str], tuple[float, Usual | None]]:
    return {}


@dataclass(frozen=True, slots=True)
class Runner:
    """Carries requests to files."""

    engine: Engine
    deliveries: Mapping[Medium, Delivery]
    ledger: Ledger
    directory: Directory
    turns: Turns = field(default_factory=Turns)
    _known: dict[tuple[Ref, str], tuple[float, Usual | None]] = field(
        default_factory=_nothing_known
    )
    """By model and address, when it was asked and how long its jobs usually take."""

    async def run(self, order: Order, teller: Teller, active: list[Run]) -> Result:
        """Try the candidates in order; the first result ends it.

        `active` holds the run at work, so that a cancellation can be passed to the provider.

        Raises:
            NoCandidate: every candidate was skipped; nothing was sent.
            ProviderError: the only candidate failed, or one made a video that could not be fetched.
            AllFailed: several were tried and failed.
            LedgerError: a submission could not be written down, so it was not sent.
        """
        earlier = Earlier()
        attempts, errors = earlier.attempts, list[OpenclawError]()
        refs = order.candidates.refs
        for number, ref in enumerate(refs, start=1):
            teller.update(ref=ref, attempt=number, candidates=len(refs))
            try:
                return await self._try(order, ref, teller, active, earlier)
            except LedgerError as error:
                error.attempts = tuple(attempts)
                raise
            except OpenclawError as error:
                errors.append(error)
                attempts.append(attempt_of(ref, error))
            except Exception as error:  # noqa: BLE001 - one candidate's fault must not stop the next
                errors.append(unexpected(ref, error))
                attempts.append(attempt_of(ref, errors[-1]))
            log_last(attempts)
            if is_made(errors[-1]):
                break
            with suppress(LedgerError):  # the next submission would tell
                await self.ledger.update(order.id, attempts=records.attempts_json(attempts))
            teller.update(attempts=tuple(attempts), progress=None)
        raise final_error(errors, attempts)

    async def resume(
        self, order: Order, teller: Teller, active: list[Run], row_ticket: Any, applied: Applied
    ) -> Result:
        """Finish a job that an earlier task submitted; nothing is submitted again.

        What it raises has an attempt, which says whether the job may still be there.
        """
        (ref,) = order.candidates.refs
        try:
            return await self._resume(ref, order, teller, active, row_ticket, applied)
        except OpenclawError as error:
            told = attempt_of(ref, error)
            error.attempts = (replace(told, may_exist=told.may_exist or not is_over(error)),)
            raise

    async def _resume(
        self,
        ref: Ref,
        order: Order,
        teller: Teller,
        active: list[Run],
        row_ticket: Any,
        applied: Applied,
    ) -> Result:
        reach = await self._reach(ref, order.request.medium)
        _check(ref, reach)
        ticket = reach.provider.ticket.model_validate(row_ticket)
        run = self._run(order, ref, reach, teller, applied)
        run.ticket = ticket
        active[:] = [run]
        await self.ledger.update(order.id, started_at=now_ms())
        async with self._turn(order, ref, reach, teller, ahead=True):
            # Waiting for the turn does not count.
            run.deadline = Deadline(self.engine.clock, run.deadline.seconds)
            return await self._finish(order, run, Wait(ticket), applied, ())

    async def cancel(self, row: Row) -> None:
        """Tell the provider to stop the job of a task that nobody carries out; a failure is logged."""
        ref = Ref(row.provider or "", row.model or "")
        try:
            reach = await self._reach(ref, records.medium_of(row))
            _check(ref, reach)
        except OpenclawError as error:
            LOG.warning("job %s goes on at the provider: %s", row.job_id, error)
            return
        if reach.access.base_url != (row.base_url or ""):  # its key must not go elsewhere
            LOG.warning("job %s goes on at %s, which is not asked here", row.job_id, row.base_url)
            return
        deadline = Deadline(self.engine.clock, reach.provider.deadline_seconds)
        journal = TaskJournal(row.id, ref, reach.access.base_url, self.ledger, Unheard(), Applied())
        ticket = reach.provider.ticket.model_validate(row.ticket)
        run = Run(ref, reach.provider, reach.access, deadline, journal, ticket)
        await self.engine.cancel(run)

    def _turn(
        self, order: Order, ref: Ref, reach: Reach, teller: Teller, *, ahead: bool = False
    ) -> AbstractAsyncContextManager[None]:
        """The provider's turn for this task; it says that it waits while it does."""

        async def waiting(why: str) -> None:
            teller.update(ref=ref, phase=why)
            with suppress(LedgerError):  # only others would have read it
                await self.ledger.update(order.id, phase=why)

        limit = reach.access.max_concurrent
        return self.turns.take(ref.provider, limit, ahead=ahead, waiting=waiting)

    async def _try(
        self,
        order: Order,
        ref: Ref,
        teller: Teller,
        active: list[Run],
        earlier: Earlier,
    ) -> Result:
        reach = await self._reach(ref, order.request.medium)
        planned = plan(order.request, order.media, reach.provider, ref.model)
        if isinstance(planned, Skip):
            skipped = Attempt(ref=ref, error=planned.reason, why=Why.SKIPPED, code=planned.check)
            raise NoCandidate(planned.reason, [skipped])
        _check(ref, reach)
        applied = _applied(order, planned, earlier)
        async with self._turn(order, planned.ref, reach, teller):
            run = self._run(order, planned.ref, reach, teller, applied, earlier)
            run.usual = await self._usual(planned.ref, reach.access.base_url)
            teller.update(ref=planned.ref, usual_seconds=run.usual and run.usual.median)
            limit = self.deliveries[Medium.VIDEO].store.max_bytes
            job = await with_bytes(planned.job, run, self.engine.transport, limit)
            active[:] = [run]
            job = await self.engine.prepare(run, job)
            with _receipt_kept(run, applied, earlier):
                step = await self.engine.submit(run, job)
                return await self._finish(order, run, step, applied, tuple(earlier.attempts))

    async def _reach(self, ref: Ref, medium: Medium) -> Reach:
        provider = find_provider(ref.provider, self.directory.of(medium))
        if provider is None:
            attempt = Attempt(
                ref=ref, error="no such provider is registered", why=Why.NOT_REGISTERED
            )
            raise NoCandidate(f"{ref}: {attempt.error}; nothing was sent", [attempt])
        if self.directory.reads_files(provider):
            return await asyncio.to_thread(self.directory.reach, provider)
        return self.directory.reach(provider)

    async def _usual(self, ref: Ref, base_url: str) -> Usual | None:
        """How long jobs of this model take; asked of the ledger now and then only."""
        now = self.engine.clock.monotonic()
        asked_at, usual = self._known.get((ref, base_url), (-math.inf, None))
        if now - asked_at >= _KNOWN_SECONDS:
            usual = await self.ledger.usual(ref, base_url)
            self._known[ref, base_url] = now, usual
        return usual

    def _run(
        self,
        order: Order,
        ref: Ref,
        reach: Reach,
        teller: Teller,
        applied: Applied,
        earlier: Earlier | None = None,
    ) -> Run:
        own = reach.provider.deadline_seconds
        asked = None if reach.provider.deadline_wins else order.timeout_seconds
        url, earlier = reach.access.base_url, earlier or Earlier()
        journal = TaskJournal(order.id, ref, url, self.ledger, teller, applied, earlier)
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
            ref=Ref(run.ref.provider, one_line(done.model or run.ref.model)),
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
        return await _whole(self._store(order, result, applied))

    async def _store(self, order: Order, result: Result, applied: Applied) -> Result:
        """The ledger's last word and the sidecars: the files are on disk, so the task has ended."""
        try:
            await self._end(order, result, applied)
        except LedgerError as error:
            text = f"the {result.medium} is saved, and the ledger does not know it: {error}"
            LOG.warning("%s: %s", result.ref, text)
            result = replace(result, warnings=(*result.warnings, text))
        await asyncio.to_thread(_sidecars, result, order)
        return result

    async def _end(self, order: Order, result: Result, applied: Applied) -> None:
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


async def _whole(work: Coroutine[Any, Any, V]) -> V:
    """Do `work` to its end. The files are there: a cancellation comes too late now."""
    doing = asyncio.ensure_future(work)
    while not doing.done():
        try:
            await asyncio.shield(doing)
        except asyncio.CancelledError:
            if doing.cancelled():
                raise
    return doing.result()


@contextmanager
def _receipt_kept(run: Run, applied: Applied, earlier: Earlier) -> Generator[None]:
    """When the job is given up and may still be at work, its receipt goes to the next candidate."""
    try:
        yield
    except OpenclawError as error:
        if run.ticket is not None and not is_over(error):
            earlier.receipts.append(_receipt(run, run.ticket, applied))
            if isinstance(error, ProviderError):
                error.may_exist = True
        raise
    except Exception as error:
        if run.ticket is not None:
            earlier.receipts.append(_receipt(run, run.ticket, applied))
        failed = unexpected(run.ref, error)
        failed.may_exist = run.sent
        raise failed from error


def _receipt(run: Run, ticket: Ticket, applied: Applied) -> Receipt:
    return Receipt(
        provider=run.ref.provider,
        model=run.ref.model,
        base_url=run.access.base_url,
        ticket=ticket.model_dump(mode="json"),
        job_id=ticket.job_id,
        plan=records.applied_facts(applied),
    )


def _check(ref: Ref, reach: Reach) -> None:
    if reach.unusable:
        raise MissingKey(ref.provider, reach.provider.key.env, reach.unusable)


def _sidecars(result: Result, order: Order) -> None:
    for path in result.paths:
        try:
            _sidecar(path, result, order)
        except OSError as error:
            LOG.warning("no sidecar beside %s: %s", path, error)


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


def _applied(order: Order, planned: Plan, earlier: Earlier) -> Applied:
    asked, attempts = order.request.model, earlier.attempts
    warnings = [*order.candidates.notices, *planned.notes]
    if dropped := warning(planned.ref, planned.ignored):
        warnings.append(dropped)
    first = order.candidates.refs[0]
    if asked and attempts:  # a sibling of the model asked for may have been tried in its place
        warnings.insert(
            0,
            f"{first} was asked for and gave no {order.request.medium} ({attempts[0].error}); {planned.ref} ran",
        )
    warnings += [
        f"{receipt.ref} may make one too, and may bill it: "
        f"{fetching(order.id, receipt.ref)} fetches it"
        for receipt in earlier.receipts
    ]
    return Applied(
        asked=asked,
        changes=planned.changes,
        ignored=planned.ignored,
        warnings=tuple(warnings),
    )
