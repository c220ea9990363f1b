"""Which endpoints fal has, and which schema each of them has.

An endpoint of an application that is known whole is not found; of any other id the words say what it makes, else the
fields of the body do. When neither does: a video on the queue, an image on https://fal.run.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from . import fal_banana as banana
from . import fal_images as images
from . import fal_music as music
from . import fal_videos as videos
from .fal_inputs import Input

GPT_25 = ("openai/gpt-image-2.5/flare", "openai/gpt-image-2.5/sunburst")
GROK = "xai/grok-imagine-image"
LITE_EDIT = "google/nano-banana-2-lite/edit"
ENDPOINTS: dict[str, type[Input]] = {
    **videos.ENDPOINTS,
    **music.ENDPOINTS,
    "fal-ai/flux/dev": images.Flux,
    "fal-ai/flux/dev/image-to-image": images.FluxEdit,
    "krea/v2/medium/text-to-image": images.Krea,
    "krea/v2/large/text-to-image": images.Krea,
    "krea/v2/medium/turbo/text-to-image": images.Krea,
    "fal-ai/nano-banana": banana.NanoBanana,
    "fal-ai/nano-banana/edit": banana.NanoBananaEdit,
    "fal-ai/nano-banana-2": banana.NanoBanana2,
    "fal-ai/nano-banana-2/edit": banana.NanoBanana2Edit,
    "fal-ai/nano-banana-pro": banana.NanoBananaPro,
    "fal-ai/nano-banana-pro/edit": banana.NanoBananaProEdit,
    "google/nano-banana-2-lite": banana.Lite,
    LITE_EDIT: banana.LiteEdit,
    "google/nano-banana-lite/edit": banana.LiteEdit,
    "openai/gpt-image-2": images.Gpt2,
    "openai/gpt-image-2/edit": images.Gpt2Edit,
    **{f"{id}/text-to-image": images.Gpt25 for id in GPT_25},
    **{f"{id}/edit": images.Gpt25Edit for id in GPT_25},
    "fal-ai/gpt-image-1.5": images.Gpt15,
    "fal-ai/gpt-image-1.5/edit": images.Gpt15Edit,
    GROK: images.Grok,
    f"{GROK}/edit": images.GrokEdit,
    f"{GROK}/quality/text-to-image": images.Grok,
    f"{GROK}/quality/edit": images.GrokEdit,
}
OWNERS = frozenset({"fal-ai", "bytedance", "krea", "google", "openai", "xai"})
WHOLE = (
    *("fal-ai/flux/dev", "krea/v2", "fal-ai/nano-banana", "fal-ai/nano-banana-2"),
    *("fal-ai/nano-banana-pro", "google/nano-banana-2-lite", "google/nano-banana-lite"),
    *("openai/gpt-image-2", "openai/gpt-image-2.5", "fal-ai/gpt-image-1.5", GROK),
)
"""Applications of which every endpoint is known."""
KINDS: dict[type[Input], tuple[Collection[str], Collection[str]]] = {
    videos.Anything: (("video",), ()),
    music.AnyMusic: (
        ("music", "audio", "song", "lyria"),
        ("lyrics", "lyrics_optimizer", "is_instrumental", "audio_setting", "seconds_total"),
    ),
    images.AnyImage: (
        ("image", "flux", "edit", "banana", "photo", "imagen", "ideogram", "recraft"),
        ("num_images", "image_size", "output_format"),
    ),
}
"""For ids that are not known: words of the last piece of the id, fields of the body."""


def schema(
    endpoint: str, asked: Mapping[str, object], *, synchronous: bool = False
) -> type[Input] | None:
    """The endpoint's fields; None when fal has no such endpoint. `asked` is the body."""
    if endpoint in ENDPOINTS:
        return ENDPOINTS[endpoint]
    owner, _, rest = endpoint.partition("/")
    if owner not in OWNERS or not rest or _app(endpoint):
        return None
    for part in (endpoint.rpartition("-to-")[2], endpoint):
        for kind, (words, _) in KINDS.items():
            if any(word in part for word in words):
                return kind
    for kind, (_, names) in KINDS.items():
        if any(name in asked for name in names):
            return kind
    return images.AnyImage if synchronous else videos.Anything


def not_found(endpoint: str) -> str:
    """What fal says of an endpoint that is not there."""
    app = _app(endpoint)
    return (
        f"Path {endpoint.removeprefix(app)} not found"
        if app
        else f"Application '{endpoint}' not found"
    )


def _app(endpoint: str) -> str:
    """The application, when all of its endpoints are known."""
    return next((app for app in WHOLE if f"{endpoint}/".startswith(f"{app}/")), "")
