"""Numbers that wander: as far and as long as asked for, and the same whoever asks when."""

import numpy as np
import pytest

from producers.drift import Drift, Wandering
from producers.errors import SourceError


def test_spread_and_memory() -> None:
    drift = Drift(sigma=2.0, time_s=20)
    way = Wandering(drift, 1, "a")
    values = np.array([way.at(tick) for tick in range(100_000)])
    assert values.mean() == pytest.approx(0, abs=0.2)
    assert values.std() == pytest.approx(2, rel=0.05)
    assert np.corrcoef(values[:-20], values[20:])[0, 1] == pytest.approx(np.exp(-1), abs=0.05)


def test_the_way_depends_on_seed_number_and_time_alone() -> None:
    drift = Drift(sigma=1.0)
    every, some = Wandering(drift, 7, "a"), Wandering(drift, 7, "a")
    steps = [every.at(tick) for tick in range(50)]
    assert [some.at(tick) for tick in (3, 3, 10, 49)] == [steps[3], steps[3], steps[10], steps[49]]
    assert Wandering(drift, 8, "a").at(5) != Wandering(drift, 7, "b").at(5) != steps[5]


def test_a_calibration_brings_it_back() -> None:
    way = Wandering(Drift(sigma=1.0, time_s=1e6), 1, "a")
    way.at(10)
    way.recentre()
    assert abs(way.at(11)) < 0.01


def test_impossible_drifts_are_refused() -> None:
    with pytest.raises(SourceError):
        Drift(sigma=-1)
