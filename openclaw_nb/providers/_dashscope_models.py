"""The Wan models that DashScope serves, what each takes, and how a job is fitted to one.

Sources: Alibaba Cloud Model Studio documentation, pages "Wan - text-to-video", "Wan -
image-to-video" and "Wan - reference-to-video", each for 2.6 and 2.7 (read 2026-11-21).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, TypeAlias

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Mode
from openclaw_nb.core.wire import Fitted, Skip

Kind: TypeAlias = Literal["t2v", "i2v", "r2v"]
"""What a model makes a video from: text, one image, or references."""
_KINDS: tuple[Kind, ...] = ("i2v", "r2v", "t2v")

_CHECKED = date(2026, 11, 21)

_T2V, _I2V, _R2V = "wan2.6-t2v", "wan2.6-i2v", "wan2.6-r2v"
_GEOMETRY = {
    "1280x720": ("720P", "16:9"),
    "720x1280": ("720P", "9:16"),
    "960x960": ("720P", "1:1"),
    "1088x832": ("720P", "4:3"),
    "832x1088": ("720P", "3:4"),
    "1920x1080": ("1080P", "16:9"),
    "1080x1920": ("1080P", "9:16"),
    "1440x1440": ("1080P", "1:1"),
    "1632x1248": ("1080P", "4:3"),
    "1248x1632": ("1080P", "3:4"),
}
_SIZES = {pair: size for size, pair in _GEOMETRY.items()}
_USUAL_RESOLUTION, _USUAL_RATIO = "720P", "16:9"

_MAX_REFERENCES = 5
_MAX_VIDEOS = 3


def _up_to(seconds: int) -> tuple[float, ...]:
    return tuple(float(whole) for whole in range(2, seconds + 1))


_TEXT = ModeCaps(
    max_videos=1,
    max_duration_seconds=15,
    supported_duration_seconds=_up_to(15),
    supports_size=True,
    sizes=tuple(_GEOMETRY),
    supports_aspect_ratio=True,
    aspect_ratios=("16:9", "9:16", "1:1", "4:3", "3:4"),
    supports_resolution=True,
    resolutions=("720P", "1080P"),
    # Sound is made always; only the flash models can be told not to.
    supports_audio=False,
    supports_watermark=True,
)
_FRAME = replace(
    _TEXT,
    enabled=True,
    max_input_images=1,
    supports_size=False,
    sizes=None,
    supports_aspect_ratio=False,
    aspect_ratios=None,
)
_IMAGES = replace(
    _TEXT,
    enabled=True,
    max_input_images=_MAX_REFERENCES,
    max_duration_seconds=10,
    supported_duration_seconds=_up_to(10),
)
_REFERENCES = replace(_IMAGES, max_input_videos=_MAX_VIDEOS)
CAPS = Caps(generate=_TEXT, image_to_video=_FRAME, video_to_video=_REFERENCES)

_SWITCH = ModeCaps(supports_audio=True)
_FLASH = replace(_IMAGES, supports_audio=True)
# The Virginia host makes three lengths.
_US = ModeCaps(supported_duration_seconds=(5.0, 10.0, 15.0))

_FROM_TEXT = (Mode.GENERATE,)
_FROM_IMAGE = (Mode.IMAGE_TO_VIDEO,)
_FROM_REFERENCES = (Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)


def _price(usd: float, dearest: float) -> Price:
    # The list price as other vendors quote it.
    note = f"720P in Singapore; 1080P {dearest:g}, which is what no resolution gives"
    return Price(usd=usd, per="second", read_on=_CHECKED, note=note)


def _row(
    id: str, modes: tuple[Mode, ...], caps: Caps | None = None, price: Price | None = None
) -> Model:
    return Model(id=id, modes=modes, caps=caps, checked_on=_CHECKED, price=price)


_FULL, _HALF = _price(0.10, 0.15), _price(0.05, 0.075)

MODELS = (
    _row(_T2V, _FROM_TEXT, price=_FULL),
    _row(_I2V, _FROM_IMAGE, price=_FULL),
    _row(_R2V, _FROM_REFERENCES, Caps(image_to_video=_IMAGES), _FULL),
    _row(
        "wan2.6-r2v-flash",
        _FROM_REFERENCES,
        Caps(image_to_video=_FLASH, video_to_video=_SWITCH),
        _HALF,
    ),
    # 10 seconds are the most with a reference video, 15 with images alone.
    _row(
        "wan2.7-r2v",
        _FROM_REFERENCES,
        Caps(
            image_to_video=replace(
                _IMAGES, max_duration_seconds=15, supported_duration_seconds=_up_to(15)
            )
        ),
    ),
    # Not in the original product's list, but the service has them.
    _row("wan2.6-i2v-flash", _FROM_IMAGE, Caps(image_to_video=_SWITCH), _HALF),
    _row("wan2.7-t2v", _FROM_TEXT),
    _row("wan2.7-i2v", _FROM_IMAGE, Caps(image_to_video=ModeCaps(max_input_images=2))),
    _row("wan2.6-t2v-us", _FROM_TEXT, Caps(generate=_US)),
    _row("wan2.6-i2v-us", _FROM_IMAGE, Caps(image_to_video=_US)),
)


def default_for(images: int, videos: int) -> str:
    """The model that stands in for the default when references come with an unnamed one."""
    return _I2V if (images, videos) == (1, 0) else _R2V


def kind_of(job: Job) -> Kind:
    """By the model's name, as the service has it; a name that says nothing goes by references."""
    name = job.model.lower()
    for kind in _KINDS:
        if f"-{kind}" in name:
            return kind
    if job.videos or len(job.images) > 1:
        return "r2v"
    return "i2v" if job.images else "t2v"


