"""A ComfyUI prompt as the queue, the history and the cloud tell of it."""

from __future__ import annotations

from typing import cast

from openclaw_nb.emulator.jobs import Job

WORDS = {
    "queued": "pending",
    "running": "in_progress",
    "succeeded": "completed",
    "cancelled": "cancelled",
}
RAW_WORDS = {
    "queued": "queued_waiting",
    "running": "executing",
    "succeeded": "success",
    "cancelled": "cancelled",
    "expired": "lost",
}


def _ms(seconds: float | None) -> int:
    return int(1000 * (seconds or 0))


def outputs(job: Job) -> dict[str, object]:
    """By node, what it gave."""
    bare = job.scenario.quirk == "no_outputs" or job.notes.get("crash") is not None
    return {} if bare else cast("dict[str, object]", job.notes["outputs"])


def graph(job: Job) -> dict[str, dict[str, object]]:
    """The graph that was sent."""
    return cast("dict[str, dict[str, object]]", job.notes["graph"])


def item(job: Job) -> list[object]:
    """Its line in the queue."""
    notes = job.notes
    return [notes["number"], job.id, notes["graph"], notes["extra"], notes["good"]]


def entry(job: Job) -> dict[str, object] | None:
    """Its place in the history; None while it has none."""
    if job.word:
        status: dict[str, object] = {"status_str": job.word, "completed": False, "messages": []}
        return {"prompt": item(job), "outputs": {}, "status": status, "meta": {}}
    waiting = job.state in {"queued", "running"}
    if waiting or job.state == "expired" or job.notes.get("deleted"):
        return None
    given = outputs(job) if succeeded(job) else {}
    meta = {
        id: {"node_id": id, "display_node": id, "parent_node": None, "real_node_id": id}
        for id in given
    }
    told: dict[str, object] = {"prompt": item(job), "outputs": given}
    if job.scenario.quirk != "no_status":
        told["status"] = {
            "status_str": "success" if succeeded(job) else "error",
            "completed": succeeded(job),
            "messages": [[name, about] for name, about in messages(job)],
        }
    return {**told, "meta": meta}


def succeeded(job: Job) -> bool:
    """It ended well."""
    return job.state == "succeeded" and job.notes.get("crash") is None


def messages(job: Job) -> list[tuple[str, dict[str, object]]]:
    """What was told while it ran, in order."""
    cached = list(graph(job)) if job.notes["cached"] else []
    start, end = _ms(job.created_at), _ms(job.finished_at)
    told: list[tuple[str, dict[str, object]]] = [
        ("execution_start", {"prompt_id": job.id, "timestamp": start}),
        ("execution_cached", {"nodes": cached, "prompt_id": job.id, "timestamp": start}),
    ]
    last: dict[str, object] = {"prompt_id": job.id, "timestamp": end}
    if succeeded(job):
        return [*told, ("execution_success", last)]
    name = "execution_interrupted" if job.state == "cancelled" else "execution_error"
    return [*told, (name, {**last, **_failure(job)})]


def _failure(job: Job) -> dict[str, object]:
    node = str(getattr(job.notes.get("crash"), "node", next(iter(graph(job)))))
    where: dict[str, object] = {
        "node_id": node,
        "node_type": graph(job)[node]["class_type"],
        "executed": [],
    }
    if job.state == "cancelled":
        return where
    kind, text = _exception(job)
    return {
        **where,
        "exception_message": text,
        "exception_type": kind,
        "traceback": [f'  File "execution.py", line 510, in execute\n    raise {kind}\n'],
        "current_inputs": {},
        "current_outputs": [],
    }


def _exception(job: Job) -> tuple[str, str]:
    crash = job.notes.get("crash")
    if crash is not None:
        return str(getattr(crash, "kind", "")), str(crash)
    if job.state == "moderated":
        return "Exception", "The request was refused by content moderation\n"
    return "RuntimeError", "mat1 and mat2 shapes cannot be multiplied (77x768 and 4096x320)\n"


def cloud_status(job: Job) -> dict[str, object]:
    """`/api/job/{id}/status`, in the words that the service really sends."""
    state = "failed" if job.notes.get("crash") and job.state == "succeeded" else job.state
    told: dict[str, object] = {
        "id": job.id,
        "status": job.word or RAW_WORDS.get(state, "error"),
        "created_at": int(job.created_at),
        "updated_at": int(job.finished_at or job.created_at),
    }
    if state in {"failed", "moderated"}:
        told["error_message"] = _exception(job)[1]
    return told


def job_view(job: Job, *, whole: bool) -> dict[str, object]:
    """`/api/jobs/{id}`; a line of the list is the same without what it holds."""
    state = "failed" if job.notes.get("crash") and job.state == "succeeded" else job.state
    given = outputs(job) if state == "succeeded" else {}
    told: dict[str, object] = {
        "id": job.id,
        "status": job.word or WORDS.get(state, "failed"),
        "create_time": int(job.created_at),
        "update_time": int(job.finished_at or job.created_at),
        "preview_output": next(iter(given.values()), None),
        "outputs_count": len(given),
    }
    if not whole:
        return told
    if told["status"] == "failed":
        told["execution_error"] = _failure(job)
    more = {"workflow": {"prompt": job.notes["graph"]}, "outputs": given}
    return {**told, **more, "execution_status": None, "execution_meta": None}
