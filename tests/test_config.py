"""Settings: the file, the environment, and where a key comes from."""

from __future__ import annotations

import traceback

import pytest

import openclaw_nb as oc
from openclaw_nb import config
from openclaw_nb.client import Client
from openclaw_nb.errors import ConfigError
from openclaw_nb.providers import PROVIDERS, by_id

FILE = """
// An OpenClaw configuration, with what this package does not know.
{
  gateway: {port: 18789},
  agents: {
    defaults: {
      videoGenerationModel: {primary: 'fal/x', fallbacks: ["minimax/y",], timeoutMs: 180000},
      model: "openai/gpt-x",
      mediaMaxMb: 0.5, /* half */
      mediaGenerationAutoProviderFallback: false,
    },
  },
  models: {providers: {fal: {apiKey: "HUSH", baseUrl: "http://127.0.0.1:1/fal"}}},
}
"""


@pytest.fixture
def write(tmp_path):
    def to_file(text: str, name: str = "openclaw.json"):
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return to_file


def of_model(value: object) -> config.ModelChoice:
    found = config.read({"agents": {"defaults": {"videoGenerationModel": value}}})
    return found.agents.defaults.video_generation_model


def test_the_file_is_json5(write):
    found = config.load(write(FILE))
    defaults = found.agents.defaults
    assert defaults.video_generation_model.primary == "fal/x"
    assert defaults.video_generation_model.fallbacks == ("minimax/y",)
    assert defaults.video_generation_model.timeout_ms == 180_000
    assert defaults.model.primary == "openai/gpt-x"
    assert defaults.media_generation_auto_provider_fallback is False
    assert found.provider("fal").base_url == "http://127.0.0.1:1/fal"
    assert found.provider("minimax") == config.ProviderSettings()


@pytest.mark.parametrize("text", ["", "  \n", "{}", "// nothing\n{}"])
def test_an_empty_file_and_a_missing_one_are_no_settings(write, text, tmp_path):
    assert config.load(write(text)) == config.Settings()
    assert config.load(tmp_path / "missing.json") == config.Settings()


def test_a_model_is_a_string_or_an_object():
    assert of_model("fal/x") == config.ModelChoice(primary="fal/x")
    assert of_model({"primary": "fal/x"}) == of_model("fal/x")
    assert of_model({"fallbacks": ["a/b"]}).primary is None


@pytest.mark.parametrize(
    "values, where",
    [
        (
            {"agents": {"defaults": {"videoGenerationModel": {"timeoutMs": 0}}}},
            "agents.defaults.videoGenerationModel.timeoutMs",
        ),
        (
            {"agents": {"defaults": {"videoGenerationModel": 7}}},
            "agents.defaults.videoGenerationModel",
        ),
        ({"agents": {"defaults": {"mediaMaxMb": "much"}}}, "agents.defaults.mediaMaxMb"),
        ({"models": {"providers": {"fal": {"apiKey": 5}}}}, "models.providers.fal.apiKey"),
        ({"models": {"providers": []}}, "models.providers"),
        ([], "the configuration"),
    ],
)
def test_an_error_names_the_path_of_the_key(values, where):
    with pytest.raises(ConfigError) as caught:
        config.read(values)
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where}: ")
    assert "Nothing was sent" in str(caught.value)


def test_an_error_shows_no_value_of_the_file(write):
    broken = write('{models: {providers: {fal: {apiKey: ["SECRET-1"], baseUrl: "SECRET-2"}}}}')
    with pytest.raises(ConfigError) as caught:
        config.load(broken)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("text", ["{", "{a: }", "[[[[", "{a: 1} b"])
def test_a_file_that_is_not_json5_is_named(write, text):
    path = write(text)
    with pytest.raises(ConfigError, match="is not JSON5") as caught:
        config.load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        config.load(tmp_path)


@pytest.mark.parametrize(
    "megabytes, size",
    [
        (0.5, 524_288),
        (1.7, 1_782_579),
        (16, 16_777_216),
        (100, 104_857_600),
        (0, None),
        (-1, None),
        (float("nan"), None),
        (float("inf"), None),
        (1e-7, None),
        (None, None),
    ],
)
def test_media_max_mb_is_a_limit_in_bytes_when_it_is_finite_and_above_zero(megabytes, size):
    found = config.read({"agents": {"defaults": {"mediaMaxMb": megabytes}}})
    assert found.media_max_bytes == size


