"""Figures as text, as a table of the documentation, as a picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure, Results, shown
from benchmarks.peers import OURS, PEERS

BEGIN, END = "<!-- benchmarks: begin -->", "<!-- benchmarks: end -->"
PICTURE = "performance.svg"
_VERDICTS = {True: "reached", False: "missed", None: ""}
_INK, _OURS, _THEIRS = "#7a7f87", "#2f81f7", "#9aa3ad"
"""Readable on white and on black."""
_DRAWN = (
    ("A job", "CPU per job", "CPU per job, ms"),
    ("A job", "jobs per second", "jobs per second"),
    (
        "Memory",
        "growth, 8 clips of 24 MiB at once",
        "memory growth, 8 clips of 24 MiB at once, MiB",
    ),
    ("Start", "import, above bare Python", "import, ms"),
)


def line(figure: Figure) -> str:
    """One figure in a terminal."""
    whose = "" if figure.subject == OURS else f" [{figure.subject}]"
    goal = f"  goal {_goal(figure)}: {_VERDICTS[figure.met]}" if figure.goal else ""
    note = f"  ({figure.note})" if figure.note else ""
    return f"{figure.area}: {figure.name}{whose}: {_median(figure)}{_range(figure)}{goal}{note}"


def _median(figure: Figure) -> str:
    return f"{shown(figure.median)} {figure.unit}".strip()


def _range(figure: Figure) -> str:
    if len(figure.samples) == 1:
        return ""
    return f" ({shown(figure.low)} to {shown(figure.high)})"


def _goal(figure: Figure) -> str:
    if figure.goal is None:
        return ""
    sign = "≤" if figure.goal.sense == "<=" else "≥"
    return f"{sign} {shown(figure.goal.limit)} {figure.unit}".strip()


def summary(results: Results) -> str:
    """What was left out, and how the goals stand."""
    judged = [figure for figure in results.figures if figure.met is not None]
    missed = [figure for figure in judged if not figure.met]
    lines = [f"not measured: {what}: {why}" for what, why in results.skipped.items()]
    lines += [f"goals: {len(judged) - len(missed)} of {len(judged)} reached"]
    lines += [
        f"missed: {figure.name}: {_median(figure)}, goal {_goal(figure)}" for figure in missed
    ]
    return "\n".join(lines)


def table(results: Results) -> str:
    """All that the documentation shows of a run, in Markdown."""
    parts = ["\n".join(_machine(results))]
    for area, figures in groupby(results.figures, key=lambda figure: figure.area):
        parts += [f"### {area}", "\n".join(_rows(figures))]
    if results.skipped:
        parts.append("\n".join(f"- not measured: {k}: {v}" for k, v in results.skipped.items()))
    return "\n\n".join(parts)


def _machine(results: Results) -> Iterator[str]:
    told = "; ".join(f"{name}: {value}" for name, value in results.machine.items())
    yield f"Runs of each measurement: {results.runs}. {told}."


def _rows(figures: Iterable[Figure]) -> Iterator[str]:
    yield "| | whose | median | lowest to highest | goal | |"
    yield "| --- | --- | ---: | ---: | ---: | --- |"
    for figure in figures:
        spread = _range(figure).strip(" ()")
        verdict = ", ".join(filter(None, (_VERDICTS[figure.met], figure.note)))
        cells = (figure.name, figure.subject, _median(figure), spread, _goal(figure), verdict)
        yield f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def peers_table() -> str:
    """Who is measured, as Markdown."""
    rows = [
        f"| {peer.name} | {', '.join(peer.packages) or 'this package'} | {peer.wire} | {peer.lacks} |"
        for peer in PEERS
    ]
    return "\n".join(("| client | packages | wire | lacks |", "| --- | --- | --- | --- |", *rows))


def filled(page: str, text: str) -> str:
    """The page with `text` between its markers. Raises ValueError when it has none."""
    found = re.compile(f"{re.escape(BEGIN)}.*?{re.escape(END)}", re.DOTALL)
    if not found.search(page):
        raise ValueError(f"the page has no {BEGIN} ... {END}")
    return found.sub(lambda _: f"{BEGIN}\n\n{text}\n\n{END}", page, count=1)


def write(results: Results, page: Path) -> None:
    """Table and picture into the documentation."""
    text = page.read_text(encoding="utf-8")
    parts = f"{peers_table()}\n\n![The clients side by side](images/{PICTURE})\n\n{table(results)}"
    page.write_text(filled(text, parts), encoding="utf-8")
    draw(results.figures, page.parent / "images" / PICTURE)


def draw(figures: Iterable[Figure], path: Path) -> None:
    """Bars of what every client was measured at; without a background, for light and dark pages."""
    import matplotlib as mpl

    mpl.use("svg")
    from matplotlib import pyplot as plt

    all = list(figures)
    sets = [
        (title, [each for each in all if (each.area, each.name) == (area, name)])
        for area, name, title in _DRAWN
    ]
    sets = [(title, found) for title, found in sets if found]
    style = {"svg.fonttype": "none", "svg.hashsalt": "openclaw_nb", "font.size": 9}
    colours = dict.fromkeys(("text.color", "xtick.color", "ytick.color", "axes.edgecolor"), _INK)
    with mpl.rc_context({**style, **colours}):
        tallest = max(len(found) for _, found in sets)
        rows = -(-len(sets) // 2)
        size = (10, rows * (0.27 * tallest + 0.8))
        page, axes = plt.subplots(rows, 2, figsize=size, layout="constrained", squeeze=False)
        for axis in axes.flat[len(sets) :]:
            axis.remove()
        for axis, (title, found) in zip(axes.flat, sets, strict=False):
            _bars(axis, title, found)
        page.savefig(path, transparent=True, metadata={"Date": None})
        plt.close(page)


def _bars(axis: Any, title: str, figures: list[Figure]) -> None:
    names, values = [f.subject for f in figures], [f.median for f in figures]
    spread = [
        [f.median - f.low for f in figures],
        [f.high - f.median for f in figures],
    ]
    colours = [_OURS if name == OURS else _THEIRS for name in names]
    axis.barh(names, values, xerr=spread, color=colours, ecolor=_INK, error_kw={"lw": 0.8})
    axis.invert_yaxis()
    axis.set_title(title, loc="left", fontsize=10)
    axis.spines[["top", "right"]].set_visible(False)
