"""Everything compiled before the first tag."""

import numpy as np

from schemas.block import ADVANCE_CHANNEL
from streams.kernels.axis import TauAxis
from streams.kernels.merge import merge
from streams.kernels.order import first_descent
from streams.kernels.pairs import count_pairs, empty_histogram
from streams.kernels.split import split_channels
from streams.kernels.unwrap import unwrap


def warm() -> None:
    """Compile every kernel, or load it from the cache beside the code. Called before a worker joins its group."""
    gaps = np.ones(4, np.uint32)
    for channel in (np.array([0, 1, 0, 1], np.uint8), np.array([0, ADVANCE_CHANNEL, 0, 1], np.uint8)):
        time_ps, kept = unwrap(gaps, channel, 0)
        first_descent(time_ps)
        split_channels(time_ps, kept)
        merge([(time_ps, kept), (time_ps, kept)])
        axis = TauAxis.symmetric(4, 2)
        count_pairs(time_ps, kept, 0, time_ps.size, (0, 1), axis, empty_histogram((0, 1), axis))
