"""fal's file storage, for references that are too large to go along inside a request.

Source: fal's documentation of file uploads and fal-client 1.0.3 (read 2026-11-21). fal names no size
from which on it wants an upload; the limit here is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from string import punctuation
from urllib.parse import quote

from openclaw_nb.core.domain import Asset, Blob, Job, Link
from openclaw_nb.core.wire import Before, Call, Malformed, Reply, Wire

INLINE_BYTES = 8 * 2**20
"""What the files of one request may have together and still go along as data URIs."""

REST_HOST = "rest.fal.ai"


class _Token(Wire):
    token: str
    token_type: str
    base_url: str


class _Uploaded(Wire):
    access_url: str


def local_bytes(job: Job) -> int:
    """The size of all files of a job that are on this machine."""
    return sum(file.size for file in _files(job) if isinstance(file, Blob))


def upload(job: Job, inline_bytes: int = INLINE_BYTES) -> Before | Job:
    """Every file to the storage first, when together they are over the limit."""
    if local_bytes(job) <= inline_bytes:
        return job
    call = Call(
        "POST", "/storage/auth/token?storage_type=fal-cdn-v3", json={}, host=f"https://{REST_HOST}"
    )
    return Before(call, lambda reply: _next(reply.read(_Token), job))


def _next(token: _Token, job: Job) -> Before | Job:
    """The upload of the first file that is still here; the job when there is none."""
    file = next((each for each in _files(job) if isinstance(each, Blob)), None)
    return job if file is None else Before(_put(token, file), _placed(token, job, file))


def _put(token: _Token, file: Blob) -> Call:
    headers = {
        # Of the storage alone: the account's key is not for this host.
        "Authorization": f"{token.token_type} {token.token}",
        "X-Fal-File-Name": quote(file.name, safe=f" {punctuation}"),
    }
    where = f"{token.base_url}/files/upload"
    return Call("POST", where, content=file, headers=headers, keyed=False)


def _placed(token: _Token, job: Job, file: Blob) -> Callable[[Reply], Before | Job]:
    def read(reply: Reply) -> Before | Job:
        url = reply.read(_Uploaded).access_url
        if not url.startswith(("https://", "http://")):
            raise Malformed(f"access_url is no address; the answer began {reply.start()!r}")
        put = partial(_instead, file, Link(url=url, role=file.role))
        return _next(
            token,
            replace(
                job,
                images=tuple(map(put, job.images)),
                videos=tuple(map(put, job.videos)),
                audios=tuple(map(put, job.audios)),
            ),
        )

    return read


def _instead(file: Blob, link: Link, asset: Asset) -> Asset:
    return link if asset is file else asset


def _files(job: Job) -> tuple[Asset, ...]:
    return (*job.images, *job.videos, *job.audios)
