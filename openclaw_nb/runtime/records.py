"""Requests and results as JSON, for the ledger and the sidecars, and back. Keys never get here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter, ValidationError

from openclaw_nb.core.domain import (
    Asset,
    Attempt,
    Change,
    Ignored,
    Link,
    Media,
    Medium,
    Ref,
    Reference,
    Request,
)
from openclaw_nb.core.parameters import VENDORS
from openclaw_nb.core.plan import applied_settings
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.runtime.receipts import Receipt
from openclaw_nb.runtime.results import RESULTS, Result, SavedFile
from openclaw_nb.runtime.rows import Row
from openclaw_nb.runtime.store import sidecar_of

V = TypeVar("V")

_REFERENCES = ("images", "videos", "audios")
_PUBLIC = {"images": "images", "videos": "videos", "audios": "audio_refs"}
_ROLES = {"images": "image_roles", "videos": "video_roles", "audios": "audio_roles"}
_NOT_IN_KEY = ("timeout_ms",)
_DIGEST = "sha256:"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """What was done to a request for the candidate that runs: enough to finish it elsewhere."""

    asked: str | None = None
    """The ref or model that the caller named."""
    changes: tuple[Change, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    warnings: tuple[str, ...] = ()
    emulated: bool = False
    metadata: dict[str, Any] | None = None


@dataclass
class _Sidecar:
    request: dict[str, Any]


def _adapter(kind: type[V]) -> TypeAdapter[V]:
    """Reads and writes values of a type; made when it is first needed, which takes its time."""
    return _made(cast("Any", kind))


@cache
def _made(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


_ATTEMPTS, _RECEIPTS, _FILES = tuple[Attempt, ...], tuple[Receipt, ...], tuple[SavedFile, ...]


def request_json(request: Request, media: Media) -> str:
    """The request without bytes: a reference is its address, its path, or a digest."""
    return dump(request_facts(request, media))


def source_of(asset: Asset) -> str:
    """What stands for a reference: its address, its path, or a digest of its bytes."""
    if isinstance(asset, Link):
        return asset.url
    if asset.path is not None:
        return asset.path
    return f"{_DIGEST}{sha256(asset.data or b'').hexdigest()}"


def unsigned(source: str) -> str:
    """An address without its query, which may be a signature, and without a password.

    Anything else as it is.
    """
    if "://" not in source:
        return source
    scheme, _, rest = source.partition("?")[0].partition("#")[0].partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def request_facts(
    request: Request, media: Media, source: Callable[[Asset], str] = source_of
) -> dict[str, Any]:
    """The parameters that were given, in snake_case, as `generate_video` and its like take them.

    `source` says what stands for a reference.
    """
    facts: dict[str, Any] = {}
    for field in fields(Request):
        value = getattr(request, field.name)
        if field.name in _REFERENCES:
            assets: tuple[Asset, ...] = getattr(media, field.name)
            _describe(facts, field.name, assets, source)
        elif field.name == "vendor_options":
            facts |= {vendor: dict(options) for vendor, options in value.items()}
        elif value is not None and value != {} and field.name != "medium":
            facts[field.name] = dict(value) if field.name == "provider_options" else value
    return facts


def _describe(
    facts: dict[str, Any],
    name: str,
    assets: Sequence[Asset],
    source: Callable[[Asset], str],
) -> None:
    if assets:
        facts[_PUBLIC[name]] = [source(asset) for asset in assets]
    if any(asset.role for asset in assets):
        facts[_ROLES[name]] = [asset.role or "" for asset in assets]


def request_key(facts: dict[str, Any]) -> str:
    """What makes two requests the same: everything asked for but the time-out."""
    kept = {name: value for name, value in facts.items() if name not in _NOT_IN_KEY}
    canonical = json.dumps(kept, sort_keys=True, default=str)
    return sha256(canonical.encode()).hexdigest()


def request_of(row: Row) -> Request:
    """The request of a stored task; its references are what the ledger knows of them."""
    facts = dict(row.request)
    known = {f.name for f in fields(Request)} - set(_REFERENCES)
    values: dict[str, Any] = {"prompt": row.prompt, "medium": medium_of(row)}
    values |= {name: facts[name] for name in known & facts.keys()}
    values["vendor_options"] = {name: facts[name] for name in VENDORS if name in facts}
    for name in _REFERENCES:
        given = facts.get(_PUBLIC[name], ())
        roles = [*facts.get(_ROLES[name], ()), *[None] * len(given)]
        values[name] = tuple(
            Reference(given=source, role=role or None)
            for source, role in zip(given, roles, strict=False)
        )
    return Request(**values)


def medium_of(row: Row) -> Medium:
    """What a stored task makes."""
    return next((each for each in Medium if each.task_kind == row.kind), Medium.VIDEO)


def media_of(row: Row) -> Media:
    """The references of a stored task, for the record only: their bytes are not kept."""
    request = request_of(row)
    return Media(
        **{
            name: tuple(Link(url=each.given, role=each.role) for each in getattr(request, name))
            for name in _REFERENCES
        }
    )


def dump(facts: dict[str, Any]) -> str:
    """Facts as the ledger keeps them."""
    return json.dumps(facts, ensure_ascii=False, default=str)


def applied_json(applied: Applied) -> str:
    """For the ledger's `plan` column."""
    return _adapter(Applied).dump_json(applied).decode()


