"""Pairs against counting: heralding, accidentals, multi-pairs, cascades, analysers, and two nodes that share one source."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.sources import Analysers, Detection, PairParameters, PairSource
from tests.producers.sources.oracles import SECOND_PS, SEEDS, covers, delays

PERIOD_PS = 12_500


def coincidences(time_ps: np.ndarray, channel: np.ndarray, first: int, second: int, half_ps: int) -> int:
    return delays(time_ps[channel == first], time_ps[channel == second], half_ps).size


def test_heralding_efficiency_twenty_seeds() -> None:
    """Klyshko: coincidences less accidentals over heralds is the other arm's transmission and efficiency."""
    parameters = PairParameters(
        rate_hz=4e5,
        spread_ps=300,
        transmission=(0.5, 0.7),
        detection=Detection(efficiency=(0.6, 0.8), background_hz=(2e3, 5e3), jitter_ps=50),
    )
    values, errors = [], []
    half_ps = 6_000
    for seed in SEEDS:
        source = PairSource(parameters, seed)
        for _ in range(10):
            time_ps, channel = source.advance(SECOND_PS // 20)
            singles = np.bincount(channel, minlength=2)
            together = coincidences(time_ps, channel, 0, 1, half_ps)
            accidental = singles[0] * singles[1] * 2 * half_ps / (SECOND_PS / 20)
            heralds = singles[0] - 2e3 / 20
            values.append((together - accidental) / heralds)
            errors.append(math.sqrt(0.56 * 0.44 / heralds + accidental / heralds**2))
    covers(values, errors, 0.7 * 0.8)


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["poisson", "thermal", "single"])
def test_multi_pairs_twenty_seeds(statistics: str) -> None:
    """Heralded g2 = N_h·N_h12/(N_h1·N_h2), each counted once a pulse, against the sum over numbers of pairs."""
    mean, herald, signal = 0.15, 0.4, 0.3
    detection = Detection(efficiency=(herald, 2 * signal, 2 * signal), background_hz=(0.0,) * 3)
    parameters = PairParameters(rate_hz=mean / 12_500e-12, period_ps=PERIOD_PS, statistics=statistics, detection=detection)  # type: ignore[arg-type]
    number = np.arange(60)
    distribution = {
        "poisson": np.array([math.exp(-mean) * mean**n / math.factorial(n) for n in range(60)]),
        "thermal": (mean / (1 + mean)) ** number / (1 + mean),
        "single": np.array([1 - mean, mean] + [0.0] * 58),
    }[statistics]
    clicks = 1 - (1 - herald) ** number
    probability = {
        "h": (distribution * clicks).sum(),
        "h1": (distribution * clicks * (1 - (1 - signal) ** number)).sum(),
        "h12": (distribution * clicks * (1 - 2 * (1 - signal) ** number + (1 - 2 * signal) ** number)).sum(),
    }
    pulses = 800_000
    values = []
    for seed in SEEDS:
        source = PairSource(parameters, seed)
        for _ in range(10):
            time_ps, channel = source.advance(pulses * PERIOD_PS // 10)
            pulse = time_ps // PERIOD_PS
            one, two = (np.intersect1d(pulse[channel == 0], pulse[channel == n]) for n in (1, 2))
            values.append((np.unique(pulse[channel == 0]).size, one.size, np.intersect1d(one, two).size))
    heralds, ones, threes = np.array(values).T
    trials = pulses / 10
    for found, key in ((heralds, "h"), (ones, "h1"), (threes, "h12")):
        expected = trials * probability[key]
        if expected > 1e-6:
            covers(found, math.sqrt(expected * (1 - probability[key])), expected)
        else:
            assert not found.any()


def test_photons_of_down_conversion_come_together_and_of_a_cascade_in_turn() -> None:
    detection = Detection(efficiency=(1.0, 1.0))
    born = PairSource(PairParameters(rate_hz=1e5, spread_ps=250, detection=detection), 1).advance(SECOND_PS)
    apart = delays(born[0][born[1] == 0], born[0][born[1] == 1], 3_000)
    assert np.abs(apart).mean() == pytest.approx(250, rel=0.02)
    assert apart.mean() == pytest.approx(0, abs=5)
    cascade = PairParameters(rate_hz=1e6, period_ps=100_000, statistics="single", cascade_ps=(400, 900), detection=detection)
    time_ps, channel = PairSource(cascade, 2).advance(SECOND_PS // 5)
    first, second = time_ps[channel == 0], time_ps[channel == 1]
    assert np.mean(first % 100_000) + 0.5 == pytest.approx(400, rel=0.01)
    assert first.size == second.size
    assert np.mean(second - first) == pytest.approx(900, rel=0.01)
    assert (second - first).min() >= 0


@pytest.mark.parametrize(
    ("first", "second", "noise", "correlation"),
    [
        ("Z", "Z", "white", (4 * 0.85 - 1) / 3),
        ("Y", "Y", "white", -(4 * 0.85 - 1) / 3),
        ("X", "X", "dephasing", 2 * 0.85 - 1),
        ("Z", "Z", "dephasing", 1.0),
        (0.0, math.pi / 8, "white", (4 * 0.85 - 1) / 3 * math.cos(math.pi / 4)),
    ],
)
def test_correlations_of_analysed_pairs_twenty_seeds(first: object, second: object, noise: str, correlation: float) -> None:
    analysers = Analysers(fidelity=0.85, noise=noise, first=first, second=second)  # type: ignore[arg-type]
    detection = Detection(efficiency=(0.5,) * 4, background_hz=(0.0,) * 4)
    parameters = PairParameters(rate_hz=2e5, analysers=analysers, detection=detection)
    values, errors = [], []
    for seed in SEEDS:
        source = PairSource(parameters, seed)
        for _ in range(10):
            time_ps, channel = source.advance(SECOND_PS // 50)
            same = sum(coincidences(time_ps, channel, a, b, 1) for a, b in ((0, 2), (1, 3)))
            other = sum(coincidences(time_ps, channel, a, b, 1) for a, b in ((0, 3), (1, 2)))
            values.append((same - other) / (same + other))
            errors.append(math.sqrt((1 - correlation**2) / (same + other)))
    if abs(correlation) == 1:
        assert set(values) == {correlation}
    else:
        covers(values, errors, correlation)


def test_two_nodes_share_their_pairs_wherever_they_cut() -> None:
    one = PairSource(PairParameters(rate_hz=2e5, arm=0, detection=Detection(efficiency=(1.0,), background_hz=(0.0,))), 7)
    other = PairSource(
        PairParameters(rate_hz=2e5, arm=1, detection=Detection(efficiency=(0.5,), background_hz=(100.0,), jitter_ps=20)), 7
    )
    here = np.concatenate([one.advance(10**10 + 17)[0] for _ in range(10)])
    there = np.concatenate([other.advance(3 * 10**9)[0] for _ in range(33)])
    shared = delays(here, there, 150).size
    assert here.size == pytest.approx(2e4, rel=0.05)
    assert shared == pytest.approx(here.size * 0.5 * 99 / 100, rel=0.03)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"rate_hz": -1.0}, "cannot be negative"),
        ({"statistics": "thermal"}, "need pulses"),
        ({"cascade_ps": (1.0, 2.0)}, "need pulses"),
        ({"period_ps": 12_500, "rate_hz": 1e9, "statistics": "single"}, "at most one pair"),
        ({"transmission": (0.5, 1.5)}, "must lie in"),
        ({"analysers": Analysers(fidelity=0.9)}, "2 detectors where 4 are needed"),
        ({"arm": 0}, "2 detectors where 1 are needed"),
    ],
)
def test_impossible_sources_are_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(SourceError, match=complaint):
        PairParameters(**{"rate_hz": 1e6, **changes})  # type: ignore[arg-type]
