"""Disks that are full or cannot be written: what is paid for is fetched when there is room."""

from __future__ import annotations

import av
import pytest

import openclaw_nb as oc
from openclaw_nb.core.domain import TaskState
from openclaw_nb.emulator import Scenario
from tests.faults.world import child, films, parts, videos

PROMPT = "a friendly lobster surfing at sunset"
PATIENCE = 30
KIB = 1024


def is_playable(video: oc.Video) -> bool:
    with av.open(str(video.path)) as container:
        return next(container.decode(video=0)) is not None


def test_a_video_that_finds_no_room_is_fetched_when_there_is_some(emulator, home, make_client):
    large = Scenario(download="oversize", oversize_bytes=3_000_000, seconds=1.0, render="draft")
    emulator.set(large)
    urls = {"fal": emulator.base_urls["fal"]}
    with child(home, urls, "--file-limit", str(1024 * KIB)) as running:
        running.until(lambda: running.said("BadOutput"))
        assert running.said("BadOutput fal/")
        assert "cannot be saved" in running.output
        assert "openclaw_nb.resume() fetches it when there is room" in running.output
    client = make_client("fal")
    media = videos(client)
    assert (films(media), parts(media)) == ([], [])
    (row,) = client.tasks()
    assert row.status is TaskState.FAILED
    assert is_playable(client.resume(row.id).result(PATIENCE))
    assert len(emulator.jobs) == 1


def test_a_ledger_that_finds_no_room_does_not_keep_the_video_from_the_disk(
    emulator, home, make_client
):
    emulator.set(Scenario(seconds=1.0, render="draft"))
    urls = {"fal": emulator.base_urls["fal"]}
    with child(home, urls, "--file-limit", str(24 * KIB)) as running:
        running.until(lambda: running.said("saved"))
        assert "the video is saved, and the ledger does not know it" in running.output
        assert "Make room" in running.output or "disk" in running.output
    client = make_client("fal")
    assert len(films(videos(client))) == 1
    (row,) = client.tasks()
    assert row.status is TaskState.LOST
    assert is_playable(client.resume(row.id).result(PATIENCE)), "its receipt was there before"
    assert len(emulator.jobs) == 1


def test_a_directory_that_cannot_be_written_costs_one_job_and_not_one_of_each_provider(
    emulator, make_client, tmp_path
):
    (tmp_path / "file").write_text("in the way")
    client = make_client("fal", "minimax", media_dir=tmp_path / "file" / "media")
    task = client.generate_video(PROMPT)
    with pytest.raises(oc.BadOutput, match="cannot be saved in") as failed:
        task.result(PATIENCE)
    assert failed.value.made
    assert [job.provider for job in emulator.jobs] == ["fal"]
    (tmp_path / "file").unlink()
    assert is_playable(client.resume(task.id).result(PATIENCE))
    assert len(emulator.jobs) == 1
