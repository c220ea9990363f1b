"""BytePlus Seedance 1.5: text or one or two frames by address, with sound if asked for.

Sources: BytePlus ModelArk documentation "Create a video generation task" and the Seedance 1.5 tutorial (read
2026-11-21); the wire is in `_modelark`.
"""

from __future__ import annotations

from dataclasses import replace

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Job
from openclaw_nb.core.wire import Fitted, Skip
from openclaw_nb.providers._modelark import (
    ANY_RATIO,
    CHECKED,
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
    max_duration_seconds=12,
    supported_duration_seconds=seconds(4, 12),
    supports_size=False,
    supports_aspect_ratio=True,
    aspect_ratios=ANY_RATIO,
    supports_resolution=True,
    resolutions=RESOLUTIONS,
    supports_audio=True,
    supports_watermark=True,
    provider_options={"seed": "number", "camera_fixed": "boolean"},
)
CAPS = Caps(
    generate=_STYLE,
    image_to_video=replace(_STYLE, enabled=True, max_input_images=2),
    video_to_video=ModeCaps(enabled=False),
)
MODELS = (
    Model(
        id="seedance-1-5-pro-251215",
        checked_on=CHECKED,
        price=price(1.2, "720p 16:9, silent; double with sound"),
    ),
)


def fit(job: Job) -> Fitted | Skip:
    """Frames by role or place; addresses only."""
    if local := local_file(job):
        return local
    images = framed(job.images)
    if isinstance(images, Skip):
        return images
    return with_options(Fitted(plain(replace(job, images=images))))


PROVIDER = provider(
    "byteplus-seedance15",
    "BytePlus Seedance 1.5",
    MODELS,
    CAPS,
    fit,
    config_first=True,
    base_url_env="BYTEPLUS_BASE_URL",
)
