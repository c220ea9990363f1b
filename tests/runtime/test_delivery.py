"""Finished files on their way to disk, and each way in which that goes wrong."""

import asyncio
import resource
import threading
import tracemalloc
from dataclasses import replace

import pytest
from aiohttp import web

from openclaw_nb.core.domain import Why
from openclaw_nb.core.wire import Done, Hosted, InHand
from openclaw_nb.errors import BadOutput, ProviderTimeout
from openclaw_nb.providers import by_id
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.clock import Clock
from openclaw_nb.runtime.delivery import TRIES, Delivery
from openclaw_nb.runtime.guard import Policy
from openclaw_nb.runtime.store import Store
from tests.rows import rows
from tests.runtime.world import (
    MP4,
    SECRET,
    FakeClock,
    a_job,
    a_run,
    access_to,
    engine,
    hang_up,
    sending,
    toy,
    transport,
)

PROVIDERS = list(by_id)
MIB = 2**20
TYPE = {"content-type": "video/mp4"}


def save(store, *outputs, hint=None, clock=None, seconds=1200.0, server=None):
    clock = clock or FakeClock()

    async def go():
        async with transport(clock) as opened:
            home = server.url if server else "https://api.toy.example"
            access = Access(home, SECRET, policy=Policy(allow_private=True))
            run = a_run(toy(), access, clock, seconds)
            return await Delivery(opened, store).save(run, Done(outputs), hint)

    return asyncio.run(go())


def made(emulator, store, id, *, clock=None, seconds=1200.0):
    """A whole job at the emulator, saved."""
    clock, provider = clock or FakeClock(), by_id[id]

    async def go():
        async with engine(clock) as opened:
            run = a_run(provider, access_to(emulator, id), clock, seconds)
            done = await opened.follow(run, await opened.submit(run, a_job(provider)))
            return await Delivery(opened.transport, store).save(run, done, "clip")

    return asyncio.run(go())


def needs_key(emulator, id):
    """Whether the address of a finished video is of use only with the provider's key."""
    clock, provider = FakeClock(), by_id[id]

    async def go():
        async with engine(clock) as opened:
            run = a_run(provider, access_to(emulator, id), clock)
            return await opened.follow(run, await opened.submit(run, a_job(provider)))

    (output,) = asyncio.run(go()).outputs
    return output.keyed


def left(store):
    return sorted(store.directory.iterdir()) if store.directory.exists() else []


def failed(kind, *given, **more):
    with pytest.raises(kind) as failure:
        (made if isinstance(given[-1], str) else save)(*given, **more)
    return failure.value


# with the emulator


@pytest.mark.parametrize("id", PROVIDERS)
@pytest.mark.parametrize("download", ["ok", "redirect"])
def test_a_finished_video_is_on_disk(emulator, play, store, id, download):
    play(download=download)
    (file,) = made(emulator, store, id)
    assert left(store) == [file.path]
    assert file.path.name.startswith("clip---")
    assert (file.media_type, file.name) == ("video/mp4", "clip.mp4")
    assert file.path.read_bytes()[4:8] == b"ftyp"
    assert file.size_bytes == file.path.stat().st_size > 0
    assert file.path.stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("id", PROVIDERS)
def test_a_slow_download_is_waited_for(emulator, play, store, id):
    play(download="slow", download_seconds=0.2)
    (file,) = made(emulator, store, id)
    assert left(store) == [file.path]


@pytest.mark.parametrize("id", PROVIDERS)
def test_a_slow_download_ends_with_the_deadline_and_says_how_to_take_it_up(
    emulator, play, store, id
):
    play(download="slow", download_seconds=20, polls=1)
    fast = replace(by_id[id], poll_seconds=0.01)

    async def go():
        async with engine(Clock()) as opened:
            access = access_to(emulator, id, poll_seconds=0.01)
            run = a_run(fast, access, Clock(), 1.5)
            done = await opened.follow(run, await opened.submit(run, a_job(fast)))
            await Delivery(opened.transport, store).save(run, done, None)

    with pytest.raises(ProviderTimeout, match=r"was made, but its download.*resume\(\)") as end:
        asyncio.run(go())
    assert end.value.job_id
    assert left(store) == []


@pytest.mark.parametrize("id", PROVIDERS)
@pytest.mark.parametrize("download", ["truncated", "reset", "html", "json", "empty", "expired"])
def test_a_spoilt_download_fails_and_leaves_nothing(emulator, play, store, id, download):
    play(download=download)
    failure = failed(BadOutput, emulator, store, id)
    assert left(store) == []
    assert failure.job_id == emulator.jobs[0].id
    assert (failure.url is None) is needs_key(emulator, id)
    assert SECRET not in str(failure)


