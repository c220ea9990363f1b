"""Both doors, and what they do to an answer on its way out."""

import asyncio
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import av
import httpx
import pytest

from openclaw_nb.emulator import PROVIDER_IDS, Emulator, Scenario, Services, transport

KEY = {"authorization": "Key k"}
BEARER = {"authorization": "Bearer k"}
LIVE = "fal-ai/minimax/video-01-live"
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(params=["loopback", "in process"])
def door(request):
    """Both ways in, behind one async client."""
    scenario = Scenario(render="draft", polls=0)
    if request.param == "loopback":
        with Emulator(scenario) as emulator:
            yield (
                lambda: httpx.AsyncClient(base_url=emulator.url, trust_env=False),
                emulator.services,
            )
        return
    services = Services(scenario)
    yield (
        lambda: httpx.AsyncClient(
            base_url="http://emulator", transport=transport(services), trust_env=False
        ),
        services,
    )
    services.close()


def talk(door, conversation):
    async def run():
        async with door[0]() as client:
            return await conversation(client)

    return asyncio.run(run())


async def submitted(client):
    said = await client.post(f"/fal/{LIVE}", json={"prompt": "a heron"}, headers=KEY)
    return said.json()


async def film_url(client):
    made = await submitted(client)
    return (await client.get(made["response_url"], headers=KEY)).json()["video"]["url"]


def download(door, **headers):
    async def conversation(client):
        return await client.get(await film_url(client), headers=headers)

    return talk(door, conversation)


def play(door, **scenario):
    door[1].play(Scenario(render="draft", polls=0, **scenario))


def test_every_answer_says_whose_it_is(door):
    async def conversation(client):
        paths = ["/", "/nothing", "/fal/x", "/minimax/x", "/openai/v1/videos", "/_emulator/jobs"]
        return [await client.get(path) for path in paths]

    assert {said.headers["x-openclaw-emulator"] for said in talk(door, conversation)} == {"1"}


def test_a_film_is_served_with_its_length(door):
    film = download(door)
    assert film.headers["content-length"] == str(len(film.content))
    assert film.content[4:8] == b"ftyp"


@pytest.mark.parametrize(
    "asked, part, said",
    [
        ("bytes=0-9", slice(0, 10), "bytes 0-9/{}"),
        ("bytes=10-", slice(10, None), "bytes 10-{last}/{}"),
        ("bytes=-7", slice(-7, None), None),
    ],
)
def test_a_part_of_a_film_can_be_had(door, asked, part, said):
    whole = download(door).content
    piece = download(door, range=asked)
    assert piece.status_code == 206
    assert piece.content == whole[part]
    if said:
        expected = said.format(len(whole), last=len(whole) - 1)
        assert piece.headers["content-range"] == expected


def test_a_range_beyond_the_film_is_refused(door):
    assert download(door, range="bytes=99999999-").status_code == 416


def test_only_the_head_of_a_film_can_be_had(door):
    async def conversation(client):
        return await client.head(await film_url(client))

    said = talk(door, conversation)
    assert int(said.headers["content-length"]) > 0
    assert said.content == b""


def test_a_clip_that_will_never_be_made_is_an_error_not_a_wait(door):
    door[1].play(Scenario(polls=0))

    async def conversation(client):
        body = {"prompt": "never", "config": {"duration": 3600}}
        where = "/fal/fal-ai/heygen/v2/video-agent"
        made = (await client.post(where, json=body, headers=KEY)).json()
        waiting = asyncio.create_task(client.get(made["response_url"], headers=KEY))
        await asyncio.sleep(0)
        await asyncio.to_thread(door[1].close)
        return await waiting

    assert talk(door, conversation).status_code == 503


def test_unknown_addresses_are_not_found(door):
    async def conversation(client):
        paths = ["/", "/nobody/x", "/_hosted/fal/x.mp4", "/_hosted/x", "/_emulator/x"]
        return [(await client.get(path)).status_code for path in paths]

    assert set(talk(door, conversation)) == {404}


def test_a_dropped_submission_was_recorded(door):
    play(door, drop_submit_reply=1)
    with pytest.raises(httpx.TransportError):
        talk(door, submitted)
    assert len(door[1].entries()) == 1
    assert "request_id" in talk(door, submitted)


def test_a_truncated_film_breaks_off(door):
    play(door, download="truncated")
    with pytest.raises(httpx.RemoteProtocolError):
        download(door)


def test_a_reset_film_never_starts(door):
    play(door, download="reset")
    with pytest.raises(httpx.TransportError):
        download(door)


def test_a_slow_film_takes_its_time_and_arrives(door):
    play(door, download="slow", download_seconds=0.3)
    start = time.perf_counter()
    film = download(door)
    assert time.perf_counter() - start >= 0.25
    assert film.content[4:8] == b"ftyp"


def test_an_oversize_film_is_large_and_still_plays(door):
    play(door, download="oversize", oversize_bytes=3_000_000)
    film = download(door)
    assert len(film.content) == 3_000_000 == int(film.headers["content-length"])
    with av.open(io.BytesIO(film.content)) as container:
        assert next(container.decode(video=0))


