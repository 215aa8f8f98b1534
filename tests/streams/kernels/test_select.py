import numpy as np
from hypothesis import given

from streams.kernels import select as room
from streams.kernels.select import select
from tests.streams.tag_streams import crowds


@given(crowds(channels=(0, 1, 2, 254)))
def test_the_tags_of_the_channels_stay_in_order(stream):
    time_ps, channel = stream
    for channels in ((), (0,), (1, 254), (0, 1, 2, 254, 9)):
        stays = np.isin(channel, channels)
        chosen = select(time_ps, channel, channels)
        assert (chosen[0].tolist(), chosen[1].tolist()) == (time_ps[stays].tolist(), channel[stays].tolist())
        kept = np.isin(np.arange(256), channels).astype(np.uint8)
        places = np.empty(time_ps.size, np.int64), np.empty(time_ps.size, np.uint8)
        assert room._select.py_func(time_ps, channel, kept, *places) == stays.sum()
