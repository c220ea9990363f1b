"""Addresses as they go over the wire: what is written quickly is what httpx would write."""

import string

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from openclaw_nb.runtime.exchange import Outgoing, read_address

HOSTS = ["api.example.com", "127.0.0.1", "[::1]", "a-b.example", "EXAMPLE.com", "bücher.example"]
PORTS = ["", ":80", ":443", ":8080", ":0", ":65536"]
REST = st.text(string.printable.strip() + "éü/.%?#&=", max_size=40)


def by_httpx(url: str) -> tuple[str, str, str]:
    found = httpx.URL(url)
    login = f"{found.userinfo.decode()}@" if found.userinfo else ""
    authority = found.netloc.decode("ascii")
    path = found.raw_path.decode("ascii")
    return f"{found.scheme}://{login}{authority}{path}", authority, found.host


@given(st.sampled_from(["http", "https"]), st.sampled_from(HOSTS), st.sampled_from(PORTS), REST)
@example("http", "api.example.com", "", "a/../b")
@example("http", "api.example.com", "", "a/./b")
@example("https", "api.example.com", "", "%zz%2f?a=%")
@example("https", "api.example.com", ":443", "v1/videos?X-Sig=a%2Fb%3D&empty=&q=~'(")
def test_every_address_is_written_as_httpx_writes_it(scheme, host, port, rest):
    url = f"{scheme}://{host}{port}/{rest}"
    try:
        expected = by_httpx(url)
    except httpx.InvalidURL:
        with pytest.raises(httpx.InvalidURL):
            read_address(url)
        return
    found = read_address(url)
    assert (found.text, found.authority, found.host) == expected


@pytest.mark.parametrize("url", ["http://h", "http://me:word@h/x", "http://h?q=1", "http://h/x#y"])
def test_so_is_one_that_is_no_plain_path_of_a_host(url):
    found = read_address(url)
    assert (found.text, found.authority, found.host) == by_httpx(url)
    assert found.has_login == ("@" in url)


def test_an_address_shows_itself_without_what_may_be_secret():
    address = read_address("https://me:PASSWORD@h.example/film.mp4?signature=MARKED")
    request = Outgoing("GET", address, {"x-key": "MARKED"}, b"MARKED", 1.0, 1.0)
    assert str(address) == "https://h.example/film.mp4"
    assert not [word for word in ("MARKED", "PASSWORD") if word in repr((address, request))]


def test_an_address_at_a_place_keeps_all_but_its_host():
    address = read_address("https://h.example:8443/a%7Eb?c=%2f")
    assert address.at("192.0.2.1").text == "https://192.0.2.1:8443/a%7Eb?c=%2f"
    assert address.at("2001:db8::1").text == "https://[2001:db8::1]:8443/a%7Eb?c=%2f"
