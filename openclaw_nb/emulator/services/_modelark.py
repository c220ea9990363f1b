"""ModelArk's video tasks: create, get, list, cancel or delete, and the files where they are stored.

Besides the fields of a `Scenario` it knows one quirk: an error code of `_modelark_errors`. A code of `INPUT_CODES`
refuses every submission, one of `OUTPUT_CODES` is what a moderated task ends with.

Sources: BytePlus ModelArk documentation "Create a video generation task", "Retrieve a video generation task", "List
video generation tasks", "Cancel or delete a video generation task", "Error codes" (read 2026-11-21).
"""

from __future__ import annotations

import secrets
import string
import time
from dataclasses import dataclass, replace
from hashlib import sha256

from openclaw_nb.emulator.clips import Clip, ClipSpec, Spec
from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.wire import Handler, Later, Reply, Request, Response, answer

from ._modelark_errors import INPUT_CODES, OUTPUT_CODES, Problem, failing, wrong
from ._modelark_models import FPS, nearest_ratio, size_of
from ._modelark_schemas import Wanted, page, read, understood

KEPT_SECONDS = 7 * 24 * 3600
LINK_SECONDS = 24 * 3600
PIXELS_PER_TOKEN = 1024
STATUS = {"moderated": "failed"}


def new_id() -> str:
    """A task id: when it was made, and five characters."""
    tail = "".join(secrets.choice(string.ascii_lowercase + string.digits) for _ in range(5))
    return f"cgt-{time.strftime('%Y%m%d%H%M%S', time.gmtime())}-{tail}"


def serving(jobs: Jobs, endpoint: str) -> Handler:
    """ModelArk on this machine, for an account whose `ep-...` ids lead to the model `endpoint`."""
    return ModelArk(jobs, endpoint).handle


@dataclass(frozen=True, slots=True)
class ModelArk:
    """The routes."""

    jobs: Jobs
    endpoint: str

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            return self._route(request)
        except Problem as problem:
            return problem.response()

    def _route(self, request: Request) -> Reply:
        match request.method, request.segments:
            case "GET" | "HEAD", ["ark-content", name]:
                return self._file(request, name)
            case method, ["api", "v3", "contents", "generations", "tasks", *rest]:
                _authenticate(request)
                return self._tasks(request, method, rest)
            case _:
                return Response(404, b"404 page not found", {"content-type": "text/plain"})

    def _tasks(self, request: Request, method: str, rest: list[str]) -> Reply:
        match method, rest:
            case "POST", []:
                return self._create(request)
            case "GET", []:
                return self._list(request)
            case "GET", [id]:
                return self._get(request, id)
            case "DELETE", [id]:
                return self._delete(id)
            case _:
                return Response(405, b"405 method not allowed", {"content-type": "text/plain"})

    def _create(self, request: Request) -> Response:
        wanted = read(request, self.endpoint)
        quirk = self.jobs.scenario.quirk
        if quirk in INPUT_CODES:
            raise Problem(quirk)
        if quirk is not None and quirk not in OUTPUT_CODES:
            known = [*INPUT_CODES, *OUTPUT_CODES]
            return answer({"error": f"no such quirk: {quirk}; there are {known}"}, 501)
        if self.jobs.scenario.submit_moderated:
            raise Problem("InputTextSensitiveContentDetected")
        draft = self._draft(wanted)
        order = Order(wanted.body.model, dict(wanted.asked), self._spec(wanted, draft))

        def said(job: Job) -> Response:
            return _told({"id": job.id, **_labelled(wanted)})

        return self.jobs.admit(request, order, said, lambda status: failing(status).response())

    def _draft(self, wanted: Wanted) -> Job | None:
        """The draft that is to be made in full."""
        if wanted.draft_of is None:
            return None
        draft = self.jobs.all.get(wanted.draft_of)
        if "draft" not in wanted.model.fields or draft is None:
            raise wrong("draft_task", "there is no such draft.")
        if draft.state != "succeeded" or not draft.order.asked.get("draft"):
            raise wrong("draft_task", "the task is not a draft that succeeded.")
        return draft

    def _spec(self, wanted: Wanted, draft: Job | None) -> Spec:
        body, model = wanted.body, wanted.model
        ratio = "16:9" if body.ratio in (None, "adaptive") else body.ratio
        width, height = size_of(model, wanted.resolution, ratio)
        if draft is not None:
            return replace(draft.order.spec, width=width, height=height)
        images, videos = wanted.images, wanted.videos
        return ClipSpec(
            self.jobs.provider,
            body.model,
            wanted.prompt,
            width,
            height,
            body.seconds,
            FPS,
            audio=model.sound and body.generate_audio is not False,
            first_image=images[0].image_url.url if images else None,
            video=videos[0].video_url.url if videos else None,
            follows_reference=wanted.is_adaptive,
        )

    def _job(self, id: str) -> Job:
        job = self.jobs.all.get(id)
        if job is None or job.notes.get("deleted") or _is_forgotten(job):
            raise Problem("ResourceNotFound", f"The task {id} is not found.", param="id")
        return job

    def _get(self, request: Request, id: str) -> Reply:
        job = self._job(id)
        failure = job.asked_after()
        if failure is not None:
            raise failing(failure)
        if job.state == "succeeded" and job.clip is not None:
            return Later(job.clip, lambda _: _told(self._task(request, job)))
        return _told(self._task(request, job))

    def _task(self, request: Request, job: Job) -> dict[str, object]:
        wanted = understood(job.order.asked, self.endpoint)
        told = _progress(job, wanted)
        return {**told, **_result(request, job, wanted)} if job.state == "succeeded" else told

    def _list(self, request: Request) -> Response:
        asked = page(request)
        found = [
            task
            for job in reversed(self.jobs.all.values())
            if not job.notes.get("deleted") and not _is_forgotten(job)
            for task in [self._task(request, job)]
            if asked.status in (None, task["status"])
            and asked.model in (None, task["model"])
            and asked.service_tier in (None, task["service_tier"])
            and (not asked.ids or job.id in asked.ids)
        ]
        first = (asked.number - 1) * asked.size
        return _told({"total": len(found), "items": found[first : first + asked.size]})

    def _delete(self, id: str) -> Response:
        """A queued task is cancelled; of an ended one the record is deleted."""
        job = self._job(id)
        match job.state:
            case "queued":
                job.cancel()
            case "running":
                raise Problem("InvalidAction.RunningTaskDeletion", param="id")
            case "cancelled":
                raise wrong("id", "The task is cancelled already.")
            case _:
                job.notes["deleted"] = True
        return _told({})

    def _file(self, request: Request, name: str) -> Reply:
        id, _, kind = name.partition(".")
        job = self.jobs.all.get(id)
        if job is None or job.state != "succeeded" or job.clip is None:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        if leaked := key_leaked(request):
            return leaked
        return hand_over(request, job) if kind == "mp4" else Later(job.clip, _last_frame)


