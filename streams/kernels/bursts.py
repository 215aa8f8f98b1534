"""Tags of equal time and channel as one tag with a weight, so that a burst's work is bounded by its distinct times."""

from dataclasses import dataclass

import numpy as np
from numba import njit

from schemas.block import Channels, Times
from schemas.panes import Counts


@dataclass(frozen=True, slots=True)
class Burst:
    """Groups of tags: time (int64, sorted), channel (uint8), how many (uint64). Later tags stand from ``begin`` on."""

    time_ps: Times
    channel: Channels
    weight: Counts
    begin: int


def gather(time_ps: Times, channel: Channels, part: tuple[int, int]) -> Burst:
    """Groups of the tags up to ``part``'s end. Tags before ``part`` and in it do not share a group."""
    group_ps, group_channel = np.empty(part[1], np.int64), np.empty(part[1], np.uint8)
    weight = np.empty(part[1], np.uint64)
    waiting = _gather(time_ps, channel, (0, part[0]), 0, (group_ps, group_channel, weight))
    groups = _gather(time_ps, channel, part, waiting, (group_ps, group_channel, weight))
    return Burst(group_ps[:groups], group_channel[:groups], weight[:groups], waiting)


@njit(nogil=True, cache=True)
def look_backs(time_ps: Times, begin: int, reach_ps: int) -> int:
    """How many (later, earlier) couples lie within ``reach_ps``, the later one at ``begin`` or after it."""
    couples = 0
    oldest = 0
    for i in range(begin, time_ps.size):
        while time_ps[i] - time_ps[oldest] > reach_ps:
            oldest += 1
        couples += i - oldest
    return couples


@njit(nogil=True, cache=True)
def _gather(time_ps: Times, channel: Channels, part: tuple[int, int], groups: int, into: tuple[Times, Channels, Counts]) -> int:
    group_ps, group_channel, weight = into
    place = np.full(256, -1, np.int64)  # of the channel's group at the time being gathered
    first = groups
    for i in range(part[0], part[1]):
        if i > part[0] and time_ps[i] != time_ps[i - 1]:
            for g in range(first, groups):
                place[group_channel[g]] = -1
            first = groups
        c = channel[i]
        if place[c] < 0:
            place[c] = groups
            group_ps[groups] = time_ps[i]
            group_channel[groups] = c
            weight[groups] = np.uint64(0)
            groups += 1
        weight[place[c]] += np.uint64(1)
    return groups
