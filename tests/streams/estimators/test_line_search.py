"""The close look: to picoseconds where tags are shared, nothing where they are not, whatever the light looks like."""

import numpy as np
import pytest

from streams.estimators.line_search import Surroundings, find_line
from streams.kernels.clock_line import ClockLine
from tests.streams.clocks import SECOND_PS, two_nodes

SPAN = SECOND_PS // 4
AROUND = Surroundings(ClockLine(0, SPAN, 5_000_000, 0), 8_000_000, 1e-6, 1_250)


def looked(nodes):
    return find_line(nodes.ours_ps, nodes.other_ps, AROUND, 1e-9)


@pytest.mark.parametrize(
    ("offset", "frequency", "jitter", "singles", "shared"),
    [
        (0, 9e-7, 100, 1e6, 1e4),
        (9_000_000, -9e-7, 100, 1e6, 1e4),
        (4_000_000, 2e-7, 3, 2e5, 1e4),
        (4_000_000, 2e-7, 10_000, 2e5, 1e4),
        (12_500_000, 0, 300, 5e3, 3e2),
    ],
)
def test_the_line_is_found(offset, frequency, jitter, singles, shared):
    nodes = two_nodes(
        3, seconds=0.26, offset_ps=offset, frequency=frequency, jitter_ps=jitter, singles_hz=singles, shared_hz=shared
    )
    found = looked(nodes)
    error_ps = found.line.at(SPAN / 2) - nodes.offset_ps(SPAN / 2)
    assert abs(error_ps) < 4 * found.peak.position_error_ps + 1
    assert found.peak.width_ps == pytest.approx(jitter * 2**0.5, rel=0.35, abs=12)
    assert abs(found.line.rise_ps / SPAN - frequency) < 4 * found.slope_error


@pytest.mark.parametrize("shared", [0, 30])
def test_chance_is_no_line(shared):
    for seed in range(5):
        assert looked(two_nodes(seed, seconds=0.26, singles_hz=1e6, shared_hz=shared, offset_ps=5_000_000)) is None


def pulsed(generator, period_ps, *, shared_hz):
    """Light of one laser at both nodes, with pairs among it or without."""
    ours, other = ((np.floor(generator.uniform(0, 0.26e12, 260_000) / period_ps)) * period_ps for _ in range(2))
    pairs = np.floor(generator.uniform(0, 0.26e12, int(shared_hz * 0.26)) / period_ps) * period_ps
    times = [
        np.sort(np.rint(np.concatenate([tags, pairs]) + generator.normal(0, 100, tags.size + pairs.size)))
        for tags in (ours, other)
    ]
    return times[0].astype(np.int64), times[1].astype(np.int64) + 5_000_000


@pytest.mark.parametrize("period_ps", [12_500, 13_100, 1_000_000])
def test_one_lasers_pulses_at_both_nodes_are_no_shared_tags(period_ps):
    for seed in range(3):
        generator = np.random.default_rng(seed)
        assert find_line(*pulsed(generator, period_ps, shared_hz=0), AROUND, 1e-9) is None
    if period_ps < 20_000:  # of brighter pulses, one in thirty is too little to tell
        found = find_line(*pulsed(generator, period_ps, shared_hz=3e4), AROUND, 1e-9)
        assert abs(found.line.at(SPAN / 2) - 5_000_000) < 20


def test_silence_is_no_line():
    nothing = np.empty(0, np.int64)
    assert find_line(nothing, nothing, AROUND, 1e-9) is None
    assert find_line(np.array([5]), np.array([5_000_005]), AROUND, 1e-9) is None


def test_a_burst_is_no_line():
    burst = np.full(100_000, 10**9)
    assert find_line(burst, burst + 5_000_000, AROUND, 1e-9) is None
