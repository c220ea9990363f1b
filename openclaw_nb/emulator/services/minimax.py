"""MiniMax V1 video: create, query, where is the file. It says no with HTTP 200.

Sources: MiniMax platform documentation "Text to Video", "Image to Video", "First and Last Frame to Video",
"Query Video Generation Task", "Video Download", "Error Codes" (read 2026-11-21).

`Scenario.quirk` may be:
  submit_<code>, query_<code>, file_<code>: HTTP 200 with that code of `MESSAGES`; to every submission, to the first
    query of a task, to the first retrieval of its file
  error_object: HTTP errors say `error.{type,message}` instead of a code
  failed_word: a task that ends badly is `Failed`, the word in the vendor's command-line client
  no_verdict: answers that say yes leave `base_resp` out
  video_url: a finished query names the address itself
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from openclaw_nb.emulator.clips import Clip, ClipSpec
from openclaw_nb.emulator.hosting import hand_over, key_leaked
from openclaw_nb.emulator.jobs import Job, Jobs, Order, Scenario
from openclaw_nb.emulator.references import UnreadableError, data_uri_bytes, image_size, is_address
from openclaw_nb.emulator.wire import (
    Handler,
    Later,
    MalformedError,
    Reply,
    Request,
    Response,
    answer,
)

from .minimax_signin import SignIn

FIRST_TASK = 329512010030001
FILE_OFFSET = 1010010001
LINK_SECONDS = 3600
MAX_PROMPT = 2000
MAX_IMAGE_BYTES = 20 * 2**20
MIN_IMAGE_SIDE = 300
MIN_RATIO, MAX_RATIO = 2 / 5, 5 / 2

MESSAGES = {
    0: "success",
    1000: "unknown error",
    1001: "request timeout",
    1002: "rate limit exceeded",
    1004: "login fail: Please carry the API secret key in the 'Authorization' field of the request header",
    1008: "insufficient balance",
    1013: "internal error",
    1026: "input new_sensitive",
    1027: "output new_sensitive",
    1039: "token limit exceeded",
    2013: "invalid params",
    2038: "real-name verification is required",
    2049: "invalid api key",
    2056: "usage limit exceeded",
}
QUIRKS = {"error_object", "failed_word", "no_verdict", "video_url"} | {
    f"{call}_{code}" for call in ("submit", "query", "file") for code in MESSAGES if code
}
SIZES = {"512P": (910, 512), "720P": (1280, 720), "768P": (1366, 768), "1080P": (1920, 1080)}


@dataclass(frozen=True, slots=True)
class Model:
    """What a model takes; lengths and resolutions that go together."""

    text: bool
    image: bool
    pairs: frozenset[tuple[int, str]]
    image_pairs: frozenset[tuple[int, str]] = frozenset()
    last_frame: bool = False
    subject: bool = False
    resolution: str = "768P"
    fps: int = 24


_NEW = frozenset({(6, "768P"), (6, "1080P"), (10, "768P")})
_OLD = frozenset({(6, "720P")})
_SMALL = frozenset({(6, "512P"), (10, "512P")})
_I2V = Model(text=False, image=True, pairs=_OLD, resolution="720P", fps=25)
_T2V = Model(text=True, image=False, pairs=_OLD, resolution="720P", fps=25)
MODELS = {
    "MiniMax-Hailuo-2.3": Model(text=True, image=True, pairs=_NEW),
    "MiniMax-Hailuo-2.3-Fast": Model(text=False, image=True, pairs=_NEW),
    "MiniMax-Hailuo-02": Model(
        text=True, image=True, pairs=_NEW, image_pairs=_SMALL, last_frame=True
    ),
    "I2V-01-Director": _I2V,
    "I2V-01-live": _I2V,
    "I2V-01": _I2V,
    "T2V-01-Director": _T2V,
    "T2V-01": _T2V,
    "S2V-01": Model(text=False, image=False, subject=True, pairs=_OLD, resolution="720P", fps=25),
}


def _no(text: str) -> PydanticCustomError:
    return PydanticCustomError("invalid_params", "{text}", {"text": text})


class Subject(BaseModel):
    """A picture of who is to appear."""

    model_config = ConfigDict(strict=True, extra="ignore")

    type: Literal["character"]
    image: list[str] = Field(min_length=1)


class Create(BaseModel):
    """The body of a submission."""

    model_config = ConfigDict(strict=True, extra="ignore")

    model: str
    prompt: str = Field(default="", max_length=MAX_PROMPT)
    first_frame_image: str | None = None
    last_frame_image: str | None = None
    subject_reference: list[Subject] | None = None
    duration: int = 6
    resolution: str | None = None
    prompt_optimizer: bool = True
    fast_pretreatment: bool = False
    callback_url: str | None = None
    aigc_watermark: bool = False

    @property
    def rules(self) -> Model:
        """The model's row."""
        return MODELS[self.model]

    @property
    def size_word(self) -> str:
        """The resolution, the model's own when none was given."""
        return self.resolution or self.rules.resolution

    @property
    def subjects(self) -> list[str]:
        """The pictures of who is to appear."""
        return [image for each in self.subject_reference or [] for image in each.image]

    @model_validator(mode="after")
    def _fits_the_model(self) -> Self:
        if self.model not in MODELS:
            raise _no(f"model {self.model} does not exist")
        self._check_inputs()
        allowed = self.rules.pairs
        if self.first_frame_image and not self.last_frame_image:
            allowed |= self.rules.image_pairs
        if (self.duration, self.size_word) not in allowed:
            raise _no(f"{self.model} does not support {self.size_word} with {self.duration} s")
        for image in (self.first_frame_image, self.last_frame_image, *self.subjects):
            _check_image(image)
        return self

    def _check_inputs(self) -> None:
        rules, framed = self.rules, self.first_frame_image or self.last_frame_image
        if rules.subject and not self.subject_reference:
            raise _no(f"{self.model} needs subject_reference")
        if self.subject_reference and not rules.subject:
            raise _no(f"{self.model} takes no subject_reference")
        if not rules.subject and not rules.text and not self.first_frame_image:
            raise _no(f"{self.model} needs first_frame_image")
        if framed and not rules.image:
            raise _no(f"{self.model} takes no first_frame_image")
        if self.last_frame_image and not rules.last_frame:
            raise _no(f"{self.model} takes no last_frame_image")
        if not self.prompt.strip() and not framed:
            raise _no("prompt is required")

    def clip(self, provider: str) -> ClipSpec:
        """The film: silent; 16:9 from text, the image's shape from an image."""
        image = self.first_frame_image or self.last_frame_image or next(iter(self.subjects), None)
        follows = self.first_frame_image is not None
        return ClipSpec(
            provider,
            self.model,
            self.prompt,
            *SIZES[self.size_word],
            self.duration,
            self.rules.fps,
            first_image=image,
            follows_reference=follows,
        )


