"""A provider's own word on a job as soon as there is one: events, read as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from functools import partial
from http import HTTPStatus
from typing import TypeVar

from openclaw_nb.core.wire import AnyProvider, Call, Hosted, Reply
from openclaw_nb.runtime.access import Access
from openclaw_nb.runtime.answers import TooLarge, pieces
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.conceal import concealed_bytes
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.transport import BROKEN, Transport, reason

MEDIA_TYPE = "text/event-stream"
V = TypeVar("V")

_TRUSTED_SECONDS = 30.0
"""How long a stream that came through may be silent."""


class NotTold(Exception):
    """There is no stream of events, or it broke off; polls know as much."""


@asynccontextmanager
async def subscribed(
    transport: Transport,
    provider: AnyProvider,
    access: Access,
    call: Call,
    deadline: Deadline,
    read: Callable[[Reply], V | None],
    patience: Callable[[], float],
) -> AsyncGenerator[AsyncIterator[V | None]]:
    """Open a stream of events; gives what `read` makes of each, unless that is None.

    None comes when it said nothing for `patience()` seconds: it may be held up on its way, and the
    job should be asked after. Raises NotTold here, or from the iterator when it breaks off.
    """
    opening = transport.listen if call.websocket else partial(_sent_events, transport)
    try:
        async with opening(provider, access, call, deadline) as data:
            news = _news(data, call, access, read)
            async with aclosing(news), aclosing(_heard(news, patience)) as heard:
                yield heard
    except (*BROKEN, BlockedError) as error:
        raise NotTold(reason(error)) from error


@asynccontextmanager
async def _sent_events(
    transport: Transport, provider: AnyProvider, access: Access, call: Call, deadline: Deadline
) -> AsyncGenerator[AsyncIterator[bytes]]:
    """The data of server-sent events; empty for a sign of life."""
    stream = Hosted(call.path, keyed=call.keyed, headers={"accept": MEDIA_TYPE})
    async with transport.download(provider, access, stream, deadline) as answer:
        media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
        if answer.status_code != HTTPStatus.OK or media_type != MEDIA_TYPE:
            raise NotTold(f"HTTP {answer.status_code}, {media_type or 'no content type'}")
        yield events(pieces(answer), provider.max_reply_bytes)


async def _heard(
    news: AsyncIterator[V | None], patience: Callable[[], float]
) -> AsyncGenerator[V | None]:
    """The news without the signs of life; None for a silence."""
    now = asyncio.get_running_loop().time
    following, trusted, last = _next(news), 0.0, now()
    try:
        while True:
            due = last + max(trusted, patience())
            await asyncio.wait((following,), timeout=max(0.0, due - now()))
            if not following.done():
                yield None
                last = now()
            else:
                told, following = following.result(), _next(news)
                if told is not None:
                    yield told
                    trusted, last = _TRUSTED_SECONDS, now()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _next(news: AsyncIterator[V | None]) -> asyncio.Future[V | None]:
    async def following() -> V | None:
        async for told in news:
            return told
        raise NotTold("it ended before the job did")

    return asyncio.ensure_future(following())


async def _news(
    events: AsyncIterator[bytes], call: Call, access: Access, read: Callable[[Reply], V | None]
) -> AsyncGenerator[V | None]:
    try:
        async for data in events:
            body = concealed_bytes(data, access.secrets)
            reply = Reply(HTTPStatus.OK, {}, body, call.path, access.base_url)
            yield read(reply) if data else None
    except (*BROKEN, TooLarge) as error:
        raise NotTold(reason(error)) from error


async def events(chunks: AsyncIterator[bytes], limit: int) -> AsyncGenerator[bytes]:
    """The data of each event; empty for a comment or an event without data.

    Raises TooLarge for an event of more than `limit` bytes.
    """
    rest = b""
    async for chunk in chunks:
        rest = (rest + chunk).replace(b"\r\n", b"\n")
        *whole, rest = rest.split(b"\n\n")
        for event in whole:
            yield _data(event)
        if len(rest) > limit:
            raise TooLarge(limit)


def _data(event: bytes) -> bytes:
    lines = (line.partition(b":") for line in event.split(b"\n"))
    return b"\n".join(value.removeprefix(b" ") for name, _, value in lines if name == b"data")
