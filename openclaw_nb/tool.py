"""The `video_generate` tool, for agents: one mapping in, one mapping out, as its contract says.

`video_generate.schema` is its JSON Schema.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from pathlib import PurePath
from typing import Any, Protocol, cast

from openclaw_nb import api
from openclaw_nb.catalog import listed
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Attempt, Request, TaskState
from openclaw_nb.core.inputs import read_action, read_request
from openclaw_nb.core.parameters import schema
from openclaw_nb.core.plan import warning
from openclaw_nb.errors import plain
from openclaw_nb.runtime.ledger import Row
from openclaw_nb.runtime.results import SavedFile, Video


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
    if session is None:
        video = client.start(read_request(params, strict_keys=False), allow_parallel=True).result()
        return {"text": text_of(video), "details": details_of(video)}
    with _guard:  # two calls racing each other must not both find nothing at work
        if active := _active(client, session):
            read_request({"prompt": params.get("prompt")}, strict_keys=False)
            return {
                "text": f"Task {active[0].id} is at work in this session; nothing was started.",
                "details": _task_details(active[0]) | {"duplicateGuard": True},
            }
        request = read_request(params, strict_keys=False)
        task = client.start(request, session=session, allow_parallel=True)
    return _started(task.id, request)


_guard = threading.Lock()


def _started(id: str, request: Request) -> dict[str, Any]:
    ids = {"taskId": id, "runId": f"tool:video_generate:{id}"}
    echo = _asked(request) | _references(request)
    if request.model is not None:
        echo["model"] = request.model
    return {
        "text": f"Started in the background as task {id}. Do not ask for the same again.",
        "details": {"async": True, "status": "started", **ids, "task": ids, **echo},
    }


def _active(client: Client, session: str) -> list[Row]:
    rows = [row for row in client.tasks() if row.session == session and row.status.active]
    return sorted(rows, key=lambda row: row.status is not TaskState.RUNNING)


def _status(client: Client, session: str | None) -> dict[str, Any]:
    active = _active(client, session) if session else []
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
    return f"{row.id}: {row.status}, {_provider(row)}, {row.phase}"


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
    providers = client.vendors.providers
    found = {provider.id: client.vendors.source(provider) for provider in providers}
    return listed(providers, {id: source for id, source in found.items() if source})


def text_of(video: Video) -> str:
    """The result for people: what ran, what was ignored or changed, and where the files are."""
    count = len(video.files)
    lines = [f"Generated {count} video{'s' if count != 1 else ''} with {video.ref}."]
    if dropped := warning(video.ref, video.ignored):
        lines.append(f"Warning: {dropped}")
    if duration := video.normalization.get("durationSeconds"):
        lines.append(f"Asked for {duration['requested']} s, made {duration['applied']} s.")
    for number, file in enumerate(video.files, start=1):
        lines.append(f"{number}. video {file.name} ({file.media_type}) {file.path or file.url}")
    return plain("\n".join(lines))


def details_of(video: Video) -> dict[str, Any]:
    """The result for programs, as the tool contract lists it."""
    paths = [str(file.path or file.url) for file in video.files]
    settings = _settings(video) | _references(video.request)
    attachments = [_attachment(file, settings.get("durationSeconds")) for file in video.files]
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
    found |= settings
    if video.normalization:
        found["normalization"] = video.normalization
    if video.ignored_overrides:
        found["ignoredOverrides"] = video.ignored_overrides
        found["warning"] = warning(video.ref, video.ignored)
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


def _settings(video: Video) -> dict[str, Any]:
    """The style that was applied, or asked for and kept."""
    request, changed = video.request, video.normalization
    dropped = {entry["key"] for entry in video.ignored_overrides}
    asked = _asked(request)
    applied = asked | {key: change["applied"] for key, change in changed.items()}
    if changed.get("aspectRatio", {}).get("derivedFrom") == "size":
        dropped.add("size")
    found = {k: v for k, v in applied.items() if k not in dropped}
    if duration := changed.get("durationSeconds"):
        found["requestedDurationSeconds"] = duration["requested"]
        found["supportedDurationSeconds"] = duration["supportedValues"]
    return found


def _asked(request: Request) -> dict[str, Any]:
    """The settings that were given, by their names in the contract."""
    given: dict[str, Any] = {
        "size": request.size,
        "aspectRatio": request.aspect_ratio,
        "resolution": request.resolution,
        "durationSeconds": request.duration_seconds,
        "audio": request.audio,
        "watermark": request.watermark,
        "filename": request.filename,
        "timeoutMs": request.timeout_ms,
    }
    return {name: value for name, value in given.items() if value is not None}


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
    head, comma, payload = text.partition(",")
    if text.startswith("data:") and comma:
        return f"{head},<{len(payload) * 3 // 4 - payload[-2:].count('=')} bytes>"
    return text


def _attachment(file: SavedFile, seconds: float | None) -> dict[str, Any]:
    where = {"path": str(file.path)} if file.path else {"url": file.url}
    size = {"sizeBytes": file.size_bytes} if file.size_bytes else {}
    length = {"durationMs": round(seconds * 1000)} if seconds else {}
    return {
        "type": "video",
        **where,
        "mimeType": file.media_type,
        "name": file.name,
        **size,
        **length,
    }


def _with_schema(call: Callable[..., dict[str, Any]]) -> Tool:
    tool = cast("Tool", call)
    tool.schema = schema()
    return tool


video_generate: Tool = _with_schema(_video_generate)
