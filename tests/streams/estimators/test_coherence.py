"""T1, T2, T2*, Rabi, swaps and ring-down: simulated truth, what the data cannot support, and a measured Rabi drive."""

from pathlib import Path

import numpy as np
import pytest

from producers.measurements import pulse_histogram_table
from schemas.measurements import CoherenceDecay
from streams.estimators.coherence import ESTIMATORS
from streams.estimators.estimator import EstimatorError

DATA = Path(__file__).parents[4] / "shared" / "data" / "nv-centre"
KNOWN = {each.name: each for each in ESTIMATORS}
SHAPES = {
    "inversion-recovery": lambda t: 2 * np.exp(-t) - 1,
    "echo": lambda t: np.exp(-t),
    "echo gaussian": lambda t: np.exp(-(t**2)),
    "echo between": lambda t: np.exp(-(t**1.5)),
    "ramsey": lambda t: np.cos(2 * np.pi * 5 * t) * np.exp(-(t**2)),
    "ramsey tuned": lambda t: np.exp(-(t**2)),
    "rabi": lambda t: -np.cos(2 * np.pi * t) * np.exp(-t / 6),
    "swap": lambda t: np.cos(2 * np.pi * 2 * t) * np.exp(-t / 3),
    "ring-down": lambda t: 2 * np.exp(-2 * np.pi * t) - 1,
}
CASES = [
    ("spin-t1", "inversion-recovery", 4, 21, 100),
    ("spin-t1", "inversion-recovery", 1, 11, 100),
    ("spin-t2", "echo", 3, 21, 200),
    ("spin-t2", "echo gaussian", 3, 21, 200),
    ("spin-t2", "echo between", 3, 21, 200),
    ("spin-t2", "ramsey", 2.5, 41, 100),
    ("spin-t2", "ramsey tuned", 2.5, 21, 100),
    ("rabi-period", "rabi", 5, 41, 50),
    ("swap-oscillation", "swap", 3, 41, 50),
    ("ring-down", "ring-down", 0.6, 21, 200),
]


def decay(shape, longest, points, shots, seed, contrast=0.9):
    """In units of the wanted time or frequency, all of which are 1."""
    times = np.linspace(0, longest, points)
    chance = 0.5 + 0.5 * contrast * SHAPES[shape](times)
    return CoherenceDecay(
        sequence=shape.split()[0],
        delay_s=tuple(times.tolist()),
        successes=tuple(np.random.default_rng(seed).binomial(shots, chance).tolist()),
        trials=(shots,) * points,
    )


@pytest.mark.parametrize("case", CASES, ids=[f"{name}-{shape}-{longest}" for name, shape, longest, *_ in CASES])
def test_every_quantity_is_found(case):
    name, *how = case
    found = KNOWN[name]([decay(*how[:-1], 40 * how[-1], seed=1)])
    assert found.estimate.value == pytest.approx(1, rel=0.1)
    assert found.estimate.lower < 1.05
    assert found.estimate.upper > 0.95
    assert found.model.goodness["p_value"] > 1e-3
    (curve,) = found.model.curves
    assert curve.data == pytest.approx(curve.model, abs=0.06)


@pytest.mark.slow
def test_coverage_of_times_and_frequencies():
    held = {}
    for name, *how in CASES:
        estimates = [KNOWN[name]([decay(*how, seed=seed)]).estimate for seed in range(40)]
        held[name, how[0], how[1]] = sum((each.lower or 0) <= 1 <= (each.upper or np.inf) for each in estimates)
    assert 0.90 <= sum(held.values()) / (40 * len(CASES)) <= 0.99, held
    assert min(held.values()) >= 34, held  # of 40 at 95 %, fewer come with a chance of 0.3 %


def test_a_sequence_too_short_for_its_time_is_a_limit():
    short = KNOWN["spin-t1"]([decay("inversion-recovery", 0.4, 11, 100, seed=3)]).estimate
    assert short.value is None
    assert short.upper is None
    assert 0.05 < short.lower < 1.0
    assert "one side only" in short.warnings[0]


def test_noise_is_no_decay():
    silent = 0
    for seed in range(20):
        estimate = KNOWN["spin-t2"]([decay("ramsey", 2.5, 41, 100, seed, contrast=0.0)]).estimate
        silent += (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
    assert silent == 20
    assert "nothing stands out of the noise" in estimate.warnings[0]


def test_what_is_asked_must_be_told_by_the_sequence():
    ramsey = decay("ramsey", 2.5, 41, 100, 1)
    with pytest.raises(EstimatorError, match="ramsey does not tell T1; it takes inversion-recovery"):
        KNOWN["spin-t1"]([ramsey])
    assert not KNOWN["spin-t1"].usable([ramsey])
    assert KNOWN["spin-t2"].usable([ramsey]) == (ramsey,)
    assert KNOWN["spin-t2"]([ramsey]).estimate.parameters["quantity"] == "T2*"
    with pytest.raises(EstimatorError, match="2 decays"):
        KNOWN["spin-t2"]([ramsey, ramsey])


def test_too_few_points_are_told():
    few = CoherenceDecay(sequence="echo", delay_s=(0.0, 1.0), successes=(5, 3), trials=(9, 9))
    assert "a fit needs 5" in KNOWN["spin-t2"]([few]).estimate.warnings[0]


def test_a_detuning_slower_than_the_decay_is_warned_of():
    times = np.linspace(0, 2.5, 81)
    signal = np.cos(2 * np.pi * 0.6 * times) * np.exp(-(times**2)) + np.random.default_rng(1).normal(0, 0.01, 81)
    slow = CoherenceDecay(sequence="ramsey", delay_s=tuple(times.tolist()), signal=tuple(signal.tolist()))
    assert "of a turn: detune" in KNOWN["spin-t2"]([slow]).estimate.warnings[-1]


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_the_measured_rabi_drive():
    (raw,) = DATA.glob("*laser_pulses.dat")
    options = pulse_histogram_table.PulseHistogramOptions(sequence="rabi", delay_first="10ns", delay_step="50ns")
    found = KNOWN["rabi-period"](
        pulse_histogram_table.READER.read(raw, options).data, {"signal": "140:290", "reference": "1000:2500"}
    )
    assert found.estimate.value == pytest.approx(730e-9, abs=5e-9)
    assert found.estimate.lower < 730e-9 < found.estimate.upper
    assert found.estimate.counts["photons"] > 5e8
