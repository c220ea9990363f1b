"""BytePlus Seedance 1.5: text or one or two frames by address, with sound if asked for.

Sources: BytePlus ModelArk documentation "Create a video generation task" and the Seedance 1.5 tutorial (read
2026-11-21); the wire is in `_modelark`.
"""

from __future__ import annotations

from dataclasses import replace

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model
from openclaw_nb.core.domain import Job
from openclaw_nb.core.wire import Fitted, Key, Provider, Skip
from openclaw_nb.providers._modelark import (
    ANY_RATIO,
    BASE_URL,
    CHECKED,
    KEY_ENV,
    RESOLUTIONS,
    ModelArkTicket,
    build_cancel,
    build_status,
    build_submit,
    framed,
    local_file,
    parse_error,
    parse_status,
    parse_submit,
    plain,
    price,
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


PROVIDER = Provider(
    id="byteplus-seedance15",
    label="BytePlus Seedance 1.5",
    base_url=BASE_URL,
    key=Key(env=KEY_ENV, config_first=True),
    models=MODELS,
    caps=CAPS,
    ticket=ModelArkTicket,
    build_submit=build_submit,
    parse_submit=parse_submit,
    build_status=build_status,
    parse_status=parse_status,
    parse_error=parse_error,
    fit=fit,
    build_cancel=build_cancel,
    base_url_env="BYTEPLUS_BASE_URL",
    poll_seconds=5,
    deadline_seconds=1200,
    http_seconds=120,
)
