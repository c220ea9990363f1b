"""Nothing that comes from outside makes this process hold, compute or wait without end."""

from __future__ import annotations

import asyncio
import gzip
import io
import json
import struct
import tracemalloc
import zlib
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from aiohttp import web
from PIL import Image

import openclaw_nb as oc
from openclaw_nb import config
from openclaw_nb.core.domain import Reference, Request
from openclaw_nb.core.refusals import said
from openclaw_nb.core.wire import Call, Done, Hosted, Malformed, Reply, Wire
from openclaw_nb.notebook import media
from openclaw_nb.notebook.render import task_html, task_text
from openclaw_nb.providers import PROVIDERS
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.answers import TooLarge
from openclaw_nb.runtime.assets import LIMITS, Loader
from openclaw_nb.runtime.clock import Clock, Deadline
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.store import Store
from openclaw_nb.runtime.transport import Unanswered
from tests.runtime.world import MP4, FakeClock, a_run, toy, transport
from tests.security.test_injection import snapshots

MIB = 2**20
POST, GET = Call("POST", "/it", json={}), Call("GET", "/it")


def send(call, server, provider=None, clock=None, seconds=60.0):
    async def go():
        ticking = clock or FakeClock()
        async with transport(ticking) as opened:
            access = Access(server.url, None)
            return await opened.send(provider or toy(), access, call, Deadline(ticking, seconds))

    return asyncio.run(go())


