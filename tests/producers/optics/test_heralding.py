"""Heralded photons: efficiency and purity that were put in, by the textbook's ratios."""

import math

import numpy as np

from producers.optics.heralding import Heralded, Pairs, heralded, paired
from tests.producers.sources.oracles import covers


def test_efficiency_two_hundred_seeds() -> None:
    """(C - A)/(R - D): accidentals from the singles, dark heralds from the time with the source off."""
    plan = Pairs(herald_hz=10_000, efficiency=0.25, takes_s=2, dark_s=10, window_ps=2_000)
    values, errors = [], []
    for seed in range(200):
        data = paired(plan, 0.8, 500, np.random.default_rng(seed))
        accidental = data.heralds * data.signals * 2e-9 / 2
        true = data.heralds - data.dark_heralds / 10 * 2
        values.append((data.coincidences - accidental) / true)
        errors.append(math.sqrt(0.2 * 0.8 / true) * 1.02)
    covers(values, errors, 0.2)


def test_purity_two_hundred_seeds() -> None:
    """N_h·N_h12/(N_h1·N_h2)."""
    values, errors = [], []
    for seed in range(200):
        data = heralded(Heralded(efficiency=0.2, takes_s=1), 1.0, 0.1, np.random.default_rng(seed))
        values.append(data.heralds * data.both / (data.first * data.second))
        errors.append(values[-1] / math.sqrt(50_000 * 0.1 * 0.04))
    covers(values, errors, 0.1)
