"""What each family of fal's image endpoints takes, as data for planning.

Source: fal's typed endpoint definitions (fal-ai/fal-js, libs/client/src/types/endpoints.ts,
2026-08-02) and its model pages (read 2026-11-21). A family is told by the model's id, since fal
serves more endpoints than are listed here; whatever matches none is treated like Flux.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, Price
from openclaw_nb.core.domain import Mode

_CHECKED = date(2026, 11, 21)
_READ_EARLIER = date(2026, 3, 31)

FLUX = "fal-ai/flux/dev"
FLUX_EDIT = "fal-ai/flux/dev/image-to-image"
KREA_MEDIUM = "krea/v2/medium/text-to-image"
KREA_LARGE = "krea/v2/large/text-to-image"
LITE = "google/nano-banana-2-lite"
LITE_EDIT_FORMERLY = "google/nano-banana-lite/edit"
"""What the typed definitions call the edit endpoint; model pages have the other name."""
GROK = "xai/grok-imagine-image"
MAX_COUNT = 4

_SIZES = ("1024x1024", "1024x1536", "1536x1024", "1024x1792", "1792x1024")
_LEGACY_RATIOS = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16")
_NANO_RATIOS = (*_LEGACY_RATIOS, "4:1", "1:4", "8:1", "1:8")
_KREA_RATIOS = ("1:1", "4:3", "3:2", "16:9", "2.35:1", "4:5", "2:3", "9:16")
_GROK_RATIOS = (
    *("2:1", "20:9", "19.5:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16"),
    *("9:19.5", "9:20", "1:2"),
)
_FORMATS = ("png", "jpeg")
_BASE = ModeCaps(
    supports_size=False,
    supports_aspect_ratio=False,
    supports_resolution=False,
    output_formats=_FORMATS,
    max_count=MAX_COUNT,
    exact=frozenset(),
)
# By pixels: the endpoint takes a width and a height.
_SIZED = replace(
    _BASE,
    supports_size=True,
    sizes=_SIZES,
    supports_aspect_ratio=True,
    supports_resolution=True,
    resolutions=("1K", "2K", "4K"),
)


def _by_ratio(ratios: tuple[str, ...], resolutions: tuple[str, ...] = ()) -> ModeCaps:
    """By ratio from a list; whatever is outside is refused, not fitted."""
    return replace(
        _BASE,
        supports_aspect_ratio=True,
        aspect_ratios=("auto", *ratios),
        supports_resolution=bool(resolutions),
        resolutions=resolutions,
        infers_resolution=bool(resolutions),
        exact=frozenset({"aspect_ratio", "resolution"}),
    )


@dataclass(frozen=True, slots=True)
class Family:
    """How the endpoints of one family are addressed and filled."""

    name: str
    generate: ModeCaps
    edit: ModeCaps
    references: Literal["image_url", "image_urls", "image_style_references"] = "image_urls"
    edit_path: str = "/edit"
    """Appended to the id when there are references; empty: the same endpoint."""
    options: frozenset[str] = frozenset()
    """Its further fields, as provider options."""
    pixels: bool = False
    """It takes `image_size`, not a ratio."""
    step: int = 1
    """Of which every side of `image_size` is a multiple."""
    small_letters: bool = False
    """Its resolutions are written `1k`."""
    plain: bool = False
    """It has no fields for the number and the format of images."""


def _family(name: str, caps: ModeCaps, most: int, *options: str) -> Family:
    edit = replace(caps, enabled=True, max_input_images=most)
    return Family(name, caps, edit, options=frozenset(options))


_KREA_CAPS = replace(
    _by_ratio(_KREA_RATIOS),
    max_count=1,
    output_formats=(),
    exact=frozenset({"aspect_ratio", "resolution", "output_format"}),
)
KREA = Family(
    "Krea 2",
    _KREA_CAPS,
    replace(_KREA_CAPS, enabled=True, max_input_images=10),
    "image_style_references",
    "",
    frozenset({"creativity", "seed", "moodboards", "styles"}),
    plain=True,
)
_NANO_OPTIONS = ("seed", "safety_tolerance", "limit_generations")
_NANO_2_OPTIONS = (*_NANO_OPTIONS, "enable_web_search", "thinking_level", "system_prompt")
_NANO_LEGACY = _family("Nano Banana", _by_ratio(_LEGACY_RATIOS), 3, *_NANO_OPTIONS)
_NANO_2 = _family(
    "Nano Banana 2",
    _by_ratio(_NANO_RATIOS, ("1K", "2K", "4K")),
    14,
    *(*_NANO_2_OPTIONS, "video_url", "audio_url", "pdf_url"),
)
# Pro has the ten ratios of the first Nano Banana.
_NANO_PRO = _family(
    "Nano Banana Pro",
    _by_ratio(_LEGACY_RATIOS, ("1K", "2K", "4K")),
    14,
    *(*_NANO_OPTIONS, "enable_web_search", "system_prompt"),
)
_NANO_LITE = _family(
    "Nano Banana 2 Lite",
    _by_ratio(_NANO_RATIOS),
    14,
    *(*_NANO_OPTIONS, "thinking_level", "system_prompt"),
)
# fal takes 16 references of some versions; ten are taken by all.
_GPT_OPTIONS = ("quality", "background", "mask_url")
GPT = replace(_family("GPT Image", _SIZED, 10, *_GPT_OPTIONS), pixels=True, step=16)
GPT_25 = replace(
    _family(
        "GPT Image 2.5",
        replace(
            _BASE,
            supports_size=True,
            sizes=(),
            supports_aspect_ratio=True,
            output_formats=("png", "jpeg", "webp"),
            qualities=("low", "medium", "high", "auto"),
            backgrounds=("transparent", "opaque", "auto"),
            exact=frozenset({"resolution"}),
        ),
        16,
    ),
    pixels=True,
    step=16,
)
_GROK = replace(
    _family("Grok Imagine", _by_ratio(_GROK_RATIOS, ("1K", "2K")), 3), small_letters=True
)
# Its edit endpoint has no field for any geometry; a ratio is refused, the rest left out.
_FLUX_EDIT = replace(_BASE, enabled=True, max_input_images=1, exact=frozenset({"aspect_ratio"}))
FLUX_LIKE = Family(
    "Flux",
    _SIZED,
    _FLUX_EDIT,
    "image_url",
    "/image-to-image",
    frozenset(
        {
            *("num_inference_steps", "guidance_scale", "seed", "acceleration"),
            *("enable_safety_checker", "strength"),
        }
    ),
    pixels=True,
)


_EDITING = ("edit", "image-to-image")


def family_of(id: str) -> Family:
    """The family of an endpoint; the first rule that fits counts, and without one it is Flux's."""
    model = id.lower()
    return next((family for family, begins in _RULES if model.startswith(begins)), FLUX_LIKE)


