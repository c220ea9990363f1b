"""fal's images: a body by family of models, through the queue or at once.

The queue is used unless the base URL names the synchronous host: what a queue made is found again
after a break, what was answered at once is not.

Sources: those of `_fal_images` and `_fal_queue`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from math import sqrt
from typing import cast
from urllib.parse import quote

from pydantic import JsonValue

from openclaw_nb.core.domain import Change, Ignored, Job, Medium
from openclaw_nb.core.geometry import parse_size, round_half_up
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
    Fitted,
    Hosted,
    InHand,
    Malformed,
    Output,
    Provider,
    Refused,
    Reply,
    Skip,
    Wire,
    data_uri,
)
from openclaw_nb.providers import _fal_headers as platform
from openclaw_nb.providers import _fal_queue as queue
from openclaw_nb.providers import _fal_storage as storage
from openclaw_nb.providers._fal_endpoints import present
from openclaw_nb.providers._fal_images import (
    CAPS,
    FLUX,
    FLUX_EDIT,
    FLUX_LIKE,
    GPT,
    GPT_25,
    KREA,
    LITE,
    LITE_EDIT_FORMERLY,
    MODELS,
    Family,
    endpoint_of,
    family_of,
    row_of,
)

_SECONDS = 180.0


class _Image(Wire):
    url: str = ""
    content_type: str | None = None


class _Result(Wire):
    images: tuple[_Image, ...] | None = None
    image: _Image | None = None
    seed: JsonValue = None
    prompt: JsonValue = None
    description: JsonValue = None
    revised_prompt: JsonValue = None
    has_nsfw_concepts: JsonValue = None


# The body


def build_submit(job: Job) -> Call:
    """The endpoint's id is the path; with references it is the editing one."""
    headers = platform.headers(job.provider_options)
    own = {name: v for name, v in job.provider_options.items() if name not in headers}
    body = {**own, **_fields(job)}
    path = quote(endpoint_of(job.model, edits=bool(job.images)))
    return Call("POST", f"/{path}", json=body, headers=headers, seconds=_SECONDS)


def _fields(job: Job) -> dict[str, object]:
    """The body of a job, without its provider options."""
    family = family_of(job.model)
    body: dict[str, object] = {"prompt": job.prompt, **_references(job, family)}
    if not family.plain:
        body |= {"num_images": job.count, "output_format": job.output_format or "png"}
    if family.pixels:
        body["image_size"] = image_size(job, family)
    else:
        body["aspect_ratio"] = job.aspect_ratio
        small = job.resolution and job.resolution.lower()
        body["resolution"] = small if family.small_letters else job.resolution
    return present({**body, "quality": job.quality, "background": job.background})


def _references(job: Job, family: Family) -> dict[str, object]:
    sent = [data_uri(image) for image in job.images]
    if not sent:
        return {}
    match family.references:
        case "image_url":
            return {"image_url": sent[0]}
        case "image_urls":
            return {"image_urls": sent}
        case "image_style_references":
            return {"image_style_references": [{"image_url": each} for each in sent]}


_NAMES = {
    "1:1": "square_hd",
    "4:3": "landscape_4_3",
    "3:4": "portrait_4_3",
    "16:9": "landscape_16_9",
    "9:16": "portrait_16_9",
}
_EDGES = {"1K": 1024, "2K": 2048, "4K": 4096}
_USUAL_EDGE = 1024
_RATIO_EDGE = 1536
_LONGEST_EDGE = 3840
_PIXELS = (655_360, 8_294_400)
_STEEPEST = 3.0


def image_size(job: Job, family: Family) -> str | dict[str, int] | None:
    """What goes into `image_size`: pixels, fal's name of a ratio, `auto`, or nothing."""
    if job.size:
        width, height = parse_size(job.size) or (0, 0)
        return {"width": width, "height": height} if width else job.size
    edge = _EDGES.get(job.resolution or "")
    if job.aspect_ratio is None:
        return _sized(edge, "1:1", family) if edge else None
    if family is GPT_25:
        return _sized(_RATIO_EDGE, job.aspect_ratio, family)
    if edge and not job.images:
        return _sized(edge, job.aspect_ratio, family)
    named = _NAMES.get(job.aspect_ratio)
    return named or _sized(_RATIO_EDGE if family is GPT else _USUAL_EDGE, job.aspect_ratio, family)


