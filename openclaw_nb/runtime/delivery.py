"""Bring finished files to disk: streamed, bounded, checked, taken up again after a break."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path

from openclaw_nb.core.domain import Kind, Medium, Why
from openclaw_nb.core.wire import Done, Hosted, InHand, Output
from openclaw_nb.errors import BadOutput, ProviderError, ProviderTimeout
from openclaw_nb.runtime.access import whole_url
from openclaw_nb.runtime.answers import Answer, TooLarge, is_success, pieces
from openclaw_nb.runtime.engine import Run
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.media_types import detect, extension_of, is_film, kind_of
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.runtime.retries import pause_seconds
from openclaw_nb.runtime.store import Part, Store, file_name, readable_name, stem_of
from openclaw_nb.runtime.transport import BROKEN, Transport, reason

TRIES = 8
"""How often in a row a download may bring nothing new; that is about a minute."""
_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_NO_MEDIA = ("text/", "application/json", "application/pdf", "application/xml")
_USUAL = {Medium.VIDEO: "video/mp4", Medium.IMAGE: "image/png", Medium.MUSIC: "audio/mpeg"}


class _Broken(Exception):
    """The stream ended early; what came so far is good."""

    def __init__(self, what: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(what)
        self.headers = headers or {}


@dataclass(slots=True)
class _File:
    """Which file a part is a part of."""

    version: str = ""
    """Its ETag, or when it was last changed."""
    size: int = 0

    def is_it(self, answer: Answer) -> bool:
        """Whether an answer is about the same file, as far as can be told."""
        version, size = _version(answer), _whole_size(answer)
        other = self.version and version and version != self.version
        return not other and (not self.size or not size or size == self.size)


@dataclass(frozen=True, slots=True)
class Delivery:
    """Saves what a job made."""

    transport: Transport
    store: Store

    async def save(self, run: Run, done: Done, hint: str | None) -> tuple[SavedFile, ...]:
        """Save every output, one after the other; when one fails, those before it are removed.

        A file over the store's limit is kept as its address, when it has a public one.

        Raises:
            BadOutput: nothing came, or something that is no media file.
            ProviderTimeout: the deadline passed during a download.
        """
        self._check(run, done.outputs)
        saved: list[SavedFile] = []
        try:
            for output in done.outputs:
                saved.append(await self._one(run, output, hint or output.name))  # noqa: PERF401 - partial results are needed
        except BaseException:
            paths = tuple(file.path for file in saved if file.path)
            await asyncio.to_thread(self.store.remove, paths)
            raise
        return tuple(saved)

    def _check(self, run: Run, outputs: Sequence[Output]) -> None:
        if not outputs:
            raise self._bad(run, f"it reported success and delivered no {run.provider.medium}")
        for index, output in enumerate(outputs):
            empty = not output.url if isinstance(output, Hosted) else not output.data
            if empty:
                raise self._bad(run, f"output {index + 1} is empty")

    async def _one(self, run: Run, output: Output, hint: str | None) -> SavedFile:
        try:
            path, media_type, size = await self._written(run, output, hint)
        except TooLarge as error:
            return self._by_address(run, output, error)
        except OSError as error:
            raise self._bad(
                run,
                f"the {run.provider.medium} was made, but it cannot be saved in "
                f"{self.store.directory}: {error}. "
                "openclaw_nb.resume() fetches it when there is room",
                output,
                made=True,
            ) from error
        return SavedFile(
            media_type=media_type,
            name=readable_name(path.name),
            path=path,
            url=_public_url(run, output),
            size_bytes=size,
        )

    async def _written(self, run: Run, output: Output, hint: str | None) -> tuple[Path, str, int]:
        """Path, media type and size of the output's file; when it fails, nothing is left."""
        part = self.store.begin()
        try:
            media_type = await self._fill(run, output, part)
            return await part.commit(file_name(hint, media_type)), media_type, part.size
        finally:
            await part.abandon()

    async def _fill(self, run: Run, output: Output, part: Part) -> str:
        """Write the output's bytes; returns its media type."""
        if isinstance(output, InHand):
            if len(output.data) > self.store.max_bytes:
                raise TooLarge(self.store.max_bytes)
            await part.write(output.data)
            declared = output.media_type
        else:
            declared = await self._download(run, output, part)
        recognise = partial(detect, part.head, output.name or "", declared)
        found = recognise() if is_film(part.head) else await asyncio.to_thread(recognise)
        found = found or ""
        medium = run.provider.medium
        if _is_text(part.head) or found.startswith(_NO_MEDIA) or _other_picture(found, medium):
            what = ("text" if kind_of(found) else found or "text") if part.size else "an empty file"
            wanted = "an image" if medium is Medium.IMAGE else f"a {medium.counted(1)[2:]}"
            raise self._bad(run, f"it delivered {what} instead of {wanted}", output)
        return found if kind_of(found) is medium.file_kind else _USUAL[medium]

    async def _download(self, run: Run, hosted: Hosted, part: Part) -> str:
        file, fruitless = _File(), 0
        while True:
            before = part.size
            try:
                return await self._stream(run, hosted, part, file)
            except BlockedError as error:
                text = (
                    f"the {run.provider.medium} was made, but its address may not be asked: {error}"
                )
                raise self._bad(run, text, hosted, made=True) from error
            except (*BROKEN, _Broken) as error:
                fruitless = 1 if part.size > before else fruitless + 1
                await self._hold_off(run, hosted, error, fruitless)

    async def _hold_off(self, run: Run, hosted: Hosted, error: Exception, fruitless: int) -> None:
        """Wait before the download goes on; raises when it is not to."""
        headers = error.headers if isinstance(error, _Broken) else {}
        pause = pause_seconds(fruitless, headers)
        if run.deadline.left() <= pause:
            text = f"the {run.provider.medium} was made, but its download did not end in time"
            late = ProviderTimeout(
                run.ref,
                f"{text}; openclaw_nb.resume() takes it up",
                why=Why.TIMEOUT,
                job_id=run.job_id,
            )
            late.made = True
            raise late from error
        if fruitless == TRIES:
            text = (
                f"the {run.provider.medium} was made, but it could not be downloaded: "
                f"{reason(error)}. openclaw_nb.resume() tries again"
            )
            raise self._bad(run, text, hosted, made=True) from error
        await self.transport.clock.sleep(pause)

    async def _stream(self, run: Run, hosted: Hosted, part: Part, file: _File) -> str:
        """Stream from where the part ends; returns the declared media type."""
        opened = self.transport.download(
            run.provider,
            run.access,
            hosted,
            run.deadline,
            offset=part.size,
            version=file.version,
        )
        async with opened as answer:
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
                await part.restart()
                raise _Broken("the rest cannot be had alone")
            self._check_status(run, hosted, answer)
            start = _start(answer)
            if start != part.size or not file.is_it(answer):
                await part.restart()
            file.version, file.size = _version(answer), _whole_size(answer)
            if start != part.size:
                raise _Broken("another part came than was asked for, or of another file")
            await self._append(answer, part)
            if file.size and part.size != file.size:
                raise _Broken(f"{part.size} of {file.size} bytes came")
            if await part.is_cut_short():
                await part.restart()
                raise _Broken("the file that came stops in the middle")
            return str(answer.headers.get("content-type", hosted.media_type or ""))

    async def _append(self, answer: Answer, part: Part) -> None:
        if _whole_size(answer) > self.store.max_bytes:
            raise TooLarge(self.store.max_bytes)
        async for chunk in pieces(answer):
            if part.size + len(chunk) > self.store.max_bytes:
                raise TooLarge(self.store.max_bytes)
            await part.write(chunk)

    def _check_status(self, run: Run, hosted: Hosted, answer: Answer) -> None:
        status = answer.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
            raise _Broken(f"HTTP {status}", answer.headers)
        if not is_success(answer):
            expired = " (its address may have expired)" if status in {403, 404, 410} else ""
            text = f"its {run.provider.medium} cannot be downloaded: HTTP {status}{expired}"
            raise self._bad(run, text, hosted)

    def _by_address(self, run: Run, output: Output, error: TooLarge) -> SavedFile:
        url = _public_url(run, output)
        if url is None:
            size = f"it has {len(output.data)} bytes, " if isinstance(output, InHand) else "it has "
            failed = self._bad(
                run,
                f"the {run.provider.medium} was made, but {size}more than the limit of {error.limit} "
                "bytes, and was not kept; set agents.defaults.mediaMaxMb higher, then "
                "openclaw_nb.resume() fetches it",
                output,
                made=True,
            )
            failed.code = "too-large"
            raise failed from error
        media_type = output.media_type or _USUAL[run.provider.medium]
        name = f"{stem_of(output.name) or run.provider.medium}{extension_of(media_type)}"
        return SavedFile(media_type=media_type, name=name, url=url)

    def _bad(
        self, run: Run, text: str, output: Output | None = None, *, made: bool = False
    ) -> ProviderError:
        error = BadOutput(run.ref, text, why=Why.UNKNOWN, job_id=run.job_id)
        error.url, error.made = _public_url(run, output) if output else None, made
        return error


