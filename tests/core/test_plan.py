import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.capabilities import Caps, ModeCaps, Model, effective
from openclaw_nb.core.domain import Change, Ignored, Media, Mode, Ref, Request
from openclaw_nb.core.geometry import duration_choices
from openclaw_nb.core.plan import (
    Plan,
    ignored_overrides,
    metadata,
    normalization,
    plan,
    warning,
)
from openclaw_nb.core.wire import Fitted, Skip
from tests.rows import named, rows

# --- Which references a model takes -------------------------------------------------------------

P1 = Caps(
    generate=ModeCaps(),
    image_to_video=ModeCaps(enabled=True, max_input_images=1, max_input_images_by_model={"r2v": 9}),
    video_to_video=ModeCaps(
        enabled=True,
        max_input_videos=1,
        max_input_videos_by_model={"r2v": 3},
        max_input_images=0,
        max_input_images_by_model={"r2v": 9},
        max_input_audios=0,
        max_input_audios_by_model={"r2v": 3},
    ),
)
P2 = Caps(generate=ModeCaps(), max_input_images=4)
P3 = Caps(generate=ModeCaps(), image_to_video=ModeCaps(enabled=False, max_input_images=1))
P4 = Caps()
NO_AUDIO = "does not support reference audio; the request has 1"
LOST = "; skipped so that no reference is lost silently"


@pytest.mark.parametrize(
    "caps, model, counts, outcome",
    [
        *rows(
            "2.7",
            (P1, "std", (1, 0, 0), Mode.IMAGE_TO_VIDEO),
            (P1, "std", (2, 0, 0), "allows at most 1 reference image, 2 asked for"),
            (P1, "r2v", (9, 0, 0), Mode.IMAGE_TO_VIDEO),
            (
                P1,
                "std",
                (1, 1, 0),
                "does not support a combination of reference image and reference video" + LOST,
            ),
            (P1, "r2v", (2, 3, 1), Mode.VIDEO_TO_VIDEO),
            (P1, "r2v", (0, 4, 0), "allows at most 3 reference videos, 4 asked for"),
            (P1, "std", (0, 1, 1), NO_AUDIO),
            (P2, "any", (1, 0, 0), "does not support reference image" + LOST),
            (P3, "any", (1, 0, 0), "does not support reference image" + LOST),
            (P4, "any", (0, 0, 0), Mode.GENERATE),
            (P4, "any", (0, 0, 1), NO_AUDIO),
        ),
        (P4, "any", (0, 1, 0), "does not support reference video" + LOST),
        (P1, "r2v", (0, 1, 4), "allows at most 3 reference audio, 4 asked for"),
        (Caps(max_input_audios=1), "any", (0, 0, 1), Mode.GENERATE),
        (
            Caps(image_to_video=ModeCaps(enabled=True)),
            "any",
            (1, 0, 0),
            "allows at most 0 reference images, 1 asked for",
        ),
        (
            Caps(image_to_video=ModeCaps(enabled=True), max_input_images=4),
            "any",
            (4, 0, 0),
            Mode.IMAGE_TO_VIDEO,
        ),
    ],
)
def test_references_are_counted_against_the_model(stub, media, caps, model, counts, outcome):
    found = plan(Request(prompt="x"), media(*counts), stub("p", model, caps=caps), model)
    if isinstance(outcome, Mode):
        assert isinstance(found, Plan)
        assert (found.mode, found.job.mode) == (outcome, outcome)
        assert (len(found.job.images), len(found.job.videos), len(found.job.audios)) == counts
    else:
        assert found == Skip(f"p/{model} {outcome}", "references")


@pytest.mark.parametrize(
    "counts, words",
    [
        ((0, 0, 0), "text-to-video"),
        ((1, 0, 0), "image-to-video"),
        ((0, 1, 0), "video-to-video"),
        ((1, 1, 0), "video-to-video"),
    ],
)
def test_a_mode_that_the_model_row_lacks_skips_it(stub, media, counts, words):
    provider = stub("p", Model(id="m", modes=()), caps=P1)
    found = plan(Request(prompt="x"), media(*counts), provider, "m")
    assert found == Skip(f"p/m does not make {words}; it has no mode", "references")