def _sized(edge: int, ratio: str, family: Family) -> dict[str, int]:
    """Width and height of a ratio with a longest side, within what the family takes."""
    across, down = _sides(ratio)
    slope = min(across, down) / max(across, down)
    longest = float(edge)
    if family.step > 1:
        # By area, too: one step more at the lower end, as sides are rounded down as well as up.
        least, most = (sqrt(pixels / slope) for pixels in _PIXELS)
        longest = min(max(longest, least + family.step), most, _LONGEST_EDGE)
    long, short = (_rounded(side, family.step) for side in (longest, longest * slope))
    return {"width": long, "height": short} if across >= down else {"width": short, "height": long}


def _sides(ratio: str) -> tuple[float, float]:
    across, _, down = ratio.partition(":")
    return float(across), float(down)


def _rounded(side: float, step: int) -> int:
    return max(step, round_half_up(side / step) * step)


# Rules that tables cannot say


def fit(job: Job) -> Fitted | Skip:
    """Options by family, and sizes that an endpoint would refuse."""
    family = family_of(job.model)
    job, ignored = _with_options(job, family)
    if job.size and job.aspect_ratio:
        ignored.append(_ignored("aspect_ratio", job.aspect_ratio, "the size decides"))
        job = replace(job, aspect_ratio=None)
    if job.size and job.resolution:
        ignored.append(_ignored("resolution", job.resolution, "the size decides"))
        job = replace(job, resolution=None)
    if job.aspect_ratio == "auto":  # what an endpoint does without one
        job = replace(job, aspect_ratio=None)
    if family.pixels and (reason := _unfit(job, family)):
        return Skip(f"fal/{job.model} {reason}")
    return Fitted(job, ignored=tuple(ignored), changes=_changes(job, family), notes=_notes(job))


def _ignored(setting: str, value: object, why: str) -> Ignored:
    return Ignored(setting=setting, value=value, why=why)


def _with_options(job: Job, family: Family) -> tuple[Job, list[Ignored]]:
    """The job with the options that its family has; Krea always says how creative it is."""
    given = dict(job.provider_options)
    nested = given.pop("fal", None)
    if isinstance(nested, Mapping):
        given = {**cast("Mapping[str, object]", nested), **given}
    refused = {name: why for name, v in given.items() if (why := _refused(name, v, job, family))}
    kept = {name: value for name, value in given.items() if name not in refused}
    if family is KREA:
        asked = str(kept.get("creativity", "")).strip().lower()
        kept["creativity"] = asked if asked in _CREATIVITY else "medium"
    ignored = [_ignored(f"provider_options.{n}", given[n], why) for n, why in refused.items()]
    return replace(job, provider_options=kept), ignored


_CREATIVITY = ("raw", "low", "medium", "high")


def _refused(name: str, value: object, job: Job, family: Family) -> str | None:
    if platform.is_header(name):
        return platform.refused(name, value)
    if name == "sync_mode":
        return "files are hosted, so that they can be fetched again"
    if name in _fields(replace(job, provider_options={})):
        return "a parameter of the request already decides it"
    any_field = family is FLUX_LIKE and job.model not in (FLUX, FLUX_EDIT)
    return None if any_field or name in family.options else "the endpoint has no such field"


def _unfit(job: Job, family: Family) -> str | None:
    """Why `image_size` cannot be made, or would be refused."""
    if job.aspect_ratio and not _is_ratio(job.aspect_ratio):
        return f"takes a ratio of two numbers such as 16:9, not {job.aspect_ratio}"
    if family.step == 1:
        return None
    if job.size and job.size != "auto" and parse_size(job.size) is None:
        return f"takes a size such as 1536x1024, or auto, not {job.size}"
    size = image_size(job, family)
    return _outside(size["width"], size["height"], family.step) if isinstance(size, dict) else None


def _is_ratio(text: str) -> bool:
    try:
        across, down = _sides(text)
    except ValueError:
        return False
    return 0 < across < float("inf") and 0 < down < float("inf")


def _outside(width: int, height: int, step: int) -> str | None:
    least, most = _PIXELS
    if width % step or height % step:
        return f"takes sides that are multiples of {step}, not {width}x{height}"
    if max(width, height) > _LONGEST_EDGE:
        return f"takes sides of at most {_LONGEST_EDGE} pixels, not {width}x{height}"
    if max(width, height) > _STEEPEST * min(width, height):
        return f"takes sides of at most 3:1, not {width}x{height}"
    if not least <= width * height <= most:
        return f"takes {least} to {most} pixels in all, not {width}x{height}"
    return None


