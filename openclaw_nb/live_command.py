"""`openclaw-nb sweep`: one small request to every provider that has a key, or to the emulator."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.live.executed import Run
    from openclaw_nb.live.outcomes import Outcome
    from openclaw_nb.live.selection import Asked, Suite
    from openclaw_nb.live.variables import Variables

_MEDIA = ("image", "music", "video")
_OFF = (
    "Nothing runs: OPENCLAW_LIVE_TEST is off. OPENCLAW_LIVE_TEST=1 openclaw-nb sweep asks the "
    "providers whose keys are set, which costs money; --emulate asks the emulator, without keys."
)
_NOTHING = "Nothing to run. --all-providers does not look at keys; --video-providers names some."


class _Misused(click.UsageError):
    exit_code = 1


class _Command(click.Command):
    """Arguments that mean nothing are exit code 1, as a failure is."""

    def make_context(self, *given: Any, **more: Any) -> click.Context:
        try:
            return super().make_context(*given, **more)
        except click.UsageError as error:
            raise _Misused(error.format_message(), error.ctx) from error


@click.command(cls=_Command)
@click.argument("suites", nargs=-1, type=click.Choice([*_MEDIA, "all"]))
@click.option("--providers", help="Only these, in every suite: a,b.")
@click.option("--image-providers", help="Only these in the image suite.")
@click.option("--music-providers", help="Only these in the music suite.")
@click.option("--video-providers", help="Only these in the video suite; fal runs only so.")
@click.option(
    "--all-providers/--with-auth",
    "--no-auth-filter/--require-auth",
    "all_providers",
    help="Keep those without a key in, to be told; or leave them out, as is usual.",
)
@click.option("--strict", is_flag=True, help="Failures of the service's own count, too.")
@click.option("--emulate", is_flag=True, help="Use the emulator: no key, no network.")
@click.option("--quiet/--no-quiet", help="Only what failed, and the summary.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the executed notebooks, their files and the report go; usually a new folder.",
)
def sweep(suites: tuple[str, ...], *, emulate: bool, **options: Any) -> None:
    """Ask every provider that has a key for one small file. SUITES: image, music, video, all.

    Runs only with OPENCLAW_LIVE_TEST=1, or --emulate. Each provider's notebook is executed.
    """
    from openclaw_nb.config import is_on
    from openclaw_nb.core.domain import Medium
    from openclaw_nb.live import selection, variables
    from openclaw_nb.live.executed import Run

    live = variables.read(os.environ).on
    emulated = emulate or (not live and is_on(os.environ.get("OPENCLAW_NB_EMULATE")))
    by_suite = {medium: options[f"{medium}_providers"] for medium in Medium}
    wanted = selection.asked(
        suites, options["providers"], by_suite, check_keys=not options["all_providers"]
    )
    if not live and not emulated:
        as_json = options["as_json"]
        click.echo(json.dumps({"ran": False, "why": _OFF}) if as_json else _OFF)
        return
    # What costs nothing need not be asked for.
    given = variables.read(os.environ, opt_in=() if emulated else variables.OPT_IN)
    given = replace(given, strict=given.strict or options["strict"])
    run = Run(
        suites=_chosen(wanted, given, emulated=emulated),
        given=given,
        emulated=emulated,
        folder=(options["out"] or _new_folder()).expanduser().resolve(),
        environ=os.environ,
    )
    _execute(run, quiet=options["quiet"], as_json=options["as_json"])


def _new_folder() -> Path:
    now = datetime.now().astimezone()
    return Path("openclaw_out") / f"sweep-{now:%Y%m%d-%H%M%S}"


def _chosen(wanted: Asked, given: Variables, *, emulated: bool) -> tuple[Suite, ...]:
    """The suites with their providers, when the variables name nothing that there is not."""
    from openclaw_nb.core.domain import Medium
    from openclaw_nb.live import selection
    from openclaw_nb.live.run import usable
    from openclaw_nb.live.trial import named_models

    with _client() as client:
        vendors = client.vendors
        for medium in wanted.suites:
            named_models(client, given, medium)
        registry = {medium: vendors.of(medium) for medium in Medium}
        keyed = selection.everyone if emulated else partial(usable, vendors)
        return selection.select(wanted, given, registry, keyed)


@contextmanager
def _client() -> Generator[Client]:
    from openclaw_nb.live.run import live_client

    client = live_client(os.environ)
    try:
        yield client
    finally:
        client.close()


def _execute(run: Run, *, quiet: bool, as_json: bool) -> None:
    """Run the suites and tell of them; the exit code is 1 when one failed."""
    from openclaw_nb.live import report
    from openclaw_nb.live.outcomes import Ending

    silent = as_json or quiet

    def tell(outcome: Outcome) -> None:
        if not as_json and (not quiet or outcome.ending is Ending.FAILED):
            click.echo(report.outcome_line(outcome))

    try:
        if not silent:
            click.echo("\n".join(map(report.suite_line, run.suites)))
        ran = run.execute(tell)
    except KeyboardInterrupt:
        click.echo("\nJobs go on at the providers: openclaw-nb tasks resume lists them.", err=True)
        sys.exit(130)
    if as_json:
        click.echo(json.dumps({**run.record(ran), "out": str(run.folder)}, indent=2))
    else:
        click.echo(report.summary(run.suites, ran) if ran else _NOTHING)
    if ran and not silent:
        click.echo(f"Report    {run.folder / 'report.html'}")
    if any(each.failed for each in ran):
        sys.exit(1)
