"""Trends: slopes with honest errors in white and in correlated noise, and breaks where there are some."""

import numpy as np
import pytest
from scipy import signal, stats

from streams.estimators.trend import trend_of

TIMES = np.arange(200.0)


def test_white_noise_gives_the_textbook_line():
    values = 5 + 0.01 * TIMES + np.random.default_rng(3).normal(0, 0.3, TIMES.size)
    found, expected = trend_of(TIMES, values), stats.linregress(TIMES, values)
    assert (found.level, found.slope) == pytest.approx((expected.intercept, expected.slope))
    assert found.error == pytest.approx(expected.stderr * np.sqrt((1 + found.correlation) / (1 - found.correlation)))
    assert found.breaks_s == ()


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.8])
def test_coverage_of_the_slope(correlation):
    held = 0
    for seed in range(300):
        white = np.random.default_rng(seed).normal(size=TIMES.size + 100)
        noise = signal.lfilter([1], [1, -correlation], white)[100:]
        lower, upper = trend_of(TIMES, 3 - 0.02 * TIMES + noise).bounds(0.95)
        held += lower <= -0.02 <= upper
    assert 0.90 <= held / 300 <= 0.99


def test_a_step_and_a_bend_are_found_and_noise_is_none():
    generator = np.random.default_rng(1)
    step = trend_of(TIMES, np.where(TIMES < 120, 0.0, 1.0) + generator.normal(0, 0.1, 200))
    assert step.breaks_s == (120,)
    bend = trend_of(TIMES, np.maximum(TIMES - 80, 0) * 0.05 + generator.normal(0, 0.1, 200))
    assert bend.breaks_s[0] == pytest.approx(80, abs=8)
    false = sum(bool(trend_of(TIMES, np.random.default_rng(seed).normal(size=200)).breaks_s) for seed in range(100))
    assert false == 0


def test_a_level_without_noise():
    found = trend_of(TIMES, np.full(200, 4.2))
    assert (found.slope, found.error) == pytest.approx((0, 0), abs=1e-15)
    assert found.breaks_s == ()
