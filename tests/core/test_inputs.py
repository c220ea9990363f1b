import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.domain import Reference, Request
from openclaw_nb.core.inputs import read_action, read_request
from openclaw_nb.core.parameters import (
    MAX_AUDIOS,
    MAX_IMAGES,
    MAX_VIDEOS,
    PARAMETERS,
    schema,
)
from openclaw_nb.errors import InvalidInput
from tests.rows import rows


def read(**params):
    return read_request({"prompt": "x", **params}, strict_keys=False)


def keywords(**params):
    return read_request({"prompt": "x", **params}, strict_keys=True)


def refs(*pairs):
    return tuple(Reference(given=given, role=role) for given, role in pairs)


def refused(call, **params):
    with pytest.raises(InvalidInput) as raised:
        call(**params)
    assert str(raised.value).endswith("Nothing was sent.")
    return raised.value


# --- Worked examples ----------------------------------------------------------------------------


TEN = [f"{number}.png" for number in range(10)]
THREE = {"image": "a.png", "images": ["b.png", "", "a.png"]}
FIRST_AND_LAST = ["first_frame", "last_frame"]


@pytest.mark.parametrize(
    "params, expected",
    rows(
        "1.5",
        (THREE, {"images": refs(("a.png", None), ("b.png", None), ("a.png", None))}),
        (
            {**THREE, "imageRoles": ["first_frame", "", "last_frame"]},
            {"images": refs(("a.png", "first_frame"), ("b.png", None), ("a.png", "last_frame"))},
        ),
        ({"images": "a.png"}, {"images": refs(("a.png", None))}),
        ({"images": ["a.png"], "imageRoles": FIRST_AND_LAST}, "2 roles for 1 references"),
        (
            {"images": ["a.png", "b.png"], "imageRoles": ["first_frame"]},
            {"images": refs(("a.png", "first_frame"), ("b.png", None))},
        ),
        ({"imageRoles": ["first_frame"]}, "1 roles for 0 references"),
        ({"images": TEN}, "10 reference images given, at most 9 are allowed"),
        ({"image": "  "}, {"images": ()}),
        ({"duration_seconds": 8, "durationSeconds": 4}, {"duration_seconds": 4}),
        ({"audio": "TRUE"}, {"audio": True}),
        ({"audio": "yes"}, {"audio": None}),
        ({"audio": 1}, {"audio": None}),
        ({"resolution": "1080p"}, {"resolution": "1080P"}),
        ({"action": " LIST "}, "list"),
    ),
)
def test_a_call_is_read_or_refused(params, expected):
    if "action" in params:
        assert read_action(params) == expected
    elif isinstance(expected, str):
        assert expected in str(refused(read, **params))
    else:
        assert read(**params) == Request(prompt="x", **expected)


@pytest.mark.parametrize(
    "params, param, said",
    [
        ({"images": ["a.png"], "imageRoles": FIRST_AND_LAST}, "imageRoles", "2 roles for 1"),
        ({"imageRoles": ["first_frame"]}, "imageRoles", "1 roles for 0 references"),
        ({"images": TEN}, "images", "10 reference images given, at most 9 are allowed"),
        (
            {"image": "a", "images": ["b"] * 9},
            "images",
            "10 reference images given, at most 9 are allowed",
        ),
        ({"videos": ["a"] * 5}, "videos", "5 reference videos given, at most 4 are allowed"),
        (
            {"audioRef": "a", "audioRefs": ["a"] * 3},
            "audioRefs",
            "4 reference audios given, at most 3 are allowed",
        ),
        ({"image": "a", "imageRoles": "first_frame"}, "imageRoles", "a list of strings parallel"),
        ({"video": "a", "videoRoles": {"a": 1}}, "videoRoles", "a list of strings parallel"),
        ({"audioRef": "a", "audio_roles": 3}, "audio_roles", "a list of strings parallel"),
        ({"prompt": " "}, "prompt", "required"),
        ({"prompt": 3}, "prompt", "required"),
    ],
    ids=str,
)
def test_what_cannot_be_meant_is_refused_by_name(params, param, said):
    error = refused(read, **params)
    assert error.param == param
    assert said in str(error)


