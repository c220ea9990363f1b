"""Names, modes, and that a file is there whole or not at all."""

import asyncio
import json
import os
import re
import stat
import time

import pytest

from openclaw_nb.runtime.store import (
    Store,
    file_name,
    readable_name,
    sidecar_of,
    stem_of,
    write_sidecar,
)
from tests.rows import rows

MUCH = 400_000
"""Bytes; two of them are more than is held in memory."""
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.mark.parametrize(
    "hint, media_type, name",
    [
        *rows(
            "8.2",
            ("lobster.mp4", "video/mp4", "lobster---U.mp4"),
            ("lobster.mov", "video/mp4", "lobster---U.mp4"),
            ("My clip (final).mov", "video/mp4", "My_clip_final---U.mp4"),
            ("../../etc/passwd", "video/mp4", "passwd---U.mp4"),
            ("surf/clip 1", "video/mp4", "clip_1---U.mp4"),
            ("été 2026.mp4", "video/mp4", "été_2026---U.mp4"),
            ("名前.mp4", "video/webm", "名前---U.webm"),
            ("***", "video/mp4", "U.mp4"),
            ("a" * 80 + ".mp4", "video/mp4", "a" * 60 + "---U.mp4"),
            ("clip.tar.gz", "video/mp4", "clip.tar---U.mp4"),
            ("__x__.mp4", "video/mp4", "x---U.mp4"),
        ),
        ("   ", "video/mp4", "U.mp4"),
        ("", "video/mp4", "U.mp4"),
        (None, "video/mp4", "U.mp4"),
        (r"..\..\windows\system.ini", "video/mp4", "system---U.mp4"),
        (".hidden", "video/mp4", "hidden---U.mp4"),
        (".hidden.mp4", "video/mp4", "hidden---U.mp4"),
        ("..", "video/mp4", "U.mp4"),
        ("clip", "video/mp4; codecs=avc1", "clip---U.mp4"),
        ("clip", "video/quicktime", "clip---U.mov"),
        ("a\x00b\n.mp4", "video/mp4", "a_b---U.mp4"),
        ("clip", "application/x-unheard-of", "clip---U"),
    ],
)
def test_names(hint, media_type, name):
    pattern = re.escape(name).replace("U", UUID, 1) if name[0] != "U" else None
    pattern = pattern or UUID + re.escape(name[1:])
    assert re.fullmatch(pattern, file_name(hint, media_type))


def test_two_files_of_one_hint_have_different_names():
    assert file_name("clip", "video/mp4") != file_name("clip", "video/mp4")


@pytest.mark.parametrize("hint", ["𠀀" * 80, "🦞名" * 80, "e\u0301" * 200, "-" * 300, "a." * 200])
def test_every_name_fits_into_a_file_system(hint):
    assert len(file_name(hint, "video/webm").encode()) <= 255
    assert len(stem_of(hint)) <= 60


@pytest.mark.parametrize(
    "name, readable",
    [
        ("lobster---00000000-0000-4000-8000-000000000000.mp4", "lobster.mp4"),
        ("a---b---00000000-0000-4000-8000-000000000000.mp4", "a---b.mp4"),
        ("clip.tar---00000000-0000-4000-8000-000000000000.mp4", "clip.tar.mp4"),
        ("clip---00000000-0000-4000-8000-000000000000", "clip"),
        ("00000000-0000-4000-8000-000000000000.mp4", "00000000-0000-4000-8000-000000000000.mp4"),
    ],
)
def test_the_readable_name_is_without_the_unique_part(name, readable):
    assert readable_name(name) == readable


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def written(store, *chunks, name="clip.mp4"):
    async def go():
        part = store.begin()
        for chunk in chunks:
            await part.write(chunk)
        return await part.commit(name)

    return asyncio.run(go())


def test_a_file_is_readable_by_all_in_a_directory_of_one(tmp_path):
    store = Store(tmp_path / "state" / "media", 100)
    path = written(store, b"one", b"two")
    assert path.read_bytes() == b"onetwo"
    assert (mode(path), mode(store.directory)) == (0o644, 0o700)


