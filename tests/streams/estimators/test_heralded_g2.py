import numpy as np
import pytest

from streams.estimators.heralded_g2 import estimate_heralded_g2


def test_intervals_hold_the_truth_as_often_as_they_say():
    generator, held = np.random.default_rng(7), 0
    for _ in range(400):
        clicks = generator.multinomial(1_000_000, [0.0004, 0.0596, 0.0596, 0.8804])  # both, first alone, second, none
        both, first, second = int(clicks[0]), int(clicks[0] + clicks[1]), int(clicks[0] + clicks[2])
        estimate = estimate_heralded_g2(1_000_000, first, second, both)
        held += estimate.lower <= 0.0004 / 0.06**2 <= estimate.upper
    assert 0.90 <= held / 400 <= 0.99


def test_no_gate_with_both_is_an_upper_limit():
    estimate = estimate_heralded_g2(10_000, 100, 100, 0)
    assert (estimate.value, estimate.lower) == (0.0, 0.0)
    assert estimate.upper == pytest.approx(2.996, abs=0.01)


def test_a_detector_that_never_clicked_is_no_number():
    assert estimate_heralded_g2(10_000, 0, 100, 0).value is None
