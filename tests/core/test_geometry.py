import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.geometry import (
    closest_ratio,
    closest_resolution,
    closest_size,
    duration_choices,
    nearest_duration,
    ratio_of,
    round_half_up,
)
from tests.rows import rows


@pytest.mark.parametrize(
    "requested, supported, applied",
    rows(
        "4.2",
        (5, (4, 6, 8), 6),
        (7, (4, 6, 8), 8),
        (1, (4, 6, 8), 4),
        (30, (4, 6, 8), 8),
        (7, (5, 10), 5),
        (7.5, (5, 10), 10),
        (8, (6, 10), 10),
        (1, (6, 10), 6),
        (3, (2, 4), 4),
        (6, (4, 8, 12), 8),
        (10, (4, 8, 12), 12),
        (15, (10, 5, 5, -1, 0, 7.4), 10),
        (2.5, None, 3),
        (0.4, None, 1),
    ),
)
def test_a_duration_goes_to_the_nearest_one_and_a_tie_goes_up(requested, supported, applied):
    assert nearest_duration(requested, supported) == applied


def test_a_list_of_durations_is_cleaned_before_use():
    assert duration_choices((10, 5, 5, -1, 0, 7.4, 0.4, math.inf, math.nan)) == (5, 7, 10)


def test_a_list_without_a_usable_duration_is_no_list():
    assert duration_choices((0.4, -1, math.nan)) == ()
    assert nearest_duration(9, (0.4, -1, math.nan)) == 9


@pytest.mark.parametrize("value, whole", [(2.5, 3), (4.5, 5), (2.4, 2), (-0.5, 0), (-1.5, -1)])
def test_halves_are_rounded_up_unlike_python(value, whole):
    assert round_half_up(value) == whole


@pytest.mark.parametrize(
    "size, ratio",
    [
        ("1280x720", "16:9"),
        ("832x480", "26:15"),
        (" 1024 X 1536 ", "2:3"),
        ("0x720", None),
        ("1280*720", None),
        ("big", None),
        (None, None),
    ],
)
def test_a_size_has_a_reduced_ratio(size, ratio):
    assert ratio_of(size) == ratio


@pytest.mark.parametrize(
    "ratio, size, supported, expected",
    rows(
        "4.4",
        ("17:10", None, ("1:1", "4:3", "16:9"), "16:9"),
        ("21:9", None, ("16:9", "9:16"), "16:9"),
        ("9:21", None, ("9:16", "16:9", "1:1"), "9:16"),
        ("4:3", None, ("16:9", "9:16"), "16:9"),
        ("3:4", None, ("16:9", "9:16"), "9:16"),
        ("1:1", None, ("16:9", "9:16"), "16:9"),
        ("1:1", None, ("2:1", "1:2"), "1:2"),
        ("3:2", None, ("16:9", "4:3", "1:1", "3:4", "9:16"), "4:3"),
        ("2:3", None, ("9:16", "3:4", "1:1"), "3:4"),
        ("3:3", None, ("2:2", "1:1"), "1:1"),
        ("4:3", None, ("16:9", "1:1"), "16:9"),
        (None, "1280x720", ("16:9", "9:16"), "16:9"),
        (None, "1280x768", ("16:9", "9:16", "5:3"), "5:3"),
        (None, "832x480", ("16:9", "1:1"), "16:9"),
        (None, "1024x1536", ("1:1", "16:9", "9:16", "3:4", "4:3"), "3:4"),
        ("adaptive", None, ("16:9", "adaptive"), "adaptive"),
        ("adaptive", None, ("16:9",), None),
        ("adaptive", "1920x1080", ("16:9", "9:16"), "16:9"),
    ),
)
def test_the_closest_ratio(ratio, size, supported, expected):
    assert closest_ratio(ratio, size, supported) == expected


@pytest.mark.parametrize(
    "ratio, size, expected",
    [
        ("17:10", "1280x720", "17:10"),
        ("adaptive", None, "adaptive"),
        (None, "1280x720", "16:9"),
        (None, "832x480", "26:15"),
        (None, "big", None),
        (None, None, None),
    ],
)
def test_an_empty_list_of_ratios_puts_no_limit(ratio, size, expected):
    assert closest_ratio(ratio, size, ()) == expected


