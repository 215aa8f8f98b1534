"""Heralds: rates, misses, throughput and latency quantiles held; the clock offset's error is part of the answer."""

import numpy as np
import pytest
from scipy import stats

from schemas.events import Checks, Command, Event, EventError, Heralds
from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import Trials
from streams.estimators.estimator import EstimatorError
from streams.estimators.latency_sketch import LatencySketch
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

KNOWN = estimators()
SECOND_NS = 1_000_000_000


def event(what, sequence=0, duration_s=1.0):
    start = sequence * 10 * SECOND_NS
    return Event(
        subject=SubjectId("a-b"),
        device=DeviceId("a"),
        run=RunId("r"),
        source="control",
        sequence=sequence,
        start_unix_ns=start,
        end_unix_ns=start + round(duration_s * SECOND_NS),
        what=what,
    )


def heralds(seed, *, rate=30.0, outside=0.0, offset_ns=0.0, seconds=2, told_offset=True):
    """Latencies are exponential about 3 ms after 2 ms, and all are off by one clock error."""
    generator = np.random.default_rng(seed)
    shift = generator.normal(0, offset_ns) if offset_ns else 0.0
    found = []
    for sequence in range(seconds):
        count = int(generator.poisson(rate))
        latency = 2e6 + generator.exponential(3e6, count) + shift
        found.append(
            event(
                Heralds(
                    attempts=10_000,
                    latency_ns=tuple(np.rint(latency).astype(int).tolist()),
                    outside_window=int(generator.binomial(count, outside)),
                    offset_error_ns=offset_ns if told_offset else 0.0,
                ),
                sequence,
            )
        )
    return found


def true_quantile(quantile):
    return (2e6 + stats.expon.ppf(quantile, scale=3e6)) / 1e9


def test_the_rate_is_held_and_raw_counts_all():
    found = covered(
        [
            (
                rate * (1 - outside),
                lambda seed, told=(rate, outside): (
                    KNOWN["entanglement-rate"](heralds(seed, rate=told[0], outside=told[1])).estimate
                ),
            )
            for rate, outside in ((30.0, 0.0), (4.0, 0.2), (200.0, 0.1))
        ],
        range(100),
    )
    assert 0.90 <= found.share <= 0.99
    one = KNOWN["entanglement-rate"](heralds(1, outside=0.5))
    assert one.raw > 1.5 * one.corrected
    assert one.estimate.parameters["integration_s"] == 2.0


def test_misses_are_held():
    found = covered(
        [
            (share, lambda seed, share=share: KNOWN["window-misses"](heralds(seed, rate=300, outside=share)).estimate)
            for share in (0.01, 0.1, 0.5)
        ],
        range(100),
    )
    assert 0.90 <= found.share <= 0.99
    assert KNOWN["window-misses"]([Trials(successes=1, trials=200)]).estimate.value == 0.005


def test_throughput_is_held():
    def estimate(seed, rate, good, checks):
        passed = int(np.random.default_rng(50_000 + seed).binomial(checks, good))
        return KNOWN["effective-throughput"]([*heralds(seed, rate=rate), Trials(successes=passed, trials=checks)]).estimate

    cases = [(30.0, 0.8, 50), (5.0, 0.95, 20), (200.0, 0.3, 100)]
    found = covered(
        [(rate * good, lambda seed, told=(rate, good, n): estimate(seed, *told)) for rate, good, n in cases], range(80)
    )
    assert 0.90 <= found.share <= 0.99
    none = KNOWN["effective-throughput"]([*heralds(1), Trials(successes=0, trials=20)]).estimate
    assert (none.value, none.lower) == (0, 0)
    assert 0 < none.upper < 15
    assert KNOWN["effective-throughput"](heralds(1)).estimate.value is None


def test_checks_that_the_link_tells_of_count_like_trials():
    told = heralds(1)
    beside = KNOWN["effective-throughput"]([*told, Trials(successes=48, trials=50)])
    among = KNOWN["effective-throughput"]([*told, event(Checks(checked=20, passed=19)), event(Checks(checked=30, passed=29))])
    assert among == beside
    with pytest.raises(EventError, match="3 groups"):
        Checks(checked=2, passed=3)


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_quantiles_are_held(quantile):
    found = covered(
        [
            (
                true_quantile(quantile),
                lambda seed, n=n: KNOWN["herald-latency"](heralds(seed, rate=n), {"quantile": quantile}).estimate,
            )
            for n in (60, 500)
        ],
        range(100),
    )
    assert 0.90 <= found.share <= 0.99


def test_the_clock_offset_s_error_is_part_of_the_answer():
    def share(told):
        cases = [
            (
                true_quantile(0.5),
                lambda seed: (
                    KNOWN["herald-latency"](
                        heralds(seed, rate=5_000, offset_ns=3e5, told_offset=told), {"quantile": 0.5}
                    ).estimate
                ),
            )
        ]
        return covered(cases, range(100)).share

    assert 0.90 <= share(told=True) <= 0.99
    assert share(told=False) < 0.6


def test_few_heralds_set_no_bound_to_a_high_quantile():
    found = KNOWN["herald-latency"](heralds(1, rate=20, seconds=1), {"quantile": 0.99}).estimate
    assert found.upper is None
    assert "no upper bound" in found.warnings[0]
    assert found.lower is not None
    assert {"p50_s", "p95_s", "p99_s"} <= set(found.parameters)


def test_a_sketch_says_what_its_latencies_say():
    every = heralds(3, rate=2_000, seconds=4)
    parts = []
    for one in every:
        parts.append(LatencySketch())
        parts[-1].add(one.what.latency_ns)
    exact, sketched = KNOWN["herald-latency"](every).estimate, KNOWN["herald-latency"](parts).estimate
    assert sketched.value == pytest.approx(exact.value, rel=0.006)
    assert sketched.lower <= exact.lower
    assert sketched.upper >= exact.upper
    assert sketched.counts == exact.counts
    assert parts[0].count == len(every[0].what.latency_ns)


def test_no_heralds_no_time_no_numbers():
    silent = [event(Heralds(attempts=1_000, latency_ns=()))]
    rate = KNOWN["entanglement-rate"](silent).estimate
    assert (rate.value, rate.lower) == (0, 0)
    assert rate.upper == pytest.approx(2.9957, abs=1e-3)
    assert KNOWN["herald-latency"](silent).estimate.value is None
    assert KNOWN["window-misses"](silent).estimate.value is None
    assert KNOWN["entanglement-rate"]([event(Heralds(attempts=1, latency_ns=(5,)), duration_s=0)]).estimate.value is None
    one = KNOWN["herald-latency"]([event(Heralds(attempts=1, latency_ns=(5,)))]).estimate
    assert (one.lower, one.upper) == (None, None)


def test_what_cannot_be_is_an_error():
    with pytest.raises(EstimatorError, match="none of the 1 events"):
        KNOWN["herald-latency"]([event(Command(name="x", tries=1, ok=True))])
    with pytest.raises(EstimatorError, match="overlap"):
        KNOWN["entanglement-rate"]([*heralds(1), *heralds(1)])
    with pytest.raises(EstimatorError, match="quantile"):
        KNOWN["herald-latency"](heralds(1), {"quantile": 1.0})
    with pytest.raises(EventError):
        Heralds(attempts=1, latency_ns=(1, 2))
