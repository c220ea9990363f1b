"""Requests as code: what is shown runs, and asks for the same."""

from pathlib import Path

import numpy as np
import pytest

from openclaw_nb.core.domain import Reference, Request
from openclaw_nb.core.inputs import read_request
from openclaw_nb.notebook.code import as_code
from tests.toy import a_video


class Recorder:
    def generate_video(self, prompt, **keywords):
        return read_request({"prompt": prompt, **keywords}, strict_keys=True)


def run(code):
    return eval(code, {"oc": Recorder()})


@pytest.mark.parametrize(
    "keywords",
    [
        {"prompt": "a heron"},
        {"prompt": 'quotes " and \\ and\nlines', "model": "openai/sora-2"},
        {
            "prompt": "a heron takes off from a pond at dawn, very slowly",
            "duration_seconds": 6,
            "size": "1280x720",
            "audio": False,
            "provider_options": {"seed": 4, "cfg": 0.5},
            "timeout_ms": 60_000,
        },
        {"prompt": "a heron", "image": "a.png"},
        {"prompt": "a heron", "images": ["a.png", "b.png"], "image_roles": ["first_frame", ""]},
        {"prompt": "a heron", "video": "https://example.com/a.mp4", "audio_ref": "a.mp3"},
    ],
)
def test_the_code_asks_for_the_same(keywords):
    request = read_request(keywords, strict_keys=True)
    assert run(as_code(request)) == request


def test_a_short_call_is_one_line_and_a_long_one_has_a_line_for_each_argument():
    assert as_code(Request(prompt="a", duration_seconds=5.0)) == (
        'oc.generate_video("a", duration_seconds=5)'
    )
    long = as_code(Request(prompt="a" * 90, model="openai/sora-2"))
    assert [line.strip()[:6] for line in long.splitlines()] == ["oc.gen", '"aaaaa', "model=", ")"]


def reference(given):
    return as_code(Request(prompt="a", images=(Reference(given=given),)))


def test_paths_and_earlier_results_are_paths():
    assert 'image="a.png"' in reference(Path("a.png"))
    assert 'image="a.mp4"' in reference(a_video(Path("a.mp4")))


@pytest.mark.parametrize(
    "given, kind",
    [
        (np.zeros((2, 2, 3), dtype=np.uint8), "ndarray"),
        (b"png", "bytes"),
        (f"data:image/png;base64,{'A' * 999}", "bytes"),
        ("sha256:12", "bytes"),
    ],
)
def test_what_cannot_be_written_down_is_a_name_with_a_comment(given, kind):
    assert f"    image=image_1,  # it was given as {kind}" in reference(given).splitlines()


def test_secrets_among_the_options_stay_secret():
    code = as_code(Request(prompt="a", provider_options={"api_key": "hidden", "seed": 1}))
    assert "hidden" not in code
