"""Every task of this machine, in SQLite: what was asked, what was sent, the ticket, how it ended.

One thread uses the connection, so that the event loop never waits for the disk. A change of a task
has reached the disk when its call returns (WAL, synchronous=FULL): a ticket is durable before we
wait. Changes that come while others are written go to the disk together, in one step after them.
A new task is there for every process at once, and on the disk with its first change at the latest:
that one comes before anything is sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Collection, Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar
from uuid import uuid4
from weakref import WeakSet

from pydantic import ValidationError

from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.core.pacing import Usual
from openclaw_nb.errors import LedgerError, TaskNotFound, shown
from openclaw_nb.places import close_to_others, make_private
from openclaw_nb.runtime import queries
from openclaw_nb.runtime.migrations import migrate
from openclaw_nb.runtime.processes import own_start
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.rows import NewTask, Row, now_ms, owned

V = TypeVar("V")

RETENTION_MS = 604_800_000
"""How long ended tasks stay: 7 days."""
PREFIX_CHARACTERS = 8
"""The shortest beginning of an id that is accepted for the whole."""
_BUSY_SECONDS = 60.0
"""How long a write waits for those of other processes."""
_BUSY_PAUSE_SECONDS = 0.01
_PRIMARY_CODE = 0xFF
"""The part of an SQLite error code that says what is wrong; the rest says where."""


_Change: TypeAlias = tuple[str, dict[str, object]]
"""A task's id, and what becomes of its columns."""

