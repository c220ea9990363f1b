"""No answer, redirect or reference makes this machine ask itself or its neighbours."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import closing, suppress

import httpx
import pytest

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.wire import Call, Hosted
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.access import Access, Connection
from openclaw_nb.runtime.answers import read_limited
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.guard import BlockedError, Policy, addresses, check_name
from openclaw_nb.runtime.transport import BROKEN, MAX_HOPS, Unanswered, Unreachable
from tests.conftest import Hurry
from tests.runtime.world import MP4, SECRET, FakeClock, toy, transport

LITERALS = {
    "in octal": "0177.0.0.1",
    "in octal, padded": "00000177.000.000.01",
    "in hexadecimal": "0x7f.0x0.0x0.0x1",
    "as one hexadecimal number": "0x7f000001",
    "in mixed notation": "0x7f.0.01",
    "in three parts": "127.0.1",
    "as one decimal number": "2130706433",
    "with a dot at its end": "127.0.0.1.",
    "in full-width digits": "１２７．０．０．１",
    "in circled digits": "①②⑦.⓪.⓪.①",
    "with ideographic dots": "127。0。0。1",
    "of the whole loopback network": "127.255.255.254",
    "mapped into IPv6": "[::ffff:127.0.0.1]",
    "mapped, in hexadecimal": "[::ffff:7f00:1]",
    "mapped, in full": "[0000:0000:0000:0000:0000:ffff:7f00:0001]",
    "in a 6to4 address": "[2002:7f00:1::1]",
    "private in a 6to4 address": "[2002:c0a8:0101::]",
    "in a NAT64 address": "[64:ff9b::127.0.0.1]",
    "private in a NAT64 address": "[64:ff9b::10.0.0.1]",
    "in a local NAT64 address": "[64:ff9b:1:7f00:0:100::]",
    "in a local NAT64 address that ends in a public one": "[64:ff9b:1:7f00:0:100:808:808]",
    "in a Teredo address": "[2001:0:7f00:1::]",
    "behind Teredo's mask": "[2001:0:808:808:0:0:80ff:fffe]",
    "translated for IPv6": "[::ffff:0:127.0.0.1]",
    "IPv4-compatible": "[::7f00:1]",
    "with a zone": "[fe80::1%25lo]",
    "a documentation address": "192.0.2.1",
    "an IPv6 documentation address": "[2001:db8::1]",
    "a reserved address": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "this network": "0.1.2.3",
    "the metadata of clouds": "169.254.169.254",
    "the metadata of clouds, as a number": "2852039166",
    "the metadata of clouds, mapped": "[::ffff:169.254.169.254]",
    "the metadata of EC2 over IPv6": "[fd00:ec2::254]",
    "the metadata of Alibaba": "100.100.100.200",
    "IETF protocol assignments": "192.0.0.1",
    "carrier-grade NAT": "100.127.255.255",
    "the benchmark network": "198.19.255.255",
    "IPv6 benchmarks": "[2001:2::1]",
    "site-local": "[feff::1]",
    "IPv6 multicast": "[ff05::2]",
}
NAMES = {
    "this machine": "localhost",
    "this machine in capitals": "LocalHost",
    "this machine with a dot": "localhost.",
    "this machine with dots": "localhost..",
    "this machine in full-width letters": "ｌｏｃａｌｈｏｓｔ",
    "a name of this machine": "x.localhost",
    "an old name of this machine": "localhost.localdomain",
    "a printer": "printer.local",
    "a printer in capitals": "PRINTER.LOCAL.",
    "metadata of Google": "metadata.google.internal",
    "metadata of Google with a dot": "METADATA.google.internal.",
    "a service of the cloud": "x.y.internal",
    "a printer with ideographic dots": "printer。local",
}
HOSTS = LITERALS | NAMES
HOME = "api.toy.example"


class Names(asyncio.SelectorEventLoop):
    """A loop that knows a few names; each lookup takes the next answer, the last one for ever."""

    def __init__(self, **answers):
        super().__init__()
        self.answers = {name.replace("_", "."): list(each) for name, each in answers.items()}
        self.looked_up = []

    async def getaddrinfo(self, host, port, **_):
        host = host.decode() if isinstance(host, bytes) else host
        self.looked_up.append(host)
        known = self.answers.get(host.rstrip("."))
        if known is None:
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        found = known.pop(0) if len(known) > 1 else known[0]
        kinds = [socket.AF_INET6 if ":" in each else socket.AF_INET for each in found.split()]
        return [
            (kind, socket.SOCK_STREAM, 6, "", (each, port))
            for kind, each in zip(kinds, found.split(), strict=True)
        ]


def on(loop, work):
    with closing(loop):
        return loop.run_until_complete(work)


async def exchange(call, access):
    clock = FakeClock()
    async with transport(clock) as opened:
        if isinstance(call, Hosted):
            async with opened.download(toy(), access, call, Deadline(clock, 60)) as answer:
                return await read_limited(answer, 2**20)
        return (await opened.send(toy(), access, call, Deadline(clock, 60))).body


def port_of(server):
    return server.url.rpartition(":")[2]


def at_home(server, **access):
    """A vendor at a public name, which leads to `server`."""
    return Access(f"http://{HOME}:{port_of(server)}", SECRET, **access)


def calls_to(url):
    return [Call("GET", url), Hosted(url)]


# literals and names


@pytest.mark.parametrize("what", HOSTS)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_address_of_this_machine_or_its_network_is_refused_however_it_is_written(scheme, what):
    url = f"{scheme}://{HOSTS[what]}:8188/x"
    with pytest.raises(BlockedError):
        asyncio.run(addresses(url, Policy()))
    with pytest.raises(BlockedError):
        check_name(url, Policy())


@pytest.mark.parametrize("what", HOSTS)
def test_no_redirect_leads_to_one(server, what):
    server.answer("/it", status=302, headers={"location": f"http://{HOSTS[what]}:9/x"})
    for call in (Call("GET", "/it"), Hosted("/it")):
        with pytest.raises((BlockedError, Unanswered, httpx.RemoteProtocolError)):
            on(Names(api_toy_example=["127.0.0.1"]), exchange(call, at_home(server)))
    assert set(server.paths()) == {"GET /it"}


@pytest.mark.parametrize("what", HOSTS)
def test_no_proxy_is_asked_for_one(server, what):
    server.otherwise = None
    through = Access(f"http://{HOME}", SECRET, connection=Connection(proxy=server.url))
    for call in calls_to(f"http://{HOSTS[what]}:9/x"):
        with pytest.raises(BlockedError):
            asyncio.run(exchange(call, through))
    assert server.seen == []


TRICKS = [
    "http://good.example@127.0.0.1:{}/x",
    "http://good.example:80@127.0.0.1:{}/x",
    "http://good.example%00@127.0.0.1:{}/x",
    "http://a[@127.0.0.1:{}/x",
    "http://a]@127.0.0.1:{}/x",
    "http://127.0.0.1:{}#@good.example/",
    "http://127.0.0.1:{}?@good.example/",
    "http://127.0.0.1:{}\\@good.example/",
    "http://good.example\\@127.0.0.1:{}/x",
    "http://127.0.0.1%00.good.example:{}/x",
    "http://127.0.0.1%2egood.example:{}/x",
    "http://127%2e0%2e0%2e1:{}/x",
    "http://%31%32%37.0.0.1:{}/x",
    "http://[127.0.0.1]:{}/x",
    "http://127.0.0.1\t:{}/x",
    "http://127.0.0\n.1:{}/x",
    "http://127.0.0.1\u00ad:{}/x",
    "http://local\u200bhost:{}/x",
    "http:127.0.0.1:{}/x",
    "http:///127.0.0.1:{}/x",
    "http:\\\\127.0.0.1:{}/x",
    "HTTP://127.0.0.1:{}/x",
    " http://127.0.0.1:{}/x",
    "gopher://127.0.0.1:{}/x",
    "file:///etc/passwd?{}",
    "http://127.0.0.1:{}:80/x",
    "http://[::ffff:127.0.0.1%25lo]:{}/x",
    "http://api.toy.example@127.0.0.1:{}/x",
    "http://127.0.0.1:{}/api.toy.example",
]


@pytest.mark.parametrize("trick", TRICKS)
def test_no_way_of_writing_an_address_reaches_this_machine(server, elsewhere, trick):
    """Whatever one parser takes for the host: what is connected to is what was checked."""
    url = trick.format(port_of(elsewhere))
    server.answer("/it", status=302, headers={"location": url})
    for call in (*calls_to(url), Call("GET", "/it"), Hosted("/it")):
        loop = Names(api_toy_example=["127.0.0.1"])
        with suppress(BlockedError, Unreachable, Unanswered, *BROKEN):
            on(loop, exchange(call, at_home(server)))
    assert elsewhere.seen == []


# redirects


def chain(server, hops, end):
    for hop in range(hops):
        to = f"/{hop + 1}" if hop + 1 < hops else end
        server.answer(f"/{hop}", status=302, headers={"location": to})


def test_five_redirects_are_followed_and_a_sixth_is_not(server):
    server.answer("/end", b"{}")
    chain(server, MAX_HOPS, "/end")
    assert asyncio.run(exchange(Call("GET", "/0"), Access(server.url))) == b"{}"
    assert MAX_HOPS == 5
    chain(server, MAX_HOPS + 1, "/end")
    with pytest.raises(Unanswered, match="redirected more than 5 times"):
        asyncio.run(exchange(Call("GET", "/0"), Access(server.url)))


@pytest.mark.parametrize("hops", range(1, MAX_HOPS + 1))
def test_every_hop_is_looked_at(server, elsewhere, hops):
    chain(server, hops, f"http://127.0.0.1:{port_of(elsewhere)}/x")
    for call in (Call("GET", "/0"), Hosted("/0")):
        with pytest.raises(BlockedError, match="loopback"):
            on(Names(api_toy_example=["127.0.0.1"]), exchange(call, at_home(server)))
    assert elsewhere.seen == []


# names that change their minds


def test_a_name_is_looked_up_once_and_connected_to_where_it_was_checked(server):
    server.answer("/film.mp4", MP4)
    loop = Names(files_toy_example=["127.0.0.1", "127.0.0.2"])
    url = f"http://files.toy.example:{port_of(server)}/film.mp4"
    reached = Access(f"http://{HOME}", SECRET, policy=Policy(allow_private=True))
    assert on(loop, exchange(Hosted(url), reached)) == MP4
    assert loop.looked_up == ["files.toy.example"]
    assert server.seen[0].headers["host"] == f"files.toy.example:{port_of(server)}"


@pytest.mark.parametrize(
    "answers", ["8.8.8.8 127.0.0.1", "127.0.0.1 8.8.8.8", "::1 8.8.8.8", "8.8.8.8 ::ffff:7f00:1"]
)
def test_one_private_address_among_several_is_enough_to_refuse_a_name(server, answers):
    loop = Names(files_toy_example=[answers])
    for call in calls_to(f"http://files.toy.example:{port_of(server)}/x")[:1]:
        with pytest.raises(BlockedError, match=r"files\.toy\.example \("):
            on(loop, exchange(call, Access(f"http://{HOME}", SECRET)))
    assert server.seen == []


# what the configuration allows


def policies(**values):
    """The policies for answers of fal, and for references, under these settings."""
    with closing(Client(values, environ={"FAL_KEY": "x" * 20})) as client:
        access = client.vendors.reach(by_id["fal"]).access
    return access.policy, access.references


def allowed(policy, *hosts):
    def may(host):
        try:
            check_name(f"http://{host}/x", policy)
        except BlockedError:
            return False
        return True

    return [host for host in hosts if may(host)]


SAMPLE = (
    "8.8.8.8",
    "cdn.example.com",
    "10.0.0.1",
    "127.0.0.1",
    "198.18.0.1",
    "nas.local",
    "NAS.local.",
    "a.nas.local",
)
PUBLIC = ["8.8.8.8", "cdn.example.com"]
SSRF = {
    "allowPrivateNetwork": (True, list(SAMPLE)),
    "dangerouslyAllowPrivateNetwork": (True, list(SAMPLE)),
    "allowedHostnames": (["nas.local"], [*PUBLIC, "nas.local", "NAS.local."]),
    "hostnameAllowlist": (["*.example.com"], ["cdn.example.com"]),
    "allowRfc2544BenchmarkRange": (True, [*PUBLIC, "198.18.0.1"]),
}


@pytest.mark.parametrize("key", SSRF)
def test_each_key_of_the_policy_allows_what_it_says_and_no_more(key):
    value, hosts = SSRF[key]
    own, references = policies(tools={"web": {"fetch": {"ssrfPolicy": {key: value}}}})
    assert allowed(references, *SAMPLE) == hosts
    if "PrivateNetwork" not in key:
        assert allowed(own, *SAMPLE) == hosts


def test_without_any_key_only_public_addresses_are_asked():
    for policy in policies():
        assert allowed(policy, *SAMPLE) == PUBLIC


def test_a_providers_key_opens_its_own_traffic_and_nothing_else():
    own, references = policies(
        models={"providers": {"fal": {"request": {"allowPrivateNetwork": True}}}}
    )
    assert allowed(own, *SAMPLE) == list(SAMPLE)
    assert allowed(references, *SAMPLE) == PUBLIC
    own, _ = policies(models={"providers": {"runway": {"request": {"allowPrivateNetwork": True}}}})
    assert allowed(own, *SAMPLE) == PUBLIC


# references that are handed on


def test_a_reference_that_a_provider_fetches_itself_is_not_asked_for_here(server, elsewhere, home):
    server.otherwise = None
    url = f"{elsewhere.url}/first.png?signature=kept"
    settings = {"models": {"providers": {"fal": {"baseUrl": server.url, "apiKey": SECRET}}}}
    with closing(Client(settings, home=home, environ={}, clock=Hurry())) as client:
        task = client.generate_video(
            "a heron", model="fal/fal-ai/minimax/video-01-live", image=url, exact_model=True
        )
        with pytest.raises(oc.ProviderRefused):
            task.result(20)
    assert url in json.dumps(json.loads(server.seen[0].body))
    assert elsewhere.seen == []
