"""Stability of lines and resonators over a run: the fits' own errors do not pass for wandering."""

import msgspec
import numpy as np
import pytest

from schemas.ids import DeviceId, RunId, SubjectId
from schemas.measurements import Measurement
from streams.estimators.frequency_stability import RESONATOR, SPECTRAL
from tests.streams.estimators.spectra import emission
from tests.streams.estimators.sweeps import FREQUENCY_HZ, resonator_sweep


def taken(data, seconds):
    """A measurement of one second."""
    start = 1_800_000_000 * 10**9 + round(seconds * 1e9)
    return Measurement(
        subject=SubjectId("qdp-a"),
        device=DeviceId("qdp-a"),
        run=RunId("r"),
        start_unix_ns=start,
        end_unix_ns=start + 10**9,
        data=data,
    )


def wandering(seed, own, number=10, photons=1000):
    generator = np.random.default_rng(seed)
    return [emission(generator, centre=own * generator.normal(), photons=photons) for _ in range(number)]


@pytest.mark.slow
def test_coverage_of_spectral_stability():
    held = trials = 0
    for own in (0.0, 1e7, 1e8):
        for seed in range(60):
            estimate = SPECTRAL(wandering(seed, own, number=6, photons=300)).estimate
            held += estimate.lower <= own <= estimate.upper
            trials += 1
    assert 0.90 <= held / trials <= 0.99


def test_fits_errors_are_taken_off():
    still, moving = (SPECTRAL(wandering(1, own, number=30, photons=200)) for own in (0.0, 2e8))
    assert still.estimate.lower == 0
    assert still.raw > still.estimate.value
    assert moving.estimate.lower < 2e8 < moving.estimate.upper
    assert moving.estimate.parameters["linewidth_hz"] == pytest.approx(3e8, rel=0.3)
    assert moving.estimate.parameters["of_linewidth"] == pytest.approx(
        moving.estimate.value / moving.estimate.parameters["linewidth_hz"]
    )
    assert moving.estimate.parameters["wavelength_pm"] == pytest.approx(
        moving.estimate.value * 2.99792458e8 / 3.2e14**2 * 1e12, rel=1e-4
    )


def test_a_resonator_that_drifts():
    kappa = FREQUENCY_HZ / 2e4
    generator = np.random.default_rng(1)
    sweeps = [
        taken(msgspec.structs.replace(sweep, frequency_hz=tuple(np.array(sweep.frequency_hz) + number * kappa / 10)), 10 * number)
        for number, sweep in enumerate(resonator_sweep(generator) for _ in range(8))
    ]
    estimate = RESONATOR(sweeps).estimate
    assert estimate.value == pytest.approx(kappa / 10 * np.std(range(8), ddof=1), rel=0.02)
    assert estimate.parameters["drift_hz_per_s"] == pytest.approx(kappa / 100, rel=0.02)
    assert "drifts" in estimate.warnings[0]
    assert estimate.parameters["linewidth_hz"] == pytest.approx(kappa, rel=0.05)
    alone = RESONATOR([one.data for one in sweeps]).estimate
    assert alone.value == pytest.approx(estimate.value)
    assert alone.parameters["drift_hz_per_step"] == pytest.approx(kappa / 10, rel=0.02)


def test_too_few_and_those_without_a_line():
    spectra = wandering(1, 0.0, number=2)
    estimate = SPECTRAL(spectra).estimate
    assert (estimate.value, estimate.lower) == (None, None)
    assert "by 3 or more" in estimate.warnings[0]
    dark = emission(np.random.default_rng(1), photons=0)
    lost = SPECTRAL([*spectra, dark]).estimate
    assert "1 could not be used: no counts" in lost.warnings[0]
    enough = SPECTRAL([*wandering(1, 0.0, number=4), dark]).estimate
    assert enough.counts == {"frequencies": 4}
    assert enough.warnings[0] == "1 of 5 could not be used: no counts"


def test_the_stream_gives_it_measurements_of_its_kind_only():
    spectrum, sweep = taken(emission(np.random.default_rng(1)), 0), taken(resonator_sweep(np.random.default_rng(1)), 1)
    assert SPECTRAL.series
    assert SPECTRAL.usable([spectrum]) == (spectrum,)
    assert SPECTRAL.usable([sweep]) == ()
    assert RESONATOR.usable([sweep]) == (sweep,)


def test_a_line_whose_place_has_no_error_is_left_out_and_not_guessed():
    """An instrument far too coarse for the line: its fits cannot always say how well they know it."""
    lines = wandering(1, 1e7, number=5)
    blurred = [emission(np.random.default_rng(seed), photons=100, resolution=8e9) for seed in (0, 1)]
    told = SPECTRAL([*lines, *blurred]).estimate
    assert told.value is not None
    assert told.counts == {"frequencies": 5}
    assert SPECTRAL(blurred).estimate.value is None
