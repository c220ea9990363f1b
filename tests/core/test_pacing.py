"""The pace of polls, played through for jobs of every length."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from openclaw_nb.core.domain import Medium
from openclaw_nb.core.pacing import LAG, LEAST_SECONDS, TRUST, Rule, Signs, Usual, pause
from openclaw_nb.providers import of

EACH = [provider for medium in Medium for provider in of(medium)]
LENGTHS = st.floats(1, 3600)
LEAST = st.floats(0.1, 15)
FREE = st.builds(Rule, LEAST)
RULES = st.builds(lambda least, more: Rule(least, more and least + more), LEAST, st.none() | LEAST)
USUALS = st.lists(st.floats(0.5, 7200), min_size=3, max_size=25).map(Usual.of)
SIGNS = st.builds(
    Signs, st.none() | USUALS, st.none() | st.floats(0, 1), st.integers(min_value=0, max_value=9)
)


def polls(seconds, rule, signs=None):
    """When a job of that length is asked after; the last time finds its end."""
    moments = [0.0]
    while moments[-1] < seconds:
        known = signs(moments[-1]) if callable(signs) else signs or Signs()
        moments.append(moments[-1] + pause(moments[-1], rule, known))
    return moments[1:]


def lag(seconds, *more):
    return polls(seconds, *more)[-1] - seconds


def goal(seconds, rule, lag=LAG):
    """How late an end may be seen; moments are sums, so they are not exact."""
    return max(rule.least, LEAST_SECONDS, lag * seconds) + 1e-6


@given(elapsed=st.floats(0, 1e6), rule=RULES, signs=SIGNS)
def test_a_pause_is_one_that_the_provider_allows(elapsed, rule, signs):
    seconds = pause(elapsed, rule, signs)
    assert seconds >= rule.least
    assert rule.most is None or seconds <= rule.most


@given(elapsed=st.floats(0, 1e6), signs=SIGNS)
def test_a_fixed_pause_is_kept_whatever_is_known(elapsed, signs):
    assert pause(elapsed, Rule(7, 7), signs) == 7


@given(early=st.floats(0, 1e5), late=st.floats(0, 1e5), rule=RULES)
def test_pauses_never_grow_shorter_when_nothing_is_known(early, late, rule):
    early, late = sorted((early, late))
    assert pause(early, rule) <= pause(late, rule)


@given(seconds=LENGTHS, rule=RULES)
def test_the_end_is_seen_a_twentieth_late_at_most(seconds, rule):
    assert lag(seconds, rule) <= goal(seconds, rule)


@given(seconds=LENGTHS, rule=RULES, signs=SIGNS)
def test_wrong_words_about_a_job_cost_a_fifth_of_its_time_at_most(seconds, rule, signs):
    assert lag(seconds, rule, signs) <= goal(seconds, rule, TRUST * LAG)


@given(seconds=st.floats(20, 3600), rule=FREE, wrong=st.sampled_from([0.1, 10]))
def test_a_history_that_is_ten_times_off_keeps_to_the_stated_factor(seconds, rule, wrong):
    usual = Usual.of([seconds * wrong * part for part in (0.9, 1, 1.1)])
    known = polls(seconds, rule, Signs(usual))
    assert known[-1] - seconds <= goal(seconds, rule, TRUST * LAG)
    assert len(known) <= len(polls(seconds, rule)) + 8


@given(seconds=st.floats(1, 1e6), rule=FREE)
def test_each_doubling_of_the_time_takes_fifteen_polls_more(seconds, rule):
    more = len(polls(2 * seconds, rule)) - len(polls(seconds, rule))
    assert more <= max(15, seconds / rule.least + 1)
    assert len(polls(seconds, rule)) <= 21 + 15 * int(seconds / 20).bit_length()


@pytest.mark.parametrize("provider", EACH, ids=lambda row: f"{row.medium}-{row.id}")
def test_a_job_of_two_minutes_takes_forty_polls_at_most(provider):
    rule = Rule(provider.poll_seconds, provider.slowest_poll_seconds)
    few = len(polls(120, rule))
    if rule.least >= 2.5:
        assert few <= 40
    # Below that, forty would be too few for an end to be seen a twentieth late at most.
    assert few <= 57


def test_fifty_seven_polls_are_the_fewest_for_an_end_a_twentieth_late_after_two_minutes():
    latest, fewest = 0.0, 0
    while latest < 120:  # each as late as the one before allows
        latest, fewest = latest + max(LEAST_SECONDS, LAG * latest), fewest + 1
    assert fewest == len(polls(120, Rule(0.1))) == 57


def test_a_known_model_is_asked_after_less_often_and_its_end_is_seen_sooner():
    usual = Usual.of([112, 115, 118, 119, 120, 121, 121, 124, 126, 128])
    known = polls(120, Rule(2.5), Signs(usual))
    assert len(known) <= 24
    assert known[-1] - 120 <= 3.0
    assert any(usual.earliest <= moment < 112 for moment in known), "none before the earliest end"
    assert max(b - a for a, b in pairwise(known) if a < 100) > 2 * LAG * 100


@given(took=st.lists(st.floats(0.1, 3600), min_size=3, max_size=25))
def test_the_usual_end_lies_between_the_earliest_and_the_latest(took):
    usual = Usual.of(took)
    assert usual.earliest < usual.median < usual.latest
    assert usual.median in took


def test_fewer_than_three_jobs_and_times_that_cannot_be_tell_nothing():
    assert Usual.of([]) is None
    assert Usual.of([10, 20]) is None
    assert Usual.of([10, 20, -5, 0]) is None


def test_one_odd_job_in_ten_does_not_move_the_usual_end():
    usual = Usual.of([0.1, *[60.0] * 10, 900])
    assert (usual.earliest, usual.median, usual.latest) == pytest.approx((54, 60, 66))


@given(seconds=LENGTHS, rule=FREE)
def test_true_progress_saves_polls_and_costs_no_more_than_it_may(seconds, rule):
    told = polls(seconds, rule, lambda moment: Signs(fraction=moment / seconds))
    assert len(told) <= len(polls(seconds, rule))
    assert told[-1] - seconds <= goal(seconds, rule, TRUST * LAG)


def test_a_job_that_stands_at_its_last_percent_is_asked_after_as_one_of_which_nothing_is_known():
    assert polls(3600, Rule(1), Signs(fraction=0.99)) == polls(3600, Rule(1))
    assert polls(3600, Rule(1), Signs(fraction=1.0)) == polls(3600, Rule(1))


def test_a_job_behind_others_is_asked_after_less_often():
    assert pause(100, Rule(2), Signs(ahead=3)) == pytest.approx(20)
    assert pause(100, Rule(2), Signs(ahead=0)) == pytest.approx(5)
