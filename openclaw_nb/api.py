"""The functions of the first minute, over a default client made at the first call."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakSet

from openclaw_nb import config, tables
from openclaw_nb.client import Client
from openclaw_nb.core import inputs
from openclaw_nb.core.domain import Medium
from openclaw_nb.core.keywords import shows_keywords
from openclaw_nb.errors import InvalidInput, OpenclawError, shown
from openclaw_nb.forecast import Forecast, forecast
from openclaw_nb.notebook import kernel
from openclaw_nb.runtime.records import read_sidecar
from openclaw_nb.runtime.results import Image, Music, Video
from openclaw_nb.tables import Table
from openclaw_nb.task import Task
from openclaw_nb.vendors import Endpoint

if TYPE_CHECKING:
    from openclaw_nb.emulator import Emulator, Entry, Scenario

_EMULATED_POLL_SECONDS = 0.25
_CWD = Path.cwd()  # a notebook's own folder: what chdir does later must not move its videos
_lock = threading.RLock()
_default: Client | None = None
_looked: WeakSet[Client] = WeakSet()
_emulations: list[Emulation] = []
"""Those that are open."""
_unasked: Client | Emulation | None = None
"""What the first use of the default client made."""


def default_client() -> Client:
    """The client behind the module's functions.

    With `OPENCLAW_NB_EMULATE=1` it talks to the emulator, unless `OPENCLAW_LIVE_TEST` is on. In a
    notebook its first use says which tasks of an earlier kernel can be taken up.
    """
    global _default, _unasked  # noqa: PLW0603 - one default client is the point of this module
    with _lock:
        if _default is None:
            environ = os.environ
            emulated = config.is_on(environ.get("OPENCLAW_NB_EMULATE"))
            live = config.is_on(environ.get("OPENCLAW_LIVE_TEST"))
            if emulated and not live:
                _unasked = emulate()
                assert _default is not None
            else:
                _unasked = _default = Client(media_dir=media_dir())
        client = _default
    if client not in _looked and kernel.current() is not None:
        _looked.add(client)
        _tell_of_left_behind(client)
    return client


def forget_default_client() -> None:
    """Close the default client that the first use made, so that the next use makes another.

    One that `emulate()` was called for stays.
    """
    global _default, _unasked  # noqa: PLW0603
    with _lock:
        made = _unasked
        if made is None or _default is not (made.client if isinstance(made, Emulation) else made):
            return
        _default = _unasked = None
    made.close()


@contextmanager
def emulating(emulator: Emulator, poll_seconds: float) -> Generator[Emulation]:
    """As `with emulate()`, and whatever was switched to in the block ends with it."""
    global _default  # noqa: PLW0603
    with _lock:
        before, open_before = _default, list(_emulations)
    try:
        yield Emulation(emulator, poll_seconds)
    finally:
        for each in [each for each in _emulations if each not in open_before]:
            each.close()
        with _lock:
            _default = before


def _tell_of_left_behind(client: Client) -> None:
    with suppress(OpenclawError):  # whoever asked for something else need not hear of it
        if client.ledger.path.exists() and (rows := client.left_behind()):
            from openclaw_nb.notebook.words import left_behind

            sys.stdout.write(f"{left_behind([row.id for row in rows])}\n")


def media_dir() -> Path | None:
    """Where the default client saves: `OPENCLAW_NB_MEDIA_DIR`, in a notebook `./openclaw_out`.

    None leaves it to the client: the media store in the state directory.
    """
    if named := os.environ.get("OPENCLAW_NB_MEDIA_DIR"):
        return Path(named).expanduser()
    return _CWD / "openclaw_out" if "ipykernel" in sys.modules else None


def generate_video(
    prompt: str,
    *,
    model: str | None = None,
    image: object = None,
    images: Sequence[object] | None = None,
    image_roles: Sequence[str] | None = None,
    video: object = None,
    videos: Sequence[object] | None = None,
    video_roles: Sequence[str] | None = None,
    audio_ref: object = None,
    audio_refs: Sequence[object] | None = None,
    audio_roles: Sequence[str] | None = None,
    size: str | None = None,
    aspect_ratio: str | None = None,
    resolution: str | None = None,
    duration_seconds: float | None = None,
    audio: bool | None = None,
    watermark: bool | None = None,
    filename: str | None = None,
    timeout_ms: int | None = None,
    provider_options: Mapping[str, object] | None = None,
    exact_model: bool = False,
    session: str | None = None,
    allow_parallel: bool = False,
    client: Client | None = None,
) -> Task[Video]:
    """Start a video and return its live handle at once.

    As the last line of a cell the handle shows progress, then the player. `await` it or call
    `.result()` for the video. The references decide the mode: none is text-to-video, an image is
    image-to-video, a video is video-to-video.

    Args:
        prompt: What the video shows.
        model: `provider/model`, or a model id; others follow if it fails. None: the configured
            one, else the default models of the providers that have a key.
        image: Reference image: path, URL, data URL, bytes, PIL image, array
            `(height, width, 3)` uint8, or an earlier image result; at most 6 MB.
        images: Up to 9 of them, after `image`; fewer for most models.
        image_roles: One per image: `first_frame`, `last_frame`, `reference_image`, or "".
        video: Reference video: path, URL, data URL, bytes, or an earlier result; at most 16 MB.
        videos: Up to 4 of them, after `video`.
        video_roles: One per video: `reference_video` or "".
        audio_ref: Reference audio: path, URL, data URL, bytes, or an earlier music result; at
            most 16 MB. It never changes the mode.
        audio_refs: Up to 3 of them, after `audio_ref`.
        audio_roles: One per audio: `reference_audio` or "".
        size: `WIDTHxHEIGHT` in pixels, such as `1280x720`.
        aspect_ratio: Such as `16:9`, `9:16`, `adaptive`.
        resolution: Such as `480P`, `720P`, `1080P`, `4K`.
        duration_seconds: Whole seconds, 1 or more; the nearest length the model makes is used.
        audio: Whether the model should make sound.
        watermark: Whether the provider should put its mark on the video.
        filename: Hint for the file's name; its extension is ignored.
        timeout_ms: Milliseconds for one provider's whole operation, 1 or more.
        provider_options: Further settings of the provider, such as `{"seed": 42}`.
        exact_model: Use `model` or fail; nothing else is tried.
        session: Within one session the same request is not started twice at once. None: one
            session per process.
        allow_parallel: Start it even so.
        client: Another client than the default one.

    Raises:
        InvalidInput: a parameter or reference is not usable; nothing was sent.
        NoCandidate: nothing is configured; nothing was sent.
        ConfigError: the configuration is not usable; nothing was sent.
    """
    given = {name: value for name, value in locals().items() if name != "client"}
    return (client or default_client()).generate_video(**given)


def generate_image(
    prompt: str,
    *,
    model: str | None = None,
    image: object = None,
    images: Sequence[object] | None = None,
    size: str | None = None,
    aspect_ratio: str | None = None,
    resolution: str | None = None,
    quality: str | None = None,
    output_format: str | None = None,
    background: str | None = None,
    count: int | None = None,
    filename: str | None = None,
    timeout_ms: int | None = None,
    provider_options: Mapping[str, object] | None = None,
    openai: Mapping[str, object] | None = None,
    fal: Mapping[str, object] | None = None,
    exact_model: bool = False,
    session: str | None = None,
    allow_parallel: bool = False,
    client: Client | None = None,
) -> Task[Image]:
    """Start an image, or up to four, and return its live handle at once.

    With reference images it is an edit of them, without it is made from the text. The result is a
    reference for `generate_video(image=...)`, too.

    Args:
        prompt: What the image shows, or how it changes.
        model: `provider/model`, or a model id; others follow if it fails. None: the configured
            one, else `fal/fal-ai/flux/dev`.
        image: Reference image: path, URL, data URL, bytes, PIL image, array
            `(height, width, 3)` uint8, or an earlier image result; at most 6 MB.
        images: Up to 14 of them, after `image`; fewer for most models.
        size: `WIDTHxHEIGHT` in pixels, such as `1024x1024`.
        aspect_ratio: Such as `1:1`, `16:9`, `4:1`.
        resolution: `1K`, `2K` or `4K`; None: for models that take one, the size of the references
            decides.
        quality: `low`, `medium`, `high` or `auto`, where the model has it.
        output_format: `png`, `jpeg` or `webp`.
        background: `transparent`, `opaque` or `auto`, where the model has it.
        count: Images to make, 1 to 4.
        filename: Hint for the files' names; its extension is ignored.
        timeout_ms: Milliseconds for one provider's whole operation, 1 or more.
        provider_options: Further settings of the provider, such as `{"seed": 42}`.
        openai: Settings for OpenAI's models alone.
        fal: Settings for fal's models alone: `{"creativity": "high"}`.
        exact_model: Use `model` or fail; nothing else is tried.
        session: Within one session the same request is not started twice at once. None: one
            session per process.
        allow_parallel: Start it even so.
        client: Another client than the default one.

    Raises:
        InvalidInput: a parameter or reference is not usable; nothing was sent.
        NoCandidate: nothing is configured; nothing was sent.
        ConfigError: the configuration is not usable; nothing was sent.
    """
    given = {name: value for name, value in locals().items() if name != "client"}
    return (client or default_client()).generate_image(**given)


def generate_music(
    prompt: str,
    *,
    model: str | None = None,
    lyrics: str | None = None,
    instrumental: bool | None = None,
    image: object = None,
    images: Sequence[object] | None = None,
    duration_seconds: float | None = None,
    format: str | None = None,
    filename: str | None = None,
    timeout_ms: int | None = None,
    provider_options: Mapping[str, object] | None = None,
    exact_model: bool = False,
    session: str | None = None,
    allow_parallel: bool = False,
    client: Client | None = None,
) -> Task[Music]:
    """Start a track of music and return its live handle at once.

    The result is a reference for `generate_video(audio_ref=...)`, too.

    Args:
        prompt: What the music is like.
        model: `provider/model`, or a model id; others follow if it fails. None: the configured
            one, else `fal/fal-ai/minimax-music/v2.6`.
        lyrics: What is sung, where the model sings.
        instrumental: Whether nobody sings, where it can be switched.
        image: Reference image, for models that take one.
        images: Up to 10 of them, after `image`.
        duration_seconds: Whole seconds, 1 or more; cut to what the model makes.
        format: `mp3` or `wav`.
        filename: Hint for the file's name; its extension is ignored.
        timeout_ms: Milliseconds for one provider's whole operation; less than 10000 is raised to it.
        provider_options: Further settings of the provider, such as `{"seed": 42}`.
        exact_model: Use `model` or fail; nothing else is tried.
        session: Within one session the same request is not started twice at once. None: one
            session per process.
        allow_parallel: Start it even so.
        client: Another client than the default one.

    Raises:
        InvalidInput: a parameter or reference is not usable; nothing was sent.
        NoCandidate: nothing is configured; nothing was sent.
        ConfigError: the configuration is not usable; nothing was sent.
    """
    given = {name: value for name, value in locals().items() if name != "client"}
    return (client or default_client()).generate_music(**given)


@shows_keywords(Medium.VIDEO)
def plan_video(
    prompt: str, *, exact_model: bool = False, client: Client | None = None, **params: object
) -> Forecast:
    """What `generate_video` would do with the same keywords, without sending anything.

    The result lists the candidates in order, each with its verdict, what would be sent, changed
    and ignored, and about what it costs in US dollars where that is known.

    Args:
        prompt: What the video would show.
        exact_model: Use `model` or fail; nothing else is tried.
        client: Another client than the default one.
        **params: The other keywords of `generate_video`.

    Raises:
        InvalidInput: a parameter or reference is not usable.
        NoCandidate: nothing is configured.
        ConfigError: the configuration is not usable.
    """
    return _plan(Medium.VIDEO, {"prompt": prompt, **params}, client, exact=exact_model)


@shows_keywords(Medium.IMAGE)
def plan_image(
    prompt: str, *, exact_model: bool = False, client: Client | None = None, **params: object
) -> Forecast:
    """What `generate_image` would do with the same keywords; as `plan_video`."""
    return _plan(Medium.IMAGE, {"prompt": prompt, **params}, client, exact=exact_model)


@shows_keywords(Medium.MUSIC)
def plan_music(
    prompt: str, *, exact_model: bool = False, client: Client | None = None, **params: object
) -> Forecast:
    """What `generate_music` would do with the same keywords; as `plan_video`."""
    return _plan(Medium.MUSIC, {"prompt": prompt, **params}, client, exact=exact_model)


def _plan(
    medium: Medium, given: Mapping[str, object], client: Client | None, *, exact: bool
) -> Forecast:
    present = {name: value for name, value in given.items() if value is not None}
    request = inputs.read_request(present, strict_keys=True, medium=medium)
    return forecast(client or default_client(), request, exact=exact)


def read_request(path: Path | str) -> dict[str, Any]:
    """The request that made a saved video: `generate_video(**read_request("clip.json"))` repeats it.

    Args:
        path: The JSON file beside the video, or the video.

    References that were given as bytes or arrays are kept in the folder `references` there;
    addresses lose their query, which may be a signature.

    Raises InvalidInput when there is no such file.
    """
    return read_sidecar(Path(path).expanduser())


def providers(medium: str = "video") -> Table:
    """The table of providers: models, modes, limits, and where each key comes from (never the key).

    HTML in a notebook, text in a terminal, `.to_dataframe()` with pandas.

    Args:
        medium: What they make: `video`, `image` or `music`.

    Raises InvalidInput when nothing of that name is made.
    """
    if medium not in set(Medium):
        media = ", ".join(Medium)
        raise InvalidInput("medium", f"{shown(medium)} is not made; there are {media}")
    return tables.providers(default_client(), Medium(medium))


def tasks(limit: int | None = 100, *, status: str | None = None) -> Table:
    """The ledger as a table: the tasks of this machine, newest first.

    Args:
        limit: So many at most, 1 or more; None is all.
        status: Only those that are queued, running, succeeded, failed, cancelled or lost.

    Raises:
        InvalidInput: `status` is no state.
        LedgerError: the ledger cannot be read.
    """
    return tables.tasks(default_client(), limit=limit, status=status)


def task(id: str) -> Task[Any]:
    """The handle of a task, by id or a unique beginning of at least 8 characters.

    A task of another process is followed to its end.

    Raises:
        TaskNotFound: no task has this id, or several begin so.
    """
    return default_client().task(id)


def resume(id: str, *, model: str | None = None) -> Task[Any]:
    """Finish a task whose process is gone: the provider's job is taken up, nothing is submitted.

    Args:
        id: The task's id, or its first 8 characters.
        model: Of a task that gave a model up and went on to another: whose job, as
            `provider/model` or the model alone, however the task ended. None is the last one, or
            the only one with a receipt.

    Raises:
        TaskNotFound: there is no such task.
        TaskLost: it has no receipt of its job, so that it cannot be found again.
        InvalidInput: it has no receipt of a job of `model`.
    """
    return default_client().resume(id, model=model)


def emulate(scenario: Scenario | Mapping[str, Scenario] | None = None) -> Emulation:
    """Talk to the emulator from now on, or for a `with` block: no keys, no network, real files.

    What it makes says EMULATED on every frame and has `result.emulated == True`. Calling it again
    starts another emulator.

    Args:
        scenario: How jobs go, for every provider or by provider id; None: well and soon.

    Returns:
        The emulation: a context manager, with its server as `emulator` and its client as `client`.

    Raises:
        ValueError: `scenario` names a provider that there is not.
    """
    from openclaw_nb.emulator import Emulator

    return Emulation(Emulator(scenario))


class Emulation:
    """The emulator at work, and the default client that talks to it."""

    def __init__(self, emulator: Emulator, poll_seconds: float = _EMULATED_POLL_SECONDS) -> None:
        global _default  # noqa: PLW0603
        self.emulator = emulator
        emulator.start()
        endpoints = {
            id: Endpoint(url, "emulated", poll_seconds) for id, url in emulator.base_urls.items()
        }
        with _lock:
            self._before = _default
            _default = Client(media_dir=media_dir(), endpoints=endpoints)
            _emulations.append(self)
        self.client = _default

    @property
    def jobs(self) -> list[Entry]:
        """Every submission that the emulator accepted, oldest first."""
        return self.emulator.jobs

    @property
    def base_urls(self) -> dict[str, str]:
        """By provider id, what another client is given as base URL."""
        return self.emulator.base_urls

    def set(self, scenario: Scenario | Mapping[str, Scenario]) -> None:
        """How jobs go from now on, for every provider or by provider id."""
        self.emulator.set(scenario)

    def close(self) -> None:
        """Back to the client before; jobs of the emulator end with it."""
        global _default  # noqa: PLW0603
        with _lock:
            if _default is self.client:
                _default = self._before
            if self in _emulations:
                _emulations.remove(self)
        self.client.close()
        self.emulator.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Emulation at {self.emulator.url} of {len(self.emulator.urls)} providers>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        from openclaw_nb.notebook import sheet

        facts = {
            "at": self.emulator.url,
            "plays": ", ".join(self.emulator.urls),
            "videos go to": str(self.client.stores[Medium.VIDEO].directory),
            "leave it": ".close(), or use it as a `with` block",
        }
        return sheet.bundle("The emulator: no keys, no network, files marked EMULATED", facts)
