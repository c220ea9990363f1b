"""The Gemini API's two wires for video: Veo operations, and interactions for Gemini Omni; and its files.

Both API versions are served. Retired models are served too, as gateways do. `Scenario.quirk` may be:

inline: a result comes as base64, not as an address.
sdk_shape, file_name: Veo results lie in `generatedVideos`, as bytes or as a file's bare name.
no_video: the job ends well and without a video or a reason.
bare_operation: operations are called `operations/<id>`, as one gateway has it.
retired: submissions to Veo are answered as since its end.
key_invalid: the key is refused, as Google does it: with 400.
error_list: errors come as a list of one.
file_failed: uploaded files cannot be processed.

Sources: Gemini API documentation of video generation, google-genai 2.34.0 and 3.4.0 (read 2026-11-21).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from openclaw_nb.emulator.clips import Clip, ClipSpec
from openclaw_nb.emulator.hosting import hand_over
from openclaw_nb.emulator.jobs import Job, Jobs, Order
from openclaw_nb.emulator.references import Footage, UnreadableError, footage
from openclaw_nb.emulator.references import Source as Bytes
from openclaw_nb.emulator.wire import Handler, Later, Reply, Request, Response, answer

from .google_files import HOST, Files, new_id, stamp
from .google_schemas import (
    OMNI,
    VEO,
    Image,
    Interact,
    Predict,
    Problem,
    Source,
    Video,
    booked,
    decoded,
    read,
)

__all__ = ["new_id", "service"]

VERSIONS = ("v1", "v1beta")
QUIRKS = frozenset(
    {
        "inline",
        "sdk_shape",
        "file_name",
        "no_video",
        "bare_operation",
        "retired",
        "key_invalid",
        "error_list",
        "file_failed",
    }
)
SIZES = {"360p": (640, 360), "720p": (1280, 720), "1080p": (1920, 1080), "4k": (3840, 2160)}
VEO_SECONDS, OMNI_SECONDS, EXTENSION_SECONDS = 8, 5, 7
EXHAUSTED = 429
ERROR = "type.googleapis.com/google.rpc.Code/"
RESULT = "type.googleapis.com/google.ai.generativelanguage.v1beta.PredictLongRunningResponse"
FILE = re.compile(r"/files/([a-z0-9]+)")
NO_FRAME = (
    "Sorry, we can't create videos with this content. Your prompt was not fulfilled because it may "
    "violate our policies. You have not been charged for this request."
)
ENDS = {
    "failed": (13, "Video generation failed due to an internal server issue. Please try again."),
    "expired": (4, "Deadline expired before operation could complete."),
    "cancelled": (1, "The operation was cancelled."),
}
STATUS = {
    "running": "in_progress",
    "succeeded": "completed",
    "moderated": "completed",
    "expired": "incomplete",
}


def service(jobs: Jobs) -> Handler:
    """The Gemini API on this machine."""
    return Google(jobs, Files(jobs.clock)).handle


@dataclass(frozen=True, slots=True)
class Google:
    """The routes."""

    jobs: Jobs
    files: Files
    deleted: set[str] = field(default_factory=set[str])

    def handle(self, request: Request) -> Reply:
        """Any request."""
        quirk = self.jobs.scenario.quirk
        try:
            _check_quirk(quirk)
            return self._upload(request) or self._authenticated(request)
        except Problem as problem:
            return problem.response(in_a_list=quirk == "error_list")

    def _upload(self, request: Request) -> Response | None:
        """The bytes of a file go to a signed address: no key is asked for."""
        token = request.query.get("upload_id")
        if request.segments[:1] != ["upload"] or token is None:
            return None
        return self.files.receive(request, token)

    def _authenticated(self, request: Request) -> Reply:
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not (request.headers.get("x-goog-api-key") or request.query.get("key") or bearer):
            raise Problem(
                "Method doesn't allow unregistered callers (callers without established identity)."
                " Please use API Key or other form of API consumer identity to call this API.",
                status=403,
            )
        match request.segments:
            case ["upload", version, "files"] if version in VERSIONS and request.method == "POST":
                return self.files.start(request, spoilt=self.jobs.scenario.quirk == "file_failed")
            case [version, *rest] if version in VERSIONS:
                return self._versioned(request, rest)
            case _:
                raise _no_such_page(request)

    def _versioned(self, request: Request, path: list[str]) -> Reply:
        match request.method, path:
            case "POST", ["models", called] if called.endswith(":predictLongRunning"):
                return self._predict(request, called.removesuffix(":predictLongRunning"))
            case "GET", ["models", _, "operations", id] | ["operations", id]:
                return self._operation(id)
            case _, ["interactions", *rest]:
                return self._interactions(request, rest)
            case _, ["files", *rest]:
                return self._files(request, rest)
            case _:
                raise _no_such_page(request)

    def _interactions(self, request: Request, path: list[str]) -> Reply:
        match request.method, path:
            case "POST", []:
                return self._interact(request)
            case "GET", [id]:
                return self._interaction(id)
            case "POST", [id, "cancel"]:
                return self._cancel(id)
            case "DELETE", [id]:
                self.deleted.add(self._job(id).id)
                return answer({})
            case _:
                raise _no_such_page(request)

    def _files(self, request: Request, path: list[str]) -> Reply:
        match request.method, path:
            case "GET", []:
                return self.files.list()
            case "GET" | "HEAD", [called] if called.endswith(":download"):
                return self._download(request, called.removesuffix(":download"))
            case "GET", [id]:
                return self.files.look(id)
            case "DELETE", [id]:
                return self.files.delete(id)
            case _:
                raise _no_such_page(request)

    # Veo

    def _predict(self, request: Request, model: str) -> Response:
        if model not in VEO:
            raise Problem(
                f"models/{model} is not found for API version {request.segments[0]}, or is not "
                "supported for predictLongRunning. Call ListModels to see the list of available "
                "models and their supported methods.",
                status=404,
            )
        if self.jobs.scenario.quirk == "retired":
            raise Problem(
                f"This model models/{model} is no longer available. Please update your code to use "
                "a newer model for the latest features and improvements.",
                status=404,
            )
        body, asked = read(Predict, request)
        body.check(model)
        order = Order(model, {"model": model, **booked(asked)}, self._veo_clip(model, body))
        return self._admit(request, order, lambda job: answer({"name": _name(job)}))

    def _veo_clip(self, model: str, body: Predict) -> ClipSpec:
        asked, given = body.parameters, body.instance
        seconds = asked.duration_seconds or VEO_SECONDS
        shown = [given.image, *(each.image for each in given.reference_images)]
        picture = next((each for each in shown if each is not None), None)
        source = self._extended(given.video) if given.video else None
        if source is not None:
            seconds = round(_footage(source).seconds + EXTENSION_SECONDS)
        return ClipSpec(
            "google",
            model,
            given.prompt,
            *_size(asked.resolution, asked.aspect_ratio),
            seconds,
            audio=True,
            first_image=picture.data if picture else None,
            video=source,
        )

    def _extended(self, video: Source) -> Bytes:
        """The clip to extend. Of bytes nobody can tell who made them; a file must be Veo's."""
        if video.uri is None:
            return decoded(video.encoded_video or "")
        made = self.jobs.all.get(_file_id(video.uri))
        if made is None or made.order.model not in VEO or made.clip is None:
            raise Problem("The video to extend must have been generated by Veo.")
        return made.clip.result().path

    def _operation(self, id: str) -> Reply:
        job = self.jobs.all.get(id)
        if job is None or job.order.model not in VEO:
            raise Problem(f"Operation not found: {id}", status=404)
        self._count(job)
        if job.scenario.quirk in {"inline", "sdk_shape"} and job.state == "succeeded" and job.clip:
            return Later(job.clip, lambda clip: answer(_operation_json(job, clip)))
        return answer(_operation_json(job))

    # Interactions

    def _interact(self, request: Request) -> Response:
        body, asked = read(Interact, request)
        if body.model not in OMNI:
            raise Problem(f"Model '{body.model}' not found.", status=404)
        body.check()
        order = Order(body.model, booked(asked), self._omni_clip(body))

        def said(job: Job) -> Response:
            job.notes |= {"previous_interaction_id": body.previous_interaction_id}
            job.notes |= {"inline": body.response_format.delivery == "inline"}
            if not body.background:
                job.ended_at = job.clock()  # it answers when it is done
            return answer(_interaction_json(job, _in_hand(job)))

        return self._admit(request, order, said)

    def _omni_clip(self, body: Interact) -> ClipSpec:
        asked = body.response_format
        source = self._reworked(body)
        seconds = asked.seconds or OMNI_SECONDS
        if source is not None:
            found = _footage(source).seconds
            seconds = found + seconds if body.task == "extend" else asked.seconds or found
        return ClipSpec(
            "google",
            body.model,
            body.prompt,
            *_size(asked.resolution, asked.aspect_ratio),
            seconds,
            audio=True,
            first_image=self._bytes(body.images[0]) if body.images else None,
            video=source,
        )

    def _reworked(self, body: Interact) -> Bytes | None:
        """The clip to edit: shown, or made before."""
        if body.videos:
            return self._bytes(body.videos[0])
        if body.previous_interaction_id is None:
            return None
        job = self._job(body.previous_interaction_id)
        if job.state != "succeeded" or job.clip is None:
            raise Problem(f"The interaction {job.id} has no video.")
        return job.clip.result().path

    def _bytes(self, part: Image | Video) -> Bytes:
        if part.data is not None:
            return decoded(part.data)
        id = _file_id(part.uri or "")
        made = self.jobs.all.get(id)
        if made is not None and made.clip is not None and made.state == "succeeded":
            return made.clip.result().path
        return self.files.usable(id).data

    def _interaction(self, id: str) -> Reply:
        job = self._job(id)
        self._count(job)
        if job.clip and _is_inline(job) and job.state == "succeeded":
            return Later(job.clip, lambda clip: answer(_interaction_json(job, clip)))
        return answer(_interaction_json(job))

    def _cancel(self, id: str) -> Response:
        job = self._job(id)
        if not job.cancel():
            raise Problem(f"The interaction {id} is not running.")
        return answer(_interaction_json(job))

    def _job(self, id: str) -> Job:
        job = self.jobs.all.get(id)
        if job is None or job.order.model not in OMNI or id in self.deleted:
            raise Problem(f"Invalid interaction name: {id}")
        return job

    # both

    def _admit(self, request: Request, order: Order, said: Callable[[Job], Response]) -> Response:
        scenario = self.jobs.scenario
        if scenario.quirk == "key_invalid":
            raise Problem(
                "API key not valid. Please pass a valid API key.", reason="API_KEY_INVALID"
            )
        if scenario.submit_moderated:
            raise Problem("The prompt could not be submitted: it was blocked by safety filters.")
        return self.jobs.admit(request, order, said, _http_error)

    def _count(self, job: Job) -> None:
        failure = job.asked_after()
        if failure is not None:
            raise _failure(failure)

    def _download(self, request: Request, id: str) -> Reply:
        job = self.jobs.all.get(id)
        if job is None or job.state != "succeeded" or request.query.get("alt") != "media":
            raise Problem(f"The File {id} may not exist, or cannot be downloaded.", status=403)
        return hand_over(request, job)


