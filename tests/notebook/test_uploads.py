"""Files that come in parts: whole and in order, or not at all."""

import hashlib
import tempfile
from pathlib import Path

import pytest

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import uploads
from openclaw_nb.notebook.uploads import PART_BYTES, Uploads


class Receiver:
    def __init__(self):
        self.files = {}
        self.limit = 64 * 1_048_576

    def admit(self, name, size, media_type):
        if size > self.limit:
            raise InvalidInput("image", f"{name} is too large.")

    def arrived(self, path, name):
        self.files[name] = hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def receiving(receiver, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    made = Uploads(receiver.admit, receiver.arrived)
    yield made
    made.close()
    assert left(tmp_path) == [], "a part of a file was left behind"


def left(folder: Path):
    return [path.name for path in folder.iterdir() if path.name.startswith("openclaw-upload-")]


def test_a_file_arrives_whole(receiving, receiver):
    data = bytes(range(256)) * 20_000
    receiving.begin("a", "clip.mp4", len(data), "video/mp4")
    starts = range(0, len(data), PART_BYTES)
    for index, start in enumerate(starts):
        received = receiving.part("a", index, data[start : start + PART_BYTES])
        assert received == min(len(data), start + PART_BYTES)
    assert receiver.files == {"clip.mp4": hashlib.sha256(data).hexdigest()}


def test_two_files_may_come_at_once(receiving, receiver):
    receiving.begin("a", "a.png", 4, "")
    receiving.begin("b", "b.png", 2, "")
    receiving.part("a", 0, b"aa")
    receiving.part("b", 0, b"bb")
    receiving.part("a", 1, b"aa")
    assert set(receiver.files) == {"a.png", "b.png"}


def test_a_part_that_comes_twice_counts_once(receiving, receiver):
    receiving.begin("a", "a.png", 4, "")
    assert receiving.part("a", 0, b"ab") == 2
    assert receiving.part("a", 0, b"ab") == 2
    assert receiving.part("a", 1, b"cd") == 4
    assert receiver.files["a.png"] == hashlib.sha256(b"abcd").hexdigest()


@pytest.mark.parametrize(
    ("index", "data", "why"),
    [
        (1, b"cd", "part 2 of 'a.png' came where part 1 was expected"),
        (-1, b"cd", "part 0 of"),
        (0, b"abcdef", "longer than the 4 B announced"),
        (0, b"", "parts have 1 B to"),
        (0, b"x" * (PART_BYTES + 1), "parts have 1 B to"),
    ],
    ids=["out of order", "before the first", "too long", "empty", "too large a part"],
)
def test_what_is_wrong_ends_the_upload(receiving, receiver, tmp_path, index, data, why):
    receiving.begin("a", "a.png", 4, "")
    with pytest.raises(InvalidInput, match=why):
        receiving.part("a", index, data)
    assert left(tmp_path) == []
    with pytest.raises(InvalidInput, match="choose the file again"):
        receiving.part("a", 0, b"ab")
    assert receiver.files == {}


def test_a_file_that_is_not_wanted_is_refused_before_its_bytes_come(receiving, receiver, tmp_path):
    receiver.limit = 3
    with pytest.raises(InvalidInput, match="too large"):
        receiving.begin("a", "a.png", 4, "")
    assert left(tmp_path) == []


@pytest.mark.parametrize("size", [0, -1])
def test_an_empty_file_is_refused(receiving, size):
    with pytest.raises(InvalidInput, match="is empty"):
        receiving.begin("a", "a.png", size, "")


def test_an_id_serves_one_upload_at_a_time(receiving):
    receiving.begin("a", "a.png", 4, "")
    with pytest.raises(InvalidInput, match="already"):
        receiving.begin("a", "b.png", 4, "")


def test_an_upload_that_is_stopped_leaves_nothing(receiving, tmp_path):
    receiving.begin("a", "a.png", 4, "")
    receiving.part("a", 0, b"ab")
    receiving.abort("a")
    receiving.abort("a")
    assert left(tmp_path) == []


def test_what_a_closed_page_left_goes_when_the_next_file_comes(receiving, tmp_path, monkeypatch):
    receiving.begin("a", "a.png", 4, "")
    monkeypatch.setattr(uploads, "_STALE_SECONDS", -1.0)
    receiving.begin("b", "b.png", 4, "")
    assert len(left(tmp_path)) == 1


def test_a_refusal_at_the_end_leaves_nothing(receiver, tmp_path, monkeypatch):
    def refuse(path, name):
        raise InvalidInput("references", f"{name} is text.")

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    receiving = Uploads(receiver.admit, refuse)
    receiving.begin("a", "notes.txt", 2, "")
    with pytest.raises(InvalidInput, match="is text"):
        receiving.part("a", 0, b"ab")
    assert left(tmp_path) == []
