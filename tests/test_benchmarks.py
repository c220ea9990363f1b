"""The harness of the benchmarks: statistics, ratios, the shape of JSON, the table. No speed."""

from __future__ import annotations

import json

import pytest

from benchmarks import report
from benchmarks.__main__ import NAMES, figures
from benchmarks.bench import Bench, against, each
from benchmarks.children import ROOT
from benchmarks.figures import Figure, Goal, Results, best, ratios, shown
from benchmarks.peers import OURS, PEERS


def figure(*samples, **more):
    return Figure("A job", "CPU per job", "ms", samples, **more)


def results(*figures, skipped=()):
    return Results(figures, {"cores": "2"}, dict(skipped), runs=3, quick=False)


def a_bench(runs=1):
    return Bench(server=None, peers=[PEERS[0]], runs=runs)


def test_a_figure_is_its_median_and_its_range():
    found = figure(3.0, 1.0, 10.0)
    assert (found.median, found.low, found.high) == (3.0, 1.0, 10.0)


def test_a_figure_without_a_sample_is_refused():
    with pytest.raises(ValueError, match=r"CPU per job.*no sample"):
        figure()


@pytest.mark.parametrize(
    "goal, met",
    [(Goal(3.0), True), (Goal(2.9), False), (Goal(3.0, ">="), True), (Goal(3.1, ">="), False)],
)
def test_a_goal_is_held_against_the_median(goal, met):
    assert figure(1.0, 3.0, 9.0, goal=goal).met is met


def test_a_figure_without_a_goal_is_neither_reached_nor_missed():
    assert figure(1.0).met is None


def test_a_ratio_is_formed_run_by_run():
    assert ratios([10.0, 40.0], [5.0, 10.0]) == (2.0, 4.0)
    with pytest.raises(ValueError, match="argument"):
        ratios([1.0], [1.0, 2.0])


def test_ours_is_told_as_a_multiple_of_the_others():
    found = against("A job", "CPU", {OURS: [10.0, 40.0], "x": [5.0, 10.0]}, "x", Goal(2.0))
    assert (found.name, found.median, found.met) == ("CPU / x", 3.0, False)


def test_the_best_has_the_lowest_median_or_the_highest():
    found = {"steady": [5.0, 5.0, 5.0], "lucky once": [1.0, 9.0, 9.0]}
    assert (best(found), best(found, most=True)) == ("steady", "lucky once")


def test_a_goal_is_ours_alone():
    ours, other = each("A job", "CPU", "ms", {OURS: [1.0], "openai": [2.0]}, Goal(1.0))
    assert (ours.met, other.met) == (True, None)


def test_each_second_run_goes_backwards():
    order = []
    subjects = {name: lambda name=name: order.append(name) for name in "abc"}
    a_bench(runs=3).interleaved(subjects)
    assert "".join(order) == "abccbaabc"


def test_a_client_that_fails_is_left_out_and_said():
    def fails():
        raise RuntimeError("Traceback ...\nTypeError: no such argument")

    bench = a_bench(runs=2)
    assert bench.interleaved({OURS: lambda: 1.0, "other": fails}) == {OURS: [1.0, 1.0]}
    assert bench.skipped == {"other": "failed: TypeError: no such argument"}


def test_a_measurement_that_breaks_costs_no_other():
    def breaks(bench):
        yield figure(1.0)
        raise ValueError("no such file")

    bench = a_bench()
    found = list(figures(bench, {"one": breaks, "two": lambda _: [figure(2.0)]}))
    assert [each.median for each in found] == [1.0, 2.0]
    assert bench.skipped == {"one": "failed: ValueError: no such file"}


def test_json_has_every_sample_and_what_follows_from_them():
    told = json.loads(json.dumps(results(figure(1.0, 3.0, goal=Goal(2.5))).as_json()))
    assert set(told) == {"machine", "runs", "quick", "skipped", "figures"}
    (one,) = told["figures"]
    assert one["samples"] == [1.0, 3.0]
    assert one["goal"] == {"limit": 2.5, "sense": "<="}
    assert (one["median"], one["low"], one["high"], one["met"]) == (2.0, 1.0, 3.0, True)


@pytest.mark.parametrize(
    "value, text",
    [(0.0, "0"), (0.04321, "0.043"), (2.345, "2.35"), (23.45, "23.4"), (1234.5, "1234")],
)
def test_numbers_show_the_digits_that_count(value, text):
    assert shown(value) == text


def test_a_line_tells_whose_figure_it_is_its_range_and_how_its_goal_stands():
    missed = figure(1.0, 3.0, 4.0, goal=Goal(2.5), note="a|b")
    assert report.line(missed) == "A job: CPU per job: 3 ms (1 to 4)  goal ≤ 2.5 ms: missed  (a|b)"
    assert report.line(figure(2.0, subject="openai")) == "A job: CPU per job [openai]: 2 ms"


def test_the_table_has_a_row_for_each_figure_and_says_what_was_left_out():
    text = report.table(
        results(
            figure(1.0, 3.0, 4.0, goal=Goal(2.5), note="a|b"),
            skipped={"form": "no browser"}.items(),
        )
    )
    assert "### A job" in text
    assert "| CPU per job | openclaw_nb | 3 ms | 1 to 4 | ≤ 2.5 ms | missed, a/b |" in text
    assert "- not measured: form: no browser" in text
    assert "cores: 2" in text


def test_the_page_is_filled_between_its_markers_again_and_again():
    page = f"before\n\n{report.BEGIN}\nold\n{report.END}\n\n## The hot path\n"
    once = report.filled(page, r"new \1")
    assert once == report.filled(once, r"new \1")
    assert once.startswith("before\n")
    assert once.endswith("## The hot path\n")
    assert "old" not in once
    assert r"new \1" in once
    with pytest.raises(ValueError, match="benchmarks: begin"):
        report.filled("a page", "new")


def test_the_summary_names_the_goals_that_are_missed():
    told = report.summary(results(figure(3.0, goal=Goal(2.5)), figure(2.0, goal=Goal(2.5))))
    assert told.splitlines() == [
        "goals: 1 of 2 reached",
        "missed: CPU per job: 3 ms, goal ≤ 2.5 ms",
    ]


def test_every_client_is_pinned_and_has_its_file():
    for peer in PEERS:
        assert (ROOT / "benchmarks" / "clients" / f"{peer.script}.py").is_file()
        assert all("==" in package for package in peer.packages)
        assert peer.packages or peer.name == OURS


def test_the_readme_and_the_page_know_every_measurement_and_the_command():
    readme = (ROOT / "benchmarks" / "README.md").read_text(encoding="utf-8")
    page = (ROOT / "docs" / "performance.md").read_text(encoding="utf-8")
    assert all(f"| `{name}` |" in readme for name in NAMES)
    assert "python -m benchmarks --write-docs" in page
    assert report.filled(page, "x")
