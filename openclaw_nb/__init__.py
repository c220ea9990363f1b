"""Generate video, images and music from a notebook, with any of many providers.

    import openclaw_nb as oc

    task = oc.generate_video("a friendly lobster surfing at sunset", duration_seconds=5)
    video = task.result()  # or: await task

The names are loaded when they are first used: importing the package costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from openclaw_nb.api import (
        emulate,
        generate_image,
        generate_music,
        generate_video,
        plan_image,
        plan_music,
        plan_video,
        providers,
        read_request,
        resume,
        task,
        tasks,
    )
    from openclaw_nb.client import Client
    from openclaw_nb.errors import (
        AllFailed,
        BadOutput,
        ConfigError,
        InvalidInput,
        LedgerError,
        MalformedReply,
        MissingKey,
        NoCandidate,
        OpenclawError,
        ProviderError,
        ProviderRefused,
        ProviderTimeout,
        ProviderUnreachable,
        RequestError,
        SubmitUnanswered,
        TaskCancelled,
        TaskLost,
        TaskNotFound,
    )
    from openclaw_nb.notebook.compare import compare
    from openclaw_nb.notebook.gallery import gallery
    from openclaw_nb.notebook.kernel import enable_nested_loops
    from openclaw_nb.runtime.results import Image, Music, Video
    from openclaw_nb.studio import Studio
    from openclaw_nb.sweep import Sweep, sweep
    from openclaw_nb.task import Task
    from openclaw_nb.tool import image_generate, music_generate, video_generate
    from openclaw_nb.tryout import try_out

__version__ = "0.1.0"

__all__ = [
    "AllFailed",
    "BadOutput",
    "Client",
    "ConfigError",
    "Image",
    "InvalidInput",
    "LedgerError",
    "MalformedReply",
    "MissingKey",
    "Music",
    "NoCandidate",
    "OpenclawError",
    "ProviderError",
    "ProviderRefused",
    "ProviderTimeout",
    "ProviderUnreachable",
    "RequestError",
    "Studio",
    "SubmitUnanswered",
    "Sweep",
    "Task",
    "TaskCancelled",
    "TaskLost",
    "TaskNotFound",
    "Video",
    "compare",
    "emulate",
    "enable_nested_loops",
    "gallery",
    "generate_image",
    "generate_music",
    "generate_video",
    "image_generate",
    "music_generate",
    "plan_image",
    "plan_music",
    "plan_video",
    "providers",
    "read_request",
    "resume",
    "sweep",
    "task",
    "tasks",
    "try_out",
    "video_generate",
]

_HOMES = {
    "emulate": "api",
    "generate_image": "api",
    "generate_music": "api",
    "generate_video": "api",
    "plan_image": "api",
    "plan_music": "api",
    "plan_video": "api",
    "providers": "api",
    "read_request": "api",
    "resume": "api",
    "task": "api",
    "tasks": "api",
    "Client": "client",
    "try_out": "tryout",
    "compare": "notebook.compare",
    "enable_nested_loops": "notebook.kernel",
    "Image": "runtime.results",
    "Music": "runtime.results",
    "gallery": "notebook.gallery",
    "Video": "runtime.results",
    "Studio": "studio",
    "Sweep": "sweep",
    "sweep": "sweep",
    "Task": "task",
    "image_generate": "tool",
    "music_generate": "tool",
    "video_generate": "tool",
}


def __getattr__(name: str) -> Any:
    if name == "config":
        return import_module(f"{__name__}.config")
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
    if name not in _SHADOWED:
        globals()[name] = value
    return value


def load_ipython_extension(ipython: Any) -> None:
    """For `%load_ext openclaw_nb`: the magics `%openclaw` and `%%video`."""
    import_module(f"{__name__}.magics").load_ipython_extension(ipython)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])


_SHADOWED = ("providers", "sweep", "task")


class _Package(ModuleType):
    """Three functions bear the name of a submodule: importing that must not hide the function."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _SHADOWED and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
