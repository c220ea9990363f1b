"""A ComfyUI prompt once it was sent: is it queued, what did it make, how is it stopped."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import Annotated, cast
from urllib.parse import quote, urlencode

from pydantic import BeforeValidator, Field, JsonValue, ValidationError

from openclaw_nb.core.domain import Why
from openclaw_nb.core.refusals import classify, refusal
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    Hosted,
    JobState,
    Malformed,
    Refused,
    Reply,
    Step,
    Ticket,
    Wait,
    new_to_us,
)
from openclaw_nb.providers._comfy_outputs import File, Outputs, Told, listed, videos
from openclaw_nb.providers._comfy_workflows import Setup, Workflow


class ComfyTicket(Ticket):
    """The prompt's id, and how its answers are read."""

    prompt_id: str
    output_node: str = ""
    gone: int = 0
    """Polls in a row that found it neither in the history nor in the queue."""
    old_cloud: bool = False
    """The cloud has no `/api/jobs`."""


class _InputError(Told):
    type: str = ""
    message: str = ""
    details: str = ""

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.message.strip(), self.details.strip())))


class _NodeError(Told):
    errors: tuple[_InputError, ...] = ()
    class_type: str = ""
    dependent_outputs: tuple[str, ...] = ()


def _by_node(value: object) -> object:
    return cast("object", value) if isinstance(value, Mapping) else {}


# Older servers have an empty list there.
_NodeErrors = Annotated[Mapping[str, _NodeError], BeforeValidator(_by_node)]


class _Submitted(Told):
    prompt_id: str | None = None
    node_errors: _NodeErrors = Field(default_factory=dict)


class _Rejection(Told):
    error: _InputError | str | None = None
    node_errors: _NodeErrors = Field(default_factory=dict)
    code: str | int | None = None
    message: str = ""


class _Status(Told):
    status_str: str | None = None
    completed: bool | None = None
    messages: tuple[JsonValue, ...] = ()

    def told(self, name: str) -> Mapping[str, JsonValue] | None:
        """What the message of that name says; None when there was none."""
        for message in self.messages:
            match message:
                case [str(said), dict(about)] if said == name:
                    return about
                case _:
                    pass
        return None


class _Entry(Told):
    outputs: Outputs = Field(default_factory=dict)
    status: _Status | None = None


class _Queue(Told):
    queue_running: tuple[tuple[JsonValue, ...], ...] = ()
    queue_pending: tuple[tuple[JsonValue, ...], ...] = ()


class _Exception(Told):
    exception_message: str = ""
    exception_type: str = ""
    node_id: str | int | None = None
    node_type: str = ""


class _CloudJob(Told):
    status: str | None = None
    outputs: Outputs | None = None
    execution_error: _Exception | None = None
    error_message: str | None = None


def parse_submit(setup: Setup, reply: Reply) -> Step[ComfyTicket]:
    """Queued; but a 200 may say that only other outputs than the video will be made."""
    sent = reply.read(_Submitted)
    if not sent.prompt_id:
        raise Malformed(f"no prompt_id; the answer began {reply.start()!r}")
    ticket = ComfyTicket(prompt_id=sent.prompt_id, output_node=setup.output)
    failed = {output for node in sent.node_errors.values() for output in node.dependent_outputs}
    wanted = {setup.output} if setup.output else _video_outputs(setup.text)
    if sent.node_errors and wanted <= failed:
        advice = "Only other outputs of the workflow run now"
        return _invalid(sent.node_errors, _InputError(), advice=advice)
    note = f"left out, as its input is wrong: {_at_fault(sent.node_errors)}" if failed else ""
    return Wait(ticket, "queued", note=note, odd=bool(note))


_SAVES_VIDEO = re.compile(r"video|webm|gif|webp|animated", re.IGNORECASE)