def test_a_missing_mode_is_said_before_anything_else(stub, media):
    provider = stub("p", Model(id="m", modes=(Mode.IMAGE_TO_VIDEO,)), caps=P1)
    request = Request(prompt="x", provider_options={"a": 1}, duration_seconds=99)
    assert plan(request, media(0, 9, 9), provider, "m") == Skip(
        "p/m does not make video-to-video; it has image-to-video", "references"
    )


def test_the_models_that_have_the_missing_mode_are_named(stub, media):
    rows = ("a", "b", "c", "d")
    having = [Model(id=id, modes=(Mode.GENERATE, Mode.VIDEO_TO_VIDEO)) for id in rows]
    provider = stub("p", Model(id="m", modes=(Mode.GENERATE,)), *having)
    assert plan(Request(prompt="x"), media(0, 1), provider, "m") == Skip(
        "p/m does not make video-to-video; it has text-to-video; a, b or c of p can", "references"
    )


def test_references_then_options_then_the_length_are_checked(stub, media):
    block = ModeCaps(provider_options={}, max_duration_seconds=10)
    provider = stub("p", "m", caps=Caps(generate=block))
    request = Request(prompt="x", provider_options={"a": 1}, duration_seconds=99)
    assert plan(request, media(0, 0, 1), provider, "m").reason == f"p/m {NO_AUDIO}"
    assert "provider options" in plan(request, media(), provider, "m").reason
    assert "99" in plan(replace(request, provider_options={}), media(), provider, "m").reason


# --- Sibling endpoints, overlays ----------------------------------------------------------------

FAMILY = (
    Model(
        id="s/text",
        modes=(Mode.GENERATE,),
        siblings={Mode.IMAGE_TO_VIDEO: "s/image", Mode.GENERATE: "s/never"},
    ),
    Model(
        id="s/image",
        modes=(Mode.IMAGE_TO_VIDEO,),
        caps=Caps(image_to_video=ModeCaps(supports_resolution=True, resolutions=("480P",))),
    ),
)
FAMILY_CAPS = Caps(image_to_video=ModeCaps(enabled=True, max_input_images=1))


def test_the_sibling_endpoint_that_has_the_mode_is_used_and_reported(stub, media):
    provider = stub("p", *FAMILY, caps=FAMILY_CAPS)
    found = plan(Request(prompt="x", resolution="720P"), media(1), provider, "s/text")
    assert (found.ref, found.job.model) == (Ref("p", "s/image"), "s/image")
    assert found.changes[0] == Change(
        setting="model",
        requested="s/text",
        applied="s/image",
        why="s/text does not make image-to-video",
    )
    assert found.job.resolution == "480P", "the caps are those of the sibling"


@pytest.mark.parametrize(
    "named, runs", [(None, True), ("q/other", True), ("p/s/text", False), ("s/text", False)]
)
def test_another_model_stands_in_only_for_a_default_that_was_not_named(stub, media, named, runs):
    rows = (replace(FAMILY[0], siblings=None), FAMILY[1])
    provider = stub("p", *rows, caps=FAMILY_CAPS, default_for=lambda images, videos: "s/image")
    found = plan(Request(prompt="x", model=named), media(1), provider, "s/text")
    assert isinstance(found, Plan) is runs
    assert runs or found.reason.endswith("it has text-to-video; s/image of p can")


def test_a_former_id_means_the_row_of_today_and_that_is_reported(stub, media):
    row = Model(id="m", former_ids=("M",), modes=(Mode.GENERATE,))
    found = plan(Request(prompt="x"), media(), stub("p", row), "M")
    assert found.ref == Ref("p", "m")
    assert found.changes == (
        Change(setting="model", requested="M", applied="m", why="P has renamed it"),
    )


def test_an_endpoint_that_has_the_mode_itself_is_kept(stub, media):
    found = plan(Request(prompt="x"), media(), stub("p", *FAMILY), "s/text")
    assert (found.job.model, found.changes) == ("s/text", ())