def peak_of(work):
    """The largest amount of memory that `work` held at once, in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# answers


def deflated(data):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(data) + packer.flush()


PACKERS = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "raw deflate": deflated,
}


@pytest.mark.parametrize("packer", PACKERS)
def test_a_compressed_answer_is_read(server, packer):
    body = json.dumps({"prompt": "a heron " * 1000}).encode()
    coding = packer.removeprefix("raw ")
    server.answer("/it", PACKERS[packer](body), headers={"content-encoding": coding})
    assert send(GET, server).body == body


@pytest.mark.parametrize("packer", PACKERS)
def test_a_small_answer_that_unpacks_to_a_large_one_is_not_unpacked(server, packer):
    bomb = PACKERS[packer](bytes(24 * MIB))
    assert len(bomb) < MIB / 8
    server.answer("/it", bomb, headers={"content-encoding": packer.removeprefix("raw ")})

    def read():
        with pytest.raises(TooLarge):
            send(POST, server)

    assert peak_of(read) < 8 * MIB


def test_a_bomb_within_a_bomb_is_not_unpacked_at_all(server):
    inner = gzip.compress(gzip.compress(bytes(16 * MIB)))
    server.answer("/it", inner, headers={"content-encoding": "gzip, gzip"})

    def read():
        with pytest.raises(Unanswered):
            send(POST, server)

    assert peak_of(read) < 8 * MIB


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "nonsense", "gzip, identity, br"])
def test_a_coding_that_was_not_asked_for_is_not_read(server, coding):
    server.answer("/it", b"{}", headers={"content-encoding": coding})
    with pytest.raises(Unanswered, match="Content-Encoding"):
        send(POST, server)
    assert server.seen[0].headers["accept-encoding"] == "gzip, deflate"


@pytest.mark.parametrize("packer", PACKERS)
def test_a_compressed_answer_that_is_broken_counts_as_none(server, packer):
    whole = PACKERS[packer](bytes(range(256)) * 400)
    for body in (whole[: len(whole) // 2], b"\xff" + whole):
        server.answer("/it", body, headers={"content-encoding": packer.removeprefix("raw ")})
        with pytest.raises(Unanswered):
            send(POST, server)


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
def test_an_answer_has_a_largest_size_that_is_small_unless_it_may_hold_media(provider):
    """Those that are larger carry videos or whole graphs inside their answers."""
    large = {"google": 64, "deepinfra": None, "comfy": 32}
    if provider.id in large:
        assert MIB < provider.max_reply_bytes <= 64 * MIB
    else:
        assert provider.max_reply_bytes == MIB


@pytest.mark.parametrize("length", ["declared", "not declared"])
def test_an_endless_answer_is_left_at_its_limit(server, length):
    sent = []

    async def endless(request):
        stream = web.StreamResponse()
        if length == "declared":
            stream.content_length = 2**50
        await stream.prepare(request)
        while len(sent) < 4096:
            await stream.write(b"{" * 65_536)
            sent.append(1)
        return stream

    server.say["/it"] = endless
    with pytest.raises(TooLarge):
        send(POST, server)
    assert len(sent) < 1024


def test_an_answer_that_trickles_for_ever_ends_with_the_deadline(server):
    async def trickling(request):
        stream = web.StreamResponse()
        await stream.prepare(request)
        for _ in range(10_000):
            await stream.write(b" ")
            await asyncio.sleep(0.01)
        return stream

    server.say["/it"] = trickling
    with pytest.raises(Unanswered):
        send(POST, server, clock=Clock(), seconds=0.5)


def test_headers_without_end_are_no_answer(server):
    async def endless(request):
        for _ in range(2000):
            request.transport.write(b"x-a: " + b"b" * 2000 + b"\r\n")
        return web.Response()

    async def begin(request):
        request.transport.write(b"HTTP/1.1 200 OK\r\n")
        return await endless(request)

    server.say["/it"] = begin
    with pytest.raises(Unanswered):
        send(POST, server)


# JSON


class Odd(Wire):
    id: str = ""
    count: int = 0
    progress: float | None = None
    rest: object = None


JSON = {
    "deep lists": b"[" * 100_000 + b"]" * 100_000,
    "deep objects": b'{"rest":' * 100_000 + b"1" + b"}" * 100_000,
    "deep in a field": b'{"rest": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "a huge integer": b'{"count": ' + b"9" * 100_000 + b"}",
    "not UTF-8": b'{"id": "\xff\xfe"}',
    "half a character": b'{"id": "\\ud83d"}',
    "UTF-16": '{"id": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"id": "x"}',
    "cut off": b'{"id": "x',
    "two documents": b'{"id": "x"} {"id": "y"}',
    "nothing": b"",
    "NUL": b"\x00" * 100,
    "a comment": b'{"id": "x" /* y */}',
    "an exponent": b'{"count": 1e999999999}',
}


@pytest.mark.parametrize("what", JSON)
def test_odd_json_is_malformed_and_no_fault_of_ours(what):
    reply = Reply(500, {}, JSON[what])
    with pytest.raises(Malformed):
        reply.read(Odd)
    assert isinstance(said(reply), str)
    assert len(said(reply)) <= 1000


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf"), -1.0, 1e300])
def test_a_number_that_is_none_is_no_progress_and_still_drawn(number):
    now = replace(snapshots("x")[0], progress=number)
    assert 'value="1.000"' in task_html(now) or 'value="0.000"' in task_html(now)
    assert task_text(now)


def test_of_two_equal_keys_the_last_counts():
    assert Reply(200, {}, b'{"id": "x", "id": "y"}').read(Odd).id == "y"


@pytest.mark.parametrize("what", JSON)
@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
def test_no_provider_stumbles_over_odd_json(provider, what):
    for status in (400, 500):
        assert provider.parse_error(Reply(status, {}, JSON[what], "/x", "https://x")).said
    with suppress(Malformed):
        provider.parse_submit(Reply(200, {}, JSON[what], "/x", "https://x"))


# downloads


def download(server, store, hosted=None, clock=None):
    async def go():
        async with transport(clock) as opened:
            run = a_run(toy(base_url=server.url), Access(server.url), opened.clock)
            done = Done((hosted or Hosted(f"{server.url}/film.mp4"),))
            return await Delivery(opened, store).save(run, done, None)

    return asyncio.run(go())


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate"])
def test_a_download_over_the_limit_stops_early_and_leaves_nothing(server, tmp_path, coding):
    sent = []
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if coding == "gzip" else 15)

    async def endless(request):
        stream = web.StreamResponse(
            headers={"content-encoding": coding, "content-type": "video/mp4"}
        )
        await stream.prepare(request)
        chunk = MP4[:32] + bytes(4 * MIB)
        while len(sent) < 500:
            data = (
                chunk
                if coding == "identity"
                else packer.compress(chunk) + packer.flush(zlib.Z_SYNC_FLUSH)
            )
            await stream.write(data)
            sent.append(1)
        return stream

    server.say["/film.mp4"] = endless
    store = Store(tmp_path / "media", 16 * MIB)
    files = []
    peak = peak_of(lambda: files.extend(download(server, store)))
    assert files[0].path is None
    assert list(store.directory.iterdir()) == []
    assert len(sent) < 200
    assert peak < 24 * MIB


def test_a_compressed_download_is_saved_unpacked(server, tmp_path):
    server.answer("/film.mp4", gzip.compress(MP4), headers={"content-encoding": "gzip"})
    (file,) = download(server, Store(tmp_path / "media", MIB))
    assert file.path.read_bytes() == MP4


@pytest.mark.parametrize("declared", ["9" * 400, "-1", "+5", "0x10", "1e3"])
def test_an_odd_length_is_no_fault_of_ours(server, tmp_path, declared):
    async def odd(request):
        head = f"HTTP/1.1 200 OK\r\nContent-Length: {declared}\r\n\r\n"
        request.transport.write(head.encode() + MP4)
        request.transport.close()
        return web.Response()

    server.say["/film.mp4"] = odd
    store = Store(tmp_path / "media", MIB)
    with pytest.raises(oc.BadOutput):
        download(server, store, clock=FakeClock())
    assert not list(store.directory.glob("*.mp4"))


# references


def load(given, kind="image"):
    request = Request(prompt="x", **{f"{kind}s": (Reference(given=given),)})
    return Loader().load(request)


SHAPES = [(2**20, 2**20), (2**15, 2**15, 3), (2**31, 1), (1, 2**40), (10**9, 10**9, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_of_absurd_size_is_refused_before_it_is_looked_at(shape):
    """It may be a view of one byte, repeated."""
    array = np.broadcast_to(np.zeros((), np.uint8), shape)

    def refuse():
        with pytest.raises(oc.InvalidInput, match=r"million pixels.*Nothing was sent"):
            load(array)

    assert peak_of(refuse) < MIB


def blank_png(width, height):
    """A black picture of one bit a pixel: small as a file, whatever its size."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    pixels = zlib.compress(bytes((width // 8 + 1) * height), 9)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in ((b"IHDR", head), (b"IDAT", pixels), (b"IEND", b""))
    )


