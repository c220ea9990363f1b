"""Settings: the file, the environment, and where a key comes from."""

from __future__ import annotations

import json
import traceback

import pytest
from click.testing import CliRunner

import openclaw_nb as oc
from openclaw_nb import config, tables
from openclaw_nb.cli import main
from openclaw_nb.client import Client
from openclaw_nb.config import edit
from openclaw_nb.errors import ConfigError
from openclaw_nb.providers import PROVIDERS, by_id
from openclaw_nb.standings import standings
from tests.rows import rows
from tests.security.test_keys import everything

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


def load(path, environ=None, **more):
    """The settings of a file."""
    return config.load(path, environ or {}, home=path.parent / "home", **more).settings


def key_of(values, environ, home=None, **more):
    """fal's key, as a client with this configuration finds it."""
    profiles = config.stored_profiles(home) if home else config.Profiles()
    keyring = config.Keyring(config.read(values), environ, profiles, **more)
    return keyring.find(("fal",), by_id["fal"].key.env)


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
    found = load(write(FILE))
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
    assert load(write(text)) == config.Settings()
    assert load(tmp_path / "missing.json") == config.Settings()


def test_a_model_is_a_string_or_an_object():
    assert of_model("fal/x") == config.ModelChoice(primary="fal/x")
    assert of_model({"primary": "fal/x"}) == of_model("fal/x")
    assert of_model({"fallbacks": ["a/b"]}).primary is None


def test_the_later_names_of_the_models_count_where_the_usual_ones_are_absent():
    later = {"video": {"primary": "a/b"}, "image": "c/d"}
    found = config.read({"agents": {"defaults": {"mediaModels": later}}}).agents.defaults
    assert found.choice("video") == config.ModelChoice(primary="a/b")
    assert found.choice("image") == config.ModelChoice(primary="c/d")
    assert found.choice("music") == config.ModelChoice()
    both = {"mediaModels": later, "videoGenerationModel": "e/f"}
    found = config.read({"agents": {"defaults": both}}).agents.defaults
    assert found.choice("video") == config.ModelChoice(primary="e/f")


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
        ({"agents": {"defaults": {"mediaMaxMb": True}}}, "agents.defaults.mediaMaxMb"),
        ({"agents": {"defaults": {"mediaMaxMb": "5"}}}, "agents.defaults.mediaMaxMb"),
        ({"tasks": {"retentionMs": True}}, "tasks.retentionMs"),
        ({"tasks": {"retentionMs": 1.5}}, "tasks.retentionMs"),
        (
            {"agents": {"defaults": {"mediaGenerationAutoProviderFallback": "no"}}},
            "agents.defaults.mediaGenerationAutoProviderFallback",
        ),
        (
            {"agents": {"defaults": {"mediaGenerationAutoProviderFallback": 0}}},
            "agents.defaults.mediaGenerationAutoProviderFallback",
        ),
        (
            {"models": {"providers": {"fal": {"baseUrl": "nonsense"}}}},
            "models.providers.fal.baseUrl",
        ),
        (
            {"plugins": {"entries": {"fal": {"config": {"baseUrl": "ftp://a.example"}}}}},
            "plugins.entries.fal.config.baseUrl",
        ),
    ],
)
def test_an_error_names_the_path_of_the_key(values, where):
    with pytest.raises(ConfigError) as caught:
        config.read(values)
    assert caught.value.where == where
    assert str(caught.value).startswith(f"{where}: ")
    assert "Nothing was sent" in str(caught.value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("{agents: {defaults: {mediaMaxMB: 1}}}", "did you mean mediaMaxMb?"),
        ("{agents: {defaults: {mediaMaxMb: '1'}}}", "mediaMaxMb: must be a number."),
        ("{models: {providers: {fal: {baseURL: 'x'}}}}", "did you mean baseUrl?"),
        ("{plugins: {entries: {'X-AI': {config: {zzz: 1}}}}}", "plugins.entries.X-AI.config.zzz: "),
        ("{models: {providers: {fal: {baseUrl: '${GONE}'}}}}", "the variable GONE is not set"),
    ],
)
def test_an_error_names_the_file_too(write, home, text, said):
    file = write(text)
    with pytest.raises(ConfigError) as caught:
        Client(file, home=home, environ={})
    assert said in str(caught.value)
    assert str(caught.value).endswith(f"The file is {file}.")


