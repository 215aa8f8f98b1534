from fractions import Fraction

from slo.definitions import load
from slo.explain import explain


def test_the_shipped_table() -> None:
    table = explain(next(each for each in load().objectives if each.name == "qdp-g2-zero"))
    assert (table.target, table.budget, table.largest_burn, table.period_s) == (
        Fraction("0.999"),
        Fraction("0.001"),
        1000,
        2_592_000,
    )
    assert table.error_ratios == tuple(Fraction(each) for each in ("1", "0.1", "0.02", "0.01", "0.005"))
    rows = {row.tier.name: row for row in table.tiers}
    assert [str(row.budget_share) for row in table.tiers] == ["1/200", "1/50", "1/20", "1/10", "1/10"]
    assert [float(row.threshold) for row in table.tiers] == [0.0144, 0.0144, 0.006, 0.003, 0.001]
    assert [row.detection_s[0] for row in table.tiers] == [
        Fraction(each) for each in ("12.96", "51.84", "129.6", "259.2", "259.2")
    ]
    assert rows["page-quick"].detection_s[3:] == (None, None)
    assert rows["page-slow"].reset_s[3] == 1_800 * (1 - Fraction("0.6"))
    assert rows["page-slow"].reset_s[4] is None
