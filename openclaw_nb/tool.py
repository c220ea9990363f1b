"""The `video_generate` tool, for agents: one mapping in, one mapping out, as its contract says.

`video_generate.schema` is its JSON Schema.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

from openclaw_nb import api
from openclaw_nb.client import Client
from openclaw_nb.core.domain import TaskState
from openclaw_nb.core.inputs import read_action, read_request
from openclaw_nb.core.parameters import schema
from openclaw_nb.core.plan import warning
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
    request = read_request(params, strict_keys=False)
    if session is None:
        video = client.start(request, allow_parallel=True).result()
        return {"text": text_of(video), "details": details_of(video)}
    if active := _active(client, session):
        found = _task_details(active[0]) | {"duplicateGuard": True}
        return {
            "text": f"Task {active[0].id} is at work in this session; nothing was started.",
            "details": found,
        }
    task = client.start(request, session=session, allow_parallel=True)
    ids = {"taskId": task.id, "runId": f"tool:video_generate:{task.id}"}
    return {
        "text": f"Started in the background as task {task.id}. Do not ask for the same again.",
        "details": {"async": True, "status": "started", **ids, "task": ids},
    }


def _active(client: Client, session: str) -> list[Any]:
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
            "text": f"Task {row.id}: {row.status}, {row.phase}. Wait for it.",
            "details": _task_details(row),
        }
    lines = [f"{row.id}: {row.status}, {row.phase}" for row in active]
    return {
        "text": "\n".join([f"{len(active)} video tasks are active.", *lines]),
        "details": {
            "action": "status",
            "active": True,
            "taskCount": len(active),
            "tasks": [_task_details(row) for row in active],
        },
    }


def _task_details(row: Any) -> dict[str, Any]:
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
        "provider": row.provider or row.source.partition(":")[2],
    }


def _listed(client: Client) -> dict[str, Any]:
    rows = [
        {
            "id": provider.id,
            "label": provider.label,
            "defaultModel": provider.default_model.id,
            "models": [row.id for row in provider.models],
            "modes": [mode.value for mode in provider.caps.modes()],
            "configured": client.configured(provider),
            "authEnvVars": list(provider.key.env),
        }
        for provider in client.providers
    ]
    lines = [
        f"{row['id']}: {row['defaultModel']}; modes={'/'.join(cast('list[str]', row['modes']))}; "
        f"{'configured' if row['configured'] else 'not configured'}"
        for row in rows
    ]
    return {
        "text": "\n".join(lines),
        "details": {"kind": "video_generation", "providers": rows},
    }


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
    return "\n".join(lines)


def details_of(video: Video) -> dict[str, Any]:
    """The result for programs, as the tool contract lists it."""
    paths = [str(file.path or file.url) for file in video.files]
    attachments = [_attachment(file) for file in video.files]
    found: dict[str, Any] = {
        "provider": video.provider,
        "model": video.model,
        "count": len(video.files),
        "paths": paths,
        "attachments": attachments,
        "media": {"mediaUrls": paths, "attachments": attachments},
        "attempts": [
            {
                "provider": attempt.ref.provider,
                "model": attempt.ref.model,
                "error": attempt.error,
                "reason": attempt.why.value,
                **({"status": attempt.status} if attempt.status else {}),
                **({"code": attempt.code} if attempt.code else {}),
            }
            for attempt in video.attempts
        ],
        "metadata": dict(video.metadata),
    }
    found |= _settings(video)
    if video.normalization:
        found["normalization"] = video.normalization
    if video.ignored_overrides:
        found["ignoredOverrides"] = video.ignored_overrides
        found["warning"] = warning(video.ref, video.ignored)
    return found


def _settings(video: Video) -> dict[str, Any]:
    """The style that was applied, or asked for and kept."""
    request, changed = video.request, video.normalization
    dropped = {entry["key"] for entry in video.ignored_overrides}
    asked: dict[str, Any] = {
        "size": request.size,
        "aspectRatio": request.aspect_ratio,
        "resolution": request.resolution,
        "durationSeconds": request.duration_seconds,
        "audio": request.audio,
        "watermark": request.watermark,
        "filename": request.filename,
        "timeoutMs": request.timeout_ms,
    }
    applied = asked | {key: change["applied"] for key, change in changed.items()}
    if changed.get("aspectRatio", {}).get("derivedFrom") == "size":
        applied["size"] = None
    found = {k: v for k, v in applied.items() if v is not None and k not in dropped}
    if duration := changed.get("durationSeconds"):
        found["requestedDurationSeconds"] = duration["requested"]
        found["supportedDurationSeconds"] = duration["supportedValues"]
    return found


def _attachment(file: SavedFile) -> dict[str, Any]:
    where = {"path": str(file.path)} if file.path else {"url": file.url}
    size = {"sizeBytes": file.size_bytes} if file.size_bytes else {}
    return {"type": "video", **where, "mimeType": file.media_type, "name": file.name, **size}


def _with_schema(call: Callable[..., dict[str, Any]]) -> Tool:
    tool = cast("Tool", call)
    tool.schema = schema()
    return tool


video_generate: Tool = _with_schema(_video_generate)
