"""Gates that a herald opens: which channels click in each of them."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts
from streams.kernels.readonly import readonly

_NOBODY = 255


@dataclass(frozen=True, slots=True)
class GateLayout:
    """``place`` (uint8, 256 entries) is a channel's index in ``channels``, 255 for a channel that is not looked at."""

    herald: int
    channels: tuple[int, ...]
    place: Channels

    @classmethod
    def of(cls, herald: int, channels: tuple[int, ...]) -> Self:
        place = np.full(256, _NOBODY, np.uint8)
        place[list(channels)] = np.arange(len(channels))
        return cls(herald, channels, place)


def count_gates(
    time_ps: Times, channel: Channels, heralds: tuple[int, int], gate_ps: tuple[int, int], layout: GateLayout
) -> tuple[Counts, Counts]:
    """What clicked in the gates [t + gate_ps[0], t + gate_ps[1]) of the heralds among tags ``heralds`` = [begin, end).

    Returns gates by pattern (uint64, 2**channels entries: bit k of the index says that ``layout.channels[k]`` clicked, once or
    more), and tags in gates by channel, a tag in two gates counted twice.

    Args:
        time_ps: sorted, int64; no two times 2**62 ps or more apart; all tags that a gate could hold are among them.
        channel: uint8.
        heralds: indices.
        gate_ps: from, to.
        layout: which channels.
    """
    patterns, tags = np.zeros(1 << len(layout.channels), np.uint64), np.zeros(len(layout.channels), np.uint64)
    _count(
        readonly(time_ps, np.int64), readonly(channel, np.uint8), heralds, gate_ps, layout.herald, layout.place, patterns, tags
    )
    return patterns, tags


@njit(nogil=True, cache=True)
def _count(
    time_ps: Times,
    channel: Channels,
    heralds: tuple[int, int],
    gate_ps: tuple[int, int],
    herald: int,
    place: Channels,
    patterns: Counts,
    tags: Counts,
) -> None:
    inside = np.zeros(tags.size, np.uint64)  # tags in the gate, by channel
    pattern = np.int64(0)
    entering = leaving = 0
    for h in range(heralds[0], heralds[1]):
        if channel[h] != herald:
            continue
        opens, closes = time_ps[h] + gate_ps[0], time_ps[h] + gate_ps[1]
        while entering < time_ps.size and time_ps[entering] < closes:
            p = place[channel[entering]]
            if p != _NOBODY:
                inside[p] += np.uint64(1)
                pattern |= np.int64(1) << p
            entering += 1
        while leaving < entering and time_ps[leaving] < opens:
            p = place[channel[leaving]]
            if p != _NOBODY:
                inside[p] -= np.uint64(1)
                pattern &= ~(np.int64(inside[p] == 0) << p)
            leaving += 1
        patterns[pattern] += np.uint64(1)
        for k in range(inside.size):
            tags[k] += inside[k]