def _check_quirk(quirk: str | None) -> None:
    if quirk is not None and quirk not in QUIRKS:
        raise Problem(f"the emulator has no quirk {quirk!r}; it has {sorted(QUIRKS)}")


def _no_such_page(request: Request) -> Problem:
    return Problem(f"The requested URL {request.path} was not found on this server.", status=404)


def _failure(status: int) -> Problem:
    text = "Resource has been exhausted (e.g. check quota)." if status == EXHAUSTED else None
    return Problem(text or "The service could not serve the request.", status=status)


def _http_error(status: int) -> Response:
    return _failure(status).response()


def _size(resolution: str, ratio: str) -> tuple[int, int]:
    wide, high = SIZES[resolution]
    return (wide, high) if ratio == "16:9" else (high, wide)


def _file_id(uri: str) -> str:
    found = FILE.search(uri)
    if found is None:
        raise Problem(f"Unsupported file uri: {uri}")
    return found[1]


def _footage(source: Bytes) -> Footage:
    data = source.read_bytes() if isinstance(source, Path) else source
    try:
        return footage(data if isinstance(data, bytes) else b"")
    except UnreadableError as error:
        raise Problem(f"Unable to process input video: {error}") from error


def _name(job: Job) -> str:
    if job.scenario.quirk == "bare_operation":
        return f"operations/{job.id}"
    return f"models/{job.order.model}/operations/{job.id}"


