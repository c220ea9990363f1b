"""One job from submission to files: the only loop that polls. It knows no provider by name."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any, Protocol, TypeVar, assert_never
from uuid import uuid4

from openclaw_nb.core.candidates import retired
from openclaw_nb.core.domain import Job, Ref, Why
from openclaw_nb.core.pacing import Rule, Signs, Usual, pause
from openclaw_nb.core.refusals import classify, said
from openclaw_nb.core.wire import (
    AnyProvider,
    Before,
    Call,
    Done,
    Fetch,
    Malformed,
    Refused,
    Reply,
    Step,
    Ticket,
    Wait,
)
from openclaw_nb.errors import (
    MalformedReply,
    ProviderError,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
    SubmitUnanswered,
    cut,
    one_line,
    plain,
)
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.answers import TooLarge
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.logs import LOG
from openclaw_nb.runtime.push import NotTold, subscribed
from openclaw_nb.runtime.retries import retry_after
from openclaw_nb.runtime.transport import Transport, Unanswered, Unreachable

_SUBMIT_GRACE_SECONDS = 30.0
_LAST_LOOK_SECONDS = 5.0
"""How long before its deadline a job is asked after once more, whatever the pace."""
_CANCEL_SECONDS = 10.0
_LONGEST_NOTE = 300
_MAYBE_RETIRED = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.GONE)
_EMULATOR_HEADER = "x-openclaw-emulator"
_E = TypeVar("_E", bound=ProviderError)


class Journal(Protocol):
    """Who writes down what happens, before it goes on."""

    async def preparing(self) -> None:
        """Something is uploaded or looked at before the submission."""

    async def sending(self) -> None:
        """A submission is about to leave."""

    async def not_accepted(self) -> None:
        """It is known that the submission made no job."""

    async def waiting(self, wait: Wait[Any]) -> None:
        """The job stands so; its ticket must be kept before we wait."""

    async def saving(self) -> None:
        """The job is done; its files are being fetched."""


@dataclass(slots=True)
class Run:
    """One candidate at work."""

    ref: Ref
    provider: AnyProvider
    access: Access
    deadline: Deadline
    journal: Journal
    ticket: Ticket | None = None
    sent: bool = False
    """Whether a submission left, and nothing says that it made no job."""
    emulated: bool = False
    usual: Usual | None = None
    """How long jobs of this model take."""
    begun: float | None = None
    """When the job was submitted or taken up, by the clock of the engine."""
    _notes: set[str] = field(default_factory=set[str])
    streams: int = 3
    """How often the job's stream of events may still be opened."""

    @property
    def job_id(self) -> str | None:
        """The provider's id of the job, once there is one."""
        return self.ticket.job_id if self.ticket else None

    def pause(self, wait: Wait[Any], elapsed: float) -> float:
        """Seconds until the next poll; the last one comes before the deadline."""
        rule = self._rule(wait)
        seconds = pause(elapsed, rule, Signs(self.usual, wait.fraction, wait.ahead))
        left = self.deadline.left()
        last = left - _LAST_LOOK_SECONDS
        return min(seconds, last if last >= rule.least else left)

    def stream(self, wait: Wait[Any]) -> Call | None:
        """The call for the job's stream of events; None when there is none, or it failed too often."""
        build = self.provider.build_stream
        if build is None or self.access.poll_seconds is not None or not self.streams:
            return None
        return build(wait.ticket)

    def _rule(self, wait: Wait[Any]) -> Rule:
        if quick := self.access.poll_seconds:
            return Rule(quick, quick)
        least = wait.poll_seconds or self.provider.poll_seconds
        return Rule(least, self.provider.slowest_poll_seconds)

    def held_off(self, step: Step[Any], reply: Reply) -> Step[Any]:
        """The step; a wait lasts as long as Retry-After asks for."""
        asked = retry_after(reply.headers)
        if asked is None or not isinstance(step, Wait):
            return step
        return replace(step, poll_seconds=max(asked, self._rule(step).least))

    def note(self, text: str, *, odd: bool = True) -> None:
        """Log a remark, once per run; an odd one as a warning."""
        if text and text not in self._notes:
            self._notes.add(text)
            LOG.log(logging.WARNING if odd else logging.DEBUG, "%s: %s", self.ref, text)


