"""Shapes of decays: told from another where the data can, and all of them covered where they cannot."""

import numpy as np
import pytest

from streams.estimators.curve_fit import Gaussian
from streams.estimators.decay_fit import SHAPES, DecayData, chance_of, fit_decays, joined

TIMES = np.linspace(0, 3, 60)


def data_of(values, noise, seed=1):
    values = values + np.random.default_rng(seed).normal(0, noise, values.size)
    errors = np.full(values.size, noise)
    return DecayData(TIMES, values, errors, Gaussian(values, errors))


@pytest.mark.parametrize(("exponent", "shape"), [(1.0, "exponential"), (2.0, "gaussian"), (3.0, "stretched")])
@pytest.mark.parametrize("frequency", [0.0, 2.5])
def test_the_shape_is_told_where_the_noise_allows(exponent, shape, frequency):
    data = data_of(0.5 + 0.4 * np.cos(2 * np.pi * frequency * TIMES) * np.exp(-(TIMES**exponent)), 0.003)
    shapes = ((), SHAPES) if frequency else (SHAPES, ())
    best = fit_decays(data, *shapes)[0]
    assert best.shape == shape
    assert best.exponent == pytest.approx(exponent, rel=0.05)
    assert best.time_s == pytest.approx(1, rel=0.03)
    if frequency:
        assert best.frequency_hz == pytest.approx(frequency, rel=0.01)
    assert best.model(TIMES) == pytest.approx(data.values, abs=0.015)


def test_shapes_that_look_alike_are_kept_together():
    several = sum(len(fit_decays(data_of(0.5 + 0.4 * np.exp(-TIMES), 0.2, seed), SHAPES, ())) > 1 for seed in range(20))
    assert several >= 5
    clear = sum(len(fit_decays(data_of(0.5 + 0.4 * np.exp(-TIMES), 0.002, seed), SHAPES[:2], ())) > 1 for seed in range(20))
    assert clear == 0
    assert joined([(1.0, 2.0), (0.5, 1.5)]) == (0.5, 2.0)
    assert joined([(1.0, 2.0), (0.5, None)]) == (0.5, None)
    assert joined([]) == (None, None)


def test_an_undamped_oscillation_has_no_decay_time():
    (best, *_) = fit_decays(data_of(np.cos(2 * np.pi * 1.7 * TIMES), 0.01), (), (*SHAPES, "undamped"))
    assert best.shape == "undamped"
    assert best.time_s is None
    assert best.time_bounds_s(0.95) == (None, None)
    assert best.frequency_hz == pytest.approx(1.7, rel=1e-3)


def test_a_level_is_no_decay_and_no_oscillation():
    for seed in range(20):
        data = data_of(np.full(TIMES.size, 0.5), 0.05, seed)
        for shapes in ((SHAPES, ()), ((), SHAPES)):
            assert chance_of(data, fit_decays(data, *shapes)[0]) > 1e-4
