"""Files lie where they belong, are who they seem to be, and are read by whom they should be."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import os
import re
import sqlite3
import stat
import unicodedata
from contextlib import closing
from dataclasses import replace
from pathlib import Path, PureWindowsPath

import pytest
from aiohttp import web
from PIL import Image

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Link, Reference, Request
from openclaw_nb.core.wire import Call, Done, Hosted, InHand
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.assets import Loader
from openclaw_nb.runtime.bodies import encode
from openclaw_nb.runtime.delivery import Delivery
from openclaw_nb.runtime.records import read_sidecar, unsigned
from openclaw_nb.runtime.references import with_bytes
from openclaw_nb.runtime.store import (
    Store,
    file_name,
    keep_reference,
    sidecar_of,
    write_sidecar,
)
from tests.conftest import Hurry
from tests.runtime.world import MP4, a_job, a_run, toy, transport

needs_modes = pytest.mark.skipif(os.name == "nt", reason="modes of files are POSIX's")
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(40)
HINTS = {
    "up": "../../../etc/passwd",
    "up, Windows": r"..\..\Windows\System32\drivers\etc\hosts",
    "up, in the middle": "a/../../../b.mp4",
    "up, percent-encoded": "..%2f..%2fetc%2fpasswd",
    "up, other slashes": "..\u2215..\u2044..\uff0fetc\uff0fpasswd",
    "absolute": "/etc/cron.d/job.mp4",
    "a drive": "C:\\Windows\\win.ini",
    "a drive without a slash": "C:evil.mp4",
    "a share": "\\\\host\\share\\a.mp4",
    "a stream": "clip.mp4:stream:$DATA",
    "NUL": "clip\x00.sh\x00.mp4",
    "control characters": "a\x01\x1b[31m\x7f\x9bb.mp4",
    "line breaks": "a\r\nContent-Type: text/html\r\n\r\nb.mp4",
    "right to left": "clip\u202e4pm.exe",
    "isolates": "a\u2066b\u2069\u200f\u200b\ufeffc.mp4",
    "a lone surrogate": "a\udc80b.mp4",
    "a device": "CON",
    "a device with an extension": "nul.mp4",
    "a device with two": "aux.tar.gz",
    "a printer": "LPT1.mp4",
    "a port in superscript": "COM¹.x.mp4",
    "long": "a" * 5000 + ".mp4",
    "long in bytes": "\U0001f99e名" * 5000,
    "one dot": ".",
    "two dots": "..",
    "many dots": "." * 300,
    "dots and blanks": ". . .",
    "hidden": ".bashrc",
    "a part": ".part-abc",
    "an option": "--help.mp4",
    "a shell": "$(touch x);`id`|&<>\"'*?.mp4",
    "nothing": "",
}
EVERY_HINT = pytest.mark.parametrize("hint", HINTS.values(), ids=HINTS)


def is_safe(name: str) -> bool:
    """A plain file name on every system, which looks like what it is."""
    categories = {unicodedata.category(letter) for letter in name}
    return (
        not re.search(r"[\s/\\:*?\"<>|%$&;`'()]", name)
        and categories.isdisjoint({"Cc", "Cf", "Cs", "Zl", "Zp"})
        and not name.startswith(".")
        and not PureWindowsPath(name).is_reserved()
        and len(name.encode()) <= 255
    )


def save(store, *outputs, hint=None, url="http://127.0.0.1:9"):
    async def go():
        async with transport() as opened:
            run = a_run(toy(), Access(url), opened.clock)
            return await Delivery(opened, store).save(run, Done(outputs), hint)

    return asyncio.run(go())


# names


@EVERY_HINT
def test_the_name_of_a_saved_file_is_safe_whoever_gave_it(tmp_path, hint):
    store = Store(tmp_path / "media", 2**20)
    made = InHand(MP4, "video/mp4", name=hint)
    for file in (*save(store, made), *save(store, InHand(MP4, "video/mp4"), hint=hint)):
        assert is_safe(file.path.name), file.path.name
        assert is_safe(file.name) or file.name == ""
        assert file.path.parent == store.directory
        assert file.path.suffix == ".mp4"
    assert {path.name for path in tmp_path.iterdir()} == {"media"}
    assert len(list(store.directory.iterdir())) == 2


@EVERY_HINT
def test_the_name_of_a_file_that_was_not_kept_is_safe_too(server, tmp_path, hint):
    server.answer("/film.mp4", MP4)
    store = Store(tmp_path / "media", 10)
    hosted = Hosted(f"{server.url}/film.mp4", name=hint)
    (file,) = save(store, hosted, url=server.url)
    assert file.path is None
    assert is_safe(file.name)


@pytest.mark.parametrize("declared", ["video/../../x", "video/mp4\r\nx: y", "text/html", "a" * 999])
def test_a_declared_type_makes_no_extension_of_its_own(declared):
    assert Path(file_name("clip", declared)).suffix in {"", ".mp4"}


@EVERY_HINT
def test_the_name_of_a_fetched_reference_breaks_out_of_no_form(server, hint):
    async def say(request):
        disposition = {"content-disposition": 'attachment; filename="../../x.sh"'}
        return web.Response(body=PNG, content_type="image/png", headers=disposition)

    server.otherwise = say
    # The test's server has no routes with a line feed.
    data = hint.encode("utf-8", "replace").replace(b"\n", b"\v")[:1000]
    path = "".join(f"%{byte:02x}" for byte in data)
    provider = toy(takes_url=lambda _: False, base_url=server.url)

    async def go():
        async with transport() as opened:
            run = a_run(provider, Access(server.url), opened.clock)
            link = Link(url=f"{server.url}/{path}?x")
            run.access = replace(
                run.access, references=replace(run.access.references, allow_loopback=True)
            )
            job = replace(a_job(provider), images=(link,))
            return (await with_bytes(job, run, opened, 2**20)).images[0]

    blob = asyncio.run(go())
    body = encode(Call("POST", "/x", form={"image": blob}))
    sent = b"".join(asyncio.run(_all(body)))
    head = sent.partition(b"\r\n\r\n")[0]
    assert len(head.splitlines()) == 3
    assert re.search(rb'name="image"; filename="[^"\r\n]*"\r\n', head)


async def _all(body):
    return [chunk async for chunk in body.stream()]


@pytest.mark.parametrize(
    "declared",
    ["image/png\r\nX-Evil: 1", "image/png\nx", "image/ png", "image/p\x00ng", 'image/"png"'],
)
def test_a_declared_type_that_is_none_is_not_believed(declared):
    url = f"data:{declared};base64,{base64.b64encode(bytes(60)).decode()}"
    with pytest.raises(oc.InvalidInput):
        Loader().load(Request(prompt="x", images=(Reference(given=url),)))


# ids and sessions


@pytest.mark.parametrize(
    "model",
    [
        "../../../admin",
        "x?key=1",
        "x#y",
        "@evil.example/x",
        "//evil.example/x",
        "x\r\nX-Evil: 1",
        "x y\x00",
    ],
)
def test_a_model_id_leads_to_no_other_host_and_into_no_header(server, elsewhere, home, model):
    settings = {"models": {"providers": {"fal": {"baseUrl": server.url, "apiKey": "k" * 20}}}}
    with closing(Client(settings, home=home, environ={}, clock=Hurry())) as client:
        task = client.generate_video("a heron", model=f"fal/{model}", exact_model=True)
        with pytest.raises(oc.OpenclawError):
            task.result(20)
    assert elsewhere.seen == []
    for seen in server.seen:
        assert seen.headers["host"] == server.url.removeprefix("http://")
        assert "x-evil" not in seen.headers


@EVERY_HINT
def test_a_session_may_have_any_name(client, home, hint):
    session = f"'); DROP TABLE tasks; -- {hint}".encode("utf-8", "replace").decode()
    client.generate_video("a heron", session=session).result(20)
    assert len(client.tasks()) == 1
    assert {path.name for path in home.iterdir()} == {"media", "notebook"}


@pytest.mark.parametrize("place", ["prompt", "model", "filename", "session"])
def test_half_a_character_is_refused_before_anything_is_sent(client, place):
    given = {"prompt": "a heron", place: "a\udc80"}
    with pytest.raises(oc.InvalidInput, match=f"{place}: .*Nothing was sent"):
        client.generate_video(**given)
    assert client.tasks() == []


# links


@pytest.fixture
def victim(tmp_path):
    """A file that is nobody's business here, and its owner's alone."""
    path = tmp_path / "victim"
    path.write_bytes(b"private")
    path.chmod(0o600)
    return path


def untouched(victim):
    return victim.read_bytes() == b"private" and mode(victim) == 0o600


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@needs_modes
@pytest.mark.parametrize("moment", ["amid the writing", "after the writing"])
def test_a_part_that_became_a_link_is_not_followed_and_not_delivered(tmp_path, victim, moment):
    store = Store(tmp_path / "media", 2**20)

    async def go():
        part = store.begin()
        for _ in range(3):  # more than is held in memory
            await part.write(MP4 + bytes(400_000))
        (path,) = store.directory.iterdir()
        path.unlink()
        path.symlink_to(victim)
        if moment == "amid the writing":
            await part.write(MP4 + bytes(400_000))
        try:
            await part.commit("clip.mp4")
        finally:
            await part.abandon()

    with pytest.raises(OSError, match="was replaced"):
        asyncio.run(go())
    assert untouched(victim)
    assert list(store.directory.iterdir()) == []


@needs_modes
def test_a_link_that_has_the_name_of_a_result_is_replaced_and_not_followed(tmp_path, victim):
    store = Store(tmp_path / "media", 2**20)
    store.directory.mkdir()
    target = store.directory / "clip.mp4"
    target.symlink_to(victim)
    sidecar_of(target).symlink_to(victim)

    async def go():
        part = store.begin()
        await part.write(MP4)
        return await part.commit("clip.mp4")

    assert asyncio.run(go()).read_bytes() == MP4
    write_sidecar(target, {"prompt": "a heron"})
    assert not target.is_symlink()
    assert not sidecar_of(target).is_symlink()
    assert untouched(victim)


@needs_modes
def test_a_kept_reference_is_the_bytes_that_were_given_whatever_has_its_name(tmp_path, victim):
    kept = tmp_path / keep_reference(tmp_path, PNG, "image/png")
    kept.unlink()
    kept.symlink_to(victim)
    assert tmp_path / keep_reference(tmp_path, PNG, "image/png") == kept
    assert not kept.is_symlink()
    assert kept.read_bytes() == PNG
    assert untouched(victim)
    kept.write_bytes(b"something else")
    keep_reference(tmp_path, PNG, "image/png")
    assert kept.read_bytes() == PNG


@needs_modes
def test_a_folder_of_references_that_is_a_link_is_not_written_into(tmp_path):
    outside, media = tmp_path / "outside", tmp_path / "media"
    outside.mkdir()
    media.mkdir()
    (media / "references").symlink_to(outside)
    with pytest.raises(OSError, match="references"):
        keep_reference(media, PNG, "image/png")
    assert list(outside.iterdir()) == []


# what a sidecar says


@pytest.mark.parametrize("path", ["references/../../victim", "references/../victim.png"])
def test_a_sidecar_leads_out_of_its_folder_of_references_nowhere(tmp_path, victim, path):
    folder = tmp_path / "media"
    folder.mkdir()
    (folder / "clip.json").write_text(json.dumps({"request": {"prompt": "x", "images": [path]}}))
    with pytest.raises(oc.InvalidInput, match="leads out"):
        read_sidecar(folder / "clip.json")


def test_an_address_in_a_sidecar_has_neither_signature_nor_password():
    assert (
        unsigned("https://me:pass@host.example:8/a.png?sig=1#x") == "https://host.example:8/a.png"
    )
    assert unsigned("/clips/a?b.png") == "/clips/a?b.png"


# modes


@pytest.fixture(params=[0o000, 0o022, 0o077, 0o277], ids=oct)
def umask(request):
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


@needs_modes
def test_whatever_the_umask_state_is_private_and_videos_can_be_read(umask, make_client, tmp_path):
    home = tmp_path / "deep" / "state"
    client = make_client("fal", home=home)
    video = client.generate_video("a heron", image=PNG_PICTURE).result(20)
    folders = [video.path.parent, *video.path.parent.parents]
    ours = [folder for folder in folders if folder.is_relative_to(tmp_path / "deep")]
    assert len(ours) == 4
    assert {mode(folder) for folder in (*ours, home / "notebook")} == {0o700}
    assert {mode(path) for path in (home / "notebook").iterdir()} == {0o600}
    assert mode(video.path) == mode(sidecar_of(video.path)) == 0o644
    assert {mode(path) for path in (video.path.parent / "references").iterdir()} == {0o644}


@needs_modes
def test_a_ledger_that_others_could_read_is_closed_to_them(make_client, home):
    path = home / "notebook" / "tasks.sqlite"
    path.parent.mkdir(parents=True)
    sqlite3.connect(path).close()
    path.touch()
    path.chmod(0o664)
    make_client("fal").tasks()
    assert mode(path) == 0o600
    assert mode(home) != 0o700, "a directory that was there stays as it was"


@needs_modes
def test_a_configuration_is_its_owners_alone(umask, tmp_path, environ):
    path = tmp_path / "deep" / "state" / "openclaw.json"
    environ["OPENCLAW_CONFIG_PATH"] = str(path)
    for megabytes in (20, 30):
        oc.config.set("agents.defaults.mediaMaxMb", megabytes)
    assert {mode(each) for each in path.parent.iterdir()} == {0o600}
    assert {each.name for each in path.parent.iterdir()} == {"openclaw.json", "openclaw.json.bak"}
    assert mode(path.parent) == mode(path.parent.parent) == 0o700


def _picture():
    out = io.BytesIO()
    Image.new("RGB", (640, 360), (200, 60, 40)).save(out, "PNG")
    return out.getvalue()


PNG_PICTURE = _picture()
