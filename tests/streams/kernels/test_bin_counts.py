import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels.bin_counts import _count_bins, count_bins
from tests.streams.tag_streams import crowds

COLUMN = np.full(256, 2, np.uint8)
COLUMN[[1, 7]] = 0, 1


@given(crowds(span=100), st.integers(-9, 0), st.integers(1, 30))
def test_bins_agree_with_numpy(tags, start_ps, width_ps):
    time_ps, channel = tags
    bins = (100 - start_ps) // width_ps + 1
    counts = np.zeros((2, bins, 2), np.uint32)
    count_bins(time_ps, channel, start_ps, width_ps, COLUMN, counts[0])
    _count_bins.py_func(time_ps, channel, start_ps, width_ps, COLUMN, counts[1])
    for column, source in enumerate((1, 7)):
        expected = np.bincount((time_ps[channel == source] - start_ps) // width_ps, minlength=bins)
        assert (counts[:, :, column] == expected).all()
