from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aicmo.strategy_engine import Pace, Period, pacing, progress

FIRST, LAST = date(2026, 3, 1), date(2026, 3, 10)


def on(day):
    return Period(FIRST, LAST, date(2026, 3, day))


@pytest.mark.parametrize(
    ("day", "spent", "pace"),
    [
        (5, 500, Pace.ON_PLAN),
        (5, 575, Pace.ON_PLAN),
        (5, 576, Pace.OVER),
        (5, 425, Pace.ON_PLAN),
        (5, 424, Pace.UNDER),
        (5, 1000, Pace.EXHAUSTED),
        (1, 0, Pace.UNDER),
        (11, 700, Pace.ENDED),
        (11, 1000, Pace.EXHAUSTED),
    ],
)
def test_spending_is_compared_with_an_even_spread(day, spent, pace):
    assert pacing(1000, spent, on(day)).pace is pace


def test_before_the_first_day_nothing_is_planned_and_any_spending_is_too_much():
    before = Period(FIRST, LAST, FIRST - timedelta(days=1))
    assert pacing(1000, 0, before).pace is Pace.NOT_STARTED
    assert pacing(1000, 0, before).daily_cents == 100
    assert pacing(1000, 1, before).pace is Pace.OVER


def test_what_is_left_is_spread_over_the_days_left_today_included():
    found = pacing(1000, 400, on(5))
    assert (found.planned_cents, found.daily_cents) == (500, 100)
    assert pacing(1000, 400, on(10)).daily_cents == 600
    assert pacing(1000, 400, on(11)).daily_cents == 0
    assert pacing(1000, 1400, on(5)).daily_cents == 0


def test_a_campaign_of_one_day_is_planned_for_that_day():
    day = Period(FIRST, FIRST, FIRST)
    assert pacing(1000, 1000, day).planned_cents == 1000
    assert pacing(1000, 0, day).daily_cents == 1000


def test_a_period_without_a_day_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        Period(LAST, FIRST, FIRST)


@given(
    st.integers(1, 10**12),
    st.integers(0, 10**12),
    st.integers(0, 400),
    st.integers(-50, 500),
)
def test_following_the_daily_amount_never_overspends(budget, spent, length, offset):
    period = Period(FIRST, FIRST + timedelta(days=length), FIRST + timedelta(days=offset))
    found = pacing(budget, spent, period)
    assert 0 <= found.planned_cents <= budget
    assert spent + found.daily_cents * period.remaining <= max(budget, spent)


def test_results_are_extended_evenly_to_the_end():
    found = progress(20, 6, 3000, on(5))
    assert found.share == pytest.approx(0.3)
    assert (found.projected, found.on_track, found.cost_cents) == (12, False, 500)
    assert progress(12, 6, 3000, on(5)).on_track is True


def test_without_a_result_there_is_no_cost_and_before_the_start_no_projection():
    assert progress(20, 0, 3000, on(5)).cost_cents is None
    before = progress(20, 0, 0, Period(FIRST, LAST, FIRST - timedelta(days=3)))
    assert (before.projected, before.on_track) == (None, None)
    assert progress(0, 0, 0, on(5)).share == 0
