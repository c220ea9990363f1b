"""The images themselves, judged by decoding them."""

import io

import numpy as np
import pytest
from PIL import Image

from openclaw_nb.emulator.stills import StillSpec
from tests.emulator.conftest import png

RED, GREEN, BLUE = (220, 30, 30), (30, 200, 40), (40, 60, 220)


@pytest.fixture
def still(tmp_path):
    def still(width=320, height=180, prompt="a heron", **changes):
        spec = StillSpec("fal", "some/model", prompt, width, height, **changes)
        clip = spec.render(tmp_path / f"still{spec.suffix}", lambda: False)
        with Image.open(clip.path) as image:
            image.load()
        assert (clip.width, clip.height) == image.size
        assert clip.bytes == clip.path.stat().st_size
        return image

    return still


def pixels(image):
    return np.asarray(image.convert("RGB")).astype(int)


def difference(one, other):
    return float(np.abs(pixels(one) - pixels(other)).mean())


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
@pytest.mark.parametrize("size", [(512, 512), (577, 1023), (384, 3072), (16, 16)])
def test_size_and_format_are_those_of_the_spec(still, kind, size):
    image = still(*size, format=kind)
    assert (image.size, image.format.lower()) == (size, kind)


@pytest.mark.parametrize("kind", ["png", "jpeg", "webp"])
def test_an_image_says_that_it_is_emulated_and_what_was_asked(still, kind):
    image = still(format=kind, prompt="鹭 on a pier", notes=("strength 0.6", "seed 7"))
    said = image.getexif()[0x010E].encode("latin-1").decode()
    for word in ("EMULATED", "fal · some/model", "鹭 on a pier", "strength 0.6", "seed 7"):
        assert word in said


def test_the_word_stands_in_the_picture(still):
    mark = pixels(still(640, 360))[22:38, 22:122]
    assert np.percentile(mark, 90) > 235, "white ground"
    assert np.percentile(mark, 2) < 90, "dark letters"


@pytest.mark.parametrize("change", [{"prompt": "a lobster"}, {"seed": 1}, {"index": 1}])
def test_prompt_seed_and_number_change_the_picture(still, change):
    assert difference(still(), still(**change)) > 5
    assert difference(still(), still()) == 0


def test_notes_are_written_into_the_picture(still):
    assert difference(still(1024, 576), still(1024, 576, notes=("seed 7",))) > 0.1


@pytest.mark.parametrize("count", range(1, 17))
def test_every_reference_is_seen(still, count):
    colours = [(16 * at % 256, 90 * at % 256, 255 - 15 * at) for at in range(count)]
    references = tuple(png(64, 64, colour) for colour in colours)
    image = still(480, 480, references=references, presence=(0.8,) * count)
    seen = pixels(image)[:, ::2].reshape(-1, 3)
    for colour in colours:
        near = np.abs(seen - np.array(colour)).max(axis=1) < 60
        assert near.mean() > 0.3 / count


def test_how_much_of_a_reference_is_seen_can_be_told(still):
    red = Image.new("RGB", (320, 180), RED)
    reference = (png(320, 180, RED),)
    strongly = difference(still(references=reference, presence=(0.9,)), red)
    faintly = difference(still(references=reference, presence=(0.4,)), red)
    assert strongly < faintly < difference(still(), red)


def test_an_image_can_have_the_size_of_its_reference(still):
    reference = (png(300, 201, GREEN),)
    assert still(references=reference, presence=(0.5,), follows_reference=True).size == (300, 201)
    far = ("https://example.com/a.png",)
    assert still(references=far, presence=(0.5,), follows_reference=True).size == (320, 180)


@pytest.mark.parametrize(
    "reference, size", [((100, 50), (96, 64)), ((50, 100), (64, 96)), ((70, 71), (64, 64))]
)
def test_the_nearest_of_several_sizes_is_taken(still, reference, size):
    choices = ((64, 64), (96, 64), (64, 96))
    image = still(references=(png(*reference, BLUE),), presence=(0.5,), choices=choices)
    assert image.size == size


def test_what_is_no_image_leaves_the_ground(still):
    changes = {"references": (b"no image",), "presence": (0.8,), "follows_reference": True}
    assert still(**changes).size == (320, 180)


def test_a_ground_can_be_left_out(still):
    for kind in ("png", "webp"):
        image = still(640, 360, format=kind, transparent=True)
        alpha = np.asarray(image.getchannel("A"))
        assert alpha[:, -40:].max() == 0
        assert alpha[26:34, 40:90].min() == 255, "the mark is there"


def test_a_blackened_image_is_black_but_for_the_mark(still):
    image = still(640, 360, blackened=True, prompt="secret", notes=("seed 7",))
    black = pixels(image)
    assert black[60:180].max() == 0
    assert np.percentile(black[22:38, 22:122], 90) > 235
    assert "secret" not in image.getexif()[0x010E]


def test_turned_photographs_are_set_upright(still):
    out, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (120, 60), RED).save(out, "JPEG", exif=exif)
    image = still(references=(out.getvalue(),), presence=(0.5,), follows_reference=True)
    assert image.size == (60, 120)


def test_a_draft_is_an_eighth():
    spec = StillSpec("fal", "m", "p", 1024, 768, choices=((800, 400),))
    assert spec.draft().scale == 8
    assert spec.digest != spec.draft().digest
