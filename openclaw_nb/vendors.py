"""The registered providers as one configuration and environment reach them: where, and with which key."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from openclaw_nb import config
from openclaw_nb.config.credentials import revealed
from openclaw_nb.core.candidates import Candidates, Selection, candidates, retired_defaults
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError, NoCandidate
from openclaw_nb.runtime.generate import Reach
from openclaw_nb.runtime.guard import Policy, is_loopback
from openclaw_nb.runtime.transport import Access, Connection


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
        loaded: config.Loaded,
        profiles: config.Profiles,
        endpoints: Mapping[str, Endpoint],
    ) -> None:
        from openclaw_nb.providers import PROVIDERS

        self.providers: tuple[AnyProvider, ...] = PROVIDERS
        """Every registered provider, in order."""
        self._settings, self._environ = loaded.settings, loaded.environ
        self._profiles = profiles
        self._endpoints = dict(endpoints)
        self._contexts: dict[config.Tls, ssl.SSLContext] = {}
        self._check_keys()

    def _check_keys(self) -> None:
        """Keys that no provider knows. Raises ConfigError."""
        for provider in self.providers:
            own = self._settings.provider(provider.id).own
            if own and provider.configure is None:
                name = next(iter(own))
                raise ConfigError(
                    f"models.providers.{provider.id}.{name}",
                    "there is no such key. Nothing was sent.",
                )

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Ids of the providers that something else stands for, such as the emulator."""
        return tuple(self._endpoints)

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
            [provider.id for provider in self.providers if self._counts(provider)],
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
        if usual.by_name_only and provider.id not in self._endpoints:
            return None
        if found := self.credential(usual):
            return None if _refused(usual, found, self._base_url(usual)) else found.source
        return "config" if usual.keyless else None

    def _counts(self, provider: AnyProvider) -> bool:
        """Whether it may be chosen without being named: usable, and not with another id's key."""
        source = self.source(provider)
        return bool(source) and source not in {f"env {name}" for name in provider.key.borrowed}

    def credential(self, provider: AnyProvider) -> config.Credential | None:
        """The provider's key and where it comes from."""
        if endpoint := self._endpoints.get(provider.id):
            return config.Credential(endpoint.key, "emulator")
        auth = self._settings.provider(provider.id).request.auth
        if auth.mode != "provider-default":
            text = revealed(auth.token or auth.value, self._environ)
            return config.Credential(text, "config, request.auth") if text else None
        key = provider.key
        ids = (provider.id, *provider.aliases)
        return self._keyring().find(ids, key.env, config_first=key.config_first)

    def _keyring(self) -> config.Keyring:
        environ = self._environ
        live = config.is_on(environ.get("OPENCLAW_LIVE_TEST"))
        env_first = live and not config.is_on(environ.get("OPENCLAW_LIVE_REQUIRE_PROFILE_KEYS"))
        return config.Keyring(self._settings, environ, self._profiles, env_first)

    def faults(self, provider: AnyProvider) -> tuple[str, ...]:
        """What is wrong with stored profiles of this provider."""
        return self._profiles.faults_of(provider.id)

    def reach(self, provider: AnyProvider) -> Reach:
        """How a provider is reached: which wire, where, with which key.

        Reads the files that the provider's configuration names. Raises ConfigError.
        """
        usual = self._as_configured(provider)
        found = self.credential(usual)
        base_url = self._base_url(usual)
        access = Access(
            base_url,
            found.key if found else None,
            policy=self._policy(provider.id),
            references=replace(
                self._references_policy(),
                # Where the provider is on this machine, so may be what it is to look at.
                allow_loopback=is_loopback(urlsplit(base_url).hostname or ""),
            ),
        )
        if endpoint := self._endpoints.get(provider.id):
            return Reach(usual, replace(access, poll_seconds=endpoint.poll_seconds))
        wire = usual if base_url == usual.base_url else usual.elsewhere or usual
        return Reach(
            wire, self._with_request(provider.id, access), _unusable(usual, found, base_url)
        )

    def _with_request(self, id: str, access: Access) -> Access:
        """The access with what the configuration says of the provider's requests."""
        about = self._settings.provider(id)
        request = about.request
        proxy = revealed(request.proxy.url, self._environ) if request.proxy else ""
        return replace(
            access,
            headers=about.sent_headers,
            key_header=_key_header(request.auth, access.key),
            connection=Connection(
                proxy=proxy or None,
                context=self._context(request.tls, f"models.providers.{id}.request.tls"),
            ),
            server_name=request.tls.server_name if request.tls else None,
        )

    def _context(self, tls: config.Tls | None, where: str) -> ssl.SSLContext | None:
        if tls is None:
            return None
        if tls not in self._contexts:
            try:
                self._contexts[tls] = context_of(tls, self._environ)
            except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
                raise ConfigError(where, f"cannot be used: {error}. Nothing was sent.") from error
        return self._contexts[tls]

    def _policy(self, id: str) -> Policy:
        """What the provider's answers and redirects may send us to."""
        request = self._settings.provider(id).request
        return replace(
            self._references_policy(),
            key=f"models.providers.{id}.request.allowPrivateNetwork",
            allow_private=request.allow_private_network,
        )

    def _references_policy(self) -> Policy:
        found = self._settings.tools.web.fetch.ssrf_policy
        return Policy(
            allow_private=found.allow_private_network,
            allowed_hosts=frozenset(name.lower() for name in found.allowed_hostnames),
            host_patterns=found.hostname_allowlist,
            allow_benchmark=found.allow_rfc2544_benchmark_range,
        )

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
        by_variable = {p.key.env[0]: p for p in reversed(keyed)}  # one key may serve several ids
        each = sorted(by_variable.values(), key=lambda p: p.id)[:3]
        examples = "; ".join(f"{p.id}: {' or '.join(p.key.env)}" for p in each)
        first = keyed[0]
        also = f" ({'; '.join(notices)})" if notices else ""
        return (
            f"no video model is configured{also}. Set a key ({examples}), or "
            "agents.defaults.videoGenerationModel in the configuration, such as "
            f'"{first.id}/{first.default_model.id}"; or call openclaw_nb.emulate() to try without '
            "a key. Nothing was sent."
        )


