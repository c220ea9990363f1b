"""fal's images: what each family takes, refuses and leaves out, and the bodies that are sent."""

import base64
import json

import pytest

from openclaw_nb.core.domain import Blob, Link, Media, Medium, Mode, Request, Why
from openclaw_nb.core.inputs import read_request
from openclaw_nb.core.plan import normalization, plan
from openclaw_nb.core.wire import (
    Before,
    Call,
    Done,
    Fetch,
    Hosted,
    InHand,
    Inline,
    Malformed,
    Reply,
    Skip,
    Wait,
)
from openclaw_nb.providers import _fal_queue as queue
from openclaw_nb.providers import fal_image
from openclaw_nb.providers._fal_images import endpoint_of

FLUX = "fal-ai/flux/dev"
KREA = "krea/v2/medium/text-to-image"
LEGACY = "fal-ai/nano-banana"
NANO = "fal-ai/nano-banana-2"
PRO = "fal-ai/nano-banana-pro"
LITE = "google/nano-banana-2-lite"
GPT = "openai/gpt-image-2"
GPT_25 = "openai/gpt-image-2.5/flare/text-to-image"
GROK = "xai/grok-imagine-image"
EVERY = (FLUX, KREA, LEGACY, NANO, PRO, LITE, GPT, GPT_25, GROK)

LINK = Link(url="https://example.com/a.png")


def picture(longest=None):
    return Blob(media_type="image/png", name="a.png", size=3, data=b"png", longest_side=longest)


def planned(model=FLUX, *images, **asked):
    request = read_request({"prompt": "a whale", **asked}, strict_keys=True, medium=Medium.IMAGE)
    return plan(request, Media(images=images), fal_image.PROVIDER, model)


def call(model=FLUX, *images, **asked):
    return fal_image.build_submit(planned(model, *images, **asked).job)


def body(model=FLUX, *images, **asked):
    return dict(call(model, *images, **asked).json)


def reason(model, *images, **asked):
    found = planned(model, *images, **asked)
    assert isinstance(found, Skip), found
    return found.reason


def dropped(model, *images, **asked):
    return {entry.setting: entry.value for entry in planned(model, *images, **asked).ignored}


def reply(http=200, path="/x", headers=(), **given):
    return Reply(http, dict(headers), json.dumps(given).encode(), path, queue.QUEUE)


# --- the families: references, where edits go


@pytest.mark.parametrize(
    ("model", "most", "endpoint"),
    [
        (FLUX, 1, f"{FLUX}/image-to-image"),
        ("fal-ai/some/model", 1, "fal-ai/some/model/image-to-image"),
        (GPT, 10, f"{GPT}/edit"),
        (GPT_25, 16, "openai/gpt-image-2.5/flare/edit"),
        (GROK, 3, f"{GROK}/edit"),
        (LEGACY, 3, f"{LEGACY}/edit"),
        (NANO, 14, f"{NANO}/edit"),
        (PRO, 14, f"{PRO}/edit"),
        (LITE, 14, f"{LITE}/edit"),
        (KREA, 10, KREA),
        ("krea/v2/large/text-to-image", 10, "krea/v2/large/text-to-image"),
    ],
)
def test_each_family_takes_so_many_references_and_edits_at_its_own_endpoint(model, most, endpoint):
    assert call(model, *[LINK] * most).path == f"/{endpoint}"
    assert f"at most {most} reference image" in reason(model, *[LINK] * (most + 1))


@pytest.mark.parametrize(
    ("model", "edits", "endpoint"),
    [
        (f"{NANO}/edit", True, f"{NANO}/edit"),
        (f"{FLUX}/image-to-image", True, f"{FLUX}/image-to-image"),
        ("a/b/image-to-image/fast", True, "a/b/image-to-image/fast"),
        (f"{GROK}/quality", False, f"{GROK}/quality/text-to-image"),
        (f"{GROK}/quality", True, f"{GROK}/quality/edit"),
        (f"{GROK}/quality/text-to-image", True, f"{GROK}/quality/edit"),
        (FLUX, False, FLUX),
    ],
)
def test_the_editing_endpoint_is_appended_once(model, edits, endpoint):
    assert endpoint_of(model, edits=edits) == endpoint


