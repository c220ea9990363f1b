"""Gemini Omni's wire: interactions in the background, with files that are uploaded first.

Sources: Gemini API documentation of Omni and of interactions, google-gemini/gemini-skills (prompt
tags, region limits), google-genai 3.4.0 (read 2026-11-21).
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import quote

from pydantic import Field, JsonValue

from openclaw_nb.core.domain import Asset, Blob, Job, Link, Why
from openclaw_nb.core.refusals import classify
from openclaw_nb.core.wire import (
    Before,
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
    Wire,
    at_once,
    new_to_us,
)
from openclaw_nb.providers._google import (
    GoogleTicket,
    output,
    sized,
    upload,
    with_length,
    without_options,
)

TASKS = (
    "text_to_video",
    "image_to_video",
    "reference_to_video",
    "edit",
    "extend",
    "upscale",
)
_LONGEST_EXTENSION = 10
_TAGS = ("<FIRST_FRAME>", "<IMAGE_REF_")


def fit(job: Job) -> Fitted | Skip:
    """Frames that go together, sizes, how long an extension may be, and the options there are."""
    if reason := _unfit(job):
        return Skip(reason)
    fitted = with_length(sized(job), _LONGEST_EXTENSION, _too_long(job))
    return without_options(fitted, _refused_options(job))


def _too_long(job: Job) -> str:
    extends = job.provider_options.get("task") == "extend"
    if extends and (job.duration_seconds or 0) > _LONGEST_EXTENSION:
        return f"an extension adds at most {_LONGEST_EXTENSION} seconds"
    return ""


def _with_role(job: Job, *roles: str | None) -> list[Asset]:
    return [image for image in job.images if image.role in roles]


def _unfit(job: Job) -> str | None:
    firsts, lasts = _with_role(job, None, "first_frame"), _with_role(job, "last_frame")
    if len(firsts) > 1 or len(lasts) > 1:
        return (
            f"{job.model} takes one first frame and one last frame; give other images the role "
            "reference_image"
        )
    if lasts and not firsts:
        return f"{job.model} takes a last_frame only together with a first_frame"
    if lasts and _with_role(job, "reference_image"):
        return f"{job.model} takes either a last_frame or reference images, not both"
    task = job.provider_options.get("task")
    if task is not None and task not in TASKS:
        return f"{job.model} has no task {task!r}; the option task is one of {', '.join(TASKS)}"
    return None


def _refused_options(job: Job) -> dict[str, str]:
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        match name:
            case "seed" if not isinstance(value, int | float) or value != int(value):
                refused[name] = "must be a whole number"
            case "seed" | "previous_interaction_id" | "task":
                pass
            case _:
                refused[name] = "Omni takes only seed, previous_interaction_id and task"
    return refused


def prepare(job: Job, version: str) -> Before | Job:
    """A video on this machine is uploaded first; images go inline."""
    video = next((each for each in job.videos if isinstance(each, Blob)), None)
    return upload(job, video, version) if video else job


def build_submit(job: Job, version: str) -> Call:
    """In the background, as the answer would otherwise come with the clip; kept, for later edits."""
    options = job.provider_options
    body: dict[str, object] = {
        "model": job.model.removeprefix("google/").removeprefix("models/"),
        "input": _input(job),
        "response_format": _format(job),
        "background": True,
        "store": True,
    }
    config: dict[str, object] = {}
    if task := _task(job):
        config["video_config"] = {"task": task}
    if isinstance(seed := options.get("seed"), int | float):
        config["seed"] = int(seed)
    if config:
        body["generation_config"] = config
    if previous := options.get("previous_interaction_id"):
        body["previous_interaction_id"] = previous
    return Call("POST", f"/{version}/interactions", json=body)


def _format(job: Job) -> dict[str, object]:
    # Delivery inside the answer is for clips of about 4 MB at most.
    wanted: dict[str, object] = {"type": "video", "delivery": "uri"}
    if job.aspect_ratio is not None:
        wanted["aspect_ratio"] = job.aspect_ratio
    if job.resolution is not None:
        wanted["resolution"] = job.resolution.lower()
    if job.duration_seconds is not None:
        # A string with a unit: a number is a 400 that names response_format.
        wanted["duration"] = f"{job.duration_seconds}s"
    return wanted


def _task(job: Job) -> object:
    """Said rather than inferred, where it is certain."""
    if given := job.provider_options.get("task"):
        return given
    if job.videos:
        return "edit"
    references = _with_role(job, "reference_image")
    if references:
        return "reference_to_video" if len(references) == len(job.images) else None
    if job.images:
        return "image_to_video"
    # Of an earlier clip the prompt says whether it is to be edited or extended.
    return None if job.provider_options.get("previous_interaction_id") else "text_to_video"


def _input(job: Job) -> object:
    if not job.images and not job.videos:
        return job.prompt
    frames = [*_with_role(job, None, "first_frame"), *_with_role(job, "last_frame")]
    images = [*frames, *_with_role(job, "reference_image")]
    parts = [
        *(_part("image", image) for image in images),
        *(_part("video", video) for video in job.videos),
        {"type": "text", "text": _tagged(job)},
    ]
    return [{"type": "user_input", "content": parts}]


def _part(kind: Literal["image", "video"], asset: Asset) -> dict[str, object]:
    carried = {"uri": asset.url} if isinstance(asset, Link) else {"data": Inline(asset, "base64")}
    known = {"mime_type": asset.media_type} if asset.media_type else {}
    return {"type": kind, **carried, **known}


def _tagged(job: Job) -> str:
    """The prompt with the roles of the images as tags, unless the user wrote some."""
    if any(tag in job.prompt for tag in _TAGS):
        return job.prompt
    first, last = _with_role(job, None, "first_frame"), _with_role(job, "last_frame")
    references = [f"<IMAGE_REF_{n}>" for n in range(len(_with_role(job, "reference_image")))]
    if first and references:
        listed = " ".join(f"{tag}@Image{n}" for n, tag in enumerate(references, start=2))
        return f"[# Sources <FIRST_FRAME>@Image1] [# References {listed}] {job.prompt}"
    # Two images without tags are a start and an end.
    tags = ["<FIRST_FRAME>"] if first and not last else references
    return " ".join([*tags, job.prompt])


class _Content(Wire):
    type: str = ""
    uri: str | None = None
    data: str | None = None
    mime_type: str | None = None
    text: str | None = None


class _Turn(Wire):
    type: str = ""
    # Steps of other kinds must not spoil the one that is looked for.
    content: tuple[_Content, ...] | JsonValue = Field(default=None, union_mode="left_to_right")


class _Fault(Wire):
    code: str | int | None = None
    message: str | None = None


class _Interaction(Wire):
    id: str | None = None
    status: str | None = None
    model: str | None = None
    steps: tuple[_Turn, ...] | None = None
    output_video: _Content | None = None
    errors: tuple[_Fault, ...] | None = None

    @property
    def said(self) -> list[_Content]:
        """What the model answered to the last input; earlier turns may stand before it."""
        found: list[_Content] = []
        for step in self.steps or ():
            if step.type == "user_input":
                found.clear()
            elif step.type == "model_output" and isinstance(step.content, tuple):
                found += step.content
        return found


def parse_submit(reply: Reply) -> Step[GoogleTicket]:
    """An interaction; one that was not put into the background is over already."""
    interaction = reply.read(_Interaction)
    if not interaction.id:
        raise Malformed(f"no id; the answer began {reply.start()!r}")
    ticket = GoogleTicket(id=interaction.id)
    return at_once(ticket, parse_status(ticket, reply))


def build_status(ticket: GoogleTicket, version: str) -> Call:
    """Ask for the interaction."""
    return Call("GET", _path(ticket, version))


def build_cancel(ticket: GoogleTicket, version: str) -> Call:
    """Stop the interaction, queued or running."""
    return Call("POST", f"{_path(ticket, version)}/cancel")


def _path(ticket: GoogleTicket, version: str) -> str:
    return f"/{version}/interactions/{quote(ticket.id, safe='')}"


def parse_status(ticket: GoogleTicket, reply: Reply) -> Step[GoogleTicket]:
    """`completed` means over, not good: a refusal comes as a text in the video's place."""
    interaction = reply.read(_Interaction)
    match (interaction.status or "").strip().lower():
        case "queued":
            return Wait(ticket, "queued")
        case "in_progress":
            return Wait(ticket)
        case "completed":
            return _result(ticket, interaction)
        case word if word in _FAILED:
            return _failed(word, interaction)
        case _:
            return new_to_us(ticket, interaction.status or "")


