"""The tags of some channels."""

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from streams.kernels.readonly import readonly

_Kept = npt.NDArray[np.uint8]


def select(time_ps: Times, channel: Channels, channels: tuple[int, ...]) -> tuple[Times, Channels]:
    """The tags (times int64, channels uint8) of ``channels``, in their order."""
    kept = np.zeros(256, np.uint8)
    kept[list(channels)] = 1
    chosen_ps, chosen = np.empty(time_ps.size, np.int64), np.empty(time_ps.size, np.uint8)
    tags = _select(readonly(time_ps, np.int64), readonly(channel, np.uint8), kept, chosen_ps, chosen)
    return readonly(chosen_ps[:tags], np.int64), readonly(chosen[:tags], np.uint8)


@njit(nogil=True, cache=True)
def _select(time_ps: Times, channel: Channels, kept: _Kept, chosen_ps: Times, chosen: Channels) -> int | np.int64:
    tags = np.int64(0)
    for i in range(time_ps.size):  # every tag is written, and the next one over it where it was not meant to stay
        chosen_ps[tags] = time_ps[i]
        chosen[tags] = channel[i]
        tags += np.int64(kept[channel[i]])
    return tags