def test_an_editing_endpoint_without_a_reference_is_passed_over():
    assert "does not make text-to-image" in reason(f"{FLUX}/image-to-image")


def test_references_go_into_the_field_of_their_family():
    assert body(FLUX, LINK)["image_url"] == LINK.url
    assert body(NANO, LINK, LINK)["image_urls"] == [LINK.url, LINK.url]
    assert body(KREA, LINK)["image_style_references"] == [{"image_url": LINK.url}]
    assert body(FLUX, picture())["image_url"] == Inline(picture())


# --- the rows that are errors: nothing is sent


@pytest.mark.parametrize(
    ("model", "images", "asked", "why"),
    [
        (FLUX, 1, {"aspect_ratio": "16:9"}, "no aspect ratio in an edit"),
        (KREA, 0, {"resolution": "2K"}, "no resolution"),
        (KREA, 0, {"output_format": "png"}, "no output format"),
        (KREA, 0, {"count": 2}, "at most 1 image at once, 2 asked for"),
        (KREA, 0, {"aspect_ratio": "21:9"}, "2.35:1"),
        (LEGACY, 0, {"resolution": "1K"}, "no resolution"),
        (LEGACY, 0, {"aspect_ratio": "4:1"}, "21:9, 16:9"),
        (LITE, 0, {"resolution": "4K"}, "no resolution"),
        (LITE, 1, {"resolution": "4K"}, "no resolution"),
        (PRO, 0, {"aspect_ratio": "8:1"}, "not 8:1"),
        (GROK, 0, {"resolution": "4K"}, "1K or 2K, not 4K"),
        (GROK, 0, {"aspect_ratio": "21:9"}, "19.5:9"),
        (GPT_25, 0, {"resolution": "2K"}, "no resolution"),
        (GPT_25, 0, {"size": "1000x1000"}, "multiples of 16"),
        (GPT_25, 0, {"size": "4096x1024"}, "at most 3840"),
        (GPT_25, 0, {"size": "512x512"}, "655360 to 8294400"),
        (GPT_25, 0, {"size": "3200x1024"}, "3:1"),
        (GPT_25, 0, {"size": "large"}, "1536x1024, or auto"),
        (FLUX, 0, {"aspect_ratio": "wide"}, "two numbers"),
    ],
)
def test_what_a_family_refuses_is_never_sent(model, images, asked, why):
    assert why in reason(model, *[LINK] * images, **asked)


# --- the rows that are fitted or left out


@pytest.mark.parametrize(
    ("asked", "image_size", "told", "ignored"),
    [
        (
            {"size": "1000x1000"},
            {"width": 1024, "height": 1024},
            {"size": {"requested": "1000x1000", "applied": "1024x1024"}},
            {},
        ),
        (
            {"size": "1920x1080"},
            {"width": 1792, "height": 1024},
            {"size": {"requested": "1920x1080", "applied": "1792x1024"}},
            {},
        ),
        ({"background": "transparent"}, None, {}, {"background": "transparent"}),
        ({"output_format": "webp"}, None, {}, {"output_format": "webp"}),
        ({"quality": "high"}, None, {}, {"quality": "high"}),
        ({"size": "huge"}, None, {}, {"size": "huge"}),
        # A ratio does not help out an unusable size, as it does for a video.
        ({"size": "huge", "aspect_ratio": "1:1"}, "square_hd", {}, {"size": "huge"}),
        (
            {"size": "1024x1024", "aspect_ratio": "16:9", "resolution": "2K"},
            {"width": 1024, "height": 1024},
            {},
            {"aspect_ratio": "16:9", "resolution": "2K"},
        ),
    ],
)
def test_flux_is_fitted_and_what_is_left_out_is_told(asked, image_size, told, ignored):
    found = planned(FLUX, **asked)
    assert normalization(found.changes) == told
    assert dropped(FLUX, **asked) == ignored
    assert body(FLUX, **asked).get("image_size") == image_size


@pytest.mark.parametrize("asked", [{"size": "1024x1024"}, {"resolution": "2K"}])
def test_flux_edits_without_a_geometry_and_says_so(asked):
    assert "image_size" not in body(FLUX, LINK, **asked)
    assert dropped(FLUX, LINK, **asked) == asked