def test_a_row_without_modes_switches_when_the_provider_declares_none(stub, media):
    rows = (Model(id="t", siblings={Mode.IMAGE_TO_VIDEO: "s/image"}), FAMILY[1])
    assert (
        plan(Request(prompt="x"), media(1), stub("p", *rows, caps=FAMILY_CAPS), "t").job.model
        == "t"
    )
    switched = plan(Request(prompt="x"), media(1), stub("p", *rows), "t")
    assert switched.reason.startswith("p/s/image "), "the reason names what would have run"


def _by_count(images: int, videos: int) -> str:
    return "s/image" if (images, videos) == (1, 0) else "s/many"


@pytest.mark.parametrize(
    "named, images, ran",
    [
        (None, 0, "s/text"),
        (None, 1, "s/image"),
        (None, 2, "s/many"),
        ("q/other", 2, "s/many"),
        ("s/image", 1, "s/image"),
    ],
)
def test_a_provider_may_say_which_model_stands_in_for_its_default(stub, media, named, images, ran):
    caps = Caps(image_to_video=ModeCaps(enabled=True, max_input_images=2))
    many = Model(id="s/many", modes=(Mode.IMAGE_TO_VIDEO,))
    text, image = (replace(row, siblings=None) for row in FAMILY)
    provider = stub("p", text, image, many, caps=caps, default_for=_by_count)
    found = plan(Request(prompt="x", model=named), media(images), provider, "s/text")
    assert found.job.model == ran
    assert [change.applied for change in found.changes] == [ran] * (ran != "s/text")


@pytest.mark.parametrize("named", ["p/s/text", "s/text", " P / s/text "])
def test_a_default_that_the_caller_named_is_not_replaced(stub, media, named):
    text = replace(FAMILY[0], siblings=None)
    provider = stub("p", text, *FAMILY[1:], caps=FAMILY_CAPS, default_for=_by_count)
    found = plan(Request(prompt="x", model=named), media(1), provider, "s/text")
    assert isinstance(found, Skip)
    assert found.reason.startswith("p/s/text does not make image-to-video; it has text-to-video")


def test_a_row_lays_its_own_caps_over_those_of_the_provider(stub, media):
    row = Model(id="m", caps=Caps(generate=ModeCaps(supported_duration_seconds=(6, 10))))
    base = Caps(generate=ModeCaps(supported_duration_seconds=(5,), supports_audio=True))
    request = Request(prompt="x", duration_seconds=5, audio=True)
    job = plan(request, media(), stub("p", row, caps=base), "m").job
    assert (job.duration_seconds, job.audio) == (6, True)


def test_any_model_id_may_be_passed_on(stub, media):
    found = plan(Request(prompt="x"), media(), stub("p", "m"), " brand/new ")
    assert found.ref == Ref("p", "brand/new")


# --- Provider options ---------------------------------------------------------------------------

SCHEMA = {"seed": "number", "draft": "boolean"}


