"""What Tab and `?` say about the public names."""

import inspect
import json
import subprocess
import sys

import pytest

import openclaw_nb as oc
from openclaw_nb.core.parameters import PARAMETERS

CALLS = ["oc.generate_video", "oc.plan_video", "client.generate_video"]
KEYWORDS = {each.snake for each in PARAMETERS} - {"action", "prompt"}


# In a process of its own: jedi cannot read modules that pytest has loaded in its own way.
OFFERED = """
import json, sys
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
import openclaw_nb as oc

shell = InteractiveShell.instance()
shell.user_ns.update(oc=oc, client=oc.Client({}))
found = {}
for call in sys.argv[1:]:
    for shell.Completer.use_jedi in (True, False):
        code = f"{call}('a heron', dur"
        with provisionalcompleter():
            offered = shell.Completer.completions(code, len(code))
            found[f"{call} {shell.Completer.use_jedi}"] = [each.text for each in offered]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def offered():
    command = [sys.executable, "-c", OFFERED, *CALLS]
    return json.loads(subprocess.check_output(command, text=True, timeout=100))


@pytest.mark.parametrize("use_jedi", [True, False])
@pytest.mark.parametrize("call", CALLS)
def test_tab_offers_the_parameters(offered, call, use_jedi):
    assert "duration_seconds=" in offered[f"{call} {use_jedi}"]


@pytest.mark.parametrize("function", [oc.generate_video, oc.plan_video, oc.Client.generate_video])
def test_every_parameter_of_the_tool_is_in_the_signature(function):
    assert set(inspect.signature(function).parameters) >= KEYWORDS | {"prompt", "exact_model"}
    assert not [
        each
        for each in inspect.signature(function).parameters.values()
        if each.kind is each.VAR_KEYWORD
    ]


@pytest.mark.parametrize("name", oc.__all__)
def test_help_begins_with_one_short_line(name):
    first, *rest = inspect.getdoc(getattr(oc, name)).splitlines()
    assert 10 <= len(first) <= 110
    assert not rest or rest[0] == ""


@pytest.mark.parametrize("name", ["generate_video", "emulate", "read_request", "plan_video"])
def test_help_tells_every_argument_of_its_own(name):
    function = getattr(oc, name)
    told = inspect.getdoc(function)
    own = set(inspect.signature(function).parameters) - (
        KEYWORDS if name == "plan_video" else set()
    )
    for argument in own:
        assert f"{argument}:" in told


def html_and_text(thing):
    bundle = thing._repr_mimebundle_(include=None, exclude=None)
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].startswith("<")
    assert "<" not in bundle["text/plain"][:1]
    return bundle


def test_what_the_package_returns_shows_itself_as_html_and_as_text(client):
    forecast = oc.plan_video("a heron", model="openai/sora-2", client=client)
    rows = list(oc.Client.tasks(client))
    assert rows == []
    for thing in (client, forecast, forecast.table, next(iter(forecast.table))):
        html_and_text(thing)


def test_a_client_counts_its_tasks_and_makes_no_file_to_do_so(make_client, home):
    client = make_client("fal")
    assert "none yet" in html_and_text(client)["text/plain"]
    assert not home.exists()
    client.generate_video("a heron").result(60)
    assert "1 succeeded" in html_and_text(client)["text/plain"]
