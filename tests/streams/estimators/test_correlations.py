import pytest
from scipy import stats

from streams.estimators.correlations import Part, correlation, summed, wilson


@pytest.mark.parametrize(("good", "trials"), [(0, 5), (5, 5), (3, 10), (999, 1_000)])
def test_wilson_is_the_library_s(good, trials):
    expected = stats.binomtest(good, trials).proportion_ci(0.95, method="wilson")
    assert wilson(good, trials, 0.95) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_accidentals_stretch_a_correlation():
    plain, cleaned = correlation(90, 10, 0.0, 0.95), correlation(95, 15, 5.0, 0.95)
    assert plain.value == pytest.approx(0.8)
    assert cleaned.value == pytest.approx(0.8)
    assert cleaned.upper - cleaned.lower > plain.upper - plain.lower
    with pytest.raises(ValueError, match="by accident"):
        correlation(3, 1, 2.0, 0.95)


def test_parts_add_in_squares_on_each_side():
    total = summed([Part(1.0, 0.0, 1.5), Part(2.0, 1.0, 4.0).times(-1.0)], 10.0)
    assert total.value == 9.0
    assert total.lower == pytest.approx(9 - (1 + 4) ** 0.5)
    assert total.upper == pytest.approx(9 + (0.25 + 1) ** 0.5)