@pytest.mark.parametrize(
    "options, schema, reason",
    [
        *rows(
            "6.3-outcome",
            ({}, {}, None),
            ({"foo": 1}, None, None),
            ({"foo": 1, "bar": 2}, {}, "takes no provider options; given: foo, bar"),
            (
                {"foo": 1, "seed": 1},
                SCHEMA,
                "does not know the provider options foo; accepted: seed, draft",
            ),
            ({"draft": "a"}, SCHEMA, "takes a boolean as provider option draft, not string"),
        ),
        *rows(
            "6.3",
            ({"seed": 42}, SCHEMA, None),
            ({"seed": "42"}, SCHEMA, "takes a number as provider option seed, not string"),
            ({"seed": True}, SCHEMA, "takes a number as provider option seed, not boolean"),
            ({"draft": 1}, SCHEMA, "takes a boolean as provider option draft, not number"),
            (
                {"seed": "x", "foo": 1},
                SCHEMA,
                "does not know the provider options foo; accepted: seed, draft",
            ),
            ({"seed": math.nan}, SCHEMA, "takes a number as provider option seed, not nan"),
            ({"foo": {"a": 1}}, None, None),
            ({"seed": 1}, {}, "takes no provider options; given: seed"),
        ),
        ({}, SCHEMA, None),
        ({"seed": 1.5, "draft": False}, SCHEMA, None),
        ({"seed": -math.inf}, SCHEMA, "takes a number as provider option seed, not -inf"),
        (
            {"draft": "a", "seed": "b"},
            SCHEMA,
            "takes a boolean as provider option draft, not string",
        ),
        ({"style": None}, {"style": "string"}, "takes a string as provider option style, not null"),
        ({"style": [1]}, {"style": "string"}, "takes a string as provider option style, not list"),
        ({"style": {}}, {"style": "string"}, "takes a string as provider option style, not object"),
    ],
)
@pytest.mark.parametrize("where", ["mode", "flat", "flat without a block"])
def test_provider_options_are_checked_and_never_converted(
    stub, media, options, schema, reason, where
):
    caps = {
        "mode": Caps(generate=ModeCaps(provider_options=schema)),
        "flat": Caps(generate=ModeCaps(), provider_options=schema),
        "flat without a block": Caps(provider_options=schema),
    }[where]
    request = Request(prompt="x", provider_options=options)
    found = plan(request, media(), stub("p", "m", caps=caps), "m")
    if reason is None:
        assert found.job.provider_options == options
    else:
        assert found == Skip(f"p/m {reason}", "providerOptions")


def test_long_option_names_are_cut_in_the_reason(stub, media):
    request = Request(prompt="x", provider_options={"k" * 5000: 1})
    provider = stub("p", "m", caps=Caps(provider_options={}))
    assert len(plan(request, media(), provider, "m").reason) < 300


# --- The length of the video --------------------------------------------------------------------


@pytest.mark.parametrize(
    "requested, listed, cap, sent",
    [
        *rows(
            "6.4",
            (12, None, 10, None),
            (10, None, 10, 10),
            (4.4, None, 4, 4),
            (4.5, None, 4, None),
            (12, (4, 6, 8), 8, 8),
            (12, None, None, 12),
        ),
        (12, (0, -1), 10, None),
        (0.4, None, None, 1),
    ],
)
@pytest.mark.parametrize("where", ["mode", "flat"])
def test_a_cap_skips_and_never_shortens(stub, media, requested, listed, cap, sent, where):
    caps = (
        Caps(generate=ModeCaps(supported_duration_seconds=listed, max_duration_seconds=cap))
        if where == "mode"
        else Caps(generate=ModeCaps(supported_duration_seconds=listed), max_duration_seconds=cap)
    )
    request = Request(prompt="x", duration_seconds=requested)
    found = plan(request, media(), stub("p", "m", caps=caps), "m")
    if sent is None:
        asked = math.floor(requested + 0.5)
        said = f"p/m makes at most {cap} seconds, {asked} asked for"
        assert found == Skip(said, "durationSeconds")
    else:
        assert found.job.duration_seconds == sent


@pytest.mark.parametrize("odd", [math.nan, math.inf, -math.inf])
def test_a_length_that_is_not_finite_counts_as_not_given(stub, media, odd):
    caps = Caps(generate=ModeCaps(max_duration_seconds=4))
    found = plan(Request(prompt="x", duration_seconds=odd), media(), stub("p", caps=caps), "m")
    assert found.job.duration_seconds is None


# --- Style: whole requests ----------------------------------------------------------------------

F1 = ModeCaps(
    supports_aspect_ratio=True,
    aspect_ratios=("16:9", "9:16"),
    supports_resolution=True,
    resolutions=("720P", "1080P"),
    supported_duration_seconds=(4, 6, 8),
    supports_audio=True,
)
F2 = ModeCaps(
    supports_size=True,
    sizes=("720x1280", "1280x720", "1024x1792", "1792x1024"),
    supported_duration_seconds=(4, 8, 12),
)
F3 = ModeCaps(
    supports_resolution=True, resolutions=("768P", "1080P"), supported_duration_seconds=(6, 10)
)
F4 = ModeCaps(
    supports_aspect_ratio=True,
    aspect_ratios=("16:9", "4:3", "1:1", "adaptive"),
    supports_resolution=True,
    resolutions=("480P", "720P"),
    supports_audio=True,
    supports_watermark=True,
)
F5 = ModeCaps(
    supports_size=True,
    supports_aspect_ratio=True,
    supports_resolution=True,
    supports_audio=True,
    supports_watermark=True,
    max_duration_seconds=10,
)
F6 = ModeCaps(
    supports_size=True,
    sizes=("1280*720", "720*1280"),
    supports_aspect_ratio=True,
    aspect_ratios=("16:9", "9:16"),
)
F0 = None