def begun(store):
    """More of a file than is held in memory."""
    part = store.begin()

    async def go():
        for _ in range(3):
            await part.write(bytes(MUCH))

    asyncio.run(go())
    return part


def test_nothing_has_the_final_name_before_the_commit(store):
    part = begun(store)
    (path,) = store.directory.iterdir()
    assert path.name.startswith(".part-")
    asyncio.run(part.abandon())


def test_a_small_file_is_not_on_the_disk_before_the_commit(store):
    async def go():
        part = store.begin()
        await part.write(b"half")
        assert not store.directory.exists()
        return await part.commit("clip.mp4")

    assert asyncio.run(go()).read_bytes() == b"half"


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_piece_of_a_large_file_is_there_in_its_order(store, count):
    chunks = [bytes([number]) * MUCH for number in range(count)]
    assert written(store, *chunks, b"end").read_bytes() == b"".join(chunks) + b"end"


def test_nothing_is_left_after_an_abandon(store):
    part = begun(store)
    asyncio.run(part.abandon())
    asyncio.run(part.abandon())
    assert list(store.directory.iterdir()) == []


def test_an_abandon_after_a_commit_leaves_the_file(store):
    async def go():
        part = store.begin()
        await part.write(b"whole")
        path = await part.commit("clip.mp4")
        await part.abandon()
        return path

    assert asyncio.run(go()).read_bytes() == b"whole"
    assert len(list(store.directory.iterdir())) == 1


def test_a_commit_replaces_an_older_file_of_the_name_at_once(store):
    written(store, b"old")
    assert written(store, b"new").read_bytes() == b"new"
    assert len(list(store.directory.iterdir())) == 1


@pytest.mark.parametrize("size", [20, MUCH, 3 * MUCH])
def test_a_restart_forgets_what_was_written(store, size):
    async def go():
        part = store.begin()
        await part.write(bytes(size))
        await part.write(b"a longer beginning")
        await part.restart()
        assert (part.size, part.head) == (0, b"")
        await part.write(b"new")
        assert (part.size, part.head) == (3, b"new")
        return await part.commit("clip.mp4")

    assert asyncio.run(go()).read_bytes() == b"new"


def test_the_first_bytes_are_kept_and_no_more(store):
    async def go():
        part = store.begin()
        await part.write(b"a" * 300)
        await part.write(b"b" * 3000)
        await part.abandon()
        return part

    part = asyncio.run(go())
    assert (part.head, part.size) == (b"a" * 300 + b"b" * 212, 3300)


def test_a_directory_that_cannot_be_made_is_an_os_error(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OSError, match="file"):
        written(Store(tmp_path / "file" / "media", 10), b"film")


def test_a_sidecar_stands_beside_its_file(tmp_path):
    path = tmp_path / "clip---1.mp4"
    write_sidecar(path, {"prompt": "été", "path": path})
    sidecar = sidecar_of(path)
    assert sidecar == tmp_path / "clip---1.json"
    assert json.loads(sidecar.read_text("utf-8")) == {"prompt": "été", "path": str(path)}
    assert mode(sidecar) == 0o644
    assert list(tmp_path.iterdir()) == [sidecar]


def test_removing_takes_the_sidecar_along(store):
    path = written(store, b"film")
    write_sidecar(path, {})
    store.remove((path, store.directory / "never-there.mp4"))
    assert list(store.directory.iterdir()) == []


# leftovers


def an_hour_old(path):
    moment = time.time() - 3600
    os.utime(path, (moment, moment))


def test_a_temporary_file_that_nobody_writes_to_is_left_over(store):
    store.directory.mkdir()
    path = store.directory / ".part-of-a-dead-process"
    path.write_bytes(b"half a film")
    assert store.leftovers() == (), "it may be about to be locked"
    an_hour_old(path)
    assert store.leftovers() == (path,)


def test_a_file_being_written_is_not_left_over_however_long_nothing_came(store):
    part = begun(store)
    (path,) = store.directory.iterdir()
    an_hour_old(path)
    assert store.leftovers() == ()
    asyncio.run(part.abandon())
    assert not path.exists()