@pytest.mark.parametrize(
    "download, said",
    [
        ("html", "text/html instead of a video"),
        ("json", "application/json instead of a video"),
        ("empty", "an empty file instead of a video"),
        ("expired", "HTTP 403 (its address may have expired)"),
        ("reset", "could not be downloaded"),
    ],
)
def test_the_error_says_what_came_instead(emulator, play, store, download, said):
    play(download=download)
    assert said in str(failed(BadOutput, emulator, store, "fal"))


@pytest.mark.parametrize("id", ["fal", "minimax"])
def test_a_video_over_the_limit_is_kept_as_its_address(emulator, play, store, id):
    play(download="oversize")
    (file,) = made(emulator, store, id)
    assert (file.path, file.size_bytes) == (None, None)
    assert file.url.startswith("http")
    assert left(store) == []


def test_a_video_over_the_limit_without_a_public_address_is_an_error_with_a_way_out(
    emulator, play, store
):
    play(download="oversize")
    said = str(failed(BadOutput, emulator, store, "openai"))
    assert "was made" in said
    assert "16777216 bytes" in said
    assert "agents.defaults.mediaMaxMb" in said
    assert left(store) == []


# limits

LIMIT = 16_777_216


def a_film(size):
    return MP4[:24] + bytes(size - 24)


