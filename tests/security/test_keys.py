"""A key is in the request to its own provider, and nowhere else."""

from __future__ import annotations

import asyncio
import base64
import json
import traceback
from contextlib import closing
from urllib.parse import quote

import pytest
from aiohttp import web

import openclaw_nb as oc
from openclaw_nb import config, tables
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Blob
from openclaw_nb.core.wire import Call, Hosted, Key, KeyHere
from openclaw_nb.errors import OpenclawError
from openclaw_nb.runtime.access import Access, Connection
from openclaw_nb.runtime.answers import read_limited
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.transport import Unanswered, Unreachable
from openclaw_nb.vendors import Endpoint
from tests.conftest import Hurry
from tests.runtime.world import FakeClock, toy, transport

FAL = "fal/fal-ai/minimax/video-01-live"
MARK = "sk-MARKED-0a1b2c3d4e5f60718293"
ODD = "id-MARKED/0a1b2c3d:4e5f+6071=8293"
"""A key whose characters JSON and addresses write otherwise."""
SCHEMES = {
    "Bearer": Key(env=("A",)),
    "Key": Key(env=("A",), form="Key {}"),
    "x-api-key": Key(env=("A",), header="X-API-Key", form="{}"),
    "x-goog-api-key": Key(env=("A",), header="x-goog-api-key", form="{}"),
}
BLOB = Blob(media_type="image/png", name="a.png", size=4, data=b"abcd")


def exchange(call, access, provider=None):
    """The answer to a call; a `Hosted` is downloaded."""

    async def go():
        clock = FakeClock()
        async with transport(clock) as opened:
            deadline = Deadline(clock, 60)
            if isinstance(call, Hosted):
                async with opened.download(provider or toy(), access, call, deadline) as answer:
                    return await read_limited(answer, 2**20)
            return await opened.send(provider or toy(), access, call, deadline)

    return asyncio.run(go())


def everything(error: BaseException) -> str:
    """An error as a console that is told to show all of it does: locals, causes, attributes."""
    found, seen = [], set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        found += [str(current), repr(current), repr(vars(current)), *locals_of_ours(current)]
        current = current.__cause__ or (
            None if current.__suppress_context__ else current.__context__
        )
    return "\n".join(found)


