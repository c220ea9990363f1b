"""DashScope's task API: submit a video, query, list and cancel tasks, upload a file. Serves two provider ids.

Quirks that a scenario can name. Refusals of a submission: `arrearage`, `ip_infringement`, `unpurchased`,
`allocation_quota`, `unreachable_media`; `compatible_error` refuses in the shape of the OpenAI-like side. Odd answers:
`results` puts the link into a list, `suspended` shows that word while a task runs, `cancelled` spells it with two L.

Sources: Alibaba Cloud Model Studio documentation, Wan API reference, "Manage asynchronous tasks", "Upload a file to
get a temporary URL", "Error codes" (read 2026-11-21).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order, State
from openclaw_nb.emulator.wire import (
    Handler,
    MalformedError,
    Reply,
    Request,
    Response,
    answer,
)

from ._dashscope_schemas import UNREACHABLE, Problem, film, invalid, new_signature, read

KEPT_SECONDS = 24 * 3600
MAX_PAGE = 100
REGION = "ap-southeast-1"
STAMP = "%Y%m%d%H%M%S"
WORDS = {
    "queued": "PENDING",
    "running": "RUNNING",
    "succeeded": "SUCCEEDED",
    "moderated": "FAILED",
    "failed": "FAILED",
    "expired": "UNKNOWN",
    "cancelled": "CANCELED",
}
FAILURES = {
    "moderated": ("DataInspectionFailed", "Output data may contain inappropriate content."),
    "failed": ("InternalError.Algo", "An internal algorithm error has occurred."),
}
HTTP_ERRORS = {
    400: ("InvalidParameter", "Required parameter(s) missing or invalid."),
    401: ("InvalidApiKey", "Invalid API-key provided."),
    402: ("Arrearage", "Access denied, please make sure your account is in good standing."),
    403: ("AccessDenied", "Access denied."),
    404: ("ModelNotFound", "Model can not be found."),
    429: ("Throttling.RateQuota", "Requests rate limit exceeded, please try again later."),
    503: ("InternalError.Unavailable", "Service unavailable, please try again later."),
}
REFUSALS = {
    "arrearage": (*HTTP_ERRORS[402], 400),
    "ip_infringement": (
        "IPInfringementSuspect",
        "Input data is suspected of being involved in IP infringement.",
        400,
    ),
    "unpurchased": ("AccessDenied.Unpurchased", "Access to model denied.", 403),
    "allocation_quota": (
        "Throttling.AllocationQuota",
        "Allocated quota exceeded, please increase your quota limit.",
        429,
    ),
    "unreachable_media": ("InvalidParameter.DataInspection", UNREACHABLE, 400),
}
ODD_ANSWERS = frozenset({"cancelled", "compatible_error", "results", "suspended"})


def new_id() -> str:
    """A task id."""
    return str(uuid.uuid4())


def service(jobs: Jobs) -> Handler:
    """DashScope on this machine."""
    return DashScope(jobs).handle


@dataclass(frozen=True, slots=True)
class DashScope:
    """The routes."""

    jobs: Jobs
    uploads: dict[str, bytes] = field(default_factory=dict[str, bytes])

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            return self._open(request) or self._route(request)
        except MalformedError as error:
            return invalid(str(error)).response()
        except Problem as problem:
            return problem.response()

    def _open(self, request: Request) -> Reply | None:
        """What needs no key: the storage beside the API."""
        match request.method, request.segments:
            case "GET" | "HEAD", ["result", name]:
                job = self.jobs.all.get(name.removesuffix(".mp4"))
                if job is None:
                    return Response(404, b"Not Found", {"content-type": "text/plain"})
                return key_leaked(request) or hand_over(request, job)
            case "POST", ["storage"]:
                return key_leaked(request) or self._keep(request)
            case _:
                return None

    def _route(self, request: Request) -> Reply:
        key = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not key or key.startswith("sk-sp-"):
            raise Problem(*HTTP_ERRORS[401], 401)
        match request.method, request.segments:
            case "POST", ["api", "v1", "services", "aigc", "video-generation", "video-synthesis"]:
                return self._create(request)
            case "GET", ["api", "v1", "tasks"]:
                return self._list(request)
            case "GET", ["api", "v1", "tasks", id]:
                return self._query(request, id)
            case "POST", ["api", "v1", "tasks", id, "cancel"]:
                return self._cancel(id)
            case "GET", ["api", "v1", "uploads"]:
                return _policy(request)
            case _:
                raise Problem("InvalidURL", f"No such resource: {request.path}", 404)

    def _create(self, request: Request) -> Response:
        if request.headers.get("x-dashscope-async") != "enable":
            text = "current user api does not support synchronous calls."
            raise Problem("AccessDenied", text, 403)
        find = self._finder(request)
        asked = request.fields()
        body = read(asked, find)
        if odd := self._refused():
            return odd
        order = Order(body.model, asked, film(self.jobs.provider, body, find))

        def said(job: Job) -> Response:
            job.notes["request_id"] = str(uuid.uuid4())
            job.notes["prompt_extend"] = body.parameters.prompt_extend is not False
            job.notes["resolution"], job.notes["ratio"] = body.tier
            task = {"task_id": job.id, "task_status": "PENDING"}
            return answer({"output": task, "request_id": job.notes["request_id"]})

        return self.jobs.admit(request, order, said, _http_error)

    def _finder(self, request: Request) -> Callable[[str], bytes | None]:
        """Bytes behind `oss://`, which are looked up only when a header says so."""
        resolves = request.headers.get("x-dashscope-ossresourceresolve") == "enable"
        return lambda url: self.uploads.get(url.removeprefix("oss://")) if resolves else None

    def _refused(self) -> Response | None:
        """As the scenario has it."""
        quirk = self.jobs.scenario.quirk
        if self.jobs.scenario.submit_moderated:
            raise Problem("DataInspectionFailed", "Input data may contain inappropriate content.")
        if quirk in REFUSALS:
            raise Problem(*REFUSALS[quirk])
        if quirk is not None and quirk not in ODD_ANSWERS:
            raise invalid(f"no quirk {quirk!r} here; there are {sorted({*REFUSALS, *ODD_ANSWERS})}")
        if quirk == "compatible_error":
            about = {"code": "invalid_parameter_error", "type": "invalid_request_error"}
            return answer({"error": {"message": "Invalid request.", **about}}, 400)
        return None

    def _kept(self, id: str) -> Job | None:
        job = self.jobs.all.get(id)
        is_old = job is not None and self.jobs.clock() - job.created_at > KEPT_SECONDS
        return None if is_old else job

    def _query(self, request: Request, id: str) -> Response:
        job = self._kept(id)
        if job is None:
            return _ok({"output": {"task_id": id, "task_status": "UNKNOWN"}})
        failure = job.asked_after()
        if failure is not None:
            return _http_error(failure)
        word, state = job.word, job.state
        status = {"task_id": id, "task_status": word or _word(job, state)}
        output = {**status, **_times(job, state), **_outcome(request, job, state)}
        usage = {"usage": _usage(job)} if state == "succeeded" else {}
        return _ok({"output": output, **usage})

    def _cancel(self, id: str) -> Response:
        job = self._kept(id)
        if job is None or job.state != "queued":
            text = "Failed to cancel the task, please confirm if the task is in PENDING status."
            raise Problem("UnsupportedOperation", text)
        job.cancel()
        return _ok({})

    def _list(self, request: Request) -> Response:
        page, size = _number(request, "page_no", 1), _number(request, "page_size", 10)
        if size > MAX_PAGE:
            raise invalid(f"page_size must be at most {MAX_PAGE}")
        rows = [_row(job) for job in self.jobs.all.values() if _within(request, job)]
        for name in ("task_id", "model_name", "api_key_id", "region", "status"):
            wanted = request.query.get(name)
            rows = [row for row in rows if not wanted or row[name] == wanted]
        shown = rows[(page - 1) * size : page * size]
        pages = {"total_page": -(-len(rows) // size), "page_no": page, "page_size": size}
        return _ok({"total": len(rows), "data": shown, **pages})

    def _keep(self, request: Request) -> Response:
        """Where a file is posted to with the fields of a policy."""
        parts = {part.name: part for part in request.form()}
        needed = {"OSSAccessKeyId", "Signature", "policy", "key", "file"}
        if missing := sorted(needed - set(parts)):
            body = f"<Error><Code>InvalidArgument</Code><Message>{missing}</Message></Error>"
            return Response(400, body.encode(), {"content-type": "application/xml"})
        self.uploads[parts["key"].text] = parts["file"].data
        return Response(200)


def _policy(request: Request) -> Response:
    if request.query.get("action") != "getPolicy" or not request.query.get("model"):
        raise invalid("action must be getPolicy, and model is required")
    return _ok(
        {
            "data": {
                "policy": new_signature(),
                "signature": new_signature(),
                "upload_dir": f"dashscope-instant/{uuid.uuid4().hex}/{datetime.now(tz=UTC):%Y-%m-%d}",
                "upload_host": f"{request.base}/storage",
                "expire_in_seconds": 300,
                "max_file_size_mb": 100,
                "capacity_limit_mb": 999999999,
                "oss_access_key_id": "LTAI-emulator",
                "x_oss_object_acl": "private",
                "x_oss_forbid_overwrite": "true",
            }
        }
    )


def _word(job: Job, state: State) -> str:
    quirks = {("running", "suspended"): "SUSPENDED", ("cancelled", "cancelled"): "CANCELLED"}
    return quirks.get((state, job.scenario.quirk or ""), WORDS[state])


def _times(job: Job, state: State) -> dict[str, str]:
    """When it was submitted, began and ended; without a zone."""
    times: dict[str, float | None] = {
        "submit_time": job.created_at,
        "scheduled_time": None if state == "queued" else job.created_at,
        "end_time": job.finished_at,
    }
    return {name: _stamp(moment) for name, moment in times.items() if moment is not None}


def _stamp(moment: float) -> str:
    return datetime.fromtimestamp(moment, tz=UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _outcome(request: Request, job: Job, state: State) -> dict[str, object]:
    """What a task that ended says about it."""
    if state in FAILURES:
        code, message = FAILURES[state]
        counted = {"TOTAL": 1, "SUCCEEDED": 0, "FAILED": 1}
        return {"code": code, "message": message, "task_metrics": counted}
    if state != "succeeded":
        return {}
    prompt = job.order.spec.prompt
    rewritten = {"actual_prompt": f"{prompt}, in detail"} if job.notes["prompt_extend"] else {}
    expires = int(job.finished_at or job.created_at) + KEPT_SECONDS
    signed = f"Expires={expires}&OSSAccessKeyId=LTAI-emulator&Signature={new_signature()}"
    link = {"video_url": f"{request.base}/result/{job.id}.mp4?{signed}"}
    carried = {"results": [link]} if job.scenario.quirk == "results" else link
    counted = {"TOTAL": 1, "SUCCEEDED": 1, "FAILED": 0}
    return {"orig_prompt": prompt, **rewritten, **carried, "task_metrics": counted}


def _usage(job: Job) -> dict[str, object]:
    seconds = round(job.order.spec.seconds)
    return {
        "duration": seconds,
        "input_video_duration": 0,
        "output_video_duration": seconds,
        "SR": int(str(job.notes["resolution"]).removesuffix("P")),
        "ratio": job.notes["ratio"],
        "fps": round(job.order.spec.fps),
        "video_count": 1,
    }


def _row(job: Job) -> dict[str, object]:
    """A task in a list; times are in milliseconds."""
    call = f"apikey:v1:aigc:video-generation:video-synthesis:{job.order.model}"
    row: dict[str, object] = {
        "api_key_id": "1",
        "caller_parent_id": "1",
        "caller_uid": "1",
        "gmt_create": round(job.created_at * 1000),
        "start_time": round(job.created_at * 1000),
        "model_name": job.order.model,
        "region": REGION,
        "request_id": job.notes["request_id"],
        "status": _word(job, job.state),
        "task_id": job.id,
        "user_api_unique_key": call,
    }
    ended = {} if job.finished_at is None else {"end_time": round(job.finished_at * 1000)}
    return {**row, **ended}


def _number(request: Request, name: str, usual: int) -> int:
    text = request.query.get(name) or str(usual)
    if not text.isdigit() or not int(text):
        raise invalid(f"{name} must be a positive number")
    return int(text)


def _within(request: Request, job: Job) -> bool:
    """Whether it was submitted in the time asked for, of which both ends are optional."""
    begin, end = _moment(request, "start_time"), _moment(request, "end_time")
    return (begin or 0) <= job.created_at <= (end or job.created_at)


def _moment(request: Request, name: str) -> float | None:
    text = request.query.get(name)
    if not text:
        return None
    try:
        return datetime.strptime(text, STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError as error:
        raise invalid(f"{name} must look like 20230420193058") from error


def _ok(body: Mapping[str, object]) -> Response:
    return answer({**body, "request_id": str(uuid.uuid4())})


def _http_error(status: int) -> Response:
    usual = ("InternalError", "An internal error has occured, please try again later.")
    code, message = HTTP_ERRORS.get(status, usual)
    return Problem(code, message, status).response()