def _uri(job: Job) -> str:
    """Google's own address whatever this machine's is: its clients read the id out of it."""
    return f"{HOST}/v1beta/files/{job.id}"


def _base64(clip: Clip) -> str:
    return base64.b64encode(clip.path.read_bytes()).decode()


def _operation_json(job: Job, clip: Clip | None = None) -> dict[str, object]:
    said: dict[str, object] = {"name": _name(job)}
    state = job.state
    if state in {"queued", "running"}:
        return said
    said["done"] = True
    if state in ENDS:
        code, message = ENDS[state]
        return {**said, "error": {"code": code, "message": message}}
    return {**said, "response": {"@type": RESULT, **_result(job, clip)}}


def _result(job: Job, clip: Clip | None) -> dict[str, object]:
    if job.state == "moderated":
        filtered = {"raiMediaFilteredCount": 1, "raiMediaFilteredReasons": [NO_FRAME]}
        return {"generateVideoResponse": filtered}
    match job.scenario.quirk:
        case "no_video":
            return {"generateVideoResponse": {}}
        case "file_name":
            return {"generatedVideos": [{"video": {"name": f"files/{job.id}"}}]}
        case "sdk_shape" if clip:
            video = {"videoBytes": _base64(clip), "mimeType": "video/mp4"}
            return {"generatedVideos": [{"video": video}]}
        case "inline" if clip:
            video = {"encodedVideo": _base64(clip), "encoding": "video/mp4"}
        case _:
            video = {"uri": f"{_uri(job)}:download?alt=media"}
    return {"generateVideoResponse": {"generatedSamples": [{"video": video}]}}


