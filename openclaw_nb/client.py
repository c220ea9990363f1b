"""The client: settings, transport, ledger and store in one place, with nothing global.

Its work runs on the core loop, so it can be used from any thread and any event loop.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from copy import copy
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import uuid4
from weakref import WeakSet, WeakValueDictionary

from openclaw_nb import config
from openclaw_nb.core.candidates import Candidates, find_provider
from openclaw_nb.core.domain import Media, Medium, Request, TaskState
from openclaw_nb.core.inputs import is_text, read_request
from openclaw_nb.core.keywords import shows_keywords
from openclaw_nb.errors import InvalidInput, LedgerError, TaskLost, shown
from openclaw_nb.handles import Handles
from openclaw_nb.places import ledger_path
from openclaw_nb.runtime import loop, records
from openclaw_nb.runtime.assets import LIMITS, Loader
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.runtime.generate import Order
from openclaw_nb.runtime.jobs import as_it_is, chosen_job, last_job, receipt_of, ref_of
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.results import Image, Music, Video
from openclaw_nb.runtime.rows import NewTask, Row, now_ms, owned
from openclaw_nb.runtime.store import Store
from openclaw_nb.runtime.upkeep import Upkeep
from openclaw_nb.task import Task
from openclaw_nb.vendors import Endpoint, Vendors
from openclaw_nb.work import Work

_clients: WeakSet[Client] = WeakSet()


class Client:
    """Generates videos, images, music. `async with Client() as client: video = await client.generate_video(...)`.

    Args:
        settings: Values in the shape of `openclaw.json`, or a path to such a file; None reads the
            usual file.
        home: Directory of the ledger, the media and the configuration; None is
            `OPENCLAW_STATE_DIR` or `~/.openclaw`.
        media_dir: Where files are saved; None is `media/tool-video-generation` in `home`, and its
            like for images and music.
        allowed_roots: When given, local references must lie in one of these directories.
        endpoints: By provider id, where a stand-in for the vendor is.
        keys: By provider id the key to use before all that is configured, or the id of a stored
            profile. It is kept in memory only, and never shown.
        environ: Replaces the process environment, which is read at every use.
        clock: What tells the time and waits; None is the machine's.

    Raises:
        ConfigError: the configuration is not usable.
        InvalidInput: `keys` names no provider, or holds no key.
    """

    @config.without_frames
    def __init__(
        self,
        settings: Mapping[str, Any] | Path | None = None,
        *,
        home: Path | str | None = None,
        media_dir: Path | str | None = None,
        allowed_roots: Sequence[Path | str] = (),
        endpoints: Mapping[str, Endpoint] | None = None,
        keys: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        clock: Clock | None = None,
    ) -> None:
        held = {"keys": keys, "settings": _mapping(settings), "environ": environ}
        self.in_memory = tuple(name for name, value in held.items() if value is not None)
        """What it was given that no other process can read for itself."""
        self.settings_path = settings if isinstance(settings, Path) else None
        """The configuration file it was given, if any."""
        environ = os.environ if environ is None else dict(environ)
        self.home = Path(home).expanduser() if home else config.state_dir(environ)
        loaded = _loaded(settings, environ, self.home)
        self.settings = loaded.settings
        profiles = config.stored_profiles(self.home)
        with config.named(loaded.file):
            self.vendors = Vendors(loaded, profiles, endpoints or {}, keys or {})
        self.session = f"openclaw_nb:{uuid4()}"
        """Within it the same request is not started twice at once."""
        self.stores = {medium: self._store(medium, media_dir) for medium in Medium}
        """Where the files of each medium are saved."""
        retention = self.settings.tasks.retention_ms
        self.ledger = Ledger(ledger_path(self.home), retention)
        self.allowed_roots = tuple(Path(root).expanduser().resolve() for root in allowed_roots)
        """Where local references must lie; empty: anywhere."""
        most = self.settings.media_max_bytes
        self._loader = Loader(most, self.allowed_roots, self.home / "media")
        self.closed = False
        self._clock = clock or Clock()
        self.begin_anew()
        _clients.add(self)

    def after_fork(self) -> None:
        """Leave what is at work to the parent process; handles on it follow it."""
        inherited = *self._begun.values(), *self._handles.following
        self.begin_anew()
        for task in inherited:
            task.inherit(self._handles.follow)

    def begin_anew(self) -> None:
        """Have no task at work."""
        seconds = self.settings.tasks.sweep_seconds
        self._work = Work(self.vendors, self.ledger, self.stores, self._clock, seconds)
        self._handles = Handles(self.ledger)
        self._begun: WeakValueDictionary[str, Task] = WeakValueDictionary()
        self._others: WeakSet[Client] = WeakSet()

    def saving_to(self, media_dir: Path | str) -> Client:
        """The same client, but its files go to another directory. It is closed with this one."""
        other = copy(self)
        other.stores = {medium: self._store(medium, media_dir) for medium in Medium}
        other.begin_anew()
        self._others.add(other)
        _clients.add(other)
        return other

    def _store(self, medium: Medium, media_dir: Path | str | None) -> Store:
        usual = self.home / "media" / f"tool-{medium}-generation"
        max_bytes = self.settings.media_max_bytes or LIMITS[medium.file_kind]
        return Store(Path(media_dir or usual).expanduser().resolve(), max_bytes)

    # --- making videos, images, music --------------------------------------------------------

    @shows_keywords(Medium.VIDEO)
    def generate_video(
        self,
        prompt: str,
        *,
        exact_model: bool = False,
        session: str | None = None,
        allow_parallel: bool = False,
        **params: Any,
    ) -> Task[Video]:
        """Start a video; returns its handle at once. `await` it, or call `.result()`.

        Args:
            prompt: What the video shows.
            exact_model: Use `model` or fail; nothing else is tried.
            session: Within one session the same request is not started twice at once.
            allow_parallel: Start it even so.
            **params: The other keywords of `openclaw_nb.generate_video`.

        Raises:
            InvalidInput: a parameter or reference is not usable; nothing was sent.
            NoCandidate: no provider is configured; nothing was sent.
        """
        request = _read(Medium.VIDEO, {"prompt": prompt, **params})
        return self.start(
            request, exact=exact_model, session=session, allow_parallel=allow_parallel
        )

    @shows_keywords(Medium.IMAGE)
    def generate_image(
        self,
        prompt: str,
        *,
        exact_model: bool = False,
        session: str | None = None,
        allow_parallel: bool = False,
        **params: Any,
    ) -> Task[Image]:
        """Start an image, or up to four; returns its handle at once. Raises as `generate_video`.

        The keywords are those of `openclaw_nb.generate_image`.
        """
        request = _read(Medium.IMAGE, {"prompt": prompt, **params})
        return self.start(
            request, exact=exact_model, session=session, allow_parallel=allow_parallel
        )

    @shows_keywords(Medium.MUSIC)
    def generate_music(
        self,
        prompt: str,
        *,
        exact_model: bool = False,
        session: str | None = None,
        allow_parallel: bool = False,
        **params: Any,
    ) -> Task[Music]:
        """Start a track of music; returns its handle at once. Raises as `generate_video`.

        The keywords are those of `openclaw_nb.generate_music`.
        """
        request = _read(Medium.MUSIC, {"prompt": prompt, **params})
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
    ) -> Task[Any]:
        """Start a request that was read already; as `generate_video`."""
        guard = None if allow_parallel else Guard.REQUEST
        entered = self.enter(request, exact=exact, session=session, guard=guard)
        if isinstance(entered, Row):
            return self._duplicate(entered)
        return self._offered(self.begin(entered), exact=exact, session=session)

    def enter(
        self,
        request: Request,
        *,
        exact: bool,
        session: str | None,
        guard: Guard | None,
        key: str | None = None,
        seen: Collection[str] = (),
    ) -> Order | Row:
        """Put a task into the ledger, to be begun; or the row that stands in its way.

        Args:
            request: What to make.
            exact: Nothing but the request's model is tried.
            session: None is this client's own.
            guard: Which other task stands in the way.
            key: What makes it the same request as another; None: all that is asked for.
            seen: Ids of tasks that do not stand in the way of a `Guard.CELL`.
        """
        if not is_text(session or ""):
            raise InvalidInput("session", f"{shown(session)} is no text. Nothing was sent.")
        medium = request.medium
        chosen = self.vendors.candidates(request.model, exact=exact, medium=medium)
        media = self.load(request)
        new = NewTask(
            prompt=request.prompt,
            request=records.request_json(request, media),
            request_key=key or records.request_key(records.request_facts(request, media)),
            source=f"{medium.tool}:{chosen.refs[0].provider}",
            session=session or self.session,
            kind=medium.task_kind,
        )
        row, is_new = loop.wait(self.ledger.enter(new, unless_active=guard, seen=seen))
        if not is_new:
            return row
        return Order(
            id=row.id,
            request=request,
            media=media,
            candidates=chosen,
            timeout_seconds=request.timeout_seconds or self._configured_seconds(medium),
        )

    def _offered(self, task: Task, *, exact: bool = False, session: str | None = None) -> Task:
        """A handle that can be started again and taken up through this client."""
        again = partial(self.start, task.request, exact=exact, session=session, allow_parallel=True)
        return task.offer(again=again, resume=partial(self.resume, task.id))

    def begin(self, order: Order, resumed: tuple[Row, Applied] | None = None) -> Task:
        """Begin a task that was entered. `resumed`: the task it takes up, and its plan."""
        task = self._begun[order.id] = self._work.begin(order, resumed)
        return task

    def load(self, request: Request) -> Media:
        """The references of a request, looked at; nothing is sent. Raises InvalidInput."""
        return self._loader.load(request)

    # --- tasks -------------------------------------------------------------------------------

    def tasks(
        self, *, status: TaskState | None = None, limit: int | None = None, after: str | None = None
    ) -> list[Row]:
        """The tasks of this machine, newest first; active ones without an owner are lost.

        Args:
            status: Only those in this state.
            limit: So many at most; None is all.
            after: Only those older than the task with this id.
        """
        rows = loop.wait(loop.start(self.ledger.rows(status=status, limit=limit, after=after)))
        return [as_it_is(row) for row in rows]

    def counts(self) -> dict[TaskState, int]:
        """How many tasks of this machine are in each state; states that none is in are left out."""
        return loop.wait(loop.start(self.ledger.counts()))

    def active(self, session: str, medium: Medium) -> list[Row]:
        """The tasks at work on a medium in a session, running before queued, then newest."""
        rows = loop.wait(loop.start(self.ledger.active(session)))
        return [row for row in rows if row.kind == medium.task_kind]

    def row(self, lookup: str) -> Row:
        """A task of the ledger as it is now; as `task`."""
        return as_it_is(loop.wait(loop.start(self.ledger.find(lookup))))

    @property
    def begun(self) -> tuple[Task, ...]:
        """The tasks that this client carries out or has carried out, oldest first."""
        return tuple(self._begun.values())

    def task(self, lookup: str) -> Task:
        """The handle of a task: by id, run id, a unique beginning of at least 8 characters, or session.

        Of a session it is the newest task. Raises TaskNotFound.
        """
        row = loop.wait(loop.start(self.ledger.find(lookup)))
        return self._handle(row)

    def cancel(self, lookup: str) -> tuple[Row, bool]:
        """Have a task stopped, in whatever process it runs, and wait up to 5 s for it.

        Returns the task as it is then, and whether it had not ended before. One whose process is
        gone is cancelled here, and its provider is told. Raises TaskNotFound.
        """
        return loop.wait(loop.start(self._work.cancel(lookup)))

    def left_behind(self) -> list[Row]:
        """Tasks whose process is gone and that `resume` finishes from here, newest first."""
        rows = loop.wait(loop.start(self.ledger.left_behind()))
        return [row for row in rows if self.can_take_up(row)]

    def can_take_up(self, row: Row) -> bool:
        """Whether a task has a receipt of its job, and the job can be reached from here."""
        job = last_job(row)
        return job is not None and not self._elsewhere(job)

    def resume(self, lookup: str, *, model: str | None = None, session: str | None = None) -> Task:
        """Take up a task whose process is gone: a new task that finishes the same provider job.

        Nothing is submitted. A task that still runs, or has its video, is returned as it is.

        Args:
            lookup: As `task`.
            model: Of a task that gave a model up and went on to another: whose job, as
                `provider/model` or the model alone, however the task ended. None is the last one,
                or the only one with a receipt.
            session: Of the new task; None is this client's own.

        Raises:
            TaskNotFound: there is no such task.
            TaskLost: it has no receipt of its job, so that it cannot be found again, or its job is
                at another address than this client reaches.
            InvalidInput: it has no receipt of a job of `model`.
        """
        task = loop.wait(loop.start(self.ledger.find(lookup)))
        goes_on = task.status is TaskState.SUCCEEDED or (
            task.status.active and owned(task, now_ms())
        )
        if goes_on and model in (None, task.model, str(ref_of(task))):
            return self._handle(task)
        row = chosen_job(task, model)
        if here := self._elsewhere(row):
            raise TaskLost(
                f"the job of task {row.id[:8]} is at {row.base_url}, and this client reaches "
                f"{row.provider} at {here}; set models.providers.{row.provider}.baseUrl to the "
                "former to take it up. Nothing was sent"
            )
        entered = self._successor(row, session or self.session)
        if isinstance(entered, Row):
            return self._handle(entered)
        return self._offered(self.begin(entered, (row, records.applied_of(row))))

    def _elsewhere(self, row: Row) -> str | None:
        """Where this client reaches the provider of a task, when that is not where its job is.

        A job is asked after where it was submitted, and its key goes nowhere else.
        """
        provider = find_provider(row.provider or "", self.vendors.of(records.medium_of(row)))
        here = self.vendors.reach(provider).access.base_url if provider else None
        return here if here and row.base_url and here != row.base_url else None

    def _successor(self, row: Row, session: str) -> Order | Row:
        """A new task for a provider job of an old one; or the one that has taken it up already."""
        request = records.request_of(row)
        new = NewTask(
            prompt=row.prompt,
            request=records.dump(row.request),
            request_key=row.request_key,
            source=row.source,
            session=session,
            kind=row.kind,
            resumes=row.id,
            taken_up=receipt_of(row),
        )
        made, is_new = loop.wait(self.ledger.enter(new, unless_active=Guard.JOB))
        if not is_new:
            return made
        return Order(
            id=made.id,
            request=request,
            media=records.media_of(row),
            candidates=Candidates((ref_of(row),)),
            # The first task's own limit may be what ended it.
            timeout_seconds=self._configured_seconds(request.medium),
        )

    def _duplicate(self, row: Row) -> Task:
        """The task that already makes this; marked, and announced above everything else."""
        task = self._handle(row)
        notice = (
            f"The same request is already at work as task {row.id[:8]}; it was not sent again. "
            "allow_parallel=True starts another."
        )
        task.update(duplicate=True, notices=tuple(dict.fromkeys((*task.snapshot.notices, notice))))
        return task

    def _configured_seconds(self, medium: Medium) -> float | None:
        """The configuration's limit for one provider's whole operation."""
        milliseconds = self.vendors.selection(medium).timeout_ms
        return milliseconds / 1000 if milliseconds else None

    def _handle(self, row: Row) -> Task:
        return self._begun.get(row.id) or self._offered(self._handles.of(row))

    def maintain(self, *, apply: bool = True) -> Upkeep:
        """Mark lost tasks as lost and forget those that ended long ago; media stay.

        Done by itself while jobs run (`tasks.sweepIntervalMs`). `apply=False` only looks.
        """
        return loop.wait(loop.start(self._work.maintain(apply=apply)))

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
        for client in (*self._others, self):
            await client.leave()
        await self.ledger.close()

    async def leave(self) -> None:
        """Leave running jobs to the ledger, which stays open, and close connections.

        On the core loop; `aclose` is for users.
        """
        self.closed = True
        self._handles.close()
        await self._work.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    def facts(self) -> dict[str, str]:
        """The settings at a glance: where things are, which providers can be used, what runs."""
        sources = ((each.id, self.vendors.source(each)) for each in self.vendors.providers)
        usable = [f"{id} ({source})" for id, source in sources if source]
        emulated = self.vendors.stand_ins
        return {
            "talks to": f"stand-ins for {len(emulated)} providers" if emulated else "the providers",
            "can use": ", ".join(usable)
            or "nothing: no key was found; openclaw_nb.emulate() works without one",
            "state": str(self.home),
            "media": str(self.stores[Medium.VIDEO].directory),
            "tasks": self._counted(),
        }

    def _counted(self) -> str:
        if not self.ledger.path.exists():
            return "none yet"
        try:
            count = Counter(str(row.status) for row in self.tasks())
        except LedgerError as error:  # what shows itself must not fail
            return str(error)
        return ", ".join(f"{number} {state}" for state, number in count.items()) or "none yet"

    def __repr__(self) -> str:
        return f"<Client home={str(self.home)!r}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from openclaw_nb.notebook import sheet

        return sheet.bundle("openclaw_nb", self.facts())


def _read(medium: Medium, given: Mapping[str, Any]) -> Request:
    present = {name: value for name, value in given.items() if value is not None}
    return read_request(present, strict_keys=True, medium=medium)


def _mapping(settings: Mapping[str, Any] | Path | None) -> Mapping[str, Any] | None:
    return settings if isinstance(settings, Mapping) else None


def _loaded(
    given: Mapping[str, Any] | Path | None, environ: Mapping[str, str], home: Path
) -> config.Loaded:
    from openclaw_nb.providers import PROVIDERS

    if isinstance(given, Mapping):
        return config.resolved(dict(given), environ)
    expected = [name for provider in PROVIDERS for name in provider.key.env]
    path = given or config.config_path(environ, home)
    return config.load(path, environ, home=home, expected=expected)


def _after_fork() -> None:
    for client in tuple(_clients):
        client.after_fork()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
