"""A header by which a provider knows a submission that is sent again."""

import asyncio
from uuid import UUID

from openclaw_nb.runtime.access import Access
from tests.runtime.world import SECRET, FakeClock, a_job, a_run, engine, toy


def test_a_submission_that_is_sent_again_carries_the_same_uuid_and_the_next_another(server):
    provider = toy(once_header="x-once")
    accepted = b'{"request_id": "1", "response_url": "https://api.toy.example/1"}'
    server.answers("/toy-1", (429, b"{}", {"retry-after": "0"}), (200, accepted, {}))
    clock = FakeClock()

    async def go():
        async with engine(clock) as opened:
            for _ in range(2):
                run = a_run(provider, Access(server.url, SECRET), clock)
                await opened.submit(run, a_job(provider))

    asyncio.run(go())
    first, again, second = [seen.headers["x-once"] for seen in server.seen]
    assert first == again != second
    assert str(UUID(first)) == first
