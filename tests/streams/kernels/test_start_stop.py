"""Every stop two ways, across chunks, at the ends of time; and the loops as plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from streams.kernels import start_stop
from streams.kernels.axis import TauAxis
from streams.kernels.singles import count_channels
from streams.kernels.start_stop import StartStopLayout, count_every_stop, count_some_stops
from tests.streams.tag_streams import crowds

LAYOUT = StartStopLayout.of(0, (7, 1), TauAxis(0, 7, 10))


def since_of_eight(time_ps, channel, i, start, latest, span, into, place):
    """What the vector instructions of that name do, one tag at a time."""
    words, tied = [], 0
    for k in range(int(i), int(i) + 8):
        if channel[k] == start:
            latest = time_ps[k]
            tied += int(time_ps[k - 1] == time_ps[k])
        elif (int(time_ps[k]) - int(latest)) % 2**64 < int(span):
            words.append((int(time_ps[k]) - int(latest)) | int(channel[k]) << 48)
    into[int(place) : int(place) + len(words)] = words
    return np.uint64(int(place) + len(words)), np.int64(latest), np.uint64(tied)


@njit
def compiled_since_of_eight(*arguments):
    return start_stop.since_of_eight(*arguments)


def every(tags, latest_ps, layout=LAYOUT):
    rows = layout.nothing()
    latest = count_every_stop(*tags, count_channels(tags[1]), latest_ps, layout, rows)
    return rows.tolist(), latest


def one_by_one(tags, latest_ps, layout=LAYOUT):
    rows = layout.nothing()
    latest = count_some_stops(*tags, latest_ps, np.zeros(2, np.bool_), layout, None, rows, first_only=False)
    return rows.tolist(), latest


@given(crowds(most=60, span=150), st.sampled_from([None, -1, -69, -70, -500]))
def test_eight_at_a_time_equals_one_by_one(tags, latest_ps):
    assert every(tags, latest_ps) == one_by_one(tags, latest_ps)


@given(
    crowds(channels=(0, 1, 255), most=30, span=60).filter(lambda tags: tags[0].size >= 9),
    st.sampled_from([0, -(2**62) + 3, 2**62 - 100]),
    st.data(),
)
def test_eight_tags_are_what_eight_single_ones_are(tags, base, data):
    time_ps, channel = tags[0] + base, tags[1]
    i, place = np.uint64(data.draw(st.integers(1, time_ps.size - 8))), np.uint64(data.draw(st.integers(0, 3)))
    latest = np.int64(data.draw(st.sampled_from([time_ps[int(i) - 1], time_ps[0] - 40, time_ps[0] - 2**61])))
    span, start = np.uint64(data.draw(st.sampled_from([1, 20, 2**30]))), np.uint8(data.draw(st.sampled_from([0, 1, 255])))
    into = np.zeros((2, 11), np.uint64)
    found = [
        tuple(map(int, run(time_ps, channel, i, start, latest, span, row, place)))
        for run, row in zip((compiled_since_of_eight, since_of_eight), into, strict=True)
    ]
    assert found[0] == found[1]
    assert (into[0, : found[0][0]] == into[1, : found[1][0]]).all()


def test_many_chunks():
    generator = np.random.default_rng(3)
    for step in (3, 60):
        time_ps, channel = np.cumsum(generator.integers(0, step, 5_003)), generator.choice([0, 1, 7, 9], 5_003).astype(np.uint8)
        assert every((time_ps, channel), None) == one_by_one((time_ps, channel), None)


def test_uncompiled_equals_compiled(monkeypatch):
    streams, compiled = [], []

    @settings(max_examples=25)
    @given(crowds(most=40, span=100), st.sampled_from([None, -3]))
    def keep(tags, latest_ps):
        streams.append((tags, latest_ps))
        compiled.append(every(tags, latest_ps))

    keep()
    monkeypatch.setattr(start_stop, "since_of_eight", since_of_eight)
    monkeypatch.setattr(start_stop, "_CHUNK", 16)
    for name in ("_every_stop", "_since_of_one", "_count_words", "_put_right", "_some_stops", "_starts_first"):
        monkeypatch.setattr(start_stop, name, getattr(start_stop, name).py_func)
    with np.errstate(over="ignore"):
        assert [every(*stream) for stream in streams] == compiled
        assert [one_by_one(*stream) for stream in streams] == compiled


def test_the_ends_of_time():
    ends = np.array([-(2**62), 2**62 - 1]), np.array([0, 1], np.uint8)
    counts, latest = every(ends, None)
    assert (counts[1][10], latest) == (1, -(2**62))


def test_unsorted_times_cannot_write_outside():
    generator = np.random.default_rng(6)
    tags = generator.integers(-(2**61), 2**61, 5_000), generator.choice([0, 1, 7], 5_000).astype(np.uint8)
    counts, _ = every(tags, None)
    assert np.array(counts, np.uint64)[:, :-1].sum() <= 5_000
