"""Changes of many tasks that reach the ledger together: each is on the disk before its call returns."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from openclaw_nb.errors import LedgerError
from openclaw_nb.runtime import ledger as module
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask

TASKS = 40
CHANGES_SEEN = 300
CHILD = """
import asyncio, sys
from pathlib import Path
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask

new = NewTask(prompt="a heron", request="{}", request_key="k", source="s", session=None)

async def change(ledger, id):
    number = 0
    while True:
        number += 1
        await ledger.update(id, phase=str(number))
        print(id, number, flush=True)

async def main():
    ledger = Ledger(Path(sys.argv[1]))
    rows = [(await ledger.add(new, unless_active=None))[0] for _ in range(int(sys.argv[2]))]
    await asyncio.gather(*(change(ledger, row.id) for row in rows))

asyncio.run(main())
"""


def new_task() -> NewTask:
    return NewTask(prompt="a heron", request="{}", request_key="k", source="s", session=None)


def test_what_was_called_written_is_there_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "tasks.sqlite"
    command = [sys.executable, "-c", CHILD, str(path), str(TASKS)]
    written: dict[str, int] = {}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout
        for _ in range(CHANGES_SEEN):
            id, number = child.stdout.readline().split()
            written[id] = int(number)
        child.send_signal(signal.SIGKILL)
        for line in child.stdout:
            if line.endswith("\n"):  # the kill may have cut the last one short
                id, number = line.split()
                written[id] = int(number)
    rows = asyncio.run(_rows(path))
    assert len(rows) == TASKS
    assert all(rows[id] >= number for id, number in written.items())


async def _rows(path: Path) -> dict[str, int]:
    ledger = Ledger(path)
    rows = await ledger.rows()
    await ledger.close()
    return {row.id: int(row.phase) if row.phase.isdigit() else 0 for row in rows}


def test_many_changes_at_once_take_few_transactions_and_keep_their_order(tmp_path: Path) -> None:
    async def go() -> tuple[dict[str, int], list[str]]:
        ledger, said = Ledger(tmp_path / "tasks.sqlite"), list[str]()
        ids = [(await ledger.add(new_task(), unless_active=None))[0].id for _ in range(TASKS)]
        await ledger._run(lambda db: db.set_trace_callback(said.append))
        await asyncio.gather(
            *(ledger.update(id, phase=str(number)) for number in (1, 2, 3) for id in ids)
        )
        await ledger._run(lambda db: db.set_trace_callback(None))
        await ledger.close()
        return await _rows(ledger.path), said

    phases, said = asyncio.run(go())
    assert set(phases.values()) == {3}
    assert sum(text == "COMMIT" for text in said) <= 2


def test_when_a_batch_cannot_be_written_each_caller_is_told_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BUSY_SECONDS", 0.1)

    async def go() -> tuple[list[object], dict[str, int]]:
        ledger, other = Ledger(tmp_path / "tasks.sqlite"), Ledger(tmp_path / "tasks.sqlite")
        ids = [(await ledger.add(new_task(), unless_active=None))[0].id for _ in range(3)]
        await other._run(lambda db: db.execute("BEGIN IMMEDIATE"))
        told = await asyncio.gather(
            *(ledger.update(id, phase="1") for id in ids), return_exceptions=True
        )
        await other._run(lambda db: db.execute("ROLLBACK"))
        await other.close()
        await ledger.update(ids[0], phase="2")
        await ledger.close()
        return told, await _rows(ledger.path)

    told, phases = asyncio.run(go())
    assert all(isinstance(error, LedgerError) for error in told)
    assert len(set(map(id, told))) == len(told)
    assert sorted(phases.values()) == [0, 0, 2]


def test_a_caller_that_stops_waiting_takes_nobody_elses_change_with_it(tmp_path: Path) -> None:
    async def go() -> dict[str, int]:
        ledger = Ledger(tmp_path / "tasks.sqlite")
        ids = [(await ledger.add(new_task(), unless_active=None))[0].id for _ in range(2)]
        first, second = (asyncio.ensure_future(ledger.update(id, phase="1")) for id in ids)
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.wait((first, second))
        await ledger.close()
        return await _rows(ledger.path)

    assert 1 in asyncio.run(go()).values()
