"""Cards as text: what is said, in which order, and that nobody's words become markup."""

import re
import time
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from openclaw_nb.core.domain import Attempt, Change, Ignored, Ref, Request, TaskState, Why
from openclaw_nb.notebook import render, words
from openclaw_nb.notebook.render import Picture, result_html, result_text, task_html, task_text
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.task import Snapshot
from tests.toy import ID, REF, REQUEST, a_video

EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
SORA = Ref("openai", "sora-2")
CLIP = Clip(width=1280, height=720, seconds=8.0, fps=24.0, codec="h264", sound="aac")
PICTURE = Picture(src="clips/lobster.mp4", link="clips/lobster.mp4", poster=b"\xff\xd8", clip=CLIP)
REFUSED = Attempt(
    ref=SORA, error="not allowed", why=Why.CONTENT_POLICY, status=400, code="moderated"
)


def snapshot(**changes):
    now = Snapshot(
        id=ID, request=REQUEST, state=TaskState.RUNNING, ref=REF, started_at=time.time() - 72
    )
    return replace(now, **changes)


def ended(state, **changes):
    now = snapshot()
    return replace(now, state=state, ended_at=now.started_at + 42, **changes)


class Reader(HTMLParser):
    """The tags, in order, and the text."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.text, self.open = [], [], []
        self.feed(html)
        assert self.open == [], "every tag is closed"

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in {"br", "img"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def text_of(html):
    return "\n".join(Reader(html).text)


def tags_of(html, name):
    return [attrs for tag, attrs in Reader(html).tags if tag == name]


def test_a_running_task_shows_state_model_prompt_time_phase_attempt_and_usual_time():
    now = snapshot(phase="in the queue", attempt=2, candidates=3, usual_seconds=90.0)
    for shown in (text_of(task_html(now)), task_text(now)):
        for part in ("Running", str(REF), REQUEST.prompt, "1:12", "in the queue"):
            assert part in shown
        assert "attempt 2 of 3" in shown
        assert "usually about 1 min 30 s" in shown


def test_the_bar_is_determinate_when_the_provider_reports_progress():
    (bar,) = tags_of(task_html(snapshot(progress=0.42, usual_seconds=1.0)), "progress")
    assert (bar["value"], bar["max"]) == ("0.420", "1")
    assert "42%" in task_text(snapshot(progress=0.42))


def test_the_bar_runs_against_the_usual_time_and_never_claims_the_end():
    (bar,) = tags_of(task_html(snapshot(usual_seconds=144.0)), "progress")
    assert float(bar["value"]) == pytest.approx(0.5, abs=0.01)
    (bar,) = tags_of(task_html(snapshot(usual_seconds=10.0)), "progress")
    assert bar["value"] == "0.950"


def test_the_bar_is_indeterminate_when_nothing_is_known():
    (bar,) = tags_of(task_html(snapshot()), "progress")
    assert "value" not in bar


@pytest.mark.parametrize("state", [state for state in TaskState if not state.active])
def test_an_ended_task_has_a_word_and_no_bar(state):
    html = task_html(ended(state))
    assert words.state(state) in text_of(html)
    assert tags_of(html, "progress") == []
    assert "0:42" in text_of(html)


def test_notices_stand_above_everything():
    now = snapshot(notices=("openai was skipped: no key", "already at work"))
    lines = text_of(task_html(now)).splitlines()
    assert lines[:2] == ["openai was skipped: no key", "already at work"]
    assert task_text(now).startswith("! openai was skipped: no key\n! already at work\nRunning")


def test_another_model_than_asked_is_said_first():
    asked = replace(REQUEST, model="openai/sora-2")
    video = a_video(Path("a.mp4"), request=asked, warnings=("no sound",))
    said = "fal/fal-ai/minimax/video-01-live made this, not openai/sora-2 as asked"
    assert text_of(result_html(video)).startswith(f"{said}\nno sound")
    assert result_text(video).startswith(f"! {said}\n! no sound")
    now = ended(TaskState.SUCCEEDED, result=video, request=asked, notices=("no sound",))
    assert text_of(task_html(now)).startswith(f"no sound\n{said}")


@pytest.mark.parametrize("asked", [None, str(REF), REF.model, REF.provider])
def test_the_model_that_was_asked_for_is_no_surprise(asked):
    assert words.result_notices(a_video(request=replace(REQUEST, model=asked))) == []


def test_a_video_plays_by_relative_address_with_a_poster_and_its_facts():
    html = result_html(a_video(Path("clips/lobster.mp4"), elapsed_seconds=42.2), [PICTURE])
    (player,) = tags_of(html, "video")
    assert player["src"] == "clips/lobster.mp4"
    assert player["poster"].startswith("data:image/jpeg;base64,")
    assert "controls" in player
    assert tags_of(html, "source") == []
    text = text_of(html)
    assert "8.0 s · 1280×720 · 24 fps · h264 + aac · 1 kB" in text
    assert "made by fal in 42 s" in text


def test_a_poster_stands_alone_when_nothing_can_be_played():
    html = result_html(a_video(Path("a.mp4")), [replace(PICTURE, src=None, link=None)])
    assert tags_of(html, "video") == []
    assert len(tags_of(html, "img")) == 1


def test_every_file_is_shown_and_one_without_a_picture_by_its_facts():
    file = SavedFile(media_type="video/mp4", name="b.mp4", path=Path("b.mp4"), size_bytes=2_500_000)
    video = replace(a_video(Path("a.mp4")), files=(*a_video(Path("a.mp4")).files, file))
    assert "2.5 MB" in text_of(result_html(video, [PICTURE]))
    assert len(tags_of(result_html(video, [PICTURE]), "figure")) == 2
    assert "b.mp4 · 2.5 MB" in result_text(video, [PICTURE])


def test_a_file_too_large_to_keep_is_explained_and_its_address_is_not_shown():
    file = SavedFile(media_type="video/mp4", name="a.mp4", url="https://x.example/?token=secret")
    video = replace(a_video(), files=(file,))
    for shown in (result_html(video), result_text(video)):
        assert "too large to be kept" in shown
        assert "secret" not in shown


def test_what_was_changed_and_ignored_is_said_in_words():
    video = a_video(
        Path("a.mp4"),
        changes=(
            Change(
                setting="duration_seconds", requested=5, applied=6, why="makes 4, 6 or 8 seconds"
            ),
            Change(
                setting="resolution", requested="4K", applied="1080P", supported=("720P", "1080P")
            ),
            Change(setting="aspect_ratio", requested=None, applied="16:9"),
        ),
        ignored=(Ignored(setting="watermark", value=False, why="there is no such setting"),),
    )
    lines = [
        "duration_seconds: asked 5, sent 6 (makes 4, 6 or 8 seconds)",
        "resolution: asked 4K, sent 1080P (takes 720P or 1080P)",
        "aspect_ratio: not asked, sent 16:9",
        "watermark: False not sent (there is no such setting)",
    ]
    assert words.settings(video) == lines
    joined = text_of(result_html(video)).replace("\n", "")
    for line in lines:
        assert line in joined
        assert line in result_text(video)


def test_candidates_that_gave_no_video_are_folded_away():
    now = snapshot(attempts=(REFUSED, replace(REFUSED, why=Why.SKIPPED, status=None, code=None)))
    html = task_html(now)
    (fold,) = tags_of(html, "details")
    assert "open" not in fold
    assert "2 candidates gave no video" in text_of(html)
    assert "content policy, HTTP 400, moderated" in text_of(html)
    assert "- openai/sora-2 (skipped): not allowed" in task_text(now)


def test_an_error_says_what_who_and_what_to_do():
    now = ended(TaskState.FAILED, error="not allowed", ref=SORA, attempts=(REFUSED,))
    for shown in (text_of(task_html(now)), task_text(now)):
        assert "openai/sora-2 · content policy, HTTP 400, moderated" in shown
        assert "not allowed" in shown
        assert "Change the prompt or the references." in shown


def test_a_lost_task_says_how_to_take_it_up():
    now = ended(TaskState.LOST, error="the process is gone", job_id="job-1")
    assert "openclaw_nb.resume('1a2b3c4d')" in text_of(task_html(now))
    without = ended(TaskState.LOST, error="may have been submitted; look at the list of jobs")
    assert "resume(" not in text_of(task_html(without))


def test_nothing_sent_is_said():
    assert "Nothing was sent" in task_text(ended(TaskState.FAILED, error="no model", ref=None))


@pytest.mark.parametrize("why", list(Why))
def test_every_class_of_failure_can_be_shown(why):
    attempt = Attempt(ref=SORA, error="it said no", why=why)
    now = ended(TaskState.FAILED, error="it said no", attempts=(attempt,))
    assert "{" not in task_text(now)
    assert "it said no" in text_of(task_html(now))


def test_what_the_emulator_made_is_marked():
    video = a_video(Path("a.mp4"), emulated=True)
    now = ended(TaskState.SUCCEEDED, result=video)
    for shown in (result_html(video), result_text(video), task_html(now)):
        assert "EMULATED" in shown
    assert "EMULATED" not in result_html(a_video())


def evil_cards():
    ref = Ref(EVIL, EVIL)
    attempt = Attempt(ref=ref, error=EVIL, why=Why.SERVER_ERROR, status=500, code=EVIL)
    request = Request(prompt=EVIL, model=EVIL)
    file = SavedFile(media_type="video/mp4", name=EVIL, path=Path(f"/x/{EVIL.replace('/', '')}"))
    video = a_video(
        ref=ref,
        request=request,
        files=(file, replace(file, path=None)),
        warnings=(EVIL,),
        attempts=(attempt,),
        changes=(
            Change(setting=EVIL, requested=EVIL, applied=EVIL, supported=(EVIL,)),
            Change(setting="size", requested=EVIL, applied=EVIL, why=EVIL),
        ),
        ignored=(Ignored(setting=EVIL, value=EVIL, why=EVIL),),
    )
    picture = Picture(src=EVIL, link=EVIL, poster=b"x", clip=replace(CLIP, codec=EVIL, sound=EVIL))
    base = snapshot(
        ref=ref, request=request, phase=EVIL, notices=(EVIL,), attempts=(attempt,), attempt=1
    )
    yield result_html(video, [picture, replace(picture, src=None)])
    yield task_html(base)
    yield task_html(replace(base, ref=None))
    yield task_html(replace(base, state=TaskState.FAILED, error=EVIL))
    yield task_html(replace(base, state=TaskState.SUCCEEDED, result=video), [picture])


@pytest.mark.parametrize("html", [*evil_cards()])
def test_nobodys_words_become_markup(html):
    assert "<script" not in html
    assert "<img src=x" not in html
    tags = Reader(html).tags
    assert not [attrs for _, attrs in tags for name in attrs if name.startswith("on")]
    known = {"div", "span", "strong", "br", "progress", "details", "summary", "ul", "li"}
    assert {tag for tag, _ in tags} <= known | {"figure", "figcaption", "video", "img", "a"}


@pytest.mark.parametrize("html", [*evil_cards()])
def test_colours_follow_the_theme_and_have_a_fallback(html):
    assert "<style" not in html
    assert "class=" not in html
    assert re.findall(r"var\(--jp-[\w-]+\)", html) == []


def test_long_prompts_and_errors_do_not_become_a_wall_of_text():
    now = ended(TaskState.FAILED, error="x" * 50_000, request=Request(prompt="y" * 50_000))
    assert len(task_html(now)) < 5_000
    assert len(task_text(ended(TaskState.FAILED, request=Request(prompt="y" * 50_000)))) < 1_000


def test_a_task_fits_in_one_line_for_a_terminal():
    line = render.task_line(snapshot(progress=0.5, phase="at work"))
    assert line == f"Running 1:12 [##########..........] · {REF} · at work · 50%"


@pytest.mark.parametrize(
    "seconds, shown", [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3723, "1:02:03"), (-1, "0:00")]
)
def test_clock(seconds, shown):
    assert words.clock(seconds) == shown


@pytest.mark.parametrize(
    "seconds, shown", [(0.44, "0.4 s"), (42.4, "42 s"), (60, "1 min"), (185, "3 min 5 s")]
)
def test_spans(seconds, shown):
    assert words.taken(seconds) == shown


@pytest.mark.parametrize(
    "count, shown", [(812, "812 B"), (9_400, "9 kB"), (5_720_000, "5.7 MB"), (0, "0 B")]
)
def test_sizes(count, shown):
    assert words.size(count) == shown


@pytest.mark.parametrize(
    "values, shown", [((4, 6, 8), "4, 6 or 8"), (("16:9",), "16:9"), ((), ""), ((1, 2), "1 or 2")]
)
def test_choices(values, shown):
    assert words.choice(values) == shown


def test_a_bundle_has_html_and_text():
    assert set(render.result_bundle(a_video())) == {"text/html", "text/plain"}