def is_newer(model: str) -> bool:
    """Whether it takes `media`, `resolution` and `ratio`, as those since 2.7 do."""
    return model.lower().startswith(("wan2.7", "wan3"))


def fit(job: Job) -> Fitted | Skip:
    """References by kind of model, one way to say the shape, and the options that it has."""
    kind = kind_of(job)
    if reason := _unfit(job, kind):
        return Skip(reason)
    refused = _refused_options(job, kind)
    kept = {name: value for name, value in job.provider_options.items() if name not in refused}
    ignored = tuple(
        Ignored(setting=f"provider_options.{name}", value=job.provider_options[name], why=why)
        for name, why in refused.items()
    )
    job = replace(job, provider_options=kept)
    fitted = Fitted(job, ignored=ignored, notes=_notes(job, kind))
    if kind == "i2v":
        return fitted
    return _with_ratio(fitted) if is_newer(job.model) else _with_size(fitted)


# References

_LOCAL = (
    "takes references only as public http(s) addresses, which it fetches itself: put the file "
    "where it can be reached and give its URL, or use a provider that takes files, such as fal"
)


def _unfit(job: Job, kind: Kind) -> str | None:
    if any(isinstance(asset, Blob) for asset in (*job.images, *job.videos)):
        return _LOCAL
    last = sum(image.role == "last_frame" for image in job.images)
    if last and not _has_last_frame(job, kind):
        return "has no last frame; wan2.7-i2v has"
    if last and (last > 1 or last == len(job.images)):
        return "takes a last_frame only together with a first_frame"
    match kind:
        case "t2v":
            return _unfit_for_text(job)
        case "i2v":
            return _unfit_for_a_frame(job, last)
        case "r2v":
            return _unfit_for_references(job)


def _has_last_frame(job: Job, kind: Kind) -> bool:
    return kind == "i2v" and is_newer(job.model)


def _unfit_for_text(job: Job) -> str | None:
    if job.images or job.videos:
        return f"takes no references; {_I2V} takes an image, {_R2V} up to {_MAX_REFERENCES}"
    return None


def _unfit_for_a_frame(job: Job, last: int) -> str | None:
    if len(job.images) - last != 1 or job.videos:
        return f"takes exactly one image and no video; {_R2V} takes more references"
    return None


def _unfit_for_references(job: Job) -> str | None:
    count = len(job.images) + len(job.videos)
    if not 1 <= count <= _MAX_REFERENCES:
        return f"takes 1 to {_MAX_REFERENCES} reference images and videos, the request has {count}"
    if len(job.videos) > _MAX_VIDEOS:
        return f"takes at most {_MAX_VIDEOS} reference videos"
    return None


def references(job: Job) -> dict[str, object]:
    """The references as `input` has them: images first, then videos, in the caller's order."""
    kind, newer = kind_of(job), is_newer(job.model)
    if kind == "t2v":
        return {}
    if kind == "i2v" and not newer:
        return {"img_url": _url(job.images[0])}
    if not newer:
        return {"reference_urls": [_url(asset) for asset in (*job.images, *job.videos)]}
    usual = "first_frame" if kind == "i2v" else "reference_image"
    media = [{"type": _role(image, kind) or usual, "url": _url(image)} for image in job.images]
    media += [{"type": "reference_video", "url": _url(video)} for video in job.videos]
    return {"media": media}


def _role(image: Link | Blob, kind: Kind) -> str | None:
    known = ("first_frame", "last_frame") if kind == "i2v" else ("first_frame",)
    return image.role if image.role in known else None


