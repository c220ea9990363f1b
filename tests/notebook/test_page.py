"""The page that stands alone: within its size, nothing in it runs but its own script."""

import base64
import hashlib
import json
import re

import numpy as np
import pytest
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.errors import InvalidInput
from tests.notebook.films import film
from tests.notebook.test_render import EVIL


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clips")
    return [film(folder / f"{name}.mp4", width=96, height=54, seconds=1) for name in "abcde"]


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    path = tmp_path_factory.mktemp("large") / "large.mp4"
    film(path, width=640, height=360, noise=90, seconds=1)
    assert path.stat().st_size > 900_000
    return path


def data_of(page):
    (text,) = re.findall(
        r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL
    )
    return json.loads(text)


def test_small_clips_are_in_the_page_as_they_are(clips, tmp_path):
    path = oc.compare(clips[:2]).save_html(tmp_path / "new" / "comparison.html")
    assert path == tmp_path / "new" / "comparison.html"
    items = data_of(path.read_text("utf-8"))["items"]
    assert [base64.b64decode(item["data"]) for item in items] == [c.read_bytes() for c in clips[:2]]
    assert all(item["link"] is None for item in items)


def test_the_page_says_nothing_of_where_its_clips_were(clips, tmp_path):
    page = oc.compare(clips[:2]).save_html(tmp_path / "a.html").read_text("utf-8")
    assert str(clips[0].parent) not in page


def test_large_clips_become_previews_within_the_budget_and_that_is_said(clips, large, tmp_path):
    path = oc.compare(large, clips[0]).save_html(tmp_path / "a.html", max_bytes=1_000_000)
    assert path.stat().st_size <= 1_000_000
    first, second = data_of(path.read_text("utf-8"))["items"]
    assert re.search(r"here a preview, \d+ kB$", first["facts"])
    assert "preview" not in second["facts"]
    assert len(base64.b64decode(first["data"])) < large.stat().st_size


def test_what_does_not_fit_at_all_shows_its_poster_and_says_so(tmp_path):
    noise = np.random.default_rng(1).integers(0, 255, (300, 400, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png")
    path = oc.gallery([tmp_path / "noise.png"] * 60).save_html(
        tmp_path / "a.html", max_bytes=1_000_000
    )
    assert path.stat().st_size <= 1_000_000
    first, *_, last = data_of(path.read_text("utf-8"))["items"]
    assert first["data"] is last["data"] is None
    assert first["facts"].endswith("too large to be in this page")
    assert first["poster"]
    assert not last["poster"], "sixty posters would take more than half of the page"


def test_a_budget_too_small_for_a_page_is_refused(clips, tmp_path):
    with pytest.raises(InvalidInput, match="max_bytes: 1000000 or more; got 5"):
        oc.compare(clips[:2]).save_html(tmp_path / "a.html", max_bytes=5)
    assert not (tmp_path / "a.html").exists()


def test_the_differences_of_the_first_pairs_are_in_the_page(clips, tmp_path):
    page = oc.compare(clips).save_html(tmp_path / "a.html").read_text("utf-8")
    curves = data_of(page)["curves"]
    assert list(curves) == ["0 1", "0 2", "0 3", "0 4", "1 2", "1 3"]
    assert len(curves["0 1"]["mean"]) == 24


def test_nobodys_words_end_the_data_or_become_markup(clips, tmp_path):
    evil = f"{EVIL}</script><!--"
    path = oc.compare(clips[:2], labels=[evil, "b"]).save_html(tmp_path / "a.html", title=evil)
    page = path.read_text("utf-8")
    assert "<script>alert" not in page
    assert page.count("</script>") == 2
    assert "<!--" not in page
    assert data_of(page)["items"][0]["label"] == evil


def test_only_the_pages_own_script_and_style_are_allowed(clips, tmp_path):
    page = oc.compare(clips[:2]).save_html(tmp_path / "a.html").read_text("utf-8")
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', page)
    assert policy.startswith("default-src 'none'; ")
    assert "unsafe" not in policy
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)", page)