def test_an_error_shows_no_value_of_the_file(write):
    broken = write(
        '{models: {providers: {fal: {apiKey: ["SECRET-1"], baseUrl: 5, headers: "SECRET-2"}}}}'
    )
    with pytest.raises(ConfigError) as caught:
        load(broken)
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("text", ["{", "{a: }", "[[[[", "{a: 1} b"])
def test_a_file_that_is_not_json5_is_named(write, text):
    path = write(text)
    with pytest.raises(ConfigError, match="is not JSON5") as caught:
        load(path)
    assert str(path) in str(caught.value)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path)


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
    assert client.stores["video"].max_bytes == 1048


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
    values = {"models": {"providers": {"fal": {"apiKey": configured}}}} if configured else {}
    found = key_of(values, environ)
    assert found is not None
    assert (found.key, found.source) == (key, source)
    assert key not in repr(found)


def test_a_reference_to_a_variable_that_is_not_set_is_no_key():
    assert key_of({"models": {"providers": {"fal": {"apiKey": "${MINE}"}}}}, {}) is None


def test_a_secret_reference_names_a_variable():
    secret = {"source": "env", "id": "MINE"}
    found = key_of({"models": {"providers": {"fal": {"apiKey": secret}}}}, {"MINE": "four"})
    assert found is not None
    assert (found.key, found.source) == ("four", "config, from env MINE")


def test_values_of_keys_are_in_no_repr(write, home):
    client = Client(write(FILE), home=home, environ={"MINIMAX_API_KEY": "HUSH"})
    provider = client.settings.provider("fal")
    assert provider.api_key is not None
    assert provider.api_key.get_secret_value() == "HUSH"
    shown = [client, client.settings, provider, *map(client.vendors.reach, PROVIDERS)]
    assert not any("HUSH" in repr(each) or "HUSH" in str(each) for each in shown)


# keys given in Python


def test_a_key_of_the_client_comes_before_all_others_and_is_shown_nowhere(home):
    store(home, TWO)
    client = Client(
        fal_with(apiKey="configured", auth="api-key"),
        home=home,
        environ={"FAL_KEY": "env", "MINIMAX_API_KEY": "env"},
        keys={"Fal": " HUSH ", "minimax-cn": "minimax:x"},
    )
    fal = client.vendors.credential(by_id["fal"])
    assert (fal.key, fal.source) == ("HUSH", "the client's keys")
    minimax = client.vendors.credential(by_id["minimax"])
    assert (minimax.key, minimax.source) == ("stored-3", "profile minimax:x")
    shown = [client, client.vendors, fal, client.vendors.reach(by_id["fal"])]
    assert not any("HUSH" in repr(each) for each in shown)
    row = next(row for row in tables.providers(client) if row["provider"] == "fal")
    assert row["configured"] == "the client's keys"


@pytest.mark.parametrize(
    "keys, said",
    [
        ({"fal": "HUSH", "nobody": "HUSH"}, "'nobody' is no provider; providers are alibaba, "),
        ({"fal": "  "}, "the key of 'fal' is empty"),
        ({"fal": None}, "the key of 'fal' must be a text"),
        ({"minimax": "fal:default"}, "profile fal:default is of fal, not of minimax"),
    ],
)
def test_keys_that_cannot_be_used_are_refused(home, keys, said):
    store(home, TWO)
    with pytest.raises(oc.InvalidInput) as caught:
        Client({}, home=home, environ={}, keys=keys)
    assert caught.value.param == "keys"
    assert said in str(caught.value)
    assert "HUSH" not in everything(caught.value)


# what may be asked


def reach_of(settings, id="fal"):
    client = Client(settings, home="/nowhere", environ={})
    return client.vendors.reach(by_id[id]).access


def test_private_addresses_are_closed_until_the_configuration_opens_them():
    closed = reach_of({})
    assert not closed.policy.allow_private
    assert not closed.references.allow_private
    opened = {"request": {"allowPrivateNetwork": True}}
    access = reach_of({"models": {"providers": {"fal": opened}}})
    assert access.policy.allow_private
    assert not access.references.allow_private, "what the user names has a switch of its own"


@pytest.mark.parametrize("name", ["allowPrivateNetwork", "dangerouslyAllowPrivateNetwork"])
def test_the_policy_for_references_is_read_under_both_its_names(name):
    policy = {name: True, "allowedHostnames": ["NAS.example"], "hostnameAllowlist": ["*.example"]}
    settings = {"tools": {"web": {"fetch": {"ssrfPolicy": policy}}}}
    found = reach_of(settings).references
    assert found.allow_private
    assert found.allowed_hosts == {"nas.example"}
    assert found.host_patterns == ("*.example",)
    assert not found.allow_benchmark