# The two that want something of the user do not occur with a single video.
_FAILED = (
    "failed",
    "incomplete",
    "budget_exceeded",
    "cancelled",
    "requires_action",
    "requires_continuation",
)


def _result(ticket: GoogleTicket, interaction: _Interaction) -> Done | Refused:
    parts = interaction.said
    videos = [part for part in parts if part.type == "video"]
    if not videos and interaction.output_video:
        videos = [interaction.output_video]
    made = (output(video.uri, video.data, video.mime_type) for video in videos)
    if outputs := tuple(each for each in made if each):
        # What a later edit names as `previous_interaction_id`.
        return Done(outputs, {"interactionId": ticket.id})
    text = " ".join(part.text for part in parts if part.text)
    advice = (
        "Google answers so when it filters a request, and in the EEA, Switzerland, the United "
        "Kingdom and some US states when an uploaded video is to be edited; an edit by "
        "previous_interaction_id uploads nothing"
    )
    return Refused(
        Why.CONTENT_POLICY, text or "it completed without a video", "completed", advice=advice
    )


def _failed(word: str, interaction: _Interaction) -> Refused:
    faults = interaction.errors or ()
    text = "; ".join(fault.message for fault in faults if fault.message)
    code = next((str(fault.code) for fault in faults if fault.code is not None), word)
    text = text or f"the interaction ended as {word}, without a reason"
    return Refused(classify(None, text), text, code)
