from fractions import Fraction

from slo.objective import Operator
from slo.tiers import Tier
from tests.slo.samples import objective


def test_windows_are_each_once_and_ascending() -> None:
    tiers = (
        Tier("a", "page", 60, 900, Fraction(2)),
        Tier("b", "page", 300, 3_600, Fraction(2)),
        Tier("c", "page", 60, 300, Fraction(2)),
    )
    assert objective(tiers, period_s=3_600).windows_s == (60, 300, 900, 3_600)


def test_a_criterion_reads_as_people_write_it() -> None:
    criterion = objective().criterion
    assert str(criterion) == "g²(0) < 0.5"
    assert [each.sign for each in Operator] == ["<", "≤", ">", "≥"]
