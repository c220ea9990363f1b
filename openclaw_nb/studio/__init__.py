"""The form: what is filled in, what would happen, and the tasks that it started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openclaw_nb import api
from openclaw_nb.core import inputs
from openclaw_nb.core.candidates import find_provider, resolve
from openclaw_nb.core.domain import Kind, Medium, Mode, Request
from openclaw_nb.core.wire import AnyProvider
from openclaw_nb.errors import InvalidInput, NoCandidate, OpenclawError, shown
from openclaw_nb.notebook import outlook
from openclaw_nb.notebook.code import as_code
from openclaw_nb.notebook.controls import FREE_OPTIONS, SHEETS, Sheet
from openclaw_nb.notebook.draft import Draft, Kept, kept
from openclaw_nb.notebook.dropzone import DropZone
from openclaw_nb.notebook.form import Choices, Form, Handlers, State
from openclaw_nb.notebook.tray import Actions, Item, Shown, Tray
from openclaw_nb.notebook.view import CardView
from openclaw_nb.studio import choices, menu, shelf

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.forecast import Forecast
    from openclaw_nb.task import Task

_UNWRITTEN = "…"
"""Stands for a prompt that is still to be written: the rest can be planned already."""
_RUN_ONLY = ("session", "allow_parallel")
"""Keywords that say nothing about what is made."""
_MAKERS: Mapping[Medium, Callable[..., Task[Any]]] = {
    Medium.VIDEO: api.generate_video,
    Medium.IMAGE: api.generate_image,
    Medium.MUSIC: api.generate_music,
}
_PLANNERS: Mapping[Medium, Callable[..., Forecast]] = {
    Medium.VIDEO: api.plan_video,
    Medium.IMAGE: api.plan_image,
    Medium.MUSIC: api.plan_music,
}
_BESIDE = ("exact_model", *_RUN_ONLY)
"""Keywords that are not part of the request itself."""


class Studio:
    """A form in a cell: prompt, references, model, style, and what would be sent for them.

    As the last line of a cell it shows itself. What stands in it is `request`; what it started is
    `tasks`.

    Args:
        kind: What to make: `video`, `image` or `music`.
        client: Another client than the default one.
        request: Keywords of `generate_video` to begin with, such as those of `read_request`.

    Raises:
        InvalidInput: `kind` or a keyword is not usable.
    """

    def __init__(
        self, kind: str = "video", *, client: Client | None = None, **request: object
    ) -> None:
        if kind not in SHEETS:
            raise InvalidInput("kind", f"must be one of {', '.join(SHEETS)}, not {shown(kind)}.")
        self._client = client
        self._lock = threading.RLock()
        self._asked = Draft(sheet=SHEETS[kind])
        self._kept = Kept(self._asked)
        self._forecast: Forecast | None = None
        self._trouble = ""
        self._cards: list[Any] = []
        self.tasks: list[Task[Any]] = []
        """The tasks that this form started, oldest first."""
        self._form = self._made()
        self._show_earlier()
        self.fill(**request)

    # --- what stands in it -------------------------------------------------------------------

    @property
    def client(self) -> Client:
        """The client that carries out what the form starts."""
        return self._client or api.default_client()

    @property
    def request(self) -> dict[str, Any]:
        """The keywords that Generate calls `generate_video` with."""
        return self._kept.draft.keywords()

    @property
    def plan(self) -> Forecast | None:
        """What the request would do; None while it cannot be planned, which the form explains."""
        return self._forecast

    @property
    def code(self) -> str:
        """The call that Generate makes, as text; empty while the request is not a legal one."""
        given = self.request
        beside = {name: given.pop(name) for name in _BESIDE if name in given}
        given["prompt"] = given["prompt"] or _UNWRITTEN
        try:
            request = self._read(given)
        except InvalidInput:
            return ""
        return as_code(request, **beside)

    @property
    def task(self) -> Task[Any] | None:
        """The task that was started last."""
        return self.tasks[-1] if self.tasks else None

    def fill(self, **request: Any) -> None:
        """Put keywords of `generate_video` into the form; what is not named stays as it is.

        References that are named take the place of those of the same kind.

        Raises InvalidInput.
        """
        run_only = {name: request.pop(name) for name in _RUN_ONLY if name in request}
        exact = bool(request.pop("exact_model", self._asked.exact_model))
        prompt = request.pop("prompt", None) or self._asked.prompt
        read = self._read({**request, "prompt": prompt or _UNWRITTEN})
        with self._lock:
            draft = self._filled(read)
            more = {**draft.more, **run_only}
            self._change(replace(draft, prompt=prompt, exact_model=exact, more=more))

    def add(self, given: object, *, kind: str | None = None, role: str = "") -> None:
        """Add a reference.

        Args:
            given: Path, URL, data URL, bytes, numpy array, PIL image, or an earlier result.
            kind: `image`, `video` or `audio`; None finds it out.
            role: Such as `first_frame`; empty for none.

        Raises InvalidInput: it cannot be used, or there are too many.
        """
        self._add(shelf.item(self.client, given, Kind(kind) if kind else None, role))

    def generate(self) -> Task[Any]:
        """Start what stands in the form: `generate_video(**studio.request)`, or its like.

        Raises what that raises; nothing was sent then.
        """
        with self._lock:
            make = _MAKERS[self._asked.sheet.medium]
            task: Task[Any] = make(**self.request, client=self.client)
            if all(task.id != other.id for other in self.tasks):
                self._keep(task)
        return task

    def refresh(self) -> None:
        """Plan anew and draw: after keys or the configuration changed elsewhere."""
        with self._lock:
            self._plan()
            self._form.show(self._state())

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        self.refresh()
        still = outlook.still_html(self.code, self._forecast)
        widget: dict[str, Any] = self._form.box._repr_mimebundle_() or {}
        return {**widget, "text/html": still, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Studio {self._asked.sheet.medium} {self.request!r}, {len(self.tasks)} tasks>"

    # --- planning ----------------------------------------------------------------------------

    def _change(self, draft: Draft) -> None:
        with self._lock:
            self._asked = draft
            self.refresh()

    def _plan(self) -> None:
        """Find out what the request would do, with the settings that its model can keep."""
        self._kept, self._forecast, self._trouble = Kept(self._asked), None, ""
        try:
            first = self._planned(self._asked)
            self._kept = kept(self._asked, choices.lead(first, self._asked))
            same = self._kept.draft == self._asked
            self._forecast = first if same else self._planned(self._kept.draft)
        except NoCandidate:
            self._trouble = "No provider is configured yet."
        except OpenclawError as error:
            self._trouble = str(error)

    def _planned(self, draft: Draft) -> Forecast:
        given: dict[str, Any] = draft.keywords()
        given |= {"prompt": draft.prompt.strip() or _UNWRITTEN}
        asked = {name: value for name, value in given.items() if name not in _RUN_ONLY}
        return _PLANNERS[draft.sheet.medium](**asked, client=self.client)

    def _read(self, given: Mapping[str, object]) -> Request:
        medium = self._asked.sheet.medium
        return inputs.read_request(given, strict_keys=True, medium=medium)

    def _provider(self, id: str) -> AnyProvider | None:
        known = self.client.vendors.of(self._asked.sheet.medium)
        return find_provider(id, known) if id else None

    # --- drawing -----------------------------------------------------------------------------

    def _made(self) -> Form:
        actions = Actions(
            add=self._held(self._add_given),
            remove=self._held(lambda *given: self._change(self._asked.removed(*given))),
            move=self._held(lambda *given: self._change(self._asked.moved(*given))),
            assign=self._held(lambda *given: self._change(self._asked.assigned(*given))),
        )
        handlers = Handlers(
            edit=self._held(self._edit),
            edit_option=self._held(self._edit_option),
            generate=self._clicked,
            look_again=self.refresh,
            emulate=None if self._client else self._emulate,
        )
        media = [sheet.medium for sheet in SHEETS.values()]
        return Form(media, handlers, Tray(actions, self._zone()))

    def _held(self, call: Callable[..., None]) -> Callable[..., None]:
        """`call` under the lock: clicks may come on another thread than cells run on."""

        def alone(*given: object) -> None:
            with self._lock:
                call(*given)

        return alone

    def _state(self) -> State:
        draft, forecast = self._kept.draft, self._forecast
        verdict = choices.lead(forecast, draft) if forecast else None
        mode = draft.mode or draft.followed
        sheet = draft.sheet
        return State(
            medium=sheet.medium,
            prompt=draft.prompt,
            prompt_hint=sheet.prompt_hint,
            mode=mode,
            modes=tuple(way.mode for way in sheet.ways),
            corrected=draft.mode is not None,
            kinds=tuple(slot.kind for slot in sheet.slots),
            references=tuple(map(self._shown, draft.items)),
            providers=menu.providers(self.client, sheet.medium),
            provider=draft.provider,
            models=self._models(mode),
            model=draft.model,
            exact_model=draft.exact_model,
            style=choices.style(draft, verdict),
            options=choices.options(draft, verdict),
            plan=outlook.plan_html(forecast, self._kept.told) if forecast else "",
            setup=self._setup(sheet.medium),
            why_not=self._why_not(),
            code=self.code,
        )

    def _setup(self, medium: Medium) -> str:
        if menu.usable(self.client, medium):
            return ""
        return outlook.setup_html(menu.keys(self.client, medium))

    def _models(self, mode: Mode) -> Choices:
        draft, provider = self._asked, self._provider(self._asked.provider)
        return menu.models(provider, draft.sheet.medium, mode, draft.model) if provider else ()

    def _shown(self, item: Item) -> Shown:
        slot = self._asked.sheet.slot(item.kind)
        return Shown(item, slot.roles if slot else (), self._asked.sends(item))

    def _why_not(self) -> str:
        if self._trouble:
            return self._trouble
        if missing := self._asked.missing():
            return missing
        runs = self._forecast and any(verdict.runs for verdict in self._forecast.verdicts)
        return "" if runs else "No model can take this; the plan says why."

    def _check(self, name: str, size: int, media_type: str) -> None:
        shelf.check(self.client, self._asked.sheet, name, size, media_type)

    def _zone(self) -> DropZone:
        return DropZone(
            self._check,
            lambda path, name: self._add(shelf.arrived(self.client, path, name)),
            lambda text: self._add_given(text, None),
        )

    # --- what the user does ------------------------------------------------------------------

    def _edit(self, name: str, value: Any) -> None:
        draft = self._asked
        match name:
            case "medium":
                self._change(self._turned(SHEETS[value]))
            case "prompt" | "exact_model":
                self._change(replace(draft, **{name: value}))
            case "model":
                self._change(replace(draft, model=value or ""))
            case "mode":
                same = value is draft.followed
                self._change(replace(draft, mode=None if same else value))
            case "provider":
                self._change(self._with_provider(value or ""))
            case _:
                self._change(replace(draft, settings={**draft.settings, name: value}))

    def _edit_option(self, name: str, value: object) -> None:
        draft = self._kept.draft
        options: Mapping[str, object] | str
        if name == FREE_OPTIONS.name:
            options = choices.typed_options(str(value or "{}"))
        else:
            options = {**(draft.options if isinstance(draft.options, Mapping) else {}), name: value}
        self._change(replace(self._asked, options=options, options_of=draft.provider))

    def _with_provider(self, id: str) -> Draft:
        draft = self._asked
        provider = self._provider(id)
        if provider is None:
            return replace(draft, provider="", model="")
        count = {kind: sum(item.kind is kind for item in draft.items) for kind in Kind}
        mode = draft.mode or draft.followed
        model = menu.first_model(provider, mode, count[Kind.IMAGE], count[Kind.VIDEO])
        return replace(draft, provider=provider.id, model=model)

    def _turned(self, sheet: Sheet) -> Draft:
        """The draft for another kind of result: prompt, references and settings stay if they can."""
        draft = self._asked
        items = tuple(item for item in draft.items if sheet.slot(item.kind))
        self._asked = replace(draft, sheet=sheet, items=items, mode=None, provider="", model="")
        return self._with_provider(draft.provider)

    def _add_given(self, given: object, kind: Kind | None) -> None:
        self._add(shelf.item(self.client, given, kind))

    def _add(self, item: Item) -> None:
        with self._lock:
            self._change(self._asked.added(item))

    def _emulate(self) -> None:
        api.emulate()
        self.refresh()

    def _clicked(self) -> None:
        try:
            self.generate()
        except OpenclawError as error:
            self._form.say(str(error))
        else:
            self._form.say("")

    # --- tasks -------------------------------------------------------------------------------

    def _keep(self, task: Task[Any]) -> None:
        self.tasks.append(task)
        self._cards.insert(0, CardView(task).inside())
        self._form.show_results(self._cards)
        task.on_done(lambda _: self._show_earlier())

    def _show_earlier(self) -> None:
        """Offer what this session has made as references."""
        made = [task.snapshot.result for task in self.client.begun]
        named = {
            f"{result.ref} · {result.request.prompt}"[:80]: result for result in made if result
        }
        self._form.tray.show_earlier(named)

    # --- filling -----------------------------------------------------------------------------

    def _filled(self, read: Request) -> Draft:
        """The draft with what a request gives."""
        draft = self._asked
        given = {s.name: getattr(read, s.name) for s in draft.sheet.settings}
        settings = {name: value for name, value in given.items() if value is not None}
        more = {"filename": read.filename, "timeout_ms": read.timeout_ms, **read.vendor_options}
        draft = replace(
            draft,
            settings={**draft.settings, **settings},
            more={**draft.more, **{name: value for name, value in more.items() if value}},
            items=self._items(read),
        )
        if read.model is not None:
            ref = resolve(read.model, self.client.vendors.of(read.medium)).ref
            if ref is None:
                raise InvalidInput("model", f"{shown(read.model)} names no model that is known.")
            draft = replace(draft, provider=ref.provider, model=ref.model)
        if not read.provider_options:
            return draft
        return replace(draft, options=read.provider_options, options_of=draft.provider)

    def _items(self, read: Request) -> tuple[Item, ...]:
        items = list(self._asked.items)
        for kind, given in (
            (Kind.IMAGE, read.images),
            (Kind.VIDEO, read.videos),
            (Kind.AUDIO, read.audios),
        ):
            if given:
                items = [item for item in items if item.kind is not kind]
                items += [shelf.item(self.client, r.given, kind, r.role or "") for r in given]
        return tuple(items)
