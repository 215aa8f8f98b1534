"""A clock's reading: offset, drift and jumps, without a gap and without losing a picosecond."""

import numpy as np
import pytest

from producers.clock import Clock, RunningClock
from producers.errors import SourceError

BLOCK_PS = 10**11


def test_a_true_clock_reads_true_time() -> None:
    clock = RunningClock(Clock(offset_ps=5e6))
    time_ps = np.array([0, 7, BLOCK_PS - 1])
    assert clock.true_ps(BLOCK_PS) == BLOCK_PS
    assert clock.read(time_ps, BLOCK_PS, BLOCK_PS).tolist() == time_ps.tolist()
    assert clock.offset_ps == 5e6


@pytest.mark.parametrize("drift_ratio", [1e-6, -3.7e-8, 0.05])
def test_drift_adds_up_over_stretches(drift_ratio: float) -> None:
    """So much true time passes that the clock gains its part of what it counts."""
    clock = RunningClock(Clock(drift_ratio=drift_ratio))
    true_ps = sum(clock.true_ps(BLOCK_PS) for _ in range(1000))
    assert true_ps == pytest.approx(1000 * BLOCK_PS * (1 - drift_ratio), abs=1)
    assert clock.offset_ps == pytest.approx(1000 * BLOCK_PS * drift_ratio)


def test_readings_fill_the_stretch() -> None:
    clock = RunningClock(Clock(drift_ratio=-1e-3))
    true_ps = clock.true_ps(BLOCK_PS)
    assert true_ps == 100_100_000_000
    read = clock.read(np.array([0, true_ps // 2, true_ps - 1]), true_ps, BLOCK_PS)
    assert read.tolist() == [0, BLOCK_PS // 2, BLOCK_PS - 1]


def test_a_jump_is_made_up_for_at_most_half_a_stretch_at_a_time() -> None:
    clock = RunningClock(Clock())
    clock.clock = Clock(offset_ps=0.8 * BLOCK_PS)
    passed = [clock.true_ps(BLOCK_PS) for _ in range(3)]
    assert passed == [BLOCK_PS // 2, round(0.7 * BLOCK_PS), BLOCK_PS]
    assert clock.offset_ps == pytest.approx(0.8 * BLOCK_PS)
    clock.clock = Clock()
    assert clock.true_ps(BLOCK_PS) == 1.5 * BLOCK_PS


def test_no_clock_drifts_by_half() -> None:
    with pytest.raises(SourceError):
        Clock(drift_ratio=0.5)
