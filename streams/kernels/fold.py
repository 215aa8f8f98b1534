"""Tags by the time since the latest pulse of a train of known period: exact, whatever fraction of a ps the period ends in."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Self

import numpy as np
import numpy.typing as npt
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.readonly import readonly

_MOST = 1 << 52
"""Scaled times below this are exact as floats, which find the quotient that integers then put right."""


@dataclass(frozen=True, slots=True)
class PulseTrain:
    """Pulses at every ``numerator/denominator`` ps from time 0 on; bins of ``bin_width_ps`` from each to the next, the last cut.

    ``row`` (uint8, 256 entries) says which row of the histogram a channel counts in; ``rows``: how many there are.
    """

    numerator: int
    denominator: int
    bin_width_ps: int
    bins: int
    row: npt.NDArray[np.uint8]
    rows: int
    constants: npt.NDArray[np.int64] = field(init=False, repr=False, compare=False)
    """For the kernel."""

    def __post_init__(self) -> None:
        constants = self.numerator, self.denominator, self.bin_width_ps * self.denominator
        object.__setattr__(self, "constants", np.array(constants, np.int64))

    @classmethod
    def of(cls, period_ps: Fraction, bin_width_ps: int, channels: tuple[int, ...]) -> Self:
        row = np.full(256, len(channels), np.uint8)
        row[list(channels)] = np.arange(len(channels))
        bins = -int(-period_ps // bin_width_ps)
        return cls(period_ps.numerator, period_ps.denominator, bin_width_ps, bins, row, len(channels) + 1)

    def nothing(self) -> Counts:
        """An empty histogram; its last row counts other channels."""
        return np.zeros((self.rows, self.bins), np.uint64)


def count_phases(time_ps: Times, channel: Channels, train: PulseTrain, counts: Counts) -> None:
    """Add each tag to the bin of its time since the latest pulse.

    Args:
        time_ps: sorted, int64.
        channel: uint8.
        train: pulses and bins.
        counts: from ``nothing``.
    """
    time_ps, channel = readonly(time_ps, np.int64), readonly(channel, np.uint8)
    step = max(1, _MOST // train.denominator)
    begin, size = 0, time_ps.size
    last = time_ps.item(-1) if size else 0
    while begin < size:
        origin = time_ps.item(begin)
        end = int(np.searchsorted(time_ps, origin + step - 1, "right")) if last - origin >= step else size
        phase = origin * train.denominator % train.numerator
        _count(time_ps, channel, (begin, end, origin, phase), train.constants, train.row, counts)
        begin = end


@njit(nogil=True, cache=True)
def _count(
    time_ps: Times,
    channel: Channels,
    part: tuple[int, int, int, int],
    constants: npt.NDArray[np.int64],
    row: npt.NDArray[np.uint8],
    counts: Counts,
) -> None:
    begin, end, origin, phase = part
    numerator, denominator, width = constants[0], constants[1], constants[2]
    per_period, per_bin = 1.0 / numerator, 1.0 / width
    time_ps, channel = time_ps[begin:end], channel[begin:end]
    for i in range(time_ps.size):
        scaled = (time_ps[i] - origin) * denominator + phase
        rest = scaled - np.int64(scaled * per_period) * numerator
        if rest < 0:
            rest += numerator
        elif rest >= numerator:
            rest -= numerator
        place = np.int64(rest * per_bin)
        if place * width > rest:
            place -= 1
        elif (place + 1) * width <= rest:
            place += 1
        counts[row[channel[i]], place] += np.uint64(1)
