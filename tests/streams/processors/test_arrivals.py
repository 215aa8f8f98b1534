"""Arrivals after pulses: exact for any period, whatever the cuts."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.processors import arrivals
from streams.processors.arrivals import ArrivalParameters
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import cut, segment

SECOND = 10**12


def counted(parts, parameters):
    state, tallies = arrivals.initial(parameters), []
    for part in parts:
        state, closed = arrivals.step(state, part, parameters)
        state = state_from_bytes(state_to_bytes(state), arrivals.ArrivalState)
        tallies += closed
    tallies += arrivals.close(state, parameters)
    total = tallies[0]
    for one in tallies[1:]:
        total = total + one
    return total


def oracle(time_ps, channel, parameters):
    rows = {detector: [0] * parameters.train.bins for detector in parameters.detectors}
    for now, number in zip(time_ps.tolist(), channel.tolist(), strict=True):
        if number in rows:
            phase = Fraction(now) % parameters.period_ps
            rows[number][int(phase // parameters.bin_width_ps)] += 1
    return rows


@given(
    st.lists(st.tuples(st.integers(0, 3 * SECOND - 1), st.integers(0, 2)), min_size=1, max_size=60),
    st.sampled_from([Fraction(12_500), Fraction(131_579, 10), Fraction(13_000_007, 1000), Fraction(1001, 997), Fraction(3)]),
    st.integers(1, 200),
    st.integers(0, 4),
    st.randoms(use_true_random=False),
)
def test_exact_for_any_period_and_cut(tags, period, width, cuts, random):
    if width > period:
        width = 1
    parameters = ArrivalParameters((0, 2), period, width)
    tags.sort()
    time_ps, channel = np.array([t for t, _ in tags]), np.array([c for _, c in tags], np.uint8)
    whole = segment(time_ps, channel, 0, 3 * SECOND)
    places = sorted(random.randint(0, 3 * SECOND) for _ in range(cuts))
    total = counted(cut(whole, places), parameters)
    found = {detector: row.tolist() for detector, row in arrivals.read(total, parameters).items()}
    assert found == oracle(time_ps, channel, parameters)
    assert total.live_ps == 3 * SECOND


@pytest.mark.parametrize("edge", [-(1 << 61), (1 << 61) - 10 * SECOND])
def test_far_from_the_origin(edge):
    parameters = ArrivalParameters((0,), Fraction(131_579, 10), 100)
    time_ps = np.array([edge, edge + 1, edge + 13_157, edge + 13_158, edge + 9 * SECOND])
    channel = np.zeros(5, np.uint8)
    total = counted([segment(time_ps, channel, edge, edge + 10 * SECOND)], parameters)
    assert arrivals.read(total, parameters)[0].tolist() == oracle(time_ps, channel, parameters)[0]


@pytest.mark.parametrize(
    ("detectors", "period", "width"),
    [((), Fraction(10), 1), ((0,), Fraction(10), 0), ((0,), Fraction(1, 2), 1), ((0,), Fraction(2**41 + 1, 2**28), 1)],
)
def test_what_cannot_be_folded_is_refused(detectors, period, width):
    with pytest.raises(ValueError, match=r"none|round it"):
        ArrivalParameters(detectors, period, width)


def test_a_burst_and_ten_million_tags_of_one_channel():
    parameters = ArrivalParameters((0, 2), Fraction(12_500), 100)
    burst = segment(np.full(10**6, 12_699), np.tile([0, 2], 500_000), 0, 20_000)
    rows = arrivals.read(counted([burst], parameters), parameters)
    assert [row.nonzero()[0].tolist() for row in rows.values()] == [[1], [1]]
    assert [int(row[1]) for row in rows.values()] == [500_000, 500_000]
    time_ps = np.arange(10_000_000)
    rows = arrivals.read(counted([segment(time_ps, np.zeros(time_ps.size), 0, time_ps.size)], parameters), parameters)
    assert (rows[0] == 80_000).all()
    assert not rows[2].any()
