"""Every task of this machine, in SQLite: what was asked, what was sent, the ticket, how it ended.

One thread owns the connection, so that the event loop never waits for the disk. A write has
reached the disk when its call returns (WAL, synchronous=FULL): a ticket is durable before we wait.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Json, ValidationError

from openclaw_nb.config.private import close_to_others, make_private
from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import LedgerError, TaskNotFound, shown
from openclaw_nb.runtime.migrations import migrate

V = TypeVar("V")

RETENTION_MS = 604_800_000
"""How long ended tasks stay: 7 days."""
PREFIX_CHARACTERS = 8
"""The shortest beginning of an id that is accepted for the whole."""
_BUSY_SECONDS = 10.0
_GRACE_MS = 300_000
"""How long a task of another machine is believed to go on without a word: 5 minutes."""


def now_ms() -> int:
    """Milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Row(BaseModel):
    """One task as the ledger holds it. Times are milliseconds since the epoch."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    run_id: str
    kind: str = "video_generation"
    session: str | None = None
    prompt: str
    request: Json[dict[str, Any]]
    request_key: str
    status: TaskState = TaskState.QUEUED
    source: str
    phase: str
    provider: str | None = None
    model: str | None = None
    base_url: str | None = None
    sent: bool = False
    """Set before a submission leaves, cleared when it is known that no job came of it."""
    ticket: Json[dict[str, Any]] | None = None
    job_id: str | None = None
    plan: Json[dict[str, Any]] | None = None
    attempts: Json[list[dict[str, Any]]]
    files: Json[list[dict[str, Any]]]
    error: str | None = None
    summary: str | None = None
    resumes: str | None = None
    """The task that this one takes up."""
    owner_pid: int | None = None
    owner_started: float | None = None
    owner_host: str | None = None
    """The machine of the owner: a state directory may be shared."""
    cancel_requested: bool = False
    notify_policy: str = "silent"
    """Kept for OpenClaw's own commands: silent, done_only or state_changes."""
    created_at: int
    started_at: int | None = None
    last_event_at: int
    ended_at: int | None = None
    cleanup_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """What is known of a task when it is made."""

    prompt: str
    request: str
    """JSON."""
    request_key: str
    source: str
    session: str | None
    resumes: str | None = None


class Ledger:
    """The table of tasks. Methods are awaited on the core loop; each is one transaction."""

    def __init__(self, path: Path, retention_ms: int = RETENTION_MS) -> None:
        self.path = path
        self._retention_ms = retention_ms
        self._thread = _thread()
        self._db: sqlite3.Connection | None = None

    async def add(self, new: NewTask, *, unless_active: bool) -> tuple[Row, bool]:
        """Make a task, or with `unless_active` find the active one of the same request and session.

        Returns the row and whether it is new. Looking and making are one step.
        """
        return await self._run(partial(_add, new=new, unless_active=unless_active))

    async def update(self, id: str, **columns: object) -> None:
        """Set columns of an active task; an event for an ended one is dropped."""
        await self._run(partial(_update, id=id, columns={**columns, "last_event_at": now_ms()}))

    async def end(self, id: str, status: TaskState, **columns: object) -> None:
        """Give a task its last state."""
        moment = now_ms()
        kept = moment + self._retention_ms
        ended = {"status": status.value, "ended_at": moment, "cleanup_after": kept}
        await self.update(id, **ended, **columns)

    async def find(self, lookup: str) -> Row:
        """A task by id, run id, or a unique beginning of at least 8 characters.

        Raises TaskNotFound when there is none, or more than one.
        """
        return await self._run(partial(_find, lookup=lookup.strip().lower()))

    async def rows(self, *, limit: int | None = None) -> list[Row]:
        """Every task, newest first."""
        return await self._run(partial(_rows, limit=limit))

    async def mark_lost(self, rows: Sequence[Row]) -> None:
        """Give tasks without an owner their last state, unless they got another meanwhile."""
        moment = now_ms()
        for row in rows:
            await self._run(
                partial(
                    _update,
                    id=row.id,
                    columns={
                        "status": TaskState.LOST.value,
                        "error": "the process that ran it is gone",
                        "ended_at": moment,
                        "cleanup_after": moment + self._retention_ms,
                    },
                )
            )

    async def set_notify(self, id: str, policy: str) -> None:
        """Change the notify policy of a task, ended or not."""
        await self._run(partial(_set_notify, id=id, policy=policy))

    async def remove(self, rows: Sequence[Row]) -> None:
        """Forget ended tasks; their media stay."""
        await self._run(partial(_remove, ids=[row.id for row in rows]))

    async def usual_seconds(self, provider: str, model: str) -> float | None:
        """The median time that finished tasks of this model took; None below three of them."""
        return await self._run(partial(_usual_seconds, provider=provider, model=model))

    async def close(self) -> None:
        """Close the file; the ledger can be used again afterwards."""
        await self._run(lambda _: self._disconnect(), open_first=False)
        former, self._thread = self._thread, _thread()
        former.shutdown(wait=False)

    async def _run(self, work: Callable[[sqlite3.Connection], V], *, open_first: bool = True) -> V:
        def call() -> V:
            try:
                return work(self._connect() if open_first else None)  # type: ignore[arg-type]  # close ignores it
            except (sqlite3.Error, ValidationError) as error:
                raise LedgerError(
                    f"the ledger {self.path} cannot be used: {error}. If it is damaged, move it "
                    "away and a new one is made; or set OPENCLAW_STATE_DIR to a writable directory."
                ) from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

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
                db.execute("PRAGMA journal_mode=WAL")
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


