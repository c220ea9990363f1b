"""The drop zone's protocol, with the messages that a page would send."""

import hashlib

import comm
import pytest

from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook.dropzone import DropZone
from openclaw_nb.notebook.uploads import PART_BYTES
from tests.notebook.frontend import Wire, heard, says


class Desk:
    def __init__(self):
        self.files, self.texts = {}, []

    def admit(self, name, size, media_type):
        if media_type == "text/plain":
            raise InvalidInput("references", f"{name} is text/plain. Nothing was sent.")

    def arrived(self, path, name):
        self.files[name] = hashlib.sha256(path.read_bytes()).hexdigest()

    def typed(self, text):
        if text.startswith("ftp:"):
            raise InvalidInput("image", f"{text} cannot be read. Nothing was sent.")
        self.texts.append(text)


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def zone(desk, monkeypatch):
    monkeypatch.setattr(comm, "create_comm", Wire)
    made = DropZone(desk.admit, desk.arrived, desk.typed)
    yield made
    made.close()


def opens(zone, id="1", name="a.png", size=4, media_type="image/png"):
    says(zone, {"say": "open", "id": id, "name": name, "size": size, "media_type": media_type})


def sends(zone, index, data, id="1"):
    says(zone, {"say": "part", "id": id, "index": index}, memoryview(data))


def test_each_part_is_acknowledged_before_the_next_is_due(zone, desk):
    data = bytes(range(256)) * 12_000
    opens(zone, size=len(data))
    assert heard(zone) == [{"say": "go", "id": "1"}]
    for index, start in enumerate(range(0, len(data), PART_BYTES)):
        sends(zone, index, data[start : start + PART_BYTES])
        received = min(len(data), start + PART_BYTES)
        assert heard(zone)[-1] == {"say": "ack", "id": "1", "received": received}
    assert desk.files == {"a.png": hashlib.sha256(data).hexdigest()}


def test_a_file_that_is_refused_says_why(zone):
    opens(zone, name="notes.txt", media_type="text/plain")
    assert heard(zone) == [
        {"say": "refused", "id": "1", "reason": "notes.txt is text/plain. Nothing was sent."}
    ]


def test_parts_in_the_wrong_order_are_refused(zone, desk):
    opens(zone)
    sends(zone, 1, b"cd")
    assert heard(zone)[-1]["say"] == "refused"
    assert "part 2" in heard(zone)[-1]["reason"]
    assert desk.files == {}


def test_an_upload_can_be_stopped(zone, desk):
    opens(zone)
    says(zone, {"say": "abort", "id": "1"})
    sends(zone, 0, b"abcd")
    assert heard(zone)[-1]["say"] == "refused"
    assert desk.files == {}


def test_text_that_is_dropped_or_pasted_is_taken(zone, desk):
    says(zone, {"say": "text", "id": "t", "text": "https://example.com/a.png"})
    assert desk.texts == ["https://example.com/a.png"]
    says(zone, {"say": "text", "id": "u", "text": "ftp://example.com/a.png"})
    assert heard(zone)[-1]["say"] == "refused"


@pytest.mark.parametrize(
    "message",
    [
        None,
        "open",
        {},
        {"say": "unheard of", "id": "1"},
        {"say": "part", "id": "1"},
        {"say": "part", "id": "1", "index": "0"},
        {"say": "open", "id": "1", "name": None, "size": "4"},
        {"say": "open", "id": ["1"], "size": True},
    ],
)
def test_nonsense_does_no_harm(zone, desk, message):
    says(zone, message)
    opens(zone)
    sends(zone, 0, b"abcd")
    assert heard(zone)[-1] == {"say": "ack", "id": "1", "received": 4}


def test_closing_it_drops_what_is_unfinished(zone):
    opens(zone)
    path = zone._uploads._open["1"].path
    assert path.exists()
    zone.close()
    assert not path.exists()