def _is_inline(job: Job) -> bool:
    return bool(job.notes.get("inline")) or job.scenario.quirk == "inline"


def _in_hand(job: Job) -> Clip | None:
    ready = job.clip and _is_inline(job) and job.state == "succeeded"
    return job.clip.result() if job.clip and ready else None


def _interaction_json(job: Job, clip: Clip | None = None) -> dict[str, object]:
    """The Interaction, every documented field."""
    state = job.state
    said: dict[str, object] = {
        "id": job.id,
        "status": job.word or STATUS.get(state, state),
        "model": job.order.model,
        "created": stamp(job.created_at),
        "updated": stamp(job.finished_at or job.clock()),
        "steps": _steps(job, clip),
        "usage": {"total_input_tokens": 0, "total_output_tokens": 0, "total_tokens": 0},
    }
    if job.notes.get("previous_interaction_id"):
        said["previous_interaction_id"] = job.notes["previous_interaction_id"]
    if state in {"failed", "expired"}:
        code, message = ENDS[state]
        said["errors"] = [{"code": f"{ERROR}{code}", "message": message}]
    return said


def _steps(job: Job, clip: Clip | None) -> list[dict[str, object]]:
    steps = [_step("user_input", {"type": "text", "text": job.order.spec.prompt})]
    if job.state == "moderated":
        steps.append(_step("model_output", {"type": "text", "text": NO_FRAME}))
    elif job.state == "succeeded" and job.scenario.quirk != "no_video":
        carried = {"data": _base64(clip)} if clip else {"uri": _uri(job)}
        steps.append(_step("model_output", {"type": "video", "mime_type": "video/mp4", **carried}))
    return steps


def _step(kind: str, part: dict[str, object]) -> dict[str, object]:
    return {"type": kind, "content": [part]}
