"""What holds for every source: stretches touch, are sorted, and depend on nothing but parameters, seed and cuts."""

import numpy as np
import pytest

from producers.sources import (
    Analysers,
    CwParameters,
    CwSource,
    Detection,
    InterferenceParameters,
    InterferenceSource,
    PairParameters,
    PairSource,
    PulsedParameters,
    PulsedSource,
    Source,
)
from producers.sources.telegraph import Blinking

DETECTION = Detection(
    efficiency=(0.8, 0.5),
    transmission=0.45,
    background_hz=(2e4, 5e4),
    jitter_ps=60,
    dead_time_ps=30_000,
    afterpulse_ratio=0.02,
)
BLINKING = Blinking(on_s=2e-6, off_s=1e-6)
FOUR = Detection(efficiency=(0.5, 0.6, 0.7, 0.8), background_hz=(1e3,) * 4, jitter_ps=100)


def build(kind: str, seed: int) -> Source:
    match kind:
        case "pulsed":
            return PulsedSource(
                PulsedParameters(
                    rate_hz=4e6, g2=0.12, reexcited=0.5, pulse_ps=50, blinking=BLINKING, trigger_jitter_ps=20, detection=DETECTION
                ),
                seed,
            )
        case "cw":
            return CwSource(CwParameters(rate_hz=6e6, recovery_ps=3_000, g2=0.15, blinking=BLINKING, detection=DETECTION), seed)
        case "interference":
            return InterferenceSource(InterferenceParameters(rate_hz=5e6, g2=0.1, detection=DETECTION), seed)
        case "pairs":
            return PairSource(PairParameters(rate_hz=2e6, spread_ps=200, detection=DETECTION), seed)
        case "cascade":
            analysers = Analysers(fidelity=0.8)
            parameters = PairParameters(
                rate_hz=2e6, period_ps=12_500, statistics="single", cascade_ps=(300, 600), analysers=analysers, detection=FOUR
            )
            return PairSource(parameters, seed)
    raise AssertionError(kind)


@pytest.mark.parametrize("kind", ["pulsed", "cw", "interference", "pairs", "cascade"])
def test_stretches_are_sorted_touch_and_come_of_the_seed(kind: str) -> None:
    end = 0
    one, same, other = build(kind, 5), build(kind, 5), build(kind, 6)
    for duration in (10**9, 1, 7, 10**8, 12_499, 1, 3 * 10**10):
        time_ps, channel = one.advance(duration)
        assert time_ps.dtype == np.int64
        assert channel.dtype == np.uint8
        assert np.all(np.diff(time_ps) >= 0)
        assert time_ps.size == 0 or (time_ps[0] >= end and time_ps[-1] < end + duration)
        again = same.advance(duration)
        assert np.array_equal(time_ps, again[0])
        assert np.array_equal(channel, again[1])
        end += duration
    assert time_ps.size > 10_000
    assert set(channel.tolist()) == set(range(channel.max() + 1))
    assert not np.array_equal(one.advance(10**9)[0][:50], other.advance(10**9)[0][:50])


@pytest.mark.parametrize("kind", ["pulsed", "cw", "interference", "pairs", "cascade"])
def test_cuts_cost_no_photon(kind: str) -> None:
    whole, cut = build(kind, 3), build(kind, 3)
    expected = whole.advance(2 * 10**9)[0].size
    found = sum(cut.advance(10**6)[0].size for _ in range(2_000))
    assert abs(found - expected) < 6 * expected**0.5