class Engine:
    """Sends, waits, reads. What comes back is where the files are; the store keeps them."""

    def __init__(self, transport: Transport, clock: Clock) -> None:
        self.transport, self.clock = transport, clock

    async def prepare(self, run: Run, job: Job) -> Job:
        """Make the calls that a submission needs first. They make no job.

        Raises:
            ProviderRefused: the provider said no; nothing was submitted.
            ProviderUnreachable: it gave no usable answer; nothing was submitted.
        """
        if run.provider.prepare is None:
            return job
        step: Before | Job | Refused = run.provider.prepare(job)
        while isinstance(step, Before):
            await run.journal.preparing()
            if step.pause_seconds:
                quick = run.access.poll_seconds
                await self.clock.sleep(step.pause_seconds if quick is None else quick)
            step = await self._before(run, step)
        if isinstance(step, Refused):
            raise self._refused(run, step)
        return step

    async def _before(self, run: Run, step: Before) -> Before | Job | Refused:
        try:
            reply = await self.transport.send(run.provider, run.access, step.call, run.deadline)
            self._look(run, reply)
            return step.read(reply) if _ok(reply) else run.provider.parse_error(reply)
        except (Unreachable, Unanswered, TooLarge, Malformed, BlockedError) as error:
            text = f"a call before the submission failed: {error}; nothing was submitted"
            raise self._failed(ProviderUnreachable, run, text) from error

    async def submit(self, run: Run, job: Job) -> Step[Any]:
        """Send a job, once.

        A cancellation waits for the answer first: a job without its ticket could not be found.
        """
        sent = asyncio.ensure_future(self._submit(run, job))
        try:
            return await asyncio.shield(sent)
        except asyncio.CancelledError:
            await asyncio.wait((sent,), timeout=_SUBMIT_GRACE_SECONDS)
            if sent.done() and not sent.exception() and (kept := _receipt(sent.result())):
                await self._keep(run, kept)
            raise

    async def _submit(self, run: Run, job: Job) -> Step[Any]:
        provider = run.provider
        call = provider.build_submit(job)
        if provider.once_header:
            call = replace(call, headers={**call.headers, provider.once_header: str(uuid4())})
        await run.journal.sending()
        run.sent = True
        try:
            run.begun = self.clock.monotonic()
            reply = await self.transport.send(provider, run.access, call, run.deadline)
        except Unreachable as error:
            await self._not_accepted(run)
            raise self._failed(ProviderUnreachable, run, f"{error}; nothing was sent") from error
        except (Unanswered, TooLarge) as error:
            raise self._lost_answer(run, str(error)) from error
        self._look(run, reply)
        if reply.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            raise self._lost_answer(run, f"HTTP {reply.status}: {said(reply)}", reply.status)
        if not _ok(reply):
            await self._not_accepted(run)
            return provider.parse_error(reply)
        try:
            step = provider.parse_submit(reply)
        except Malformed as error:
            raise self._lost_answer(run, str(error), reply.status) from error
        if isinstance(step, Refused):  # some say no with HTTP 200
            await self._not_accepted(run)
        return step

    @staticmethod
    async def _not_accepted(run: Run) -> None:
        run.sent = False
        await run.journal.not_accepted()

    async def follow(self, run: Run, step: Step[Any]) -> Done:
        """Carry a submitted job to its end.

        Raises:
            ProviderRefused: the provider ended it without a result.
            ProviderTimeout: the deadline passed; the job may go on there.
            MalformedReply: an answer that is not what the contract says.
        """
        while True:
            match step:
                case Wait():
                    await self._keep(run, step)
                    step = self._over(run, step) or await self._asked(run, step)
                case Fetch():
                    step = await self._fetch(run, step)
                case Done():
                    if step.ticket is not None:
                        await self._keep(run, Wait(step.ticket))
                    await run.journal.saving()
                    return step
                case Refused():
                    raise self._refused(run, step)
                case _:
                    assert_never(step)

    @staticmethod
    def _over(run: Run, wait: Wait[Any]) -> Done | None:
        """The outputs, where the ticket itself names them: their job has ended."""
        return run.provider.over(wait.ticket) if run.provider.over else None

    async def _asked(self, run: Run, wait: Wait[Any]) -> Step[Any]:
        if call := run.stream(wait):
            step = await self._told(run, wait, call)
            if not isinstance(step, Wait):
                return step
            wait = step
        await self._pause(run, wait)
        return await self._poll(run, wait)

    async def _told(self, run: Run, wait: Wait[Any], call: Call) -> Step[Any]:
        """What the provider says by itself, the end of the job at best; where it falls silent, it is asked."""

        def patience() -> float:
            return run.pause(replace(wait, ahead=1), self._elapsed(run))

        def read(reply: Reply) -> Step[Any] | None:
            return _news(run, wait, reply)

        stream: AbstractAsyncContextManager[AsyncIterator[Step[Any] | None]] = subscribed(
            self.transport, run.provider, run.access, call, run.deadline, read, patience
        )
        heard = False
        try:
            async with stream as news:
                async for told in news:
                    heard = heard or told is not None
                    if run.deadline.passed:
                        break
                    step = await self._read_on(run, told or await self._poll(run, wait))
                    if not isinstance(step, Wait):
                        return step
                    await self._keep(run, step)
                    wait = step
        except NotTold as error:
            run.streams = run.streams - 1 if heard else 0
            run.note(f"no stream of events: {error}; asking instead", odd=False)
        return wait

    async def _read_on(self, run: Run, step: Step[Any]) -> Wait[Any] | Done | Refused:
        while isinstance(step, Fetch):
            step = await self._fetch(run, step)
        return step

    def _elapsed(self, run: Run) -> float:
        """Seconds since the job was submitted or taken up."""
        now = self.clock.monotonic()
        run.begun = now if run.begun is None else run.begun
        return now - run.begun

    async def cancel(self, run: Run) -> None:
        """Tell the provider to stop, where it can be told; a failure is only logged."""
        build, ticket = run.provider.build_cancel, run.ticket
        if ticket is None or (run.provider.over and run.provider.over(ticket)):
            return
        if build is None:
            self._goes_on(run)
            return
        deadline = Deadline(self.clock, _CANCEL_SECONDS)

        async def send(call: Call) -> Reply:
            return await self.transport.send(run.provider, run.access, call, deadline)

        try:
            # Asked afresh: at some providers the same call deletes a job that has ended.
            now = run.provider.parse_status(ticket, await send(run.provider.build_status(ticket)))
            while isinstance(now, Fetch):
                now = now.read(await send(now.call))
            if not isinstance(now, Wait):
                return
            if call := build(ticket, now.state):
                reply = await send(call)
                LOG.debug("%s: cancelling was answered with HTTP %s", run.ref, reply.status)
            else:
                self._goes_on(run)
        except (Unreachable, Unanswered, TooLarge, Malformed, BlockedError) as error:
            LOG.warning("%s: cancelling at the provider failed: %s", run.ref, error)

    @staticmethod
    def _goes_on(run: Run) -> None:
        run.note(f"it cannot be told to stop: job {run.job_id} goes on and may be billed")

    async def _keep(self, run: Run, wait: Wait[Any]) -> None:
        run.ticket = wait.ticket
        wait = replace(wait, note=one_line(wait.note)[:_LONGEST_NOTE])
        run.note(wait.note, odd=wait.odd)
        await run.journal.waiting(wait)

    async def _pause(self, run: Run, wait: Wait[Any]) -> None:
        if run.deadline.passed:
            raise self._timed_out(run)
        await self.clock.sleep(run.pause(wait, self._elapsed(run)))

    async def _poll(self, run: Run, wait: Wait[Any]) -> Step[Any]:
        """Ask once more. What is wrong on the way does not end a job that may be paid for."""
        provider = run.provider
        own = provider.parse_status_error

        def read(reply: Reply) -> Step[Any]:
            return run.held_off(provider.parse_status(wait.ticket, reply), reply)

        def read_error(reply: Reply) -> Step[Any]:
            if _passing(reply):
                run.note(f"no answer to a poll: HTTP {reply.status}: {said(reply)}; asking on")
                return run.held_off(wait, reply)
            return own(wait.ticket, reply) if own else provider.parse_error(reply)

        try:
            return await self._ask(run, provider.build_status(wait.ticket), read, read_error)
        except (Unreachable, Unanswered) as error:
            run.note(f"no answer to a poll: {error}; asking on")
            return wait

    async def _fetch(self, run: Run, step: Fetch) -> Step[Any]:
        read_error = step.read_error or run.provider.parse_error
        try:
            return await self._ask(run, step.call, step.read, read_error)
        except (Unreachable, Unanswered) as error:
            if run.deadline.passed:
                raise self._timed_out(run) from error
            run.note(f"no answer about the result: {error}; asking on")
            await self.clock.sleep(min(run.provider.poll_seconds, run.deadline.left()))
            return step

    async def _ask(
        self,
        run: Run,
        call: Call,
        read: Callable[[Reply], Step[Any]],
        read_error: Callable[[Reply], Step[Any]],
    ) -> Step[Any]:
        """Send a call and read its answer."""
        try:
            reply = await self.transport.send(run.provider, run.access, call, run.deadline)
            self._look(run, reply)
            return read(reply) if _ok(reply) else read_error(reply)
        except (Malformed, TooLarge, BlockedError) as error:
            text = f"{error}. The job may exist; openclaw_nb.resume() can ask again"
            raise self._failed(MalformedReply, run, text) from error

    def _look(self, run: Run, reply: Reply) -> None:
        run.emulated = run.emulated or _EMULATOR_HEADER in reply.headers

    def _lost_answer(self, run: Run, what: str, status: int | None = None) -> ProviderError:
        text = (
            f"the answer to the submission was lost ({what}). The job may exist and may be "
            f"billed; it was not sent a second time. {run.provider.finding}"
        )
        why = Why.TIMEOUT if status is None else classify(status, what)
        return self._failed(SubmitUnanswered, run, text, why=why, status=status)

    def _refused(self, run: Run, step: Refused) -> ProviderRefused:
        details = ", ".join(filter(None, [step.why, step.code, step.request_id]))
        advice = [step.advice]
        content = step.why is Why.CONTENT_POLICY
        if step.why is Why.MODEL_NOT_FOUND or (step.status in _MAYBE_RETIRED and not content):
            today = datetime.now(tz=UTC).date()
            advice.append(retired(run.provider, run.ref.model, today))
        text = ". ".join(filter(None, [f"{cut(step.said)} ({details})", *advice]))
        error = self._failed(
            ProviderRefused, run, text, why=step.why, status=step.status, code=step.code or None
        )
        error.said, error.request_id = plain(cut(step.said)), one_line(step.request_id) or None
        return error

    def _timed_out(self, run: Run) -> ProviderTimeout:
        text = (
            f"not finished after {run.deadline.seconds:g} s. The job {run.job_id} may still be "
            "running at the provider and may be billed; openclaw_nb.resume() takes it up"
        )
        return self._failed(ProviderTimeout, run, text)

    @staticmethod
    def _failed(
        kind: type[_E],
        run: Run,
        text: str,
        *,
        why: Why = Why.TIMEOUT,
        status: int | None = None,
        code: str | None = None,
    ) -> _E:
        return kind(run.ref, text, why=why, status=status, code=code, job_id=run.job_id)


def _news(run: Run, wait: Wait[Any], reply: Reply) -> Step[Any] | None:
    """What an event says; None when it says nothing of the job. Raises NotTold."""
    read = run.provider.read_event or run.provider.parse_status
    try:
        step = read(wait.ticket, reply)
    except Malformed as error:
        raise NotTold(str(error)) from error
    if isinstance(step, Wait) and step.odd:
        raise NotTold(step.note)
    return step


def _receipt(step: Step[Any]) -> Wait[Any] | None:
    """What must be written down of the answer to a submission, so that its job is found again."""
    match step:
        case Wait():
            return step
        case Done() if step.ticket is not None:
            return Wait(step.ticket)
        case _:
            return None


def _ok(reply: Reply) -> bool:
    return HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES


def _passing(reply: Reply) -> bool:
    """Statuses of a GET that say nothing about the job."""
    return reply.status in {
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_EARLY,
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