def seconds(requested, applied, *supported):
    return {"requested": requested, "applied": applied, "supportedValues": list(supported)}


WHOLE = {
    "N1": (
        F1,
        {"aspect_ratio": "21:9", "resolution": "4K", "duration_seconds": 5},
        {"aspect_ratio": "16:9", "duration_seconds": 6},
        {"resolution": "4K"},
        {
            "aspectRatio": {"requested": "21:9", "applied": "16:9"},
            "durationSeconds": seconds(5, 6, 4, 6, 8),
        },
    ),
    "N2": (
        F1,
        {"size": "1280x720", "duration_seconds": 7},
        {"aspect_ratio": "16:9", "duration_seconds": 8},
        {},
        {
            "aspectRatio": {"applied": "16:9", "derivedFrom": "size"},
            "durationSeconds": seconds(7, 8, 4, 6, 8),
        },
    ),
    "N3": (
        F1,
        {"size": "1024x1536", "aspect_ratio": "1:1"},
        {"aspect_ratio": "16:9"},
        {},
        {"aspectRatio": {"applied": "16:9", "derivedFrom": "size"}},
    ),
    "N4": (
        F1,
        {"aspect_ratio": "adaptive", "watermark": False},
        {},
        {"aspectRatio": "adaptive", "watermark": False},
        {},
    ),
    "N5": (
        F1,
        {"size": "big", "resolution": "480P"},
        {"resolution": "720P"},
        {"size": "big"},
        {"resolution": {"requested": "480P", "applied": "720P"}},
    ),
    "N6": (
        F2,
        {"aspect_ratio": "9:16", "resolution": "720P", "audio": False, "duration_seconds": 6},
        {"size": "720x1280", "duration_seconds": 8},
        {"resolution": "720P", "audio": False},
        {
            "size": {"applied": "720x1280", "derivedFrom": "aspectRatio"},
            "durationSeconds": seconds(6, 8, 4, 8, 12),
        },
    ),
    "N7": (
        F2,
        {"size": "1920x1080", "aspect_ratio": "9:16", "duration_seconds": 10},
        {"size": "1280x720", "duration_seconds": 12},
        {"aspectRatio": "9:16"},
        {
            "size": {"requested": "1920x1080", "applied": "1280x720"},
            "durationSeconds": seconds(10, 12, 4, 8, 12),
        },
    ),
    "N8": (F2, {"aspect_ratio": "adaptive"}, {}, {"aspectRatio": "adaptive"}, {}),
    "N9": (
        F2,
        {"size": "wide", "aspect_ratio": "16:9"},
        {"size": "1280x720"},
        {"aspectRatio": "16:9"},
        {"size": {"requested": "wide", "applied": "1280x720"}},
    ),
    "N10": (
        F3,
        {"resolution": "720P", "duration_seconds": 8},
        {"resolution": "768P", "duration_seconds": 10},
        {},
        {
            "resolution": {"requested": "720P", "applied": "768P"},
            "durationSeconds": seconds(8, 10, 6, 10),
        },
    ),
    "N11": (
        F3,
        {
            "size": "1280x720",
            "aspect_ratio": "16:9",
            "resolution": "4K",
            "audio": True,
            "watermark": True,
            "duration_seconds": 5,
        },
        {"duration_seconds": 6},
        {
            "size": "1280x720",
            "aspectRatio": "16:9",
            "resolution": "4K",
            "audio": True,
            "watermark": True,
        },
        {"durationSeconds": seconds(5, 6, 6, 10)},
    ),
    "N12": (
        F4,
        {
            "aspect_ratio": "adaptive",
            "resolution": "480P",
            "audio": True,
            "watermark": False,
            "duration_seconds": 5,
        },
        {
            "aspect_ratio": "adaptive",
            "resolution": "480P",
            "audio": True,
            "watermark": False,
            "duration_seconds": 5,
        },
        {},
        {},
    ),
    "N13": (
        F4,
        {"aspect_ratio": "3:2", "resolution": "1080P"},
        {"aspect_ratio": "4:3", "resolution": "720P"},
        {},
        {
            "aspectRatio": {"requested": "3:2", "applied": "4:3"},
            "resolution": {"requested": "1080P", "applied": "720P"},
        },
    ),
    "N14": (
        F5,
        {
            "size": "123x45",
            "aspect_ratio": "adaptive",
            "resolution": "draft-large",
            "duration_seconds": 4.5,
        },
        {
            "size": "123x45",
            "aspect_ratio": "adaptive",
            "resolution": "draft-large",
            "duration_seconds": 5,
        },
        {},
        {},
    ),
    "N15": (F6, {"size": "1280x720"}, {}, {"size": "1280x720"}, {}),
    "N16": (
        F0,
        {
            "size": "1x1",
            "aspect_ratio": "x",
            "resolution": "y",
            "audio": True,
            "duration_seconds": 2.5,
        },
        {
            "size": "1x1",
            "aspect_ratio": "x",
            "resolution": "y",
            "audio": True,
            "duration_seconds": 3,
        },
        {},
        {},
    ),
}
MORE = {
    "a size that cannot be read becomes the asked ratio": (
        F1,
        {"size": "big", "aspect_ratio": "9:16"},
        {"aspect_ratio": "9:16"},
        {},
        {"aspectRatio": {"applied": "9:16", "derivedFrom": "size"}},
    ),
    "a size becomes its own ratio when any ratio is taken": (
        ModeCaps(supports_aspect_ratio=True),
        {"size": "832x480"},
        {"aspect_ratio": "26:15"},
        {},
        {"aspectRatio": {"applied": "26:15", "derivedFrom": "size"}},
    ),
    "a ratio that is no ratio follows the size beside it": (
        replace(F6, sizes=("1280x720",)),
        {"size": "1280x720", "aspect_ratio": "adaptive"},
        {"size": "1280x720", "aspect_ratio": "16:9"},
        {},
        {"aspectRatio": {"requested": "adaptive", "applied": "16:9"}},
    ),
    "a ratio finds no size in an empty list": (
        ModeCaps(supports_size=True),
        {"aspect_ratio": "16:9"},
        {},
        {"aspectRatio": "16:9"},
        {},
    ),
}
STYLE = ("size", "aspect_ratio", "resolution", "duration_seconds", "audio", "watermark")


