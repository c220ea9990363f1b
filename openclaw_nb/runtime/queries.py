"""What is asked of the table of tasks, and answered from an index: ended tasks cost nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum

_ACTIVE = "status IN ('queued', 'running')"
_SEEN = "CASE WHEN id IN (SELECT value FROM json_each(:lost)) THEN 'lost' ELSE status END"
"""The state as it is shown: tasks without an owner are lost before anybody has stored that."""
_LAST_JOB = """CASE WHEN old.ticket IS NULL
    THEN (old.receipts ->> '$[0].provider') || '/' || (old.receipts ->> '$[0].model')
    ELSE old.provider || '/' || old.model END"""
"""The job that is taken up when none is named."""
_LAST_CHARACTER = "\U0010ffff"


class Guard(StrEnum):
    """Which task at work stands in the way of a new one."""

    REQUEST = "request"
    """One that makes the same in the same session."""
    SESSION = "session"
    """Any of the same kind in the same session."""
    JOB = "job"
    """One that takes up the same job, or did so and has its video."""
    CELL = "cell"
    """Any that makes the same in the same session, ended or not, unless the caller has seen it."""


_IN_THE_WAY = {
    Guard.REQUEST: "INDEXED BY tasks_active"
    f" WHERE session IS :session AND request_key = :request_key AND {_ACTIVE}",
    Guard.SESSION: f"INDEXED BY tasks_active WHERE session IS :session AND {_ACTIVE}",
    Guard.JOB: "INDEXED BY tasks_resuming"
    " WHERE resumes = :resumes AND resumes_ref IS :resumes_ref"
    f" AND ({_ACTIVE} OR status = 'succeeded')",
    Guard.CELL: "INDEXED BY tasks_of_request WHERE session IS :session"
    " AND request_key = :request_key AND id NOT IN (SELECT value FROM json_each(:seen))",
}
"""The index is named: there may be many active tasks, and SQLite would look at them all."""


def in_the_way(
    db: sqlite3.Connection, guard: Guard, new: Mapping[str, object], seen: Collection[str] = ()
) -> list[sqlite3.Row]:
    """Tasks that `guard` looks for, running before queued, then newest.

    One asked to stop is none, except for `Guard.CELL`: a job of it may still be made.
    """
    stopping = "TRUE" if guard is Guard.CELL else "cancel_requested = 0"
    return db.execute(
        f"SELECT * FROM tasks {_IN_THE_WAY[guard]} AND kind = :kind"  # noqa: S608 - our own words
        f" AND {stopping} ORDER BY status DESC, created_at DESC",
        {**new, "seen": json.dumps(list(seen))},
    ).fetchall()


def of_request(db: sqlite3.Connection, session: str, request_key: str | None) -> list[sqlite3.Row]:
    """Tasks of a session, ended or not, newest first; of one request, when its key is given."""
    one = "TRUE" if request_key is None else "request_key = :key"
    return db.execute(
        "SELECT * FROM tasks INDEXED BY tasks_of_request"  # noqa: S608 - our own words
        f" WHERE session = :session AND {one} ORDER BY created_at DESC, rowid DESC",
        {"session": session, "key": request_key},
    ).fetchall()


def put_mark(db: sqlite3.Connection, mark: str, now: int, forget_before: int) -> None:
    """Write a mark, and forget old ones."""
    db.execute("DELETE FROM marks WHERE made_at < ?", (forget_before,))
    db.execute("INSERT INTO marks VALUES (?, ?)", (mark, now))


def has_mark(db: sqlite3.Connection, mark: str) -> bool:
    """Whether the mark was written here."""
    return db.execute("SELECT 1 FROM marks WHERE mark = ?", (mark,)).fetchone() is not None


def exact(db: sqlite3.Connection, lookup: str) -> sqlite3.Row | None:
    """The task with this id or run id, else the newest of the session with this key."""
    id = lookup.lower()
    by_id = "SELECT * FROM tasks WHERE id = ? OR run_id = ?"
    by_session = "SELECT * FROM tasks WHERE session = ? ORDER BY created_at DESC, rowid DESC"
    found: sqlite3.Row | None = (
        db.execute(by_id, (id, id)).fetchone() or db.execute(by_session, (lookup,)).fetchone()
    )
    return found


def beginning_with(db: sqlite3.Connection, start: str) -> list[sqlite3.Row]:
    """At most two tasks whose id begins so."""
    between = "SELECT * FROM tasks WHERE id >= ? AND id < ? LIMIT 2"
    return db.execute(between, (start, start + _LAST_CHARACTER)).fetchall()


def active(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Tasks that have not ended, running before queued, then newest."""
    return db.execute(
        f"SELECT * FROM tasks WHERE {_ACTIVE} ORDER BY status DESC, created_at DESC, rowid DESC"  # noqa: S608
    ).fetchall()


