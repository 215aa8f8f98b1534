"""Resonators: simulated truth in all geometries, the limits of what a sweep tells, and two measured ones."""

from dataclasses import replace
from math import cos
from pathlib import Path

import msgspec
import numpy as np
import pytest

from producers.measurements import sweep_table, touchstone
from streams.estimators.estimator import EstimatorError
from streams.estimators.resonator import LOSS, QUALITY, resonator
from tests.streams.estimators.sweeps import FREQUENCY_HZ, resonator_sweep

DATA = Path(__file__).parents[4] / "shared" / "data" / "resonator-s21"
measured = pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
CASES = [
    {},
    {"mismatch": 0.6, "noise": 0.1},
    {"geometry": "reflection"},
    {"geometry": "reflection", "coupling": 2.2e4, "mismatch": -0.2, "noise": 0.05},
    {"geometry": "transmission", "noise": 0.05},
    {"points": 60, "noise": 0.05},
    {"spans": 80, "noise": 0.03},
]


def holds(estimate, truth):
    return (estimate.lower or 0) <= truth <= (estimate.upper or np.inf)


@pytest.mark.slow
def test_coverage_of_loss_and_quality_factors():
    held, frequencies, trials = 0, 0, 0
    for case in CASES:
        mismatch, coupling = case.get("mismatch", 0.0), case.get("coupling", 3e4)
        internal = 1 / (1 / 2e4 - cos(mismatch) / coupling)
        for seed in range(20):
            sweep = resonator_sweep(np.random.default_rng(seed), **case)
            loss = LOSS([sweep]).estimate
            held += holds(loss, FREQUENCY_HZ / 2e4)
            frequencies += abs(loss.parameters["frequency_hz"] - FREQUENCY_HZ) < 1.97 * loss.parameters["frequency_error_hz"]
            trials += 1
            if case.get("geometry") != "transmission":
                held += holds(QUALITY([sweep], {"quality": "internal"}).estimate, internal)
                held += holds(QUALITY([sweep], {"quality": "coupling"}).estimate, coupling)
                trials += 2
    assert 0.90 <= held / trials <= 0.99
    assert 0.90 <= frequencies / (20 * len(CASES)) <= 0.99


def test_quality_and_loss_are_the_same_fit():
    sweep = resonator_sweep(np.random.default_rng(1))
    loss, quality = LOSS([sweep]), QUALITY([sweep])
    frequency = loss.estimate.parameters["frequency_hz"]
    assert quality.estimate.value == pytest.approx(frequency / loss.estimate.value)
    assert quality.estimate.upper == pytest.approx(frequency / loss.estimate.lower)
    assert {"f_r", "kappa", "Q_loaded", "Q_coupling", "Q_internal", "mismatch", "delay"} <= loss.model.parameters.keys()
    size, phase = loss.model.curves
    assert size.data == pytest.approx(size.model, abs=0.06)
    assert np.std(size.residuals) == pytest.approx(1, abs=0.2)
    assert np.std(phase.residuals) == pytest.approx(1, abs=0.2)


def test_the_frequency_told_is_not_the_loss_minimum_where_impedances_differ():
    sweep = resonator_sweep(np.random.default_rng(1), mismatch=0.6, noise=1e-5, points=2001)
    parameters = LOSS([sweep]).estimate.parameters
    lowest = sweep.frequency_hz[int(np.argmin(np.hypot(sweep.s_real, sweep.s_imag)))]
    assert parameters["frequency_hz"] == pytest.approx(FREQUENCY_HZ, abs=10)
    assert parameters["loss_minimum_hz"] == pytest.approx(lowest, abs=3e3)
    assert abs(lowest - FREQUENCY_HZ) > 3e4
    assert "not the loss minimum" in parameters["frequency_is"]


def test_an_internal_loss_below_notice_is_a_lower_limit_and_one_below_zero_no_number():
    low = QUALITY([resonator_sweep(np.random.default_rng(1), coupling=2.001e4, noise=0.05)], {"quality": "internal"}).estimate
    assert low.value is None
    assert 1e4 < low.lower < 4e7
    assert low.upper is None
    assert "a lower limit only" in low.warnings[0]
    other = QUALITY([resonator_sweep(np.random.default_rng(1), geometry="reflection", coupling=2.2e4)]).estimate
    assert other.value == pytest.approx(2e4, rel=0.02)
    wrong = resonator_sweep(np.random.default_rng(1), coupling=1.2e4)
    unphysical = QUALITY([wrong], {"quality": "internal"}).estimate
    assert (unphysical.value, unphysical.lower, unphysical.upper) == (None, None, None)
    assert "below 0" in unphysical.warnings[0]