@pytest.mark.parametrize(
    "caps, asked, sent, ignored, told", [*named("4.7", WHOLE), *named("style", MORE)]
)
def test_style_is_fitted_to_the_model_and_every_difference_told(
    stub, media, caps, asked, sent, ignored, told
):
    found = plan(Request(prompt="x", **asked), media(), stub(caps=Caps(generate=caps)), "m")
    assert {k: v for k in STYLE if (v := getattr(found.job, k)) is not None} == sent
    assert ignored_overrides(found.ignored) == [{"key": k, "value": v} for k, v in ignored.items()]
    assert normalization(found.changes) == told
    assert all(entry.why for entry in (*found.changes, *found.ignored))


# --- What a result says -------------------------------------------------------------------------


def made(requested, applied, *supported):
    return {
        "requestedDurationSeconds": requested,
        "normalizedDurationSeconds": applied,
        "supportedDurationSeconds": list(supported),
    }


METADATA = {
    "size": (
        "N7",
        {"requestedSize": "1920x1080", "normalizedSize": "1280x720", **made(10, 12, 4, 8, 12)},
    ),
    "size derived from ratio": ("N6", made(6, 8, 4, 8, 12)),
    "aspectRatio and resolution": (
        "N13",
        {
            "requestedAspectRatio": "3:2",
            "normalizedAspectRatio": "4:3",
            "requestedResolution": "1080P",
            "normalizedResolution": "720P",
        },
    ),
    "aspectRatio derived from size": (
        "N2",
        {
            "normalizedAspectRatio": "16:9",
            "requestedSize": "1280x720",
            "aspectRatioDerivedFromSize": "16:9",
            **made(7, 8, 4, 6, 8),
        },
    ),
    "reduced ratio of the size": (
        "a size becomes its own ratio when any ratio is taken",
        {
            "normalizedAspectRatio": "26:15",
            "requestedSize": "832x480",
            "aspectRatioDerivedFromSize": "26:15",
        },
    ),
    "size that cannot be read": (
        "a size that cannot be read becomes the asked ratio",
        {"normalizedAspectRatio": "9:16", "requestedSize": "big"},
    ),
    "resolution": ("N5", {"requestedResolution": "480P", "normalizedResolution": "720P"}),
    "durationSeconds": ("N11", made(5, 6, 6, 10)),
    "nothing changed": ("N12", {}),
}


