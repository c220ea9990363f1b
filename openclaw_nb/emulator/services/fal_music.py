"""What fal's music endpoints take, and the music that follows from it.

Sources: fal's typed endpoint definitions (2026-08). Lengths, rates and bounds that they do not have are assumed.
MiniMax decides itself how long a track is: here 60 s, with lyrics 8 s a line that is sung, from 30 to 240 s.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import override

from openclaw_nb.emulator.clips import Spec
from openclaw_nb.emulator.tracks import Container, TrackSpec

from .fal_inputs import Finished, Input, Strict

SECONDS, LINE_SECONDS, SHORTEST, LONGEST = 60, 8, 30, 240
ACE_RATE = 48_000
LONGEST_STABLE = 190


class Music(Input):
    """An endpoint whose result is `audio`."""

    def track(self, model: str) -> TrackSpec:
        """The music of a request to endpoint `model`."""
        raise NotImplementedError

    @property
    def seed_used(self) -> int:
        """As given, or drawn."""
        given: int | None = getattr(self, "seed", None)
        return self.drawn() if given is None else given

    @override
    def files(self, model: str) -> tuple[Spec, ...]:
        return (self.track(model),)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {"audio": finished.made[0].file}

    def piece(
        self,
        model: str,
        seconds: float,
        lyrics: str = "",
        format: Container = "wav",
        sample_rate: int = 44_100,
        bitrate: int = 256_000,
    ) -> TrackSpec:
        """What `track` answers."""
        given = self.model_dump(exclude={"prompt", "lyrics", "sync_mode"}, exclude_none=True)
        return TrackSpec(
            "fal",
            model,
            self.prompt,
            seconds=seconds,
            format=format,
            sample_rate=sample_rate,
            bitrate=bitrate,
            lyrics=lyrics,
            seed=self.seed_used,
            notes=tuple(f"{name} {value}" for name, value in given.items()),
        )


class AudioSetting(Strict):
    """How MiniMax's file is made."""

    sample_rate: Literal[16000, 24000, 32000, 44100] = 44100
    bitrate: Literal[32000, 64000, 128000, 256000] = 256000
    format: Container = "mp3"


class MiniMax(Music):
    """`fal-ai/minimax-music/v2.6`."""

    prompt: str = Field(max_length=2000)
    lyrics: str = Field(default="", max_length=3500)
    lyrics_optimizer: bool = False
    is_instrumental: bool = False
    audio_setting: AudioSetting = AudioSetting()

    @model_validator(mode="after")
    def _has_words(self) -> Self:
        if not (self.lyrics.strip() or self.is_instrumental or self.lyrics_optimizer):
            msg = "lyrics is required unless is_instrumental or lyrics_optimizer is true"
            raise PydanticCustomError("value_error", msg)
        return self

    @override
    def track(self, model: str) -> TrackSpec:
        said = self.audio_setting
        words = "" if self.is_instrumental else self.lyrics.strip() or written(self.prompt)
        length = self._seconds
        return self.piece(model, length, words, said.format, said.sample_rate, said.bitrate)

    @property
    def _seconds(self) -> float:
        if self.is_instrumental or not self.lyrics.strip():
            return SECONDS
        lines = [line.strip() for line in self.lyrics.splitlines()]
        sung = [line for line in lines if line and not line.startswith("[")]
        return min(max(LINE_SECONDS * len(sung), SHORTEST), LONGEST)


class AceStep(Music):
    """`fal-ai/ace-step/prompt-to-audio`: 48 kHz."""

    instrumental: bool = False
    duration: float = Field(default=60, ge=5, le=LONGEST)
    seed: int | None = None
    number_of_steps: int = Field(default=27, ge=3, le=60)
    scheduler: Literal["euler", "heun"] = "euler"
    guidance_type: Literal["cfg", "apg", "cfg_star"] = "apg"
    granularity_scale: int = Field(default=10, ge=-100, le=100)
    guidance_interval: float = Field(default=0.5, ge=0, le=1)
    guidance_interval_decay: float = Field(default=0, ge=0, le=1)
    guidance_scale: float = Field(default=15, ge=0, le=200)
    minimum_guidance_scale: float = Field(default=3, ge=0, le=200)
    tag_guidance_scale: float = Field(default=5, ge=0, le=10)
    lyric_guidance_scale: float = Field(default=1.5, ge=0, le=10)

    @property
    def words(self) -> str:
        """What is sung."""
        return "[inst]" if self.instrumental else written(self.prompt)

    @override
    def track(self, model: str) -> TrackSpec:
        sung = "" if self.instrumental else self.words
        return self.piece(model, self.duration, sung, sample_rate=ACE_RATE)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        about = {"seed": self.seed_used, "tags": self.prompt, "lyrics": self.words}
        return {**super().output(finished), **about}

    @override
    def units(self, finished: Finished) -> float:
        return finished.made[0].clip.seconds


class StableAudio(Music):
    """`fal-ai/stable-audio-25/text-to-audio`: 44.1 kHz, nothing is sung."""

    seconds_total: float = Field(default=LONGEST_STABLE, ge=1, le=LONGEST_STABLE)
    num_inference_steps: int = Field(default=8, ge=4, le=8)
    guidance_scale: float = Field(default=1, ge=1, le=25)
    seed: int | None = None
    sync_mode: bool = False

    @override
    def track(self, model: str) -> TrackSpec:
        return self.piece(model, self.seconds_total)

    @override
    def output(self, finished: Finished) -> dict[str, object]:
        return {**super().output(finished), "seed": self.seed_used}


class AnyMusic(Music):
    """An endpoint whose schema is not known here: only the prompt is required."""

    lyrics: str = ""
    duration: float = Field(default=30, ge=1, le=LONGEST)
    seed: int | None = None

    @override
    def track(self, model: str) -> TrackSpec:
        return self.piece(model, self.duration, self.lyrics)


def written(prompt: str) -> str:
    """The words of a song whose prompt has none."""
    return f"[Verse]\n{prompt}\n[Chorus]\nEmulated, emulated"


ENDPOINTS: dict[str, type[Input]] = {
    "fal-ai/minimax-music/v2.6": MiniMax,
    "fal-ai/ace-step/prompt-to-audio": AceStep,
    "fal-ai/stable-audio-25/text-to-audio": StableAudio,
}
