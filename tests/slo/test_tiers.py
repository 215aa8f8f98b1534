from fractions import Fraction

import pytest

from slo.tiers import Tier, factor_of_share

B = Fraction(1, 1000)
DAY = 86_400
CLASSIC = {
    "page-quick": (Tier("page-quick", "page", 300, 3_600, Fraction("14.4")), Fraction("0.02")),
    "page-slow": (Tier("page-slow", "page", 1_800, 21_600, Fraction(6)), Fraction("0.05")),
    "ticket-quick": (Tier("ticket-quick", "ticket", 7_200, DAY, Fraction(3)), Fraction("0.1")),
    "ticket-slow": (Tier("ticket-slow", "ticket", 21_600, 3 * DAY, Fraction(1)), Fraction("0.1")),
}


@pytest.mark.parametrize(
    ("error_ratio", "seconds"),
    [
        ("1", ("51.84", "129.6", "259.2", "259.2")),
        ("0.1", ("518.4", "1296", "2592", "2592")),
        ("0.02", ("2592", "6480", "12960", "12960")),
        ("0.01", (None, "12960", "25920", "25920")),
        ("0.005", (None, None, "51840", "51840")),
    ],
)
def test_the_table_of_detection_times(error_ratio: str, seconds: tuple[str | None, ...]) -> None:
    found = [tier.detection_s(B, Fraction(error_ratio)) for tier, _ in CLASSIC.values()]
    assert found == [None if each is None else Fraction(each) for each in seconds]


@pytest.mark.parametrize(("tier", "share"), CLASSIC.values(), ids=CLASSIC)
def test_factor_is_share_times_period_over_the_long_window(tier: Tier, share: Fraction) -> None:
    assert factor_of_share(share, 30 * DAY, tier.long_s) == tier.factor
    assert tier.budget_share(30 * DAY) == share


@pytest.mark.parametrize(
    ("period_days", "factors"),
    [(7, ("3.36", "1.4", "0.7", "7/30")), (28, ("13.44", "5.6", "2.8", "14/15")), (90, ("43.2", "18", "9", "3"))],
)
def test_other_periods_rescale_the_factor(period_days: int, factors: tuple[str, ...]) -> None:
    found = [factor_of_share(share, period_days * DAY, tier.long_s) for tier, share in CLASSIC.values()]
    assert found == [Fraction(factor) for factor in factors]


def test_half_a_percent_in_a_quarter_of_an_hour_is_the_classic_factor() -> None:
    flash = Tier("page-flash", "page", 60, 900, factor_of_share(Fraction("0.005"), 30 * DAY, 900))
    assert flash.factor == Fraction("14.4")
    assert flash.detection_s(B, Fraction(1)) == Fraction("12.96")
    assert flash.reset_s(B, Fraction(1)) == Fraction("59.136")


def test_reset_is_the_short_window_less_what_it_may_hold() -> None:
    quick, _ = CLASSIC["page-quick"]
    assert quick.reset_s(B, Fraction(1)) == 300 * (1 - Fraction("0.0144"))
    assert quick.reset_s(B, Fraction("0.0144")) is None


def test_strictly_above() -> None:
    quick, _ = CLASSIC["page-quick"]
    assert quick.detection_s(B, Fraction("0.0144")) is None
    assert quick.detection_s(B, Fraction("0.0144") + Fraction(1, 10**9)) is not None


def test_a_factor_of_the_largest_burn_or_more_can_never_fire() -> None:
    tenth = Fraction(1, 10)
    assert Tier("t", "page", 1, 2, Fraction("9.99")).can_fire(tenth)
    assert not Tier("t", "page", 1, 2, Fraction(10)).can_fire(tenth)
    assert not Tier("t", "page", 1, 2, Fraction("14.4")).can_fire(tenth)
