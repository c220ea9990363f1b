"""Veo's wire: `:predictLongRunning`, then an operation without a status word.

Google ended it for API keys on 2026-10-22; gateways go on serving it.

Sources: Gemini API documentation "Generate videos with Veo", google-genai 2.34.0 (read 2026-11-21).
The rule of 8 seconds: ArcReel/ArcReel issue 1333.
"""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from openclaw_nb.core.domain import Asset, Job, Link, Why
from openclaw_nb.core.refusals import classify
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fitted,
    Inline,
    Malformed,
    Refused,
    Reply,
    Skip,
    Step,
    Wait,
)
from openclaw_nb.providers._google import (
    VERSION,
    Camel,
    GoogleTicket,
    is_file,
    output,
    sized,
    with_length,
    without_options,
)

_LONG = 8
_LONG_ONLY = ("1080P", "4K")
_PERSONS = ("allow_all", "allow_adult", "dont_allow")
_FRAMES = {None: "image", "first_frame": "image", "last_frame": "lastFrame"}


def fit(job: Job) -> Fitted | Skip:
    """Frames that go together, sizes, lengths that need 8 seconds, and the options there are."""
    if reason := _unfit(job):
        return Skip(reason)
    fitted = sized(job)
    fitted = with_length(fitted, _LONG, _must_be_long(fitted.job))
    return without_options(fitted, _refused_options(job))


def _unfit(job: Job) -> str | None:
    roles = [image.role for image in job.images]
    lasts, references = roles.count("last_frame"), roles.count("reference_image")
    firsts = len(roles) - lasts - references
    if firsts > 1 or lasts > 1:
        return (
            f"{job.model} allows at most 1 reference image as its first frame, {len(roles)} asked "
            "for; give the others the role last_frame or reference_image"
        )
    if lasts and not firsts:
        return f"{job.model} takes a last_frame only together with a first_frame"
    if references and firsts:
        return f"{job.model} takes either frames or reference images, not both"
    if any(isinstance(image, Link) and is_file(image.url) for image in job.images):
        return f"{job.model} takes images as bytes, not as files at Google; give the image itself"
    return None


def _must_be_long(job: Job) -> str:
    """Why the length must be 8 seconds, when another one is asked for; the service says 400."""
    if job.duration_seconds in (None, _LONG):
        return ""
    if job.resolution in _LONG_ONLY:
        return f"{job.resolution} is made in {_LONG} seconds only"
    if any(image.role == "reference_image" for image in job.images):
        return f"with reference images it makes {_LONG} seconds only"
    return ""


def _refused_options(job: Job) -> dict[str, str]:
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        match name:
            case "negativePrompt" if not isinstance(value, str):
                refused[name] = "must be a text"
            case "personGeneration" if value not in _PERSONS:
                refused[name] = f"must be one of {', '.join(_PERSONS)}"
            case "enhancePrompt" if not isinstance(value, bool):
                refused[name] = "must be true or false"
            case "negativePrompt" | "personGeneration" | "enhancePrompt":
                pass
            case _:
                refused[name] = "Veo takes only negativePrompt, personGeneration and enhancePrompt"
    return refused


def build_submit(job: Job) -> Call:
    """A number of seconds, a lower-case resolution; images and videos have differing key names."""
    instance: dict[str, object] = {"prompt": job.prompt}
    references: list[object] = []
    for image in job.images:
        if image.role == "reference_image":
            references.append({"image": _picture(image), "referenceType": "ASSET"})
        else:
            instance[_FRAMES[image.role]] = _picture(image)
    if references:
        instance["referenceImages"] = references
    if job.videos:
        instance["video"] = _clip(job.videos[0])
    body: dict[str, object] = {"instances": [instance]}
    if parameters := _parameters(job):
        body["parameters"] = parameters
    return Call("POST", f"/{VERSION}/{_model_path(job.model)}:predictLongRunning", json=body)


def _parameters(job: Job) -> dict[str, object]:
    # A length only when asked for: models have refused the field altogether (Veo 3.0, mid-2025).
    given = {
        "durationSeconds": job.duration_seconds,
        "aspectRatio": job.aspect_ratio,
        "resolution": job.resolution and job.resolution.lower(),
    }
    return {**job.provider_options, **{k: value for k, value in given.items() if value is not None}}


