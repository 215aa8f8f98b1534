import numpy as np
import pytest

from streams.estimators.accidentals import accidentals_expected
from streams.kernels.coincidence import CoincidenceSets, count_coincidences

WINDOW_PS, TIME_S = 20_000, 0.1


def test_accidentals_of_a_pair_are_the_product_of_its_rates_and_the_window():
    assert accidentals_expected((20_000, 30_000), 1.0, 1_000) == pytest.approx(20_000 * 30_000 * 1e-9)
    assert accidentals_expected((10, 10, 10), 0.0, 1_000) == 0.0


@pytest.mark.parametrize("fold", [2, 3, 4])
def test_light_without_correlations_makes_as_many(fold):
    singles = (600_000, 500_000, 400_000, 300_000)[:fold]
    generator = np.random.default_rng(fold)
    time_ps = generator.integers(0, int(TIME_S * 1e12), sum(singles))
    order = np.argsort(time_ps)
    totals = np.zeros(1, np.uint64)
    channel = np.repeat(np.arange(fold, dtype=np.uint8), singles)[order]
    count_coincidences(time_ps[order], channel, 0, WINDOW_PS, CoincidenceSets.of((tuple(range(fold)),)), totals)
    expected = accidentals_expected(singles, TIME_S, WINDOW_PS)
    assert int(totals[0]) == pytest.approx(expected, abs=5 * (fold * expected) ** 0.5)
