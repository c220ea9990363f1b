"""A request while it is being filled in, and what of it a model can keep. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from openclaw_nb.core.domain import Change, Kind, Mode
from openclaw_nb.core.geometry import nearest_duration
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import words
from openclaw_nb.notebook.controls import Offer, Setting, Sheet, Slot, offer
from openclaw_nb.notebook.tray import Item

if TYPE_CHECKING:
    from openclaw_nb.forecast import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What the user has chosen so far. None and what is empty are left to the model."""

    sheet: Sheet
    prompt: str = ""
    provider: str = ""
    """Its id; empty: the configuration decides."""
    model: str = ""
    exact_model: bool = False
    mode: Mode | None = None
    """Set when the user corrected it; None: the references decide."""
    items: tuple[Item, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict[str, object])
    options: Mapping[str, object] | str = field(default_factory=dict[str, object])
    """The provider's own options; a text is what was typed for them and is not JSON."""
    options_of: str = ""
    """The provider that they were given for."""
    more: Mapping[str, object] = field(default_factory=dict[str, object])
    """Further keywords, which have no widget."""

    def sends(self, item: Item) -> bool:
        """Whether the mode lets this reference be sent."""
        way = self.sheet.way(self.mode)
        return way is None or item.kind in way.sends

    def keywords(self) -> dict[str, object]:
        """The keywords of the public function; what is left to the model is not among them."""
        given: dict[str, object] = {"prompt": self.prompt}
        if self.provider:
            given["model"] = f"{self.provider}/{self.model}"
        for slot in self.sheet.slots:
            given |= self._references(slot)
        given |= {name: value for name, value in self.settings.items() if value is not None}
        if options := self._options():
            given["provider_options"] = options
        if self.provider and self.exact_model:
            given["exact_model"] = True
        return {**given, **self.more}

    def _options(self) -> Mapping[str, object] | str:
        if isinstance(self.options, str):
            return self.options
        return {name: value for name, value in self.options.items() if value is not None}

    def _references(self, slot: Slot) -> dict[str, object]:
        items = [item for item in self.items if item.kind is slot.kind and self.sends(item)]
        given: dict[str, object] = {}
        if items:
            given[slot.keyword] = [item.source for item in items]
        if slot.roles and any(item.role for item in items):
            given[slot.roles_keyword] = [item.role for item in items]
        return given

    @property
    def followed(self) -> Mode:
        """The mode that the references ask for."""
        kinds = {item.kind for item in self.items}
        asked = [w.mode for w in self.sheet.ways if w.needs is None or w.needs in kinds]
        return asked[-1]

    def added(self, item: Item) -> Draft:
        """With one more reference, which is sent whatever the mode was.

        Raises InvalidInput when there is no place for it.
        """
        slot = self.sheet.slot(item.kind)
        most = slot.most if slot else 0
        if sum(other.kind is item.kind for other in self.items) >= most:
            plural = "s" if item.kind is not Kind.AUDIO else ""
            raise InvalidInput(
                item.kind,
                f"at most {most} reference {item.kind}{plural} are allowed; remove one first. "
                "Nothing was sent.",
            )
        mode = self.mode if self.sends(item) else None
        return replace(self, items=(*self.items, item), mode=mode)

    def removed(self, index: int) -> Draft:
        """Without the reference at `index`, counted from 0."""
        return replace(self, items=(*self.items[:index], *self.items[index + 1 :]))

    def moved(self, index: int, to: int) -> Draft:
        """With a reference at another place."""
        items = list(self.items)
        items.insert(to, items.pop(index))
        return replace(self, items=tuple(items))

    def assigned(self, index: int, role: str) -> Draft:
        """With another role for a reference."""
        items = list(self.items)
        items[index] = replace(items[index], role=role)
        return replace(self, items=tuple(items))

    def missing(self) -> str:
        """What the user must still do, whatever the model; empty when there is nothing."""
        if not self.prompt.strip():
            return "Write a prompt first."
        way = self.sheet.way(self.mode)
        if way and way.needs and not any(item.kind is way.needs for item in self.items):
            return (
                f"{way.mode.words_for(self.sheet.medium)} needs a reference {way.needs}: add one."
            )
        return ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A draft as one model can have it, and what had to go."""

    draft: Draft
    told: tuple[str, ...] = ()


def kept(draft: Draft, verdict: Verdict) -> Kept:
    """Fit a draft to what a verdict says of its model, as the plan would fit the request.

    A setting that the model has not is left out; one that it has otherwise becomes what the plan
    would send. The user's own choice stays in `draft`, for the next model.
    """
    changes = {change.setting: change for change in verdict.changes}
    settings, told = dict(draft.settings), list[str]()
    for setting in draft.sheet.settings:
        value, change = settings.get(setting.name), changes.get(setting.name)
        fitted = _fitted(setting, value, offer(setting, verdict.takes), change)
        if fitted != value:
            settings[setting.name] = fitted
            told.append(_told(setting, value, fitted, offer(setting, verdict.takes), change))
    options, gone = _kept_options(draft, verdict)
    told += [f"{name}: not an option of {verdict.ref}" for name in gone]
    return Kept(replace(draft, settings=settings, options=options), tuple(told))


def _fitted(setting: Setting, value: object, offered: Offer, change: Change | None) -> object:
    if value is None or (offered.taken and (not offered.values or value in offered.values)):
        return value
    if change is not None and change.applied in offered.values:
        return change.applied
    if setting.shape == "length" and offered.values and isinstance(value, int | float):
        return nearest_duration(value, offered.values)
    return None


def _told(
    setting: Setting, value: object, fitted: object, offered: Offer, change: Change | None
) -> str:
    asked = f"{setting.label.lower()} {words.plain(value)}"
    if not offered.taken:
        return f"{asked}: the model has no such setting"
    why = f"takes {words.span(offered.values)}"
    if fitted is None:
        return f"{asked}: the model {why}"
    if change is not None and change.applied == fitted:
        why = change.why or why
    return f"{asked}: now {words.plain(fitted)} ({why})"


def _kept_options(
    draft: Draft, verdict: Verdict
) -> tuple[Mapping[str, object] | str, tuple[str, ...]]:
    """The options that the model takes, and the names of the others.

    Where nothing is declared, anything is passed on: then only what was meant for this provider.
    """
    if isinstance(draft.options, str):
        return draft.options, ()
    schema = verdict.takes.provider_options if verdict.takes else None
    declared = schema is not None or draft.provider == draft.options_of
    options = {
        name: value
        for name, value in draft.options.items()
        if declared and (schema is None or name in schema)
    }
    gone = (n for n, value in draft.options.items() if n not in options and value is not None)
    return options, tuple(gone)
