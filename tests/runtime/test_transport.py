"""Over real HTTP: where a key may go, what is sent twice and what never, and where reading stops."""

import asyncio
import gzip
import json

import pytest
from aiohttp import web

from openclaw_nb.core.wire import Call, Hosted, Key
from openclaw_nb.runtime.access import Access, may_see_key
from openclaw_nb.runtime.answers import TooLarge, pieces, read_limited
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.transport import ATTEMPTS, MAX_HOPS, Unanswered, Unreachable
from tests.runtime.world import SECRET, FakeClock, hang_up, sending, toy, transport

SCHEMES = [
    Key(env=("A",)),
    Key(env=("A",), form="Key {}"),
    Key(env=("A",), header="x-api-key", form="{}"),
    Key(env=("A",), header="X-Goog-Api-Key", form="{}"),
    Key(env=("A",), header="xi-token", form="Token {}"),
]
GET = Call("GET", "/status")
POST = Call("POST", "/submit", json={"prompt": "a heron"})


def send(call, server, *, provider=None, clock=None, seconds=600.0, **access):
    provider, clock = provider or toy(), clock or FakeClock()

    async def go():
        async with transport(clock) as opened:
            to = Access(server.url, SECRET, **access)
            return await opened.send(provider, to, call, Deadline(clock, seconds))

    return asyncio.run(go())


def download(hosted, server, *, provider=None, offset=0, **access):
    clock = FakeClock()

    async def go():
        async with transport(clock) as opened:
            to = Access(server.url, SECRET, **access)
            opening = opened.download(
                provider or toy(), to, hosted, Deadline(clock, 600), offset=offset
            )
            async with opening as answer:
                return answer.status_code, await read_limited(answer, 2**20)

    return asyncio.run(go())


def test_an_answer_says_what_its_path_was_appended_to(server):
    server.answer("/status", b"{}")
    reply = send(GET, server)
    assert (reply.path, reply.base_url) == ("/status", server.url)


def carries_key(seen):
    return SECRET in json.dumps(seen.headers)


# keys


@pytest.mark.parametrize("key", SCHEMES, ids=lambda key: f"{key.header} {key.form}")
def test_a_key_reaches_the_providers_own_origin_in_its_own_header(server, key):
    server.answer("/status", b"{}")
    send(GET, server, provider=toy(key=key))
    assert server.seen[0].headers[key.header.lower()] == key.form.format(SECRET)


@pytest.mark.parametrize("key", SCHEMES, ids=lambda key: f"{key.header} {key.form}")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_key_does_not_follow_a_redirect_to_another_origin(server, elsewhere, key, status):
    server.answer("/status", status=status, headers={"location": f"{elsewhere.url}/there"})
    elsewhere.answer("/there", b'{"ok":true}')
    assert send(GET, server, provider=toy(key=key)).body == b'{"ok":true}'
    assert elsewhere.paths() == ["GET /there"]
    assert not carries_key(elsewhere.seen[0])


def test_a_key_comes_back_with_a_redirect_to_the_own_origin(server, elsewhere):
    server.answer("/status", status=302, headers={"location": f"{elsewhere.url}/there"})
    elsewhere.answer("/there", status=302, headers={"location": f"{server.url}/home"})
    server.answer("/home", b"{}")
    send(GET, server)
    assert [carries_key(seen) for seen in server.seen] == [True, True]
    assert not carries_key(elsewhere.seen[0])


def test_a_key_does_not_go_to_an_address_that_an_answer_named(server, elsewhere):
    elsewhere.answer("/result", b"{}")
    send(Call("GET", f"{elsewhere.url}/result"), server)
    assert not carries_key(elsewhere.seen[0])


def test_configured_headers_go_where_the_key_goes_and_no_further(server, elsewhere):
    server.answer("/status", status=302, headers={"location": f"{elsewhere.url}/there"})
    elsewhere.answer("/there", b"{}")
    elsewhere.answer("/film.mp4", b"film")
    headers = {"x-gateway-token": "gateway-secret"}
    send(GET, server, headers=headers)
    download(Hosted(f"{elsewhere.url}/film.mp4"), server, headers=headers)
    assert server.seen[0].headers["x-gateway-token"] == "gateway-secret"
    assert len(elsewhere.seen) == 2
    assert not any("x-gateway-token" in seen.headers for seen in elsewhere.seen)


def test_a_hosted_file_is_fetched_without_the_key_even_from_the_own_origin(server):
    server.answer("/film.mp4", b"film")
    assert download(Hosted(f"{server.url}/film.mp4"), server) == (200, b"film")
    assert not carries_key(server.seen[0])


def test_a_keyed_file_is_fetched_with_the_key_and_loses_it_on_the_way_elsewhere(server, elsewhere):
    server.answer("/film", status=302, headers={"location": f"{elsewhere.url}/film.mp4"})
    elsewhere.answer("/film.mp4", b"film")
    assert download(Hosted("/film", keyed=True), server) == (200, b"film")
    assert carries_key(server.seen[0])
    assert not carries_key(elsewhere.seen[0])