def test_the_benchmark_range_is_opened_by_its_own_key():
    policy = {"allowRfc2544BenchmarkRange": True}
    settings = {"tools": {"web": {"fetch": {"ssrfPolicy": policy}}}}
    assert reach_of(settings).references.allow_benchmark


def test_a_blocked_result_names_the_key_of_its_provider():
    assert reach_of({}).policy.key == "models.providers.fal.request.allowPrivateNetwork"


def test_what_a_plugin_says_of_a_provider_wins_over_the_general_block():
    settings = {
        "models": {"providers": {"fal": {"baseUrl": "https://a.example", "headers": {"x-a": "1"}}}},
        "plugins": {"entries": {"fal": {"config": {"baseUrl": "https://b.example"}}}},
    }
    access = reach_of(settings)
    assert (access.base_url, dict(access.headers)) == ("https://b.example", {"x-a": "1"})


@pytest.mark.parametrize("name", ["qwen", "dashscope", "ModelStudio"])
@pytest.mark.parametrize("plugin", [False, True])
def test_a_provider_is_configured_under_each_of_its_names(name, plugin):
    block = {"apiKey": "k", "baseUrl": "https://a.example"}
    settings = (
        {"plugins": {"entries": {name: {"config": block}}}}
        if plugin
        else {"models": {"providers": {name: block}}}
    )
    access = reach_of(settings, "qwen")
    assert (access.key, access.base_url) == ("k", "https://a.example")


def test_what_stands_at_the_id_wins_over_what_stands_at_an_alias():
    blocks = {"xai": {"apiKey": "id"}, "x-ai": {"apiKey": "alias", "headers": {"x-a": "1"}}}
    access = reach_of({"models": {"providers": blocks}}, "xai")
    assert (access.key, dict(access.headers)) == ("id", {"x-a": "1"})


def test_an_address_from_the_environment_that_is_none_keeps_its_provider_from_running(home):
    environ = {"GEMINI_API_KEY": "k", "GOOGLE_GEMINI_BASE_URL": "nonsense"}
    google = Client({}, home=home, environ=environ).vendors.reach(by_id["google"])
    assert google.unusable == "the base URL 'nonsense' is no http(s) address"


# keys that nobody knows


@pytest.mark.parametrize(
    "values, where, hint",
    [
        ({"agnets": {}}, "agnets", "did you mean agents?"),
        ({"agents": {"default": {}}}, "agents.default", "did you mean defaults?"),
        (
            {"agents": {"defaults": {"mediaMaxMB": 1}}},
            "agents.defaults.mediaMaxMB",
            "did you mean mediaMaxMb?",
        ),
        (
            {"agents": {"defaults": {"videoGenerationModel": {"primray": "a/b"}}}},
            "agents.defaults.videoGenerationModel.primray",
            "did you mean primary?",
        ),
        (
            {"models": {"providers": {"fal": {"request": {"allowPrivate": True}}}}},
            "models.providers.fal.request.allowPrivate",
            "allowPrivateNetwork",
        ),
        ({"tasks": {"zzz": 1}}, "tasks.zzz", "known are retentionMs, sweepIntervalMs"),
    ],
)
def test_a_key_that_nobody_knows_is_named_with_what_was_meant(values, where, hint):
    with pytest.raises(ConfigError) as caught:
        config.read(values)
    assert caught.value.where == where
    assert hint in str(caught.value)


def test_a_provider_has_no_keys_but_those_it_knows(home):
    with pytest.raises(ConfigError) as caught:
        Client({"models": {"providers": {"fal": {"baseURL": "https://a.example"}}}}, home=home)
    assert caught.value.where == "models.providers.fal.baseURL"


def test_what_is_openclaws_own_business_is_left_alone(home):
    full = {
        "$schema": "x",
        "gateway": {"anything": [1]},
        "channels": {"x": 1},
        "agents": {
            "list": [{"id": "main"}],
            "defaults": {"workspace": "~", "model": {"primary": "a/b"}},
        },
        "models": {"mode": "merge", "providers": {"anthropic": {"api": "x", "models": []}}},
        "plugins": {"allow": ["x"], "entries": {"telegram": {"enabled": True}}},
        "tools": {"profile": "x", "web": {"search": {"enabled": True}, "fetch": {"maxChars": 5}}},
        "auth": {"profiles": {}},
    }
    Client(full, home=home)


# variables and other files


def test_a_variable_in_a_text_is_put_in(write):
    path = write('{models: {providers: {fal: {baseUrl: "https://${HOST}/x/$${HOST}"}}}}')
    found = load(path, {"HOST": "a.example"})
    assert found.provider("fal").base_url == "https://a.example/x/${HOST}"