def locals_of_ours(error: BaseException) -> list[str]:
    """The locals of the frames of this package that an error passed, as a console prints them."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    ours = [frame for frame in frames if "/openclaw_nb/" in frame.f_code.co_filename]
    return [
        f"{frame.f_code.co_qualname}: {name} = {value!r}"
        for frame in ours
        for name, value in frame.f_locals.items()
    ]


def leaks(text: str, key: str = MARK) -> list[str]:
    return [line for line in text.splitlines() if key in line]


# redirects


CALLS = {
    "submit": Call("POST", "/it", json={"prompt": "a heron"}),
    "submit with the key in its body": Call("POST", "/it", json={"extra": {"key": KeyHere()}}),
    "upload as a form": Call("POST", "/it", form={"file": BLOB}),
    "upload as bytes": Call("PUT", "/it", content=BLOB),
    "cancel": Call("DELETE", "/it"),
    "poll": Call("GET", "/it"),
    "download": Hosted("/it", keyed=True),
}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("call", CALLS)
def test_no_call_carries_a_key_to_where_it_is_redirected(server, elsewhere, call, scheme, status):
    async def moved(request):
        return web.Response(status=status, headers={"location": f"{elsewhere.url}/there"})

    server.say["/it"] = moved
    elsewhere.answer("/there", b"{}")
    access = Access(server.url, MARK, {"x-gateway-token": MARK})
    exchange(CALLS[call], access, toy(key=SCHEMES[scheme]))
    assert MARK in json.dumps(server.seen[0].headers)
    followed = call in {"poll", "download"}
    assert elsewhere.paths() == (["GET /there"] if followed else [])
    assert MARK not in repr(elsewhere.seen)


def test_a_key_in_a_body_stays_behind_when_the_call_goes_to_another_host(server, elsewhere):
    elsewhere.answer("/it", b"{}")
    call = Call("POST", f"{elsewhere.url}/it", json={"extra": {"key": KeyHere()}})
    exchange(call, Access(server.url, MARK))
    assert json.loads(elsewhere.seen[0].body) == {"extra": {"key": None}}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_header_that_the_user_chose_for_the_key_is_dropped_too(server, elsewhere, scheme):
    server.answer("/it", status=302, headers={"location": f"{elsewhere.url}/there"})
    elsewhere.answer("/there", b"{}")
    chosen = Access(server.url, MARK, key_header=("X-Gateway", f"Token {MARK}"))
    exchange(CALLS["poll"], chosen, toy(key=SCHEMES[scheme]))
    assert server.seen[0].headers["x-gateway"] == f"Token {MARK}"
    assert MARK not in repr(elsewhere.seen)


def test_cookies_of_one_answer_go_with_no_other_request(server, elsewhere):
    baked = {"set-cookie": "session=of-the-first; Path=/"}
    server.answers(
        "/it", (302, b"", {"location": f"{elsewhere.url}/there", **baked}), (200, b"", None)
    )
    elsewhere.answer("/there", b"{}", headers=baked)

    async def go():
        clock = FakeClock()
        async with transport(clock) as opened:
            for _ in range(2):
                access = Access(server.url, MARK)
                await opened.send(toy(), access, CALLS["poll"], Deadline(clock, 60))

    asyncio.run(go())
    assert len(server.seen) == 2
    assert not [seen for seen in (*server.seen, *elsewhere.seen) if "cookie" in seen.headers]


# answers that repeat the key


ECHOES = {
    "plain": MARK,
    "JSON": json.dumps(ODD)[1:-1],
    "JSON with escaped slashes": ODD.replace("/", "\\/"),
    "a query": quote(ODD, safe=""),
    "base64": base64.b64encode(MARK.encode()).decode(),
}


@pytest.mark.parametrize("form", ECHOES)
def test_an_answer_that_repeats_the_key_is_read_without_it(server, form):
    echo = ECHOES[form]
    server.answer(
        "/it", f'{{"detail": "no such key: {echo}!"}}'.encode(), 401, {"x-request-id": f"r-{echo}"}
    )
    key = MARK if form in {"plain", "base64"} else ODD
    reply = exchange(CALLS["poll"], Access(server.url, key))
    assert echo not in repr(reply)
    assert reply.body.startswith(b'{"detail": "no such key: ')
    assert reply.headers["x-request-id"].startswith("r-")


def test_a_gateways_token_in_an_answer_is_not_read_either(server):
    token = "gateway-MARKED-0123456789"
    server.answer("/it", token.encode(), 403)
    access = Access(
        server.url,
        MARK,
        {"x-gateway-token": f"Bearer {token}", "x-region": "eu-central-1-frankfurt"},
    )
    assert token not in repr(exchange(CALLS["poll"], access))
    server.answer("/it", b"eu-central-1-frankfurt")
    assert exchange(CALLS["poll"], access).body == b"eu-central-1-frankfurt"


def test_a_broken_answer_that_repeats_the_key_is_not_quoted(server):
    async def broken(request):
        request.transport.write(f"HTTP/1.1 200 OK\r\nx bad {MARK}\r\n\r\n".encode())
        request.transport.close()
        return web.Response()

    server.say["/it"] = broken
    with pytest.raises(Unanswered) as lost:
        exchange(CALLS["submit"], Access(server.url, MARK))
    assert not leaks(everything(lost.value))


@pytest.fixture
def client(server, home):
    """A client of fal, whose vendor is `server`, and whose key is marked."""
    settings = {"models": {"providers": {"fal": {"baseUrl": server.url, "apiKey": MARK}}}}
    client = Client(settings, home=home, environ={}, clock=Hurry())
    yield client
    client.close()


def refused_by(client, model=FAL):
    task = client.generate_video("a heron", model=model, exact_model=True)
    with pytest.raises(OpenclawError) as refused:
        task.result(20)
    return task, refused.value


@pytest.mark.parametrize("status", [200, 400, 401, 403, 422, 429, 500, 503])
@pytest.mark.parametrize(
    "body",
    [
        f"Your key {MARK} is unknown",
        json.dumps({"detail": f"Your key {MARK} is unknown"}),
        json.dumps({"detail": [{"loc": ["body", MARK], "msg": f"not {MARK}"}]}),
        json.dumps({"request_id": 7, "status": MARK}),
    ],
    ids=["text", "detail", "list", "odd"],
)
def test_a_vendor_that_repeats_the_key_puts_it_nowhere(server, client, home, records, status, body):
    async def say(request):
        return web.Response(status=status, text=body, headers={"retry-after": "9999"})

    server.otherwise = say
    task, error = refused_by(client)
    assert server.seen
    assert not leaks(everything(error))
    assert not leaks(repr([task, task.snapshot, task.attempts, client.tasks()]))
    # What httpcore logs for debugging are the bytes of the wire.
    logged = [text for text in records.everything if not text.startswith("httpcore")]
    assert logged
    assert not leaks("\n".join(logged))
    client.close()
    files = [path for path in home.rglob("*") if path.is_file()]
    assert files
    assert not [path.name for path in files if MARK.encode() in path.read_bytes()]


# keys and settings that cannot be used


UNUSABLE = [
    "sk-MARKED-0a1b2c3d\n4e5f60718293",
    "sk-MARKED-0a1b2c3d…4e5f",
    "sk-MARKED-\x000a1b2c3d4e5f",
]


@pytest.mark.parametrize("key", UNUSABLE, ids=["a line break", "an ellipsis", "a NUL"])
@pytest.mark.parametrize("source", ["environment", "configuration", "profile", "auth"])
def test_a_key_that_no_header_takes_is_refused_by_its_source_and_never_shown(
    server, home, records, key, source
):
    about = {"baseUrl": server.url}
    if source == "configuration":
        about["apiKey"] = key
    if source == "auth":
        about["request"] = {"auth": {"mode": "authorization-bearer", "token": key}}
    if source == "profile":
        path = home / "agents" / "main" / "agent" / "auth-profiles.json"
        path.parent.mkdir(parents=True)
        profile = {"provider": "fal", "type": "api_key", "key": key}
        path.write_text(json.dumps({"profiles": {"fal:default": profile}}))
    environ = {"FAL_KEY": key} if source == "environment" else {}
    settings = {"models": {"providers": {"fal": about}}}
    client = Client(settings, home=home, environ=environ, clock=Hurry())
    _, error = refused_by(client)
    client.close()
    assert isinstance(error, oc.MissingKey)
    assert "not usable" in str(error)
    assert server.seen == []
    for text in (everything(error), "\n".join(records.everything)):
        assert "MARKED" not in text


@pytest.mark.parametrize(
    "name, value", [("x-token", MARK + "\n"), ("x-token", f"{MARK}…"), ("x y", MARK), ("", MARK)]
)
@pytest.mark.parametrize("place", ["headers", "request.headers", "auth"])
def test_a_header_that_cannot_be_sent_is_refused_without_its_value(place, name, value):
    about = {
        "headers": {"headers": {name: value}},
        "request.headers": {"request": {"headers": {name: value}}},
        "auth": {
            "request": {"auth": {"mode": "header", "headerName": name, "value": value.strip("\n…")}}
        },
    }[place]
    if place == "auth" and name == "x-token":
        about["request"]["auth"]["prefix"] = "a\nb"
    with pytest.raises(oc.ConfigError) as refused:
        config.read({"models": {"providers": {"fal": about}}})
    assert not leaks(everything(refused.value))
    assert "models.providers.fal" in str(refused.value)


@pytest.mark.parametrize(
    "base", ["https://me:pass-MARKED@api.example", "https://pass-MARKED@api.example/v1"]
)
def test_a_base_url_with_a_password_is_refused_without_it(base, home):
    with pytest.raises(oc.ConfigError) as refused:
        Client({"models": {"providers": {"fal": {"baseUrl": base}}}}, home=home, environ={})
    assert "models.providers.fal.baseUrl" in str(refused.value)
    assert not leaks(everything(refused.value), "MARKED")


def test_a_base_url_with_a_password_in_a_variable_is_refused_without_it(home):
    environ = {"MINIMAX_API_HOST": "https://me:pass-MARKED@api.example", "MINIMAX_API_KEY": MARK}
    client = Client({}, home=home, environ=environ)
    try:
        _, error = refused_by(client, "minimax/MiniMax-Hailuo-2.3")
    finally:
        client.close()
    assert isinstance(error, oc.ConfigError)
    assert "MINIMAX_API_HOST" in str(error)
    assert not leaks(everything(error), "MARKED")


# tracebacks


@pytest.mark.parametrize("base", ["http://[", "http://127.0.0.1:9", "htp://x", "http://a b"])
@pytest.mark.parametrize("scheme", SCHEMES)
def test_no_frame_of_a_failed_call_shows_the_key(base, scheme, records):
    access = Access(base, MARK, {"x-gateway-token": MARK})
    with pytest.raises(Unreachable) as failure:
        exchange(CALLS["submit with the key in its body"], access, toy(key=SCHEMES[scheme]))
    assert not leaks(everything(failure.value))
    assert not leaks("\n".join(records.everything))


SECRETS = {
    "models": {
        "providers": {
            "fal": {
                "apiKey": MARK,
                "headers": {"x-token": MARK},
                "request": {
                    "auth": {"mode": "authorization-bearer", "token": MARK},
                    "proxy": {"mode": "explicit-proxy", "url": f"http://me:{MARK}@127.0.0.1:9"},
                },
            }
        }
    },
    "env": {"FAL_KEY": MARK, "vars": {"RUNWAYML_API_SECRET": MARK}},
}
WRONG = {
    "an unknown key": {"modells": 1},
    "a wrong type": {"tasks": {"retentionMs": "soon"}},
    "a variable that is not set": {"agents": {"defaults": {"model": "${NOT_SET_ANYWHERE}"}}},
    "certificates that are missing": None,
}


@pytest.mark.parametrize("form", ["values", "file"])
@pytest.mark.parametrize("flaw", WRONG)
def test_no_frame_of_a_configuration_error_shows_a_key(flaw, form, tmp_path, home):
    wrong = json.loads(json.dumps(SECRETS))
    if WRONG[flaw] is None:
        tls = {"ca": str(tmp_path / "none.pem"), "passphrase": MARK}
        wrong["models"]["providers"]["fal"]["request"]["tls"] = tls
    given: object = wrong | (WRONG[flaw] or {})
    if form == "file":
        given_path = tmp_path / "openclaw.json"
        given_path.write_text(json.dumps(given))
        given = given_path
    environ = {"FAL_KEY": MARK, "OPENCLAW_LIVE_TEST": "0"}

    def go():
        with closing(Client(given, home=home, environ=environ)) as client:
            client.generate_video("x", model=FAL, exact_model=True).result(20)

    with pytest.raises(oc.ConfigError) as refused:
        go()
    assert not leaks(everything(refused.value))


def test_no_frame_of_a_file_that_cannot_be_read_shows_what_is_in_it(tmp_path, home):
    path = tmp_path / "openclaw.json"
    path.write_text(f"{{models: {{providers: {{fal: {{apiKey: '{MARK}'}}}}}}, !}}")
    with pytest.raises(oc.ConfigError) as refused:
        Client(path, home=home, environ={})
    assert not leaks(everything(refused.value))


@pytest.mark.parametrize("value", [{"apiKey": MARK, "request": {"tsl": 1}}, {"apiKey": [MARK]}])
def test_no_frame_of_a_refused_setting_shows_it(value, tmp_path, environ):
    environ["OPENCLAW_CONFIG_PATH"] = str(tmp_path / "openclaw.json")
    with pytest.raises(oc.ConfigError) as refused:
        oc.config.set("models.providers.fal", value)
    assert not leaks(everything(refused.value))


# what objects say of themselves


def test_no_object_on_the_way_to_a_provider_shows_a_key(home, tmp_path):
    path = tmp_path / "openclaw.json"
    path.write_text(json.dumps(SECRETS))
    environ = {"FAL_KEY": MARK}
    loaded = config.load(path, environ, home=home)
    client = Client(path, home=home, environ=environ)
    vendors = client.vendors
    provider = next(p for p in vendors.providers if p.id == "fal")
    reach = vendors.reach(provider)
    found = [
        client, vendors, vars(client), vars(vendors), loaded, loaded.settings, loaded.settings.models,
        loaded.settings.provider("fal"), loaded.settings.env, vendors.credential(provider), reach,
        reach.access, reach.access.connection, Endpoint("http://127.0.0.1:9", MARK),
        config.Keyring(loaded.settings, environ), vendors.source(provider),
        tables.providers(client), oc.plan_video("x", client=client), client.tasks(),
    ]  # fmt: skip
    client.close()
    assert not [each for each in found if MARK in f"{each!r} {each}"]
    assert not [each for each in found if MARK in str(getattr(each, "_repr_html_", str)())]


# proxies


PROXIES = [
    "http://me:pass-MARKED@127.0.0.1:9",
    "http://me:pass-MARKED@[",
    "http://me:pass/MARKED@127.0.0.1:9",
    "ftp://me:pass-MARKED@127.0.0.1:9",
    "me:pass-MARKED@127.0.0.1:9",
    "http://me:pass-MARKED@127.0.0.1:port",
]


@pytest.mark.parametrize("address", PROXIES)
def test_the_password_of_a_configured_proxy_is_in_no_error_and_no_log(address, records):
    access = Access("http://api.toy.example", MARK, connection=Connection(proxy=address))
    with pytest.raises(Unreachable) as failure:
        exchange(CALLS["poll"], access)
    for text in (everything(failure.value), "\n".join(records.everything)):
        assert "MARKED" not in text


@pytest.mark.parametrize("address", PROXIES)
def test_nor_is_that_of_the_environments_proxy(address, records, environ):
    environ["HTTP_PROXY"] = address
    environ["http_proxy"] = address
    with pytest.raises(Unreachable) as failure:
        exchange(CALLS["poll"], Access("http://api.toy.example", MARK))
    for text in (everything(failure.value), "\n".join(records.everything)):
        assert "MARKED" not in text


# signed addresses


def test_the_query_of_an_address_is_in_no_log(server, elsewhere, records):
    """It may be a signature. httpx writes every address into its log."""
    server.answer("/it", b"{}")
    elsewhere.answer("/film.mp4", b"film")
    exchange(Call("GET", "/it?token=MARKED"), Access(server.url, None))
    exchange(Hosted(f"{elsewhere.url}/film.mp4?signature=MARKED"), Access(server.url, None))
    assert server.paths() == ["GET /it?token=MARKED"]
    assert elsewhere.paths() == ["GET /film.mp4?signature=MARKED"]
    assert any("GET http://" in line for line in records.lines)
    assert not [text for text in records.everything if "MARKED" in text]


def test_errors_about_a_call_name_no_query(server):
    server.answer("/it", status=302, headers={"location": "/it?signature=MARKED"})
    with pytest.raises(Unanswered) as lost:
        exchange(CALLS["poll"], Access(server.url, None))
    assert "MARKED" not in str(lost.value)
