from fractions import Fraction

import pytest

from schemas.ids import SubjectId
from slo.budget import BudgetSnapshot
from slo.counts import Counts

B = Fraction(1, 1000)


def snapshot(period: Counts, hour: Counts = Counts()) -> BudgetSnapshot:  # noqa: B008  (immutable)
    return BudgetSnapshot("purity", SubjectId("sps-1"), 1_000, B, ((3_600, hour), (2_592_000, period)))


def test_counted_in_events() -> None:
    budget = snapshot(Counts(good=258_941, bad=259))
    assert (budget.total, budget.used) == (Fraction("259.2"), 259)
    assert budget.remaining_events == Fraction("0.2")
    assert budget.remaining_ratio == Fraction("0.2") / Fraction("259.2")


def test_overspent_is_negative_and_not_clamped() -> None:
    assert snapshot(Counts(good=998, bad=2)).remaining_ratio == -1
    assert snapshot(Counts(bad=1)).remaining_ratio == -999


def test_without_events_undefined() -> None:
    empty = snapshot(Counts(insufficient=3))
    assert empty.remaining_ratio is None
    assert empty.burn_rate(3_600) is None
    assert empty.lasts_s(3_600) is None


def test_how_long_it_lasts() -> None:
    month = Counts(good=259_200, bad=0)
    assert snapshot(month).lasts_s(3_600) is None
    burning = snapshot(Counts(good=259_164, bad=36), Counts(good=324, bad=36))
    assert burning.lasts_s(3_600) == (Fraction("259.2") - 36) * 100
    assert snapshot(Counts(good=998, bad=2), Counts(bad=2)).lasts_s(3_600) == 0


def test_an_unknown_window_is_an_error() -> None:
    with pytest.raises(KeyError):
        snapshot(Counts()).counts(7)
