"""What holds for every provider, read from its own rows."""

import ast
import re
from dataclasses import fields, replace
from pathlib import Path

import pytest

from openclaw_nb.core.capabilities import Caps, ModeCaps, mode_of, overlay
from openclaw_nb.core.domain import Blob, Job, Link, Mode
from openclaw_nb.providers import PROVIDERS, by_id

EVERYWHERE = [p for own in PROVIDERS for p in (own, own.elsewhere) if p is not None]
EVERY_PROVIDER = [
    pytest.param(p, id=f"{p.id}{'' if p in PROVIDERS else '-elsewhere'}") for p in EVERYWHERE
]
ROWS = [
    (provider, model, overlay(provider.caps, provider.model(model).caps))
    for provider in EVERYWHERE
    for model in ("any", *(row.id for row in provider.models))
]


def blocks(*modes):
    return [
        pytest.param(block, id=f"{provider.id}-{model}-{mode}")
        for provider, model, caps in ROWS
        for mode in modes
        if (block := caps.block(mode))
    ]


EVERY_BLOCK = blocks(*Mode)
LISTS = {
    "sizes": "supports_size",
    "aspect_ratios": "supports_aspect_ratio",
    "resolutions": "supports_resolution",
}
SPELLINGS = {
    "sizes": r"[1-9]\d*x[1-9]\d*",
    "aspect_ratios": r"adaptive|[1-9]\d*(\.\d+)?:[1-9]\d*(\.\d+)?",
    "resolutions": r"[1-9]\d*[PK]",
}


def reference_limits(block, kind):
    by_model = getattr(block, f"max_input_{kind}_by_model") or {}
    return [getattr(block, f"max_input_{kind}") or 0, *by_model.values()]


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_k1_the_default_model_is_in_the_list_and_no_model_is_there_twice(provider):
    ids = [row.id for row in provider.models]
    assert provider.id
    assert provider.default_model.id == ids[0]
    assert provider.model(ids[0]) is provider.models[0]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_k2_every_mode_has_a_block_and_the_transforms_say_whether_they_run(provider):
    assert isinstance(provider.caps.generate, ModeCaps)
    for block in (provider.caps.image_to_video, provider.caps.video_to_video):
        assert isinstance(block.enabled, bool)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_k3_text_to_video_is_always_declared(provider):
    assert Mode.GENERATE in provider.caps.modes()


@pytest.mark.parametrize("block", blocks(Mode.IMAGE_TO_VIDEO))
def test_k4_image_to_video_takes_images(block):
    if block.enabled:
        assert max(reference_limits(block, "images")) > 0


@pytest.mark.parametrize("block", blocks(Mode.VIDEO_TO_VIDEO))
def test_k5_video_to_video_takes_videos(block):
    if block.enabled:
        assert max(reference_limits(block, "videos")) > 0


@pytest.mark.parametrize("block", EVERY_BLOCK)
def test_k6_a_mode_that_does_not_run_promises_no_references(block):
    if block.enabled is False:
        assert not any(
            limit
            for kind in ("images", "videos", "audios")
            for limit in reference_limits(block, kind)
        )


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("block", EVERY_BLOCK)
def test_k7_listed_values_can_be_read(block, name):
    for value in getattr(block, name) or ():
        assert re.fullmatch(SPELLINGS[name], value)


@pytest.mark.parametrize("name, flag", LISTS.items())
@pytest.mark.parametrize("block", EVERY_BLOCK)
def test_k8_a_list_stands_only_beside_its_flag(block, name, flag):
    if getattr(block, name):
        assert getattr(block, flag) is True


@pytest.mark.parametrize("block", EVERY_BLOCK)
def test_k9_options_are_numbers_booleans_or_strings(block):
    assert set((block.provider_options or {}).values()) <= {"number", "boolean", "string"}


EXPECTED = (
    *("alibaba", "byteplus", "byteplus-seedance15", "byteplus-seedance2", "comfy", "deepinfra"),
    *("fal", "google", "minimax", "openai", "openrouter", "qwen", "runway", "together", "vydra"),
    "xai",
)
TWINS = {"minimax-portal": "minimax"}
ALL_MODES = ("alibaba", "byteplus-seedance2", "fal", "google", "openai", "qwen", "runway", "xai")
TEXT_ONLY = ("deepinfra",)


def modes_of(id):
    """The capability matrix, as the product's page has it."""
    id = TWINS.get(id, id)
    if id in ALL_MODES:
        return (Mode.GENERATE, Mode.IMAGE_TO_VIDEO, Mode.VIDEO_TO_VIDEO)
    return (Mode.GENERATE,) if id in TEXT_ONLY else (Mode.GENERATE, Mode.IMAGE_TO_VIDEO)


def test_k10_the_registered_providers_are_the_expected_ones():
    assert sorted(by_id) == sorted([*EXPECTED, *TWINS])


