import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.estimators.delays import DelayHistogram
from streams.estimators.peaks import PeakAreas
from streams.estimators.pulse_train import PulseTrain


@given(st.floats(10, 120), st.floats(-60, 60), st.integers(1, 5))
def test_peaks_are_contiguous_whole_and_disjoint(period, offset, bin_ps):
    counts = np.random.default_rng(1).integers(0, 9, 100).astype(np.uint64)
    histogram = DelayHistogram(-50 * bin_ps, bin_ps, counts)
    peaks = PeakAreas.of(histogram, PulseTrain(period, 0, offset, 0))
    expected = {}
    for i, count in enumerate(counts):
        number = int(np.floor((histogram.first_edge_ps + (i + 0.5) * bin_ps - offset) / period + 0.5))
        expected[number] = expected.get(number, 0) + int(count)
    for number in peaks.numbers:
        low, high = offset + (number - 0.5) * period, offset + (number + 0.5) * period
        assert histogram.first_edge_ps <= low + 1e-6
        assert high - 1e-6 <= histogram.end_ps
        assert peaks.area(number) == expected.get(number, 0)


def test_sides_are_the_nearest_that_are_there():
    peaks = PeakAreas(PulseTrain(10, 0, 0, 0), -3, np.arange(10, dtype=np.uint64))
    assert peaks.sides(0, 2) == (-2, -1, 1, 2)
    assert peaks.sides(-3, 2) == (-2, -1)
    assert peaks.total((0, 1)) == 3 + 4