def _public_url(run: Run, output: Output) -> str | None:
    """An address that needs no key; only such a one is of use to the user."""
    if not isinstance(output, Hosted) or output.keyed:
        return None
    return whole_url(run.access.base_url, output.url)


def _is_text(head: bytes) -> bool:
    """Whether there is no control character: every media format has some at its beginning."""
    return not any(byte < ord("\t") or ord("\r") < byte < ord(" ") for byte in head)


def _other_picture(media_type: str, medium: Medium) -> bool:
    """Whether it is a picture and should not be, or the other way round."""
    kind = kind_of(media_type)
    return kind is not None and (kind is Kind.IMAGE) is not (medium is Medium.IMAGE)


def _start(answer: Answer) -> int:
    """The byte that an answer begins with."""
    found = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
    return int(found[1]) if found and answer.status_code == HTTPStatus.PARTIAL_CONTENT else 0


def _whole_size(answer: Answer) -> int:
    """The size of the file that an answer is from; 0 when it is not known."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return 0
    if answer.status_code == HTTPStatus.PARTIAL_CONTENT:
        found = _CONTENT_RANGE.match(answer.headers.get("content-range", ""))
        return int(found[2]) if found and found[2] != "*" else 0
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdigit() else 0


def _version(answer: Answer) -> str:
    """What names this version of the file to the byte; a weak ETag does not."""
    tag = str(answer.headers.get("etag", ""))
    dated = str(answer.headers.get("last-modified", ""))
    return tag if tag and not tag.startswith("W/") else dated
