"""Signals of sequences: windows of arrivals, counts and errors; and a measured one, to the last of its values."""

from pathlib import Path

import numpy as np
import pytest

from producers.measurements import decay_table, pulse_histogram_table
from schemas.measurements import CoherenceDecay, PulseHistograms
from streams.estimators.estimator import EstimatorError
from streams.estimators.pulse_signal import SignalParameters, decay_data, windowed

DATA = Path(__file__).parents[4] / "shared" / "data" / "nv-centre"
WINDOWS = SignalParameters(signal="0:2", reference="2:4")


def histograms(*counts):
    return PulseHistograms(sequence="rabi", delay_s=tuple(map(float, range(len(counts)))), counts=counts)


def test_the_signal_is_the_ratio_of_the_means_of_two_windows():
    values, errors = windowed(histograms((30, 50, 10, 30), (0, 0, 10, 30)), WINDOWS)
    assert values.tolist() == [2.0, 0.0]
    assert errors[0] == pytest.approx(2 * np.sqrt(1 / 80 + 1 / 40))
    assert errors[1] > 0
    total, error = windowed(histograms((30, 50, 10, 30)), SignalParameters(signal="0:2"))
    assert (total[0], error[0]) == (80, pytest.approx(80**0.5))


@pytest.mark.parametrize(
    ("windows", "why"),
    [
        ({}, "signal=140:290"),
        ({"signal": "0-2"}, "no range of rows"),
        ({"signal": "2:2"}, "not within the 4 rows"),
        ({"signal": "0:5"}, "not within the 4 rows"),
        ({"signal": "0:2", "reference": "2:99"}, "not within the 4 rows"),
    ],
)
def test_windows_that_are_none_are_refused(windows, why):
    with pytest.raises(EstimatorError, match=why):
        windowed(histograms((1, 2, 3, 4)), SignalParameters(**windows))


def test_a_dark_reference_is_refused():
    with pytest.raises(EstimatorError, match="pulse 1 has no counts"):
        windowed(histograms((1, 2, 3, 4), (1, 2, 0, 0)), WINDOWS)


def test_decays_are_sorted_and_what_cannot_be_fitted_is_told():
    decay = CoherenceDecay(sequence="echo", delay_s=(4, 3, 2, 1, 0), successes=(1, 2, 3, 4, 5), trials=(9, 8, 7, 6, 5))
    data = decay_data(decay, SignalParameters())
    assert data.delay_s.tolist() == [0, 1, 2, 3, 4]
    assert data.values.tolist() == pytest.approx([1, 4 / 6, 3 / 7, 2 / 8, 1 / 9])
    few = CoherenceDecay(sequence="echo", delay_s=(1, 1, 1, 2, 3, 4), signal=(1,) * 6)
    assert "4 different lengths" in decay_data(few, SignalParameters())
    untried = CoherenceDecay(sequence="echo", delay_s=(0, 1, 2, 3, 4), successes=(0,) * 5, trials=(5, 5, 0, 5, 5))
    assert decay_data(untried, SignalParameters()) == "no trials at 2 s"
    with pytest.raises(EstimatorError, match="not below 0"):
        decay_data(CoherenceDecay(sequence="echo", delay_s=(-1,), signal=(1,)), SignalParameters())
    wrong = CoherenceDecay(sequence="echo", delay_s=(0, 1, 2, 3, 4), signal=(1,) * 5, signal_error=(1, 1, 0, 1, 1))
    with pytest.raises(EstimatorError, match="error that is not above 0"):
        decay_data(wrong, SignalParameters())


@pytest.mark.skipif(not DATA.is_dir(), reason="needs ../shared/data")
def test_the_measured_signal_is_what_its_makers_derived():
    (raw,) = DATA.glob("*laser_pulses.dat")
    (derived,) = DATA.glob("*pulsed_measurement.dat")
    options = pulse_histogram_table.PulseHistogramOptions(sequence="rabi", delay_first="10ns", delay_step="50ns")
    (data,) = pulse_histogram_table.READER.read(raw, options).data
    (expected,) = decay_table.READER.read(derived, decay_table.DecayOptions(sequence="rabi")).data
    values, errors = windowed(data, SignalParameters(signal="140:290", reference="1000:2500"))
    assert values.size == 25
    assert values == pytest.approx(expected.signal, rel=1e-15)
    assert errors == pytest.approx(expected.signal_error, rel=1e-9)
    assert data.delay_s == pytest.approx(expected.delay_s, rel=1e-12)
