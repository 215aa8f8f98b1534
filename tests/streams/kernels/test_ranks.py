import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import ranks
from streams.kernels.ranks import rank_sums

TIMES = st.lists(st.integers(-(2**62), 2**62) | st.integers(-50, 50), max_size=40).map(
    lambda times: np.array(sorted(times), np.int64)
)
SHIFTS = st.lists(st.integers(-(2**61), 2**61) | st.integers(-60, 60), max_size=20).map(lambda shifts: np.array(shifts, np.int64))


def not_later_of_eight(ranked, first, latest):
    """What the vector instructions of that name do."""
    return np.uint64(np.count_nonzero(ranked[int(first) : int(first) + 8] <= latest))


def by_hand(ranked, others, shifts_ps):
    return [sum(int(r) <= int(o) + int(shift) for r in ranked for o in others) for shift in shifts_ps]


@given(TIMES, TIMES, SHIFTS)
def test_sums_equal_counting_by_hand(ranked, others, shifts_ps):
    assert rank_sums(ranked, others, shifts_ps).tolist() == by_hand(ranked, others, shifts_ps)


def test_uncompiled_it_is_the_same(monkeypatch):
    monkeypatch.setattr(ranks, "not_later_of_eight", not_later_of_eight)
    monkeypatch.setattr(ranks, "_rank_sums", ranks._rank_sums.py_func)
    ranked, others, shifts_ps = np.arange(0, 60, 2), np.arange(5, 40, 3), np.arange(-30, 31, 5)
    assert rank_sums(ranked, others, shifts_ps).tolist() == by_hand(ranked, others, shifts_ps)
