"""ComfyUI and Comfy Cloud, judged over HTTP, by answers of a real 0.3.75 server, and by Comfy's own clients."""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import httpx
import pytest

from openclaw_nb.emulator import Scenario, Services
from openclaw_nb.emulator.loopback import Loopback
from openclaw_nb.providers._comfy_workflows import BARE
from tests.environments import environment

SAMPLES = Path(__file__).parents[1] / "samples" / "comfy"
KEY = {"x-api-key": "k"}
TEXT, IMAGE = dict(BARE.text.graph), dict(BARE.image.graph)
SHOW = {"class_type": "PreviewAny", "inputs": {"source": ["6", 0]}}


def changed(graph, **nodes):
    """The graph with other inputs; None takes an input away."""
    made = json.loads(json.dumps(graph))
    for id, inputs in nodes.items():
        for name, value in inputs.items():
            made[id[1:]]["inputs"][name] = value
            if value is None:
                del made[id[1:]]["inputs"][name]
    return made


@pytest.fixture
def comfy(emulator, http):
    class Comfy:
        url = emulator.base_urls["comfy"]

        def submit(self, graph, *, api="", headers=None, **body):
            body = {"prompt": graph, **body}
            return http.post(f"{self.url}{api}/prompt", json=body, headers=headers)

        def start(self, graph, **body):
            return self.submit(graph, **body).raise_for_status().json()["prompt_id"]

        def get(self, path, **headers):
            return http.get(f"{self.url}{path}", headers=headers)

        def post(self, path, body, **headers):
            return http.post(f"{self.url}{path}", json=body, headers=headers)

        def ended(self, id):
            while not (said := self.get(f"/history/{id}").json()):
                pass
            return said[id]

        def upload(self, data, name="first.png", api="", headers=None, **fields):
            files = {"image": (name, data, "image/png")}
            where = f"{self.url}{api}/upload/image"
            return http.post(where, files=files, data=fields, headers=headers)

    return Comfy()


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def shape(value):
    """Names and types alone; the keys of graphs and outputs are ids."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in sorted(value.items())}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value).__name__


# One's own server


def test_a_prompt_is_pending_then_running_then_in_the_history(emulator, comfy):
    play(emulator, polls=3)
    id = comfy.start(TEXT)
    seen = []
    for _ in range(3):
        entry = comfy.get(f"/history/{id}").json()
        queue = comfy.get("/queue").json()
        lists = [name for name, items in queue.items() if any(item[1] == id for item in items)]
        seen.append((bool(entry), lists))
    assert seen == [(False, ["queue_pending"]), (False, ["queue_running"]), (True, [])]


def test_routes_exist_with_and_without_their_prefix(comfy):
    id = comfy.start(TEXT, api="/api")
    assert comfy.get("/api/queue").json()["queue_pending"][0][1] == id
    assert comfy.get("/nonsense").status_code == 404
    assert comfy.get("/api/jobs").status_code == 404


def test_the_client_may_choose_the_id_and_is_told_its_place(comfy):
    said = comfy.submit(TEXT, prompt_id="mine", client_id="me").json()
    assert said == {"prompt_id": "mine", "number": 0, "node_errors": {}}
    assert comfy.submit(TEXT).json()["number"] == 1


def real(name):
    """What a ComfyUI 0.3.75 server answered."""
    return json.loads((SAMPLES / f"{name}.json").read_text())


def test_a_picture_that_was_not_uploaded_is_told_as_a_real_server_tells_it(comfy):
    assert comfy.submit(IMAGE).json()["node_errors"] == real("node_errors")["node_errors"]


@pytest.mark.parametrize(
    "name, graph",
    [
        ("history", TEXT),
        ("cached", TEXT),
        ("execution_error", changed(TEXT, _13={"codec": "zz"})),
    ],
)
def test_a_history_has_the_shape_of_a_real_servers(emulator, comfy, name, graph):
    play(emulator, polls=1)
    if name == "cached":
        comfy.start(graph, client_id="c")
    entries = real(name), comfy.ended(comfy.start(graph, client_id="c"))
    for entry in entries:
        entry["prompt"][2] = {}
        if name == "execution_error":
            # Which nodes ran before it, and which were known, is the order's business.
            entry["status"]["messages"][1][1]["nodes"] = []
            entry["status"]["messages"][2][1] |= {"executed": [], "current_outputs": []}
    assert shape(entries[1]) == shape(entries[0])


def test_a_film_is_what_the_graph_says(emulator, comfy, media):
    emulator.set(Scenario(polls=1))
    entry = comfy.ended(comfy.start(TEXT))
    (file,) = entry["outputs"]["13"]["images"]
    assert entry["outputs"]["13"]["animated"] == [True]
    assert file == {"filename": "openclaw_00001_.mp4", "subfolder": "video", "type": "output"}
    said = httpx.get(f"{comfy.url}/view", params=file, trust_env=False)
    assert said.headers["content-type"] == "video/mp4"
    assert media.facts(said.content) == ((320, 192), pytest.approx(2, abs=0.1), 12, False)


def test_an_uploaded_image_becomes_the_film(emulator, comfy, media):
    emulator.set(Scenario(polls=1))
    said = comfy.upload(media.image(300, 200), type="input", overwrite="true").json()
    assert said == {"name": "first.png", "subfolder": "", "type": "input"}
    (file,) = comfy.ended(comfy.start(IMAGE))["outputs"]["13"]["images"]
    film = httpx.get(f"{comfy.url}/view", params=file, trust_env=False).content
    assert media.facts(film)[:2] == ((512, 512), pytest.approx(2, abs=0.1))


def test_another_image_of_the_same_name_gets_another_unless_it_replaces(comfy, media):
    one, two = media.image(64, 64), media.image(64, 66)
    names = [comfy.upload(data).json()["name"] for data in (one, one, two, two)]
    assert names == ["first.png", "first.png", "first (1).png", "first (1).png"]
    assert comfy.upload(two, overwrite="true").json()["name"] == "first.png"


def test_an_image_without_a_name_is_no_image(comfy):
    assert comfy.upload(b"x", name="").status_code == 400
    assert comfy.post("/upload/image", {}).status_code == 400


@pytest.mark.parametrize(
    "graph, kind, status",
    [
        ({"1": {"class_type": "Nope", "inputs": {}}}, "invalid_prompt", 400),
        ({"1": {"inputs": {}}}, "invalid_prompt", 400),
        ({"6": TEXT["6"]}, "prompt_no_outputs", 400),
        (changed({"6": TEXT["6"], "9": SHOW}, _9={"source": None}), "prompt_outputs_failed_validation", 400),
        ({"id": "a3", "nodes": [], "links": []}, "invalid_prompt", 400),
        ({"last_node_id": 4, "nodes": [], "links": []}, None, 500),
        (None, "no_prompt", 400),
    ],
)  # fmt: skip
def test_a_wrong_graph_is_refused_as_the_server_does(emulator, comfy, graph, kind, status):
    said = comfy.submit(graph)
    assert said.status_code == status
    if kind:
        assert said.json()["error"]["type"] == kind
        assert set(said.json()["error"]) == {"type", "message", "details", "extra_info"}
    assert emulator.jobs == []


@pytest.mark.parametrize(
    "node, inputs, kind",
    [
        ("_10", {"image2": None}, "required_input_missing"),
        ("_10", {"image2": ["6", 0]}, "return_type_mismatch"),
        ("_10", {"image2": ["9"]}, "bad_linked_input"),
        ("_8", {"width": 0}, "value_smaller_than_min"),
        ("_8", {"width": 99999}, "value_bigger_than_max"),
        ("_8", {"width": "wide"}, "invalid_input_type"),
        ("_10", {"image2": ["99", 0]}, "exception_during_inner_validation"),
    ],
)
def test_a_wrong_input_leaves_out_the_outputs_that_need_it(comfy, node, inputs, kind):
    said = comfy.submit(changed(TEXT, **{node: inputs}))
    ((id, wrong),) = said.json()["node_errors"].items()
    assert said.status_code == 200
    assert (id, wrong["errors"][0]["type"]) == (node[1:], kind)
    assert wrong["dependent_outputs"] == ["13"]
    alone = changed(TEXT, **{node: inputs})
    del alone["14"]
    assert comfy.submit(alone).json()["error"]["type"] == "prompt_outputs_failed_validation"


def test_a_value_that_is_not_in_the_list_is_wrong_in_older_nodes_only(comfy, media):
    comfy.upload(media.image(64, 64))
    wrong = comfy.submit(changed(IMAGE, _2={"interpolation": "best"})).json()["node_errors"]
    assert wrong["2"]["errors"][0]["type"] == "value_not_in_list"
    assert comfy.submit(changed(TEXT, _13={"codec": "best"})).json()["node_errors"] == {}


def test_a_body_that_is_not_json_is_a_server_error(http, comfy):
    assert http.post(f"{comfy.url}/prompt", content=b"{").status_code == 500


def test_an_odd_picture_cannot_be_a_film(emulator, comfy):
    play(emulator, polls=0)
    entry = comfy.ended(comfy.start(changed(TEXT, _8={"width": 321})))
    name, told = entry["status"]["messages"][-1]
    assert (entry["status"]["status_str"], name) == ("error", "execution_error")
    assert (told["node_id"], told["node_type"]) == ("13", "SaveVideo")
    assert "libx264" in told["exception_message"]


def test_an_identical_graph_is_told_again_only_to_a_client_with_an_id(emulator, comfy):
    play(emulator, polls=0)
    first = comfy.ended(comfy.start(TEXT, client_id="me"))["outputs"]
    again = comfy.ended(comfy.start(TEXT, client_id="me"))
    assert again["outputs"] == first
    assert again["status"]["messages"][1][1]["nodes"] == list(TEXT)
    assert comfy.ended(comfy.start(TEXT))["outputs"] == {}
    other = comfy.ended(comfy.start(changed(TEXT, _6={"value": "a longer heron"})))["outputs"]
    assert other["13"] != first["13"]


def test_a_file_stays_when_an_identical_graph_waits_to_give_it_again(emulator, comfy):
    play(emulator, polls=0)
    [file] = comfy.ended(comfy.start(TEXT, client_id="me"))["outputs"]["13"]["images"]
    play(emulator, polls=9)
    comfy.start(TEXT, client_id="me")
    assert comfy.get(f"/view?{urlencode(file)}").status_code == 200


def test_the_video_nodes_of_the_popular_pack_call_their_files_gifs(emulator, comfy):
    play(emulator, polls=0)
    node = {"class_type": "VHS_VideoCombine", "inputs": {
        "images": ["11", 0], "frame_rate": 8, "filename_prefix": "AnimateDiff", "format": "video/h264-mp4",
    }}  # fmt: skip
    outputs = comfy.ended(comfy.start({**TEXT, "13": node}))["outputs"]
    assert outputs["13"]["gifs"][0]["filename"] == "AnimateDiff_00001_.mp4"


def test_a_pending_prompt_that_is_deleted_leaves_no_trace(comfy):
    id, other = comfy.start(TEXT), comfy.start(TEXT)
    assert comfy.post("/queue", {"delete": [id]}).status_code == 200
    assert comfy.get(f"/history/{id}").json() == {}
    assert [item[1] for item in comfy.get("/queue").json()["queue_pending"]] == [other]


def test_an_interrupt_stops_the_prompt_that_it_names(emulator, comfy):
    play(emulator, polls=9)
    id = comfy.start(TEXT)
    for _ in range(2):
        comfy.get(f"/history/{id}")
    comfy.post("/interrupt", {"prompt_id": "another"})
    assert comfy.get(f"/history/{id}").json() == {}
    comfy.post("/interrupt", {"prompt_id": id})
    entry = comfy.ended(id)
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


@pytest.mark.parametrize(
    "query, status",
    [
        ("filename=x.mp4", 404),
        ("filename=../x", 400),
        ("filename=x.mp4&subfolder=../..", 403),
        ("filename=x.mp4&type=secret", 400),
        ("", 404),
    ],
)
def test_a_file_that_is_not_there_is_not_shown(comfy, query, status):
    assert comfy.get(f"/view?{query}").status_code == status


def test_the_server_tells_about_itself_and_its_nodes(comfy):
    assert comfy.get("/system_stats").json()["system"]["comfyui_version"] == "0.3.75"
    assert comfy.get("/features").json()["max_upload_size"] == 104857600
    node = comfy.get("/object_info/SaveVideo").json()["SaveVideo"]
    assert node["output_node"] is True
    assert node["input_order"] == {"required": ["video", "filename_prefix", "format", "codec"]}
    assert comfy.get("/object_info/Nope").json() == {}
    assert {node["class_type"] for node in TEXT.values()} <= set(comfy.get("/object_info").json())


def test_failures_can_be_played(emulator, comfy):
    play(emulator, submit_moderated=True)
    assert "moderation" in comfy.submit(TEXT).json()["error"]["message"]
    play(emulator, polls=0, ends="moderated")
    told = comfy.ended(comfy.start(TEXT))["status"]["messages"][-1][1]
    assert "moderation" in told["exception_message"]
    play(emulator, polls=0, ends="expired")
    assert comfy.get(f"/history/{comfy.start(TEXT)}").json() == {}
    play(emulator, polls=0, quirk="no_status")
    assert "status" not in comfy.ended(comfy.start(TEXT))
    play(emulator, polls=0, quirk="no_outputs")
    assert comfy.ended(comfy.start(TEXT))["outputs"] == {}
    play(emulator, unknown_status_word="polishing")
    assert comfy.ended(comfy.start(TEXT))["status"]["status_str"] == "polishing"
    play(emulator, poll_failures=(502,))
    assert comfy.get(f"/history/{comfy.start(TEXT)}").status_code == 502


def test_an_unknown_quirk_is_refused(emulator, comfy):
    play(emulator, quirk="sulk")
    assert comfy.get("/queue").status_code == 501
    assert "no_outputs" in comfy.get("/queue").json()["error"]


def test_newer_servers_have_jobs_too(emulator, comfy):
    play(emulator, polls=9, quirk="newer")
    id = comfy.start(TEXT)
    assert comfy.get(f"/api/jobs/{id}").json()["status"] == "pending"
    assert comfy.post(f"/api/jobs/{id}/cancel", {}).json() == {"cancelled": True}
    assert comfy.post(f"/api/jobs/{id}/cancel", {}).json() == {"cancelled": False}
    assert comfy.get(f"/api/jobs/{id}").json()["status"] == "cancelled"


# The cloud


def cloud_job(comfy, **body):
    return comfy.start(TEXT, api="/api", headers=KEY, **body)


def test_the_cloud_goes_from_pending_to_completed_with_its_outputs(emulator, comfy):
    play(emulator, polls=3)
    id = cloud_job(comfy)
    seen = [comfy.get(f"/api/jobs/{id}", **KEY).json() for _ in range(3)]
    assert [each["status"] for each in seen] == ["pending", "in_progress", "completed"]
    assert seen[2]["outputs"]["13"]["images"][0]["filename"].endswith(".mp4")
    assert set(seen[2]) == {
        "id", "status", "create_time", "update_time", "preview_output", "outputs_count", "workflow",
        "outputs", "execution_status", "execution_meta",
    }  # fmt: skip


def test_the_older_address_has_the_words_of_the_service_itself(emulator, comfy):
    play(emulator, polls=3, quirk="old_cloud")
    id = cloud_job(comfy)
    assert comfy.get(f"/api/jobs/{id}", **KEY).status_code == 404
    words = [comfy.get(f"/api/job/{id}/status", **KEY).json()["status"] for _ in range(3)]
    assert words == ["queued_waiting", "executing", "success"]
    assert "13" in comfy.get(f"/api/history_v2/{id}", **KEY).json()[id]["outputs"]


def test_the_clouds_files_are_elsewhere_and_want_no_key(emulator, comfy, media):
    play(emulator, polls=0)
    id = cloud_job(comfy)
    (file,) = comfy.get(f"/api/jobs/{id}", **KEY).json()["outputs"]["13"]["images"]
    moved = httpx.get(f"{comfy.url}/api/view", params=file, headers=KEY, trust_env=False)
    there = moved.headers["location"]
    assert moved.status_code == 302
    assert httpx.get(there, trust_env=False).content[4:8] == b"ftyp"
    assert httpx.get(there, headers=KEY, trust_env=False).status_code == 400


def test_the_cloud_renames_uploads_and_wants_a_key(comfy, media):
    said = comfy.upload(media.image(64, 64), api="/api", headers=KEY).json()
    assert said["name"].endswith(".png")
    assert len(said["name"]) == 64 + 4
    assert comfy.get("/api/jobs/x", **{"x-api-key": ""}).status_code == 401
    assert comfy.get("/queue", **KEY).status_code == 404


def test_the_cloud_tells_why_a_job_failed(emulator, comfy):
    play(emulator, polls=0, ends="failed")
    id = cloud_job(comfy)
    job = comfy.get(f"/api/jobs/{id}", **KEY).json()
    assert job["status"] == "failed"
    assert job["execution_error"]["exception_type"] == "RuntimeError"
    assert set(job["execution_error"]) >= {"node_id", "node_type", "traceback", "current_inputs"}
    assert comfy.get(f"/api/job/{id}/status", **KEY).json()["status"] == "error"


def test_the_cloud_deletes_pending_jobs(emulator, comfy):
    id = cloud_job(comfy)
    comfy.post("/api/queue", {"delete": [id]}, **KEY)
    assert comfy.get(f"/api/jobs/{id}", **KEY).json()["status"] == "cancelled"


def test_no_key_is_in_the_book(emulator, comfy):
    cloud_job(comfy, extra_data={"api_key_comfy_org": "secret"})
    assert "secret" not in repr(emulator.jobs)
    assert "secret" not in repr(comfy.get("/queue").json())


# Comfy's own clients


@contextmanager
def alone(**scenario):
    """The service at the root of a port, for clients that take no path."""
    services = Services(Scenario(render="draft", **scenario))
    door = Loopback(services, "127.0.0.1", 0, root="comfy")
    try:
        yield services, door.url
    finally:
        door.close()


def test_the_websocket_tells_a_client_of_its_own_prompts():
    async def listen(url):
        frames = []
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{url}/ws?clientId=me") as socket,
        ):
            for body in ({"prompt": TEXT, "client_id": "me"}, {"prompt": TEXT}):
                await session.post(f"{url}/prompt", json=body)
            while True:
                frame = await socket.receive_json(timeout=9)
                frames.append(frame)
                if frame["type"] == "executing" and frame["data"]["node"] is None:
                    return frames

    with alone(polls=4) as (services, url):
        frames = asyncio.run(listen(url))
        assert httpx.get(f"{url}/ws", trust_env=False).status_code == 426
    kinds = [frame["type"] for frame in frames]
    assert kinds[:3] == ["status", "execution_start", "execution_cached"]
    assert {"progress", "executing", "executed", "execution_success"} <= set(kinds)
    (mine,) = {frame["data"]["prompt_id"] for frame in frames[1:]}
    assert mine == services.entries()[0].id


CLI = ["comfy-cli==1.23.0"]
SDK = ["comfy-sdk==0.5.0", "comfy-api-proxy==0.1.6"]


def cli(tmp_path, *words, graph=TEXT, **environ):
    """What comfy-cli says, as JSON."""
    file = tmp_path / "workflow.json"
    file.write_text(json.dumps(graph))
    comfy = Path(environment("comfy-cli", CLI)).with_name("comfy")
    environ = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "DO_NOT_TRACK": "1", **environ}
    command = [str(comfy), "--skip-prompt", "--json", *words]
    command = [str(file) if word == "FILE" else word for word in command]
    done = subprocess.run(
        command, env=environ, capture_output=True, text=True, timeout=100, check=False
    )
    return json.loads(done.stdout.strip().splitlines()[-1])


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_comfy_cli_runs_a_workflow_over_the_websocket(tmp_path):
    with alone(polls=4) as (services, url):
        port = url.rpartition(":")[2]
        where = ["--host", "127.0.0.1", "--port", port]
        said = cli(tmp_path, "run", "--workflow", "FILE", "--wait", *where)
        (output,) = said["data"]["outputs"]
        film = httpx.get(output, trust_env=False).content
    assert said["ok"]
    assert (said["data"]["status"], said["data"]["prompt_id"]) == (
        "completed",
        services.entries()[0].id,
    )
    assert film[4:8] == b"ftyp"


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_comfy_cli_reads_what_is_wrong_with_a_graph_and_with_a_run(tmp_path):
    with alone(polls=2) as (_, url):
        where = ["--host", "127.0.0.1", "--port", url.rpartition(":")[2]]
        run = ["run", "--workflow", "FILE", "--wait", *where]
        refused = cli(tmp_path, *run, graph=changed(TEXT, _10={"image2": None}) | {"14": TEXT["6"]})
        failed = cli(tmp_path, *run, graph=changed(TEXT, _8={"width": 321}))
    assert not refused["ok"]
    assert "image2" in json.dumps(refused["error"])
    assert not failed["ok"]
    assert "libx264" in json.dumps(failed["error"])


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_comfy_cli_runs_a_workflow_in_the_cloud(tmp_path):
    with alone(polls=2) as (services, url):
        environ = {"COMFY_CLOUD_BASE_URL": url, "COMFY_CLOUD_API_KEY": "k"}
        cloud = ["--where", "cloud"]
        said = cli(tmp_path, *cloud, "run", "--workflow", "FILE", "--wait", **environ)
        listed = cli(tmp_path, *cloud, "jobs", "ls", **environ)
        (output,) = said["data"]["outputs"]
        moved = httpx.get(output, headers=KEY, trust_env=False)
    assert (said["ok"], said["data"]["status"]) == (True, "completed")
    assert moved.status_code == 302
    assert [job["prompt_id"] for job in listed["data"]["jobs"]] == [services.entries()[0].id]


SCRIPT = """
import sys
from comfy_sdk import Comfy
text, image, picture, folder = sys.argv[1:]
client = Comfy()
result = client.run(client.workflows.from_file(text))
result.get_outputs("13")[0].to_file(folder + "/text.mp4")
workflow = client.workflows.from_file(image)
workflow.set_input("1", "image", client.assets.from_file(picture))
result = client.run(workflow)
result.get_outputs("13")[0].to_file(folder + "/image.mp4")
"""


@pytest.mark.matrix
@pytest.mark.timeout(300)
def test_comfy_sdk_runs_both_workflows_through_comfys_own_proxy(tmp_path, media):
    python = environment("comfy-sdk", SDK)
    files = [tmp_path / name for name in ("text.json", "image.json", "picture.png")]
    contents = [json.dumps(TEXT).encode(), json.dumps(IMAGE).encode(), media.image(300, 200)]
    for file, content in zip(files, contents, strict=True):
        file.write_bytes(content)
    with alone(polls=2, quirk="newer") as (services, url), proxy(python, url, tmp_path) as served:
        command = [python, "-c", SCRIPT, *map(str, files), str(tmp_path)]
        environ = {"COMFY_BASE_URL": served, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
        done = subprocess.run(
            command, env=environ, capture_output=True, text=True, timeout=100, check=False
        )
        assert done.returncode == 0, done.stderr
    assert [entry.state for entry in services.entries()] == ["succeeded"] * 2
    for name in ("text.mp4", "image.mp4"):
        assert (tmp_path / name).read_bytes()[4:8] == b"ftyp"


@contextmanager
def proxy(python, url, folder):
    """comfy-api-proxy: Comfy API v2 in front of a server."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    command = [
        str(Path(python).with_name("comfy-api-proxy")),
        "run",
        "--comfyui",
        url,
        "--port",
        port,
    ]
    with subprocess.Popen(command, cwd=folder, stdout=sys.stderr, stderr=sys.stderr) as process:
        try:
            address, until = f"http://127.0.0.1:{port}", time.monotonic() + 30
            while not _answers(f"{address}/api/v2/health"):
                assert time.monotonic() < until, "the proxy did not start"
            yield address
        finally:
            process.terminate()


def _answers(url):
    try:
        return httpx.get(url, trust_env=False, timeout=1).is_success
    except httpx.TransportError:
        return False
