"""Records, tables, files and pages of a sweep."""

import asyncio
import csv
import json
import re
import subprocess
import sys

import numpy as np
import pytest

import openclaw_nb as oc
from openclaw_nb.emulator import Scenario

HOSTILE = '<script>alert("x")</script> & "more"'


@pytest.fixture
def made(client, emulator):
    emulator.set({"fal": Scenario(ends="moderated"), "minimax": Scenario(render="draft")})
    given = {"image": None, "aspect_ratio": "16:9", "duration_seconds": [4, 6]}
    return oc.sweep(HOSTILE, ["minimax", "fal"], client=client, **given).result(60)


def test_a_record_tells_what_was_asked_sent_changed_made_and_measured(made):
    first, second, third, _ = made.records
    assert first["asked"] == {
        "prompt": HOSTILE,
        "aspect_ratio": "16:9",
        "duration_seconds": 4,
    }
    assert first["sent"]["duration_seconds"] == 6
    assert first["changed"] == ["duration_seconds: 4 -> 6"]
    assert first["ignored"] == {"aspect_ratio": "16:9"}
    assert second["changed"] == []
    assert first["state"] == "succeeded"
    assert (first["provider"], first["model"]) == ("minimax", "MiniMax-Hailuo-2.3")
    assert first["bytes"] > 1024
    assert first["seconds"] > 0
    assert first["measured"].keys() == {"seconds", "width", "height", "fps", "sound"}
    assert first["differences"] == ["6 s were asked for, 1.0 s came"], "a draft is a second long"
    assert first["emulated"]
    assert (third["state"], third["failure"]) == ("failed", "policy drift")
    assert third["path"] is None
    json.dumps(made.records)


def test_tables_count_by_model_and_tell_every_combination(made):
    rows = {row["model"]: row for row in made.by_model}
    assert rows["MiniMax-Hailuo-2.3"]["passed"] == "2 of 2"
    assert rows["fal-ai/minimax/video-01-live"]["passed"] == "0 of 2"
    assert rows["fal-ai/minimax/video-01-live"]["failed"].startswith("2 × policy drift: ")
    assert "4 combinations" in repr(made)
    assert "<script>" not in made._repr_mimebundle_()["text/html"]
    assert len(made.table) == 4


def test_files_for_other_programs(made, tmp_path):
    with made.to_csv(tmp_path / "new" / "a.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["asked.duration_seconds"] for row in rows] == ["4", "6", "4", "6"]
    assert rows[0]["asked.prompt"] == HOSTILE
    assert json.loads(made.to_json(tmp_path / "a.json").read_text()) == made.records


def test_a_dataframe_where_pandas_is_there(made):
    frame = made.to_dataframe()
    assert list(frame["state"]) == ["succeeded", "succeeded", "failed", "failed"]
    columns = list(frame.columns)
    measured = [column for column in columns if column.startswith("measured.")]
    at = columns.index(measured[0])
    assert columns[at : at + len(measured)] == measured


def test_without_pandas_the_error_says_what_to_do(made, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match="pip install pandas"):
        made.to_dataframe()


def test_the_report_is_one_page_in_which_nothing_foreign_runs(made, tmp_path):
    path = made.report(tmp_path / "report.html", title="A & <b>")
    page = path.read_text(encoding="utf-8")
    assert "Content-Security-Policy" in page
    assert 'alert("x")' not in page
    assert "<b>" not in page
    assert page.count("2 of 2") == 1
    assert "policy drift" in page
    assert not re.findall(r'\s(?:src|href)="http', page)
    assert '"data": "' in page, "the clips are in it"


def test_a_report_without_clips_has_its_tables(client, emulator, tmp_path):
    emulator.set(Scenario(ends="moderated"))
    none = oc.sweep("a", "fal", client=client).result(60)
    assert "policy drift" in none.report(tmp_path / "report.html").read_text()
    with pytest.raises(oc.InvalidInput, match="no combination has a clip"):
        none.gallery()


def test_players_take_the_clips_with_their_labels(made):
    assert len(made.gallery().labels) == 2
    assert "duration_seconds=4" in made.compare().labels[0]


def test_a_function_is_called_for_every_clip(made):
    def frames(clip):
        return clip.shape

    found = made.analyze(frames)
    shapes = [record.get("frames") for record in found.records]
    assert all(len(shape) == 4 and shape[3] == 3 for shape in shapes[:2])
    assert shapes[2:] == [None, None]


def test_what_goes_wrong_with_one_clip_stops_no_other(made):
    def only_six(video):
        if video.request.duration_seconds == 4:
            raise ValueError("too short")
        return np.float64(1.5)

    found = made.analyze(only_six, takes="result", name="score").records
    assert found[0]["score_error"] == "ValueError: too short"
    assert found[1]["score"] == 1.5
    again = made.analyze(only_six, takes="result", name="score").analyze(len, name="count")
    assert {"score", "count"} <= again.records[1].keys()


def test_a_column_is_not_written_over(made):
    with pytest.raises(oc.InvalidInput, match="column already"):
        made.analyze(len, name="state")
    with pytest.raises(oc.InvalidInput, match="neither frames nor result"):
        made.analyze(len, takes="pixels")


def test_no_more_clips_are_unpacked_at_once_than_was_said(client):
    import threading

    clips = oc.sweep(["a", "b", "c", "d"], "minimax", client=client).result(60)
    at_work, most, lock = [0], [0], threading.Lock()

    def busy(_):
        with lock:
            at_work[0] += 1
            most[0] = max(most[0], at_work[0])
        threading.Event().wait(0.05)
        with lock:
            at_work[0] -= 1

    clips.analyze(busy, at_once=2)
    assert most[0] == 2


def test_a_sweep_is_awaited_on_any_loop_and_shows_itself(client, capsys):
    running = oc.sweep("a", "minimax", client=client)

    async def wait():
        return await running

    assert len(asyncio.run(wait()).videos) == 1
    running._ipython_display_()
    assert "<Sweep of 1: 1 succeeded>" in capsys.readouterr().out
    with pytest.raises(TimeoutError):
        oc.sweep("later", "fal", client=client).result(0)


def test_the_package_offers_it():
    code = "import openclaw_nb as oc, openclaw_nb.sweep.cells; print(callable(oc.sweep), oc.Sweep)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.startswith("True <class")
