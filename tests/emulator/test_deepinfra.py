"""DeepInfra, judged over HTTP and by the openai package, the client that DeepInfra tells users to use."""

import base64
import json
from pathlib import Path

import httpx
import openai
import pytest

from openclaw_nb.client import Client
from openclaw_nb.emulator import Scenario
from openclaw_nb.providers import by_id
from tests.capture import differences, facts, listening
from tests.conftest import Hurry

KEY = {"authorization": "Bearer k"}
SAMPLES = Path(__file__).parents[1] / "samples" / "deepinfra"
PIXVERSE = "Pixverse/Pixverse-T2V"
VEO = "google/veo-3.1-fast"
TEXT = {"model": PIXVERSE, "prompt": "a heron"}
sora_warning = pytest.mark.filterwarnings("ignore:The Sora API:DeprecationWarning")


@pytest.fixture
def url(emulator):
    return emulator.base_urls["deepinfra"]


@pytest.fixture
def post(http, url):
    def post(body, headers=KEY):
        return http.post(f"{url}/videos", json=body, headers=headers)

    return post


@pytest.fixture
def finish(http, url, post):
    def finish(body):
        id = post(body).json()["id"]
        while (said := http.get(f"{url}/videos/{id}", headers=KEY).json())["status"] in {
            "queued",
            "processing",
        }:
            pass
        return said

    return finish


@pytest.fixture
def infer(http, emulator):
    def infer(**body):
        where = f"{emulator.urls['deepinfra']}/v1/inference/{PIXVERSE}"
        return http.post(where, json=body, headers=KEY)

    return infer


def play(emulator, **scenario):
    emulator.set(Scenario(render="draft", **scenario))


def sample(name):
    return json.loads((SAMPLES / f"{name}.json").read_text())


