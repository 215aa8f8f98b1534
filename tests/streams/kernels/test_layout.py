import numpy as np
import pytest

from streams.kernels.layout import PairLayout


def test_codes_say_row_and_direction_in_either_order():
    layout = PairLayout.of((1, 4, 9))
    assert layout.pairs == ((1, 4), (1, 9), (4, 9))
    assert [layout.codes[stop, start] for start, stop in layout.pairs] == [0, 2, 4]  # the later tag stops
    assert [layout.codes[pair] for pair in layout.pairs] == [1, 3, 5]
    assert np.count_nonzero(layout.codes >= 0) == 6


def test_chosen_pairs_keep_their_order_and_direction():
    layout = PairLayout.chosen(((9, 1), (4, 4)))
    assert (layout.detectors, layout.pairs) == ((1, 4, 9), ((9, 1), (4, 4)))
    assert (layout.codes[1, 9], layout.codes[9, 1], layout.codes[4, 4]) == (0, 1, 2)
    assert np.count_nonzero(layout.codes >= 0) == 3


@pytest.mark.parametrize("pairs", [((0, 255),), ((-1, 0),), ((0, 1), (1, 0)), ((2, 2), (2, 2))])
def test_impossible_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match=r"0-254|twice"):
        PairLayout.chosen(pairs)


def test_all_channels_fit():
    assert PairLayout.of(tuple(range(255))).codes.max() == 255 * 254 - 1
