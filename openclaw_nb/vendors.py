"""The registered providers as one configuration and environment reach them: where, and with which key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from openclaw_nb import config
from openclaw_nb.core.candidates import Candidates, Selection, candidates, retired_defaults
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError, NoCandidate
from openclaw_nb.runtime.generate import Reach
from openclaw_nb.runtime.transport import Access


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a stand-in for a vendor is, such as the emulator."""

    base_url: str
    key: str = field(repr=False)
    poll_seconds: float | None = None
    """Replaces the provider's poll interval, for servers that answer at once."""


class Vendors:
    """Finds providers, their keys and their addresses. It asks nobody."""

    def __init__(
        self,
        settings: config.Settings,
        environ: Mapping[str, str],
        endpoints: Mapping[str, Endpoint],
    ) -> None:
        from openclaw_nb.providers import PROVIDERS

        self.providers: tuple[AnyProvider, ...] = PROVIDERS
        """Every registered provider, in order."""
        self._settings, self._environ = settings, environ
        self._endpoints = dict(endpoints)

    @property
    def selection(self) -> Selection:
        """What the configuration says about models."""
        defaults = self._settings.agents.defaults
        chosen = defaults.video_generation_model
        current = (defaults.model.primary or "").partition("/")
        return Selection(
            primary=chosen.primary,
            fallbacks=chosen.fallbacks,
            auto_fallback=defaults.media_generation_auto_provider_fallback,
            timeout_ms=chosen.timeout_ms,
            current_default_provider=current[0].strip() if current[1] else None,
        )

    def candidates(self, model: str | None, *, exact: bool = False) -> Candidates:
        """Which models would be tried, in order.

        Raises:
            InvalidInput: `model` means nothing that could be tried.
            NoCandidate: nothing is configured.
        """
        found = candidates(
            model,
            self.selection,
            self.providers,
            [provider.id for provider in self.providers if self.source(provider)],
            exact=exact,
            retired=self._retired(),
        )
        if not found.refs:
            raise NoCandidate(self._nothing_configured(found.notices))
        return found

    def source(self, provider: AnyProvider) -> str | None:
        """Where its key comes from, or `config` for one that needs none; None: not configured."""
        try:
            usual = self._as_configured(provider)
        except ConfigError:
            return None
        found = self.credential(usual)
        if usual.by_name_only and provider.id not in self._endpoints:
            return None
        if found:
            refused = usual.key.refuse and usual.key.refuse(found.key)
            return None if refused else found.source
        return "config" if usual.keyless else None

    def credential(self, provider: AnyProvider) -> config.Credential | None:
        """The provider's key and where it comes from."""
        if endpoint := self._endpoints.get(provider.id):
            return config.Credential(endpoint.key, "emulator")
        key = provider.key
        return config.credential(
            provider.id, key.env, self._settings, self._environ, config_first=key.config_first
        )

    def reach(self, provider: AnyProvider) -> Reach:
        """How a provider is reached: which wire, where, with which key.

        Reads the files that the provider's configuration names. Raises ConfigError.
        """
        usual = self._as_configured(provider)
        found = self.credential(usual)
        base_url = self._base_url(usual)
        key = found.key if found else None
        if endpoint := self._endpoints.get(provider.id):
            return Reach(usual, Access(base_url, key, {}, endpoint.poll_seconds))
        wire = usual if base_url == usual.base_url else usual.elsewhere or usual
        access = Access(base_url, key, self._settings.provider(provider.id).headers)
        return Reach(wire, access, _unusable(usual, found))

    def _as_configured(self, provider: AnyProvider) -> AnyProvider:
        if provider.configure is None:
            return provider
        try:
            return provider.configure(self._settings.provider(provider.id).own, _text_of)
        except (ValueError, OSError) as error:
            raise ConfigError(f"plugins.entries.{provider.id}.config", str(error)) from error

    def _base_url(self, provider: AnyProvider) -> str:
        """Where the provider's calls go, without a trailing slash."""
        if endpoint := self._endpoints.get(provider.id):
            return endpoint.base_url
        named = self._settings.provider(provider.id).base_url
        if not named and provider.base_url_env:
            named = self._environ.get(provider.base_url_env)
        if not named:
            return provider.base_url
        named = named.strip()
        return provider.read_base_url(named) if provider.read_base_url else named.rstrip("/")

    def _retired(self) -> dict[str, str]:
        """Defaults that the vendor's own host no longer serves; other hosts may still."""
        vendors = [p for p in self.providers if self._base_url(p) == p.base_url]
        return retired_defaults(vendors, datetime.now(tz=UTC).date())

    def _nothing_configured(self, notices: Sequence[str]) -> str:
        # A key alone must be enough.
        keyed = [p for p in self.providers if p.key.env and not p.by_name_only]
        examples = "; ".join(f"{p.id}: {' or '.join(p.key.env)}" for p in keyed[:3])
        first = keyed[0]
        also = f" ({'; '.join(notices)})" if notices else ""
        return (
            f"no video model is configured{also}. Set a key ({examples}), or "
            "agents.defaults.videoGenerationModel in the configuration, such as "
            f'"{first.id}/{first.default_model.id}"; or call openclaw_nb.emulate() to try without '
            "a key. Nothing was sent."
        )


def _unusable(provider: AnyProvider, found: config.Credential | None) -> str:
    if found is None:
        return "" if provider.keyless else "no API key"
    refused = provider.key.refuse(found.key) if provider.key.refuse else ""
    return f"the key from {found.source} is not usable: {refused}" if refused else ""


def _text_of(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")
