"""Vacuum Rabi splitting: g and C of simulated avoided crossings, resonant and detuned, strong and weak."""

from pathlib import Path

import numpy as np
import pytest

from producers.measurements import touchstone
from streams.estimators.coupled_resonator import COOPERATIVITY, COUPLING
from tests.streams.estimators.sweeps import coupled_sweep, resonator_sweep

NOTCH = Path(__file__).parents[4] / "shared" / "data" / "resonator-s21" / "notch" / "S21testdata.s2p"
CASES = [
    {"g": 5e6, "kappa": 2e6, "gamma": 1e6},
    {"g": 5e6, "kappa": 2e6, "gamma": 1e6, "detuning": 3e6},
    {"g": 8e6, "kappa": 1e6, "gamma": 3e6, "detuning": -5e6},
    {"g": 1e6, "kappa": 4e6, "gamma": 0.5e6},  # a narrow spin in a wide resonator: a dip, no splitting to see
]


@pytest.mark.slow
def test_coverage_of_coupling_and_cooperativity():
    held, trials = {"g": 0, "C": 0}, 0
    for case in CASES:
        for seed in range(20):
            sweep = coupled_sweep(np.random.default_rng(seed), **case, noise=0.02)
            coupling, cooperativity = COUPLING([sweep]).estimate, COOPERATIVITY([sweep]).estimate
            held["g"] += coupling.lower <= case["g"] <= coupling.upper
            held["C"] += cooperativity.lower <= 4 * case["g"] ** 2 / case["kappa"] / case["gamma"] <= cooperativity.upper
            trials += 1
    assert all(0.90 <= number / trials <= 0.99 for number in held.values()), held


def test_the_splitting_at_resonance_is_twice_the_coupling():
    found = COUPLING([coupled_sweep(np.random.default_rng(1), g=6e6, kappa=1e6, gamma=1e6, noise=1e-3)])
    assert found.estimate.parameters["splitting_hz"] == pytest.approx(12e6, rel=2e-3)
    fitted = {name: each.value for name, each in found.model.parameters.items()}
    assert [fitted[name] for name in ("g", "kappa", "gamma")] == pytest.approx([6e6, 1e6, 1e6], rel=0.02)
    assert fitted["cooperativity"] == pytest.approx(144, rel=0.05)
    assert len(found.model.curves) == 2


@pytest.mark.slow
def test_without_a_spin_there_is_no_coupling():
    for seed in range(20):
        estimate = COUPLING([coupled_sweep(np.random.default_rng(seed), g=0, kappa=2e6, gamma=1e6)]).estimate
        assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
    assert "no splitting" in estimate.warnings[0]
    assert COOPERATIVITY([resonator_sweep(np.random.default_rng(1), noise=3)]).estimate.value is None


def test_weak_coupling_is_told():
    estimate = COUPLING([coupled_sweep(np.random.default_rng(1), g=0.7e6, kappa=2e6, gamma=2e6, noise=5e-3)]).estimate
    assert estimate.lower < 0.7e6 < estimate.upper
    assert "weak coupling" in estimate.warnings[0]


@pytest.mark.skipif(not NOTCH.is_file(), reason="needs ../shared/data")
def test_imperfections_of_a_measured_line_are_no_spin():
    data = touchstone.READER.read(NOTCH, touchstone.TouchstoneOptions(geometry="notch")).data
    estimate = COUPLING(data).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
    assert "no splitting" in estimate.warnings[0]
