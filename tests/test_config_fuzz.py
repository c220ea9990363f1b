"""Whatever stands in the configuration, the answer is a setting or a sentence, never a traceback."""

from __future__ import annotations

import json
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from openclaw_nb import config
from openclaw_nb.client import Client
from openclaw_nb.config import edit
from openclaw_nb.core.candidates import find_provider
from openclaw_nb.errors import ConfigError, InvalidInput
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.standings import standings

# A busy machine must not fail a property; a fixture's folder may serve every example.
settings.register_profile(
    "quick",
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
settings.load_profile("quick")

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
    | st.sampled_from(["fal/x", "${NAME}", "$NAME", "https://a.example", "0", "adaptive"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)
JSON5_CHARACTERS = "{}[]:,'\"\\/*\n\r\u2028\ufeff \tabnux019.eE+-INtf_$@\x00\ud800"
TEXTS = st.text(JSON5_CHARACTERS, max_size=40) | st.text(max_size=40)
BYTES = st.binary(max_size=60) | TEXTS.map(lambda text: text.encode("utf-8", "surrogatepass"))
PATHS = [
    "agents",
    "agents.defaults",
    "agents.defaults.model",
    "agents.defaults.mediaMaxMb",
    "agents.defaults.mediaModels.video",
    "agents.defaults.mediaGenerationAutoProviderFallback",
    "agents.defaults.videoGenerationModel",
    "agents.defaults.videoGenerationModel.fallbacks",
    "agents.defaults.videoGenerationModel.timeoutMs",
    "models.providers",
    "models.providers.fal",
    "models.providers.fal.baseUrl",
    "models.providers.fal.headers",
    "models.providers.dashscope.request",
    "models.providers.comfy",
    "models.providers.fal.request.proxy",
    "plugins.entries.comfy.config",
    "plugins.entries.comfy.config.workflowPath",
    "tools.web.fetch.ssrfPolicy",
    "tasks.retentionMs",
    "auth.order",
    "auth.order.fal",
    "env",
    "env.vars",
    "env.shellEnv",
    "gateway",
    "gateway.port",
    "$include",
]


@pytest.fixture
def folder(tmp_path, monkeypatch, environ):
    environ["HOME"] = str(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(call):
    """What comes of a call: its value, or how it was refused."""
    try:
        return call()
    except (ConfigError, InvalidInput) as error:
        return error


@given(BYTES)
@example(b"\xef\xbb\xbf{}")
@example(b'{"a": "\\ud800"}')
@example(b"[" * 5000)
def test_any_file_is_settings_or_an_error_that_names_it(folder, data):
    file = folder / "openclaw.json"
    file.write_bytes(data)
    found = outcome(lambda: config.load(file, {}, home=folder / "home"))
    assert isinstance(found, config.Loaded) or str(file) in str(found)


def placed(path: str, value: object) -> object:
    """The value below the keys of the path."""
    for key in reversed(path.split(".")):
        value = {key: value}
    return value


@given(st.sampled_from(PATHS), JSON)
def test_any_value_at_any_key_is_taken_or_refused_with_file_and_path(folder, path, value):
    file = folder / "openclaw.json"
    file.write_text(json.dumps(placed(path, value)))
    home = folder / "home"
    found = outcome(lambda: Client(file, home=home, environ={}))
    if isinstance(found, ConfigError):
        assert str(file) in str(found)
        assert found.where == str(file) or found.where.split(".")[0] in path
    else:
        assert set(standings(found.vendors)) == {provider.id for provider in PROVIDERS}


@given(st.sampled_from(PATHS) | st.text(max_size=12), JSON)
@example("gateway", {"a": "\ud800"})
@example("agents.defaults.mediaMaxMb", None)
@example("$include", [])
def test_what_is_set_is_got_again_or_refused_and_nothing_is_written(path, value):
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "openclaw.json"
        found = outcome(lambda: edit.set_value(file, path, value))
        if isinstance(found, ConfigError):
            assert "Nothing was sent" not in str(found)
            assert not file.exists()
            return
        assert edit.get_value(file, path) == edit.masked(value, path)
        edit.unset_value(file, path)
        with pytest.raises(ConfigError):
            edit.get_value(file, path)


@given(st.text("abc.[]\"'\\0 ", max_size=12))
def test_any_path_is_read_or_refused(path):
    with suppress(ConfigError):
        assert all(isinstance(step, str | int) for step in edit.steps(path))


@given(TEXTS)
def test_any_typed_value_is_a_value(text):
    with suppress(ConfigError):
        edit.value_of(text, strict=True)
    edit.value_of(text)


@given(BYTES)
def test_any_dotenv_file_gives_variables_or_an_error_that_names_it(folder, data):
    home = folder / "home"
    home.mkdir(exist_ok=True)
    (home / ".env").write_bytes(data)
    found = outcome(lambda: config.load(folder / "none.json", {}, home=home).environ)
    if isinstance(found, ConfigError):
        assert str(home / ".env") in str(found)
    else:
        assert all(isinstance(value, str) for value in found.values())


@given(BYTES | JSON.map(lambda value: json.dumps({"profiles": value}).encode()))
def test_any_file_of_profiles_gives_keys_or_faults(folder, data):
    file = folder / "agents" / "main" / "agent" / "auth-profiles.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    found = config.stored_profiles(folder)
    assert all(isinstance(key, str) for _, key in found.keys.values())
    assert isinstance(found.faults_of("fal"), tuple)


@given(BYTES)
def test_any_login_profile_gives_expected_names_only(folder, data):
    (folder / ".profile").write_bytes(b"FAL_KEY=" + data)
    live = {"OPENCLAW_LIVE_TEST": "1"}
    found = config.load(folder / "none.json", live, home=folder, expected=["FAL_KEY"]).environ
    assert set(found) <= {"FAL_KEY", "OPENCLAW_LIVE_TEST"}


# --- who is configured ----------------------------------------------------------------------------

VARIABLES = sorted({name for provider in PROVIDERS for name in provider.key.env})
IDS = [name for provider in PROVIDERS for name in (provider.id, *provider.aliases)]


@given(
    st.dictionaries(st.sampled_from(VARIABLES), st.sampled_from(["k", " ", ""]), max_size=4),
    st.dictionaries(st.sampled_from(IDS), st.sampled_from(["k", "${GONE}", " "]), max_size=3),
    st.dictionaries(st.sampled_from(IDS), st.just("https://proxy.example/v1"), max_size=2),
)
def test_configured_is_what_a_run_without_a_name_would_try(environ, keys, addresses):
    blocks = {
        id: {"apiKey": keys.get(id, ""), **({"baseUrl": addresses[id]} if id in addresses else {})}
        for id in {*keys, *addresses}
    }
    client = Client({"models": {"providers": blocks}}, home="/nowhere", environ=environ)
    found = standings(client.vendors)
    tried = {ref.provider for ref in client.vendors.detected().refs}
    assert tried == {id for id, standing in found.items() if standing.by_itself}
    for id in tried:
        assert found[id].source
        assert not client.vendors.reach(by_id(client, id)).unusable


def by_id(client, id):
    return find_provider(id, client.vendors.providers)


@given(st.text(max_size=8) | st.sampled_from(IDS), st.text(max_size=8))
def test_any_key_is_taken_for_its_provider_or_refused_without_showing_it(name, key):
    given = {name: f"{key}HUSH" if key else key}
    found = outcome(lambda: Client({}, home="/nowhere", environ={}, keys=given))
    if isinstance(found, InvalidInput):
        assert found.param == "keys"
        assert "HUSH" not in str(found)
    else:
        assert found.vendors.credential(by_id(found, name)).key == given[name].strip()
