"""fal's hosts: the queue that all models share, the one that answers at once, and their errors.

Sources: https://docs.fal.ai, pages "Queue API", "Synchronous requests", "Errors", "Request errors"
(read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from http import HTTPStatus
from typing import TypeAlias
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from openclaw_nb.core.domain import Why
from openclaw_nb.core.refusals import classify, refusal, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    JobState,
    Key,
    Malformed,
    Refused,
    Reply,
    Step,
    Ticket,
    Wait,
    Wire,
    new_to_us,
)
from openclaw_nb.providers import _fal_storage as storage

QUEUE = "https://queue.fal.run"
SYNCHRONOUS_HOST = "fal.run"
KEY = Key(env=("FAL_KEY", "FAL_API_KEY"), form="Key {}")
KEY_HOSTS = (SYNCHRONOUS_HOST, "*.fal.run", storage.REST_HOST)

ReadOutput: TypeAlias = Callable[[Reply], Done | None]
"""Reads what a model made out of its result; None when it is not there."""


class FalTicket(Ticket):
    """The addresses that fal hands out with a job; it asks clients to use them as given."""

    request_id: str
    status_url: str = ""
    response_url: str = ""
    cancel_url: str = ""
    answer: str = ""
    """The result itself, when it came with the submission: fal keeps none of those."""


class _Submitted(Wire):
    request_id: str | None = None
    status_url: str | None = None
    response_url: str | None = None
    cancel_url: str | None = None
    queue_position: int | None = None


class _Status(Wire):
    status: str | None = None
    queue_position: int | None = None
    error: JsonValue = None
    error_type: str | None = None


class _Error(Wire):
    detail: JsonValue = None
    error_type: str | None = None


# The queue


def parse_submit(reply: Reply) -> Step[FalTicket]:
    """A place in the queue, and where to ask about it."""
    sent = reply.read(_Submitted)
    asked_at = (sent.status_url or "").removesuffix("/status")
    job = sent.response_url or asked_at or _job_path(reply, sent.request_id)
    ticket = FalTicket(
        request_id=sent.request_id or job.rpartition("/")[2],
        status_url=sent.status_url or f"{job}/status",
        response_url=job,
        cancel_url=sent.cancel_url or f"{job}/cancel",
    )
    return _queued(ticket, sent.queue_position)


def _job_path(reply: Reply, request_id: str | None) -> str:
    """Requests live under `owner/app`, without the rest of the id; two namespaces have three."""
    parts = reply.path.strip("/").split("/")
    owner = parts[: 3 if parts[0] in ("workflows", "comfy") else 2]
    if not request_id or not all(owner):
        raise Malformed(f"no address to ask at; the answer began {reply.start()!r}")
    return f"/{'/'.join(owner)}/requests/{quote(request_id, safe='')}"


def _queued(ticket: FalTicket, ahead: int | None) -> Wait[FalTicket]:
    note = "" if ahead is None else f"{ahead} ahead in the queue"
    return Wait(ticket, "queued", note=note, ahead=ahead or 0)


def parse_run(read_output: ReadOutput, reply: Reply) -> Step[FalTicket]:
    """The result at once, as the synchronous host answers, or a place in the queue."""
    done = read_output(reply)
    if done is None:
        return parse_submit(reply)
    ticket = FalTicket(
        request_id=reply.headers.get("x-fal-request-id", ""),
        answer=reply.body.decode("utf-8", "replace"),
    )
    return replace(done, ticket=ticket)


def over(read_output: ReadOutput, ticket: FalTicket) -> Done | None:
    """The outputs of a job whose result came with its submission."""
    return read_output(Reply(200, {}, ticket.answer.encode())) if ticket.answer else None


def build_status(ticket: FalTicket) -> Call:
    """Ask at the address that fal gave."""
    return Call("GET", ticket.status_url)


def build_stream(ticket: FalTicket) -> Call | None:
    """An event for each change, at an address beside the status."""
    url = ticket.status_url
    return Call("GET", f"{url}/stream") if url.endswith("/status") else None


def build_cancel(ticket: FalTicket, _: JobState) -> Call:
    """A queued job is dropped; a running one is told, and may still end and be billed."""
    return Call("PUT", ticket.cancel_url)


def parse_status(read_output: ReadOutput, ticket: FalTicket, reply: Reply) -> Step[FalTicket]:
    """`COMPLETED` means over, not good: only the result's HTTP status says which.

    fal documents three words; the others are what the original product accepts beside them.
    """
    status = reply.read(_Status)
    match (status.status or "").strip().upper():
        case "IN_QUEUE" | "QUEUED":
            return _queued(ticket, status.queue_position)
        case "IN_PROGRESS" | "PROCESSING" | "STARTED":
            return Wait(ticket)
        case "COMPLETED":
            read = partial(_read_result, read_output, ticket, reply)
            return Fetch(Call("GET", ticket.response_url), read, partial(_read_error, ticket))
        case "FAILED" | "CANCELLED" | "CANCELED":
            return _job_failure(ticket, reply)
        case _:
            return new_to_us(ticket, status.status or "")


def _job_failure(ticket: FalTicket, reply: Reply) -> Refused:
    status, text = reply.read(_Status), said(reply)
    if not status.error:
        text = f"the job ended as {status.status}, without a reason"
    code = status.error_type or ""
    lost = Why.SERVER_ERROR if code.startswith("runner_") else classify(None, text)
    return Refused(_BY_TYPE.get(code, lost), text, code, request_id=ticket.request_id)


def _read_result(
    read_output: ReadOutput, ticket: FalTicket, status: Reply, reply: Reply
) -> Wait[FalTicket] | Done | Refused:
    if done := read_output(reply):
        kept = {"requestId": ticket.request_id, **done.metadata}
        return replace(done, metadata=kept)
    if _too_early(reply):
        return Wait(ticket)
    if status.read(_Status).error:
        return _job_failure(ticket, status)
    raise Malformed(f"no output in the result; the answer began {reply.start()!r}")


def _read_error(ticket: FalTicket, reply: Reply) -> Wait[FalTicket] | Refused:
    if _too_early(reply):
        return Wait(ticket)
    refused = replace(parse_error(reply), request_id=ticket.request_id)
    if reply.status != HTTPStatus.NOT_FOUND:
        return refused
    # That says nothing about the model.
    return replace(refused, why=Why.UNKNOWN, advice=_GONE)


_GONE = (
    "fal keeps a result for about an hour after the job ended, one of 10 kB or more for about six "
    "minutes"
)
_OWN_TIMEOUT = (
    "the X-Fal-Request-Timeout of the request ran out before a machine began; set a longer one"
)


def _too_early(reply: Reply) -> bool:
    """The result endpoint answers an error while a job runs; fal's clients wait on it too."""
    return "still in progress" in said(reply).lower()


