"""Readout: fidelity and SNR of simulated clouds, judged without the shots that made the rule."""

import numpy as np
import pytest
from scipy import stats

from schemas.measurements import ReadoutShots
from streams.estimators.estimator import EstimatorError
from streams.estimators.readout import FIDELITY, SNR
from tests.streams.estimators.shots import shots

CASES = [
    {"separation": 4.0},
    {"separation": 3.0, "number": 1000, "wrong": (0.02, 0.1)},
    {"separation": 2.0},
    {"separation": 5.0, "wrong": (0.0, 0.02)},
]


def truth(separation, wrong=(0.01, 0.05), **_):
    return 1 - ((1 - sum(wrong)) * 2 * stats.norm.sf(separation / 2) + sum(wrong)) / 2


@pytest.mark.slow
def test_coverage_of_fidelity_and_snr():
    held, trials = {"threshold": 0, "clouds": 0, "snr": 0}, 0
    for case in CASES:
        for seed in range(40):
            data = [shots(np.random.default_rng(seed), **case)]
            trials += 1
            for rule in ("threshold", "clouds"):
                estimate = FIDELITY(data, {"rule": rule}).estimate
                held[rule] += estimate.lower <= truth(**case) <= estimate.upper
            snr = SNR(data).estimate
            held["snr"] += snr.lower <= case["separation"] <= snr.upper
    assert all(0.90 <= number / trials <= 0.99 for number in held.values()), held


def test_fidelity_and_what_of_it_is_the_preparation():
    found = FIDELITY([shots(np.random.default_rng(1), number=4000, wrong=(0.01, 0.1))])
    estimate = found.estimate
    assert estimate.lower < truth(4.0, (0.01, 0.1)) < estimate.upper
    assert estimate.value == pytest.approx(
        1 - (estimate.parameters["ground_read_excited"] + estimate.parameters["excited_read_ground"]) / 2
    )
    assert estimate.parameters["excited_preparation_error"] == pytest.approx(0.1, abs=0.02)
    assert found.raw == estimate.value
    assert found.corrected == pytest.approx(1 - stats.norm.sf(2), abs=0.005)
    assert found.model.goodness["p_value"] > 1e-3
    assert len(found.model.curves) == 2


def test_no_shot_judges_the_rule_that_it_made():
    """Of shots that hold nothing, a rule made of them all finds more than half right; one made of others does not."""
    values = []
    for seed in range(100):
        generator = np.random.default_rng(seed)
        ground, excited = (generator.normal(size=(40, 2)) for _ in range(2))
        values.append(
            FIDELITY(
                [ReadoutShots(ground_i=tuple(ground[:, 0]), ground_q=tuple(ground[:, 1]), excited_i=tuple(excited[:, 0]),
                              excited_q=tuple(excited[:, 1]))]
            ).estimate.value
        )  # fmt: skip
    assert np.mean(values) == pytest.approx(0.5, abs=0.02)


def test_perfect_readout_is_a_limit_from_below():
    estimate = FIDELITY([shots(np.random.default_rng(1), separation=30, wrong=(0, 0))]).estimate
    assert (estimate.value, estimate.upper) == (1, 1)
    assert 0.98 < estimate.lower < 1


def test_more_shots_tell_more():
    found = FIDELITY([shots(np.random.default_rng(1))])
    lower, upper = found.interval_of(100.0)
    assert found.estimate.lower < lower < found.estimate.value < upper < found.estimate.upper


def test_clouds_that_are_one_have_no_snr():
    estimate = SNR([shots(np.random.default_rng(1), separation=0.0)]).estimate
    assert (estimate.value, estimate.lower, estimate.upper) == (None, None, None)
    assert "not told apart" in estimate.warnings[0]


def test_few_shots_and_means_are_no_shots():
    few = ReadoutShots(ground_i=(1, 2), ground_q=(1, 3), excited_i=(4, 5), excited_q=(1, 1))
    for estimator in (FIDELITY, SNR):
        assert "2 shots of one state" in estimator([few]).estimate.warnings[0]
        assert estimator([few]).estimate.value is None
        none = ReadoutShots(ground_i=(), ground_q=(), excited_i=(), excited_q=())
        assert estimator([none]).estimate.value is None
        same = ReadoutShots(ground_i=(1,) * 30, ground_q=(1,) * 30, excited_i=(2,) * 30, excited_q=(1,) * 30)
        with pytest.raises(EstimatorError, match="give single shots"):
            estimator([same])
