from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.forecast import Forecast, Held, Leaving, Pace, exhausted_after, forecast, pushed_out, ratio_bounds

NOTHING = Leaving(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))
TENTH = Fraction(1, 10)


def leaving(buckets: list[tuple[int, int, int]]) -> Leaving:
    """(after, events, bad), ascending."""
    return Leaving(*(np.array([bucket[column] for bucket in buckets], np.int64) for column in range(3)))


def test_without_leaving_it_is_what_is_left_over_the_pace_beyond_the_budget() -> None:
    held = Held(Fraction(1000), Fraction(50), TENTH, 10**6)
    assert exhausted_after(held, Pace(Fraction(10), Fraction(6), 10), NOTHING) == Fraction(50) / (Fraction(6, 10) - TENTH)
    assert exhausted_after(held, Pace(Fraction(10), Fraction(1), 10), NOTHING) is None
    assert exhausted_after(replace(held, horizon=99), Pace(Fraction(10), Fraction(6), 10), NOTHING) is None
    assert exhausted_after(replace(held, bad=Fraction(100)), Pace(Fraction(10), Fraction(0), 10), NOTHING) == 0


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(1, 5)), min_size=1, max_size=12),
    st.integers(1, 6),
    st.integers(0, 6),
    st.fractions(Fraction(1, 20), Fraction(1, 2), max_denominator=20),
)
def test_against_a_clock_that_ticks(buckets: list[tuple[int, int]], events: int, bad: int, budget: Fraction) -> None:
    """Old buckets leave at 10, 20, …; what is left is looked at in steps of a tenth of a second."""
    old = [(10 * (index + 1), good + wrong // 2, wrong // 2) for index, (good, wrong) in enumerate(buckets)]
    pace = Pace(Fraction(max(events, bad)), Fraction(bad), 10)
    held = Held(Fraction(sum(o[1] for o in old)), Fraction(sum(o[2] for o in old)), budget, old[-1][0])
    found = exhausted_after(held, pace, leaving(old))

    def left(after: Fraction) -> Fraction:
        there = [bucket for bucket in old if bucket[0] > after]
        coming = after / 10
        total = sum(bucket[1] for bucket in there) + pace.events * coming
        return budget * total - sum(bucket[2] for bucket in there) - pace.bad * coming

    steps = [Fraction(step, 10) for step in range(held.horizon * 10 + 1)]
    first = next((step for step in steps if left(step) <= 0), None)
    if found is None:
        assert first is None or first == held.horizon
    else:
        assert left(found) <= 0
        assert all(left(step) > 0 for step in steps if step < found)


def test_the_interval_holds_the_forecast() -> None:
    held = Held(Fraction(1000), Fraction(50), TENTH, 10**6)
    found = forecast(held, Pace(Fraction(60), Fraction(30), 60), NOTHING)
    assert found.after == 125
    assert found.earliest is not None
    assert found.latest is not None
    assert found.earliest < found.after < found.latest
    calm = forecast(held, Pace(Fraction(60), Fraction(5), 60), NOTHING)
    assert calm.after is None
    assert calm.latest is None
    assert calm.earliest is not None


def test_without_events_there_is_none() -> None:
    silent = Pace(Fraction(0), Fraction(0), 10)
    assert forecast(Held(Fraction(0), Fraction(0), TENTH, 10), silent, NOTHING) == Forecast(None, None, None)
    assert forecast(Held(Fraction(10), Fraction(1), TENTH, 10), silent, NOTHING).after == 0
    assert forecast(Held(Fraction(10), Fraction(0), TENTH, 10), silent, NOTHING).after is None


def test_the_last_so_many_events_leave_as_new_ones_come() -> None:
    held = Held(Fraction(100), Fraction(0), TENTH, 10_000)
    old = leaving([(9_000 + 100 * index, 10, 0) for index in range(10)])
    found = pushed_out(held, Pace(Fraction(10), Fraction(5), 10), old, 100)
    assert found.after is not None
    assert 0 < found.after <= 20 + 10


@pytest.mark.parametrize(
    ("bad", "events", "lower", "upper"), [(0, 10, 0.0, 0.3085), (10, 10, 0.6915, 1.0), (5, 100, 0.01643, 0.11283)]
)
def test_bounds_of_a_ratio(bad: int, events: int, lower: float, upper: float) -> None:
    found = ratio_bounds(Fraction(bad), Fraction(events))
    assert [float(each) for each in found] == pytest.approx([lower, upper], abs=1e-4)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 9), st.integers(0, 4), st.integers(0, 4), st.integers(1, 6)), min_size=1, max_size=6),
    st.integers(1, 9),
    st.integers(0, 9),
    st.fractions(Fraction(1, 20), Fraction(1, 2), max_denominator=20),
)
def test_runs_are_what_they_stand_for(shapes: list[tuple[int, int, int, int]], events: int, bad: int, budget: Fraction) -> None:
    runs, single, after = [], [], 0
    for step, good, wrong, count in shapes:
        runs.append((after + step, good + wrong, wrong, step, count))
        single += [(after + step * (index + 1), good + wrong, wrong) for index in range(count)]
        after += step * count
    pace = Pace(Fraction(max(events, bad)), Fraction(bad), 10)
    held = Held(Fraction(sum(s[1] for s in single)), Fraction(sum(s[2] for s in single)), budget, after)
    columns = [np.array([run[column] for run in runs], np.int64) for column in range(5)]
    grouped = Leaving(columns[0], columns[1], columns[2], step=columns[3], count=columns[4])
    if held.events:
        assert exhausted_after(held, pace, grouped) == exhausted_after(held, pace, leaving(single))
