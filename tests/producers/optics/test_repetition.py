"""A source driven faster: dead time flattens its counts, and overlapping peaks spoil its purity."""

import math

import numpy as np
import pytest

from producers.optics.repetition import Repetition, driven
from producers.sources import Detection, PulsedParameters
from tests.producers.sources.oracles import covers

SOURCE = PulsedParameters(
    rate_hz=2e6, period_ps=12_500, g2=0.02, lifetime_ps=900, detection=Detection(efficiency=(0.8, 0.8), dead_time_ps=50_000)
)


def test_counts_flatten_two_hundred_seeds() -> None:
    """n/(1 + n·τ) of each detector; m photons a pulse at every rate."""
    plan = Repetition(rates_hz=(1e7, 1e9), seconds=0.01, probability=0.04)
    found = np.array([driven(SOURCE, plan, 0.5, np.random.default_rng(seed)).detected for seed in range(200)])
    for column, rate_hz in enumerate(plan.rates_hz):
        each = rate_hz * 0.04 * 0.5 / 2
        expected = 2 * each / (1 + each * 50e-9) * 0.01
        covers(found[:, column], math.sqrt(expected), expected)


def test_peaks_overlap_when_the_period_nears_the_lifetime() -> None:
    data = driven(SOURCE, Repetition(rates_hz=(2e7, 4e8), seconds=20.0, probability=0.02), 1.0, np.random.default_rng(2))
    slow, fast = (central * 10 / side for central, side in zip(data.central, data.side, strict=True))
    assert slow == pytest.approx(0.02, abs=0.005)
    spill = math.exp(-2_500 / 1_800)
    assert fast == pytest.approx(0.02 * (1 - spill) + spill, rel=0.02)
    assert data.triggers == (400_000_000, 8_000_000_000)
