"""The form: what is filled in, what would happen, and the tasks that it started."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from openclaw_nb import api
from openclaw_nb.core.domain import Kind, Medium
from openclaw_nb.errors import InvalidInput, OpenclawError, shown
from openclaw_nb.notebook import outlook
from openclaw_nb.notebook.controls import SHEETS
from openclaw_nb.notebook.draft import Draft, Kept
from openclaw_nb.notebook.dropzone import DropZone
from openclaw_nb.notebook.form import Form, Handlers
from openclaw_nb.notebook.tray import Actions, Item, Tray
from openclaw_nb.notebook.view import CardView
from openclaw_nb.studio import edits, planning, shelf
from openclaw_nb.studio.planning import Planned

if TYPE_CHECKING:
    from openclaw_nb.client import Client
    from openclaw_nb.forecast import Forecast
    from openclaw_nb.task import Task

_MAKERS: Mapping[Medium, Callable[..., Task[Any]]] = {
    Medium.VIDEO: api.generate_video,
    Medium.IMAGE: api.generate_image,
    Medium.MUSIC: api.generate_music,
}


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
        blank = Draft(sheet=SHEETS[kind])
        self._planned = Planned(blank, Kept(blank))
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
        return self._planned.kept.draft.keywords()

    @property
    def plan(self) -> Forecast | None:
        """What the request would do; None while it cannot be planned, which the form explains."""
        return self._planned.forecast

    @property
    def code(self) -> str:
        """The call that Generate makes, as text; empty while the request is not a legal one."""
        return planning.code(self._planned.kept.draft)

    @property
    def task(self) -> Task[Any] | None:
        """The task that was started last."""
        return self.tasks[-1] if self.tasks else None

    def fill(self, **request: Any) -> None:
        """Put keywords of `generate_video` into the form; what is not named stays as it is.

        References that are named take the place of those of the same kind.

        Raises InvalidInput.
        """
        asked = self._asked
        run_only = {name: request.pop(name) for name in planning.RUN_ONLY if name in request}
        exact = bool(request.pop("exact_model", asked.exact_model))
        prompt = request.pop("prompt", None) or asked.prompt
        read = planning.read(asked, {**request, "prompt": prompt or planning.UNWRITTEN})
        with self._lock:
            draft = edits.filled(self.client, self._asked, read)
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
            self._change(self._asked)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        self.refresh()
        still = outlook.still_html(self.code, self.plan)
        widget: dict[str, Any] = self._form.box._repr_mimebundle_() or {}
        return {**widget, "text/html": still, "text/plain": repr(self)}

    def __repr__(self) -> str:
        return f"<Studio {self._asked.sheet.medium} {self.request!r}, {len(self.tasks)} tasks>"

    # --- the form ----------------------------------------------------------------------------

    @property
    def _asked(self) -> Draft:
        """The draft as the user wants it, whether or not it can be kept."""
        return self._planned.asked

    def _change(self, draft: Draft) -> None:
        with self._lock:
            self._planned = planning.plan(self.client, draft)
            self._form.show(planning.state(self.client, self._planned))

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
        self._change(edits.edited(self.client, self._asked, name, value))

    def _edit_option(self, name: str, value: object) -> None:
        self._change(edits.option_edited(self._planned, name, value))

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
