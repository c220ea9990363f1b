"""DashScope's task API, the wire of two providers: submit, ask after the task, fetch a link.

Sources: Alibaba Cloud Model Studio documentation, pages "Manage asynchronous tasks", "Error
codes", "Rate limits" and those of `_dashscope_models` (read 2026-11-21); PyPI dashscope 2.0.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote, urlsplit

from openclaw_nb.core.domain import Job, Why
from openclaw_nb.core.refusals import classify, said
from openclaw_nb.core.wire import (
    Call,
    Done,
    Hosted,
    JobState,
    Key,
    Malformed,
    Provider,
    Refused,
    Reply,
    Step,
    Ticket,
    Wait,
    Wire,
    new_to_us,
)
from openclaw_nb.providers._dashscope_models import (
    CAPS,
    INPUT_OPTIONS,
    MODELS,
    PARAMETER_OPTIONS,
    default_for,
    fit,
    references,
)

_BASE_URL = "https://dashscope-intl.aliyuncs.com"
_USUAL_SECONDS = 5


class DashScopeTicket(Ticket):
    """The task's id, and the request's, which support asks for."""

    task_id: str
    request_id: str = ""


class _Result(Wire):
    video_url: str | None = None


class _Output(_Result):
    task_id: str | None = None
    task_status: str | None = None
    results: tuple[_Result, ...] | None = None
    code: str | None = None
    message: str | None = None


class _Answer(Wire):
    request_id: str | None = None
    output: _Output | None = None
    code: str | None = None
    message: str | None = None


class _Envelope(Wire):
    code: str | None = None


class _Error(Wire):
    request_id: str | None = None
    code: str | None = None
    error: _Envelope | None = None


def build_submit(job: Job) -> Call:
    """A size is written `1280*720`; the length is always sent, so that no default can change it."""
    given: dict[str, object] = {"prompt": job.prompt, **references(job)}
    style = {
        "size": job.size and job.size.replace("x", "*"),
        "resolution": job.resolution and job.resolution.upper(),
        "ratio": job.aspect_ratio,
        "duration": job.duration_seconds or _USUAL_SECONDS,
        "audio": job.audio,
        "watermark": job.watermark,
    }
    parameters = {name: value for name, value in style.items() if value is not None}
    body: dict[str, object] = {
        "model": job.model,
        "input": given | _options(job, INPUT_OPTIONS),
        "parameters": parameters | _options(job, PARAMETER_OPTIONS),
    }
    return Call(
        "POST",
        "/api/v1/services/aigc/video-generation/video-synthesis",
        json=body,
        # Without it the service takes the call for a synchronous one, which it does not have.
        headers={"X-DashScope-Async": "enable"},
    )


def _options(job: Job, names: Mapping[str, type]) -> dict[str, object]:
    return {name: value for name, value in job.provider_options.items() if name in names}


def parse_submit(reply: Reply) -> Step[DashScopeTicket]:
    """The task's id."""
    sent = reply.read(_Answer)
    task_id = ((sent.output and sent.output.task_id) or "").strip()
    if not task_id:
        raise Malformed(f"no task_id; the answer began {reply.start()!r}")
    return Wait(DashScopeTicket(task_id=task_id, request_id=sent.request_id or ""), "queued")


def build_status(ticket: DashScopeTicket) -> Call:
    """Ask for the task; the service answers for 24 hours."""
    return Call("GET", _task(ticket))


def build_cancel(ticket: DashScopeTicket, state: JobState) -> Call | None:
    """Only a task that waits can be cancelled."""
    return Call("POST", f"{_task(ticket)}/cancel") if state == "queued" else None


def _task(ticket: DashScopeTicket) -> str:
    return f"/api/v1/tasks/{quote(ticket.task_id, safe='')}"


def parse_status(ticket: DashScopeTicket, reply: Reply) -> Step[DashScopeTicket]:
    """A task that failed is told with HTTP 200; `SUSPENDED` is in the vendor's client alone."""
    answer = reply.read(_Answer)
    output = answer.output or _Output()
    match (output.task_status or "").strip().upper():
        case "PENDING":
            return Wait(ticket, "queued")
        case "RUNNING" | "SUSPENDED":
            return Wait(ticket)
        case "SUCCEEDED":
            return _done(ticket, output, reply)
        case "FAILED" | "CANCELED" | "CANCELLED" | "UNKNOWN" as word:
            return _failed(answer, output, _WITHOUT_REASON[word])
        case _:
            return new_to_us(ticket, output.task_status or "")


def _done(ticket: DashScopeTicket, output: _Output, reply: Reply) -> Done:
    found = [result.video_url for result in (*(output.results or ()), output)]
    urls = dict.fromkeys(url.strip() for url in found if url and url.strip())
    if not urls:
        raise Malformed(f"no video_url; the answer began {reply.start()!r}")
    about = {
        "requestId": ticket.request_id,
        "taskId": ticket.task_id,
        "taskStatus": output.task_status,
    }
    # Signed links for anyone who has them, good for 24 hours: no key goes with them.
    return Done(tuple(map(Hosted, urls)), about)