@pytest.mark.parametrize(
    "value, action",
    [
        (" LIST ", "list"),
        ("status", "status"),
        ("Generate", "generate"),
        ("", "generate"),
        (None, "generate"),
        (3, "generate"),
    ],
)
def test_the_action_is_read_in_any_case(value, action):
    assert read_action({"action": value}) == action


def test_without_an_action_a_video_is_generated():
    assert read_action({}) == "generate"


def test_another_action_is_refused_naming_the_three():
    with pytest.raises(InvalidInput, match="generate, status, list, not 'delete'"):
        read_action({"action": "delete"})


# --- Reading rules ------------------------------------------------------------------------------

SAMPLES = {
    "string": "s",
    "integer": 3,
    "boolean": True,
    "object": {"a": 1},
    "strings": ["s"],
}


@pytest.mark.parametrize("parameter", PARAMETERS, ids=lambda p: p.name)
def test_every_parameter_is_read_in_both_spellings(parameter):
    params = {"prompt": "x", "image": "a", "video": "a", "audioRef": "a"}
    value = SAMPLES[parameter.type]
    if parameter.name == "action":
        assert read_action({"action": "list"}) == "list"
        return
    camel = read_request({**params, parameter.name: value}, strict_keys=False)
    others = {k: v for k, v in params.items() if k != parameter.name}
    snake = read_request({**others, parameter.snake: value}, strict_keys=False)
    assert camel == snake
    assert camel != read_request({**params, "prompt": "y"}, strict_keys=False)
    if parameter.name != "prompt":
        assert camel != read_request(params, strict_keys=False)


@pytest.mark.parametrize(
    "camel, snake",
    [
        ("durationSeconds", "duration_seconds"),
        ("imageRoles", "image_roles"),
        ("providerOptions", "provider_options"),
        ("timeoutMs", "timeout_ms"),
        ("audioRefs", "audio_refs"),
        ("aspectRatio", "aspect_ratio"),
        ("prompt", "prompt"),
    ],
)
def test_python_spells_parameters_in_snake_case(camel, snake):
    assert {p.name: p.snake for p in PARAMETERS}[camel] == snake


def test_camel_case_wins_even_when_it_is_null():
    assert read(durationSeconds=None, duration_seconds=8).duration_seconds is None


@pytest.mark.parametrize("name", ["size", "aspectRatio", "resolution", "model", "filename"])
@pytest.mark.parametrize("value, kept", [(" a b ", "a b"), ("  ", None), (3, None), (["a"], None)])
def test_texts_are_trimmed_and_other_values_count_as_absent(name, value, kept):
    snake = {p.name: p.snake for p in PARAMETERS}[name]
    assert getattr(read(**{name: value}), snake) == kept


@pytest.mark.parametrize(
    "given, read_as",
    [
        ("720p", "720P"),
        ("4k", "4K"),
        (" 4K ", "4K"),
        ("draft-large", "draft-large"),
        ("720px", "720px"),
        ("hd720p", "hd720p"),
        ("p", "p"),
        ("٧٢٠p", "٧٢٠p"),
    ],
)
def test_only_plain_resolutions_are_upper_cased(given, read_as):
    assert read(resolution=given).resolution == read_as


@pytest.mark.parametrize("name", ["audio", "watermark"])
@pytest.mark.parametrize(
    "given, read_as",
    [
        (True, True),
        (False, False),
        ("False", False),
        ("true", True),
        (0, None),
        (None, None),
        ("", None),
        ([True], None),
    ],
)
def test_booleans_are_read_and_anything_else_counts_as_absent(name, given, read_as):
    assert getattr(read(**{name: given}), name) is read_as