def _video_outputs(workflow: Workflow) -> set[str]:
    """The last nodes that a video can come from, judged by their class."""
    inputs = [
        cast("Mapping[str, object]", node.get("inputs", {})) for node in workflow.graph.values()
    ]
    values = [value for each in inputs for value in each.values()]
    used = [cast("list[object]", value)[:1] for value in values if isinstance(value, list)]
    last = {id for id in workflow.graph if [id] not in used}
    return {id for id in last if _SAVES_VIDEO.search(workflow.graph[id]["class_type"])} or last


def build_status(setup: Setup, ticket: ComfyTicket) -> Call:
    """Ask for the prompt's history; the cloud for its job."""
    if not setup.cloud:
        path = f"/history/{_id(ticket)}"
    elif ticket.old_cloud:
        path = f"/api/job/{_id(ticket)}/status"
    else:
        path = f"/api/jobs/{_id(ticket)}"
    return Call("GET", path, keyed=setup.cloud)


def _id(ticket: ComfyTicket) -> str:
    return quote(ticket.prompt_id, safe="")


def parse_status(setup: Setup, ticket: ComfyTicket, reply: Reply) -> Step[ComfyTicket]:
    """The history has a prompt only when it has ended; until then the queue is asked."""
    if setup.cloud:
        return _cloud_job(setup, ticket, reply)
    entry = _entry(ticket, reply)
    if entry:
        return _ended(setup, ticket, entry)
    unread = partial(_queue_unread, ticket)
    return Fetch(Call("GET", "/queue", keyed=False), partial(_queued, ticket), unread)


def _entry(ticket: ComfyTicket, reply: Reply) -> _Entry | None:
    history = reply.members()  # an entry by prompt id; older services answer with the entry itself
    found = history.get(ticket.prompt_id, history if "outputs" in history else None)
    try:
        return None if found is None else _Entry.model_validate(found)
    except ValidationError:
        raise Malformed(f"no history entry; the answer began {reply.start()!r}") from None


def _queue_unread(ticket: ComfyTicket, reply: Reply) -> Wait[ComfyTicket]:
    return Wait(ticket, note=f"the queue cannot be read: HTTP {reply.status}")


def _queued(ticket: ComfyTicket, reply: Reply) -> Wait[ComfyTicket] | Refused:
    queue, seen = reply.read(_Queue), ticket.model_copy(update={"gone": 0})
    if any(ticket.prompt_id in item[:2] for item in queue.queue_running):
        return Wait(seen)
    numbers = [_number(item) for item in queue.queue_pending if ticket.prompt_id in item[:2]]
    if numbers:
        pending = sum(_number(item) < numbers[0] for item in queue.queue_pending)
        before = pending + len(queue.queue_running)
        return Wait(seen, "queued", note=f"{before} before it" if before else "", ahead=before)
    # It may have ended between the two questions.
    if not ticket.gone:
        return Wait(ticket.model_copy(update={"gone": 1}))
    advice = "It was deleted from the queue, or the server was started anew"
    return Refused(Why.UNKNOWN, "the prompt is neither queued nor in the history", advice=advice)


def _number(item: tuple[JsonValue, ...]) -> float:
    return item[0] if item and isinstance(item[0], int | float) else 0.0


def _ended(setup: Setup, ticket: ComfyTicket, entry: _Entry) -> Step[ComfyTicket]:
    status = entry.status
    word = ((status and status.status_str) or "").lower()
    if status is None:  # very old servers
        return _result(setup, ticket, entry.outputs) if entry.outputs else Wait(ticket)
    if word == "error":
        return _failure(status)
    if not status.completed and word != "success":
        return new_to_us(ticket, status.status_str or "")
    cached = status.told("execution_cached") or {}
    return _result(setup, ticket, entry.outputs, cached.get("nodes"))


def _failure(status: _Status) -> Refused:
    if (raised := status.told("execution_error")) is not None:
        return _raised(_Exception.model_validate(raised))
    if status.told("execution_interrupted") is not None:
        return _CANCELLED
    return Refused(Why.UNKNOWN, "the workflow failed; ComfyUI gave no reason")


_CANCELLED = Refused(Why.UNKNOWN, "the prompt was interrupted")
_ODD_SIZE = "H.264 takes even widths and heights only: scale or crop the picture in the workflow"
_MEMORY = "The server's memory is too small for this workflow: use smaller or fewer frames"