@pytest.mark.parametrize(
    ("asked", "image_size"),
    [
        ({"aspect_ratio": "1:1"}, "square_hd"),
        ({"aspect_ratio": "4:3"}, "landscape_4_3"),
        ({"aspect_ratio": "3:4"}, "portrait_4_3"),
        ({"aspect_ratio": "16:9"}, "landscape_16_9"),
        ({"aspect_ratio": "9:16"}, "portrait_16_9"),
        ({"aspect_ratio": "21:9"}, {"width": 1024, "height": 439}),
        ({"aspect_ratio": "9:21"}, {"width": 439, "height": 1024}),
        ({"aspect_ratio": "16:9", "resolution": "2K"}, {"width": 2048, "height": 1152}),
        ({"aspect_ratio": "16:9", "resolution": "4K"}, {"width": 4096, "height": 2304}),
        ({"resolution": "1K"}, {"width": 1024, "height": 1024}),
        ({"resolution": "4k"}, {"width": 4096, "height": 4096}),
        ({"aspect_ratio": "auto"}, None),
        ({}, None),
    ],
)
def test_flux_is_told_a_ratio_by_name_and_a_resolution_by_pixels(asked, image_size):
    assert body(FLUX, **asked).get("image_size") == image_size


@pytest.mark.parametrize(
    ("model", "images", "asked", "image_size"),
    [
        (GPT, 0, {"aspect_ratio": "16:9"}, "landscape_16_9"),
        (GPT, 1, {"aspect_ratio": "16:9", "resolution": "2K"}, "landscape_16_9"),
        (GPT, 0, {"aspect_ratio": "21:9"}, {"width": 1536, "height": 656}),
        (GPT, 0, {"resolution": "4K"}, {"width": 2880, "height": 2880}),
        (GPT, 0, {"aspect_ratio": "16:9", "resolution": "4K"}, {"width": 3840, "height": 2160}),
        (GPT, 0, {"aspect_ratio": "16:9", "resolution": "1K"}, {"width": 1088, "height": 624}),
        (GPT_25, 0, {"aspect_ratio": "16:9"}, {"width": 1536, "height": 864}),
        (GPT_25, 0, {"aspect_ratio": "3:1"}, {"width": 1536, "height": 512}),
        (GPT_25, 0, {"size": "auto"}, "auto"),
        (GPT_25, 0, {"size": "1536x1024"}, {"width": 1536, "height": 1024}),
    ],
)
def test_gpt_image_is_told_sizes_that_it_takes(model, images, asked, image_size):
    assert body(model, *[LINK] * images, **asked)["image_size"] == image_size


def test_a_resolution_that_gpt_image_has_not_is_told_as_changed():
    (change,) = planned(GPT, resolution="4K").changes
    assert (change.setting, change.requested, change.applied) == ("resolution", "4K", "2880x2880")


@pytest.mark.parametrize("ratio", ["4:1", "1:4", "8:1", "1:8", "16:9", "21:9"])
@pytest.mark.parametrize("images", [0, 1])
def test_nano_banana_2_takes_extra_wide_and_tall_ratios(ratio, images):
    assert body(NANO, *[LINK] * images, aspect_ratio=ratio)["aspect_ratio"] == ratio


@pytest.mark.parametrize("ratio", ["2:1", "20:9", "19.5:9", "1:2", "9:20", "9:19.5"])
def test_grok_has_ratios_of_its_own_and_writes_resolutions_small(ratio):
    sent = body(GROK, aspect_ratio=ratio, resolution="2K")
    assert (sent["aspect_ratio"], sent["resolution"]) == (ratio, "2k")


@pytest.mark.parametrize(
    ("model", "size", "ratio"),
    [
        (KREA, "1280x720", "16:9"),
        (KREA, "1200x800", "3:2"),
        (KREA, "2350x1000", "2.35:1"),
        (NANO, "4000x1000", "4:1"),
        (LEGACY, "1024x1024", "1:1"),
        (GROK, "2000x900", "20:9"),
    ],
)
def test_a_size_becomes_the_nearest_ratio_where_only_ratios_are_taken(model, size, ratio):
    found = planned(model, size=size)
    assert normalization(found.changes)["aspectRatio"] == {"applied": ratio, "derivedFrom": "size"}
    assert body(model, size=size)["aspect_ratio"] == ratio


