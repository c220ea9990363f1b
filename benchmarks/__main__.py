"""`python -m benchmarks [NAMES...]`: measure, print, and on wish write JSON and the documentation."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path

import click

from benchmarks import machine, report
from benchmarks.bench import Bench, tell
from benchmarks.children import ROOT, stand_in
from benchmarks.figures import Figure, Results
from benchmarks.peers import OPENAI_CLIENT, OPENCLAW, PEERS, STREAMING, installed

NAMES = ("jobs", "memory", "startup", "polling", "crowd", "ledger", "notebooks", "form")
"""The measurements; each is the file of this name."""
PAGE = ROOT / "docs" / "performance.md"
RUNS, QUICK_RUNS = 5, 1
QUICK_PEERS = (OPENCLAW, STREAMING, OPENAI_CLIENT)

Measure = Callable[[Bench], Iterator[Figure]]


def figures(bench: Bench, measures: Mapping[str, Measure]) -> Iterator[Figure]:
    """Of these measurements in turn; one that breaks is left out, and said."""
    for name, measure in measures.items():
        try:
            yield from measure(bench)
        except Exception as error:  # noqa: BLE001 - one broken measurement must not cost the others
            bench.skipped[name] = f"failed: {type(error).__name__}: {str(error)[:200]}"
            tell(f"{name}: {bench.skipped[name]}")


def measured(names: tuple[str, ...], runs: int, *, quick: bool) -> Results:
    """Everything asked for, printed as it comes."""
    tell("environments of the clients ...")
    peers, missing = installed(QUICK_PEERS if quick else PEERS)
    facts = machine.facts(peers)
    found: list[Figure] = []
    measures = {name: import_module(f"benchmarks.{name}").measure for name in names}
    with stand_in() as server:
        bench = Bench(server, peers, runs, quick, dict(missing))
        for figure in figures(bench, measures):
            print(report.line(figure), flush=True)
            found.append(figure)
    return Results(tuple(found), facts, bench.skipped, runs, quick)


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES))
@click.option("--quick", is_flag=True, help="A small fixed part, in about a minute.")
@click.option("--runs", type=click.IntRange(1), help=f"Of each measurement; usually {RUNS}.")
@click.option("--json", "into", type=click.Path(path_type=Path), help="Write every sample there.")
@click.option("--write-docs", is_flag=True, help="Write the table and the picture of the docs.")
@click.option("--suite-seconds", type=float, help="What the plain test command took; only noted.")
def main(
    names: tuple[str, ...],
    quick: bool,
    runs: int | None,
    into: Path | None,
    write_docs: bool,
    suite_seconds: float | None,
) -> None:
    """Measure what a user feels, beside other clients. NAMES are parts; none means all."""
    results = measured(names or NAMES, runs or (QUICK_RUNS if quick else RUNS), quick=quick)
    if suite_seconds is not None:
        results = results.with_figure(
            Figure("Tests", "the plain test command", "s", (suite_seconds,))
        )
    print(report.summary(results))
    if into is not None:
        into.write_text(json.dumps(results.as_json(), indent=1) + "\n", encoding="utf-8")
    if write_docs:
        report.write(results, PAGE)


if __name__ == "__main__":
    main()
