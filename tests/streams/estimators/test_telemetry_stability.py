"""Stability of readings: drift, scatter and Allan deviation; and a measured log that drifts slowly."""

from pathlib import Path

import numpy as np
import pytest

from producers.measurements import instrument_log
from schemas.ids import DeviceId
from schemas.telemetry import Reading, ReadingState, Telemetry
from streams.estimators.estimator import EstimatorError
from streams.estimators.telemetry_stability import ESTIMATOR

LOG = Path(__file__).parents[4] / "shared" / "data" / "nv-centre" / "temperature-monitoring14_LN2.xls"


def log(values, times=None, metric="cryostat.temperature", unit="K"):
    times = range(len(values)) if times is None else times
    return [
        Telemetry(
            device=DeviceId("qic-a"),
            source="probe",
            unix_ns=round(1.8e18) + round(time * 10**9),
            readings=(Reading(metric=metric, unit=unit, value=float(value)),),
        )
        for time, value in zip(times, values, strict=True)
    ]


def test_coverage_of_the_drift():
    held = 0
    for seed in range(200):
        values = 4.2 - 1e-3 * np.arange(60) + np.random.default_rng(seed).normal(0, 0.01, 60)
        estimate = ESTIMATOR(log(values)).estimate
        held += estimate.lower <= 0.059 <= estimate.upper
        assert estimate.parameters["drift"] < 0
    assert 0.90 <= held / 200 <= 0.99


def test_what_stands_still_has_no_lower_bound_above_zero():
    estimate = ESTIMATOR(log(4.2 + np.random.default_rng(1).normal(0, 0.01, 60))).estimate
    assert estimate.lower == 0
    assert estimate.upper < 0.02


def test_scatter_and_allan_deviation_are_told_too():
    values = 4.2 + np.random.default_rng(1).normal(0, 0.01, 200)
    rms = ESTIMATOR(log(values), {"statistic": "rms"}).estimate
    assert rms.value == pytest.approx(values.std(ddof=1))
    assert rms.lower < 0.01 < rms.upper
    allan = ESTIMATOR(log(values), {"statistic": "allan", "averaging_s": "4"}).estimate
    assert allan.value == pytest.approx(0.005, rel=0.3)
    with pytest.raises(EstimatorError, match="this record has 1, 2, 4"):
        ESTIMATOR(log(values), {"statistic": "allan", "averaging_s": "7"})


def test_uneven_spacing_has_a_drift_but_no_allan_deviation():
    times = np.cumsum(np.random.default_rng(1).uniform(0.5, 2, 50))
    uneven = ESTIMATOR(log(0.01 * times, times))
    assert uneven.estimate.value == pytest.approx(0.01 * (times[-1] - times[0]))
    assert "not evenly spaced" in uneven.estimate.warnings[0]
    with pytest.raises(EstimatorError, match="spacing is not even"):
        ESTIMATOR(log(0.01 * times, times), {"statistic": "allan"})


def test_metrics_and_units_must_be_plain():
    both = [*log([4.2] * 10), *log([1e-9] * 10, metric="cryostat.vibration", unit="m")]
    assert ESTIMATOR(both).estimate.parameters["metric"] == "cryostat.temperature"
    vibration = ESTIMATOR(both, {"metric": "Cryostat.Vibration", "unit": "m", "statistic": "rms"}).estimate
    assert (vibration.value, vibration.unit) == (pytest.approx(0, abs=1e-20), "m")
    with pytest.raises(EstimatorError, match="is in m, not K"):
        ESTIMATOR(both, {"metric": "cryostat.vibration"})
    with pytest.raises(EstimatorError, match=r"there are cryostat\.temperature in K"):
        ESTIMATOR(both, {"metric": "pressure"})
    with pytest.raises(EstimatorError, match="2 metrics in K"):
        ESTIMATOR([*both, *log([4.2], metric="magnet")])
    with pytest.raises(EstimatorError, match="two readings"):
        ESTIMATOR([*both, *log([4.2])])
    assert ESTIMATOR.usable(log([1.0], metric="laser.power", unit="W")) == ()


def test_readings_without_a_value_and_too_few():
    lost = Telemetry(
        device=DeviceId("qic-a"),
        source="probe",
        unix_ns=1,
        readings=(Reading(metric="cryostat.temperature", unit="K", value=None, state=ReadingState.TIMEOUT),),
    )
    found = ESTIMATOR([lost, *log([4.2] * 10)]).estimate
    assert found.counts == {"readings": 10, "missing": 1}
    assert "without a value" in found.warnings[-1]
    few = ESTIMATOR([lost, *log([4.2] * 3)]).estimate
    assert (few.value, few.lower) == (None, None)
    assert "a trend needs" in few.warnings[0]


@pytest.mark.skipif(not LOG.is_file(), reason="needs ../shared/data")
def test_the_measured_log_drifts():
    content = instrument_log.READER.read(LOG, instrument_log.LogOptions(time_unit="ms", value_unit="K"))
    found = ESTIMATOR(content.data, {"metric": "Tip Holder"}).estimate
    assert found.parameters["first"] == 119.403
    assert 0.5 < found.lower < found.value < found.upper < 0.7
    assert found.parameters["drift"] > 0
    assert found.parameters["duration_s"] == pytest.approx(52 * 60, abs=10)


def told(values, set_point):
    return [
        Telemetry(
            device=DeviceId("qic-a"),
            source="s",
            unix_ns=1_800_000_000 * 10**9 + number * 2 * 10**9,
            readings=(
                Reading(metric="cryostat.temperature", unit="K", value=float(value)),
                Reading(metric="cryostat.set_point", unit="K", value=set_point),
            ),
        )
        for number, value in enumerate(values)
    ]


def test_what_stays_away_from_its_set_point_has_departed():
    """Its drift is nothing, and its scatter too; still it is 3 K too warm."""
    noise = np.random.default_rng(1).normal(0, 0.002, 15)
    warm, cold = (ESTIMATOR(told(level + noise, 4.0)).estimate for level in (7.0, 4.0))
    assert warm.value == pytest.approx(3.0, abs=0.01)
    assert 2.9 < warm.lower <= warm.value <= warm.upper < 3.1
    assert cold.upper < 0.01
    assert ESTIMATOR(told(7.0 + noise, 4.0), {"statistic": "drift"}).estimate.value < 0.01


def test_coverage_of_departures():
    held = 0
    cases = [(offset, sigma) for offset in (0.0, 0.003, 0.02) for sigma in (0.002, 0.01)]
    for offset, sigma in cases:
        truth = float(np.hypot(offset, sigma))
        for seed in range(60):
            estimate = ESTIMATOR(told(4.0 + offset + np.random.default_rng(seed).normal(0, sigma, 30), 4.0)).estimate
            held += estimate.lower <= truth <= estimate.upper
    assert 0.90 <= held / (60 * len(cases)) <= 0.99
