"""What Google's two wires share: the receipt, sizes, files, results.

Sources: Gemini API documentation of video generation and of the Files API (https://ai.google.dev),
google-genai 2.34.0 and 3.4.0 (read 2026-11-21).
"""

from __future__ import annotations

import binascii
import re
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from urllib.parse import quote, urlsplit

from pydantic import ConfigDict
from pydantic.alias_generators import to_camel

from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Why
from openclaw_nb.core.geometry import parse_size
from openclaw_nb.core.wire import (
    Before,
    Call,
    Fitted,
    Hosted,
    InHand,
    Malformed,
    Output,
    Refused,
    Reply,
    Ticket,
    Wire,
)

HOST = "generativelanguage.googleapis.com"
VERSION = "v1beta"


class GoogleTicket(Ticket):
    """A job on one of the two wires."""

    id: str
    """What Google calls the job."""
    operation: str = ""
    """On the Veo wire the operation's full name, which is the path to ask at."""


class Camel(Wire):
    """A reply in Google's usual spelling."""

    model_config = ConfigDict(alias_generator=to_camel)


# Fitting

_EDGES = ((1920, "1080P"), (1280, "720P"))


def sized(job: Job) -> Fitted:
    """A size as a ratio and a resolution: neither wire has a size."""
    if job.size is None:
        return Fitted(job)
    ratio, resolution = _shape(job.size)
    changes = (
        *_derived("aspect_ratio", ratio, job.aspect_ratio),
        *_derived("resolution", resolution, job.resolution),
    )
    sent = replace(
        job,
        size=None,
        aspect_ratio=job.aspect_ratio or ratio,
        resolution=job.resolution or resolution,
    )
    if changes:
        return Fitted(sent, changes)
    why = "the aspect ratio and the resolution decide" if ratio else "cannot be read"
    return Fitted(sent, ignored=(Ignored(setting="size", value=job.size, why=why),))


def _shape(size: str) -> tuple[str | None, str | None]:
    parsed = parse_size(size)
    if parsed is None:
        return None, None
    width, height = parsed
    resolution = next((word for edge, word in _EDGES if max(parsed) >= edge), None)
    return "16:9" if width >= height else "9:16", resolution


def _derived(setting: str, applied: str | None, given: str | None) -> tuple[Change, ...]:
    if applied is None or given is not None:
        return ()
    why = "Google takes a ratio and a resolution, not a size"
    return (Change(setting=setting, requested=None, applied=applied, why=why, derived_from="size"),)


def with_length(fitted: Fitted, seconds: int, why: str) -> Fitted:
    """Another length than the one asked for, when there is a reason."""
    if not why:
        return fitted
    job = fitted.job
    change = Change(
        setting="duration_seconds", requested=job.duration_seconds, applied=seconds, why=why
    )
    job = replace(job, duration_seconds=seconds)
    return replace(fitted, job=job, changes=(*fitted.changes, change))


def without_options(fitted: Fitted, refused: Mapping[str, str]) -> Fitted:
    """Leave out the options that are refused, each with its reason."""
    given = fitted.job.provider_options
    kept = {name: value for name, value in given.items() if name not in refused}
    dropped = (
        Ignored(setting=f"provider_options.{name}", value=given[name], why=why)
        for name, why in refused.items()
    )
    job = replace(fitted.job, provider_options=kept)
    return replace(fitted, job=job, ignored=(*fitted.ignored, *dropped))


# Results

_FILE = re.compile(r"(?:^|/)files/([A-Za-z0-9_-]+)(?::download)?(?:\?.*)?$")


def output(address: str | None, data: str | None, media_type: str | None) -> Output | None:
    """A finished video: bytes in hand, or where it is."""
    if data:
        return InHand(_decoded(data), media_type or "video/mp4")
    if not address:
        return None
    if file := _FILE.search(address):
        # Fetched at the base URL in use: the key never follows an address that an answer names.
        return Hosted(f"/{VERSION}/files/{file[1]}:download?alt=media", keyed=True)
    return Hosted(address)


def _decoded(text: str) -> bytes:
    """Base64 in either alphabet, padded or not."""
    plain = text.strip().rstrip("=").replace("+", "-").replace("/", "_")
    try:
        return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
    except binascii.Error as error:
        raise Malformed(f"the video is not base64: {error}") from None


# Files

_LOOK_SECONDS = 5.0


def is_file(url: str) -> bool:
    """Whether an address is that of a file at Google, which it reads there itself."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme == "https" and parts.hostname == HOST and bool(_FILE.search(parts.path))


class _File(Camel):
    name: str = ""
    uri: str = ""
    state: str = ""


class _Uploaded(Wire):
    file: _File


def upload(job: Job, video: Blob, version: str) -> Before:
    """Put the video where an interaction can refer to it; the job then holds its address."""
    about = {"mime_type": video.media_type, "size_bytes": video.size}
    headers = {
        "X-Goog-Upload-Protocol": "resumable",
        "X-Goog-Upload-Command": "start",
        "X-Goog-Upload-Header-Content-Length": str(video.size),
        "X-Goog-Upload-Header-Content-Type": video.media_type,
        "X-Goog-Upload-File-Name": quote(video.name),
    }
    start = Call("POST", f"/upload/{version}/files", json={"file": about}, headers=headers)
    return Before(start, partial(_send, job, video, version))


def _send(job: Job, video: Blob, version: str, reply: Reply) -> Before:
    url = reply.headers.get("x-goog-upload-url")
    if not url:
        raise Malformed("the answer to the start of an upload names no x-goog-upload-url")
    headers = {"X-Goog-Upload-Command": "upload, finalize", "X-Goog-Upload-Offset": "0"}
    # The address is signed; Google's own client sends no key to it either.
    send = Call("POST", url, content=video, headers=headers, keyed=False)
    return Before(send, lambda sent: _ready(job, video, version, sent.read(_Uploaded).file))


def _ready(job: Job, video: Blob, version: str, file: _File) -> Before | Job | Refused:
    if file.state == "ACTIVE" and file.uri:
        link = Link(url=file.uri, role=video.role, media_type=video.media_type)
        return replace(job, videos=(link,))
    if file.state == "FAILED":
        text = f"the uploaded video {video.name} could not be processed"
        return Refused(Why.FORMAT, text, file.state)
    if not file.name:
        raise Malformed("an uploaded file without a name")
    look = Call("GET", f"/{version}/{quote(file.name)}")
    return Before(
        look,
        lambda seen: _ready(job, video, version, seen.read(_File)),
        pause_seconds=_LOOK_SECONDS,
    )
