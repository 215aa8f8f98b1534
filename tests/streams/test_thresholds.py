"""What samples say they lack is what the estimate lacks for the objectives in force, and it comes as far as the verdict's row."""

from fractions import Fraction

from schemas.ids import DeviceId, IndicatorId, RunId, SubjectId
from schemas.measurements import HomScan, Measurement
from schemas.records import IndicatorSample
from slo.catalogue import catalogue
from slo.definitions import load
from slo.objective import Operator
from slo.shortfall import shortfall
from streams.estimators.forecast import forecast
from streams.estimators.registry import estimators
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
    wanted = forecast(estimators()["hom-visibility"]([scan]), Operator.GREATER, Fraction("0.8"))
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