def test_a_secret_that_is_partly_a_variable_is_put_together():
    values = fal_with(apiKey="org-${MINE}", headers={"token": "${MINE}"})
    about = config.resolved(values, {"MINE": "k"}).settings.provider("fal")
    assert about.api_key.get_secret_value() == "org-k"
    assert about.sent_headers == {"token": "k"}


def test_a_line_of_a_dotenv_file_that_is_no_assignment_is_named(write, tmp_path, caplog):
    home = tmp_path / "home"
    home.mkdir()
    (home / ".env").write_text("A=1\n'oops\nB=2\n")
    found = config.load(write("{}"), {}, home=home).environ
    assert dict(found) == {"A": "1", "B": "2"}
    assert [record.getMessage() for record in caplog.records] == [
        f"{home / '.env'}, line 2 is no NAME=value"
    ]


@pytest.mark.parametrize("text", ["${lower}", "$HOST", "${}", "cost: 5$"])
def test_what_is_no_reference_stays(text):
    values = {"agents": {"defaults": {"model": text}}}
    assert config.resolved(values, {}).settings.agents.defaults.model.primary == text


def test_a_variable_that_is_not_set_is_named_with_the_path():
    values = {"models": {"providers": {"fal": {"baseUrl": "https://${HOST}"}}}}
    with pytest.raises(ConfigError, match="HOST is not set") as caught:
        config.resolved(values, {})
    assert caught.value.where == "models.providers.fal.baseUrl"


def test_a_file_includes_others_beside_it_and_later_ones_win(write, tmp_path):
    (tmp_path / "parts").mkdir()
    write(
        '{agents: {defaults: {mediaMaxMb: 1, videoGenerationModel: {fallbacks: ["a/b"]}}}}',
        "one.json5",
    )
    write('{agents: {$include: "deep.json5"}}', "parts/two.json5")
    write(
        '{defaults: {mediaMaxMb: 2, videoGenerationModel: {fallbacks: ["c/d"]}}}',
        "parts/deep.json5",
    )
    found = load(write('{$include: ["one.json5", "parts/two.json5"], tasks: {retentionMs: 5}}'))
    assert found.agents.defaults.media_max_mb == 2
    assert found.agents.defaults.video_generation_model.fallbacks == ("a/b", "c/d")
    assert found.tasks.retention_ms == 5


def test_what_a_file_says_itself_wins_over_what_it_includes(write):
    write("{tasks: {retentionMs: 1, sweepIntervalMs: 1}}", "other.json5")
    found = load(write('{$include: "other.json5", tasks: {retentionMs: 2}}'))
    assert (found.tasks.retention_ms, found.tasks.sweep_interval_ms) == (2, 1)


@pytest.mark.parametrize(
    "text, said",
    [
        ('{$include: "missing.json5"}', "is no file"),
        ('{$include: "openclaw.json"}', "more than 10 deep"),
        ("{$include: 5}", "must be a path"),
        ("{$include: [5]}", "must be a path"),
    ],
)
def test_an_include_that_cannot_be_followed_is_named(write, text, said):
    with pytest.raises(ConfigError, match=said):
        load(write(text))


def test_variables_come_from_the_process_then_the_folder_then_the_state_then_the_file(
    write, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / ".env").write_text("B=folder\nC=folder\nexport QUOTED='a b'\n")
    (home / ".env").write_text("C=state\nD=state\n")
    path = write("{env: {D: 'file', E: 'file', vars: {F: 'vars'}}}")
    found = config.load(path, {"A": "process", "B": "process"}, home=home).environ
    assert [found[name] for name in "ABCDEF"] == [
        "process",
        "process",
        "folder",
        "state",
        "file",
        "vars",
    ]
    assert found["QUOTED"] == "a b"


def test_a_key_in_a_dotenv_file_counts(tmp_path, monkeypatch, home):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("FAL_KEY=from-dotenv\n")
    found = Client(home=home, environ={}).vendors.credential(by_id["fal"])
    assert (found.key, found.source) == ("from-dotenv", "env FAL_KEY")


def test_the_login_profile_gives_expected_names_only_and_runs_nothing(write, tmp_path, environ):
    environ["HOME"] = str(tmp_path)
    (tmp_path / ".profile").write_text(
        "export FAL_KEY='k 1' # mine\nOTHER=x\nMINIMAX_API_KEY=$(touch ran)\nRUNWAY_API_KEY=k2\n"
    )
    path = write("{env: {shellEnv: {enabled: true}}}")
    names = ("FAL_KEY", "MINIMAX_API_KEY", "RUNWAY_API_KEY")
    found = config.load(path, {"RUNWAY_API_KEY": "mine"}, home=tmp_path, expected=names).environ
    assert dict(found) == {"FAL_KEY": "k 1", "RUNWAY_API_KEY": "mine"}


