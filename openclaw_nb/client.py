"""The client: settings, transport, ledger and store in one place, with nothing global.

Its work runs on the core loop, so it can be used from any thread and any event loop.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4

from openclaw_nb import config
from openclaw_nb.core.candidates import (
    Candidates,
    find_provider,
)
from openclaw_nb.core.domain import Media, Ref, Request, TaskState
from openclaw_nb.core.inputs import read_request
from openclaw_nb.errors import OpenclawError, TaskCancelled, TaskLost
from openclaw_nb.runtime import loop, records
from openclaw_nb.runtime.assets import MIB, Loader
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.engine import Engine, Run
from openclaw_nb.runtime.generate import Order, Runner
from openclaw_nb.runtime.ledger import Ledger, Row, owner_alive
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.results import Video
from openclaw_nb.runtime.store import Store
from openclaw_nb.runtime.transport import Transport, open_http
from openclaw_nb.task import Snapshot, Task
from openclaw_nb.vendors import Endpoint, Vendors

_log = logging.getLogger("openclaw_nb")

_VIDEO_MAX_BYTES = 16 * MIB
_FOLLOW_SECONDS = 0.5
_HEED_SECONDS = 1.0


@dataclass(slots=True, eq=False)
class _AtWork:
    """A task that this client carries out. Changed on the core thread only."""

    order: Order
    resumed: tuple[Row, Applied] | None
    active: list[Run] = field(default_factory=list[Run])
    work: asyncio.Task[None] | None = None
    """None before it begins and when its outcome is known."""
    cancelled: bool = False

    def stop(self) -> None:
        """Cancel, once: a second cancellation would interrupt the clearing up after the first."""
        if not self.cancelled:
            self.cancelled = True
            if self.work is not None:
                self.work.cancel()

    def leave(self) -> None:
        """Stop working, and leave the job to the ledger and the provider."""
        if self.work is not None and not self.cancelled:
            self.work.cancel()


class Client:
    """Generates videos. `async with Client() as client: video = await client.generate_video(...)`.

    Args:
        settings: Values in the shape of `openclaw.json`, or a path to such a file; None reads the
            usual file.
        home: Directory of the ledger, the media and the configuration; None is
            `OPENCLAW_STATE_DIR` or `~/.openclaw`.
        media_dir: Where videos are saved; None is `media/tool-video-generation` in `home`.
        allowed_roots: When given, local references must lie in one of these directories.
        endpoints: By provider id, where a stand-in for the vendor is.
        environ: Replaces the process environment, which is read at every use.

    Raises:
        ConfigError: the configuration is not usable.
    """

    def __init__(
        self,
        settings: Mapping[str, Any] | Path | None = None,
        *,
        home: Path | str | None = None,
        media_dir: Path | str | None = None,
        allowed_roots: Sequence[Path | str] = (),
        endpoints: Mapping[str, Endpoint] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        environ = os.environ if environ is None else dict(environ)
        self.home = Path(home).expanduser() if home else config.state_dir(environ)
        self.settings = _settings(settings, environ, self.home)
        self.vendors = Vendors(self.settings, environ, endpoints or {})
        self.session = f"openclaw_nb:{uuid4()}"
        """Within it the same request is not started twice at once."""
        default_media = self.home / "media" / "tool-video-generation"
        self.store = Store(
            Path(media_dir).expanduser().resolve() if media_dir else default_media,
            self.settings.media_max_bytes or _VIDEO_MAX_BYTES,
        )
        self.ledger = Ledger(self.home / "notebook" / "tasks.sqlite")
        roots = tuple(Path(root).expanduser().resolve() for root in allowed_roots)
        self._loader = Loader(self.settings.media_max_bytes, roots)
        self._clock = clock or Clock()
        self._runner: Runner | None = None
        self._tasks: dict[str, Task] = {}
        self._running: set[Future[None]] = set()
        self._at_work: set[_AtWork] = set()
        self._closed = False

    # --- making videos ---------------------------------------------------------------------

    def generate_video(
        self,
        prompt: str,
        *,
        exact_model: bool = False,
        session: str | None = None,
        allow_parallel: bool = False,
        **params: Any,
    ) -> Task:
        """Start a video; returns its handle at once. `await` it, or call `.result()`.

        The keywords are those of `openclaw_nb.generate_video`.

        Raises:
            InvalidInput: a parameter or reference is not usable; nothing was sent.
            NoCandidate: no provider is configured; nothing was sent.
        """
        given = {"prompt": prompt, **{k: v for k, v in params.items() if v is not None}}
        request = read_request(given, strict_keys=True)
        return self.start(
            request, exact=exact_model, session=session, allow_parallel=allow_parallel
        )

    def start(
        self,
        request: Request,
        *,
        exact: bool = False,
        session: str | None = None,
        allow_parallel: bool = False,
    ) -> Task:
        """Start a request that was read already; as `generate_video`."""
        chosen = self.vendors.candidates(request.model, exact=exact)
        media = self.load(request)
        facts = records.request_facts(request, media)
        row, new = loop.wait(
            loop.start(
                self.ledger.add(
                    prompt=request.prompt,
                    request=records.request_json(request, media),
                    request_key=records.request_key(facts),
                    source=f"video_generate:{chosen.refs[0].provider}",
                    session=session or self.session,
                    unless_active=not allow_parallel,
                )
            )
        )
        if not new:
            return self._duplicate(row)
        timeout_ms = request.timeout_ms or self.vendors.selection.timeout_ms
        order = Order(
            id=row.id,
            request=request,
            media=media,
            candidates=chosen,
            timeout_seconds=timeout_ms / 1000 if timeout_ms else None,
        )
        return self._launch(order, None)

    def load(self, request: Request) -> Media:
        """The references of a request, looked at; nothing is sent. Raises InvalidInput."""
        return self._loader.load(request)

    # --- tasks -------------------------------------------------------------------------------

    def tasks(self) -> list[Row]:
        """Every task of this machine, newest first; active ones without an owner are lost."""
        return [_as_it_is(row) for row in loop.wait(loop.start(self.ledger.rows()))]

    def task(self, lookup: str) -> Task:
        """The handle of a task by id, run id, or a unique beginning of at least 8 characters.

        Raises TaskNotFound.
        """
        row = loop.wait(loop.start(self.ledger.find(lookup)))
        return self._tasks.get(row.id) or self._handle(row)

    def resume(self, lookup: str) -> Task:
        """Take up a task whose process is gone: a new task that finishes the same provider job.

        Nothing is submitted. A task that still runs, or has its video, is returned as it is.

        Raises:
            TaskNotFound: there is no such task.
            TaskLost: it has no receipt of its job, so that it cannot be found again, or its job is
                at another address than this client reaches.
        """
        row = loop.wait(loop.start(self.ledger.find(lookup)))
        if row.id in self._tasks and row.status.active:
            return self._tasks[row.id]
        if row.status is TaskState.SUCCEEDED or (row.status.active and owner_alive(row)):
            return self._handle(row)
        if row.ticket is None:
            raise TaskLost(_no_ticket(row))
        self._check_address(row)
        return self._launch(self._successor(row), (row, records.applied_of(row)))

    def _check_address(self, row: Row) -> None:
        """A job is asked after where it was submitted, and its key goes nowhere else."""
        provider = find_provider(row.provider or "", self.vendors.providers)
        here = self.vendors.reach(provider).access.base_url if provider else None
        if here and row.base_url and here != row.base_url:
            raise TaskLost(
                f"the job of task {row.id[:8]} is at {row.base_url}, and this client reaches "
                f"{row.provider} at {here}; set models.providers.{row.provider}.baseUrl to the "
                "former to take it up. Nothing was sent"
            )

    def _successor(self, row: Row) -> Order:
        """A new task for the provider job of an old one."""
        request = records.request_of(row)
        new, _ = loop.wait(
            loop.start(
                self.ledger.add(
                    prompt=row.prompt,
                    request=records.dump(row.request),
                    request_key=row.request_key,
                    source=row.source,
                    session=self.session,
                    unless_active=False,
                    resumes=row.id,
                )
            )
        )
        return Order(
            id=new.id,
            request=request,
            media=records.media_of(row),
            candidates=Candidates((Ref(row.provider or "", row.model or ""),)),
            timeout_seconds=request.timeout_ms / 1000 if request.timeout_ms else None,
        )

    def _duplicate(self, row: Row) -> Task:
        """The task that already makes this; marked, and announced above everything else."""
        task = self._tasks.get(row.id) or self._handle(row)
        notice = (
            f"The same request is already at work as task {row.id[:8]}; it was not sent again. "
            "allow_parallel=True starts another."
        )
        task.update(duplicate=True, notices=tuple(dict.fromkeys((*task.snapshot.notices, notice))))
        return task

    def _launch(self, order: Order, resumed: tuple[Row, Applied] | None) -> Task:
        job = _AtWork(order, resumed)
        first = Snapshot(
            id=order.id,
            request=order.request,
            candidates=len(order.candidates.refs),
            ref=order.candidates.refs[0],
            notices=order.candidates.notices,
        )
        task = Task(first, on_cancel=lambda: loop.call_soon(job.stop))
        self._tasks[order.id] = task
        loop.start(self._carry(job, task))
        return task

    async def _carry(self, job: _AtWork, task: Task) -> None:
        """A task from its beginning to its end, or to the end of this client."""
        job.work = asyncio.current_task()
        self._at_work.add(job)
        heeding = asyncio.create_task(self._heed(job))
        try:
            if job.cancelled and job.work is not None:  # takes effect at the first await
                job.work.cancel()
            video = await self._work(job.order, task, job.active, job.resumed)
        except asyncio.CancelledError:
            if not job.cancelled:
                await self._left(job.order.id, task)
                raise
            await self._cancelled(job.order, task, job.active)
        except OpenclawError as error:
            job.work = None
            await self._failed(job.order, task, error)
        else:
            self._succeeded(task, video)
        finally:
            self._at_work.discard(job)
            heeding.cancel()

    async def _heed(self, job: _AtWork) -> None:
        """Watch for another process that asks for this task to be cancelled."""
        while not job.cancelled:
            await asyncio.sleep(_HEED_SECONDS)
            with suppress(OpenclawError):
                row = await self.ledger.find(job.order.id)
                if row.cancel_requested:
                    job.stop()

    async def _left(self, id: str, task: Task) -> None:
        """Nobody owns the task now: the ledger has what finishes the job elsewhere."""
        with suppress(OpenclawError):
            await self.ledger.update(id, owner_pid=None)
            if self._closed:
                _finish(task, await self.ledger.find(id))

    async def _work(
        self, order: Order, task: Task, active: list[Run], resumed: tuple[Row, Applied] | None
    ) -> Video:
        runner = self._open()
        if resumed is None:
            return await runner.run(order, task, active)
        row, applied = resumed
        return await runner.resume(order, task, active, row.ticket, applied)

    def _open(self) -> Runner:
        """Connections are made on the core loop, when the first task needs them."""
        if self._runner is None:
            transport = Transport(open_http(), self._clock)
            engine = Engine(transport, self._clock)
            self._runner = Runner(
                engine, Delivery(transport, self.store), self.ledger, self.vendors
            )
        return self._runner

    def _succeeded(self, task: Task, video: Video) -> None:
        task.finish(
            video,
            state=TaskState.SUCCEEDED,
            phase="done",
            progress=1.0,
            ref=video.ref,
            result=video,
            ended_at=time.time(),
            notices=tuple(dict.fromkeys((*task.snapshot.notices, *video.warnings))),
        )

    async def _failed(self, order: Order, task: Task, error: OpenclawError) -> None:
        await self._end_row(
            order.id,
            TaskState.FAILED,
            error=str(error),
            phase="failed",
            attempts=records.attempts_json(error.attempts),
        )
        task.finish(
            error,
            state=TaskState.FAILED,
            phase="failed",
            error=str(error),
            attempts=error.attempts,
            ended_at=time.time(),
        )

    async def _cancelled(self, order: Order, task: Task, active: list[Run]) -> None:
        text = "cancelled by the user"
        await self._end_row(order.id, TaskState.CANCELLED, error=text, phase="cancelled")
        task.finish(
            TaskCancelled(f"task {order.id[:8]} was {text}"),
            state=TaskState.CANCELLED,
            phase="cancelled",
            error=text,
            ended_at=time.time(),
        )
        for run in active:
            await self._open().engine.cancel(run)

    async def _end_row(self, id: str, state: TaskState, **columns: object) -> None:
        try:
            await self.ledger.end(id, state, **columns)
        except OpenclawError:
            _log.exception("task %s ended as %s; the ledger does not know it", id[:8], state)

    def _handle(self, row: Row) -> Task:
        """A handle on a task of the ledger: ended, or followed while another process runs it."""
        request = records.request_of(row)
        first = Snapshot(id=row.id, request=request, started_at=row.created_at / 1000)
        task = Task(first, on_cancel=lambda: self._ask_owner_to_cancel(row.id))
        task.update(**_facts(row))
        if row.status.active and owner_alive(row):
            future = loop.start(self._follow(task))
            self._running.add(future)
            future.add_done_callback(self._running.discard)
        else:
            _finish(task, row)
        return task

    async def _follow(self, task: Task) -> None:
        while True:
            row = await self.ledger.find(task.id)
            if not (row.status.active and await asyncio.to_thread(owner_alive, row)):
                _finish(task, row)
                return
            task.update(**_facts(row))
            await asyncio.sleep(_FOLLOW_SECONDS)

    def _ask_owner_to_cancel(self, id: str) -> None:
        loop.start(self.ledger.update(id, cancel_requested=1))

    # --- life --------------------------------------------------------------------------------

    async def aclose(self) -> None:
        """Leave running jobs to the ledger, for `resume`, and close connections.

        Their handles end with TaskLost. Closing again does nothing.
        """
        await asyncio.wrap_future(loop.start(self._aclose()))

    def close(self) -> None:
        """As `aclose`, blocking."""
        loop.wait(loop.start(self._aclose()))

    async def _aclose(self) -> None:
        if self._closed:
            return
        self._closed = True
        for future in tuple(self._running):
            future.cancel()
        working = [job.work for job in self._at_work if job.work is not None]
        for job in self._at_work:
            job.leave()
        if working:
            await asyncio.wait(working)
        if self._runner is not None:
            await self._runner.engine.transport.close()
            self._runner = None
        await self.ledger.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return f"<Client home={str(self.home)!r}>"


def _settings(
    given: Mapping[str, Any] | Path | None, environ: Mapping[str, str], home: Path
) -> config.Settings:
    if isinstance(given, Mapping):
        return config.read(given)
    return config.load(given or config.config_path(environ, home))


def _no_ticket(row: Row) -> str:
    if row.sent:
        return (
            f"task {row.id[:8]} may have been submitted to {row.provider}/{row.model} and has no "
            "receipt of it. Look at the provider's own list of jobs; it is not sent again by itself"
        )
    return f"task {row.id[:8]} had not been submitted; start it again with generate_video"


def _as_it_is(row: Row) -> Row:
    lost = row.status.active and not owner_alive(row)
    return row.model_copy(update={"status": TaskState.LOST}) if lost else row


def _facts(row: Row) -> dict[str, Any]:
    ref = Ref(row.provider, row.model) if row.provider and row.model else None
    return {
        "state": _as_it_is(row).status,
        "phase": row.phase,
        "ref": ref,
        "attempts": records.attempts_of(row),
        "job_id": row.job_id,
        "error": row.error,
        "ended_at": row.ended_at / 1000 if row.ended_at else None,
    }


def _finish(task: Task, row: Row) -> None:
    """End a handle as the ledger says the task ended."""
    facts = _facts(row)
    match row.status:
        case TaskState.SUCCEEDED:
            video = records.video_of(row)
            task.finish(video, **facts | {"result": video, "progress": 1.0})
        case TaskState.CANCELLED:
            task.finish(TaskCancelled(row.error or "cancelled"), **facts)
        case TaskState.QUEUED | TaskState.RUNNING | TaskState.LOST:
            way = (
                f"openclaw_nb.resume({row.id[:8]!r}) finishes it" if row.ticket else _no_ticket(row)
            )
            text = f"the process that ran task {row.id[:8]} is gone; {way}"
            task.finish(TaskLost(text), **facts | {"state": TaskState.LOST, "error": text})
        case TaskState.FAILED | TaskState.TIMED_OUT:
            error = OpenclawError(row.error or "failed")
            error.attempts = records.attempts_of(row)
            task.finish(error, **facts)