@pytest.mark.parametrize("row, expected", METADATA.values(), ids=METADATA)
def test_metadata_tells_what_was_normalised(stub, media, row, expected):
    caps, asked, *_ = (WHOLE | MORE)[row]
    request = Request(prompt="x", **asked)
    found = plan(request, media(), stub(caps=Caps(generate=caps)), "m")
    assert metadata(found.changes, request) == expected


def test_metadata_of_a_size_that_was_derived_says_nothing_about_the_size():
    changes = (Change(setting="size", requested=None, applied="1x1", derived_from="aspect_ratio"),)
    assert metadata(changes, Request(prompt="x")) == {}


def test_the_warning_lists_what_was_ignored_after_the_ref():
    ref = Ref("google", "veo-3.1-fast-generate-preview")
    ignored = (
        Ignored(setting="resolution", value="4K"),
        Ignored(setting="watermark", value=False),
        Ignored(setting="aspect_ratio", value="1:1"),
    )
    assert warning(ref, ignored) == (
        "google/veo-3.1-fast-generate-preview ignored: "
        "resolution=4K, watermark=false, aspectRatio=1:1"
    )
    assert warning(ref, ()) is None


def test_the_warning_cuts_long_values():
    assert len(warning(Ref("p", "m"), [Ignored(setting="size", value="x" * 999)])) < 250


def test_a_setting_changed_twice_is_told_once():
    first = Change(setting="duration_seconds", requested=7, applied=8, supported=(4, 8))
    again = Change(setting="duration_seconds", requested=8, applied=10, supported=(10,))
    back = Change(setting="duration_seconds", requested=8, applied=7)
    assert normalization([first, again]) == {"durationSeconds": seconds(7, 10, 10)}
    assert normalization([first, back]) == {}


def test_a_derived_value_that_is_changed_again_stays_derived():
    first = Change(setting="aspect_ratio", requested=None, applied="16:9", derived_from="size")
    again = Change(setting="aspect_ratio", requested="16:9", applied="1:1")
    assert normalization([first, again])["aspectRatio"]["derivedFrom"] == "size"


def test_a_changed_model_is_no_normalisation():
    assert normalization([Change(setting="model", requested="a", applied="b")]) == {}


# --- A provider's own rules ---------------------------------------------------------------------


def test_what_a_provider_changes_or_ignores_is_added(stub, media):
    def fit(job):
        return Fitted(
            replace(job, model="m-hd", audio=None, size=None),
            changes=(Change(setting="model", requested="m", applied="m-hd"),),
            ignored=(Ignored(setting="size", value="1280x720"),),
            notes=("half price until Friday",),
        )

    provider = stub("p", "m", caps=Caps(generate=F2), fit=fit)
    request = Request(prompt="x", size="1920x1080", watermark=True)
    found = plan(request, media(), provider, "m")
    assert (found.ref, found.job.model) == (Ref("p", "m-hd"), "m-hd")
    assert [entry.setting for entry in found.ignored] == ["watermark", "size"]
    assert [entry.setting for entry in found.changes] == ["model"], "a size not sent is not changed"
    assert found.notes == ("half price until Friday",)