# stored profiles


def store(home, profiles):
    path = home / "agents" / "main" / "agent" / "auth-profiles.json"
    path.parent.mkdir(parents=True)
    text = (
        profiles if isinstance(profiles, str) else json.dumps({"version": 1, "profiles": profiles})
    )
    path.write_text(text)


TWO = {
    "fal:default": {"provider": "fal", "type": "api_key", "key": "stored-1"},
    "fal:work": {"provider": "fal", "type": "token", "token": "stored-2"},
    "minimax:x": {"provider": "minimax", "type": "oauth", "access": "stored-3"},
}


def fal_with(**block):
    return {"models": {"providers": {"fal": block}}}


@pytest.mark.parametrize(
    "values, environ, more, source",
    [
        ({}, {}, {}, "profile fal:default"),
        ({}, {"FAL_KEY": "k"}, {}, "profile fal:default"),
        ({}, {"FAL_KEY": "k"}, {"env_first": True}, "env FAL_KEY"),
        ({"auth": {"order": {"fal": ["gone", "fal:work"]}}}, {}, {}, "profile fal:work"),
        ({"auth": {"order": {"fal": []}}}, {"FAL_KEY": "k"}, {}, "env FAL_KEY"),
        (fal_with(apiKey="literal"), {}, {}, "profile fal:default"),
        (fal_with(apiKey="literal", auth="api-key"), {"FAL_KEY": "k"}, {}, "config"),
        (fal_with(apiKey="fal:work"), {"FAL_KEY": "k"}, {}, "profile fal:work"),
    ],
)
def test_keys_are_looked_for_in_order(home, values, environ, more, source):
    store(home, TWO)
    assert key_of(values, environ, home, **more).source == source


def test_a_profile_of_another_provider_is_no_key(home):
    store(home, TWO)
    assert key_of(fal_with(apiKey="minimax:x"), {}, home).source == "profile fal:default"
    assert key_of(fal_with(apiKey="minimax:x", auth="api-key"), {"FAL_KEY": "k"}).source == "config"


ENVIRONMENT = [
    ("alibaba", ("MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY", "QWEN_API_KEY")),
    ("byteplus", ("BYTEPLUS_API_KEY",)),
    ("byteplus-seedance15", ("BYTEPLUS_API_KEY",)),
    ("byteplus-seedance2", ("BYTEPLUS_API_KEY",)),
    ("comfy", ("COMFY_API_KEY", "COMFY_CLOUD_API_KEY")),
    ("deepinfra", ("DEEPINFRA_API_KEY",)),
    ("fal", ("FAL_KEY", "FAL_API_KEY")),
    ("google", ("GEMINI_API_KEY", "GOOGLE_API_KEY")),
    ("minimax", ("MINIMAX_API_KEY", "MINIMAX_CODE_PLAN_KEY", "MINIMAX_CODING_API_KEY")),
    ("minimax-portal", ("MINIMAX_OAUTH_TOKEN", "MINIMAX_API_KEY")),
    ("openai", ("OPENAI_API_KEY",)),
    ("openrouter", ("OPENROUTER_API_KEY",)),
    ("qwen", ("QWEN_API_KEY", "MODELSTUDIO_API_KEY", "DASHSCOPE_API_KEY")),
    ("runway", ("RUNWAYML_API_SECRET", "RUNWAY_API_KEY")),
    ("together", ("TOGETHER_API_KEY",)),
    ("vydra", ("VYDRA_API_KEY",)),
    ("xai", ("XAI_API_KEY",)),
]


@pytest.mark.parametrize("id, names", rows("9.2", *ENVIRONMENT))
def test_a_key_is_looked_for_in_these_variables_in_this_order(id, names):
    assert by_id[id].key.env == names
    key = by_id[id].key
    for index, name in enumerate(names):
        environ = {other: f"key {at}" for at, other in enumerate(names) if at >= index}
        keyring = config.Keyring(config.Settings(), environ)
        found = keyring.find((id,), key.env, config_first=key.config_first)
        assert (found.key, found.source) == (f"key {index}", f"env {name}")


def test_the_keys_of_an_environment_decide_who_is_tried(home):
    names = ("GEMINI_API_KEY", "RUNWAYML_API_SECRET", "QWEN_API_KEY", "FAL_KEY")
    client = Client({}, home=home, environ=dict.fromkeys(names, "k"))
    refs = [str(ref) for ref in client.vendors.detected().refs]
    google = by_id["google"].default_model
    assert refs == [
        "alibaba/wan2.6-t2v",
        "fal/fal-ai/minimax/video-01-live",
        f"google/{google.replaced_by or google.id}",
        "qwen/wan2.6-t2v",
        "runway/gen4.5",
    ]


