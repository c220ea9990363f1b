"""Bring finished files to disk: streamed, bounded, checked, taken up again after a break."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import httpx

from openclaw_nb.core.domain import Kind, Medium, Why
from openclaw_nb.core.wire import Done, Hosted, InHand, Output
from openclaw_nb.errors import BadOutput, ProviderError, ProviderTimeout
from openclaw_nb.runtime.engine import Run
from openclaw_nb.runtime.guard import BlockedError
from openclaw_nb.runtime.media_types import detect, extension_of, kind_of
from openclaw_nb.runtime.results import SavedFile
from openclaw_nb.runtime.store import Part, Store, file_name, readable_name
from openclaw_nb.runtime.transport import (
    ATTEMPTS,
    BROKEN,
    TooLarge,
    Transport,
    reason,
    whole_url,
)

_PAUSE_SECONDS = 0.5
_NO_MEDIA = ("text/", "application/json", "application/pdf", "application/xml")
_USUAL = {Medium.VIDEO: "video/mp4", Medium.IMAGE: "image/png", Medium.MUSIC: "audio/mpeg"}


class _Broken(Exception):
    """The stream ended early; what came so far is good."""


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
                f"the {run.provider.medium} was made, but it cannot be saved in {self.store.directory}: {error}",
                output,
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
        part = await self.store.begin()
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
        found = await asyncio.to_thread(detect, part.head, output.name or "", declared) or ""
        medium = run.provider.medium
        if _is_text(part.head) or found.startswith(_NO_MEDIA) or _other_picture(found, medium):
            what = ("text" if kind_of(found) else found or "text") if part.size else "an empty file"
            wanted = "an image" if medium is Medium.IMAGE else f"a {medium.counted(1)[2:]}"
            raise self._bad(run, f"it delivered {what} instead of {wanted}", output)
        return found if kind_of(found) is medium.file_kind else _USUAL[medium]

    async def _download(self, run: Run, hosted: Hosted, part: Part) -> str:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return await self._stream(run, hosted, part)
            except BlockedError as error:
                text = (
                    f"the {run.provider.medium} was made, but its address may not be asked: {error}"
                )
                raise self._bad(run, text, hosted) from error
            except (*BROKEN, _Broken) as error:
                pause = _PAUSE_SECONDS * 2.0 ** (attempt - 1)
                if run.deadline.left() <= pause:
                    raise ProviderTimeout(
                        run.ref,
                        f"the {run.provider.medium} was made, but its download did not end in time; "
                        "openclaw_nb.resume() takes it up",
                        why=Why.TIMEOUT,
                        job_id=run.job_id,
                    ) from error
                if attempt == ATTEMPTS:
                    text = f"its {run.provider.medium} could not be downloaded: {reason(error)}"
                    raise self._bad(run, text, hosted) from error
                await self.transport.clock.sleep(pause)
        raise AssertionError("unreachable")

    async def _stream(self, run: Run, hosted: Hosted, part: Part) -> str:
        """Stream from where the part ends; returns the declared media type."""
        opened = self.transport.download(
            run.provider, run.access, hosted, run.deadline, offset=part.size
        )
        async with opened as answer:
            if answer.status_code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and part.size:
                await part.restart()
                raise _Broken("the rest cannot be had alone")
            self._check_status(run, hosted, answer)
            if not _goes_on(answer, part.size):
                await part.restart()
            if _declared_length(answer) + part.size > self.store.max_bytes:
                raise TooLarge(self.store.max_bytes)
            start = part.size
            async for chunk in answer.aiter_bytes():
                if part.size + len(chunk) > self.store.max_bytes:
                    raise TooLarge(self.store.max_bytes)
                await part.write(chunk)
            expected = _declared_length(answer)
            if expected and part.size - start != expected:
                raise _Broken(f"{part.size - start} of {expected} bytes came")
            return str(answer.headers.get("content-type", hosted.media_type or ""))

    def _check_status(self, run: Run, hosted: Hosted, answer: httpx.Response) -> None:
        status = answer.status_code
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status in {408, 425, 429}:
            raise _Broken(f"HTTP {status}")
        if not answer.is_success:
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
            )
            failed.code = "too-large"
            raise failed from error
        media_type = output.media_type or _USUAL[run.provider.medium]
        name = output.name or f"{run.provider.medium}{extension_of(media_type)}"
        return SavedFile(media_type=media_type, name=name, url=url)

    def _bad(self, run: Run, text: str, output: Output | None = None) -> ProviderError:
        error = BadOutput(run.ref, text, why=Why.UNKNOWN, job_id=run.job_id)
        error.url = _public_url(run, output) if output else None
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


def _goes_on(answer: httpx.Response, offset: int) -> bool:
    """Whether the answer is the rest of the file, from `offset` on."""
    if answer.status_code != HTTPStatus.PARTIAL_CONTENT:
        return False
    return bool(answer.headers.get("content-range", "").startswith(f"bytes {offset}-"))


def _declared_length(answer: httpx.Response) -> int:
    """Content-Length of an answer that is not compressed; 0 when it is not known."""
    if answer.headers.get("content-encoding", "identity") != "identity":
        return 0
    length = answer.headers.get("content-length", "")
    return int(length) if length.isdigit() else 0


def saved_paths(files: Sequence[SavedFile]) -> tuple[Path, ...]:
    """The files of a result that are on disk."""
    return tuple(file.path for file in files if file.path)