def shape(value):
    """The names in it, and the types of what they name."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(each) for each in value]
    return type(value)


# documented shapes


def test_a_job_goes_from_queued_over_processing_to_succeeded(emulator, http, url, post):
    play(emulator, polls=3)
    made = post(TEXT).json()
    seen = [http.get(f"{url}/videos/{made['id']}", headers=KEY).json() for _ in range(3)]
    assert shape(made) == shape(sample("queued"))
    assert [each["status"] for each in seen] == ["queued", "processing", "succeeded"]
    assert shape(seen[-1]) == shape(sample("succeeded"))


def test_jobs_are_also_below_v1_alone(emulator, http, post):
    id = post(TEXT).json()["id"]
    root = emulator.urls["deepinfra"]
    assert http.get(f"{root}/v1/videos/{id}", headers=KEY).json()["id"] == id
    assert http.post(f"{root}/v1/videos", json=TEXT, headers=KEY).json()["status"] == "queued"


@pytest.mark.parametrize("header", ["xi-api-key", "x-api-key"])
def test_a_key_may_come_in_other_headers(post, header):
    assert post(TEXT, {header: "k"}).status_code == 200


def test_the_submission_may_be_answered_with_the_end(emulator, post):
    play(emulator, polls=0)
    assert post(TEXT).json()["status"] == "succeeded"
    play(emulator, polls=0, ends="failed")
    assert post(TEXT).json()["error"]


def test_the_film_has_the_shape_and_length_asked_for(emulator, http, finish, media):
    emulator.set(Scenario(polls=1))
    made = finish({**TEXT, "aspect_ratio": "9:16", "seconds": 5})
    film = http.get(made["data"][0]["url"]).raise_for_status().content
    assert media.facts(film) == ((540, 960), pytest.approx(5, abs=0.05), 24, False)


def test_a_hosted_film_is_refused_with_a_key(http, finish):
    found = finish(TEXT)["data"][0]["url"]
    assert http.get(found, headers=KEY).status_code == 400


@pytest.mark.parametrize("quirk", ["relative", "own_origin"])
def test_a_film_on_the_apis_own_host_needs_the_key(emulator, http, url, finish, quirk):
    play(emulator, quirk=quirk)
    found = httpx.URL(url).join(finish(TEXT)["data"][0]["url"])
    assert http.get(found).status_code == 401
    assert http.get(found, headers=KEY).content[4:8] == b"ftyp"


def test_a_film_may_come_inside_the_answer(emulator, finish):
    play(emulator, quirk="inline")
    head, _, payload = finish(TEXT)["data"][0]["url"].partition(",")
    assert head == "data:video/mp4;base64"
    assert base64.b64decode(payload)[4:8] == b"ftyp"


def test_an_image_and_a_size_are_taken_by_the_models_that_have_them(post, media):
    image = media.uri(media.image(640, 360))
    assert post({"model": VEO, "prompt": "x", "image_url": image, "size": "640x360"}).is_success


def test_the_list_of_models_tells_what_is_known_when_asked(http, url):
    said = http.get(f"{url}/models?sort_by=openclaw&filter=with_meta").json()
    first = said["data"][0]
    assert (said["object"], first["id"]) == ("list", PIXVERSE)
    assert first["metadata"]["tags"] == ["video-gen"]
    assert first["metadata"]["pricing"] == {"output_seconds": 0.075}
    assert http.get(f"{url}/models").json()["data"][0]["metadata"] is None
    assert {row.id for row in by_id["deepinfra"].models} <= {row["id"] for row in said["data"]}


# the older inference


def test_inference_answers_once_with_the_film(emulator, http, infer):
    said = infer(prompt="a heron", duration=5, seed=12345, guidance_scale=2).json()
    assert shape(said) == shape(sample("inference"))
    assert (said["seed"], said["inference_status"]["cost"]) == (12345, 0.375)
    assert http.get(said["video_url"]).content[4:8] == b"ftyp"
    assert [entry.state for entry in emulator.jobs] == ["succeeded"]


def test_inference_that_fails_has_no_film(emulator, infer):
    play(emulator, ends="failed")
    said = infer(prompt="a heron").json()
    assert (said["video_url"], said["inference_status"]["status"]) == (None, "failed")


@pytest.mark.parametrize(
    "body", [{}, {"prompt": "x", "seconds": 5}, {"prompt": "x", "duration": 6}]
)
def test_inference_has_names_of_its_own(infer, body):
    assert infer(**body).status_code == 422


# refusals


@pytest.mark.parametrize(
    "body, where, kind",
    [
        ({"model": PIXVERSE}, ["body", "prompt"], "missing"),
        ({"prompt": "x"}, ["body", "model"], "missing"),
        ({**TEXT, "prompt": ""}, ["body", "prompt"], "string_too_short"),
        ({**TEXT, "seconds": "5"}, ["body", "seconds"], "int_type"),
        ({**TEXT, "seconds": 6}, ["body"], "value_error"),
        ({**TEXT, "aspect_ratio": "21:9"}, ["body"], "value_error"),
        ({**TEXT, "aspect_ratio": "wide"}, ["body", "aspect_ratio"], "string_pattern_mismatch"),
        ({**TEXT, "size": "wide"}, ["body", "size"], "string_pattern_mismatch"),
        ({**TEXT, "seed": -1}, ["body", "seed"], "greater_than_equal"),
        ({**TEXT, "seed": 2**32}, ["body", "seed"], "less_than_equal"),
        ({**TEXT, "duration": 5}, ["body", "duration"], "extra_forbidden"),
        ({**TEXT, "image_url": "https://example.com/a.png"}, ["body"], "value_error"),
        ({"model": VEO, "prompt": "x", "image_url": "nonsense"}, ["body"], "value_error"),
    ],
    ids=repr,
)
def test_a_wrong_body_is_refused_in_fastapis_list(emulator, post, body, where, kind):
    said = post(body)
    (detail,) = said.json()["detail"]
    assert said.status_code == 422
    assert set(detail) == set(sample("invalid")["detail"][0])
    assert (detail["loc"], detail["type"]) == (where, kind)
    assert emulator.jobs == []


def test_a_body_that_is_no_json_is_refused(http, url):
    said = http.post(f"{url}/videos", content=b"{", headers=KEY)
    assert said.json()["detail"][0]["type"] == "json_invalid"


def test_a_form_with_a_file_is_refused(http, url):
    files = {"input_reference": ("a.png", b"png", "image/png")}
    said = http.post(f"{url}/videos", data=TEXT, files=files, headers=KEY)
    assert said.status_code == 422


def test_null_members_count_as_absent(post):
    assert post({**TEXT, "seconds": None, "style": None}).is_success


@pytest.mark.parametrize("quirk, name", [(None, "error"), ("detail", "detail")])
def test_errors_come_in_either_shape(emulator, http, url, post, quirk, name):
    play(emulator, quirk=quirk, submit_status=402)
    refused = [
        post(TEXT),
        post(TEXT, {}),
        post({**TEXT, "model": "acme/none"}),
        http.get(f"{url}/videos/vid_0", headers=KEY),
        http.get(f"{url}/nothing", headers=KEY),
    ]
    assert [each.status_code for each in refused] == [402, 401, 404, 404, 404]
    assert all(list(each.json()) == [name] for each in refused)


def test_a_refused_prompt_is_a_job_that_failed_at_once(emulator, post):
    play(emulator, submit_moderated=True)
    said = post(TEXT)
    assert said.status_code == 200
    assert (said.json()["status"], "safety" in said.json()["error"]) == ("failed", True)


@pytest.mark.parametrize("ends, word", [("succeeded", "completed"), ("cancelled", "cancelled")])
def test_the_end_may_come_in_openais_words(emulator, post, ends, word):
    play(emulator, quirk="openai", polls=0, ends=ends)
    said = post(TEXT).json()
    assert said["status"] == word
    assert ends == "succeeded" or said["error"]["message"]


def test_a_quirk_that_is_not_there_is_refused(emulator, post):
    play(emulator, quirk="nonsense")
    said = post(TEXT)
    assert said.status_code == 501
    assert "own_origin" in said.json()["error"]


# the openai package


@pytest.fixture
def client(url):
    with openai.OpenAI(api_key="k", base_url=url, max_retries=0) as made:
        yield made


def test_openais_client_submits_polls_and_downloads(emulator, client, http, media):
    made = client.post("/videos", body={**TEXT, "seconds": 5}, cast_to=object)
    while made["status"] in {"queued", "processing"}:
        made = client.get(f"/videos/{made['id']}", cast_to=object)
    film = http.get(made["data"][0]["url"]).raise_for_status().content
    assert media.facts(film)[1] > 0
    assert emulator.jobs[0].request == {**TEXT, "seconds": 5}


@sora_warning
def test_openais_own_videos_calls_send_a_form_and_are_understood(emulator, client):
    play(emulator, polls=1)
    made = client.videos.create(model=PIXVERSE, prompt="a heron", seconds="5")
    done = client.videos.retrieve(made.id)
    assert (made.status, done.status) == ("queued", "succeeded")
    assert done.data[0]["url"].endswith(".mp4")
    assert emulator.jobs[0].request == {**TEXT, "seconds": 5}


def test_openais_client_lists_the_models(client):
    assert client.models.list().data[0].id == PIXVERSE


def test_openais_client_reads_the_errors(emulator, client):
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.post("/videos", body={"model": PIXVERSE}, cast_to=object)
    assert caught.value.body["detail"][0]["msg"] == "Field required"
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        client.post("/videos", body={**TEXT, "model": "acme/none"}, cast_to=object)
    play(emulator, submit_status=429)
    with pytest.raises(openai.RateLimitError, match="Rate limited"):
        client.post("/videos", body=TEXT, cast_to=object)


# the same request from both


@pytest.fixture
def services():
    with listening() as found:
        yield found


@pytest.fixture
def ours(services, home):
    about = {"baseUrl": services.urls["deepinfra"], "apiKey": "k"}
    settings = {"models": {"providers": {"deepinfra": about}}}
    client = Client(settings, home=home, environ={}, clock=Hurry())
    yield client
    client.close()


@pytest.fixture
def theirs(services):
    with openai.OpenAI(api_key="k", base_url=services.urls["deepinfra"], max_retries=0) as made:
        yield made


REQUESTS = [
    ({}, {}),
    ({"duration_seconds": 8, "aspect_ratio": "9:16"}, {"seconds": 8, "aspect_ratio": "9:16"}),
    (
        {"provider_options": {"seed": 7, "negativePrompt": "fog", "style": "anime"}},
        {"seed": 7, "negative_prompt": "fog", "style": "anime"},
    ),
]


def submitted(services, act):
    """The submission and the first poll that came of `act`."""
    before = len(services.asked)
    act()
    return services.asked[before : before + 2]


@pytest.mark.parametrize("asked, body", REQUESTS)
def test_we_send_what_openais_client_sends(services, ours, theirs, asked, body):
    def with_theirs():
        made = theirs.post("/videos", body={**TEXT, **body}, cast_to=object)
        theirs.get(f"/videos/{made['id']}", cast_to=object)

    def with_ours():
        model = f"deepinfra/{PIXVERSE}"
        ours.generate_video("a heron", model=model, exact_model=True, **asked).result(9)

    our_submission, our_poll = submitted(services, with_ours)
    their_submission, their_poll = submitted(services, with_theirs)
    assert differences(our_submission, their_submission) == {}
    assert set(differences(our_poll, their_poll)) <= {"path", "content-type"}
    assert facts(our_poll)["path"].rpartition("/")[0] == "/v1/openai/videos"


@sora_warning
def test_openais_own_call_differs_where_the_contract_does(services, ours, theirs):
    """A form and a length in words: OpenAI's wire, not DeepInfra's, which documents JSON."""

    def with_ours():
        model = f"deepinfra/{PIXVERSE}"
        task = ours.generate_video("a heron", model=model, exact_model=True, duration_seconds=5)
        task.result(9)

    our_submission, _ = submitted(services, with_ours)
    asking = {"model": PIXVERSE, "prompt": "a heron", "seconds": "5"}
    (their_submission,) = submitted(services, lambda: theirs.videos.create(**asking))
    assert differences(our_submission, their_submission) == {
        "content-type": ("application/json", "multipart/form-data"),
        "body.seconds": (5, "5"),
    }


@pytest.mark.parametrize("quirk", [None, "relative", "own_origin", "inline", "openai"])
def test_we_fetch_the_film_from_wherever_it_is(services, ours, quirk):
    services.play(Scenario(render="draft", quirk=quirk))
    video = ours.generate_video("a heron", model=f"deepinfra/{PIXVERSE}").result(9)
    assert video.path.read_bytes()[4:8] == b"ftyp"


def test_a_film_too_large_to_be_kept_has_a_public_address(services, ours):
    services.play(Scenario(render="draft", download="oversize"))
    video = ours.generate_video("a heron", model=f"deepinfra/{PIXVERSE}").result(9)
    assert video.files[0].path is None
    assert video.url.endswith(".mp4")