# live tests

LIVE = {"OPENCLAW_LIVE_TEST": "1"}


@pytest.mark.parametrize(
    "id, environ, source",
    [
        ("fal", {"OPENCLAW_LIVE_FAL_KEY": "k", "FAL_KEY": "l"}, "env OPENCLAW_LIVE_FAL_KEY"),
        ("fal", {"FAL_API_KEYS": " ; k1, k2", "FAL_KEY": "l"}, "env FAL_API_KEYS"),
        ("fal", {"FAL_API_KEY_2": "k2", "FAL_KEY": "l"}, "env FAL_API_KEY_2"),
        ("fal", {"FAL_KEY": "l"}, "env FAL_KEY"),
        ("google", {"GEMINI_API_KEYS": "k"}, "env GEMINI_API_KEYS"),
        ("google", {"OPENCLAW_LIVE_GEMINI_KEY": "k"}, "env OPENCLAW_LIVE_GEMINI_KEY"),
        ("google", {"GOOGLE_API_KEY": "k"}, "env GOOGLE_API_KEY"),
        (
            "byteplus-seedance2",
            {"BYTEPLUS_SEEDANCE2_API_KEY": "k"},
            "env BYTEPLUS_SEEDANCE2_API_KEY",
        ),
        ("fal", {"OPENCLAW_LIVE_REQUIRE_PROFILE_KEYS": "1", "FAL_KEY": "l"}, "profile fal:default"),
        ("fal", {}, "profile fal:default"),
    ],
)
def test_live_tests_have_variables_of_their_own_that_win_over_profiles(home, id, environ, source):
    store(home, TWO)
    found = Client({}, home=home, environ=environ | LIVE).vendors.credential(by_id[id])
    assert found.source == source
    assert found.key in {"k", "k1", "k2", "l", "stored-1"}


def test_outside_live_tests_their_variables_are_no_keys(home):
    environ = {"OPENCLAW_LIVE_FAL_KEY": "k", "FAL_API_KEYS": "k", "FAL_API_KEY_2": "k"}
    assert Client({}, home=home, environ=environ).vendors.credential(by_id["fal"]) is None


def test_live_tests_read_missing_keys_from_the_login_profile(home, tmp_path, environ):
    environ["HOME"] = str(tmp_path)
    (tmp_path / ".profile").write_text("export FAL_KEY=mine\nexport SHELL_THING=x\n")
    found = Client(home=home, environ=LIVE).vendors.credential(by_id["fal"])
    assert (found.key, found.source) == ("mine", "env FAL_KEY")
    assert Client(home=home, environ={}).vendors.credential(by_id["fal"]) is None


def test_a_malformed_profile_is_told_in_its_providers_row(home):
    broken = {
        "fal:a": {"provider": "fal", "type": "api_key"},
        "fal:b": {"provider": "fal", "type": "magic", "key": "x"},
        "fal:c": "text",
        "fal:d": {"type": "api_key", "key": "x"},
    }
    store(home, broken)
    vendors = Client(home=home, environ={}).vendors
    told = " ".join(vendors.faults(by_id["fal"]))
    assert [name in told for name in broken] == [True] * 4
    assert vendors.faults(by_id["minimax"]) == ()
    assert vendors.source(by_id["fal"]) is None
    assert set(vendors.faults(by_id["fal"])) <= set(standings(vendors)["fal"].notes)


@pytest.mark.parametrize("text", ["{", "[]", '{"profiles": []}', "5"])
def test_profiles_that_cannot_be_read_are_told(home, text):
    store(home, text)
    assert Client(home=home, environ={}).vendors.faults(by_id["fal"])


# how requests are sent


def test_headers_come_from_both_places_and_are_in_no_repr():
    block = fal_with(headers={"x-a": "SECRET-1"}, request={"headers": {"x-b": "SECRET-2"}})
    access = reach_of(block)
    assert dict(access.headers) == {"x-a": "SECRET-1", "x-b": "SECRET-2"}
    assert "SECRET" not in repr(access)
    assert "SECRET" not in repr(config.read(block))


