"""The models that OpenRouter's list of video models names, as far as clients rely on them.

Source: the public answer of `GET /api/v1/videos/models`, in a copy whose newest row is of 2026-08-07.
"""

from __future__ import annotations

from dataclasses import dataclass

P720, P1080 = ("720p",), ("1080p",)
BOTH = P720 + P1080
WIDE = ("16:9", "9:16")
SQUARE = (*WIDE, "1:1")
FIVE = (*SQUARE, "4:3", "3:4")
SIX = (*FIVE, "21:9")
SEVEN = (*SIX, "9:21")
FIRST = ("first_frame",)
FRAMES = ("first_frame", "last_frame")
HD = "1280x720 720x1280"
FULL_HD = f"{HD} 1920x1080 1080x1920"
UHD = f"{FULL_HD} 3840x2160 2160x3840"
SMALL = f"480x480 480x640 480x854 640x480 854x480 1120x480 720x720 720x960 720x1680 960x720 1680x720 {HD}"
LARGE = "1080x1080 1080x1440 1080x1920 1440x1080 1920x1080 2520x1080"
VEO = ("personGeneration", "aspectRatio", "negativePrompt", "conditioningScale", "enhancePrompt")
DANCE = ("watermark", "req_key")
TOKENS_PER_SECOND = 21_600


@dataclass(frozen=True, slots=True)
class Row:
    """What the list says of a model."""

    id: str
    name: str
    created: int
    prices: dict[str, str]
    durations: tuple[int, ...]
    resolutions: tuple[str, ...]
    ratios: tuple[str, ...]
    sizes: tuple[str, ...] | None
    frames: tuple[str, ...] | None = FRAMES
    audio: bool = True
    seed: bool | None = True
    passthrough: tuple[str, ...] = ()
    continues: bool = False
    """Takes up an earlier job by its id; not in the list, where nothing says so."""

    def as_json(self) -> dict[str, object]:
        """Every documented field."""
        return {
            "id": self.id,
            "canonical_slug": self.id,
            "hugging_face_id": None,
            "name": self.name,
            "created": self.created,
            "description": f"{self.name}, played by the emulator.",
            "supported_resolutions": self.resolutions,
            "supported_aspect_ratios": self.ratios,
            "supported_sizes": self.sizes,
            "supported_durations": self.durations,
            "supported_frame_images": self.frames,
            "generate_audio": self.audio,
            "seed": self.seed,
            "creativity": None,
            "upscale_factor": None,
            "pricing_skus": self.prices,
            "allowed_passthrough_parameters": self.passthrough,
        }

    def cost(self, seconds: float) -> float:
        """About what a clip costs, in dollars."""
        unit, price = next(iter(self.prices.items()))
        return float(price) * seconds * (TOKENS_PER_SECOND if "tokens" in unit else 1)


def _sizes(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _seconds(first: int, last: int) -> tuple[int, ...]:
    return tuple(range(first, last + 1))


def _veo(id: str, name: str, created: int, price: str, *, is_lite: bool = False) -> Row:
    return Row(
        f"google/{id}",
        f"Google: {name}",
        created,
        {"duration_seconds_with_audio": price},
        (4, 6, 8),
        BOTH if is_lite else (*BOTH, "4K"),
        WIDE,
        _sizes(FULL_HD if is_lite else UHD),
        passthrough=VEO,
    )


def _kling(id: str, name: str, created: int, price: str, durations: tuple[int, ...]) -> Row:
    sizes = _sizes(f"{HD} 720x720")
    return Row(
        f"kwaivgi/{id}",
        f"Kling: {name}",
        created,
        {"duration_seconds": price},
        durations,
        P720,
        SQUARE,
        sizes,
        seed=False,
        passthrough=("negative_prompt",),
    )


def _wan(
    id: str, name: str, created: int, price: str, durations: tuple[int, ...], *, last: bool
) -> Row:
    sizes = f"{FULL_HD} 720x720 1080x1080 960x720 720x960 1440x1080 1080x1440" if last else FULL_HD
    return Row(
        f"alibaba/{id}",
        f"Alibaba: {name}",
        created,
        {"duration_seconds": price},
        durations,
        BOTH,
        FIVE if last else WIDE,
        _sizes(sizes),
        FRAMES if last else FIRST,
        passthrough=("negative_prompt", "audio"),
    )


def _dance(
    id: str,
    name: str,
    created: int,
    price: str,
    longest: int,
    resolutions: tuple[str, ...],
    sizes: str,
) -> Row:
    return Row(
        f"bytedance/{id}",
        f"ByteDance: {name}",
        created,
        {"video_tokens": price},
        _seconds(4, longest),
        ("480p", *resolutions),
        SEVEN,
        _sizes(sizes),
        passthrough=DANCE,
        continues="2.0" in name,
    )


ROWS = {
    row.id: row
    for row in (
        _veo("veo-3.1-fast", "Veo 3.1 Fast", 1776994666, "0.12"),
        _veo("veo-3.1-lite", "Veo 3.1 Lite", 1776978818, "0.08", is_lite=True),
        _kling("kling-video-o1", "Video O1", 1776704777, "0.1120", (5, 10)),
        _kling("kling-v3.0-pro", "Video v3.0 Pro", 1777496206, "0.112", _seconds(3, 15)),
        _kling("kling-v3.0-std", "Video v3.0 Standard", 1777496205, "0.084", _seconds(3, 15)),
        Row(
            "minimax/hailuo-2.3",
            "MiniMax: Hailuo 2.3",
            1776702740,
            {"duration_seconds": "0.0817"},
            (6, 10),
            P1080,
            ("16:9",),
            ("1920x1080",),
            FIRST,
            audio=False,
            seed=None,
            passthrough=("prompt_optimizer", "fast_pretreatment"),
        ),
        Row(
            "minimax/hailuo-3",
            "MiniMax: H3",
            1785366648,
            {"duration_seconds": "0.13", "reference_images": "0.04"},
            _seconds(5, 15),
            ("2K",),
            SIX,
            None,
            seed=False,
            passthrough=("aigc_watermark",),
        ),
        _dance("seedance-2.0-fast", "Seedance 2.0 Fast", 1776211362, "0.0000042", 15, P720, SMALL),
        _dance(
            "seedance-2.0",
            "Seedance 2.0",
            1776211362,
            "0.000007",
            15,
            (*BOTH, "4K"),
            f"{SMALL} {LARGE} 3840x2160 2160x3840 2160x2160 2880x2160 2160x2880 5040x2160",
        ),
        _dance(
            "seedance-1-5-pro",
            "Seedance 1.5 Pro",
            1774277608,
            "0.0000024",
            12,
            BOTH,
            f"{SMALL} {LARGE} 480x1120 1080x2520",
        ),
        _wan("wan-2.7", "Wan 2.7", 1776211362, "0.1", _seconds(2, 10), last=True),
        _wan("wan-2.6", "Wan 2.6", 1774659190, "0.08", (5, 10), last=False),
        Row(
            "openai/sora-2-pro",
            "OpenAI: Sora 2 Pro",
            1774277521,
            {"duration_seconds_720p": "0.30", "duration_seconds_1080p": "0.50"},
            (4, 8, 12, 16, 20),
            BOTH,
            WIDE,
            _sizes(FULL_HD),
            None,
            seed=False,
            passthrough=("quality", "style"),
        ),
        _veo("veo-3.1", "Veo 3.1", 1774277148, "0.40"),
    )
}
"""By model id."""
