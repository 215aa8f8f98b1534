"""Deviation of shot noise against its formula, of a plain definition, and how often the interval holds it."""

import numpy as np
import pytest

from streams.estimators.allan import SecondDifferences, estimate_allan


def differences(counts, multiple, width_ps=10**9):
    reached = np.concatenate(([0], np.cumsum(counts)))
    second = reached[2 * multiple :] - 2 * reached[multiple:-multiple] + reached[: -2 * multiple]
    return SecondDifferences(
        multiple * width_ps, multiple, second.size, sum(int(d) ** 2 for d in second), counts.size, int(counts.sum())
    )


@pytest.mark.parametrize("multiple", [1, 7, 50])
def test_shot_noise(multiple):
    truth = (5_000 / (multiple * 1e-3)) ** 0.5  # of 5 counts in a millisecond
    estimates = [estimate_allan(differences(np.random.default_rng(seed).poisson(5.0, 1_000), multiple)) for seed in range(300)]
    held = sum(each.lower <= truth <= each.upper for each in estimates)
    assert 0.90 <= held / 300 <= 0.99
    assert np.mean([each.value**2 for each in estimates]) == pytest.approx(truth**2, rel=0.1)
    assert estimates[0].parameters["shot_noise_hz"] == pytest.approx(truth, rel=0.05)


def test_the_value_is_the_definition_s():
    counts = np.random.default_rng(3).poisson(100.0, 200)
    rates = np.convolve(counts, np.ones(4), "valid") / 4e-3  # over 4 ms
    squares = [(rates[k + 4] - rates[k]) ** 2 for k in range(rates.size - 4)]
    assert estimate_allan(differences(counts, 4)).value == pytest.approx((np.mean(squares) / 2) ** 0.5, rel=1e-12)


def test_what_the_data_cannot_support_is_no_number():
    for few in (np.ones(1, int), np.ones(50, int)):
        estimate = estimate_allan(differences(few, 1) if few.size > 1 else SecondDifferences(10**9, 1, 0, 0, 1, 1))
        assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
        assert "support no deviation" in estimate.warnings[0]
