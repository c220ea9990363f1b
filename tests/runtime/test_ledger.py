"""The table of tasks: durable, shared, and clear about what is wrong when something is."""

import asyncio
import os
import sqlite3
import stat
from dataclasses import replace

import pytest

from openclaw_nb.core.domain import Ref, TaskState
from openclaw_nb.errors import LedgerError, TaskNotFound
from openclaw_nb.runtime.ledger import RETENTION_MS, Ledger
from openclaw_nb.runtime.migrations import STEPS, migrate
from openclaw_nb.runtime.processes import process_started
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.rows import NewTask, now_ms, owner_alive

FAL_URL = "https://queue.fal.run"
ASKED = NewTask(
    prompt="a heron",
    request='{"prompt": "a heron"}',
    request_key="key-1",
    source="video_generate:fal",
    session="here",
)


def run(*works):
    """Each in turn, on one loop; the value of the last."""

    async def go():
        value = None
        for work in works:
            value = await work
        return value

    return asyncio.run(go())


def add(ledger, **changes):
    return run(ledger.add(replace(ASKED, **changes), unless_active=None))[0]


def add_unless_active(ledger, **changes):
    """The row, and whether it is new."""
    return run(ledger.add(replace(ASKED, **changes), unless_active=Guard.REQUEST))


def find(ledger, lookup):
    return run(ledger.find(lookup))


# rows


def test_a_new_task_is_queued_and_ours(ledger):
    before = now_ms()
    row = add(ledger)
    assert len(row.id) == 36
    assert row.run_id == f"tool:video_generate:{row.id}"
    assert (row.status, row.phase, row.sent) == (TaskState.QUEUED, "waiting", False)
    assert (row.kind, row.session, row.prompt) == ("video_generation", "here", "a heron")
    assert row.request == {"prompt": "a heron"}
    assert (row.attempts, row.files, row.ticket, row.ended_at) == ([], [], None, None)
    assert before <= row.created_at == row.last_event_at <= now_ms()
    assert row.owner_pid == os.getpid()
    assert owner_alive(row)


def test_an_update_is_there_for_another_connection(ledger):
    row = add(ledger)
    run(ledger.update(row.id, status="running", ticket='{"id": "j-1"}', job_id="j-1", sent=1))
    other = Ledger(ledger.path)
    seen = find(other, row.id)
    run(other.close())
    assert (seen.status, seen.ticket, seen.job_id) == (TaskState.RUNNING, {"id": "j-1"}, "j-1")
    assert seen.sent is True
    assert seen.last_event_at >= row.last_event_at


@pytest.mark.parametrize("end", [state for state in TaskState if not state.active])
def test_nothing_happens_to_a_task_after_its_end(ledger, end):
    row = add(ledger)
    run(ledger.update(row.id, status="running"), ledger.end(row.id, end, error="why"))
    ended = find(ledger, row.id)
    run(
        ledger.update(row.id, status="running", phase="generating"),
        ledger.end(row.id, TaskState.SUCCEEDED, error=None),
    )
    assert find(ledger, row.id) == ended
    assert (ended.status, ended.error) == (end, "why")
    assert ended.cleanup_after == ended.ended_at + RETENTION_MS


def test_rows_come_newest_first(ledger):
    ids = [add(ledger, prompt=str(number)).id for number in range(5)]
    assert [row.id for row in run(ledger.rows())] == ids[::-1]
    assert [row.id for row in run(ledger.rows(limit=2))] == ids[:2:-1]


# finding


def test_a_task_is_found_by_id_run_id_and_a_beginning(ledger):
    row = add(ledger)
    add(ledger)
    for lookup in (row.id, row.run_id, row.id[:8], row.id[:13], f" {row.id.upper()} "):
        assert find(ledger, lookup).id == row.id


@pytest.mark.parametrize("lookup", ["", "%", "________", "0" * 8, "x" * 500, "' OR 1=1 --"])
def test_what_is_no_task_is_not_found_with_a_hint(ledger, lookup):
    add(ledger)
    with pytest.raises(TaskNotFound, match=r"openclaw_nb\.tasks\(\) lists them") as failure:
        find(ledger, lookup)
    assert len(str(failure.value)) < 500


def test_a_beginning_below_eight_characters_is_not_enough(ledger):
    row = add(ledger)
    with pytest.raises(TaskNotFound, match="at least 8 characters"):
        find(ledger, row.id[:7])


