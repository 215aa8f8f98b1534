"""Start-stop histograms against every stop looked up by hand, however the stream is cut; a real lifetime."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from producers.recording import open_recording
from schemas.block import Loss
from streams.processors import start_stop
from streams.processors.delayed import Delays
from streams.processors.start_stop import StartStopParameters, StartStopState, read
from streams.processors.state_bytes import state_from_bytes, state_to_bytes
from tests.streams.tag_streams import ORIGIN_UNIX_NS, crowds, cut, segment

HBT = Path(__file__).parents[4] / "shared" / "data" / "hbt-raw-tags" / "200213_HH400_T3_80MHz_HBT.timeres"
EDGE_PS = 10**12 - (ORIGIN_UNIX_NS * 1000) % 10**12


def oracle(whole, parameters):
    """Starts, histograms and stops beyond, in plain integers and fractions."""
    lost = [(x.start_ps, x.end_ps) for x in whole.losses if x.start_ps < x.end_ps]
    tags = [(int(t), int(c)) for t, c in zip(whole.time_ps, whole.channel, strict=True)]
    tags = [tag for tag in tags if not any(a <= tag[0] < b for a, b in lost)]
    starts = [t for t, c in tags if c == parameters.start]
    counts = {stop: [0] * parameters.bins for stop in parameters.stops}
    beyond = dict.fromkeys(parameters.stops, 0)
    seen = set()
    for t, c in tags:
        if c not in parameters.stops:
            continue
        latest = max((s for s in starts if s <= t), default=None)
        if latest is not None and any(latest < b and a <= t for a, b in lost):
            latest = None
        stretch = sum(b <= t for _, b in lost)
        if parameters.first_only and (c, latest, None if latest is not None else stretch) in seen:
            continue
        seen.add((c, latest, None if latest is not None else stretch))
        period = None if parameters.period_ps is None else Fraction(parameters.period_ps)
        reach = parameters.bins * parameters.bin_width_ps if period is None else period * parameters.divider
        if latest is None or t - latest >= reach:
            beyond[c] += 1
            continue
        since = t - latest if period is None else (t - latest) % period
        counts[c][int(since // parameters.bin_width_ps)] += 1
    return len(starts), counts, beyond


def run(segments, parameters, *, through_bytes=False):
    state, tallies = start_stop.initial(parameters), []
    for piece in segments:
        state, closed = start_stop.step(state, piece, parameters)
        tallies += closed
        if through_bytes:
            state = state_from_bytes(state_to_bytes(state), StartStopState)
    return tallies + list(start_stop.close(state, parameters))


def total(tallies, parameters):
    found = read(sum(tallies[1:], tallies[0]), parameters)
    return found.starts, {stop: counts.tolist() for stop, counts in found.counts.items()}, found.beyond


PARAMETERS = st.sampled_from(
    [
        StartStopParameters(0, (1, 7), 7, 10),
        StartStopParameters(0, (1, 7), 1, 40, first_only=True),
        StartStopParameters(0, (1, 2), 2**30, 2),
        StartStopParameters(2, (0,), 3, period_ps=Decimal("12.5"), divider=4),
        StartStopParameters(2, (0, 1), 5, period_ps=Decimal("7.125"), divider=9, first_only=True),
    ]
)


@st.composite
def streams(draw):
    """A stream around a pane edge, with losses."""
    time_ps, channel = draw(crowds(most=30, span=120))
    start = EDGE_PS - draw(st.integers(0, 130))
    some = st.integers(start, start + 130)
    losses = [Loss(*sorted((draw(some), draw(some)))) for _ in range(draw(st.integers(0, 2)))]
    return segment(time_ps + start, channel, start, start + 130, (0, 1), losses)


@settings(max_examples=400)
@given(streams(), PARAMETERS, st.data())
def test_start_stops_equal_the_oracle_however_the_stream_is_cut(whole, parameters, data):
    places = data.draw(st.lists(st.integers(whole.start_ps, whole.reached_ps), max_size=6))
    tallies = run(cut(whole, places), parameters, through_bytes=True)
    assert total(tallies, parameters) == oracle(whole, parameters)
    one_by_one = run([whole], parameters)
    assert [(one.key, one.live_ps, one.lost_ps, one.totals.tolist()) for one in tallies] == [
        (one.key, one.live_ps, one.lost_ps, one.totals.tolist()) for one in one_by_one
    ]


def test_delays_come_first():
    piece = segment([100, 130], [0, 1], 0, 200)
    [one] = run([piece], StartStopParameters(0, (1,), 1, 50, delays=Delays({1: -7})))
    assert read(one, StartStopParameters(0, (1,), 1, 50)).counts[1].nonzero()[0].tolist() == [23]


def test_a_million_equal_times():
    channel = np.tile([1, 0], 500_000)
    [one] = run([segment(np.full(channel.size, 5), channel, 0, 10)], StartStopParameters(0, (1,), 1, 50))
    found = read(one, StartStopParameters(0, (1,), 1, 50))
    assert (found.starts, found.counts[1][0], found.beyond[1]) == (500_000, 500_000, 0)


def test_ten_million_stops_without_a_start():
    time_ps = np.arange(10_000_000)
    [one] = run([segment(time_ps, np.ones(time_ps.size), 0, time_ps.size)], StartStopParameters(0, (1,)))
    assert read(one, StartStopParameters(0, (1,))).beyond[1] == 10_000_000


@pytest.mark.parametrize("base", [-(2**62), 2**62 - 3_000])
def test_times_at_the_edge_of_what_a_segment_holds(base):
    whole = segment(np.array([0, 10, 2_990, 2_999]) + base, [1, 0, 0, 1], base, base + 3_000, origin_unix_ns=0)
    parameters = StartStopParameters(0, (1,), 1, 50)
    assert total(run([whole], parameters), parameters)[2] == {1: 1}


@pytest.mark.parametrize(
    ("wrong", "match"),
    [
        ({"start": 1}, "different channels"),
        ({"stops": ()}, "different channels"),
        ({"stops": (255,)}, "different channels"),
        ({"bins": 0}, "at least 1"),
        ({"bin_width_ps": 0}, "at least 1"),
        ({"bins": 2**21}, "widen the bins"),
        ({"bins": 2**10, "bin_width_ps": 2**52}, "narrow the range"),
        ({"period_ps": Decimal("0.5")}, "round the period"),
        ({"period_ps": Decimal("12.5"), "divider": 0}, "round the period"),
        ({"period_ps": Decimal("12500.0000000000000001")}, "round the period"),
    ],
)
def test_impossible_parameters_are_refused(wrong, match):
    with pytest.raises(ValueError, match=match):
        StartStopParameters(**({"start": 0, "stops": (1,)} | wrong))


@pytest.mark.skipif(not HBT.exists(), reason="needs the recordings of ../shared/data")
def test_the_lifetime_of_a_recorded_emitter_against_a_divided_sync():
    recording = open_recording(HBT)
    chunks = list(recording.chunks())
    time_ps, channel = (np.concatenate([getattr(chunk, name) for chunk in chunks]) for name in ("time_ps", "channel"))
    sync = np.rint(np.arange(0, time_ps[-1] / recording.period_ps, 1_000) * recording.period_ps).astype(np.int64)  # one in 1000
    order = np.argsort(np.concatenate((sync, time_ps)), kind="stable")
    whole = segment(
        np.concatenate((sync, time_ps))[order],
        np.concatenate((np.full(sync.size, 9), channel))[order],
        0,
        recording.duration_ps + 1,
    )
    parameters = StartStopParameters(9, (0, 1), 16, period_ps=Decimal(f"{recording.period_ps:.6f}"), divider=1_001)
    tallies = run([whole], parameters)
    found = read(sum(tallies[1:], tallies[0]), parameters)
    assert found.beyond == {0: 0, 1: 0}
    assert {stop: counts.sum() for stop, counts in found.counts.items()} == {0: 160_953, 1: 235_373}
    for counts in found.counts.values():
        behind_peak = np.roll(counts, -int(np.argmax(counts)))[19:187].astype(float)  # 0.3 to 3 ns after the peak
        # of an exponential in bins the mean distance from the first edge is the lifetime less half a bin
        lifetime_ps = (behind_peak * np.arange(behind_peak.size)).sum() * 16 / behind_peak.sum() + 8
        assert abs(lifetime_ps - 132) < 3
