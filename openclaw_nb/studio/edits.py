"""What the user's edits make of a draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openclaw_nb.core.candidates import resolve
from openclaw_nb.core.domain import Kind, Request
from openclaw_nb.errors import InvalidInput, shown
from openclaw_nb.notebook.controls import FREE_OPTIONS, SHEETS, Sheet
from openclaw_nb.notebook.draft import Draft
from openclaw_nb.notebook.tray import Item
from openclaw_nb.studio import choices, menu, shelf
from openclaw_nb.studio.planning import Planned, provider_of

if TYPE_CHECKING:
    from openclaw_nb.client import Client


def edited(client: Client, draft: Draft, name: str, value: Any) -> Draft:
    """The draft after the user changed one part of it; for `name` see `Handlers.edit`."""
    match name:
        case "medium":
            return _turned(client, draft, SHEETS[value])
        case "prompt" | "exact_model":
            return replace(draft, **{name: value})
        case "model":
            return replace(draft, model=value or "")
        case "mode":
            same = value is draft.followed
            return replace(draft, mode=None if same else value)
        case "provider":
            return _with_provider(client, draft, value or "")
        case _:
            return replace(draft, settings={**draft.settings, name: value})


def option_edited(planned: Planned, name: str, value: object) -> Draft:
    """The draft after the user changed an option of the provider."""
    draft = planned.kept.draft
    options: Mapping[str, object] | str
    if name == FREE_OPTIONS.name:
        options = choices.typed_options(str(value or "{}"))
    else:
        options = {**(draft.options if isinstance(draft.options, Mapping) else {}), name: value}
    return replace(planned.asked, options=options, options_of=draft.provider)


def _with_provider(client: Client, draft: Draft, id: str) -> Draft:
    provider = provider_of(client, draft, id)
    if provider is None:
        return replace(draft, provider="", model="")
    count = {kind: sum(item.kind is kind for item in draft.items) for kind in Kind}
    mode = draft.mode or draft.followed
    model = menu.first_model(provider, mode, count[Kind.IMAGE], count[Kind.VIDEO])
    return replace(draft, provider=provider.id, model=model)


def _turned(client: Client, draft: Draft, sheet: Sheet) -> Draft:
    """The draft for another kind of result: prompt, references and settings stay if they can."""
    items = tuple(item for item in draft.items if sheet.slot(item.kind))
    turned = replace(draft, sheet=sheet, items=items, mode=None, provider="", model="")
    return _with_provider(client, turned, draft.provider)


def filled(client: Client, draft: Draft, read: Request) -> Draft:
    """The draft with what a request gives. Raises InvalidInput."""
    given = {s.name: getattr(read, s.name) for s in draft.sheet.settings}
    settings = {name: value for name, value in given.items() if value is not None}
    more = {"filename": read.filename, "timeout_ms": read.timeout_ms, **read.vendor_options}
    draft = replace(
        draft,
        settings={**draft.settings, **settings},
        more={**draft.more, **{name: value for name, value in more.items() if value}},
        items=_items(client, draft, read),
    )
    if read.model is not None:
        ref = resolve(read.model, client.vendors.of(read.medium)).ref
        if ref is None:
            raise InvalidInput("model", f"{shown(read.model)} names no model that is known.")
        draft = replace(draft, provider=ref.provider, model=ref.model)
    if not read.provider_options:
        return draft
    return replace(draft, options=read.provider_options, options_of=draft.provider)


def _items(client: Client, draft: Draft, read: Request) -> tuple[Item, ...]:
    items = list(draft.items)
    for kind, given in (
        (Kind.IMAGE, read.images),
        (Kind.VIDEO, read.videos),
        (Kind.AUDIO, read.audios),
    ):
        if given:
            items = [item for item in items if item.kind is not kind]
            items += [shelf.item(client, r.given, kind, r.role or "") for r in given]
    return tuple(items)
