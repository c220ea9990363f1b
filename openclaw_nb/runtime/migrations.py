"""The ledger's shape, as numbered steps. Append; never edit a step after a release."""

from __future__ import annotations

import sqlite3

STEPS: tuple[str, ...] = (
    """
    CREATE TABLE tasks (
        id TEXT PRIMARY KEY,
        run_id TEXT NOT NULL UNIQUE,
        kind TEXT NOT NULL,
        session TEXT,
        prompt TEXT NOT NULL,
        request TEXT NOT NULL,
        request_key TEXT NOT NULL,
        status TEXT NOT NULL,
        source TEXT NOT NULL,
        phase TEXT NOT NULL,
        provider TEXT,
        model TEXT,
        base_url TEXT,
        sent INTEGER NOT NULL DEFAULT 0,
        ticket TEXT,
        job_id TEXT,
        plan TEXT,
        attempts TEXT NOT NULL DEFAULT '[]',
        files TEXT NOT NULL DEFAULT '[]',
        error TEXT,
        summary TEXT,
        resumes TEXT,
        owner_pid INTEGER,
        owner_started REAL,
        cancel_requested INTEGER NOT NULL DEFAULT 0,
        created_at INTEGER NOT NULL,
        started_at INTEGER,
        last_event_at INTEGER NOT NULL,
        ended_at INTEGER,
        cleanup_after INTEGER
    );
    CREATE INDEX tasks_by_time ON tasks (created_at);
    CREATE INDEX tasks_active ON tasks (session, request_key) WHERE status IN ('queued', 'running');
    """,
    "ALTER TABLE tasks ADD COLUMN owner_host TEXT",
    "ALTER TABLE tasks ADD COLUMN notify_policy TEXT NOT NULL DEFAULT 'silent'",
    """
    CREATE INDEX tasks_of_session ON tasks (session, created_at);
    CREATE INDEX tasks_by_end ON tasks (cleanup_after) WHERE cleanup_after IS NOT NULL;
    CREATE INDEX tasks_resuming ON tasks (resumes) WHERE resumes IS NOT NULL;
    CREATE INDEX tasks_to_stop ON tasks (id) WHERE cancel_requested = 1;
    CREATE INDEX tasks_by_state ON tasks (status, created_at);
    CREATE INDEX tasks_of_model ON tasks (provider, model, ended_at)
        WHERE status = 'succeeded' AND resumes IS NULL;
    """,
    """
    ALTER TABLE tasks ADD COLUMN receipts TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE tasks ADD COLUMN resumes_ref TEXT;
    """,
    """
    CREATE INDEX tasks_of_request ON tasks (session, request_key);
    CREATE TABLE marks (mark TEXT PRIMARY KEY, made_at INTEGER NOT NULL);
    """,
    "ALTER TABLE tasks ADD COLUMN made_at INTEGER",
)


def migrate(db: sqlite3.Connection) -> None:
    """Bring an opened ledger to the newest shape; a table records which steps ran."""
    db.execute("CREATE TABLE IF NOT EXISTS migrations (step INTEGER PRIMARY KEY, ran_at TEXT)")
    db.execute("BEGIN IMMEDIATE")
    try:
        ran = db.execute("SELECT coalesce(max(step), 0) FROM migrations").fetchone()[0]
        for number, step in enumerate(STEPS[ran:], start=ran + 1):
            for statement in step.split(";"):
                db.execute(statement)
            db.execute("INSERT INTO migrations VALUES (?, datetime('now'))", (number,))
    except BaseException:
        db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")