def applied_facts(applied: Applied) -> dict[str, Any]:
    """The same, to stand inside other JSON."""
    facts: dict[str, Any] = _adapter(Applied).dump_python(applied, mode="json")
    return facts


def applied_of(row: Row) -> Applied:
    """What was done to the request of a stored task."""
    return _adapter(Applied).validate_python(row.plan or {})


def attempts_json(attempts: Sequence[Attempt]) -> str:
    """For the ledger's `attempts` column."""
    return _adapter(_ATTEMPTS).dump_json(tuple(attempts)).decode()


def attempts_of(row: Row) -> tuple[Attempt, ...]:
    """The attempts of a stored task."""
    return _adapter(_ATTEMPTS).validate_python(row.attempts)


def receipts_json(receipts: Sequence[Receipt]) -> str:
    """For the ledger's `receipts` column."""
    return _adapter(_RECEIPTS).dump_json(tuple(receipts)).decode()


def files_json(files: Sequence[SavedFile]) -> str:
    """For the ledger's `files` column."""
    return _adapter(_FILES).dump_json(tuple(files)).decode()


def files_of(row: Row) -> tuple[SavedFile, ...]:
    """The files of a stored task."""
    return _adapter(_FILES).validate_python(row.files)


def result_of(row: Row) -> Result:
    """The result of a task that succeeded, from the ledger alone."""
    applied = applied_of(row)
    started = row.started_at or row.created_at
    return RESULTS[medium_of(row)](
        task_id=row.id,
        ref=Ref(row.provider or "", row.model or ""),
        request=request_of(row),
        files=files_of(row),
        changes=applied.changes,
        ignored=applied.ignored,
        attempts=attempts_of(row),
        warnings=applied.warnings,
        metadata=applied.metadata or {},
        elapsed_seconds=((row.ended_at or started) - row.created_at) / 1000,
        emulated=applied.emulated,
    )


def sidecar_facts(result: Result, request: dict[str, Any], file: Path) -> dict[str, Any]:
    """What is written beside a file: what was asked, what ran, what was changed."""
    lost = {"lostReferences": names} if (names := list(_lost(request))) else {}
    return {
        "file": file.name,
        "medium": result.medium.value,
        "task": result.task_id,
        "ref": str(result.ref),
        "endedAt": datetime.now(tz=UTC).isoformat(timespec="seconds"),
        "request": request,
        **lost,
        "applied": applied_settings(result.request, result.changes, result.ignored),
        "normalization": result.normalization,
        "ignoredOverrides": result.ignored_overrides,
        "warnings": list(result.warnings),
        "attempts": [
            {"ref": str(a.ref), "error": a.error, "reason": a.why.value} for a in result.attempts
        ],
        "metadata": dict(result.metadata),
        "elapsedSeconds": round(result.elapsed_seconds, 3),
        "emulated": result.emulated,
    }


def _lost(request: dict[str, Any]) -> Iterator[str]:
    """The references of which only a digest is left, such as `images[0]`."""
    for name in _PUBLIC.values():
        for index, source in enumerate(request.get(name, ())):
            if str(source).startswith(_DIGEST):
                yield f"{name}[{index}]"


def read_sidecar(path: Path) -> dict[str, Any]:
    """The request in the JSON file beside a video, as keywords of `generate_video`.

    Args:
        path: The JSON file, or the video.

    Raises InvalidInput when it is not there, or is no such file.
    """
    target = path if path.suffix == ".json" else sidecar_of(path)
    try:
        values = _adapter(_Sidecar).validate_json(target.read_bytes())
    except OSError as error:
        raise InvalidInput("path", f"{target} cannot be read: {error.strerror}") from None
    except ValidationError:
        raise InvalidInput("path", f"{target} is no file that was written beside a video") from None
    request = values.request
    if lost := ", ".join(_lost(request)):
        raise InvalidInput(
            "path",
            f"{lost} of {target} came as bytes to a process that ended before the video was there, "
            'and only a digest was kept; the rest of the request stands under "request" in that '
            "file, to be given again together with the reference",
        )
    for name in _PUBLIC.values():
        if name in request:
            request[name] = [_from_sidecar(str(each), target.parent) for each in request[name]]
    return request


def _from_sidecar(source: str, folder: Path) -> str:
    if not source.startswith("references/"):
        return source
    kept = folder / source
    if not kept.resolve().is_relative_to((folder / "references").resolve()):
        raise InvalidInput("path", f"the reference {shown(source)} leads out of its folder")
    return str(kept)