@pytest.mark.parametrize(
    "auth, header",
    [
        ({"mode": "authorization-bearer", "token": "t"}, ("Authorization", "Bearer t")),
        ({"mode": "header", "headerName": "X-Key", "value": "t"}, ("X-Key", "t")),
        ({"mode": "header", "headerName": "X-Key", "value": "t", "prefix": "K "}, ("X-Key", "K t")),
        ({"mode": "provider-default"}, None),
    ],
)
def test_a_key_can_be_sent_otherwise_than_the_provider_wants(auth, header):
    access = reach_of(fal_with(request={"auth": auth}))
    assert access.key_header == header


@pytest.mark.parametrize(
    "request_block, where",
    [
        ({"auth": {"mode": "authorization-bearer"}}, "models.providers.fal.request.auth"),
        ({"auth": {"mode": "header", "value": "x"}}, "models.providers.fal.request.auth"),
        ({"auth": {"mode": "magic"}}, "models.providers.fal.request.auth.mode"),
        ({"proxy": {"mode": "explicit-proxy"}}, "models.providers.fal.request.proxy"),
    ],
)
def test_an_incomplete_request_block_is_named(request_block, where):
    with pytest.raises(ConfigError) as caught:
        config.read(fal_with(request=request_block))
    assert caught.value.where == where


def test_a_proxy_and_its_password_are_in_no_repr():
    proxy = {"mode": "explicit-proxy", "url": "http://me:SECRET@proxy.example:8080"}
    access = reach_of(fal_with(request={"proxy": proxy}))
    assert access.connection.proxy == "http://me:SECRET@proxy.example:8080"
    assert "SECRET" not in repr(access)


def test_certificates_that_cannot_be_read_are_named(tmp_path):
    with pytest.raises(ConfigError) as caught:
        reach_of(fal_with(request={"tls": {"ca": str(tmp_path / "missing.pem")}}))
    assert caught.value.where == "models.providers.fal.request.tls"


# config get, set, unset


@pytest.fixture
def file(tmp_path, environ):
    path = tmp_path / "state" / "openclaw.json"
    environ["OPENCLAW_STATE_DIR"] = str(path.parent)
    return path


CHOICE = "agents.defaults.videoGenerationModel"


SECOND = f"{CHOICE}.fallbacks[1]"


@pytest.mark.parametrize(
    "key, typed, value",
    [
        *rows(
            "10.3",
            (f"{CHOICE}.primary", "qwen/wan2.6-t2v", "qwen/wan2.6-t2v"),
            ("agents.defaults.mediaMaxMb", "50", 50),
            ("agents.defaults.mediaGenerationAutoProviderFallback", "false", False),
            (f"{CHOICE}.fallbacks", '["runway/gen4.5"]', ["runway/gen4.5"]),
            (SECOND, "qwen/wan2.6-t2v", "qwen/wan2.6-t2v"),
            ("models.providers.fal.baseUrl", "http://127.0.0.1:9/x", "http://127.0.0.1:9/x"),
            (f"{CHOICE}.timeoutMs", "0", "timeoutMs: must be above 0"),
            ("nothing.here", None, "nothing.here: is not set"),
        ),
        ('models.providers["fal"].baseUrl', "'https://a.example'", "https://a.example"),
    ],
)
def test_a_value_that_is_set_is_there_and_can_be_taken_out(file, key, typed, value):
    shell = CliRunner()
    if key == SECOND:
        shell.invoke(main, ["config", "set", f"{CHOICE}.fallbacks[0]", "runway/gen4.5"])
    done = shell.invoke(main, ["config", *(["set", key, typed] if typed else ["get", key])])
    if isinstance(value, str) and ": " in value:
        assert (done.exit_code, value in done.stderr) == (1, True)
        assert not file.exists()
        return
    assert done.exit_code == 0
    assert oc.config.get(key) == value
    shown = shell.invoke(main, ["config", "get", key]).stdout
    assert json.loads(shown) == value if not isinstance(value, str) else shown == f"{value}\n"
    assert shell.invoke(main, ["config", "unset", key]).exit_code == 0
    gone = shell.invoke(main, ["config", "get", key])
    assert (gone.exit_code, "is not set" in gone.stderr) == (1, True)


def test_a_value_is_set_in_a_file_that_includes_others(file):
    file.parent.mkdir(parents=True)
    (file.parent / "more.json5").write_text("{agents: {defaults: {mediaMaxMb: 5}}}")
    file.write_text('{$include: "more.json5"}')
    oc.config.set(f"{CHOICE}.primary", "fal/x")
    assert oc.config.get("agents.defaults.mediaMaxMb") == 5
    assert oc.config.get("$include") == "more.json5"
    with pytest.raises(ConfigError, match=r"a file that .* includes; take it out there"):
        oc.config.unset("agents.defaults.mediaMaxMb")
    with pytest.raises(ConfigError, match="Nothing was written"):
        oc.config.set("agents.defaults.mediaMaxMb", "much")
    assert (
        Client(environ={"OPENCLAW_STATE_DIR": str(file.parent)}).settings.media_max_bytes
        == 5 * 2**20
    )


