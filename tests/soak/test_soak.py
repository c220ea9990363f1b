"""Everything at once, for a while: all providers, faults, cancels, killed processes. Then the books are compared.

`OPENCLAW_SOAK_SECONDS` says how long (120), `OPENCLAW_SOAK_SEED` repeats a run. `pytest -m soak tests/soak -n 0 -s`.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path
from typing import Self

import av
import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.runtime.ledger import Ledger

ROOT = Path(__file__).resolve().parents[2]
SECONDS = float(os.environ.get("OPENCLAW_SOAK_SECONDS", "120"))
SEED = int(os.environ.get("OPENCLAW_SOAK_SEED") or random.SystemRandom().randrange(2**31))
WORKERS = 2
CLIP = re.compile(r"clip-[0-9a-f]+\.\d+-")

pytestmark = [pytest.mark.soak, pytest.mark.timeout(SECONDS + 600)]

FAULTS = (
    {},
    {"ends": "failed"},
    {"ends": "moderated"},
    {"ends": "expired"},
    {"submit_moderated": True},
    {"submit_status": 429, "submit_status_times": 3, "retry_after_seconds": 0.05},
    {"submit_status": 500},
    {"submit_status": 503, "submit_status_times": 2},
    {"submit_status": 401},
    {"drop_submit_reply": 1},
    {"drop_submit_reply": 2},
    {"poll_failures": (500, 502, 429)},
    {"unknown_status_word": "pondering"},
    {"download": "truncated"},
    {"download": "slow", "download_seconds": 1.0},
    {"download": "html"},
    {"download": "empty"},
    {"download": "redirect"},
    {"download": "expired"},
    {"download": "reset"},
)


def weather(dice: random.Random) -> dict[str, Scenario]:
    """How things go at each provider for the next while; well at half of them."""
    return {
        provider.id: Scenario(
            render="draft",
            seconds=dice.choice((0.05, 0.3, 1.0, 2.0)),
            **(dice.choice(FAULTS) if dice.random() < 0.5 else {}),
        )
        for provider in PROVIDERS
    }


class Process:
    """A worker, and how it ends."""

    def __init__(self, home: Path, urls: dict[str, str], seed: int, *how: str) -> None:
        self.errors = (home / f"worker-{seed:x}.log").open("w+")
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.soak.worker", str(home / "state"), str(seed), *how],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
        )
        self.say(json.dumps(urls))

    def say(self, line: str) -> None:
        self.popen.stdin.write(f"{line}\n")
        self.popen.stdin.flush()

    def heard(self, word: str) -> None:
        line = self.popen.stdout.readline().strip()
        assert line == word, self.told()

    def told(self) -> str:
        self.errors.seek(0)
        return self.errors.read()[-4000:]

    def works_on(self, seconds: float) -> None:
        """Let it work; it must not end by itself."""
        with pytest.raises(subprocess.TimeoutExpired):
            self.popen.wait(seconds)

    def end(self, how: int | None) -> None:
        """By a signal, or by itself."""
        if how is not None:
            self.popen.send_signal(how)
            self.popen.wait(60)
            return
        self.say("")
        self.heard("done")
        assert self.popen.wait(60) == 0, self.told()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.popen.kill()
        self.popen.wait()
        for stream in (self.popen.stdin, self.popen.stdout, self.errors):
            stream.close()


class Soak:
    """One run: two workers on one ledger, and what befalls them."""

    def __init__(self, home: Path) -> None:
        self.home, self.dice = home, random.Random(SEED)
        self.kills = 0

    def run(self, emulator: Emulator) -> None:
        urls = {provider.id: emulator.base_urls[provider.id] for provider in PROVIDERS}
        until = time.monotonic() + SECONDS
        with ExitStack() as stack:

            def another(*how: str) -> Process:
                seed = self.dice.randrange(2**31)
                return stack.enter_context(Process(self.home, urls, seed, *how))

            workers = [another() for _ in range(WORKERS)]
            while time.monotonic() < until:
                emulator.set(weather(self.dice))
                unlucky = self.dice.randrange(WORKERS)
                workers[unlucky].works_on(
                    min(self.dice.uniform(3.0, 8.0), max(0.1, until - time.monotonic()))
                )
                workers[unlucky].end(
                    self.dice.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGINT))
                )
                self.kills += 1
                workers[unlucky] = another()
            emulator.set(Scenario(render="draft"))
            for worker in workers:
                worker.heard("ready")
                worker.end(None)
            last = another("finish")
            last.heard("ready")
            last.end(None)

    def rows(self) -> list:
        async def read():
            ledger = Ledger(self.home / "state" / "notebook" / "tasks.sqlite")
            rows = await ledger.rows()
            await ledger.close()
            return rows

        return asyncio.run(read())


@pytest.fixture(scope="module")
def soaked(tmp_path_factory):
    """The run, the emulator's book of submissions, and the ledger's rows."""
    print(f"\nsoak: seed {SEED}, {SECONDS:g} s")
    soak = Soak(tmp_path_factory.mktemp("soak"))
    with Emulator(Scenario(render="draft")) as emulator:
        soak.run(emulator)
        book = emulator.jobs
    rows = soak.rows()
    states = ", ".join(
        f"{count} {state}" for state, count in Counter(r.status for r in rows).items()
    )
    print(
        f"soak: {len(book)} submissions, {soak.kills} processes ended, {len(rows)} tasks: {states}"
    )
    return soak, book, rows


def clip_of(text: object) -> str:
    """The one prompt that a submission or a task is about."""
    (found,) = set(CLIP.findall(json.dumps(text)))
    return found


def by_clip(rows) -> dict:
    """The tasks of each request: the first, and those that took it up."""
    found = {}
    for row in rows:
        found.setdefault(clip_of(row.prompt), []).append(row)
    return found


def test_something_happened(soaked):
    _, book, rows = soaked
    assert len(book) >= SECONDS / 2
    assert {row.status for row in rows} >= {TaskState.SUCCEEDED, TaskState.FAILED, TaskState.LOST}
    assert len({job.provider for job in book}) > len(PROVIDERS) / 2


def test_no_task_was_submitted_twice(soaked):
    _, book, rows = soaked
    sent = Counter((clip_of(job.request), job.provider) for job in book)
    assert [each for each, count in sent.items() if count > 1] == []
    tasks = by_clip(rows)
    firsts = Counter(clip for clip, all in tasks.items() for row in all if row.resumes is None)
    assert set(firsts.values()) == {1}


def says_so(row, job) -> bool:
    """Whether a task knows of this submission: its receipt, or that there may be one."""
    if row.provider == job.provider and row.sent:
        return row.ticket is None or job.id in json.dumps(row.ticket)
    return any(attempt["ref"]["provider"] == job.provider for attempt in row.attempts)


def test_every_submission_has_its_task(soaked):
    _, book, rows = soaked
    tasks = by_clip(rows)
    unknown = [
        job
        for job in book
        if not any(says_so(row, job) for row in tasks.get(clip_of(job.request), ()))
    ]
    assert unknown == []


def test_every_receipt_is_of_a_submission(soaked):
    _, book, rows = soaked
    sent = {(clip_of(job.request), job.provider): job.id for job in book}
    for row in (row for row in rows if row.ticket):
        assert sent[clip_of(row.prompt), row.provider] in json.dumps(row.ticket)


def test_every_task_has_ended_and_what_could_be_taken_up_was(soaked):
    _, _, rows = soaked
    assert [row.id for row in rows if row.status.active and not row.cancel_requested] == []
    taken_up = {row.resumes for row in rows}
    left = [row for row in rows if row.status is TaskState.LOST and row.ticket]
    assert [row.id for row in left if row.id not in taken_up and not row.cancel_requested] == []


def test_every_video_is_whole_and_nothing_else_bears_its_name(soaked):
    soak, _, rows = soaked
    known = set()
    for row in (row for row in rows if row.status is TaskState.SUCCEEDED):
        for file in row.files:
            path = Path(file["path"])
            assert path.stat().st_size == file["size_bytes"]
            known.add(path)
    for path in known:
        with av.open(str(path)) as clip:
            assert next(clip.decode(video=0))
    media = soak.home / "state" / "media" / "tool-video-generation"
    there = {path for path in media.iterdir() if path.suffix == ".mp4"}
    assert known <= there
    assert len(there - known) <= soak.kills, "saved, and killed before the ledger had it"
    assert [path for path in there if path.name.startswith(".part-")] == []


def test_no_process_met_a_fault_of_its_own(soaked):
    soak, _, _ = soaked
    for log in soak.home.glob("worker-*.log"):
        text = log.read_text()
        assert "LedgerError" not in text
        assert "database is locked" not in text
        assert "failed unexpectedly" not in text
