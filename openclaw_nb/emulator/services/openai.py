"""OpenAI's video jobs: create, retrieve, list, delete, remix, edit, extend, characters, content.

Sources: openai/openai-openapi openapi.yaml (2026-08-21), OpenAI video generation guide (read 2026-11-21).

OpenAI shut this API down on 2026-09-24; it is played as it was, and as hosts that go on serving it vary it.
`Scenario.quirk` may be:
  retired_400, retired_404, retired_410: the API is gone; how OpenAI's own host words that is not documented
  azure: refusals are of the type `video_generation_user_error`
  bare_error: a failed job's `error` is a string
  url: a finished job names an address too, as some hosts do
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http import HTTPStatus

from openclaw_nb.emulator.clips import Clip, ClipSpec
from openclaw_nb.emulator.hosting import hand_over
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.references import Source, UnreadableError, footage
from openclaw_nb.emulator.wire import Handler, Later, Part, Reply, Request, Response, answer

from .openai_schemas import Character, Create, Edit, Extend, Problem, Remix, VideoReference, read

FPS = 30
KEPT_SECONDS = 3600
SHEET_COLUMNS = 8
MAX_PAGE = 100
POLL_MS = 10
LIMITS = {
    "x-ratelimit-limit-requests": "5",
    "x-ratelimit-remaining-requests": "0",
    "x-ratelimit-reset-requests": "1s",
}
RETIRED = {"retired_400": 400, "retired_404": 404, "retired_410": 410}
QUIRKS = {*RETIRED, "azure", "bare_error", "url"}
STATUS = {"running": "in_progress", "succeeded": "completed", "moderated": "failed"}
ERRORS = {
    "moderated": ("moderation_blocked", "Your request was blocked by our moderation system."),
    "failed": ("video_generation_failed", "The video could not be generated."),
}


def new_id() -> str:
    """A video id."""
    return f"video_{secrets.token_hex(16)}"


def service(jobs: Jobs) -> Handler:
    """OpenAI on this machine."""
    return OpenAI(jobs).handle


@dataclass(frozen=True, slots=True)
class Original:
    """A video to work on."""

    source: Source
    width: int
    height: int
    seconds: float
    model: str = "sora-2"


@dataclass(frozen=True, slots=True)
class OpenAI:
    """The routes."""

    jobs: Jobs
    characters: dict[str, dict[str, object]] = field(default_factory=dict[str, dict[str, object]])

    def handle(self, request: Request) -> Reply:
        """Any request."""
        try:
            self._authenticate(request)
            reply = self.jobs.no_such_quirk(QUIRKS) or self._route(request)
        except Problem as problem:
            reply = problem.response(azure=self.jobs.scenario.quirk == "azure")
        return _stamped(reply)

    def _authenticate(self, request: Request) -> None:
        key = request.headers.get("authorization", "")
        if not key.startswith("Bearer ") or not key.removeprefix("Bearer ").strip():
            raise Problem("You didn't provide an API key.", status=401)

    def _route(self, request: Request) -> Reply:
        if status := RETIRED.get(self.jobs.scenario.quirk or ""):
            raise Problem("The Videos API is no longer available.", status=status)
        match request.method, request.segments:
            case "POST", ["v1", "videos", *rest]:
                return self._post(request, rest)
            case "GET", ["v1", "videos"]:
                return self._list(request)
            case "GET", ["v1", "videos", "characters", id]:
                return self._character(id)
            case "GET", ["v1", "videos", id]:
                return self._retrieve(request, id)
            case "GET" | "HEAD", ["v1", "videos", id, "content"]:
                return self._content(request, id)
            case "DELETE", ["v1", "videos", id]:
                return self._delete(id)
            case method, _:
                raise Problem(f"Invalid URL ({method} {request.path})", status=404)

    def _post(self, request: Request, rest: list[str]) -> Response:
        match rest:
            case []:
                return self._create(request)
            case ["edits"]:
                return self._edit(request)
            case ["extensions"]:
                return self._extend(request)
            case ["characters"]:
                return self._new_character(request)
            case [id, "remix"]:
                return self._remix(request, id)
            case _:
                raise Problem(f"Invalid URL (POST {request.path})", status=404)

    def _create(self, request: Request) -> Response:
        body, asked = read(Create, request)
        body.check()
        wide, _, high = body.size.partition("x")
        size, seconds = (int(wide), int(high)), int(body.seconds)
        spec = ClipSpec(
            "openai",
            body.model,
            body.prompt,
            *size,
            seconds,
            FPS,
            audio=True,
            first_image=body.image,
        )
        return self._admit(request, Order(body.model, asked, spec))

    def _edit(self, request: Request) -> Response:
        body, asked = read(Edit, request)
        original = self._original(body.video)
        return self._admit(request, _reworked(original, body.prompt, asked))

    def _extend(self, request: Request) -> Response:
        body, asked = read(Extend, request)
        original = self._original(body.video)
        longer = replace(original, seconds=original.seconds + int(body.seconds))
        return self._admit(request, _reworked(longer, body.prompt, asked))

    def _remix(self, request: Request, id: str) -> Response:
        body, asked = read(Remix, request)
        original = self._original(VideoReference(id=id))
        return self._admit(request, _reworked(original, body.prompt, asked), remixed_from=id)

    def _new_character(self, request: Request) -> Response:
        body, _ = read(Character, request)
        self._original(body.video)
        id = f"char_{secrets.token_hex(16)}"
        made: dict[str, object] = {
            "id": id,
            "created_at": int(self.jobs.clock()),
            "name": body.name,
        }
        self.characters[id] = made
        return answer(made)

    def _character(self, id: str) -> Response:
        if id not in self.characters:
            raise Problem(f"Character with id '{id}' not found.", code="not_found", status=404)
        return answer(self.characters[id])

    def _original(self, video: Part | VideoReference) -> Original:
        if isinstance(video, VideoReference):
            return _made_here(self._job(video.id))
        try:
            found = footage(video.data)
        except UnreadableError as error:
            raise Problem(f"Invalid video: {error}", param="video", code="invalid_value") from error
        return Original(video.data, found.width, found.height, found.seconds)

    def _admit(self, request: Request, order: Order, remixed_from: str | None = None) -> Response:
        if self.jobs.scenario.submit_moderated:
            raise Problem("Your request was blocked.", param="prompt", code="sentinel_block")

        def said(job: Job) -> Response:
            job.notes["remixed_from_video_id"] = remixed_from
            return answer(_video(request, job))

        return self.jobs.admit(request, order, said, _http_error)

    def _job(self, id: str) -> Job:
        if id not in self.jobs.all or self.jobs.all[id].notes.get("deleted"):
            raise Problem(f"Video with id '{id}' not found.", code="not_found", status=404)
        return self.jobs.all[id]

    def _retrieve(self, request: Request, id: str) -> Response:
        job = self._job(id)
        failure = job.asked_after()
        if failure is not None:
            return _http_error(failure)
        response = answer(_video(request, job))
        return replace(response, headers={**response.headers, "openai-poll-after-ms": f"{POLL_MS}"})

    def _list(self, request: Request) -> Response:
        limit, order = _page(request)
        rows = [job for job in self.jobs.all.values() if not job.notes.get("deleted")]
        rows = rows if order == "asc" else rows[::-1]
        after = request.query.get("after")
        if after:
            rows = rows[[job.id for job in rows].index(self._job(after).id) + 1 :]
        shown = [_video(request, job) for job in rows[:limit]]
        ends = {"first_id": shown[0]["id"], "last_id": shown[-1]["id"]} if shown else _NO_ENDS
        return answer({"object": "list", "data": shown, **ends, "has_more": len(rows) > limit})

    def _delete(self, id: str) -> Response:
        job = self._job(id)
        if job.finished_at is None:
            raise Problem("Only completed or failed videos can be deleted.", code="invalid_state")
        job.notes["deleted"] = True
        return answer({"id": id, "object": "video.deleted", "deleted": True})

    def _content(self, request: Request, id: str) -> Reply:
        job = self._job(id)
        if job.state != "succeeded" or job.clip is None:
            raise Problem("Video is not ready yet, use GET /v1/videos/{id} to check.", status=404)
        match request.query.get("variant", "video"):
            case "video":
                return hand_over(request, job)
            case "thumbnail":
                return Later(job.clip, _picture(1))
            case "spritesheet":
                return Later(job.clip, _picture(SHEET_COLUMNS))
            case other:
                raise Problem(f"Invalid value: '{other}'.", param="variant", code="invalid_value")


_NO_ENDS = {"first_id": None, "last_id": None}


def _made_here(job: Job) -> Original:
    if job.state != "succeeded" or job.clip is None:
        raise Problem(f"Video '{job.id}' is not completed.", param="video", code="invalid_value")
    clip = job.clip.result()
    return Original(clip.path, clip.width, clip.height, clip.seconds, job.order.model)


def _reworked(original: Original, prompt: str, asked: dict[str, object]) -> Order:
    """The same size and length, from the frames of the original."""
    size = (original.width, original.height)
    spec = ClipSpec(
        "openai",
        original.model,
        prompt,
        *size,
        original.seconds,
        FPS,
        audio=True,
        video=original.source,
    )
    return Order(original.model, asked, spec)


def _picture(columns: int) -> Callable[[Clip], Response]:
    def drawn(clip: Clip) -> Response:
        from openclaw_nb.emulator.film import poster

        return Response(200, poster(clip.path, columns), {"content-type": "image/webp"})

    return drawn


def _page(request: Request) -> tuple[int, str]:
    limit, order = request.query.get("limit", "20"), request.query.get("order", "desc")
    if not limit.isdigit() or int(limit) > MAX_PAGE:
        raise Problem(f"Invalid 'limit': '{limit}'.", param="limit", code="invalid_value")
    if order not in {"asc", "desc"}:
        raise Problem(f"Invalid 'order': '{order}'.", param="order", code="invalid_value")
    return int(limit), order


def _video(request: Request, job: Job) -> dict[str, object]:
    """The video object, every documented field; on some hosts one more."""
    spec, state, finished = job.order.spec, job.state, job.finished_at
    done = int(finished) if finished is not None and state == "succeeded" else None
    named = done and job.scenario.quirk == "url"
    url = {"url": f"{request.base}/v1/videos/{job.id}/content"} if named else {}
    return {
        "id": job.id,
        "object": "video",
        "model": job.order.model,
        "status": job.word or STATUS.get(state, state),
        "progress": 100 if state == "succeeded" else round(99 * job.part_done),
        "created_at": int(job.created_at),
        "completed_at": done,
        "expires_at": done and done + KEPT_SECONDS,
        "prompt": spec.prompt,
        "seconds": f"{round(spec.seconds)}",
        "size": f"{spec.width}x{spec.height}",
        "remixed_from_video_id": job.notes.get("remixed_from_video_id"),
        "error": _error(job),
        **url,
    }


def _error(job: Job) -> object:
    code, message = ERRORS.get(job.state, (None, None))
    if code is None or job.scenario.quirk == "bare_error":
        return message
    return {"code": code, "message": message}


def _stamped(reply: Reply) -> Reply:
    if isinstance(reply, Later):
        return Later(reply.clip, lambda clip: _stamped(reply.then(clip)))
    return _with_id(reply)


def _with_id(response: Response) -> Response:
    return replace(
        response, headers={**response.headers, "x-request-id": f"req_{secrets.token_hex(16)}"}
    )


def _http_error(status: int) -> Response:
    code = {401: "invalid_api_key", 429: "rate_limit_exceeded"}.get(status)
    problem = Problem("The server could not serve the request.", code=code, status=status)
    said = problem.response()
    limits = LIMITS if status == HTTPStatus.TOO_MANY_REQUESTS else {}
    return replace(said, headers={**said.headers, **limits})
