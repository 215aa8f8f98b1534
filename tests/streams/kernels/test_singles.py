import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import singles as module
from streams.kernels.singles import count_channels


def alike_of_many(channel, i, wanted):
    """What the vector instructions of that name do."""
    return np.uint64(np.count_nonzero(channel[int(i) : int(i) + 64] == wanted))


@pytest.fixture
def uncompiled(monkeypatch):
    monkeypatch.setattr(module, "alike_of_many", alike_of_many)
    monkeypatch.setattr(module, "_count_few", module._count_few.py_func)
    return module


def test_counts_equal_bincount_compiled_and_not(uncompiled):
    @given(st.binary(max_size=200) | st.lists(st.sampled_from([0, 7, 255]), max_size=300).map(bytes))
    def equal(channels):
        channel = np.frombuffer(channels, np.uint8)
        expected = np.bincount(channel, minlength=256)
        assert (count_channels(channel) == expected).all()
        tags = np.zeros(256, np.uint64)
        few = uncompiled._count_few(channel, tags)
        assert few == (np.count_nonzero(expected) <= module._FEW)
        assert not few or (tags == expected).all()
        tags = np.zeros(256, np.uint64)
        uncompiled.count_into.py_func(channel, tags)
        assert (tags == expected).all()

    equal()


@pytest.mark.parametrize("channels", [1, 2, 8, 9, 200])
def test_many_tags_of_few_channels_or_of_many(channels):
    channel = (np.arange(300_001) % channels).astype(np.uint8)
    assert (count_channels(channel) == np.bincount(channel, minlength=256)).all()
    assert (count_channels(np.sort(channel)) == np.bincount(channel, minlength=256)).all()
