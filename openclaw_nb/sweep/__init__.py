"""A grid of requests as tasks: every combination once, taken up again by the same call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from openclaw_nb import api
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.keywords import shows_keywords
from openclaw_nb.errors import InvalidInput
from openclaw_nb.runtime import loop
from openclaw_nb.runtime.rows import Row, now_ms
from openclaw_nb.sweep.cells import Grid
from openclaw_nb.sweep.executors import pool_of
from openclaw_nb.sweep.grid import Wanted, plan
from openclaw_nb.sweep.handle import Sweep
from openclaw_nb.sweep.memory import forgiven
from openclaw_nb.sweep.models import refs_of
from openclaw_nb.sweep.results import Results
from openclaw_nb.sweep.run import Elsewhere, Limits, Run
from openclaw_nb.sweep.worker import recipe_of

if TYPE_CHECKING:
    from openclaw_nb.client import Client

__all__ = ["Results", "Sweep", "sweep"]


@shows_keywords(Medium.VIDEO)
def sweep(
    prompts: object,
    models: object = "configured",
    *,
    executor: object = None,
    at_once: int = 16,
    per_provider: int = 4,
    repeats: int = 1,
    fallback: bool = False,
    retry_failed: bool = False,
    retry_lost: bool = False,
    name: str | None = None,
    folder: Path | str | None = None,
    client: Client | None = None,
    **grid: object,
) -> Sweep:
    """Make every combination of prompts, models and settings; returns a live handle at once.

    Any keyword of `generate_video` whose value is a list is varied, the others hold for all. For
    keywords that take a list, such as `images`, a list of lists is varied. Combinations that no
    model would take are skipped, with the reason, and nothing of them is sent.

    The same call, in a new kernel too, takes up what is there and pays only for what is missing:
    clips whose files are there are taken as they are, jobs with a receipt are taken up, and what
    failed without a job is tried again.

    Args:
        prompts: A prompt, or several.
        models: `"configured"`: the models that `generate_video` would try by itself, each with
            every combination. `"all"`: the default model of every provider. `"live"`:
            what `openclaw-nb sweep` would ask. Or a list of `provider/model`, or of provider ids
            for their default models.
        executor: A `dask.distributed` Client, or an executor of `concurrent.futures`, whose
            workers do the work; they share the state directory. None: this process.
        at_once: Combinations at work at the same time, 1 or more.
        per_provider: Of these at one provider, 1 or more.
        repeats: How often each combination is made, 1 or more.
        fallback: Let other models step in when a combination's own fails.
        retry_failed: Try again what failed after a job was made, or was cancelled; it is paid for
            once more.
        retry_lost: Submit again what may have been submitted and has no receipt; it may be paid
            for twice.
        name: Finds the sweep again though the grid has changed: what is new is added to it. None:
            the same grid is the same sweep.
        folder: Where the clips go. None: where the client saves.
        client: Another client than the default one.
        **grid: The keywords of `generate_video` but `model`, `session`, `exact_model` and
            `allow_parallel`.

    Raises:
        InvalidInput: a keyword is unknown, an axis is empty, a value or a reference is not usable,
            or `executor` cannot do it; nothing was sent.
        NoCandidate: nothing is configured; nothing was sent.
        ConfigError: the configuration is not usable; nothing was sent.
    """
    limits = _limits(at_once=at_once, per_provider=per_provider)
    at = _client(client or api.default_client(), folder)
    wanted = Wanted(
        prompts=prompts,
        refs=refs_of(models, at.vendors),
        params=grid,
        name=name,
        repeats=repeats,
        fallback=fallback,
    )
    planned = _remembered(
        at, plan(at, wanted), {"retry_failed": retry_failed, "retry_lost": retry_lost}
    )
    elsewhere = _elsewhere(at, planned, executor)
    run = Run(at, planned, limits, elsewhere)
    run.begin()
    return Sweep(run, executor)


def _limits(**numbers: int) -> Limits:
    for name, number in numbers.items():
        if isinstance(number, bool) or number < 1:
            raise InvalidInput(name, f"1 or more; got {number!r}. Nothing was sent.")
    return Limits(**numbers)


def _client(client: Client, folder: Path | str | None) -> Client:
    """The client to work with, saving to the folder."""
    if client.closed:
        raise InvalidInput("client", "is closed. Nothing was sent.")
    return client if folder is None else client.saving_to(folder)


def _remembered(client: Client, grid: Grid, options: Mapping[str, bool]) -> Grid:
    """The grid with what the ledger knows of it; what it knows of is not skipped."""
    known: dict[str, list[Row]] = {}
    for row in loop.wait(loop.start(client.ledger.of_request(grid.session))):
        known.setdefault(row.request_key, []).append(row)
    cells: list[Any] = []
    for each in grid.cells:
        rows = known.get(each.cell.key, [])
        over = forgiven(rows, **options, reachable=client.can_take_up, now=now_ms())
        left = len(over) < len(rows)
        cell = replace(each.cell, forgiven=over)
        cells.append(replace(each, cell=cell, skipped="" if left else each.skipped))
    return replace(grid, cells=tuple(cells))


def _elsewhere(client: Client, grid: Grid, executor: object) -> Elsewhere | None:
    """The executor, and what its workers need."""
    if executor is None:
        return None
    providers = {v.ref.provider for each in grid.cells if not each.skipped for v in each.verdicts}
    return Elsewhere(pool_of(executor), recipe_of(client, providers))
