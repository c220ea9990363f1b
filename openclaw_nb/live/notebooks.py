"""Runs the notebook of a provider in a kernel of its own; what it found is in the notebook's outputs."""

from __future__ import annotations

import asyncio
import logging
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from openclaw_nb import shipped
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.errors import one_line
from openclaw_nb.live import variables
from openclaw_nb.live.attempt import failed
from openclaw_nb.live.outcomes import OUTCOME, Outcome, from_json
from openclaw_nb.live.variables import Variables

FILES = "files"
"""Folder beside the notebooks for what they make."""
_START_SECONDS = 120
_SUFFIXES = {Medium.VIDEO: "", Medium.IMAGE: "-images", Medium.MUSIC: "-music"}


def stem(medium: Medium, id: str) -> str:
    """The name of a provider's notebook: `fal`, `fal-images`, `fal-music`."""
    return f"{id}{_SUFFIXES[medium]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notebooks:
    """The providers' notebooks, to be executed into a folder."""

    folder: Path
    given: Variables
    emulated: bool
    environ: Mapping[str, str] = field(repr=False)
    """What the kernels get, besides what the run decides."""

    async def run(self, medium: Medium, id: str) -> Outcome:
        """Execute the notebook of a provider; the outcome is failed when it says none."""
        nbformat: Any = import_module("nbformat")  # it has no annotations
        name = f"{stem(medium, id)}.ipynb"
        notebook = nbformat.read(shipped.notebooks() / "sweeps" / name, as_version=4)
        try:
            error = await self._execute(notebook, self._kernel_environ(id))
        finally:
            nbformat.write(notebook, self.folder / name)
        found = _last_outcome(notebook)
        if found is None:
            step = failed(Mode.GENERATE, f"the notebook did not get to its end: {error}")
            return Outcome(medium=medium, provider=id, steps=(step,))
        return found

    async def _execute(self, notebook: Any, environ: Mapping[str, str]) -> str:
        """Run the cells; returns the error that ended them."""
        from nbclient import NotebookClient
        from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

        client = NotebookClient(
            notebook,
            timeout=int(self.given.limit_ms / 1000) + _START_SECONDS,
            startup_timeout=_START_SECONDS,
            kernel_name="python3",
            resources={"metadata": {"path": str(self.folder)}},
            store_widget_state=False,  # offline, nbconvert would show nothing in a widget's place
        )
        client.log.setLevel(logging.CRITICAL)  # a failure is told in its own words
        # The kernel's own remarks are for nobody.
        running = client.async_execute(env=dict(environ), stderr=subprocess.DEVNULL)
        try:
            await _until_done(client, asyncio.ensure_future(running))
        except CellExecutionError as error:
            return one_line(f"{error.ename}: {error.evalue}")
        except (CellTimeoutError, DeadKernelError, RuntimeError) as error:
            return one_line(str(error))
        return "no cell told what came of it"

    def _kernel_environ(self, id: str) -> dict[str, str]:
        """The environment in which the notebook does what this run is to do, and nothing else."""
        given = self.given
        return {
            **self.environ,
            "OPENCLAW_LIVE_TEST": "" if self.emulated else "1",
            "LIVE": "",
            "OPENCLAW_NB_EMULATE": "1" if self.emulated else "",
            "OPENCLAW_NB_MEDIA_DIR": str(self.folder / FILES),
            variables.PROVIDERS: id,
            variables.MODELS: ",".join(given.models),
            variables.FULL_MODES: str(int(given.full_modes)),
            variables.TIMEOUT_MS: str(given.timeout_ms),
            variables.STRICT: str(int(given.strict)),
        }


async def _until_done(client: Any, running: asyncio.Future[Any]) -> None:
    """Wait for the notebook; when this is cancelled, its kernel is ended: nbclient misses some cancellations."""
    try:
        await asyncio.wait({running})
    except asyncio.CancelledError:
        while not running.done():
            if client.km is not None and client.km.has_kernel:
                await client.km.shutdown_kernel(now=True)
            running.cancel()
            await asyncio.wait({running}, timeout=1)
        raise
    running.result()


def _last_outcome(notebook: Any) -> Outcome | None:
    """What the notebook found, from the last of its outputs that says so."""
    outputs = [each for cell in notebook.cells for each in cell.get("outputs", ())]
    told = [each["data"][OUTCOME] for each in outputs if OUTCOME in each.get("data", {})]
    return from_json(told[-1]) if told else None