@pytest.mark.parametrize(
    "url, allowed",
    [
        ("https://api.toy.example/v1/x", True),
        ("https://queue.toy.run/x", True),
        ("https://files.toy.example/x", True),
        ("http://api.toy.example/v1/x", False),
        ("https://api.toy.example:8443/x", False),
        ("http://queue.toy.run/x", False),
        ("https://toy.run/x", False),
        ("https://eviltoy.run/x", False),
        ("https://queue.toy.run.evil.example/x", False),
        ("https://files.toy.example.evil.example/x", False),
        ("https://api.toy.example@evil.example/x", False),
        ("https://evil.example/?https://api.toy.example", False),
    ],
)
def test_only_the_own_origin_and_declared_https_hosts_may_see_the_key(url, allowed):
    provider = toy(key_hosts=("*.toy.run", "files.toy.example"))
    assert may_see_key(provider, Access("https://api.toy.example/v1", SECRET), url) is allowed


def test_a_call_goes_to_the_vendors_other_host_only_while_its_own_base_url_is_used(
    server, elsewhere
):
    for each in (server, elsewhere):
        each.answer("/token", b"{}")
    call = Call("POST", "/token", json={}, host=elsewhere.url)
    send(call, server, provider=toy(base_url=server.url))
    send(call, server, provider=toy(base_url="https://api.toy.example"))
    assert (len(elsewhere.seen), len(server.seen)) == (1, 1)
    assert not carries_key(elsewhere.seen[0]), "not declared as a host of the key"
    assert carries_key(server.seen[0])


def test_neither_key_nor_headers_are_in_the_text_of_an_access():
    assert SECRET not in repr(Access("https://api.toy.example", SECRET, {"x-token": SECRET}))


def test_a_post_does_not_follow_a_redirect(server, elsewhere):
    server.answer("/submit", status=307, headers={"location": f"{elsewhere.url}/submit"})
    assert send(POST, server).status == 307
    assert elsewhere.seen == []


def test_an_own_path_that_holds_an_address_in_its_query_stays_an_own_path(server):
    server.answer("/files", b"{}")
    send(Call("GET", "/files?of=https://evil.example/x"), server)
    assert server.paths() == ["GET /files?of=https://evil.example/x"]


def test_redirects_end_after_a_few_hops(server):
    server.answer("/status", status=302, headers={"location": "/status"})
    with pytest.raises(Unanswered, match="redirect"):
        send(GET, server, clock=FakeClock())
    assert len(server.seen) == (MAX_HOPS + 1) * ATTEMPTS


# repetition


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_get_is_repeated_after_a_passing_status(server, clock, status):
    server.answers("/status", (status, b"", None), (status, b"", None), (200, b"{}", None))
    assert send(GET, server, clock=clock).status == 200
    assert len(server.seen) == 3
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 422, 501])
def test_a_get_is_not_repeated_after_a_final_status(server, status):
    server.answer("/status", status=status)
    assert send(GET, server).status == status
    assert len(server.seen) == 1


def test_a_get_gives_up_after_a_few_tries(server, clock):
    server.answer("/status", b"busy", 503)
    assert send(GET, server, clock=clock).status == 503
    assert len(server.seen) == ATTEMPTS


def test_a_get_is_repeated_after_a_lost_connection(server):
    calls = []

    async def once_lost(request):
        calls.append(request)
        return await hang_up(request) if len(calls) == 1 else web.Response(body=b"{}")

    server.say["/status"] = once_lost
    assert send(GET, server).status == 200
    assert len(calls) == 2


def test_retry_after_in_seconds_is_obeyed(server, clock):
    server.answers("/status", (429, b"", {"retry-after": "7"}), (200, b"{}", None))
    send(GET, server, clock=clock)
    assert clock.slept == [7.0]


def test_retry_after_as_a_date_is_read_on_the_servers_own_clock(server, clock):
    """However far that clock, or ours, is off."""
    headers = {
        "date": "Sat, 01 Jan 2000 00:00:00 GMT",
        "retry-after": "Sat, 01 Jan 2000 00:00:07 GMT",
    }
    server.answers("/status", (429, b"", headers), (200, b"{}", None))
    send(GET, server, clock=clock)
    assert clock.slept == [7.0]


@pytest.mark.parametrize("said", ["nan", "inf", "-3", "soon", "Sat, 01 Jan 2000 00:00:00 GMT", ""])
def test_an_odd_retry_after_neither_fails_nor_waits_for_ever(server, clock, said):
    server.answers("/status", (503, b"", {"retry-after": said}), (200, b"{}", None))
    assert send(GET, server, clock=clock).status == 200
    assert 0 <= sum(clock.slept) <= 1