def _check_image(text: str | None) -> None:
    """Official limits: under 20 MB, shorter side over 300 px, between 2:5 and 5:2."""
    if text is None or is_address(text):
        return
    try:
        data = data_uri_bytes(text)
        width, height = image_size(data)
    except UnreadableError as error:
        raise _no(f"image: {error}") from error
    if len(data) >= MAX_IMAGE_BYTES:
        raise _no("image: larger than 20 MB")
    if min(width, height) <= MIN_IMAGE_SIDE:
        raise _no(f"image: the shorter side of {width}x{height} is not over 300 px")
    if not MIN_RATIO <= width / height <= MAX_RATIO:
        raise _no(f"image: {width}x{height} is not between 2:5 and 5:2")


def new_id() -> str:
    """A task id: a string of digits, not given again by the next emulator."""
    return str(FIRST_TASK + secrets.randbelow(10**13))


def service(jobs: Jobs) -> Handler:
    """MiniMax on this machine."""
    return MiniMax(jobs).handle


@dataclass(frozen=True, slots=True)
class MiniMax:
    """The routes."""

    jobs: Jobs
    sign_in: SignIn = field(default_factory=SignIn)

    def handle(self, request: Request) -> Reply:
        """Any request."""
        if request.segments[:1] == ["inference_output"]:
            return self._download(request)
        keyless = self.jobs.no_such_quirk(QUIRKS) or self.sign_in.open(request, self.jobs.clock())
        return keyless or self._keyed(request)

    def _keyed(self, request: Request) -> Reply:
        if not request.headers.get("authorization", "").removeprefix("Bearer ").strip():
            return _refused(1004)
        routes: dict[str, Callable[[Request], Reply]] = {
            "POST /v1/video_generation": self._create,
            "GET /v1/query/video_generation": self._query,
            "GET /v1/files/retrieve": self._retrieve,
            "GET /v1/files/retrieve_content": self._content,
        }
        route = routes.get(f"{request.method} {request.path}")
        if route is None:
            return Response(404, b"404 page not found", {"content-type": "text/plain"})
        return route(request)

    def _create(self, request: Request) -> Response:
        try:
            asked = request.fields()
            wanted = Create.model_validate(asked)
        except MalformedError as error:
            return _refused(2013, str(error))
        except ValidationError as error:
            return _refused(2013, _first(error))
        if self.jobs.scenario.submit_moderated:
            return _refused(1026)
        if code := _code(self.jobs.scenario, "submit"):
            return _refused(code)
        order = Order(wanted.model, asked, wanted.clip(self.jobs.provider))
        return self.jobs.admit(
            request, order, lambda job: _ok({"task_id": job.id}, job.scenario), self._http_error
        )

    def _http_error(self, status: int) -> Response:
        if self.jobs.scenario.quirk == "error_object":
            said = {"type": "http_error", "message": "the request could not be served"}
            return answer({"error": said}, status)
        return _http_error(status)

    def _query(self, request: Request) -> Reply:
        job = self.jobs.all.get(request.query.get("task_id", ""))
        if job is None:
            return _refused(2013, "task_id")
        failure = job.asked_after()
        if failure is not None:
            return self._http_error(failure)
        if code := _once(job, "query"):
            return _refused(code)
        state = job.state
        if state == "succeeded" and job.clip is not None:
            return Later(job.clip, lambda clip: _success(request, job, clip))
        if state in {"queued", "running"}:
            word = job.word or {"queued": "Queueing"}.get(state, "Processing")
            return _ok(_task(job, word), job.scenario)
        word = "Failed" if job.scenario.quirk == "failed_word" else "Fail"
        return _answer(_task(job, word), 1027 if state == "moderated" else 0)

    def _by_file(self, request: Request) -> Job | None:
        number = request.query.get("file_id", "")
        job = self.jobs.all.get(str(int(number) - FILE_OFFSET)) if number.isdigit() else None
        return job if job is not None and job.state == "succeeded" else None

    def _retrieve(self, request: Request) -> Reply:
        job = self._by_file(request)
        if job is None or job.clip is None:
            return _refused(2013, "file_id")
        if code := _once(job, "file"):
            return _refused(code)
        return Later(job.clip, lambda clip: _ok({"file": _file(request, job, clip)}, job.scenario))

    def _content(self, request: Request) -> Reply:
        job = self._by_file(request)
        return hand_over(request, job) if job else _refused(2013, "file_id")

    def _download(self, request: Request) -> Reply:
        match request.segments:
            case [_, _, id, "output.mp4"]:
                job = self.jobs.all.get(id)
            case _:
                job = None
        if job is None or request.method not in {"GET", "HEAD"}:
            return Response(404, b"Not Found", {"content-type": "text/plain"})
        return key_leaked(request) or hand_over(request, job)


