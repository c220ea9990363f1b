from dataclasses import replace

import pytest

from openclaw_nb.core.capabilities import overlay
from openclaw_nb.core.domain import Blob, Change, Ignored, Job, Link, Mode, Why
from openclaw_nb.core.wire import (
    Call,
    Done,
    Fetch,
    Fitted,
    Hosted,
    Inline,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import minimax

PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
PICTURE = Link(url="https://example.com/a.png")
LAST = Link(url="https://example.com/last.png", role="last_frame")
TICKET = minimax.MiniMaxTicket(task_id="329")
OK = '"base_resp": {"status_code": 0, "status_msg": "success"}'


def job(model="MiniMax-Hailuo-2.3", **asked):
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    return Job(model=model, mode=mode, prompt="a heron", **asked)


def reply(body, status=200, **headers):
    return Reply(status, headers, body.encode())


def verdict(code, text="no", more=""):
    return f'{{{more}"base_resp": {{"status_code": {code}, "status_msg": "{text}"}}}}'


def caps(model, mode):
    return overlay(minimax.CAPS, minimax.PROVIDER.model(model).caps).block(mode)


# rows


@pytest.mark.parametrize(
    "model", ["MiniMax-Hailuo-2.3-Fast", "I2V-01-Director", "I2V-01-live", "I2V-01", "S2V-01"]
)
def test_fast_i2v_and_s2v_need_an_image(model):
    assert minimax.PROVIDER.model(model).modes == (Mode.IMAGE_TO_VIDEO,)


def test_t2v_models_take_no_image():
    assert minimax.PROVIDER.model("T2V-01").modes == (Mode.GENERATE,)


def test_01_models_make_6_seconds_at_720p_and_nothing_else():
    for model in ("I2V-01-Director", "I2V-01-live", "I2V-01", "S2V-01"):
        block = caps(model, Mode.IMAGE_TO_VIDEO)
        assert block.resolutions == ("720P",)
        assert block.supported_duration_seconds_by_model[model] == (6,)


def test_the_fast_model_snaps_its_length_too():
    by_model = minimax.CAPS.image_to_video.supported_duration_seconds_by_model
    assert by_model["MiniMax-Hailuo-2.3-Fast"] == (6, 10)


def test_512p_exists_on_02_with_an_image_only():
    assert "512P" in caps("MiniMax-Hailuo-02", Mode.IMAGE_TO_VIDEO).resolutions
    assert "512P" not in caps("MiniMax-Hailuo-02", Mode.GENERATE).resolutions
    assert "512P" not in caps("MiniMax-Hailuo-2.3", Mode.IMAGE_TO_VIDEO).resolutions


def test_the_plan_keys_come_after_the_paid_key():
    assert minimax.PROVIDER.key.env[0] == "MINIMAX_API_KEY"
    assert minimax.PROVIDER.base_url_env == "MINIMAX_API_HOST"


def test_the_twin_is_the_same_wire_with_the_token_of_a_sign_in_first():
    (twin,) = minimax.TWINS
    assert (twin.id, twin.aliases) == ("minimax-portal", ("minimax-portal-cn",))
    assert twin.key.env == ("MINIMAX_OAUTH_TOKEN", "MINIMAX_API_KEY")
    assert twin.key.borrowed == ("MINIMAX_API_KEY",)
    assert twin.models is minimax.PROVIDER.models
    assert replace(twin, id="minimax", aliases=("minimax-cn",), key=minimax.PROVIDER.key) == (
        minimax.PROVIDER
    )


# fit


def test_10_seconds_are_made_at_768p_only():
    fitted = minimax.fit(job(duration_seconds=10, resolution="1080P"))
    assert fitted.job.resolution == "768P"
    assert fitted.job.duration_seconds == 10
    assert fitted.changes == (
        Change(
            setting="resolution",
            requested="1080P",
            applied="768P",
            why="10 s are made at 768P only",
        ),
    )


@pytest.mark.parametrize("seconds, resolution", [(6, "1080P"), (10, "768P"), (None, "1080P")])
def test_other_pairs_stay(seconds, resolution):
    asked = job(duration_seconds=seconds, resolution=resolution)
    assert minimax.fit(asked) == Fitted(asked)


@pytest.mark.parametrize("model", ["MiniMax-Hailuo-2.3", "I2V-01"])
def test_a_last_frame_exists_on_02_only(model):
    skip = minimax.fit(job(model, images=(LAST,)))
    assert skip == Skip("has no last frame; MiniMax-Hailuo-02 has")


def test_02_takes_first_and_last_frame_in_any_order():
    fitted = minimax.fit(job("MiniMax-Hailuo-02", images=(LAST, PICTURE), resolution="512P"))
    body = minimax.build_submit(fitted.job).json
    assert body["first_frame_image"] == PICTURE.url
    assert body["last_frame_image"] == LAST.url
    assert fitted.changes[0].why == "512P is not made with a last frame"


def test_a_last_frame_needs_a_first():
    assert "only together" in minimax.fit(job("MiniMax-Hailuo-02", images=(LAST,))).reason


def test_two_images_without_a_last_frame_are_one_too_many():
    skip = minimax.fit(job("MiniMax-Hailuo-02", images=(PICTURE, PICTURE)))
    assert "one first_frame and one last_frame" in skip.reason


def test_a_reference_image_becomes_the_first_frame_and_that_is_noted():
    image = Link(url="https://example.com/r.png", role="reference_image")
    fitted = minimax.fit(job(images=(image,)))
    assert minimax.build_submit(fitted.job).json["first_frame_image"] == image.url
    assert fitted.notes == ("the reference_image is sent as the first frame",)


def test_two_options_go_through_as_booleans_and_the_rest_is_reported():
    options = {"prompt_optimizer": False, "fast_pretreatment": "yes", "seed": 1}
    fitted = minimax.fit(job(provider_options=options))
    assert minimax.build_submit(fitted.job).json["prompt_optimizer"] is False
    assert fitted.job.provider_options == {"prompt_optimizer": False}
    assert fitted.ignored == (
        Ignored(
            setting="provider_options.fast_pretreatment", value="yes", why="must be true or false"
        ),
        Ignored(
            setting="provider_options.seed",
            value=1,
            why="MiniMax takes only prompt_optimizer and fast_pretreatment",
        ),
    )


def test_01_models_have_no_fast_pretreatment():
    fitted = minimax.fit(job("T2V-01", provider_options={"fast_pretreatment": True}))
    assert fitted.job.provider_options == {}


def test_a_subject_is_no_first_frame():
    pictured = job("S2V-01", images=(PNG,))
    fitted = minimax.fit(pictured)
    assert "who is to appear" in fitted.notes[0]
    assert minimax.build_submit(fitted.job).json == {
        "model": "S2V-01",
        "prompt": "a heron",
        "subject_reference": [{"type": "character", "image": [Inline(PNG)]}],
    }
    framed = Link(url="https://example.com/f.png", role="first_frame")
    assert "has no first frame" in minimax.fit(job("S2V-01", images=(framed,))).reason
    assert "has no last frame" in minimax.fit(job("S2V-01", images=(LAST,))).reason


# submit


def test_a_duration_is_a_number_and_a_resolution_upper_case():
    assert minimax.build_submit(job(duration_seconds=6, resolution="768p")) == Call(
        "POST",
        "/v1/video_generation",
        json={
            "model": "MiniMax-Hailuo-2.3",
            "prompt": "a heron",
            "duration": 6,
            "resolution": "768P",
        },
    )


def test_a_local_image_goes_inline():
    assert minimax.build_submit(job(images=(PNG,))).json["first_frame_image"] == Inline(PNG)


@pytest.mark.parametrize("id", ['"329"', "329"])
def test_a_task_id_is_a_string_of_digits(id):
    step = minimax.parse_submit(reply(f'{{"task_id": {id}, {OK}}}'))
    assert step == Wait(TICKET, "queued")


def test_a_missing_verdict_is_no_refusal_but_a_missing_id_is_malformed():
    assert minimax.parse_submit(reply('{"task_id": "329"}')) == Wait(TICKET, "queued")
    with pytest.raises(Malformed, match="task_id"):
        minimax.parse_submit(reply(f"{{{OK}}}"))


def test_a_moderated_prompt_is_refused_though_http_says_200():
    said = reply(verdict(1026, "input new_sensitive"), **{"trace-id": "t1"})
    refused = Refused(Why.CONTENT_POLICY, "input new_sensitive", "1026", request_id="t1")
    assert minimax.parse_submit(said) == refused


@pytest.mark.parametrize(
    "code, why",
    [
        (1000, Why.SERVER_ERROR),
        (1002, Why.RATE_LIMIT),
        (1004, Why.AUTH),
        (1008, Why.BILLING),
        (1027, Why.CONTENT_POLICY),
        (1039, Why.RATE_LIMIT),
        (2013, Why.FORMAT),
        (2038, Why.AUTH),
        (2056, Why.RATE_LIMIT),
        (9999, Why.UNKNOWN),
    ],
)
def test_the_code_table(code, why):
    assert minimax.parse_submit(reply(verdict(code))).why is why


@pytest.mark.parametrize("code", [1004, 2049])
def test_a_refused_key_may_be_of_the_other_region(code):
    assert "region" in minimax.parse_submit(reply(verdict(code))).advice


def test_an_exhausted_plan_names_the_way_out():
    assert "pay-as-you-go" in minimax.parse_submit(reply(verdict(2056))).advice


# poll


def test_the_id_goes_into_the_query():
    ticket = minimax.MiniMaxTicket(task_id="3 2&9")
    assert minimax.build_status(ticket).path == "/v1/query/video_generation?task_id=3%202%269"


@pytest.mark.parametrize(
    "word, state",
    [
        ("Preparing", "queued"),
        ("queueing", "queued"),
        ("Processing", "running"),
        ("Unknown", "running"),
    ],
)
def test_waiting_words(word, state):
    said = reply(f'{{"status": "{word}", {OK}}}')
    assert minimax.parse_status(TICKET, said) == Wait(TICKET, state)


@pytest.mark.parametrize("said", ['{"status": "Napping"}', "{}", '{"status": null}'])
def test_an_unknown_or_missing_word_waits_on(said):
    step = minimax.parse_status(TICKET, reply(said))
    assert isinstance(step, Wait)
    assert "waiting on" in step.note


@pytest.mark.parametrize("word", ["Fail", "Failed"])
def test_a_failure_that_says_success_gets_a_reason_that_does_not(word):
    step = minimax.parse_status(TICKET, reply(f'{{"status": "{word}", {OK}}}'))
    assert step == Refused(Why.UNKNOWN, "the task failed; MiniMax gave no reason")


def test_a_failure_with_a_verdict_keeps_it():
    step = minimax.parse_status(TICKET, reply(verdict(1027, "output", '"status": "Fail", ')))
    assert (step.why, step.said) == (Why.CONTENT_POLICY, "output")


@pytest.mark.parametrize("code", [1000, 1001, 1002, 1013, 1039])
def test_a_poll_that_fails_in_passing_does_not_end_a_paid_task(code):
    step = minimax.parse_status(TICKET, reply(verdict(code, "slow down")))
    assert step == Wait(TICKET, note=f"MiniMax: slow down ({code})")


@pytest.mark.parametrize("code", [1004, 1026, 2013, 2056])
def test_a_poll_that_is_refused_for_good_ends_it(code):
    assert isinstance(minimax.parse_status(TICKET, reply(verdict(code))), Refused)


def test_a_task_that_failed_with_a_server_error_has_failed():
    step = minimax.parse_status(TICKET, reply(verdict(1013, "boom", '"status": "Fail", ')))
    assert step == Refused(Why.SERVER_ERROR, "boom", "1013")


# result


def fetch(said=f'{{"status": "Success", "file_id": "513", {OK}}}'):
    step = minimax.parse_status(TICKET, reply(said))
    assert isinstance(step, Fetch)
    assert step.call == Call("GET", "/v1/files/retrieve?file_id=513")
    return step.read


def test_a_file_is_retrieved_by_id_and_its_number_is_of_no_interest():
    about = {"taskId": "329", "status": "Success", "fileId": "513"}
    said = (
        '{"file": {"file_id": 513, "filename": "output.mp4",'
        f' "download_url": "https://cdn.example.org/o.mp4?Expires=1"}}, {OK}}}'
    )
    hosted = Hosted("https://cdn.example.org/o.mp4?Expires=1", name="output.mp4")
    assert fetch()(reply(said)) == Done((hosted,), about)


def test_a_video_url_in_the_query_is_a_shortcut():
    said = reply('{"status": "Success", "video_url": "https://cdn.example.org/o.mp4"}')
    done = minimax.parse_status(TICKET, said)
    assert done.outputs == (Hosted("https://cdn.example.org/o.mp4"),)


@pytest.mark.parametrize(
    "given, used",
    [
        ("http://cdn.example.org/o.mp4?a=1", "https://cdn.example.org/o.mp4?a=1"),
        ("http://cdn.example.org:80/o.mp4", "https://cdn.example.org/o.mp4"),
        ("http://cdn.example.org:8080/o.mp4", "http://cdn.example.org:8080/o.mp4"),
        ("http://127.0.0.1:9/o.mp4", "http://127.0.0.1:9/o.mp4"),
        ("http://localhost/o.mp4", "http://localhost/o.mp4"),
    ],
)
def test_a_plain_link_is_fetched_securely_unless_it_is_local(given, used):
    said = reply(f'{{"file": {{"download_url": "{given}"}}}}')
    assert fetch()(said).outputs == (Hosted(used),)


def test_success_without_a_file_is_malformed():
    with pytest.raises(Malformed, match="file_id"):
        minimax.parse_status(TICKET, reply('{"status": "Success"}'))


def test_a_file_without_a_link_is_malformed():
    with pytest.raises(Malformed, match="download_url"):
        fetch()(reply('{"file": {}}'))


def test_a_refused_retrieval_is_refused_and_a_slow_one_waits():
    assert fetch()(reply(verdict(1004))).why is Why.AUTH
    assert isinstance(fetch()(reply(verdict(1002))), Wait)


# errors


def test_an_http_error_has_the_code_of_a_200_refusal():
    refused = minimax.parse_error(reply(verdict(1002, "slow down"), 429))
    assert refused == Refused(Why.RATE_LIMIT, "slow down", "1002", 429)


@pytest.mark.parametrize(
    "said, text",
    [
        ('{"error": {"type": "x", "message": "bad key"}}', "bad key"),
        ("<html>", "<html>"),
        ("[]", "[]"),
    ],
)
def test_an_http_error_may_have_another_shape(said, text):
    refused = minimax.parse_error(reply(said, 401))
    assert (refused.why, refused.said, refused.status) == (Why.AUTH, text, 401)


@pytest.mark.parametrize(
    "configured, used",
    [
        ("https://api.minimaxi.com/anthropic", "https://api.minimaxi.com"),
        ("https://api.minimax.io/v1/", "https://api.minimax.io"),
        ("https://proxy.example:8443/x?y", "https://proxy.example:8443"),
        ("api.minimax.io", "https://api.minimax.io"),
        ("https://[", "https://api.minimax.io"),
        ("http://127.0.0.1:8000/minimax/", "http://127.0.0.1:8000/minimax"),
        ("http://localhost:8000", "http://localhost:8000"),
    ],
)
def test_a_base_url_is_reduced_to_its_origin_except_on_this_machine(configured, used):
    assert minimax.read_base_url(configured) == used