def _model_path(model: str) -> str:
    """`google/` and `models/` before an id are tolerated."""
    return f"models/{quote(model.removeprefix('google/').removeprefix('models/'))}"


def _picture(image: Asset) -> dict[str, object]:
    if isinstance(image, Link):
        raise TypeError("Veo wants the bytes of an image, not its address")
    return {"bytesBase64Encoded": Inline(image, "base64"), "mimeType": image.media_type}


def _clip(video: Asset) -> dict[str, object]:
    if isinstance(video, Link):
        return {"uri": video.url}
    return {"encodedVideo": Inline(video, "base64"), "encoding": video.media_type}


class _Video(Camel):
    uri: str | None = None
    name: str | None = None
    encoded_video: str | None = None
    encoding: str | None = None
    video_bytes: str | None = None
    mime_type: str | None = None


class _Sample(Camel):
    video: _Video | None = None


class _Samples(Camel):
    generated_samples: tuple[_Sample, ...] | None = None
    generated_videos: tuple[_Sample, ...] | None = None
    """How gateways that speak through Google's SDK call them."""
    rai_media_filtered_count: int | None = None
    rai_media_filtered_reasons: tuple[str, ...] | None = None

    @property
    def videos(self) -> list[_Video]:
        samples = (*(self.generated_samples or ()), *(self.generated_videos or ()))
        return [sample.video for sample in samples if sample.video]


class _Response(_Samples):
    generate_video_response: _Samples | None = None


class _Failure(Camel):
    code: int | str | None = None
    message: str | None = None
    status: str | None = None


class _Operation(Camel):
    name: str | None = None
    done: bool | None = None
    error: _Failure | None = None
    response: _Response | None = None


def parse_submit(reply: Reply) -> Step[GoogleTicket]:
    """The operation's name is all there is."""
    name = (reply.read(_Operation).name or "").strip("/")
    if not name:
        raise Malformed(f"no name; the answer began {reply.start()!r}")
    step = parse_status(GoogleTicket(id=name.rpartition("/")[2], operation=name), reply)
    return replace(step, state="queued") if isinstance(step, Wait) else step


def build_status(ticket: GoogleTicket) -> Call:
    """Whatever the name says: some gateways leave out the model."""
    return Call("GET", f"/{VERSION}/{quote(ticket.operation)}")


def parse_status(ticket: GoogleTicket, reply: Reply) -> Step[GoogleTicket]:
    """No word says how it stands: what is there and what is missing does."""
    operation = reply.read(_Operation)
    if not operation.done:
        return Wait(ticket)
    if operation.error:
        return _failed(operation.error)
    response = operation.response or _Response()
    both = (response.generate_video_response or _Samples(), response)
    videos = [video for samples in both for video in samples.videos]
    made = (
        output(v.uri or v.name, v.encoded_video or v.video_bytes, v.encoding or v.mime_type)
        for v in videos
    )
    if outputs := tuple(each for each in made if each):
        return Done(outputs, {"operation": ticket.operation})
    return next((refused for samples in both if (refused := _filtered(samples))), _NOTHING)


_NOTHING = Refused(Why.UNKNOWN, "the operation ended without a video and without a reason")
_BY_CODE: dict[int | str | None, Why] = {
    3: Why.FORMAT,
    4: Why.TIMEOUT,
    7: Why.AUTH,
    8: Why.RATE_LIMIT,
    13: Why.SERVER_ERROR,
    14: Why.OVERLOADED,
    16: Why.AUTH,
}
"""Google's RPC codes, as an operation has them."""


def _failed(failure: _Failure) -> Refused:
    text = failure.message or "the operation failed without a reason"
    why = classify(None, text)
    if why is not Why.CONTENT_POLICY:
        why = _BY_CODE.get(failure.code, why)
    return Refused(why, text, failure.status or str(failure.code or ""))


def _filtered(samples: _Samples) -> Refused | None:
    reasons = "; ".join(samples.rai_media_filtered_reasons or ())
    if not reasons and not samples.rai_media_filtered_count:
        return None
    text = reasons or "the video was filtered; no reason was given"
    return Refused(Why.CONTENT_POLICY, text, "raiMediaFiltered")