_ledgers: WeakSet[Ledger] = WeakSet()
_forking = threading.Lock()
_held: list[Ledger] = []
"""By the thread that forks."""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Changes that reach the disk in one step."""

    changes: list[_Change]
    written: asyncio.Task[None]


class Ledger:
    """The table of tasks. Methods are awaited on the core loop; each is one transaction."""

    def __init__(self, path: Path, retention_ms: int = RETENTION_MS) -> None:
        self.path = path
        self._retention_ms = retention_ms
        self._thread = _thread()
        self._db: sqlite3.Connection | None = None
        self._using = threading.Lock()
        """Whoever uses the file has it; whoever forks has it too."""
        self._owed: dict[str, dict[str, object]] = {}
        self._next: _Batch | None = None
        """Takes changes until it is its turn to be written."""
        self._last: _Batch | None = None
        _ledgers.add(self)

    async def add(
        self, new: NewTask, *, unless_active: Guard | None, seen: Collection[str] = ()
    ) -> tuple[Row, bool]:
        """Make a task, or find the one that stands in its way as `unless_active` says.

        Returns the row and whether it is new. Looking and making are one step, for all processes.
        When it raises, nothing was sent. `seen`: ids of tasks that do not stand in the way of a
        `Guard.CELL`.
        """
        return await asyncio.wrap_future(self.enter(new, unless_active=unless_active, seen=seen))

    def enter(
        self, new: NewTask, *, unless_active: Guard | None, seen: Collection[str] = ()
    ) -> Future[tuple[Row, bool]]:
        """As `add`, begun on any thread."""
        add = partial(_add, new=new, guard=unless_active, seen=seen)
        return self._submit(add, after=" Nothing was sent.")

    async def update(self, id: str, **columns: object) -> None:
        """Set columns of an active task; an event for an ended one is dropped."""
        change = id, {**columns, "last_event_at": now_ms()}
        try:
            await asyncio.shield(self._batched(change))
        except LedgerError as error:  # those who wait for the same batch get one each
            raise LedgerError(str(error)) from error

    def note(self, id: str, **columns: object) -> None:
        """As `update`, not waited for: before all later changes of the task, or never.

        For what may be missing. When it cannot be written, the next change is told.
        """
        change = id, {**columns, "last_event_at": now_ms()}
        self._batched(change).add_done_callback(lambda done: done.cancelled() or done.exception())

    def _batched(self, change: _Change) -> asyncio.Task[None]:
        """Put a change into the next batch; done when it is on the disk."""
        if self._next is None or self._next.written.done():  # done: cancelled with its loop
            changes: list[_Change] = []
            written = asyncio.ensure_future(self._write(changes, self._last))
            self._next = self._last = _Batch(changes, written)
        self._next.changes.append(change)
        return self._next.written

    async def _write(self, changes: Sequence[_Change], former: _Batch | None) -> None:
        if former is not None and not former.written.done():
            await asyncio.wait((former.written,))
        self._next = None
        await self._run(partial(_update_all, changes=changes))

    async def end(self, id: str, status: TaskState, **columns: object) -> None:
        """Give a task its last state, if it has none yet.

        When it raises, it is written as soon as the ledger can be written.
        """
        ended = {**self._ended(status), **columns}
        try:
            await self.update(id, **ended)
        except LedgerError:
            self._owed[id] = ended
            raise

    def _ended(self, status: TaskState) -> dict[str, object]:
        moment = now_ms()
        kept = moment + self._retention_ms
        return {"status": status.value, "ended_at": moment, "cleanup_after": kept}

    async def find(self, lookup: str) -> Row:
        """A task by id, run id, session (its newest), or a unique beginning of 8 characters or more.

        Raises TaskNotFound when there is none, or more than one.
        """
        return await self._run(partial(_find, lookup=lookup.strip()))

    async def rows(
        self, *, status: TaskState | None = None, limit: int | None = None, after: str | None = None
    ) -> list[Row]:
        """Tasks, newest first; active ones without an owner are lost.

        Args:
            status: Only those in this state.
            limit: So many at most.
            after: Only those older than the task with this id.
        """
        return await self._run(partial(_page, status=status, limit=limit, after=after))

    async def counts(self) -> dict[TaskState, int]:
        """How many tasks are in each state; states that none is in are left out."""
        return await self._run(_counts)

    async def active(self, session: str) -> list[Row]:
        """Tasks of a session that somebody carries out, running before queued, then newest.

        One that was asked to stop is none of them.
        """
        return await self._run(partial(_owned_in, session=session))

    async def of_request(self, session: str, request_key: str | None = None) -> list[Row]:
        """Every task of a session, ended or not, newest first; None: whatever the request."""
        return await self._run(partial(_of_request, session=session, key=request_key))

    async def put_mark(self, mark: str) -> None:
        """Leave a mark by which another process knows that it has this very ledger open."""
        moment = now_ms()
        forget = moment - self._retention_ms
        await self._run(partial(queries.put_mark, mark=mark, now=moment, forget_before=forget))

    async def has_mark(self, mark: str) -> bool:
        """Whether the mark was left in this ledger."""
        return await self._run(partial(queries.has_mark, mark=mark))

    async def left_behind(self) -> list[Row]:
        """Tasks with a receipt, without an owner, that nobody has taken up; newest first."""
        return await self._run(_left_behind)

    async def to_look_after(self) -> list[Row]:
        """Active tasks, and ended ones that were kept long enough."""
        return await self._run(_to_look_after)

    async def ask_to_stop(self, id: str) -> tuple[Row, bool]:
        """Have a task cancelled: by its owner, or here and now when it has none.

        Returns the row as it is then, and whether the task had not ended.
        """
        return await self._run(
            partial(_ask_to_stop, id=id, cancelled=self._ended(TaskState.CANCELLED))
        )

    async def asked_to_stop(self) -> list[str]:
        """Ids of the tasks at work that some process wants cancelled."""
        return await self._run(queries.asked_to_stop)

    async def touch(self, ids: Sequence[str]) -> None:
        """Give a sign of life of these tasks."""
        await self._run(partial(queries.touch, ids=ids, now=now_ms()))

    async def mark_lost(self, rows: Sequence[Row]) -> None:
        """Give tasks without an owner their last state, unless they got another meanwhile.

        Their `error` and `summary` are those of `rows`.
        """
        lost = self._ended(TaskState.LOST)
        told = {row.id: {**lost, "error": row.error, "summary": row.summary} for row in rows}
        await self._run(partial(_mark, told=told))

    async def set_notify(self, id: str, policy: str) -> None:
        """Change the notify policy of a task, ended or not."""
        await self._run(partial(_set_notify, id=id, policy=policy))

    async def remove(self, rows: Sequence[Row]) -> None:
        """Forget ended tasks; their media stay."""
        await self._run(partial(_remove, ids=[row.id for row in rows]))

    async def usual(self, ref: Ref, base_url: str) -> Usual | None:
        """How long jobs of this model take at this address; None below three that ended well."""
        took = partial(
            queries.took_seconds, provider=ref.provider, model=ref.model, base_url=base_url
        )
        return Usual.of(await self._run(took))

    async def close(self) -> None:
        """Close the file; the ledger can be used again afterwards."""
        if self._last is not None and not self._last.written.done():
            await asyncio.wait((self._last.written,))
        await self._run(lambda _: self._disconnect(), open_first=False)
        former, self._thread = self._thread, _thread()
        former.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], V], *, open_first: bool = True) -> V:
        return await asyncio.wrap_future(self._submit(work, open_first=open_first))

    def _submit(
        self, work: Callable[[sqlite3.Connection], V], *, open_first: bool = True, after: str = ""
    ) -> Future[V]:
        def call() -> V:
            try:
                with self._using:
                    if open_first:
                        self._settle(self._connect())
                    return work(self._db)  # type: ignore[arg-type]  # close ignores it
            except (sqlite3.Error, ValidationError) as error:
                raise LedgerError(
                    f"the ledger {self.path} cannot be used: {error}. {_way_on(error)}{after}"
                ) from error

        return self._thread.submit(call)

    def _settle(self, db: sqlite3.Connection) -> None:
        """Write the ends of tasks that could not be written when they came."""
        with suppress(sqlite3.Error):
            for id in tuple(self._owed):
                _update(db, id=id, columns=self._owed[id])
                del self._owed[id]

    def before_fork(self) -> None:
        """Wait until nobody uses the file, and close it.

        SQLite keeps in memory which locks it holds. A process that was forked in the middle of a
        write would wait forever for a lock that nobody holds any more.
        """
        self._using.acquire()
        self._disconnect()

    def after_fork(self, *, child: bool) -> None:
        """Have the file opened again where it is used. The child leaves what was begun to its parent."""
        if child:
            self._thread, self._next, self._last = _thread(), None, None
        self._using.release()

    def _connect(self) -> sqlite3.Connection:
        if self._db is None:
            try:
                make_private(self.path.parent)
            except OSError as error:
                raise LedgerError(
                    f"{self.path.parent} cannot be made: {error}. OPENCLAW_STATE_DIR names another place"
                ) from error
            close_to_others(self.path)  # SQLite gives its other files the same mode
            db = sqlite3.connect(
                self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                db.row_factory = sqlite3.Row
                _use_wal(db)
                db.execute("PRAGMA synchronous=FULL")
                migrate(db)
            except BaseException:
                db.close()
                raise
            self._db = db
        return self._db

    def _disconnect(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None


def _way_on(error: Exception) -> str:
    """What to do about an error of the ledger."""
    code = error.sqlite_errorcode if isinstance(error, sqlite3.Error) else None
    match code and code & _PRIMARY_CODE:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return "Another process holds it; try again, or end that process."
        case sqlite3.SQLITE_FULL:
            return "Make room on its disk, or set OPENCLAW_STATE_DIR to a directory that has some."
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM:
            return "Set OPENCLAW_STATE_DIR to a directory that can be written."
        case _:
            return (
                "If it is damaged, move it away, with the files beside it that begin with its "
                "name, and a new one is made; or set OPENCLAW_STATE_DIR to another directory."
            )


def _thread() -> ThreadPoolExecutor:
    """Starts with the first work given to it."""
    return ThreadPoolExecutor(1, thread_name_prefix="openclaw-ledger")


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch to WAL. Where another process switches too, SQLite gives up without waiting.

    So the wait is ours: a plain one, as the ledger's own thread has nothing else to do.
    """
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(_BUSY_PAUSE_SECONDS)  # SQLite tells nobody when the other is done
        else:
            return