@pytest.mark.parametrize(
    "size, hosted, limit, outcome",
    [
        *rows(
            "8.4",
            (LIMIT, False, LIMIT, "saved"),
            (LIMIT + 1, False, LIMIT, "too-large"),
            (LIMIT + 1, True, LIMIT, "address"),
            (18_000_000, False, 20 * MIB, "saved"),
            (600_000, True, MIB // 2, "address"),
        ),
        (LIMIT, True, LIMIT, "saved"),
        (18_000_000, True, 20 * MIB, "saved"),
        (600_000, False, MIB // 2, "too-large"),
    ],
)
@pytest.mark.parametrize("length_known", [True, False])
def test_the_limit_decides_between_file_address_and_error(
    server, tmp_path, size, hosted, limit, outcome, length_known
):
    store, film = Store(tmp_path / "media", limit), a_film(size)
    if length_known:
        server.answer("/a.mp4", film, headers=TYPE)
    else:
        server.say["/a.mp4"] = sending(film, headers=TYPE)
    output = Hosted(f"{server.url}/a.mp4") if hosted else InHand(film, "video/mp4")
    if outcome == "too-large":
        failure = failed(BadOutput, store, output)
        assert failure.code == outcome
        assert all(f"{number} bytes" in str(failure) for number in (size, limit))
        assert left(store) == []
        return
    (file,) = save(store, output)
    saved = outcome == "saved"
    assert (file.path is not None, file.url) == (saved, output.url if hosted else None)
    assert [path.stat().st_size for path in left(store)] == ([size] if saved else [])


def test_a_directory_that_cannot_be_written_is_an_error_though_there_is_an_address(
    server, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    server.answer("/a.mp4", MP4, headers=TYPE)
    store = Store(tmp_path / "file" / "media", LIMIT)
    failure = failed(BadOutput, store, Hosted(f"{server.url}/a.mp4"))
    assert "cannot be saved" in str(failure)
    assert failure.url == f"{server.url}/a.mp4"


@pytest.fixture
def small_disk():
    """No file may grow beyond 4096 bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_an_error_that_keeps_the_address(server, store, small_disk):
    server.answer("/a.mp4", MP4, headers=TYPE)
    failure = failed(BadOutput, store, Hosted(f"{server.url}/a.mp4"))
    assert "cannot be saved" in str(failure)
    assert failure.url == f"{server.url}/a.mp4"
    assert left(store) == []


# what came


@pytest.mark.parametrize("outputs", [(), (InHand(b"", "video/mp4"),), (Hosted(""),)])
def test_an_answer_without_a_video_fails(store, outputs):
    failed(BadOutput, store, *outputs)
    assert left(store) == []


def test_one_bad_output_fails_all_and_is_counted_from_one(store):
    good = InHand(MP4, "video/mp4")
    failure = failed(BadOutput, store, good, InHand(b"", "video/mp4"))
    assert "output 2 is empty" in str(failure)
    assert failure.why is Why.UNKNOWN
    assert left(store) == []


@pytest.mark.parametrize(
    "body",
    [
        b'{"error": "temporarily unavailable"}',
        b'\n  [{"error": 1}]',
        b"<!doctype html><title>Sign in</title>",
        b"\xef\xbb\xbf<html>",
        b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
        b"upstream connect error",
        "nicht verfügbar".encode() * 100,
        b"%PDF-1.4\n%\xe2\xe3\xcf\xd3",
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    ],
)
@pytest.mark.parametrize("declared", ["video/mp4", "application/octet-stream", ""])
def test_what_is_no_video_is_not_saved_whatever_it_is_called(server, store, body, declared):
    server.answer("/a.mp4", body, headers={"content-type": declared} if declared else None)
    failed(BadOutput, store, Hosted(f"{server.url}/a.mp4", name="a.mp4"))
    failed(BadOutput, store, InHand(body, declared, name="a.mp4"))
    assert left(store) == []


def test_a_video_that_is_not_recognised_is_kept_as_declared(store):
    (file,) = save(store, InHand(b"\x00\x01\x02\x03" * 9, "video/x-new-codec"))
    assert (file.media_type, file.path.read_bytes()) == ("video/x-new-codec", b"\0\1\2\3" * 9)


@pytest.mark.parametrize("declared", ["application/octet-stream", "binary/octet-stream", ""])
def test_a_video_that_nobody_names_is_an_mp4(store, declared):
    (file,) = save(store, InHand(b"\x00\x01\x02\x03" * 9, declared))
    assert (file.media_type, file.path.suffix) == ("video/mp4", ".mp4")


def test_the_content_decides_the_extension(store):
    (file,) = save(store, InHand(b"\x1aE\xdf\xa3" + bytes(99), "video/mp4"), hint="lobster.mov")
    assert (file.name, file.path.suffix) == ("lobster.webm", ".webm")


def test_the_callers_name_beats_the_providers(store):
    film = InHand(MP4, "video/mp4", name="from the provider.mp4")
    assert save(store, film)[0].name == "from_the_provider.mp4"
    assert save(store, film, hint="mine")[0].name == "mine.mp4"


def test_several_videos_keep_their_order_and_share_the_stem(server, store):
    server.answer("/b.mp4", MP4 + b"second", headers=TYPE)
    outputs = (InHand(MP4, "video/mp4"), Hosted(f"{server.url}/b.mp4"))
    files = save(store, *outputs, hint="clip")
    assert [file.size_bytes for file in files] == [len(MP4), len(MP4) + 6]
    assert {file.name for file in files} == {"clip.mp4"}
    assert sorted(file.path for file in files) == left(store)


def test_when_a_later_video_fails_the_earlier_ones_are_removed(server, store):
    server.answer("/b.mp4", status=404)
    failed(BadOutput, store, InHand(MP4, "video/mp4"), Hosted(f"{server.url}/b.mp4"))
    assert left(store) == []


# broken off and taken up


def ranged(film, *, honest=True, first_bytes=5000, etag=None):
    """A server that breaks the first answer off and understands ranges."""
    asked = []

    async def say(request):
        wanted = request.headers.get("range")
        asked.append(wanted)
        headers = TYPE | ({"etag": etag} if etag else {})
        if wanted is None:
            headers |= {"content-length": str(len(film))}
            return await sending(film[:first_bytes], headers=headers, broken=True)(request)
        start = int(wanted.removeprefix("bytes=").removesuffix("-")) if honest else 0
        about = {"content-range": f"bytes {start}-{len(film) - 1}/{len(film)}"}
        return web.Response(status=206, body=film[start:], headers=headers | about)

    return say, asked


def test_a_download_that_breaks_off_is_taken_up_where_it_broke(server, store, clock):
    server.say["/a.mp4"], asked = ranged(MP4)
    (file,) = save(store, Hosted(f"{server.url}/a.mp4"), clock=clock)
    assert asked == [None, "bytes=5000-"]
    assert file.path.read_bytes() == MP4
    assert len(clock.slept) == 1


def test_a_part_that_is_not_the_one_asked_for_is_not_appended(server, store):
    server.say["/a.mp4"], _ = ranged(MP4, honest=False)
    (file,) = save(store, Hosted(f"{server.url}/a.mp4"))
    assert file.path.read_bytes() == MP4


NEWER = MP4[:24] + bytes(reversed(MP4[24:]))


def changing(later, *, first_bytes=5000, heeds=True, **headers):
    """A server whose file becomes another one while it is fetched; `heeds` If-Range, or does not."""
    asked = []

    async def say(request):
        asked.append(request.headers.get("if-range"))
        if len(asked) == 1:
            about = TYPE | {"content-length": str(len(MP4))} | headers.get("first", {})
            return await sending(MP4[:first_bytes], headers=about, broken=True)(request)
        about = TYPE | headers.get("then", {})
        wanted = request.headers.get("range")
        if wanted is None or heeds:
            return web.Response(body=later, headers=about)
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        about |= {"content-range": f"bytes {start}-{len(later) - 1}/{len(later)}"}
        return web.Response(status=206, body=later[start:], headers=about)

    return say, asked


ETAGS = {"first": {"etag": '"one"'}, "then": {"etag": '"two"'}}
DATES = {
    "first": {"last-modified": "Sat, 01 Jan 2000 00:00:00 GMT"},
    "then": {"last-modified": "Sun, 02 Jan 2000 00:00:00 GMT"},
}


@pytest.mark.parametrize("heeds", [True, False])
@pytest.mark.parametrize("headers", [ETAGS, DATES], ids=["etag", "date"])
def test_a_file_that_changed_meanwhile_begins_again(server, store, headers, heeds):
    server.say["/a.mp4"], asked = changing(NEWER, heeds=heeds, **headers)
    (file,) = save(store, Hosted(f"{server.url}/a.mp4"))
    assert file.path.read_bytes() == NEWER
    assert asked[:2] == [None, next(iter(headers["first"].values()))]


def test_a_file_of_another_length_is_another_file(server, store):
    server.say["/a.mp4"], _ = changing(NEWER + b"more", heeds=False)
    (file,) = save(store, Hosted(f"{server.url}/a.mp4"))
    assert file.path.read_bytes() == NEWER + b"more"


def test_a_weak_etag_names_no_version(server, store):
    server.say["/a.mp4"], asked = changing(MP4, heeds=False, first={"etag": 'W/"one"'})
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4
    assert asked == [None, None]


def test_a_part_from_the_middle_is_never_taken_for_the_beginning(server, store):
    asked = []

    async def say(request):
        asked.append(request.headers.get("range"))
        if len(asked) == 1:
            headers = TYPE | {"content-length": str(len(MP4))}
            return await sending(MP4[:5000], headers=headers, broken=True)(request)
        if asked[-1]:
            about = {"content-range": f"bytes 7000-{len(MP4) - 1}/{len(MP4)}"}
            return web.Response(status=206, body=MP4[7000:], headers=TYPE | about)
        return web.Response(body=MP4, headers=TYPE)

    server.say["/a.mp4"] = say
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4


def test_a_server_that_sends_the_rest_in_pieces_is_asked_for_each(server, store):
    async def say(request):
        wanted = request.headers.get("range", "bytes=0-")
        start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        stop = min(start + 3000, len(MP4))
        about = {"content-range": f"bytes {start}-{stop - 1}/{len(MP4)}"}
        return web.Response(status=206, body=MP4[start:stop], headers=TYPE | about)

    server.say["/a.mp4"] = say
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4


def test_a_download_that_breaks_off_ever_again_goes_on_while_something_comes(server, store):
    pieces = TRIES + 4

    async def say(request):
        start = int(request.headers.get("range", "bytes=0-")[6:-1])
        stop = min(start + len(MP4) // pieces, len(MP4))
        headers = TYPE | {"content-length": str(len(MP4) - start)}
        status = 200
        if start:
            status = 206
            headers |= {"content-range": f"bytes {start}-{len(MP4) - 1}/{len(MP4)}"}
        broken = stop < len(MP4)
        return await sending(MP4[start:stop], headers=headers, status=status, broken=broken)(
            request
        )

    server.say["/a.mp4"] = say
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4
    assert len(server.seen) > TRIES


def test_a_server_without_ranges_begins_again(server, store):
    calls = []

    async def say(request):
        calls.append(request)
        if len(calls) == 1:
            headers = TYPE | {"content-length": str(len(MP4))}
            return await sending(MP4[:5000], headers=headers, broken=True)(request)
        return web.Response(body=MP4, headers=TYPE)

    server.say["/a.mp4"] = say
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4


def test_a_range_that_cannot_be_had_begins_again(server, store):
    calls = []

    async def say(request):
        calls.append(request.headers.get("range"))
        if len(calls) == 1:
            headers = TYPE | {"content-length": str(len(MP4) + 1)}
            return await sending(MP4, headers=headers, broken=True)(request)
        if calls[-1]:
            return web.Response(status=416)
        return web.Response(body=MP4, headers=TYPE)

    server.say["/a.mp4"] = say
    assert save(store, Hosted(f"{server.url}/a.mp4"))[0].path.read_bytes() == MP4


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_status_is_waited_out(server, store, clock, status):
    server.answers("/a.mp4", (status, b"", None), (status, b"", None), (200, MP4, TYPE))
    assert save(store, Hosted(f"{server.url}/a.mp4"), clock=clock)[0].size_bytes == len(MP4)
    assert 0.25 <= clock.slept[0] <= 0.5 <= clock.slept[1] <= 1.0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_final_status_fails_at_once(server, store, status):
    server.answer("/a.mp4", status=status)
    assert f"HTTP {status}" in str(failed(BadOutput, store, Hosted(f"{server.url}/a.mp4")))
    assert len(server.seen) == 1


def test_a_download_is_given_up_after_a_few_tries(server, store, clock):
    server.say["/a.mp4"] = hang_up
    failed(BadOutput, store, Hosted(f"{server.url}/a.mp4"), clock=clock)
    assert len(server.seen) == TRIES
    assert len(clock.slept) == TRIES - 1
    assert left(store) == []


def test_a_redirect_in_circles_is_a_failed_download(server, store):
    server.answer("/a.mp4", status=302, headers={"location": "/a.mp4"})
    failed(BadOutput, store, Hosted(f"{server.url}/a.mp4"))


def test_no_pause_goes_beyond_the_deadline(server, store, clock):
    server.say["/a.mp4"] = hang_up
    with pytest.raises(ProviderTimeout):
        save(store, Hosted(f"{server.url}/a.mp4"), clock=clock, seconds=2)
    assert sum(clock.slept) <= 2


def test_a_token_in_the_address_is_in_no_message(server, store):
    server.say["/a.mp4"] = hang_up
    assert "s3cr3t" not in str(failed(BadOutput, store, Hosted(f"{server.url}/a.mp4?sig=s3cr3t")))


def test_a_cancelled_download_leaves_nothing(server, store):
    begun = threading.Event()

    async def say(request):
        begun.set()
        return await sending(*[MP4] * 100, headers=TYPE, pause=0.05)(request)

    server.say["/a.mp4"] = say

    async def go():
        async with transport() as opened:
            access = Access(server.url, SECRET)
            run = a_run(toy(), access, FakeClock())
            done = Done((InHand(MP4, "video/mp4"), Hosted(f"{server.url}/a.mp4")))
            saving = asyncio.ensure_future(Delivery(opened, store).save(run, done, None))
            await asyncio.to_thread(begun.wait, 10)
            saving.cancel()
            with pytest.raises(asyncio.CancelledError):
                await saving

    asyncio.run(go())
    assert left(store) == []


def test_memory_does_not_grow_with_the_file(server, tmp_path):
    piece = bytes(MIB)
    server.say["/a.mp4"] = sending(MP4, *[piece] * 64, headers=TYPE)
    store = Store(tmp_path / "media", 100 * MIB)
    tracemalloc.start()
    try:
        (file,) = save(store, Hosted(f"{server.url}/a.mp4"))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert file.size_bytes == len(MP4) + 64 * MIB
    assert peak < 16 * MIB


def test_a_video_at_a_private_address_is_not_fetched_and_the_error_names_the_way_out(server, store):
    server.answer("/a.mp4", MP4)
    provider, clock = toy(), FakeClock()
    key = "models.providers.toy.request.allowPrivateNetwork"
    access = Access("https://api.toy.example", SECRET, policy=Policy(key=key))

    async def go():
        async with transport(clock) as opened:
            run = a_run(provider, access, clock)
            await Delivery(opened, store).save(run, Done((Hosted(f"{server.url}/a.mp4"),)), None)

    with pytest.raises(BadOutput, match=f"127.0.0.1 is not asked.*{key}") as failure:
        asyncio.run(go())
    assert failure.value.url == f"{server.url}/a.mp4"
    assert server.seen == []
    assert left(store) == []


def test_a_redirect_to_a_private_address_is_not_followed(server, store):
    """The base URL's own host may be asked; where it sends us is checked like anything else."""
    server.answer("/a.mp4", status=302, headers={"location": "http://10.0.0.1/b.mp4"})
    provider, clock = toy(), FakeClock()

    async def go():
        async with transport(clock) as opened:
            run = a_run(provider, Access(server.url, SECRET), clock)
            await Delivery(opened, store).save(run, Done((Hosted(f"{server.url}/a.mp4"),)), None)

    with pytest.raises(BadOutput, match=r"10\.0\.0\.1 is not asked"):
        asyncio.run(go())
    assert server.paths() == ["GET /a.mp4"]