# Read from top to bottom: the exact ones before the general.
_RULES: tuple[tuple[Family, tuple[str, ...]], ...] = (
    (GPT_25, ("openai/gpt-image-2.5/flare/", "openai/gpt-image-2.5/sunburst/")),
    (KREA, ("krea/v2/",)),
    (_NANO_PRO, ("fal-ai/nano-banana-pro",)),
    (_NANO_2, ("fal-ai/nano-banana-",)),
    (_NANO_LEGACY, ("fal-ai/nano-banana",)),
    (GPT, ("openai/gpt-image-",)),
    (_NANO_LITE, ("google/nano-banana-2-lite", "google/nano-banana-lite")),
    (_GROK, ("xai/grok-imagine-image",)),
)


def endpoint_of(id: str, *, edits: bool) -> str:
    """The endpoint that runs `id`: an editing one when there are references."""
    family = family_of(id)
    head, _, last = id.rpartition("/")
    if family is _GROK and last == "quality":
        return f"{id}/{'edit' if edits else 'text-to-image'}"
    editing = not family.edit_path or last in _EDITING
    if not edits or editing or "/image-to-image/" in id:
        return id
    # Some families name both endpoints; the others hang the editing one below.
    base = head if last == "text-to-image" else id
    return f"{base}{family.edit_path}"


def row_of(id: str, price: Price | None = None) -> Model:
    """The row of an endpoint, from its family."""
    family = family_of(id)
    caps = Caps(generate=family.generate, edit=family.edit)
    edits_only = id.rpartition("/")[2] in _EDITING
    modes = (Mode.EDIT,) if edits_only else None
    return Model(id=id, modes=modes, caps=caps, checked_on=_CHECKED, price=price)


def _price(usd: float, per: Literal["image", "megapixel"], note: str = "") -> Price:
    return Price(usd=usd, per=per, read_on=_READ_EARLIER, note=note)


CAPS = Caps(generate=FLUX_LIKE.generate, edit=FLUX_LIKE.edit)
MODELS = (
    row_of(FLUX, _price(0.025, "megapixel")),
    row_of(FLUX_EDIT, _price(0.03, "megapixel", "a reseller's table")),
    row_of(KREA_MEDIUM, _price(0.03, "image", "0.035 with style references")),
    row_of(KREA_LARGE, _price(0.06, "image", "0.065 with style references")),
    row_of("fal-ai/nano-banana", _price(0.039, "image")),
    row_of("fal-ai/nano-banana-2", _price(0.08, "image", "at 1K; 0.12 at 2K, 0.16 at 4K")),
    row_of("fal-ai/nano-banana-pro", _price(0.15, "image", "0.30 at 4K")),
    row_of(LITE, _price(0.04, "image", "billed by tokens")),
    row_of("openai/gpt-image-2"),
    row_of("openai/gpt-image-2.5/flare/text-to-image"),
    row_of("openai/gpt-image-2.5/sunburst/text-to-image"),
    row_of(GROK, _price(0.02, "image")),
    row_of(f"{GROK}/quality"),
)
