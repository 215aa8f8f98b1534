import numpy as np

from streams.kernels.layout import PairLayout


def test_rows_follow_the_pairs_in_either_order():
    layout = PairLayout.of((1, 4, 9))
    assert layout.pairs == ((1, 4), (1, 9), (4, 9))
    assert [layout.rows[stop, start] for start, stop in layout.pairs] == [layout.rows[pair] for pair in layout.pairs] == [0, 1, 2]
    assert np.count_nonzero(layout.rows >= 0) == 6


def test_all_channels_fit():
    assert PairLayout.of(tuple(range(255))).rows.max() == 255 * 254 // 2 - 1