def _changes(job: Job, family: Family) -> tuple[Change, ...]:
    """A resolution that is brought to the sizes that GPT Image takes."""
    edge = _EDGES.get(job.resolution or "")
    size = image_size(job, family) if edge and family.step > 1 else None
    if not isinstance(size, dict) or max(size.values()) == edge:
        return ()
    least, most = _PIXELS
    return (
        Change(
            setting="resolution",
            requested=job.resolution,
            applied=f"{size['width']}x{size['height']}",
            why=f"takes {least} to {most} pixels in all, and sides of at most {_LONGEST_EDGE}",
        ),
    )


def _notes(job: Job) -> tuple[str, ...]:
    if not any(name == job.model for name in _LISTED) and family_of(job.model) is FLUX_LIKE:
        about = f"https://fal.ai/models/{job.model}"
        return (f"the schema of this endpoint is not known here: Flux's is taken; see {about}",)
    return ()


_LISTED = tuple(row.id for row in MODELS)


def prepare(job: Job) -> Before | Job:
    """Large references, and all of Krea's, which wants addresses, go to fal's storage first."""
    return storage.upload(job, 0 if family_of(job.model) is KREA else storage.INLINE_BYTES)


# The result


def _pictures(reply: Reply) -> Done | None:
    result = reply.read(_Result)
    found = result.images if result.images is not None else (result.image,)
    if not any(found):
        return None
    outputs = tuple(_output(each, n) for n, each in enumerate(found, start=1) if each)
    kept = {
        "seed": result.seed,
        "prompt": result.prompt,
        "description": result.description,
        "revised_prompt": result.revised_prompt,
        "has_nsfw_concepts": result.has_nsfw_concepts,
        "billableUnits": reply.headers.get("x-fal-billable-units"),
    }
    return Done(outputs, present(kept), warnings=_unsafe(result.has_nsfw_concepts))


def _output(image: _Image, number: int) -> Output:
    extension = (image.content_type or "image/png").rpartition("/")[2].partition(";")[0]
    name = f"image-{number}.{extension}"
    if image.url.startswith("data:"):
        return _in_hand(image.url, name)
    if not image.url.startswith(("https://", "http://")):
        raise Malformed(f"image {number} has no address")
    return Hosted(image.url, name=name, media_type=image.content_type)


def _in_hand(url: str, name: str) -> InHand:
    head, _, payload = url.partition(",")
    try:
        data = base64.b64decode(payload, validate=True)
    except binascii.Error:
        raise Malformed(f"{name} is no base64") from None
    return InHand(data, head.removeprefix("data:").partition(";")[0], name)


def _unsafe(flags: JsonValue) -> tuple[str, ...]:
    marked = [n for n, flag in enumerate(flags, start=1) if flag] if isinstance(flags, list) else []
    if not marked:
        return ()
    which = ", ".join(map(str, marked))
    return (f"fal's safety check marked image {which}; such an image comes back black",)


def parse_error(reply: Reply) -> Refused:
    """Fal's errors; one endpoint has had two names."""
    refused = queue.parse_error(reply)
    if reply.status == 404 and reply.path == f"/{LITE}/edit":  # noqa: PLR2004 - not found
        advice = f"This endpoint has also been served as {LITE_EDIT_FORMERLY}: name that model"
        return replace(refused, advice=advice)
    return refused


PROVIDER = Provider(
    id="fal",
    label="fal",
    medium=Medium.IMAGE,
    base_url=queue.QUEUE,
    key=queue.KEY,
    models=MODELS,
    family=row_of,
    caps=CAPS,
    ticket=queue.FalTicket,
    build_submit=build_submit,
    parse_submit=partial(queue.parse_run, _pictures),
    build_status=queue.build_status,
    build_stream=queue.build_stream,
    parse_status=partial(queue.parse_status, _pictures),
    over=partial(queue.over, _pictures),
    parse_error=parse_error,
    fit=fit,
    prepare=prepare,
    build_cancel=queue.build_cancel,
    read_base_url=queue.read_any_host,
    poll_seconds=1,
    slowest_poll_seconds=5,
    deadline_seconds=_SECONDS,
    http_seconds=30,
    key_hosts=queue.KEY_HOSTS,
)
