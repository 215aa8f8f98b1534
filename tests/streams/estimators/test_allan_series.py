"""Allan deviation: against its definition, and on noise whose deviation is known."""

import numpy as np
import pytest

from streams.estimators.allan_series import allan_points, even_step_s


def slow(values, multiple):
    """By the definition, window by window."""
    squares = []
    for start in range(len(values) - 2 * multiple + 1):
        first, second = values[start : start + multiple], values[start + multiple : start + 2 * multiple]
        squares.append((np.mean(second) - np.mean(first)) ** 2)
    return np.sqrt(np.mean(squares) / 2)


def test_it_is_what_the_definition_says():
    values = np.random.default_rng(1).normal(4.2, 1e-3, 50)
    found = allan_points(values, 10.0, 0.95)
    assert [point.averaging_s for point in found] == [10, 20, 40, 80, 160]
    for number, point in enumerate(found):
        assert point.deviation == pytest.approx(slow(values, 2**number), rel=1e-9)


def test_white_noise_falls_with_the_root_of_the_time_and_is_covered():
    held = trials = 0
    for seed in range(200):
        for point in allan_points(np.random.default_rng(seed).normal(size=128), 1.0, 0.95)[:5]:
            held += point.lower <= point.averaging_s**-0.5 <= point.upper
            trials += 1
    assert 0.90 <= held / trials <= 0.99


def test_a_drift_grows_with_the_time():
    found = allan_points(np.arange(100.0), 1.0, 0.95)
    assert [point.deviation for point in found] == pytest.approx([point.averaging_s / np.sqrt(2) for point in found])


def test_even_spacing_is_demanded():
    assert even_step_s(np.arange(10) * 5.0 + 0.1) == 5
    assert even_step_s(np.array([0, 5, 10, 20.0])) is None
    assert even_step_s(np.array([0.0])) is None
