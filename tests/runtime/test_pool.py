"""Connections under httpx: each request goes out once, to the letter, and leaves nothing open."""

import asyncio
import gc
import ssl
from contextlib import asynccontextmanager

import httpx
import pytest

from openclaw_nb.core.wire import Call
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.answers import read_limited
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.exchange import Outgoing, read_address
from openclaw_nb.runtime.pool import Pool
from tests.runtime.world import SECRET, FakeClock, toy, transport

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"


@asynccontextmanager
async def listening(handle):
    """A server of plain sockets, and the first lines of the requests that reached it."""
    seen = []

    async def serve(reader, writer):
        count = 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                seen.append(head.split(b"\r\n")[0].decode())
                length = head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0]
                await reader.readexactly(int(length or 0))
                count += 1
                answer = handle(count)
                if answer is None:
                    break
                writer.write(answer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", seen


class Asking:
    """A pool, and one line for each request."""

    def __init__(self, tls=ssl.create_default_context):
        self.pool = Pool(tls, connections=4)

    async def ask(self, method, url, seconds=30.0):
        address = read_address(url)
        headers = {"host": address.authority, "accept": "*/*"}
        sent = Outgoing(method, address, headers, None, seconds=seconds, connect_seconds=seconds)
        answer = await self.pool.send(sent)
        try:
            return await read_limited(answer, 100)
        finally:
            await answer.aclose()

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.pool.aclose()


def test_a_submission_does_not_meet_a_kept_connection_that_the_server_gives_up():
    async def go():
        async with listening(lambda count: OK if count == 1 else None) as (url, seen):
            clock = FakeClock()
            async with transport(clock) as sender:
                deadline, reached = Deadline(clock, 600), Access(url, SECRET)
                await sender.send(toy(), reached, Call("GET", "/status"), deadline)
                call = Call("POST", "/submit", json={"prompt": "a heron"})
                reply = await sender.send(toy(), reached, call, deadline)
            return reply.status, seen

    assert asyncio.run(go()) == (200, ["GET /status HTTP/1.1", "POST /submit HTTP/1.1"])


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "POST"])
@pytest.mark.parametrize("kept", [False, True])
def test_a_request_whose_connection_breaks_is_not_repeated_and_may_have_arrived(method, kept):
    async def go():
        answers = 1 if kept else 0
        async with (
            listening(lambda count: OK if count <= answers and len(seen) < 2 else None) as (url, s),
            Asking() as client,
        ):
            seen = s
            if kept:
                await client.ask("GET", f"{url}/first")
            with pytest.raises(httpx.TransportError) as broken:
                await client.ask(method, f"{url}/second")
            return seen, broken.value

    seen, error = asyncio.run(go())
    assert seen == ["GET /first HTTP/1.1"] * kept + [f"{method} /second HTTP/1.1"]
    assert isinstance(error, httpx.RemoteProtocolError | httpx.ReadError)


def test_certificates_are_read_for_https_alone():
    read = []

    def tls():
        read.append("certificates")
        return ssl.create_default_context()

    async def go():
        async with listening(lambda _: OK) as (url, _), Asking(tls) as client:
            await client.ask("GET", url)
            before = [*read]
            with pytest.raises(httpx.ConnectError):
                await client.ask("GET", "https://127.0.0.1:1")  # nobody is there
        return before, read

    assert asyncio.run(go()) == ([], ["certificates"])


def test_an_address_is_asked_to_the_letter():
    target = "/a%7Eb/%2f/c+d%20e?X-Sig=a%2Fb%3D&empty=&q=~'("

    async def go():
        async with listening(lambda _: OK) as (url, seen), Asking() as client:
            await client.ask("GET", url + target)
            return seen

    assert asyncio.run(go()) == [f"GET {target} HTTP/1.1"]


def test_an_answer_that_does_not_come_and_a_port_that_does_not_answer_are_told_apart():
    async def go():
        async with listening(lambda _: b"") as (url, _), Asking() as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.ask("GET", url, 0.2)
        async with Asking() as client:
            with pytest.raises(httpx.ConnectError):
                await client.ask("GET", url)

    asyncio.run(go())


def test_a_pool_that_was_forgotten_closes_its_connections():
    async def go():
        async with listening(lambda _: OK) as (url, _):
            before = asyncio.all_tasks()
            client = Asking()
            await client.ask("GET", url)
            left = asyncio.all_tasks() - before
            del client
            gc.collect()
            await asyncio.wait(left, timeout=30)
            return [task.done() for task in left]

    assert all(asyncio.run(go()))
