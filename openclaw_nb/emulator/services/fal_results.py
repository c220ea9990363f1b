"""What fal says of a job that has ended: the files it made, in the shape of their model, or why there are none."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import cast

from openclaw_nb.emulator.clips import Clip, Spec
from openclaw_nb.emulator.jobs import Job, State
from openclaw_nb.emulator.stills import StillSpec
from openclaw_nb.emulator.wire import Later, Reply, Request, Response, answer

from . import fal_errors as errors
from .fal_inputs import File, Finished, Input, Made

QUIRKS = frozenset({"videos", "wrapped", "single", "audio_file", "audio_url"})
NAMES = {"video": "output", "image": "image-{}", "music": "track"}


def blackened(file: Spec) -> Spec:
    """What a safety checker leaves of it."""
    return replace(file, blackened=True) if isinstance(file, StillSpec) else file


def number(name: str) -> int:
    """Which of the job's files it is, from the name it is hosted under."""
    digits = name.partition(".")[0].rpartition("-")[2]
    return int(digits) - 1 if digits.isdigit() else 0


def outcome(request: Request, job: Job, state: State) -> Reply:
    """The result of a job that ends so, when its files are there."""
    return _gathered(request, job, ()) if state == "succeeded" else errors.result(job, state)


def _gathered(request: Request, job: Job, clips: tuple[Clip, ...]) -> Reply:
    """One file after the other."""
    if len(clips) == len(job.clips):
        return _output(request, job, clips)
    return Later(job.clips[len(clips)], lambda clip: _gathered(request, job, (*clips, clip)))


def _output(request: Request, job: Job, clips: tuple[Clip, ...]) -> Response:
    wanted = cast("Input", job.notes["input"])
    made = [
        Made(spec, clip, _file(request, job, at, inline=wanted.is_inline))
        for at, (spec, clip) in enumerate(zip(job.order.files, clips, strict=True))
    ]
    seconds = round((job.finished_at or job.clock()) - job.created_at, 3)
    finished = Finished(job.order.model, job.id, seconds, job.order.asked, made)
    head = {
        "x-fal-request-id": job.id,
        "x-fal-billable-units": f"{wanted.units(finished):g}",
    }
    return answer(_shaped(job, wanted.output(finished)), headers=head)


def _file(request: Request, job: Job, at: int, *, inline: bool) -> File:
    spec, clip = job.order.files[at], job.clips[at].result()
    name = NAMES[spec.kind].format(at + 1) + spec.suffix
    url = f"{request.base}/files/b/tiger/{job.id}_{name}"
    if inline:
        data = base64.b64encode(clip.path.read_bytes()).decode()
        url = f"data:{spec.content_type};base64,{data}"
    about = {"content_type": spec.content_type, "file_name": name, "file_size": clip.bytes}
    return {"url": url, **about}


def _shaped(job: Job, body: dict[str, object]) -> dict[str, object]:
    """The shapes that are not always so."""
    match job.scenario.quirk:
        case "videos" if "video" in body:
            body["videos"] = [body.pop("video")]
        case "wrapped":
            body = {"response": body}
        case "single" if "images" in body:
            body["image"] = cast("list[File]", body.pop("images"))[0]
        case "audio_file" if "audio" in body:
            body["audio_file"] = body.pop("audio")
        case "audio_url" if "audio" in body:
            body["audio"] = cast("File", body["audio"])["url"]
        case _:
            pass
    return body
