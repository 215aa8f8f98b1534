"""Arrival histograms: probability, mean and width that were put in."""

import math

import numpy as np
import pytest

from producers.optics.arrivals import Arrivals, Emission, arrived
from tests.producers.sources.oracles import SEEDS, covers


def test_probability_delay_and_width_twenty_seeds() -> None:
    """Photons a trigger; mean arrival = delay + lifetime; variance = lifetime² + jitter²."""
    plan = Arrivals(probability=0.1, photons=5_000, bin_width_ps=10, delay_ps=20_000)
    emission = Emission(lifetime_ps=400, jitter_ps=300, background_hz=0, brightness=0.8)
    ratios, means, widths, errors = [], [], [], []
    for seed in SEEDS:
        random = np.random.default_rng(seed)
        for _ in range(10):
            data = arrived(emission, plan, random)
            counts = np.array(data.counts)
            middle = (np.arange(counts.size) + 0.5) * 10
            count = counts.sum()
            assert data.triggers == 50_000
            ratios.append(count / 50_000)
            mean = (counts * middle).sum() / count
            means.append(mean)
            errors.append(500 / math.sqrt(count))
            widths.append((counts * (middle - mean) ** 2).sum() / (count - 1))
    covers(ratios, math.sqrt(0.08 / 50_000), 0.08)
    covers(means, errors, 20_400)
    # Fourth moment of an exponential and a Gaussian together: 9·l⁴ + 6·l²·s² + 3·s⁴.
    fourth = 9 * 400**4 + 6 * 400**2 * 300**2 + 3 * 300**4
    covers(widths, math.sqrt((fourth - 500**4) / 4_000), 500**2)


def test_background_is_flat() -> None:
    plan = Arrivals(probability=0.1, photons=1e5, bin_width_ps=1000)
    data = arrived(Emission(lifetime_ps=100, jitter_ps=10, background_hz=1e5, brightness=0.0), plan, np.random.default_rng(1))
    assert sum(data.counts) == pytest.approx(1e5 * 1e6 * 1e-7, rel=0.05)
    assert len(data.counts) == 100
    assert max(data.counts) < 2 * min(data.counts)
    assert (data.of, data.period_ps, data.integration_s) == ("arrivals", 100_000, pytest.approx(0.1))
