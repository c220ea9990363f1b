"""What can be used, what would happen and what has happened, as tables."""

from __future__ import annotations

import pytest

import openclaw_nb as oc
from openclaw_nb import api, tables
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Mode
from openclaw_nb.errors import InvalidInput, NoCandidate


@pytest.fixture
def client(tmp_path):
    made = Client({}, home=tmp_path, environ={"FAL_KEY": "secret-fal-key"})
    yield made
    made.close()


def test_functions_are_not_hidden_by_submodules_of_the_same_name():
    import openclaw_nb.providers
    import openclaw_nb.task  # noqa: F401

    assert oc.task is api.task
    assert oc.providers is api.providers


def test_the_table_of_providers_says_where_a_key_comes_from_and_never_the_key(client):
    rows = {row["provider"]: row for row in tables.providers(client)}
    assert rows["fal"]["configured"] == "env FAL_KEY"
    assert rows["minimax"]["configured"].startswith("no, set MINIMAX_API_KEY")
    assert rows["minimax"]["cost"] == "about $0.28 a video, read 2026-10-08"
    assert rows["comfy"]["cost"] == "unknown"
    assert rows["runway"]["from"] == "text, image, video"
    shown = repr(tables.providers(client)) + tables.providers(client)._repr_html_()
    assert "secret-fal-key" not in shown


def test_the_table_of_providers_counts_references(client):
    rows = {row["provider"]: row for row in tables.providers(client)}
    assert rows["fal"]["references"] == "9 images, 3 videos, 3 audio"
    assert rows["openai"]["references"] == "1 image, 1 video"


def test_a_plan_tells_each_candidate_what_is_changed_and_ignored(client):
    found = oc.plan_video(
        "a lobster",
        model="minimax/MiniMax-Hailuo-2.3",
        duration_seconds=5,
        watermark=True,
        client=client,
    )
    first, second = found.verdicts
    assert found.mode is Mode.GENERATE
    assert not first.runs
    assert first.reason.startswith("no API key; set MINIMAX_API_KEY or ")
    assert first.job.duration_seconds == 6
    assert [entry.setting for entry in first.ignored] == ["watermark"]
    assert (str(second.ref), second.runs) == ("fal/fal-ai/minimax/video-01-live", True)


def test_a_plan_names_the_price_and_the_end_of_a_model(client):
    minimax, sora = (
        oc.plan_video("x", model=model, exact_model=True, client=client).verdicts[0]
        for model in ("minimax/MiniMax-Hailuo-2.3", "openai/sora-2")
    )
    assert any(note.startswith("about $") for note in minimax.notes)
    assert "no longer served by its vendor since 2026-09-24" in " ".join(sora.notes)


def test_a_plan_that_skips_says_why(client):
    found = oc.plan_video(
        "x",
        model="fal/fal-ai/heygen/v2/video-agent",
        image="https://example.com/a.png",
        exact_model=True,
        client=client,
    )
    assert not found.verdicts[0].runs
    assert "image" in found.verdicts[0].reason
    assert found.mode is Mode.IMAGE_TO_VIDEO


def test_a_plan_refuses_what_a_run_would_refuse(client, tmp_path):
    with pytest.raises(InvalidInput, match="Nothing was sent"):
        oc.plan_video("x", image=tmp_path / "missing.png", client=client)
    with pytest.raises(NoCandidate), NoKeys(tmp_path) as empty:
        oc.plan_video("x", client=empty)


def test_text_from_outside_is_escaped_in_html(client):
    found = oc.plan_video("x", model="fal/<script>alert(1)</script>", client=client)
    assert "<script>" not in found._repr_html_()


class NoKeys:
    def __init__(self, home):
        self.client = Client({}, home=home, environ={})

    def __enter__(self):
        return self.client

    def __exit__(self, *_):
        self.client.close()


def test_two_prices_in_a_cell_are_not_typeset_as_a_formula():
    html = tables.Table(("about",), (("$0.40 with sound, $0.20 without",),))._repr_html_()
    assert html.startswith('<div class="mathjax_ignore tex2jax_ignore">')
    assert html.count("<div") == html.count("</div>")
