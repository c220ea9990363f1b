"""The tools `video_generate`, `image_generate`, `music_generate`, for agents.

One mapping in, one mapping out, as their contract says; `video_generate.schema` is a JSON Schema.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from itertools import zip_longest
from pathlib import PurePath
from typing import Any, Protocol, cast

from openclaw_nb import api
from openclaw_nb.catalog import listed
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Attempt, Kind, Medium, Request
from openclaw_nb.core.inputs import read_action, read_request
from openclaw_nb.core.parameters import schema
from openclaw_nb.core.plan import applied_settings, asked_settings
from openclaw_nb.errors import OpenclawError, escaped, plain
from openclaw_nb.runtime.queries import Guard
from openclaw_nb.runtime.results import Result, SavedFile
from openclaw_nb.runtime.rows import Row
from openclaw_nb.standings import standings
from openclaw_nb.task import Task


class Tool(Protocol):
    """A callable tool, with what a function declaration of any model's API needs."""

    __name__: str
    description: str
    """What it does, for the model that calls it."""
    schema: dict[str, object]
    """Its parameters as JSON Schema."""

    def __call__(
        self,
        params: Mapping[str, Any],
        *,
        session: str | None = None,
        client: Client | None = None,
    ) -> dict[str, Any]:
        """Run it: parameters in, `{"text": ..., "details": {...}}` out."""
        ...

    def completed(self, task: Task) -> dict[str, Any]:
        """What is said when a task of a session has ended, well or badly; waits until it has."""
        ...


def _tool(medium: Medium) -> Tool:
    def generate(
        params: Mapping[str, Any], *, session: str | None = None, client: Client | None = None
    ) -> dict[str, Any]:
        """Run the tool: `{"text": ..., "details": {...}}`, for the model and for the program.

        Args:
            params: The parameters of `schema`, in camelCase or snake_case; `action` is `generate`,
                `status` or `list`.
            session: With one, `generate` starts a task and returns at once; without, it waits.
            client: Another client than the default one.

        Raises:
            InvalidInput: a parameter is not usable; nothing was sent.
            OpenclawError: what ended the generation, when it was waited for.
        """
        client = client or api.default_client()
        match read_action(params):
            case "list":
                return listed(client.vendors.of(medium), standings(client.vendors, medium), medium)
            case "status":
                return _status(client, medium, session)
            case "generate":
                return _generate(client, medium, params, session)

    generate.__name__ = generate.__qualname__ = medium.tool
    tool: Any = generate
    tool.completed = _completed
    tool.description, tool.schema = _DESCRIPTIONS[medium], schema(medium)
    return cast("Tool", tool)


_DESCRIPTIONS = {
    Medium.VIDEO: "Makes a video from a text, and from reference images, videos or audio if there "
    "are any; or lists the providers and models; or tells what is being made in this session.",
    Medium.IMAGE: "Makes images from a text, or edits reference images; or lists the providers and "
    "models; or tells what is being made in this session.",
    Medium.MUSIC: "Makes music from a text, with lyrics if there are any; or lists the providers "
    "and models; or tells what is being made in this session.",
}


def _generate(
    client: Client, medium: Medium, params: Mapping[str, Any], session: str | None
) -> dict[str, Any]:
    def read(given: Mapping[str, Any]) -> Request:
        return read_request(given, strict_keys=False, medium=medium)

    if not params.get("model"):
        # That nothing is configured is said before all else.
        client.vendors.candidates(None, medium=medium)
    if not session:
        result = client.start(read(params), allow_parallel=True).result()
        return {"text": text_of(result), "details": details_of(result)}
    read({"prompt": params.get("prompt")})
    if active := client.active(session, medium):  # before anything else is looked at
        return _blocked(active[0], medium)
    request = read(params)
    entered = client.enter(request, exact=False, session=session, guard=Guard.SESSION)
    if isinstance(entered, Row):  # another call, of this process or of another, was quicker
        return _blocked(entered, medium)
    return _started(client.begin(entered).id, request)


def _blocked(row: Row, medium: Medium) -> dict[str, Any]:
    return {
        "text": (
            f"Task {_line(row)}. Wait for it: {medium.counted(1).replace('1', 'one')} at a time is "
            "made in a session, so nothing was started. Call with another session to make more."
        ),
        "details": _task_details(row) | {"duplicateGuard": True},
    }


def _started(id: str, request: Request) -> dict[str, Any]:
    ids = {"taskId": id, "runId": f"tool:{request.medium.tool}:{id}"}
    echo = asked_settings(request) | _references(request)
    if request.model is not None:
        echo["model"] = request.model
    return {
        "text": (
            f"Started in the background as task {id}. Do not ask for the same again; "
            "action=status tells how it goes."
        ),
        "details": {"async": True, "status": "started", **ids, "task": ids, **echo},
    }


