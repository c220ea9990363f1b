"""`openclaw-nb`: the main job, videos from the shell, the ledger, the emulator."""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from openclaw_nb import __version__
from openclaw_nb.errors import OpenclawError
from openclaw_nb.live_command import sweep

if TYPE_CHECKING:
    from openclaw_nb.core.domain import TaskState
    from openclaw_nb.emulator import Emulator
    from openclaw_nb.runtime.rows import Row
    from openclaw_nb.task import Task


class _Group(click.Group):
    """Commands whose errors are sentences, not tracebacks."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OpenclawError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Group)
@click.version_option(__version__, prog_name="openclaw-nb")
def main() -> None:
    """Make video from text, images and videos, with any of many providers."""


@main.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("openclaw_demo"),
    show_default=True,
    help="Where the executed notebook and its videos go.",
)
def demo(out: Path) -> None:
    """Run the quickstart notebook on the emulator: no key, no network."""
    from openclaw_nb.demo import run

    started = time.monotonic()
    ran = run(out, tell=click.echo)
    click.echo(f"\nNotebook  {ran.notebook}")
    for video in ran.videos:
        click.echo(f"Video     {video.path}  {video.facts}")
    seconds = time.monotonic() - started
    click.echo(
        f"\n{ran.cells} cells and {len(ran.videos)} videos in {seconds:.0f} s, made by the "
        "emulator. Open the notebook in JupyterLab, or set a provider's key and run it again."
    )


@main.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("notebooks"))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def lab(out: Path, arguments: tuple[str, ...]) -> None:
    """Open JupyterLab on a copy of the notebooks. ARGUMENTS go to JupyterLab."""
    from openclaw_nb.demo import copy_notebooks

    folder = copy_notebooks(out)
    command = [sys.executable, "-m", "jupyterlab", str(folder), *arguments]
    if importlib.util.find_spec("jupyterlab") is None:
        raise click.ClickException('JupyterLab is not installed: pip install "openclaw-nb[lab]"')
    os.execv(sys.executable, command)  # noqa: S606 - our own interpreter


@main.command()
@click.argument("prompt")
@click.option("--model", help="provider/model, or a model id.")
@click.option("--image", "images", multiple=True, help="Reference image: a path or URL.")
@click.option("--video", "videos", multiple=True, help="Reference video: a path or URL.")
@click.option("--duration", "duration_seconds", type=float, help="Seconds.")
@click.option("--size", help="Pixels, such as 1280x720.")
@click.option("--aspect-ratio", help="Such as 16:9.")
@click.option("--resolution", help="Such as 720P.")
@click.option("--exact-model", is_flag=True, help="Use --model or fail.")
@click.option("--emulate", is_flag=True, help="Use the emulator: no key, no network.")
@click.option("--out", type=click.Path(path_type=Path), help="Copy the video here.")
def generate(prompt: str, *, emulate: bool, out: Path | None, **options: Any) -> None:
    """Make one video. Ctrl-C leaves the job running and says how to take it up."""
    import openclaw_nb as oc

    if emulate:
        oc.emulate()
    given: dict[str, Any] = {name: value or None for name, value in options.items()}
    task = oc.generate_video(prompt, **given | {"exact_model": options["exact_model"]})
    _wait(task, out)


def _wait(task: Task, out: Path | None) -> None:
    import shutil

    task.show()
    try:
        video = task.result()
    except KeyboardInterrupt:
        click.echo(
            f"\nThe job goes on at the provider. openclaw-nb tasks resume {task.id[:8]} takes it up.",
            err=True,
        )
        sys.exit(130)
    path = Path(shutil.copyfile(video.path, out)) if out else video.path
    for warning in video.warnings:
        click.echo(f"Note: {warning}", err=True)
    click.echo(str(path))


def _listing_options(command: Any) -> Any:
    """The options of `tasks list`, which `tasks` alone takes too."""
    for option in (
        click.option("--after", help="Only tasks older than this one, for the next page."),
        click.option("--limit", type=click.IntRange(min=1), help="How many at most."),
        click.option("--runtime", help="Only tasks of this runtime; all of ours are `cli`."),
        click.option("--status", help="Only tasks in this state."),
        click.option("--json", "as_json", is_flag=True, help="For programs."),
    ):
        command = option(command)
    return command


@main.group(cls=_Group, invoke_without_command=True)
@_listing_options
@click.pass_context
def tasks(context: click.Context, /, **options: Any) -> None:
    """The ledger: every task of this machine. Without a command: list them."""
    if context.invoked_subcommand is None:
        _list(**options)


@tasks.command("list")
@_listing_options
def list_tasks(**options: Any) -> None:
    """List tasks, newest first: 100 of them for people, all for programs, or --limit."""
    _list(**options)


def _list(
    *,
    as_json: bool,
    status: str | None,
    runtime: str | None,
    limit: int | None,
    after: str | None,
) -> None:
    from openclaw_nb import listing
    from openclaw_nb.runtime.jobs import as_it_is

    filters = {"runtime": runtime, "status": status}
    limit = limit if as_json else limit or listing.PAGE
    ours = runtime in (None, listing.RUNTIME)
    counts, rows = asyncio.run(_page(status, limit, after)) if ours else ({}, [])
    more, rows = limit is not None and len(rows) > limit, [as_it_is(row) for row in rows[:limit]]
    if as_json:
        found = [listing.record(row) for row in rows]
        count = sum(counts.values())
        click.echo(json.dumps({"count": count, **filters, "tasks": found}, indent=2))
    else:
        colour = sys.stdout.isatty()
        click.echo(listing.list_text(rows, filters, counts=counts, more=more, colour=colour))


async def _page(
    status: str | None, limit: int | None, after: str | None
) -> tuple[dict[TaskState, int], list[Row]]:
    """How many tasks there are, and a page of them and one more.

    From the ledger alone: a client would load every provider first.
    """
    from openclaw_nb.core.domain import TaskState
    from openclaw_nb.places import ledger_path, state_dir
    from openclaw_nb.runtime.ledger import Ledger

    ledger = Ledger(ledger_path(state_dir(os.environ)))
    counts = await ledger.counts()
    counts = {state: count for state, count in counts.items() if status in (None, state.value)}
    rows: list[Row] = []
    if counts:
        state, older = (
            TaskState(status) if status else None,
            (await ledger.find(after)).id if after else None,
        )
        rows = await ledger.rows(status=state, limit=limit and limit + 1, after=older)
    await ledger.close()
    return counts, rows


@tasks.command()
@click.argument("lookup")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def show(lookup: str, *, as_json: bool) -> None:
    """Show one task: by id, run id, the first 8 characters of its id, or session (its newest)."""
    from openclaw_nb import listing
    from openclaw_nb.api import default_client

    row = default_client().row(lookup)
    click.echo(json.dumps(listing.record(row), indent=2) if as_json else listing.show_text(row))


@tasks.command()
@click.argument("lookup")
@click.argument("policy", type=click.Choice(["silent", "done_only", "state_changes"]))
def notify(lookup: str, policy: str) -> None:
    """Change whether OpenClaw tells of a task."""
    from openclaw_nb.api import default_client
    from openclaw_nb.runtime import loop

    client = default_client()
    row = client.row(lookup)
    loop.wait(loop.start(client.ledger.set_notify(row.id, policy)))
    click.echo(f"task {row.id[:8]}: notify {policy}")


@tasks.command()
@click.option("--severity", type=click.Choice(["error", "warn"]))
@click.option("--code", help="Only findings with this code.")
@click.option("--limit", type=click.IntRange(min=1), help="How many at most.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def audit(*, severity: str | None, code: str | None, limit: int | None, as_json: bool) -> None:
    """Look for tasks that something is wrong with."""
    from openclaw_nb import listing
    from openclaw_nb.api import default_client
    from openclaw_nb.runtime.rows import now_ms
    from openclaw_nb.runtime.upkeep import audit as look

    every = look(default_client().tasks(), now_ms())
    chosen = [f for f in every if severity in (None, f.severity) and code in (None, f.code)]
    shown = chosen[:limit]
    if not as_json:
        click.echo(listing.audit_text(shown, len(every)))
        return
    report = {
        "count": len(every),
        "filteredCount": len(chosen),
        "displayed": len(shown),
        "filters": {"severity": severity, "code": code, "limit": limit},
        "summary": {kind: sum(f.severity == kind for f in every) for kind in ("error", "warn")},
        "findings": [listing.finding_record(found) for found in shown],
    }
    click.echo(json.dumps(report, indent=2))


@tasks.command()
@click.option("--apply", is_flag=True, help="Do it; otherwise it is only said.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def maintenance(*, apply: bool, as_json: bool) -> None:
    """Mark tasks whose process is gone as lost, and forget those that ended long ago."""
    from openclaw_nb import listing
    from openclaw_nb.api import default_client

    found = default_client().maintain(apply=apply)
    if as_json:
        report = {
            "applied": apply,
            "lost": [row.id for row in found.lost],
            "expired": [row.id for row in found.expired],
            "leftovers": [str(path) for path in found.leftovers],
        }
        click.echo(json.dumps(report, indent=2))
    else:
        click.echo(listing.maintenance_text(found, applied=apply))


@tasks.command()
@click.argument("lookup")
def cancel(lookup: str) -> None:
    """Stop a task, in whatever process it runs. One whose process is gone is cancelled at once."""
    from openclaw_nb.api import default_client
    from openclaw_nb.core.domain import TaskState

    row, was_active = default_client().cancel(lookup)
    if not was_active:
        raise click.ClickException(f"task {row.id[:8]} has ended already: {row.status}")
    if row.status is TaskState.CANCELLED:
        click.echo(f"task {row.id[:8]}: cancelled")
    elif row.status.active:
        click.echo(f"task {row.id[:8]}: asked to stop; its process has not done so yet")
    else:
        click.echo(f"task {row.id[:8]}: it ended meanwhile: {row.status}")


@tasks.command()
@click.argument("lookup", required=False)
@click.option("--model", help="Of several jobs of a task that of this provider/model.")
@click.option("--out", type=click.Path(path_type=Path), help="Copy the video here.")
def resume(lookup: str | None, model: str | None, out: Path | None) -> None:
    """Finish a task whose process is gone. Nothing is submitted again. Without LOOKUP: list them."""
    import openclaw_nb as oc
    from openclaw_nb.api import default_client
    from openclaw_nb.runtime.jobs import last_job

    if lookup is not None:
        _wait(oc.resume(lookup, model=model), out)
        return
    rows = default_client().left_behind()
    for row in rows:
        job = last_job(row) or row
        click.echo(f"openclaw-nb tasks resume {row.id[:8]}  {job.provider}  {row.prompt[:60]}")
    if not rows:
        click.echo("No task can be taken up.")


@main.group(cls=_Group)
def providers() -> None:
    """What can be used."""


@providers.command("list")
@click.argument("medium", type=click.Choice(["video", "image", "music"]), default="video")
@click.option("--json", "as_json", is_flag=True, help="For programs, as the tool's action=list.")
def list_providers(medium: str, *, as_json: bool) -> None:
    """List providers of videos, images or music: models, modes, limits, where each key comes from.

    Never the key.
    """
    from openclaw_nb import tool

    listed = getattr(tool, f"{medium}_generate")({"action": "list"})
    click.echo(json.dumps(listed["details"], indent=2) if as_json else listed["text"])


@main.group(cls=_Group)
def config() -> None:
    """Single values of the configuration file."""


@config.command("path")
def config_path() -> None:
    """Print where the file is; it may not exist yet."""
    from openclaw_nb import config as settings

    click.echo(str(settings.path()))


@config.command("get")
@click.argument("key")
def config_get(key: str) -> None:
    """Print what stands at KEY, such as agents.defaults.mediaMaxMb; secrets are masked."""
    from openclaw_nb import config as settings

    value = settings.get(key)
    click.echo(json.dumps(value, indent=2) if isinstance(value, dict | list) else _plain(value))


def _plain(value: object) -> str:
    return json.dumps(value) if isinstance(value, bool | None) else str(value)


@config.command("set")
@click.argument("key")
@click.argument("value")
@click.option("--strict-json", "--json", is_flag=True, help="Refuse a VALUE that is not JSON5.")
def config_set(key: str, value: str, *, strict_json: bool) -> None:
    """Put VALUE at KEY: JSON5, else the text itself. Nothing is written that would not be valid."""
    from openclaw_nb import config as settings
    from openclaw_nb.config.edit import value_of

    note = settings.set(key, value_of(value, strict=strict_json))
    click.echo(f"{key} is set in {settings.path()}")
    if note:
        click.echo(f"Note: {note}", err=True)


@config.command("unset")
@click.argument("key")
def config_unset(key: str) -> None:
    """Take out what stands at KEY."""
    from openclaw_nb import config as settings

    note = settings.unset(key)
    click.echo(f"{key} is taken out of {settings.path()}")
    if note:
        click.echo(f"Note: {note}", err=True)


@main.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=0, help="0 picks a free one.", show_default=True)
@click.option("--json", "as_json", is_flag=True, help="Print the base URLs as JSON.")
@click.option("--seconds", type=float, help="How long a job takes.")
@click.option("--polls", type=int, help="How many status calls a job takes.")
def emulate(
    host: str, port: int, *, as_json: bool, seconds: float | None, polls: int | None
) -> None:
    """Serve every provider's API on this machine, for any client."""
    from openclaw_nb.emulator import Scenario, serve_forever

    given: dict[str, Any] = {"seconds": seconds, "polls": polls}
    scenario = Scenario(**{name: value for name, value in given.items() if value is not None})

    def ready(emulator: Emulator) -> None:
        # A further host of a provider goes by the piece of the path that stands for it.
        further = {url.rpartition("/")[2]: url for url in emulator.hosts.values()}
        urls = {**emulator.urls, **further}
        if as_json:
            click.echo(json.dumps(urls))
        else:
            for id, url in urls.items():
                click.echo(f"{id:<12} {url}")
        sys.stdout.flush()

    serve_forever(host=host, port=port, scenario=scenario, on_ready=ready)


main.add_command(sweep)

if __name__ == "__main__":
    main()
