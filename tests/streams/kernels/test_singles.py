import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import singles as module
from streams.kernels.singles import count_channels


@given(st.binary(max_size=100))
def test_counts_equal_bincount(channels):
    channel = np.frombuffer(channels, np.uint8)
    expected = np.bincount(channel, minlength=256)
    assert (count_channels(channel) == expected).all()
    lanes = np.zeros((4, 256), np.uint64)
    module._count_channels.py_func(channel, lanes)
    assert (lanes.sum(axis=0) == expected).all()
