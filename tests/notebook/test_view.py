"""Views without a browser and without a kernel: what the widgets hold and what clicks do."""

import io
import threading
from dataclasses import replace

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import TaskCancelled, TaskLost
from openclaw_nb.notebook import player, view
from openclaw_nb.notebook.pace import Pace
from openclaw_nb.notebook.terminal import Bar
from openclaw_nb.notebook.view import CardView, HtmlView
from openclaw_nb.runtime import loop
from openclaw_nb.task import Snapshot
from tests.notebook.films import film
from tests.toy import FOR_EVER, ID, REF, REQUEST, Job, a_video


@pytest.fixture
def job():
    job = Job(seconds=FOR_EVER)
    job.start()
    yield job
    job.task.cancel()


def drawn_until(task, draw=lambda _: None, *, state):
    """Follow `task` until a view has drawn `state`; the snapshots drawn."""
    drawn, there = [], threading.Event()

    def look(now):
        draw(now)
        drawn.append(now)
        if now.state == state:
            there.set()

    Pace(task, look)
    assert there.wait(10)
    return drawn


def said(card, **content):
    """As the page says it: a click, or that it has drawn the card."""
    card.card._handle_msg(
        {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    )


def offered(card):
    return card.card.now["offers"]


def head(card):
    return card.card.now["head"]


def test_the_card_shows_the_task_and_offers_to_cancel(job):
    card = CardView(job.task)
    drawn_until(job.task, card.draw, state=TaskState.RUNNING)
    assert "● Running" in head(card)
    assert str(REF) in head(card)
    assert offered(card) == ["cancel", "copy"]
    assert not card.card.now["cancelling"]


def test_a_click_cancels_and_the_button_goes(job):
    card = CardView(job.task)
    said(card, event="click")
    assert card.card.now["cancelling"]
    with pytest.raises(TaskCancelled):
        job.task.result(5)
    card.draw(job.task.snapshot)
    assert "● Cancelled" in card.html()
    assert offered(card) == ["copy"]
    assert head(card) == ""
    card.card.stop()


@pytest.fixture(name="card")
def done_card(tmp_path, monkeypatch):
    monkeypatch.setattr(player, "_first_folder", tmp_path)
    path = film(tmp_path / "a.mp4", seconds=1, width=64, height=64)
    job = Job(outcome=a_video(path))
    card = CardView(job.task)
    drawn_until(job.start(), card.draw, state=TaskState.SUCCEEDED)
    return card


def test_the_end_shows_the_player_by_link_and_offers_to_save(card, tmp_path):
    assert 'src="a.mp4"' in card.bundle()["text/html"]
    assert "● Done" in card.bundle()["text/html"]
    assert offered(card) == ["save", "copy"]


def test_a_page_that_was_reloaded_finds_the_end_in_the_widgets(card, tmp_path):
    said(card, event="shown")
    assert card.box.children == (card.card,), "the page has the card above the buttons"
    said(card, event="shown")
    (output,) = card.box.children[0].outputs
    assert 'src="a.mp4"' in output["data"]["text/html"]


def told(card, words):
    """Wait until the card says so, on a worker thread; what it says."""
    there = threading.Event()
    card.card.observe(lambda change: words in change["new"] and there.set(), "told")
    if words not in card.card.told:
        assert there.wait(10), card.card.told
    return card.card.told


def test_save_as_copies_the_file_and_says_where_or_why_not(card, tmp_path):
    said(card, event="save", target=f"{tmp_path}/kept/")
    told(card, "Saved")
    assert (tmp_path / "kept" / "a.mp4").read_bytes() == (tmp_path / "a.mp4").read_bytes()
    said(card, event="save", target=f"{tmp_path}/a.mov")
    assert "the file is .mp4 and a.mov says otherwise" in told(card, "otherwise")
    said(card, event="save", target="")
    assert "name a directory" in told(card, "name a directory")


def test_what_a_page_says_besides_is_no_trouble(job):
    card = CardView(job.task)
    said(card, event="dance")
    said(card)
    assert offered(card) == ["cancel", "copy"]


def lost_with_a_receipt():
    job = Job()
    job.task.update(state=TaskState.RUNNING, ref=REF, job_id="job-1")
    job.task.finish(TaskLost("gone"), state=TaskState.LOST, error="gone", ended_at=1.0)
    return job.task


def test_a_lost_task_with_a_receipt_is_taken_up_in_the_same_card(job):
    lost = lost_with_a_receipt()
    begun = threading.Event()
    lost.offer(
        again=lambda: pytest.fail("nothing is sent"),
        resume=lambda model: begun.set() or job.task,
    )
    card = CardView(lost)
    card.draw(lost.snapshot)
    assert offered(card) == ["resume", "again", "copy"]
    said(card, event="resume")
    assert begun.wait(10)
    drawn_until(job.task, card.draw, state=TaskState.RUNNING)
    assert card.task is job.task
    assert offered(card) == ["cancel", "copy"]
    assert "● Running" in head(card)
    job.end()
    job.task.result(5)
    drawn_until(job.task, card.draw, state=TaskState.SUCCEEDED)
    html = card.bundle()["text/html"]
    assert html.index("● Lost") < html.index("● Done"), "what was before stays above"
    assert "Before: Lost" in html


def test_a_task_without_a_receipt_cannot_be_taken_up():
    job = Job()
    job.task.offer(again=lambda: None, resume=lambda: None)
    job.task.finish(TaskLost("gone"), state=TaskState.LOST, error="gone", ended_at=1.0)
    assert (job.task.resumable, job.task.repeatable) == (False, True)


def test_what_a_button_cannot_do_is_said_beside_it():
    def fail(**_):
        raise TaskLost("its job is at <another> address")

    lost = lost_with_a_receipt()
    lost.offer(again=fail, resume=fail)
    card = CardView(lost)
    card.draw(lost.snapshot)
    said(card, event="resume")
    assert "at <another> address" in told(card, "address"), "the page shows it as text"


def test_the_code_of_a_card_is_the_call_that_makes_it(job):
    code = CardView(job.task).card.code
    assert code == 'oc.generate_video("a friendly lobster surfing at sunset", duration_seconds=5)'


def test_the_outputs_of_a_card_are_html_above_and_widgets_below(job):
    card = CardView(job.task)
    card._apart = True
    assert set(card.bundle()) == {"text/html", "text/plain"}
    assert f"openclaw_nb.task('{ID[:8]}')" in card.bundle()["text/html"].replace("&#x27;", "'")
    below = card.below()
    assert "application/vnd.jupyter.widget-view+json" in below
    assert "● Queued" in below["text/html"] or "● Running" in below["text/html"]


def test_in_one_output_a_card_has_widgets_html_and_text(job):
    bundle = CardView(job.task).whole()
    assert set(bundle) >= {
        "application/vnd.jupyter.widget-view+json",
        "text/html",
        "text/plain",
    }


def test_without_widgets_there_is_html_and_text(job):
    assert set(HtmlView(job.task)._repr_mimebundle_()) == {"text/html", "text/plain"}


class Handle:
    """A displayed output, and which threads changed it."""

    def __init__(self):
        self.threads = []

    def update(self, shown):
        self.threads.append(threading.current_thread())
        assert "● Done" in shown.bundle()["text/html"]


def test_the_end_is_published_again_by_the_thread_that_waits(job):
    view = HtmlView(job.task)
    view._handle = Handle()
    view.follow()
    job.end()
    job.task.result(5)
    assert threading.current_thread() in view._handle.threads
    assert loop.core().thread not in view._handle.threads


def test_a_page_gets_the_end_once_so_that_its_player_goes_on(job):
    card = CardView(job.task)
    card._handle = Handle()
    said(card, event="shown")
    said(card, event="shown")
    job.end()
    job.task.result(5)
    for _ in range(3):
        card.draw(job.task.snapshot)
    assert len(card._handle.threads) == 1
    first = card.box.children[0]
    said(card, event="shown")
    card.draw(job.task.snapshot)
    assert card.box.children[0] is first


def test_many_changes_are_drawn_four_times_a_second_at_most():
    drawn = drawn_until(Job(seconds=1.1).start(), state=TaskState.SUCCEEDED)
    assert 3 <= len(drawn) <= 8


def test_nothing_is_drawn_on_the_core_thread_and_the_last_state_always_is(job):
    threads = set()
    job.end()
    drawn_until(
        job.task,
        lambda _: threads.add(threading.current_thread()),
        state=TaskState.SUCCEEDED,
    )
    assert loop.core().thread not in threads


def test_a_view_that_fails_is_logged_and_goes_on(job, caplog):
    job.end()
    job.task.result(5)
    failing = Job(seconds=0.3)
    ended, calls = threading.Event(), []

    def draw(now):
        calls.append(now)
        if not now.state.active:
            ended.set()
        raise ValueError("cannot draw")

    Pace(failing.start(), draw)
    assert ended.wait(10)
    assert failing.task.result(5)
    assert "cannot draw" in caplog.text


def test_a_task_that_has_ended_is_drawn_once():
    task = Job().start()
    task.result(5)
    assert len(drawn_until(task, state=TaskState.SUCCEEDED)) == 1


class Terminal(io.StringIO):
    def isatty(self):
        return True


def snapshot(**changes):
    return replace(Snapshot(id=ID, request=REQUEST), **changes)


def test_a_terminal_gets_one_line_that_is_overwritten():
    bar = Bar(Terminal())
    bar.draw(snapshot())
    bar.draw(snapshot(state=TaskState.RUNNING, ref=REF))
    assert bar._stream.getvalue().count("\r") == 2
    assert "\n" not in bar._stream.getvalue()
    bar.draw(snapshot(state=TaskState.SUCCEEDED, ref=REF, ended_at=1.0, started_at=0.0))
    assert bar._stream.getvalue().endswith("\x1b[K\n")


def test_a_file_gets_a_line_per_change_of_state():
    bar = Bar(io.StringIO())
    for progress in (0.1, 0.2, 0.3):
        bar.draw(snapshot(state=TaskState.RUNNING, ref=REF, progress=progress))
    bar.draw(snapshot(state=TaskState.SUCCEEDED, ref=REF))
    lines = bar._stream.getvalue().splitlines()
    assert [line.split()[0] for line in lines] == ["Running", "Done"]


def test_a_closed_terminal_is_no_trouble():
    Bar(_Closed()).draw(snapshot())


class _Closed(io.StringIO):
    def write(self, text):
        raise BrokenPipeError


def test_in_a_script_a_task_shows_itself_on_stderr(job, capsys):
    assert job.task.show() is job.task
    job.end()
    job.task.result(5)
    assert capsys.readouterr().err.count("Done") == 1


def test_as_a_value_in_a_terminal_it_is_a_few_lines(job, capsys):
    job.task._ipython_display_()
    assert REQUEST.prompt in capsys.readouterr().out


def test_a_bundle_without_a_kernel_is_html_and_text(job):
    assert set(job.task._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_where_nobody_sits_at_the_notebook_a_task_is_html(job):
    assert type(view._view(job.task)) is HtmlView


def test_a_task_that_ends_while_it_is_being_shown_is_drawn_at_its_end(job):
    card = CardView(job.task)
    card.draw(job.task.snapshot)
    job.end()
    job.task.result(5)
    card.follow()
    drawn_until(job.task, state=TaskState.SUCCEEDED)
    card.repeat()
    assert "● Done" in card.html()