def test_noise_gives_a_wider_interval_and_then_none():
    widths = []
    for noise in (0.01, 0.1, 0.3):
        estimate = LOSS([resonator_sweep(np.random.default_rng(4), noise=noise)]).estimate
        widths.append(estimate.upper - estimate.lower)
    assert widths[0] * 5 < widths[1] < widths[2]
    lost = LOSS([resonator_sweep(np.random.default_rng(4), noise=3)]).estimate
    assert (lost.value, lost.lower, lost.upper) == (None, None, None)
    assert "no resonance stands out of the noise" in lost.warnings[0]


def test_where_the_model_leaves_something_over_intervals_cover_a_line_that_curves():
    held, straight, told, internal = 0, 0, 0, 0
    for seed in range(4):
        sweep = resonator_sweep(np.random.default_rng(seed), points=401)
        place = (np.array(sweep.frequency_hz) - np.mean(sweep.frequency_hz)) / np.ptp(sweep.frequency_hz)
        s = (np.array(sweep.s_real) + 1j * np.array(sweep.s_imag)) * np.exp((0.3 - 0.3j) * place**2)
        sweep = msgspec.structs.replace(sweep, s_real=tuple(s.real.tolist()), s_imag=tuple(s.imag.tolist()))
        found = resonator(sweep)
        told += "were the line to curve" in LOSS([sweep]).estimate.warnings[0]
        held += found.width_bounds_hz(0.95)[0] <= FREQUENCY_HZ / 2e4 <= found.width_bounds_hz(0.95)[1]
        straight += replace(found, curved=None).width_bounds_hz(0.95)[0] <= FREQUENCY_HZ / 2e4
        internal += holds(QUALITY([sweep], {"quality": "internal"}).estimate, 6e4)
    assert (straight, told) == (0, 4)
    assert min(held, internal) >= 3


def test_the_nearer_of_two_is_taken_and_crowding_told():
    other = FREQUENCY_HZ + 1.2e6
    sweep = resonator_sweep(np.random.default_rng(5), others=[(other, 3e4, 0.3)])
    assert LOSS([sweep]).estimate.parameters["frequency_hz"] == pytest.approx(FREQUENCY_HZ, abs=3e3)
    near = LOSS([sweep], {"near_hz": other}).estimate
    assert near.value == pytest.approx(other / 3e4, rel=0.1)
    assert near.parameters["resonances"] == 2
    assert "modes crowd" in near.warnings[0]


def test_what_cannot_be_asked_is_refused():
    sweep = resonator_sweep(np.random.default_rng(1), geometry="transmission")
    with pytest.raises(EstimatorError, match="not calibrated"):
        QUALITY([sweep], {"quality": "internal"})
    with pytest.raises(EstimatorError, match="2 sweeps"):
        LOSS([sweep, sweep])


@measured
def test_the_measured_notch_resonator():
    (sweep,) = touchstone.READER.read(DATA / "notch" / "S21testdata.s2p", touchstone.TouchstoneOptions(geometry="notch")).data
    loss = LOSS([sweep])
    assert loss.estimate.parameters["frequency_hz"] == pytest.approx(5_922_518_993.5, abs=1e3)
    assert loss.estimate.value == pytest.approx(67_970, rel=0.1)
    fitted = {name: each.value for name, each in loss.model.parameters.items()}
    assert fitted["Q_loaded"] == pytest.approx(87_129, rel=0.1)
    assert fitted["Q_coupling"] == pytest.approx(273_318, rel=0.1)
    assert fitted["Q_internal"] == pytest.approx(127_756, rel=0.1)
    assert any("smooth" in warning for warning in loss.estimate.warnings)


def nbn(name):
    options = sweep_table.SweepTableOptions(geometry="notch", frequency_unit="Hz")
    (sweep,) = sweep_table.READER.read(DATA / "nbn" / f"RES-1_{name}.S2P", options).data
    return LOSS([sweep])


@pytest.mark.slow
@measured
def test_the_measured_niobium_nitride_resonator():
    cold = nbn("-10_DBM_TEMP_0.113")
    assert cold.estimate.parameters["frequency_hz"] == pytest.approx(8_174_954.3e3, abs=1e3)
    assert cold.model.parameters["Q_loaded"].value == pytest.approx(41_500, rel=0.02)
    assert 266_000 <= cold.model.parameters["Q_internal"].value <= 284_000
    warmer, warm = nbn("-10_DBM_TEMP_0.998"), nbn("-10_DBM_TEMP_2.037")
    internal = [one.model.parameters["Q_internal"].value for one in (cold, warmer, warm)]
    assert internal[0] > internal[1] > internal[2] > 20_000
    weak = nbn("-50_DBM_TEMP_0.111")
    assert (
        weak.model.parameters["kappa"].error / weak.estimate.value
        > 2 * cold.model.parameters["kappa"].error / cold.estimate.value
    )
    assert weak.estimate.lower < weak.estimate.parameters["width_curved_hz"] < weak.estimate.value < weak.estimate.upper