def test_a_provider_can_skip_what_its_tables_allow(stub, media):
    provider = stub(fit=lambda _: Skip("p/m makes 10 seconds only at 720P"))
    assert plan(Request(prompt="x"), media(), provider, "m") == Skip(
        "p/m makes 10 seconds only at 720P"
    )


# --- Properties ---------------------------------------------------------------------------------

SIZES = st.sampled_from(["1280x720", "720x1280", "1x1", "640*480", "big", "1024X1024", "0x0"])
RATIOS = st.sampled_from(["16:9", "9:16", "1:1", "adaptive", "2.35:1", "0:1", "x"])
RESOLUTIONS = st.sampled_from(["480P", "720P", "1080p", "4K", "draft"])
FLAGS = st.sampled_from([None, True, False])


def lists(values):
    return st.none() | st.lists(values, max_size=4).map(tuple)


CAPS = st.none() | st.builds(
    ModeCaps,
    supports_size=FLAGS,
    sizes=lists(SIZES),
    supports_aspect_ratio=FLAGS,
    aspect_ratios=lists(RATIOS),
    supports_resolution=FLAGS,
    resolutions=lists(RESOLUTIONS),
    supports_audio=FLAGS,
    supports_watermark=FLAGS,
    supported_duration_seconds=lists(st.floats(-5, 30)),
    max_duration_seconds=st.none() | st.integers(1, 30),
)
REQUESTS = st.builds(
    Request,
    prompt=st.just("x"),
    size=st.none() | SIZES | st.text(max_size=8),
    aspect_ratio=st.none() | RATIOS | st.text(max_size=8),
    resolution=st.none() | RESOLUTIONS | st.text(max_size=8),
    duration_seconds=st.none() | st.floats(0, 40) | st.floats(),
    audio=FLAGS,
    watermark=FLAGS,
)


def takes(value, supported, listed):
    return value is None or (bool(supported) and (not listed or value in listed))


@given(CAPS, REQUESTS)
def test_what_is_sent_lies_within_what_is_declared(stub, caps, request):
    declared = Caps(generate=caps)
    found = plan(request, Media(), stub(caps=declared), "m")
    if caps is None or isinstance(found, Skip):
        return
    job, known = found.job, effective(declared, "m", 0, 0)
    assert takes(job.size, known.supports_size, known.sizes)
    assert takes(job.aspect_ratio, known.supports_aspect_ratio, known.aspect_ratios)
    assert takes(job.resolution, known.supports_resolution, known.resolutions)
    assert takes(job.audio, known.supports_audio, ())
    assert takes(job.watermark, known.supports_watermark, ())
    choices = duration_choices(known.supported_duration_seconds)
    if job.duration_seconds is not None and choices:
        assert job.duration_seconds in choices
    elif job.duration_seconds is not None and known.max_duration_seconds is not None:
        assert 1 <= job.duration_seconds <= known.max_duration_seconds


@given(CAPS, REQUESTS)
def test_what_was_fitted_is_not_changed_again(stub, caps, request):
    provider = stub(caps=Caps(generate=caps))
    first = plan(request, Media(), provider, "m")
    if isinstance(first, Skip):
        return
    fitted = Request(prompt="x", **{name: getattr(first.job, name) for name in STYLE})
    again = plan(fitted, Media(), provider, "m")
    assert (again.job, again.changes, again.ignored) == (first.job, (), ())


@given(CAPS, REQUESTS)
def test_no_setting_disappears_without_a_word(stub, caps, request):
    found = plan(request, Media(), stub(caps=Caps(generate=caps)), "m")
    if isinstance(found, Skip):
        return
    told = {entry.setting for entry in found.ignored}
    told |= {name for change in found.changes for name in (change.setting, change.derived_from)}
    for name in ("size", "aspect_ratio", "resolution", "audio", "watermark"):
        if getattr(found.job, name) != getattr(request, name):
            assert name in told
    assert isinstance(normalization(found.changes), dict)
    assert isinstance(metadata(found.changes, request), dict)
