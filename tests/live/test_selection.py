"""What a live run asks of whom, as tables of values; nothing is sent here."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from openclaw_nb.core.candidates import Selection
from openclaw_nb.core.capabilities import ModeCaps
from openclaw_nb.core.domain import Medium, Mode
from openclaw_nb.errors import InvalidInput
from openclaw_nb.live import models, modes, requests, selection, variables
from openclaw_nb.live.selection import NO_AUTH, NONE_SELECTED
from openclaw_nb.providers import PROVIDERS, by_id, of

REGISTRY = {medium: of(medium) for medium in Medium}
WITH_GOOGLE = {
    **REGISTRY,
    Medium.IMAGE: (*of(Medium.IMAGE), replace(by_id["google"], medium=Medium.IMAGE)),
}
ALL = tuple(sorted(set(by_id) - {"comfy"}))
BUT_FAL = tuple(id for id in ALL if id != "fal")


def chosen(words=(), *, environ=None, keys=ALL, registry=REGISTRY, check_keys=True, **lists):
    """By suite its providers, or why it is skipped."""
    by_suite = {Medium(name): text for name, text in lists.items() if name in set(Medium)}
    wanted = selection.asked(words, lists.get("providers"), by_suite, check_keys=check_keys)
    given = variables.read(environ or {})
    suites = selection.select(wanted, given, registry, lambda _, provider: provider in keys)
    return {str(suite.medium): suite.reason or suite.providers for suite in suites}


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        pytest.param({"words": ["video"], "keys": ["fal"]}, {"video": NO_AUTH}, id="11.7-1"),
        pytest.param(
            {"words": ["video"], "keys": ["fal"], "video": "fal"}, {"video": ("fal",)}, id="11.7-2"
        ),
        pytest.param(
            {"words": ["video"], "keys": ["fal"], "video": "fal,runway"},
            {"video": ("fal",)},
            id="11.7-3",
        ),
        pytest.param(
            {"words": ["image", "video"], "keys": ["google"], "registry": WITH_GOOGLE},
            {"image": ("google",), "video": ("google",)},
            id="11.7-4",
        ),
        pytest.param(
            {"words": ["image", "video"], "keys": ["google"]},
            {"image": NO_AUTH, "video": ("google",)},
            id="11.7-4-here-only-fal-makes-images",
        ),
        pytest.param(
            {}, {"image": ("fal",), "music": ("fal",), "video": BUT_FAL}, id="the-three-in-order"
        ),
        pytest.param(
            {"words": ["video", "music"]}, {"video": BUT_FAL, "music": ("fal",)}, id="any"
        ),
        pytest.param(
            {"words": ["all"], "providers": "xai,google"},
            {"image": NONE_SELECTED, "music": NONE_SELECTED, "video": ("google", "xai")},
            id="providers-of-every-suite",
        ),
        pytest.param(
            {"providers": "google", "video": "xai"},
            {"image": NONE_SELECTED, "music": NONE_SELECTED, "video": ("xai",)},
            id="a-suites-own-list-wins",
        ),
        pytest.param(
            {"words": ["video"], "keys": [], "check_keys": False},
            {"video": BUT_FAL},
            id="keys-are-not-looked-at",
        ),
        pytest.param({"words": ["video"], "video": "comfy"}, {"video": NONE_SELECTED}, id="comfy"),
        pytest.param({"words": ["video"], "video": "X-AI"}, {"video": ("xai",)}, id="alias"),
    ],
)
def test_arguments_choose_suites_and_their_providers(asked, runs):
    found = chosen(**asked)
    assert found == runs
    assert list(found) == list(runs)


@pytest.mark.parametrize(
    ("environ", "runs"),
    [
        pytest.param({}, BUT_FAL, id="11.1-nothing-set"),
        pytest.param({variables.PROVIDERS: "Google, RUNWAY"}, ("google", "runway"), id="11.1-list"),
        pytest.param({variables.PROVIDERS: ""}, BUT_FAL, id="11.1-empty-is-all"),
        pytest.param({variables.PROVIDERS: "all"}, BUT_FAL, id="11.1-all"),
        pytest.param(
            {variables.PROVIDERS: "fal", variables.SKIPPED: "fal"},
            ("fal",),
            id="11.1-skip-is-ignored-when-providers-are-named",
        ),
        pytest.param({variables.SKIPPED: ""}, ALL, id="11.1-empty-skip-is-none"),
        pytest.param(
            {variables.SKIPPED: ",".join(ALL[1:])}, ALL[:1], id="11.1-skip-replaces-the-default"
        ),
    ],
)
def test_variables_choose_the_providers_of_the_video_suite(environ, runs):
    assert chosen(["video"], environ=environ) == {"video": runs}


def test_arguments_win_over_variables():
    environ = {variables.PROVIDERS: "google", variables.SKIPPED: "xai"}
    assert chosen(["video"], environ=environ, video="xai") == {"video": ("xai",)}


@pytest.mark.parametrize("name", [variables.PROVIDERS, variables.SKIPPED])
def test_a_slip_in_a_name_starts_nothing(name):
    with pytest.raises(InvalidInput, match=r"did you mean runway\? Nothing was sent") as raised:
        chosen(["video"], environ={name: "runwai"})
    assert raised.value.param == name


@pytest.mark.parametrize(
    ("environ", "on"),
    [
        *(({"OPENCLAW_LIVE_TEST": word}, True) for word in ("1", "true", "YES", "on")),
        *(({"OPENCLAW_LIVE_TEST": word}, False) for word in ("", "0", "off", "please")),
        ({"LIVE": "1"}, True),
        ({}, False),
    ],
)
def test_the_switch(environ, on):
    assert variables.read(environ).on is on


@pytest.mark.parametrize(
    ("text", "full", "each", "limit"),
    [
        pytest.param("", "", 180_000, 210_000, id="11.1-default"),
        pytest.param("", "1", 180_000, 570_000, id="11.1-default-with-full-modes"),
        pytest.param("60000", "", 60_000, 90_000, id="set"),
        *(pytest.param(t, "", 180_000, 210_000, id=t) for t in ("0", "-5", "1.5", "soon", "1e5")),
    ],
)
def test_the_time_limits(text, full, each, limit):
    given = variables.read({variables.TIMEOUT_MS: text, variables.FULL_MODES: full})
    assert (given.timeout_ms, given.limit_ms) == (each, limit)


BEFORE, NOW = date(2026, 1, 1), date(2026, 11, 21)


@pytest.mark.parametrize(
    ("id", "model"),
    [
        pytest.param(id, model, id=f"11.2-{id}")
        for id, model in {
            "alibaba": "wan2.6-t2v",
            "qwen": "wan2.6-t2v",
            "byteplus": "seedance-1-0-lite-t2v-250428",
            "fal": "fal-ai/minimax/video-01-live",
            "google": "veo-3.1-fast-generate-preview",
            "minimax": "MiniMax-Hailuo-2.3",
            "openai": "sora-2",
            "runway": "gen4.5",
            "together": "Wan-AI/Wan2.2-T2V-A14B",
            "vydra": "veo3",
            "xai": "grok-imagine-video",
            "deepinfra": "Pixverse/Pixverse-T2V",
            "openrouter": "google/veo-3.1-fast",
        }.items()
    ],
)
def test_the_usual_model_of_a_provider(id, model):
    assert models.choose(by_id[id], {}, BEFORE).model == model


def test_a_model_that_was_named_wins_and_of_several_the_last():
    selected = Selection(primary="xai/one", fallbacks=("google/two", "x-ai/three"))
    configured = models.configured(selected, PROVIDERS)
    assert configured == {"xai": "three", "google": "two"}
    named = models.named(["google/four", "fal/fal-ai/five"], PROVIDERS)
    assert named == {"google": "four", "fal": "fal-ai/five"}
    assert models.choose(by_id["google"], configured | named, NOW) == models.Chosen("four")
    with pytest.raises(InvalidInput, match="is no provider/model"):
        models.named(["veo"], PROVIDERS)


def test_a_retired_model_gives_way_to_its_successor_or_the_provider_is_skipped():
    google = models.choose(by_id["google"], {}, NOW)
    assert google.model == "gemini-omni-1.2-flash"
    assert "veo-3.1-fast-generate-preview is no longer served since 2026-10-22" in google.note
    openai = models.choose(by_id["openai"], {}, NOW)
    assert (openai.model, "no longer served" in openai.note) == (None, True)
    # Another server than the vendor's may have it still.
    assert models.choose(by_id["openai"], {}, None) == models.Chosen("sora-2")


EVERYTHING = ModeCaps(
    supports_size=True,
    supports_resolution=True,
    supports_aspect_ratio=True,
    supports_audio=True,
    supports_watermark=True,
)
STILL = {"aspect_ratio": "16:9", "audio": False, "watermark": False, "duration_seconds": 1}


@pytest.mark.parametrize(
    ("id", "own"),
    [
        pytest.param("google", {"resolution": "480P"}, id="11.3-usual"),
        pytest.param("minimax", {"resolution": "768P"}, id="11.3-minimax"),
        pytest.param("alibaba", {"resolution": "720P"}, id="11.3-alibaba"),
        pytest.param("qwen", {"resolution": "720P"}, id="11.3-qwen"),
        pytest.param(
            "openai",
            {"resolution": "480P", "size": "1280x720", "duration_seconds": 4},
            id="11.3-openai",
        ),
    ],
)
def test_what_is_asked_of_a_provider(id, own):
    assert requests.settings(id, EVERYTHING) == {**STILL, **own}


def test_only_what_a_model_declares_is_asked():
    assert requests.settings("google", ModeCaps()) == {"duration_seconds": 1}
    assert requests.settings("google", None) == {"duration_seconds": 1}


@pytest.mark.parametrize(("id", "size"), [("google", (384, 384)), ("openai", (1280, 720))])
def test_the_reference_image(id, size):
    made = requests.picture(requests.wish(id).picture)
    width, height = made.size
    ground, blue, white = (238, 247, 255), (76, 154, 255), (255, 255, 255)
    assert made.size == size
    assert made.getpixel((width // 8 - 1, height // 2)) == ground
    assert made.getpixel((width // 8, height // 2)) == blue
    assert made.getpixel((width // 4, height // 2)) == white
    assert made.getpixel((width - width // 8 - 1, height // 2)) == blue
    assert made.getpixel((width - width // 8, height // 2)) == ground


def test_the_order_of_the_modes():
    assert modes.order(Medium.VIDEO, full=False) == (Mode.GENERATE,)
    assert modes.order(Medium.IMAGE, full=True) == (Mode.GENERATE,)
    assert modes.order(Medium.VIDEO, full=True) == tuple(Mode)[:3]


I2V, V2V = Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO


@pytest.mark.parametrize(
    ("id", "model", "mode", "tried"),
    [
        pytest.param("minimax", "MiniMax-Hailuo-2.3", I2V, True, id="11.4-image"),
        pytest.param("deepinfra", "Pixverse/Pixverse-T2V", I2V, False, id="11.4-not-declared"),
        pytest.param("vydra", "veo3", I2V, False, id="11.4-vydra"),
        *(
            pytest.param(id, "any", V2V, False, id=f"11.4-{id}")
            for id in ("alibaba", "qwen", "xai", "google", "openai")
        ),
        pytest.param("runway", "gen4.5", V2V, False, id="11.4-runway"),
        pytest.param("runway", "gen4_aleph", V2V, True, id="11.4-runway-aleph"),
        pytest.param("fal", "fal-ai/minimax/video-01-live", V2V, False, id="11.4-fal"),
        pytest.param(
            "fal", "bytedance/seedance-2.0/fast/reference-to-video", V2V, True, id="11.4-seedance"
        ),
    ],
)
def test_where_a_mode_is_tried(id, model, mode, tried):
    enabled = mode in by_id[id].caps.modes()
    reason = modes.barred(id, model, mode, enabled=enabled, has_clip=True)
    assert (reason == "") is tried


def test_without_a_clip_of_its_own_no_clip_is_changed():
    reason = modes.barred("runway", "gen4_aleph", V2V, enabled=True, has_clip=False)
    assert reason == "no clip of its own is at hand"
