"""Linewidths of simulated emission, with the instrument's part taken off."""

import numpy as np
import pytest

from streams.estimators.estimator import EstimatorError
from streams.estimators.linewidth import ESTIMATOR
from tests.streams.estimators.spectra import emission

CASES = [
    ({}, "voigt"),
    ({"photons": 1000, "gaussian": 0.0}, "lorentzian"),
    ({"lorentzian": 1e6, "gaussian": 5e8}, "voigt"),
    ({"lorentzian": 1e9, "gaussian": 5e8, "resolution": 1e9}, "voigt"),
    ({"lorentzian": 1e6, "gaussian": 5e6, "resolution": 1e9}, "voigt"),
    ({"bins": 51, "background": 2.0}, "voigt"),
]


def width(lorentzian=2.5e8, gaussian=1e8, **_):
    return 0.5346 * lorentzian + np.sqrt(0.2166 * lorentzian**2 + gaussian**2)


@pytest.mark.slow
def test_coverage():
    held = trials = 0
    for case, shape in CASES:
        for seed in range(40):
            estimate = ESTIMATOR([emission(np.random.default_rng(seed), **case)], {"shape": shape}).estimate
            held += (estimate.lower or 0) <= width(**case) <= (estimate.upper or np.inf)
            trials += 1
    assert 0.90 <= held / trials <= 0.99


def test_the_instrument_is_taken_off_and_the_raw_width_kept():
    found = ESTIMATOR([emission(np.random.default_rng(1), lorentzian=3e8, gaussian=0.0, resolution=1e9, photons=50_000)])
    assert found.estimate.value == pytest.approx(3e8, rel=0.1)
    assert found.corrected == found.estimate.value
    assert found.raw == pytest.approx(0.5346 * 3e8 + np.sqrt(0.2166 * 9e16 + 1e18), rel=0.02)
    assert found.estimate.parameters["peak_hz"] == pytest.approx(3.2e14 + 1e8, abs=1e8)
    assert found.model.goodness["p_value"] > 1e-3
    assert found.model.parameters["width"].unit == "Hz"
    blind = ESTIMATOR([emission(np.random.default_rng(1), lorentzian=3e8, gaussian=0.0, resolution=1e9)], {"resolution_hz": 0})
    assert blind.estimate.value > 9e8


def test_a_line_narrower_than_the_instrument_is_an_upper_limit():
    limited = ESTIMATOR([emission(np.random.default_rng(1), lorentzian=1e5, gaussian=0.0, resolution=1e9)]).estimate
    assert (limited.value, limited.lower) == (None, None)
    assert limited.upper < 5e8
    assert "an upper limit only" in limited.warnings[-1]


def test_what_cannot_be_asked_is_refused():
    spectrum = emission(np.random.default_rng(1))
    with pytest.raises(EstimatorError, match="2 spectra"):
        ESTIMATOR([spectrum, spectrum])
    with pytest.raises(EstimatorError, match="not below 0"):
        ESTIMATOR([spectrum], {"resolution_hz": -1})
    dark = ESTIMATOR([emission(np.random.default_rng(1), photons=0)]).estimate
    assert (dark.value, dark.warnings) == (None, ("no counts",))
