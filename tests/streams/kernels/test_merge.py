"""Merging sources: time order, and at equal times the order of the sources."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import merge as module
from streams.kernels.merge import merge
from tests.streams.tag_streams import crowds


@given(st.lists(crowds(most=15, span=20), max_size=6))
def test_merging_is_a_stable_sort(sources):
    tagged = sorted(
        (int(t), k, i, int(c)) for k, source in enumerate(sources) for i, (t, c) in enumerate(zip(*source, strict=True))
    )
    time_ps, channel = merge(sources)
    assert time_ps.dtype == np.int64
    assert channel.dtype == np.uint8
    assert list(zip(time_ps.tolist(), channel.tolist(), strict=True)) == [(t, c) for t, _, _, c in tagged]


def test_the_loop_says_the_same_without_compilation():
    time_ps, channel = np.empty(5, np.int64), np.empty(5, np.uint8)
    left, right = np.array([1, 5, 5]), np.array([5, 7])
    module._interleave.py_func(left, np.array([0, 1, 2], np.uint8), right, np.array([3, 4], np.uint8), time_ps, channel)
    assert time_ps.tolist() == [1, 5, 5, 5, 7]
    assert channel.tolist() == [0, 1, 2, 3, 4]
