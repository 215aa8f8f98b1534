import numpy as np
import pytest

from schemas.measurements import DelayHistogram, MeasurementError
from streams.estimators.estimator import EstimatorError
from streams.estimators.snapshots import total_of


def snapshot(counts, **others):
    told = {"of": "coincidences", "start_ps": -50.0, "bin_width_ps": 100.0, **others}
    return DelayHistogram(counts=tuple(int(count) for count in counts), **told)


def steady(number, mean=100.0, seed=1):
    return [snapshot(row) for row in np.random.default_rng(seed).poisson(mean / 4, (number, 4))]


def test_snapshots_are_summed_bin_by_bin():
    total = total_of(
        [
            snapshot([1, 2, 3], integration_s=2.0, accidentals_per_ps=0.5),
            snapshot([4, 0, 1], integration_s=3.0, accidentals_per_ps=0.25),
        ]
    )
    assert total.histogram.counts.tolist() == [5, 2, 4]
    assert total.histogram.first_edge_ps == -50
    assert (total.integration_s, total.accidentals_per_ps, total.snapshots) == (5.0, 0.75, 2)
    assert total_of([snapshot([1], integration_s=2.0), snapshot([1])]).integration_s is None


def test_steady_light_is_not_warned_of():
    for seed in range(20):
        total = total_of(steady(50, seed=seed))
        assert total.warnings == ()
        assert 0.4 < total.scatter < 1.9
    assert total_of(steady(1)).scatter is None
    assert total_of([snapshot([0, 0])] * 3).scatter is None


def test_light_that_changes_is():
    total = total_of([*steady(20, 100.0), *steady(20, 400.0)])
    assert total.scatter > 20
    assert "scatter" in total.warnings[0]


@pytest.mark.parametrize("other", [{"start_ps": 0.0}, {"bin_width_ps": 50.0}, {"of": "arrivals"}, {"period_ps": 1e4}])
def test_other_axes_do_not_add_up(other):
    with pytest.raises(EstimatorError, match="2 different axes"):
        total_of([snapshot([1, 2]), snapshot([1, 2], **other)])


def test_other_lengths_and_no_bins():
    with pytest.raises(EstimatorError, match="different axes"):
        total_of([snapshot([1, 2]), snapshot([1])])
    with pytest.raises(EstimatorError, match="without bins"):
        total_of([snapshot([])])
    for wrong in ({"bin_width_ps": 0.0}, {"bin_width_ps": float("nan")}, {"start_ps": float("inf")}):
        with pytest.raises(MeasurementError):
            snapshot([1], **wrong)
