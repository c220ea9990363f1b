"""Which failures are the service's own, and whether a file is what was asked for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from openclaw_nb.core.domain import Job, Medium, Mode, Ref, Why
from openclaw_nb.errors import (
    BadOutput,
    InvalidInput,
    MalformedReply,
    ProviderRefused,
    ProviderTimeout,
    ProviderUnreachable,
)
from openclaw_nb.live.outcomes import Ending, Step
from openclaw_nb.live.run import judged
from openclaw_nb.live.verdicts import Drift, by_words, differences, drift, missing
from openclaw_nb.notebook.words import Clip
from openclaw_nb.runtime.results import SavedFile

REF = Ref("fal", "a-model")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        pytest.param(text, kind, id=f"11.6-{kind.name.lower()}-{number}")
        for kind, texts in {
            Drift.AUTH: (
                "HTTP 401",
                "HTTP 403: no",
                "Unauthorized",
                "Forbidden",
                "Authentication failed",
                "this token has expired",
                "Invalid API key",
                "Incorrect API key provided",
            ),
            Drift.BILLING: (
                "HTTP 402",
                "Payment required",
                "insufficient credits",
                "Insufficient quota",
                "insufficient account balance",
            ),
            Drift.RATE_LIMIT: ("HTTP 429", "rate limit reached", "Too many requests"),
            Drift.TIMEOUT: (
                "the job did not finish in time",
                "last status: in_progress",
                "the operation was aborted",
                "request timed out",
                "deadline exceeded",
                "fetch failed",
                "connection refused",
            ),
            Drift.OUTAGE: ("HTTP 500", "502 Bad Gateway", "the service is overloaded"),
            Drift.MODEL: (
                "model sora-9 not found",
                "this model is not authorized for your account",
                "model not enabled",
                "model x: permission denied",
                "access denied to model x",
            ),
            Drift.ENDPOINT: ("endpoint not found", "this endpoint has moved"),
            Drift.POLICY: ("refused by the content policy",),
        }.items()
        for number, text in enumerate(texts, start=1)
    ],
)
def test_the_words_of_a_failure_tell_its_class(text, kind):
    assert by_words(text) is kind


@pytest.mark.parametrize(
    "text", ["duration must be 5 or 8", "job 4012 has no video", "size 1500x401 is unknown"]
)
def test_other_words_are_of_no_class(text):
    assert by_words(text) is None


def test_the_class_of_an_error_is_its_own_where_it_has_one():
    assert drift(ProviderRefused(REF, "no", why=Why.AUTH)) is Drift.AUTH
    assert drift(ProviderRefused(REF, "endpoint not found", why=Why.MODEL_NOT_FOUND)) is (
        Drift.ENDPOINT
    )
    assert drift(ProviderRefused(REF, "no", why=Why.MODEL_NOT_FOUND)) is Drift.MODEL
    assert drift(ProviderTimeout(REF, "slow", why=Why.TIMEOUT)) is Drift.TIMEOUT
    assert drift(ProviderUnreachable(REF, "connection refused", why=Why.UNKNOWN)) is Drift.TIMEOUT
    assert drift(ProviderRefused(REF, "duration must be 5", why=Why.FORMAT)) is None


def test_what_we_cannot_read_or_did_not_send_is_never_the_services_failure():
    assert drift(MalformedReply(REF, "401 expired", why=Why.UNKNOWN)) is None
    assert drift(BadOutput(REF, "the link expired", why=Why.UNKNOWN)) is None
    assert drift(InvalidInput("model", "rate limit")) is None


CLIP = SavedFile(media_type="video/mp4", name="a.mp4", path=Path("a.mp4"), size_bytes=1025)


@pytest.mark.parametrize(
    ("files", "fault"),
    [
        pytest.param([CLIP], "", id="11.5-bytes"),
        pytest.param(
            [replace(CLIP, size_bytes=None, path=None, url="https://a.example/b")],
            "",
            id="11.5-url",
        ),
        pytest.param([], "no video came", id="11.5-none"),
        pytest.param([replace(CLIP, media_type="image/png")], "not video/...", id="11.5-type"),
        pytest.param([replace(CLIP, size_bytes=1024)], "1024 bytes", id="11.5-size"),
        pytest.param([replace(CLIP, size_bytes=9, url="file:///a")], "9 bytes", id="11.5-scheme"),
    ],
)
def test_what_the_files_of_a_result_must_be(files, fault):
    found = missing(Medium.VIDEO, files)
    assert fault in found
    assert bool(fault) == bool(found)


JOB = Job(
    model="m",
    mode=Mode.GENERATE,
    prompt="p",
    duration_seconds=4,
    resolution="480P",
    aspect_ratio="16:9",
    audio=False,
)
CAME = Clip(width=864, height=480, seconds=4.04, fps=24, codec="h264")


def test_a_clip_is_measured_against_what_was_sent():
    assert differences(JOB, CAME) == ()
    assert differences(replace(JOB, size="1280x720"), CAME) == (
        "1280x720 was asked for, 864x480 came",
    )
    other = Clip(width=720, height=720, seconds=8.0, fps=24, codec="h264", sound="aac")
    assert differences(JOB, other) == (
        "4 s were asked for, 8.0 s came",
        "480P was asked for, 720x720 came",
        "16:9 was asked for, 720x720 came",
        "no sound was asked for, aac came",
    )


def test_when_strict_everything_counts():
    skip = Step(mode=Mode.GENERATE, ending=Ending.SKIPPED, reason="HTTP 401", drift=Drift.AUTH)
    differs = Step(mode=Mode.GENERATE, ending=Ending.PASSED, differences=("too long",))
    barred = Step(mode=Mode.IMAGE_TO_VIDEO, ending=Ending.SKIPPED, reason="has none")
    assert [judged(step, strict=False) for step in (skip, differs)] == [skip, differs]
    assert judged(skip, strict=True).ending is Ending.FAILED
    assert judged(differs, strict=True).reason == "too long"
    assert judged(barred, strict=True) == barred