def test_a_beginning_that_two_tasks_share_finds_neither(ledger):
    first, second = add(ledger), add(ledger)
    with sqlite3.connect(ledger.path) as db:
        for row, id in ((first, "aaaaaaaa-1"), (second, "aaaaaaaa-2")):
            db.execute("UPDATE tasks SET id = ? WHERE id = ?", (id, row.id))
    db.close()
    with pytest.raises(TaskNotFound, match="several tasks begin with 'aaaaaaaa'"):
        find(ledger, "aaaaaaaa")
    assert find(ledger, "aaaaaaaa-2").id == "aaaaaaaa-2"


# duplicates


def test_the_same_request_at_work_is_found_and_not_made_again(ledger):
    row, new = add_unless_active(ledger)
    again, new_again = add_unless_active(ledger)
    assert (new, new_again, again.id) == (True, False, row.id)
    assert len(run(ledger.rows())) == 1


@pytest.mark.parametrize(
    "other", [{"session": "there"}, {"session": None}, {"request_key": "key-2"}]
)
def test_another_session_or_request_is_no_duplicate(ledger, other):
    add(ledger)
    assert add_unless_active(ledger, **other)[1]


def test_without_a_session_tasks_are_told_apart_by_their_request(ledger):
    add(ledger, session=None)
    assert not add_unless_active(ledger, session=None)[1]


@pytest.mark.parametrize("end", [state for state in TaskState if not state.active])
def test_an_ended_task_blocks_nothing(ledger, end):
    row = add(ledger)
    run(ledger.end(row.id, end))
    assert add_unless_active(ledger)[1]


def test_a_task_whose_process_is_gone_blocks_nothing(ledger):
    row = add(ledger)
    run(ledger.update(row.id, owner_started=1.0))
    assert not owner_alive(find(ledger, row.id))
    assert add_unless_active(ledger)[1]


def test_looking_and_making_are_one_step_across_connections(ledger):
    others = [ledger, *(Ledger(ledger.path) for _ in range(5))]

    async def go():
        added = (one.add(ASKED, unless_active=Guard.REQUEST) for one in others for _ in range(4))
        made = await asyncio.gather(*added)
        for one in others[1:]:
            await one.close()
        return made

    made = asyncio.run(go())
    assert sum(new for _, new in made) == 1
    assert len({row.id for row, _ in made}) == 1


# how long it usually takes


def finished(ledger, seconds, *, download_seconds=0, **more):
    row = add(ledger, resumes=more.pop("resumes", None))
    where = {"provider": "fal", "model": "m", "base_url": FAL_URL}
    columns = where | {"started_at": 1_000_000} | more
    status = columns.pop("status", TaskState.SUCCEEDED)
    made = 1_000_000 + int(seconds * 1000)
    if download_seconds:
        columns["made_at"] = made
    run(ledger.update(row.id, **columns), ledger.end(row.id, status))
    with sqlite3.connect(ledger.path) as db:
        ended = made + download_seconds * 1000
        db.execute("UPDATE tasks SET ended_at = ? WHERE id = ?", (ended, row.id))
    db.close()


def usual(ledger, provider="fal", model="m", base_url=FAL_URL):
    return run(ledger.usual(Ref(provider, model), base_url))


def test_the_usual_time_is_the_median_and_unknown_below_three(ledger):
    finished(ledger, 10)
    finished(ledger, 500)
    assert usual(ledger) is None
    finished(ledger, 20.5)
    assert usual(ledger).median == 20.5
    assert usual(ledger, model="other") is None
    assert usual(ledger, provider="other") is None


def test_what_a_stand_in_takes_says_nothing_about_the_vendor(ledger):
    for _ in range(3):
        finished(ledger, 10, base_url="http://127.0.0.1:8188/fal")
    assert usual(ledger) is None
    assert usual(ledger, base_url="http://127.0.0.1:8188/fal").median == 10


def test_the_download_does_not_count_to_the_time_that_a_job_takes(ledger):
    for _ in range(3):
        finished(ledger, 10, download_seconds=60)
    assert usual(ledger).median == 10


def test_failed_and_resumed_tasks_say_nothing_about_the_usual_time(ledger):
    for _ in range(3):
        finished(ledger, 10, status=TaskState.FAILED)
        finished(ledger, 10, resumes="another")
        finished(ledger, 10, started_at=None)
    assert usual(ledger) is None