def expired(db: sqlite3.Connection, now: int) -> list[sqlite3.Row]:
    """Ended tasks that were kept long enough."""
    return db.execute("SELECT * FROM tasks WHERE cleanup_after <= ?", (now,)).fetchall()


def page(
    db: sqlite3.Connection,
    *,
    lost: Sequence[str],
    status: str | None,
    limit: int | None,
    after: str | None,
) -> list[sqlite3.Row]:
    """Tasks newest first, `limit` of them, from the one older than `after` on."""
    older = "(created_at, rowid) < (SELECT created_at, rowid FROM tasks WHERE id = :after)"
    wanted = " AND ".join(
        [
            "TRUE",
            *([f"{_SEEN} = :status"] if status is not None else []),
            *([older] if after is not None else []),
        ]
    )
    return db.execute(
        f"SELECT * FROM tasks WHERE {wanted} ORDER BY created_at DESC, rowid DESC LIMIT :limit",  # noqa: S608
        {
            "lost": json.dumps(lost),
            "status": status,
            "after": after,
            "limit": -1 if limit is None else limit,
        },
    ).fetchall()


def counts(db: sqlite3.Connection, lost: Sequence[str]) -> dict[str, int]:
    """How many tasks are in each state."""
    counted = f"SELECT {_SEEN} AS seen, count(*) FROM tasks GROUP BY seen"  # noqa: S608
    return dict(db.execute(counted, {"lost": json.dumps(lost)}).fetchall())


def left_behind(db: sqlite3.Connection) -> list[sqlite3.Row]:
    """Lost and active tasks with a job to take up that nobody has taken up, newest first."""
    return db.execute(
        "SELECT * FROM tasks AS old WHERE status IN ('queued', 'running', 'lost')"  # noqa: S608 - our own words
        " AND (ticket IS NOT NULL OR json_array_length(receipts) = 1) AND cancel_requested = 0"
        " AND NOT EXISTS (SELECT 1 FROM tasks WHERE resumes = old.id"
        f" AND resumes_ref IS {_LAST_JOB})"
        " ORDER BY created_at DESC, rowid DESC"
    ).fetchall()


def asked_to_stop(db: sqlite3.Connection) -> list[str]:
    """Ids of the tasks at work that somebody wants cancelled."""
    asked = "SELECT id FROM tasks INDEXED BY tasks_to_stop WHERE cancel_requested = 1 AND "
    return [id for (id,) in db.execute(asked + _ACTIVE)]


def touch(db: sqlite3.Connection, ids: Sequence[str], now: int) -> None:
    """Note a sign of life of tasks at work."""
    db.execute(
        f"UPDATE tasks SET last_event_at = ? WHERE {_ACTIVE}"  # noqa: S608
        " AND id IN (SELECT value FROM json_each(?))",
        (now, json.dumps(ids)),
    )


def took_seconds(db: sqlite3.Connection, provider: str, model: str, base_url: str) -> list[float]:
    """How long the last 25 jobs of a model took at an address, without the download where known.

    A stand-in for the vendor takes as long as it likes.
    """
    took = db.execute(
        "SELECT (coalesce(made_at, ended_at) - started_at) / 1000.0 FROM tasks"
        " WHERE provider = ? AND model = ? AND base_url = ?"
        " AND status = 'succeeded' AND resumes IS NULL ORDER BY ended_at DESC LIMIT 25",
        (provider, model, base_url),
    )
    return [seconds for (seconds,) in took if seconds is not None]