def _task(job: Job, status: str) -> dict[str, object]:
    return {"task_id": job.id, "status": status, "file_id": "", "video_width": 0, "video_height": 0}


def _success(request: Request, job: Job, clip: Clip) -> Response:
    found = {"file_id": str(int(job.id) + FILE_OFFSET)}
    if job.scenario.quirk == "video_url":
        found["video_url"] = _link(request, job)
    size = {"video_width": clip.width, "video_height": clip.height}
    return _ok({**_task(job, "Success"), **found, **size}, job.scenario)


def _link(request: Request, job: Job) -> str:
    ends = int(job.clock()) + LINK_SECONDS
    proof = sha256(f"{job.id}{ends}".encode()).hexdigest()[:16]
    where = f"{request.base}/inference_output/video/{job.id}/output.mp4"
    return f"{where}?Expires={ends}&Signature={proof}"


def _file(request: Request, job: Job, clip: Clip) -> dict[str, object]:
    return {
        "file_id": int(job.id) + FILE_OFFSET,
        "bytes": clip.bytes,
        "created_at": int(job.finished_at or job.created_at),
        "filename": "output.mp4",
        "purpose": "video_generation",
        "download_url": _link(request, job),
    }


def _first(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    return ": ".join([".".join(str(piece) for piece in found["loc"]), found["msg"]]).lstrip(": ")


def _answer(body: Mapping[str, object], code: int, more: str = "", status: int = 200) -> Response:
    message = f"{MESSAGES[code]}, {more}" if more else MESSAGES[code]
    trace = {"trace-id": sha256(repr((body, code)).encode()).hexdigest()[:32]}
    said = {**body, "base_resp": {"status_code": code, "status_msg": message}}
    return answer(said, status, trace)


def _ok(body: Mapping[str, object], scenario: Scenario) -> Response:
    return answer(body) if scenario.quirk == "no_verdict" else _answer(body, 0)


def _refused(code: int, more: str = "") -> Response:
    return _answer({}, code, more)


def _code(scenario: Scenario, call: str) -> int:
    """The code that a quirk has for this call; 0: none."""
    named, _, code = (scenario.quirk or "").partition("_")
    return int(code) if named == call else 0


def _once(job: Job, call: str) -> int:
    """The same, for the first call of its kind about a job."""
    if job.notes.get(call):
        return 0
    job.notes[call] = True
    return _code(job.scenario, call)


def _http_error(status: int) -> Response:
    codes = {401: 1004, 402: 1008, 429: 1002, 500: 1013}
    return _answer({}, codes.get(status, 1000), status=status)
