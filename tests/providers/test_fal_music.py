"""fal's music: who sings, lengths and formats, bodies and answers."""

import json

import pytest

from openclaw_nb.core.domain import Ignored, Link, Media, Medium
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.plan import normalization, plan
from openclaw_nb.core.wire import Done, Hosted, Malformed, Reply, Skip, Wait
from openclaw_nb.providers import _fal_queue as queue
from openclaw_nb.providers import fal_music

MINIMAX, ACE, STABLE = fal_music.MINIMAX, fal_music.ACE_STEP, fal_music.STABLE_AUDIO
LYRICS = "[Verse]\nRain on the window"
SETTING = {"sample_rate": 44100, "bitrate": 256000, "format": "mp3"}


def planned(model=MINIMAX, images=(), **asked):
    request = read_request({"prompt": "lo-fi", **asked}, strict_keys=True, medium=Medium.MUSIC)
    return plan(request, Media(images=images), fal_music.PROVIDER, model)


def body(model=MINIMAX, **asked):
    return dict(fal_music.build_submit(planned(model, **asked).job).json)


def reason(model, **asked):
    found = planned(model, **asked)
    assert isinstance(found, Skip), found
    return found.reason


def ignored(model, **asked):
    return {entry.setting: entry.value for entry in planned(model, **asked).ignored}


def read(**given):
    return fal_music.PROVIDER.parse_submit(
        Reply(200, {}, json.dumps(given).encode(), "/x", queue.QUEUE)
    )


@pytest.mark.parametrize(
    ("asked", "sent"),
    [
        ({}, {"lyrics_optimizer": True}),
        ({"lyrics": f"  {LYRICS} "}, {"lyrics": LYRICS}),
        ({"instrumental": True}, {"is_instrumental": True}),
        ({"instrumental": False}, {"lyrics_optimizer": True}),
        ({"instrumental": False, "lyrics": LYRICS}, {"lyrics": LYRICS}),
    ],
)
def test_minimax_sings_what_is_given_or_writes_it_or_does_not_sing(asked, sent):
    assert body(**asked) == {"prompt": "lo-fi", "audio_setting": SETTING, **sent}


def test_ace_step_and_stable_audio_have_names_of_their_own_for_the_length():
    assert body(ACE, instrumental=True, duration_seconds=45) == {
        "prompt": "lo-fi",
        "instrumental": True,
        "duration": 45,
    }
    assert body(ACE, instrumental=False) == {"prompt": "lo-fi"}
    assert body(STABLE, duration_seconds=30) == {"prompt": "lo-fi", "seconds_total": 30}


@pytest.mark.parametrize(
    ("model", "asked", "why"),
    [
        (MINIMAX, {"lyrics": LYRICS, "instrumental": True}, "not both"),
        (ACE, {"lyrics": LYRICS}, "no lyrics"),
        (STABLE, {"lyrics": LYRICS}, "no lyrics"),
        (STABLE, {"instrumental": True}, "never sings"),
        (MINIMAX, {"images": (Link(url="https://e.com/a.png"),)}, "reference image"),
        (MINIMAX, {"lyrics": "la" * 2000}, "at most 3500 characters"),
    ],
)
def test_what_an_endpoint_refuses_is_never_sent(model, asked, why):
    assert why in reason(model, **asked)


@pytest.mark.parametrize(("model", "applied"), [(ACE, 240), (STABLE, 190)])
def test_a_length_is_cut_to_what_the_endpoint_makes(model, applied):
    told = normalization(planned(model, duration_seconds=300).changes)
    assert told == {"durationSeconds": {"requested": 300, "applied": applied}}


def test_minimax_decides_the_length_itself_and_says_so():
    (entry,) = planned(duration_seconds=300).ignored
    assert (entry.setting, entry.value) == ("duration_seconds", 240)
    assert "decides" in entry.why
    assert "duration" not in body(duration_seconds=60)


@pytest.mark.parametrize(
    ("model", "format", "left_out"),
    [
        (MINIMAX, "mp3", {}),
        (MINIMAX, "wav", {"format": "wav"}),
        (ACE, "wav", {}),
        (ACE, "mp3", {"format": "mp3"}),
        (STABLE, "mp3", {"format": "mp3"}),
    ],
)
def test_a_format_that_is_not_made_is_left_out(model, format, left_out):
    assert ignored(model, format=format) == left_out


def test_options_go_to_endpoints_that_have_them():
    assert body(ACE, provider_options={"seed": 3})["seed"] == 3
    (entry,) = planned(MINIMAX, provider_options={"seed": 3}).ignored
    assert entry == Ignored(
        setting="provider_options.seed", value=3, why="the endpoint has no such field"
    )


def test_an_endpoint_that_is_not_known_gets_what_was_asked_for_and_says_so():
    found = planned("some/new/music", lyrics=LYRICS, duration_seconds=20, format="wav")
    assert "not known here" in found.notes[0]
    assert body("some/new/music", lyrics=LYRICS, duration_seconds=20, format="wav") == {
        "prompt": "lo-fi",
        "lyrics": LYRICS,
        "duration": 20,
        "format": "wav",
    }


def test_a_time_limit_under_ten_seconds_is_raised_and_told():
    found = planned(timeout_ms=500)
    assert found.notes == ("the time limit of 500 ms was raised to 10 s",)


@pytest.mark.parametrize(
    "audio",
    [
        {"url": "https://v3.fal.media/track.mp3", "content_type": "audio/mpeg"},
        "https://v3.fal.media/track.mp3",
    ],
)
@pytest.mark.parametrize("key", ["audio", "audio_file"])
def test_the_track_is_an_address_or_a_file_under_one_of_two_names(audio, key):
    step = read(**{key: audio}, seed=1, lyrics="la")
    assert isinstance(step, Done)
    (file,) = step.outputs
    assert isinstance(file, Hosted)
    assert (file.url, file.name) == ("https://v3.fal.media/track.mp3", "track.mp3")
    assert step.metadata == {"seed": 1, "lyrics": ["la"]}
    assert fal_music.PROVIDER.over(step.ticket).outputs == step.outputs


def test_a_place_in_the_queue_is_waited_for_and_nothing_at_all_is_malformed():
    assert isinstance(read(request_id="r", response_url="https://queue.fal.run/r"), Wait)
    with pytest.raises(Malformed):
        read(seed=1)
    with pytest.raises(Malformed):
        read(audio={"url": "x"})
