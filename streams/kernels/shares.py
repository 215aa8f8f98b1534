"""Tags of each channel in successive stretches of time, and where two tags stand close enough to pair."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.readonly import readonly
from streams.kernels.singles import count_into

_CHANNELS = 256


@dataclass(frozen=True, slots=True)
class Shares:
    """Of stretch k: the tags [begins[k], begins[k + 1]), how many they are by channel (``tags[k]``, uint64, 256 entries), and
    whether one of them comes within the reach of the tag before it (``close[k]``).
    """

    begins: list[int]
    tags: Counts
    close: list[bool]


def share_out(time_ps: Times, channel: Channels, edges_ps: list[int], before_ps: int | None, reach_ps: int) -> Shares:
    """Share sorted tags (times int64, channels uint8) out to the stretches that the ascending ``edges_ps`` separate.

    ``before_ps`` is the time of the tag before the first one; None: there is none. Where no tag of a stretch is close to the one
    before it, no two tags of which the later lies there are ``reach_ps`` or less apart.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    stretches = len(edges_ps) + 1
    begins, close = np.empty(stretches + 1, np.int64), np.zeros(stretches, np.bool_)
    tags = np.zeros((stretches, _CHANNELS), np.uint64)
    before = (True, 0) if before_ps is None else (False, before_ps)
    _share_out(time_ps, channel, np.array(edges_ps, np.int64), before, reach_ps, begins, tags, close)
    return Shares(begins.tolist(), tags, close.tolist())


@njit(nogil=True, cache=True)
def _share_out(
    time_ps: Times,
    channel: Channels,
    edges_ps: Times,
    before: tuple[bool, int],
    reach_ps: int,
    begins: npt.NDArray[np.int64],
    tags: Counts,
    close: npt.NDArray[np.bool_],
) -> None:
    stretches = close.size
    begins[0], begins[stretches] = 0, time_ps.size
    for k in range(1, stretches):
        begins[k] = np.searchsorted(time_ps, edges_ps[k - 1])
    alone, latest_ps = before
    for k in range(stretches):
        begin, end = begins[k], begins[k + 1]
        if begin == end:
            continue
        count_into(channel[begin:end], tags[k])
        close[k] = not alone and time_ps[begin] - latest_ps <= reach_ps
        for i in range(begin + 1, end):
            if time_ps[i] - time_ps[i - 1] <= reach_ps:
                close[k] = True
                break
        alone, latest_ps = False, time_ps[end - 1]
