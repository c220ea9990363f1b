"""A provider's own word on a job as soon as there is one: server-sent events, read as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from http import HTTPStatus

from openclaw_nb.core.wire import AnyProvider, Call, Hosted, Reply
from openclaw_nb.runtime.clock import Deadline
from openclaw_nb.runtime.conceal import concealed_bytes
from openclaw_nb.runtime.exchange import TooLarge, pieces
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.transport import BROKEN, Access, Transport, reason

MEDIA_TYPE = "text/event-stream"
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
    patience: Callable[[], float],
) -> AsyncGenerator[AsyncIterator[Reply | None]]:
    """Open a stream of events, each as the answer to a status call.

    None comes when it said nothing for `patience()` seconds: it may be held up on its way, and the
    job should be asked after. Raises NotTold here, or from the iterator when it breaks off.
    """
    stream = Hosted(call.path, keyed=call.keyed, headers={"accept": MEDIA_TYPE})
    try:
        async with transport.download(provider, access, stream, deadline) as answer:
            media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
            if answer.status_code != HTTPStatus.OK or media_type != MEDIA_TYPE:
                raise NotTold(f"HTTP {answer.status_code}, {media_type or 'no content type'}")
            replies = _replies(pieces(answer), provider.max_reply_bytes, call, access)
            async with aclosing(replies), aclosing(_heard(replies, patience)) as heard:
                yield heard
    except (*BROKEN, BlockedError) as error:
        raise NotTold(reason(error)) from error


async def _heard(
    replies: AsyncIterator[Reply | None], patience: Callable[[], float]
) -> AsyncGenerator[Reply | None]:
    """The replies without the signs of life; None for a silence."""
    now = asyncio.get_running_loop().time
    following, trusted, last = _next(replies), 0.0, now()
    try:
        while True:
            due = last + max(trusted, patience())
            await asyncio.wait((following,), timeout=max(0.0, due - now()))
            if not following.done():
                yield None
                last = now()
            else:
                reply, following = following.result(), _next(replies)
                if reply is not None:
                    yield reply
                    trusted, last = _TRUSTED_SECONDS, now()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)


def _next(replies: AsyncIterator[Reply | None]) -> asyncio.Future[Reply | None]:
    async def following() -> Reply | None:
        async for reply in replies:
            return reply
        raise NotTold("it ended before the job did")

    return asyncio.ensure_future(following())


async def _replies(
    chunks: AsyncIterator[bytes], limit: int, call: Call, access: Access
) -> AsyncGenerator[Reply | None]:
    try:
        async for data in events(chunks, limit):
            body = concealed_bytes(data, access.secrets)
            yield Reply(HTTPStatus.OK, {}, body, call.path, access.base_url) if data else None
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
