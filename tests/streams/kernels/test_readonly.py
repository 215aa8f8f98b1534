import numpy as np
import pytest

from streams.kernels.readonly import readonly


def test_one_kind_of_array_comes_out():
    array = np.arange(10, dtype=np.int64)
    for given in (array, array[::2], array.astype(np.int32)):
        view = readonly(given, np.int64)
        assert view.flags.c_contiguous
        assert not view.flags.writeable
        assert view.tolist() == given.tolist()
    assert array.flags.writeable
    assert readonly(view, np.int64) is view


def test_what_cannot_be_held_is_refused():
    with pytest.raises(TypeError):
        readonly(np.array([1.5]), np.int64)
