"""Each effect of a detector against its textbook formula, and dead time against the plain way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.detection import Detection, Detectors, Photons, blinded
from producers.errors import SourceError
from schemas.block import Channels, Times
from tests.producers.sources.oracles import SECOND_PS, SEEDS, covers

ONE = {"efficiency": (1.0,), "background_hz": (0.0,)}


def light(random: np.random.Generator, rate_hz: float, duration_ps: int, detectors: int = 1) -> Photons:
    count = random.poisson(rate_hz * duration_ps / 1e12)
    return Photons(random.random(count) * duration_ps, random.integers(0, detectors, count))


def clicks(detection: Detection, rate_hz: float, seed: int, duration_ps: int, stretches: int = 5) -> tuple[Times, Channels]:
    random = np.random.default_rng([seed, 1])
    detectors = Detectors(np.random.default_rng(seed))
    parts = []
    for number in range(stretches):
        photons = light(random, rate_hz, duration_ps // stretches, len(detection.efficiency))
        time_ps, channel = detectors.stretch(duration_ps // stretches, photons, detection)
        parts.append((time_ps + number * (duration_ps // stretches), channel))
    return np.concatenate([time for time, _ in parts]), np.concatenate([channel for _, channel in parts])


@pytest.mark.parametrize("load", [0.1, 1.0, 5.0])
@pytest.mark.parametrize("paralysable", [False, True])
def test_dead_time_and_saturation_twenty_seeds(load: float, paralysable: bool) -> None:
    """M = n/(1 + n·τ), or n·exp(-n·τ) of a paralysable detector; the counts scatter less than Poisson's."""
    dead_ps = 50_000
    rate_hz = load / dead_ps * 1e12
    detection = Detection(**ONE, dead_time_ps=dead_ps, paralysable=paralysable)  # type: ignore[arg-type]
    registered = rate_hz * math.exp(-load) if paralysable else rate_hz / (1 + load)
    # Of a renewal process var/mean = (sigma/mean gap)²; of a paralysable one 1 - 2·n·τ·exp(-n·τ).
    fano = 1 - 2 * load * math.exp(-load) if paralysable else 1 / (1 + load) ** 2
    duration_ps = int(500 / registered * 1e12)
    found = []
    for seed in SEEDS:
        time_ps, _ = clicks(detection, rate_hz, seed, 10 * duration_ps)
        found += np.histogram(time_ps, np.arange(11) * duration_ps)[0].tolist()
        assert np.diff(time_ps).min() >= dead_ps
    covers(found, math.sqrt(500 * fano), 500)


