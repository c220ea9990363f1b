"""The registered providers as one configuration and environment reach them: where, and with which key."""

from __future__ import annotations

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from openclaw_nb import config
from openclaw_nb.config.credentials import revealed
from openclaw_nb.config.schema import is_address
from openclaw_nb.core.candidates import (
    Candidates,
    Selection,
    candidates,
    find_provider,
    retired_defaults,
)
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import ConfigError, InvalidInput, NoCandidate, shown
from openclaw_nb.runtime.access import Access, Connection
from openclaw_nb.runtime.generate import Reach
from openclaw_nb.runtime.guard import Policy, is_loopback


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
        keys: Mapping[str, str],
    ) -> None:
        from openclaw_nb.providers import PROVIDERS

        self.providers: tuple[AnyProvider, ...] = PROVIDERS
        """Every registered provider of video, in order."""
        self._settings, self._environ = loaded.settings, loaded.environ
        self.from_profile = loaded.from_profile
        """The names of the variables that only the login profile sets."""
        self._profiles = profiles
        self._endpoints = dict(endpoints)
        self._keys = dict(self._chosen_key(name, key) for name, key in keys.items())
        self._contexts: dict[config.Tls, ssl.SSLContext] = {}
        self._check()

    def _chosen_key(self, name: str, text: object) -> tuple[str, config.Credential]:
        """A provider's id, and the key given for it in Python: itself, or a stored profile's id."""
        provider = find_provider(name, self.providers)
        if provider is None:
            ids = ", ".join(provider.id for provider in self.providers)
            raise InvalidInput("keys", f"{shown(name)} is no provider; providers are {ids}")
        if not isinstance(text, str) or not text.strip():
            fault = "is empty" if isinstance(text, str) else "must be a text"
            raise InvalidInput("keys", f"the key of {shown(name)} {fault}")
        key = text.strip()
        owner, stored = self._profiles.keys.get(key, ("", ""))
        if owner and owner not in (provider.id, *provider.aliases):
            raise InvalidInput("keys", f"profile {key} is of {owner}, not of {provider.id}")
        source = f"profile {key}" if owner else "the client's keys"
        return provider.id, config.Credential(stored or key, source)

    def _check(self) -> None:
        """Raises ConfigError for a key that no provider knows."""
        settings = self._settings
        plugins = {name: plugin.config for name, plugin in settings.plugins.entries.items()}
        for where, blocks in (
            ("models.providers.{}", settings.models.providers),
            ("plugins.entries.{}.config", plugins),
        ):
            for name, block in blocks.items():
                if provider := find_provider(name, self.providers):
                    _check_block(provider, block, where.format(name))

    def of(self, medium: Medium) -> tuple[AnyProvider, ...]:
        """Every registered provider of a medium, in order."""
        from openclaw_nb.providers import of

        return self.providers if medium is Medium.VIDEO else of(medium)

    @property
    def stand_ins(self) -> tuple[str, ...]:
        """Ids of the providers that something else stands for, such as the emulator."""
        return tuple(self._endpoints)

    @property
    def endpoints(self) -> Mapping[str, Endpoint]:
        """By provider id, where what stands for it is."""
        return dict(self._endpoints)

    def selection(self, medium: Medium = Medium.VIDEO) -> Selection:
        """What the configuration says about models."""
        defaults = self._settings.agents.defaults
        chosen = defaults.choice(medium.value)
        current = (defaults.model.primary or "").partition("/")
        return Selection(
            primary=chosen.primary,
            fallbacks=chosen.fallbacks,
            auto_fallback=defaults.media_generation_auto_provider_fallback,
            timeout_ms=chosen.timeout_ms,
            current_default_provider=current[0].strip() if current[1] else None,
        )

    def candidates(
        self, model: str | None, *, exact: bool = False, medium: Medium = Medium.VIDEO
    ) -> Candidates:
        """Which models would be tried, in order.

        Raises:
            InvalidInput: `model` means nothing that could be tried.
            NoCandidate: nothing is configured.
        """
        found = self._candidates(model, self.selection(medium), exact=exact, medium=medium)
        if not found.refs:
            raise NoCandidate(self._nothing_configured(found.notices, medium))
        return found

    def _candidates(
        self, model: str | None, selection: Selection, *, exact: bool, medium: Medium
    ) -> Candidates:
        providers = self.of(medium)
        found = partial(candidates, model, selection, providers)
        if exact and model is not None:
            return found((), exact=True)
        usable = [provider.id for provider in providers if self._counts(provider)]
        return found(usable, retired=self.retired(medium))

    def detected(self, medium: Medium = Medium.VIDEO) -> Candidates:
        """The models that are tried when neither caller nor configuration names one."""
        return self._candidates(None, Selection(), exact=False, medium=medium)

    def source(self, provider: AnyProvider) -> str | None:
        """Where its key comes from, or `config` for one that needs none; None: not configured."""
        try:
            usual = self._as_configured(provider)
            self._check_base_url(usual)
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
        if chosen := self._keys.get(provider.id):
            return chosen
        auth = self._about(provider).request.auth
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
        return config.Keyring(self._settings, environ, self._profiles, env_first, live)

    def faults(self, provider: AnyProvider) -> tuple[str, ...]:
        """What is wrong with stored profiles of this provider."""
        return self._profiles.faults_of(provider.id, *provider.aliases)

    def reads_files(self, provider: AnyProvider) -> bool:
        """Whether `reach` reads files that its configuration may name."""
        about = self._about(provider)
        return about.request.tls is not None or (provider.configure is not None and bool(about.own))

    def reach(self, provider: AnyProvider) -> Reach:
        """How a provider is reached: which wire, where, with which key.

        Reads the files that the provider's configuration names. Raises ConfigError.
        """
        usual = self._as_configured(provider)
        self._check_base_url(usual)
        found = self.credential(usual)
        base_url = self._base_url(usual)
        access = Access(
            base_url,
            found.key if found else None,
            max_concurrent=self._about(provider).request.max_concurrent,
            policy=self._policy(provider),
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
            wire, self._with_request(provider, access), self._unusable(usual, found, base_url)
        )

    def _unusable(
        self, provider: AnyProvider, found: config.Credential | None, base_url: str
    ) -> str:
        if found is not None:
            return _refused(provider, found, base_url)
        if provider.keyless:
            return ""
        name = self._keyring().not_set((provider.id, *provider.aliases))
        where = f"models.providers.{provider.id}.apiKey"
        return f"{where} refers to {name}, which is not set" if name else NO_KEY

    def _about(self, provider: AnyProvider) -> config.ProviderSettings:
        return self._settings.provider(provider.id, *provider.aliases)

    def _with_request(self, provider: AnyProvider, access: Access) -> Access:
        """The access with what the configuration says of the provider's requests."""
        about, id = self._about(provider), provider.id
        request = about.request
        context = self._context(request.tls, f"models.providers.{id}.request.tls")
        proxy = revealed(request.proxy.url, self._environ) if request.proxy else ""
        return replace(
            access,
            headers=about.sent_headers,
            key_header=_key_header(request.auth, access.key),
            connection=Connection(proxy=proxy or None, context=context),
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

    def _policy(self, provider: AnyProvider) -> Policy:
        """What the provider's answers and redirects may send us to."""
        request = self._about(provider).request
        return replace(
            self._references_policy(),
            key=f"models.providers.{provider.id}.request.allowPrivateNetwork",
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
            return provider.configure(self._about(provider).own, _text_of)
        except (ValueError, OSError) as error:
            raise ConfigError(f"plugins.entries.{provider.id}.config", str(error)) from error

    def _base_url(self, provider: AnyProvider) -> str:
        """Where the provider's calls go, without a trailing slash."""
        if endpoint := self._endpoints.get(provider.id):
            return endpoint.base_url
        named = self._about(provider).base_url
        if not named and provider.base_url_env:
            named = self._environ.get(provider.base_url_env)
        if not named:
            return provider.base_url
        named = named.strip()
        return provider.read_base_url(named) if provider.read_base_url else named.rstrip("/")

    def _check_base_url(self, provider: AnyProvider) -> None:
        """Whether the address that a variable names may be shown. Raises ConfigError."""
        name = provider.base_url_env or ""
        try:
            config.public_url(self._environ.get(name, ""))
        except ValueError as error:
            raise ConfigError(name, f"{error}. Nothing was sent.") from None

    def retired(self, medium: Medium = Medium.VIDEO) -> dict[str, str]:
        """By id what to say of a default that the vendor's host serves no longer; another may."""
        vendors = [p for p in self.of(medium) if self._base_url(p) == p.base_url]
        return retired_defaults(vendors, datetime.now(tz=UTC).date())

    def _nothing_configured(self, notices: Sequence[str], medium: Medium) -> str:
        # A key alone must be enough.
        keyed = [p for p in self.of(medium) if p.key.env and not p.by_name_only]
        by_variable = {p.key.env[0]: p for p in reversed(keyed)}  # one key may serve several ids
        each = sorted(by_variable.values(), key=lambda p: p.id)[:3]
        examples = "; ".join(f"{p.id}: {' / '.join(p.key.env)}" for p in each)
        others = ", ".join(p.id for p in self.of(medium) if p not in each)
        also_for = f"; as well for {others}" if others else ""
        first = keyed[0]
        also = f" ({'; '.join(notices)})" if notices else ""
        return (
            f"no {medium} model is configured{also}. Set a key ({examples}{also_for}), or "
            f"agents.defaults.{medium}GenerationModel in the configuration, such as "
            f'"{first.id}/{first.default_model.id}"; or call openclaw_nb.emulate() to try without '
            "a key. Nothing was sent."
        )


NO_KEY = "no API key"


def _check_block(provider: AnyProvider, block: config.ProviderSettings, where: str) -> None:
    if block.own and provider.configure is None:
        known = [field.alias or name for name, field in type(block).model_fields.items()]
        name = next(iter(block.own))
        raise ConfigError(
            f"{where}.{name}", f"{config.no_such_key(name, known)}. Nothing was sent."
        )


def _refused(provider: AnyProvider, found: config.Credential, base_url: str) -> str:
    """Why the API is not called with this key or at this address; empty when it is."""
    unsendable = config.unsendable(provider.key.sent_as(found.key)[1])
    if refused := unsendable or (provider.key.refuse and provider.key.refuse(found.key)):
        return f"the key from {found.source} is not usable: {refused}"
    if not is_address(base_url):
        return f"the base URL {shown(base_url)} is no http(s) address"
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
        protected = revealed(tls.passphrase, environ) != ""
        context.load_cert_chain(
            Path(tls.cert).expanduser(),
            key,
            (lambda: revealed(tls.passphrase, environ)) if protected else None,
        )
    if tls.insecure_skip_verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _text_of(path: str) -> str:
    return Path(path).expanduser().read_text(encoding="utf-8")