def test_a_picture_of_absurd_size_is_refused_before_it_is_unpacked():
    data = blank_png(40_000, 4_400)
    with pytest.warns(Image.DecompressionBombWarning):
        picture = Image.open(io.BytesIO(data))
    with pytest.raises(oc.InvalidInput, match="million pixels"):
        load(picture)
    # As a file it is bytes, and no more than its size counts.
    assert load(data).images[0].size == len(data)


def test_a_picture_that_is_cut_off_is_refused_in_words(picture):
    cut = Image.open(io.BytesIO(picture[: len(picture) // 2]))
    with pytest.raises(oc.InvalidInput, match="cannot be sent"):
        load(cut)


POLYGLOTS = {
    "a script that says it is a GIF": b"GIF89a/*" + b"*/=1;alert(1)//" + bytes(30),
    "a page after a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    + b"<script>alert(1)</script>" * 9,
    "an archive after a picture": b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + b"PK\x03\x04" * 20,
}


@pytest.mark.parametrize("what", POLYGLOTS)
def test_a_file_that_is_two_things_is_what_its_beginning_says(what):
    blob = load(POLYGLOTS[what]).images[0]
    assert blob.media_type in {"image/gif", "image/png", "image/jpeg"}
    with pytest.raises(oc.InvalidInput):
        load(POLYGLOTS[what], "video")


HEADERS = {
    "a box of absurd length": b"\xff\xff\xff\xffftypmp42" + bytes(100),
    "a box of no length": b"\x00\x00\x00\x00ftypmp42" + bytes(100),
    "a long box": b"\x00\x00\x00\x01ftypmp42" + b"\xff" * 8 + bytes(100),
    "EBML of absurd length": b"\x1aE\xdf\xa3" + b"\x01" + b"\xff" * 7 + bytes(100),
    "brands without end": b"\x00\x01\x00\x00ftyp" + b"mp42" * 16_384,
}


@pytest.mark.parametrize("what", HEADERS)
def test_a_video_with_an_absurd_header_is_bytes_here_and_no_picture_in_a_view(what, tmp_path):
    assert load(HEADERS[what], "video").videos[0].size == len(HEADERS[what])
    path = tmp_path / "clip.mp4"
    path.write_bytes(HEADERS[what])
    assert media.clip(path) is media.poster(path) is media.preview(path) is None


def test_a_frame_of_absurd_size_is_not_unpacked_for_a_poster(tmp_path):
    data = blank_png(20_000, 20_000)
    path = tmp_path / "huge.mov"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        packet = av.Packet(data)
        packet.stream, packet.pts, packet.dts, packet.time_base = stream, 0, 0, Fraction(1, 1)
        file.mux(packet)
    assert path.stat().st_size < MIB
    assert media.poster(path) is None
    assert media.preview(path, 1000) is None


def test_the_limits_of_references_are_what_they_are_said_to_be():
    assert {kind.value: limit // MIB for kind, limit in LIMITS.items()} == {
        "image": 6,
        "audio": 16,
        "video": 16,
    }


# the configuration


def refused(path, tmp_path):
    with pytest.raises(oc.ConfigError) as refusal:
        config.load(path, {}, home=tmp_path)
    return str(refusal.value)


def test_files_that_include_each_other_are_named(tmp_path):
    one, two = tmp_path / "one.json", tmp_path / "two.json"
    one.write_text('{$include: ["two.json", "two.json"]}')
    two.write_text('{$include: "one.json"}')
    assert "goes more than 10 deep" in refused(one, tmp_path)


def test_includes_that_multiply_end_early(tmp_path):
    """Ten files, each of which takes in the next ten times, are ten thousand million."""
    for depth in range(9):
        names = ", ".join([f'"{depth + 1}.json"'] * 10)
        (tmp_path / f"{depth}.json").write_text(f"{{$include: [{names}]}}")
    (tmp_path / "9.json").write_text("{auth: {order: {fal: ['a']}}}")
    assert "more than 100 files" in refused(tmp_path / "0.json", tmp_path)


def test_a_configuration_of_absurd_size_is_not_parsed(tmp_path):
    path = tmp_path / "openclaw.json"
    path.write_text("{env: {A: '" + "x" * (2 * MIB) + "'}}")
    assert "larger than" in refused(path, tmp_path)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "{a:" * 50_000, "9" * 50_000, "{a: 1e999}", "NaN", "\ud800"]
)
def test_an_absurd_configuration_is_an_error_in_words(tmp_path, text):
    path = tmp_path / "openclaw.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert len(refused(path, tmp_path)) < 1000