def test_a_retry_after_beyond_the_deadline_is_not_waited_for(server, clock):
    server.answer("/status", status=429, headers={"retry-after": "3600"})
    assert send(GET, server, clock=clock, seconds=60).status == 429
    assert clock.slept == []


@pytest.mark.parametrize("status", [408, 425, 500, 502, 503, 504])
def test_a_post_goes_out_once_whatever_the_answer(server, status):
    server.answer("/submit", status=status)
    assert send(POST, server).status == status
    assert server.paths() == ["POST /submit"]


def test_a_post_whose_connection_breaks_goes_out_once(server):
    server.say["/submit"] = hang_up
    with pytest.raises(Unanswered):
        send(POST, server)
    assert server.paths() == ["POST /submit"]


def test_a_post_that_was_held_off_with_429_is_repeated(server, clock):
    server.answers("/submit", (429, b"", {"retry-after": "2"}), (200, b"{}", None))
    assert send(POST, server, clock=clock).status == 200
    assert clock.slept == [2.0]
    assert {seen.body for seen in server.seen} == {b'{"prompt":"a heron"}'}


def test_without_a_connection_nothing_arrived_and_every_method_is_repeated(clock):
    class Nobody:
        url = "http://127.0.0.1:9"

    with pytest.raises(Unreachable):
        send(POST, Nobody, clock=clock)
    assert len(clock.slept) == ATTEMPTS - 1


@pytest.mark.parametrize("base", ["htp://api.toy.example", "api.toy.example", "http://["])
def test_an_address_that_cannot_be_called_counts_as_nothing_sent(base, clock):
    class Typo:
        url = base

    with pytest.raises(Unreachable):
        send(POST, Typo, clock=clock)


# limits


def test_an_answer_of_exactly_the_limit_is_read(server):
    server.answer("/status", b"x" * 1000)
    assert len(send(GET, server, provider=toy(max_reply_bytes=1000)).body) == 1000


@pytest.mark.parametrize("length_known", [True, False])
def test_an_answer_over_the_limit_is_not_read_to_its_end(server, length_known):
    if length_known:
        server.answer("/status", b"x" * 1001)
    else:
        server.say["/status"] = sending(*[b"x" * 400] * 3)
    with pytest.raises(TooLarge) as stopped:
        send(GET, server, provider=toy(max_reply_bytes=1000))
    assert stopped.value.limit == 1000


def test_one_deadline_bounds_an_answer_that_trickles(server):
    server.say["/submit"] = sending(*[b"x"] * 200, pause=0.05)
    with pytest.raises(Unanswered):
        send(POST, server, clock=Clock(), seconds=0.3)


def test_an_answer_that_never_comes_ends_with_the_deadline(server):
    async def never(request):
        await asyncio.sleep(3)
        return web.Response()

    server.say["/submit"] = never
    with pytest.raises(Unanswered):
        send(POST, server, clock=Clock(), seconds=0.2)


def test_an_error_text_holds_no_query_that_may_be_a_token(server):
    server.say["/status"] = hang_up
    with pytest.raises(Unanswered) as lost:
        send(Call("GET", "/status?token=secret"), server, seconds=0.1)
    assert "secret" not in str(lost.value)


def test_a_download_can_begin_at_an_offset(server):
    server.answer("/film.mp4", b"film")
    download(Hosted(f"{server.url}/film.mp4"), server, offset=5)
    assert server.seen[0].headers["range"] == "bytes=5-"
    assert server.seen[0].headers["accept-encoding"] == "identity"


# compression


def test_a_packed_answer_is_read_and_only_what_can_be_unpacked_in_pieces_is_asked_for(server):
    server.answer("/status", gzip.compress(b'{"a": 1}'), headers={"content-encoding": "gzip"})
    assert send(GET, server).body == b'{"a": 1}'
    assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip"])
def test_a_coding_that_was_not_asked_for_is_no_answer(server, coding):
    server.answer("/submit", b"anything", headers={"content-encoding": coding})
    with pytest.raises(Unanswered, match="was not asked for"):
        send(POST, server)


@pytest.mark.parametrize(
    "body", [gzip.compress(b"x" * 99, mtime=0)[:-9], b"no gzip at all"], ids=["cut", "none"]
)
def test_gzip_that_is_cut_or_none_is_no_answer(server, body):
    server.answer("/submit", body, headers={"content-encoding": "gzip"})
    with pytest.raises(Unanswered):
        send(POST, server)


def test_a_small_answer_that_unpacks_to_a_huge_one_never_fills_the_memory(server):
    server.answer("/a", gzip.compress(bytes(2**28), 9), headers={"content-encoding": "gzip"})

    async def lengths():
        async with transport() as opened:
            access = Access(server.url, SECRET)
            deadline = Deadline(opened.clock, 60)
            async with opened.download(toy(), access, Hosted("/a"), deadline) as answer:
                return [len(piece) async for piece in pieces(answer)]

    sizes = asyncio.run(lengths())
    assert sum(sizes) == 2**28
    assert max(sizes) <= 2**18
