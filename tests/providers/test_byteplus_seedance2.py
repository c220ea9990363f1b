"""The rules of Seedance 2.0; the wire is tested with Seedance 1.0."""

from dataclasses import replace

import pytest

from openclaw_nb.core.domain import Ignored, Media, Mode
from openclaw_nb.core.wire import Skip
from openclaw_nb.providers import _modelark, byteplus_seedance2
from tests.providers.modelark import (
    BEAT,
    MP4,
    PNG,
    STEPS,
    body,
    job,
    picture,
    pictures,
    planned,
    roles,
)

SEEDANCE = byteplus_seedance2.PROVIDER
FAST = "dreamina-seedance-2-0-fast-260128"
REFERENCE = "reference_image"


def plan(*images, videos=(), audios=(), model="", **asked):
    return planned(SEEDANCE, model, Media(images=images, videos=videos, audios=audios), **asked)


def test_it_has_all_three_modes():
    assert SEEDANCE.caps.modes() == (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)


# roles


@pytest.mark.parametrize(
    "given, sent",
    [
        ([None], ["first_frame"]),
        ([None, None], ["first_frame", "last_frame"]),
        ([None] * 3, [REFERENCE] * 3),
        ([None] * 9, [REFERENCE] * 9),
        ([REFERENCE], [REFERENCE]),
        ([REFERENCE, None], [REFERENCE] * 2),
        (["last_frame", "first_frame"], ["last_frame", "first_frame"]),
    ],
)
def test_up_to_two_images_alone_are_frames_and_more_are_references(given, sent):
    assert roles(plan(*pictures(*given))) == sent


def test_beside_a_video_or_audio_an_image_is_a_reference():
    assert roles(plan(picture(), videos=(STEPS,))) == [REFERENCE, "reference_video"]
    assert roles(plan(picture(), audios=(BEAT,))) == [REFERENCE, "reference_audio"]
    everything = plan(*pictures(None, None), videos=(STEPS,) * 3, audios=(BEAT,) * 3)
    assert roles(everything) == [
        REFERENCE, REFERENCE, *["reference_video"] * 3, *["reference_audio"] * 3,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "given",
    [
        ["first_frame", REFERENCE],
        ["last_frame"],
        ["first_frame", "first_frame"],
        ["first_frame", "last_frame", None],
        ["first_frame", None],
    ],
)
def test_frames_exclude_references_and_each_has_its_role(given):
    assert isinstance(plan(*pictures(*given)), Skip)


def test_a_frame_beside_a_video_is_refused():
    reason = plan(picture("first_frame"), videos=(STEPS,)).reason
    assert "without reference images, videos or audios" in reason


def test_a_role_that_the_service_does_not_have_is_refused():
    steps, beat = replace(STEPS, role="style"), replace(BEAT, role="style")
    for found in (
        plan(picture("style")),
        plan(videos=(steps,)),
        plan(picture(), audios=(beat,)),
    ):
        assert "not style" in found.reason


def test_audio_does_not_stand_alone():
    assert isinstance(plan(audios=(BEAT,)), Skip)
    alone = job(SEEDANCE.default_model.id, audios=(BEAT,))
    assert "only together with an image or a video" in byteplus_seedance2.fit(alone).reason


@pytest.mark.parametrize("more", [{"videos": (STEPS,) * 4}, {"audios": (BEAT,) * 4}])
def test_there_are_at_most_three_videos_and_audios(more):
    assert isinstance(plan(picture(), **more), Skip)


# files


@pytest.mark.parametrize(
    "media, way_out",
    [
        (Media(images=(PNG,)), "byteplus/seedance-1-0-pro-250528"),
        (Media(videos=(MP4,)), "fal/bytedance/seedance-2.0/reference-to-video"),
    ],
)
def test_a_local_file_is_refused_with_the_way_out(media, way_out):
    reason = planned(SEEDANCE, media=media).reason
    assert "is local" in reason
    assert way_out in reason


# style and options


def test_text_alone_is_silent_unmarked_and_16_9():
    assert body(plan()) == {"ratio": "16:9", "generate_audio": False, "watermark": False}


def test_with_a_picture_or_video_the_ratio_is_left_to_the_service():
    assert "ratio" not in body(plan(picture()))
    assert "ratio" not in body(plan(videos=(STEPS,)))


@pytest.mark.parametrize("asked, sent", [(3, 4), (15, 15), (20, 15)])
def test_a_length_is_clamped_to_4_to_15_seconds(asked, sent):
    assert body(plan(duration_seconds=asked))["duration"] == sent


def test_4k_is_lower_case_and_the_fast_model_stops_at_720p():
    assert body(plan(resolution="4K"))["resolution"] == "4k"
    for found in (
        plan(model=FAST, resolution="1080P"),
        plan(picture(), model=FAST, resolution="1080P"),
        plan(videos=(STEPS,), model=FAST, resolution="1080P"),
    ):
        assert body(found)["resolution"] == "720p"
        assert found.changes[0].applied == "720P"


def test_a_seed_is_taken_and_not_sent():
    found = plan(provider_options={"seed": 41})
    assert "seed" not in body(found)
    assert found.ignored == (
        Ignored(setting="provider_options.seed", value=41, why="Seedance 2.0 has no seed"),
    )
    assert isinstance(plan(provider_options={"camera_fixed": True}), Skip)


@pytest.mark.parametrize("model", ["dreamina-seedance-2-5-260628", "ep-20260101-abcde"])
def test_a_model_that_is_not_listed_passes(model):
    sent = _modelark.build_submit(plan(model=model).job).json
    assert sent["model"] == model


def test_configuration_first():
    assert SEEDANCE.key.config_first
    assert SEEDANCE.base_url_env == "BYTEPLUS_BASE_URL"