@pytest.mark.parametrize("model", EVERY)
def test_auto_is_what_an_endpoint_does_without_a_ratio(model):
    sent = body(model, aspect_ratio="auto")
    assert "aspect_ratio" not in sent
    assert "image_size" not in sent


# --- the resolution that the references suggest


@pytest.mark.parametrize(
    ("sides", "inferred"),
    [((1024,), "1K"), ((1600,), "2K"), ((1499, 3000), "4K"), ((1500,), "2K"), ((2999,), "2K")],
)
def test_the_longest_side_of_the_references_decides_the_resolution(sides, inferred):
    found = planned(NANO, *map(picture, sides))
    assert found.job.resolution == inferred
    assert normalization(found.changes)["resolution"] == {
        "applied": inferred,
        "derivedFrom": "images",
    }


def test_nothing_is_inferred_without_a_measured_reference_or_against_the_users_word():
    assert planned(NANO).job.resolution is None
    assert planned(NANO, LINK).job.resolution is None
    assert planned(NANO, picture(4000), resolution="1K").job.resolution == "1K"
    assert planned(NANO, picture(4000), size="1024x1024").job.resolution is None


@pytest.mark.parametrize("model", [FLUX, KREA, LEGACY, LITE, GPT, GPT_25])
def test_what_takes_no_resolution_gets_none_inferred(model):
    assert planned(model, picture(4000)).job.resolution is None


def test_an_inferred_resolution_is_brought_down_to_what_the_model_has():
    assert body(GROK, picture(4000))["resolution"] == "2k"


# --- counts, formats, options


def test_the_usual_body_has_a_count_and_a_format():
    assert body() == {"prompt": "a whale", "num_images": 1, "output_format": "png"}
    assert body(count=4, output_format="jpeg")["num_images"] == 4
    assert body(output_format="JPEG")["output_format"] == "jpeg"


def test_krea_has_a_body_of_its_own():
    assert body(KREA) == {"prompt": "a whale", "creativity": "medium"}
    assert body(KREA, fal={"creativity": "High"})["creativity"] == "high"
    nested = {"fal": {"creativity": "RAW"}}
    assert body(KREA, provider_options=nested)["creativity"] == "raw"
    assert body(KREA, provider_options={"creativity": "wild"})["creativity"] == "medium"


def test_gpt_image_2_5_takes_quality_background_and_webp():
    sent = body(GPT_25, quality="high", background="transparent", output_format="webp")
    assert (sent["quality"], sent["background"]) == ("high", "transparent")
    assert sent["output_format"] == "webp"


def test_options_for_another_vendor_are_told_as_ignored():
    assert dropped(FLUX, openai={"moderation": "low"}) == {"openai": {"moderation": "low"}}


@pytest.mark.parametrize(
    ("model", "options", "sent", "ignored"),
    [
        (FLUX, {"seed": 7}, {"seed": 7}, {}),
        (FLUX, {"creativity": "high"}, {}, {"provider_options.creativity": "high"}),
        (FLUX, {"num_images": 9}, {}, {"provider_options.num_images": 9}),
        (FLUX, {"sync_mode": True}, {}, {"provider_options.sync_mode": True}),
        ("some/new/model", {"style": "ink"}, {"style": "ink"}, {}),
        (NANO, {"thinking_level": "high"}, {"thinking_level": "high"}, {}),
        (GPT, {"quality": "low"}, {"quality": "low"}, {}),
    ],
)
def test_options_go_to_endpoints_that_have_them(model, options, sent, ignored):
    given = body(model, provider_options=options)
    assert {name: given[name] for name in options if name in sent} == sent
    assert dropped(model, provider_options=options) == ignored


def test_an_option_of_the_platform_is_a_header():
    sent = call(provider_options={"X-Fal-Queue-Priority": "low"})
    assert sent.headers == {"X-Fal-Queue-Priority": "low"}


def test_an_endpoint_that_is_not_known_is_treated_like_flux_and_says_so():
    (note,) = planned("some/new/model").notes
    assert "not known here" in note


def test_the_style_references_of_krea_are_uploaded_and_small_others_are_not():
    assert isinstance(fal_image.prepare(planned(KREA, picture()).job), Before)
    job = planned(NANO, picture()).job
    assert fal_image.prepare(job) is job


# --- answers

