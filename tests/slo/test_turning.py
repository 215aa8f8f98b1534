"""Hindsight turns alerts when the stream did: random objectives over random samples, through both."""

import random
from dataclasses import replace
from datetime import datetime
from fractions import Fraction

import pytest

from schemas.records import IndicatorSample, Verdict
from slo.assessment import assess
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.objective import EmptySlices, Method, Objective
from slo.period import CalendarWindow
from slo.sample_columns import columns_of, series_of_samples
from slo.tiers import Tier
from tests.slo.samples import definitions, objective, sample

T = 1_790_000_000
PERIOD_S = 400
WALL = datetime(2026, 1, 1, 0, 3)  # noqa: DTZ001 - a wall clock's


def some_objective(chance: random.Random) -> Objective:
    """Of any kind; also without tiers, and with alerts on how long the budget lasts."""
    tiers = [
        Tier(
            f"tier-{number}",
            chance.choice(["page", "ticket"]),
            chance.choice([10, 20, 30, 50]),
            chance.choice([60, 120, 200, 300]),
            Fraction(chance.choice([1, 2, 3, 5, 8])),
            chance.choice([0, 0, 3]),
        )
        for number in range(chance.choice([0, 0, 1, 2, 3]))
    ]
    made = objective(tiers, target=Fraction(9, 10), period_s=PERIOD_S)
    if chance.random() < 0.3:
        method = chance.choice([Method.TIMESLICES, Method.RATIO_TIMESLICES])
        empty = chance.choice(list(EmptySlices))
        made = replace(made, method=method, slice_s=chance.choice([20, 30, 50]), slice_ratio=Fraction(3, 4), empty_slices=empty)
    if chance.random() < 0.4:
        window = CalendarWindow(10, "m", WALL, "Europe/Berlin") if chance.random() < 0.5 else CalendarWindow(1, "h", WALL, "UTC")
        made = replace(made, window=window)
    elif chance.random() < 0.4:
        made = replace(made, event_window=chance.choice([5, 9, 20]))
    if chance.random() < 0.7:
        made = replace(made, exhaustion_alerts=(("page", chance.choice([30, 100])), ("ticket", chance.choice([200, 350]))))
    return made


def some_samples(chance: random.Random) -> list[IndicatorSample]:
    """Stretches of health, of breaches and of silence."""
    found, end, share = [], T, 0.1
    for _ in range(chance.randint(3, 60)):
        end += chance.choice([5, 10, 10, 10, 20, 70, 250])
        share = chance.choice([0.0, 0.1, 0.5, 1.0]) if chance.random() < 0.15 else share
        undecided = chance.random() < 0.1
        found.append(sample(end, Verdict.INSUFFICIENT if undecided else Verdict.BAD if chance.random() < share else Verdict.GOOD))
    return found


@pytest.mark.parametrize("first", range(0, 160, 40))
def test_alerts_turn_at_the_same_seconds(first: int) -> None:
    turned = 0
    for seed in range(first, first + 40):
        chance = random.Random(seed)
        under, samples = some_objective(chance), some_samples(chance)
        out = [Exclusion((samples[1].end_unix_s - 30) * NS, (samples[2].end_unix_s + 20) * NS, "pump")] * (seed % 3 == 0)
        evaluator = Evaluator(definitions(under))
        state = evaluator.initial()
        for each in out:
            state, _ = evaluator.exclude(state, each)
        stream = []
        for one in samples:
            state, evaluation = evaluator.step(state, one)
            stream += [(alert.since_unix_s, alert.severity, alert.firing) for alert in evaluation.alerts]
        (columns,) = columns_of(samples, ())
        assert under.criterion
        series = series_of_samples([columns], under.criterion)
        found = assess(under, series, samples[-1].end_unix_s * NS, exclusions=out, with_transitions=True)
        assert [(each.time_ns // NS, each.severity, each.firing) for each in found.transitions] == sorted(stream), seed
        (budget,) = evaluator.budgets(state)
        assert budget.remaining_ratio == found.snapshot.remaining_ratio, seed
        turned += len(stream)
    assert turned > 40
