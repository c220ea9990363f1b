"""Whatever is asked of whichever model: a plan within what it declares, or a reason."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from openclaw_nb.core.candidates import Selection, candidates, resolve
from openclaw_nb.core.capabilities import effective, overlay
from openclaw_nb.core.domain import Request
from openclaw_nb.core.geometry import duration_choices
from openclaw_nb.core.plan import (
    Plan,
    applied_settings,
    ignored_overrides,
    metadata,
    normalization,
    plan,
)
from openclaw_nb.core.wire import Skip
from openclaw_nb.errors import InvalidInput
from openclaw_nb.providers import PROVIDERS

settings.register_profile("few", max_examples=60, deadline=None)
ROWS = [(p, model) for p in PROVIDERS for model in ("any", *(row.id for row in p.models))]
BLOCKS = [
    block
    for provider, model in ROWS
    for caps in [overlay(provider.caps, provider.model(model).caps)]
    for mode in caps.modes()
    if (block := caps.block(mode))
]


def declared(name):
    """Values that some model declares."""
    return st.sampled_from(sorted({value for b in BLOCKS for value in getattr(b, name) or ()}))


OPTIONS = sorted({name for block in BLOCKS for name in block.provider_options or ()})
ODD = st.text(max_size=6)
REQUESTS = st.builds(
    Request,
    prompt=st.just("x"),
    size=st.none() | declared("sizes") | ODD,
    aspect_ratio=st.none() | declared("aspect_ratios") | ODD,
    resolution=st.none() | declared("resolutions") | ODD,
    duration_seconds=st.none() | st.integers(1, 40) | st.floats(),
    audio=st.sampled_from([None, True, False]),
    watermark=st.sampled_from([None, True, False]),
    provider_options=st.dictionaries(
        st.sampled_from(OPTIONS) | ODD, st.booleans() | st.integers() | ODD, max_size=2
    ),
)
COUNTS = st.sampled_from([(0, 0, 0), (1, 0, 0), (2, 0, 0), (0, 1, 0), (1, 1, 1), (9, 3, 3)])


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
@given(data=st.data(), request=REQUESTS, counts=COUNTS)
@settings(settings.get_profile("few"))
def test_a_request_becomes_a_job_that_the_model_takes_or_a_reason(
    media, provider, data, request, counts
):
    model = data.draw(st.sampled_from(["any", *(row.id for row in provider.models)]))
    given_media = media(*counts)
    found = plan(request, given_media, provider, model)
    assert plan(request, given_media, provider, model) == found, "the same again"
    if isinstance(found, Skip):
        assert found.reason
        return
    assert isinstance(found, Plan)
    assert (found.ref.provider, found.ref.model) == (provider.id, found.job.model)
    check_within(provider, found, counts)
    changed = normalization(found.changes)
    assert all(entry["applied"] != entry.get("requested") for entry in changed.values())
    told = applied_settings(request, found.changes, found.ignored)
    assert not {entry["key"] for entry in ignored_overrides(found.ignored)} & set(told)
    assert isinstance(metadata(found.changes, request), dict)


def check_within(provider, found, counts):
    job, caps = found.job, overlay(provider.caps, provider.model(found.job.model).caps)
    known = effective(caps, job.model, counts[0], counts[1])
    if known is None:
        return
    if job.audio is not None:
        assert known.supports_audio
    if job.watermark is not None:
        assert known.supports_watermark
    seconds, choices = job.duration_seconds, duration_choices(known.supported_duration_seconds)
    assert seconds is None or (seconds >= 1 and math.isfinite(seconds))
    if seconds is not None and choices:
        assert seconds in choices
    for value, has, supported in (
        (job.size, known.supports_size, known.sizes),
        (job.aspect_ratio, known.supports_aspect_ratio, known.aspect_ratios),
        (job.resolution, known.supports_resolution, known.resolutions),
    ):
        assert value is None or (has and (not supported or value in supported))


@given(st.text(max_size=20) | st.sampled_from([f"{p.id}/{m}" for p, m in ROWS]))
def test_any_text_means_a_model_or_is_refused_by_name(text):
    found = resolve(text, PROVIDERS)
    assert found.ref is None or (found.ref.provider and found.ref.model)
    if found.ref is None:
        with pytest.raises(InvalidInput) as refused:
            candidates(text, Selection(), PROVIDERS, {"fal"})
        assert refused.value.param == "model"
        return
    refs = candidates(text, Selection(primary=text), PROVIDERS, {"fal"}).refs
    assert refs[0] == found.ref
    assert len(set(refs)) == len(refs)
