import asyncio
import json
from dataclasses import replace

import pytest

from openclaw_nb.client import Client
from openclaw_nb.core.domain import Blob, Job, Link, Media, Mode, Request, Why
from openclaw_nb.core.plan import plan
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
    Fetch,
    Fitted,
    Hosted,
    KeyHere,
    Malformed,
    Refused,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.emulator import Scenario
from openclaw_nb.errors import ConfigError
from openclaw_nb.providers import by_id, comfy
from openclaw_nb.providers._comfy_jobs import ComfyTicket
from openclaw_nb.runtime.bodies import encode
from openclaw_nb.vendors import Endpoint
from tests.capture import facts, listening
from tests.conftest import Hurry

BARE = comfy.PROVIDER
PNG = Blob(media_type="image/png", name="a.png", size=3, data=b"png")
ID = "0b6f0a53-6a1b-4b9f-9b59-9a1b8f1a77c1"
TICKET = ComfyTicket(prompt_id=ID)
GRAPH = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, "positive": ["6", 0]}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "?"}},
    "8": {"class_type": "LoadImage", "inputs": {"image": "?"}},
    "9": {"class_type": "SaveVideo", "inputs": {"video": ["3", 0]}},
    "5:1": {"class_type": "PreviewAny", "inputs": {"source": ["6", 0]}},
}
BLOCK = {"workflow": GRAPH, "promptNodeId": "6"}


def configured(**more):
    return comfy.configure({**BLOCK, **more}, refuse_to_read)


def refuse_to_read(path):
    raise AssertionError(f"{path} was read")


def job(prompt="a heron", **asked):
    mode = Mode.IMAGE_TO_VIDEO if asked.get("images") else Mode.GENERATE
    return Job(model="workflow", mode=mode, prompt=prompt, **asked)


def reply(body, status=200, **headers):
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, headers, text.encode())


def sent(provider, asked):
    return provider.build_submit(asked).json["prompt"]


# configuration


def test_without_a_configuration_two_workflows_without_weights_run_on_this_machine():
    assert BARE.base_url == "http://127.0.0.1:8188"
    assert BARE.keyless
    assert sent(BARE, job())["6"]["inputs"]["value"] == "a heron"
    graph = sent(BARE, job(images=(Link(url="up.png"),)))
    assert graph["1"]["inputs"]["image"] == "up.png"
    assert {graph["13"]["class_type"], sent(BARE, job())["13"]["class_type"]} == {"SaveVideo"}


def test_they_run_only_for_who_names_them():
    assert BARE.by_name_only
    assert comfy.configure({}, refuse_to_read).by_name_only
    assert comfy.configure({"mode": "cloud"}, refuse_to_read).by_name_only
    assert not configured().by_name_only


def test_the_cloud_has_another_address_and_needs_a_key_of_the_configuration_first():
    cloud = configured(mode="cloud")
    assert cloud.base_url == "https://cloud.comfy.org"
    assert not cloud.keyless
    assert cloud.key.env == ("COMFY_API_KEY", "COMFY_CLOUD_API_KEY")
    assert cloud.key.config_first
    assert cloud.key.sent_as("k") == ("X-API-Key", "k")


def test_a_server_of_ones_own_is_given_no_key():
    local = configured()
    assert local.key.env == ()
    calls = [local.build_submit(job()), local.build_status(TICKET)]
    calls += [local.build_cancel(TICKET, "running"), local.build_cancel(TICKET, "queued")]
    assert not any(call.keyed for call in calls)
    assert not local.prepare(job(images=(PNG,))).call.keyed


def test_a_workflow_may_be_a_file_that_is_read_each_time():
    read = []

    def read_text(path):
        read.append(path)
        return json.dumps(GRAPH)

    block = {"workflowPath": "~/w.json", "promptNodeId": "6"}
    for _ in range(2):
        assert sent(comfy.configure(block, read_text), job())["6"]["inputs"]["text"] == "a heron"
    assert read == ["~/w.json"] * 2


def test_an_inline_workflow_wins_over_a_path():
    assert configured(workflowPath="~/w.json").by_name_only is False


def test_the_section_video_is_laid_over_the_block_and_other_sections_are_not_ours():
    video = {"workflow": GRAPH, "promptNodeId": 6, "pollIntervalMs": 500}
    block = {"mode": "cloud", "timeoutMs": 9000, "video": video, "image": {"promptNodeId": "77"}}
    provider = comfy.configure(block, refuse_to_read)
    assert provider.base_url == "https://cloud.comfy.org"
    assert (provider.poll_seconds, provider.deadline_seconds) == (0.5, 9)


