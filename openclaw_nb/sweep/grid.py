"""Every combination of the values that were given, checked and planned before anything is sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from itertools import product
from typing import Any, TypeAlias, cast

from openclaw_nb.client import Client
from openclaw_nb.core.domain import Blob, Media, Medium, Reference, Request
from openclaw_nb.core.inputs import is_text, read_request
from openclaw_nb.core.parameters import parameters_of
from openclaw_nb.errors import InvalidInput, one_line, shown
from openclaw_nb.forecast import Forecast, Verdict, forecast
from openclaw_nb.runtime import records
from openclaw_nb.sweep.cells import Cell, Grid, Planned

_ELSEWHERE = {
    "model": "is a column of its own: models=[...]",
    "session": "is the sweep's own; name= tells sweeps apart",
    "exact_model": "holds for every cell; fallback=True lets other models step in",
    "allow_parallel": "is not taken: repeats= makes the same request several times",
    "action": "is not taken",
}
_LISTS = frozenset(each.snake for each in parameters_of(Medium.VIDEO) if each.type == "strings")
_LABEL_CHARACTERS = 40
_Read: TypeAlias = dict[int, tuple[object, object]]
"""By identity each reference that was given, kept so that no other gets its identity, and as read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the caller wants, models resolved."""

    prompts: object
    refs: tuple[str, ...]
    params: Mapping[str, object]
    name: str | None = None
    repeats: int = 1
    fallback: bool = False


def plan(client: Client, wanted: Wanted) -> Grid:
    """The grid, every combination read and forecast. Nothing is sent.

    Raises:
        InvalidInput: a keyword is unknown, an axis is empty, a value or a reference is not usable,
            or two combinations ask for the same.
    """
    axes = _axes(wanted)
    varying = tuple(name for name, values in axes.items() if len(values) > 1)
    planned: list[Planned] = []
    read: _Read = {}
    for values in product(*axes.values()):
        given = dict(zip(axes, values, strict=True))
        for repeat in range(1, wanted.repeats + 1):
            planned.append(_planned(client, wanted, given, varying, len(planned), repeat, read))
    _refuse_twins(planned)
    session = _session(client, wanted, planned)
    cells = (replace(each, cell=replace(each.cell, session=session)) for each in planned)
    return Grid(session=session, cells=tuple(cells), axes=varying)


def _axes(wanted: Wanted) -> dict[str, Sequence[object]]:
    """By keyword its values, one for those that do not vary."""
    for name in wanted.params:
        if name in _ELSEWHERE:
            raise InvalidInput(name, f"{_ELSEWHERE[name]}. Nothing was sent.")
    given = {"prompt": wanted.prompts, "model": list(wanted.refs), **wanted.params}
    axes = {name: _values(name, value) for name, value in given.items()}
    for name, values in axes.items():
        if not values:
            raise InvalidInput(name, "has no values, so there is no combination. Nothing was sent.")
    if isinstance(wanted.repeats, bool) or wanted.repeats < 1:
        raise InvalidInput("repeats", f"1 or more; got {wanted.repeats!r}. Nothing was sent.")
    return axes


def _values(name: str, value: object) -> Sequence[object]:
    """The values of an axis; a single value is an axis of one."""
    if not isinstance(value, list | tuple | range):
        return [value]
    values = cast("Sequence[object]", value)
    if name not in _LISTS:
        return values
    nested = [isinstance(each, list | tuple) for each in values]
    if any(nested) and not all(nested):
        raise InvalidInput(
            name, "is one list, or a list of lists to vary it; this is a mixture. Nothing was sent."
        )
    return values if all(nested) else [values]


def _planned(
    client: Client,
    wanted: Wanted,
    given: Mapping[str, Any],
    varying: Sequence[str],
    at: int,
    repeat: int,
    read: _Read,
) -> Planned:
    request, media = _loaded(client, given, read)
    found = forecast(client, request, exact=not wanted.fallback)
    facts = records.request_facts(request, media, _source)
    key = records.request_key(records.request_facts(request, media))
    varied = _varied(facts, varying, repeat if wanted.repeats > 1 else 0)
    return Planned(
        at=at,
        label=", ".join(filter(None, (request.model, varied))),
        varied=varied,
        asked={name: value for name, value in facts.items() if name != "model"},
        repeat=repeat,
        cell=Cell(
            request=request,
            session="",
            key=key if repeat == 1 else f"{key}#{repeat}",
            exact=not wanted.fallback,
        ),
        verdicts=tuple(map(_light, found.verdicts)),
        skipped=_why_not(found),
    )


def _source(asset: Any) -> str:
    return records.unsigned(records.source_of(asset))


def _why_not(found: Forecast) -> str:
    """Why no candidate would take it; empty when one would."""
    if any(verdict.runs for verdict in found.verdicts):
        return ""
    return "; ".join(verdict.reason for verdict in found.verdicts)


def _light(verdict: Verdict) -> Verdict:
    """Without the references: many cells may have the same."""
    bare = verdict.job and replace(verdict.job, images=(), videos=(), audios=())
    return replace(verdict, job=bare)


def _loaded(client: Client, given: Mapping[str, Any], read: _Read) -> tuple[Request, Media]:
    """The request, to be read alike in every process, and its references."""
    present = {name: value for name, value in given.items() if value is not None}
    asked = read_request(present, strict_keys=True, medium=Medium.VIDEO)
    request = _known(asked, read)
    media = client.load(request)
    request = _portable(request, media)
    for before, after in zip(_references(asked), _references(request), strict=True):
        read[id(before.given)] = (before.given, after.given)
    return request, media


def _known(request: Request, read: _Read) -> Request:
    """The request with what was read of its references already; many cells may have the same."""

    def known(given: tuple[Reference, ...]) -> tuple[Reference, ...]:
        found = (read.get(id(each.given), (None, each.given))[1] for each in given)
        return tuple(replace(each, given=new) for each, new in zip(given, found, strict=True))

    return replace(
        request,
        images=known(request.images),
        videos=known(request.videos),
        audios=known(request.audios),
    )


def _references(request: Request) -> tuple[Reference, ...]:
    return (*request.images, *request.videos, *request.audios)


def _portable(request: Request, media: Media) -> Request:
    """The request with references that another process reads alike: addresses, paths, bytes."""
    return replace(
        request,
        images=tuple(map(_reference, media.images)),
        videos=tuple(map(_reference, media.videos)),
        audios=tuple(map(_reference, media.audios)),
    )


def _reference(asset: Any) -> Reference:
    given: object = records.source_of(asset)
    if isinstance(asset, Blob) and asset.data is not None:
        given = asset.data
    return Reference(given=given, role=asset.role)


def _varied(facts: Mapping[str, Any], varying: Sequence[str], repeat: int) -> str:
    """What tells this combination from others with the same model."""
    parts: list[str] = []
    for name in varying:
        if name == "prompt":
            parts.append(_short(facts[name]))
        elif name != "model":
            parts.append(f"{name}={_short(facts.get(name))}")
    return ", ".join([*parts, *([f"#{repeat}"] if repeat else [])])


def _short(value: object) -> str:
    text = one_line(str(value))
    return text if len(text) <= _LABEL_CHARACTERS else f"{text[: _LABEL_CHARACTERS - 1]}…"


def _refuse_twins(planned: Sequence[Planned]) -> None:
    first: dict[str, Planned] = {}
    for each in planned:
        twin = first.setdefault(each.cell.key, each)
        if twin is not each:
            raise InvalidInput(
                "grid",
                f"cells {twin.at} and {each.at} ask for the same ({each.label}); repeats= makes "
                "the same request several times. Nothing was sent.",
            )


def _session(client: Client, wanted: Wanted, planned: Sequence[Planned]) -> str:
    """The session in which the ledger keeps this sweep, so that it is found again.

    What stand-ins made is kept apart from what was paid for.
    """
    name = wanted.name
    if name is not None and not (isinstance(name, str) and name.strip() and is_text(name)):  # pyright: ignore[reportUnnecessaryIsInstance] # what users give
        raise InvalidInput("name", f"{shown(name)} is no text. Nothing was sent.")
    digest = sha256(f"{wanted.fallback}".encode())
    for key in sorted(each.cell.key for each in planned):
        digest.update(key.encode())
    where = "@stand-ins" if client.vendors.stand_ins else ""
    return f"sweep:{name.strip() if name else digest.hexdigest()[:16]}{where}"