@pytest.mark.parametrize(
    "text, expected",
    [
        (" 16 : 9 ", "16:9"),
        ("2.35:1", "21:9"),
        ("0:1", None),
        ("1:0", None),
        ("-16:9", None),
        ("16:9:1", None),
        ("16/9", None),
        ("١٦:٩", None),
        ("1e3:1", None),
    ],
)
def test_a_ratio_is_two_positive_decimal_numbers_around_a_colon(text, expected):
    assert closest_ratio(text, None, ("21:9", "16:9", "adaptive")) == expected


FOUR = ("1280x720", "720x1280", "1792x1024", "1024x1792")


@pytest.mark.parametrize(
    "size, ratio, supported, expected",
    rows(
        "4.5",
        ("1792x1024", None, ("1024x1024", "1024x1536", "1536x1024"), "1536x1024"),
        ("1920x1080", None, FOUR, "1280x720"),
        (None, "16:9", FOUR, "1280x720"),
        (None, "9:16", FOUR, "720x1280"),
        (None, "1:1", ("128x128", "64x64"), "64x64"),
        ("1000x1000", None, ("512x512", "2048x2048"), "512x512"),
        ("1080x1080", None, ("1280x720", "720x1280"), "1280x720"),
        ("1080x1080", None, FOUR, "1792x1024"),
        ("abc", None, ("1280x720",), None),
        ("abc", "16:9", ("1280x720",), "1280x720"),
        ("1280X720", None, ("1280x720",), "1280x720"),
    ),
)
def test_the_closest_size(size, ratio, supported, expected):
    assert closest_size(size, ratio, supported) == expected


def test_an_empty_list_of_sizes_puts_no_limit():
    assert closest_size("123x45", "1:1", ()) == "123x45"
    assert closest_size(None, "1:1", ()) is None


def test_a_size_with_a_star_is_not_eligible():
    assert closest_size("1280x720", None, ("1280*720",)) is None
    assert closest_size("1280*720", None, ("1280x720",)) is None
    assert closest_size("1280*720", None, ("1280*720",)) == "1280*720"


@pytest.mark.parametrize(
    "requested, supported, expected",
    rows(
        "4.6",
        ("720P", ("768P", "1080P"), "768P"),
        ("480P", ("768P", "1080P"), "768P"),
        ("480P", ("360P", "540P", "720P"), "540P"),
        ("480P", ("360P", "600P"), "600P"),
        ("900P", ("720P", "1080P"), "1080P"),
        ("1080P", ("480P", "720P"), "720P"),
        ("1440P", ("1080P", "4K"), "1080P"),
        ("4K", ("720P", "1080P"), None),
        ("2K", ("1K", "4K"), "1K"),
        ("3K", ("2K", "4K"), "4K"),
        ("draft-large", ("720P",), None),
    ),
)
def test_the_closest_resolution(requested, supported, expected):
    assert closest_resolution(requested, supported) == expected


@pytest.mark.parametrize("requested", ["draft-large", "4K", None])
def test_an_empty_list_of_resolutions_puts_no_limit(requested):
    assert closest_resolution(requested, ()) == requested


def test_of_equal_resolutions_the_text_order_decides():
    assert closest_resolution("700P", ("720p", "720P")) == "720P"


TEXTS = st.one_of(
    st.text(max_size=12),
    st.from_regex(
        r"[0-9]{1,45}(\.[0-9]{1,45})?\s?[:xX*]\s?[0-9]{1,45}(\.[0-9]{1,45})?", fullmatch=True
    ),
    st.from_regex(r"[0-9]{1,45}[pPkK]", fullmatch=True),
    st.sampled_from(["16:9", "1280x720", "720P", "adaptive", "0:0", "0x0"]),
)


@given(st.none() | TEXTS, st.none() | TEXTS, st.lists(TEXTS, min_size=1, max_size=5))
def test_a_match_is_always_one_of_the_supported_values(one, other, supported):
    for found in (
        closest_ratio(one, other, supported),
        closest_size(one, other, supported),
        closest_resolution(one, supported),
    ):
        assert found is None or found in supported


@given(st.floats(0, 1e9), st.lists(st.floats()))
def test_a_duration_is_whole_positive_and_stays_where_it_is_put(seconds, supported):
    applied = nearest_duration(seconds, supported)
    assert applied >= 1
    assert not duration_choices(supported) or applied in duration_choices(supported)
    assert nearest_duration(applied, supported) == applied
