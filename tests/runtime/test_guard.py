"""What may be asked, rule by rule; nothing here leaves the machine."""

import asyncio

import pytest

from openclaw_nb.runtime.guard import BlockedError, Policy, addresses, check_name, is_loopback

PRIVATE = [
    "127.0.0.1",
    "127.1",
    "0x7f.1",
    "0177.0.0.1",
    "2130706433",
    "0",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "224.0.0.1",
    "198.18.0.1",
    "255.255.255.255",
    "[::1]",
    "[::]",
    "[fc00::1]",
    "[fd12:3456::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:10.0.0.1]",
    "[2002:7f00:1::]",
    "[64:ff9b::7f00:1]",
    "[::127.0.0.1]",
]
NAMES = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "localhost.localdomain",
    "metadata.google.internal",
    "a.localhost",
    "printer.local",
    "vault.internal",
]


def found(url, **allowed):
    return asyncio.run(addresses(url, Policy(**allowed)))


@pytest.mark.parametrize("host", PRIVATE + NAMES)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_this_machine_and_its_neighbours_are_not_asked(scheme, host):
    with pytest.raises(BlockedError, match=r"allowPrivateNetwork in the configuration allows it"):
        found(f"{scheme}://{host}/x")
    with pytest.raises(BlockedError):
        check_name(f"{scheme}://{host}/x", Policy())


@pytest.mark.parametrize("host", ["8.8.8.8", "[2606:4700::1111]", "1.1"])
def test_a_public_address_is_asked(host):
    assert found(f"https://{host}/x")


@pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "[::1]", "localhost", "127.1"])
def test_a_private_address_is_asked_when_the_configuration_allows_it(host):
    assert found(f"http://{host}:8188/x", allow_private=True)


def test_a_name_whose_address_is_private_is_not_asked():
    with pytest.raises(BlockedError) as blocked:
        asyncio.run(_resolved_to("127.0.0.1"))
    assert "files.example.com (127.0.0.1)" in str(blocked.value)
    assert "loopback" in str(blocked.value)


def test_every_address_of_a_name_must_pass():
    with pytest.raises(BlockedError):
        asyncio.run(_resolved_to("8.8.8.8", "10.0.0.1"))


def test_what_was_checked_is_what_is_connected_to():
    assert asyncio.run(_resolved_to("8.8.8.8", "1.1.1.1")) == ("8.8.8.8", "1.1.1.1")


async def _resolved_to(*answers, **allowed):
    """`addresses` on a loop whose resolver gives these answers."""

    class Resolver(asyncio.SelectorEventLoop):
        async def getaddrinfo(self, host, port, **_):
            return [(None, None, None, "", (answer, port)) for answer in answers]

    def run():
        loop = Resolver()
        try:
            return loop.run_until_complete(
                addresses("https://files.example.com/a.mp4", Policy(**allowed))
            )
        finally:
            loop.close()

    return await asyncio.to_thread(run)


def test_an_allowed_host_may_have_a_private_address():
    allowed = {"allowed_hosts": frozenset({"files.example.com"})}
    assert asyncio.run(_resolved_to("10.0.0.1", **allowed)) == ("10.0.0.1",)


def test_with_patterns_only_hosts_that_match_are_asked():
    patterns = {"host_patterns": ("*.example.com",)}
    assert asyncio.run(_resolved_to("8.8.8.8", **patterns))
    with pytest.raises(BlockedError, match="hostnameAllowlist"):
        found("https://8.8.8.8/x", **patterns)


def test_the_benchmark_range_can_be_allowed():
    assert found("http://198.18.0.1/", allow_benchmark=True) == ("198.18.0.1",)


@pytest.mark.parametrize(
    "url", ["ftp://example.com/a", "file:///etc/passwd", "https:///x", "http://[::1"]
)
def test_only_http_addresses_with_a_host_are_asked(url):
    with pytest.raises(BlockedError):
        found(url, allow_private=True)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "a.localhost", "[::1]"])
def test_a_provider_on_this_machine_may_send_us_to_this_machine(host):
    check_name(f"http://{host}:9/x", Policy(allow_loopback=True))


@pytest.mark.parametrize("host", ["10.0.0.1", "printer.local", "169.254.169.254"])
def test_but_not_to_its_neighbours(host):
    with pytest.raises(BlockedError):
        check_name(f"http://{host}:9/x", Policy(allow_loopback=True))


@pytest.mark.parametrize(
    "host, said", [("127.0.0.1", True), ("localhost", True), ("::1", True), ("example.com", False)]
)
def test_this_machine_is_known_by_how_it_is_written(host, said):
    assert is_loopback(host) is said
