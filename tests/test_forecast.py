"""What `plan_video` announces is what a run then does."""

from __future__ import annotations

import tempfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import openclaw_nb as oc
from openclaw_nb.client import Client
from openclaw_nb.core.domain import Why
from openclaw_nb.emulator import Emulator, Scenario
from openclaw_nb.providers import PROVIDERS
from tests.conftest import endpoints

MODELS = [
    f"{provider.id}/{row.id}"
    for provider in PROVIDERS
    for row in provider.models
    if not (provider.id == "fal" and "heygen" in row.id)  # it may take minutes, by contract
]
STYLE = {
    "size": st.sampled_from(["1280x720", "720x1280", "1024x1024", "1000x1001"]),
    "aspect_ratio": st.sampled_from(["16:9", "9:16", "1:1", "21:9", "adaptive", "5:4"]),
    "resolution": st.sampled_from(["480P", "720P", "768P", "1080P", "4K"]),
    "duration_seconds": st.integers(1, 20),
    "audio": st.booleans(),
    "watermark": st.booleans(),
    "provider_options": st.sampled_from([{"seed": 7}, {"nonsense": True}, {"draft": True}]),
}
REQUESTS = st.fixed_dictionaries({"model": st.sampled_from(MODELS)}, optional=STYLE)


@pytest.fixture(scope="module")
def client():
    with (
        Emulator(Scenario(polls=0, render="draft")) as emulator,
        tempfile.TemporaryDirectory() as home,
    ):
        made = Client(home=home, environ={}, endpoints=endpoints(emulator))
        yield made
        made.close()


def run(words) -> oc.Video | oc.OpenclawError:
    try:
        return oc.generate_video(**words, allow_parallel=True).result(30)
    except (oc.NoCandidate, oc.ProviderRefused) as error:
        return error


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(REQUESTS)
def test_what_is_announced_is_what_runs(client, asked):
    words = {"prompt": "a heron lands", "exact_model": True, "client": client, **asked}
    (verdict,) = oc.plan_video(**words).verdicts
    outcome = run(words)
    if isinstance(outcome, oc.NoCandidate):
        assert not verdict.runs
        assert verdict.reason in str(outcome)
        return
    assert verdict.runs
    if isinstance(outcome, oc.ProviderRefused):
        # The emulator keeps withdrawn models withdrawn; nothing else may be refused.
        assert outcome.why is Why.MODEL_NOT_FOUND
        return
    assert (outcome.changes, outcome.ignored) == (verdict.changes, verdict.ignored)
    assert outcome.ref.provider == verdict.ref.provider
