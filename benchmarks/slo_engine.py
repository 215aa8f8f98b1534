"""How long the objectives' engine takes for 10,000 subjects under 10 objectives each, one core."""

import time
from dataclasses import replace

from benchmarks.result import Result, at_most
from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.records import Estimate, IndicatorSample
from slo.definitions import Definitions, load
from slo.evaluation import Evaluator

SUBJECTS, OBJECTIVES, PERIOD_S = 10_000, 10, 10
_MEASURED = 200
"""Subjects that are run; the others cost the same."""
_WARM, _TIMED = 30, 10
"""Rounds before windows slide, and rounds that are timed."""


def measure() -> list[Result]:
    return [
        at_most(f"SLO engine: {SUBJECTS:,} subjects × {OBJECTIVES} objectives, {what}", _seconds(bad_each), "s", PERIOD_S)
        for what, bad_each in (("healthy", 0), ("one sample in twenty bad", 20))
    ]


def _seconds(bad_each: int) -> float:
    """Processor time of one sample of every subject; every ``bad_each``-th is bad, none where 0."""
    shipped = next(each for each in load().objectives if each.name == "sps-g2-zero")
    objectives = tuple(replace(shipped, name=f"objective-{number}") for number in range(OBJECTIVES))
    evaluator = Evaluator(Definitions(objectives, (), (), (), ()))
    state, spent_s = evaluator.initial(), 0.0
    for turn in range(_WARM + _TIMED):
        samples = [
            _sample(subject, turn, bad=bool(bad_each) and (subject + turn) % bad_each == 0) for subject in range(_MEASURED)
        ]
        began_s = time.thread_time()
        for sample in samples:
            state, _ = evaluator.step(state, sample)
        if turn >= _WARM:
            spent_s += time.thread_time() - began_s
    return spent_s / _TIMED * SUBJECTS / _MEASURED


def _sample(subject: int, turn: int, *, bad: bool) -> IndicatorSample:
    lower, upper = (0.7, 0.9) if bad else (0.01, 0.02)
    name = f"sps-{subject}"
    estimate = Estimate(
        value=upper, lower=lower, upper=upper, confidence=0.95, counts={"central": 9, "side": 900}, unit="1", method="benchmark"
    )
    return IndicatorSample(
        subject=SubjectId(name),
        indicator=IndicatorId("sps.M1"),
        device=DeviceId(name),
        run=RunId("benchmark"),
        end_unix_s=1_800_000_000 + PERIOD_S * turn,
        integration_s=PERIOD_S,
        estimate=estimate,
    )