def _raised(error: _Exception) -> Refused:
    said, advice = error.exception_message.strip(), [f"It was node {error.node_id}"]
    if error.node_type:
        advice[0] += f" ({error.node_type})"
    if "libx264" in said:
        advice.append(_ODD_SIZE)
    if "OutOfMemory" in error.exception_type or "out of memory" in said:
        advice.append(_MEMORY)
    said = said or f"{error.exception_type or 'a node failed'}, without a message"
    why, text = classify(None, said), ". ".join(advice) if error.node_id is not None else ""
    return Refused(why, said, error.exception_type, advice=text)


def _result(
    setup: Setup, ticket: ComfyTicket, outputs: Outputs, cached: JsonValue = None
) -> Done | Refused:
    found = {file: node for node, file in videos(outputs, ticket.output_node)}
    if not found:
        made = "; ".join(listed(outputs)) or "nothing"
        return Refused(Why.UNKNOWN, "completed without video outputs", advice=f"It made {made}")
    nodes = list(dict.fromkeys(found.values()))
    about: dict[str, object] = {
        "promptId": ticket.prompt_id,
        "outputNodeIds": nodes,
        "videos": [{"name": file.called, "nodeId": node} for file, node in found.items()],
    }
    if isinstance(cached, list) and set(nodes) <= set(map(str, cached)):
        about["cached"] = True  # an identical graph ran before: these are its files
    return Done(tuple(_hosted(setup, file) for file in found), about)


def _hosted(setup: Setup, file: File) -> Hosted:
    query = {"filename": file.called, "subfolder": file.subfolder, "type": file.type}
    # The cloud redirects to a signed address, which gets no key.
    return Hosted(
        f"{setup.path('/view')}?{urlencode(query, quote_via=quote)}",
        keyed=setup.cloud,
        name=file.called,
    )


# Comfy Cloud

_WAITING = (
    "pending",
    "submitted",
    "queued_limited",
    "queued_waiting",
    "allocated",
    "preparing",
    "pending_execution",
    "waiting_to_dispatch",
)
_AT_WORK = ("in_progress", "executing", "executed", "erroring")
_STOPPING = ("cancel_requested", "cancel_pending", "cancelling_preparing")
_DONE = ("completed", "success")
_FAILED = ("failed", "error", "non_retryable_error", "lost")


def _cloud_job(setup: Setup, ticket: ComfyTicket, reply: Reply) -> Step[ComfyTicket]:
    """The words of both services and of both lists of words that are published."""
    job = reply.read(_CloudJob)
    word = (job.status or "").strip().lower()
    if word in _DONE:
        return _cloud_result(setup, ticket, job)
    if word in _FAILED:
        return _cloud_failure(word, job)
    if word == "cancelled":
        return _CANCELLED
    return _unfinished(ticket, word)


def _unfinished(ticket: ComfyTicket, word: str) -> Wait[ComfyTicket]:
    if word in _WAITING:
        return Wait(ticket, "queued")
    if word in _STOPPING:
        return Wait(ticket, note="it is being cancelled")
    return Wait(ticket) if word in _AT_WORK else new_to_us(ticket, word)


def _cloud_result(setup: Setup, ticket: ComfyTicket, job: _CloudJob) -> Step[ComfyTicket]:
    if job.outputs:
        return _result(setup, ticket, job.outputs)
    call = Call("GET", f"/api/history_v2/{_id(ticket)}")
    return Fetch(call, partial(_cloud_history, setup, ticket))


def _cloud_history(
    setup: Setup, ticket: ComfyTicket, reply: Reply
) -> Wait[ComfyTicket] | Done | Refused:
    entry = _entry(ticket, reply)
    return _result(setup, ticket, entry.outputs if entry else {})


def _cloud_failure(word: str, job: _CloudJob) -> Refused:
    if job.execution_error:
        return _raised(job.execution_error)
    said = job.error_message or f"the job ended as {word}, without a reason"
    return Refused(classify(None, said), said)