def test_dark_counts_twenty_seeds() -> None:
    detection = Detection(efficiency=(1.0, 1.0), background_hz=(3e5, 1e5))
    counts = np.array([np.bincount(clicks(detection, 0.0, seed, SECOND_PS // 100)[1], minlength=2) for seed in range(200)])
    covers(counts[:, 0], math.sqrt(3000), 3000)
    covers(counts[:, 1], math.sqrt(1000), 1000)


def test_jitter_is_gaussian_of_the_sigma_asked_for() -> None:
    detection = Detection(**ONE, jitter_ps=120)  # type: ignore[arg-type]
    at = np.arange(1, 200_001) * 50_000.0
    time_ps, _ = Detectors(np.random.default_rng(2)).stretch(20 * 10**9, Photons(at, np.zeros(at.size, int)), detection)
    off = time_ps + 0.5 - at
    assert off.mean() == pytest.approx(0, abs=5 * 120 / math.sqrt(off.size))
    assert off.std() == pytest.approx(120, rel=0.01)
    assert np.mean(np.abs(off) < 120) == pytest.approx(math.erf(1 / math.sqrt(2)), abs=0.006)
    assert np.mean(np.abs(off) > 3 * 120) == pytest.approx(1 - math.erf(3 / math.sqrt(2)), rel=0.25)


def test_afterpulses_twenty_seeds() -> None:
    """Clicks are 1/(1 - p) times the photons', and the false ones follow after the dead time, exponentially."""
    ratio, dead_ps, decay_ps = 0.08, 40_000, 30_000
    detection = Detection(**ONE, dead_time_ps=dead_ps, afterpulse_ratio=ratio, afterpulse_ps=decay_ps)  # type: ignore[arg-type]
    found, gaps = [], []
    for seed in SEEDS:
        time_ps, _ = clicks(detection, 1e4, seed, 2 * SECOND_PS, stretches=20)
        found += np.histogram(time_ps, np.linspace(0, 2 * SECOND_PS, 11))[0].tolist()
        gaps.append(np.diff(time_ps))
    seen = 1e4 / (1 + 1e4 * dead_ps / 1e12) / (1 - ratio) * 0.2
    # Each photon brings a family of geometric size: var/mean = (1 + p)/(1 - p).
    covers(found, math.sqrt(seen * (1 + ratio) / (1 - ratio)), seen)
    every = np.concatenate(gaps)
    soon = every[every < dead_ps + 10 * decay_ps] - dead_ps
    chance = every.size * (1 - math.exp(-10 * decay_ps * 1e4 / 1e12))
    assert soon.min() >= 0
    assert soon.size - chance == pytest.approx(every.size * ratio, rel=0.03)
    early = np.count_nonzero(soon < decay_ps) - chance / 10
    assert early / (soon.size - chance) == pytest.approx(1 - math.exp(-1), abs=0.02)


def test_a_blind_detector_bears_no_afterpulses() -> None:
    """At high flux the false clicks that follow come of registered clicks alone."""
    base = {**ONE, "dead_time_ps": 100_000}
    rate_hz, ratio = 5e6, 0.05
    plain = clicks(Detection(**base), rate_hz, 1, SECOND_PS // 10)[0].size  # type: ignore[arg-type]
    detection = Detection(**base, afterpulse_ratio=ratio, afterpulse_ps=10_000)  # type: ignore[arg-type]
    time_ps, _ = clicks(detection, rate_hz, 1, SECOND_PS // 10)
    # After the dead time: the next photon (5 a µs) or, with p, the afterpulse (100 a µs), whichever comes first.
    wait = (1 - ratio) / 5 + ratio / 105
    assert time_ps.size / plain == pytest.approx((0.1 + 1 / 5) / (0.1 + wait), rel=0.01)


@given(
    gaps=st.lists(st.integers(0, 30), max_size=80),
    dead_ps=st.integers(0, 40),
    paralysable=st.booleans(),
)
def test_blinded_is_the_plain_way(gaps: list[int], dead_ps: int, paralysable: bool) -> None:
    time_ps = np.cumsum(np.array(gaps, np.int64))
    expected, last = [], None
    for index, time in enumerate(time_ps.tolist()):
        blind = last is not None and time - last < dead_ps
        if blind:
            expected.append(index)
        if not blind or paralysable:
            last = time
    assert blinded(time_ps, dead_ps, paralysable=paralysable).tolist() == expected


@given(
    gaps=st.lists(st.integers(0, 30), min_size=1, max_size=60),
    numbers=st.lists(st.integers(0, 2), min_size=60, max_size=60),
    cuts=st.lists(st.integers(1, 200), max_size=6),
    dead_ps=st.integers(1, 60),
    paralysable=st.booleans(),
)
def test_dead_time_spans_stretches_and_keeps_detectors_apart(
    gaps: list[int], numbers: list[int], cuts: list[int], dead_ps: int, paralysable: bool
) -> None:
    time_ps = np.cumsum(np.array(gaps, np.int64))
    number = np.array(numbers[: time_ps.size])
    number = number[np.lexsort((number, time_ps))]
    detection = Detection(efficiency=(1.0,) * 3, background_hz=(0.0,) * 3, dead_time_ps=dead_ps, paralysable=paralysable)
    expected = []
    for detector in range(3):
        mine = time_ps[number == detector]
        kept = np.delete(mine, blinded(mine, dead_ps, paralysable=paralysable))
        expected += [(int(time), detector) for time in kept]
    detectors, found, start = Detectors(np.random.default_rng(1)), [], 0
    for duration in (*cuts, 10_000):
        inside = (time_ps >= start) & (time_ps < start + duration)
        photons = Photons((time_ps[inside] - start).astype(float), number[inside])
        seen, channel = detectors.stretch(duration, photons, detection)
        found += list(zip((seen + start).tolist(), channel.tolist(), strict=True))
        start += duration
    assert found == sorted(expected)


@pytest.mark.parametrize(
    "changes",
    [
        {"efficiency": (0.0, 1.0)},
        {"efficiency": (0.5, 1.2)},
        {"efficiency": (0.5,)},
        {"efficiency": (), "background_hz": ()},
        {"transmission": 1.0},
        {"background_hz": (-1.0, 0.0)},
        {"jitter_ps": -1.0},
        {"dead_time_ps": -1.0},
        {"afterpulse_ratio": 1.0},
    ],
)
def test_impossible_detectors_are_refused(changes: dict[str, object]) -> None:
    with pytest.raises(SourceError):
        Detection(**changes)  # type: ignore[arg-type]
