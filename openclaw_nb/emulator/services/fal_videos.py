"""What each fal endpoint takes, and the film that follows from it.

Sources: fal's typed endpoint definitions (2026-08), model page of wan/v2.2-a14b/image-to-video (2026-08).
Lengths and sizes that fal does not document are marked "assumed".
"""

from __future__ import annotations

from abc import abstractmethod
from hashlib import sha256
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from openclaw_nb.emulator.clips import ClipSpec, Spec, even

from .fal_inputs import Finished, ImageUrl, Input, MediaUrl

Ratio = Literal["16:9", "9:16", "1:1"]
SeedanceRatio = Literal["auto", "21:9", "16:9", "4:3", "1:1", "3:4", "9:16"]
SeedanceSeconds = Literal["auto", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15"]
MAX_REFERENCES = 12
SIDES = range(100, 2161)

SEEDANCE_SIZES = {
    "480p": ((960, 416), (864, 480), (736, 544), (640, 640), (544, 736), (480, 864)),
    "720p": ((1470, 630), (1280, 720), (1112, 834), (960, 960), (834, 1112), (720, 1280)),
    "1080p": ((2206, 946), (1920, 1080), (1664, 1248), (1440, 1440), (1248, 1664), (1080, 1920)),
    "4k": ((4096, 1756), (3840, 2160), (3328, 2496), (2880, 2880), (2496, 3328), (2160, 3840)),
}
"""In the order 21:9, 16:9, 4:3, 1:1, 3:4, 9:16. 16:9 as ModelArk documents it; the rest assumed."""
SEEDANCE_RATIOS = ("21:9", "16:9", "4:3", "1:1", "3:4", "9:16")
SEEDANCE_AUTO_SECONDS = 5


class Film(Input):
    """An endpoint whose result is a `video`."""

    @abstractmethod
    def clip(self, model: str) -> ClipSpec:
        """The film of a request to endpoint `model`."""

    @override
    def files(self, model: str) -> tuple[Spec, ...]:
        return (self.clip(model),)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        body: dict[str, object] = {"video": finished.made[0].file}
        if "seedance" in finished.model or "/wan/" in finished.model:
            drawn = int(sha256(finished.id.encode()).hexdigest()[:7], 16)
            body["seed"] = finished.asked.get("seed", drawn)
        if "/wan/" in finished.model:
            body["prompt"] = self.prompt
        return body

    @override
    def units(self, finished: Finished) -> float:
        return finished.made[0].clip.seconds

    def film(
        self,
        model: str,
        size: tuple[int, int],
        pace: tuple[float, int],
        *,
        audio: bool = False,
        image: str | None = None,
        video: str | None = None,
        follows: bool = False,
    ) -> ClipSpec:
        """What `clip` answers; `pace` is seconds and frames a second."""
        return ClipSpec("fal", model, self.prompt, *size, *pace, audio, image, video, follows)


class MiniMaxLive(Film):
    """Length and size fixed by the model: 720p, 25 frames a second, 141 frames (assumed)."""

    prompt_optimizer: bool = True

    @override
    def clip(self, model: str) -> ClipSpec:
        return self.film(model, (1280, 720), (141 / 25, 25))


class MiniMaxLiveImage(MiniMaxLive):
    """Its image endpoint."""

    image_url: ImageUrl

    @override
    def clip(self, model: str) -> ClipSpec:
        return self.film(model, (1280, 720), (141 / 25, 25), image=self.image_url, follows=True)


class HeyGenConfig(BaseModel):
    """About 1,200 avatar names exist; they are not listed here."""

    model_config = ConfigDict(strict=True, extra="ignore")

    avatar: str = "Adriana SuitSofa Front"
    duration: float | None = Field(default=None, ge=5)
    orientation: Literal["portrait", "landscape"] = "portrait"


class HeyGen(Film):
    """A speaking avatar; 10 s when no length is given (assumed)."""

    config: HeyGenConfig = HeyGenConfig()

    @override
    def clip(self, model: str) -> ClipSpec:
        size = (1280, 720) if self.config.orientation == "landscape" else (720, 1280)
        return self.film(model, size, (self.config.duration or 10, 25), audio=True)


class Kling(Film):
    """Kling v2.1 master, text: 1080p at 24 frames a second (assumed)."""

    duration: Literal["5", "10"] = "5"
    aspect_ratio: Ratio = "16:9"
    negative_prompt: str = "blur, distort, and low quality"
    cfg_scale: float = Field(default=0.5, ge=0, le=1)

    @override
    def clip(self, model: str) -> ClipSpec:
        size = sized(self.aspect_ratio, 1080)
        return self.film(model, size, (int(self.duration), 24))


class KlingImage(Film):
    """Kling v2.1 master, image: the shape follows the image."""

    image_url: ImageUrl
    duration: Literal["5", "10"] = "5"
    negative_prompt: str = "blur, distort, and low quality"
    cfg_scale: float = Field(default=0.5, ge=0, le=1)

    @override
    def clip(self, model: str) -> ClipSpec:
        pace = (int(self.duration), 24)
        return self.film(model, (1920, 1080), pace, image=self.image_url, follows=True)


class _Wan(Film):
    """Wan v2.2 A14B. There is no duration: it follows from the frames and their rate."""

    num_frames: int = Field(default=81, ge=17, le=161)
    frames_per_second: int = Field(default=16, ge=4, le=60)
    resolution: Literal["480p", "580p", "720p"] = "720p"
    negative_prompt: str = ""
    seed: int | None = None
    num_inference_steps: int = Field(default=27, ge=2, le=40)
    guidance_scale: float = 3.5
    guidance_scale_2: float = 4
    shift: float = Field(default=5, ge=1, le=10)
    acceleration: Literal["none", "regular"] = "regular"
    enable_prompt_expansion: bool = False
    enable_safety_checker: bool = False
    enable_output_safety_checker: bool = False
    interpolator_model: Literal["none", "film", "rife"] = "film"
    num_interpolated_frames: int = Field(default=1, ge=0, le=4)
    adjust_fps_for_interpolation: bool = True
    video_quality: Literal["low", "medium", "high", "maximum"] = "high"
    video_write_mode: Literal["fast", "balanced", "small"] = "balanced"

    @property
    def pace(self) -> tuple[float, int]:
        """Seconds and frames a second, after interpolation."""
        times = 1 + (self.num_interpolated_frames if self.interpolator_model != "none" else 0)
        fps = self.frames_per_second * (times if self.adjust_fps_for_interpolation else 1)
        return self.num_frames * times / fps, fps

    @property
    def side(self) -> int:
        """The shorter side."""
        return int(self.resolution.removesuffix("p"))


class Wan(_Wan):
    """From text."""

    aspect_ratio: Ratio = "16:9"

    @override
    def clip(self, model: str) -> ClipSpec:
        size = sized(self.aspect_ratio, self.side)
        return self.film(model, size, self.pace)


class WanImage(_Wan):
    """From an image."""

    image_url: ImageUrl
    end_image_url: ImageUrl | None = None
    aspect_ratio: Literal["auto", "16:9", "9:16", "1:1"] = "auto"
    guidance_scale_2: float = 3.5

    @override
    def clip(self, model: str) -> ClipSpec:
        follows = self.aspect_ratio == "auto"
        size = sized("16:9" if follows else self.aspect_ratio, self.side)
        return self.film(model, size, self.pace, image=self.image_url, follows=follows)


class Seedance(Film):
    """Seedance 2.0, text; the fast endpoints have two resolutions. 24 frames a second."""

    duration: SeedanceSeconds = "auto"
    resolution: Literal["480p", "720p", "1080p", "4k"] = "720p"
    aspect_ratio: SeedanceRatio = "auto"
    generate_audio: bool = True
    bitrate_mode: Literal["standard", "high"] = "standard"
    end_user_id: str | None = None

    @override
    def clip(self, model: str) -> ClipSpec:
        return self.scene(model)

    def scene(self, model: str, image: str | None = None, video: str | None = None) -> ClipSpec:
        """With what it starts from. `auto` follows the reference, else 16:9 and 5 s (assumed)."""
        auto = self.aspect_ratio == "auto"
        ratio = "16:9" if auto else self.aspect_ratio
        size = SEEDANCE_SIZES[self.resolution][SEEDANCE_RATIOS.index(ratio)]
        seconds = SEEDANCE_AUTO_SECONDS if self.duration == "auto" else int(self.duration)
        follows = auto and (image is not None or video is not None)
        sound, pace = self.generate_audio, (seconds, 24)
        return self.film(model, size, pace, audio=sound, image=image, video=video, follows=follows)


class SeedanceImage(Seedance):
    """Seedance 2.0 from a first frame, and a last one if wished."""

    image_url: ImageUrl
    end_image_url: ImageUrl | None = None

    @override
    def clip(self, model: str) -> ClipSpec:
        return self.scene(model, image=self.image_url)


class SeedanceReferences(Seedance):
    """Seedance 2.0 from images, videos and sounds named in the prompt."""

    image_urls: list[ImageUrl] = Field(default=[], max_length=9)
    video_urls: list[MediaUrl] = Field(default=[], max_length=3)
    audio_urls: list[MediaUrl] = Field(default=[], max_length=3)

    @model_validator(mode="after")
    def _together(self) -> Self:
        seen = len(self.image_urls) + len(self.video_urls)
        if seen + len(self.audio_urls) > MAX_REFERENCES:
            raise PydanticCustomError("value_error", "At most 12 reference files are allowed")
        if self.audio_urls and not seen:
            raise PydanticCustomError("value_error", "Audio needs at least one image or video")
        return self

    @override
    def clip(self, model: str) -> ClipSpec:
        image = next(iter(self.image_urls), None)
        return self.scene(model, image=image, video=next(iter(self.video_urls), None))


class _Fast(BaseModel):
    @field_validator("resolution", check_fields=False)
    @classmethod
    def _small(cls, value: str) -> str:
        if value not in {"480p", "720p"}:
            expected = "'480p' or '720p'"
            raise PydanticCustomError(
                "literal_error", "Input should be {expected}", {"expected": expected}
            )
        return value


class FastSeedance(_Fast, Seedance):
    """The fast text endpoint."""


class FastSeedanceImage(_Fast, SeedanceImage):
    """The fast image endpoint."""


class FastSeedanceReferences(_Fast, SeedanceReferences):
    """The fast reference endpoint."""


class Anything(Film):
    """An endpoint whose schema is not known here: only the prompt is required."""

    image_url: ImageUrl | None = None
    aspect_ratio: str = "16:9"
    resolution: str = "720p"
    size: str | None = None
    duration: float | str = 5

    @override
    def clip(self, model: str) -> ClipSpec:
        side = int(self.resolution.lower().removesuffix("p")) if self._plain else 720
        size = _pixels(self.size) or sized(self.aspect_ratio, side)
        follows = self.image_url is not None and "aspect_ratio" not in self.model_fields_set
        return self.film(model, size, (self._seconds, 24), image=self.image_url, follows=follows)

    @property
    def _plain(self) -> bool:
        digits = self.resolution.lower().removesuffix("p")
        return digits.isdigit() and int(digits) in SIDES

    @property
    def _seconds(self) -> float:
        try:
            return min(max(float(self.duration), 1), 60)
        except ValueError:
            return 5


def sized(ratio: str, side: int) -> tuple[int, int]:
    """Width and height with that shorter side; 16:9 when the ratio is not one."""
    wide, _, high = ratio.partition(":")
    if not (wide.isdigit() and high.isdigit() and int(wide) and int(high)):
        wide, high = "16", "9"
    scale = side / min(int(wide), int(high))
    return even(int(wide) * scale), even(int(high) * scale)


def _pixels(size: str | None) -> tuple[int, int] | None:
    wide, _, high = (size or "").partition("x")
    return (int(wide), int(high)) if wide.isdigit() and high.isdigit() else None


ENDPOINTS: dict[str, type[Input]] = {
    "fal-ai/minimax/video-01-live": MiniMaxLive,
    "fal-ai/minimax/video-01-live/image-to-video": MiniMaxLiveImage,
    "fal-ai/heygen/v2/video-agent": HeyGen,
    "fal-ai/kling-video/v2.1/master/text-to-video": Kling,
    "fal-ai/kling-video/v2.1/master/image-to-video": KlingImage,
    "fal-ai/wan/v2.2-a14b/text-to-video": Wan,
    "fal-ai/wan/v2.2-a14b/image-to-video": WanImage,
    "bytedance/seedance-2.0/text-to-video": Seedance,
    "bytedance/seedance-2.0/image-to-video": SeedanceImage,
    "bytedance/seedance-2.0/reference-to-video": SeedanceReferences,
    "bytedance/seedance-2.0/fast/text-to-video": FastSeedance,
    "bytedance/seedance-2.0/fast/image-to-video": FastSeedanceImage,
    "bytedance/seedance-2.0/fast/reference-to-video": FastSeedanceReferences,
}
