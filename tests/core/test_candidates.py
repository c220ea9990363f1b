from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.candidates import (
    Selection,
    candidates,
    find_provider,
    parse_ref,
    resolve,
    retired_defaults,
)
from openclaw_nb.core.capabilities import Model
from openclaw_nb.core.domain import Ref
from openclaw_nb.errors import InvalidInput
from tests.rows import named, rows


@pytest.mark.parametrize(
    "text, ref",
    [
        *rows(
            "5.1",
            ("fal/fal-ai/minimax/video-01-live", Ref("fal", "fal-ai/minimax/video-01-live")),
            ("openrouter/google/veo-3.1-fast", Ref("openrouter", "google/veo-3.1-fast")),
            (" runway / gen4.5 ", Ref("runway", "gen4.5")),
            ("gen4.5", None),
            ("/x", None),
            ("x/", None),
            ("", None),
            ("  ", None),
        ),
        (" / ", None),
    ],
)
def test_a_ref_is_split_at_its_first_slash(text, ref):
    assert parse_ref(text) == ref


@given(st.text())
def test_any_text_can_be_parsed(text):
    ref = parse_ref(text)
    assert ref is None or parse_ref(str(ref)) == ref


@pytest.mark.parametrize(
    "text, ref",
    [
        *rows(
            "5.2",
            ("google/veo-3.1-fast", Ref("google", "veo-3.1-fast")),
            ("fal-ai/minimax/video-01-live", Ref("fal", "fal-ai/minimax/video-01-live")),
            (
                "bytedance/seedance-2.0/text-to-video",
                Ref("fal", "bytedance/seedance-2.0/text-to-video"),
            ),
            ("Wan-AI/Wan2.2-T2V-A14B", Ref("together", "Wan-AI/Wan2.2-T2V-A14B")),
            ("Pixverse/Pixverse-T2V", Ref("deepinfra", "Pixverse/Pixverse-T2V")),
            ("wan2.6-t2v", Ref("alibaba", "wan2.6-t2v")),
            ("veo3", Ref("runway", "veo3")),
            ("nobody/foo", Ref("nobody", "foo")),
            ("foo", None),
        ),
        (" gen4.5 ", Ref("runway", "gen4.5")),
        ("Google/veo-3.1-fast", Ref("google", "veo-3.1-fast")),
        ("x-ai/grok-imagine-video", Ref("xai", "grok-imagine-video")),
        ("DashScope/wan2.6-t2v", Ref("qwen", "wan2.6-t2v")),
        ("GEN4.5", None),
    ],
)
def test_a_text_is_resolved_against_the_registry(seed, text, ref):
    assert resolve(text, seed).ref == ref


@pytest.mark.parametrize(
    "text, notices",
    [
        (
            "wan2.6-t2v",
            ("'wan2.6-t2v' is taken as alibaba/wan2.6-t2v; qwen/wan2.6-t2v would be possible too",),
        ),
        ("veo3", ("'veo3' is taken as runway/veo3; vydra/veo3 would be possible too",)),
        ("gen4.5", ()),
        ("qwen/wan2.6-t2v", ()),
    ],
)
def test_a_model_that_several_providers_have_is_announced(seed, text, notices):
    assert resolve(text, seed).notices == notices


def test_the_first_registered_provider_wins(seed):
    assert resolve("veo3", seed[::-1]).ref == Ref("vydra", "veo3")


@pytest.mark.parametrize(
    "text, ref",
    [
        ("fal-ai/minimax/video-01-live", Ref("fal-ai", "minimax/video-01-live")),
        ("gen4.5", None),
        ("Fal/x", Ref("fal", "x")),
    ],
)
def test_without_lookup_a_text_is_only_parsed(seed, text, ref):
    assert resolve(text, seed, lookup=False).ref == ref


def test_a_provider_is_found_by_id_or_alias_in_any_case(seed):
    assert find_provider(" X-AI ", seed).id == "xai"
    assert find_provider("nobody", seed) is None


# --- The order of candidates --------------------------------------------------------------------

CONFIGURED = {"google", "runway", "qwen", "fal", "alibaba"}
PRIMARY = "google/veo-3.1-fast-generate-preview"
FALLBACKS = ("runway/gen4.5", "qwen/wan2.6-t2v")
FAST = "fal/bytedance/seedance-2.0/fast/text-to-video"
FAL, ALIBABA = "fal/fal-ai/minimax/video-01-live", "alibaba/wan2.6-t2v"
C1 = Selection(primary=PRIMARY, fallbacks=FALLBACKS)
M1 = (PRIMARY, *FALLBACKS, ALIBABA, FAL)
M6 = (ALIBABA, FAL, PRIMARY, "qwen/wan2.6-t2v", "runway/gen4.5")

