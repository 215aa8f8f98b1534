"""Finding the sync: clocks of every habit are found, detectors never taken for one."""

import numpy as np
import pytest

from producers.sources import CwParameters, CwSource, Detection, PulsedParameters, PulsedSource
from producers.sync import SAMPLE, find_sync, rhythm
from schemas.block import Times

SECOND_PS = 10**12


def photons(
    seed: int, *, period_ps: float, lifetime_ps: float = 400, jitter_ps: float = 50, rate_hz: float = 2e5
) -> tuple[Times, Times]:
    detection = Detection(jitter_ps=jitter_ps, background_hz=(100, 100))
    parameters = PulsedParameters(rate_hz=rate_hz, period_ps=period_ps, lifetime_ps=lifetime_ps, detection=detection)
    time_ps, channel = PulsedSource(parameters, seed).advance(SECOND_PS // 2)
    return time_ps[channel == 0], time_ps[channel == 1]


def ticks(count: np.ndarray, period_ps: float, jitter_ps: float, seed: int) -> Times:
    return np.sort(np.rint(count * period_ps + np.random.default_rng(seed).normal(0, jitter_ps, count.size)).astype(np.int64))


@pytest.mark.parametrize("period_ps", [3128.5, 12_500, 1_000_000])
@pytest.mark.parametrize("divider", [1, 8])
@pytest.mark.parametrize("jitter_ps", [3, 30])
@pytest.mark.parametrize("habit", ["every pulse", "before a photon", "around a photon"])
def test_a_clock_is_found(period_ps: float, divider: int, jitter_ps: float, habit: str) -> None:
    first, second = photons(7, period_ps=period_ps, rate_hz=min(2e5, 0.2e12 / period_ps))
    both, period = np.concatenate([first, second]), period_ps * divider
    before = np.unique(both // period)
    count = {
        "every pulse": np.arange(min(SAMPLE, int(SECOND_PS / 2 / period))),
        "before a photon": before,
        "around a photon": np.unique(np.concatenate([before, before + 1])),
    }[habit]
    found = find_sync({3: first, 1: second, 2: ticks(count, period, jitter_ps, 1)})
    assert found is not None
    assert found[0] == 2
    assert found[1].period_ps == pytest.approx(period, rel=1e-3)


@pytest.mark.parametrize("lifetime_ps", [30, 400, 4000])
@pytest.mark.parametrize("period_ps", [3128.5, 12_500])
def test_detectors_of_unequal_sharpness_are_none(lifetime_ps: float, period_ps: float) -> None:
    sharp = photons(1, period_ps=period_ps, lifetime_ps=lifetime_ps, jitter_ps=15)
    blunt = photons(2, period_ps=period_ps, lifetime_ps=lifetime_ps, jitter_ps=300)
    assert find_sync({0: sharp[0], 1: blunt[0]}) is None
    assert find_sync({0: sharp[0], 1: blunt[0], 2: blunt[1]}) is None
    assert find_sync({0: sharp[0], 1: sharp[1], 2: blunt[1]}) is None


def test_light_without_pulses_has_no_rhythm() -> None:
    time_ps, channel = CwSource(CwParameters(rate_hz=5e5, g2=0.1), 3).advance(SECOND_PS // 4)
    assert rhythm(time_ps[channel == 0]) is None
    assert find_sync({0: time_ps[channel == 0], 1: time_ps[channel == 1]}) is None


def test_one_detector_and_one_clock() -> None:
    first, _ = photons(5, period_ps=12_500)
    found = find_sync({0: first, 1: ticks(np.arange(SAMPLE), 12_500, 10, 2)})
    assert found is not None
    assert found[0] == 1


def test_a_clock_with_a_few_spurious_tags_is_found() -> None:
    first, second = photons(5, period_ps=12_500)
    clock = ticks(np.arange(SAMPLE), 12_500, 10, 2)
    spurious = np.random.default_rng(1).integers(0, int(clock[-1]), 200)
    found = find_sync({0: first, 1: second, 2: np.sort(np.concatenate([clock, spurious]))})
    assert found is not None
    assert found[0] == 2


def test_too_few_tags_tell_nothing() -> None:
    assert rhythm(np.arange(20) * 1000) is None
    assert find_sync({0: np.arange(20) * 1000, 1: np.arange(5) * 7}) is None
    assert find_sync({0: np.arange(2000) * 1000}) is None
    assert find_sync({}) is None
