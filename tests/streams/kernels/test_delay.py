import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import delay as kernels
from streams.kernels.delay import delay
from tests.streams.tag_streams import crowds


@given(crowds(), st.lists(st.sampled_from([-700, -3, 0, 2, 900]), min_size=8, max_size=8))
def test_delayed_tags_are_the_sorted_ones(tags, delays):
    table = np.zeros(256, np.int64)
    table[:8] = delays
    order = np.argsort(tags[0] + table[tags[1]], kind="stable")
    time_ps, channel = delay(*tags, table)
    assert time_ps.tolist() == (tags[0] + table[tags[1]])[order].tolist()
    assert channel.tolist() == tags[1][order].tolist()


def test_uncompiled_equals_compiled():
    generator = np.random.default_rng(2)
    channel, table = generator.integers(0, 3, 50).astype(np.uint8), np.arange(256)
    time_ps, group, dealt = np.sort(generator.integers(0, 99, 50)), np.minimum(table, 2), []
    for deal in (kernels._deal, kernels._deal.py_func):
        cursor = np.concatenate(([0], np.cumsum(np.bincount(channel))[:2]))
        into = np.zeros(50, np.int64), np.zeros(50, np.uint8)
        deal(time_ps, channel, table, group, cursor, *into)
        dealt.append([column.tolist() for column in into])
    assert dealt[0] == dealt[1]