def test_media_max_mb_bounds_references_and_outputs(home, tmp_path):
    settings = {"agents": {"defaults": {"mediaMaxMb": 0.001}}}
    client = Client(settings, home=home, environ={"FAL_KEY": "k"})
    large = tmp_path / "large.png"
    large.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(2000))
    with pytest.raises(oc.InvalidInput, match="mediaMaxMb raises it") as caught:
        client.generate_video("a crab", image=large)
    assert caught.value.code == "too-large"
    assert client.store.max_bytes == 1048


def test_variables_name_the_state_directory_and_the_file(tmp_path, write):
    elsewhere = {"OPENCLAW_STATE_DIR": str(tmp_path / "s")}
    named = elsewhere | {"OPENCLAW_CONFIG_PATH": str(write(FILE, "other.json5"))}
    assert config.state_dir(elsewhere) == tmp_path / "s"
    assert config.config_path(elsewhere, tmp_path / "s") == tmp_path / "s" / "openclaw.json"
    client = Client(environ=named)
    assert client.home == tmp_path / "s"
    assert client.settings.agents.defaults.video_generation_model.primary == "fal/x"
    assert str(config.state_dir({})).endswith(".openclaw")
    assert Client(home=tmp_path / "t", environ=elsewhere).home == tmp_path / "t"


def test_the_file_in_the_state_directory_is_read(home):
    home.mkdir()
    (home / "openclaw.json").write_text("{agents: {defaults: {videoGenerationModel: 'a/b'}}}")
    client = Client(home=home, environ={})
    assert client.settings.agents.defaults.video_generation_model.primary == "a/b"


@pytest.mark.parametrize(
    "configured, environ, key, source",
    [
        (None, {"FAL_KEY": "one"}, "one", "env FAL_KEY"),
        (None, {"FAL_KEY": "one", "FAL_API_KEY": "two"}, "one", "env FAL_KEY"),
        (None, {"FAL_KEY": "  ", "FAL_API_KEY": " two "}, "two", "env FAL_API_KEY"),
        ("three", {"FAL_API_KEY": "two"}, "two", "env FAL_API_KEY"),
        ("three", {}, "three", "config"),
        ("${MINE}", {"MINE": "four"}, "four", "config, from env MINE"),
        ("$MINE", {"MINE": "four"}, "four", "config, from env MINE"),
    ],
)
def test_a_key_has_a_source_that_may_be_shown(configured, environ, key, source):
    fal = by_id["fal"]
    values = {"models": {"providers": {"fal": {"apiKey": configured}}}} if configured else {}
    found = config.credential("fal", fal.key.env, config.read(values), environ)
    assert found is not None
    assert (found.key, found.source) == (key, source)
    assert key not in repr(found)


def test_a_reference_to_a_variable_that_is_not_set_is_no_key():
    values = config.read({"models": {"providers": {"fal": {"apiKey": "${MINE}"}}}})
    assert config.credential("fal", ("FAL_KEY",), values, {}) is None


def test_a_secret_reference_names_a_variable():
    secret = {"source": "env", "id": "MINE"}
    values = config.read({"models": {"providers": {"fal": {"apiKey": secret}}}})
    found = config.credential("fal", ("FAL_KEY",), values, {"MINE": "four"})
    assert found is not None
    assert (found.key, found.source) == ("four", "config, from env MINE")


def test_values_of_keys_are_in_no_repr(write, home):
    client = Client(write(FILE), home=home, environ={"MINIMAX_API_KEY": "HUSH"})
    provider = client.settings.provider("fal")
    assert provider.api_key is not None
    assert provider.api_key.get_secret_value() == "HUSH"
    shown = [client, client.settings, provider, *map(client.vendors.reach, PROVIDERS)]
    assert not any("HUSH" in repr(each) or "HUSH" in str(each) for each in shown)
