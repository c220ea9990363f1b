"""A live run by the providers' notebooks: the executed notebooks, and what they found, in one folder."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from openclaw_nb.live import document, report
from openclaw_nb.live.notebooks import Notebooks
from openclaw_nb.live.outcomes import Outcome, Ran
from openclaw_nb.live.run import Sweep
from openclaw_nb.live.selection import Suite
from openclaw_nb.live.variables import Variables


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Suites to be run into a folder."""

    suites: tuple[Suite, ...]
    given: Variables
    emulated: bool
    folder: Path
    environ: Mapping[str, str] = field(repr=False)
    """What the kernels get."""

    def execute(self, tell: Callable[[Outcome], None]) -> tuple[Ran, ...]:
        """Run every suite that has providers, and write the report.

        On KeyboardInterrupt the kernels are ended first; jobs go on at the providers.

        Args:
            tell: Called with each outcome, in id order, from another thread.
        """
        runs = [suite for suite in self.suites if not suite.reason]
        if not runs:
            return ()
        self.folder.mkdir(parents=True, exist_ok=True)
        notebooks = Notebooks(
            folder=self.folder, given=self.given, emulated=self.emulated, environ=self.environ
        )
        ran = _off_the_main_thread(Sweep(one=notebooks.run, tell=tell), runs)
        self._write(ran)
        return ran

    def record(self, ran: Sequence[Ran]) -> dict[str, Any]:
        """The run as JSON values."""
        told = report.record(self.suites, ran, emulated=self.emulated, strict=self.given.strict)
        return {"ran": bool(ran), **told}

    def _write(self, ran: Sequence[Ran]) -> None:
        told = json.dumps(self.record(ran), indent=2)
        (self.folder / "report.json").write_text(f"{told}\n", encoding="utf-8")
        who = "the emulator" if self.emulated else "the providers"
        how = (
            "every failure counts"
            if self.given.strict
            else "failures of the services' own are skips"
        )
        facts = [f"{datetime.now().astimezone():%Y-%m-%d %H:%M}; asked {who}; {how}."]
        page = document.html("openclaw-nb sweep", facts, self.suites, ran)
        (self.folder / "report.html").write_text(page, encoding="utf-8")


def _off_the_main_thread(sweep: Sweep, runs: Sequence[Suite]) -> tuple[Ran, ...]:
    """Run it on a thread: in the main one nbclient takes Ctrl-C for itself."""
    result: Future[tuple[Ran, ...]] = Future()
    begun: Future[Callable[[], object]] = Future()

    async def main() -> tuple[Ran, ...]:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        begun.set_result(lambda: loop.call_soon_threadsafe(task.cancel))
        return await sweep.run(runs)

    def work() -> None:
        try:
            result.set_result(asyncio.run(main()))
        except BaseException as error:  # noqa: BLE001 - the caller's to handle
            result.set_exception(error)

    thread = threading.Thread(target=work, name="openclaw-sweep")
    thread.start()
    try:
        return result.result()
    except KeyboardInterrupt:
        with suppress(RuntimeError):  # it has just ended by itself
            begun.result()()
        thread.join()
        raise