IMAGE = {"url": "https://v3.fal.media/a.png", "content_type": "image/png"}
FILE = Hosted(IMAGE["url"], name="image-1.png", media_type="image/png")


def read(**result):
    return fal_image.PROVIDER.parse_submit(reply(**result))


def test_an_answer_at_once_is_done_and_its_ticket_holds_it():
    step = read(images=[IMAGE], seed=4, has_nsfw_concepts=[False])
    assert isinstance(step, Done)
    assert step.outputs == (FILE,)
    assert step.metadata == {"seed": 4, "has_nsfw_concepts": [False]}
    again = fal_image.PROVIDER.over(step.ticket)
    assert again.outputs == step.outputs


def test_an_answer_of_the_queue_is_waited_for():
    step = read(request_id="r1", status_url="https://queue.fal.run/a/b/requests/r1/status")
    assert isinstance(step, Wait)
    assert fal_image.PROVIDER.over(step.ticket) is None


def test_a_finished_job_of_the_queue_is_fetched():
    ticket = queue.FalTicket(request_id="r1", response_url="https://queue.fal.run/r")
    step = fal_image.PROVIDER.parse_status(ticket, reply(status="COMPLETED"))
    assert isinstance(step, Fetch)
    assert step.call == Call("GET", "https://queue.fal.run/r")
    done = step.read(reply(images=[IMAGE, {**IMAGE, "content_type": "image/jpeg"}]))
    assert [output.name for output in done.outputs] == ["image-1.png", "image-2.jpeg"]
    assert done.metadata["requestId"] == "r1"


def test_one_image_by_itself_is_taken_too():
    assert read(image=IMAGE).outputs == (FILE,)


def test_a_data_url_is_decoded_not_fetched():
    url = f"data:image/png;base64,{base64.b64encode(b'png').decode()}"
    step = read(images=[{"url": url, "content_type": "image/png"}])
    assert step.outputs == (InHand(b"png", "image/png", "image-1.png"),)


@pytest.mark.parametrize(
    "images", [[{"url": ""}], [{"url": "ftp://x/a.png"}], [{"url": "data:image/png;base64,%%"}]]
)
def test_an_image_without_a_usable_address_is_malformed(images):
    with pytest.raises(Malformed):
        read(images=images)


def test_no_image_at_all_is_malformed():
    with pytest.raises(Malformed, match="no address to ask at"):
        read(images=[])


def test_an_image_that_the_safety_check_marked_is_told():
    step = read(images=[IMAGE, IMAGE], has_nsfw_concepts=[False, True])
    (warning,) = step.warnings
    assert "image 2" in warning


def test_a_refusal_of_the_content_is_told_as_such():
    detail = [{"type": "content_policy_violation", "msg": "no"}]
    assert fal_image.parse_error(reply(422, detail=detail)).why is Why.CONTENT_POLICY


def test_an_endpoint_of_two_names_tells_the_other_one():
    refused = fal_image.parse_error(reply(404, f"/{LITE}/edit", detail="not found"))
    assert "google/nano-banana-lite/edit" in refused.advice
    assert call("google/nano-banana-lite/edit", LINK).path == "/google/nano-banana-lite/edit"


@pytest.mark.parametrize(
    ("configured", "used"),
    [
        ("https://fal.run", "https://fal.run"),
        ("https://fal.run/", "https://fal.run"),
        ("https://queue.fal.run", "https://queue.fal.run"),
        ("http://127.0.0.1:9/fal", "http://127.0.0.1:9/fal"),
        ("nonsense", "https://queue.fal.run"),
    ],
)
def test_the_synchronous_host_is_used_when_it_is_named(configured, used):
    assert fal_image.PROVIDER.read_base_url(configured) == used


def test_every_listed_model_has_a_row_of_its_family():
    assert fal_image.PROVIDER.default_model.id == FLUX
    for row in fal_image.PROVIDER.models:
        assert row.caps.generate is not None
        assert row.caps.edit.enabled
        assert row.checked_on is not None
    assert fal_image.PROVIDER.caps.modes() == (Mode.GENERATE, Mode.EDIT)


def test_a_request_in_the_core_is_what_the_family_planned():
    request = Request(prompt="x", medium=Medium.IMAGE, aspect_ratio="1:1")
    found = plan(request, Media(), fal_image.PROVIDER, NANO)
    assert found.mode is Mode.GENERATE
