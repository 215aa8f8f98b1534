import numpy as np
import pytest

from streams.estimators.coincidence_rates import accidentals_expected, estimate_car, estimate_rate


def test_accidentals_of_a_pair_are_the_product_of_its_rates_and_the_window():
    assert accidentals_expected((20_000, 30_000), 10**12, 1_000) == pytest.approx(20_000 * 30_000 * 1e-9)
    assert accidentals_expected((10, 10, 10), 0, 1_000) == 0.0


def test_intervals_hold_the_truth_as_often_as_they_say():
    generator = np.random.default_rng(5)
    rates = [estimate_rate(int(count), 2 * 10**12) for count in generator.poisson(40.0, 1_000)]
    assert 0.93 <= np.mean([each.lower <= 20.0 <= each.upper for each in rates]) <= 0.99
    pairs = zip(generator.poisson(330.0, 1_000), generator.poisson(60.0, 1_000), strict=True)
    cars = [estimate_car(int(c), 10**12, int(a), 2 * 10**12) for c, a in pairs]
    assert 0.93 <= np.mean([each.lower <= 10.0 <= each.upper for each in cars]) <= 0.99


def test_without_accidentals_a_lower_bound_alone():
    estimate = estimate_car(50, 10**12, 0, 10**12)
    assert (estimate.value, estimate.upper) == (None, None)
    assert estimate.lower > 5
    assert "lower bound" in estimate.warnings[0]


def test_without_live_time_no_number():
    assert estimate_rate(3, 0).value is None
    assert estimate_car(3, 0, 3, 0).value is estimate_car(3, 0, 3, 0).lower is None
