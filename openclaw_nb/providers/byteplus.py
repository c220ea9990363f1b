"""BytePlus Seedance 1.0, and 1.5 by name: text or one or two frames, images also as files.

Sources: BytePlus ModelArk documentation "Create a video generation task" and "Model list" (read 2026-11-21); the wire
is in `_modelark`.
"""

from __future__ import annotations

from dataclasses import replace

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Asset, Blob, Change, Ignored, Job, Mode
from openclaw_nb.core.wire import Fitted, Skip
from openclaw_nb.providers._modelark import (
    ANY_RATIO,
    CHECKED,
    RATIOS,
    RESOLUTIONS,
    framed,
    price,
    provider,
    quiet,
    seconds,
    with_options,
)

_PRO = "seedance-1-0-pro-250528"
_PRO_FAST = "seedance-1-0-pro-fast-251015"
_LITE_IMAGE = "seedance-1-0-lite-i2v-250428"
_1_5 = "seedance-1-5-pro-251215"

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=12,
    supported_duration_seconds=seconds(2, 12),
    supports_size=False,
    supports_aspect_ratio=True,
    aspect_ratios=RATIOS,
    supports_resolution=True,
    resolutions=RESOLUTIONS,
    supports_audio=False,
    supports_watermark=True,
    provider_options={"seed": "number", "draft": "boolean", "camera_fixed": "boolean"},
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(
        _STYLE,
        enabled=True,
        max_input_images=2,
        max_input_images_by_model={_PRO_FAST: 1},
        # Without an image there is nothing to adapt to.
        aspect_ratios=ANY_RATIO,
    ),
    video_to_video=ModeCaps(enabled=False),
)
_WITH_SOUND = ModeCaps(
    supported_duration_seconds=seconds(4, 12), aspect_ratios=ANY_RATIO, supports_audio=True
)
_TEXT, _IMAGE = (Mode.GENERATE,), (Mode.IMAGE_TO_VIDEO,)

MODELS = (
    Model(id=_PRO, modes=_TEXT + _IMAGE, checked_on=CHECKED, price=price(2.5)),
    # Listed by the original product and by no page of BytePlus: it is sent as it is, and may be 404.
    Model(
        id="seedance-1-0-pro-t2v-250528",
        modes=_TEXT,
        siblings={Mode.IMAGE_TO_VIDEO: _PRO},
        checked_on=CHECKED,
    ),
    Model(id=_PRO_FAST, checked_on=CHECKED, price=price(1.0)),
    Model(
        id="seedance-1-0-lite-t2v-250428",
        modes=_TEXT,
        siblings={Mode.IMAGE_TO_VIDEO: _LITE_IMAGE},
        checked_on=CHECKED,
    ),
    Model(id=_LITE_IMAGE, modes=_IMAGE, checked_on=CHECKED),
    Model(
        id=_1_5,
        caps=Caps(generate=_WITH_SOUND, image_to_video=_WITH_SOUND),
        checked_on=CHECKED,
        price=price(1.2, "720p 16:9, silent; double with sound"),
    ),
)

_FORMATS = ("jpeg", "png", "webp", "bmp", "tiff", "gif")
_MAX_IMAGE_BYTES = 30_000_000
_MAX_BASE64_BYTES = 63_000_000
"""A request may have 64 MB in all."""


def fit(job: Job) -> Fitted | Skip:
    """Frames by role or place, images that can go along, and `draft`."""
    images = framed(job.images)
    if isinstance(images, Skip):
        return images
    if reason := _unsendable(images):
        return Skip(reason)
    job = replace(job, images=images)
    return with_options(_previewed(quiet(job) if job.model == _1_5 else job))


def _unsendable(images: tuple[Asset, ...]) -> str:
    files = [image for image in images if isinstance(image, Blob)]
    for file in files:
        if file.media_type.removeprefix("image/") not in _FORMATS:
            return f"takes images as {', '.join(_FORMATS)}; {file.name} is {file.media_type}"
        if file.size >= _MAX_IMAGE_BYTES:
            return f"takes images below 30 MB; put {file.name} at a public URL in a smaller size"
    if sum(file.size * 4 / 3 for file in files) > _MAX_BASE64_BYTES:
        return "takes at most 64 MB in one request; put the images at a public URL"
    return ""


def _previewed(job: Job) -> Fitted:
    """`draft` is 480p here, as in the original product; the field of that name is Seedance 1.5's."""
    options = {name: value for name, value in job.provider_options.items() if name != "draft"}
    asked, resolution = job.provider_options.get("draft"), job.resolution
    job = replace(job, provider_options=options)
    if not asked:
        return Fitted(job)
    if resolution is not None:
        why = f"the resolution {resolution} was asked for, and a draft is made at 480P"
        return Fitted(
            job, ignored=(Ignored(setting="provider_options.draft", value=asked, why=why),)
        )
    change = Change(
        setting="resolution", requested=None, applied="480P", why="a draft is asked for"
    )
    return Fitted(replace(job, resolution="480P"), (change,))


PROVIDER = provider("byteplus", "BytePlus", MODELS, CAPS, fit)
