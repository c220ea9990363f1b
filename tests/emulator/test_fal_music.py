"""fal's music, judged over HTTP, by PyAV and by fal-client."""

import asyncio
import base64
import io

import av
import fal_client
import pytest

from openclaw_nb.emulator import Scenario
from openclaw_nb.emulator.services.fal_endpoints import schema

KEY = {"authorization": "Key k"}
MINIMAX = "fal-ai/minimax-music/v2.6"
ACE = "fal-ai/ace-step/prompt-to-audio"
STABLE = "fal-ai/stable-audio-25/text-to-audio"
LYRICS = "[Verse]\nRain on the window\n[Chorus]\nStay a little longer"


def play(emulator, **scenario):
    emulator.set(Scenario(**{"polls": 1, "render": "draft", **scenario}))


def facts(data):
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        kind = stream.codec_context.name.removesuffix("float")
        return kind, stream.rate, container.duration / 1_000_000, dict(container.metadata)


@pytest.mark.parametrize(
    "endpoint, body, keys, kind, rate, seconds",
    [
        (
            MINIMAX,
            {
                "lyrics": LYRICS,
                "audio_setting": {"sample_rate": 44100, "bitrate": 256000, "format": "mp3"},
            },
            {"audio"},
            "mp3",
            44_100,
            30,
        ),
        (
            ACE,
            {"instrumental": True, "duration": 45},
            {"audio", "lyrics", "seed", "tags"},
            "pcm_s16le",
            48_000,
            45,
        ),
        (STABLE, {"seconds_total": 30}, {"audio", "seed"}, "pcm_s16le", 44_100, 30),
    ],
)
def test_fal_client_gets_the_same_from_both_hosts(
    emulator, official, http, endpoint, body, keys, kind, rate, seconds
):
    emulator.set(Scenario(polls=1))
    sent = {"prompt": "warm lo-fi piano, vinyl crackle, 80 bpm", **body}
    run = official.run(endpoint, arguments=sent)
    queued = official.subscribe(endpoint, arguments=sent)
    assert set(run) == set(queued) == keys
    assert set(run["audio"]) == {"url", "content_type", "file_name", "file_size"}
    served = http.get(run["audio"]["url"])
    assert served.headers["content-type"] == run["audio"]["content_type"]
    assert len(served.content) == run["audio"]["file_size"]
    assert served.content == http.get(queued["audio"]["url"]).content
    found, hertz, length, tags = facts(served.content)
    assert (found, hertz, length) == (kind, rate, pytest.approx(seconds, abs=0.1))
    assert tags["title"] == f"EMULATED: {sent['prompt']}"
    assert [(each.kind, each.model) for each in emulator.jobs] == [("music", endpoint)] * 2


def test_the_async_fal_client_gets_music_too(emulator, official):
    async def both():
        client = fal_client.AsyncClient(key="test")
        try:
            run = await client.run(STABLE, {"prompt": "x"})
            queued = await client.subscribe(STABLE, {"prompt": "x"}, interval=0.001)
        finally:
            await (await client._client).aclose()
        return run, queued

    run, queued = asyncio.run(both())
    assert run["seed"] == queued["seed"]


REFUSED = [
    (MINIMAX, {"prompt": None, "lyrics": "la"}, ["body", "prompt"], "missing"),
    (MINIMAX, {}, ["body"], "value_error"),
    (MINIMAX, {"lyrics": "  "}, ["body"], "value_error"),
    (MINIMAX, {"prompt": "x" * 2001, "lyrics": "la"}, ["body", "prompt"], "string_too_long"),
    (MINIMAX, {"lyrics": "x" * 3501}, ["body", "lyrics"], "string_too_long"),
    (MINIMAX, {"is_instrumental": "yes"}, ["body", "is_instrumental"], "bool_type"),
    *(
        (
            MINIMAX,
            {"lyrics": "la", "audio_setting": {name: value}},
            ["body", "audio_setting", name],
            "literal_error",
        )
        for name, value in [
            ("sample_rate", 48000),
            ("sample_rate", "44100"),
            ("bitrate", 192000),
            ("format", "flac"),
        ]
    ),
    (ACE, {"duration": "45"}, ["body", "duration"], "float_type"),
    (ACE, {"duration": 241}, ["body", "duration"], "less_than_equal"),
    (ACE, {"scheduler": "ddim"}, ["body", "scheduler"], "literal_error"),
    (ACE, {"guidance_type": "none"}, ["body", "guidance_type"], "literal_error"),
    (STABLE, {"seconds_total": 191}, ["body", "seconds_total"], "less_than_equal"),
    (STABLE, {"seconds_total": 0}, ["body", "seconds_total"], "greater_than_equal"),
    (STABLE, {"num_inference_steps": 9}, ["body", "num_inference_steps"], "less_than_equal"),
]


@pytest.mark.parametrize("endpoint, body, place, kind", REFUSED)
def test_a_wrong_body_is_refused_in_fals_shape(refusing, endpoint, body, place, kind):
    said = refusing.post(endpoint, **body)
    (detail,) = said.json()["detail"]
    assert (said.status_code, detail["loc"], detail["type"]) == (422, place, kind)
    assert refusing.emulator.jobs == []


