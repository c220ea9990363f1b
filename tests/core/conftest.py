"""Providers that are only declarations: they have ids, models and caps, and never speak."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import settings

from openclaw_nb.core.capabilities import Caps, Model
from openclaw_nb.core.domain import Blob, Media
from openclaw_nb.core.wire import AnyProvider, Call, Key, Provider, Ticket

# A busy machine must not fail a property.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


def _silent(*_: object) -> Any:
    raise AssertionError("a decision must not build or read a call")


def provider(
    id: str = "p", *models: str | Model, caps: Caps | None = None, **given: Any
) -> AnyProvider:
    rows = tuple(row if isinstance(row, Model) else Model(id=row) for row in models or ("m",))
    return Provider(
        id=id,
        label=id.title(),
        base_url=f"https://{id}.example",
        key=Key(env=(f"{id.upper()}_API_KEY",)),
        models=rows,
        caps=caps or Caps(),
        ticket=Ticket,
        build_submit=lambda _: Call("POST", "/"),
        parse_submit=_silent,
        build_status=_silent,
        parse_status=_silent,
        parse_error=_silent,
        **given,
    )


@pytest.fixture(scope="session")
def stub() -> Callable[..., AnyProvider]:
    return provider


def blobs(kind: str, count: int) -> tuple[Blob, ...]:
    return tuple(Blob(media_type=f"{kind}/x", name=f"{i}", size=1, data=b"x") for i in range(count))


@pytest.fixture(scope="session")
def media() -> Callable[[int, int, int], Media]:
    def of(images: int = 0, videos: int = 0, audios: int = 0) -> Media:
        return Media(
            images=blobs("image", images),
            videos=blobs("video", videos),
            audios=blobs("audio", audios),
        )

    return of


SEED = (
    ("alibaba", (), ("wan2.6-t2v",)),
    ("byteplus", (), ("seedance-1-0-pro-250528",)),
    ("byteplus-seedance15", (), ("seedance-1-5-pro-251215",)),
    ("byteplus-seedance2", (), ("dreamina-seedance-2-0-260128",)),
    ("comfy", (), ("workflow",)),
    ("deepinfra", (), ("Pixverse/Pixverse-T2V",)),
    (
        "fal",
        (),
        (
            "fal-ai/minimax/video-01-live",
            "bytedance/seedance-2.0/text-to-video",
            "bytedance/seedance-2.0/fast/text-to-video",
        ),
    ),
    ("google", (), ("veo-3.1-fast-generate-preview",)),
    ("minimax", ("minimax-cn",), ("MiniMax-Hailuo-2.3",)),
    ("openai", (), ("sora-2",)),
    ("openrouter", (), ("google/veo-3.1-fast",)),
    ("qwen", ("qwencloud", "modelstudio", "dashscope"), ("wan2.6-t2v",)),
    ("runway", (), ("gen4.5", "veo3")),
    ("together", (), ("Wan-AI/Wan2.2-T2V-A14B",)),
    ("vydra", (), ("veo3",)),
    ("xai", ("x-ai",), ("grok-imagine-video",)),
)


@pytest.fixture(scope="session")
def seed() -> tuple[AnyProvider, ...]:
    """The sixteen rows of the product's table, registered in id order."""
    return tuple(provider(id, *models, aliases=aliases) for id, aliases, models in SEED)
