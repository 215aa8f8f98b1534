from fractions import Fraction

from slo.burn import burn_rate, error_ratio
from slo.counts import Counts


def test_without_events_both_are_undefined() -> None:
    silent = Counts(insufficient=12, excluded=3)
    assert error_ratio(silent) is None
    assert burn_rate(silent, Fraction(1, 1000)) is None


def test_only_good_and_bad_count() -> None:
    counts = Counts(good=1999, bad=1, insufficient=500, excluded=500)
    assert error_ratio(counts) == Fraction(1, 2000)
    assert burn_rate(counts, Fraction(1, 1000)) == Fraction(1, 2)


def test_the_largest_burn_is_one_over_the_budget() -> None:
    assert burn_rate(Counts(bad=7), Fraction(1, 1000)) == 1000
    assert burn_rate(Counts(good=7), Fraction(1, 1000)) == 0