CASES = {
    "M1": (None, C1, False, M1),
    "M2": (
        None,
        Selection(primary=PRIMARY, fallbacks=FALLBACKS, auto_fallback=False),
        False,
        (PRIMARY, *FALLBACKS),
    ),
    "M3": (FAST, C1, False, (FAST, *M1)),
    "M4": (FAST, C1, True, (FAST,)),
    "M5": (
        "gen4.5",
        C1,
        False,
        ("runway/gen4.5", PRIMARY, "qwen/wan2.6-t2v", ALIBABA, FAL),
    ),
    "M6": (None, Selection(), False, M6),
    "M7": (
        None,
        Selection(current_default_provider="google"),
        False,
        (PRIMARY, ALIBABA, FAL, "qwen/wan2.6-t2v", "runway/gen4.5"),
    ),
    "M8": (None, Selection(current_default_provider="openai"), False, M6),
    "M9": (None, Selection(auto_fallback=False), False, ()),
    "M10": (None, Selection(primary="vydra/veo3", auto_fallback=False), False, ("vydra/veo3",)),
    "M11": (
        None,
        Selection(primary=PRIMARY, fallbacks=(*FALLBACKS, "qwen/wan2.6-t2v")),
        False,
        M1,
    ),
}
MORE = {
    "the default provider may be named by an alias": (
        None,
        Selection(current_default_provider="ModelStudio"),
        False,
        ("qwen/wan2.6-t2v", ALIBABA, FAL, PRIMARY, "runway/gen4.5"),
    ),
    "an unregistered provider stays, to fail in its turn": (
        "nobody/foo",
        Selection(auto_fallback=False),
        False,
        ("nobody/foo",),
    ),
    "two names of one provider are one candidate": (
        "dashscope/wan2.6-t2v",
        Selection(primary="QWEN/wan2.6-t2v", auto_fallback=False),
        False,
        ("qwen/wan2.6-t2v",),
    ),
    "exact without a model follows the configuration": (None, C1, True, M1),
}


@pytest.mark.parametrize(
    "model, selection, exact, refs", [*named("5.7", CASES), *named("chain", MORE)]
)
def test_candidates_come_in_order_each_once(seed, model, selection, exact, refs):
    found = candidates(model, selection, seed, CONFIGURED, exact=exact)
    assert tuple(map(str, found.refs)) == refs


def test_configured_defaults_are_sorted_whatever_the_order_of_registration(seed):
    found = candidates(None, Selection(), seed[::-1], CONFIGURED)
    assert tuple(map(str, found.refs)) == M6


def test_a_repeated_id_counts_once(stub):
    providers = (stub("p", "first"), stub("p", "second"))
    assert candidates(None, Selection(), providers, {"p"}).refs == (Ref("p", "first"),)


@pytest.mark.parametrize("model", ["foo", "", "/", "x" * 5000])
def test_a_given_model_that_means_nothing_is_refused(seed, model):
    with pytest.raises(InvalidInput, match="Nothing was sent") as raised:
        candidates(model, C1, seed, CONFIGURED)
    assert raised.value.param == "model"
    assert len(str(raised.value)) < 600


def test_a_configured_model_that_means_nothing_is_passed_over_aloud(seed):
    found = candidates(None, Selection(primary="gen4.5", auto_fallback=False), seed, CONFIGURED)
    assert found.refs == ()
    assert found.notices == ("'gen4.5' in the configuration names no model; it is passed over",)


def test_an_empty_configured_model_counts_as_not_set(seed):
    found = candidates(None, Selection(primary=" ", auto_fallback=False), seed, CONFIGURED)
    assert (found.refs, found.notices) == ((), ())


def test_an_ambiguous_model_is_announced_once(seed):
    selection = Selection(primary="veo3", fallbacks=("veo3",))
    assert len(candidates("veo3", selection, seed, CONFIGURED).notices) == 1


# --- Models that have come to their end ---------------------------------------------------------

ENDED = Model(id="veo-3.1", retires_on=date(2026, 10, 22), replaced_by="omni")
NOTICE = "google/veo-3.1 is no longer served since 2026-10-22; google/omni takes its place"


@pytest.mark.parametrize(
    "row, today, notices",
    [
        (ENDED, date(2026, 10, 22), {"google": NOTICE}),
        (ENDED, date(2026, 10, 21), {}),
        (Model(id="veo"), date(2026, 10, 22), {}),
        (
            Model(id="old", retires_on=date(2026, 1, 1)),
            date(2026, 10, 22),
            {"google": "google/old is no longer served since 2026-01-01"},
        ),
    ],
    ids=["on the day", "the day before", "no end known", "no successor known"],
)
def test_a_retired_default_names_its_successor(stub, row, today, notices):
    assert retired_defaults([stub("google", row)], today) == notices


def test_auto_detection_passes_a_retired_default_over_and_says_so(stub):
    providers = (stub("google", ENDED), stub("fal", "live"))
    found = candidates(None, Selection(), providers, {"google", "fal"}, retired={"google": NOTICE})
    assert (found.refs, found.notices) == ((Ref("fal", "live"),), (NOTICE,))


def test_auto_detection_takes_the_successor_of_a_retired_default_and_says_so(stub):
    providers = (stub("google", ENDED, ENDED.replaced_by),)
    found = candidates(None, Selection(), providers, {"google"}, retired={"google": NOTICE})
    assert (found.refs, found.notices) == ((Ref("google", ENDED.replaced_by),), (NOTICE,))


@pytest.mark.parametrize("model, primary", [("google/veo-3.1", None), (None, "google/veo-3.1")])
def test_a_retired_model_that_was_asked_for_is_tried(stub, model, primary):
    found = candidates(
        model,
        Selection(primary=primary),
        (stub("google", ENDED),),
        {"google"},
        retired={"google": NOTICE},
    )
    assert (found.refs, found.notices) == ((Ref("google", "veo-3.1"),), ())


def test_a_retired_default_without_credentials_is_no_news(stub):
    found = candidates(
        None, Selection(), (stub("google", ENDED),), set(), retired={"google": NOTICE}
    )
    assert (found.refs, found.notices) == ((), ())


def test_a_former_id_is_found_without_its_provider(stub):
    provider = stub("p", Model(id="m", former_ids=("M",)))
    assert resolve("M", [provider]).ref == Ref("p", "M")
