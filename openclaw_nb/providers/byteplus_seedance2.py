"""BytePlus Seedance 2.0: text, frames, or references of three kinds by address, with sound if asked for.

Sources: BytePlus ModelArk documentation "Create a video generation task" and the Seedance 2.0 tutorial (read
2026-11-21); the wire is in `_modelark`.
"""

from __future__ import annotations

from dataclasses import replace

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Asset, Job
from openclaw_nb.core.wire import Fitted, Skip
from openclaw_nb.providers._modelark import (
    ANY_RATIO,
    CHECKED,
    FRAMES,
    REFERENCE,
    RESOLUTIONS,
    framed,
    local_file,
    plain,
    price,
    provider,
    seconds,
    with_options,
)

_STYLE = ModeCaps(
    max_videos=1,
    max_duration_seconds=15,
    supported_duration_seconds=seconds(4, 15),
    supports_size=False,
    supports_aspect_ratio=True,
    aspect_ratios=ANY_RATIO,
    supports_resolution=True,
    resolutions=(*RESOLUTIONS, "4K"),
    supports_audio=True,
    supports_watermark=True,
    # The original product declares it, and takes it for the sake of a common request.
    provider_options={"seed": "number"},
)
_IMAGES = replace(_STYLE, enabled=True, max_input_images=9, max_input_audios=3)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=_IMAGES,
    video_to_video=replace(_IMAGES, max_input_videos=3),
)
_SMALL = ModeCaps(resolutions=("480P", "720P"))
MODELS = (
    Model(id="dreamina-seedance-2-0-260128", checked_on=CHECKED, price=price(7.0)),
    Model(
        id="dreamina-seedance-2-0-fast-260128",
        caps=Caps(generate=_SMALL, image_to_video=_SMALL, video_to_video=_SMALL),
        checked_on=CHECKED,
        price=price(5.6),
    ),
)


def fit(job: Job) -> Fitted | Skip:
    """Frames or references, never both; addresses only; no seed."""
    if local := local_file(job):
        return local
    if reason := _odd_role(job):
        return Skip(reason)
    if job.audios and not (job.images or job.videos):
        return Skip("takes reference audio only together with an image or a video")
    images = _arranged(job)
    if isinstance(images, Skip):
        return images
    fitted = Fitted(plain(replace(job, images=images)))
    return with_options(fitted, seedless="Seedance 2.0 has no seed")


def _odd_role(job: Job) -> str:
    for assets, known in (
        (job.images, (*FRAMES, REFERENCE)),
        (job.videos, ("reference_video",)),
        (job.audios, ("reference_audio",)),
    ):
        if odd := [asset.role for asset in assets if asset.role and asset.role not in known]:
            return f"takes the roles {', '.join(known)} here, not {odd[0]}"
    return ""


def _arranged(job: Job) -> tuple[Asset, ...] | Skip:
    """Up to two images alone are frames; with more, or with references, all are references."""
    roles = {image.role for image in job.images if image.role}
    references = job.videos or job.audios or REFERENCE in roles
    unnamed = any(not image.role for image in job.images)
    if not references and len(job.images) <= len(FRAMES) and not (roles and unnamed):
        return framed(job.images)
    if odd := sorted(roles - {REFERENCE}):
        return Skip(
            f"takes {' and '.join(FRAMES)} alone, without reference images, videos or audios, and "
            f"each with its role; the request has a {odd[0]} beside others"
        )
    return tuple(replace(image, role=REFERENCE) for image in job.images)


PROVIDER = provider(
    "byteplus-seedance2",
    "BytePlus Seedance 2.0",
    MODELS,
    CAPS,
    fit,
    config_first=True,
    base_url_env="BYTEPLUS_BASE_URL",
)
