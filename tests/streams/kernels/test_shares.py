import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.kernels import shares as room
from streams.kernels.shares import share_out
from tests.streams.tag_streams import crowds


@given(crowds(channels=(0, 3, 254)), st.lists(st.integers(-5, 400), max_size=4).map(sorted), st.integers(0, 9), st.data())
def test_every_tag_is_shared_out_once_and_who_stands_close_is_seen(stream, edges_ps, reach_ps, data):
    time_ps, channel = stream
    first_ps = int(time_ps[0]) if time_ps.size else 0
    before_ps = data.draw(st.none() | st.integers(first_ps - 12, first_ps))
    found = share_out(time_ps, channel, edges_ps, before_ps, reach_ps)
    own = np.searchsorted(edges_ps, time_ps, "right") if edges_ps else np.zeros(time_ps.size, int)
    times = ([] if before_ps is None else [before_ps]) + time_ps.tolist()
    for stretch in range(len(edges_ps) + 1):
        mine = own == stretch
        assert found.tags[stretch].tolist() == np.bincount(channel[mine], minlength=256).tolist()
        assert (own[found.begins[stretch] : found.begins[stretch + 1]] == stretch).all()
        assert found.begins[stretch + 1] - found.begins[stretch] == mine.sum()
        pairs = [
            times[later] - times[later - 1] <= reach_ps
            for later in range(1, len(times))
            if mine[later - len(times) + time_ps.size]
        ]
        assert found.close[stretch] == any(pairs)
    plain = np.empty(len(found.begins), np.int64), np.zeros_like(found.tags), np.zeros(len(found.close), np.bool_)
    before = (True, 0) if before_ps is None else (False, before_ps)
    room._share_out.py_func(time_ps, channel, np.array(edges_ps, np.int64), before, reach_ps, *plain)
    assert (plain[0].tolist(), plain[1].tolist(), plain[2].tolist()) == (found.begins, found.tags.tolist(), found.close)
