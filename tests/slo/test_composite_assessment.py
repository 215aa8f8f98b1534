"""Composites over whole series: what the stream says of the same samples, and every second's turns."""

from dataclasses import replace
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.records import IndicatorSample, Verdict
from slo.composite import combine
from slo.composite_assessment import assess_composite, measured
from slo.evaluation import Evaluator
from slo.exclusions import Exclusion
from slo.instant import NS
from slo.objective import Composite, Criterion, Mode, Objective, Operator, Part
from slo.series import Series, series_of
from slo.tiers import Tier
from tests.slo.samples import INDICATOR, SUBJECT, definitions, objective, sample

TIERS = (Tier("quick", "page", 20, 90, Fraction(3, 2)), Tier("slow", "ticket", 50, 200, Fraction(1), minimum_events=4))
STRICT, LOOSE = Part("strict", Fraction(1), Fraction("0.9")), Part("loose", Fraction(3), Fraction("0.8"))
rows = st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0.1, 0.4, 0.9])), min_size=1, unique_by=lambda row: row[0])


def made(mode: Mode) -> dict[str, Objective]:
    """Two objectives of one indicator, 0.2 and 0.6, and their composite."""

    def part(name: str, threshold: Fraction) -> Objective:
        criterion = Criterion(INDICATOR, "g²(0)", "1", Operator.LESS, threshold, ("sps",), 10)
        return replace(objective(name=name, period_s=300), criterion=criterion)

    whole = replace(objective(TIERS, name="whole", period_s=300), criterion=None, composite=Composite(mode, (STRICT, LOOSE)))
    return {"strict": part("strict", Fraction("0.2")), "loose": part("loose", Fraction("0.6")), "whole": whole}


def series(found: list[tuple[int, float]], threshold: float) -> Series:
    return series_of([((1_000 + 10 * slot) * NS, int(g2 < threshold), int(g2 >= threshold)) for slot, g2 in found], 10 * NS)


@settings(max_examples=80, deadline=None)
@given(rows, st.sampled_from(Mode), st.booleans())
def test_as_the_stream_says_and_second_by_second(found: list[tuple[int, float]], mode: Mode, out: bool) -> None:
    known = made(mode)
    composite = known["whole"].composite
    assert composite is not None
    exclusions = [Exclusion(1_100 * NS, 1_200 * NS, "test")] if out else []
    evaluator = Evaluator(definitions(*known.values()))
    state = evaluator.initial()
    for exclusion in exclusions:
        evaluator.exclude(state, exclusion)
    for slot, g2 in sorted(found):
        one = sample(1_000 + 10 * slot, Verdict.GOOD)
        judged = replace_bounds(one, g2)
        _, evaluation = evaluator.step(state, judged)
    (said,) = evaluation.composites
    given_series = {"strict": [series(found, 0.2)], "loose": [series(found, 0.6)]}
    at = 1_000 + 10 * max(slot for slot, _ in found)
    seen = assess_composite(known["whole"], composite, known, given_series, at * NS, exclusions=exclusions, with_transitions=True)
    assert (said.subject, said.at_unix_s) == (SUBJECT, at)
    assert seen.windows == {length: window.reading for length, window in said.windows}
    assert seen.remaining_ratio == said.remaining_ratio
    firing = {severity: standing.tiers for severity, standing in state.composites[SUBJECT, "whole"].items() if standing.firing}
    assert {state.tier.name for state in seen.tiers if state.firing} == {name for names in firing.values() for name in names}
    assert seen.alerts == tuple(severity for severity in ("page", "ticket") if severity in firing)

    def fires(now: int, tier: Tier) -> bool:
        for length in (tier.short_s, tier.long_s):
            inside = [
                g2
                for slot, g2 in found
                if now - length < 1_000 + 10 * slot <= now and not (out and 1_100 < 1_000 + 10 * slot <= 1_200)
            ]
            ratios = [Fraction(sum(g2 >= limit for g2 in inside), len(inside)) if inside else None for limit in (0.2, 0.6)]
            reading = combine(mode, [(STRICT, ratios[0]), (LOOSE, ratios[1])])
            if reading is None or reading.burn_rate <= tier.factor:
                return False
        return 2 * len(inside) >= tier.minimum_events

    expected, last = [], {"page": False, "ticket": False}
    for now in range(1_000, at + 1):
        for tier in TIERS:
            if fires(now, tier) != last[tier.severity]:
                last[tier.severity] = not last[tier.severity]
                expected.append((tier.severity, now, last[tier.severity]))
    assert [(turn.severity, turn.time_ns // NS, turn.firing) for turn in seen.transitions] == expected


def replace_bounds(one: IndicatorSample, g2: float) -> IndicatorSample:
    estimated = msgspec.structs.replace(one.estimate, value=g2, lower=g2, upper=g2)
    return msgspec.structs.replace(one, estimate=estimated)


def test_parts_of_parts_are_measured_once() -> None:
    known = made(Mode.WORST)
    whole = known["whole"].composite
    assert whole is not None
    outer = Composite(Mode.SERIAL, (Part("whole", Fraction(1), Fraction("0.5")), STRICT))
    assert measured(outer, known) == ["strict", "loose"]
    empty = series([], 0.2)
    nothing = assess_composite(known["whole"], outer, known, {"strict": [empty], "loose": [empty]}, 0)
    assert nothing.remaining_ratio is None
    assert nothing.parts == {"whole": None, "strict": None}
    with pytest.raises(KeyError):
        assess_composite(known["whole"], outer, known, {"strict": [empty]}, 0)
