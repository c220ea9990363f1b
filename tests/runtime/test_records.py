"""Requests and results as JSON and back; nothing secret, nothing large."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path

import pytest

from openclaw_nb.core.domain import (
    Attempt,
    Blob,
    Change,
    Ignored,
    Link,
    Media,
    Ref,
    Reference,
    Request,
    TaskState,
    Why,
)
from openclaw_nb.errors import InvalidInput
from openclaw_nb.runtime import records
from openclaw_nb.runtime.records import Applied
from openclaw_nb.runtime.results import SavedFile, Video
from openclaw_nb.runtime.rows import NewTask
from openclaw_nb.runtime.store import sidecar_of, write_sidecar

DATA = b"\x89PNG a picture in hand"
DIGEST = f"sha256:{sha256(DATA).hexdigest()}"
SIGNED = "https://host.example/a.png?X-Signature=s3cr3t"
MEDIA = Media(
    images=(
        Blob(media_type="image/png", name="a.png", size=len(DATA), data=DATA, role="first_frame"),
        Link(url=SIGNED),
    ),
    videos=(Blob(media_type="video/mp4", name="b.mp4", size=9, path="/clips/b.mp4"),),
    audios=(Link(url="https://host.example/c.wav", role="reference_audio"),),
)
REQUEST = Request(
    prompt="été 🦞",
    model="fal/m",
    images=(Reference(given=DATA, role="first_frame"), Reference(given=SIGNED)),
    videos=(Reference(given="b.mp4"),),
    audios=(Reference(given="https://host.example/c.wav", role="reference_audio"),),
    size="1280x720",
    aspect_ratio="16:9",
    resolution="720P",
    duration_seconds=5,
    audio=False,
    watermark=True,
    filename="clip",
    timeout_ms=60_000,
    provider_options={"seed": 7, "nested": {"a": [1]}},
)
ATTEMPTS = (
    Attempt(ref=Ref("fal", "m"), error="it said no", why=Why.BILLING, status=402, code="x"),
    Attempt(ref=Ref("runway", "gen4"), error="no images", why=Why.SKIPPED),
)
FILES = (
    SavedFile(
        media_type="video/mp4",
        name="clip.mp4",
        path=Path("/media/clip---1.mp4"),
        url="https://cdn.example/x?sig=s3cr3t",
        size_bytes=9,
    ),
    SavedFile(media_type="video/mp4", name="b.mp4", url="https://cdn.example/b.mp4"),
)
APPLIED = Applied(
    asked="fal/m",
    changes=(Change(setting="duration_seconds", requested=7, applied=6, why="6 or 10"),),
    ignored=(Ignored(setting="watermark", value=True, why="not taken"),),
    warnings=("something",),
    emulated=True,
    metadata={"seed": 7},
)


def facts():
    return records.request_facts(REQUEST, MEDIA)


def stored(ledger, request=REQUEST, media=MEDIA, **columns):
    """A row as the ledger gives it back."""

    async def go():
        new = NewTask(
            prompt=request.prompt,
            request=records.request_json(request, media),
            request_key=records.request_key(records.request_facts(request, media)),
            source="video_generate:fal",
            session=None,
        )
        row, _ = await ledger.add(new, unless_active=None)
        await ledger.update(row.id, provider="fal", model="m", started_at=5, **columns)
        await ledger.end(row.id, TaskState.SUCCEEDED)
        return await ledger.find(row.id)

    return asyncio.run(go())


def test_a_request_is_kept_in_the_words_of_generate_video():
    assert facts() == {
        "prompt": "été 🦞",
        "model": "fal/m",
        "images": [DIGEST, SIGNED],
        "image_roles": ["first_frame", ""],
        "videos": ["/clips/b.mp4"],
        "audio_refs": ["https://host.example/c.wav"],
        "audio_roles": ["reference_audio"],
        "size": "1280x720",
        "aspect_ratio": "16:9",
        "resolution": "720P",
        "duration_seconds": 5,
        "audio": False,
        "watermark": True,
        "filename": "clip",
        "timeout_ms": 60_000,
        "provider_options": {"seed": 7, "nested": {"a": [1]}},
    }


def test_what_was_not_given_is_not_kept():
    assert records.request_facts(Request(prompt="x"), Media()) == {"prompt": "x"}


def test_bytes_are_kept_as_their_digest():
    text = records.request_json(REQUEST, MEDIA)
    assert DIGEST in text
    assert "a picture in hand" not in text


def test_a_request_comes_back_but_for_its_bytes(ledger):
    given = (Reference(given=DIGEST, role="first_frame"), Reference(given=SIGNED))
    expected = replace(REQUEST, images=given, videos=(Reference(given="/clips/b.mp4"),))
    assert records.request_of(stored(ledger)) == expected


def test_the_references_of_a_stored_task_give_the_same_record(ledger):
    row = stored(ledger)
    again = records.request_facts(records.request_of(row), records.media_of(row))
    roles = {"image_roles", "audio_roles"}
    assert {k: v for k, v in again.items() if k not in roles} == {
        k: v for k, v in facts().items() if k not in roles
    }


def test_roles_of_a_stored_task_are_in_its_record(ledger):
    row = stored(ledger)
    again = records.request_facts(records.request_of(row), records.media_of(row))
    assert again == facts()


def test_attempts_files_and_what_was_applied_come_back(ledger):
    row = stored(
        ledger,
        attempts=records.attempts_json(ATTEMPTS),
        files=records.files_json(FILES),
        plan=records.applied_json(APPLIED),
    )
    assert records.attempts_of(row) == ATTEMPTS
    assert records.files_of(row) == FILES
    assert records.applied_of(row) == APPLIED


def test_a_finished_task_comes_back_as_its_video(ledger):
    row = stored(
        ledger,
        attempts=records.attempts_json(ATTEMPTS),
        files=records.files_json(FILES),
        plan=records.applied_json(APPLIED),
    )
    video = records.result_of(row)
    assert (str(video.ref), video.task_id, video.files) == ("fal/m", row.id, FILES)
    assert (video.changes, video.ignored) == (APPLIED.changes, APPLIED.ignored)
    assert (video.warnings, video.metadata, video.emulated) == (("something",), {"seed": 7}, True)
    assert video.path == FILES[0].path


def test_a_task_without_records_comes_back_empty(ledger):
    row = stored(ledger, Request(prompt="x"), Media())
    assert records.request_of(row) == Request(prompt="x")
    assert records.applied_of(row) == Applied()
    assert (records.attempts_of(row), records.files_of(row)) == ((), ())


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "y"},
        {"model": "fal/n"},
        {"duration_seconds": 6},
        {"audio": True},
        {"provider_options": {"seed": 8}},
        {"filename": "other"},
    ],
)
def test_every_setting_makes_another_request(change):
    other = records.request_facts(replace(REQUEST, **change), MEDIA)
    assert records.request_key(other) != records.request_key(facts())


def test_other_bytes_make_another_request():
    blob = replace(MEDIA.images[0], data=b"other")
    other = records.request_facts(REQUEST, replace(MEDIA, images=(blob, MEDIA.images[1])))
    assert records.request_key(other) != records.request_key(facts())


def test_a_time_out_and_the_order_of_options_make_no_other_request():
    options = {"nested": {"a": [1]}, "seed": 7}
    same = replace(REQUEST, timeout_ms=None, provider_options=options)
    assert records.request_key(records.request_facts(same, MEDIA)) == records.request_key(facts())


def test_a_sidecar_tells_what_was_asked_and_done_without_any_signed_address():
    video = Video(
        task_id="1",
        ref=Ref("fal", "m"),
        request=REQUEST,
        files=FILES,
        changes=APPLIED.changes,
        ignored=APPLIED.ignored,
        attempts=ATTEMPTS,
        warnings=("something",),
        metadata={"seed": 7},
        elapsed_seconds=1.23456,
    )
    asked = records.request_facts(
        REQUEST, MEDIA, lambda asset: records.unsigned(records.source_of(asset))
    )
    sidecar = records.sidecar_facts(video, asked, Path("/media/clip---1.mp4"))
    text = json.dumps(sidecar)
    assert "s3cr3t" not in text
    assert "/media/" not in text
    assert sidecar["request"]["prompt"] == "été 🦞"
    assert sidecar["request"]["images"] == [DIGEST, "https://host.example/a.png"]
    assert (sidecar["file"], sidecar["ref"]) == ("clip---1.mp4", "fal/m")
    assert sidecar["attempts"][0] == {"ref": "fal/m", "error": "it said no", "reason": "billing"}
    assert sidecar["applied"]["durationSeconds"] == 6
    assert "watermark" not in sidecar["applied"]
    assert datetime.fromisoformat(sidecar["endedAt"]).tzinfo is not None
    assert sidecar["normalization"]
    assert sidecar["ignoredOverrides"]
    assert (sidecar["elapsedSeconds"], sidecar["emulated"]) == (1.235, False)


def test_a_sidecar_says_which_references_are_lost_and_reading_it_explains(ledger, tmp_path):
    row = stored(ledger, files=records.files_json(FILES))
    again = records.request_facts(records.request_of(row), records.media_of(row))
    path = tmp_path / "clip.mp4"
    sidecar = records.sidecar_facts(records.result_of(row), again, path)
    assert sidecar["lostReferences"] == ["images[0]"]
    write_sidecar(path, sidecar)
    with pytest.raises(InvalidInput) as refused:
        records.read_sidecar(path)
    for told in (str(sidecar_of(path)), "images[0]", "only a digest was kept", '"request"'):
        assert told in str(refused.value)
    kept = records.sidecar_facts(records.result_of(row), {"prompt": "x"}, path)
    assert "lostReferences" not in kept


def test_an_address_with_a_token_is_not_shown_in_the_text_of_a_file():
    assert "s3cr3t" not in repr(FILES[0])