def _unusable(provider: AnyProvider, found: config.Credential | None, base_url: str) -> str:
    if found is None:
        return "" if provider.keyless else "no API key"
    return _refused(provider, found, base_url)


def _refused(provider: AnyProvider, found: config.Credential, base_url: str) -> str:
    """Why the API is not called with this key or at this address; empty when it is."""
    if refused := provider.key.refuse and provider.key.refuse(found.key):
        return f"the key from {found.source} is not usable: {refused}"
    if refused := provider.refuse_base_url and provider.refuse_base_url(base_url):
        return f"the base URL {base_url} is not usable: {refused}"
    return ""


def _key_header(auth: config.Auth, key: str | None) -> tuple[str, str] | None:
    """The header that carries the key when it is not sent as the provider wants."""
    if auth.mode == "provider-default" or key is None:
        return None
    if auth.mode == "authorization-bearer":
        return "Authorization", f"Bearer {key}"
    return auth.header_name or "", f"{auth.prefix}{key}"


def context_of(tls: config.Tls, environ: Mapping[str, str]) -> ssl.SSLContext:
    """How certificates are checked and shown. Reads files; raises OSError."""
    context = ssl.create_default_context()
    if tls.ca:
        context.load_verify_locations(Path(tls.ca).expanduser())
    if tls.cert:
        key = Path(tls.key).expanduser() if tls.key else None
        passphrase = revealed(tls.passphrase, environ) or None
        context.load_cert_chain(Path(tls.cert).expanduser(), key, passphrase)
    if tls.insecure_skip_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _text_of(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")