def _completed(task: Task) -> dict[str, Any]:
    run = f"tool:{task.request.medium.tool}:{task.id}"
    ids = {"task": {"taskId": task.id, "runId": run}}
    try:
        result = task.result()
    except OpenclawError as error:
        attempts = [_attempt(attempt) for attempt in error.attempts]
        details = {"status": task.state.value, "error": str(error), "attempts": attempts}
        return {
            "text": escaped(f"Task {task.id}: {task.state}. {error}"),
            "details": details | ids,
        }
    return {"text": text_of(result), "details": details_of(result) | ids}


def _status(client: Client, medium: Medium, session: str | None) -> dict[str, Any]:
    active = client.active(session, medium) if session else []
    if not active:
        return {
            "text": f"No {medium} task is active in this session.",
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
        "text": "\n".join([f"{len(active)} {medium} tasks are active.", *lines]),
        "details": {
            "action": "status",
            "active": True,
            "taskCount": len(active),
            "tasks": [_task_details(row) for row in active],
        },
    }


def _line(row: Row) -> str:
    return escaped(f"{row.id}: {row.status}, {_provider(row)}, {row.phase}")


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


def text_of(result: Result) -> str:
    """The result for people: what ran, what was ignored or changed, and where the files are."""
    medium = result.medium
    lines = [f"Generated {medium.counted(len(result.files))} with {escaped(str(result.ref))}."]
    lines += [f"Warning: {escaped(text)}" for text in result.warnings]
    duration = result.normalization.get("durationSeconds", {})
    if "requested" in duration:
        lines.append(f"Asked for {duration['requested']} s, made {duration['applied']} s.")
    for number, file in enumerate(result.files, start=1):
        name, media_type = escaped(file.name), escaped(file.media_type)
        kind = medium.file_kind
        lines.append(f"{number}. {kind} {name} ({media_type}) {file.path or file.url}")
    return plain("\n".join(lines))


def details_of(result: Result) -> dict[str, Any]:
    """The result for programs, as the tool contract lists it."""
    paths = [str(file.path or file.url) for file in result.files]
    settings = applied_settings(result.request, result.changes, result.ignored)
    attachments = _attachments(result, settings.get("durationSeconds"))
    found: dict[str, Any] = {
        "provider": result.provider,
        "model": result.model,
        "count": len(result.files),
        "paths": paths,
        "attachments": attachments,
        "media": {"mediaUrls": paths, "attachments": attachments},
        "attempts": [_attempt(attempt) for attempt in result.attempts],
        "metadata": dict(result.metadata),
    }
    found |= settings | _references(result.request)
    if result.normalization:
        found["normalization"] = result.normalization
    if result.ignored_overrides:
        found["ignoredOverrides"] = result.ignored_overrides
    if result.warnings:
        found["warning"] = " | ".join(result.warnings)
    if revised := result.metadata.get("revised_prompt"):
        found["revisedPrompts"] = revised if isinstance(revised, list) else [revised]
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


def _attachments(result: Result, applied_seconds: object) -> list[dict[str, Any]]:
    """The first files with the length that they have, the rest with the one that was applied."""
    kind = result.medium.file_kind
    if kind is Kind.IMAGE:
        return [_attachment(file, kind, None) for file in result.files]
    probed = [_seconds_of(file) for file in result.files[:_PROBED]]
    return [
        _attachment(file, kind, seconds or applied_seconds)
        for file, seconds in zip_longest(result.files, probed)
    ]


def _seconds_of(file: SavedFile) -> float | None:
    from openclaw_nb.notebook.media import clip
    from openclaw_nb.notebook.sound import sound

    if file.path is None:
        return None
    found = clip(file.path) or sound(file.path)
    return found.seconds if found else None


def _attachment(file: SavedFile, kind: Kind, seconds: object) -> dict[str, Any]:
    where = {"path": str(file.path)} if file.path else {"url": file.url}
    size = {"sizeBytes": file.size_bytes} if file.size_bytes else {}
    length = {"durationMs": round(seconds * 1000)} if isinstance(seconds, int | float) else {}
    return {
        "type": kind.value,
        **where,
        "mimeType": file.media_type,
        "name": file.name,
        **size,
        **length,
    }


video_generate: Tool = _tool(Medium.VIDEO)
image_generate: Tool = _tool(Medium.IMAGE)
music_generate: Tool = _tool(Medium.MUSIC)
