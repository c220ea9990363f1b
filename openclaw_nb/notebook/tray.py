"""The references of a form: cards with picture, role, order and removal, and the ways to add one."""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

from openclaw_nb.core.domain import Kind
from openclaw_nb.errors import InvalidInput
from openclaw_nb.notebook import figures, media, words
from openclaw_nb.notebook.drawing import is_drawing, when_clicked
from openclaw_nb.notebook.dropzone import DropZone

_THUMB_PIXELS = 240
_NO_ROLE = "no role"
_NONE = ("choose one", "")
_PLURALS = {Kind.IMAGE: "images", Kind.VIDEO: "videos", Kind.AUDIO: "audio"}

widgets: Any = importlib.import_module("ipywidgets")  # its annotations are partly missing


@dataclass(frozen=True, slots=True)
class Item:
    """A reference as the form holds it."""

    kind: Kind
    source: str
    """What the request says: a path or an address."""
    name: str
    size: int | None = None
    """Bytes; None for what is elsewhere."""
    role: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An item as it is drawn."""

    item: Item
    roles: tuple[str, ...]
    sent: bool = True
    """False: the chosen mode leaves it out."""


@dataclass(frozen=True, slots=True)
class Actions:
    """What the user can do to the references; indices count from 0."""

    add: Callable[[object, Kind | None], None]
    """Raises InvalidInput for what cannot be used."""
    remove: Callable[[int], None]
    move: Callable[[int, int], None]
    """From the first place to the second."""
    assign: Callable[[int, str], None]
    """Give it a role."""


class Tray:
    """Draws the references and calls the actions.

    A card belongs to a place, not to a reference: what is moved changes cards, and the keyboard's
    focus stays where it was.
    """

    def __init__(self, actions: Actions, zone: DropZone) -> None:
        self._actions = actions
        self.cards: list[_Card] = []
        self.row = widgets.Box()
        self.row.add_class("ocs-cards")
        self.path = widgets.Text(
            description="Path or URL",
            placeholder="assets/rocket.jpg or https://…",
            continuous_update=False,
            layout=widgets.Layout(width="100%"),
        )
        self.kind = widgets.Dropdown(
            description="Kind",
            options=[("any", ""), *((str(kind), kind) for kind in Kind)],
            layout=widgets.Layout(width="100%"),
        )
        self.add = widgets.Button(description="Add", tooltip="Add the path or URL as a reference")
        self.earlier = widgets.Dropdown(
            description="Earlier result", options=[_NONE], layout=widgets.Layout(width="100%")
        )
        self.error = widgets.HTML()
        when_clicked(self.add, self._add_path)
        self.path.observe(self._path_typed, "value")
        self.earlier.observe(self._earlier_chosen, "value")
        ways = widgets.Box([self.path, self.kind, self.add, self.earlier])
        ways.add_class("ocs-ways")
        self.zone = zone
        self.box = widgets.VBox([self.row, zone, ways, self.error])
        self.show_earlier({})

    def show(self, items: Sequence[Shown], kinds: Sequence[Kind]) -> None:
        """Draw these references, in their order, and ask for more of these kinds."""
        self._invite(kinds)
        while len(self.cards) < len(items):
            self.cards.append(_Card(len(self.cards), self._actions))
        for card, shown in zip(self.cards, items, strict=False):
            card.show(shown, len(items))
        self.row.children = tuple(card.box for card in self.cards[: len(items)])
        self.row.layout.display = None if items else "none"

    def _invite(self, kinds: Sequence[Kind]) -> None:
        named = words.choice(_PLURALS[kind] for kind in kinds)
        self.zone.invitation = f"Drop {named} here, paste, or choose files"
        self.zone.accept = ",".join(f"{kind}/*" for kind in kinds)
        self.kind.layout.display = None if len(kinds) > 1 else "none"

    def show_earlier(self, results: Mapping[str, object]) -> None:
        """Offer results by name; choosing one adds it."""
        self.earlier.options = [_NONE, *results.items()]
        self.earlier.layout.display = None if results else "none"

    def say(self, text: str) -> None:
        """An error beside the references, or none."""
        told = f'<div role="alert" class="ocs-error">{escape(text)}</div>' if text else ""
        self.error.value = told

    def _path_typed(self, _change: object) -> None:
        self._add_path()

    def _add_path(self) -> None:
        if self.path.value.strip() and self._added(
            self.path.value.strip(), self.kind.value or None
        ):
            self.path.value = self.kind.value = ""

    def _earlier_chosen(self, change: Any) -> None:
        if change["new"]:
            self._added(change["new"], None)
            self.earlier.value = ""

    def _added(self, given: object, kind: Kind | None) -> bool:
        try:
            self._actions.add(given, kind)
        except InvalidInput as refused:
            self.say(str(refused))
            return False
        self.say("")
        return True


class _Card:
    """The card at one place."""

    def __init__(self, place: int, actions: Actions) -> None:
        self._place, self._actions = place, actions
        self.picture = widgets.HTML()
        self.role = widgets.Dropdown(description="Role", layout=widgets.Layout(width="100%"))
        self.before, self.after, self.remove = (
            widgets.Button(icon=icon) for icon in ("arrow-left", "arrow-right", "times")
        )
        for button in (self.before, self.after, self.remove):
            button.add_class("ocs-icon")
        when_clicked(self.before, lambda: actions.move(place, place - 1))
        when_clicked(self.after, lambda: actions.move(place, place + 1))
        when_clicked(self.remove, lambda: actions.remove(place))
        self.role.observe(self._assigned, "value")
        buttons = widgets.HBox([self.before, self.after, self.remove])
        self.box = widgets.VBox([self.picture, self.role, buttons])
        self.box.add_class("ocs-card")

    def show(self, shown: Shown, count: int) -> None:
        item, self.picture.value = shown.item, card_html(shown, self._place)
        self.role.options = [
            (_NO_ROLE, ""),
            *((role.replace("_", " "), role) for role in shown.roles),
        ]
        self.role.value = item.role if item.role in shown.roles else ""
        self.role.layout.display = None if shown.roles else "none"
        for button, doing in (
            (self.before, f"Move {item.name} to the front"),
            (self.after, f"Move {item.name} to the back"),
            (self.remove, f"Remove {item.name}"),
        ):
            button.tooltip = doing
        self.before.disabled = self._place == 0
        self.after.disabled = self._place == count - 1

    def _assigned(self, change: Any) -> None:
        if not is_drawing():
            self._actions.assign(self._place, change["new"])


def card_html(shown: Shown, place: int) -> str:
    """The picture of a reference and what it is."""
    item = shown.item
    label = escape(f"Reference {place + 1}: {item.kind} {item.name}")
    facts = words.joined([str(item.kind), words.size(item.size) if item.size else "elsewhere"])
    unsent = '<span class="ocs-unsent">not sent in this mode</span>' if not shown.sent else ""
    look = f"background-image:url(&quot;{_picture(item)}&quot;)" if _picture(item) else ""
    return (
        f'<div class="ocs-thumb ocs-is-{item.kind}" role="img" aria-label="{label}" style="{look}">'
        f'{unsent}</div><div class="ocs-name" title="{escape(item.source)}">{escape(item.name)}</div>'
        f'<div class="ocs-faint">{escape(facts)}</div>'
    )


def _picture(item: Item) -> str:
    """Where the browser finds a picture of it; empty when there is none."""
    if "://" in item.source:
        return quote(item.source, safe=":/?&=%+,;@~#!$*") if item.kind is Kind.IMAGE else ""
    found = _thumbnail(item.kind, item.source)
    return figures.data_url("image/jpeg", found) if found else ""


@lru_cache(maxsize=64)
def _thumbnail(kind: Kind, path: str) -> bytes | None:
    """A small JPEG of a file, or of its first frame."""
    from PIL import Image, ImageOps

    data = media.poster(Path(path)) if kind is Kind.VIDEO else path if kind is Kind.IMAGE else None
    if data is None:
        return None
    out = io.BytesIO()
    try:
        with Image.open(io.BytesIO(data) if isinstance(data, bytes) else data) as picture:
            small = ImageOps.exif_transpose(picture).convert("RGB")
        small.thumbnail((_THUMB_PIXELS, _THUMB_PIXELS))
        small.save(out, "JPEG", quality=80)
    except (OSError, ValueError, Image.DecompressionBombError):
        return None  # a picture is an ornament
    return out.getvalue()
