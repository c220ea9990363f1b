"""Settings and credentials: argument, then environment, then file, then default.

The file is OpenClaw's own `openclaw.json` (JSON5), so that an existing configuration works here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Annotated

from pydantic import (
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PositiveInt,
    SecretStr,
    ValidationError,
)
from pydantic.alias_generators import to_camel

from openclaw_nb.errors import ConfigError

_MIB = 1_048_576


class _Section(BaseModel):
    model_config = ConfigDict(
        frozen=True, extra="ignore", alias_generator=to_camel, validate_by_name=True
    )


def _as_choice(value: object) -> object:
    return {"primary": value} if isinstance(value, str) else value


class ModelChoice(_Section):
    """Which models are tried. In the file a plain string is the same as `{primary: string}`."""

    primary: str | None = None
    fallbacks: tuple[str, ...] = ()
    timeout_ms: PositiveInt | None = None
    """Milliseconds for one provider's whole operation."""


_Choice = Annotated[ModelChoice, BeforeValidator(_as_choice)]


class Defaults(_Section):
    """`agents.defaults`."""

    video_generation_model: _Choice = ModelChoice()
    media_generation_auto_provider_fallback: bool = True
    media_max_mb: float | None = None
    model: _Choice = ModelChoice()


class Agents(_Section):
    """`agents`."""

    defaults: Defaults = Defaults()


def _as_text(value: object) -> object:
    match value:
        case {"source": "env", "id": str(name)}:
            return f"${{{name}}}"
        case _:
            return value


class RequestSettings(_Section):
    """`models.providers.<id>.request`."""

    allow_private_network: bool = False
    """The provider's own traffic may go to private addresses besides its base URL's host."""


class ProviderSettings(_Section, extra="allow"):
    """`models.providers.<id>`, or `plugins.entries.<id>.config`. More keys are the provider's own."""

    base_url: str | None = None
    api_key: Annotated[SecretStr | None, BeforeValidator(_as_text)] = None
    """A key, `$NAME` or `${NAME}`; in the file also `{source: "env", id: "NAME"}`."""
    headers: Mapping[str, str] = Field(default_factory=dict, repr=False)
    request: RequestSettings = RequestSettings()

    @property
    def own(self) -> Mapping[str, object]:
        """The keys that only this provider has."""
        return self.model_extra or {}


class Models(_Section):
    """`models`."""

    providers: Mapping[str, ProviderSettings] = Field(default_factory=dict)


class Plugin(_Section):
    """`plugins.entries.<id>`."""

    config: ProviderSettings = ProviderSettings()


class Plugins(_Section):
    """`plugins`."""

    entries: Mapping[str, Plugin] = Field(default_factory=dict)


class SsrfPolicy(_Section):
    """`tools.web.fetch.ssrfPolicy`: which addresses may be fetched besides public ones."""

    allow_private_network: bool = Field(
        default=False,
        validation_alias=AliasChoices("allowPrivateNetwork", "dangerouslyAllowPrivateNetwork"),
    )
    allowed_hostnames: frozenset[str] = frozenset()
    hostname_allowlist: tuple[str, ...] = ()
    allow_rfc2544_benchmark_range: bool = Field(
        default=False, validation_alias="allowRfc2544BenchmarkRange"
    )


class Fetch(_Section):
    """`tools.web.fetch`."""

    ssrf_policy: SsrfPolicy = SsrfPolicy()


class Web(_Section):
    """`tools.web`."""

    fetch: Fetch = Fetch()


class Tools(_Section):
    """`tools`."""

    web: Web = Web()


class Settings(_Section):
    """The part of `openclaw.json` that is used here."""

    agents: Agents = Agents()
    models: Models = Models()
    plugins: Plugins = Plugins()
    tools: Tools = Tools()

    def provider(self, id: str) -> ProviderSettings:
        """The settings of one provider; empty when the file says nothing of it.

        What `plugins.entries.<id>.config` says wins over `models.providers.<id>`.
        """
        general = self.models.providers.get(id, ProviderSettings())
        own = self.plugins.entries.get(id, Plugin()).config
        given = {name: getattr(own, name) for name in own.model_fields_set}
        return general.model_copy(update=given)

    @property
    def media_max_bytes(self) -> int | None:
        """`mediaMaxMb` in bytes; None when it is absent or no finite number that gives a byte."""
        megabytes = self.agents.defaults.media_max_mb
        if megabytes is None or not isfinite(megabytes) or megabytes <= 0:
            return None
        return int(megabytes * _MIB) or None


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and where it comes from; the source may be shown, the key never."""

    key: str = field(repr=False)
    source: str
    """Such as `env FAL_KEY` or `config`."""


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where state is kept: `OPENCLAW_STATE_DIR`, else `~/.openclaw`."""
    return Path(environ.get("OPENCLAW_STATE_DIR") or "~/.openclaw").expanduser()


def config_path(environ: Mapping[str, str], home: Path) -> Path:
    """The configuration file: `OPENCLAW_CONFIG_PATH`, else `openclaw.json` in the state directory."""
    named = environ.get("OPENCLAW_CONFIG_PATH")
    return Path(named).expanduser() if named else home / "openclaw.json"


def load(path: Path) -> Settings:
    """Read the configuration; a missing file is an empty one.

    Raises:
        ConfigError: it cannot be read, is not JSON5, or a value is wrong; names the path of the key.
    """
    import json5

    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Settings()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(str(path), f"cannot be read: {error}") from error
    try:
        values: object = json5.loads(text) if text.strip() else {}
    except (ValueError, RecursionError) as error:
        raise ConfigError(str(path), f"is not JSON5: {error}") from None
    return read(values)


def read(values: object) -> Settings:
    """Settings from plain values, as `load` and `Client(config={...})` take them."""
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the configuration"
        raise ConfigError(where, f"{first['msg']}. Nothing was sent.") from None


def credential(
    id: str,
    variables: Sequence[str],
    settings: Settings,
    environ: Mapping[str, str],
    *,
    config_first: bool = False,
) -> Credential | None:
    """The key of one provider: environment in the given order, then the configuration."""
    found = _from_environ(variables, environ), _from_config(id, settings, environ)
    return next(filter(None, reversed(found) if config_first else found), None)


def _from_environ(variables: Sequence[str], environ: Mapping[str, str]) -> Credential | None:
    for name in variables:
        if value := environ.get(name, "").strip():
            return Credential(value, f"env {name}")
    return None


def _from_config(id: str, settings: Settings, environ: Mapping[str, str]) -> Credential | None:
    configured = settings.provider(id).api_key
    if configured is None:
        return None
    text = configured.get_secret_value().strip()
    name = text.removeprefix("${").removesuffix("}") if text.startswith("${") else text[1:]
    if text.startswith("$"):
        value = environ.get(name, "").strip()
        return Credential(value, f"config, from env {name}") if value else None
    return Credential(text, "config") if text else None


def is_on(value: str | None) -> bool:
    """How switches in the environment are read: 1, true, yes, on."""
    return (value or "").strip().lower() in {"1", "true", "yes", "on"}
