import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import singles as module
from streams.kernels.singles import count_channels


@given(st.binary(max_size=100) | st.lists(st.sampled_from([0, 7, 255]), max_size=60).map(bytes))
def test_counts_equal_bincount(channels):
    channel = np.frombuffer(channels, np.uint8)
    expected = np.bincount(channel, minlength=256)
    assert (count_channels(channel) == expected).all()
    tags = np.zeros(256, np.uint64)
    few = module._count_few.py_func(channel, tags)
    assert few == (np.count_nonzero(expected) <= 4)
    assert not few or (tags == expected).all()
    tags = np.zeros(256, np.uint64)
    module.count_into.py_func(channel, tags)
    assert (tags == expected).all()


@pytest.mark.parametrize("channels", [1, 2, 4, 5, 200])
def test_more_tags_than_a_short_counter_holds(channels):
    channel = (np.arange(300_000) % channels).astype(np.uint8)
    assert (count_channels(channel) == np.bincount(channel, minlength=256)).all()
    assert (count_channels(np.sort(channel)) == np.bincount(channel, minlength=256)).all()
