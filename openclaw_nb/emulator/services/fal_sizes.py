"""How large fal's images are.

Named sizes: fal's `ImageSize`. Nano Banana: the table of Google's image models ("Aspect ratios and image size", Gemini API,
read 2026-11-21), of which 2K and 4K are twice and four times the 1K column, 0.5K half of it. Where neither fal nor the
maker says (Krea, Grok), 1K is the area of 1024 x 1024 in the asked ratio, in sixteens; 2K is twice its sides (assumed).
"""

from __future__ import annotations

import math

Size = tuple[int, int]

NAMED: dict[str, Size] = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
LEGACY: dict[str, Size] = {
    "21:9": (1536, 672),
    "16:9": (1344, 768),
    "3:2": (1248, 832),
    "4:3": (1184, 864),
    "5:4": (1152, 896),
    "1:1": (1024, 1024),
    "4:5": (896, 1152),
    "3:4": (864, 1184),
    "2:3": (832, 1248),
    "9:16": (768, 1344),
}
"""Gemini 2.5 Flash Image."""
PRO: dict[str, Size] = {
    "21:9": (1584, 672),
    "16:9": (1376, 768),
    "3:2": (1264, 848),
    "4:3": (1200, 896),
    "5:4": (1152, 928),
    "1:1": (1024, 1024),
    "4:5": (928, 1152),
    "3:4": (896, 1200),
    "2:3": (848, 1264),
    "9:16": (768, 1376),
}
"""Gemini 3 Pro Image at 1K."""
FLASH: dict[str, Size] = {
    **PRO,
    "4:1": (2048, 512),
    "1:4": (512, 2048),
    "8:1": (3072, 384),
    "1:8": (384, 3072),
}
"""Gemini 3.1 Flash Image at 1K."""
GPT_AUTO: tuple[Size, ...] = ((1024, 1024), (1536, 1024), (1024, 1536))
"""From which GPT Image takes one itself."""
TIMES = {"0.5K": 0.5, "1K": 1, "2K": 2, "4K": 4, "1k": 1, "2k": 2}
"""What a resolution does to the sides."""
STEP, SIDE = 16, 1024


def times(size: Size, resolution: str) -> Size:
    """A size of the 1K column at another resolution."""
    factor = TIMES[resolution]
    return round(size[0] * factor), round(size[1] * factor)


def by_area(ratio: str) -> Size:
    """The area of 1024 x 1024 in that ratio, both sides in sixteens."""
    wide, _, high = ratio.partition(":")
    root = math.sqrt(float(wide) / float(high))
    return round(SIDE * root / STEP) * STEP, round(SIDE / root / STEP) * STEP
