"""Sources against analytic truth. Bounds are in standard deviations of the count at hand, and twenty seeds must cover."""

import itertools
import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.sources import CwParameters, CwSource, Detection, PulsedParameters, PulsedSource, Source
from schemas.block import Channels, Times

SECOND_PS = 10**12
SEEDS = range(20)


def collected(source: Source, duration_ps: int, stretches: int = 10) -> tuple[Times, Channels]:
    parts = [source.advance(duration_ps // stretches) for _ in range(stretches)]
    return np.concatenate([time for time, _ in parts]), np.concatenate([channel for _, channel in parts])


def pairs(time_ps: Times, channel: Channels, half_range_ps: int) -> np.ndarray:
    """All delays t1 - t0 of tags of detectors 0 and 1 within the range: the plain way."""
    first, second = time_ps[channel == 0], time_ps[channel == 1]
    low = np.searchsorted(second, first - half_range_ps)
    high = np.searchsorted(second, first + half_range_ps)
    count = high - low
    index = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count) + np.repeat(low, count)
    return second[index] - np.repeat(first, count)


def peak_areas(delay_ps: np.ndarray, period_ps: float, side_peaks: int) -> tuple[int, float]:
    """Central area and mean side area, each one whole period."""
    order = np.rint(delay_ps / period_ps).astype(int)
    areas = {n: int(np.count_nonzero(order == n)) for n in range(-side_peaks, side_peaks + 1)}
    return areas[0], sum(area for n, area in areas.items() if n) / (2 * side_peaks)


PULSED = PulsedParameters(
    rate_hz=4e6,
    period_ps=12_500,
    g2=0.12,
    lifetime_ps=500,
    detection=Detection(efficiency=(0.8, 0.5), transmission=0.45, background_hz=(2e4, 5e4), jitter_ps=60),
)
CW = CwParameters(
    rate_hz=6e6,
    recovery_ps=3_000,
    g2=0.15,
    detection=Detection(efficiency=(0.7, 0.9), transmission=0.55, background_hz=(3e4, 1e4)),
)


@pytest.mark.parametrize("kind", ["pulsed", "cw"])
def test_stretches_are_sorted_touch_and_depend_on_nothing_but_the_seed(kind: str) -> None:
    def source(seed: int) -> Source:
        return PulsedSource(PULSED, seed) if kind == "pulsed" else CwSource(CW, seed)

    end = 0
    one, same, other = source(5), source(5), source(6)
    for duration in (10**9, 1, 7, 10**8, 12_499, 3 * 10**9):
        time_ps, channel = one.advance(duration)
        assert time_ps.dtype == np.int64
        assert channel.dtype == np.uint8
        assert np.all(np.diff(time_ps) >= 0)
        assert time_ps.size == 0 or (time_ps[0] >= end and time_ps[-1] < end + duration)
        again = same.advance(duration)
        assert np.array_equal(time_ps, again[0])
        assert np.array_equal(channel, again[1])
        end += duration
    assert not np.array_equal(one.advance(10**9)[0][:50], other.advance(10**9)[0][:50])


def test_counts_of_each_detector_twenty_seeds() -> None:
    within = 0
    for seed, (parameters, build) in itertools.product(SEEDS, ((PULSED, PulsedSource), (CW, CwSource))):
        _, channel = collected(build(parameters, seed), SECOND_PS // 50)
        for detector, (share, dark_hz) in enumerate(
            zip(parameters.detection.shares, parameters.detection.background_hz, strict=True)
        ):
            expected = (parameters.rate_hz * share + dark_hz) / 50
            within += abs(np.count_nonzero(channel == detector) - expected) < 2 * math.sqrt(expected)
    # 80 counts within two sigma with probability 0.954 or more (antibunched light scatters less): 4.5 sigma below would be 68.
    assert within >= 68


def test_pulsed_purity_twenty_seeds() -> None:
    """Central over side peaks equals the analytic value; the central count is Poisson, the side peaks' error is far smaller."""
    truth = PULSED.measured_g2
    scores = []
    for seed in SEEDS:
        time_ps, channel = collected(PulsedSource(PULSED, seed), SECOND_PS // 4)
        central, side = peak_areas(pairs(time_ps, channel, 8 * 12_500), 12_500, 6)
        scores.append((central - truth * side) / math.sqrt(truth * side))
    assert max(map(abs, scores)) < 4
    assert abs(sum(scores)) / math.sqrt(len(scores)) < 3
    assert sum(abs(score) < 1 for score in scores) >= 7


def test_pulsed_purity_is_exact_in_numbers_of_photons() -> None:
    """<n(n-1)>/<n>² of detected photons a pulse, whatever the loss."""
    for g2, efficiency in itertools.product((0.0, 0.05, 0.5, 1.0), (1.0, 0.3)):
        parameters = PulsedParameters(
            rate_hz=2e7, period_ps=10_000, g2=g2, lifetime_ps=0, detection=Detection(efficiency=(efficiency, efficiency))
        )
        time_ps, _ = collected(PulsedSource(parameters, 11), SECOND_PS // 10)
        photons = np.bincount(time_ps // 10_000, minlength=10**7).astype(float)
        mean = photons.mean()
        assert mean == pytest.approx(0.2 * efficiency, rel=0.005)
        found = (photons * (photons - 1)).mean() / mean**2
        twins = g2 * mean**2 / 2 * photons.size
        assert abs(found - g2) <= 5 * (math.sqrt(twins) * 2 / photons.size / mean**2 + 0.002 * g2)
        assert (found == 0) == (g2 == 0)


def test_lifetime_and_jitter() -> None:
    """Mean and variance of the arrival after the pulse: tau, and tau² + sigma²."""
    parameters = PulsedParameters(rate_hz=1e6, period_ps=100_000, lifetime_ps=700, detection=Detection(jitter_ps=200))
    time_ps, _ = collected(PulsedSource(parameters, 4), SECOND_PS)
    phase = (time_ps + 50_000) % 100_000 - 50_000
    assert phase.mean() + 0.5 == pytest.approx(700, abs=5 * 730 / math.sqrt(phase.size))
    assert phase.var() == pytest.approx(700**2 + 200**2, rel=0.02)
    assert np.count_nonzero(phase < 0) > 0


def test_background_is_uniform_and_unrelated() -> None:
    parameters = PulsedParameters(rate_hz=0, detection=Detection(background_hz=(2e6, 1e6)))
    time_ps, channel = collected(PulsedSource(parameters, 3), SECOND_PS // 4)
    counts = np.histogram(time_ps % 12_500, 25)[0]
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 24 + 5 * math.sqrt(48)
    central, side = peak_areas(pairs(time_ps, channel, 8 * 12_500), 12_500, 6)
    assert abs(central - side) < 5 * math.sqrt(side)
    assert parameters.measured_g2 == 1


def test_cw_antibunching_follows_its_curve_twenty_seeds() -> None:
    """Chi-squared of the delay histogram against 1 - (1 - g2)·exp(-|tau|/tau0) integrated over its bins, for twenty seeds."""
    edges = np.arange(-15_000, 15_001, 500.0)
    flat = CW.measured_g2

    def area(delay_ps: np.ndarray) -> np.ndarray:
        return delay_ps - (1 - flat) * np.sign(delay_ps) * CW.recovery_ps * (1 - np.exp(-np.abs(delay_ps) / CW.recovery_ps))

    rates = [CW.rate_hz * share + dark for share, dark in zip(CW.detection.shares, CW.detection.background_hz, strict=True)]
    seconds = 0.25
    truth = np.diff(area(edges)) / 1e12 * rates[0] * rates[1] * seconds
    scores = []
    for seed in SEEDS:
        time_ps, channel = collected(CwSource(CW, seed), int(seconds * SECOND_PS))
        found = np.histogram(pairs(time_ps, channel, 15_000), edges - 0.5)[0]
        scores.append((((found - truth) ** 2 / truth).sum() - truth.size) / math.sqrt(2 * truth.size))
    assert max(scores) < 4.5
    assert sum(score < 1.7 for score in scores) >= 16


def test_cw_light_carries_over_the_edges_of_stretches() -> None:
    """Many short stretches have the gaps of one long one: the antibunching dip spans their edges."""
    parameters = CwParameters(rate_hz=2e7, recovery_ps=10_000)
    time_ps, _ = collected(CwSource(parameters, 8), SECOND_PS // 100, stretches=200_000)
    assert time_ps.size == pytest.approx(2e5, rel=0.02)
    gaps = np.diff(time_ps)
    crossing = time_ps[1:] // 50_000 != time_ps[:-1] // 50_000
    close = 2_000
    # The density of gaps rises from zero as rate·gap/recovery: gaps below `close` are a part of about rate·close²/(2·recovery).
    expected = 2e7 / 1e12 * close**2 / (2 * 10_000) * gaps.size * 0.95
    assert np.count_nonzero(gaps < close) == pytest.approx(expected, rel=0.15)
    assert np.count_nonzero(gaps[crossing] < close) == pytest.approx(expected * close * 2 / 3 / 50_000, abs=5 * math.sqrt(20))


def test_pulses_keep_their_phase_over_stretches_and_changes() -> None:
    source = PulsedSource(PulsedParameters(rate_hz=3e6, period_ps=3128.5, lifetime_ps=0), 1)
    whole = collected(source, SECOND_PS // 10, stretches=997)[0]
    phase = np.mod(whole, 3128.5)
    assert np.all(np.minimum(phase, 3128.5 - phase) < 1.01)


def test_photons_that_leave_late_arrive_in_later_stretches() -> None:
    parameters = PulsedParameters(rate_hz=4e6, period_ps=100_000, lifetime_ps=400_000, detection=Detection(jitter_ps=300))
    time_ps, _ = collected(PulsedSource(parameters, 2), SECOND_PS // 100, stretches=20_000)
    assert time_ps.size == pytest.approx(4e4, abs=5 * 200)


def test_purity_breaks_and_mends_while_it_runs() -> None:
    source = PulsedSource(PulsedParameters(rate_hz=4e6, g2=0.01), 9)
    found = []
    for g2 in (0.01, 0.5, 0.01):
        source.parameters = PulsedParameters(rate_hz=4e6, g2=g2)
        central, side = peak_areas(pairs(*collected(source, SECOND_PS // 10), 8 * 12_500), 12_500, 6)
        found.append(central / side)
    assert found == pytest.approx([0.01, 0.5, 0.01], abs=0.03)
    emitter = CwSource(CwParameters(rate_hz=4e6, recovery_ps=5_000, g2=0.01), 9)
    for g2, low, high in ((0.01, 0.0, 0.1), (1.0, 0.93, 1.07), (0.01, 0.0, 0.1)):
        emitter.parameters = CwParameters(rate_hz=4e6, recovery_ps=5_000, g2=g2)
        delay = pairs(*collected(emitter, SECOND_PS // 5), 100_000)
        near, far = np.count_nonzero(np.abs(delay) < 400) / 799, np.count_nonzero(np.abs(delay) > 50_000) / 100_000
        assert low < near / far < high


@pytest.mark.parametrize(
    "build",
    [
        lambda: PulsedParameters(rate_hz=-1),
        lambda: PulsedParameters(rate_hz=1e6, period_ps=0),
        lambda: PulsedParameters(rate_hz=1e6, g2=-0.1),
        lambda: PulsedParameters(rate_hz=9e7, g2=0.9),
        lambda: PulsedParameters(rate_hz=9e7, g2=0.0),
        lambda: CwParameters(rate_hz=1e6, g2=1.1),
        lambda: CwParameters(rate_hz=1e9, recovery_ps=1000),
        lambda: Detection(efficiency=(0.0, 1.0)),
        lambda: Detection(efficiency=(0.5, 1.2)),
        lambda: Detection(transmission=1.0),
        lambda: Detection(background_hz=(-1.0, 0.0)),
        lambda: Detection(jitter_ps=-1.0),
    ],
)
def test_impossible_sources_are_refused(build: object) -> None:
    with pytest.raises(SourceError):
        build()  # type: ignore[operator]
