"""One ledger, many processes at once: every write counts, one of many same requests starts."""

import asyncio
import json
import subprocess
import sys
from collections import Counter
from contextlib import ExitStack, contextmanager

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.migrations import STEPS
from tests.conftest import NEEDS_FORK

WRITERS = 8
EACH = 25

WORKER = """
import asyncio, json, sys
from pathlib import Path
from openclaw_nb.core.domain import TaskState
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask
from openclaw_nb.runtime.queries import Guard

path, name, each = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
print("ready", flush=True)
sys.stdin.readline()

def new(key, session):
    return NewTask(prompt=name, request="{}", request_key=key, source="s", session=session)

async def write(ledger, number):
    row, _ = await ledger.add(new(f"{name}-{number}", name), unless_active=Guard.REQUEST)
    await ledger.update(row.id, status="running", phase="generating", ticket='{"id": "x"}')
    await ledger.end(row.id, TaskState.SUCCEEDED, summary=f"{name}-{number}")
    return row.id

async def work():
    ledger = Ledger(path)
    guards = {
        "request": await ledger.add(new("same", "one"), unless_active=Guard.REQUEST),
        "session": await ledger.add(new(name, "two"), unless_active=Guard.SESSION),
    }
    ids = [await write(ledger, number) for number in range(each)]
    print(json.dumps({"ids": ids, **{guard: made for guard, (_, made) in guards.items()}}), flush=True)
    sys.stdin.readline()
    await ledger.close()

asyncio.run(work())
"""


@contextmanager
def writer(path, name):
    command = [sys.executable, "-c", WORKER, str(path), name, str(EACH)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process):
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return line


def go(process):
    process.stdin.write("\n")
    process.stdin.flush()


@pytest.fixture(scope="module")
def raced(tmp_path_factory):
    """What eight processes report that open one new ledger and write to it at the same moment."""
    path = tmp_path_factory.mktemp("shared") / "notebook" / "tasks.sqlite"
    with ExitStack() as stack:
        writers = [stack.enter_context(writer(path, f"w{n}")) for n in range(WRITERS)]
        for process in writers:
            assert told(process) == "ready\n"
        for process in writers:
            go(process)
        reports = [json.loads(told(process)) for process in writers]
        for process in writers:
            go(process)
            assert process.wait(60) == 0, process.stderr.read()
    return path, reports


def rows_of(path):
    async def read():
        ledger = Ledger(path)
        rows = await ledger.rows()
        steps = await ledger._run(lambda db: db.execute("SELECT step FROM migrations").fetchall())
        await ledger.close()
        return rows, [step for (step,) in steps]

    return asyncio.run(read())


def test_no_write_is_lost_and_none_is_refused(raced):
    path, reports = raced
    rows = {row.id: row for row in rows_of(path)[0]}
    ids = [id for report in reports for id in report["ids"]]
    assert len(set(ids)) == WRITERS * EACH
    for id in ids:
        assert rows[id].status is TaskState.SUCCEEDED
        assert rows[id].summary == rows[id].request_key
    assert len(rows) == WRITERS * EACH + 2


def test_a_new_ledger_is_made_once_by_whoever_comes_first(raced):
    assert rows_of(raced[0])[1] == list(range(1, len(STEPS) + 1))


@pytest.mark.parametrize("guard", ["request", "session"])
def test_one_of_many_same_requests_starts(raced, guard):
    assert Counter(report[guard] for report in raced[1]) == {True: 1, False: WRITERS - 1}


@NEEDS_FORK
def test_a_process_that_was_forked_writes_through_a_connection_of_its_own(ledger):
    program = f"""
import asyncio, os, sys
from pathlib import Path
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask

new = NewTask(prompt="p", request="{{}}", request_key="k", source="s", session=None)
ledger = Ledger(Path({str(ledger.path)!r}))
first, _ = asyncio.run(ledger.add(new, unless_active=None))
if (child := os.fork()) == 0:
    row, _ = asyncio.run(ledger.add(new, unless_active=None))
    os._exit(0 if row.owner_pid == os.getpid() else 1)
assert os.waitpid(child, 0)[1] == 0
asyncio.run(ledger.update(first.id, phase="still here"))
asyncio.run(ledger.close())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    rows = asyncio.run(ledger.rows())
    assert [row.phase for row in rows] == ["waiting", "still here"]


@NEEDS_FORK
def test_a_process_that_is_forked_in_the_middle_of_a_write_can_write(ledger):
    program = f"""
import asyncio, os, threading
from pathlib import Path
from openclaw_nb.runtime.ledger import Ledger
from openclaw_nb.runtime.rows import NewTask

new = NewTask(prompt="p", request="{{}}", request_key="k", source="s", session=None)
ledger = Ledger(Path({str(ledger.path)!r}))
ended = threading.Event()

async def write(*, until):
    while not until():
        await ledger.add(new, unless_active=None)

writing = threading.Thread(target=asyncio.run, args=(write(until=ended.is_set),))
writing.start()
for _ in range(25):
    if (child := os.fork()) == 0:
        asyncio.run(ledger.add(new, unless_active=None))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
ended.set()
writing.join()
asyncio.run(ledger.close())
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 0, done.stderr
    pids = Counter(row.owner_pid for row in asyncio.run(ledger.rows()))
    assert len(pids) == 1 + 25
