"""A job's life, with a clock that the test holds; what a body says, whatever its bytes."""

import os

import httpx
import pytest

from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.emulator.wire import MalformedError, Part, Request

KEY = {"authorization": "Bearer secret-key"}


class Clock:
    now = 1000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def world(clock):
    with Emulator(clock=clock) as emulator, httpx.Client(trust_env=False) as client:

        class World:
            book = property(lambda _: emulator.jobs)
            set = staticmethod(lambda **plays: emulator.set(Scenario(render="draft", **plays)))
            reset = staticmethod(emulator.reset)

            def submit(self):
                url = f"{emulator.base_urls['openai']}/videos"
                return client.post(url, json={"prompt": "x"}, headers=KEY)

            def ask(self, id):
                url = f"{emulator.base_urls['openai']}/videos/{id}"
                return client.get(url, headers=KEY)

            def word(self, id):
                return self.ask(id).json()["status"]

        yield World()


@pytest.mark.parametrize("polls", [0, 1, 2, 5])
def test_the_nth_status_call_shows_the_end(world, polls):
    world.set(polls=polls)
    said = world.submit().json()
    before = [world.word(said["id"]) for _ in range(polls - 1)]
    assert "completed" not in before
    assert (said["status"] == "completed") == (polls == 0)
    assert world.word(said["id"]) == "completed"


def test_a_job_may_take_seconds_instead(world, clock):
    world.set(seconds=10)
    id = world.submit().json()["id"]
    seen = []
    for clock.now in (1000, 1005, 1009.9, 1010):
        seen.append((world.word(id), world.ask(id).json()["progress"]))
    assert seen == [("queued", 0), ("in_progress", 50), ("in_progress", 98), ("completed", 100)]
    assert world.book[0].finished_at == 1010


def test_the_book_knows_the_end_without_being_asked(world, clock):
    world.set(seconds=10)
    world.submit()
    clock.now = 1200
    entry = world.book[0]
    assert (entry.state, entry.created_at, entry.finished_at) == ("succeeded", 1000, 1010)
    assert entry.polls == 0


def test_the_book_holds_the_request_and_no_key(world):
    world.submit()
    entry = world.book[0]
    assert entry.request == {"prompt": "x"}
    assert len(entry.digest) == 64
    assert "secret-key" not in repr(entry.as_json())


@pytest.mark.parametrize("status, recorded", [(429, 0), (503, 0), (400, 0), (500, 1), (502, 1)])
def test_a_failing_submission_is_recorded_only_when_the_job_may_exist(world, status, recorded):
    world.set(submit_status=status, submit_status_times=2, retry_after_seconds=1.5)
    said = [world.submit() for _ in range(3)]
    assert [each.status_code for each in said] == [status, status, 200]
    assert len(world.book) == 2 * recorded + 1
    assert ("retry-after" in said[0].headers) == (not recorded)


def test_retry_after_is_what_was_asked_for(world):
    world.set(submit_status=429, retry_after_seconds=2)
    assert world.submit().headers["retry-after"] == "2"


def test_failing_status_calls_do_not_count(world):
    world.set(polls=1, poll_failures=(500, 429))
    id = world.submit().json()["id"]
    assert [world.ask(id).status_code for _ in range(3)] == [500, 429, 200]
    assert world.word(id) == "completed"


def test_an_unknown_word_is_shown_until_the_end(world):
    world.set(polls=3, unknown_status_word="warming_up")
    id = world.submit().json()["id"]
    assert [world.word(id) for _ in range(3)] == ["warming_up", "warming_up", "completed"]


@pytest.mark.parametrize(
    "ends, word", [("failed", "failed"), ("moderated", "failed"), ("expired", "expired")]
)
def test_a_job_ends_as_the_scenario_says(world, ends, word):
    world.set(polls=1, ends=ends)
    id = world.submit().json()["id"]
    assert world.word(id) == word
    assert world.book[0].state == ends


def test_a_job_keeps_the_scenario_it_was_accepted_under(world):
    world.set(polls=1, ends="failed")
    id = world.submit().json()["id"]
    world.set(polls=1)
    assert world.word(id) == "failed"


def test_a_reset_empties_the_book_and_starts_the_scenario_over(world):
    world.set(submit_status=429)
    first = world.submit(), world.submit()
    world.reset()
    assert world.book == []
    assert [each.status_code for each in first] == [429, 200]
    assert world.submit().status_code == 429


def test_each_provider_can_have_its_own_scenario():
    with Emulator({"openai": Scenario(polls=0, render="draft")}) as emulator:
        url = f"{emulator.base_urls['openai']}/videos"
        with httpx.Client(trust_env=False) as client:
            said = client.post(url, json={"prompt": "x"}, headers=KEY).json()
    assert said["status"] == "completed"
    with pytest.raises(ValueError, match="nobody"):
        Emulator({"nobody": Scenario()})


def form(*parts, boundary="b0undary"):
    lines = []
    for name, filename, data in parts:
        file = f'; filename="{filename}"' if filename else ""
        kind = "\r\ncontent-type: video/mp4" if filename else ""
        lines.append(
            f'--{boundary}\r\ncontent-disposition: form-data; name="{name}"{file}{kind}\r\n\r\n'.encode()
            + data
            + b"\r\n"
        )
    body = b"".join(lines) + f"--{boundary}--\r\n".encode()
    headers = {"content-type": f"multipart/form-data; boundary={boundary}"}
    return Request("POST", "/", {}, headers, body, "http://x")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\r\n",
        b"\n\r\r\n\n",
        b"\r",
        b"--b0undar\r\n--b0undar--",
        bytes(range(256)) * 3,
        b"a\r\n\r\nb: c\r\n",
        b"\xef\xbb\xbf\x00\x0b\x0c\x1c\x1d\x85",
    ],
)
def test_a_part_of_a_form_comes_out_as_it_went_in(data):
    file, text = form(("video", "a.mp4", data), ("prompt", None, b"x")).form()
    assert file == Part("video", "a.mp4", "video/mp4", data)
    assert text.text == "x"


def test_random_bytes_survive_a_form():
    data = os.urandom(200_000)
    assert form(("video", "a.mp4", data)).form()[0].data == data


def test_the_digest_does_not_depend_on_the_boundary():
    one = form(("prompt", None, b"x"), ("video", "a.mp4", b"y"), boundary="one")
    other = form(("prompt", None, b"x"), ("video", "a.mp4", b"y"), boundary="other")
    assert one.digest() == other.digest()
    assert one.digest() != form(("prompt", None, b"z"), ("video", "a.mp4", b"y")).digest()


@pytest.mark.parametrize("body", [b"[1]", b"{", b"\xff", b'"x"'])
def test_a_body_that_is_no_json_object_is_malformed(body):
    request = Request("POST", "/", {}, {"content-type": "application/json"}, body, "http://x")
    with pytest.raises(MalformedError):
        request.fields()


def test_a_form_without_parts_is_malformed():
    headers = {"content-type": "multipart/form-data; boundary=b"}
    with pytest.raises(MalformedError):
        Request("POST", "/", {}, headers, b"nothing", "http://x").form()