@contextmanager
def _unsynced(db: sqlite3.Connection) -> Generator[None]:
    """What is committed in the block reaches the disk with the next commit after it."""
    db.execute("PRAGMA synchronous=NORMAL")
    try:
        yield
    finally:
        db.execute("PRAGMA synchronous=FULL")


@contextmanager
def _at_once(db: sqlite3.Connection) -> Generator[None]:
    """All that is read and written in the block is one step for every process."""
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _add(
    db: sqlite3.Connection, *, new: NewTask, guard: Guard | None, seen: Collection[str]
) -> tuple[Row, bool]:
    columns = _columns(new)
    with _unsynced(db), _at_once(db) if guard else nullcontext():
        if guard and (found := _in_the_way(db, guard, columns, seen)):
            return found, False
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        db.execute(f"INSERT INTO tasks ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608 - our own column names
    return Row.model_validate({"attempts": "[]", "files": "[]", **columns}), True


def _in_the_way(
    db: sqlite3.Connection, guard: Guard, columns: dict[str, object], seen: Collection[str]
) -> Row | None:
    """A task that `guard` looks for and that has ended, or whose process is there.

    Of a cell also one whose process is gone: whoever has not seen it has not judged it.
    """
    rows = map(_row, queries.in_the_way(db, guard, columns, seen))
    unowned = guard is Guard.CELL
    return next(
        (row for row in rows if unowned or not row.status.active or owned(row, now_ms())), None
    )


def _columns(new: NewTask) -> dict[str, object]:
    id, moment = str(uuid4()), now_ms()
    given = {field.name: getattr(new, field.name) for field in fields(new)}
    del given["taken_up"]
    return {
        **given,
        **_job_columns(new.taken_up),
        "id": id,
        "run_id": f"tool:{new.kind.removesuffix('_generation')}_generate:{id}",
        "status": TaskState.QUEUED.value,
        "phase": "waiting",
        "owner_pid": os.getpid(),
        "owner_started": own_start(os.getpid()),
        "owner_host": socket.gethostname(),
        "created_at": moment,
        "last_event_at": moment,
    }


def _job_columns(receipt: Receipt | None) -> dict[str, object]:
    if receipt is None:
        return {"resumes_ref": None}
    nested = {name: json.dumps(getattr(receipt, name)) for name in ("ticket", "plan")}
    return {**dict(receipt), **nested, "resumes_ref": str(receipt.ref), "sent": 1}


def _update(db: sqlite3.Connection, *, id: str, columns: dict[str, object]) -> None:
    settings = ", ".join(f"{name} = ?" for name in columns)
    db.execute(
        f"UPDATE tasks SET {settings} WHERE id = ? AND status IN ('queued', 'running')",  # noqa: S608 - our own column names
        (*columns.values(), id),
    )


def _update_all(db: sqlite3.Connection, *, changes: Sequence[_Change]) -> None:
    with _at_once(db):
        for id, columns in changes:
            _update(db, id=id, columns=columns)


def _set_notify(db: sqlite3.Connection, *, id: str, policy: str) -> None:
    db.execute("UPDATE tasks SET notify_policy = ? WHERE id = ?", (policy, id))


def _remove(db: sqlite3.Connection, *, ids: Sequence[str]) -> None:
    ended = "DELETE FROM tasks WHERE id = ? AND status NOT IN ('queued', 'running')"
    db.executemany(ended, [(id,) for id in ids])


def _mark(db: sqlite3.Connection, *, told: Mapping[str, dict[str, object]]) -> None:
    with _at_once(db):
        for id, columns in told.items():
            _update(db, id=id, columns=columns)


def _ask_to_stop(
    db: sqlite3.Connection, *, id: str, cancelled: dict[str, object]
) -> tuple[Row, bool]:
    with _at_once(db):
        row = _find(db, lookup=id)
        if row.status.active:
            why = {"phase": "cancelled", "error": "cancelled by the user; its process was gone"}
            asked: dict[str, object] = {"cancel_requested": 1}
            _update(db, id=id, columns=asked if owned(row, now_ms()) else cancelled | why)
        return _find(db, lookup=id), row.status.active


def _find(db: sqlite3.Connection, *, lookup: str) -> Row:
    if (exact := queries.exact(db, lookup)) is not None:
        return _row(exact)
    found: Sequence[sqlite3.Row] = ()
    if len(lookup) >= PREFIX_CHARACTERS:
        found = queries.beginning_with(db, lookup.lower())
    if len(found) == 1:
        return _row(found[0])
    many = "several tasks begin with" if found else "no task is called"
    raise TaskNotFound(
        f"{many} {shown(lookup)}; openclaw_nb.tasks() lists them, and so does openclaw-nb tasks "
        f"list. A beginning must have at least {PREFIX_CHARACTERS} characters."
    )


def _unowned(db: sqlite3.Connection) -> list[Row]:
    """Active tasks that nobody carries out."""
    return [row for row in _active(db) if not owned(row, now_ms())]


def _active(db: sqlite3.Connection) -> list[Row]:
    return [_row(row) for row in queries.active(db)]


def _owned_in(db: sqlite3.Connection, *, session: str) -> list[Row]:
    rows = [row for row in _active(db) if row.session == session and not row.cancel_requested]
    return [row for row in rows if owned(row, now_ms())]


def _page(
    db: sqlite3.Connection, *, status: TaskState | None, limit: int | None, after: str | None
) -> list[Row]:
    lost = {row.id for row in _unowned(db)}
    found = queries.page(db, lost=list(lost), status=status, limit=limit, after=after)
    rows = (_row(row) for row in found)
    seen_lost = {"status": TaskState.LOST}
    return [row.model_copy(update=seen_lost) if row.id in lost else row for row in rows]


def _counts(db: sqlite3.Connection) -> dict[TaskState, int]:
    found = queries.counts(db, [row.id for row in _unowned(db)])
    return {TaskState(status): count for status, count in found.items()}


def _of_request(db: sqlite3.Connection, *, session: str, key: str | None) -> list[Row]:
    return [_row(row) for row in queries.of_request(db, session, key)]


def _left_behind(db: sqlite3.Connection) -> list[Row]:
    rows = [_row(row) for row in queries.left_behind(db)]
    return [row for row in rows if not (row.status.active and owned(row, now_ms()))]


def _to_look_after(db: sqlite3.Connection) -> list[Row]:
    return [*_active(db), *(_row(row) for row in queries.expired(db, now_ms()))]


def _row(row: sqlite3.Row) -> Row:
    return Row.model_validate(dict(row))


def _before_fork() -> None:
    _forking.acquire()
    for ledger in tuple(_ledgers):
        ledger.before_fork()
        _held.append(ledger)


def _after_fork(*, child: bool) -> None:
    while _held:
        _held.pop().after_fork(child=child)
    _forking.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork,
        after_in_parent=partial(_after_fork, child=False),
        after_in_child=partial(_after_fork, child=True),
    )