@pytest.mark.parametrize(
    "name, wanted",
    [
        ("durationSeconds", "must be a positive integer, not "),
        ("timeoutMs", "must be a positive integer of milliseconds, not "),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        5.5, 0, -1, "abc", True, [5], {}, "0", "5.5", "1_0", "nan", float("nan"), float("inf"),
        10**400, "1e999", 2**53, "٥",
    ],
    ids=lambda value: repr(value)[:12],
)  # fmt: skip
def test_only_positive_whole_numbers_are_taken(name, wanted, value):
    error = refused(read, **{name: value})
    assert error.param == name
    assert wanted in str(error)


@pytest.mark.parametrize("name", ["durationSeconds", "timeoutMs"])
@pytest.mark.parametrize(
    "value, number",
    [(5, 5), ("5", 5), (" 5 ", 5), (5.0, 5), ("5.0", 5), ("1e1", 10), (None, None)],
    ids=repr,
)
def test_whole_numbers_may_be_texts_and_none_is_not_given(name, value, number):
    snake = {p.name: p.snake for p in PARAMETERS}[name]
    found = getattr(read(**{name: value}), snake)
    assert found == number
    assert found is None or type(found) is int


@pytest.mark.parametrize("number", [np.int64(5), np.float32(5), np.uint8(5)])
def test_numbers_of_numpy_are_numbers(number):
    assert type(keywords(duration_seconds=number).duration_seconds) is int


@pytest.mark.parametrize("blank", ["", "  "])
def test_a_blank_time_out_is_none_but_a_blank_duration_is_a_mistake(blank):
    assert read(timeoutMs=blank).timeout_ms is None
    refused(read, durationSeconds=blank)


@pytest.mark.parametrize("value", [None, {}])
def test_absent_options_are_none(value):
    assert read(providerOptions=value).provider_options == {}


@pytest.mark.parametrize("value", [[], ["a"], "a", 3, False, {3: 1}], ids=repr)
def test_options_must_be_an_object_keyed_by_name(value):
    error = refused(read, providerOptions=value)
    assert error.param == "providerOptions"
    assert "keyed by option name" in str(error)


def test_options_are_kept_as_given():
    options = {"seed": 1, "nested": {"a": [None]}}
    assert read(providerOptions=options).provider_options == options


def test_roles_are_trimmed_and_what_is_no_text_is_no_role():
    found = read(images=["a", "b", "c"], imageRoles=[" my role ", 3, "  "])
    assert found.images == refs(("a", "my role"), ("b", None), ("c", None))


def test_roles_may_be_a_tuple_and_none_is_no_roles():
    assert keywords(image="a", image_roles=("r",)).images == refs(("a", "r"))
    assert keywords(image="a", image_roles=None).images == refs(("a", None))


# --- References ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "one, many, roles, limit",
    [
        ("image", "images", "imageRoles", MAX_IMAGES),
        ("video", "videos", "videoRoles", MAX_VIDEOS),
        ("audioRef", "audioRefs", "audioRoles", MAX_AUDIOS),
    ],
)
def test_each_kind_of_reference_is_read_alike(one, many, roles, limit):
    params = {one: " a ", many: ["b", "", None], roles: ["", "r"]}
    found = read(**params)
    kind = {"image": "images", "video": "videos", "audioRef": "audios"}[one]
    assert getattr(found, kind) == refs(("a", None), ("b", "r"))
    assert len(getattr(read(**{many: ["x"] * limit}), kind)) == limit
    refused(read, **{many: ["x"] * (limit + 1)})


class Picture:
    """Stands for an image or a result: an object that a reference can be."""


@pytest.mark.parametrize(
    "given",
    [b"", b"png", Path("a.png"), np.zeros((2, 2, 3)), Picture(), 5, {"url": "x"}],
    ids=lambda value: type(value).__name__,
)
def test_a_reference_may_be_any_object(given):
    for params in ({"image": given}, {"images": given}, {"images": [None, given]}):
        (reference,) = keywords(**params).images
        assert reference.given is given


@pytest.mark.parametrize("item", [5, 1.5, True, None, {"url": "x"}, ["a"]], ids=repr)
def test_the_tool_contract_drops_list_items_that_are_no_text(item):
    assert read(images=["a", item]).images == refs(("a", None))
    assert read(image=item).images == ()


