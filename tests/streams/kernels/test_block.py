"""A block in one call, against the calls that it stands for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels.axis import EdgeAxis, TauAxis
from streams.kernels.block import count_block, histogram_of, nothing_counted, plan_of, tags_of
from streams.kernels.layout import PairLayout
from streams.kernels.pairs import count_pairs, empty_histogram, rows_of
from streams.kernels.readonly import readonly
from tests.streams.tag_streams import crowds

AXES = st.sampled_from([TauAxis.symmetric(200, 10), TauAxis.symmetric(2**31, 2**20), EdgeAxis.doubling(200, 3, 2)])


@given(crowds(channels=(0, 1, 9), span=500), AXES, st.integers(0, 900), st.data())
def test_it_counts_what_the_calls_apart_count(stream, axis, reached_ps, data):
    seam = data.draw(st.integers(0, stream[0].size))
    tail, block = [tuple(column[part] for column in stream) for part in (slice(0, seam), slice(seam, None))]
    block = tuple(readonly(column, column.dtype) for column in block)
    for layout in (PairLayout.of((0, 1)), PairLayout.chosen(((9, 9), (0, 9)))):
        counted = nothing_counted(layout, axis)
        tags, histogram = tags_of(counted), histogram_of(counted)
        tags += np.arange(256, dtype=np.uint64)
        paired, cut = count_block(*tail, *block, reached_ps, plan_of(layout, axis), layout.codes, counted)
        assert (tags - np.arange(256, dtype=np.uint64)).tolist() == np.bincount(block[1], minlength=256).tolist()
        assert cut == np.searchsorted(block[0], reached_ps - axis.reach_ps)
        strangers = np.count_nonzero(~np.isin(block[1], layout.detectors))
        assert (paired < 0) == (4 * strangers > block[0].size)
        if paired < block[0].size:
            assert paired < 0 or not histogram.any() or isinstance(axis, TauAxis)
            count_pairs(tail, block, (max(0, paired), block[0].size), layout, axis, histogram)
        expected = empty_histogram(layout, axis)
        count_pairs(tail, block, (0, block[0].size), layout, axis, expected)
        assert (rows_of(histogram, axis) == rows_of(expected, axis)).all()


@pytest.mark.slow
def test_uncompiled_it_finds_the_same():
    time_ps, channel = np.arange(0, 90, 10), np.array([0, 1, 0, 1, 1, 0, 1, 0, 5], np.uint8)
    layout, axis = PairLayout.of((0, 1)), TauAxis.symmetric(20, 10)
    tail, block = (time_ps[:0], channel[:0]), (readonly(time_ps, np.int64), readonly(channel, np.uint8))
    results = []
    for kernel in (count_block, count_block.py_func):
        counted = nothing_counted(layout, axis)
        found = kernel(*tail, *block, 85, plan_of(layout, axis), layout.codes, counted)
        results.append((found, counted.tolist()))
    assert results[0] == results[1]
    assert results[0][0] == (9, 7)