def parse_status_error(setup: Setup, ticket: ComfyTicket, reply: Reply) -> Step[ComfyTicket]:
    """An older cloud has no `/api/jobs`; its own address is asked from then on."""
    if not setup.cloud or ticket.old_cloud or reply.status != HTTPStatus.NOT_FOUND:
        return parse_error(setup, reply)
    older = ticket.model_copy(update={"old_cloud": True})
    return Fetch(build_status(setup, older), partial(_cloud_job, setup, older))


# The websocket, of a server of one's own: the cloud's wants the key in its address, where logs see it


class _Event(Told):
    type: str = ""
    data: Mapping[str, JsonValue] = Field(default_factory=dict)


def build_stream(ticket: ComfyTicket) -> Call:
    """The socket that hears of this prompt: it was submitted with its own id as the client's."""
    return Call("GET", f"/ws?clientId={_id(ticket)}", keyed=False, websocket=True)


def read_event(setup: Setup, ticket: ComfyTicket, reply: Reply) -> Step[ComfyTicket] | None:
    """News of the prompt. Its end is told when no node is executing; the history has it by then."""
    event = reply.read(_Event)
    if event.data.get("prompt_id") != ticket.prompt_id:
        return None
    node = event.data.get("node")
    match event.type:
        case "executing" if node is None:
            return Fetch(build_status(setup, ticket), partial(parse_status, setup, ticket))
        case "progress":
            steps = f"step {event.data.get('value')} of {event.data.get('max')}"
            return Wait(ticket, note=f"node {node}, {steps}")
        case "executing" | "execution_start":
            return Wait(ticket, note=f"node {node}" if node else "")
        case _:
            return None


def build_cancel(setup: Setup, ticket: ComfyTicket, state: JobState) -> Call:
    """By id only: without one, an interrupt stops whatever runs, and the cloud's all that runs."""
    if state == "running" and not setup.cloud:
        return Call("POST", "/interrupt", json={"prompt_id": ticket.prompt_id}, keyed=False)
    body = {"delete": [ticket.prompt_id]}
    return Call("POST", setup.path("/queue"), json=body, keyed=setup.cloud)


# Errors

_PLAN = "Comfy Cloud's API needs a paid plan: see https://www.comfy.org/cloud/pricing"
_MISSING_NODE = re.compile(r"node .*(does not exist|not found)", re.IGNORECASE)
_INSTALL = "The server does not have this node: install its pack there, or use another workflow"


def parse_error(setup: Setup, reply: Reply) -> Refused:
    """A graph that was refused names its nodes; the cloud has an error shape of its own."""
    try:
        rejection = reply.read(_Rejection)
    except Malformed:
        return refusal(reply)
    if isinstance(rejection.error, _InputError):
        return _invalid(rejection.node_errors, rejection.error, status=reply.status)
    refused = refusal(reply, code="" if rejection.code is None else str(rejection.code))
    if setup.cloud and reply.status == HTTPStatus.TOO_MANY_REQUESTS:
        # Not a rate limit: there is no subscription.
        return replace(refused, why=Why.BILLING, advice=_PLAN)
    return refused


def _invalid(
    nodes: Mapping[str, _NodeError],
    error: _InputError,
    *,
    status: int | None = None,
    advice: str = "",
) -> Refused:
    first = next((each for node in nodes.values() for each in node.errors), _InputError())
    said, code = str(error) or str(first), error.type or first.type
    why = classify(status, said) if status else Why.FORMAT
    missing = _INSTALL if _MISSING_NODE.search(said) else ""
    fault = f"At fault: {_at_fault(nodes)}" if nodes else ""
    text = ". ".join(filter(None, (fault, missing, advice)))
    return Refused(why, said, code, status, advice=text)


def _at_fault(nodes: Mapping[str, _NodeError]) -> str:
    return "; ".join(
        f"node {id} ({node.class_type}): {', '.join(map(str, node.errors)) or 'its inputs'}"
        for id, node in nodes.items()
    )