@pytest.mark.parametrize(
    "given, poll, deadline, wins",
    [
        ({}, 1.5, 300, False),
        ({"pollIntervalMs": 1, "timeoutMs": 1}, 0.1, 1, True),
        ({"timeoutMs": 300_000}, 1.5, 300, True),
    ],
)
def test_pace_and_time_limit_have_least_values_and_the_limit_wins(given, poll, deadline, wins):
    provider = configured(**given)
    assert (provider.poll_seconds, provider.deadline_seconds) == (poll, deadline)
    fixed = None if "pollIntervalMs" not in given else poll
    assert provider.slowest_poll_seconds == fixed
    assert provider.deadline_wins is wins


def test_a_time_limit_that_wins_over_the_requests_is_told():
    def notes(provider):
        return plan(Request(prompt="x", timeout_ms=5000), Media(), provider, "workflow").notes

    told = "the configuration's time limit of 9 s counts, not the 5 s of the request"
    assert notes(configured(timeoutMs=9000)) == (told,)
    assert notes(configured()) == notes(configured(timeoutMs=5000)) == ()


@pytest.mark.parametrize(
    "block, said",
    [
        ({"workflow": GRAPH}, "promptNodeId: is missing"),
        ({"promptNodeId": "6"}, "workflow: is missing, and so is workflowPath"),
        ({**BLOCK, "promptNodeId": "66"}, "the workflow has no node '66'; it has 3, 6, 8, 9, 5:1"),
        ({**BLOCK, "seedNodeId": "x"}, "seedNodeId: the workflow has no node"),
        ({**BLOCK, "inputImageNodeId": "x"}, "inputImageNodeId: the workflow has no node"),
        ({**BLOCK, "outputNodeId": "x"}, "outputNodeId: the workflow has no node"),
        ({"workflow": {"6": {"class_type": "X"}}, "promptNodeId": "6"}, "has no inputs"),
        ({"workflow": {"nodes": [], "links": []}, "promptNodeId": "6"}, "Export (API)"),
        ({"workflow": {"6": {"inputs": {}}}, "promptNodeId": "6"}, "has no class_type"),
        ({"workflow": {}, "promptNodeId": "6"}, "workflow is empty"),
        ({**BLOCK, "mode": "moon"}, "mode: Input should be 'local' or 'cloud'"),
        ({**BLOCK, "timeoutMs": 0}, "timeoutMs: "),
        ({**BLOCK, "video": 5}, "video: is not an object"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(block, said):
    with pytest.raises(ValueError, match=r"^[a-z]") as caught:
        comfy.configure(block, refuse_to_read)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "text, said",
    [
        ("{", "workflowPath: w.json is not a JSON object"),
        ("[]", "workflowPath: w.json is not a JSON object"),
        ('{"nodes": [], "links": []}', "workflowPath: w.json is in the format of ComfyUI's editor"),
    ],
)
def test_a_file_that_is_no_workflow_is_named(text, said):
    with pytest.raises(ValueError, match=r"w\.json") as caught:
        comfy.configure({"workflowPath": "w.json", "promptNodeId": "6"}, lambda _: text)
    assert said in str(caught.value)


def test_a_missing_file_is_an_error_of_the_configuration(home, tmp_path):
    path = str(tmp_path / "none.json")
    block = {"workflowPath": path, "promptNodeId": "6"}
    client = Client({"plugins": {"entries": {"comfy": {"config": block}}}}, home=home, environ={})
    with pytest.raises(ConfigError, match=r"plugins\.entries\.comfy\.config: .*cannot be read"):
        client.vendors.reach(BARE)
    assert client.vendors.source(BARE) is None


@pytest.mark.parametrize(
    "block, environ, source",
    [
        ({}, {}, None),
        ({}, {"COMFY_API_KEY": "k"}, None),
        ({"mode": "cloud"}, {"COMFY_API_KEY": "k"}, None),
        (BLOCK, {}, "config"),
        ({**BLOCK, "mode": "cloud"}, {}, None),
        ({**BLOCK, "mode": "cloud"}, {"COMFY_CLOUD_API_KEY": "k"}, "env COMFY_CLOUD_API_KEY"),
        ({**BLOCK, "mode": "cloud", "apiKey": "k"}, {"COMFY_API_KEY": "e"}, "config"),
    ],
)
@pytest.mark.parametrize("legacy", [False, True])
def test_configured_is_a_workflow_and_for_the_cloud_a_key(home, block, environ, source, legacy):
    entries = {"plugins": {"entries": {"comfy": {"config": block}}}}
    settings = {"models": {"providers": {"comfy": block}}} if legacy else entries
    client = Client(settings, home=home, environ=environ)
    assert client.vendors.source(BARE) == source
    reach = client.vendors.reach(BARE)
    assert bool(reach.unusable) == (
        block.get("mode") == "cloud" and not (environ or "apiKey" in block)
    )


# fit


def test_an_image_needs_a_node_that_loads_it():
    asked = job(images=(PNG,))
    assert "inputImageNodeId" in configured().fit(asked).reason
    assert isinstance(configured(inputImageNodeId="8").fit(asked), Fitted)


def test_a_length_is_not_sent_and_told():
    fitted = BARE.fit(job(duration_seconds=5))
    assert fitted.job.duration_seconds is None
    assert [(each.setting, each.value) for each in fitted.ignored] == [("duration_seconds", 5)]


def test_style_is_not_sent_and_told():
    request = Request(
        prompt="x", size="1x1", aspect_ratio="16:9", resolution="720P", watermark=True
    )
    planned = plan(request, Media(), BARE, "anything")
    told = {each.setting for each in planned.ignored}
    assert told == {"size", "aspect_ratio", "resolution", "watermark"}
    assert planned.ref.model == "anything", "the model is a label"


def test_a_role_that_the_workflow_cannot_know_is_noted():
    for role, notes in (("first_frame", 0), ("reference_image", 0), ("last_frame", 1)):
        assert len(BARE.fit(job(images=(replace(PNG, role=role),))).notes) == notes


def test_videos_sounds_and_a_second_image_are_no_input():
    link = Link(url="https://example.com/a")
    for media in (Media(videos=(link,)), Media(audios=(link,)), Media(images=(link, link))):
        assert isinstance(plan(Request(prompt="x"), media, BARE, "workflow"), Skip)


def test_options_are_inputs_by_node_and_the_seed():
    provider = configured(seedNodeId="3")
    options = {"inputs": {"3.steps": 4, "5:1.source": "x"}, "seed": 7, "cfg": 1}
    fitted = provider.fit(job(provider_options=options))
    assert [each.setting for each in fitted.ignored] == ["provider_options.cfg"]
    graph = sent(provider, fitted.job)
    assert graph["3"]["inputs"] == {"seed": 7, "steps": 4, "positive": ["6", 0]}
    assert graph["5:1"]["inputs"] == {"source": "x"}
    assert GRAPH["3"]["inputs"]["steps"] == 20, "the configured graph stays as it is"


@pytest.mark.parametrize(
    "options, why",
    [
        ({"seed": 1}, "seedNodeId"),
        ({"inputs": 3}, "must be an object"),
        ({"inputs": {}, "loud": True}, "takes inputs and seed"),
    ],
)
def test_other_options_are_told_and_not_sent(options, why):
    (ignored,) = configured().fit(job(provider_options=options)).ignored
    assert why in ignored.why


@pytest.mark.parametrize("seed", ["7", True, 1.5])
def test_a_seed_is_a_whole_number(seed):
    (ignored,) = configured(seedNodeId="3").fit(job(provider_options={"seed": seed})).ignored
    assert ignored.why == "must be a whole number"


@pytest.mark.parametrize("name, why", [("77.steps", "no node '77'"), ("3", "not written")])
def test_an_input_that_is_nowhere_is_refused_before_anything_is_sent(name, why):
    assert why in configured().fit(job(provider_options={"inputs": {name: 1}})).reason


# upload and submission


def test_an_image_is_uploaded_first_and_then_named_as_the_server_names_it():
    step = BARE.prepare(job(images=(PNG,)))
    assert isinstance(step, Before)
    assert (step.call.method, step.call.path) == ("POST", "/upload/image")
    assert {**step.call.form, "image": None} == {
        "image": None,
        "type": "input",
        "overwrite": "true",
    }
    ready = step.read(reply({"name": "first (1).png", "subfolder": "", "type": "input"}))
    assert sent(BARE, ready)["1"]["inputs"]["image"] == "first (1).png"


def test_an_upload_has_a_name_of_its_own_so_that_none_replaces_anothers():
    def name(blob):
        return BARE.prepare(job(images=(blob,))).call.form["image"].name

    assert name(PNG) == name(PNG)
    assert name(PNG).startswith("a-")
    assert name(PNG).endswith(".png")
    assert name(PNG) != name(replace(PNG, data=b"gnp"))
    assert name(replace(PNG, data=None, path="/x/a.png")) != name(
        replace(PNG, data=None, path="/y")
    )
    assert name(replace(PNG, name="")).startswith("input-")
    assert name(replace(PNG, name="")).endswith(".png")


def test_an_uploaded_file_in_a_folder_is_named_with_it():
    read = BARE.prepare(job(images=(PNG,))).read
    ready = read(reply({"filename": "b.png", "name": "a.png", "subfolder": "mine"}))
    assert ready.images[0].url == "mine/b.png"
    with pytest.raises(Malformed, match="no name"):
        read(reply({}))


def test_text_needs_no_upload_and_addresses_are_fetched_first():
    assert BARE.prepare(job()) == job()
    assert not BARE.takes_url("https://example.com/a.png")


def test_a_submission_has_ids_of_its_own_each_time():
    bodies = [BARE.build_submit(job()).json for _ in range(2)]
    assert bodies[0]["prompt"] == bodies[1]["prompt"]
    assert len(bodies[0]["prompt_id"]) == len(ID)
    assert bodies[0]["prompt_id"] != bodies[1]["prompt_id"]
    # Without a client_id a server tells no outputs of a graph that it ran before.
    assert bodies[0]["client_id"] != bodies[1]["client_id"]
    assert set(bodies[0]) == {"prompt", "prompt_id", "client_id"}


def test_a_seed_node_gets_a_fresh_seed_each_time():
    provider = configured(seedNodeId="3")
    seeds = {sent(provider, job())["3"]["inputs"]["seed"] for _ in range(9)}
    assert len(seeds) == 9
    assert all(0 <= seed <= 2**48 - 2 for seed in seeds)


def test_the_prompt_goes_to_the_input_that_is_named():
    provider = configured(promptInputName="text_g")
    assert sent(provider, job())["6"]["inputs"] == {"text": "?", "text_g": "a heron"}


def test_the_clouds_key_is_in_the_body_too_and_only_where_the_call_has_it():
    call = configured(mode="cloud").build_submit(job())
    assert (call.path, call.keyed) == ("/api/prompt", True)
    assert call.json["extra_data"] == {"api_key_comfy_org": KeyHere()}

    async def body(key):
        return b"".join([piece async for piece in encode(call, key).stream()])

    sent = json.loads(asyncio.run(body("k")))
    assert sent["extra_data"] == {"api_key_comfy_org": "k"}
    assert json.loads(asyncio.run(body(None)))["extra_data"] == {"api_key_comfy_org": None}


def test_a_prompt_is_queued_under_its_id():
    step = BARE.parse_submit(reply({"prompt_id": ID, "number": 17, "node_errors": {}}))
    assert step == Wait(ComfyTicket(prompt_id=ID, output_node="13"), "queued")
    assert step.ticket.job_id == ID
    with pytest.raises(Malformed, match="prompt_id"):
        BARE.parse_submit(reply({"number": 17}))


def wrong(*outputs):
    error = {
        "type": "required_input_missing",
        "message": "Required input is missing",
        "details": "x",
    }
    node = {"errors": [error], "dependent_outputs": list(outputs), "class_type": "KSampler"}
    return reply({"prompt_id": ID, "node_errors": {"3": node}})


def test_a_200_may_leave_out_the_video():
    for provider in (configured(), configured(outputNodeId="9")):
        refused = provider.parse_submit(wrong("9"))
        assert (refused.why, refused.said) == (Why.FORMAT, "Required input is missing: x")
        assert "node 3 (KSampler)" in refused.advice


@pytest.mark.parametrize("errors", [None, [], {}, {"3": {"errors": None, "class_type": None}}])
def test_a_job_is_not_lost_over_what_is_said_beside_its_id(errors):
    assert isinstance(BARE.parse_submit(reply({"prompt_id": ID, "node_errors": errors})), Wait)


def test_a_200_that_leaves_out_something_else_is_waited_on_and_said():
    for provider in (configured(), configured(outputNodeId="9")):
        step = provider.parse_submit(wrong("5:1"))
        assert isinstance(step, Wait)
        assert step.odd
        assert "node 3 (KSampler): Required input is missing: x" in step.note


# poll, one's own server

SAVED = {
    "images": [{"filename": "nb_1_.mp4", "subfolder": "video", "type": "output"}],
    "animated": [True],
}
SUCCESS = {"status_str": "success", "completed": True, "messages": []}
VIEW = "/view?filename=nb_1_.mp4&subfolder=video&type=output"


def status(entry, provider=BARE, ticket=TICKET):
    return provider.parse_status(ticket, reply({ID: entry} if entry else {}))


def queue(ticket=TICKET, running=(), pending=()):
    step = BARE.parse_status(ticket, reply({}))
    assert isinstance(step, Fetch)
    assert step.call == Call("GET", "/queue", keyed=False)

    def items(ids):
        return [[number, id, {}, {}, []] for number, id in ids]

    return step.read(reply({"queue_running": items(running), "queue_pending": items(pending)}))


def test_the_history_is_asked_by_id():
    assert BARE.build_status(ComfyTicket(prompt_id="a/b")).path == "/history/a%2Fb"


def test_what_is_not_in_the_history_is_looked_for_in_the_queue():
    assert queue(running=[(3, ID)]) == Wait(TICKET)
    ahead = queue(running=[(1, "x")], pending=[(9, "late"), (7, ID), (2, "y")])
    assert ahead == Wait(TICKET, "queued", note="2 before it", ahead=2)


def test_what_is_in_neither_twice_is_gone():
    first = queue()
    assert first == Wait(TICKET.model_copy(update={"gone": 1}))
    assert queue(first.ticket, running=[(1, ID)]) == Wait(TICKET), "seen again"
    gone = queue(first.ticket)
    assert (gone.why, gone.said) == (Why.UNKNOWN, "the prompt is neither queued nor in the history")
    assert "deleted" in gone.advice


def test_a_queue_that_cannot_be_read_does_not_end_a_prompt():
    step = BARE.parse_status(TICKET, reply({}))
    assert step.read_error(reply("", 500)) == Wait(
        TICKET, note="the queue cannot be read: HTTP 500"
    )


def test_comfys_own_node_puts_its_film_among_the_images():
    assert status({"outputs": {"13": SAVED, "14": {"text": ["x"]}}, "status": SUCCESS}) == Done(
        (Hosted(VIEW, name="nb_1_.mp4"),),
        {
            "promptId": ID,
            "outputNodeIds": ["13"],
            "videos": [{"name": "nb_1_.mp4", "nodeId": "13"}],
        },
    )


def names(outputs, **ticket):
    done = status({"outputs": outputs, "status": SUCCESS}, ticket=TICKET.model_copy(update=ticket))
    return [file.name for file in done.outputs]


def files(*names):
    return [{"filename": name} for name in names]


def test_the_buckets_are_read_in_order_and_a_file_once():
    node = {"images": files("c.MP4", "b.mp4"), "videos": files("b.mp4"), "gifs": files("a.mp4")}
    assert names({"1": node, "2": {"videos": [{"name": "b.mp4"}, {"name": "d.mp4"}]}}) == [
        "a.mp4", "b.mp4", "c.MP4", "b.mp4", "d.mp4",
    ]  # fmt: skip
    assert names({"1": node, "2": {"images": files("b.mp4", "e.webm")}}) == [
        "a.mp4", "b.mp4", "c.MP4", "e.webm",
    ]  # fmt: skip


def test_pictures_are_no_videos():
    assert names({"1": {"images": files("a.png", "b.mp4")}}) == ["b.mp4"]
    assert names({"1": {"gifs": files("a.gif", "a.webp", "b.mp4")}}) == ["b.mp4"]


def test_rarer_films_count_among_images_when_they_are_marked_as_animated():
    assert names({"1": {"images": files("a.mov"), "animated": [True]}}) == ["a.mov"]
    step = status({"outputs": {"1": {"images": files("a.mov")}}, "status": SUCCESS})
    assert isinstance(step, Refused)


def test_only_the_output_node_counts_where_one_is_named():
    outputs = {"9": {"images": files("a.mp4")}, "10": {"images": files("b.mp4")}}
    assert names(outputs, output_node="10") == ["b.mp4"]
    assert names(outputs) == ["a.mp4", "b.mp4"]


def test_a_file_is_addressed_by_name_folder_and_type():
    outputs = {"1": {"gifs": [{"filename": "a b&.mp4", "subfolder": "x/y", "type": "temp"}]}}
    (file,) = status({"outputs": outputs, "status": SUCCESS}).outputs
    assert file.url == "/view?filename=a%20b%26.mp4&subfolder=x%2Fy&type=temp"
    assert not file.keyed


def test_success_without_a_video_names_what_there_was():
    outputs = {"14": {"text": ["x"]}, "9": {"images": files("a.png")}}
    refused = status({"outputs": outputs, "status": SUCCESS})
    assert refused.said == "completed without video outputs"
    assert refused.advice == "It made text from node 14; images from node 9 (a.png)"
    assert status({"outputs": {}, "status": SUCCESS}).advice == "It made nothing"


def test_a_result_that_the_server_had_already_is_marked():
    cached = [["execution_cached", {"nodes": ["6", "13"], "prompt_id": ID}]]
    done = status({"outputs": {"13": SAVED}, "status": {**SUCCESS, "messages": cached}})
    assert done.metadata["cached"] is True
    part = [["execution_cached", {"nodes": ["6"], "prompt_id": ID}]]
    done = status({"outputs": {"13": SAVED}, "status": {**SUCCESS, "messages": part}})
    assert "cached" not in done.metadata


def failed(name, **about):
    messages = [["execution_start", {"prompt_id": ID}], [name, about]]
    return status({"outputs": {}, "status": {"status_str": "error", "completed": False, "messages": messages}})  # fmt: skip


def test_a_node_that_raised_is_named_with_its_own_words():
    refused = failed(
        "execution_error",
        node_id="3",
        node_type="KSampler",
        exception_message="mat1 and mat2 shapes cannot be multiplied\n",
        exception_type="RuntimeError",
    )
    assert refused == Refused(
        Why.UNKNOWN,
        "mat1 and mat2 shapes cannot be multiplied",
        "RuntimeError",
        advice="It was node 3 (KSampler)",
    )


@pytest.mark.parametrize(
    "kind, text, advice",
    [
        (
            "av.error.ExternalError",
            "Generic error: 'avcodec_open2(\"libx264\", {})'",
            "even widths",
        ),
        ("torch.OutOfMemoryError", "Allocation on device", "memory is too small"),
        ("RuntimeError", "CUDA out of memory", "memory is too small"),
    ],
)
def test_errors_that_people_meet_have_advice(kind, text, advice):
    refused = failed("execution_error", node_id="1", exception_type=kind, exception_message=text)
    assert advice in refused.advice


def test_an_interrupted_prompt_and_an_error_without_a_message():
    assert failed("execution_interrupted", node_id="3").said == "the prompt was interrupted"
    assert "no reason" in failed("execution_start").said


def test_nulls_and_unknown_messages_do_no_harm():
    assert (
        "without a message" in failed("execution_error", node_id=None, exception_message=None).said
    )
    messages = [["new", 3], "newer", ["execution_success", {}]]
    outputs = {"1": {"gifs": [{"filename": "a.mp4", "subfolder": None, "name": None}, "x"]}}
    done = status({"outputs": outputs, "status": {**SUCCESS, "messages": messages}})
    assert done.outputs[0].name == "a.mp4"


def test_failure_counts_before_outputs():
    entry = {"outputs": {"13": SAVED}, "status": {"status_str": "error", "completed": False}}
    assert isinstance(status(entry), Refused)


def test_old_servers_have_no_status():
    assert isinstance(status({"outputs": {"13": SAVED}}), Done)
    assert status({"outputs": {}}) == Wait(TICKET)


def test_an_entry_may_come_without_its_id():
    assert isinstance(BARE.parse_status(TICKET, reply({"outputs": {"13": SAVED}})), Done)


def test_an_unknown_word_waits_on():
    step = status({"outputs": {}, "status": {"status_str": "polishing", "completed": False}})
    assert step.odd
    assert "polishing" in step.note


def test_an_entry_that_is_none_is_malformed():
    with pytest.raises(Malformed, match="history"):
        status({"outputs": [3]})


# poll, the cloud

CLOUD = configured(mode="cloud")
OLD = TICKET.model_copy(update={"old_cloud": True})


def cloud(word, **more):
    return CLOUD.parse_status(TICKET, reply({"id": ID, "status": word, **more}))


@pytest.mark.parametrize(
    "words, state",
    [
        ("pending submitted queued_limited queued_waiting allocated preparing", "queued"),
        ("pending_execution waiting_to_dispatch", "queued"),
        ("in_progress executing executed erroring EXECUTING", "running"),
    ],
)
def test_both_lists_of_words_are_known(words, state):
    for word in words.split():
        assert cloud(word) == Wait(TICKET, state)


@pytest.mark.parametrize("word", ["cancel_requested", "cancel_pending", "cancelling_preparing"])
def test_a_job_that_is_being_cancelled_is_waited_for(word):
    assert cloud(word) == Wait(TICKET, note="it is being cancelled")


def test_an_unknown_word_of_the_cloud_waits_on():
    assert cloud("napping").odd


def test_a_completed_job_has_its_outputs_at_hand():
    done = cloud("completed", outputs={"13": SAVED})
    assert done.outputs == (Hosted(f"/api{VIEW}", keyed=True, name="nb_1_.mp4"),)


@pytest.mark.parametrize("word", ["completed", "success"])
def test_a_job_without_outputs_is_looked_up_in_the_history(word):
    step = cloud(word)
    assert step.call == Call("GET", f"/api/history_v2/{ID}")
    assert isinstance(step.read(reply({ID: {"outputs": {"13": SAVED}}})), Done)
    assert step.read(reply({})).said == "completed without video outputs"


@pytest.mark.parametrize("word", ["failed", "error", "non_retryable_error", "lost"])
def test_a_failed_job_says_why(word):
    error = {"node_id": "3", "node_type": "KSampler", "exception_message": "boom", "traceback": []}
    assert cloud(word, execution_error=error).said == "boom"
    assert cloud(word, error_message="boom").said == "boom"
    assert word in cloud(word).said


def test_a_cancelled_job_of_the_cloud():
    assert cloud("cancelled").said == "the prompt was interrupted"


def test_an_older_cloud_is_asked_at_its_own_address_from_then_on():
    assert CLOUD.build_status(TICKET).path == f"/api/jobs/{ID}"
    step = CLOUD.parse_status_error(TICKET, reply("", 404))
    assert step.call == Call("GET", f"/api/job/{ID}/status")
    assert step.read(reply({"status": "queued_waiting"})) == Wait(OLD, "queued")
    assert CLOUD.build_status(OLD) == step.call


def test_other_answers_to_a_poll_are_refusals():
    assert CLOUD.parse_status_error(OLD, reply({"message": "no such job"}, 404)).status == 404
    assert CLOUD.parse_status_error(TICKET, reply({"message": "no"}, 401)).why is Why.AUTH
    assert BARE.parse_status_error(TICKET, reply("", 404)).status == 404


# cancel


def test_a_pending_prompt_is_deleted_and_a_running_one_interrupted_by_its_id():
    assert BARE.build_cancel(TICKET, "queued") == Call(
        "POST", "/queue", json={"delete": [ID]}, keyed=False
    )
    assert BARE.build_cancel(TICKET, "running") == Call(
        "POST", "/interrupt", json={"prompt_id": ID}, keyed=False
    )


@pytest.mark.parametrize("state", ["queued", "running"])
def test_the_clouds_interrupt_would_stop_all_jobs_and_is_never_sent(state):
    call = CLOUD.build_cancel(TICKET, state)
    assert (call.path, call.json, call.keyed) == ("/api/queue", {"delete": [ID]}, True)


# errors


def refused_graph(kind, message, nodes=None, details=""):
    error = {"type": kind, "message": message, "details": details, "extra_info": {}}
    return BARE.parse_error(reply({"error": error, "node_errors": nodes or {}}, 400))


def test_a_missing_node_class_says_what_to_do():
    text = "Cannot execute because node KSamplerX does not exist."
    refused = refused_graph("invalid_prompt", text, details="Node ID '#8'")
    assert (refused.why, refused.code, refused.status) == (Why.FORMAT, "invalid_prompt", 400)
    assert refused.said == f"{text}: Node ID '#8'"
    assert "install" in refused.advice


def test_a_wrong_input_names_its_node():
    error = {
        "type": "value_not_in_list",
        "message": "Value not in list",
        "details": "ckpt_name: 'x'",
    }
    nodes = {"4": {"errors": [error], "dependent_outputs": ["9"], "class_type": "Loader"}}
    refused = refused_graph("prompt_outputs_failed_validation", "Prompt failed", nodes)
    assert refused.advice == "At fault: node 4 (Loader): Value not in list: ckpt_name: 'x'"


@pytest.mark.parametrize(
    "status, why",
    [(401, Why.AUTH), (402, Why.BILLING), (429, Why.BILLING), (503, Why.OVERLOADED)],
)
def test_the_cloud_has_an_error_shape_of_its_own(status, why):
    refused = CLOUD.parse_error(reply({"code": "NO", "message": "not so"}, status))
    assert (refused.why, refused.said, refused.code) == (why, "not so", "NO")
    assert ("paid plan" in refused.advice) is (status == 429)


def test_a_429_of_another_server_is_a_rate_limit():
    assert BARE.parse_error(reply("slow down", 429)).why is Why.RATE_LIMIT


@pytest.mark.parametrize("said", ["413: too large", "[]", '{"error": "no"}'])
def test_an_error_may_have_any_shape(said):
    assert BARE.parse_error(reply(said, 413)).why is Why.FORMAT


# what really goes out


@pytest.fixture
def services():
    with listening() as found:
        yield found


@pytest.fixture
def use(services, home):
    """A client of the emulator whose configuration has this block."""
    made = []

    def use(block, **environ):
        block = {"baseUrl": services.urls["comfy"], **block}
        settings = {"plugins": {"entries": {"comfy": {"config": block}}}}
        made.append(Client(settings, home=home, environ=environ, clock=Hurry()))
        return made[-1]

    yield use
    for client in made:
        client.close()


def asked(services):
    return [(each["method"], each["path"]) for each in map(facts, services.asked)]


def test_one_image_on_a_server_of_ones_own(use, services, picture):
    video = use({}).generate_video("x", model="comfy/workflow", image=picture).result(9)
    assert video.path.suffix == ".mp4"
    assert asked(services)[:2] == [("POST", "/upload/image"), ("POST", "/prompt")]
    assert asked(services)[-1] == ("GET", "/view")
    upload = facts(services.asked[0])
    assert {"body.image", "body.type", "body.overwrite"} <= set(upload)
    submission = json.loads(services.asked[1].body)
    assert submission["prompt"]["1"]["inputs"]["image"] == upload["body.image"][0]
    assert not any("k-secret" in repr(each) for each in services.asked)


def test_the_cloud_gets_its_key_and_the_storage_does_not(use, services, picture):
    client = use({"mode": "cloud"}, COMFY_API_KEY="k-secret")
    video = client.generate_video("x", model="comfy/workflow", image=picture).result(9)
    assert video.path.suffix == ".mp4"
    paths = [path for _, path in asked(services)]
    assert paths[:2] == ["/api/upload/image", "/api/prompt"]
    assert paths[-2] == "/api/view"
    assert all(facts(each)["auth"] == "x-api-key" for each in services.asked[:-1])
    assert "/_hosted/" in services.asked[-1].url
    assert "k-secret" not in repr(services.asked[-1])
    body = json.loads(services.asked[1].body)
    assert body["extra_data"] == {"api_key_comfy_org": "k-secret"}
    assert "k-secret" not in repr(services.entries())


def test_an_older_cloud_serves_to_the_end(use, services):
    services.play(Scenario(render="draft", quirk="old_cloud"))
    client = use({"mode": "cloud", "apiKey": "k"})
    assert client.generate_video("x", model="comfy/workflow").result(9).path.exists()
    paths = [path for _, path in asked(services)]
    assert sum(path.startswith("/api/jobs/") for path in paths) == 1
    assert sum(path.startswith("/api/job/") for path in paths) > 1
    assert any(path.startswith("/api/history_v2/") for path in paths)


def test_the_same_request_again_has_the_same_video_again(use):
    client = use({})
    first, again = (client.generate_video("x", model="comfy/workflow").result(9) for _ in range(2))
    assert again.metadata["cached"] is True
    assert again.path.read_bytes() == first.path.read_bytes()


def test_a_time_limit_of_the_configuration_wins(use, services):
    services.play(Scenario(seconds=3600, render="draft"))
    client = use({"timeoutMs": 1000})
    with pytest.raises(Exception, match="not finished after 1 s"):
        client.generate_video("x", model="comfy/workflow", timeout_ms=60_000).result(9)


def test_a_broken_upload_says_that_nothing_was_submitted(home, picture):
    client = Client(
        {}, home=home, environ={}, endpoints={"comfy": Endpoint("http://127.0.0.1:9", "k")}
    )
    with pytest.raises(Exception, match="nothing was submitted"):
        client.generate_video("x", model="comfy/workflow", image=picture).result(9)
    client.close()


def test_the_provider_is_registered():
    assert by_id["comfy"] is comfy.PROVIDER