_CANCELLED = "the task was cancelled"
_WITHOUT_REASON = {
    "FAILED": "the task failed; DashScope gave no reason",
    "CANCELED": _CANCELLED,
    "CANCELLED": _CANCELLED,
    "UNKNOWN": "DashScope does not know the task; it forgets a task after 24 hours",
}


def _failed(answer: _Answer, output: _Output, without_reason: str) -> Refused:
    text = output.message or answer.message or without_reason
    return _refused(text, output.code or answer.code or "", None, answer.request_id)


_WHY = {
    "InvalidParameter": Why.FORMAT,
    "InvalidURL": Why.FORMAT,
    "DataInspectionFailed": Why.CONTENT_POLICY,
    "IPInfringementSuspect": Why.CONTENT_POLICY,
    "Arrearage": Why.BILLING,
    "InvalidApiKey": Why.AUTH,
    "AccessDenied": Why.AUTH,
    "ModelNotFound": Why.MODEL_NOT_FOUND,
    "Throttling": Why.RATE_LIMIT,
    "InternalError": Why.SERVER_ERROR,
}
"""By the part of a code before the first dot."""
_REGION = (
    "key, model and host must be of the same region: the host is set as baseUrl of the provider in "
    "the configuration, https://dashscope.aliyuncs.com for China, "
    "https://dashscope-us.aliyuncs.com for the United States"
)
_UNREACHABLE = "the service fetches references itself: the address must be reachable by anyone"
_ADVICE = {
    "InvalidParameter.DataInspection": _UNREACHABLE,
    "InvalidURL": _UNREACHABLE,
    "InvalidApiKey": _REGION,
    "ModelNotFound": _REGION,
    "AccessDenied.Unpurchased": "the model has to be enabled for the account in Model Studio",
}


def _refused(text: str, code: str, status: int | None, request_id: str | None) -> Refused:
    why = _WHY.get(code.partition(".")[0]) or classify(status, text)
    return Refused(why, text, code, status, request_id or "", _ADVICE.get(code, ""))


def parse_error(reply: Reply) -> Refused:
    """A code beside the message; the host's OpenAI-like side puts both into `error`."""
    try:
        error = reply.read(_Error)
    except Malformed:
        error = _Error()
    code = error.code or (error.error and error.error.code) or ""
    return _refused(said(reply), code, reply.status, error.request_id)


# Where, and with which key


def read_base_url(configured: str) -> str:
    """The origin alone at the vendor's hosts, which serve chat under a path; others keep theirs."""
    try:
        url = urlsplit(configured.strip())
    except ValueError:
        return _BASE_URL
    if not url.hostname or url.scheme not in ("http", "https"):
        return _BASE_URL
    path = "" if url.hostname.endswith(".aliyuncs.com") else url.path.rstrip("/")
    return f"{url.scheme}://{url.netloc}{path}"


def refuse_base_url(base_url: str) -> str:
    """Plans for coding have hosts of their own, which serve no video."""
    host = urlsplit(base_url).hostname or ""
    coding = host in ("coding.dashscope.aliyuncs.com", "coding-intl.dashscope.aliyuncs.com")
    if coding or (host.startswith("token-plan.") and host.endswith(".maas.aliyuncs.com")):
        return f"it is the host of a coding or token plan, which makes no video; use {_BASE_URL}"
    return ""


def refuse_key(key: str) -> str:
    """Keys of those plans begin with `sk-sp-`."""
    if key.startswith("sk-sp-"):
        return (
            "it belongs to a coding or token plan, which makes no video; take a pay-as-you-go key"
        )
    return ""


def key(*env: str) -> Key:
    """Where a name of the service has its key."""
    return Key(env=env, refuse=refuse_key)


def provider(id: str, label: str, key: Key, *aliases: str) -> Provider[DashScopeTicket]:
    """One of the names under which the service is known."""
    return Provider(
        id=id,
        label=label,
        base_url=_BASE_URL,
        key=key,
        models=MODELS,
        caps=CAPS,
        ticket=DashScopeTicket,
        build_submit=build_submit,
        parse_submit=parse_submit,
        build_status=build_status,
        parse_status=parse_status,
        parse_error=parse_error,
        fit=fit,
        default_for=default_for,
        find_jobs="GET /api/v1/tasks?page_no=1&page_size=10 lists the account's tasks",
        build_cancel=build_cancel,
        read_base_url=read_base_url,
        refuse_base_url=refuse_base_url,
        aliases=aliases,
        poll_seconds=2.5,
        slowest_poll_seconds=15,
        deadline_seconds=1200,
    )