@pytest.mark.parametrize(
    "kind, status, content_type",
    [
        ("html", 200, "text/html; charset=utf-8"),
        ("json", 200, "application/json"),
        ("empty", 200, "video/mp4"),
        ("expired", 403, "application/xml"),
    ],
)
def test_something_else_can_come_instead_of_the_film(door, kind, status, content_type):
    play(door, download=kind)
    said = download(door)
    assert (said.status_code, said.headers["content-type"]) == (status, content_type)
    assert (said.content == b"") == (kind == "empty")


def test_a_redirect_leads_to_another_host_which_refuses_keys(door):
    play(door, download="redirect")

    async def conversation(client):
        first = await client.get(await film_url(client))
        clean = await client.get(first.headers["location"])
        leaky = await client.get(first.headers["location"], headers=BEARER)
        return first, clean, leaky

    first, clean, leaky = talk(door, conversation)
    assert first.status_code == 302
    assert httpx.URL(first.headers["location"]).host != first.url.host
    assert clean.content[4:8] == b"ftyp"
    assert leaky.status_code == 400


def test_the_book_can_be_read_and_emptied_over_http(door):
    async def conversation(client):
        await submitted(client)
        listed = (await client.get("/_emulator/jobs")).json()
        await client.post("/_emulator/reset")
        return listed, (await client.get("/_emulator/jobs")).json()

    listed, emptied = talk(door, conversation)
    assert [(row["provider"], row["model"], row["state"]) for row in listed] == [
        ("fal", LIVE, "succeeded")
    ]
    assert "k" not in json.dumps(listed).replace("heron", "").split('"')
    assert emptied == []


def test_a_scenario_can_be_set_over_http_for_all_or_for_one(door):
    async def conversation(client):
        everyone = await client.post("/_emulator/scenario", json={"ends": "failed", "polls": 0})
        one = await client.post("/_emulator/scenario", json={"fal": {"submit_status": 429}})
        wrong = await client.post("/_emulator/scenario", json={"pols": 2})
        return (
            everyone,
            one,
            wrong,
            await client.post(f"/fal/{LIVE}", json={"prompt": "x"}, headers=KEY),
        )

    everyone, one, wrong, said = talk(door, conversation)
    assert (everyone.status_code, one.status_code, wrong.status_code) == (200, 200, 400)
    assert said.status_code == 429


def test_many_clients_are_served_at_once(door):
    async def conversation(client):
        made = await asyncio.gather(*(submitted(client) for _ in range(40)))
        return {each["request_id"] for each in made}

    assert len(talk(door, conversation)) == 40
    assert len(door[1].entries()) == 40


def test_a_large_body_is_read_whole(door):
    async def conversation(client):
        image = os.urandom(3_000_000)
        files = {"video": ("a.mp4", image, "video/mp4")}
        return await client.post(
            "/openai/v1/videos/edits", data={"prompt": "x"}, files=files, headers=BEARER
        )

    said = talk(door, conversation)
    assert said.json()["error"]["param"] == "video"


def test_addresses_follow_one_rule():
    with Emulator() as emulator:
        assert emulator.url == f"http://127.0.0.1:{httpx.URL(emulator.url).port}"
        assert emulator.urls == {id: f"{emulator.url}/{id}" for id in PROVIDER_IDS}
        assert emulator.base_urls["openai"] == f"{emulator.url}/openai/v1"
        assert emulator.base_urls["fal"] == emulator.urls["fal"]
        assert emulator.hosts == {"https://fal.run": f"{emulator.url}/fal-run"}


def test_an_emulator_leaves_no_thread_and_no_port_behind():
    before = set(threading.enumerate())
    with Emulator() as emulator, httpx.Client(trust_env=False) as client:
        client.get(emulator.url)
        port = httpx.URL(emulator.url).port
    assert set(threading.enumerate()) == before
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port))


def test_an_emulator_has_no_address_before_it_starts():
    with pytest.raises(RuntimeError, match="start"):
        _ = Emulator().url


def test_a_closed_emulator_does_not_start_again():
    with Emulator() as emulator:
        pass
    with pytest.raises(RuntimeError, match="closed"):
        emulator.start()


def test_a_port_that_is_taken_is_an_error_at_the_caller():
    with Emulator() as first, pytest.raises(OSError, match="in use"):
        Emulator(port=httpx.URL(first.url).port).start()


def test_a_port_can_be_chosen_again_after_closing():
    with Emulator() as first:
        port = httpx.URL(first.url).port
    with Emulator(port=port) as second:
        assert second.url.endswith(f":{port}")


def test_importing_needs_neither_codecs_nor_pictures_nor_a_server():
    heavy = "[m for m in ('av', 'numpy', 'PIL', 'aiohttp') if m in sys.modules]"
    code = f"import sys, openclaw_nb.emulator; print({heavy})"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert done.stdout.strip() == "[]"


SERVE = """
from openclaw_nb.emulator import serve_forever
serve_forever(on_ready=lambda emulator: print(emulator.url, flush=True))
print("over", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serving_ends_cleanly_on_a_signal(number):
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-W", "error", "-c", SERVE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    ) as server:
        url = server.stdout.readline().strip()
        said = httpx.post(f"{url}/fal/{LIVE}", json={"prompt": "x"}, headers=KEY, trust_env=False)
        server.send_signal(number)
        out, err = server.communicate(timeout=20)
    assert said.status_code == 200
    assert (server.returncode, out.strip(), err) == (0, "over", "")
