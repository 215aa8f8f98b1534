"""Order within the look-back, its counts, and what is too far back; against sorting everything at once."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from producers.errors import RecordingError
from producers.formats.records import Records
from producers.ordering import LOOK_BACK_PS, Chunk, in_order


def reads(time_ps: list[int], cuts: list[int]) -> list[Records]:
    times = np.array(time_ps, np.int64)
    channel = (np.arange(times.size) % 200).astype(np.uint16)
    edges = [0, *sorted(cut % (times.size + 1) for cut in cuts), times.size]
    return [Records(times[a:b], channel[a:b], overflows=1) for a, b in itertools.pairwise(edges)]


@given(
    gaps=st.lists(st.one_of(st.integers(0, 10), st.integers(0, LOOK_BACK_PS // 4), st.integers(0, 5 * LOOK_BACK_PS))),
    shifts=st.lists(st.integers(0, LOOK_BACK_PS // 2), min_size=1),
    cuts=st.lists(st.integers(0, 10**6), max_size=6),
    start=st.integers(-(10**12), 10**12),
)
def test_chunks_together_are_the_stable_sort_of_the_file(gaps: list[int], shifts: list[int], cuts: list[int], start: int) -> None:
    smooth = start + np.cumsum(np.array(gaps, np.int64))
    disordered = [int(time - shifts[n % len(shifts)]) for n, time in enumerate(smooth)]
    chunks = list(in_order(reads(disordered, cuts), "file"))
    order = np.argsort(np.array(disordered, np.int64), kind="stable")
    assert [t for c in chunks for t in c.time_ps.tolist()] == [disordered[n] for n in order]
    assert [c for chunk in chunks for c in chunk.channel.tolist()] == [int(n) % 200 for n in order]
    assert sum(c.reordered for c in chunks) == sum(b < a for a, b in itertools.pairwise(disordered))
    assert sum(c.overflows for c in chunks) == len(cuts) + 1
    check_reached(chunks)


def check_reached(chunks: list[Chunk]) -> None:
    for before, after in itertools.pairwise(chunks):
        assert after.reached_ps >= before.reached_ps
        assert after.time_ps.size == 0 or after.time_ps[0] >= before.reached_ps
    assert all(chunk.time_ps.size == 0 or chunk.time_ps[-1] < chunk.reached_ps for chunk in chunks)


def test_a_record_beyond_the_look_back_is_refused_with_its_place() -> None:
    fine = [Records(np.array([0, 2 * LOOK_BACK_PS, LOOK_BACK_PS]), np.zeros(3, np.uint8))]
    assert sum(c.reordered for c in in_order(fine, "file")) == 1
    late = [
        Records(np.array([0, 5, 2 * LOOK_BACK_PS]), np.zeros(3, np.uint8)),
        Records(np.array([2 * LOOK_BACK_PS + 1, LOOK_BACK_PS]), np.zeros(2, np.uint8)),
    ]
    with pytest.raises(RecordingError, match=r"file: tag 4 at 1000000000 ps comes 1000000001 ps after a later one"):
        list(in_order(late, "file"))


def test_a_clock_known_without_tags_carries_the_end() -> None:
    silent = [
        Records(np.array([5]), np.zeros(1, np.uint8), reached_ps=10),
        Records(np.empty(0, np.int64), np.empty(0, np.uint8), 10**13),
    ]
    chunks = list(in_order(silent, "file"))
    assert chunks[-1].reached_ps == 10**13
    check_reached(chunks)


def test_nothing_comes_of_nothing() -> None:
    assert list(in_order([], "file")) == []
    assert sum(c.time_ps.size for c in in_order([Records(np.empty(0, np.int64), np.empty(0, np.uint8))], "file")) == 0
