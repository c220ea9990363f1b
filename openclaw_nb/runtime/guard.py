"""Which addresses may be asked: one set of rules for references, results, polls and redirects.

A provider's answer, a redirect or a pasted reference must not make this machine ask its own
services or its neighbours' (server-side request forgery). Names are looked up once, every address
must pass, and the connection goes to an address that passed: a name that changes its mind between
the check and the connection gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import TypeAlias
from urllib.parse import urlsplit

Address: TypeAlias = IPv4Address | IPv6Address
Network: TypeAlias = IPv4Network | IPv6Network

_INNER_NAMES = frozenset({"localhost", "localhost.localdomain", "metadata.google.internal"})
_INNER_ENDINGS = (".localhost", ".local", ".internal")
_BENCHMARK = ipaddress.ip_network("198.18.0.0/15")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_INNER_NETWORKS = (
    ipaddress.ip_network("64:ff9b:1::/48"),  # NAT64 of one's own network (RFC 8215)
    ipaddress.ip_network("::ffff:0:0:0/96"),  # IPv4 translated (RFC 2765)
)
_COMPATIBLE = ipaddress.ip_network("::/96")
_WELL_KNOWN = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the configuration allows beyond public addresses."""

    key: str = "tools.web.fetch.ssrfPolicy.allowPrivateNetwork"
    """The configuration key that `allow_private` comes from; errors name it."""
    allow_private: bool = False
    allow_loopback: bool = False
    """This machine may be asked, as for a provider whose own server is on it."""
    allowed_hosts: frozenset[str] = frozenset()
    """Exact names whose addresses may be private."""
    host_patterns: tuple[str, ...] = ()
    """When there are any, such as `*.example.com`, a host must match one."""
    allow_benchmark: bool = False
    """Whether 198.18.0.0/15 (RFC 2544) counts as public."""


class BlockedError(Exception):
    """An address that is not asked; the text names the host, the rule, and the key that allows it."""

    def __init__(self, host: str, rule: str, key: str) -> None:
        super().__init__(f"{host} is not asked: {rule}; {key} in the configuration allows it")
        self.host, self.rule, self.key = host, rule, key


async def addresses(url: str, policy: Policy) -> tuple[str, ...]:
    """The addresses behind `url` that may be connected to, in the resolver's order.

    Raises:
        BlockedError: the policy forbids it.
        OSError: the name cannot be looked up.
    """
    host, port = _host_and_port(url, policy)
    _check_name(host, policy)
    literal = _literal(host)
    if literal is not None:
        found: tuple[Address, ...] = (literal,)
    else:
        loop = asyncio.get_running_loop()
        answers = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        # A link-local address may carry its interface: fe80::1%eth0.
        texts = dict.fromkeys(str(answer[4][0]).partition("%")[0] for answer in answers)
        found = tuple(map(ipaddress.ip_address, texts))
    if not (policy.allow_private or host in policy.allowed_hosts):
        for address in found:
            if rule := _forbidden(address, policy):
                named = host if str(address) == host else f"{host} ({address})"
                raise BlockedError(named, rule, policy.key)
    return tuple(map(str, found))


def check_name(url: str, policy: Policy) -> None:
    """The part of `addresses` that needs no lookup, for hosts that a proxy looks up.

    Raises BlockedError.
    """
    host, _ = _host_and_port(url, policy)
    _check_name(host, policy)
    literal = _literal(host)
    allowed = policy.allow_private or host in policy.allowed_hosts
    if literal is not None and not allowed and (rule := _forbidden(literal, policy)):
        raise BlockedError(host, rule, policy.key)


def is_loopback(host: str) -> bool:
    """Whether a host is written as this machine: `localhost`, `127.0.0.1`, `::1`."""
    literal = _literal(host)
    return literal.is_loopback if literal else host == "localhost" or host.endswith(".localhost")


def _host_and_port(url: str, policy: Policy) -> tuple[str, int]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise BlockedError("an address that cannot be read", "it is no URL", policy.key) from None
    if parts.scheme not in _WELL_KNOWN:
        raise BlockedError(host or url[:40], "only http and https are asked", policy.key)
    if not host:
        raise BlockedError("an address without a host", "it names no host", policy.key)
    return _plain(host), port or _WELL_KNOWN[parts.scheme]


def _plain(host: str) -> str:
    """A host as resolvers read it: digits, letters and dots of other widths are the usual ones."""
    return unicodedata.normalize("NFKC", host).replace("。", ".").rstrip(".").lower()


def _check_name(host: str, policy: Policy) -> None:
    patterns = policy.host_patterns
    if patterns and not any(fnmatchcase(host, pattern.lower()) for pattern in patterns):
        rule = f"only {', '.join(patterns)} may be asked"
        raise BlockedError(host, rule, "tools.web.fetch.ssrfPolicy.hostnameAllowlist")
    if policy.allow_private or host in policy.allowed_hosts:
        return
    if policy.allow_loopback and (host == "localhost" or host.endswith(".localhost")):
        return
    if host in _INNER_NAMES or host.endswith(_INNER_ENDINGS):
        raise BlockedError(host, "the name is one of this machine or its network", policy.key)


def _literal(host: str) -> Address | None:
    """An address written out, in the old notations of IPv4 too: `127.1`, `0x7f.1`, `2130706433`."""
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host[:1].isdigit() else None
    except OSError:
        return None


def _forbidden(address: Address, policy: Policy) -> str:
    """The rule that forbids an address, or an IPv4 address hidden in it; empty when none does."""
    if policy.allow_benchmark and address in _BENCHMARK:
        return ""
    if address.is_loopback:
        return "" if policy.allow_loopback else "it is this machine (loopback)"
    if address.is_link_local:
        return "it is link-local, where clouds serve their secrets"
    if address.is_multicast:
        return "it is a multicast address"
    inner = getattr(address, "is_site_local", False) or _is_in(address, *_INNER_NETWORKS)
    if inner or not address.is_global:
        return "it is no public address"
    return next(filter(None, (_forbidden(inner, policy) for inner in _embedded(address))), "")


def _embedded(address: Address) -> Iterator[IPv4Address]:
    if isinstance(address, IPv4Address):
        return
    if address.ipv4_mapped:
        yield address.ipv4_mapped
    if address.sixtofour:
        yield address.sixtofour
    if address.teredo:
        yield from address.teredo
    if _is_in(address, _COMPATIBLE, _NAT64):
        yield IPv4Address(int(address) & 0xFFFFFFFF)


def _is_in(address: Address, *networks: Network) -> bool:
    return any(address in network for network in networks)
