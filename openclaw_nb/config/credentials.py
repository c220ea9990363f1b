"""Where a provider's key comes from: the configuration's choice, stored profiles, the environment.

Order of OpenClaw 2026.9: a configured key that is preferred, stored profiles, environment,
configured key.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from openclaw_nb.config.schema import Settings

_PROFILES = Path("agents", "main", "agent", "auth-profiles.json")
_KEY_OF_TYPE = {"api_key": "key", "token": "token", "oauth": "access"}


@dataclass(frozen=True, slots=True)
class Credential:
    """A key and where it comes from; the source may be shown, the key never."""

    key: str = field(repr=False)
    source: str
    """Such as `env FAL_KEY`, `profile fal:default` or `config`."""


@dataclass(frozen=True, slots=True)
class Profiles:
    """The stored profiles of this machine, and what is wrong with those that cannot be used."""

    keys: Mapping[str, tuple[str, str]] = field(
        default_factory=dict[str, tuple[str, str]], repr=False
    )
    """By profile id its provider and key."""
    faults: Mapping[str, str] = field(default_factory=dict[str, str])
    """By profile id why it is not used; under the empty id what is wrong with the whole file."""

    def faults_of(self, provider: str) -> tuple[str, ...]:
        """What to say in the row of `provider`."""
        return tuple(
            f"profile {id}: {fault}" if id else fault
            for id, fault in self.faults.items()
            if not id or id.partition(":")[0] == provider
        )


def stored_profiles(home: Path) -> Profiles:
    """Read the profiles in the state directory `home`; malformed ones are told, not dropped."""
    path = home / _PROFILES
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return Profiles()
    except (OSError, UnicodeDecodeError) as error:
        return Profiles(faults={"": f"{path} cannot be read: {error}"})
    try:
        values: object = json.loads(text)
    except (ValueError, RecursionError):
        return Profiles(faults={"": f"{path} is not JSON"})
    entries = (
        cast("dict[str, object]", values).get("profiles") if isinstance(values, dict) else None
    )
    if not isinstance(entries, dict):
        return Profiles(faults={"": f'{path} has no object "profiles"'})
    keys: dict[str, tuple[str, str]] = {}
    faults: dict[str, str] = {}
    for id, entry in cast("dict[str, object]", entries).items():
        found = _profile(entry)
        if isinstance(found, str):
            faults[id] = found
        else:
            keys[id] = found
    return Profiles(keys, faults)


def _profile(entry: object) -> tuple[str, str] | str:
    """Provider and key of a profile, or what is wrong with it."""
    if not isinstance(entry, dict):
        return "it is no object"
    fields = cast("dict[str, object]", entry)
    provider, kind = fields.get("provider"), fields.get("type")
    if not isinstance(provider, str) or not provider.strip():
        return 'it has no "provider"'
    if not isinstance(kind, str) or kind not in _KEY_OF_TYPE:
        return f'its "type" is none of {", ".join(_KEY_OF_TYPE)}'
    key = fields.get(_KEY_OF_TYPE[kind])
    if not isinstance(key, str) or not key.strip():
        return f'it has no "{_KEY_OF_TYPE[kind]}"'
    return provider.strip(), key.strip()


@dataclass(frozen=True, slots=True)
class Keyring:
    """All places where keys are looked for."""

    settings: Settings
    environ: Mapping[str, str] = field(repr=False)
    profiles: Profiles = Profiles()
    env_first: bool = False
    """The environment wins over stored profiles, as in live tests."""

    def find(
        self, ids: Sequence[str], variables: Sequence[str], *, config_first: bool = False
    ) -> Credential | None:
        """The key of a provider.

        Args:
            ids: The provider's id and aliases.
            variables: Its environment variables, in order.
            config_first: The configured key wins over all others.
        """
        configured = self._configured(ids[0])
        if configured and (config_first or configured.preferred):
            return configured.credential
        stored, environment = list(self._stored(ids)), self._from_environ(variables)
        first, second = (environment, stored) if self.env_first else (stored, environment)
        found = [*first, *second, *([configured.credential] if configured else [])]
        return found[0] if found else None

    def _from_environ(self, variables: Sequence[str]) -> list[Credential]:
        found = ((name, self.environ.get(name, "").strip()) for name in variables)
        return [Credential(value, f"env {name}") for name, value in found if value]

    def _stored(self, ids: Sequence[str]) -> Iterator[Credential]:
        order = next(
            (self.settings.auth.order[id] for id in ids if id in self.settings.auth.order), None
        )
        for id in self.profiles.keys if order is None else order:
            provider, key = self.profiles.keys.get(id, ("", ""))
            if provider in ids:
                yield Credential(key, f"profile {id}")

    def _configured(self, id: str) -> _Configured | None:
        about = self.settings.provider(id)
        text = revealed(about.api_key, self.environ)
        if not text:
            return None
        if text in self.profiles.keys:
            return _Configured(
                Credential(self.profiles.keys[text][1], f"profile {text}"), preferred=True
            )
        name = variable_of(about.api_key)
        source = f"config, from env {name}" if name else "config"
        return _Configured(Credential(text, source), preferred=about.auth == "api-key")


@dataclass(frozen=True, slots=True)
class _Configured:
    credential: Credential
    preferred: bool


def variable_of(secret: SecretStr | None) -> str:
    """The variable that a configured text refers to as `$NAME` or `${NAME}`; empty for a plain text."""
    text = secret.get_secret_value().strip() if secret else ""
    if text.startswith("${") and text.endswith("}"):
        return text[2:-1]
    return text[1:] if text.startswith("$") else ""


def revealed(secret: SecretStr | None, environ: Mapping[str, str]) -> str:
    """The text itself, or the value of the variable that it refers to; empty when there is none."""
    if name := variable_of(secret):
        return environ.get(name, "").strip()
    return secret.get_secret_value().strip() if secret else ""
