"""What samples say they lack is what the estimate lacks for the objectives in force, and it comes as far as the verdict's row."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
from scipy import special, stats

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.measurements import HomScan, Measurement
from schemas.records import IndicatorSample
from slo.catalogue import catalogue
from slo.definitions import load
from slo.objective import Operator
from slo.shortfall import shortfall
from slo.timeline import timeline
from slo.turning import transitions
from streams.estimators.estimator import IntervalKind
from streams.estimators.forecast import forecast
from streams.estimators.registry import estimators
from streams.estimators.sequences import count_ratio_interval
from streams.sampling import Sampler
from streams.thresholds import Thresholds

NS = 10**9
DEFINITIONS = load()


def sampled(parallel: int, perpendicular: int) -> IndicatorSample:
    sampler = Sampler(catalogue(), estimators(), thresholds=Thresholds(DEFINITIONS))
    (one,) = sampler.measurement(
        Measurement(
            subject=SubjectId("sps-a"),
            device=DeviceId("sps-a"),
            run=RunId("r"),
            start_unix_ns=NS,
            end_unix_ns=11 * NS,
            data=HomScan(parallel=parallel, perpendicular=perpendicular),
        )
    )
    return one


def test_an_undecided_sample_says_what_it_lacks() -> None:
    scan = HomScan(parallel=15, perpendicular=100)
    outcome = estimators()["hom-visibility"]([scan], {"interval": "time-uniform"})
    wanted = forecast(outcome, Operator.GREATER, Fraction("0.8"))
    (objective,) = DEFINITIONS.about(IndicatorId("sps.M2"), "sps")
    one = sampled(scan.parallel, scan.perpendicular)
    lacks = shortfall(one, objective)
    assert wanted is not None
    assert lacks is not None
    assert (lacks.operator, lacks.threshold, lacks.more) == ("gt", "4/5", wanted.more)


def test_the_decided_and_the_empty_lack_nothing() -> None:
    assert sampled(10, 1_000).lacks == ()
    assert sampled(0, 0).lacks == ()
    unknown = Thresholds().shortfalls(
        IndicatorId("sps.M2"), "sps", estimators()["hom-visibility"]([HomScan(parallel=15, perpendicular=100)])
    )
    assert unknown == ()


def test_what_may_page_is_judged_by_an_interval_for_any_number_of_looks() -> None:
    under = Thresholds(DEFINITIONS)
    assert under.interval(IndicatorId("sps.M1"), "sps") == "time-uniform"
    assert under.interval(IndicatorId("sps.M10"), "sps") == "fixed"  # a ticket at most
    assert under.interval(IndicatorId("sps.M1"), "qdp") == "fixed"
    assert Thresholds().interval(IndicatorId("sps.M1"), "sps") == "fixed"
    assert sampled(10, 1_000).estimate.parameters["interval"] == "time-uniform"


LIMIT, SIDES, LEVEL, SPAN_S, EVERY_S = 0.5, 20, 100, 2 * 86_400, 10
CHANCE = LIMIT / (LIMIT + SIDES)
Counts = npt.NDArray[np.int64]


def beyond(kind: IntervalKind, central: Counts, side: Counts) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    """Where the whole interval of g² lies below the limit, and where above, for many counts at once."""
    every = central + side
    if kind == "fixed":
        return stats.binom.cdf(central, every, CHANCE) < 0.025, stats.binom.sf(central - 1, every, CHANCE) < 0.025
    mixture = special.betaln(central + 0.5, side + 0.5) - special.betaln(0.5, 0.5)
    out = mixture - special.xlogy(central, CHANCE) - special.xlog1py(side, -CHANCE) > np.log(20)
    return out & (central < CHANCE * every), out & (central > CHANCE * every)


def pages(kind: IntervalKind, g2: float) -> int:
    """In two days of windows of a source that stays as it is, under the shipped objective."""
    (objective,) = DEFINITIONS.about(IndicatorId("sps.M1"), "sps")
    generator, windows = np.random.default_rng(1), SPAN_S // EVERY_S
    good, bad = beyond(kind, generator.poisson(g2 * LEVEL, windows), generator.poisson(SIDES * LEVEL, windows))
    ends_ns = (np.arange(1, windows + 1) * EVERY_S * NS).astype(np.int64)
    line = timeline(ends_ns, good.astype(np.int64), bad.astype(np.int64), 1)
    return sum(one.severity == "page" and one.firing for one in transitions(objective, line, int(ends_ns[-1])))


@pytest.mark.parametrize("kind", ["fixed", "time-uniform"])
def test_verdicts_on_many_windows_are_those_of_their_intervals(kind: IntervalKind) -> None:
    generator = np.random.default_rng(2)
    central, side = generator.poisson(LIMIT * LEVEL, 60) + generator.integers(-45, 45, 60), generator.poisson(SIDES * LEVEL, 60)
    bounds = [count_ratio_interval(kind, int(one), int(other), SIDES, 0.95) for one, other in zip(central, side, strict=True)]
    good, bad = beyond(kind, central, side)
    assert good.tolist() == [upper < LIMIT for _, upper in bounds]
    assert bad.tolist() == [lower > LIMIT for lower, _ in bounds]
    assert 5 < good.sum() < 55
    assert 5 < bad.sum() < 55


def test_a_healthy_source_near_its_limit_pages_nobody() -> None:
    one_error_inside = LIMIT - (LIMIT * LEVEL * (1 + LIMIT / SIDES)) ** 0.5 / LEVEL
    assert pages("fixed", one_error_inside) > 5, "what 95 % for one look would bring"
    assert pages("time-uniform", one_error_inside) == 0
    assert pages("time-uniform", LIMIT) == 0
    assert pages("time-uniform", 0.8) > 0
