"""The `video_generate` tool, for agents: one mapping in, one mapping out, as its contract says.

`video_generate.schema` is its JSON Schema.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from itertools import zip_longest
from pathlib import PurePath
from typing import Any, Protocol, cast

from openclaw_nb import api
from openclaw_nb.catalog import listed
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Attempt, Request
from openclaw_nb.core.inputs import read_action, read_request
from openclaw_nb.core.parameters import schema
from openclaw_nb.core.plan import applied_settings, asked_settings
from openclaw_nb.errors import one_line
from openclaw_nb.runtime.ledger import Row
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.results import SavedFile, Video
from openclaw_nb.standings import standings


class Tool(Protocol):
    """A callable tool with its schema."""

    schema: dict[str, object]

    def __call__(
        self,
        params: Mapping[str, Any],
        *,
        session: str | None = None,
        client: Client | None = None,
    ) -> dict[str, Any]:
        """Run it: parameters in, `{"text": ..., "details": {...}}` out."""
        ...


def _video_generate(
    params: Mapping[str, Any], *, session: str | None = None, client: Client | None = None
) -> dict[str, Any]:
    """Run the tool and wait: `{"text": ..., "details": {...}}`.

    Args:
        params: The parameters of the schema, in camelCase or snake_case.
        session: With one, `generate` starts a task and returns at once; without, it waits.
        client: Another client than the default one.

    Raises:
        InvalidInput: a parameter is not usable; nothing was sent.
        OpenclawError: what ended the generation, when it was waited for.
    """
    client = client or api.default_client()
    match read_action(params):
        case "list":
            return _listed(client)
        case "status":
            return _status(client, session)
        case "generate":
            return _generate(client, params, session)


def _generate(client: Client, params: Mapping[str, Any], session: str | None) -> dict[str, Any]:
    if not params.get("model"):
        client.vendors.candidates(None)  # that nothing is configured is said before all else
    if not session:
        video = client.start(read_request(params, strict_keys=False), allow_parallel=True).result()
        return {"text": text_of(video), "details": details_of(video)}
    read_request({"prompt": params.get("prompt")}, strict_keys=False)
    if active := client.active(session):  # before anything else is looked at
        return _blocked(active[0])
    request = read_request(params, strict_keys=False)
    entered = client.enter(request, exact=False, session=session, guard=Guard.SESSION)
    if isinstance(entered, Row):  # another call, of this process or of another, was quicker
        return _blocked(entered)
    return _started(client.begin(entered).id, request)


def _blocked(row: Row) -> dict[str, Any]:
    return {
        "text": (
            f"Task {_line(row)}. Wait for it: one video at a time is made in a session, so "
            "nothing was started. Another session takes another prompt."
        ),
        "details": _task_details(row) | {"duplicateGuard": True},
    }


def _started(id: str, request: Request) -> dict[str, Any]:
    ids = {"taskId": id, "runId": f"tool:video_generate:{id}"}
    echo = asked_settings(request) | _references(request)
    if request.model is not None:
        echo["model"] = request.model
    return {
        "text": f"Started in the background as task {id}. Do not ask for the same again.",
        "details": {"async": True, "status": "started", **ids, "task": ids, **echo},
    }


def _status(client: Client, session: str | None) -> dict[str, Any]:
    active = client.active(session) if session else []
    if not active:
        return {
            "text": "No video task is active in this session.",
            "details": {"action": "status", "active": False},
        }
    if len(active) == 1:
        row = active[0]
        return {
            "text": f"Task {_line(row)}. Wait for it.",
            "details": _task_details(row),
        }
    lines = [_line(row) for row in active]
    return {
        "text": "\n".join([f"{len(active)} video tasks are active.", *lines]),
        "details": {
            "action": "status",
            "active": True,
            "taskCount": len(active),
            "tasks": [_task_details(row) for row in active],
        },
    }


def _line(row: Row) -> str:
    return one_line(f"{row.id}: {row.status}, {_provider(row)}, {row.phase}")


def _provider(row: Row) -> str:
    return row.provider or row.source.partition(":")[2]


def _task_details(row: Row) -> dict[str, Any]:
    return {
        "action": "status",
        "async": True,
        "active": True,
        "existingTask": True,
        "status": row.status.value,
        "task": {"taskId": row.id, "runId": row.run_id},
        "taskKind": row.kind,
        "progressSummary": row.phase,
        "sourceId": row.source,
        "provider": _provider(row),
    }


def _listed(client: Client) -> dict[str, Any]:
    return listed(client.vendors.providers, standings(client.vendors))


def text_of(video: Video) -> str:
    """The result for people: what ran, what was ignored or changed, and where the files are."""
    count = len(video.files)
    ref = one_line(str(video.ref))
    lines = [f"Generated {count} video{'s' if count != 1 else ''} with {ref}."]
    lines += [f"Warning: {one_line(text)}" for text in video.warnings]
    duration = video.normalization.get("durationSeconds", {})
    if "requested" in duration:
        lines.append(f"Asked for {duration['requested']} s, made {duration['applied']} s.")
    for number, file in enumerate(video.files, start=1):
        name, media_type = one_line(file.name), one_line(file.media_type)
        lines.append(f"{number}. video {name} ({media_type}) {file.path or file.url}")
    return "\n".join(lines)


def details_of(video: Video) -> dict[str, Any]:
    """The result for programs, as the tool contract lists it."""
    paths = [str(file.path or file.url) for file in video.files]
    settings = applied_settings(video.request, video.changes, video.ignored)
    attachments = _attachments(video.files, settings.get("durationSeconds"))
    found: dict[str, Any] = {
        "provider": video.provider,
        "model": video.model,
        "count": len(video.files),
        "paths": paths,
        "attachments": attachments,
        "media": {"mediaUrls": paths, "attachments": attachments},
        "attempts": [_attempt(attempt) for attempt in video.attempts],
        "metadata": dict(video.metadata),
    }
    found |= settings | _references(video.request)
    if video.normalization:
        found["normalization"] = video.normalization
    if video.ignored_overrides:
        found["ignoredOverrides"] = video.ignored_overrides
    if video.warnings:
        found["warning"] = " | ".join(video.warnings)
    return found


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "provider": attempt.ref.provider,
        "model": attempt.ref.model,
        "error": attempt.error,
        "reason": attempt.why.value,
        **({"status": attempt.status} if attempt.status else {}),
        **({"code": attempt.code} if attempt.code else {}),
    }


_PROBED = 8
"""How many files are opened to see how long they are."""


def _references(request: Request) -> dict[str, Any]:
    """One reference by its singular name, several as a list; never bytes."""
    found: dict[str, Any] = {}
    for name, given in (
        ("image", request.images),
        ("video", request.videos),
        ("audioRef", request.audios),
    ):
        sources = [_source(reference.given) for reference in given]
        if len(sources) == 1:
            found[name] = sources[0]
        elif sources:
            found[f"{name}s"] = [{name: source} for source in sources]
    return found


def _source(given: object) -> str:
    if isinstance(given, bytes | bytearray):
        return f"<{len(given)} bytes>"
    text = str(given) if isinstance(given, str | PurePath) else f"<{type(given).__name__}>"
    text = text.strip().removeprefix("@").strip().removeprefix("MEDIA:").strip()
    if text.startswith("~"):
        return os.path.expanduser(text)  # noqa: PTH111 - what has no such home stays as it is
    head, comma, payload = text.partition(",")
    if text.startswith("data:") and comma:
        return f"{head},<{len(payload) * 3 // 4 - payload[-2:].count('=')} bytes>"
    return text


def _attachments(files: Sequence[SavedFile], applied_seconds: object) -> list[dict[str, Any]]:
    """The first files with the length that they have, the rest with the one that was applied."""
    probed = [_seconds_of(file) for file in files[:_PROBED]]
    return [
        _attachment(file, seconds or applied_seconds)
        for file, seconds in zip_longest(files, probed)
    ]


def _seconds_of(file: SavedFile) -> float | None:
    from openclaw_nb.notebook.media import clip

    found = clip(file.path) if file.path else None
    return found.seconds if found else None


def _attachment(file: SavedFile, seconds: object) -> dict[str, Any]:
    where = {"path": str(file.path)} if file.path else {"url": file.url}
    size = {"sizeBytes": file.size_bytes} if file.size_bytes else {}
    length = {"durationMs": round(seconds * 1000)} if isinstance(seconds, int | float) else {}
    return {
        "type": "video",
        **where,
        "mimeType": file.media_type,
        "name": file.name,
        **size,
        **length,
    }


def _tool(name: str, call: Callable[..., dict[str, Any]]) -> Tool:
    tool = cast("Tool", call)
    call.__name__ = call.__qualname__ = name
    tool.schema = schema()
    return tool


video_generate: Tool = _tool("video_generate", _video_generate)