def _url(asset: Link | Blob) -> str:
    if isinstance(asset, Blob):
        raise TypeError(f"{asset.name} is no address; fit() refuses it")
    return asset.url


def _notes(job: Job, kind: Kind) -> tuple[str, ...]:
    notes: list[str] = []
    roles = {image.role for image in job.images}
    if kind == "i2v" and "reference_image" in roles:
        notes.append("the reference_image is sent as the first frame")
    if kind == "r2v" and "first_frame" in roles and not is_newer(job.model):
        notes.append("the first_frame is sent as a plain reference: the model has no frame roles")
    limit = 5000 if is_newer(job.model) else 1500
    if len(job.prompt) > limit:
        notes.append(
            f"the prompt has {len(job.prompt)} characters, the model reads the first {limit}"
        )
    return tuple(notes)


# Shape


def _with_size(fitted: Fitted) -> Fitted:
    """Up to 2.6 the wire has a size alone; it is worked out when another word was given."""
    job = fitted.job
    if job.size:
        return _size_decides(fitted)
    if not (job.aspect_ratio or job.resolution):
        return fitted
    pair = (job.resolution or _USUAL_RESOLUTION, job.aspect_ratio or _USUAL_RATIO)
    size = _SIZES[pair]
    change = Change(
        setting="size",
        requested=None,
        applied=size,
        why=f"takes a size; {pair[0]} and {pair[1]} are this one",
        derived_from="aspect_ratio" if job.aspect_ratio else "resolution",
        supported=tuple(_GEOMETRY),
    )
    job = replace(job, size=size, aspect_ratio=None, resolution=None)
    return replace(fitted, job=job, changes=(change,))


def _size_decides(fitted: Fitted) -> Fitted:
    job = fitted.job
    given = {"resolution": job.resolution, "aspect_ratio": job.aspect_ratio}
    meant = dict(zip(given, _GEOMETRY.get(job.size or "", (None, None)), strict=True))
    ignored = tuple(
        Ignored(setting=setting, value=value, why="the size decides")
        for setting, value in given.items()
        if value and value != meant[setting]
    )
    job = replace(job, aspect_ratio=None, resolution=None)
    return replace(fitted, job=job, ignored=(*ignored, *fitted.ignored))


def _with_ratio(fitted: Fitted) -> Fitted:
    """Since 2.7 the wire has a resolution and a ratio; a size stands for both."""
    job = fitted.job
    if job.size in _GEOMETRY:
        fitted = _split(fitted, *_GEOMETRY[job.size])
    elif job.size:
        dropped = Ignored(setting="size", value=job.size, why="takes a resolution and a ratio")
        fitted = replace(fitted, job=replace(job, size=None), ignored=(dropped, *fitted.ignored))
    ratio = fitted.job.aspect_ratio
    if ratio and any(image.role == "first_frame" for image in job.images):
        dropped = Ignored(setting="aspect_ratio", value=ratio, why="the first frame decides")
        job = replace(fitted.job, aspect_ratio=None)
        fitted = replace(fitted, job=job, ignored=(dropped, *fitted.ignored))
    return fitted


def _split(fitted: Fitted, resolution: str, ratio: str) -> Fitted:
    job = fitted.job
    wanted = {"resolution": (job.resolution, resolution), "aspect_ratio": (job.aspect_ratio, ratio)}
    changes = tuple(
        Change(
            setting=setting,
            requested=asked,
            applied=applied,
            why="takes a resolution and a ratio; the size decides",
            derived_from="size",
        )
        for setting, (asked, applied) in wanted.items()
        if asked != applied
    )
    job = replace(job, size=None, resolution=resolution, aspect_ratio=ratio)
    return replace(fitted, job=job, changes=changes)


# Options

INPUT_OPTIONS: Mapping[str, type] = {"negative_prompt": str, "audio_url": str}
PARAMETER_OPTIONS: Mapping[str, type] = {"seed": int, "prompt_extend": bool, "shot_type": str}
_OPTIONS = {**INPUT_OPTIONS, **PARAMETER_OPTIONS}
_WORDS = {str: "a text", int: "a whole number", bool: "true or false"}


def _refused_options(job: Job, kind: Kind) -> dict[str, str]:
    """The options that are not sent, each with the reason."""
    refused: dict[str, str] = {}
    for name, value in job.provider_options.items():
        wanted = _OPTIONS.get(name)
        if wanted is None:
            refused[name] = f"DashScope's video models take only {', '.join(_OPTIONS)}"
        elif type(value) is not wanted:
            refused[name] = f"must be {_WORDS[wanted]}"
        elif name == "audio_url" and (kind == "r2v" or (kind == "i2v" and is_newer(job.model))):
            refused[name] = "the model has no such field"
    return refused
