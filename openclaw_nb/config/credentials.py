"""Where a provider's key comes from: the configuration's choice, stored profiles, the environment.

Order of OpenClaw 2026.9: a configured key that is preferred, stored profiles, environment,
configured key.
"""

from __future__ import annotations

import json
import re
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

    def faults_of(self, *names: str) -> tuple[str, ...]:
        """What to say in the row of the provider with this id and these aliases."""
        return tuple(
            f"profile {id}: {fault}" if id else fault
            for id, fault in self.faults.items()
            if not id or id.partition(":")[0] in names
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
    live: bool = False
    """The variables of live tests count, too."""

    def find(
        self, ids: Sequence[str], variables: Sequence[str], *, config_first: bool = False
    ) -> Credential | None:
        """The key of a provider.

        Args:
            ids: The provider's id and aliases.
            variables: Its environment variables, in order.
            config_first: The configured key wins over all others.
        """
        configured = self._configured(ids)
        if configured and (config_first or configured.preferred):
            return configured.credential
        stored, environment = list(self._stored(ids)), self._from_environ(ids[0], variables)
        first, second = (environment, stored) if self.env_first else (stored, environment)
        found = [*first, *second, *([configured.credential] if configured else [])]
        return found[0] if found else None

    def _from_environ(self, id: str, variables: Sequence[str]) -> list[Credential]:
        live = live_variables(id, variables, self.environ) if self.live else ()
        return list(_of_variables([*live, *variables], self.environ))

    def _stored(self, ids: Sequence[str]) -> Iterator[Credential]:
        order = next(
            (self.settings.auth.order[id] for id in ids if id in self.settings.auth.order), None
        )
        for id in self.profiles.keys if order is None else order:
            provider, key = self.profiles.keys.get(id, ("", ""))
            if provider in ids:
                yield Credential(key, f"profile {id}")

    def not_set(self, ids: Sequence[str]) -> str:
        """The variable that the configured key refers to and that is not set; empty when none is."""
        about = self.settings.provider(*ids)
        return "" if revealed(about.api_key, self.environ) else variable_of(about.api_key)

    def _configured(self, ids: Sequence[str]) -> _Configured | None:
        about = self.settings.provider(*ids)
        text = revealed(about.api_key, self.environ)
        if not text:
            return None
        if text in self.profiles.keys:
            provider, key = self.profiles.keys[text]
            stored = _Configured(Credential(key, f"profile {text}"), preferred=True)
            return stored if provider in ids else None  # no key goes to another provider
        name = variable_of(about.api_key)
        source = f"config, from env {name}" if name else "config"
        return _Configured(Credential(text, source), preferred=about.auth == "api-key")


@dataclass(frozen=True, slots=True)
class _Configured:
    credential: Credential
    preferred: bool


def live_variables(id: str, variables: Sequence[str], environ: Mapping[str, str]) -> list[str]:
    """The variables of live tests that hold keys of a provider, before its own `variables`.

    They begin with its id, or as its first variable does: `OPENCLAW_LIVE_FAL_KEY`, which counts
    alone, `FAL_API_KEYS`, `FAL_API_KEY`, `FAL_API_KEY_2`.
    """
    usual = [name.removesuffix(_API_KEY) for name in variables[:1] if name.endswith(_API_KEY)]
    bases = dict.fromkeys([id.upper().replace("-", "_"), *usual])
    alone = [f"OPENCLAW_LIVE_{base}_KEY" for base in bases]
    names = [name for base in bases for name in (f"{base}_API_KEYS", f"{base}_API_KEY")]
    numbered = [
        name for base in bases for name in sorted(environ) if name.startswith(f"{base}{_API_KEY}_")
    ]
    return [*alone, *names, *numbered]


_API_KEY = "_API_KEY"
_BETWEEN_KEYS = re.compile(r"[\s,;]+")


def _of_variables(names: Sequence[str], environ: Mapping[str, str]) -> Iterator[Credential]:
    """The keys that variables hold, each once; one that ends in KEYS may hold several."""
    seen: set[str] = set()
    for name in names:
        text = environ.get(name, "").strip()
        for key in _BETWEEN_KEYS.split(text) if name.endswith("_API_KEYS") else [text]:
            if key and key not in seen:
                seen.add(key)
                yield Credential(key, f"env {name}")


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