# Errors


_BY_TYPE = {
    "content_policy_violation": Why.CONTENT_POLICY,
    "internal_server_error": Why.SERVER_ERROR,
    "internal_error": Why.SERVER_ERROR,
    "downstream_service_error": Why.SERVER_ERROR,
    "downstream_service_unavailable": Why.OVERLOADED,
    "generation_timeout": Why.TIMEOUT,
    "request_timeout": Why.TIMEOUT,
    "startup_timeout": Why.TIMEOUT,
    "runner_scheduling_failure": Why.OVERLOADED,
}
_TIMEOUT_TYPE = "x-fal-request-timeout-type"


def parse_error(reply: Reply) -> Refused:
    """The error types of fal say more than its HTTP status, which is 422 for most of them."""
    code = _error_type(reply)
    refused = refusal(reply, code=code)
    why = _BY_TYPE.get(code, refused.why)
    # An account without balance is locked: it gets 401 or 403, as a bad key does.
    if why is Why.AUTH and classify(None, refused.said) is Why.BILLING:
        why = Why.BILLING
    advice = _OWN_TIMEOUT if reply.headers.get(_TIMEOUT_TYPE) == "user" else ""
    return replace(refused, why=why, advice=advice)


def _error_type(reply: Reply) -> str:
    try:
        error = reply.read(_Error)
    except Malformed:
        error = _Error()
    items = error.detail if isinstance(error.detail, list) else []
    types = [str(item["type"]) for item in items if isinstance(item, dict) and "type" in item]
    types += [error.error_type or reply.headers.get("x-fal-error-type", "")]
    return next((name for name in types if name == "content_policy_violation"), types[0])


def read_base_url(configured: str) -> str:
    """The synchronous host stands for the queue beside it; other hosts serve both."""
    url = urlsplit(read_any_host(configured))
    if url.hostname == SYNCHRONOUS_HOST:
        url = url._replace(netloc="queue.fal.run")
    return url.geturl()


def read_any_host(configured: str) -> str:
    """The address as it is, or the queue's when it is none."""
    try:
        url = urlsplit(configured.strip())
    except ValueError:
        return QUEUE
    usable = url.hostname and url.scheme in ("http", "https")
    return url.geturl().rstrip("/") if usable else QUEUE
