import pytest

from openclaw_nb.core.capabilities import Caps, ModeCaps, effective, flat, mode_of, overlay
from openclaw_nb.core.domain import Mode


@pytest.mark.parametrize(
    "images, videos, mode",
    [
        (0, 0, Mode.GENERATE),
        (2, 0, Mode.IMAGE_TO_VIDEO),
        (0, 2, Mode.VIDEO_TO_VIDEO),
        (1, 1, None),
    ],
)
def test_the_references_decide_the_mode(images, videos, mode):
    assert mode_of(images, videos) is mode


ON, OFF = ModeCaps(enabled=True), ModeCaps(enabled=False)
TEXT, IMAGE, VIDEO = Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO


@pytest.mark.parametrize(
    "caps, modes",
    [
        (Caps(), (TEXT,)),
        (Caps(video_to_video=ON, image_to_video=ON), (TEXT, IMAGE, VIDEO)),
        (Caps(image_to_video=OFF, video_to_video=ON), (TEXT, VIDEO)),
        (Caps(image_to_video=ModeCaps()), (TEXT,)),
        (Caps(max_input_images=4, max_input_videos=1), (TEXT,)),
    ],
    ids=["none", "both", "one is off", "not said to be enabled", "flat limits advertise nothing"],
)
def test_only_enabled_blocks_are_declared_modes(caps, modes):
    assert caps.modes() == modes


def test_each_mode_has_its_own_block_enabled_or_not():
    caps = Caps(
        generate=ModeCaps(max_videos=1),
        image_to_video=ModeCaps(max_videos=2, enabled=False),
        video_to_video=ModeCaps(max_videos=3),
    )
    assert [effective(caps, "m", *n).max_videos for n in ((0, 0), (1, 0), (0, 1))] == [1, 2, 3]


def test_a_mode_without_a_block_has_no_caps():
    caps = Caps(generate=ModeCaps(), max_input_images=4)
    assert effective(caps, "m", 1, 0) is None


@pytest.mark.parametrize(
    "block, found",
    [
        (ModeCaps(enabled=True, max_input_images=1), True),
        (ModeCaps(enabled=True, max_input_images_by_model={"m": 2}), True),
        (ModeCaps(enabled=True, max_input_images=1, max_input_images_by_model={"m": 0}), False),
        (ModeCaps(enabled=True), False),
        (ModeCaps(enabled=False, max_input_images=1), False),
        (None, False),
    ],
    ids=["limit", "limit of the model", "0 for the model", "flat limit only", "off", "no block"],
)
def test_images_with_videos_need_an_enabled_video_block_that_takes_images(block, found):
    caps = Caps(video_to_video=block, max_input_images=4)
    assert (effective(caps, "m", 1, 1) is not None) is found


def test_flat_fields_fill_what_the_block_leaves_out_and_nothing_else():
    caps = Caps(
        generate=ModeCaps(max_input_images=0),
        max_input_images=1,
        max_input_videos=2,
        max_input_audios=3,
        max_duration_seconds=4,
        provider_options={"seed": "number"},
    )
    assert effective(caps, "m", 0, 0) == ModeCaps(
        max_input_images=0,
        max_input_videos=2,
        max_input_audios=3,
        max_duration_seconds=4,
        provider_options={"seed": "number"},
    )
    assert flat(caps).max_input_images == 1


PER_MODEL = ModeCaps(
    max_input_images=1,
    max_input_images_by_model={"a/r2v": 9, "a/none": 0},
    max_input_videos=1,
    max_input_videos_by_model={"a/r2v": 3},
    max_input_audios=0,
    max_input_audios_by_model={"a/r2v": 3},
    supported_duration_seconds=(5, 10),
    supported_duration_seconds_by_model={"a/r2v": (4, 8)},
)


@pytest.mark.parametrize(
    "model, expected",
    [
        ("a/r2v", (9, 3, 3, (4, 8))),
        (" a/r2v ", (9, 3, 3, (4, 8))),
        ("r2v", (1, 1, 0, (5, 10))),
        ("A/R2V", (1, 1, 0, (5, 10))),
        ("a/none", (0, 1, 0, (5, 10))),
    ],
    ids=["exact", "trimmed", "part of the id", "other case", "0 switches off"],
)
def test_a_value_for_the_exact_model_replaces_the_one_of_the_mode(model, expected):
    found = effective(Caps(generate=PER_MODEL), model, 0, 0)
    assert found == ModeCaps(
        max_input_images=expected[0],
        max_input_videos=expected[1],
        max_input_audios=expected[2],
        supported_duration_seconds=expected[3],
    )


def test_an_overlay_replaces_what_it_declares_zero_included():
    base = Caps(image_to_video=ModeCaps(enabled=True, max_input_images=1, max_duration_seconds=10))
    over = Caps(image_to_video=ModeCaps(max_input_images=3, max_duration_seconds=0))
    assert overlay(base, over).image_to_video == ModeCaps(
        enabled=True, max_input_images=3, max_duration_seconds=0
    )
    assert base.image_to_video.max_input_images == 1


def test_an_overlay_can_switch_a_mode_off():
    over = Caps(image_to_video=ModeCaps(enabled=False))
    merged = overlay(Caps(image_to_video=ModeCaps(enabled=True, max_input_images=1)), over)
    assert merged.image_to_video == ModeCaps(enabled=False, max_input_images=1)


def test_what_an_overlay_leaves_out_stays():
    base = Caps(generate=ModeCaps(max_videos=1), video_to_video=ON, max_duration_seconds=9)
    assert overlay(base, Caps(max_input_images=0)) == Caps(
        generate=ModeCaps(max_videos=1),
        video_to_video=ON,
        max_duration_seconds=9,
        max_input_images=0,
    )
    assert overlay(base, None) is base


def test_an_overlay_can_add_a_mode():
    assert overlay(Caps(), Caps(video_to_video=ON)).video_to_video == ON


@pytest.mark.parametrize(
    "base, over, merged",
    [
        ({"seed": "number"}, {"draft": "boolean"}, {"seed": "number", "draft": "boolean"}),
        ({"seed": "number"}, {"seed": "string"}, {"seed": "string"}),
        ({"seed": "number"}, {}, {}),
        ({"seed": "number"}, None, {"seed": "number"}),
        (None, {"seed": "number"}, {"seed": "number"}),
        (None, None, None),
    ],
    ids=["merged", "replaced", "cleared", "kept", "new", "undeclared"],
)
def test_option_schemas_are_merged_key_by_key_but_an_empty_one_clears(base, over, merged):
    flat_caps = overlay(Caps(provider_options=base), Caps(provider_options=over))
    block = overlay(
        Caps(generate=ModeCaps(provider_options=base)),
        Caps(generate=ModeCaps(provider_options=over)),
    )
    assert flat_caps.provider_options == merged
    assert block.generate.provider_options == merged