def _thread() -> ThreadPoolExecutor:
    """Starts with the first work given to it."""
    return ThreadPoolExecutor(1, thread_name_prefix="openclaw-ledger")


def _add(db: sqlite3.Connection, *, new: NewTask, unless_active: bool) -> tuple[Row, bool]:
    columns = _columns(new)
    db.execute("BEGIN IMMEDIATE")
    try:
        if unless_active and (alive := _alive(db, new)):
            db.execute("ROLLBACK")
            return alive, False
        names = ", ".join(columns)
        marks = ", ".join("?" * len(columns))
        db.execute(f"INSERT INTO tasks ({names}) VALUES ({marks})", tuple(columns.values()))  # noqa: S608 - our own column names
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    return _find(db, lookup=str(columns["id"])), True


def _columns(new: NewTask) -> dict[str, object]:
    id, moment = str(uuid4()), now_ms()
    return {
        **asdict(new),
        "id": id,
        "run_id": f"tool:video_generate:{id}",
        "kind": "video_generation",
        "status": TaskState.QUEUED.value,
        "phase": "waiting",
        "owner_pid": os.getpid(),
        "owner_started": process_started(os.getpid()),
        "owner_host": socket.gethostname(),
        "created_at": moment,
        "last_event_at": moment,
    }


def _alive(db: sqlite3.Connection, new: NewTask) -> Row | None:
    """The task that makes the same in the same session, and whose process is there."""
    active = db.execute(
        "SELECT * FROM tasks WHERE session IS ? AND request_key = ?"
        " AND status IN ('queued', 'running') ORDER BY status DESC, created_at DESC",
        (new.session, new.request_key),
    ).fetchall()
    return next((row for row in map(_row, active) if owned(row, now_ms())), None)


def _update(db: sqlite3.Connection, *, id: str, columns: dict[str, object]) -> None:
    settings = ", ".join(f"{name} = ?" for name in columns)
    db.execute(
        f"UPDATE tasks SET {settings} WHERE id = ? AND status IN ('queued', 'running')",  # noqa: S608 - our own column names
        (*columns.values(), id),
    )


def _set_notify(db: sqlite3.Connection, *, id: str, policy: str) -> None:
    db.execute("UPDATE tasks SET notify_policy = ? WHERE id = ?", (policy, id))


def _remove(db: sqlite3.Connection, *, ids: Sequence[str]) -> None:
    ended = "DELETE FROM tasks WHERE id = ? AND status NOT IN ('queued', 'running')"
    db.executemany(ended, [(id,) for id in ids])


def _find(db: sqlite3.Connection, *, lookup: str) -> Row:
    exact = db.execute(
        "SELECT * FROM tasks WHERE id = ? OR run_id = ?", (lookup, lookup)
    ).fetchone()
    if exact is not None:
        return _row(exact)
    found: Sequence[sqlite3.Row] = ()
    if len(lookup) >= PREFIX_CHARACTERS:
        found = db.execute(
            "SELECT * FROM tasks WHERE substr(id, 1, ?) = ? LIMIT 2", (len(lookup), lookup)
        ).fetchall()
    if len(found) == 1:
        return _row(found[0])
    many = "several tasks begin with" if found else "no task is called"
    raise TaskNotFound(
        f"{many} {shown(lookup)}; openclaw_nb.tasks() lists them. "
        f"A beginning must have at least {PREFIX_CHARACTERS} characters."
    )


def _rows(db: sqlite3.Connection, *, limit: int | None) -> list[Row]:
    newest = "SELECT * FROM tasks ORDER BY created_at DESC, rowid DESC LIMIT ?"
    return [_row(row) for row in db.execute(newest, (-1 if limit is None else limit,))]


def _usual_seconds(db: sqlite3.Connection, *, provider: str, model: str) -> float | None:
    took = db.execute(
        "SELECT (ended_at - started_at) / 1000.0 FROM tasks WHERE provider = ? AND model = ?"
        " AND status = 'succeeded' AND resumes IS NULL ORDER BY ended_at DESC LIMIT 25",
        (provider, model),
    ).fetchall()
    seconds = sorted(value[0] for value in took if value[0] is not None)
    return seconds[len(seconds) // 2] if len(seconds) >= 3 else None  # noqa: PLR2004


def _row(row: sqlite3.Row) -> Row:
    return Row.model_validate(dict(row))


def owned(row: Row, now: int) -> bool:
    """Whether somebody carries the task out; of another machine only silence tells."""
    if row.owner_pid is not None and row.owner_host not in (None, socket.gethostname()):
        return now - row.last_event_at < _GRACE_MS
    return owner_alive(row)


def owner_alive(row: Row) -> bool:
    """Whether the process that runs the task is still there: same id, same start."""
    if row.owner_pid is None:
        return False
    started = process_started(row.owner_pid)
    if started is None:
        return False
    return row.owner_started is None or abs(started - row.owner_started) < 2.0  # noqa: PLR2004 - clock ticks


def process_started(pid: int) -> float | None:
    """When a process started, in seconds since the epoch; None when there is no such process."""
    import psutil

    with suppress(psutil.Error):
        process = psutil.Process(pid)
        if process.status() != psutil.STATUS_ZOMBIE:
            return float(process.create_time())
    return None
