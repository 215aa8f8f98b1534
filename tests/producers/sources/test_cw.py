"""A continuously driven emitter against analytic truth."""

import math

import numpy as np
import pytest

from producers.errors import SourceError
from producers.sources import Blinking, CwParameters, CwSource, Detection
from tests.producers.sources.oracles import SECOND_PS, SEEDS, collected, covers, pairs

PARAMETERS = CwParameters(
    rate_hz=6e6,
    recovery_ps=3_000,
    g2=0.15,
    detection=Detection(efficiency=(0.7, 0.9), transmission=0.55, background_hz=(3e4, 1e4)),
)
SHARES = zip(PARAMETERS.detection.shares, PARAMETERS.detection.background_hz, strict=True)
RATES = [PARAMETERS.rate_hz * share + dark for share, dark in SHARES]


def area(delay_ps: np.ndarray) -> np.ndarray:
    """Integral of 1 - (1 - g2)·exp(-|tau|/tau0) from 0."""
    depth, recovery = 1 - PARAMETERS.measured_g2, PARAMETERS.recovery_ps
    return delay_ps - depth * np.sign(delay_ps) * recovery * (1 - np.exp(-np.abs(delay_ps) / recovery))


def test_dip_and_rates_twenty_seeds() -> None:
    """Pairs in three ranges of delay, and each detector's counts, in 10 windows of each seed."""
    seconds = 0.01
    edges = np.array([0.0, 800, 3_000, 20_000])
    truth = 2 * np.diff(area(edges)) / 1e12 * RATES[0] * RATES[1] * seconds
    pairs_found, pairs_expected, singles = [], [], []
    for seed in SEEDS:
        source = CwSource(PARAMETERS, seed)
        for _ in range(10):
            time_ps, channel = source.advance(int(seconds * SECOND_PS))
            delay = pairs(time_ps, channel, 20_000)
            pairs_found += np.histogram(np.abs(delay + 0.5), edges)[0].tolist()
            pairs_expected += truth.tolist()
            singles.append(int(np.count_nonzero(channel == 0)))
    covers(pairs_found, np.sqrt(pairs_expected), pairs_expected)
    # Of antibunched light the counts scatter a little less than Poisson's: 1 - 2·rate·recovery for a lone emitter.
    expected = RATES[0] * seconds
    covers(singles, math.sqrt(expected * (1 - 2 * RATES[0] * 3_000e-12 * 0.8)), expected)


def test_antibunching_follows_its_curve() -> None:
    edges = np.arange(-15_000, 15_001, 500.0)
    truth = np.diff(area(edges)) / 1e12 * RATES[0] * RATES[1] / 4
    found = np.histogram(pairs(*collected(CwSource(PARAMETERS, 3), SECOND_PS // 4), 15_000), edges - 0.5)[0]
    assert (((found - truth) ** 2 / truth).sum() - truth.size) / math.sqrt(2 * truth.size) < 4


def test_light_carries_over_the_edges_of_stretches() -> None:
    """Many short stretches have the gaps of one long one: the antibunching dip spans their edges."""
    parameters = CwParameters(rate_hz=2e7, recovery_ps=10_000)
    time_ps, _ = collected(CwSource(parameters, 8), SECOND_PS // 100, stretches=20_000)
    assert time_ps.size == pytest.approx(2e5, rel=0.02)
    gaps = np.diff(time_ps)
    crossing = time_ps[1:] // 500_000 != time_ps[:-1] // 500_000
    close = 2_000
    # The density of gaps rises from zero as rate·gap/recovery: gaps below `close` are a part of about rate·close²/(2·recovery).
    expected = 2e7 / 1e12 * close**2 / (2 * 10_000) * gaps.size * 0.95
    assert np.count_nonzero(gaps < close) == pytest.approx(expected, rel=0.15)
    assert np.count_nonzero(gaps[crossing] < close) == pytest.approx(expected * close * 2 / 3 / 500_000, abs=5 * math.sqrt(2))


def test_blinking_bunches_and_dims() -> None:
    """Times 1 + (off/on)·exp(-tau·(1/on + 1/off)) where the dip is over."""
    blinking = Blinking(on_s=6e-6, off_s=3e-6)
    source = CwSource(CwParameters(rate_hz=6e6, recovery_ps=1_000, blinking=blinking), 4)
    time_ps, channel = collected(source, SECOND_PS // 10)
    assert time_ps.size / 0.1 == pytest.approx(4e6, rel=0.02)
    edges = np.linspace(10_000, 12_000_000, 13)
    found = np.histogram(np.abs(pairs(time_ps, channel, 12_000_000)), edges)[0]
    middle = (edges[1:] + edges[:-1]) / 2
    flat = 2 * np.diff(edges) * 1e-12 * np.prod(np.bincount(channel)) / 0.1
    assert found / flat == pytest.approx(1 + 0.5 * np.exp(-middle * 1e-12 * (1 / 6e-6 + 1 / 3e-6)), rel=0.05)


def test_purity_breaks_and_mends_while_it_runs() -> None:
    emitter = CwSource(CwParameters(rate_hz=4e6, recovery_ps=5_000, g2=0.01), 9)
    for g2, low, high in ((0.01, 0.0, 0.1), (1.0, 0.93, 1.07), (0.01, 0.0, 0.1)):
        emitter.parameters = CwParameters(rate_hz=4e6, recovery_ps=5_000, g2=g2)
        delay = pairs(*collected(emitter, SECOND_PS // 5), 100_000)
        near, far = np.count_nonzero(np.abs(delay) < 400) / 799, np.count_nonzero(np.abs(delay) > 50_000) / 100_000
        assert low < near / far < high


@pytest.mark.parametrize("changes", [{"rate_hz": -1}, {"g2": 1.1}, {"rate_hz": 1e9, "recovery_ps": 1000}, {"recovery_ps": 0}])
def test_impossible_sources_are_refused(changes: dict[str, float]) -> None:
    with pytest.raises(SourceError):
        CwParameters(**{"rate_hz": 1e6, **changes})  # type: ignore[arg-type]