# the file


def test_the_ledger_can_be_used_again_after_it_was_closed(ledger):
    row = add(ledger)
    run(ledger.close(), ledger.close())
    assert find(ledger, row.id) == row


def test_closing_what_was_never_opened_makes_no_file(tmp_path):
    ledger = Ledger(tmp_path / "none" / "tasks.sqlite")
    run(ledger.close())
    assert list(tmp_path.iterdir()) == []


def test_the_directory_is_private(ledger):
    add(ledger)
    assert stat.S_IMODE(ledger.path.parent.stat().st_mode) == 0o700


def test_a_new_file_has_every_step_and_opening_again_runs_none(tmp_path):
    def steps():
        db = sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)
        migrate(db)
        ran = db.execute("SELECT step, ran_at FROM migrations ORDER BY step").fetchall()
        db.close()
        return ran

    first = steps()
    assert [number for number, _ in first] == list(range(1, len(STEPS) + 1))
    assert steps() == first


def test_a_step_that_fails_leaves_the_file_as_it_was(tmp_path):
    db = sqlite3.connect(tmp_path / "t.sqlite", isolation_level=None)
    db.execute("CREATE TABLE tasks (id TEXT)")
    with pytest.raises(sqlite3.Error):
        migrate(db)
    assert db.execute("SELECT count(*) FROM migrations").fetchone() == (0,)
    assert not db.in_transaction
    db.close()


def test_many_openings_at_once_migrate_once(tmp_path):
    ledgers = [Ledger(tmp_path / "new" / "tasks.sqlite") for _ in range(8)]

    async def go():
        await asyncio.gather(*(ledger.add(ASKED, unless_active=None) for ledger in ledgers))
        rows = await ledgers[0].rows()
        for ledger in ledgers:
            await ledger.close()
        return rows

    assert len(asyncio.run(go())) == 8


def test_a_file_of_a_newer_version_is_read(ledger):
    row = add(ledger)
    with sqlite3.connect(ledger.path) as db:
        db.execute("ALTER TABLE tasks ADD COLUMN cost REAL")
        db.execute("INSERT INTO migrations VALUES (?, 'tomorrow')", (len(STEPS) + 1,))
    db.close()
    run(ledger.close())
    assert find(ledger, row.id) == row


def broken(path):
    with pytest.raises(LedgerError) as failure:
        run(Ledger(path).rows())
    said = str(failure.value)
    assert str(path.parent) in said
    assert "OPENCLAW_STATE_DIR" in said
    return said


def test_a_damaged_file_is_named_with_a_way_on(tmp_path):
    path = tmp_path / "tasks.sqlite"
    path.write_bytes(b"this is no database, " * 500)
    assert "move it away" in broken(path)
    assert path.read_bytes().startswith(b"this is no database")
    path.rename(tmp_path / "away")
    assert add(Ledger(path)).prompt == "a heron"


def test_a_file_that_was_cut_off_is_named_with_a_way_on(ledger):
    for _ in range(50):
        add(ledger)
    run(ledger.close())
    os.truncate(ledger.path, 6000)
    broken(ledger.path)


def test_a_row_that_cannot_be_read_is_named_with_a_way_on(ledger):
    row = add(ledger)
    with sqlite3.connect(ledger.path) as db:
        db.execute("UPDATE tasks SET request = '{not json' WHERE id = ?", (row.id,))
    db.close()
    broken(ledger.path)


def test_a_place_where_no_file_can_be_is_named_with_a_way_on(tmp_path):
    (tmp_path / "file").write_text("in the way")
    broken(tmp_path / "file" / "tasks.sqlite")
    (tmp_path / "tasks.sqlite").mkdir()
    broken(tmp_path / "tasks.sqlite")


def test_a_read_only_directory_is_named_with_a_way_on(as_nobody):
    as_nobody.chmod(0o500)
    broken(as_nobody / "notebook" / "tasks.sqlite")
    broken(as_nobody / "tasks.sqlite")


def test_a_column_that_does_not_exist_is_an_error_and_not_silence(ledger):
    row = add(ledger)
    with pytest.raises(LedgerError):
        run(ledger.update(row.id, no_such_column=1))


def test_a_process_that_is_gone_has_no_start():
    assert process_started(2**22 + 1) is None
    assert process_started(os.getpid()) > 0
