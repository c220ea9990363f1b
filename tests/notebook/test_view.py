"""Views without a browser and without a kernel: what the widgets hold and what clicks do."""

import io
import threading
from dataclasses import replace

import pytest

from openclaw_nb.core.domain import TaskState
from openclaw_nb.errors import TaskCancelled
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


def test_the_card_shows_the_task_and_offers_to_cancel(job):
    card = CardView(job.task)
    drawn_until(job.task, card.draw, state=TaskState.RUNNING)
    assert "● Running" in card.head.value
    assert str(REF) in card.head.value
    assert card.cancel.layout.display != "none"
    assert not card.cancel.disabled


def test_a_click_cancels_and_the_button_goes(job):
    card = CardView(job.task)
    card.cancel._handle_msg(
        {"content": {"data": {"method": "custom", "content": {"event": "click"}}}, "buffers": []}
    )
    assert (card.cancel.description, card.cancel.disabled) == ("Cancelling…", True)
    with pytest.raises(TaskCancelled):
        job.task.result(5)
    card.draw(job.task.snapshot)
    assert "● Cancelled" in card.head.value
    assert card.cancel.layout.display == "none"
    card.stop()


def test_the_end_shows_the_player(tmp_path, monkeypatch):
    monkeypatch.setattr(player, "_first_folder", tmp_path)
    path = film(tmp_path / "a.mp4", seconds=1, width=64, height=64)
    job = Job(outcome=a_video(path))
    card = CardView(job.task)
    drawn_until(job.start(), card.draw, state=TaskState.SUCCEEDED)
    assert 'src="data:video/mp4;base64,' in card.body.value, "links do not work inside widgets"
    assert 'src="a.mp4"' in card.bundle()["text/html"]
    assert "● Done" in card.head.value
    assert card.cancel.layout.display == "none"


def test_a_card_has_a_widget_html_and_text(job):
    bundle = CardView(job.task)._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) >= {
        "application/vnd.jupyter.widget-view+json",
        "text/html",
        "text/plain",
    }
    assert REQUEST.prompt in bundle["text/html"]
    assert REQUEST.prompt in bundle["text/plain"]


def test_without_widgets_there_is_html_and_text(job):
    assert set(HtmlView(job.task)._repr_mimebundle_()) == {"text/html", "text/plain"}


def test_the_end_is_published_again_by_the_thread_that_waits(job):
    threads = []

    class Handle:
        def update(self, shown):
            threads.append(threading.current_thread())
            assert "● Done" in shown.bundle()["text/html"]

    card = CardView(job.task)
    card._handle = Handle()
    card.follow()
    job.end()
    job.task.result(5)
    assert threading.current_thread() in threads
    assert loop.core().thread not in threads


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


def test_a_card_needs_no_kernel_to_be_made(job):
    assert isinstance(view._view(job.task), CardView)


def test_a_task_that_ends_while_it_is_being_shown_is_drawn_at_its_end(job):
    card = CardView(job.task)
    card.draw(job.task.snapshot)
    job.end()
    job.task.result(5)
    card.follow()
    drawn_until(job.task, state=TaskState.SUCCEEDED)
    card.repeat()
    assert "● Done" in card.head.value


def test_a_task_that_has_ended_needs_no_widget():
    task = Job().start()
    task.result(5)
    assert type(view._view(task)) is HtmlView