# --- Names --------------------------------------------------------------------------------------


def test_python_refuses_an_unknown_keyword_and_names_near_ones():
    error = refused(keywords, duration=5)
    assert error.param == "duration"
    assert "duration_seconds" in str(error)


def test_python_names_every_parameter_when_none_is_near():
    assert "aspect_ratio" in str(refused(keywords, zzz=5))


def test_the_tool_contract_passes_unknown_names_by():
    assert read(zzz=5) == Request(prompt="x")


def test_an_error_names_the_parameter_as_the_caller_spelt_it():
    assert refused(read, duration_seconds=0).param == "duration_seconds"
    assert refused(keywords, images=["a"] * 10).param == "images"
    assert refused(keywords, audio_refs=["a"] * 4).param == "audio_refs"
    assert refused(read, audioRef="a", audioRefs=["a"] * 3).param == "audioRefs"


@pytest.mark.parametrize(
    "params",
    [
        {"durationSeconds": "9" * 5000 + "x"},
        {"providerOptions": ["secret" * 1000]},
        {"image": "a", "imageRoles": "r" * 5000},
        {"k" * 5000: 1},
    ],
    ids=["number", "options", "roles", "name"],
)
def test_a_message_never_echoes_a_long_value(params):
    assert len(str(refused(keywords, **params))) < 600


# --- Schema -------------------------------------------------------------------------------------

TABLE = [
    "action", "prompt", "image", "images", "imageRoles", "video", "videos", "videoRoles",
    "audioRef", "audioRefs", "audioRoles", "size", "aspectRatio", "resolution",
    "durationSeconds", "audio", "watermark", "model", "filename", "timeoutMs", "providerOptions",
]  # fmt: skip


def test_the_schema_has_every_parameter_and_requires_none():
    made = schema()
    assert list(made["properties"]) == TABLE
    assert "required" not in made
    assert json.loads(json.dumps(made)) == made
    assert all(entry["description"] for entry in made["properties"].values())


@pytest.mark.parametrize(
    "name, expected",
    [
        ("prompt", {"type": "string"}),
        ("images", {"type": "array", "items": {"type": "string"}, "maxItems": 9}),
        ("videoRoles", {"type": "array", "items": {"type": "string"}, "maxItems": 4}),
        ("audioRefs", {"type": "array", "items": {"type": "string"}, "maxItems": 3}),
        ("durationSeconds", {"type": "integer", "minimum": 1}),
        ("timeoutMs", {"type": "integer", "minimum": 1}),
        ("audio", {"type": "boolean"}),
        ("providerOptions", {"type": "object"}),
        ("action", {"type": "string", "enum": ["generate", "status", "list"]}),
    ],
)
def test_the_schema_says_what_each_parameter_takes(name, expected):
    entry = dict(schema()["properties"][name])
    del entry["description"]
    assert entry == expected


# --- Properties ---------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=11) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=15,
)
NAMES = st.sampled_from([name for p in PARAMETERS for name in (p.name, p.snake)])


def read_or_refused(params, strict_keys):
    try:
        return read_request(params, strict_keys=strict_keys)
    except InvalidInput as error:
        return error


@given(st.dictionaries(NAMES | st.text(max_size=5), JSON), st.booleans(), st.booleans())
def test_any_json_is_read_or_refused_by_name(params, strict_keys, prompted):
    params = {**params, "prompt": "x"} if prompted else params
    found = read_or_refused(params, strict_keys)
    if isinstance(found, InvalidInput):
        assert found.param in {*params, "prompt", "images", "videos"}
        assert str(found).endswith("Nothing was sent.")
    else:
        assert len(found.images) <= MAX_IMAGES
        assert found.duration_seconds is None or found.duration_seconds >= 1


@given(st.dictionaries(NAMES, JSON))
def test_any_json_has_an_action_or_is_refused(params):
    try:
        action = read_action(params)
    except InvalidInput:
        action = None
    assert action in {"generate", "status", "list", None}
