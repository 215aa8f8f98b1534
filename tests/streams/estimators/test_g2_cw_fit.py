"""The dip of continuous light: truth held through blur and background, models told apart, nothing clamped, nothing invented."""

import numpy as np
import pytest

from schemas.measurements import DelayHistogram
from streams.estimators.estimator import EstimatorError
from streams.estimators.registry import estimators
from tests.streams.estimators.coverage import covered

WIDTH, HALF, ZERO = 200.0, 40_000.0, 3_300.0


def dip(seed, *, g2=0.1, level=60.0, decay=3_000.0, fwhm=0.0, bunching=0.0, shelving=20_000.0, share=1.0):
    """Pairs drawn on a fine grid of true delays, thinned by g², then moved by the response: no formula of the estimator's."""
    generator = np.random.default_rng(seed)
    delay = generator.uniform(-2 * HALF, 2 * HALF, generator.poisson(level * (1 + bunching) * 4 * HALF / WIDTH))
    age = np.abs(delay)
    pure = 1 - (1 - g2) * ((1 + bunching) * np.exp(-age / decay) - bunching * np.exp(-age / shelving))
    seen = 1 + share**2 * (pure - 1)
    delay = delay[generator.uniform(0, 1 + bunching, delay.size) < seen]
    delay = delay + ZERO + generator.normal(0, fwhm / 2.354820045, delay.size)
    counts, _ = np.histogram(delay, int(2 * HALF / WIDTH), (-HALF, HALF))
    return DelayHistogram(
        of="coincidences", start_ps=-HALF, bin_width_ps=WIDTH, counts=tuple(counts.tolist()), accidentals_per_ps=level / WIDTH
    )


def outcome(data, **parameters):
    return estimators()["g2-cw-fit"]([data], parameters)


def test_intervals_hold_the_truth_through_blur_and_background():
    cases = [
        (0.05, {"g2": 0.05}, {}),
        (0.3, {"g2": 0.3, "fwhm": 1_500.0}, {"response_fwhm_ps": 1_500}),
        (0.1, {"g2": 0.1, "fwhm": 800.0, "share": 0.8}, {"response_fwhm_ps": 800, "signal_share": 0.8}),
        (0.0, {"g2": 0.0, "share": 0.7, "level": 25.0}, {"signal_share": 0.7}),
    ]
    found = covered(
        (
            truth,
            lambda seed, light=light, told=told: outcome(dip(seed, **light), levels="two", zero_delay_ps=ZERO, **told).estimate,
        )
        for truth, light, told in cases
    )
    assert found.silent <= 2  # a dip may be no deeper than chance
    assert 0.90 <= found.share <= 0.99


def test_jitter_fills_the_dip_as_the_formula_says():
    data = dip(1, g2=0.0, decay=1_000.0, fwhm=2_000.0, level=400.0)
    found = outcome(data, response_fwhm_ps=2_000)
    x = 2_000 / 2.354820045 / np.sqrt(2) / 1_000
    from scipy.special import erfcx

    assert found.raw == pytest.approx(1 - erfcx(x), abs=0.05)
    assert found.estimate.lower < 0 < found.estimate.upper
    assert outcome(data).estimate.lower > 0.2  # without the response the dip is taken as it is, and that is said
    assert any("response" in warning for warning in outcome(dip(1, decay=300.0, level=400.0)).estimate.warnings)


def test_background_is_put_right_and_its_error_widens():
    data = dip(2, g2=0.1, share=0.7, level=200.0)
    found = outcome(data, signal_share=0.7)
    assert found.estimate.parameters["with_background"] == pytest.approx(1 + 0.49 * (0.1 - 1), abs=0.05)
    assert found.estimate.lower < 0.1 < found.estimate.upper
    vague = outcome(data, signal_share=0.7, signal_share_error=0.05).estimate
    assert vague.upper - vague.lower > 1.5 * (found.estimate.upper - found.estimate.lower)


def test_values_below_zero_are_not_clamped():
    assert min(outcome(dip(seed, g2=0.0, share=0.6, level=20.0), signal_share=0.6).estimate.value or 0 for seed in range(8)) < 0


def test_the_third_level_is_found_and_only_where_it_is():
    three = outcome(dip(3, g2=0.1, bunching=0.8, level=150.0))
    assert "three-level" in three.estimate.method
    assert three.estimate.lower < 0.1 < three.estimate.upper
    assert three.model.parameters["shelving_time"].value == pytest.approx(20_000, rel=0.3)
    assert "two-level" in outcome(dip(3, g2=0.1, level=150.0)).estimate.method


@pytest.mark.parametrize("level", [0.0, 0.001, 0.05])
def test_too_few_counts_are_no_number(level):
    found = outcome(dip(1, level=level))
    assert found.estimate.value is None
    assert "few" in found.estimate.warnings[0]


def test_no_dip_is_no_number_unless_one_says_where_it_would_be():
    flat = dip(4, g2=1.0)
    assert "no dip" in outcome(flat).estimate.warnings[0]
    limit = outcome(flat, zero_delay_ps=ZERO, dip_time_ps=3_000).estimate
    assert limit.lower > 0.5
    assert limit.lower < 1 < limit.upper


def test_structure_is_refused():
    data = dip(5)
    counts = np.array(data.counts)
    counts[300:340] *= 3
    found = outcome(DelayHistogram(of="coincidences", start_ps=-HALF, bin_width_ps=WIDTH, counts=tuple(counts.tolist())))
    assert "from 21.7 to 27.9 ns" in found.refused  # bins 300 to 339 lie from 20 to 28 ns
    assert found.estimate.value is None


@pytest.mark.parametrize(
    "parameters",
    [{"signal_share": 0}, {"signal_share": 1.2}, {"response_fwhm_ps": -3}, {"dip_time_ps": 0}, {"normalisation": "singles"}],
)
def test_what_no_set_up_has_is_refused(parameters):
    data = DelayHistogram(of="coincidences", start_ps=0.0, bin_width_ps=WIDTH, counts=dip(0).counts)
    with pytest.raises(EstimatorError):
        outcome(data, **parameters)