@pytest.mark.parametrize("provider", PROVIDERS, ids=lambda provider: provider.id)
def test_k11_the_modes_are_those_of_the_capability_matrix(provider):
    assert provider.caps.modes() == modes_of(provider.id)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_k12_what_is_keyed_by_model_names_models_of_the_list(provider):
    ids = {row.id for row in provider.models}
    for row in [None, *provider.models]:
        caps: Caps = overlay(provider.caps, row and row.caps)
        for mode in caps.modes():
            for field in fields(ModeCaps):
                if field.name.endswith("_by_model"):
                    assert set(getattr(caps.block(mode), field.name) or ()) <= ids


def controls(block, model):
    """Each value that a mode promises to take, as it stands in a job."""
    seconds = (block.supported_duration_seconds_by_model or {}).get(
        model, block.supported_duration_seconds
    )
    yield from ({"duration_seconds": int(value)} for value in seconds or ())
    for values, flag in LISTS.items():
        if getattr(block, flag):
            name = values.removesuffix("s")
            yield from ({name: value} for value in getattr(block, values) or ())
    if block.supports_audio:
        yield from ({"audio": value} for value in (True, False))


def reference(provider, name):
    """A reference as the provider gets it: an address, or the bytes that were fetched from there."""
    url = f"https://example.com/{name}"
    kind = "image/png" if name.endswith("png") else "video/mp4"
    fetched = Blob(media_type=kind, name=name, size=3, data=b"abc")
    return Link(url=url) if provider.takes_url(url) else fetched


EVERY_CONTROL = [
    pytest.param(provider, model, mode, control, id=f"{provider.id}-{model}-{mode}-{control}")
    for provider, model, caps in ROWS
    if model != "any"
    for mode in provider.model(model).modes or caps.modes()
    for control in controls(caps.block(mode), model)
]


@pytest.mark.parametrize("provider, model, mode, control", EVERY_CONTROL)
def test_k13_a_declared_value_reaches_the_wire(provider, model, mode, control):
    pictures = (reference(provider, "a.png"),) if mode is Mode.IMAGE_TO_VIDEO else ()
    clips = (reference(provider, "a.mp4"),) if mode is Mode.VIDEO_TO_VIDEO else ()
    plain = Job(model=model, mode=mode, prompt="a heron", images=pictures, videos=clips)

    def sent(control):
        job = replace(plain, **control)
        return provider.build_submit(provider.fit(job).job if provider.fit else job)

    # A value may be what is sent when none is asked for: then it differs from any other.
    block = overlay(provider.caps, provider.model(model).caps).block(mode)
    others = [each for each in controls(block, model) if each.keys() == control.keys()]
    assert all(sent(control) != sent(other) for other in others if other != control)
    (value,) = control.values()
    alone = f": {value!r}" in repr(sent(control).json)
    assert sent(control) != sent({}) or len(others) > 1 or alone


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_a_sibling_is_a_row_that_has_the_mode_its_twin_lacks(provider):
    for row in provider.models:
        for mode, sibling in (row.siblings or {}).items():
            assert mode not in row.modes
            assert mode in provider.model(sibling).modes
            assert sibling in {other.id for other in provider.models}


@pytest.mark.parametrize("provider", [p for p in PROVIDERS if p.default_for])
@pytest.mark.parametrize("images, videos", [(1, 0), (2, 0), (0, 1), (1, 1)])
def test_a_stand_in_for_the_default_is_a_row_that_has_the_mode(provider, images, videos):
    row = provider.model(provider.default_for(images, videos))
    mode = mode_of(images, videos) or Mode.VIDEO_TO_VIDEO
    assert row in provider.models
    assert mode in row.modes or mode not in provider.caps.modes()


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_a_model_has_modes_that_its_provider_runs(provider):
    for row in provider.models:
        enabled = overlay(provider.caps, row.caps).modes()
        assert set(row.modes or enabled) <= set(enabled)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_every_row_says_when_it_was_checked(provider):
    assert all(row.checked_on for row in provider.models)


@pytest.mark.parametrize("provider", EVERY_PROVIDER)
def test_an_address_has_no_trailing_slash_and_reads_as_itself(provider):
    assert not provider.base_url.endswith("/")
    if provider.read_base_url:
        assert provider.read_base_url(provider.base_url) == provider.base_url
        assert provider.read_base_url(f"{provider.base_url}/") == provider.base_url


def test_every_provider_is_found_by_its_id():
    assert [by_id[provider.id] for provider in PROVIDERS] == list(PROVIDERS)


def test_the_list_knows_no_other_names():
    from openclaw_nb import providers

    with pytest.raises(AttributeError, match="nonsense"):
        _ = providers.nonsense


FORBIDDEN = {"httpx", "asyncio", "os", "pathlib", "sqlite3", "time"}
MODULES = sorted((Path(__file__).parents[2] / "openclaw_nb" / "providers").glob("*.py"))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_provider_imports_no_io_and_no_other_provider(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [
                node.module if not node.level else f"openclaw_nb.providers.{node.module or ''}"
            ]
        else:
            continue
        for name in names:
            assert name.partition(".")[0] not in FORBIDDEN
            own, _, other = name.partition("openclaw_nb.providers")
            assert own or not other or other.startswith("._")
