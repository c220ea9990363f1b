"""References at addresses, fetched for providers that want their bytes. Nothing was submitted yet."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from openclaw_nb.core.domain import Asset, Blob, Job, Link, Why
from openclaw_nb.core.wire import Hosted
from openclaw_nb.errors import ProviderError
from openclaw_nb.runtime.answers import TooLarge, is_success, read_limited
from openclaw_nb.runtime.engine import Run
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.media_types import detect
from openclaw_nb.runtime.transport import BROKEN, Transport, reason

_SNIFFED_BYTES = 512


async def with_bytes(job: Job, run: Run, transport: Transport, limit: int) -> Job:
    """The job with those references fetched that its provider wants as bytes, up to `limit` each.

    Raises ProviderError when one cannot be had.
    """

    async def wanted(asset: Asset) -> Asset:
        if isinstance(asset, Blob) or run.provider.takes_url(asset.url):
            return asset
        return await _fetched(asset, run, transport, limit)

    async def all_of(assets: tuple[Asset, ...]) -> tuple[Asset, ...]:
        return tuple([await wanted(asset) for asset in assets])

    return replace(
        job,
        images=await all_of(job.images),
        videos=await all_of(job.videos),
        audios=await all_of(job.audios),
    )


async def _fetched(link: Link, run: Run, transport: Transport, limit: int) -> Blob:
    place = link.url.split("?")[0]  # the rest may be a signature

    def failed(what: str) -> ProviderError:
        return ProviderError(
            run.ref, f"the reference {place} {what}; nothing was submitted", why=Why.FORMAT
        )

    try:
        # Without the provider's own host: what the user named is judged by the rules for references.
        access = replace(run.access, base_url="", policy=run.access.references)
        answered = transport.download(run.provider, access, Hosted(link.url), run.deadline)
        async with answered as answer:
            if not is_success(answer):
                raise failed(f"answered HTTP {answer.status_code}")
            data = await read_limited(answer, limit)
            declared = str(answer.headers.get("content-type", ""))
    except BlockedError as error:
        raise failed(f"may not be fetched: {error}") from error
    except TooLarge as error:
        raise failed(f"is larger than {limit} bytes") from error
    except BROKEN as error:
        raise failed(f"could not be fetched: {reason(error)}") from error
    name = place.rpartition("/")[2] or "reference"
    head = data[:_SNIFFED_BYTES]
    found = await asyncio.to_thread(
        detect, head, name, declared
    )  # reads its tables when first used
    media_type = found or "application/octet-stream"
    return Blob(media_type=media_type, name=name, size=len(data), data=data, role=link.role)
