"""What the tests of the I/O layer stand on: a clock that does not wait, a server that says what it is told."""

import asyncio
import threading
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Media, Ref, Request
from openclaw_nb.core.plan import plan
from openclaw_nb.core.wire import Key, Provider, Ticket
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.engine import Engine, Run
from openclaw_nb.runtime.transport import Transport

SECRET = "sk-the-secret-key"
MP4 = b"\x00\x00\x00\x18ftypmp42\x00\x00\x00\x00mp42isom" + bytes(range(256)) * 40


class FakeClock(Clock):
    """Time passes only while someone sleeps, and then at once."""

    def __init__(self):
        self.now = 1000.0
        self.slept = []

    def monotonic(self):
        return self.now

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


@dataclass
class Seen:
    """A request as the server got it."""

    method: str
    path: str
    headers: dict
    body: bytes


class Server:
    """A loopback server in a thread. `say[path]` is a coroutine function `(request) -> response`."""

    def __init__(self, context=None):
        self._context = context
        self.say = {}
        self.otherwise = None
        self.seen = []
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._ready.wait(10)

    def paths(self):
        return [f"{seen.method} {seen.path}" for seen in self.seen]

    def close(self):
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)

    def answer(self, path, body=b"", status=200, headers=None):
        """Say the same every time."""

        async def say(request):
            return web.Response(body=body, status=status, headers=headers)

        self.say[path] = say

    def answers(self, path, *each):
        """Say one `(status, body, headers)` after the other; the last one for ever."""
        rest = list(each)

        async def say(request):
            status, body, headers = rest.pop(0) if len(rest) > 1 else rest[0]
            return web.Response(status=status, body=body, headers=headers)

        self.say[path] = say

    def _run(self):
        asyncio.run(self._serve())

    async def _serve(self):
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=self._context)
        await site.start()
        scheme = "https" if self._context else "http"
        self.url = f"{scheme}://127.0.0.1:{runner.addresses[0][1]}"
        self._ready.set()
        await self._stop.wait()
        await runner.cleanup()

    async def _answer(self, request):
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.seen.append(Seen(request.method, request.path_qs, headers, body))
        say = self.say.get(request.path, self.otherwise)
        return await say(request) if say else web.Response(status=404, text="no such page")


async def hang_up(request):
    """Close the connection without an answer."""
    request.transport.abort()
    return web.Response()


def sending(*chunks, headers=None, status=200, broken=False, pause=0.0):
    """A coroutine function that streams chunks; `broken` closes the connection before the end."""

    async def say(request):
        stream = web.StreamResponse(status=status, headers=headers)
        await stream.prepare(request)
        for chunk in chunks:
            await stream.write(chunk)
            await asyncio.sleep(pause)
        if broken:
            request.transport.close()
        return stream

    return say


class ToyTicket(Ticket):
    id: str


def toy(**facts):
    """A provider with the facts that a test is about; its wire functions are fal's."""
    fal = by_id["fal"]
    usual = {
        "id": "toy",
        "label": "Toy",
        "base_url": "https://api.toy.example",
        "key": Key(env=("TOY_KEY",)),
        "models": (Model(id="toy-1"),),
        "caps": Caps(generate=ModeCaps()),
        "ticket": ToyTicket,
        "build_submit": fal.build_submit,
        "parse_submit": fal.parse_submit,
        "build_status": fal.build_status,
        "parse_status": fal.parse_status,
        "parse_error": fal.parse_error,
    }
    return Provider(**usual | facts)


@dataclass
class Notes:
    """A journal in memory."""

    events: list = field(default_factory=list)
    waits: list = field(default_factory=list)
    sent: asyncio.Event = field(default_factory=asyncio.Event)

    async def preparing(self):
        self.events.append("preparing")

    async def sending(self):
        self.events.append("sending")
        self.sent.set()

    async def not_accepted(self):
        self.events.append("not accepted")

    async def waiting(self, wait):
        self.events.append("waiting")
        self.waits.append(wait)

    async def saving(self):
        self.events.append("saving")


@asynccontextmanager
async def transport(clock=None):
    """A transport on the running loop."""
    opened = Transport(clock or FakeClock())
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def engine(clock=None):
    clock = clock or FakeClock()
    async with transport(clock) as opened:
        yield Engine(opened, clock)


def access_to(emulator, id, **more):
    return Access(emulator.base_urls[id], SECRET, **more)


def a_run(provider, access, clock, seconds=1200.0):
    ref = Ref(provider.id, provider.default_model.id)
    return Run(ref, provider, access, Deadline(clock, seconds), Notes())


def a_job(provider, prompt="a friendly lobster surfing at sunset"):
    return plan(Request(prompt=prompt), Media(), provider, provider.default_model.id).job
