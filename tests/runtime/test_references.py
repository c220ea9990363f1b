"""References at addresses, for a provider that wants their bytes."""

import asyncio

import pytest

from openclaw_nb.core.domain import Blob, Job, Link, Mode, Why
from openclaw_nb.core.wire import takes_no_url
from openclaw_nb.errors import ProviderError
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.guard import Policy
from openclaw_nb.runtime.references import with_bytes
from tests.runtime.world import MP4, SECRET, FakeClock, a_run, hang_up, toy, transport

ANY = Policy(allow_private=True)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


def fetched(server, *images, limit=1000, takes_url=takes_no_url, videos=(), policy=ANY):
    provider, clock = toy(takes_url=takes_url), FakeClock()
    run = a_run(provider, Access("https://api.toy.example", SECRET, references=policy), clock)
    job = Job(model="m", mode=Mode.IMAGE_TO_VIDEO, prompt="x", images=images, videos=videos)

    async def go():
        async with transport(clock) as opened:
            return await with_bytes(job, run, opened, limit)

    return asyncio.run(go())


def test_a_reference_at_an_address_becomes_bytes_with_its_type_name_and_role(server):
    server.answer("/a/heron.png", PNG, headers={"content-type": "application/octet-stream"})
    (image,) = fetched(
        server, Link(url=f"{server.url}/a/heron.png?sig=1", role="first_frame")
    ).images
    assert image == Blob(
        media_type="image/png", name="heron.png", size=len(PNG), data=PNG, role="first_frame"
    )


def test_videos_are_fetched_too_and_bytes_stay_as_they_are(server):
    server.answer("/a.mp4", MP4)
    mine = Blob(media_type="image/png", name="a.png", size=3, data=b"abc")
    job = fetched(server, mine, videos=(Link(url=f"{server.url}/a.mp4"),), limit=10**6)
    assert job.images == (mine,)
    assert job.videos[0].media_type == "video/mp4"


def test_an_address_that_the_provider_takes_is_not_fetched(server):
    link = Link(url=f"{server.url}/a.png")
    assert fetched(server, link, takes_url=lambda url: url.startswith(server.url)).images == (link,)
    assert server.seen == []


def test_fetching_carries_no_key(server):
    server.answer("/a.png", PNG)
    fetched(server, Link(url=f"{server.url}/a.png"))
    assert SECRET not in str(server.seen)


@pytest.mark.parametrize(
    "case, said",
    [
        ("missing", "answered HTTP 404"),
        ("large", "is larger than 50 bytes"),
        ("broken", "could not be fetched"),
    ],
)
def test_a_reference_that_cannot_be_had_is_named_without_its_signature(server, case, said):
    if case == "large":
        server.answer("/a.png", PNG)
    elif case == "broken":
        server.say["/a.png"] = hang_up
    with pytest.raises(ProviderError) as failure:
        fetched(server, Link(url=f"{server.url}/a.png?sig=hidden"), limit=50)
    text = str(failure.value)
    assert f"the reference {server.url}/a.png {said}" in text
    assert "nothing was submitted" in text
    assert "hidden" not in text
    assert failure.value.why is Why.FORMAT


def test_a_reference_at_a_private_address_is_not_fetched(server):
    with pytest.raises(ProviderError, match=r"tools\.web\.fetch\.ssrfPolicy") as failure:
        fetched(server, Link(url=f"{server.url}/a.png"), policy=Policy())
    assert "nothing was submitted" in str(failure.value)
    assert server.seen == []
