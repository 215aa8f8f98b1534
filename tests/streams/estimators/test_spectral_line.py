"""Lines: their centre and shape, and what is none."""

import numpy as np
import pytest
from scipy import special

from streams.estimators.spectral_line import find_line
from tests.streams.estimators.spectra import emission


@pytest.mark.parametrize(("lorentzian", "gaussian"), [(1e9, 1e6), (1e6, 1e9), (7e8, 5e8)])
def test_the_width_is_the_full_width_at_half_maximum(lorentzian, gaussian):
    """Against the profile itself, found where it has fallen to half."""
    line = find_line(emission(np.random.default_rng(1), lorentzian=lorentzian, gaussian=gaussian, photons=400_000))
    places = np.linspace(0, 2e9, 200_001)
    profile = special.voigt_profile(places, gaussian / np.sqrt(8 * np.log(2)), lorentzian / 2)
    half = 2 * places[np.argmax(profile < profile[0] / 2)]
    assert line.width_hz == pytest.approx(half, rel=0.02)
    assert line.measured_width_hz > line.width_hz
    assert line.centre_hz == pytest.approx(1e8, abs=4 * line.centre_error_hz)


def test_errors_of_the_centre_are_those_of_repetitions():
    lines = [find_line(emission(np.random.default_rng(seed), photons=500, background=1.0)) for seed in range(100)]
    spread = np.std([line.centre_hz for line in lines])
    assert np.median([line.centre_error_hz for line in lines]) == pytest.approx(spread, rel=0.25)


def test_wide_bins_and_background_are_taken_into_account():
    wide = find_line(emission(np.random.default_rng(2), bins=41, photons=100_000, background=50.0))
    assert wide.width_hz == pytest.approx(287e6, rel=0.15)  # bins are 488 MHz
    assert wide.fit.value("background") == pytest.approx(50, rel=0.1)


def test_what_is_no_line_is_told():
    for seed in range(20):
        assert "no line stands out" in find_line(emission(np.random.default_rng(seed), photons=0, background=20.0))
    assert find_line(emission(np.random.default_rng(1), photons=0)) == "no counts"
    assert "a line needs" in find_line(emission(np.random.default_rng(1), bins=5))


def test_two_lines_are_no_single_one():
    one, other = (emission(np.random.default_rng(1), centre=centre, photons=50_000) for centre in (-1e9, 1e9))
    both = type(one)(
        reference_hz=one.reference_hz,
        offset_hz=one.offset_hz,
        counts=tuple(np.add(one.counts, other.counts).tolist()),
        resolution_hz=one.resolution_hz,
    )
    assert "no single line" in find_line(both)
