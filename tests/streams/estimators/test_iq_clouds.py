"""Clouds of shots: found with what was prepared wrongly, and not seen where there is one."""

import numpy as np
import pytest
from scipy import stats

from streams.estimators.iq_clouds import find_clouds
from tests.streams.estimators.shots import TURN, shots


def rows(data):
    return np.stack((data.ground_i, data.ground_q), axis=1), np.stack((data.excited_i, data.excited_q), axis=1)


def test_centres_widths_and_wrong_preparations_are_found():
    found = find_clouds(*rows(shots(np.random.default_rng(1), number=20_000, wrong=(0.02, 0.1))))
    assert found.means[0] == pytest.approx([3, -2], abs=0.05)
    assert found.means[1] == pytest.approx(TURN @ [4, 0] + [3, -2], abs=0.05)
    assert found.wrong == pytest.approx([0.02, 0.1], abs=0.01)
    assert found.separation == pytest.approx(4, abs=0.05)
    assert found.overlap == pytest.approx(stats.norm.sf(2), rel=0.1)


@pytest.mark.slow
def test_errors_are_those_of_repetitions():
    found = [find_clouds(*rows(shots(np.random.default_rng(seed), separation=3.0))) for seed in range(100)]
    for function in (lambda each: each.separation, lambda each: float(each.wrong[1])):
        spread = np.std([function(each) for each in found])
        assert np.median([each.error_of(function) for each in found]) == pytest.approx(spread, rel=0.25)


def test_the_scale_and_place_of_the_plane_do_not_matter():
    ground, excited = rows(shots(np.random.default_rng(2)))
    plain, moved = find_clouds(ground, excited), find_clouds(ground * 1e-6 + 5, excited * 1e-6 + 5)
    assert moved.separation == pytest.approx(plain.separation, rel=1e-3)
    assert moved.wrong == pytest.approx(plain.wrong, abs=1e-3)


def test_one_cloud_and_no_clouds_are_told():
    for seed in range(20):
        assert "not told apart" in find_clouds(*rows(shots(np.random.default_rng(seed), separation=0.0)))
    assert "every shot is the same" in find_clouds(np.ones((30, 2)), np.ones((30, 2)))
    line = np.random.default_rng(1).normal(size=(30, 1)) * [1, 1]
    assert "without scatter" in find_clouds(line, line + 5)
