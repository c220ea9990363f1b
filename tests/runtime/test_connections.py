"""Proxies, certificates and checked addresses, over real sockets."""

import asyncio
import base64
import ssl

import pytest
import trustme

from openclaw_nb import config
from openclaw_nb.core.wire import Call
from openclaw_nb.runtime.access import Access, Connection
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.guard import Policy
from openclaw_nb.runtime.transport import Unreachable
from openclaw_nb.vendors import context_of
from tests.runtime.world import SECRET, FakeClock, Server, toy, transport

NAME = "api.toy.example"


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority, tmp_path_factory):
    """PEM files: the authority, and a certificate of our own."""
    folder = tmp_path_factory.mktemp("pem")
    mine = authority.issue_cert("me@toy.example")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    mine.cert_chain_pems[0].write_to_path(str(folder / "cert.pem"))
    mine.private_key_pem.write_to_path(str(folder / "key.pem"))
    return folder


def tls_server(authority, *, wants_certificate=False):
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert(NAME).configure_cert(context)
    if wants_certificate:
        authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
    return Server(context)


@pytest.fixture
def secure(authority):
    server = tls_server(authority)
    server.answer("/status", b"{}")
    yield server
    server.close()


@pytest.fixture
def choosy(authority):
    server = tls_server(authority, wants_certificate=True)
    server.answer("/status", b"{}")
    yield server
    server.close()


def ask(access, path="/status"):
    async def go():
        clock = FakeClock()
        async with transport(clock) as opened:
            deadline = Deadline(clock, 1200)
            return await opened.send(toy(), access, Call("GET", path), deadline)

    return asyncio.run(go())


def tls(files, **more):
    settings = config.Tls(ca=str(files / "ca.pem"), **more)
    return Connection(context=context_of(settings, {}))


# certificates


def test_a_servers_certificate_is_checked_against_a_named_authority(secure, files):
    reached = Access(secure.url, SECRET, connection=tls(files), server_name=NAME)
    assert ask(reached).status == 200
    assert secure.seen[0].headers["authorization"] == f"Bearer {SECRET}"


def test_without_that_authority_nothing_is_sent(secure):
    with pytest.raises(Unreachable, match="certificate"):
        ask(Access(secure.url, SECRET, server_name=NAME))
    assert secure.seen == []


def test_the_certificate_must_bear_the_hosts_name_or_the_one_that_is_configured(secure, files):
    with pytest.raises(Unreachable, match="certificate"):
        ask(Access(secure.url, SECRET, connection=tls(files)))
    assert secure.seen == []


def test_a_certificate_of_our_own_is_shown_to_a_server_that_wants_one(choosy, files):
    mine = tls(files, cert=str(files / "cert.pem"), key=str(files / "key.pem"))
    assert ask(Access(choosy.url, SECRET, connection=mine, server_name=NAME)).status == 200


def test_a_check_can_be_switched_off(secure, files):
    careless = Connection(context=context_of(config.Tls(insecure_skip_verify=True), {}))
    assert ask(Access(secure.url, SECRET, connection=careless)).status == 200


# proxies


def test_a_provider_is_reached_through_its_own_proxy(server):
    server.answer("/status", b"{}")
    proxy = Connection(proxy=server.url.replace("//", "//me:pass@"))
    assert ask(Access("http://api.toy.example", SECRET, connection=proxy)).status == 200
    (seen,) = server.seen
    assert seen.headers["host"] == "api.toy.example"
    login = base64.b64encode(b"me:pass").decode()
    assert seen.headers["proxy-authorization"] == f"Basic {login}"


def test_a_proxys_password_is_in_no_error():
    proxy = Connection(proxy="http://me:pass@127.0.0.1:9")
    with pytest.raises(Unreachable) as failure:
        ask(Access("http://api.toy.example", SECRET, connection=proxy))
    assert "pass" not in str(failure.value)


# checked addresses


def test_a_checked_name_is_asked_at_its_address_under_its_own_name(server):
    server.answer("/a", b"{}")
    port = server.url.rpartition(":")[2]
    open_to_all = Policy(allow_private=True)
    reached = Access("http://api.toy.example", SECRET, policy=open_to_all)
    assert ask(reached, f"http://localhost:{port}/a").status == 200
    (seen,) = server.seen
    assert seen.headers["host"] == f"localhost:{port}"
    assert "authorization" not in seen.headers


def test_a_header_carries_the_key_where_the_configuration_says_so(server):
    server.answer("/status", b"{}")
    ask(Access(server.url, SECRET, key_header=("X-Gateway-Key", SECRET)))
    assert server.seen[0].headers["x-gateway-key"] == SECRET
    assert "authorization" not in server.seen[0].headers


def test_a_configured_header_takes_the_place_of_ours_whatever_its_letter_case(server):
    server.answer("/status", b"{}")
    ask(Access(server.url, SECRET, {"ACCEPT": "text/plain", "authorization": "none"}))
    seen = server.seen[0].headers
    assert (seen["accept"], seen["authorization"]) == ("text/plain", f"Bearer {SECRET}")