def track(endpoint, **body):
    (found,) = schema(endpoint, body).model_validate({"prompt": "x", **body}).files(endpoint)
    return found


@pytest.mark.parametrize(
    "endpoint, body, seconds",
    [
        (MINIMAX, {"is_instrumental": True}, 60),
        (MINIMAX, {"lyrics_optimizer": True}, 60),
        (MINIMAX, {"lyrics": LYRICS, "duration": 5}, 30),
        (MINIMAX, {"lyrics": "[Verse]\n" + "la la\n" * 10}, 80),
        (MINIMAX, {"lyrics": "la\n" * 100}, 240),
        (ACE, {}, 60),
        (ACE, {"duration": 7.5}, 7.5),
        (STABLE, {}, 190),
        ("fal-ai/new-music", {}, 30),
        ("fal-ai/new-music", {"duration": 12}, 12),
    ],
)
def test_the_body_alone_decides_the_length(endpoint, body, seconds):
    assert track(endpoint, **body).seconds == seconds


def test_it_is_sung_only_where_there_are_words():
    assert track(MINIMAX, lyrics=LYRICS).lyrics == LYRICS
    assert "Emulated" in track(MINIMAX, lyrics_optimizer=True).lyrics
    assert "Emulated" in track(ACE).lyrics
    for silent in (
        track(MINIMAX, lyrics=LYRICS, is_instrumental=True),
        track(ACE, instrumental=True),
        track(STABLE),
    ):
        assert silent.lyrics == ""


def test_ace_step_says_what_was_sung(emulator, fal_run):
    play(emulator)
    plain = fal_run.run(ACE, prompt="lo-fi, rain", seed=7)
    assert (plain["seed"], plain["tags"]) == (7, "lo-fi, rain")
    assert "lo-fi, rain" in plain["lyrics"]
    assert fal_run.run(ACE, instrumental=True)["lyrics"] == "[inst]"


def test_the_settings_stand_in_the_tags(emulator, fal_run, http):
    play(emulator)
    url = fal_run.run(ACE, duration=45, guidance_type="cfg", seed=7)["audio"]["url"]
    comment = facts(http.get(url).content)[3]["comment"]
    for setting in ("duration 45", "guidance_type cfg", "seed 7"):
        assert setting in comment


@pytest.mark.parametrize("rate", [16000, 24000, 32000, 44100])
@pytest.mark.parametrize("kind", ["mp3", "wav", "pcm"])
def test_minimax_makes_each_rate_and_format(emulator, fal_run, http, rate, kind):
    play(emulator)
    setting = {"sample_rate": rate, "format": kind, "bitrate": 64000}
    audio = fal_run.run(MINIMAX, is_instrumental=True, audio_setting=setting)["audio"]
    data = http.get(audio["url"]).content
    assert audio["file_name"] == f"track.{kind}"
    if kind == "pcm":
        assert len(data) == rate * 2 * 2
    else:
        found, hertz, seconds, _ = facts(data)
        assert (found, hertz) == ("mp3" if kind == "mp3" else "pcm_s16le", rate)
        assert seconds == pytest.approx(1, abs=0.15)


def test_stable_audio_can_come_inside_the_answer(emulator, fal_run):
    play(emulator)
    head, _, data = fal_run.run(STABLE, sync_mode=True)["audio"]["url"].partition(",")
    assert head == "data:audio/wav;base64"
    assert facts(base64.b64decode(data))[0] == "pcm_s16le"


@pytest.mark.parametrize("quirk", ["audio_file", "audio_url", "wrapped"])
def test_the_shapes_that_are_not_always_so(emulator, fal_run, quirk):
    play(emulator, quirk=quirk)
    result = fal_run.run(STABLE)
    found = {
        "audio_file": lambda: result["audio_file"]["url"],
        "audio_url": lambda: result["audio"],
        "wrapped": lambda: result["response"]["audio"]["url"],
    }[quirk]()
    assert found.endswith("track.wav")


def test_what_is_billed_is_said(emulator, fal_run):
    emulator.set(Scenario())
    assert fal_run.post(ACE, duration=8).headers["x-fal-billable-units"] == "8"
    assert fal_run.post(STABLE, seconds_total=2).headers["x-fal-billable-units"] == "1"


def test_music_can_be_refused_and_its_download_can_go_wrong(emulator, fal_run, http):
    play(emulator, submit_moderated=True)
    said = fal_run.post(STABLE)
    assert said.json()["detail"][0]["type"] == "content_policy_violation"
    play(emulator, download="oversize", oversize_bytes=300_000)
    data = http.get(fal_run.run(STABLE)["audio"]["url"]).content
    assert len(data) == 300_000
    assert facts(data)[2] == pytest.approx(1, abs=0.1)
    play(emulator, download="redirect")
    moved = http.get(fal_run.run(STABLE)["audio"]["url"])
    assert moved.headers["location"].split("?")[0].endswith(".wav")
    assert http.get(moved.headers["location"]).headers["content-type"] == "audio/wav"
