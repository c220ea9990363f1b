"""`%openclaw` and `%%video` in an IPython shell, against the emulator."""

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

import openclaw_nb as oc
from openclaw_nb import api
from openclaw_nb.core.domain import TaskState
from openclaw_nb.notebook import player


@pytest.fixture
def shell(monkeypatch):
    monkeypatch.setattr(api, "_default", None)
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "openclaw_nb")
    yield shell
    shell.run_line_magic("openclaw", "live")
    api.default_client().close()
    InteractiveShell.clear_instance()


@pytest.fixture
def emulated(shell):
    shell.run_line_magic("openclaw", "emulate")
    return shell


def openclaw(shell, line=""):
    return shell.run_line_magic("openclaw", line)


def video(shell, line, prompt="a heron takes off"):
    return shell.run_cell_magic("video", line, prompt)


def test_openclaw_shows_the_settings_and_no_key(shell, environ, tmp_path):
    environ["FAL_KEY"] = "secret-of-mine"
    environ["OPENCLAW_STATE_DIR"] = str(tmp_path / "here")
    bundle = openclaw(shell)._repr_mimebundle_()
    for shown in bundle.values():
        assert "fal (env FAL_KEY)" in shown
        assert str(tmp_path / "here") in shown
        assert "the providers" in shown
        assert "secret" not in shown


def test_openclaw_emulate_and_live_switch_the_default_client(shell):
    emulation = openclaw(shell, "emulate")
    assert "no keys, no network" in emulation._repr_mimebundle_()["text/plain"]
    assert "stand-ins for" in openclaw(shell)._repr_mimebundle_()["text/plain"]
    assert "the providers" in openclaw(shell, "live")._repr_mimebundle_()["text/plain"]


def test_openclaw_lists_providers_and_tasks(emulated):
    assert len(openclaw(emulated, "providers")) >= 16
    assert len(openclaw(emulated, "tasks")) == 0


def test_openclaw_show_says_how_files_are_shown(shell, monkeypatch):
    monkeypatch.setattr(player, "_chosen", None)
    openclaw(shell, "show embed")
    assert player._chosen == "embed"
    openclaw(shell, "show auto")
    with pytest.raises(UsageError, match="none of auto, embed, link"):
        openclaw(shell, "show big")


@pytest.mark.parametrize("line", ["dance", "show", "tasks now"])
def test_openclaw_lists_its_words_when_it_knows_one_not(shell, line):
    with pytest.raises(UsageError, match="%openclaw emulate"):
        openclaw(shell, line)


def test_openclaw_help_prints_them(shell, capsys):
    assert openclaw(shell, "help") is None
    assert "%openclaw tasks" in capsys.readouterr().out


def test_the_body_of_a_cell_becomes_a_video_under_a_name(emulated):
    task = video(emulated, "--model minimax/MiniMax-Hailuo-2.3 -d 6 --as heron")
    assert emulated.user_ns["heron"] is task
    made = task.result(60)
    assert (made.request.prompt, made.request.duration_seconds) == ("a heron takes off", 6)
    assert (task.state, made.emulated) == (TaskState.SUCCEEDED, True)


def test_a_reference_may_be_a_variable_of_the_notebook(emulated, picture, tmp_path):
    emulated.user_ns["pond"] = picture
    (tmp_path / "a b.png").write_bytes(picture)
    line = "--model minimax/MiniMax-Hailuo-2.3 --image pond --plan"
    assert "image-to-video" in repr(video(emulated, line))
    line = f"--model minimax/MiniMax-Hailuo-2.3 --image '{tmp_path}/a b.png' --plan"
    assert "image-to-video" in repr(video(emulated, line))


def test_plan_sends_nothing(emulated):
    forecast = video(
        emulated, "--model openai/sora-2 -r 16:9 --no-watermark --option seed=4 --plan"
    )
    assert "would run" in repr(forecast)
    assert len(oc.tasks()) == 0


@pytest.mark.parametrize(
    "line, prompt, said",
    [
        ("--duraton 5", "a heron", "unrecognized arguments: --duraton"),
        ("--duration long", "a heron", "invalid float value: 'long'"),
        ("--model 'open", "a heron", "No closing quotation"),
        ("--option seed", "a heron", "--option 'seed' is not NAME=VALUE"),
        ("--as 2nd", "a heron", "--as '2nd' is no name of a variable"),
        ("", "  \n ", "it is empty"),
        ("--duration 0", "a heron", "duration_seconds"),
        ("--image nowhere.png", "a heron", "nowhere.png"),
    ],
)
def test_what_is_wrong_is_said_in_a_line_and_nothing_is_sent(emulated, line, prompt, said):
    with pytest.raises(UsageError, match=said):
        video(emulated, line, prompt)
    assert len(oc.tasks()) == 0


def test_help_on_the_magics_lists_their_options(shell):
    found = shell.object_inspect_text("%%video")
    assert "--aspect-ratio" in found
    assert "%openclaw emulate" in shell.object_inspect_text("%openclaw")
