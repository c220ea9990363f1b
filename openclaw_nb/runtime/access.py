"""How a provider is reached, and which addresses are whose: who may see its key, where a name leads."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx

from openclaw_nb.config.edit import is_secret
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.runtime import guard
from openclaw_nb.runtime.guard import Policy

_PUBLIC = Policy()


@dataclass(frozen=True, slots=True)
class Connection:
    """By what way a provider is reached; one pool of connections for each."""

    proxy: str | None = field(default=None, repr=False)
    """Address of the proxy, which may hold a password."""
    context: ssl.SSLContext | None = None


DIRECT = Connection()


@dataclass(frozen=True, slots=True)
class Access:
    """How one provider is reached: where, with which key, and what else is sent along."""

    base_url: str
    key: str | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    poll_seconds: float | None = None
    """Overrides the provider's poll interval, for servers that answer at once."""
    max_concurrent: int = 16
    """How many operations, from submission to saved file, this provider is given at once."""
    key_header: tuple[str, str] | None = field(default=None, repr=False)
    """Carries the key instead of the provider's own header."""
    connection: Connection = DIRECT
    server_name: str | None = None
    """The name that the certificate of the base URL's host must bear, when not the host's own."""
    policy: Policy = _PUBLIC
    """What may be asked besides the base URL's own host."""
    references: Policy = _PUBLIC
    """The same for references that the user named."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What is sent to the provider and must not be read back from it."""
        named = [value for name, value in self.headers.items() if is_secret(name)]
        tokens = [value.rpartition(" ")[2] for value in named]  # without a scheme such as Bearer
        return tuple(filter(None, (self.key, *tokens)))


async def places_of(access: Access, url: str) -> tuple[str | None, ...]:
    """Addresses to connect to; None leaves the lookup to httpx, for hosts that need no check."""
    home = _host(access.base_url)
    if _host(url) == home:
        if not home:
            raise httpx.InvalidURL("the address names no host")
        return (None,)  # the vendor's own, or what the user configured
    near = access.policy.allow_loopback or guard.is_loopback(home)
    policy = replace(access.policy, allow_loopback=near)
    if access.connection.proxy or _is_proxied(url):
        guard.check_name(url, policy)
        return (None,)
    try:
        return await guard.addresses(url, policy)
    except OSError as error:
        raise httpx.ConnectError(f"{_host(url)} cannot be looked up: {error}") from error


def _host(url: str) -> str:
    """The host of an address; empty when there is none."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_proxied(url: str) -> bool:
    host = _host(url)
    return bool(host) and urlsplit(url).scheme in getproxies() and not proxy_bypass(host)


def certificate_name(access: Access, url: str) -> str | None:
    """The name that the certificate there must bear, when it is not the host's."""
    return access.server_name if _host(url) == _host(access.base_url) else None


def whole_url(base_url: str, path: str) -> str:
    """The address of a call or a file: a path is the provider's own."""
    return base_url + path if path.startswith("/") else path


def may_see_key(provider: AnyProvider, access: Access, url: str) -> bool:
    """Whether `url` is a place that the provider's key may be sent to."""
    try:
        home, there = urlsplit(access.base_url), urlsplit(url)
    except ValueError:
        return False
    if (there.scheme, there.netloc) == (home.scheme, home.netloc):
        return True
    return there.scheme == "https" and _is_key_host(provider, there.hostname or "")


def _is_key_host(provider: AnyProvider, host: str) -> bool:
    return any(
        host.endswith(allowed[1:]) if allowed.startswith("*.") else host == allowed
        for allowed in provider.key_hosts
    )


def is_vendors(provider: AnyProvider, base_url: str) -> bool:
    """Whether calls go to the vendor itself, whose other hosts are then where they usually are."""
    if base_url == provider.base_url:
        return True
    url = urlsplit(base_url)
    return url.scheme == "https" and _is_key_host(provider, url.hostname or "")
