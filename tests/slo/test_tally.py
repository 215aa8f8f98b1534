"""The methods side by side; test_evaluation.py holds them against an oracle."""

from dataclasses import replace
from fractions import Fraction

import pytest

from slo.counts import Bucket, Counts
from slo.history import NEVER, RunLengthHistory, between
from slo.objective import EmptySlices, Method
from slo.tally import tally
from tests.slo.samples import objective

SLICED = replace(objective(), method=Method.TIMESLICES, slice_s=60, slice_ratio=Fraction(9, 10))


@pytest.mark.parametrize(
    ("under", "counts"),
    [
        (objective(), Counts(good=18, bad=2, insufficient=1)),
        (SLICED, Counts(good=2, insufficient=1)),
        (replace(SLICED, empty_slices=EmptySlices.BAD), Counts(good=2, bad=1, insufficient=1)),
        (replace(SLICED, method=Method.RATIO_TIMESLICES), Counts(Fraction(9, 10) + Fraction(9, 10), Fraction(2, 10), 1)),
    ],
    ids=["occurrences", "slices", "empty ones are bad", "averages"],
)
def test_what_counts(under: object, counts: Counts) -> None:
    made = tally(under, RunLengthHistory())  # type: ignore[arg-type]
    made.add(Bucket(10, Counts(good=9)), 10)
    made.add(Bucket(60, Counts(bad=1)), 60)
    made.add(Bucket(70, Counts(good=9)), 70)
    made.add(Bucket(125, Counts(insufficient=1)), 125)
    made.add(Bucket(110, Counts(bad=1)), 125)  # late: its slice is judged again
    made.advance(240)
    assert between(made.line, NEVER, 240) == counts


def test_a_slice_below_its_target_is_bad_and_excluding_what_was_bad_mends_it() -> None:
    made = tally(SLICED, RunLengthHistory())
    made.add(Bucket(10, Counts(good=8)), 10)
    made.add(Bucket(60, Counts(bad=1)), 60)
    assert between(made.line, 0, 60) == Counts(bad=1)
    made.mask([(50, 60)])
    assert between(made.line, 0, 60) == Counts(good=1)
    made.mask([(0, 60)])
    assert between(made.line, 0, 60) == Counts(excluded=1)
    made.mask([])
    assert between(made.line, 0, 60) == Counts(bad=1)