@pytest.mark.parametrize(
    "key, value, said",
    [
        ("agents[0]", 1, "is an object, which needs a name"),
        (f"{CHOICE}.fallbacks.first", "a/b", "is a list, which needs [n]"),
        ("gateway.x", object(), "cannot be written as JSON"),
        ("gateway.x", {1, 2}, "cannot be written as JSON"),
        ("gateway.x", "\ud800", "cannot be written as JSON"),
        ("gateway.x", None, "null is no value"),
    ],
)
def test_what_cannot_be_written_is_refused_and_nothing_is_lost(file, key, value, said):
    oc.config.set(f"{CHOICE}.fallbacks", ["a/b"])
    before = file.read_text()
    with pytest.raises(ConfigError) as caught:
        oc.config.set(key, value)
    assert said in str(caught.value)
    assert file.read_text() == before
    assert list(file.parent.iterdir()) == [file]


def test_a_list_is_made_and_grows(file):
    oc.config.set(f"{CHOICE}.fallbacks[0]", "runway/gen4.5")
    oc.config.set(f"{CHOICE}.fallbacks[1]", "qwen/wan2.6-t2v")
    assert oc.config.get(f"{CHOICE}.fallbacks") == ["runway/gen4.5", "qwen/wan2.6-t2v"]


def test_a_list_has_no_holes(file):
    with pytest.raises(ConfigError, match="the next is 0"):
        oc.config.set(f"{CHOICE}.fallbacks[999999999]", "runway/gen4.5")
    assert not file.exists()


def test_the_short_form_of_a_model_keeps_its_model(file):
    oc.config.set(CHOICE, "fal/x")
    oc.config.set(f"{CHOICE}.timeoutMs", 5000)
    assert oc.config.get(CHOICE) == {"primary": "fal/x", "timeoutMs": 5000}


def test_what_would_not_be_valid_is_not_written(file):
    oc.config.set("agents.defaults.mediaMaxMb", 50)
    before = file.read_text()
    for key, value in ((f"{CHOICE}.timeoutMs", 0), ("agents.defaults.mediaMaxMB", 5)):
        with pytest.raises(ConfigError):
            oc.config.set(key, value)
    assert file.read_text() == before


def test_comments_are_lost_with_a_note_and_a_copy(file):
    file.parent.mkdir(parents=True)
    file.write_text("// mine\n{agents: {defaults: {mediaMaxMb: 5}}}")
    note = oc.config.set("agents.defaults.mediaMaxMb", 6)
    assert "Comments are not kept" in note
    assert file.with_name("openclaw.json.bak").read_text().startswith("// mine")


def test_the_file_is_its_owners_alone(file):
    oc.config.set("models.providers.fal.apiKey", "k")
    assert file.stat().st_mode & 0o777 == 0o600


def test_secrets_are_masked_and_references_are_not(file):
    oc.config.set("models.providers.fal.apiKey", "SECRET")
    oc.config.set("models.providers.minimax.apiKey", "${MINE}")
    proxy = {"mode": "explicit-proxy", "url": "http://me:SECRET@p.example"}
    oc.config.set("models.providers.fal.request.proxy", proxy)
    shown = oc.config.get("models")
    assert "SECRET" not in str(shown)
    assert shown["providers"]["minimax"]["apiKey"] == "${MINE}"
    assert oc.config.get("models.providers.fal.apiKey") == "********"


@pytest.mark.parametrize(
    "key",
    [
        "",
        "  ",
        "a..b",
        "a.",
        ".a",
        "a[",
        "a[]",
        'a["b',
        "a.__proto__",
        "constructor.x",
        "a[prototype]",
    ],
)
def test_a_path_that_cannot_be_one_is_refused(key):
    with pytest.raises(ConfigError):
        edit.steps(key)


@pytest.mark.parametrize(
    "key, found",
    [
        ("a.b", ("a", "b")),
        ("a[0].b", ("a", 0, "b")),
        ('a["b.c"].d', ("a", "b.c", "d")),
        (r"a\.b", ("a.b",)),
        (r"a\[0]", ("a[0]",)),
    ],
)
def test_a_path_is_read_segment_by_segment(key, found):
    assert edit.steps(key) == found


def test_strict_json_refuses_a_plain_text():
    assert edit.value_of("plain text") == "plain text"
    with pytest.raises(ConfigError):
        edit.value_of("plain text", strict=True)
