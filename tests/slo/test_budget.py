from fractions import Fraction

import pytest

from schemas.ids import SubjectId
from slo.budget import BudgetSnapshot
from slo.counts import Counts

B = Fraction(1, 1000)


def snapshot(period: Counts) -> BudgetSnapshot:
    return BudgetSnapshot("purity", SubjectId("sps-1"), 1_000, B, ((3_600, Counts()), (2_592_000, period)))


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


def test_an_unknown_window_is_an_error() -> None:
    with pytest.raises(KeyError):
        snapshot(Counts()).counts(7)
