"""The rules of Seedance 1.5; the wire is tested with Seedance 1.0."""

import pytest

from openclaw_nb.config import Keyring, read
from openclaw_nb.core.domain import Media, Mode
from openclaw_nb.core.wire import Skip
from openclaw_nb.providers import byteplus_seedance15
from tests.providers.modelark import PNG, STEPS, body, picture, pictures, planned, roles

SEEDANCE = byteplus_seedance15.PROVIDER


def plan(*images, **asked):
    return planned(SEEDANCE, media=Media(images=images), **asked)


def test_text_alone_is_silent_unmarked_and_16_9_unless_asked_otherwise():
    assert body(plan()) == {"ratio": "16:9", "generate_audio": False, "watermark": False}
    asked = plan(aspect_ratio="adaptive", audio=True, watermark=True)
    assert body(asked) == {"ratio": "adaptive", "generate_audio": True, "watermark": True}


def test_with_an_image_the_ratio_is_left_to_the_service():
    assert "ratio" not in body(plan(picture()))
    assert body(plan(picture(), aspect_ratio="9:16"))["ratio"] == "9:16"


@pytest.mark.parametrize("asked, sent", [(1, 4), (8, 8), (20, 12)])
def test_a_length_is_clamped_to_4_to_12_seconds(asked, sent):
    assert body(plan(duration_seconds=asked))["duration"] == sent


def test_a_resolution_is_sent_in_lower_case():
    assert body(plan(resolution="1080P"))["resolution"] == "1080p"


def test_two_images_are_first_and_last_frame():
    assert roles(plan(*pictures(None, None))) == ["first_frame", "last_frame"]
    assert roles(plan(*pictures("last_frame", None))) == ["last_frame", "first_frame"]
    assert isinstance(plan(*pictures("last_frame")), Skip)
    assert isinstance(plan(*pictures("reference_image")), Skip)
    assert isinstance(plan(*pictures(None, None, None)), Skip)


def test_a_local_image_is_refused_with_the_way_out():
    reason = plan(PNG).reason
    assert "a.png is local" in reason
    assert "public https URL" in reason
    assert "byteplus/seedance-1-0-pro-250528" in reason


def test_videos_and_audios_are_not_taken():
    assert SEEDANCE.caps.modes() == (Mode.GENERATE, Mode.IMAGE_TO_VIDEO)
    assert isinstance(planned(SEEDANCE, media=Media(videos=(STEPS,))), Skip)
    assert isinstance(planned(SEEDANCE, media=Media(images=(picture(),), audios=(STEPS,))), Skip)


def test_seed_and_camera_are_options_and_draft_is_not():
    options = {"seed": 7, "camera_fixed": False}
    sent = body(plan(provider_options=options))
    assert (sent["seed"], sent["camera_fixed"]) == (7, False)
    assert "draft" in plan(provider_options={"draft": True}).reason


def test_the_key_of_the_configuration_wins_over_the_environment():
    own = {"plugins": {"entries": {"byteplus-seedance15": {"config": {"apiKey": "from-plugin"}}}}}
    general = {"models": {"providers": {"byteplus-seedance15": {"apiKey": "from-models"}}}}
    environ = {"BYTEPLUS_API_KEY": "from-environment"}

    def found(settings):
        key = SEEDANCE.key
        keyring = Keyring(read(settings), environ)
        return keyring.find((SEEDANCE.id,), key.env, config_first=key.config_first).key

    assert found({**own, **general}) == "from-plugin"
    assert found(general) == "from-models"
    assert found({}) == "from-environment"


def test_the_address_may_come_from_the_environment():
    assert SEEDANCE.base_url_env == "BYTEPLUS_BASE_URL"
