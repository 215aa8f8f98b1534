from fractions import Fraction

import pytest

from schemas.records import Verdict
from slo import wording
from slo.budget import BudgetSnapshot
from slo.counts import Counts
from slo.tiers import Tier
from tests.slo.samples import SUBJECT, estimate, objective, sample

TIER = Tier("page-quick", "page", 300, 3_600, Fraction("14.4"))
UNDER = objective((TIER,))
AT = 1_767_225_600


def snapshot(hour: Counts, month: Counts) -> BudgetSnapshot:
    return BudgetSnapshot("purity", SUBJECT, AT, UNDER.budget, ((300, hour), (3_600, hour), (2_592_000, month)))


def test_firing_says_everything_that_the_person_on_call_needs() -> None:
    text = wording.firing(
        UNDER,
        wording.Occasion.of(sample(AT, Verdict.BAD)),
        snapshot(Counts(good=324, bad=36), Counts(good=259_164, bad=36)),
        TIER.long_s,
        Fraction(22_320),
    )
    assert text == (
        "g²(0) of sps-helios-01 breaks its objective (g²(0) < 0.5 in 99.9 % of 30 d). "
        "Last measured: 0.8, between 0.7 and 0.9 at 95 % confidence. "
        "In the last 1 h 10 % was bad: 100 times what the budget allows. "
        "13.9 % of the budget of 30 d is used, 86.1 % is left; at this pace nothing is left in 6 h 12 min. "
        "Firing since 2026-01-01 00:00:00 UTC. Run run-1, firmware 2.4.1. Runbook: docs/runbooks/sps.F7.md"
    )


def test_an_overspent_budget_is_not_hidden() -> None:
    text = wording.firing(
        UNDER,
        wording.Occasion.of(sample(AT, Verdict.BAD)),
        snapshot(Counts(bad=2), Counts(good=998, bad=2)),
        TIER.long_s,
        Fraction(0),
    )
    assert "The budget of 30 d is overspent: 200 % of it is used." in text
    assert "left in" not in text


def test_cleared_says_for_how_long() -> None:
    text = wording.cleared(
        UNDER, wording.Occasion.of(sample(AT)), snapshot(Counts(good=360), Counts(good=259_164, bad=36)), AT - 340
    )
    assert text.startswith("g²(0) of sps-helios-01 burns its budget no faster than allowed (g²(0) < 0.5 in 99.9 % of 30 d).")
    assert "Fired for 5 min 40 s, cleared at 2026-01-01 00:00:00 UTC." in text


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (None, 0.07, "no value, below 0.07 at 95 % confidence."),
        (0.6, None, "no value, above 0.6 at 95 % confidence."),
        (None, None, "no value, without an interval."),
    ],
)
def test_one_sided_limits(lower: float | None, upper: float | None, words: str) -> None:
    assert words in wording._measured(wording.Occasion(estimate=estimate(lower, upper)))


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (Fraction(1, 3), "less than 1 s"),
        (Fraction(59), "59 s"),
        (Fraction(3_600), "1 h"),
        (Fraction(11_640), "3 h 14 min"),
        (Fraction(2_592_000), "30 d"),
        (Fraction(90_060), "1 d 1 h"),
        (Fraction(86_460), "1 d"),
    ],
)
def test_spans(seconds: Fraction, words: str) -> None:
    assert wording._span(seconds) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("99.9", "99.9"),
        ("0.001", "0.001"),
        ("100/9", "11.1"),
        ("100000", "100 000"),
        ("-999", "-999"),
        ("0", "0"),
        ("1/30000", "3.33e-05"),
    ],
)
def test_rounding(value: str, words: str) -> None:
    assert wording._rounded(Fraction(value)) == words


def test_what_no_measurement_made_turn_says_what_did() -> None:
    occasion = wording.Occasion(subject=SUBJECT, exclusion="new pump")
    text = wording.cleared(UNDER, occasion, snapshot(Counts(), Counts()), AT - 340)
    assert "Time was excluded: new pump." in text
    assert "Run" not in text.removesuffix("Runbook: docs/runbooks/sps.F7.md")


def test_silence_says_who_was_heard_last() -> None:
    last = wording.Occasion.of(sample(1_790_000_000))
    said = wording.silent(objective(), last, 600, 1_790_000_000)
    assert "of sps-helios-01 was last heard of at 2026-09-21 14:13:20 UTC, 10 min ago." in said
    assert "Last run run-1 with firmware 2.4.1." in said
    unknown = wording.silent(objective(), wording.Occasion(SUBJECT), 600, 1_790_000_000)
    assert "run" not in unknown.partition("Runbook")[0]