def _told(value: dict[str, object]) -> Response:
    return answer(value, headers={"x-request-id": secrets.token_hex(16)})


def _authenticate(request: Request) -> None:
    scheme, _, key = request.headers.get("authorization", "").partition(" ")
    if scheme != "Bearer" or not key.strip():
        raise Problem("AuthenticationError")


def _is_forgotten(job: Job) -> bool:
    return job.clock() - job.created_at > KEPT_SECONDS


def _labelled(wanted: Wanted) -> dict[str, object]:
    label = wanted.body.safety_identifier
    return {} if label is None else {"safety_identifier": label}


def _progress(job: Job, wanted: Wanted) -> dict[str, object]:
    """What ModelArk tells of a task before it has succeeded."""
    body, state = wanted.body, job.state
    told: dict[str, object] = {
        "id": job.id,
        "model": body.model,
        "status": job.word or STATUS.get(state, state),
        "error": _error(job),
        "created_at": int(job.created_at),
        "updated_at": int(job.finished_at or job.clock()),
        "service_tier": body.service_tier or "default",
        "execution_expires_after": body.execution_expires_after,
        **_labelled(wanted),
    }
    return told if wanted.draft_of is None else {**told, "draft_task_id": wanted.draft_of}


def _error(job: Job) -> dict[str, object] | None:
    if job.state == "failed":
        return {"code": "InternalServiceError", "message": INPUT_CODES["InternalServiceError"][1]}
    if job.state == "moderated":
        code = next(iter(OUTPUT_CODES)) if job.scenario.quirk is None else job.scenario.quirk
        return {"code": code, "message": f"{OUTPUT_CODES[code]} Request id: {job.digest[:32]}"}
    return None


def _result(request: Request, job: Job, wanted: Wanted) -> dict[str, object]:
    body, model, spec = wanted.body, wanted.model, job.order.spec
    tokens = round(spec.seconds * spec.width * spec.height * FPS / PIXELS_PER_TOKEN)
    length = {"frames": body.frames} if body.frames else {"duration": round(spec.seconds)}
    found: dict[str, object] = {
        "content": _content(request, job, wanted),
        "usage": {"completion_tokens": tokens, "total_tokens": tokens},
        "seed": body.seed if body.seed not in (None, -1) else int(job.digest[:4], 16),
        "resolution": wanted.resolution,
        "ratio": _ratio(job, wanted),
        **length,
        "framespersecond": FPS,
    }
    if model.sound:
        found["generate_audio"] = spec.audio
    if "draft" in model.fields:
        found["draft"] = bool(body.draft)
    if "priority" in model.fields:
        found["priority"] = body.priority or 0
    return found


def _ratio(job: Job, wanted: Wanted) -> str:
    """As asked; what the film has when it was to adapt."""
    if wanted.body.ratio not in (None, "adaptive"):
        return wanted.body.ratio
    if wanted.is_adaptive and job.clip is not None and job.clip.done():
        clip = job.clip.result()
        return nearest_ratio(clip.width, clip.height)
    return "16:9"


def _content(request: Request, job: Job, wanted: Wanted) -> dict[str, object]:
    proof = sha256(job.id.encode()).hexdigest()[:16]
    signed = f"X-Tos-Expires={LINK_SECONDS}&X-Tos-Signature={proof}"
    where = f"{request.base}/ark-content/{job.id}"
    found: dict[str, object] = {"video_url": f"{where}.mp4?{signed}"}
    if wanted.body.return_last_frame:
        found["last_frame_url"] = f"{where}.png?{signed}"
    return found


def _last_frame(clip: Clip) -> Response:
    from openclaw_nb.emulator.film import last_frame

    return Response(200, last_frame(clip.path), {"content-type": "image/png"})
