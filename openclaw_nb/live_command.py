"""`openclaw-nb sweep`: one small request to every provider that has a key, or to the emulator."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.live.outcomes import Outcome, Ran
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
def sweep(suites: tuple[str, ...], *, strict: bool, emulate: bool, **options: Any) -> None:
    """Ask every provider that has a key for one small file. SUITES: image, music, video, all.

    Runs only with OPENCLAW_LIVE_TEST=1, or --emulate.
    """
    from openclaw_nb.config import is_on
    from openclaw_nb.core.domain import Medium
    from openclaw_nb.live import selection, variables

    live = variables.read(os.environ).on
    emulated = emulate or (not live and is_on(os.environ.get("OPENCLAW_NB_EMULATE")))
    quiet, as_json = options["quiet"], options["as_json"]
    by_suite = {medium: options[f"{medium}_providers"] for medium in Medium}
    wanted = selection.asked(
        suites, options["providers"], by_suite, check_keys=not options["all_providers"]
    )
    if not live and not emulated:
        click.echo(json.dumps({"ran": False, "why": _OFF}) if as_json else _OFF)
        return
    # What costs nothing need not be asked for.
    given = variables.read(os.environ, opt_in=() if emulated else variables.OPT_IN)
    with _client(emulated=emulated) as client:
        chosen, ran = _run(client, wanted, given, strict=strict, quiet=quiet, silent=as_json)
    _tell(chosen, ran, emulated=emulated, strict=strict, as_json=as_json)


@contextmanager
def _client(*, emulated: bool) -> Generator[Client]:
    from openclaw_nb import api
    from openclaw_nb.client import Client

    if emulated:
        with api.emulate() as emulation:
            yield emulation.client
        return
    # `LIVE` is a name that others use, too: only here does it decide where keys come from.
    environ: Mapping[str, str] = {**os.environ, "OPENCLAW_LIVE_TEST": "1"}
    client = Client(media_dir=api.media_dir(), environ=environ)
    try:
        yield client
    finally:
        client.close()


def _run(
    client: Client, wanted: Asked, given: Variables, *, strict: bool, quiet: bool, silent: bool
) -> tuple[tuple[Suite, ...], tuple[Ran, ...]]:
    from openclaw_nb.core.domain import Medium
    from openclaw_nb.live import report, selection
    from openclaw_nb.live.outcomes import Ending
    from openclaw_nb.live.run import Sweep, usable

    vendors = client.vendors
    registry = {medium: vendors.of(medium) for medium in Medium}
    chosen = selection.select(wanted, given, registry, partial(usable, vendors))

    def tell(outcome: Outcome) -> None:
        if not silent and (not quiet or outcome.ending is Ending.FAILED):
            click.echo(report.outcome_line(outcome))

    if not (silent or quiet):
        click.echo("\n".join(map(report.suite_line, chosen)))
    runs = [suite for suite in chosen if not suite.reason]
    try:
        ran = asyncio.run(Sweep(client=client, given=given, strict=strict, tell=tell).run(runs))
    except KeyboardInterrupt:
        click.echo("\nJobs go on at the providers: openclaw-nb tasks resume lists them.", err=True)
        sys.exit(130)
    return chosen, ran


def _tell(
    chosen: tuple[Suite, ...],
    ran: tuple[Ran, ...],
    *,
    emulated: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """The summary, and the exit code."""
    from openclaw_nb.live import report

    if as_json:
        told = report.record(chosen, ran, emulated=emulated, strict=strict)
        click.echo(json.dumps({"ran": bool(ran), **told}, indent=2))
    else:
        click.echo(report.summary(chosen, ran) if ran else _NOTHING)
    if any(each.failed for each in ran):
        sys.exit(1)
