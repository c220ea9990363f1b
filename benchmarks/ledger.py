"""Ten thousand tasks in the ledger: listing them, and starting one more."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks import children
from benchmarks.bench import Bench
from benchmarks.figures import Figure, Goal, ratios
from benchmarks.peers import OPENCLAW
from tests.test_load import fill

AREA = "Ledger"
ROWS, SUBMITS = 10_000, 100
LIST, SUBMIT = Goal(300.0), Goal(1.1)
TIMES = 3

_SUBMIT = """
import json, sys, time
import openclaw_nb as oc
from openclaw_nb.vendors import Endpoint
home, url, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
client = oc.Client(home=home, environ={}, endpoints={"openai": Endpoint(url + "/v1", "key", 60.0)})
def start(prompt): return client.generate_video(prompt, model="openai/sora-2", exact_model=True)
start("first")
began = time.process_time()
tasks = [start(f"clip {number}") for number in range(count)]
print(json.dumps(time.process_time() - began))
client.close()
"""


def measure(bench: Bench) -> Iterator[Figure]:
    """Whole processes of the command, and CPU of submissions."""
    with tempfile.TemporaryDirectory() as temporary:
        full, empty = Path(temporary) / "full", Path(temporary) / "empty"
        fill(full / "notebook" / "tasks.sqlite", ROWS)
        fill(empty / "notebook" / "tasks.sqlite", 1)
        yield from _lists(bench, full)
        yield from _submits(bench, full, empty)


def _lists(bench: Bench, home: Path) -> Iterator[Figure]:
    def above_help() -> float:
        asked = [_took(home, "tasks", "list") for _ in range(TIMES)]
        helped = [_took(home, "--help") for _ in range(TIMES)]
        return (min(asked) - min(helped)) * 1000

    (samples,) = bench.interleaved({"list": above_help}).values()
    title = f"`openclaw-nb tasks list` of {ROWS:,}, above `--help`"
    yield Figure(AREA, title, "ms", tuple(samples), goal=LIST)


def _took(home: Path, *words: str) -> float:
    started = time.perf_counter()
    command = [OPENCLAW.python, "-m", "openclaw_nb.cli", *words]
    children.process(command, OPENCLAW_STATE_DIR=str(home))
    return time.perf_counter() - started


def _submits(bench: Bench, full: Path, empty: Path) -> Iterator[Figure]:
    found = bench.interleaved(
        {"empty": partial(_submit, bench, empty), "full": partial(_submit, bench, full)}
    )
    each = tuple(seconds / SUBMITS * 1000 for seconds in found["empty"])
    yield Figure(AREA, "CPU of a start, empty ledger", "ms", each)
    title = f"CPU of a start, ledger of {ROWS:,} / empty"
    yield Figure(AREA, title, "x", ratios(found["full"], found["empty"]), goal=SUBMIT)


def _submit(bench: Bench, home: Path) -> float:
    """CPU of a hundred starts, in seconds. The tasks stay in that ledger."""
    _, url = bench.server.place("openai", 4096, seconds=3600)
    told = children.process([OPENCLAW.python, "-c", _SUBMIT, str(home), url, str(SUBMITS)])
    return float(told.splitlines()[-1])
