"""Samples column by column against one judged at a time."""

from dataclasses import replace
from fractions import Fraction

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import Estimate, IndicatorSample
from slo.errors import SampleError
from slo.instant import NS
from slo.objective import EventCounts, Operator
from slo.sample_columns import columns_of, series_of_samples
from slo.watch import Watch
from tests.slo.samples import estimate, objective, sample

bounds = st.one_of(st.none(), st.sampled_from([0.3, 0.5, np.nextafter(0.5, 0), np.nextafter(0.5, 1), 0.7, 1.5]))
estimates = st.builds(
    lambda pair, counts: estimate(*pair, counts=counts),
    st.tuples(bounds, bounds).map(lambda pair: pair if None in pair else tuple(sorted(pair))),
    st.sampled_from([{}, {"tries": 0, "wins": 0}, {"tries": 7, "wins": 5}, {"tries": 2, "wins": 3}, {"wins": 1}]),
)


def of(found: Estimate, end: int, run: str) -> IndicatorSample:
    return msgspec.structs.replace(sample(end, run=run), estimate=found)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.tuples(estimates, st.integers(0, 5), st.sampled_from("ab")), max_size=12, unique_by=lambda row: row[1:]),
    st.sampled_from(Operator),
    st.sampled_from([None, EventCounts("tries", good="wins"), EventCounts("tries", bad="wins")]),
)
def test_columns_say_what_single_samples_say(
    rows: list[tuple[Estimate, int, str]], operator: Operator, events: EventCounts | None
) -> None:
    under = objective()
    assert under.criterion
    criterion = replace(under.criterion, operator=operator, events=events)
    watch = Watch.of(replace(under, criterion=criterion), criterion)
    samples = [of(found, end, run) for found, end, run in rows]
    series = series_of_samples(columns_of(samples, ("tries", "wins")), criterion)
    expected: dict[int, list[int]] = {}
    for one in samples:
        counts = watch.judge(one).counts
        total = expected.setdefault(one.end_unix_s, [0, 0, 0])
        for place in range(3):
            total[place] += int(counts[place])
    assert series.insufficient is not None
    found = zip(series.ends_ns, series.good, series.bad, series.insufficient, strict=True)
    assert {int(end) // NS: [int(each) for each in counts] for end, *counts in found} == expected


def test_a_sample_that_comes_again_replaces_the_earlier_one() -> None:
    (columns,) = columns_of([sample(10), msgspec.structs.replace(sample(10), estimate=estimate(0.7, 0.9))], ())
    assert (len(columns), columns.lower.tolist()) == (1, [0.7])


def test_what_contradicts_itself_is_refused() -> None:
    criterion = objective().criterion
    assert criterion
    with pytest.raises(SampleError, match=r"come in `Hz`, not `1`"):
        series_of_samples(columns_of([sample(10, unit="Hz")], ()), criterion)
    swapped = [sample(10), msgspec.structs.replace(sample(20), estimate=estimate(0.9, 0.1))]
    with pytest.raises(SampleError, match=r"estimate 1 is \[0\.9, 0\.1\]"):
        series_of_samples(columns_of(swapped, ()), criterion)
    assert not len(series_of_samples([], replace(criterion, threshold=Fraction(1))))
